"""A sealed integration branch: what it takes in, step by step along its first parents, fits into lanes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from lanes.changes import INDEX
from lanes.errors import CannotJudge
from lanes.history import History, Step, compared, staged
from lanes.judge import (
    Charge,
    Commit,
    Reason,
    Violation,
    charges,
    closest_lane,
    fit_into_one_lane,
    not_in_lane,
)
from lanes.manifest import Manifest
from lanes.plumbing import Git
from lanes.text import printable
from lanes.trust import Trust
from lanes.verdict import Branch, Verdict, listed


def judge_steps(git: Git, trust: Trust, branch: Branch, old: str | None) -> Verdict:
    """Judge every step that takes a sealed integration branch from *old*, None for nowhere, to its tip.

    A step fits where one lane may write all that it changes, and all that the commits change which it brings
    by its other parents. What other integration branches hold already is trusted there.
    """
    name = printable(branch.name)
    tips = trust.commits()
    steps = list(git.walk([branch.tip], [old] if old else tips, "--first-parent", "--reverse"))
    if not git.shallow().isdisjoint(oid for oid, _ in steps):
        raise CannotJudge("the history is cut off here (a shallow clone); run: git fetch --unshallow")
    if old and steps and steps[0][1][:1] != (old,):
        tip, base = branch.tip[:12], old[:12]
        refusal = (  # it is as after git pull, with commits of one's own
            f"by first parents, {tip} does not lead back to {base};"
            f" on your {name}, bring in one by one, or as one merge, what is new:\n"
            f"  git rebase {base}\n  git reset --keep {base} && git merge --no-ff {tip}"
        )
        return Verdict(branch.ref, tip=branch.tip, refusal=refusal, integration=True)
    manifest = trust.required()
    # Every step contains what the branch held before.
    strays = list(_strays(git, manifest, steps, [tip for tip in tips if tip != old]))
    if strays:
        # A step that another integration branch has made before is trusted.
        ids = {stray.step.commit for stray in strays}
        ids.difference_update(commit for commit, _ in git.walk(tips, [old] if old else []))
        strays = [stray for stray in strays if stray.step.commit in ids]
    violations = listed(_misfits(git, manifest, strays))
    side = (old,) if old else ()
    return Verdict(branch.ref, None, branch.tip, side, len(steps), violations, integration=True)


def judge_staged_step(git: Git, trust: Trust, ref: bytes, parents: Sequence[str]) -> Verdict:
    """Judge the index as the next step of a sealed integration branch, a commit on *parents*."""
    manifest = trust.required()
    history = History(git, parents, [*parents[:1], *trust.commits()])
    may_be_protected = _its_own(manifest, staged(git, Step(INDEX, (), tuple(parents[:1]))))

    def charged() -> Iterator[Charge]:
        return _charged(manifest, commits(), may_be_protected)

    def commits() -> Iterator[Commit]:
        yield from history.changes(parents)
        yield staged(git, history.step(INDEX, parents))

    if _fits(manifest, history, charged):
        return Verdict(ref, integration=True)
    violations = listed(not_in_lane(manifest, closest_lane(manifest, charged()), charged()))
    return Verdict(ref, violations=violations, integration=True)


Protected = Callable[[bytes], bool]
"""Tells of a protected path whether a step may change it."""


class _Stray(NamedTuple):
    """A step that does not fit into one lane, and how to read it again; `history` is what a merge brings."""

    step: Step
    history: History | None
    may_be_protected: Protected


def _strays(
    git: Git, manifest: Manifest, steps: Sequence[tuple[str, tuple[str, ...]]], others: Sequence[str]
) -> Iterator[_Stray]:
    own = [Step(oid, (), parents[:1]) for oid, parents in steps]
    for commit, step, (_, parents) in zip(compared(git, own), own, steps, strict=True):
        if len(parents) > 1:
            found = _stray_merge(git, manifest, commit, step, [parents[0], *others])
        else:
            found = _stray_commit(manifest, commit, step)
        if found:
            yield found


def _stray_commit(manifest: Manifest, commit: Commit, step: Step) -> _Stray | None:
    def named(_path: bytes) -> bool:
        return manifest.integration.pushers is not None

    fits = fit_into_one_lane(manifest, _charged(manifest, [commit], named))
    return None if fits else _Stray(step, None, named)


def _stray_merge(
    git: Git, manifest: Manifest, commit: Commit, step: Step, trusted: Sequence[str]
) -> _Stray | None:
    may_be_protected = _its_own(manifest, commit)
    history = History(git, [step.commit], trusted)
    fits = _fits(manifest, history, lambda: _charged(manifest, history.changes(), may_be_protected))
    return None if fits else _Stray(step, history, may_be_protected)


def _its_own(manifest: Manifest, commit: Commit) -> Protected:
    """Let a step change the protected paths that it changes as a whole, where it is known who may push."""
    named = manifest.integration.pushers is not None
    return {change.path for change in commit.changes if named}.__contains__


def _charged(manifest: Manifest, commits: Iterable[Commit], may_be_protected: Protected) -> Iterator[Charge]:
    """Give what must fit into one lane: all that is charged, but the protected paths that may be changed."""
    for charge in charges(manifest, commits):
        if charge.reason is not Reason.PROTECTED or not may_be_protected(charge.change.path):
            yield charge


def _fits(manifest: Manifest, history: History, charged: Callable[[], Iterator[Charge]]) -> bool:
    fits = fit_into_one_lane(manifest, charged())
    return fits or (not history.exact() and fit_into_one_lane(manifest, charged()))


def _misfits(git: Git, manifest: Manifest, strays: Sequence[_Stray]) -> Iterator[Violation]:
    """List what is outside the lane that each step comes closest to."""
    lanes = [closest_lane(manifest, charged) for charged in _read_again(git, manifest, strays)]
    for lane, charged in zip(lanes, _read_again(git, manifest, strays), strict=True):
        yield from not_in_lane(manifest, lane, charged)


def _read_again(git: Git, manifest: Manifest, strays: Sequence[_Stray]) -> Iterator[Iterator[Charge]]:
    commits = compared(git, [stray.step for stray in strays if stray.history is None])
    for _, history, may_be_protected in strays:
        read = history.changes() if history else [next(commits)]
        yield _charged(manifest, read, may_be_protected)
    next(commits, None)  # where there are none left, git is asked whether that was all
