"""Random histories, built by git, and a slow model of the verdict, which shares no code with the project."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

from hypothesis import strategies as st
from repos import MANIFEST, Repo

PATHS = ("docs/in", "api/out", "top")
INSIDE = {"docs/in"}
UNSETTLED = "unsettled"
BRANCH = "refs/heads/work/docs-1"

Tree = dict[str, str]  # path to content


@dataclass
class History:
    """Commits by number, parents before children, and which of them the branches end on."""

    parents: list[list[int]] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)
    main: int = 0
    release: int = 0
    tip: int = 0

    def ancestors(self, commit: int) -> set[int]:
        """Give *commit* and all that it contains."""
        found = {commit}
        for parent in self.parents[commit]:
            found |= self.ancestors(parent)
        return found

    def newest(self, commits: set[int]) -> set[int]:
        """Give those of *commits* that no other one contains."""
        return {one for one in commits if not any(one in self.ancestors(other) for other in commits - {one})}

    def violations(self) -> set[tuple[int, str]]:
        """Give every commit and path that DESIGN 4.3 and 4.4 charge, word by word."""
        trusted = self.ancestors(self.main) | self.ancestors(self.release)
        judged = sorted(self.ancestors(self.tip) - trusted)
        departures = {commit: self._departures(commit, trusted) for commit in judged}
        return {
            (commit, path)
            for commit in judged
            for path, value in departures[commit].items()
            if not any(departures.get(p, {}).get(path, UNSETTLED) == value for p in self.parents[commit])
        }

    def _departures(self, commit: int, trusted: set[int]) -> dict[str, str | None]:
        side = self.newest(self.ancestors(commit) & trusted)
        held = {path: self.trees[commit].get(path) for path in PATHS if path not in INSIDE}
        return {path: value for path, value in held.items() if value != self.trusted_value(side, path)}

    def trusted_value(self, side: set[int], path: str) -> str | None:
        """Give the one value of *path* that was changed since these commits parted, if there is one."""
        if not side:
            return None
        unchanged = set()
        for one, other in combinations(side, 2):
            bases = self.newest(self.ancestors(one) & self.ancestors(other))
            before = self.trusted_value(bases, path)
            values = {commit: self.trees[commit].get(path) for commit in (one, other)}
            if values[one] != values[other]:
                unchanged |= {commit for commit, value in values.items() if value == before}
        left = {self.trees[commit].get(path) for commit in side - unchanged}
        return left.pop() if len(left) == 1 else UNSETTLED


@st.composite
def histories(draw: st.DrawFn, most: int = 16) -> History:
    """Draw a history of two integration branches and two branches of one lane that merge each other at will.

    Mostly a commit holds what its parents hold; sometimes it is evil. The branch judged is the first lane's.
    """
    history = History()
    heads: dict[str, int] = {}
    for _ in range(draw(st.integers(4, most))):
        line = draw(st.sampled_from(("main", "release", "lane", "lane", "other")))
        parents = [heads[line]] if line in heads else list(heads.values())[:1]
        if heads and draw(st.booleans()):
            others = st.sampled_from(sorted(set(heads.values()) | set(range(len(history.parents))[-3:])))
            parents = list(dict.fromkeys(parents + draw(st.lists(others, min_size=1, max_size=2))))
        elif draw(st.integers(0, 15)) == 0:
            parents = []
        if draw(st.booleans()):
            parents.reverse()
        heads[line] = len(history.parents)
        history.trees.append(_tree(draw, [history.trees[parent] for parent in parents]))
        history.parents.append(parents)
    first = next(iter(heads.values()))
    history.main, history.release, history.tip = (
        heads.get(line, first) for line in ("main", "release", "lane")
    )
    return history


def _tree(draw: st.DrawFn, held: list[Tree]) -> Tree:
    tree: Tree = {}
    for path in PATHS:
        values = [one.get(path) for one in held] or [None]
        if draw(st.integers(0, 4)) == 0:
            values = [None, "1", "2", "3"]
        value = draw(st.sampled_from(values))
        if value is not None:
            tree[path] = value
    return tree


def build(repo: Repo, history: History, manifest: str = MANIFEST) -> list[str]:
    """Make the history in *repo*, each commit with the manifest in it, and give the commits' ids."""
    stream = "".join(_stream(history, manifest)).encode()
    repo.git("fast-import", "--quiet", "--force", "--export-marks=marks", stdin=stream)
    marks = dict(line.split(" ") for line in (repo.path / "marks").read_text().splitlines())
    return [marks[f":{commit + 1}"] for commit in range(len(history.parents))]


def _stream(history: History, manifest: str) -> Iterator[str]:
    for commit, (parents, tree) in enumerate(zip(history.parents, history.trees, strict=True)):
        yield f"commit refs/heads/scratch\nmark :{commit + 1}\ncommitter A <a@b> {1000 + commit} +0000\n"
        yield f"data {len(str(commit))}\n{commit}\n"
        if not parents:
            yield "from 0000000000000000000000000000000000000000\n"
        for i, parent in enumerate(parents):
            yield f"{'merge' if i else 'from'} :{parent + 1}\n"
        yield "deleteall\n"
        for path, content in {**tree, ".lanes.toml": manifest}.items():
            yield f"M 100644 inline {path}\ndata {len(content)}\n{content}\n"
    for name, commit in (("main", history.main), ("release", history.release), ("work/docs-1", history.tip)):
        yield f"reset refs/heads/{name}\nfrom :{commit + 1}\n\n"
