"""How branches lie to the trusted one and to each other, from one walk over what lies between them."""

from collections import Counter
from collections.abc import Iterator, Sequence

from lanes.plumbing import Git
from lanes.sides import AT_ONCE

Walked = Sequence[tuple[str, tuple[str, ...]]]
"""Commits with their parents, every commit before its parents."""


def bits(number: int) -> Iterator[int]:
    """Give the places of the bits that are set, the lowest first."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


class Lineage:
    """How some commits lie to each other: *tips*, each once, and that of the trusted branch first.

    A tip is known by its place among them, and a set of tips is a number with a bit for each. `chain` are the
    commits that the trusted branch had in turn (its first parents), the newest first, down to one that all
    tips contain, where there is one. Raises CannotJudge where git fails.
    """

    def __init__(self, git: Git, tips: Sequence[str]) -> None:
        self.tips = tips
        self.places = {tip: place for place, tip in enumerate(tips)}
        self._everything = (1 << len(tips)) - 1
        common = git.merge_bases(*tips, octopus=True) if len(tips) <= AT_ONCE else []
        commits = list(git.walk(tips, common))
        if common and not _is_exact(git, commits, common):
            common, commits = [], list(git.walk(tips, ()))
        self.chain: list[str] = []
        self._chain_holders: list[int] = []
        self._kinds: Counter[tuple[int, int]] = Counter()
        self._holders: list[int] = []
        self._count(commits, common)
        self._counts: Counter[int] = Counter()
        for (held, _), count in self._kinds.items():
            self._counts[held] += count
        self._begins: list[int] = [len(self.chain)] * len(tips)
        self._begun: list[int] = []
        self._place_on_the_chain()

    def _count(self, commits: Walked, common: Sequence[str]) -> None:
        """Sort the commits by the tips that contain them, and by the oldest of the chain that does."""
        holders = {tip: 1 << place for tip, place in self.places.items()}
        depths: dict[str, int] = {}
        following: str | None = self.tips[0]
        listed = set()
        for commit, parents in commits:
            listed.add(commit)
            if commit == following:
                depths[commit] = self._lengthen(commit, holders[commit])
                following = parents[0] if parents else None
            depth = depths.get(commit, -1)
            self._kinds[holders[commit], depth] += 1
            for parent in parents:
                holders[parent] = holders.get(parent, 0) | holders[commit]
                depths[parent] = max(depths.get(parent, -1), depth)
        if following is not None and following not in listed:
            depths[following] = self._lengthen(following, self._everything)
        self._holders = [holders[tip] for tip in self.tips]
        self._common = {(self._everything, depths.get(commit, -1)) for commit in common}

    def _lengthen(self, commit: str, holders: int) -> int:
        self.chain.append(commit)
        self._chain_holders.append(holders)
        return len(self.chain) - 1

    def _place_on_the_chain(self) -> None:
        seen = 0
        for depth, holders in enumerate(self._chain_holders):
            for tip in bits(holders & ~seen):
                self._begins[tip] = depth
            seen |= holders
            self._begun.append(seen)

    def ahead(self, tip: int) -> int:
        """Count the commits that a tip contains, and the trusted branch does not."""
        return self._number(1 << tip, 1)

    def behind(self, tip: int) -> int:
        """Count the commits that the trusted branch contains, and a tip does not."""
        return self._number(1, 1 << tip)

    def _number(self, there: int, not_there: int) -> int:
        counts = self._counts.items()
        return sum(count for held, count in counts if held & there and not held & not_there)

    def contains(self, tip: int, other: int) -> bool:
        """Tell whether a tip is or contains another one."""
        return bool(self._holders[other] >> tip & 1)

    def begins(self, tip: int) -> int:
        """Give the place on the chain of the newest commit of it that a tip contains; its length for none."""
        return self._begins[tip]

    def related(self) -> list[int]:
        """Give for each tip those that have any commit in common with it."""
        if self._common:
            return [self._everything] * len(self.tips)
        found = [0] * len(self.tips)
        for holders in self._counts:
            for tip in bits(holders):
                found[tip] |= holders
        return found

    def entangled(self) -> list[int]:
        """Give for each tip those whose merge base with it may be another one than the chain tells.

        The chain tells the only merge base of two tips, the older one of the two places where they begin,
        unless they have a commit in common that this one does not contain. What is given for one of the two
        need not be given for the other.
        """
        found = [0] * len(self.tips)
        for holders, depth in self._kinds.keys() | self._common:
            later = self._begun[depth] if depth >= 0 else 0
            for tip in bits(holders & ~later):
                found[tip] |= holders
        return found


def _is_exact(git: Git, commits: Walked, common: Sequence[str]) -> bool:
    """Tell whether none of *commits* lies below *common*: misleading dates can hide it from rev-list."""
    listed = {commit for commit, _ in commits}
    oldest = [commit for commit, parents in commits if listed.isdisjoint(parents)]
    if not oldest:
        return True
    return len(oldest) <= AT_ONCE and git.independent([*oldest, *common]).issuperset(oldest)
