"""The installed pre-push hook, through real `git push` to a server that has no hook. Messages are whole.

What needs an exit status of its own (git makes 1 of any) starts the console script as git would.
"""

import os
import re
from pathlib import Path

import pytest
from fakes import fake_git
from lane_hooks.pre_push import parse
from repos import MANIFEST, Ended, Repo, asked, make_repo, masked

from lanes.errors import CannotJudge
from lanes.push import Update

A, B, ZERO = "a" * 40, "b" * 40, "0" * 40
BRANCH = "work/docs-1"
BROKEN = "version = 2\n"
BOTH = '[lanes.both]\nbranches = ["work/api-*"]\npaths = ["/both/"]\n'
IN_FORCE = "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
MAY_WRITE = (
    '  lane "docs" may write:\n    /docs/\n  and, as all lanes that are not review-only:\n    /shared.txt\n'
)
TOP = "changes top.txt (outside-lane: no lane may write it)"
CUT_OFF = "the history is cut off here (a shallow clone); run: git fetch --unshallow"
PUSH_MAIN = "    all of this is on your local main already, so push that first: git push origin main\n"
FETCH = "    or, if these commits are on main by now: git fetch origin\n"
NEXT = f"""\
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
{asked(TOP)}\
    or, where they are changes of main: push main first, and take them by a merge, not as a copy
"""
# A rebase would not list the merge, and drop it with all that was settled in it.
REMADE = f"""\
    go back to OID, keep your files as they are, and commit those of your lane alone:
      git reset OID
{NEXT[NEXT.index("    or ask") :]}{FETCH}"""
UNNAMED = 'or ask the integrator to widen lane "docs" in .lanes.toml on main, if it should write these paths'
NO_LANE = f"""\
lanes: feature is rejected: no lane covers this branch
  branches that a lane covers:
    work/docs-*: lane "docs", Write the docs
    work/api-*: lane "api"
    review/*: lane "review", Read, do not edit
{IN_FORCE}\
  next:
    give the branch a name that your task's lane covers: git branch -m NEW-NAME
    or ask the integrator to cover it in .lanes.toml on main
"""


@pytest.fixture
def lane(clone: Repo, server: Repo) -> Repo:
    """The clone with the hook, on a branch of the lane "docs"; its server has none any more."""
    os.remove(server.path / "hooks" / "pre-receive")
    clone.hook("pre-push", "lane-pre-push")
    clone.switch(BRANCH, "main")
    return clone


def push(repo: Repo, *arguments: str | bytes) -> Ended:
    """Run git push with the hook."""
    return repo.try_git("push", "--quiet", *arguments)


def passes(repo: Repo, *arguments: str | bytes) -> bool:
    """Tell whether a push to origin passes without a word; it must fail by the hook or not at all."""
    ended = push(repo, "origin", *arguments)
    if ended.status == 0:
        assert (ended.out, ended.err) == ("", "")
        return True
    assert ended.err.startswith("lanes: ")
    return False


def refusal(repo: Repo, *arguments: str | bytes, to: str = "origin") -> str:
    """Run git push, which the hook must stop, and give the whole message, masked, without git's last line."""
    ended = push(repo, to, *arguments)
    assert (ended.status, ended.out) == (1, "")
    *lines, last = ended.err.splitlines(keepends=True)
    assert last.startswith("error: failed to push some refs to ")
    return masked("".join(lines))


def outside(
    *changes: str, subject: str = "Change", branch: str = BRANCH, todo: str = "", ask: str = ""
) -> str:
    """Give the whole message about one commit with these changes outside the lane "docs".

    *todo* is what is said about what to do next in the place of the usual, *ask* what to ask the integrator.
    """
    number = "1 change" if len(changes) == 1 else f"{len(changes)} changes"
    steps = (todo or NEXT + FETCH).replace(asked(TOP), ask or asked(*changes))
    return (
        f'lanes: {branch} is rejected: {number} in 1 commit outside its lane "docs"\n'
        f'  commit OID "{subject}" by Ann\n'
        + "".join(f"    {change}\n" for change in changes)
        + f"{MAY_WRITE}{IN_FORCE}  next:\n{steps}"
    )


def judge(repo: Repo, *updates: tuple[str, str], env: dict[str, str] | None = None) -> Ended:
    """Start the script as git does, for refs that are new on origin: pairs of a commit and a full ref."""
    lines = "".join(f"{ref} {commit} {ref} {'0' * len(commit)}\n" for commit, ref in updates)
    return repo.script("lane-pre-push", "origin", "URL", stdin=lines.encode(), env=env)


# -- The protocol


@pytest.mark.parametrize(
    ("data", "updates"),
    [
        (b"", []),
        (f"refs/heads/x {B} refs/heads/y {A}\n".encode(), [Update(b"refs/heads/y", A, B)]),
        (f"refs/heads/x {B} refs/heads/x {ZERO}\n".encode(), [Update(b"refs/heads/x", ZERO, B)]),
        (f"(delete) {ZERO} refs/tags/x {A}\n".encode(), [Update(b"refs/tags/x", A, ZERO)]),
        (
            f"HEAD {B} refs/heads/x {A}\n{A} {A} refs/heads/y {B}\n".encode(),
            [Update(b"refs/heads/x", A, B), Update(b"refs/heads/y", B, A)],
        ),
        (f"main~1 {B} refs/heads/x {A}\n".encode(), [Update(b"refs/heads/x", A, B)]),
        (f"main^{{/Fix a b}} {B} refs/heads/x {A}\n".encode(), [Update(b"refs/heads/x", A, B)]),
        (f" {A} refs/heads/y {A} {B} refs/heads/x {A}\n".encode(), [Update(b"refs/heads/x", A, B)]),
        (
            f"refs/heads/x {'b' * 64} refs/heads/x {'0' * 64}\n".encode(),
            [Update(b"refs/heads/x", "0" * 64, "b" * 64)],
        ),
        (
            b"\xff\r\t " + B.encode() + b" refs/heads/\xff\xe2\x80\xa8\xc2\x85'\" " + A.encode() + b"\n",
            [Update(b"refs/heads/\xff\xe2\x80\xa8\xc2\x85'\"", A, B)],
        ),
    ],
    ids=[
        "nothing",
        "update",
        "create",
        "delete",
        "two",
        "revision",
        "spaces",
        "a local ref like a line",
        "sha-256",
        "odd bytes",
    ],
)
def test_lines(data: bytes, updates: list[Update]) -> None:
    assert parse(data) == updates


