"""Which commits would conflict if they were merged now: git merges them, and the repository is not touched.

Most pairs need no merge. Where no path that one side changed since their merge base is one that the other
side changed, or lies in it or around it, each path ends as one of the sides has it. A rename is a deleted
path and an added one. But where a side renamed a whole folder, git moves along what the other side added.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

from lanes.canary import objects_apart
from lanes.errors import CannotJudge
from lanes.history import Step, compared
from lanes.judge import Change
from lanes.lineage import Lineage, bits
from lanes.plumbing import Git, environment, records
from lanes.text import printable

Pair = tuple[int, int]
"""The places of two commits in a list, the lower one first."""

MOST_FAILURES = 20
_SOURCE = "git merge-tree"
_AT_ONCE = 1000  # merges, whose objects lie in one temporary folder


class Conflict(NamedTuple):
    """Why git can't merge two commits: the paths that conflict, sorted, or an error."""

    paths: tuple[bytes, ...]
    error: str | None = None


def pairs_to_merge(git: Git, lineage: Lineage, wanted: Sequence[int]) -> list[Pair]:
    """Give those pairs of the *wanted* tips which may conflict, and that have a commit in common.

    These are places among the lineage's tips, in order. Of all other pairs git is known to merge without a
    conflict. Raises CannotJudge where git fails.
    """
    tips, chain = lineage.tips, lineage.chain
    placed = [tip for tip in wanted if lineage.begins(tip) < len(chain)]
    nodes = sorted({lineage.begins(tip) for tip in placed}, reverse=True)  # the oldest first
    steps = [Step(tips[tip], (), (chain[lineage.begins(tip)],)) for tip in placed]
    steps += [Step(chain[newer], (), (chain[older],)) for older, newer in pairwise(nodes)]
    met = _meetings(commit.changes for commit in compared(git, steps)) if steps else []
    side = {tip: place for place, tip in enumerate(placed)}
    rank = {node: place for place, node in enumerate(nodes)}
    related, entangled = lineage.related(), lineage.entangled()

    def may_conflict(one: int, other: int) -> bool:
        if lineage.contains(one, other) or lineage.contains(other, one) or not related[one] >> other & 1:
            return False
        if entangled[one] >> other & 1 or entangled[other] >> one & 1:
            return True
        older, newer = sorted((one, other), key=lineage.begins, reverse=True)
        # What the newer one changed since their merge base, it changed itself, or the trusted branch before.
        before = (1 << rank[lineage.begins(newer)]) - (1 << rank[lineage.begins(older)])
        return bool(met[side[older]] & (1 << side[newer] | before << len(placed)))

    return [pair for pair in combinations(wanted, 2) if may_conflict(*pair)]


def _meetings(sides: Iterable[Iterable[Change]]) -> list[int]:
    """Give for each side those whose changes its own may conflict with, as a number with a bit for each."""
    changed, around, grown, shrunk = (defaultdict[bytes, int](int) for _ in range(4))
    number = 0
    for number, changes in enumerate(sides, 1):
        side = 1 << number - 1
        for path, old, new in changes:
            changed[path] |= side
            folder = path
            while folder := folder.rpartition(b"/")[0]:
                around[folder] |= side
                if old is None:
                    grown[folder] |= side
                elif new is None:
                    shrunk[folder] |= side
    met = [0] * number
    for one, other in ((changed, changed), (changed, around), (shrunk, grown)):
        for path in one.keys() & other.keys():
            for place in bits(one[path]):
                met[place] |= other[path]
            for place in bits(other[path]):
                met[place] |= one[path]
    return met


def merge(git: Git, tips: Sequence[str], pairs: Sequence[Pair]) -> dict[Pair, Conflict]:
    """Merge each pair by itself; give those that git can't merge.

    What git makes of it is in a temporary folder. Raises CannotJudge where git fails too often.
    """
    found: dict[Pair, Conflict] = {}
    failures = 0
    waiting = [pairs[i : i + _AT_ONCE] for i in range(0, len(pairs), _AT_ONCE)]
    while waiting:
        some = waiting.pop()
        try:
            found.update(_conflicts(git, tips, some))
        except CannotJudge as error:  # some merges kill git, and with it the answers about all others
            if len(some) > 1:
                waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
                continue
            failures += 1
            if failures > MOST_FAILURES:
                raise
            found[some[0]] = Conflict((), str(error))
    return found


def _conflicts(git: Git, tips: Sequence[str], pairs: Sequence[Pair]) -> dict[Pair, Conflict]:
    feed = (f"{tips[one]} {tips[other]}\n".encode() for one, other in pairs)
    options = ("--write-tree", "--stdin", "--name-only")
    with tempfile.TemporaryDirectory(prefix="git-lanes-") as made:
        (objects,) = git.paths("objects")
        apart = objects_apart(Path(made).resolve() / "objects", objects.absolute())
        hurried = f"{environment()['GIT_CONFIG_PARAMETERS']} 'core.fsync'='none'"
        variables = {**git.variables, **apart, "GIT_CONFIG_PARAMETERS": hurried}
        with Git(git.folder, variables).stream("merge-tree", *options, feed=feed) as output:
            answers = records(output, b"\0", _SOURCE)
            found = {pair: _conflict(answers) for pair in pairs}
            if next(answers, None) is not None:
                raise CannotJudge(f"{_SOURCE} answered more than it was asked")
    return {pair: conflict for pair, conflict in found.items() if conflict}


def _conflict(answers: Iterator[bytes]) -> Conflict | None:
    """Read the answer about one merge, None where nothing conflicts (git-merge-tree(1))."""
    status, _tree = _next(answers), _next(answers)
    paths = set(iter(lambda: _next(answers), b""))
    if status == b"1" and not paths:
        return None
    if status != b"0":
        raise _garbage(status)
    while number := _next(answers):
        if not number.isdigit():
            raise _garbage(number)
        about = {_next(answers) for _ in range(int(number))}
        kind, _message = _next(answers), _next(answers)
        if kind.startswith(b"CONFLICT"):
            paths |= about
    return Conflict(tuple(sorted(paths)))


def _next(answers: Iterator[bytes]) -> bytes:
    answer = next(answers, None)
    if answer is None:
        raise CannotJudge(f"{_SOURCE} answered too little")
    return answer


def _garbage(said: bytes) -> CannotJudge:
    return CannotJudge(f"{_SOURCE} answered garbage: {printable(said)[:200]}")
