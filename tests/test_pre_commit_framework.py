"""The hook ids of `.pre-commit-hooks.yaml`, run by pre-commit and by prek, from a tag of this repository.

Both install this project as a user's machine would: from the package index, in an environment of its own.
"""

import fcntl
import os
import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from managed import BRANCH, NOT_STAGED, ONLY_THESE, TOP, WHOLE, install, outside, rejected
from repos import MANIFEST, SCRIPTS, Ended, Repo, make_repo, masked, remote_lines

ROOT = Path(__file__).parents[1]
HOME = os.environ.get("HOME", "")  # pip's own settings are there; a test has another home
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
}
IDS = ["lane-pre-commit", "lane-pre-push", "lanes-check"]
WIDTH = 79  # of a framework's lines
BROKEN = "version = 2\n"
ONE_REF = """\
lanes: pre-commit and prek show a hook only one ref of a push; git lanes install adds one that sees all
"""
INVALID = """\
lanes: .lanes.toml is invalid: 1 error
.lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads
"""
# What it says of a push that passes is seen where its output is always shown.
CONFIGURATION = """\
default_install_hook_types: [pre-commit, pre-merge-commit, pre-push]
repos:
  - repo: {source}
    rev: v0.1.0
    hooks:
      - id: lane-pre-commit
      - id: lane-pre-push
        verbose: true
      - id: lanes-check
"""


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all processes of this run, where hook environments are built once."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def source(shared: Path) -> Repo:
    """A clone of this project as it is in the work tree, with the annotated tag v0.1.0."""
    path = shared / "git-lanes"
    with (shared / "git-lanes.lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return Repo(path)
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        repo = make_repo(path)
        repo.git(f"--work-tree={ROOT}", "add", "--all")
        author = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
        repo.git(*author, "commit", "--quiet", "-m", "As it is now")
        repo.git(*author, "tag", "--annotate", "-m", "As it is now", "v0.1.0")
        repo.git("reset", "--quiet", "--hard")
    return repo


@pytest.fixture(params=["pre-commit", "prek"])
def manager(request: pytest.FixtureRequest, shared: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A framework by the name of its program, with the machine's own settings for pip."""
    environment = {
        "HOME": HOME,
        "PRE_COMMIT_HOME": str(shared / "pre-commit"),
        "PRE_COMMIT_COLOR": "never",
        "PREK_HOME": str(shared / "prek"),
        "PREK_COLOR": "never",
        "PREK_UV_SOURCE": "pip",  # it needs uv, and would look for it in many places
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return str(request.param)


@pytest.fixture
def user(clone: Repo, manager: str, source: Repo) -> Repo:
    """The clone with the framework's hooks, on a branch of the lane "docs", below the newest main."""
    configuration = CONFIGURATION.format(source=source.path)
    return install(clone, {".pre-commit-config.yaml": configuration}, manager, "install", "--install-hooks")


def said(ended: Ended) -> tuple[int, str]:
    """Give how git ended and what was said about the hooks, without what git and the framework add."""
    rows = (ended.out + ended.err).splitlines(keepends=True)
    others = ("error: failed to push some refs", "Not committing merge;", "[INFO] ", "[WARNING] ")
    stashed = ("Unstaged changes detected", "Restored unstaged changes")
    text = "".join(row for row in rows if not row.startswith(others + stashed))
    return ended.status, masked(re.sub(r"duration: [0-9.]+s", "duration: TIME", text))


def line(hook: str, result: str) -> str:
    """Give a framework's line about a hook."""
    name = HOOKS[hook]["name"]
    return f"{name}{result.rjust(WIDTH - len(name), '.')}\n"


def shown(manager: str, hook: str, message: str, status: int) -> str:
    """Give a framework's lines about a hook whose output it shows, masked."""
    rows = [f"- hook id: {hook}\n"]
    if manager == "prek":
        rows.append(f"- description: {HOOKS[hook]['description'].removesuffix('.')}\n")
        message = textwrap.indent(message, "  ")
    elif message:
        message += "\n"
    if hook == "lane-pre-push":
        rows.append("- duration: TIME\n")
    if status:
        rows.append(f"- exit code: {status}\n")
    if message:
        rows.append(f"\n{message}")
    return line(hook, "Failed" if status else "Passed") + "".join(rows)


SKIPPED = (
    f"{'check .lanes.toml'.ljust(WIDTH - len('(no files to check)Skipped'), '.')}(no files to check)Skipped\n"
)
PASSED = line("lane-pre-commit", "Passed") + SKIPPED


# -- The list of hooks


def test_the_list_is_valid(manager: str) -> None:
    ended = Repo(ROOT).script(manager, "validate-manifest", ".pre-commit-hooks.yaml")
    words = "success: All manifests are valid\n" if manager == "prek" else ""
    assert (ended.status, ended.out + ended.err) == (0, words)


def test_the_fields() -> None:
    """Hooks judge what git is about to do, not a list of files that lacks deletions, links and submodules."""
    common = {
        "language": "python",
        "pass_filenames": False,
        "require_serial": True,
        "minimum_pre_commit_version": "3.2.0",
    }
    commit, push = ["pre-commit", "pre-merge-commit"], ["pre-push"]
    texts = ("name", "description")
    assert [{key: value for key, value in hook.items() if key not in texts} for hook in HOOKS.values()] == [
        {"id": "lane-pre-commit", "entry": "lane-pre-commit", "always_run": True, "stages": commit, **common},
        {"id": "lane-pre-push", "entry": "lane-pre-push", "always_run": True, "stages": push, **common},
        {
            "id": "lanes-check",
            "entry": "git-lanes check",
            "files": r"^\.lanes\.toml$",
            "stages": commit,
            **common,
        },
    ]
    assert all(hook[key] for hook in HOOKS.values() for key in texts)


def test_every_entry_is_a_console_script() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name in (hook["entry"].split()[0] for hook in HOOKS.values()):
        assert name in project["scripts"]
        assert os.access(SCRIPTS / name, os.X_OK)


# -- Without a configuration


def test_try_repo(clone: Repo, manager: str, source: Repo) -> None:
    clone.switch(BRANCH, "main")
    clone.write({".lanes.toml": BROKEN, "top.txt": None, "docs/b.md": "b"})
    clone.git("add", "--all")
    ended = clone.script(manager, "try-repo", str(source.path))
    start = ended.out.index(HOOKS[IDS[0]]["name"])
    assert [name for name in IDS if name in ended.out[:start]] == IDS
    changes = (
        "changes .lanes.toml (protected: only integration branches may write it)",
        TOP.replace("changes", "deletes"),
    )
    message = outside(*changes, advice=NOT_STAGED.replace("top.txt", ".lanes.toml top.txt"))
    expected = shown(manager, "lane-pre-commit", message, 1) + shown(manager, "lanes-check", INVALID, 1)
    assert (ended.status, masked(ended.out[start:])) == (1, expected)


# -- A repository that uses the hooks


def test_a_manifest(user: Repo, manager: str) -> None:
    user.switch("main")
    user.write({".lanes.toml": MANIFEST + "\n", "top.txt": "main may"})
    user.git("add", "--all")
    passed = line("lane-pre-commit", "Passed") + line("lanes-check", "Passed")
    assert said(user.try_git("commit", "--quiet", "-m", "x")) == (0, passed)
    user.write({".lanes.toml": BROKEN})
    message = """\
lanes: this commit would leave main without a valid manifest, and lock everybody out: its manifest is invalid
  .lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next: mend it, or take it back from the last commit: git restore --staged --worktree :/.lanes.toml
"""
    expected = shown(manager, "lane-pre-commit", message, 1) + shown(manager, "lanes-check", INVALID, 1)
    assert said(user.try_git("commit", "--quiet", "--all", "-m", "x")) == (1, expected)


def test_git_commit(user: Repo, manager: str) -> None:
    user.write({"top.txt": "mine", "docs/c.md": "c"})
    user.git("add", "--all")
    refused = shown(manager, "lane-pre-commit", outside(TOP), 1) + SKIPPED
    assert said(user.try_git("commit", "--quiet", "-m", "x")) == (1, refused)
    assert said(user.try_git("commit", "--quiet", "-m", "x", "--", "docs")) == (0, PASSED)
    user.git("reset", "--quiet", "--hard")
    assert said(user.try_git("commit", "--quiet", "--amend", "-m", "y")) == (0, PASSED)


def test_git_commit_of_some_files(user: Repo, manager: str) -> None:
    """Git makes an index of its own for these."""
    user.write({"top.txt": "mine", "docs/b.md": "c"})
    refused = shown(manager, "lane-pre-commit", outside(TOP, advice=ONLY_THESE), 1) + SKIPPED
    assert said(user.try_git("commit", "--quiet", "--all", "-m", "x")) == (1, refused)
    assert said(user.try_git("commit", "--quiet", "-m", "x", "--", "top.txt")) == (1, refused)
    user.git("restore", "top.txt")
    assert said(user.try_git("commit", "--quiet", "--all", "-m", "x")) == (0, PASSED)


def test_an_unborn_branch(user: Repo, manager: str) -> None:
    user.git("switch", "--quiet", "--orphan", "work/docs-new")
    user.git("restore", "--source=main", ".pre-commit-config.yaml")
    user.write({"top.txt": "mine", "docs/c.md": "c"})
    user.git("add", "top.txt", "docs")
    advice = """\
    take these files out of the index, and commit again:
      git rm --cached -r -- top.txt
"""
    message = outside(TOP.replace("changes", "adds"), advice=advice, branch="work/docs-new")
    refused = shown(manager, "lane-pre-commit", message, 1) + SKIPPED
    assert said(user.try_git("commit", "--quiet", "-m", "x")) == (1, refused)
    assert said(user.try_git("commit", "--quiet", "-m", "x", "--", "docs")) == (0, PASSED)


def test_git_merge(user: Repo, manager: str) -> None:
    merge = ("merge", "--quiet", "--no-ff", "--no-edit")
    refused = shown(manager, "lane-pre-commit", outside(TOP), 1) + SKIPPED
    assert said(user.try_git(*merge, "--strategy=ours", "main")) == (1, refused)
    user.git("merge", "--abort")
    assert said(user.try_git(*merge, "main")) == (0, PASSED)


def test_git_push(user: Repo, manager: str) -> None:
    push = ("push", "--quiet", "origin")
    assert said(user.try_git(*push, BRANCH)) == (0, shown(manager, "lane-pre-push", ONE_REF, 0))
    user.commit({"top.txt": "mine"}, "Out")
    refused = shown(manager, "lane-pre-push", rejected() + ONE_REF, 1)
    assert said(user.try_git(*push, BRANCH)) == (1, refused)
    user.git("reset", "--quiet", "--hard", "HEAD~1")
    assert said(user.try_git(*push, "--delete", BRANCH)) == (0, "")


def test_pushes_of_other_kinds(user: Repo, manager: str) -> None:
    push = ("push", "--quiet", "origin")
    renamed = """\
lanes: feature is rejected: no lane covers this branch
  branches that a lane covers:
    work/docs-*: lane "docs", Write the docs
    work/api-*: lane "api"
    review/*: lane "review", Read, do not edit
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
    give the branch a name that your task's lane covers: git branch -m NEW-NAME
    or ask the integrator to cover it in .lanes.toml on main
"""
    refused = shown(manager, "lane-pre-push", renamed + ONE_REF, 1)
    assert said(user.try_git(*push, f"{BRANCH}:feature")) == (1, refused)
    user.git("tag", "--annotate", "-m", "x", "v1")
    tag = (
        "lanes: refs/tags/v1 is rejected: a tag must point to a commit of main or release;"
        " integrate the commit first, or push both at once\n"
        "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
    )
    assert said(user.try_git(*push, "v1")) == (1, shown(manager, "lane-pre-push", tag + ONE_REF, 1))
    # Nothing is new there, so the framework does not run the hook.
    assert said(user.try_git(*push, "main:refs/tags/v2")) == (0, "")


def test_the_first_push_to_a_server(user: Repo, manager: str, tmp_path: Path) -> None:
    """Where the root commit is new as well, the framework names no range of commits."""
    user.git("remote", "add", "empty", str(make_repo(tmp_path / "empty.git", "--bare").path))
    user.commit({"top.txt": "mine"}, "Out")
    message = rejected().replace("refs/remotes/origin/main", "refs/heads/main")
    message = message.removesuffix("    or, if these commits are on main by now: git fetch origin\n")
    refused = shown(manager, "lane-pre-push", message + ONE_REF, 1)
    assert said(user.try_git("push", "--quiet", "empty", BRANCH)) == (1, refused)
    user.git("reset", "--quiet", "--hard", "HEAD~1")
    passed = shown(manager, "lane-pre-push", ONE_REF, 0)
    assert said(user.try_git("push", "--quiet", "empty", BRANCH)) == (0, passed)


def test_a_linked_worktree(user: Repo, manager: str, tmp_path: Path) -> None:
    user.git("worktree", "add", "--quiet", "-b", "work/docs-2", "../linked", BRANCH)
    linked = Repo(tmp_path / "linked")
    linked.write({"top.txt": "mine", "docs/c.md": "c"})
    linked.git("add", "--all")
    refused = shown(manager, "lane-pre-commit", outside(TOP, branch="work/docs-2"), 1) + SKIPPED
    assert said(linked.try_git("commit", "--quiet", "-m", "x")) == (1, refused)
    assert said(linked.try_git("commit", "--quiet", "-m", "x", "--", "docs")) == (0, PASSED)
    push = ("push", "--quiet", "origin", "work/docs-2")
    assert said(linked.try_git(*push)) == (0, shown(manager, "lane-pre-push", ONE_REF, 0))
    linked.commit({"top.txt": "mine"}, "Out")
    refused = shown(manager, "lane-pre-push", rejected("work/docs-2") + ONE_REF, 1)
    assert said(linked.try_git(*push)) == (1, refused)


def test_by_hand(user: Repo, manager: str) -> None:
    """Nothing is pushed then: the current branch is judged as if it were, or the commit that is named."""
    stage = ("run", "--hook-stage", "pre-push")
    passed = (0, shown(manager, "lane-pre-push", "", 0))
    refused = (1, shown(manager, "lane-pre-push", rejected(), 1))
    assert said(user.script(manager, *stage)) == passed
    user.commit({"top.txt": "mine"}, "Out")
    assert said(user.script(manager, *stage)) == refused
    assert said(user.script(manager, *stage, "--from-ref=main", f"--to-ref={BRANCH}")) == refused
    assert said(user.script(manager, *stage, "--from-ref=main", f"--to-ref={BRANCH}~1")) == passed


# -- Refs that the framework does not show


@pytest.mark.parametrize("refs", [(BRANCH, "work/docs-2"), ("--all",)], ids=["named", "all"])
def test_what_the_framework_does_not_show_is_the_servers_to_judge(
    user: Repo, manager: str, refs: tuple[str, ...]
) -> None:
    """Of several refs the framework names the first only."""
    user.switch("work/docs-2", BRANCH)
    user.commit({"top.txt": "mine"}, "Out")
    ended = user.try_git("push", "--quiet", "origin", *refs)
    passed = shown(manager, "lane-pre-push", ONE_REF, 0)
    assert said(Ended(ended.status, ended.out, "")) == (1, passed)
    assert remote_lines(ended).startswith(
        'lanes: work/docs-2 is rejected: 1 change in 1 commit outside its lane "docs"\n'
    )


def test_a_hook_from_before_the_framework_sees_them_all(user: Repo, manager: str) -> None:
    user.hook("pre-push", "lane-pre-push")
    assert user.script(manager, "install").status == 0
    user.switch("work/docs-2", BRANCH)
    user.commit({"top.txt": "mine"}, "Out")
    passed = shown(manager, "lane-pre-push", "", 0)
    push = ("push", "--quiet", "origin", BRANCH)
    assert said(user.try_git(*push, "work/docs-2")) == (1, passed + rejected("work/docs-2") + WHOLE)
    assert said(user.try_git(*push)) == (0, passed)
