"""Measures one command: wall time, CPU time with its children's, and the most memory that its programs had.

As a program, `clock.py RESULT COMMAND...`, it runs a command in its own place, with its standard input, and
writes what it took to the file RESULT: so a hook is measured alone, in the middle of a real push.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial


@dataclass(frozen=True)
class Sample:
    """What one run took: seconds, and bytes for each program, such as git."""

    wall: float
    cpu: float
    memory: Mapping[str, int] = field(default_factory=dict)


class Failed(Exception):
    """A command ended in another way than it must."""


def measure(command: Sequence[str | os.PathLike[str]], quiet: bool = True, watch: bool = False) -> Sample:
    """Run a command in the current folder, and raise Failed where it does not succeed.

    *quiet* throws its standard output away. To *watch* its memory costs time: such a run is not timed well.
    Only Linux tells the memory of each process.
    """
    watch = watch and sys.platform == "linux"
    begin = time.perf_counter()
    words = [os.fspath(word) for word in command]
    null = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)] if quiet else []
    spawn = partial(os.posix_spawnp, setpgroup=0) if watch else os.posix_spawnp
    process = spawn(words[0], words, os.environ, file_actions=null)
    try:
        memory = _watched(process) if watch else {}
    except KeyboardInterrupt:
        os.killpg(process, signal.SIGTERM)  # what is typed reaches our own group alone
        raise
    _, ended, usage = os.wait4(process, 0)
    sample = Sample(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, memory)
    if status := os.waitstatus_to_exitcode(ended):
        raise Failed(f"status {status} from: {' '.join(words)}")
    return sample


def _watched(group: int) -> dict[str, int]:
    """Look at the processes of a group until the first one ends; give the most that each program had.

    It is the kernel's own high-water mark of each process.
    """
    most: dict[str, int] = {}
    while os.waitid(os.P_PID, group, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        for process in filter(str.isdecimal, os.listdir("/proc")):
            try:
                if os.getpgid(int(process)) == group:
                    name = os.path.basename(os.readlink(f"/proc/{process}/exe"))
                    name = "python" if name.startswith("python") else name
                    most[name] = max(most.get(name, 0), _high_water(process))
            except OSError:
                continue  # it has ended
        time.sleep(0.01)
    return most


def _high_water(process: str) -> int:
    with open(f"/proc/{process}/status", "rb") as file:
        return next((int(line.split()[1]) << 10 for line in file if line.startswith(b"VmHWM:")), 0)


def main() -> int:
    """Measure a hook, and end as it does."""
    result, *command = sys.argv[1:]
    try:
        sample = measure(command, quiet=False)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    with open(result, "w") as file:
        json.dump(asdict(sample), file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
