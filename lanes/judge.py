"""The verdict: a pure function from values to violations (DESIGN 4). It knows neither git nor a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import NamedTuple

from lanes.manifest import Lane, Manifest
from lanes.patterns import NamePatterns, PathPatterns


class Unsettled(Enum):
    """Stands for what the trusted side holds where several trusted commits changed a path differently."""

    UNSETTLED = "unsettled"


UNSETTLED = Unsettled.UNSETTLED

Value = bytes
"""What a commit holds at a path, as b"<mode> <object id>"; None where it holds nothing."""


class Change(NamedTuple):
    """One path that differs between what a commit is compared with (*old*) and the commit (*new*)."""

    path: bytes
    old: Value | Unsettled | None
    new: Value | None

    @property
    def status(self) -> str:
        """Give git's letter: added, deleted, type changed, modified; U for unsettled."""
        if self.old is UNSETTLED:
            return "U"
        if self.old is None:
            return "A"
        if self.new is None:
            return "D"
        return "T" if self.old[:2] != self.new[:2] else "M"


class Commit(NamedTuple):
    """A judged commit, as its changes against *against*: the trusted side or a parent that shares it.

    *against* is the id of that parent, or of a commit that is not judged; None for the trusted side itself.
    *parents* are the judged ones. *changes* is read once, in order, before the next commit is taken. *spent*
    are ids, its own perhaps among them, that no later commit names in *parents* or *against*.
    """

    oid: str
    parents: tuple[str, ...]
    against: str | None
    changes: Iterable[Change]
    spent: tuple[str, ...] = ()


class Reason(StrEnum):
    """Why a change is a violation. The codes are stable."""

    OUTSIDE_LANE = "outside-lane"
    REVIEW_ONLY = "review-only"
    PROTECTED = "protected"
    NO_LANE = "no-lane"
    NOT_IN_ONE_LANE = "not-in-one-lane"
    NOT_A_PUSHER = "not-a-pusher"


@dataclass(frozen=True, slots=True)
class Violation:
    """A change outside the lane. `commit` and `path` are None only for `no-lane`, which is about the branch.

    `lanes` names those that may write the path, in the order of the manifest; `value` is what the commit
    holds there.
    """

    reason: Reason
    commit: str | None = None
    path: bytes | None = None
    status: str | None = None
    lanes: tuple[str, ...] = ()
    value: Value | None = field(default=None, compare=False)


class _Departure(NamedTuple):
    trusted: Value | Unsettled | None
    value: Value | None


class _Paths(dict[bytes, _Departure]):
    """Where a commit departs from its trusted side; `sharers` is how many commits have this very object."""

    sharers = 0


class _Departures:
    """The departures of each commit, for as long as a later commit may ask for them."""

    def __init__(self) -> None:
        self._of: dict[str, _Paths] = {}
        self._own = _Paths()
        self._inherited = True

    def begin(self, commit: Commit) -> None:
        """Let *commit* depart where the commit departs that it is compared with."""
        self._own = self._of.get(commit.against or "", _Paths())
        self._inherited = True

    def trusted(self, change: Change) -> Value | Unsettled | None:
        """Give what the trusted side holds at the path of a change."""
        known = self._own.get(change.path)
        return known.trusted if known else change.old

    def add(self, commit: Commit, change: Change, outside: bool) -> bool:
        """Take in a change that is *outside* the lane or not; tell whether it is charged to *commit*."""
        if not outside and change.path not in self._own:
            return False
        trusted = self.trusted(change)
        if self._inherited:
            # Most commits add nothing, and most others are the last to ask for what they inherit.
            alone = self._own.sharers == 1 and commit.against in commit.spent
            self._own = self._own if alone else _Paths(self._own)
            self._inherited = False
        if not outside:
            del self._own[change.path]
            return False
        charged = not any(self._departs(parent, change) for parent in commit.parents)
        self._own[change.path] = _Departure(trusted, change.new)
        return charged

    def _departs(self, parent: str, change: Change) -> bool:
        departure = self._of[parent].get(change.path) if parent in self._of else None
        return departure is not None and departure.value == change.new

    def finish(self, commit: Commit) -> None:
        """Keep what *commit* departs in, and forget what no later commit asks for."""
        if self._own:
            self._own.sharers += 1
            self._of[commit.oid] = self._own
        for oid in commit.spent:
            if oid in self._of:
                self._of.pop(oid).sharers -= 1


