"""Merged history: each merge into an integration branch, judged as the branch that it merged."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, islice
from typing import NamedTuple

from lanes.errors import CannotJudge
from lanes.history import MOST_SIDES, Step, compared
from lanes.judge import judge
from lanes.manifest import BRANCHES, Lane, Manifest, is_branch_name
from lanes.merge_names import REMOTE, TITLED, merged_branches
from lanes.plumbing import Git
from lanes.sides import Sides
from lanes.trust import Remotes, Trust, mistaken_for
from lanes.verdict import Branch, Verdict, listed

MOST_AT_ONCE = 50_000
"""So many commits are compared by one git process; a merge that brings more has one of its own."""


Parents = tuple[str, ...]


class Why(StrEnum):
    """Why a merge was not judged. The codes are stable."""

    INTEGRATION = "integration"
    NO_LANE = "no-lane"
    UNNAMED = "unnamed"


class Unjudged(NamedTuple):
    """A merge that was not judged, which of its parents, and the branch that this was, if it is known."""

    merge: str
    tip: str
    why: Why
    branch: bytes | None
    subject: bytes


@dataclass(frozen=True, slots=True)
class Merged:
    """What was looked at: the first parents of a branch, from its tip to what `since` contains, if given.

    `direct` counts the commits made on the branch itself, which may change anything; `unjudged` are merges
    that have no verdict, the newest first.
    """

    ref: bytes
    tip: str
    since: str | None
    direct: int
    unjudged: tuple[Unjudged, ...]


class _Brought(NamedTuple):
    """What a merge brought by one of its parents, *tip*: commits with theirs, parents before children.

    A commit that was made on the line itself brought itself.
    """

    merge: str
    tip: str
    commits: Sequence[tuple[str, Parents]]


def judge_merged(
    git: Git, trust: Trust, remotes: Remotes, branch: Branch, since: str | None, lane: Lane | None
) -> tuple[list[Verdict], Merged]:
    """Judge what each merge behind *since* brought to a branch, for the lane of the branch that it names.

    Trusted is what the branch held before the merge. With *lane*, all are judged for that one, and so is each
    commit made on the branch itself, as a squash merge is. The newest comes first.
    """
    if git.shallow():
        raise CannotJudge("the history is cut off here (a shallow clone); run: git fetch --unshallow")
    line = _Line(git, branch.tip, since)
    settled: list[Verdict] = []
    begun: list[_Begun] = []
    unjudged: list[Unjudged] = []
    for brought, name, subject in _named(git, remotes, line, branch.name):
        verdict = _begun(trust, brought, name) if lane is None else _verdict(brought, name, lane)
        if isinstance(verdict, Why):
            unjudged.append(Unjudged(brought.merge, brought.tip, verdict, name, subject))
        elif verdict.status:
            settled.append(verdict)
        else:
            begun.append((verdict, brought))
    if lane is not None:
        made = (_Brought(commit, commit, [(commit, parents)]) for commit, parents in line.direct)
        begun += [(_verdict(brought, None, lane), brought) for brought in made]
    for some in _parts(begun):
        settled += _judged(git, trust.required(), line, some)
    settled.sort(key=lambda verdict: line.number[verdict.merge or ""], reverse=True)
    direct = 0 if lane is not None else len(line.direct)
    return settled, Merged(branch.ref, branch.tip, since, direct, tuple(reversed(unjudged)))


# -- Which commits came by which merge


class _Line:
    """The first parents of *tip* that *since* does not contain, and what came to each by its other parents.

    `number` are their places, from 1 on, and 0 is what the oldest was made on, which is trusted with all that
    it contains. `came` says of every other commit with which of them it came. Raises CannotJudge where git
    leaves anything out.
    """

    def __init__(self, git: Git, tip: str, since: str | None) -> None:
        line = _first_parents(git, tip, since)
        begin = line[0][1][:1] if line else ()
        self.number = {commit: i for i, (commit, _) in enumerate(line, 1)} | dict.fromkeys(begin, 0)
        self.came = dict(self.number)
        self.direct = [(commit, parents) for commit, parents in line if len(parents) < 2]
        self.brought: list[_Brought] = []
        commits = dict(git.walk([tip], begin, "--reverse")) if line else {}
        for trusted in _contained(git, begin, commits):
            del commits[trusted]
        self._assign(commits)

    def _assign(self, commits: Mapping[str, Parents]) -> None:
        """Find for each commit, parents before children, the first on the line that contains it."""
        waiting: dict[str, Parents] = {}
        left = {commit for commit, number in self.number.items() if number}
        for commit, parents in commits.items():
            if commit not in left:
                waiting[commit] = parents
                continue
            left.remove(commit)
            brought = [_Brought(commit, tip, _reachable(waiting, tip)) for tip in parents[1:]]
            for oid in [oid for some in brought for oid, _ in some.commits]:
                waiting.pop(oid, None)
                self.came[oid] = self.number[commit]
            self.brought += brought
        if missing := next(iter(left or waiting), None):
            raise CannotJudge(f"git rev-list left out what leads to commit {missing[:12]}; run: git fsck")


def _first_parents(git: Git, tip: str, since: str | None) -> list[tuple[str, Parents]]:
    excluded = [since] if since else []
    line = list(git.walk([tip], excluded, "--first-parent", "--reverse"))
    if line and line[0][1][:1] != tuple(excluded):
        known = _contained(git, excluded, {commit for commit, _ in line})
        line = [(commit, parents) for commit, parents in line if commit not in known]
    if (line[-1][0] != tip) if line else not (since and git.is_ancestor(tip, since)):
        raise CannotJudge(f"git rev-list left out commit {tip[:12]}; run: git fsck")
    return line


def _contained(git: Git, tips: Sequence[str], among: Container[str]) -> list[str]:
    """Give those of *among* that a tip contains: misleading dates can hide from rev-list that it does."""
    if not tips:
        return []
    walked = [commit for commit, _ in git.walk(tips, ()) if commit in among or commit in tips]
    if not walked:
        raise CannotJudge(f"git rev-list left out commit {tips[0][:12]}; run: git fsck")
    return [commit for commit in walked if commit in among]


def _reachable(commits: Mapping[str, Parents], tip: str) -> list[tuple[str, Parents]]:
    """Give what *tip* is or contains of *commits*, in their order."""
    found: set[str] = set()
    waiting = [tip]
    while waiting:
        commit = waiting.pop()
        if commit in commits and commit not in found:
            found.add(commit)
            waiting += commits[commit]
    return [(commit, parents) for commit, parents in commits.items() if commit in found]


# -- What the merges say of themselves


def _named(
    git: Git, remotes: Remotes, line: _Line, into: bytes
) -> Iterator[tuple[_Brought, bytes | None, bytes]]:
    """Give what was brought, with the name of the branch, where the merge tells it, and the subject."""
    headers = git.headers(dict.fromkeys(brought.merge for brought in line.brought))
    titled = [merge for merge, header in headers.items() if TITLED.match(header.subject)]
    bodies = _bodies(git, titled)
    for merge, parts in groupby(line.brought, key=lambda brought: brought.merge):
        if merge not in headers:
            raise CannotJudge(f"git rev-list left out commit {merge[:12]}; run: git fsck")
        subject = headers[merge].subject
        several = list(parts)
        names: list[bytes | None] = list(merged_branches(subject, into, bodies.get(merge, b"")))
        if len(names) != len(several):
            names = [None] * len(several)
        for brought, name in zip(several, names, strict=True):
            yield brought, _branch(remotes, name), subject


def _bodies(git: Git, merges: Sequence[str]) -> dict[str, bytes]:
    """Give the first lines behind the subjects of these commits."""
    if not merges:
        return {}
    options = ("--no-walk=unsorted", "--no-commit-header", "--encoding=UTF-8", "--format=%H%x00%b%x00")
    said = git.read("rev-list", *options, "--stdin", feed="".join(f"{oid}\n" for oid in merges).encode())
    fields = said.split(b"\0")
    return {
        oid.strip().decode("ascii", "replace"): body.partition(b"\n")[0]
        for oid, body in zip(fields[::2], fields[1::2], strict=False)
    }


def _branch(remotes: Remotes, name: bytes | None) -> bytes | None:
    if name and name.startswith(REMOTE):
        name = remotes.branch_of(name)
    return name if name and is_branch_name(name) else None


# -- What is judged, and how


def _begun(trust: Trust, brought: _Brought, name: bytes | None) -> Verdict | Why:
    """Give the verdict as far as the branch's name decides it, or why there will be none."""
    if name is None:
        return Why.UNNAMED
    if trust.is_integration(name):
        return Why.INTEGRATION
    if main := trust.lookalike(name):
        return replace(_verdict(brought, name), refusal=mistaken_for(main))
    try:
        lane = trust.required().lane_of(name)
    except CannotJudge as error:
        return replace(_verdict(brought, name), error=str(error))
    covered = lane is not None or trust.required().allow_unlisted
    return _verdict(brought, name, lane) if covered else Why.NO_LANE


