"""The hook ids of `.pre-commit-hooks.yaml`, run by the pre-commit framework itself.

The framework installs this project as a user's machine would: with pip, in an environment of its own.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from repos import MANIFEST, SCRIPTS, Ended, Repo, make_repo, masked, remote_lines

ROOT = Path(__file__).parents[1]
HOME = os.environ.get("HOME", "")  # pip's own settings are there; a test has another home
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
IDS = ["lane-pre-commit", "lane-pre-push", "lanes-check"]
STAGES = ("pre-commit", "pre-merge-commit", "pre-push")
WIDTH = 79  # of the framework's lines
BRANCH = "work/docs-1"
BROKEN = "version = 2\n"
DETAILS = """\
  lane "docs" may write:
    /docs/
  and, as all lanes that are not review-only:
    /shared.txt
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
"""
WIDEN = (
    '    or ask the integrator to widen lane "docs" in .lanes.toml on main, if it should write these paths\n'
)
NOT_STAGED = """\
    take these changes out of the index (your files stay as they are), and commit again:
      git restore --staged --source=OID -- """
NOT_PUSHED = """\
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
"""
COPY_OR_FETCH = """\
    or, where they are changes of main: push main first, and take them by a merge, not as a copy
    or, if these commits are on main by now: git fetch origin
"""


@pytest.fixture(scope="session")
def framework(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment for the framework: environments are built once, with the machine's pip settings."""
    return {
        "HOME": HOME,
        "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("framework")),
        "PRE_COMMIT_COLOR": "never",
    }


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A repository with this project as it is in the work tree, tagged v0.0.1; that tree is only read."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        repo = make_repo(tmp_path_factory.mktemp("source") / "git-lanes")
        repo.git(f"--work-tree={ROOT}", "add", "--all")
        author = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
        repo.git(*author, "commit", "--quiet", "-m", "As it is now")
        repo.git("tag", "v0.0.1")
        repo.git("reset", "--quiet", "--hard")
    return repo


def run(repo: Repo, framework: dict[str, str], *arguments: str) -> Ended:
    """Run a command of the framework, which prints everything to stdout."""
    ended = repo.script("pre-commit", *arguments, env=framework)
    return Ended(ended.status, masked(ended.out), ended.err)


def line(hook: str, result: str) -> str:
    """Give the framework's line about a hook."""
    (name,) = [known["name"] for known in HOOKS if known["id"] == hook]
    return f"{name}{result.rjust(WIDTH - len(name), '.')}\n"


def failed(hook: str, message: str) -> str:
    """Give the framework's lines about a hook that failed with status 1 and printed *message*."""
    return f"{line(hook, 'Failed')}- hook id: {hook}\n- exit code: 1\n\n{message}\n"


# -- The list of hooks


