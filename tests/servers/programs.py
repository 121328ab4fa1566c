"""git-lanes where any user can read it, and its hook in a repository.

The environment that the tests run in, and its Python, may lie in a folder that is closed to a server's user.
"""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from repos import SCRIPTS, Ended

from servers.hosting import Hosted
from servers.processes import public_python

PACKAGES = ("lanes", "lane_hooks", "click", "git", "gitdb", "smmap")


def copy_programs(folder: Path) -> Path:
    """Copy the programs of these tests into an environment in *folder*; give the folder of its scripts."""
    subprocess.run([public_python() or sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python3.*/site-packages")
    for name in PACKAGES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations is not None
        shutil.copytree(next(iter(spec.submodule_search_locations)), packages / name)
    for name in ("lane-pre-receive", "git-lanes"):
        shutil.copy(SCRIPTS / name, folder / "bin")
    subprocess.run([folder / "bin" / "python", "-m", "compileall", "-q", packages], check=True)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return folder / "bin"


def lanes(repository: Hosted, programs: Path, *words: str) -> Ended:
    """Run `git lanes` in a repository, as the server's user."""
    return repository.run(programs / "python", "-I", programs / "git-lanes", *words)


def install(repository: Hosted, programs: Path) -> None:
    """Install the hook as the README says."""
    ended = lanes(repository, programs, "install", "--server")
    assert ended.status == 0, ended