@pytest.mark.parametrize(
    "data",
    [
        f"refs/heads/x {B} refs/heads/x {A}".encode(),
        f"refs/heads/x {B} refs/heads/x\n".encode(),
        f"{B} refs/heads/x {A}\n".encode(),
        f"refs/heads/x {B} heads/x {A}\n".encode(),
        f"refs/heads/x {B} refs/heads/a b {A}\n".encode(),
        f"refs/heads/x {B[1:]} refs/heads/x {A}\n".encode(),
        f"refs/heads/x {B} refs/heads/x {A[1:]}\n".encode(),
        f"refs/heads/x {B.upper()} refs/heads/x {A}\n".encode(),
        f"refs/heads/x {B}  refs/heads/x {A}\n".encode(),
        f"refs/heads/x {B} refs/heads/x {A} \n".encode(),
        f"refs/heads/x {B} refs/ {A}\n".encode(),
        f"refs/heads/x {B} refsx {A}\n".encode(),
        f"refs/heads/x {'g' * 64} refs/heads/x {'a' * 64}\n".encode(),
        f"refs/heads/x {B} refs/heads/x\0 {A}\n".encode(),
        f"refs/heads/x {B} refs/heads/x {A}\n\n".encode(),
        b"\n",
    ],
)
def test_lines_that_are_none(data: bytes) -> None:
    with pytest.raises(CannotJudge, match="git gave the hook a line that is no ref update: "):
        parse(data)


def test_half_a_line_is_status_2(lane: Repo) -> None:
    line = f"refs/heads/{BRANCH} {lane.head()} refs/heads/{BRANCH} {ZERO}"
    ended = lane.script("lane-pre-push", "origin", "URL", stdin=line.encode())
    assert (ended.status, ended.out, masked(ended.err)) == (
        2,
        "",
        "lanes: could not judge: git gave the hook a line that is no ref update:"
        f" refs/heads/{BRANCH} OID refs/heads/{BRANCH} OID\n",
    )


# -- Branches


def test_inside(lane: Repo, server: Repo) -> None:
    lane.commit({"docs/b.md": "b", "shared.txt": "s"})
    lane.commit({"docs/a.md": None, "docs/deep/c.md": "c"})
    assert passes(lane, BRANCH)
    assert server.git("rev-parse", BRANCH) == lane.head()
    assert passes(lane, BRANCH)  # nothing to push: git starts the hook with no line


def test_outside_whole_message(lane: Repo, server: Repo) -> None:
    lane.commit({"docs/b.md": "b", "api/a.py": "mine"}, "Change the API")
    lane.commit({"docs/c.md": "c"}, "Write")
    lane.commit({"top.txt": None, "ci/run": "x", "new file": "\n"}, "More")
    assert (
        refusal(lane, BRANCH)
        == """\
lanes: work/docs-1 is rejected: 4 changes in 2 commits outside its lane "docs"
  commit OID "Change the API" by Ann
    changes api/a.py (outside-lane: lane "api" may write it)
  commit OID "More" by Ann
    changes ci/run (protected: only integration branches may write it)
    adds new file (outside-lane: no lane may write it)
    deletes top.txt (outside-lane: no lane may write it)
  lane "docs" may write:
    /docs/
  and, as all lanes that are not review-only:
    /shared.txt
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
    or ask the integrator to run, if lane "docs" should write these paths:
      git lanes allow docs api/a.py 'new file' top.txt
    lane "api" has to give up api/a.py first
    or, where they are changes of main: push main first, and take them by a merge, not as a copy
    or, if these commits are on main by now: git fetch origin
"""
    )
    assert server.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_change_taken_back_in_the_next_commit(lane: Repo) -> None:
    lane.commit({"top.txt": "mine"}, "Out")
    lane.git("revert", "--no-edit", "HEAD")
    assert refusal(lane, BRANCH) == outside(TOP, subject="Out")


def test_what_the_message_tells_to_type_mends_it(lane: Repo) -> None:
    lane.commit({"docs/b.md": "b"}, "Good")
    lane.commit({"top.txt": "mine"}, "Bad")
    lane.commit({"docs/c.md": "c"}, "Good")
    (command,) = [line for line in push(lane, "origin", BRANCH).err.splitlines() if "git rebase -i" in line]
    lane.git(*command.split()[1:], env={"GIT_SEQUENCE_EDITOR": "sed -i.bak /Bad/d"})
    assert passes(lane, BRANCH)


def test_what_the_message_tells_to_type_with_two_integration_branches(lane: Repo) -> None:
    """A branch that holds both can't be rebased on one of them."""
    assert passes(lane, "main:refs/heads/release")
    for branch, file in (("main", "top.txt"), ("release", "api/a.py")):
        lane.switch(branch, "origin/main")
        lane.commit({file: branch}, f"On {branch}")
    assert passes(lane, "main", "release")
    lane.switch(BRANCH)
    lane.commit({"docs/b.md": "b"}, "Good")
    lane.git("merge", "--quiet", "--no-edit", "main")
    lane.git("merge", "--quiet", "--no-edit", "release")
    assert passes(lane, BRANCH)
    lane.commit({"ci/run": "mine"}, "Bad")
    lane.commit({"docs/c.md": "c"}, "Good")
    message = push(lane, "origin", BRANCH).err
    (command,) = re.findall(r"^      git (rebase .*)$", message, re.MULTILINE)
    lane.git(*command.split(), env={"GIT_SEQUENCE_EDITOR": "sed -i.bak /Bad/d"})
    assert passes(lane, BRANCH)
    assert lane.git("log", "-2", "--format=%s") == "Good\nMerge branch 'release' into work/docs-1"