def _verdict(brought: _Brought, name: bytes | None, lane: Lane | None = None) -> Verdict:
    ref = BRANCHES + name if name else brought.tip.encode()
    return Verdict(ref, lane, brought.tip, commits=len(brought.commits), merge=brought.merge)


_Begun = tuple[Verdict, _Brought]


def _parts(some: Sequence[_Begun]) -> Iterator[list[_Begun]]:
    part: list[_Begun] = []
    commits = 0
    for one in some:
        commits += one[0].commits
        if part and commits > MOST_AT_ONCE:
            yield part
            part, commits = [], one[0].commits
        part.append(one)
    if part:
        yield part


def _judged(git: Git, manifest: Manifest, line: _Line, some: Sequence[_Begun]) -> list[Verdict]:
    """Judge from one git process; where that fails, each half by itself: a bad commit stops its own merge."""
    try:
        return list(_from_one_process(git, manifest, line, some))
    except CannotJudge as error:
        if len(some) == 1:
            return [replace(some[0][0], error=str(error))]
        half = len(some) // 2
        return [v for part in (some[:half], some[half:]) for v in _judged(git, manifest, line, part)]


def _from_one_process(git: Git, manifest: Manifest, line: _Line, some: Sequence[_Begun]) -> Iterator[Verdict]:
    trusted = _Trusted(git, line, [brought for _, brought in some])
    plans = [trusted.plan(brought) for _, brought in some]
    commits = compared(git, [step for steps, _ in plans for step in steps])
    for (verdict, _), (steps, side) in zip(some, plans, strict=True):
        found = listed(judge(manifest, verdict.lane, islice(commits, len(steps))))
        yield replace(verdict, side=side, violations=found)
    next(commits, None)  # where there are none left, git is asked whether that was all


