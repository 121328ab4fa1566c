"""Load: many pushes at once to one server, and single pushes that are huge, in bounded memory."""

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from repos import SCRIPTS, Ended, Repo, remote_lines

MOST = 256 << 20
"""Bytes of data (RLIMIT_DATA: heap, private mappings, the stacks of threads) that the hook may have, and
each git that it starts. An idle hook has 27 MiB. Above that, memory may go with what a verdict is made of:
all violations of a push, each with its path, and the ids of its commits. Measured, at most 160 MiB: 200,000
changes outside in one folder; with half of this bound that push fails. 20,000 commits take 60 MiB, as many
merges 120. (Git's own diff of 200,000 files in one folder takes more than 64 MiB.)
"""

CHANGES, FOLDERS, COMMITS = 200_000, 20_000, 20_000
PUSHES, LANES = 50, 20
LONGEST = 240
"""Seconds that no push here takes, even on a busy machine: whoever waits longer waits for ever."""

Commit = tuple[str, ...]


def _push(repo: Repo, *refspecs: str) -> Ended:
    """Push as `Repo.push` does, but not for ever."""
    done = subprocess.run(
        ["git", "push", "--no-verify", "origin", *refspecs],
        cwd=repo.path,
        capture_output=True,
        timeout=LONGEST,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "surrogateescape"))


def _first_line(ended: Ended) -> str:
    return remote_lines(ended).split("\n")[0]


# -- Many pushes at once


def _manifest() -> str:
    lanes = (f'[lanes.l{i:02}]\nbranches = ["work/l{i:02}-*"]\npaths = ["/l{i:02}/"]\n' for i in range(LANES))
    return "version = 1\n" + "".join(lanes)


def _outside(number: int) -> bool:
    """Tell which of the pushes go outside their lane: 20 of 50, in all lanes but a few."""
    return number % 5 in (1, 3)


@dataclass
class Storm:
    """Somebody for each branch, who all push at the same moment, from one clone."""

    clone: Repo
    good: list[str]
    bad: list[str]
    chain: list[str]
    main: list[str]
    start: threading.Barrier = field(default_factory=lambda: threading.Barrier(PUSHES + 3))

    def push(self, number: int) -> tuple[Ended, Ended | None]:
        """Push one branch. Who was rejected for cause mends the branch and pushes again."""
        branch = _branch(number)
        self.start.wait(LONGEST)
        if not _outside(number):
            return _push(self.clone, f"{self.good[number]}:{branch}"), None
        first = _push(self.clone, f"{self.bad[number]}:{branch}")
        mended = number % 2 == 0
        return first, _push(self.clone, f"{self.good[number]}:{branch}") if mended else None

    def integrate(self) -> list[Ended]:
        """Push main, one commit after the other."""
        self.start.wait(LONGEST)
        return [_push(self.clone, f"{commit}:refs/heads/main") for commit in self.main]

    def share(self, step: int) -> Ended:
        """Push a branch that another one pushes, too; who comes second tries again, as git tells."""
        self.start.wait(LONGEST)
        for _ in range(5):
            ended = _push(self.clone, f"{self.chain[step]}:refs/heads/work/l00-shared")
            if ended.status == 0:
                break
        return ended


def _branch(number: int) -> str:
    return f"refs/heads/work/l{number % LANES:02}-{number}"


@pytest.fixture
def storm(clone: Repo) -> Storm:
    """What everybody pushes, made beforehand."""
    begin = clone.commit({".lanes.toml": _manifest()})
    assert _push(clone, "main").status == 0
    good = [_commit(clone, begin, {f"l{i % LANES:02}/f{i}": "x"}) for i in range(PUSHES)]
    bad = [
        _commit(clone, begin, {f"l{i % LANES:02}/f{i}": "x", f"l{(i + 1) % LANES:02}/f{i}": "y"})
        for i in range(PUSHES)
    ]
    chain = [_commit(clone, begin, {"l00/shared": "1"})]
    chain.append(_commit(clone, chain[0], {"l00/shared": "2"}))
    main = [begin]
    for i in range(4):
        main.append(_commit(clone, main[-1], {f"top{i}": "x"}))
    return Storm(clone, good, bad, chain, main[1:])


def _commit(clone: Repo, parent: str, files: dict[str, str]) -> str:
    """Make a commit past the work tree."""
    stream = f"commit refs/heads/scratch\ncommitter A <a@b> 1700000000 +0000\ndata 1\nx\nfrom {parent}\n"
    stream += "".join(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in files.items())
    clone.git("fast-import", "--quiet", "--force", stdin=stream.encode())
    return clone.git("rev-parse", "refs/heads/scratch")