def test_the_list_is_valid() -> None:
    assert Repo(ROOT).script("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml") == Ended(0, "", "")


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
    assert [{key: value for key, value in hook.items() if key not in texts} for hook in HOOKS] == [
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
    assert all(hook[key] for hook in HOOKS for key in texts)


def test_every_entry_is_a_console_script() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name in (hook["entry"].split()[0] for hook in HOOKS):
        assert name in project["scripts"]
        assert os.access(SCRIPTS / name, os.X_OK)


# -- pre-commit try-repo


def try_repo(repo: Repo, framework: dict[str, str], source: Repo, *options: str) -> Ended:
    """Try all hooks of a stage on a repository, and give what is said once they are installed."""
    ended = run(repo, framework, "try-repo", str(source.path), *options)
    before, said, results = ended.out.partition("[INFO] This may take a few minutes...\n")
    assert said, ended
    assert [f"    -   id: {hook}" for hook in IDS] == [
        row for row in before.splitlines() if "-   id: " in row
    ]
    return Ended(ended.status, results, ended.err)


def test_commits_that_pass(clone: Repo, framework: dict[str, str], source: Repo) -> None:
    clone.write({".lanes.toml": MANIFEST + "\n", "top.txt": "main may"})
    clone.git("add", "--all")
    expected = line("lane-pre-commit", "Passed") + line("lanes-check", "Passed")
    assert try_repo(clone, framework, source) == Ended(0, expected, "")


def test_commits_that_fail(clone: Repo, framework: dict[str, str], source: Repo) -> None:
    clone.switch(BRANCH, "main")
    clone.write({".lanes.toml": BROKEN, "top.txt": None, "docs/b.md": "b"})
    clone.git("add", "--all")
    outside = f"""\
lanes: work/docs-1: 2 staged changes are outside its lane "docs"
  changes .lanes.toml (protected: only integration branches may write it)
  deletes top.txt (outside-lane: no lane may write it)
{DETAILS}{NOT_STAGED}.lanes.toml top.txt
{WIDEN}"""
    invalid = """\
lanes: .lanes.toml is invalid: 1 error
.lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads
"""
    expected = failed("lane-pre-commit", outside) + failed("lanes-check", invalid)
    assert try_repo(clone, framework, source) == Ended(1, expected, "")


@pytest.mark.parametrize("accepted", [True, False])
def test_pushes(clone: Repo, framework: dict[str, str], source: Repo, accepted: bool) -> None:
    clone.switch(BRANCH, "main")
    clone.commit({"docs/b.md": "b"} if accepted else {"docs/b.md": "b", "top.txt": "mine"})
    ref = f"refs/heads/{BRANCH}"
    pushed = {
        "hook-stage": "pre-push",
        "from-ref": "main",
        "to-ref": BRANCH,
        "local-branch": ref,
        "remote-branch": ref,
        "remote-name": "origin",
        "remote-url": "URL",
    }
    outside = f"""\
lanes: work/docs-1 is rejected: 1 change in 1 commit outside its lane "docs"
  commit OID "Change" by Ann
    changes top.txt (outside-lane: no lane may write it)
{DETAILS}{NOT_PUSHED}{WIDEN}{COPY_OR_FETCH}"""
    expected = line("lane-pre-push", "Passed") if accepted else failed("lane-pre-push", outside)
    options = (f"--{name}={value}" for name, value in pushed.items())
    assert try_repo(clone, framework, source, *options) == Ended(0 if accepted else 1, expected, "")


# -- A repository that uses the hooks


CONFIGURATION = """\
repos:
  - repo: {source}
    rev: v0.0.1
    hooks:
      - id: lane-pre-commit
      - id: lane-pre-push
      - id: lanes-check
"""
SKIPPED = (
    f"{'check .lanes.toml'.ljust(WIDTH - len('(no files to check)Skipped'), '.')}(no files to check)Skipped\n"
)


@pytest.fixture
def user(clone: Repo, framework: dict[str, str], source: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """The clone with the framework installed, on a branch of the lane "docs", below the newest main."""
    for name, value in framework.items():
        monkeypatch.setenv(name, value)
    clone.commit({".pre-commit-config.yaml": CONFIGURATION.format(source=source.path)}, "Use the hooks")
    stages = [option for stage in STAGES for option in ("--hook-type", stage)]
    assert run(clone, framework, "install", "--install-hooks", *stages).status == 0
    clone.switch(BRANCH, "main")
    clone.commit({"docs/b.md": "b"}, "Write")
    clone.switch("main")
    clone.commit({"top.txt": "newer", "docs/a.md": "newer"}, "Go on")
    assert clone.push("main").status == 0
    clone.switch(BRANCH)
    return clone


def said(ended: Ended) -> tuple[int, str]:
    """Give how git ended and what the framework said about the hooks, without what git itself adds."""
    rows = (ended.out + ended.err).splitlines(keepends=True)
    others = ("error: failed to push some refs", "Not committing merge;", "[INFO] ", "[WARNING] ")
    return ended.status, masked("".join(row for row in rows if not row.startswith(others)))


def outside(change: str, path: str) -> str:
    """Give what the framework says about one staged change outside the lane."""
    return failed(
        "lane-pre-commit",
        f'lanes: work/docs-1: 1 staged change is outside its lane "docs"\n  {change}\n'
        f"{DETAILS}{NOT_STAGED}{path}\n{WIDEN}",
    )


PASSED = line("lane-pre-commit", "Passed") + SKIPPED


def test_git_commit(user: Repo) -> None:
    user.write({"top.txt": "mine", "docs/c.md": "c"})
    user.git("add", "--all")
    change = "changes top.txt (outside-lane: no lane may write it)"
    assert said(user.try_git("commit", "--quiet", "-m", "x")) == (1, outside(change, "top.txt") + SKIPPED)
    assert said(user.try_git("commit", "--quiet", "-m", "x", "--", "docs")) == (0, PASSED)
    user.git("reset", "--quiet", "--hard")
    assert said(user.try_git("commit", "--quiet", "--amend", "-m", "y")) == (0, PASSED)


def test_git_merge(user: Repo) -> None:
    change = "changes top.txt (outside-lane: no lane may write it)"
    ended = user.try_git("merge", "--quiet", "--no-edit", "--strategy=ours", "main")
    assert said(ended) == (1, outside(change, "top.txt") + SKIPPED)
    user.git("merge", "--abort")
    assert said(user.try_git("merge", "--quiet", "--no-edit", "main")) == (0, PASSED)


def test_git_push(user: Repo) -> None:
    assert said(user.try_git("push", "--quiet", "origin", BRANCH)) == (0, line("lane-pre-push", "Passed"))
    user.commit({"top.txt": "mine"}, "Out")
    message = f"""\
lanes: work/docs-1 is rejected: 1 change in 1 commit outside its lane "docs"
  commit OID "Out" by Ann
    changes top.txt (outside-lane: no lane may write it)
{DETAILS}{NOT_PUSHED}{WIDEN}{COPY_OR_FETCH}"""
    expected = (1, failed("lane-pre-push", message))
    assert said(user.try_git("push", "--quiet", "origin", BRANCH)) == expected
    user.git("reset", "--quiet", "--hard", "HEAD~1")
    assert said(user.try_git("push", "--quiet", "origin", "--delete", BRANCH)) == (0, "")


def test_what_the_framework_does_not_show_is_the_servers_to_judge(user: Repo) -> None:
    """Of several refs the framework names the first only."""
    user.switch("work/docs-2", BRANCH)
    user.commit({"top.txt": "mine"}, "Out")
    ended = user.try_git("push", "--quiet", "origin", BRANCH, "work/docs-2")
    assert (ended.status, ended.out) == (1, line("lane-pre-push", "Passed"))
    assert remote_lines(ended).startswith(
        'lanes: work/docs-2 is rejected: 1 change in 1 commit outside its lane "docs"\n'
    )