def judge(manifest: Manifest, lane: Lane | None, commits: Iterable[Commit]) -> Iterator[Violation]:
    """Find all violations of a branch whose lane is *lane*, None where no lane covers it.

    Commits come with parents before their children; violations are given in that order, by path as git sorts
    them. One rule holds for every commit: outside its lane it holds what its trusted side holds, and a path
    that departs from that is charged to it unless a judged parent departs there with the same value.
    """
    if lane is None and not manifest.allow_unlisted:
        yield Violation(Reason.NO_LANE)
        return
    reason_of = _Reasons(manifest, lane)
    departures = _Departures()
    for commit in commits:
        departures.begin(commit)
        for change in commit.changes:
            # What counts is where the path gets to from what the trusted side holds, not from the parent.
            trusted = departures.trusted(change)
            reason = reason_of(change.path, trusted, change.new) if change.new != trusted else None
            if departures.add(commit, change, reason is not None) and reason:
                writers = _writers(manifest, change.path, trusted, change.new)
                yield Violation(reason, commit.oid, change.path, change.status, writers, change.new)
        departures.finish(commit)


_NOBODY = Lane("", "", NamePatterns(()), PathPatterns(()))


def charges(manifest: Manifest, commits: Iterable[Commit]) -> Iterator[Violation]:
    """Find all changes that are charged to a commit where nothing at all may be written, as `judge` does.

    A lane that the commits fit into is among those that may write each of the paths. The reverse is not
    certain: what departs as a submodule in one commit departs as both, once main made it a file, in the next.
    """
    return judge(manifest, _NOBODY, commits)


def fitting(manifest: Manifest, charged: Sequence[Violation]) -> Iterator[Lane]:
    """Give the lanes that may write each of the paths that were *charged*."""
    return (lane for lane in manifest.lanes if all(lane.name in change.lanes for change in charged))


def not_in_one_lane(manifest: Manifest, charged: Sequence[Violation]) -> Iterator[Violation]:
    """Find what does not fit into the one lane that most of the *charged* changes fit into.

    Nothing is found where all of them fit.
    """
    changes = Counter(name for change in charged for name in change.lanes)
    lane = max((lane.name for lane in manifest.lanes), key=lambda name: changes[name], default="")
    for change in charged:
        if lane not in change.lanes:
            protected = change.reason is Reason.PROTECTED
            yield change if protected else replace(change, reason=Reason.NOT_IN_ONE_LANE)


_MOST_KNOWN = 100_000  # paths; so many take about 20 MB


class _Reasons:
    """Decides about a path once, mostly: histories repeat their paths."""

    def __init__(self, manifest: Manifest, lane: Lane | None) -> None:
        self._manifest = manifest
        self._lane = lane
        self._known: dict[tuple[bytes, bool], Reason | None] = {}

    def __call__(self, path: bytes, old: Value | Unsettled | None, new: Value | None) -> Reason | None:
        """Say why a path may not get from *old* to *new*, None where it may."""
        return next(filter(None, (self._of(path, folder) for folder in _kinds(old, new))), None)

    def _of(self, path: bytes, folder: bool) -> Reason | None:
        key = (path, folder)
        if key not in self._known:
            if len(self._known) == _MOST_KNOWN:
                self._known.clear()
            self._known[key] = self._decide(path, folder)
        return self._known[key]

    def _decide(self, path: bytes, folder: bool) -> Reason | None:
        if self._manifest.may_write(self._lane, path, folder):
            return None
        if self._manifest.reserved(path, folder):
            return Reason.PROTECTED
        return Reason.REVIEW_ONLY if self._lane and self._lane.review_only else Reason.OUTSIDE_LANE


def _writers(
    manifest: Manifest, path: bytes, old: Value | Unsettled | None, new: Value | None
) -> tuple[str, ...]:
    """Name the lanes that may take a path from *old* to *new*."""
    first, *others = (manifest.writers(path, folder) for folder in _kinds(old, new))
    return tuple(name for name in first if all(name in names for names in others))


def _kinds(old: Value | Unsettled | None, new: Value | None) -> list[bool]:
    """Tell what a path must be allowed as: a folder, as a submodule counts, or not.

    What turns a file into a submodule or back must be allowed as both, and so must what nobody can tell.
    """
    return sorted({_is_submodule(value) for value in (old, new) if isinstance(value, bytes)} or (False, True))


def _is_submodule(value: Value | Unsettled | None) -> bool:
    return isinstance(value, bytes) and value.startswith(b"160000")
