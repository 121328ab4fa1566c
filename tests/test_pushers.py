"""Who may push: the server compares the one name that it finds where its configuration says."""

from pathlib import Path

import pytest
from repos import Ended, Repo, make_repo, remote_lines

MANIFEST = """\
version = 1

[groups]
leads = ["carol", "dan"]

[integration]
branches = ["main", "release/*"]
pushers = ["@leads"]

[lanes.docs]
branches = ["work/docs-*"]
paths = ["/docs/"]
pushers = ["alice", "@leads"]

[lanes.open]
branches = ["work/open-*"]
paths = ["/open/"]
"""
IN_FORCE = "\n  manifest in force: .lanes.toml of refs/heads/main at OID"


@pytest.fixture
def server(tmp_path: Path) -> Repo:
    """A server without the hook; its variable WHO names who pushes."""
    made = make_repo(tmp_path / "server.git", "--bare")
    made.git("config", "lanes.pusherVariable", "WHO")
    return made


@pytest.fixture
def clone(tmp_path: Path, server: Repo) -> Repo:
    made = make_repo(tmp_path / "clone")
    made.git("remote", "add", "origin", str(server.path))
    made.commit({".lanes.toml": MANIFEST, "docs/a": "a\n", "open/a": "a\n"}, "Begin")
    assert made.push("main").status == 0
    made.git("fetch", "--quiet", "origin")
    server.hook("pre-receive", "lane-pre-receive")
    return made


def push(clone: Repo, who: str | None, *refspecs: str) -> Ended:
    return clone.push(*refspecs, env={} if who is None else {"WHO": who})


def said(ended: Ended) -> str:
    """Give the server's refusal without the manifest's line."""
    assert "pre-receive hook declined" in ended.err
    return remote_lines(ended).removesuffix(IN_FORCE)


@pytest.mark.parametrize("who", ["alice", "carol", "dan"])
def test_who_is_named(clone: Repo, who: str) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b": "b\n"})
    assert push(clone, who, "work/docs-1").status == 0
    clone.commit({"open/b": "b\n"})
    assert "(outside-lane: " in remote_lines(push(clone, who, "work/docs-1"))
    assert push(clone, who, ":work/docs-1").status == 0


@pytest.mark.parametrize("who", ["bob", "Alice", "alice ", "leads", "@leads", "alice\nbob", "\u202ealice"])
def test_who_is_not_named(clone: Repo, who: str) -> None:
    shown = {"alice ": "alice", "alice\nbob": "alice\\nbob", "\u202ealice": "\\u202ealice"}.get(who, who)
    refused = f'{shown} is not one of the pushers of lane "docs" (not-a-pusher): alice, carol, dan'
    found = said(push(clone, who, "main:work/docs-1")).replace("alice  is", "alice is")
    assert found == f"lanes: work/docs-1 is rejected: {refused}"
    assert push(clone, who, "main:work/open-1").status == 0


def test_nobody_is_known(clone: Repo, server: Repo) -> None:
    only = (
        'only the pushers of lane "docs" may push it, and the server does not know who pushes (not-a-pusher)'
    )
    for who in (None, ""):
        assert said(push(clone, who, "main:work/docs-1")) == (
            f"lanes: work/docs-1 is rejected: {only}: WHO, which lanes.pusherVariable names, is not set there"
        )
    server.git("config", "--unset", "lanes.pusherVariable")
    assert said(push(clone, "alice", "main:work/docs-1")) == (
        f"lanes: work/docs-1 is rejected: {only}: git config lanes.pusherVariable is not set there"
    )
    assert push(clone, None, "main:work/open-1").status == 0


def test_no_other_word_of_the_pusher_counts(clone: Repo, server: Repo) -> None:
    """Neither author and committer, nor push options, nor the variables of other servers."""
    server.git("config", "receive.advertisePushOptions", "true")
    names = ("GL_USERNAME", "GL_USER", "REMOTE_USER", "GITEA_PUSHER_NAME", "USER", "GIT_AUTHOR_NAME")
    environment = {**dict.fromkeys((*names, "GIT_COMMITTER_NAME"), "alice"), "WHO": "bob"}
    clone.switch("work/docs-1", "main")
    clone.git("commit", "--quiet", "--allow-empty", "--author", "alice <a@b>", "-m", "Mine", env=environment)
    command = ("git", "push", "--no-verify", "-o", "WHO=alice", "-o", "pusher=alice", "origin", "work/docs-1")
    assert said(clone.run(*command, env=environment)).startswith(
        'lanes: work/docs-1 is rejected: bob is not one of the pushers of lane "docs" (not-a-pusher)'
    )


