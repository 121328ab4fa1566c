"""The hooks under lefthook, which hands standard input on: lane-pre-push sees every ref of a push.

Lefthook skips a `run:` where it finds no files of its own for it; a `script:` always runs.
"""

from pathlib import Path

import pytest
from managed import BRANCH, ONLY_THESE, TOP, WHOLE, install, outside, rejected, without_programs
from repos import SCRIPTS, Ended, Repo, make_repo, masked

CONFIGURATION = """\
assert_lefthook_installed: true
pre-commit:
  jobs:
    - script: lanes
pre-merge-commit:
  jobs:
    - script: lanes
pre-push:
  jobs:
    - script: lanes
      use_stdin: true
"""
COMMANDS = {
    "pre-commit": "lane-pre-commit",
    "pre-merge-commit": "lane-pre-commit",
    "pre-push": 'lane-pre-push "$@"',
}


@pytest.fixture
def user(clone: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """The clone with lefthook's hooks, on a branch of the lane "docs", below the newest main."""
    if not (SCRIPTS / "lefthook").exists():
        pytest.skip("lefthook is not installed")
    monkeypatch.setenv("LEFTHOOK_OUTPUT", "execution_out")  # what our programs say
    for hook, command in COMMANDS.items():
        script = clone.path / ".lefthook" / hook / "lanes"
        script.parent.mkdir(parents=True)
        script.write_text(f"#!/bin/sh\nexec {command}\n")
        script.chmod(0o755)  # or lefthook does it, and the next commit holds the change
    return install(clone, {"lefthook.yml": CONFIGURATION}, "lefthook", "install")


def said(ended: Ended) -> tuple[int, str]:
    """Give how git ended and what our programs said, without what git and lefthook add."""
    rows = (ended.out + ended.err).splitlines(keepends=True)
    others = ("error: failed to push some refs", "Not committing merge;", "exit status ", "\n")
    return ended.status, masked("".join(row for row in rows if not row.startswith(others)))


def test_git_commit(user: Repo) -> None:
    commit = ("commit", "--quiet", "-m", "x")
    user.write({"top.txt": "mine", "docs/b.md": "c"})
    assert said(user.try_git(*commit, "--all")) == (1, outside(TOP, advice=ONLY_THESE))
    assert said(user.try_git(*commit, "--", "top.txt")) == (1, outside(TOP, advice=ONLY_THESE))
    user.git("add", "--all")
    assert said(user.try_git(*commit)) == (1, outside(TOP))
    assert said(user.try_git(*commit, "--", "docs")) == (0, "")
    user.git("reset", "--quiet", "--hard")
    assert said(user.try_git(*commit, "--amend")) == (0, "")
    assert user.git("status", "--porcelain") == ""


def test_changes_that_lefthook_counts_as_no_files(user: Repo) -> None:
    user.git("rm", "--quiet", "top.txt")
    commit = ("commit", "--quiet", "-m", "x")
    assert said(user.try_git(*commit)) == (1, outside(TOP.replace("changes", "deletes")))
    (user.path / "top.txt").symlink_to("docs/a.md")
    user.git("add", "top.txt")
    message = outside(TOP.replace("changes", "changes the type of"))
    assert said(user.try_git(*commit)) == (1, message)


def test_git_merge(user: Repo) -> None:
    merge = ("merge", "--quiet", "--no-ff", "--no-edit")
    assert said(user.try_git(*merge, "--strategy=ours", "main")) == (1, outside(TOP))
    user.git("merge", "--abort")
    assert said(user.try_git(*merge, "main")) == (0, "")


def test_git_push(user: Repo) -> None:
    """All refs of a push are judged, from whatever branch it is typed."""
    push = ("push", "--quiet", "origin")
    user.switch("work/docs-2", BRANCH)
    user.commit({"top.txt": "mine"}, "Out")
    refused = (1, rejected("work/docs-2") + WHOLE)
    assert said(user.try_git(*push, BRANCH, "work/docs-2")) == refused
    assert said(user.try_git(*push, "--all")) == refused
    user.switch("main")
    assert said(user.try_git(*push, "work/docs-2")) == (1, rejected("work/docs-2"))
    assert said(user.try_git(*push, BRANCH)) == (0, "")
    assert said(user.try_git(*push, "--delete", BRANCH)) == (0, "")


def test_the_first_push_to_a_server(user: Repo, tmp_path: Path) -> None:
    user.git("remote", "add", "empty", str(make_repo(tmp_path / "empty.git", "--bare").path))
    assert said(user.try_git("push", "--quiet", "empty", "main", BRANCH)) == (0, "")


def test_a_linked_worktree(user: Repo, tmp_path: Path) -> None:
    user.git("worktree", "add", "--quiet", "-b", "work/docs-2", "../linked", BRANCH)
    linked = Repo(tmp_path / "linked")
    linked.write({"top.txt": "mine", "docs/c.md": "c"})
    linked.git("add", "--all")
    commit, push = ("commit", "--quiet", "-m", "x"), ("push", "--quiet", "origin", "work/docs-2")
    assert said(linked.try_git(*commit)) == (1, outside(TOP, branch="work/docs-2"))
    assert said(linked.try_git(*commit, "--", "docs")) == (0, "")
    assert said(linked.try_git(*push)) == (0, "")
    linked.commit({"top.txt": "mine"}, "Out")
    assert said(linked.try_git(*push)) == (1, rejected("work/docs-2"))


def test_programs_that_are_not_there(user: Repo) -> None:
    """Nothing passes then. Lefthook is still found: its hooks name where it was when they were installed."""
    for command, program in (
        (("commit", "--quiet", "--allow-empty", "-m", "x"), "lane-pre-commit"),
        (("push", "--quiet", "origin", BRANCH), "lane-pre-push"),
    ):
        status, message = said(user.try_git(*command, env=without_programs()))
        assert (status, message.count("\n")) == (1, 1)
        assert message.endswith(f"exec: {program}: not found\n")
