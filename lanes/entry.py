"""What every entry point has in common: how it starts, what it reads, how it speaks, and how it ends."""

import os
import resource
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module

from lanes import signals
from lanes.errors import CannotJudge

TYPE_CHECKING = False  # as in typing, which takes time to load, and lane-guard runs at every turn of an agent
if TYPE_CHECKING:
    from typing import TextIO

MOST_MEMORY = 2 << 30  # bytes


def start(module: str) -> int:
    """Run the `main` of *module* as this program, and give its exit status.

    It is imported here, so that a broken installation is a status of 2 as well, not Python's own 1.
    """
    try:
        signals.catch()
        _bound_memory()
        status = run(lambda: int(import_module(module).main()))
        signals.ignore()  # it is decided
        return status
    except signals.Ended as end:
        complain(str(end))
        return end.status


def _bound_memory() -> None:
    """Let this process, and each git that it starts, fail where it takes more memory than any work needs.

    A few hundred bytes of trees that share folders can stand for more paths than any machine can list.
    """
    try:
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if soft == resource.RLIM_INFINITY or soft > MOST_MEMORY:
            resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, hard))
    except (OSError, ValueError):
        pass  # not every system has this limit


def run(main: Callable[[], int]) -> int:
    """Run an entry point and give its exit status: 2 where it could not judge.

    A bug also ends in 2, never in 0 or 1, and keeps its traceback.
    """
    try:
        return main()
    except CannotJudge as error:
        complain(f"could not judge: {error}")
        return 2
    except ImportError as error:
        complain(f"could not judge: this installation is not whole ({error}); install git-lanes again")
        return 2
    except OSError as error:
        complain(f"could not judge: {error.strerror or error}")
        discard(sys.stdout)  # most often it is what failed
        return 2
    except MemoryError:
        complain("could not judge: there is not enough memory for this")
        return 2
    except Exception as error:
        # Python wraps what is raised while a class is being made, a signal too.
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, signals.Ended):
                raise cause from None
            cause = cause.__cause__ or cause.__context__
        import traceback  # noqa: PLC0415 - a hook's start counts, and this is never needed

        complain(
            f"could not judge: this is a bug in git-lanes; please report it with these lines\n"
            f"{traceback.format_exc().rstrip()}"
        )
        return 2


IF_ENABLED = "--if-enabled"
"""The one option of every hook: leave repositories alone that are not gated (README, "A whole server")."""


def hook(
    judge: Callable[[Sequence[str], bool], int], argv: Sequence[str] | None, most: int, usage: str
) -> int:
    """Run a hook that takes at most so many arguments, and give its exit status. Raises CannotJudge.

    *argv* is without the program's name, None for the program's own; *usage* answers `--help`. *judge* gets
    the arguments, and whether the hook serves many repositories, of which not all are gated.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments in (["-h"], ["--help"]):  # git gives pre-push two, and a remote can have any name
        say(usage)
        return 0
    if_enabled = arguments[:1] == [IF_ENABLED]
    arguments = arguments[if_enabled:]
    if len(arguments) > most:
        complain(f"too many arguments\n{usage}")
        return 2
    return judge(arguments, if_enabled)


def standard_input() -> bytes:
    """Read standard input to its end. Raises CannotJudge where it is closed or can't be read."""
    try:
        if sys.stdin is None:  # it is where somebody closed it
            raise CannotJudge("standard input is closed; a script that calls this hook must hand it on")
        return sys.stdin.buffer.read()
    except OSError as error:
        raise CannotJudge(f"standard input can't be read: {error.strerror}") from None


def say(text: str) -> None:
    """Print to stdout. Raises OSError where that fails: a report that nobody gets is no verdict.

    But whoever reads may stop early (`lane-audit | head -1`): then the verdict stands.
    """
    say_pieces((text, "\n"))


def say_pieces(pieces: Iterable[str]) -> None:
    """Print *pieces* to stdout, as `say` does, with nothing between them."""
    try:
        for piece in pieces:
            print(piece, end="")  # noqa: T201 - entry points print, through here
        print(end="", flush=True)  # noqa: T201
    except BrokenPipeError:
        discard(sys.stdout)


def complain(message: str) -> None:
    """Print a message to stderr; its first line begins with `lanes: `, further ones are indented.

    Where it can't be printed the exit status still stands.
    """
    lines = lines_of(message)
    if _on_a_web_page():
        lines = [f"GL-HOOK-ERR: {line}" for line in lines]
    try:
        print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201 - entry points print, through here
    except OSError:
        discard(sys.stderr)


def lines_of(message: str) -> list[str]:
    """Give a message as all of them look: its first line begins with `lanes: `, further ones are indented."""
    first, *rest = message.split("\n")
    return [f"lanes: {first}", *(f"  {line}" if line else "" for line in rest)]


def _on_a_web_page() -> bool:
    """Tell whether GitLab shows the message on a page: of what a hook says, it picks lines that begin so."""
    return os.environ.get("GL_PROTOCOL", "web" if "GL_REPOSITORY" in os.environ else "") == "web"


def discard(stream: "TextIO | None") -> None:
    """Send a stream that can't be written to nowhere. Python would try once more at its end, and fail."""
    if stream is not None:  # it is where somebody closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
