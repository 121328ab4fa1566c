"""Programs that misbehave where a test wants it: a git that fails, and anything that is interrupted."""

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from repos import SCRIPTS


def fake_git(folder: Path, cases: str) -> dict[str, str]:
    """Make a git in *folder* and give the environment that finds it first.

    *cases* are branches of a shell's `case` over the sub-command (`rev-list) exit 3;;`); what they do not end
    goes on to the real git, which is `$git` there.
    """
    real = shutil.which("git")
    assert real is not None
    folder.mkdir()
    script = folder / "git"
    script.write_text(f'#!/bin/sh\ngit={shlex.quote(real)}\ncase "$1" in\n{cases}\nesac\nexec "$git" "$@"\n')
    script.chmod(0o755)
    return {"PATH": os.pathsep.join([str(folder), str(SCRIPTS), os.environ["PATH"]])}


@contextmanager
def started(
    *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program in a session of its own, with pipes to it, so that it can be sent SIGINT.

    Tests in the background have SIGINT ignored, which programs inherit; what is caught, they do not.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        yield process


def unread(*command: str | Path, cwd: Path) -> tuple[int, bytes]:
    """Run a program whose output nobody reads any more; give its exit status and what it says on stderr."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(command, cwd=cwd, stdout=writer, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writer)
    return done.returncode, done.stderr
