"""Which branches conflict, against git's own merge of every pair, and how they lie to each other."""

import random
from itertools import combinations
from pathlib import Path

import pytest
from repos import Content, Repo

from lanes.conflicts import Conflict, Pair, merge, pairs_to_merge
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


def check(repo: Repo, tips: list[str]) -> tuple[set[Pair], set[Pair]]:
    """Compare everything with git's own answers; give the pairs that were merged, and those that conflict."""
    git = Git(repo.path)
    lineage = Lineage(git, tips)
    for place, tip in enumerate(tips):
        counted = repo.git("rev-list", "--count", "--left-right", f"{tips[0]}...{tip}").split()
        assert [lineage.behind(place), lineage.ahead(place)] == list(map(int, counted))
        for other, inner in enumerate(tips):
            contains = repo.try_git("merge-base", "--is-ancestor", inner, tip).status == 0
            assert lineage.contains(place, other) == contains
    pairs = pairs_to_merge(git, lineage, range(len(tips)))
    assert not any(lineage.contains(*pair) or lineage.contains(*reversed(pair)) for pair in pairs)
    found = merge(git, tips, pairs)
    conflicts, refused = brute_force(repo, tips)
    assert found.keys() == conflicts.keys()
    related = lineage.related()
    unrelated = {pair for pair in combinations(range(len(tips)), 2) if not related[pair[0]] >> pair[1] & 1}
    assert unrelated == refused
    for pair, conflict in found.items():
        assert conflicts[pair] <= {path.decode() for path in conflict.paths}
    return set(pairs), set(conflicts)


@pytest.mark.parametrize("seed", range(40))
def test_random_histories(repo: Repo, seed: int) -> None:
    check(repo, RandomHistory(seed).build(repo))


def heads(repo: Repo, *names: str) -> list[str]:
    return repo.git("rev-parse", *names).split()


def on(repo: Repo, branch: str, start: str, *changes: dict[str | bytes, Content]) -> None:
    """Make a branch with a commit for each of these changes."""
    repo.switch(branch, start)
    for files in changes:
        repo.commit(files)


def test_nothing_is_merged_that_can_not_conflict(repo: Repo) -> None:
    """Branches from three places on main, of which each changes files of its own, and two change the same."""
    repo.commit({"a/1": "1", "b/1": "1", "c/1": "1", "d/1": "1"})
    on(repo, "a", "main", {"a/2": "2"})
    repo.switch("main")
    repo.commit({"d/1": "2"})
    on(repo, "b", "main", {"b/1": "2"})
    on(repo, "side", "main", {"side": "1"})
    repo.switch("main")
    repo.git("merge", "--quiet", "--no-ff", "side")
    on(repo, "c", "main", {"c/1": "2"})
    on(repo, "side", "side", {"side": "2"})
    repo.switch("main")
    repo.git("merge", "--quiet", "--no-ff", "side")
    on(repo, "d", "main", {"d/1": "3", "a/3": "3"})
    on(repo, "e", "c~", {"b/1": "3"})
    assert check(repo, heads(repo, "main", "a", "b", "c", "d", "e")) == ({(2, 5)}, {(2, 5)})


def test_a_branch_that_main_moved_past(repo: Repo) -> None:
    """It conflicts with main, and with each branch that began when main had changed the same file."""
    repo.commit({"file": "1", "other": "1"})
    on(repo, "old", "main", {"file": "old"})
    on(repo, "as-old", "main", {"other": "2"})
    repo.switch("main")
    repo.commit({"file": "2"})
    on(repo, "new", "main", {"new": "new"})
    tips = heads(repo, "main", "old", "as-old", "new")
    assert check(repo, tips) == ({(0, 1), (1, 3)}, {(0, 1), (1, 3)})


