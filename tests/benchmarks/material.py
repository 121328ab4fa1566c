"""The repositories that are measured: made by git fast-import, the same to the last byte every time."""

import os
import random
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from hundred_lanes import AREAS, TASKS
from repos import Repo, make_repo

TOPS = (
    *("api", "build", "client", "docs", "engine", "forms", "graph", "hosts", "import", "jobs"),
    *("kernel", "locale", "media", "net", "orders", "ports", "queue", "report", "search", "tests"),
)
CONTENTS = 1_000  # different contents of files

# It has every path of every repository in its lane, by ten patterns, so that none decides for all.
MANIFEST = """\
version = 1

[integration]
branches = ["main"]

[lanes.work]
branches = ["work/*"]
paths = [
  "/[!a-z]*",
  "/[a-b]*",
  "/[c-d]*",
  "/[e-g]*",
  "/[h-i]*",
  "/[j-l]*",
  "/[m-o]*",
  "/[p-q]*",
  "/[r-s]*",
  "/[t-z]*",
]
"""
LANEKEEPER = """\
version: 1
project:
  name: benchmark
lanes:
- name: work
  allow: ["**"]
"""


@dataclass(frozen=True)
class Size:
    """How much there is of everything."""

    name: str
    folders: int
    """Folders in each of the twenty at the root; each has twenty files."""
    linear: int
    """Commits of the history without merges."""
    merged: int
    """Commits of the one with merges."""
    many: int
    """Commits of the history by which memory is compared."""
    pushed: int
    """Commits of the large push."""
    refs: int
    """Refs of the server that has many."""
    paths: int
    """Different paths that are matched."""
    sampled: int
    """Commits that the slow ways are run over; their figures are multiplied."""


FULL = Size("full", 25, 100_000, 24_000, 1_000_000, 10_000, 100_000, 100_000, 1_000)
SMALL = Size("small", 2, 300, 200, 1_000, 100, 200, 5_000, 20)


def _commit(branch: str, mark: int, *parents: int) -> str:
    text = (
        f"commit refs/heads/{branch}\nmark :{mark}\n"
        f"committer Ann <ann@example.org> {1_500_000_000 + mark} +0000\ndata 7\nChange\n"
    )
    words = zip(("from", "merge"), parents, strict=False)
    return text + "".join(f"{word} :{parent}\n" for word, parent in words)


def _write(path: str, content: int) -> str:
    return f"M 100644 :{content} {path}\n"


class Stream:
    """What git fast-import reads. The random numbers of Python's `random()` are the same in every version."""

    def __init__(self, size: Size) -> None:
        self._random = random.Random(6).random
        self._paths = [
            f"{top}/part{folder:02}/file{file:02}.txt"
            for top in TOPS
            for folder in range(size.folders)
            for file in range(20)
        ]
        self._mark = CONTENTS

    def below(self, number: int) -> int:
        return int(self._random() * number)

    def begin(self) -> Iterator[str]:
        """Write all files on main, and a branch `work/new` that is one commit ahead of it."""
        for content in range(1, CONTENTS + 1):
            text = f"content {content}\n" * 20
            yield f"blob\nmark :{content}\ndata {len(text)}\n{text}"
        self._mark += 1
        yield _commit("main", self._mark)
        for name, text in ((".lanes.toml", MANIFEST), (".lanekeeper/config.yaml", LANEKEEPER)):
            yield f"M 100644 inline {name}\ndata {len(text)}\n{text}\n"
        for path in self._paths:
            yield _write(path, 1 + self.below(CONTENTS))
        self._mark += 1
        yield _commit("work/new", self._mark, self._mark - 1) + _write(f"{TOPS[0]}/new.txt", 1)

    def _changes(self) -> dict[str, int]:
        """Change one to four files."""
        return {
            self._paths[self.below(len(self._paths))]: 1 + self.below(CONTENTS)
            for _ in range(1 + self.below(4))
        }

    def _add(self, changes: dict[str, int], *parents: int) -> str:
        self._mark += 1
        written = "".join(_write(path, content) for path, content in changes.items())
        return _commit("work/all", self._mark, *parents) + written

    def linear(self, commits: int) -> Iterator[str]:
        """Write a branch without merges."""
        tip = CONTENTS + 1
        for _ in range(commits):
            yield self._add(self._changes(), tip)
            tip = self._mark

    def merged(self, commits: int) -> Iterator[str]:
        """Write a branch of which every fourth commit merges a topic, and one merge of twenty does more."""
        tip, end = CONTENTS + 1, self._mark + commits
        while self._mark < end:
            topic, theirs = tip, dict[str, int]()
            for _ in range(1 + self.below(3)):
                changes = self._changes()
                yield self._add(changes, topic)
                topic, theirs = self._mark, theirs | changes
            yield self._add(self._changes(), tip)
            more = self._changes() if self.below(20) == 0 else {}
            yield self._add(theirs | more, self._mark, topic)
            tip = self._mark


def _link(source: str, target: str) -> str:
    """Copy a file; what git never writes to a second time is the same file."""
    if "/objects/" in source:
        os.link(source, target)
        return target
    return str(shutil.copy2(source, target))


