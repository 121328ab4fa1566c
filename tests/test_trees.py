"""Malformed trees, against git fsck."""

import hashlib
import re
import tempfile
import zlib
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from repos import Repo, make_repo

from lanes.errors import CannotJudge
from lanes.history import Step, compared
from lanes.plumbing import Git
from lanes.trees import flaws

Entry = tuple[bytes, bytes]  # mode and name
FILE, FOLDER = b"100644", b"40000"
ID = bytes(range(20))


def raw(*entries: Entry) -> bytes:
    return b"".join(mode + b" " + name + b"\0" + ID for mode, name in entries)


ROWS: list[tuple[bytes, dict[str, int]]] = [
    (raw(), {}),
    (raw((FILE, b"a")), {}),
    (raw((FILE, b"a.b"), (FOLDER, b"a"), (FILE, b"a0")), {}),
    (raw((FOLDER, b"a"), (FILE, b"a.b")), {"a.b behind a/": 1}),
    (raw((FILE, b"b"), (FILE, b"a")), {"a behind b": 1}),
    (raw((FILE, b"a"), (FILE, b"a")), {"the name a twice": 1}),
    (raw((FILE, b"a"), (FILE, b"a"), (FOLDER, b"a")), {"the name a twice": 2}),
    (raw((FILE, b"a"), (FILE, b"a.b"), (FOLDER, b"a")), {"the name a twice": 1}),
    (raw((FILE, b"b"), (FILE, b"a"), (FILE, b"a")), {"the name a twice": 1, "a behind b": 1}),
    (raw((FILE, b"a\n"), (FILE, b"a\n")), {'the name "a\\n" twice': 1}),
    (raw((FILE, b"")), {"the name of no letters": 1}),
    (raw((FOLDER, b"")), {"the name of no letters": 1}),
    (raw((FILE, b"n" * 200 + b"/")), {"the name " + "n" * 99 + "…": 1}),
    (raw((FILE, b".git\xff")), {'the name ".git\\377"': 1}),
    (raw((FILE, b"..\xff")), {}),
    (raw((b"040000", b"a"), (FILE, b"a.b")), {"a.b behind a/": 1}),
    (raw((FILE, b"a.b"), (b"040000", b"a")), {}),
    (raw((b"160000", b"a"), (FILE, b"a.b")), {}),
    (raw((b"140000", b"a"), (FILE, b"a.b")), {}),
    (raw((FILE, b"a"))[:-1], {"garbage": 1}),
    (raw((FILE, b"a")) + b"1", {"garbage": 1}),
    (raw((b"", b"a")), {"garbage": 1}),
    (raw((b"9", b"a")), {"garbage": 1}),
    (b"100644\0" + ID, {"garbage": 1}),
    # Old and odd modes: what git reads is their number
    (raw((b"040000", b"")), {"the name of no letters": 1}),
    (raw((b"040755", b"a"), (FILE, b"a.b")), {"a.b behind a/": 1}),
    (b"040000 a\0" + b"x" * 19 + b"1" + b"100644 b\0" + b"x" * 20, {}),
    (raw((b"0000", b"aab"), (b"0000", b"aba")), {}),
    (raw((b"4000", b"ab"), (b"4000", b"ba")), {}),
    (raw((b"10", b"aaaab"), (b"10", b"aaaba")), {}),
    (raw((b"10064", b"ab"), (b"10064", b"ba")), {}),
    (raw((b"11111", b"ab"), (b"11111", b"ba")), {}),
    (raw((b"1006440", b"..")), {"the name ..": 1}),
    (raw((b"1abcde", b"a")), {"garbage": 1}),
    # Names
    (raw((FOLDER, b".")), {"the name .": 1}),
    (raw((FOLDER, b"..")), {"the name ..": 1}),
    (raw((FILE, b".."), (FILE, b"a b"), (FILE, b"c b")), {"the name ..": 1}),
    (raw((FILE, b"x/y")), {"the name x/y": 1}),
    (raw((FILE, b"xy\\.git")), {'the name "xy\\\\.git"': 1}),
    (raw((FILE, b"\\.git")), {'the name "\\\\.git"': 1}),
    (raw((FILE, b".git:\n")), {'the name ".git:\\n"': 1}),
    (raw((FILE, b"\n/")), {'the name "\\n/"': 1}),
    (raw((FILE, "\u202a.git".encode())), {'the name "\\342\\200\\252.git"': 1}),
    (raw((FILE, "\u206a.git".encode())), {'the name "\\342\\201\\252.git"': 1}),
    (raw((FILE, ".g\ufeffit".encode())), {'the name ".g\\357\\273\\277it"': 1}),
    (raw((FILE, "\u2010.git".encode())), {}),
    (raw((FILE, "\u2069.git".encode())), {}),
]


@pytest.mark.parametrize(("tree", "expected"), ROWS)
def test_flaws(tree: bytes, expected: dict[str, int]) -> None:
    assert flaws(tree, 20) == expected


def test_both_hashes() -> None:
    tree = b"100644 a\0" + b"\0" * 32
    assert flaws(tree, 32) == {}
    assert flaws(tree, 20) == {"garbage": 1}