def test_no_lane(lane: Repo) -> None:
    lane.switch("feature", "main")
    assert refusal(lane, "feature") == NO_LANE
    assert passes(lane, "feature:refs/heads/work/docs-7")


def test_review_only(lane: Repo) -> None:
    lane.switch("review/1", "main")
    assert passes(lane, "review/1")
    lane.commit({"docs/a.md": "edited"}, "Edit")
    assert (
        refusal(lane, "review/1")
        == f"""\
lanes: review/1 is rejected: 1 change in 1 commit outside its lane "review"
  commit OID "Edit" by Ann
    changes docs/a.md (review-only: lane "docs" may write it)
  lane "review" is review-only: its branches may not change anything
{IN_FORCE}\
  next:
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
    report what you found instead of changing it; a task that must write needs another lane
    or, where they are changes of main: push main first, and take them by a merge, not as a copy
{FETCH}"""
    )


def test_the_name_on_the_remote_decides(lane: Repo) -> None:
    lane.switch("whatever", "main")
    lane.commit({"docs/b.md": "b"})
    assert passes(lane, f"whatever:refs/heads/{BRANCH}")
    assert passes(lane, "whatever~1:refs/heads/work/api-1")
    assert not passes(lane, "whatever:work/api-1")


def test_a_detached_head(lane: Repo) -> None:
    lane.git("checkout", "--quiet", "--detach")
    lane.commit({"docs/b.md": "b"})
    assert passes(lane, f"HEAD:refs/heads/{BRANCH}")
    lane.commit({"top.txt": "mine"})
    assert refusal(lane, f"HEAD:refs/heads/{BRANCH}") == outside(TOP)


def test_a_revision_with_spaces(lane: Repo) -> None:
    lane.commit({"docs/b.md": "b"}, "Write it all")
    lane.commit({"top.txt": "mine"}, "Out of it")
    assert passes(lane, f"{BRANCH}^{{/Write it}}:refs/heads/{BRANCH}")
    assert refusal(lane, f"{BRANCH}^{{/Out of}}:refs/heads/{BRANCH}") == outside(TOP, subject="Out of it")


def test_a_name_that_is_not_utf_8(lane: Repo) -> None:
    assert passes(lane, b"HEAD:refs/heads/work/docs-\xff")
    assert refusal(lane, b"HEAD:refs/heads/fea\xffture") == NO_LANE.replace("feature", "fea\\xffture")


def test_names_cannot_forge_a_line(lane: Repo) -> None:
    lane.commit({b'a\nlanes: fine\x1b[2J\xff\xc3\xa9"': "x"}, "Sub\x1b[31mject\u202e\u2028x")
    assert refusal(lane, BRANCH) == outside(
        'adds "a\\nlanes: fine\\033[2J\\377\\303\\251\\"" (outside-lane: no lane may write it)',
        subject="Sub\\x1b[31mject\\u202e\\u2028x",
        ask=f"    {UNNAMED}\n",
    )


def test_an_ambiguous_branch_is_not_judged_and_the_rest_is(lane: Repo) -> None:
    lane.switch("main")
    tip = lane.commit({".lanes.toml": MANIFEST + BOTH})
    lane.put("main")
    ended = judge(lane, (tip, "refs/heads/work/api-1"), (tip, "refs/heads/feature"))
    ambiguous = (
        "lanes: work/api-1 could not be judged: the branch work/api-1 is covered by the lanes"
        ' "api" and "both"; change their branch patterns in .lanes.toml so that only one covers it\n'
        + IN_FORCE
    )
    no_lane = NO_LANE.replace("  manifest", '    work/api-*: lane "both"\n  manifest')
    assert (ended.status, ended.out, masked(ended.err)) == (2, "", ambiguous + no_lane)
    assert judge(lane, (tip, "refs/heads/feature")).status == 1
    assert judge(lane, (tip, f"refs/heads/{BRANCH}")) == Ended(0, "", "")


@pytest.mark.parametrize(("file", "accepted"), [("top.txt", True), ("ci/run", False)])
def test_unlisted_branches_allowed(lane: Repo, file: str, accepted: bool) -> None:
    lane.switch("main")
    lane.commit({".lanes.toml": MANIFEST.replace("[defaults]", '[defaults]\nunlisted = "allow"')})
    assert passes(lane, "main")
    lane.switch("feature", "main")
    lane.commit({file: "x"})
    assert passes(lane, "feature") is accepted


def test_several_refs(lane: Repo, server: Repo) -> None:
    """A push is taken whole or not at all."""
    lane.commit({"docs/b.md": "b"})
    lane.switch("work/docs-2", "main")
    lane.commit({"top.txt": "mine"})
    lane.switch("feature", "main")
    message = refusal(lane, BRANCH, "work/docs-2", "feature")
    both = (NO_LANE, outside(TOP, branch="work/docs-2"))
    last = "lanes: 2 of 3 refs can't be pushed, and a push is taken whole or not at all\n"
    assert message in ("".join((*both, last)), "".join((*both[::-1], last)))
    assert refusal(lane, "work/docs-2", "feature") in ("".join(both), "".join(both[::-1]))
    assert server.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert passes(lane, BRANCH, f"{BRANCH}:refs/heads/work/docs-3")


def test_deletion_and_force(lane: Repo) -> None:
    lane.commit({"docs/b.md": "b"})
    lane.commit({"docs/c.md": "c"})
    assert passes(lane, BRANCH)
    assert passes(lane, "--force", f"{BRANCH}~1:{BRANCH}")
    lane.git("commit", "--quiet", "--amend", "-m", "Other")
    assert passes(lane, "--force", BRANCH)
    lane.commit({"top.txt": "mine"})
    assert not passes(lane, "--force", BRANCH)
    assert passes(lane, "--delete", BRANCH)


