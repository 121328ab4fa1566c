"""What the commits of a branch did: when, by whom, in which top folders. Nothing is decided here.

What lies outside is what the verdict says. Everything else that a commit changes lies inside; of a merge that
is what it holds otherwise than all of its parents.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lanes.errors import CannotJudge
from lanes.plumbing import Git, records
from lanes.verdict import Verdict

MOST_NAMES = 1000
"""So many folders and authors of a branch are counted by their names, the others together."""
OTHERS = b""
MOST_PERIODS = 96
ROOT = b"/"
"""Stands for the folder of a file that is in none."""

_LOG = (
    "log",
    "--stdin",
    "-z",
    "--raw",
    "-c",
    "--root",
    "--no-renames",
    "--no-ext-diff",
    "--no-relative",
    "--ignore-submodules=none",
    "--no-show-signature",
    "--encoding=UTF-8",
    "--format=%H%x00%ct%x00%an",
)
_OID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")

HOUR, DAY, WEEK = 3600, 86400, 7 * 86400
_LONGER = {HOUR: 3, 3 * HOUR: 4, 12 * HOUR: 2, DAY: 7}  # every later length is twice the one before
_MONDAY = 4 * DAY  # the first one of 1970, where weeks begin
LATEST = 253402300799  # the end of the year 9999; commits name any moment


class Counts(Counter[bytes]):
    """How often each name was counted; those that are too many are `OTHERS`."""

    def count(self, name: bytes, times: int = 1) -> None:
        """Count a name so many times more."""
        self[name if name in self or len(self) < MOST_NAMES else OTHERS] += times


@dataclass(frozen=True, slots=True)
class Period:
    """How many commits were made in one period, and how many of these are outside; `begin` as in `dates`."""

    begin: int
    commits: int
    outside: int


class Timeline:
    """Commits along time, in periods of one length. These grow with the time that they must cover."""

    def __init__(self) -> None:
        self.length = HOUR
        self._commits: Counter[int] = Counter()
        self._outside: Counter[int] = Counter()

    def add(self, date: int, outside: bool) -> None:
        """Add a commit."""
        number = (date - _MONDAY) // self.length
        known = number in self._commits
        self._commits[number] += 1
        self._outside[number] += outside
        while not known and max(self._commits) - min(self._commits) >= MOST_PERIODS:
            self._grow()

    def _grow(self) -> None:
        times = _LONGER.get(self.length, 2)
        self.length *= times
        self._commits = _merged(self._commits, times)
        self._outside = _merged(self._outside, times)

    def periods(self) -> list[Period]:
        """List all periods from the first to the last one, those without commits among them."""
        if not self._commits:
            return []
        return [
            Period(number * self.length + _MONDAY, self._commits[number], self._outside[number])
            for number in range(min(self._commits), max(self._commits) + 1)
        ]


def _merged(shorter: Counter[int], times: int) -> Counter[int]:
    """Count by periods that are so many times longer."""
    longer: Counter[int] = Counter()
    for number, commits in shorter.items():
        longer[number // times] += commits
    return longer


@dataclass(slots=True)
class Activity:
    """What the judged commits of one branch did.

    `inside` and `outside` count changes by top folder. `dates` are those of the commits that violations name,
    in seconds since 1970.
    """

    timeline: Timeline = field(default_factory=Timeline)
    authors: Counts = field(default_factory=Counts)
    inside: Counts = field(default_factory=Counts)
    outside: Counts = field(default_factory=Counts)
    dates: dict[str, int] = field(default_factory=dict)


def activity_of(git: Git | None, verdict: Verdict) -> Activity:
    """Read what the commits did that were judged for a verdict, by one git process, as a stream.

    Where nothing was judged nothing is read. Raises CannotJudge where git fails.
    """
    found = Activity()
    outside: dict[str, set[bytes]] = {}
    for violation in verdict.violations:
        if violation.commit is not None and violation.path is not None:
            outside.setdefault(violation.commit, set()).add(violation.path)
            found.outside.count(top_folder(violation.path))
    if git is None or verdict.error is not None or verdict.tip is None or not verdict.commits:
        return found
    feed = "".join([f"{verdict.tip}\n", *(f"^{commit}\n" for commit in verdict.side)]).encode()
    with git.stream(*_LOG, feed=[feed]) as output:
        here: set[bytes] = set()
        for record in _log(records(output, b"\0", "git log")):
            if isinstance(record, bytes):
                if record not in here:
                    found.inside.count(top_folder(record))
                continue
            commit, date, author = record
            here = outside.get(commit, set())
            found.timeline.add(date, bool(here))
            found.authors.count(author)
            if here:
                found.dates[commit] = date
    return found


def top_folder(path: bytes) -> bytes:
    """Give the folder at the root that *path* is in, with its slash."""
    folder, slash, _ = path.partition(b"/")
    return folder + slash if slash else ROOT


def _log(source: Iterator[bytes]) -> Iterator[tuple[str, int, bytes] | bytes]:
    """Parse what `_LOG` prints: for each commit its id, date and author, then the paths that it changes."""
    for record in source:
        if _OID.fullmatch(record):
            date, author = next(source, b""), next(source, b"")
            yield record.decode("ascii"), min(int(date), LATEST) if date.isdigit() else 0, author
        elif record.startswith((b":", b"\n:")):
            yield next(source, b"")  # whatever it looks like
        elif record:
            raise CannotJudge("git log answered garbage")