def test_deleting_and_rewriting_a_branch(clone: Repo) -> None:
    assert push(clone, "alice", "main:work/docs-1").status == 0
    for refspec in (":work/docs-1", "+main:work/docs-1", "+main:work/docs-2"):
        if refspec == "+main:work/docs-1":
            clone.commit({"docs/b": "b\n"})
        assert "(not-a-pusher)" in said(push(clone, "bob", refspec))
    assert push(clone, "alice", ":work/docs-1").status == 0


def test_a_branch_that_two_lanes_cover_is_deleted_by_the_pushers_of_both(clone: Repo, server: Repo) -> None:
    both = MANIFEST.replace('branches = ["work/open-*"]', 'branches = ["work/**"]\npushers = ["bob"]')
    server.git("update-ref", "refs/heads/work/docs-1", clone.head())
    clone.commit({".lanes.toml": both})
    clone.put("main")  # no hook lets lanes collide anew
    for who in ("bob", "alice"):
        assert "(not-a-pusher)" in said(push(clone, who, ":work/docs-1"))


# -- Integration branches


def test_integration_branches(clone: Repo, server: Repo) -> None:
    clone.commit({"any": "any\n"})
    for refspec in ("main", "main:release/1"):
        name = refspec.rpartition(":")[2]
        assert said(push(clone, "alice", refspec)) == (
            f"lanes: {name} is rejected: alice is not one of the pushers of integration branches"
            " (not-a-pusher): carol, dan"
        )
        assert push(clone, "carol", refspec).status == 0
    assert said(push(clone, "carol", ":release/1")) == (
        "lanes: release/1 is rejected: the integration branch release/1 can't be deleted"
    )
    clone.git("tag", "v1", "main")
    assert push(clone, "bob", "v1").status == 0


def test_what_a_pattern_makes_is_trusted(clone: Repo) -> None:
    clone.switch("rel", "main")
    clone.commit({"any": "released\n"})
    assert push(clone, "carol", "rel:release/1").status == 0
    clone.switch("work/docs-1", "main")
    clone.git("merge", "--quiet", "--no-ff", "-m", "Merge", "rel")
    assert push(clone, "alice", "work/docs-1").status == 0
    clone.git("fetch", "--quiet", "origin")
    audited = clone.script("lane-audit", "work/docs-1", "origin/release/1")
    assert (audited.status, audited.out.split("\n")[1:]) == (
        0,
        [
            'work/docs-1 is inside its lane "docs": 1 commit judged',
            "refs/remotes/origin/release/1 is inside: an integration branch may change anything",
            "2 of 2 branches inside",
            "",
        ],
    )


def test_names_that_differ_from_a_pattern_by_case(clone: Repo) -> None:
    assert said(push(clone, "carol", "main:Release/1")) == (
        "lanes: Release/1 is rejected: it differs from release/* by case alone, and on many a disk they are"
        " one; use another name"
    )
    assert "no lane covers this branch" in said(push(clone, "carol", "main:release/deep/1"))


# -- Clones can't know


def test_clones_do_not_compare(clone: Repo) -> None:
    for name, script in (("pre-commit", "lane-pre-commit"), ("pre-push", "lane-pre-push")):
        clone.hook(name, script)
    clone.switch("work/docs-1", "main")
    clone.write({"docs/b": "b\n"})
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "-m", "Work")
    assert clone.run("git", "push", "origin", "work/docs-1", env={"WHO": "alice"}).status == 0
    assert clone.script("lane-audit", "work/docs-1").status == 0
    shown = clone.script("git-lanes", "show", "work/docs-1").out.split("\n")
    assert "who may push: alice, carol, dan" in shown
    assert "who may push: carol, dan" in clone.script("git-lanes", "show", "release/1").out.split("\n")
