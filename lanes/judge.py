"""The verdict: a pure function from values to violations (DESIGN 4). It knows neither git nor a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator
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
    """The departures of each commit, for as long as a later commit may ask for them.

    With *by_kind*, a parent that departs as a file excuses no commit that departs as a submodule as well.
    """

    def __init__(self, by_kind: bool = False) -> None:
        self._by_kind = by_kind
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
        departure = _Departure(self.trusted(change), change.new)
        if self._inherited:
            # Most commits add nothing, and most others are the last to ask for what they inherit.
            alone = self._own.sharers == 1 and commit.against in commit.spent
            self._own = self._own if alone else _Paths(self._own)
            self._inherited = False
        if not outside:
            del self._own[change.path]
            return False
        charged = not any(self._excuses(parent, change.path, departure) for parent in commit.parents)
        self._own[change.path] = departure
        return charged

    def _excuses(self, parent: str, path: bytes, departure: _Departure) -> bool:
        other = self._of[parent].get(path) if parent in self._of else None
        if other is None or other.value != departure.value:
            return False
        return not self._by_kind or set(_kinds(*departure)) <= set(_kinds(*other))

    def finish(self, commit: Commit) -> None:
        """Keep what *commit* departs in, and forget what no later commit asks for."""
        if self._own:
            self._own.sharers += 1
            self._of[commit.oid] = self._own
        for oid in commit.spent:
            if oid in self._of:
                self._of.pop(oid).sharers -= 1


class Charge(NamedTuple):
    """A change that is charged to a commit, the reason, and what the commit's trusted side holds there."""

    commit: str
    change: Change
    trusted: Value | Unsettled | None
    reason: Reason

    def violation(self, manifest: Manifest) -> Violation:
        """Give it as a violation, with the lanes that may make this change."""
        path, _, new = self.change
        first, *others = (manifest.writers(path, folder) for folder in _kinds(self.trusted, new))
        lanes = tuple(name for name in first if all(name in names for names in others))
        return Violation(self.reason, self.commit, path, self.change.status, lanes, new)


def judge(manifest: Manifest, lane: Lane | None, commits: Iterable[Commit]) -> Iterator[Violation]:
    """Find all violations of a branch whose lane is *lane*, None where no lane covers it.

    Commits come with parents before their children; violations are given in that order, by path as git sorts
    them. One rule holds for every commit: outside its lane it holds what its trusted side holds, and a path
    that departs from that is charged to it unless a judged parent departs there with the same value.
    """
    if lane is None and not manifest.allow_unlisted:
        yield Violation(Reason.NO_LANE)
        return
    for charge in _charged(manifest, lane, commits, _Departures()):
        yield charge.violation(manifest)


def _charged(
    manifest: Manifest, lane: Lane | None, commits: Iterable[Commit], departures: _Departures
) -> Iterator[Charge]:
    reason_of = Reasons(manifest, lane)
    for commit in commits:
        departures.begin(commit)
        for change in commit.changes:
            # What counts is where the path gets to from what the trusted side holds, not from the parent.
            trusted = departures.trusted(change)
            reason = reason_of(change.path, trusted, change.new) if change.new != trusted else None
            if departures.add(commit, change, reason is not None) and reason:
                yield Charge(commit.oid, change, trusted, reason)
        departures.finish(commit)


_NOBODY = Lane("", "", NamePatterns(()), PathPatterns(()))


def charges(manifest: Manifest, commits: Iterable[Commit]) -> Iterator[Charge]:
    """Find all changes that are charged to a commit where nothing at all may be written, as `judge` does.

    What a path is charged for depends on that path alone. So `judge` finds nothing for a lane just where the
    lane may make each of these changes.
    """
    return _charged(manifest, _NOBODY, commits, _Departures(by_kind=True))


def fit_into_one_lane(manifest: Manifest, charged: Iterable[Charge]) -> bool:
    """Tell whether there is a lane that may make all *charged* changes, which are read to their end."""
    fits, lanes = True, list(manifest.lanes)
    for _, (path, _, new), trusted, _ in charged:
        kinds = _kinds(trusted, new) if lanes else []
        lanes = [lane for lane in lanes if all(manifest.may_write(lane, path, folder) for folder in kinds)]
        fits = bool(lanes)
    return fits


def closest_lane(manifest: Manifest, charged: Iterable[Charge]) -> str:
    """Name the lane that may make most of the *charged* changes; it is "" where there is no lane at all."""
    changes = Counter(name for charge in charged for name in charge.violation(manifest).lanes)
    return max((lane.name for lane in manifest.lanes), key=lambda name: changes[name], default="")


def not_in_lane(manifest: Manifest, name: str, charged: Iterable[Charge]) -> Iterator[Violation]:
    """Find which of the *charged* changes the lane called *name* may not make."""
    for charge in charged:
        found = charge.violation(manifest)
        if name not in found.lanes:
            protected = found.reason is Reason.PROTECTED
            yield found if protected else replace(found, reason=Reason.NOT_IN_ONE_LANE)


_MOST_KNOWN = 100_000  # paths; so many take about 20 MB


class Reasons:
    """Decides about a path once, mostly: histories repeat their paths."""

    def __init__(self, manifest: Manifest, lane: Lane | None) -> None:
        self._manifest = manifest
        self._lane = lane
        self._known: dict[tuple[bytes, bool], Reason | None] = {}

    def __call__(self, path: bytes, old: Value | Unsettled | None, new: Value | None) -> Reason | None:
        """Say why a path may not get from *old* to *new*, None where it may."""
        return next(filter(None, (self._of(path, folder) for folder in _kinds(old, new))), None)

    def harmless(self, path: bytes) -> bool:
        """Tell whether any change of *path* is allowed, whatever it turns into."""
        return self._of(path, folder=False) is None and self._of(path, folder=True) is None

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


def _kinds(old: Value | Unsettled | None, new: Value | None) -> list[bool]:
    """Tell what a path must be allowed as: a folder, as a submodule counts, or not.

    What turns a file into a submodule or back must be allowed as both, and so must what nobody can tell.
    """
    return sorted({_is_submodule(value) for value in (old, new) if isinstance(value, bytes)} or (False, True))


def _is_submodule(value: Value | Unsettled | None) -> bool:
    return isinstance(value, bytes) and value.startswith(b"160000")
