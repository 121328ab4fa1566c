"""The hook as a single file, in a repository and an environment like those of GitHub Enterprise Server."""

import os
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from repos import MANIFEST, Ended, Repo, make_repo, remote_lines

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="GitHub Enterprise Server is a Linux machine")

ROOT = Path(__file__).parents[1]
HOME = os.environ.get("HOME", "")  # pip's own settings are there; a test has another home
GITHUB = {
    "GITHUB_PULL_REQUEST_AUTHOR_LOGIN": "octocat",
    "GITHUB_PULL_REQUEST_BASE": "octo:main",
    "GITHUB_PULL_REQUEST_HEAD": "octocat:work/docs-1",
    "GITHUB_REPO_NAME": "octo/project",
    "GITHUB_REPO_PUBLIC": "false",
    "GITHUB_USER_IP": "192.0.2.1",
    "GITHUB_USER_LOGIN": "octocat",
    "GITHUB_VIA": "pull request merge button",
}
BUDGET = 5  # seconds, which GitHub Enterprise Server gives to all hooks of a push together


def build(file: Path, *options: str) -> Path:
    """Build the hook by the documented command."""
    command = [ROOT / ".ci" / "zipapp", file, *options]
    done = subprocess.run(command, env={**os.environ, "HOME": HOME}, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b""), done
    return file


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("zipapp") / "pre-receive")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with all that the hook needs: Python without this environment's packages, git, and a shell."""
    folder = tmp_path / "programs"
    folder.mkdir()
    base = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    git = shutil.which("git")
    assert git
    for name, program in {"python3": base, "git": Path(git), "sh": Path("/bin/sh")}.items():
        (folder / name).symlink_to(program)
    return folder


@pytest.fixture
def server(tmp_path: Path, built: Path) -> Repo:
    """A bare repository whose hooks folder, read-only, holds that one file."""
    made = make_repo(tmp_path / "server.git", "--bare")
    hooks = made.path / "hooks"
    hooks.mkdir()
    shutil.copy(built, hooks / "pre-receive")
    hooks.chmod(0o555)
    return made


def push(clone: Repo, programs: Path, *refspecs: str) -> Ended:
    """Push to a server where nothing is set but what it sets itself, and what git sets for the hook.

    The system's git configuration is that of the hook's environment, with what the README has put into it.
    """
    system = programs / "gitconfig"
    system.write_text("[lanes]\n\tpusherVariable = GITHUB_USER_LOGIN\n")
    own = {"GIT_CONFIG_SYSTEM": str(system), "PATH": str(programs)}
    variables = [f"{name}={value}" for name, value in {**GITHUB, **own}.items()]
    receive = shlex.join(["env", "-i", *variables, "git", "receive-pack"])
    return clone.try_git("push", f"--receive-pack={receive}", "origin", *refspecs)


def test_inside(clone: Repo, programs: Path) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/a.md": "b\n"})
    pushed = push(clone, programs, "work/docs-1")
    assert (pushed.status, remote_lines(pushed)) == (0, "")


def test_outside(clone: Repo, server: Repo, programs: Path) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"api/a.py": "b\n"})
    pushed = push(clone, programs, "work/docs-1")
    assert "! [remote rejected] work/docs-1 -> work/docs-1 (pre-receive hook declined)" in pushed.err
    assert (
        remote_lines(pushed)
        == """\
lanes: work/docs-1 is rejected: 1 change in 1 commit outside its lane "docs"
  commit OID "Change" by Ann
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
    )
    assert server.git("branch", "--list") == "* main"


@pytest.mark.parametrize(("who", "status"), [("octocat", 0), ("hubot", 1)])
def test_the_pusher(clone: Repo, programs: Path, who: str, status: int) -> None:
    branches = 'branches = ["work/docs-*"]\n'
    clone.commit({".lanes.toml": MANIFEST.replace(branches, f'{branches}pushers = ["{who}"]\n')})
    assert push(clone, programs, "main").status == 0
    pushed = push(clone, programs, "main:work/docs-1")
    why = f'octocat is not one of the pushers of lane "docs" (not-a-pusher): {who}'
    assert (pushed.status, why in remote_lines(pushed)) == (status, bool(status))


def test_a_hook_for_repositories_that_may_have_no_manifest(
    tmp_path: Path, repo: Repo, programs: Path
) -> None:
    server = make_repo(tmp_path / "server.git", "--bare")
    (server.path / "hooks").mkdir()
    build(server.path / "hooks" / "pre-receive", "--if-enabled")
    repo.git("remote", "add", "origin", str(server.path))
    repo.commit({"a": "a\n"})
    assert push(repo, programs, "main", "main:anything").status == 0
    repo.commit({".lanes.toml": MANIFEST})
    assert push(repo, programs, "main").status == 0
    assert push(repo, programs, "main:another").status == 1


def test_it_leaves_nothing_beside_it(clone: Repo, server: Repo, programs: Path) -> None:
    assert push(clone, programs, "main:work/docs-1").status == 0
    assert [path.name for path in (server.path / "hooks").iterdir()] == ["pre-receive"]


def test_it_stays_below_what_a_push_may_take(clone: Repo, programs: Path) -> None:
    clone.switch("work/docs-1", "main")
    who = "committer Ann <ann@example.org> 0 +0000"
    commits = [
        f"commit refs/heads/work/docs-1\n{who}\ndata 1\nxM 100644 inline docs/{i}\ndata 1\nx\n"
        for i in range(200)
    ]
    start = "reset refs/heads/work/docs-1\nfrom refs/heads/main\n"
    clone.git("fast-import", "--quiet", "--force", stdin="".join([start, *commits]).encode())
    begin = time.monotonic()
    assert push(clone, programs, "work/docs-1").status == 0
    assert time.monotonic() - begin < BUDGET


def test_an_old_python_stops_the_push(clone: Repo, programs: Path) -> None:
    """An old Python is played by this one: it tells another version, and reads the file as it was then."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    real = (programs / "python3").rename(programs / "real-python3")
    old = "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); runpy.run_path(sys.argv[1])"
    script = f'#!/bin/sh\nexec "{real}" -I -c "{old}" "$2"\n'
    (programs / "python3").write_text(script)
    (programs / "python3").chmod(0o755)
    pushed = push(clone, programs, "main:work/docs-1")
    assert pushed.status == 1
    assert remote_lines(pushed) == "lanes: could not judge: Python is 3.9 here; install Python 3.11 or newer"


def test_no_python_stops_the_push(clone: Repo, programs: Path) -> None:
    (programs / "python3").unlink()
    pushed = push(clone, programs, "main:work/docs-1")
    assert pushed.status == 1
    assert "python3: not found" in remote_lines(pushed)