class _Trusted:
    """How the commits that merges began on lie to each other, which all were on the line by then.

    Mostly the line tells: what is on it contains all that came before. For the others there is one walk.
    """

    def __init__(self, git: Git, line: _Line, some: Iterable[_Brought]) -> None:
        self._line = line
        self._others: Sides | None = None
        unsure: set[str] = set()
        for brought in some:
            sides = self._sides(brought)
            if any(len(side) > 1 for side in sides.values()):
                unsure |= {parent for _, parents in brought.commits for parent in parents} - sides.keys()
        self._others = Sides(git, sorted(unsure), ())

    def plan(self, brought: _Brought) -> tuple[list[Step], tuple[str, ...]]:
        """Choose how each commit is compared, and give the trusted side of the last one."""
        sides = self._sides(brought)
        steps = [self._step(sides, commit, parents) for commit, parents in brought.commits]
        return steps, tuple(sorted(self._newest(sides, [brought.tip])))

    def _step(self, sides: Mapping[str, frozenset[str]], commit: str, parents: Parents) -> Step:
        judged = tuple(parent for parent in parents if parent in sides)
        for parent in parents:
            if sides.get(parent, {parent}) == sides[commit]:
                return Step(commit, judged, (parent,))
        several = tuple(sorted(sides[commit]))
        if len(several) > MOST_SIDES:
            raise CannotJudge(f"commit {commit[:12]} brings {len(several)} trusted commits together")
        return Step(commit, judged, several, self._others.merge_bases(several) if self._others else {})

    def _sides(self, brought: _Brought) -> dict[str, frozenset[str]]:
        sides: dict[str, frozenset[str]] = {}
        for commit, parents in brought.commits:
            sides[commit] = self._newest(sides, parents)
        return sides

    def _newest(self, sides: Mapping[str, frozenset[str]], parents: Iterable[str]) -> frozenset[str]:
        found = frozenset[str]().union(*(sides.get(parent, (parent,)) for parent in parents))
        if len(found) < 2:
            return found
        number, came = self._line.number, self._line.came
        last = max(number.get(commit, -1) for commit in found)
        left = frozenset(c for c in found if came.get(c, 0) > last or number.get(c) == last)
        return self._others.newest(left) if self._others else left
