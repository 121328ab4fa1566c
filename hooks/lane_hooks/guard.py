"""The hook of coding agents: stop an edit outside the lane before it is made.

These hosts let a tool run on every exit status but 0 with a refusal and 2, so whatever happens ends in one.
"""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from lanes import entry, hosts, signals
from lanes.errors import CannotJudge

USAGE = f"usage: lane-guard [--host {'|'.join(hosts.HOSTS)}], called by a coding agent with JSON on stdin"
LARGEST_INPUT = 64 << 20  # bytes
LONGEST = 8  # seconds; a host that waits for longer than it likes to lets the tool run
_OF_ANOTHER_FOLDER = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_CEILING_DIRECTORIES",
)


class _TooSlow(BaseException):
    """The time is up."""


def judge(said: hosts.Json) -> str | None:
    """Say why a tool may not run, None where it may. Raises CannotJudge."""
    call = hosts.tool_call(said)
    if call is None:
        return None
    # Most calls only read, or do nothing that a lane has a say in, and their start counts.
    from lanes.acts import acts  # noqa: PLC0415

    try:
        found = acts(call)
    except RecursionError:
        raise CannotJudge("the command is nested too deep to be read") from None
    if not found:
        return None
    from lanes.guard import Guard, reason  # noqa: PLC0415

    for name in _OF_ANOTHER_FOLDER:
        os.environ.pop(name, None)
    guard = Guard(call.folder)
    refusals = guard.judge(found)
    if guard.warnings:
        entry.complain(f"lanes.mode is warn here, so this is let through:\n{reason(guard.warnings)}")
    return reason(refusals) if refusals else None


def answer(host: str, why: str | None) -> int:
    """Tell *host* the verdict, *why* being None where the tool may run; give the exit status."""
    said = hosts.ALLOWANCE.get(host) if why is None else hosts.denial(host, "\n".join(entry.lines_of(why)))
    if said is None:
        return 0 if why is None else _fail(why)
    try:
        if sys.stdout is None:  # it is where somebody closed it
            return _fail(why or "standard output is closed")
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()
    except OSError as error:
        entry.discard(sys.stdout)
        return _fail(why or f"the answer can't be written: {error.strerror}")
    return 0


def _fail(why: str) -> int:
    entry.complain(why)
    return 2


def _could_not_judge(host: str, why: str) -> int:
    why = f"could not judge: {why}"
    return answer(host, why) if host in hosts.LOSES_REASONS else _fail(why)


def _time_is_up(_number: int, _frame: FrameType | None) -> None:
    raise _TooSlow


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook; *argv* is without the program's name."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments in (["-h"], ["--help"]):
        entry.say(USAGE)
        return 0
    words = [part for word in arguments for part in word.split("=", 1)]
    if words and not (len(words) == 2 and words[0] == "--host" and words[1] in hosts.HOSTS):
        return _fail(f"unknown arguments\n{USAGE}")
    host = words[1] if words else ""
    try:
        signal.signal(signal.SIGALRM, _time_is_up)
        signal.setitimer(signal.ITIMER_REAL, LONGEST)
        data = entry.standard_input()
        if len(data) > LARGEST_INPUT:
            raise CannotJudge(f"standard input is larger than {LARGEST_INPUT >> 20} MiB")
        said = hosts.read(data)
        host = host or hosts.recognised(said)
        why = judge(said)
        signal.setitimer(signal.ITIMER_REAL, 0)
        return answer(host, why)
    except (CannotJudge, signals.Ended) as error:
        return _could_not_judge(host, str(error))
    except OSError as error:
        return _could_not_judge(host, error.strerror or str(error))
    except _TooSlow:
        return _could_not_judge(host, f"it took longer than {LONGEST} seconds")
