"""What all tests work on: a real server with the installed hook, and a clone of it."""

import os
from pathlib import Path

import pytest
from repos import MANIFEST, Repo, make_repo, settings


@pytest.fixture(autouse=True)
def _isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own git settings out, and the test's settings in."""
    others = ("GIT_", "PRE_COMMIT", "GITHUB_STEP_SUMMARY", "NO_COLOR", "FORCE_COLOR")
    for name in [name for name in os.environ if name.startswith(others)]:
        monkeypatch.delenv(name)
    for name, value in settings(tmp_path).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository on the unborn branch `main`."""
    return make_repo(tmp_path / "repo")


@pytest.fixture
def server(tmp_path: Path) -> Repo:
    """A bare server with the pre-receive hook."""
    made = make_repo(tmp_path / "server.git", "--bare")
    made.hook("pre-receive", "lane-pre-receive")
    return made


@pytest.fixture
def clone(tmp_path: Path, server: Repo) -> Repo:
    """A clone of the server, on `main`, which has the manifest and a file in every folder."""
    made = make_repo(tmp_path / "clone")
    made.git("remote", "add", "origin", str(server.path))
    files = {
        "docs/a.md": "a\n",
        "api/a.py": "a\n",
        "api/generated/g.py": "g\n",
        "ci/run": "run\n",
        "top.txt": "t\n",
    }
    made.commit({".lanes.toml": MANIFEST, **files}, "Begin")
    assert made.push("main").status == 0
    made.git("remote", "set-head", "origin", "main")
    return made


@pytest.fixture
def in_folder(monkeypatch: pytest.MonkeyPatch, repo: Repo) -> Repo:
    """The empty repository, with the test's own process in it."""
    monkeypatch.chdir(repo.path)
    return repo
