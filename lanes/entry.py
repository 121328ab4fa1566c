"""What every entry point has in common: how it ends, and how it speaks."""

import sys
import traceback
from collections.abc import Callable, Sequence

from lanes.errors import CannotJudge


def complain(message: str) -> None:
    """Print a message to stderr; its first line begins with `lanes: `, further ones are indented."""
    first, *rest = message.split("\n")
    lines = [f"lanes: {first}", *(f"  {line}" if line else "" for line in rest)]
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201 - entry points print, through here


def run(main: Callable[[], int]) -> int:
    """Run an entry point and give its exit status: 2 where it could not judge, 130 when interrupted.

    A bug also ends in 2, never in 0 or 1, and keeps its traceback.
    """
    try:
        return main()
    except CannotJudge as error:
        complain(f"could not judge: {error}")
        return 2
    except KeyboardInterrupt:
        complain("interrupted")
        return 130
    except Exception:
        traceback.print_exc()
        complain("could not judge: this is a bug in git-lanes; please report it with the lines above")
        return 2


def hook(judge: Callable[[Sequence[str]], int], argv: Sequence[str] | None, most: int, usage: str) -> int:
    """Run a hook that takes at most so many arguments, and give its exit status.

    *argv* is without the program's name, None for the program's own; *usage* answers `--help`.
    """
    arguments = sys.argv[1:] if argv is None else argv
    if list(arguments) in (["-h"], ["--help"]):  # git gives pre-push two, and a remote can have any name
        print(usage)  # noqa: T201 - the answer to --help belongs on stdout
        return 0
    if len(arguments) > most:
        complain(f"too many arguments\n{usage}")
        return 2
    return run(lambda: judge(arguments))