def copy(source: Repo, target: Path) -> Repo:
    """Give a copy of a repository, in the place of the one that may be there."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source.path, target, copy_function=_link, symlinks=True)
    return Repo(target)


@dataclass(frozen=True)
class History:
    """Commits in a bare repository, `main..work/all`."""

    repo: Repo
    range: str = "main..work/all"

    def commits(self, *options: str) -> int:
        return int(self.repo.git("rev-list", "--count", *options, self.range))

    def last(self, about: int) -> tuple[str, float]:
        """Give a range of the last commits, and in how many such parts the whole divides."""
        all_steps, commits = self.commits("--first-parent"), self.commits()
        steps = min(all_steps, max(1, about * all_steps // commits))
        last = History(self.repo, f"work/all~{steps}..work/all")
        return last.range, commits / last.commits()


class Material:
    """Makes each repository when it is first asked for, in one folder."""

    def __init__(self, folder: Path, size: Size) -> None:
        # What an older version of this file made is left alone.
        self._folder = folder / f"{size.name}-{zlib.crc32(Path(__file__).read_bytes()):08x}"
        self._folder.mkdir(parents=True, exist_ok=True)
        self.size = size

    def _made(self, name: str, make: Callable[[Path], object]) -> Repo:
        """Make what is not there yet; what was left half made has another name."""
        path = self._folder / name
        if not path.exists():
            half = self._folder / f"{name}.half"
            shutil.rmtree(half, ignore_errors=True)
            make(half)
            half.rename(path)
        return Repo(path)

    def _imported(self, path: Path, shape: str, commits: int) -> None:
        repo = make_repo(path, "--bare")
        stream = Stream(self.size)
        with subprocess.Popen(
            ["git", "fast-import", "--quiet"], cwd=path, stdin=subprocess.PIPE, text=True
        ) as fast_import:
            assert fast_import.stdin
            fast_import.stdin.writelines(stream.begin())
            fast_import.stdin.writelines(getattr(stream, shape)(commits))
        assert fast_import.returncode == 0
        repo.git("symbolic-ref", "HEAD", "refs/heads/main")

    def linear(self) -> History:
        """Give a history without merges; some of its commits are branches of their own, to be pushed."""

        def make(path: Path) -> None:
            self._imported(path, "linear", self.size.linear)
            for name, commits in (("work/many", self.size.pushed), ("work/ten", 10)):
                Repo(path).git("branch", name, f"work/all~{self.size.linear - commits}")

        return History(self._made("linear.git", make))

    def merged(self) -> History:
        """Give a history with merges, as many as git's own has."""
        return History(
            self._made("merged.git", lambda path: self._imported(path, "merged", self.size.merged))
        )

    def many(self) -> History:
        """Give a history of ten times as many commits as the linear one."""
        return History(self._made("many.git", lambda path: self._imported(path, "linear", self.size.many)))

    def real(self, clone: Path, revisions: str) -> History:
        """Give the range BASE..TIP of a clone, with a manifest on a main of our own; it is only read."""
        base, _, tip = revisions.partition("..")
        source = Repo(clone.resolve())
        parent, head = (source.git("rev-parse", f"{name or 'HEAD'}^{{commit}}") for name in (base, tip))

        def make(path: Path) -> None:
            repo = make_repo(path, "--bare")
            objects = source.path / source.git("rev-parse", "--git-path", "objects")
            (path / "objects/info/alternates").write_text(f"{objects}\n")
            index = {"GIT_INDEX_FILE": str(path / "index")}
            repo.git("read-tree", parent, env=index)
            blob = repo.git("hash-object", "-w", "--stdin", stdin=MANIFEST.encode())
            repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},.lanes.toml", env=index)
            tree = repo.git("write-tree", "--missing-ok", env=index)
            repo.git("branch", "main", repo.git("commit-tree", "-p", parent, "-m", "Lanes", tree))
            repo.git("branch", "work/all", head)

        return History(self._made(f"real-{parent[:12]}-{head[:12]}.git", make))

    def server(self) -> Repo:
        """Give a server that holds main alone."""

        def make(path: Path) -> None:
            make_repo(path, "--bare")
            self.linear().repo.git("push", "--quiet", str(path), "main")

        return self._made("server.git", make)

    def crowded(self, refs: int) -> Repo:
        """Give a server that holds the linear history, and so many refs to it, packed."""

        def make(path: Path) -> None:
            made = copy(self.linear().repo, path)
            tips = islice(made.git("rev-list", "work/all").split("\n"), refs)
            lines = (f"{tip} refs/heads/other/{number:06}\n" for number, tip in enumerate(tips))
            main = made.git("rev-parse", "main")
            shutil.rmtree(path / "refs")
            (path / "refs").mkdir()
            header = "# pack-refs with: sorted \n"
            (path / "packed-refs").write_text(f"{header}{main} refs/heads/main\n{''.join(lines)}")

        return self._made(f"crowded-{refs}.git", make)

    def clone(self) -> Repo:
        """Give a clone with a work tree, on a branch that is ten commits ahead."""

        def make(path: Path) -> None:
            repo = make_repo(path)
            repo.git("remote", "add", "origin", str(self.linear().repo.path))
            repo.git("fetch", "--quiet", "origin", "main", "work/ten:work/ten")
            repo.git("remote", "set-head", "origin", "main")
            repo.git("checkout", "--quiet", "work/ten")

        return self._made("clone", make)

    def paths(self) -> Path:
        """Give a file of different paths, of every kind that the manifest of a hundred lanes knows."""
        file = self._folder / "paths"
        if not file.exists():
            file.write_text("".join(f"{path}\n" for path in islice(_paths(), self.size.paths)))
        return file


def _paths() -> Iterator[str]:
    """Go through all patterns of all lanes again and again; a number makes each path another one."""
    patterns = [(area, pattern) for area in AREAS for task in TASKS.values() for pattern in task]
    for number, (area, pattern) in enumerate(cycle(patterns)):
        path = (pattern % {"a": area}).strip("!/").replace("**", f"sub{number % 97}/deep")
        for wild, name in (("[0-9]", "7"), ("[a-z]", "q"), ("*", f"n{number % 89}"), ("?", "x")):
            path = path.replace(wild, name)
        yield f"{path}/file{number}.txt"
