"""Every server with the hook, tried with real pushes: the same must come of them on each."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from repos import MANIFEST, Ended, Repo, masked, remote_lines

from servers import SERVERS
from servers.hosting import STRANGER, USERS, Clone, Hosted, Server
from servers.programs import lanes

OUTSIDE = """\
lanes: work/docs-1 is rejected: 1 change in 1 commit outside its lane "docs"
  commit OID "Out" by Ann
    changes api/a.py (outside-lane: lane "api" may write it)
  lane "docs" may write:
    /docs/
  and, as all lanes that are not review-only:
    /shared.txt
  manifest in force: .lanes.toml of refs/heads/main at OID
  next:
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
    or ask the integrator to run, if lane "docs" should write these paths:
      git lanes allow docs api/a.py
    lane "api" has to give up api/a.py first
    or, where they are changes of main: push main first, and take them by a merge, not as a copy"""
REWOUND = """\
lanes: main is rejected: the integration branch main can't be rewound; OID must stay in it
  manifest in force: .lanes.toml of refs/heads/main at OID"""
NOT_WHOLE = "lanes: 1 of 2 refs can't be pushed, and a push is taken whole or not at all"
PARTS = range(5)
# On a disk of one's own everybody may be let in and may say anything.
NETWORKED = pytest.mark.parametrize("server", [name for name in SERVERS if name != "file"], indirect=True)
# A hook that says what its environment tells of the pusher, and a pusher who claims to be somebody else.
NAMES = "env | grep -E '^(GL_USER|REMOTE_USER|GL_USERNAME|GITEA_PUSHER_NAME)=' >&2; exit 0"
CLAIMS = {
    "GL_USER": STRANGER,
    "REMOTE_USER": STRANGER,
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "http.extraHeader",
    "GIT_CONFIG_VALUE_0": f"Remote-User: {STRANGER}",
}


def accepted(ended: Ended) -> bool:
    """Tell whether a push was accepted without a word; anything but a rejection by the hook fails."""
    if ended.status == 0:
        assert remote_lines(ended) == ""
        return True
    assert "(pre-receive hook declined)" in ended.err
    return False


def test_inside(clone: Clone, repository: Hosted) -> None:
    clone.switch("work/docs-1", "main")
    tip = clone.commit({"docs/b.md": "b\n", "shared.txt": "s\n"})
    assert accepted(clone.push("work/docs-1"))
    assert repository.refs() == {
        "refs/heads/main": clone.git("rev-parse", "main"),
        "refs/heads/work/docs-1": tip,
    }


def test_outside(clone: Clone, repository: Hosted) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b\n"})
    assert accepted(clone.push("work/docs-1"))
    before = repository.refs()
    clone.commit({"api/a.py": "mine\n"}, "Out")
    ended = clone.push("work/docs-1")
    assert not accepted(ended)
    assert remote_lines(ended) == OUTSIDE
    assert repository.refs() == before


def test_a_new_manifest_is_in_force_once_main_has_it(clone: Clone, repository: Hosted) -> None:
    tip = clone.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"/docs/", "/api/a.py"')}, "Widen")
    clone.switch("work/docs-1", "main~1")
    clone.commit({"api/a.py": "mine\n"}, "Out")
    assert not accepted(clone.push("work/docs-1"))
    assert accepted(clone.push("main"))
    assert repository.refs() == {"refs/heads/main": tip}
    assert accepted(clone.push("work/docs-1"))


def test_main_is_not_rewound(clone: Clone, repository: Hosted) -> None:
    clone.commit({"api/a.py": "newer\n"})
    assert accepted(clone.push("main"))
    before = repository.refs()
    ended = clone.push("--force", "main~1:main")
    assert not accepted(ended)
    assert remote_lines(ended) == REWOUND
    assert repository.refs() == before


def test_two_refs_of_which_one_is_outside(clone: Clone, repository: Hosted) -> None:
    before = repository.refs()
    clone.switch("work/api-1", "main")
    clone.commit({"api/b.py": "b\n"})
    clone.switch("work/docs-1", "main")
    clone.commit({"api/a.py": "mine\n"}, "Out")
    ended = clone.push("work/api-1", "work/docs-1")
    assert not accepted(ended)
    assert remote_lines(ended) == f"{OUTSIDE}\n{NOT_WHOLE}"
    assert repository.refs() == before


def test_a_large_push(clone: Clone, repository: Hosted) -> None:
    """It is above git's `http.postBuffer`: over HTTP it comes in chunks."""
    content = random.Random(1).randbytes(3_000_000)
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/large": content})
    assert accepted(clone.push("work/docs-1"))
    assert repository.git("cat-file", "-s", "work/docs-1:docs/large") == "3000000"


