"""Text of the manifest's as Markdown, which it can't break out of."""

import re

from lanes.manifest import Lane
from lanes.patterns import NamePatterns, PathPattern, PathPatterns
from lanes.text import printable

Patterns = PathPatterns | NamePatterns


def code(text: str) -> str:
    """Give *text* as a code span (CommonMark, 6.1)."""
    shown = printable(text.encode("utf-8", "surrogateescape"))
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    # A space on either side is taken off again, where there is one on both.
    pad = " " if longest or (shown[:1] == shown[-1:] == " " and shown.strip()) else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str) -> str:
    """Give one line of text as it reads, with nothing in it that is markup."""
    inline = re.sub(r"([\\`*_<>\[\]&|~])", r"\\\1", text)
    return re.sub(r"^( *)(\d*)([#+=.)-])", r"\1\2\\\3", inline)


def codes(patterns: Patterns) -> str:
    """Give the patterns of a list as code spans in one line."""
    return ", ".join(code(pattern.text) for pattern in patterns.patterns)


def bullets(patterns: PathPatterns) -> list[str]:
    """List the patterns, with a word about those that take paths out."""
    return [f"- {code(pattern.text)}{_taken_out(pattern)}" for pattern in patterns.patterns]


def _taken_out(pattern: PathPattern) -> str:
    return "" if pattern.include else f": but not {code(pattern.text[1:])}"


def lane_line(lane: Lane) -> str:
    """Give a lane, its branches and its summary in one line."""
    summary = f": {prose(lane.summary)}" if lane.summary else ""
    return f"{code(lane.name)} (branches {codes(lane.branches)}){summary}"
