"""A sealed integration branch: what it takes in, step by step along its first parents, fits into lanes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from lanes.changes import INDEX
from lanes.errors import CannotJudge
from lanes.history import History, Step, compared, staged
from lanes.judge import Commit, Reason, Violation, charges, fitting, judge, not_in_one_lane
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
    if old and steps and steps[0][1][:1] != (old,):
        refusal = (
            f"{branch.tip[:12]} does not lead back to {old[:12]} by first parents;"
            f" merge your branch into {name}, not {name} into your branch"
        )
        return Verdict(branch.ref, tip=branch.tip, refusal=refusal, integration=True)
    if not git.shallow().isdisjoint(oid for oid, _ in steps):
        raise CannotJudge("the history is cut off here (a shallow clone); run: git fetch --unshallow")
    diffs = compared(git, [Step(oid, (), parents[:1]) for oid, parents in steps])
    found = (
        _of_step(git, trust.required(), own, parents, tips)
        for own, (_, parents) in zip(diffs, steps, strict=True)
    )
    violations = listed(chain.from_iterable(found))
    side = (old,) if old else ()
    return Verdict(branch.ref, None, branch.tip, side, len(steps), violations, integration=True)


def judge_staged_step(git: Git, trust: Trust, ref: bytes, parents: Sequence[str]) -> Verdict:
    """Judge the index as the next step of a sealed integration branch, a commit on *parents*."""
    own = _read(staged(git, Step(INDEX, (), tuple(parents[:1]))))
    history = History(git, parents, [*parents[:1], *trust.commits()])

    def brought() -> Iterator[Commit]:
        yield from history.changes(parents)
        yield staged(git, history.step(INDEX, parents))

    return Verdict(ref, violations=_misfits(trust.required(), own, history, brought), integration=True)


def _of_step(
    git: Git, manifest: Manifest, own: Commit, parents: Sequence[str], tips: Sequence[str]
) -> Iterable[Violation]:
    own = _read(own)
    if len(parents) > 1:
        history = History(git, [own.oid], [parents[0], *tips])
        return _misfits(manifest, own, history, history.changes)
    found = _fit(manifest, own, lambda: [own])
    # A step that another integration branch has made before is trusted.
    return () if found and any(git.is_ancestor(own.oid, tip) for tip in tips) else found


def _read(commit: Commit) -> Commit:
    return commit._replace(changes=list(commit.changes))


def _misfits(
    manifest: Manifest, own: Commit, history: History, commits: Callable[[], Iterator[Commit]]
) -> tuple[Violation, ...]:
    found = _fit(manifest, own, commits)
    return found if not found or history.exact() else _fit(manifest, own, commits)


def _fit(manifest: Manifest, own: Commit, commits: Callable[[], Iterable[Commit]]) -> tuple[Violation, ...]:
    """Find what keeps a step out of every lane: the *commits* that it brings, itself the last of them.

    *own* is what it changes itself. That may be protected, where the manifest says who may push.
    """
    allowed = {change.path for change in own.changes} if manifest.integration.pushers is not None else ()

    def counted(found: Iterator[Violation]) -> tuple[Violation, ...]:
        changes = listed(found)
        return tuple(v for v in changes if v.reason is not Reason.PROTECTED or v.path not in allowed)

    charged = counted(charges(manifest, commits()))
    misfits = tuple(not_in_one_lane(manifest, charged))
    if misfits or not charged:
        return misfits
    for lane in fitting(manifest, charged):
        misfits = counted(judge(manifest, lane, commits()))
        if not misfits:
            break
    return tuple(replace(change, reason=Reason.NOT_IN_ONE_LANE) for change in misfits)
