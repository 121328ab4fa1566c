"""The command that makes a release, on a copy of this project."""

import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from repos import Ended, Repo, make_repo

ROOT = Path(__file__).parents[1]
HOME = os.environ.get("HOME", "")  # pip's own settings are there; a test has another home
BEFORE = """\
# Changelog

## Unreleased

### Added

- More.

## 0.1.0 - 2026-01-02

### Added

- All.
"""


@pytest.fixture
def project(tmp_path: Path, server: Repo) -> Repo:
    """A clone with this project as it is in the work tree, and one release, on `main`."""
    repo = make_repo(tmp_path / "project")
    repo.git(f"--work-tree={ROOT}", "add", "--all")
    repo.git("commit", "--quiet", "-m", "As it is now")
    repo.git("reset", "--quiet", "--hard")
    version = (ROOT / "lanes" / "__init__.py").read_text()
    old = re.sub(r'"\d+\.\d+\.\d+"', '"0.1.0"', version)
    repo.commit({"CHANGELOG.md": BEFORE, "lanes/__init__.py": old}, "As it was then")
    repo.git("remote", "add", "origin", str(server.path))
    assert repo.push("main").status == 0
    return repo


def release(repo: Repo, *arguments: str) -> Ended:
    # What is printed by pip is no part of this.
    return repo.run(sys.executable, repo.path / ".ci" / "release", *arguments, env={"HOME": HOME})


def state(repo: Repo) -> tuple[str, ...]:
    """Give all that a release can change."""
    ignored = repo.git("status", "--porcelain", "--ignored", "--untracked-files=all")
    return repo.git("for-each-ref"), repo.git("worktree", "list"), ignored


def test_a_release(project: Repo, server: Repo) -> None:
    before = project.head()
    ended = release(project, "0.2.0")
    assert (ended.status, ended.out) == (
        0,
        "0.2.0 is committed, tagged, and built in dist/; to publish it:\n"
        "  git push --atomic origin main v0.2.0\n",
    ), ended
    assert (
        project.git("log", "--format=%H %s", "-2")
        == f"{project.head()} Release 0.2.0\n{before} As it was then"
    )
    assert project.git("diff", "--stat=80", "HEAD~1").split("\n") == [
        " CHANGELOG.md      | 2 ++",
        " lanes/__init__.py | 2 +-",
        " 2 files changed, 3 insertions(+), 1 deletion(-)",
    ]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    dated = BEFORE.replace("## Unreleased\n", f"## Unreleased\n\n## 0.2.0 - {today}\n")
    assert (project.path / "CHANGELOG.md").read_text() == dated
    assert project.run(sys.executable, "-c", "import lanes; print(lanes.__version__)").out == "0.2.0\n"
    assert project.git("for-each-ref", "--format=%(objecttype) %(*objectname) %(subject)", "refs/tags") == (
        f"tag {project.head()} git-lanes 0.2.0"
    )
    assert sorted(path.name for path in (project.path / "dist").iterdir()) == [
        "git_lanes-0.2.0-py3-none-any.whl",
        "git_lanes-0.2.0.tar.gz",
    ]
    assert project.git("worktree", "list", "--porcelain").count("worktree ") == 1
    project.git(*ended.out.split("\n")[1].split()[1:])  # and its own lanes let it in
    assert server.git("describe", "main") == "v0.2.0"
    again = release(project, "0.2.0")
    assert (again.status, again.err.splitlines()) == (
        1,
        [
            "no release: the tag v0.2.0 exists",
            "no release: 0.2.0 is not newer than 0.2.0",
            'no release: CHANGELOG.md says nothing under "Unreleased"',
        ],
    )


def test_a_release_that_fails_changes_nothing(project: Repo) -> None:
    project.write({"build/forgotten.txt": "x"})  # git ignores this folder, so the sdist lacks it
    project.git("add", "--force", "build")
    project.commit({})
    before = state(project)
    ended = release(project, "0.2.0")
    assert (ended.status, ended.out) == (1, "")
    assert "\nthe list of files in the sdist is wrong\n" in ended.err
    assert ended.err.splitlines()[-1].startswith("no release, and nothing is changed: Command ")
    assert state(project) == before


def _dirty(repo: Repo) -> None:
    repo.write({"new": "x"})


def _branch(repo: Repo) -> None:
    repo.switch("code/x", "main")


def _detached(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "--detach")


def _tag(repo: Repo) -> None:
    repo.git("tag", "v0.2.0")


def _empty(repo: Repo) -> None:
    repo.commit({"CHANGELOG.md": BEFORE.replace("### Added\n\n- More.\n\n", "", 1)})


def _nothing(repo: Repo) -> None:
    pass


@pytest.mark.parametrize(
    ("version", "prepare", "why"),
    [
        ("0.2.0", _dirty, "there are changes that are not committed; git status lists them"),
        ("0.2.0", _branch, "this is not main; run: git switch main"),
        ("0.2.0", _detached, "this is not main; run: git switch main"),
        ("0.2.0", _tag, "the tag v0.2.0 exists"),
        ("0.2.0", _empty, 'CHANGELOG.md says nothing under "Unreleased"'),
        ("0.1.0", _nothing, "0.1.0 is not newer than 0.1.0"),
        ("0.0.10", _nothing, "0.0.10 is not newer than 0.1.0"),
        ("0.2", _nothing, "0.2 is no version; expected three numbers, such as 1.2.3"),
        ("v0.2.0", _nothing, "v0.2.0 is no version; expected three numbers, such as 1.2.3"),
        ("0.02.0", _nothing, "0.02.0 is no version; expected three numbers, such as 1.2.3"),
    ],
)
def test_no_release(project: Repo, version: str, prepare: Callable[[Repo], None], why: str) -> None:
    prepare(project)
    before = state(project)
    assert release(project, version) == Ended(1, "", f"no release: {why}\n")
    assert state(project) == before
