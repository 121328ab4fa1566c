"""Which branches conflict, against git's own merge of every pair, and how they lie to each other."""

import random
from itertools import combinations
from pathlib import Path

import pytest
from repos import Repo, make_repo

from lanes.conflicts import Pair, merge, pairs_to_merge
from lanes.lineage import Lineage
from lanes.plumbing import Git

Tree = dict[str, str]  # path to content

FOLDERS = ("a", "b", "a/c", "a/d", "e/f/g")
NAMES = ("a", "b", "c", "x", "y")
BRANCHES = 6


class RandomHistory:
    """Branches that begin on a main that moves on, with folders moved, and merged now and then."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._parents: list[list[int]] = []
        self._trees: list[Tree] = []
        self._heads: dict[str, int] = {}
        base = {f"{self._folder()}/{name}": self._text() for name in NAMES for _ in range(3)}
        self._add("main", [], _without_clashes(base))
        mains = [0]
        others = self._random.random() < 0.3
        for _ in range(self._random.randrange(2, 22)):
            line = self._random.choice(["main", *(f"b{number}" for number in range(BRANCHES))])
            start = self._heads.get(line, self._random.choice(mains))
            if others and self._random.random() < 0.3:
                self._merge(line, start)
            else:
                self._add(line, [start], self._changed(self._trees[start]))
            if line == "main":
                mains.append(self._heads["main"])
        if self._random.random() < 0.15:
            self._add("orphan", [], {"a/a": self._text()})

    def _add(self, line: str, parents: list[int], tree: Tree) -> None:
        self._heads[line] = len(self._parents)
        self._parents.append(parents)
        self._trees.append(tree)

    def _merge(self, line: str, start: int) -> None:
        other = self._random.choice(sorted(self._heads.values()))
        tree = _without_clashes(self._trees[start] | self._trees[other])
        self._add(line, [start, other] if other != start else [start], tree)

    def _folder(self) -> str:
        return self._random.choice(FOLDERS)

    def _text(self) -> str:
        """Give a file's lines, unlike any other file's, so that git finds it where it is moved to."""
        name = self._random.randrange(10**6)
        return "".join(f"{name} {line}\n" for line in range(12))

    def _changed(self, tree: Tree) -> Tree:
        tree = dict(tree)
        for _ in range(self._random.choice((1, 1, 2))):
            paths = sorted(tree)
            kind = self._random.random()
            if kind < 0.3 or not paths:
                tree[f"{self._folder()}/{self._random.choice(NAMES)}"] = self._text()
            elif kind < 0.5:
                path = self._random.choice(paths)
                lines = tree[path].splitlines(keepends=True)
                lines[self._random.randrange(len(lines))] = f"{self._random.random()}\n"
                tree[path] = "".join(lines)
            elif kind < 0.6:
                del tree[self._random.choice(paths)]
            elif kind < 0.7:
                tree[f"{self._folder()}/{self._random.choice(NAMES)}"] = tree.pop(self._random.choice(paths))
            elif kind < 0.9:
                old, new = self._folder(), self._random.choice([*FOLDERS, "n", "n/m", "a/new", ""])
                tree = {_moved(path, old, new): text for path, text in tree.items()}
            else:  # a file where a folder is, or the other way round
                tree[self._random.choice(["a", "b", "a/c", "e/f", "a/a/z", "b/x/y"])] = self._text()
            tree = _without_clashes(tree)
        return tree

    def build(self, repo: Repo) -> list[str]:
        """Make it in a repository; give the tips, main's first, each once."""
        repo.git("fast-import", "--quiet", stdin="".join(self._stream()).encode())
        return list(
            dict.fromkeys(repo.git("rev-parse", *(f"refs/heads/{name}" for name in self._names())).split())
        )

    def _names(self) -> list[str]:
        return ["main", *(name for name in self._heads if name != "main")]

    def _stream(self) -> list[str]:
        lines = []
        for commit, (parents, tree) in enumerate(zip(self._parents, self._trees, strict=True)):
            lines += [f"commit refs/scratch\nmark :{commit + 1}\ncommitter A <a@b> {commit} +0000\ndata 0\n"]
            lines += [] if parents else ["from 0000000000000000000000000000000000000000\n"]
            lines += [f"{'merge' if i else 'from'} :{parent + 1}\n" for i, parent in enumerate(parents)]
            lines += ["deleteall\n"]
            lines += [f"M 100644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in tree.items()]
        lines += [f"reset refs/heads/{name}\nfrom :{commit + 1}\n\n" for name, commit in self._heads.items()]
        return lines


def _moved(path: str, old: str, new: str) -> str:
    return f"{new}/{path[len(old) + 1 :]}".lstrip("/") if path.startswith(f"{old}/") else path


def _without_clashes(tree: Tree) -> Tree:
    """Leave out what a tree can't hold: files in the place of folders."""
    return {path: text for path, text in tree.items() if not any(p.startswith(f"{path}/") for p in tree)}


def brute_force(repo: Repo, tips: list[str]) -> tuple[dict[Pair, set[str]], set[Pair]]:
    """Have git merge every pair by itself: give those that conflict, with their paths, and those it refuses.

    Some merges kill git 2.39, by assertions of its own; they conflict, and no path is known.
    """
    conflicts, refused = {}, set()
    for one, other in combinations(range(len(tips)), 2):
        ended = repo.try_git(
            "merge-tree", "--write-tree", "--name-only", "-z", "--no-messages", tips[one], tips[other]
        )
        assert ended.status in (0, 1, 128) or "Assertion" in ended.err, ended
        if ended.status in (1, -6):
            conflicts[one, other] = set(ended.out.split("\0")[1:]) - {""}
        elif ended.status == 128:
            assert "unrelated histories" in ended.err
            refused.add((one, other))
    return conflicts, refused


def check(path: Path, seed: int) -> tuple[int, int, int]:
    repo = make_repo(path)
    tips = RandomHistory(seed).build(repo)
    git = Git(repo.path)
    lineage = Lineage(git, tips)
    for place, tip in enumerate(tips):
        behind, ahead = map(
            int, repo.git("rev-list", "--count", "--left-right", f"{tips[0]}...{tip}").split()
        )
        assert (lineage.ahead(place), lineage.behind(place)) == (ahead, behind)
        for other, inner in enumerate(tips):
            contains = repo.try_git("merge-base", "--is-ancestor", inner, tip).status == 0
            assert lineage.contains(place, other) == contains
    pairs = pairs_to_merge(git, lineage, tips, range(len(tips)))
    found = merge(git, tips, pairs)
    conflicts, refused = brute_force(repo, tips)
    assert found.keys() == conflicts.keys() & set(pairs)
    assert conflicts.keys() - set(pairs) == set()
    related = lineage.related()
    everything = list(combinations(range(len(tips)), 2))
    assert {pair for pair in everything if not related[pair[0]] >> pair[1] & 1} == refused
    for pair, conflict in found.items():
        assert conflicts[pair] <= {path.decode() for path in conflict.paths}
    return len(everything), len(pairs), len(conflicts)


@pytest.mark.parametrize("seed", range(40))
def test_random_histories(tmp_path: Path, seed: int) -> None:
    check(tmp_path / "random", seed)