@pytest.mark.parametrize("merged", ["not", "later", "before"])
def test_a_commit_in_common_that_one_took_back(repo: Repo, merged: str) -> None:
    """Against main one of the two changed nothing that the other one did; against each other, it did."""
    repo.commit({"file": "1"})
    on(repo, "common", "main", {"file": "2"})
    on(repo, "back", "common", {"file": "1"}, {"own": "own"})
    if merged != "not":
        repo.switch("main")
        repo.git("merge", "--quiet", "--no-ff", "common")
    on(repo, "forth", "main" if merged == "before" else "common", {"file": "3"})
    for names in (("back", "forth"), ("forth", "back")):
        pairs, conflicts = check(repo, heads(repo, "main", *names))
        assert ((1, 2) in pairs, (1, 2) in conflicts) == (True, True)


def test_a_history_of_its_own_that_main_merged(repo: Repo) -> None:
    """Branches from there contain nothing that main had in turn."""
    repo.commit({"file": "1"})
    repo.git("checkout", "--quiet", "--orphan", "other")
    repo.git("rm", "--quiet", "-rf", ".")
    repo.commit({"other/file": "1"})
    on(repo, "one", "other", {"other/file": "one"})
    on(repo, "two", "other", {"other/file": "two"})
    repo.switch("main")
    repo.git("merge", "--quiet", "--allow-unrelated-histories", "other")
    assert check(repo, heads(repo, "main", "one", "two"))[1] == {(1, 2)}


def test_a_folder_that_one_side_moved(repo: Repo) -> None:
    """Git would move what the other side added to it, and asks; no path was changed by both."""
    repo.commit({"old/a": "a\n" * 9, "old/b": "b\n" * 9})
    repo.switch("moved", "main")
    repo.git("mv", "old", "new")
    repo.commit({})
    on(repo, "added", "main", {"old/c": "c"})
    tips = heads(repo, "main", "moved", "added")
    assert check(repo, tips) == ({(1, 2)}, {(1, 2)})
    found = merge(Git(repo.path), tips, [(1, 2)])
    assert found == {(1, 2): Conflict((b"new/c", b"old/c"))}


def test_dates_that_mislead(repo: Repo) -> None:
    """Rev-list lists commits that lie below the common ones, from the future; none is counted."""

    def dated(seconds: int) -> None:
        date = f"{seconds} +0000"
        repo.git("commit", "--quiet", "--allow-empty", "-m", "Dated", env={"GIT_COMMITTER_DATE": date})

    dated(1_000_000_000)
    for number in range(3):
        dated(2_000_000_000 + number)
    start = repo.head()
    for number in range(9):
        dated(1_000_000_000 - number)
    one = repo.git("commit-tree", "-p", "main", "-p", start, "-m", "One", "main^{tree}")
    two = repo.git("commit-tree", "-p", "main", "-m", "Two", "main^{tree}")
    assert start in repo.git("rev-list", one, two, "^main")
    check(repo, heads(repo, "main", one, two))


def test_files_are_all_as_they_were(repo: Repo) -> None:
    repo.commit({"file": "1", ".gitignore": "ignored"})
    on(repo, "one", "main", {"file": "one"})
    on(repo, "two", "main", {"file": "two"})
    repo.write({"ignored": "ignored", "new": "new", "file": "dirty"})
    repo.git("add", "new")
    before = snapshot(repo.path)
    assert merge(Git(repo.path), heads(repo, "one", "two"), [(0, 1)]) == {(0, 1): Conflict((b"file",))}
    assert snapshot(repo.path) == before


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_git_says_of_odd_paths(repo: Repo) -> None:
    repo.commit({b"a\nb\xff": "1", "2": "1"})
    on(repo, "one", "main", {b"a\nb\xff": "one", "2": "one"})
    on(repo, "two", "main", {b"a\nb\xff": "two", "2": "two"})
    found = merge(Git(repo.path), heads(repo, "one", "two"), [(0, 1)])
    assert found == {(0, 1): Conflict((b"2", b"a\nb\xff"))}
