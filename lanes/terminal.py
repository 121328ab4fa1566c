"""A report for people on a terminal: in colour, and broken at words where it is narrower than the lines."""

import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

LEAST_WIDTH = 40  # columns; where there are fewer, lines are left as they are
_NEXT = "\n  next:\n"
_RED, _GREEN, _YELLOW, _CYAN, _BOLD = "31", "32", "33", "36", "1"
_VERDICTS = {"is inside": _GREEN, "is rejected": _RED, "could not be judged": _RED}
_HEADLINE = re.compile(rf"\A\S+(?: \S+)?(?: \(merged by [0-9a-f]+\))? ({'|'.join(_VERDICTS)})")
_COMMIT = re.compile(r"^  commit [0-9a-f]+", re.MULTILINE)
_CHANGE = re.compile(
    r"^(    (?:adds|deletes|changes the type of|changes|decides about) )(.+?)(?= \([a-z-]+: |$)", re.MULTILINE
)
_COMMAND = re.compile(r"(?<=^      )\S.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Look:
    """How a report looks; *width* is None where lines may have any."""

    color: bool = False
    width: int | None = None


def look_of(stream: TextIO | None, when: str, environment: Mapping[str, str]) -> Look:
    """Say how a report looks on *stream*: with colour always, never, or, with auto, as is usual.

    That is on a terminal, unless NO_COLOR (no-color.org) or FORCE_COLOR say otherwise.
    """
    terminal = stream is not None and stream.isatty()
    width = shutil.get_terminal_size((0, 0)).columns if terminal else 0
    return Look(
        when == "always" or (when == "auto" and _usual(terminal, environment)),
        width if width >= LEAST_WIDTH else None,
    )


def _usual(terminal: bool, environment: Mapping[str, str]) -> bool:
    if environment.get("NO_COLOR"):
        return False
    if forced := environment.get("FORCE_COLOR"):
        return forced != "0"
    return terminal and environment.get("TERM") != "dumb"


def dressed(pieces: Iterable[str], look: Look) -> Iterator[str]:
    """Give a report, which comes in pieces of whole lines, one for each branch, with that look."""
    for piece in pieces:
        said, mark, steps = piece.partition(_NEXT)
        if mark and look.width:  # else there may be commands in it, which are to be typed as they are
            said = "\n".join(_broken(line, look.width) for line in said.split("\n"))
        yield _painted(said, mark, steps) if look.color else f"{said}{mark}{steps}"


def _broken(line: str, width: int) -> str:
    """Break a line at its spaces, and indent what goes on."""
    indent = " " * (len(line) - len(line.lstrip()) + 6)
    lines = [""]
    for word in re.findall(r"\s*\S+\s*?(?= |$)", line):
        if _columns(lines[-1] + word) > width and lines[-1].strip():
            lines.append(indent + word.removeprefix(" "))
        else:
            lines[-1] += word
    return "\n".join(lines)


def _columns(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _painted(said: str, mark: str, steps: str) -> str:
    said = _HEADLINE.sub(lambda found: _in(_VERDICTS[found[1]], found[0]), said)
    said = _COMMIT.sub(lambda found: _in(_YELLOW, found[0]), said)
    said = _CHANGE.sub(lambda found: found[1] + _in(_RED, found[2]), said)
    steps = _COMMAND.sub(lambda found: _in(_CYAN, found[0]), steps)
    return said + mark.replace("next:", _in(_BOLD, "next:")) + steps


def _in(style: str, text: str) -> str:
    return f"\033[{style}m{text}\033[m"
