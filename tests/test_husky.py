"""The hooks under husky (npm), which runs `.husky/HOOK` with all that git gives a hook."""

import os
import shutil
from pathlib import Path

import pytest
from managed import BRANCH, TOP, WHOLE, install, outside, rejected, without_programs
from repos import Ended, Repo, masked

HOME = os.environ.get("HOME", "")  # npm's own settings are there; a test has another home
COMMANDS = {
    ".husky/pre-commit": "lane-pre-commit\n",
    ".husky/pre-merge-commit": "lane-pre-commit\n",
    ".husky/pre-push": 'lane-pre-push "$@"\n',
}


@pytest.fixture(scope="session")
def husky(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Install husky, and give the command that puts its hooks into a repository."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip("node or npm is not installed")
    folder = Repo(tmp_path_factory.mktemp("husky"))
    options = ("--loglevel=error", "--fetch-retries=0")
    ended = folder.run("npm", "install", *options, "husky@9", env={"HOME": HOME})
    if ended.status:
        pytest.skip(f"npm can't install husky: {ended.err.splitlines()[:1]}")
    return node, str(folder.path / "node_modules" / "husky" / "bin.js")


@pytest.fixture
def user(clone: Repo, husky: tuple[str, str]) -> Repo:
    """The clone with husky's hooks, on a branch of the lane "docs", below the newest main."""
    return install(clone, COMMANDS, *husky)


def said(ended: Ended) -> tuple[int, str]:
    """Give how git ended and what was said, without what git adds."""
    rows = (ended.out + ended.err).splitlines(keepends=True)
    others = ("error: failed to push some refs", "Not committing merge;")
    return ended.status, masked("".join(row for row in rows if not row.startswith(others)))


def failed(hook: str, status: int = 1) -> str:
    """Give husky's line about a hook that failed."""
    return f"husky - {hook} script failed (code {status})\n"


def test_git_commit(user: Repo) -> None:
    user.write({"top.txt": "mine", "docs/c.md": "c"})
    user.git("add", "--all")
    commit = ("commit", "--quiet", "-m", "x")
    assert said(user.try_git(*commit)) == (1, outside(TOP) + failed("pre-commit"))
    assert said(user.try_git(*commit, "--", "docs")) == (0, "")


def test_git_merge(user: Repo) -> None:
    merge = ("merge", "--quiet", "--no-ff", "--no-edit")
    refused = (1, outside(TOP) + failed("pre-merge-commit"))
    assert said(user.try_git(*merge, "--strategy=ours", "main")) == refused
    user.git("merge", "--abort")
    assert said(user.try_git(*merge, "main")) == (0, "")


def test_git_push(user: Repo) -> None:
    """All refs of a push are judged."""
    user.switch("work/docs-2", BRANCH)
    user.commit({"top.txt": "mine"}, "Out")
    push = ("push", "--quiet", "origin", BRANCH)
    refused = (1, failed("pre-push") + rejected("work/docs-2") + WHOLE)
    assert said(user.try_git(*push, "work/docs-2")) == refused
    assert said(user.try_git(*push)) == (0, "")


def test_a_linked_worktree(user: Repo, husky: tuple[str, str], tmp_path: Path) -> None:
    """It has no hooks before husky was run there: they are in a folder that git ignores."""
    user.git("worktree", "add", "--quiet", "-b", "work/docs-2", "../linked", BRANCH)
    linked = Repo(tmp_path / "linked")
    linked.write({"top.txt": "mine"})
    linked.git("add", "top.txt")
    commit = ("commit", "--quiet", "-m", "x")
    assert said(linked.try_git(*commit)) == (0, "")
    linked.git("reset", "--quiet", "--soft", "HEAD~1")
    assert linked.run(*husky) == Ended(0, "", "")
    refused = (1, outside(TOP, branch="work/docs-2") + failed("pre-commit"))
    assert said(linked.try_git(*commit)) == refused


def test_programs_that_are_not_there(user: Repo) -> None:
    for hook, command in (
        ("pre-commit", ("commit", "--quiet", "--allow-empty", "-m", "x")),
        ("pre-push", ("push", "--quiet", "origin", BRANCH)),
    ):
        status, message = said(user.try_git(*command, env=without_programs()))
        assert (status, failed(hook, 127) in message) == (1, True)
