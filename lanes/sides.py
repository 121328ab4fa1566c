"""How trusted commits lie to each other: which contain which, and what each two began on."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from lanes.plumbing import Git

AT_ONCE = 1000  # object ids in one command line
_MOST_BASED = 16  # commits; what more of them have in common takes git longer to find than to walk everything
MOST_PAIRS = 4096  # two commits whose merge bases are asked for, those of merge bases included

Pair = tuple[str, str]


class _Join(NamedTuple):
    """A commit where several of the commits meet: those `above` it, and those above or at each child."""

    commit: str
    above: int
    children: frozenset[int]


class Sides:
    """How some trusted commits lie to each other, from one walk over what lies between them.

    *tips* are the newest trusted commits, one for each integration branch. Sets of the commits are numbers, a
    bit for each commit. Raises CannotJudge where git fails.
    """

    def __init__(self, git: Git, commits: Sequence[str], tips: Sequence[str]) -> None:
        self._git = git
        self._bits = {commit: 1 << i for i, commit in enumerate(commits)}
        self._joins: list[_Join] = []
        self._known: dict[Pair, tuple[str, ...]] = {}
        everything = (1 << len(commits)) - 1
        # What lies below all of them is not walked: what is not met is contained in each other one.
        self._above = {commit: everything & ~bit for commit, bit in self._bits.items()}
        if len(commits) < 2 or (len(commits) == 2 and len(tips) == 1 and tips[0] in self._bits):
            self._above |= {tip: 0 for tip in tips if tip in self._bits}
        else:
            self._walk(commits)

    def _walk(self, commits: Sequence[str]) -> None:
        common = self._git.merge_bases(*commits, octopus=True) if len(commits) <= _MOST_BASED else []
        waiting: dict[str, set[int]] = {}
        for commit, parents in self._git.walk(commits, common):
            above = self._meet(commit, waiting.pop(commit, set()))
            if commit in self._bits:
                self._above[commit] = above
                above |= self._bits[commit]
            for parent in parents:
                waiting.setdefault(parent, set()).add(above)
        for commit in common:
            self._meet(commit, waiting.get(commit, set()))

    def _meet(self, commit: str, children: set[int]) -> int:
        above = 0
        for child in children:
            above |= child
        if above and above not in children:
            self._joins.append(_Join(commit, above, frozenset(children)))
        return above

    def newest(self, commits: frozenset[str]) -> frozenset[str]:
        """Give those of *commits* that none of the others contains."""
        if len(commits) < 2:
            return commits
        mask = sum(self._bits[commit] for commit in commits)
        return frozenset(commit for commit in commits if not self._above[commit] & mask)

    def merge_bases(self, commits: Iterable[str]) -> dict[Pair, tuple[str, ...]]:
        """Give the best common ancestors of each two of *commits*, of which none contains another.

        Where two have several, as after merges in both directions, those of each two of these are given, too,
        and so on.
        """
        found: dict[Pair, tuple[str, ...]] = {}
        waiting = list(_pairs(commits))
        while waiting and len(found) < MOST_PAIRS:
            found |= {pair: self._bases(pair) for pair in waiting}
            deeper = {pair for bases in map(found.get, waiting) for pair in _pairs(bases or ())}
            waiting = [pair for pair in deeper if pair not in found]
        return found

    def _bases(self, pair: Pair) -> tuple[str, ...]:
        if pair not in self._known:
            found = self._joined(pair)
            # Misleading dates make rev-list list too much, never too little, so a single one is right.
            if found is None or len(found) > 1:
                found = self._git.merge_bases(*pair)
            self._known[pair] = tuple(found)
        return self._known[pair]

    def _joined(self, pair: Pair) -> list[str] | None:
        """Find the merge bases among what was walked; None where that can't tell."""
        if not all(commit in self._bits for commit in pair):
            return None
        both = self._bits[pair[0]] | self._bits[pair[1]]
        return [
            join.commit
            for join in self._joins
            if join.above & both == both and not any(child & both == both for child in join.children)
        ]


def _pairs(commits: Iterable[str]) -> Iterable[Pair]:
    return combinations(sorted(commits), 2)
