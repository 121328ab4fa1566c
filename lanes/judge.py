"""The verdict: a pure function from values to violations (DESIGN 4). It knows neither git nor a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import NamedTuple

from lanes.manifest import Lane, Manifest


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
    *parents* are the judged ones. *changes* is read once, in order, before the next commit is taken.
    """

    oid: str
    parents: tuple[str, ...]
    against: str | None
    changes: Iterable[Change]


class Reason(StrEnum):
    """Why a change is a violation. The codes are stable."""

    OUTSIDE_LANE = "outside-lane"
    REVIEW_ONLY = "review-only"
    PROTECTED = "protected"
    NO_LANE = "no-lane"


@dataclass(frozen=True, slots=True)
class Violation:
    """A change outside the lane. `commit` and `path` are None only for `no-lane`, which is about the branch.

    `lanes` names those that may write the path, in the order of the manifest.
    """

    reason: Reason
    commit: str | None = None
    path: bytes | None = None
    status: str | None = None
    lanes: tuple[str, ...] = ()


class _Departure(NamedTuple):
    trusted: Value | Unsettled | None
    value: Value | None


_Departures = Mapping[bytes, _Departure]


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
    departures: dict[str, _Departures] = {}
    for commit in commits:
        inherited = departures.get(commit.against, {}) if commit.against else {}
        own: dict[bytes, _Departure] | None = None  # copied only when it changes: most commits add nothing
        for change in commit.changes:
            reason = reason_of(change)
            if reason is None:
                continue
            if own is None:
                own = dict(inherited)
            known = own.get(change.path)
            trusted = known.trusted if known else change.old
            if change.new == trusted:
                own.pop(change.path, None)
                continue
            own[change.path] = _Departure(trusted, change.new)
            if not any(_holds(departures.get(parent, {}), change) for parent in commit.parents):
                writers = manifest.writers(change.path, _is_folder(change))
                yield Violation(reason, commit.oid, change.path, change.status, writers)
        departures[commit.oid] = inherited if own is None else own


def _holds(departures: _Departures, change: Change) -> bool:
    departure = departures.get(change.path)
    return departure is not None and departure.value == change.new


class _Reasons:
    """Decides about a path once: histories repeat their paths."""

    def __init__(self, manifest: Manifest, lane: Lane | None) -> None:
        self._manifest = manifest
        self._lane = lane
        self._known: dict[tuple[bytes, bool], Reason | None] = {}

    def __call__(self, change: Change) -> Reason | None:
        """Say why *change* is outside, None where it is inside.

        What turns a file into a submodule or back must be allowed for both.
        """
        kinds = {_is_submodule(value) for value in (change.old, change.new) if isinstance(value, bytes)}
        if len(kinds) == 1:
            return self._of(change.path, kinds.pop())
        return self._of(change.path, False) or self._of(change.path, True)

    def _of(self, path: bytes, folder: bool) -> Reason | None:
        key = (path, folder)
        if key not in self._known:
            self._known[key] = self._decide(path, folder)
        return self._known[key]

    def _decide(self, path: bytes, folder: bool) -> Reason | None:
        if self._manifest.may_write(self._lane, path, folder):
            return None
        if self._manifest.reserved(path, folder):
            return Reason.PROTECTED
        return Reason.REVIEW_ONLY if self._lane and self._lane.review_only else Reason.OUTSIDE_LANE


def _is_submodule(value: Value) -> bool:
    return value.startswith(b"160000")


def _is_folder(change: Change) -> bool:
    return any(isinstance(value, bytes) and _is_submodule(value) for value in (change.old, change.new))