def test_merging_main(lane: Repo) -> None:
    lane.commit({"docs/b.md": "b"})
    lane.switch("main")
    lane.commit({"top.txt": "newer"})
    assert passes(lane, "main")
    lane.switch(BRANCH)
    lane.git("merge", "--quiet", "--no-edit", "main")
    assert passes(lane, BRANCH)
    lane.switch("work/docs-2", f"{BRANCH}~1")
    lane.git("merge", "--quiet", "--no-edit", "--strategy=ours", "main")
    assert refusal(lane, "work/docs-2") == outside(
        TOP, branch="work/docs-2", subject="Merge branch 'main' into work/docs-2", todo=REMADE
    ).replace("commit OID", "commit OID (a merge)")


# -- Integration branches, and the manifest


def test_integration_branches_may_change_anything(lane: Repo) -> None:
    lane.switch("main")
    lane.commit({"ci/run": "x", "top.txt": "x", ".lanes.toml": MANIFEST + "\n"})
    assert passes(lane, "main", "main:refs/heads/release")


def test_integration_branches_can_not_be_rewound_or_deleted(lane: Repo) -> None:
    lane.switch("main")
    lane.commit({"top.txt": "x"})
    assert passes(lane, "main", "main:refs/heads/release")
    for name in ("main", "release"):
        assert refusal(lane, "--force", f"main~1:{name}") == (
            f"lanes: {name} is rejected: the integration branch {name} can't be rewound;"
            f" OID must stay in it\n{IN_FORCE}"
        )
        assert refusal(lane, "--delete", name) == (
            f"lanes: {name} is rejected: the integration branch {name} can't be deleted\n" + IN_FORCE
        )


def test_a_main_that_somebody_else_moved(lane: Repo, server: Repo, tmp_path: Path) -> None:
    """What is not here can't be compared: a forced push over it waits for a fetch."""
    somebody_else_pushes_main(lane, tmp_path)
    lane.switch("main")
    lane.commit({"docs/mine.md": "x"})
    assert refusal(lane, "--force", "main") == (
        "lanes: main could not be judged: the old tip OID of main is not here; run: git fetch\n" + IN_FORCE
    )
    lane.git("fetch", "--quiet")
    assert not passes(lane, "--force", "main")
    lane.git("rebase", "--quiet", "origin/main")
    assert passes(lane, "main")


@pytest.mark.parametrize("name", ["MAIN", "Release"])
def test_a_name_that_differs_in_case_only(lane: Repo, name: str) -> None:
    assert refusal(lane, f"main:refs/heads/{name}") == (
        f"lanes: {name} is rejected: it differs from {name.lower()} by case alone,"
        f" and on many a disk they are one; use another name\n{IN_FORCE}"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "OID has no .lanes.toml"),
        (
            BROKEN,
            "the manifest of OID is invalid\n"
            "  .lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads",
        ),
    ],
)
def test_main_can_not_lose_its_manifest(lane: Repo, content: str | None, problem: str) -> None:
    lane.switch("main")
    lane.commit({".lanes.toml": content})
    assert refusal(lane, "main") == (
        "lanes: main is rejected: it would leave main without a valid manifest, and lock everybody out: "
        f"{problem}\n{IN_FORCE}"
    )
    lane.commit({".lanes.toml": MANIFEST + "\n"})
    assert passes(lane, "main")


def test_the_manifest_in_force_is_never_the_one_pushed(lane: Repo) -> None:
    lane.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"*"'), "top.txt": "mine"})
    assert refusal(lane, BRANCH) == outside(
        "changes .lanes.toml (protected: only integration branches may write it)", TOP
    )


NOWHERE = "no manifest is in force: refs/remotes/origin/main at OID has no .lanes.toml\n  to begin"
INVALID = """\
the manifest in force is invalid: refs/remotes/origin/main at OID
  .lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads
  to mend"""


@pytest.mark.parametrize(
    ("content", "problem", "this_push"),
    [(None, NOWHERE, "OID has no .lanes.toml"), (BROKEN, INVALID, "the manifest of OID is invalid")],
)
def test_beginning_and_mending(lane: Repo, content: str | None, problem: str, this_push: str) -> None:
    """Everything waits for a valid manifest; a push to main that brings one passes."""
    lane.switch("main")
    lane.commit({".lanes.toml": content})
    assert lane.push("main").status == 0
    waits = f"{problem}: bring a valid .lanes.toml to main; everything else waits for it\n"
    assert refusal(lane, BRANCH) == f"lanes: {BRANCH} could not be judged: {waits}"
    lane.commit({"top.txt": "x"})
    assert refusal(lane, "main").startswith(
        f"lanes: main could not be judged: {waits}  this push does not: {this_push}\n"
    )
    lane.commit({".lanes.toml": MANIFEST})
    assert passes(lane, "main")
    assert passes(lane, BRANCH)


# -- What the clone knows of main


def somebody_else_pushes_main(lane: Repo, tmp_path: Path) -> Repo:
    """Let another clone push a commit to main, and give that clone."""
    other = make_repo(tmp_path / "other")
    other.git("remote", "add", "origin", lane.git("remote", "get-url", "origin"))
    other.git("pull", "--quiet", "origin", "main")
    other.commit({"top.txt": "newer"}, "Go on")
    assert other.push("main").status == 0
    return other


def test_a_local_main_that_is_not_pushed(lane: Repo) -> None:
    lane.switch("main")
    lane.commit({"top.txt": "newer"}, "Go on")
    lane.switch(BRANCH, "main")
    lane.commit({"docs/b.md": "b"})
    expected = outside(TOP, subject="Go on", todo=PUSH_MAIN)
    assert refusal(lane, BRANCH) == expected
    assert refusal(lane, "main", BRANCH).startswith(expected)
    lane.git(*re.findall(r"git (push \S+ \S+)$", expected, re.MULTILINE)[0].split())
    assert passes(lane, BRANCH)


