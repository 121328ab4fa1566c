"""Random histories of a sealed branch, and a slow model of its rule. It shares no code with the project."""

from dataclasses import dataclass

from histories import UNSETTLED, History, Tree
from hypothesis import strategies as st
from repos import MANIFEST

SEALED = MANIFEST.replace("[integration]", '[integration]\naccepts = "lanes"')
NAMED = SEALED.replace("[integration]", '[integration]\npushers = ["ann"]')
LANES = {"docs": {"docs/in", "shared.txt"}, "api": {"api/out", "shared.txt"}, "review": set[str]()}
PROTECTED = {".lanes.toml", "ci/run"}
PATHS = ("docs/in", "api/out", "shared.txt", "ci/run", "top")
Offence = tuple[int, str]


@dataclass
class Sealed(History):
    """A history of which the sealed branch held `main` before a push, and holds `tip` after it.

    Where it `begins`, there was no such branch before, and main is another one.
    """

    begins: bool = False

    def trusted(self) -> set[int]:
        """Give all commits that integration branches hold before the push."""
        return self.ancestors(self.main) | (set() if self.begins else self.ancestors(self.release))

    def steps(self) -> list[int] | None:
        """Follow the first parents from the new tip to what is there already; None where they miss it."""
        found: list[int] = []
        end = self.trusted() if self.begins else {self.main}
        at = [self.tip]
        while at and at[0] not in end:
            found.insert(0, at[0])
            at = self.parents[at[0]][:1]
        return found if at or self.begins else None

    def offences(self, step: int, lane: str, named: bool) -> set[Offence]:
        """Give what keeps a step out of a lane: what it changes as a whole, and in each commit it brings."""
        first = self.parents[step][:1]
        trusted = self.trusted().union(*(self.ancestors(parent) for parent in first))
        brought = sorted(self.ancestors(step) - trusted)
        before = self.trees[first[0]] if first else {}
        free = {path for path in PROTECTED if named and self.trees[step].get(path) != before.get(path)}
        writable = LANES[lane] - PROTECTED | free
        departures = {commit: self._outside(commit, trusted, writable) for commit in brought}
        found = {
            (commit, path)
            for commit in brought
            for path, value in departures[commit].items()
            if not any(departures.get(p, {}).get(path, UNSETTLED) == value for p in self.parents[commit])
        }
        # Whatever the step departs in as a whole, it or a commit that it brings is charged with.
        assert {path for _, path in found} >= departures.get(step, {}).keys()
        return found

    def _outside(self, commit: int, trusted: set[int], writable: set[str]) -> dict[str, str | None]:
        side = self.newest(self.ancestors(commit) & trusted)
        held = {path: self.trees[commit].get(path) for path in (*PATHS, ".lanes.toml")}
        return {
            path: value
            for path, value in held.items()
            if path not in writable and value != self.trusted_value(side, path)
        }

    def closest(self, step: int, named: bool) -> list[set[Offence]]:
        """Give the offences of a step for those lanes that it has the fewest for: none where it fits."""
        found = [self.offences(step, lane, named) for lane in LANES]
        return [offences for offences in found if len(offences) == min(map(len, found))]


@st.composite
def sealed_histories(draw: st.DrawFn, most: int = 14) -> Sealed:
    """Draw a history of a sealed main, a release and branches of two lanes, which merge each other at will.

    Mostly a commit holds what a clean merge of its parents holds, and what its lane may write changed.
    """
    history = Sealed()
    heads: dict[str, int] = {}
    lines = ("main", "main", "main", "release", "docs", "docs", "api", "api")
    for number in range(draw(st.integers(4, most))):
        line = draw(st.sampled_from(lines)) if number else "main"
        begun = heads.get(line, heads.get("main"))
        parents = [] if begun is None or draw(st.integers(0, 30)) == 0 else [begun]
        if heads and draw(st.integers(0, 2)) == 0:
            others = st.sampled_from(sorted(set(heads.values()) | set(range(number)[-4:])))
            parents = list(dict.fromkeys(parents + draw(st.lists(others, min_size=1, max_size=2))))
        if draw(st.integers(0, 15)) == 0:
            parents.reverse()
        history.parents.append(parents)
        history.trees.append({})
        history.trees[number] = _tree(draw, history, parents, line)
        heads[line] = number
    history.tip = heads["main"]
    usual = [history.tip]
    while history.parents[usual[-1]]:
        usual.append(history.parents[usual[-1]][0])
    any_at_all = sorted(history.ancestors(history.tip))
    history.main = draw(st.sampled_from(any_at_all if draw(st.integers(0, 7)) == 0 else usual[1:] or usual))
    history.release = heads.get("release", history.main)
    history.begins = draw(st.integers(0, 3)) == 0
    return history


def _tree(draw: st.DrawFn, history: Sealed, parents: list[int], line: str) -> Tree:
    side = history.newest(set(parents))
    mine = {"docs": ("docs/in", "shared.txt"), "api": ("api/out", "shared.txt")}.get(line, PATHS)
    changed = draw(st.lists(st.sampled_from(mine), max_size=1 if len(parents) > 1 else 2))
    tree = {".lanes.toml": "the manifest"}
    for path in PATHS:
        value = history.trusted_value(side, path)
        evil = draw(st.integers(0, 30)) == 0
        if evil or path in changed:
            value = draw(st.sampled_from([None, "1", "2", "3"]))
        elif value == UNSETTLED:
            value = draw(st.sampled_from([history.trees[parent].get(path) for parent in parents]))
        if value is not None:
            tree[path] = value
    return tree