NAMES = st.sampled_from(
    [
        *(
            name.encode()
            for name in ("a", "a.b", "a0", "ab", "b", ".", "..", "...", ".git", ".Git", "git~1", ".gi")
        ),
        *(
            name.encode()
            for name in (".git ", ".git.", ".git. .", ".git:x", ".git::$DATA", ".gitx", "git~2", "a/b", "/")
        ),
        *(
            name.encode()
            for name in ("a\\.git", "a\\.git\\b", ".git\\x", "\\", "git~1 ", "GIT~1:", "..git", ".git/x")
        ),
        *(
            name.encode()
            for name in ("\u200c.git", ".g\u200dit", ".git\ufeff", "\u202egit", "\u2066.\u206fgit", "é")
        ),
        b"\xff",
        b"\xe2\x80",
        b".g\xe2it",
        b".git\xff",
        b".GIT\xc3",
    ]
)
MODES = st.sampled_from([FILE, FILE, FILE, FOLDER, FOLDER, b"120000", b"160000", b"100755", b"040000"])
TREES = st.lists(st.tuples(MODES, NAMES), max_size=5)


T = TypeVar("T", bound=tuple[bytes, ...])


def as_git_sorts(entries: list[T]) -> list[T]:
    return sorted(entries, key=lambda entry: entry[1] + b"/" * entry[0].endswith(b"40000"))


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.tuples(TREES, st.integers(0, 4)), min_size=20, max_size=60))
def test_git_fsck_says_the_same(drawn: list[tuple[list[Entry], int]]) -> None:
    trees = [raw(*(as_git_sorts(entries) if sort else entries)) for entries, sort in drawn]
    with tempfile.TemporaryDirectory() as folder:
        repo = make_repo(Path(folder, "repo"), "--bare")
        ids = {store(repo, tree): tree for tree in trees}
        faults = set(re.findall(rf"(?:error|warning) in tree (\w+): (?:{FAULTS}):", repo.try_git("fsck").err))
        assert {oid for oid, tree in ids.items() if flaws(tree, 20)} == faults


EMPTY = hashlib.sha1(b"tree 0\0").digest()
SUBTREES = [b"", raw((FILE, b"b")), raw((FILE, b"a"), (FILE, b"b")) + b"40000 c\0" + EMPTY]
SUBTREE_IDS = [hashlib.sha1(b"tree %d\0" % len(tree) + tree).digest() for tree in SUBTREES]
WHOLE = st.tuples(MODES, NAMES, st.sampled_from(SUBTREE_IDS)).map(
    lambda entry: entry if entry[0].endswith(b"40000") else (*entry[:2], ID)
)
WITH_IDS = st.lists(WHOLE, max_size=6)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.tuples(WITH_IDS, st.integers(0, 5), WITH_IDS, st.booleans()), min_size=20, max_size=40))
def test_a_commit_that_makes_a_malformed_tree_of_a_sound_one(
    drawn: list[tuple[list[tuple[bytes, bytes, bytes]], int, list[tuple[bytes, bytes, bytes]], bool]],
) -> None:
    """By what git's diff tells to be new, and what stands beside it, or by the whole tree: it comes out."""
    with tempfile.TemporaryDirectory() as folder:
        repo = make_repo(Path(folder, "repo"), "--bare")
        for tree in SUBTREES:
            store(repo, tree)
        for entries, at, more, sort in drawn:
            old = {name: (mode, name, oid) for mode, name, oid in entries if not flaws(raw((mode, name)), 20)}
            before = as_git_sorts(list(old.values()))
            after = [*before[:at], *more, *before[at:]]
            trees = [b"".join(b"%b %b\0%b" % one for one in some) for some in (before, after)]
            trees[1] = b"".join(b"%b %b\0%b" % one for one in (as_git_sorts(after) if sort else after))
            commits = [store(repo, commit_of(store(repo, tree)), "commit") for tree in trees]
            step = Step(commits[1], (), (commits[0],))
            try:
                for commit in compared(Git(repo.path), [step]):
                    assert list(commit.changes) is not None
                found = False
            except CannotJudge as error:
                found = "malformed" in str(error) or "git diff-tree failed" in str(error)
                assert found
            assert found == bool(flaws(trees[1], 20))


def commit_of(tree: str) -> bytes:
    return b"tree %b\nauthor A <a@b> 0 +0000\ncommitter A <a@b> 0 +0000\n\nx\n" % tree.encode()


def test_git_fsck_says_the_same_of_the_table(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", "--bare")
    expected = {store(repo, tree) for tree, flawed in ROWS if flawed}
    for tree, _ in ROWS:
        store(repo, tree)
    assert set(re.findall(rf"in tree (\w+): (?:{FAULTS}):", repo.try_git("fsck").err)) == expected


FAULTS = "badTree|treeNotSorted|duplicateEntries|hasDot|hasDotdot|hasDotgit|fullPathname|emptyName"


def store(repo: Repo, tree: bytes, kind: str = "tree") -> str:
    """Write a tree as a loose object, whatever it holds."""
    content = b"%b %d\0" % (kind.encode(), len(tree)) + tree
    oid = hashlib.sha1(content).hexdigest()
    file = repo.path / "objects" / oid[:2] / oid[2:]
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(zlib.compress(content))
    return oid