def test_only_those_local_branches_are_named_that_hold_it(lane: Repo) -> None:
    lane.git("branch", "release", "main")
    assert passes(lane, "release")
    lane.switch("main")
    lane.commit({"top.txt": "newer"}, "Go on")
    lane.switch(BRANCH, "main")
    assert refusal(lane, BRANCH) == outside(TOP, subject="Go on", todo=PUSH_MAIN)


def test_a_local_main_that_holds_a_part_of_it(lane: Repo) -> None:
    """Then pushing main first would not help."""
    lane.switch("main")
    lane.commit({"top.txt": "newer"}, "Go on")
    lane.switch(BRANCH, "main")
    lane.commit({"api/a.py": "mine"}, "Out")
    assert (
        refusal(lane, BRANCH)
        == f"""\
lanes: work/docs-1 is rejected: 2 changes in 2 commits outside its lane "docs"
  commit OID "Go on" by Ann
    changes top.txt (outside-lane: no lane may write it)
  commit OID "Out" by Ann
    changes api/a.py (outside-lane: lane "api" may write it)
{MAY_WRITE}{IN_FORCE}  next:
{NEXT.replace(asked(TOP), asked(TOP, 'changes api/a.py (outside-lane: lane "api" may write it)'))}{FETCH}"""
    )


def test_a_main_that_was_not_fetched_lately(lane: Repo, tmp_path: Path) -> None:
    somebody_else_pushes_main(lane, tmp_path)
    lane.commit({"docs/b.md": "b"})
    lane.git("fetch", "--quiet", lane.git("remote", "get-url", "origin"), "main")
    lane.git("merge", "--quiet", "--no-edit", "FETCH_HEAD")
    message = refusal(lane, BRANCH)
    assert message == outside(TOP, subject="Go on")
    lane.git(*re.findall(r"git (fetch \S+)$", message, re.MULTILINE)[0].split())
    assert passes(lane, BRANCH)


def test_a_local_main_is_not_trusted(lane: Repo) -> None:
    """Only what was pushed or fetched is: anybody can commit to their own main."""
    lane.switch("main")
    lane.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"*"')})
    lane.switch(BRANCH)
    lane.commit({"top.txt": "mine"})
    assert not passes(lane, BRANCH)
    assert passes(lane, "main")
    assert passes(lane, BRANCH)


# -- Remotes


@pytest.fixture
def elsewhere(tmp_path: Path) -> Repo:
    """Another server, empty and without a hook."""
    return make_repo(tmp_path / "elsewhere.git", "--bare")


def test_a_url_in_the_place_of_a_remote(lane: Repo, server: Repo) -> None:
    lane.commit({"docs/b.md": "b"})
    assert push(lane, str(server.path), BRANCH) == Ended(0, "", "")
    lane.commit({"top.txt": "mine"})
    assert refusal(lane, BRANCH, to=str(server.path)) == outside(TOP)


def test_a_url_where_there_is_no_remote(lane: Repo, elsewhere: Repo) -> None:
    lane.git("remote", "remove", "origin")
    lane.commit({"docs/b.md": "b"})
    assert push(lane, str(elsewhere.path), BRANCH) == Ended(0, "", "")
    lane.commit({"top.txt": "mine"})
    expected = outside(TOP, todo=NEXT).replace("refs/remotes/origin/main", "refs/heads/main")
    assert refusal(lane, BRANCH, to=str(elsewhere.path)) == expected


def test_a_remote_that_was_never_fetched(lane: Repo, elsewhere: Repo) -> None:
    """The local integration branches stand for it."""
    lane.git("remote", "add", "backup", str(elsewhere.path))
    lane.switch("main")
    lane.commit({"top.txt": "newer"})
    lane.switch(BRANCH, "main")
    lane.commit({"docs/b.md": "b"})
    assert push(lane, "backup", BRANCH) == Ended(0, "", "")
    lane.commit({"top.txt": "mine"})
    expected = outside(TOP, todo=NEXT).replace("refs/remotes/origin/main", "refs/heads/main")
    assert refusal(lane, BRANCH, to="backup") == expected


def test_a_remote_that_is_not_the_manifests(lane: Repo, elsewhere: Repo) -> None:
    """A fork's main holds whatever its owner wants; its commits are trusted there, its manifest is not."""
    lane.git("remote", "add", "upstream", str(elsewhere.path))
    assert push(lane, "upstream", "main") == Ended(0, "", "")
    lane.switch("main")
    lane.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"*"'), "ci/run": "fork"}, "Widen")
    assert passes(lane, "main")
    lane.switch(BRANCH, "main")
    lane.commit({"docs/b.md": "b"})
    assert passes(lane, BRANCH)
    lane.commit({"top.txt": "mine"})
    assert refusal(lane, BRANCH) == outside(TOP, todo=NEXT + FETCH.replace("origin", "upstream")).replace(
        "refs/remotes/origin", "refs/remotes/upstream"
    )
    assert 'lanes: work/docs-1 is rejected: 3 changes in 2 commits outside its lane "docs"' in refusal(
        lane, BRANCH, to="upstream"
    )


def test_the_first_push_of_everything(repo: Repo, elsewhere: Repo) -> None:
    repo.hook("pre-push", "lane-pre-push")
    repo.git("remote", "add", "origin", str(elsewhere.path))
    repo.commit({".lanes.toml": MANIFEST, "top.txt": "t\n"})
    repo.git("tag", "v1")
    repo.switch(BRANCH, "main")
    repo.commit({"docs/b.md": "b"})
    repo.switch("work/docs-2", "main")
    repo.commit({"top.txt": "mine"})
    expected = outside(TOP, branch="work/docs-2", todo=NEXT) + (
        "lanes: 1 of 3 refs can't be pushed, and a push is taken whole or not at all\n"
    )
    assert refusal(repo, "--all") == expected.replace("refs/remotes/origin/main", "refs/heads/main")
    assert passes(repo, "main", BRANCH, "v1")


