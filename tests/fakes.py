"""Programs that misbehave where a test wants it: a git that fails, and anything that is interrupted."""

import os
import random
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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


# What a broken git does in one call of a run. `whole` leaves what git would have said in `answer`, and its
# exit status in `status`; `part N` prints the first N bytes of the answer.
FAULTS = {
    "killed": "kill -9 $$",
    "killed half way": "whole; part $(($(size) / 2)); kill -9 $$",
    "status 1": "exit 1",
    "status 128 and words": "echo 'fatal: no more' >&2; exit 128",
    "status 1 after all": "whole; cat answer; exit 1",
    "nothing": "exit 0",
    "half": "whole; part $(($(size) / 2)); exit 0",
    "one byte less": "whole; part -1; exit 0",
    "one line less": "whole; head -n -1 answer; exit 0",
    "one record less": "whole; head -z -n -1 answer; exit 0",
    "more bytes": "whole; cat answer; printf garbage; exit 0",
    "more lines": "whole; cat answer; printf 'garbage\\ngarbage\\n'; exit 0",
    "more records": "whole; cat answer; printf 'garbage\\0garbage\\0'; exit 0",
    "random bytes": "cat ../random; exit 0",
    "twice": "whole; cat answer answer; exit 0",
    "10 MB": "cat ../long; exit 0",
    "10 MB of lines": "cat ../lines; exit 0",
    "10 MB of words": "cat ../long >&2; exit 128",
    "words": "whole; cat answer; echo 'warning: something is odd' >&2; exit $status",
}
_WAITING = {
    "hangs": 'echo $$ >"$FAULT_FOLDER/hanging"; exec sleep 600',
    "pauses": 'echo $$ >"$FAULT_FOLDER/hanging"; sleep 1; exec "$git" "$@"',
}
_FAULTY = """\
#!/bin/sh
git=%s
read -r n <"$FAULT_FOLDER/count"
n=$((n + 1))
echo $n >"$FAULT_FOLDER/count"
echo "$*" >>"$FAULT_FOLDER/calls"
[ $n -eq "$FAULT_AT" ] || exec "$git" "$@"
whole() {
  "$git" "$@" >"$FAULT_FOLDER/answer" 2>"$FAULT_FOLDER/words"
  status=$?
  cd "$FAULT_FOLDER" || exit 99
}
size() { wc -c <answer; }
part() { head -c "$1" answer; }
case $FAULT in
%s
esac
"""


class FaultyGit:
    """A git that works but for one call of each run."""

    def __init__(self, folder: Path) -> None:
        real = shutil.which("git")
        assert real is not None
        cases = "\n".join(f"'{name}') {does};;" for name, does in (FAULTS | _WAITING).items())
        cases = cases.replace("whole;", 'whole "$@";').replace("../", f"{folder}/")
        folder.mkdir()
        (folder / "bin").mkdir()
        script = folder / "bin" / "git"
        script.write_text(_FAULTY % (shlex.quote(real), cases))
        script.chmod(0o755)
        (folder / "random").write_bytes(random.Random(1).randbytes(5000))
        (folder / "long").write_bytes(b"x" * 10_000_000)
        (folder / "lines").write_bytes(b"garbage\n" * 1_250_000)
        self._folder = folder

    @contextmanager
    def broken(self, at: int, fault: str = "") -> Iterator["Fault"]:
        """Let call number *at* of a run, from 1, have a *fault*; number 0 breaks none."""
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            Path(name, "count").write_text("0\n")
            path = os.pathsep.join([str(self._folder / "bin"), str(SCRIPTS), os.environ["PATH"]])
            variables = {"PATH": path, "FAULT": fault, "FAULT_AT": str(at), "FAULT_FOLDER": name}
            yield Fault(variables, Path(name))


@dataclass(frozen=True)
class Fault:
    """A fault of one run: the variables that bring it about, and the folder that tells of it."""

    env: dict[str, str]
    folder: Path

    def calls(self) -> list[str]:
        """List the calls of git, each as it would be typed."""
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def answered(self) -> bool:
        """Tell whether the real git had anything to answer in the broken call, as far as that was asked."""
        file = self.folder / "answer"
        return file.exists() and file.stat().st_size > 0

    def is_hanging(self) -> bool:
        """Tell whether git is there that hangs or pauses."""
        file = self.folder / "hanging"
        return file.exists() and file.read_text() != ""


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
