"""Programs, ports and users for servers: what they need of this machine, and that nothing of it is left.

What must be undone waits in a shell for the end of its standard input, which comes even where the tests are
killed.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

PATH = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
PATIENCE = 20  # seconds until a server must be there
_RUN = '"$@" & cat >/dev/null; kill $!; wait $!; kill -KILL 0'  # 0: all that is left of the process group
_UNDO = 'cat >/dev/null; exec "$@"'


class Missing(Exception):
    """A server that this machine can't have, and why."""


def program(name: str) -> str:
    """Give the path of a program of a server. Raises Missing."""
    if sys.platform != "linux":
        raise Missing("it is tried on Linux only")
    found = shutil.which(name, path=PATH)
    if found is None:
        raise Missing(f"{name} is not installed")
    return found


@cache
def public_python() -> str | None:
    """Give a Python that any user can run, the tests' own where it is one."""
    for python in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        path = Path(python).resolve()
        if path.exists() and all(folder.stat().st_mode & 0o001 for folder in path.parents):
            question = "import sys; sys.exit(sys.version_info < (3, 11))"
            if subprocess.run([path, "-c", question], check=False).returncode == 0:
                return str(path)
    return None


def http_backend() -> str:
    """Give the path of git's own CGI program. Raises Missing."""
    done = subprocess.run(["git", "--exec-path"], stdout=subprocess.PIPE, text=True, check=True)
    found = Path(done.stdout.strip(), "git-http-backend")
    if not found.exists():
        raise Missing("git-http-backend is not installed")
    return str(found)


@cache
def as_root() -> Sequence[str]:
    """Give the words before a command that run it as root. Raises Missing."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo"):
        done = subprocess.run(["sudo", "-n", "true"], stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            return ("sudo", "-n")
    raise Missing("it needs root, or sudo without a password")


@contextmanager
def at_last(*command: str | Path) -> Iterator[None]:
    """Run a command at the end, which must succeed."""
    with _shell(_UNDO, *command) as shell:
        yield
    assert shell.returncode == 0, command


@contextmanager
def running(log: Path, *command: str | Path, root: Sequence[str] = ()) -> Iterator[None]:
    """Run a program of a server, and all that it starts in its process group."""
    with log.open("ab") as said, _shell(_RUN, *command, root=root, log=said.fileno()):
        yield


def _shell(
    script: str, *arguments: str | Path, root: Sequence[str] = (), log: int | None = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*root, "sh", "-c", script, "sh", *arguments],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env={"PATH": PATH},
        start_new_session=True,
    )


@contextmanager
def free_port() -> Iterator[int]:
    """Give a port of loopback that nobody else gets meanwhile: bound, but for whom listens to share."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def wait_for(address: tuple[str, int] | Path, log: Path) -> None:
    """Wait until somebody listens there, on TCP or on a socket in the file system."""
    end = time.monotonic() + PATIENCE
    while True:
        family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
        with socket.socket(family) as client:
            if not client.connect_ex(str(address) if isinstance(address, Path) else address):
                return
        assert time.monotonic() < end, f"nobody listens on {address}: {log.read_text()}"
        time.sleep(0.02)