def test_the_first_push_without_a_manifest(repo: Repo, elsewhere: Repo) -> None:
    repo.hook("pre-push", "lane-pre-push")
    repo.git("remote", "add", "origin", str(elsewhere.path))
    repo.commit({"top.txt": "t\n"})
    missing = (
        "no manifest is in force: refs/heads/main at OID has no .lanes.toml\n"
        "  to begin: bring a valid .lanes.toml to main; everything else waits for it\n"
    )
    assert refusal(repo, f"main:refs/heads/{BRANCH}") == f"lanes: {BRANCH} could not be judged: {missing}"
    assert refusal(repo, "main") == (
        f"lanes: main could not be judged: {missing}  this push does not: OID has no .lanes.toml\n"
    )
    repo.commit({".lanes.toml": MANIFEST})
    assert passes(repo, "main")


def test_a_trusted_ref(lane: Repo) -> None:
    lane.switch("release", "main")
    lane.commit({".lanes.toml": MANIFEST.replace("work/docs-*", "text/*")})
    assert passes(lane, "release")
    lane.git("config", "lanes.trustedRef", "refs/remotes/origin/release")
    lane.commit({"docs/b.md": "b"})
    assert passes(lane, "HEAD:refs/heads/text/1")
    assert not passes(lane, f"HEAD:refs/heads/{BRANCH}")


# -- Other refs


def test_tags(lane: Repo) -> None:
    lane.git("tag", "light", "main")
    lane.git("tag", "-a", "-m", "x", "annotated", "main")
    lane.git("tag", "-a", "-m", "x", "nested", "annotated")
    assert passes(lane, "light", "annotated", "nested")
    assert passes(lane, "--delete", "light")
    lane.commit({"docs/b.md": "b"})
    assert passes(lane, BRANCH)
    lane.git("tag", "-a", "-m", "x", "early")
    assert refusal(lane, "early") == (
        "lanes: refs/tags/early is rejected: a tag must point to a commit of main or release;"
        f" integrate the commit first, or push both at once\n{IN_FORCE}"
    )
    lane.switch("main")
    lane.git("merge", "--quiet", "--no-ff", "--no-edit", BRANCH)
    assert passes(lane, "--follow-tags", "main")
    assert passes(lane, f"main:{BRANCH}")


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("refs/notes/commits", None),  # the manifest names refs/notes/**
        (
            "refs/for/main",
            "only branches and tags can be pushed here; the integrator can name other refs in .lanes.toml:"
            ' [defaults] refs = ["refs/for/main"]',
        ),
        (
            "refs/replace/main",
            "refs/replace/ can't be pushed: it would put other objects in the place of judged ones",
        ),
    ],
)
def test_other_refs(lane: Repo, ref: str, why: str | None) -> None:
    if why is None:
        assert passes(lane, f"HEAD:{ref}")
    else:
        assert refusal(lane, f"HEAD:{ref}") == f"lanes: {ref} is rejected: {why}\n{IN_FORCE}"
    assert judge(lane, (ZERO, ref)) == Ended(0, "", "")


def test_a_branch_whose_tip_is_no_commit(lane: Repo) -> None:
    ended = judge(lane, (lane.git("rev-parse", "HEAD^{tree}"), f"refs/heads/{BRANCH}"))
    assert (ended.status, ended.out, masked(ended.err)) == (
        2,
        "",
        f"lanes: {BRANCH} could not be judged: its new tip OID is a tree; expected a commit\n{IN_FORCE}",
    )


# -- The pre-commit framework, which keeps standard input to itself


ONE_REF = """\
lanes: pre-commit and prek show a hook only one ref of a push; git lanes install adds one that sees all
"""


def test_the_ref_that_the_framework_names(lane: Repo) -> None:
    good = lane.commit({"docs/b.md": "b"})
    bad = lane.commit({"top.txt": "mine"})
    framework = {"PRE_COMMIT": "1", "PRE_COMMIT_REMOTE_NAME": "origin"}
    for tip, message in ((good, ""), (bad, outside(TOP))):
        named = {"PRE_COMMIT_REMOTE_BRANCH": f"refs/heads/{BRANCH}", "PRE_COMMIT_TO_REF": tip}
        ended = lane.script("lane-pre-push", env={**framework, **named, "PRE_COMMIT_FROM_REF": good})
        assert (ended.status, ended.out, masked(ended.err)) == (1 if message else 0, "", message + ONE_REF)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        # With the first push of a whole history it names no commit, only what is pushed.
        ({"REMOTE_BRANCH": "refs/heads/feature", "LOCAL_BRANCH": f"refs/heads/{BRANCH}"}, NO_LANE),
        ({"REMOTE_BRANCH": f"refs/heads/{BRANCH}", "LOCAL_BRANCH": "HEAD"}, outside(TOP)),
        ({"REMOTE_BRANCH": f"refs/heads/{BRANCH}", "LOCAL_BRANCH": f"{BRANCH}~1"}, ""),
        ({"REMOTE_BRANCH": "refs/tags/v1", "LOCAL_BRANCH": "refs/heads/main"}, ""),
        ({"REMOTE_BRANCH": "refs/heads/main", "LOCAL_BRANCH": f"refs/heads/{BRANCH}"}, ""),
        ({}, outside(TOP)),  # by hand: pre-commit run --hook-stage pre-push
    ],
)
def test_the_framework_without_a_commit(lane: Repo, named: dict[str, str], message: str) -> None:
    lane.commit({"docs/b.md": "b"})
    lane.commit({"top.txt": "mine"})
    notice = ONE_REF if named else ""
    named = {f"PRE_COMMIT_{name}": value for name, value in named.items()}
    ended = lane.script("lane-pre-push", env={"PRE_COMMIT": "1", **named})
    assert (ended.status, ended.out, masked(ended.err)) == (1 if message else 0, "", message + notice)