def test_a_long_request_to_fetch(clone: Clone, server: Server, name: str) -> None:
    """Over HTTP git packs it with gzip."""
    for number in range(30):
        clone.git("tag", "-m", "One more", f"v{number}", "main")
    assert accepted(clone.push("--tags"))
    clone.git("clone", "--quiet", server.url_of(name, "bob"), "copy", env=server.environment_of("bob"))
    assert Repo(clone.path / "copy").git("tag").split() == clone.git("tag").split()


def test_five_pushes_at_once(clone: Clone, repository: Hosted) -> None:
    parts = (f'[lanes.p{i}]\nbranches = ["part/{i}-*"]\npaths = ["/p{i}/"]\n' for i in PARTS)
    tips = {"refs/heads/main": clone.commit({".lanes.toml": MANIFEST + "".join(parts)})}
    assert accepted(clone.push("main"))
    for i in PARTS:
        clone.switch(f"part/{i}-x", "main")
        tips[f"refs/heads/part/{i}-x"] = clone.commit({f"p{i}/a": f"{i}\n"})
    with ThreadPoolExecutor(len(PARTS)) as pool:
        assert all(map(accepted, pool.map(lambda i: clone.push(f"part/{i}-x"), PARTS)))
    assert repository.refs() == tips


def test_the_doctor(clone: Clone, repository: Hosted, programs: Path) -> None:
    ended = lanes(repository, programs, "doctor")
    assert (ended.status, masked(ended.out)) == (
        1,
        f"lanes: {repository.path}: 1 warning\n"
        "  manifest in force: .lanes.toml of refs/heads/main at OID\n"
        f"  pre-receive: {repository.path}/hooks/pre-receive refused the canary\n"
        "  warning: whoever may push here may push to main and release, as far as git-lanes knows;"
        " name who may: [integration] pushers in .lanes.toml\n",
    )


# -- Who pushes


def test_the_hook_is_told_who_pushes(clone: Clone, repository: Hosted, server: Server) -> None:
    repository.pre_receive(NAMES)
    for user in USERS:
        ended = clone.push_as(user, f"main:{user}")
        assert ended.status == 0
        assert remote_lines(ended) == (f"{server.pusher_variable}={user}" if server.pusher_variable else "")


@NETWORKED
def test_a_stranger_is_not_let_in(clone: Clone, repository: Hosted) -> None:
    before = repository.refs()
    assert clone.push_as(STRANGER, "main:other").status == 128
    assert repository.refs() == before


@NETWORKED
def test_who_pushes_can_not_say_so(clone: Clone, repository: Hosted, server: Server) -> None:
    repository.pre_receive(NAMES)
    ended = clone.push_as("alice", "main:other", env=CLAIMS)
    assert ended.status == 0
    assert remote_lines(ended) == (f"{server.pusher_variable}=alice" if server.pusher_variable else "")


NOT_BOB = 'bob is not one of the pushers of lane "docs" (not-a-pusher): alice'
NOBODY_KNOWN = (
    'only the pushers of lane "docs" may push it, and the server does not know who pushes (not-a-pusher):'
    " git config lanes.pusherVariable is not set there"
)


def test_only_its_pushers_may_push_a_lane(clone: Clone, repository: Hosted, server: Server) -> None:
    manifest = MANIFEST.replace('paths = ["/docs/"]', 'paths = ["/docs/"]\npushers = ["alice"]')
    clone.commit({".lanes.toml": manifest})
    assert accepted(clone.push("main"))
    known = bool(server.pusher_variable)
    if server.pusher_variable == "REMOTE_USER":
        # Git lets users push who are known, so http.receivepack is not set, by which HTTP would be known.
        repository.git("config", "lanes.pusherVariable", server.pusher_variable)
    assert accepted(clone.push_as("alice", "main:work/docs-1")) is known
    ended = clone.push_as("bob", "main:work/docs-2")
    assert not accepted(ended)
    assert remote_lines(ended) == (
        f"lanes: work/docs-2 is rejected: {NOT_BOB if known else NOBODY_KNOWN}\n"
        "  manifest in force: .lanes.toml of refs/heads/main at OID"
    )