def test_fifty_pushes_at_once(storm: Storm, server: Repo) -> None:
    with ThreadPoolExecutor(PUSHES + 3) as people:
        pushes = [people.submit(storm.push, number) for number in range(PUSHES)]
        shared = [people.submit(storm.share, step) for step in range(2)]
        integrated = people.submit(storm.integrate)
        ended = [push.result() for push in pushes]
        assert [push.status for push in integrated.result()] == [0] * len(storm.main)
        # The first commit of the shared branch may come too late, the second one never does.
        both = [push.result() for push in shared]
    assert both[1].status == 0
    assert "lanes:" not in both[0].err + both[1].err
    expected = {"refs/heads/main": storm.main[-1], "refs/heads/work/l00-shared": storm.chain[1]}
    for number, (first, second) in enumerate(ended):
        _check_verdict(number, first)
        if second is not None:
            assert second.status == 0, second.err
        if not _outside(number) or second is not None:
            expected[_branch(number)] = storm.good[number]
    found = server.git("for-each-ref", "--format=%(refname) %(objectname)").split("\n")
    assert dict(line.split(" ") for line in found) == expected
    assert server.run("git", "fsck", "--full", "--strict", "--no-dangling") == Ended(0, "", "")


def _check_verdict(number: int, ended: Ended) -> None:
    if not _outside(number):
        assert (ended.status, remote_lines(ended)) == (0, ""), ended.err
        return
    lane, other = number % LANES, (number + 1) % LANES
    assert ended.status == 1
    assert remote_lines(ended).split("\n")[:3] == [
        f'lanes: work/l{lane:02}-{number} is rejected: 1 change in 1 commit outside its lane "l{lane:02}"',
        '  commit OID "x" by A',
        f'    adds l{other:02}/f{number} (outside-lane: lane "l{other:02}" may write it)',
    ]


# -- One huge push


LIMIT = (
    "import os, resource, sys; limit = int(sys.argv[1]);"
    " resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)); os.execv(sys.argv[2], sys.argv[2:])"
)


def _limited(*command: object) -> list[str]:
    return [sys.executable, "-c", LIMIT, str(MOST), *map(str, command)]