@pytest.mark.parametrize(
    ("content", "mode", "notice"),
    [
        ('exec lane-pre-push "$@"', 0o755, ""),
        ('exec lane-pre-push "$@"', 0o644, ONE_REF),  # the framework does not run it
        ("exec something else", 0o755, ONE_REF),
    ],
)
def test_a_hook_that_the_framework_found(lane: Repo, content: str, mode: int, notice: str) -> None:
    """It is kept under another name, and gets all that git says."""
    legacy = lane.path / ".git" / "hooks" / "pre-push.legacy"
    legacy.write_text(f"#!/bin/sh\n{content}\n")
    legacy.chmod(mode)
    named = {"PRE_COMMIT": "1", "PRE_COMMIT_REMOTE_BRANCH": f"refs/heads/{BRANCH}"}
    assert lane.script("lane-pre-push", env=named) == Ended(0, "", notice)
    lane.git("worktree", "add", "--quiet", "-b", "work/docs-2", "../linked")
    linked = Repo(lane.path.parent / "linked")
    assert linked.script("lane-pre-push", env=named) == Ended(0, "", notice)


def test_the_framework_on_a_detached_head(lane: Repo) -> None:
    lane.git("checkout", "--quiet", "--detach")
    assert lane.script("lane-pre-push", env={"PRE_COMMIT": "1"}) == Ended(
        2,
        "",
        "lanes: could not judge: HEAD is detached, so no branch is being pushed; run: git switch BRANCH\n",
    )


def test_the_framework_with_a_commit_that_is_not_here(lane: Repo) -> None:
    named = {"PRE_COMMIT_REMOTE_BRANCH": f"refs/heads/{BRANCH}", "PRE_COMMIT_TO_REF": "refs/heads/nowhere"}
    assert lane.script("lane-pre-push", env={"PRE_COMMIT": "1", **named}) == Ended(
        2, "", "lanes: could not judge: there is no commit refs/heads/nowhere to push\n"
    )


def test_what_git_says_comes_before_the_framework(lane: Repo) -> None:
    """Lines on standard input are all that is pushed; nothing there, and no framework, is nothing."""
    good = lane.commit({"docs/b.md": "b"})
    framework = {"PRE_COMMIT": "1", "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/feature"}
    assert judge(lane, (good, f"refs/heads/{BRANCH}"), env=framework) == Ended(0, "", "")
    lane.commit({"top.txt": "mine"})
    assert lane.script("lane-pre-push", "origin", "URL") == Ended(0, "", "")


# -- What can't be judged


USAGE = """\
usage: lane-pre-push [--if-enabled] [REMOTE [URL]], called by git with a line for each ref on
standard input: LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID
"""


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(repo: Repo, option: str) -> None:
    assert repo.script("lane-pre-push", option) == Ended(0, USAGE, "")


def test_too_many_arguments(lane: Repo) -> None:
    ended = lane.script("lane-pre-push", "origin", "URL", "more")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "lanes: too many arguments\n" + "".join(f"  {line}\n" for line in USAGE.splitlines())
    for arguments in ([], ["origin"], ["origin", "URL"]):
        assert lane.script("lane-pre-push", *arguments) == Ended(0, "", "")


def test_a_namespace_is_refused(lane: Repo) -> None:
    assert judge(lane, (lane.head(), f"refs/heads/{BRANCH}"), env={"GIT_NAMESPACE": "x"}) == Ended(
        2,
        "",
        "lanes: could not judge: GIT_NAMESPACE is set;"
        " lanes can't be judged inside a namespace, so unset it\n",
    )


def shallow_clone(lane: Repo, server: Repo, path: Path, *options: str) -> Repo:
    """Clone one commit of each branch, or of *options*, with the hook."""
    lane.git("clone", "--quiet", "--depth=1", *options, f"file://{server.path}", str(path))
    shallow = Repo(path)
    shallow.hook("pre-push", "lane-pre-push")
    return shallow


def test_a_shallow_clone_of_a_lanes_branch(lane: Repo, server: Repo, tmp_path: Path) -> None:
    """What the cut hides may be outside, or trusted; the message's command brings it."""
    lane.commit({"docs/b.md": "b"})
    assert passes(lane, BRANCH)
    shallow = shallow_clone(lane, server, tmp_path / "shallow", "--no-single-branch")
    shallow.switch(BRANCH)
    tip = shallow.commit({"docs/c.md": "c"})
    expected = f"lanes: {BRANCH} could not be judged: {CUT_OFF}\n{IN_FORCE}"
    assert refusal(shallow, BRANCH) == expected
    assert judge(shallow, (tip, f"refs/heads/{BRANCH}")).status == 2
    shallow.git("fetch", "--quiet", "--unshallow")
    assert passes(shallow, BRANCH)


def test_a_shallow_clone_of_main(lane: Repo, server: Repo, tmp_path: Path) -> None:
    """The cut lies below all that is judged."""
    lane.switch("main")
    lane.commit({"top.txt": "newer"})
    assert passes(lane, "main")
    shallow = shallow_clone(lane, server, tmp_path / "shallow")
    shallow.switch(BRANCH, "main")
    shallow.commit({"docs/c.md": "c"})
    assert passes(shallow, BRANCH)
    shallow.commit({"top.txt": "mine"})
    assert refusal(shallow, BRANCH) == outside(TOP)


def test_a_clone_of_one_branch(lane: Repo, server: Repo, tmp_path: Path) -> None:
    """It fetches nothing else, so its main has to be asked for; the message's command does."""
    lane.commit({"docs/b.md": "b"})
    assert passes(lane, BRANCH)
    lane.git("clone", "--quiet", "--single-branch", f"--branch={BRANCH}", str(server.path), "../single")
    single = Repo(tmp_path / "single")
    single.hook("pre-push", "lane-pre-push")
    single.commit({"docs/c.md": "c"})
    message = refusal(single, BRANCH)
    assert message == (
        "lanes: work/docs-1 could not be judged: no manifest is in force: looked for"
        " refs/remotes/origin/HEAD, refs/heads/main, refs/heads/master, and none exists\n"
        "  to begin: this clone does not fetch main;"
        " run: git remote set-branches --add origin main && git fetch origin\n"
    )
    (command,) = re.findall(r"run: (git .*)", message)
    assert single.run("sh", "-c", command).status == 0
    assert passes(single, BRANCH)


