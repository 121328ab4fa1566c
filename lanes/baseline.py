"""A baseline: violations that are known, so that an audit counts them and fails for others alone.

An entry is known by what it is, not by its commit: the branch, the reason, the path, and what the commit
holds there. So it is still known after a rebase, and when the branch was merged; another change of the path
is not.
"""

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from lanes import files
from lanes.errors import CannotJudge
from lanes.judge import Reason, Value
from lanes.text import printable, quoted, shortened, unquoted
from lanes.verdict import Verdict

KNOWABLE = (Reason.OUTSIDE_LANE, Reason.REVIEW_ONLY, Reason.NOT_IN_ONE_LANE)
"""The reasons of what can be known. A protected path can't, nor what is about a branch as a whole.

A branch that may add to the baseline itself could hide anything otherwise: list the file as protected.
"""

_HEADER = b"# git-lanes baseline 1: BRANCH REASON MODE ID PATH\n"
_LINE = re.compile(rb"(\S+) ([a-z-]+) (?:(-) -|([0-7]{6}) ([0-9a-f]{40}(?:[0-9a-f]{24})?)) (.+)")
_EXPECTED = "expected BRANCH REASON MODE ID PATH, as --write-baseline writes it"


class Entry(NamedTuple):
    """A known violation: its branch without `refs/heads/`, and otherwise as in `Violation`."""

    branch: bytes
    reason: Reason
    value: Value | None
    path: bytes

    @property
    def line(self) -> bytes:
        """The entry as a line of the file, without its end: names as git prints them, - - for a deletion."""
        held = self.value or b"- -"
        return b"%b %b %b %b" % (_quoted(self.branch), self.reason.encode(), held, _quoted(self.path))


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a baseline met what was found: its file, the entries that no longer occur, and what was written."""

    file: Path
    stale: Sequence[Entry] = ()
    written: bool = False


NameOf = Callable[[bytes], bytes]
"""Gives the branch's name, without `refs/heads/`, that a full ref stands for."""


def read(file: Path, must_exist: bool = True) -> frozenset[Entry]:
    """Read a baseline. Raises CannotJudge, with the line, where it is damaged, or where it must exist."""
    shown = printable(os.fsencode(file))
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        if not must_exist:
            return frozenset()
        raise CannotJudge(f"there is no baseline {shown}; to begin one: --write-baseline") from None
    except OSError as error:
        raise CannotJudge(f"the baseline {shown} can't be read: {error.strerror}") from None
    first, *lines = text.split(b"\n")
    if first + b"\n" != _HEADER:
        raise CannotJudge(f"{shown}, line 1: it is no baseline; expected {_HEADER.decode().strip()}")
    if not text.endswith(b"\n"):
        raise CannotJudge(f"{shown}, line {1 + len(lines)}: it is cut off; write the baseline anew")
    entries = set()
    for number, line in enumerate(lines[:-1], 2):
        entry = _entry(line)
        if isinstance(entry, str):
            found = shortened(printable(line))
            raise CannotJudge(f"{shown}, line {number}: {entry}; found: {found or 'nothing'}")
        entries.add(entry)
    return frozenset(entries)


def _entry(line: bytes) -> Entry | str:
    """Read a line; say what is wrong with it where it is not what `Entry.line` writes."""
    found = _LINE.fullmatch(line)
    names = [unquoted(found[group]) for group in (1, 6)] if found else []
    if not found or None in names:
        return _EXPECTED
    reasons = {reason.encode(): reason for reason in Reason}
    if found[2] not in reasons:
        return f"there is no reason {found[2].decode()}"
    reason = reasons[found[2]]
    if reason not in KNOWABLE:
        return f"what is {reason} can't be known; take the line out"
    value = None if found[3] else found[4] + b" " + found[5]
    return Entry(names[0] or b"", reason, value, names[1] or b"")


def write(file: Path, entries: Iterable[Entry]) -> None:
    """Write a baseline, sorted, a line for each entry. Raises CannotJudge where that fails."""
    content = b"".join([_HEADER, *(entry.line + b"\n" for entry in _sorted(entries))])
    try:
        files.replace(file.resolve() if file.is_symlink() else file, content)
    except OSError as error:
        shown = printable(os.fsencode(file))
        raise CannotJudge(f"the baseline {shown} can't be written: {error.strerror}") from None


def meet(
    file: Path,
    entries: Collection[Entry],
    verdicts: Sequence[Verdict],
    name_of: NameOf,
    whole: bool,
    rewrite: bool,
) -> tuple[list[Verdict], Baseline]:
    """Take the violations that *entries* know out of the verdicts, and count them there.

    With *whole*, all branches that there are were judged, so an entry of another one does not occur any more.
    To *rewrite* the file is to make its entries what was found; those of branches that were not judged stay.
    """
    names = [name_of(verdict.ref) for verdict in verdicts]
    failed = {name for name, verdict in zip(names, verdicts, strict=True) if verdict.error is not None}
    asked_for = {e for e in entries if e.branch not in failed and (whole or e.branch in names)}
    if rewrite:
        found = {e for name, v in zip(names, verdicts, strict=True) for e in _entries(name, v) if e}
        entries = found | (set(entries) - asked_for)
        asked_for &= found
        write(file, entries)
    left = []
    used: set[Entry] = set()
    for name, verdict in zip(names, verdicts, strict=True):
        known = [entry if entry in entries else None for entry in _entries(name, verdict)]
        new = tuple(v for v, entry in zip(verdict.violations, known, strict=True) if entry is None)
        used.update(filter(None, known))
        left.append(replace(verdict, violations=new, known=len(verdict.violations) - len(new)))
    return left, Baseline(file, _sorted(asked_for - used), rewrite)


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    """Sort by branch and path: what only another content changes stays where it is."""
    return sorted(entries, key=lambda entry: (entry.branch, entry.path, entry.line))


def _entries(branch: bytes, verdict: Verdict) -> Iterator[Entry | None]:
    """Give each violation as an entry, None where it can't be one."""
    for v in verdict.violations:
        yield Entry(branch, v.reason, v.value, v.path or b"") if v.reason in KNOWABLE else None


def _quoted(name: bytes) -> bytes:
    return quoted(name).encode("ascii")