@pytest.fixture
def bounded(clone: Repo, server: Repo) -> Repo:
    """The clone, where the server's hook has no more memory than `MOST`."""
    hook = server.path / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\nexec {shlex.join(_limited(SCRIPTS / 'lane-pre-receive'))}\n")
    return clone


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts all memory as data")
def test_the_bound_is_one() -> None:
    for more, status in ((0, 1), (MOST // 2, 0)):
        code = f"bytearray({MOST - more})"
        done = subprocess.run(_limited(sys.executable, "-c", code), stderr=subprocess.PIPE, check=False)
        assert (done.returncode, b"MemoryError" in done.stderr) == (status, bool(status))


def _commit_files(repo: Repo, branch: str, paths: Iterable[str]) -> None:
    """Commit many files on main as a branch; through the index, since fast-import is slow in wide folders."""
    index = {"GIT_INDEX_FILE": str(repo.path / "index-of-many")}
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"x")
    repo.git("read-tree", "main", env=index)
    entries = "".join(f"100644 {blob}\t{path}\0" for path in paths)
    repo.git("update-index", "-z", "--add", "--index-info", stdin=entries.encode(), env=index)
    tree = repo.git("write-tree", env=index)
    os.remove(index["GIT_INDEX_FILE"])
    repo.git("branch", branch, repo.git("commit-tree", "-p", "main", "-m", "Many", tree))


def _wide(folder: str) -> Iterator[str]:
    return (f"{folder}/f{i:06}" for i in range(CHANGES))


def _deep(folder: str) -> Iterator[str]:
    each = CHANGES // FOLDERS
    return (f"{folder}/{i // each // 100}/{i // each}/f{i % each}" for i in range(CHANGES))


@pytest.mark.parametrize(
    ("shape", "folder"),
    [(_wide, "docs"), (_wide, "out"), (_deep, "docs/deep"), (_deep, "out/deep")],
    ids=["inside", "outside", "inside, in many folders", "outside, in many folders"],
)
def test_a_commit_of_200000_changes(bounded: Repo, shape: type[object], folder: str) -> None:
    _commit_files(bounded, "work/docs-1", shape(folder))  # type: ignore[call-arg]
    ended = _push(bounded, "work/docs-1")
    if folder.startswith("docs"):
        assert (ended.status, remote_lines(ended)) == (0, ""), ended.err
    else:
        assert ended.status == 1
        assert _first_line(ended) == (
            'lanes: work/docs-1 is rejected: 200000 changes in 1 commit outside its lane "docs"'
        )
        assert "    … and 199980 more changes" in remote_lines(ended).split("\n")


@dataclass
class Line:
    """The fast-import stream of a long history."""

    text: list[str] = field(
        default_factory=lambda: ["blob\nmark :1\ndata 1\nx\n", "blob\nmark :2\ndata 1\ny\n"]
    )
    mark: int = 2

    def commit(self, branch: str, parents: Iterable[str], path: str, also: str = "") -> str:
        """Add a commit that writes *path*; give its mark."""
        self.mark += 1
        self.text.append(
            f"commit refs/heads/{branch}\nmark :{self.mark}\n"
            f"committer A <a@b> {1700000000 + self.mark} +0000\ndata 1\nx\n"
        )
        self.text += [f"{word} {parent}\n" for word, parent in zip(("from", "merge"), parents, strict=False)]
        self.text.append(f"M 100644 :{1 + self.mark % 2} {path}\n{also}")
        return f":{self.mark}"


def _history(begin: str) -> str:
    """Write main, which goes on now and then, and a branch of 20,000 commits that merges it each time.

    On `work/docs-bad` one commit in the middle is outside; half of it is the same as `work/docs-good`.
    """
    line = Line()
    main = tip = begin
    half = begin
    for i in range(COMMITS):
        if i == COMMITS // 2:
            half = tip
        if i % (COMMITS // 4) == 100:
            main = line.commit("main", [main], f"main{i}")
            tip = line.commit(
                "work/docs-good", [tip, main], "docs/merged", f"M 100644 :{1 + line.mark % 2} main{i}\n"
            )
        else:
            tip = line.commit("work/docs-good", [tip], f"docs/{i % 40}/f{i % 1000}")
    tip = line.commit("work/docs-bad", [half], "out/f", "M 100644 :1 docs/odd\n")
    for i in range(COMMITS // 2 - 1):
        tip = line.commit("work/docs-bad", [tip], f"docs/{i % 40}/g{i % 1000}")
    return "".join(line.text)


def test_a_push_of_20000_commits(bounded: Repo) -> None:
    bounded.git("fast-import", "--quiet", "--force", stdin=_history(bounded.head()).encode())
    assert bounded.git("rev-list", "--count", "--first-parent", "main..work/docs-good") == str(COMMITS)
    assert _push(bounded, "main").status == 0
    ended = _push(bounded, "work/docs-bad")
    assert ended.status == 1
    assert (
        _first_line(ended) == 'lanes: work/docs-bad is rejected: 1 change in 1 commit outside its lane "docs"'
    )
    assert "    adds out/f (outside-lane: no lane may write it)" in remote_lines(ended).split("\n")
    ended = _push(bounded, "work/docs-good")
    assert (ended.status, remote_lines(ended)) == (0, ""), ended.err


# -- Trees that stand for more than any machine can list


def _bomb(server: Repo, depth: int) -> str:
    """Make a branch whose one commit holds a folder, which holds twice the same folder, and so on."""

    def tree(*entries: str) -> str:
        return server.git("mktree", stdin="".join(f"{entry}\n" for entry in entries).encode())

    held = tree(f"100644 blob {server.git('hash-object', '-w', '--stdin', stdin=b'x')}\tx")
    for _ in range(depth):
        held = tree(f"040000 tree {held}\ta", f"040000 tree {held}\tb")
    root = tree(server.git("ls-tree", "main", ".lanes.toml"), f"040000 tree {held}\tl00")
    return server.git("commit-tree", "-m", "Bomb", "-p", "main", root)


def test_a_commit_of_more_paths_than_memory(storm: Storm, server: Repo) -> None:
    """A few hundred bytes are 2^40 paths. Git runs into the bound that the hook sets, which says so."""
    update = f"{'0' * 40} {_bomb(server, 40)} refs/heads/work/l00-bomb\n"
    ended = server.script("lane-pre-receive", stdin=update.encode())
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("lanes: work/l00-bomb could not be judged: git diff-tree failed")
    assert "memory" in ended.err