def test_sha_256(tmp_path: Path) -> None:
    server = make_repo(tmp_path / "server.git", "--bare", "--object-format=sha256")
    clone = make_repo(tmp_path / "clone", "--object-format=sha256")
    clone.hook("pre-push", "lane-pre-push")
    clone.git("remote", "add", "origin", str(server.path))
    clone.commit({".lanes.toml": MANIFEST, "top.txt": "t"})
    assert passes(clone, "main")
    clone.switch(BRANCH, "main")
    clone.commit({"docs/a.md": "a"})
    assert passes(clone, BRANCH)
    assert passes(clone, "--delete", BRANCH)
    clone.commit({"top.txt": "x"})
    assert refusal(clone, BRANCH) == outside(TOP)
    ended = clone.script("lane-pre-push", env={"PRE_COMMIT": "1"})
    assert (ended.status, ended.out, masked(ended.err)) == (1, "", outside(TOP))


def test_no_git_and_an_old_one(lane: Repo, tmp_path: Path) -> None:
    update = (lane.head(), f"refs/heads/{BRANCH}")
    missing = "git can't be started (No such file or directory); install git or mend PATH"
    for env, problem in (
        ({"PATH": str(tmp_path)}, missing),
        (
            fake_git(tmp_path / "bin", "version) echo git version 2.38.5; exit;;"),
            "git 2.38 is too old; install git 2.39 or newer",
        ),
    ):
        assert judge(lane, update, env=env) == Ended(2, "", f"lanes: could not judge: {problem}\n")


ONE_FAILS = """\
*)
  echo "$1" >>"$LOG"
  if [ "$(wc -l <"$LOG")" -eq "$FAILING" ]; then echo "fatal: no more" >&2; exit 128; fi;;
"""


def test_git_that_fails_half_way(lane: Repo, tmp_path: Path) -> None:
    """Whichever of its git commands fails, the hook passes nothing, and says which one it was."""
    lane.commit({"docs/b.md": "b"})
    lane.switch("main")
    lane.commit({"top.txt": "newer"})
    assert passes(lane, "main")
    lane.switch(BRANCH)
    lane.git("merge", "--quiet", "--no-edit", "main")
    tip = lane.commit({"top.txt": "mine"})
    fake, log = fake_git(tmp_path / "bin", ONE_FAILS), tmp_path / "log"

    def failing(number: int) -> Ended:
        log.write_text("")
        env = {**fake, "LOG": str(log), "FAILING": str(number)}
        return judge(lane, (tip, f"refs/heads/{BRANCH}"), env=env)

    assert failing(0).status == 1
    commands = log.read_text().split()
    assert {"diff-tree", "rev-list"} < set(commands)
    found = [failing(i + 1) for i in range(len(commands))]
    problems = [f"git {command} failed with exit status 128: fatal: no more" for command in commands]
    assert [(ended.status, ended.out) for ended in found] == [(2, "")] * len(commands)
    said = [re.sub(", asked about [0-9a-f]{12}", "", ended.err) for ended in found]
    assert [
        problem for problem, all_said in zip(problems, said, strict=True) if problem in all_said
    ] == problems


def test_settings_do_not_change_what_is_said(lane: Repo) -> None:
    lane.commit({"top.txt": None, "api/t.txt": "t\n", "é": "x"}, "Rename")
    settings = {
        "color.ui": "always",
        "core.abbrev": "4",
        "core.quotePath": "false",
        "diff.external": "false",
        "diff.noprefix": "true",
        "diff.orderFile": "nowhere",
        "diff.relative": "true",
        "diff.renames": "copies",
        "format.pretty": "oneline",
        "i18n.logOutputEncoding": "latin-1",
        "log.date": "relative",
        "log.showSignature": "true",
        "push.default": "nothing",
    }
    for key, value in settings.items():
        lane.git("config", key, value)
    variables = {"GIT_LITERAL_PATHSPECS": "1", "GIT_TRACE": "1", "LC_ALL": "de_DE.UTF-8"}
    ended = judge(lane, (lane.head(), f"refs/heads/{BRANCH}"), env=variables)
    assert (ended.status, ended.out, masked(ended.err)) == (
        1,
        "",
        outside(
            'adds api/t.txt (outside-lane: lane "api" may write it)',
            "deletes top.txt (outside-lane: no lane may write it)",
            'adds "\\303\\251" (outside-lane: no lane may write it)',
            subject="Rename",
        ),
    )


def test_no_verify_skips_the_hook(lane: Repo) -> None:
    """A client's hook can be skipped; the server's can't."""
    lane.commit({"top.txt": "mine"})
    assert not passes(lane, BRANCH)
    assert passes(lane, "--no-verify", BRANCH)


def test_an_outside_commit_that_was_pushed_before_is_judged_again(lane: Repo) -> None:
    lane.commit({"top.txt": "mine"}, "Out")
    assert lane.push(BRANCH).status == 0
    lane.commit({"docs/b.md": "b"})
    assert refusal(lane, BRANCH) == outside(TOP, subject="Out")


def test_a_linked_worktree(lane: Repo, tmp_path: Path) -> None:
    lane.git("worktree", "add", "--quiet", "-b", "work/docs-2", "../linked", "main")
    linked = Repo(tmp_path / "linked")
    linked.commit({"docs/b.md": "b"})
    assert passes(linked, "work/docs-2")
    linked.commit({"top.txt": "mine"})
    assert refusal(linked, "work/docs-2") == outside(TOP, branch="work/docs-2")
