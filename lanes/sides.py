"""Which of the trusted commits that judged ones begin on contain which, and what each two began on."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from lanes.plumbing import Git

AT_ONCE = 1000  # object ids in one command line


class _Join(NamedTuple):
    """A commit where several of the commits meet: `above` contain it; `of` are the ends of its children."""

    commit: str
    above: frozenset[str]
    of: frozenset[frozenset[str]]


class Sides:
    """How some trusted commits lie to each other, from one walk over what lies between them.

    *tips* are the newest trusted commits, one for each integration branch. Raises CannotJudge where git
    fails.
    """

    def __init__(self, git: Git, commits: Sequence[str], tips: Sequence[str]) -> None:
        everything = frozenset(commits)
        self._git = git
        self._joins: list[_Join] = []
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}
        # What lies below all of them is not walked: what is not met is contained in each other one.
        self._above = {commit: everything - {commit} for commit in commits}
        if len(commits) < 2 or (len(commits) == 2 and len(tips) == 1 and tips[0] in everything):
            self._above |= {tip: frozenset() for tip in tips if tip in everything}
            return
        common = git.merge_bases(*commits, octopus=True) if len(commits) <= AT_ONCE else []
        waiting: dict[str, set[frozenset[str]]] = {}
        for commit, parents in git.walk(commits, common):
            above = self._meet(commit, waiting.pop(commit, set()))
            if commit in everything:
                self._above[commit] = above
                above |= {commit}
            for parent in parents:
                waiting.setdefault(parent, set()).add(above)
        for commit in common:
            self._meet(commit, waiting.get(commit, set()))

    def _meet(self, commit: str, children: set[frozenset[str]]) -> frozenset[str]:
        above = next(iter(children)) if len(children) == 1 else frozenset().union(*children)
        if above not in children and len(above) > 1:
            self._joins.append(_Join(commit, above, frozenset(children)))
        return above

    def newest(self, commits: frozenset[str]) -> frozenset[str]:
        """Give those of *commits* that none of the others contains."""
        if len(commits) < 2:
            return commits
        return frozenset(commit for commit in commits if not self._above[commit] & commits)

    def merge_bases(self, commits: Iterable[str]) -> dict[tuple[str, str], tuple[str, ...]]:
        """Give the best common ancestors of each two of *commits*, of which none contains another."""
        return {pair: self._bases(pair) for pair in combinations(commits, 2)}

    def _bases(self, pair: tuple[str, str]) -> tuple[str, ...]:
        if pair not in self._known:
            two = frozenset(pair)
            found = [
                join.commit
                for join in self._joins
                if two <= join.above and not any(two <= child for child in join.of)
            ]
            # Misleading dates make rev-list list too much, never too little, so a single one is right.
            self._known[pair] = tuple(found if len(found) < 2 else self._git.merge_bases(*pair))
        return self._known[pair]
