"""One verdict about one ref, and how the commits of a branch come to one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from lanes.changes import INDEX
from lanes.errors import CannotJudge
from lanes.history import History, Step, staged
from lanes.judge import Commit, Reasons, Violation, judge
from lanes.manifest import Lane, Manifest
from lanes.plumbing import Git
from lanes.sieve import Sieve
from lanes.text import quoted, shortened
from lanes.trust import Trust, mistaken_for

MOST_VIOLATIONS = 500_000
"""So many are listed for one branch, and no more: they take about half a kilobyte of memory each."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about one ref.

    `lane` is its lane, if one covers it; `side` the trusted side of the tip: the newest trusted commits that
    it contains, sorted; `commits` how many were judged. `refusal` says why the ref itself can't be written,
    `error` why it could not be judged, `note` what else is to be known; all are ready to print. `integration`
    branches may change anything. `merge` is the merge that brought the commits, where merged history is
    judged; `known` counts the violations that a baseline took out.
    """

    ref: bytes
    lane: Lane | None = None
    tip: str | None = None
    side: tuple[str, ...] = ()
    commits: int = 0
    violations: tuple[Violation, ...] = ()
    refusal: str | None = None
    error: str | None = None
    integration: bool = False
    note: str | None = None
    merge: str | None = None
    known: int = 0

    @property
    def base(self) -> str | None:
        """The newest trusted commit, None for none or several."""
        return self.side[0] if len(self.side) == 1 else None

    @property
    def status(self) -> int:
        """The exit status that this verdict asks for: 0 inside, 1 violations, 2 could not judge."""
        if self.error is not None:
            return 2
        return 1 if self.violations or self.refusal is not None else 0


def exit_status(verdicts: Iterable[Verdict]) -> int:
    """Give the exit status for all of *verdicts*: the worst one."""
    return max((verdict.status for verdict in verdicts), default=0)


class Branch(NamedTuple):
    """A branch that exists, or is about to: its full ref, its name without `refs/heads/`, and its tip."""

    ref: bytes
    name: bytes
    tip: str


def judge_branch(git: Git, trust: Trust, branch: Branch, counted: bool = False) -> Verdict:
    """Judge a branch, which is no integration branch, for the lane that covers it.

    Misleading dates can make trusted commits be judged, too. No violation comes of that, but where their
    number matters, they are *counted* exactly. Raises CannotJudge where several lanes cover the branch, or no
    manifest is in force.
    """
    if main := trust.lookalike(branch.name):
        return Verdict(branch.ref, tip=branch.tip, refusal=mistaken_for(main))
    return judge_for(git, trust, branch, trust.required().lane_of(branch.name), counted)


def judge_for(git: Git, trust: Trust, branch: Branch, lane: Lane | None, counted: bool = False) -> Verdict:
    """Judge all commits that a branch contains and that are not trusted, for *lane*."""
    ref, _, tip = branch
    manifest = trust.required()
    try:
        history = History(git, [tip], trust.commits(), _sieve(git, manifest, lane))
        if counted:
            history.exact()
        found = _violations(git, manifest, lane, history)
    except CannotJudge as error:
        return Verdict(ref, lane, tip, error=str(error))
    return Verdict(ref, lane, tip, history.side(), history.count, found)


def judge_index(git: Git, trust: Trust, ref: bytes, lane: Lane | None, parents: Sequence[str]) -> Verdict:
    """Judge the index as a commit on *parents*, for what it changes, not for what earlier commits did."""
    manifest = trust.required()
    if len(parents) == 1 and not any(judge(manifest, lane, [staged(git, Step(INDEX, (), tuple(parents)))])):
        # Nothing outside differs from the only parent, so nothing can be charged to this commit.
        return Verdict(ref, lane)
    history = History(git, parents, trust.commits(), _sieve(git, manifest, lane))
    found = _violations(git, manifest, lane, history, staged_on=parents)
    mine = tuple(violation for violation in found if violation.commit in (None, INDEX))
    return Verdict(ref, lane, side=history.side(), violations=mine)


def _sieve(git: Git, manifest: Manifest, lane: Lane | None) -> Sieve | None:
    if lane is None and not manifest.allow_unlisted:
        return None  # nothing has to be read for that verdict
    return Sieve(git, Reasons(manifest, lane).harmless)


def _violations(
    git: Git, manifest: Manifest, lane: Lane | None, history: History, staged_on: Sequence[str] | None = None
) -> tuple[Violation, ...]:
    def commits() -> Iterator[Commit]:
        yield from history.changes(staged_on or ())
        if staged_on is not None:
            yield staged(git, history.step(INDEX, staged_on))

    found = listed(judge(manifest, lane, commits()))
    if found and not history.exact():
        found = listed(judge(manifest, lane, commits()))
    return found


def listed(found: Iterator[Violation]) -> tuple[Violation, ...]:
    """Take violations in, `MOST_VIOLATIONS` at most. Raises CannotJudge where there are more."""
    listed = tuple(islice(found, MOST_VIOLATIONS))
    if next(found, None):
        raise CannotJudge(
            f"more than {MOST_VIOLATIONS:,} changes lie outside the lane, too many to list; the first is"
            f" in commit {(listed[0].commit or '')[:12]}: {shortened(quoted(listed[0].path or b''), 300)}"
        )
    return listed
