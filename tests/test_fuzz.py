"""Bytes from outside: whatever they are, parsers answer or raise the project's own error, and no other."""

import ast
import io
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lane_hooks import pre_push, pre_receive
from repos import MANIFEST

from lanes import manifest
from lanes.changes import staged_changes
from lanes.errors import CannotJudge
from lanes.history import History
from lanes.judge import Change
from lanes.manifest import ManifestInvalid
from lanes.patterns import NamePattern, NamePatterns, PathPattern, PathPatterns, PatternError
from lanes.plumbing import Git, Header, Ref, records
from lanes.push import Update, judge_push
from lanes.sieve import Sieve
from lanes.text import printable, quoted, shortened
from lanes.toml_lines import lines_of
from lanes.trees import flaws
from lanes.trust import Remotes, in_clone, on_server

OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
JUDGED, TRUSTED = "c" * 40, "d" * 40


def fuzzed(examples: int) -> Callable[..., Any]:
    """Run a test on so many examples, the same ones each time."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


# -- What comes from outside: bytes of any kind, and valid ones that something happened to


oids = st.sampled_from([JUDGED, TRUSTED, "0" * 40, "a" * 64, "0123456789" * 4, "f" * 63 + "0"])
names = st.one_of(
    st.sampled_from(
        [b"a", b"docs", b"x.md", b":", b"*", b"\xff", b"0" * 40, "\u2028\u202eé".encode(), b"\x1b[2J\r"]
    ),
    st.binary(min_size=1, max_size=4).map(lambda name: re.sub(rb"[\0\n /]", b"x", name)),
)
# What no ref may hold: git-check-ref-format(1).
ref_parts = names.map(lambda name: re.sub(rb"[\x00-\x20\x7f~^:?*\[\\]", b"x", name))
ref_names = st.builds(bytes.__add__, st.sampled_from([b"refs/heads/", b"refs/tags/"]), ref_parts)
paths = st.lists(names, min_size=1, max_size=3).map(b"/".join)
SPLICES = (
    b"\0",
    b"\n",
    b" ",
    b"\t",
    b"\r",
    b"\xff",
    b"\xe2\x80\xa8",
    b"0" * 40,
    b"9" * 5000,
    b":",
    b"\\",
    b'"',
)
Damage = tuple[int, int, int, bytes]


def _flip(data: bytes, at: int, _to: int, splice: bytes) -> bytes:
    return data[:at] + splice[:1] + data[at + 1 :]


def _insert(data: bytes, at: int, _to: int, splice: bytes) -> bytes:
    return data[:at] + splice + data[at:]


def _cut_off(data: bytes, at: int, _to: int, _splice: bytes) -> bytes:
    return data[:at]


def _cut_out(data: bytes, at: int, to: int, _splice: bytes) -> bytes:
    return data[: min(at, to)] + data[max(at, to) :]


def _double_a_byte(data: bytes, at: int, _to: int, _splice: bytes) -> bytes:
    return data[:at] + data[at : at + 1] * 2 + data[at + 1 :]


def _another_number_of_records(data: bytes, at: int, to: int, _splice: bytes) -> bytes:
    parts = re.split((b"(?<=\n)", b"(?<=\0)", b"(?<= )")[to % 3], data)
    at %= len(parts)
    parts[at : at + 1] = [parts[at]] * (to % 2 * 2)
    return b"".join(parts)


_DAMAGES = (_flip, _insert, _cut_off, _cut_out, _double_a_byte, _another_number_of_records)


def _damaged(data: bytes, damages: list[Damage]) -> bytes:
    for kind, at, to, splice in damages:
        size = len(data) + 1
        data = _DAMAGES[kind](data, at % size, to % size, splice)
    return data


def damaged(whole: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Draw valid bytes and damage them a few times: flip, cut, insert, double or lose a byte or a record."""
    place = st.integers(0, 0xFFFF)
    splices = st.sampled_from(SPLICES) | st.binary(min_size=1, max_size=3)
    damages = st.tuples(st.integers(0, len(_DAMAGES) - 1), place, place, splices)
    return st.builds(_damaged, whole, st.lists(damages, min_size=1, max_size=3))


def from_outside(whole: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Draw damaged bytes mostly, now and then whole ones or any at all."""
    return st.one_of(damaged(whole), damaged(whole), whole, st.binary(max_size=80))


# -- A git that says what the test wants


class Dribble(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, said: bytes) -> None:
        self._said = io.BytesIO(said)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._said.read(min(len(buffer), 7))
        buffer[: len(part)] = part
        return len(part)


Answer = bytes | Callable[[bytes], bytes]


@dataclass(frozen=True)
class Canned(Git):
    """A git that is never started: `answers` has what each sub-command says, `said` is for all others.

    An answer can also depend on what git is fed.
    """

    said: Answer = b""
    status: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)

    def _answer(self, arguments: Sequence[str | bytes], feed: bytes) -> bytes:
        answer = self.answers.get(str(arguments[0]), self.said)
        return answer(feed) if callable(answer) else answer

    def run(self, *arguments: str | bytes, feed: bytes = b"", ok: Sequence[int] = (0,)) -> tuple[bytes, int]:
        if self.status not in ok:
            raise CannotJudge("git failed")
        return self._answer(arguments, feed), self.status

    @contextmanager
    def stream(self, *arguments: str | bytes, feed: Iterable[bytes] = ()) -> Iterator[IO[bytes]]:
        yield io.BufferedReader(Dribble(self._answer(arguments, b"".join(feed))))
        if self.status:
            raise CannotJudge("git failed")


def judged_or_not(ask: Callable[[], object]) -> object:
    """Give the answer, or the project's own error; no other exception gets out of here."""
    try:
        return ask()
    except CannotJudge as error:
        check_message(error)
        return error


def check_message(error: Exception) -> None:
    """Check that an error can be printed: it says something, in lines without a control character."""
    message = str(error)
    assert message
    assert [line for line in message.split("\n") if not line.isprintable()] == []


# -- What git gives a hook


updates = st.builds(Update, ref_names, old=st.just("0" * 40) | oids, new=oids).filter(
    lambda update: len(update.old) == len(update.new)
)


def _received(lines: list[Update]) -> bytes:
    return b"".join(b"%s %s %s\n" % (u.old.encode(), u.new.encode(), u.ref) for u in lines)


def _pushed(lines: list[Update]) -> bytes:
    return b"".join(b"HEAD~1 a %s %s %s\n" % (u.new.encode(), u.ref, u.old.encode()) for u in lines)


@fuzzed(400)
@given(st.lists(updates, max_size=4))
def test_the_lines_of_a_push_are_read_as_they_were_written(lines: list[Update]) -> None:
    assert pre_receive.parse(_received(lines)) == lines
    assert pre_push.parse(_pushed(lines)) == lines


@fuzzed(600)
@given(from_outside(st.lists(updates, max_size=4).map(_received)))
def test_whatever_comes_to_pre_receive(data: bytes) -> None:
    found = judged_or_not(lambda: pre_receive.parse(data))
    if isinstance(found, list):
        assert _received(found) == data


@fuzzed(600)
@given(from_outside(st.lists(updates, max_size=4).map(_pushed)))
def test_whatever_comes_to_pre_push(data: bytes) -> None:
    found = judged_or_not(lambda: pre_push.parse(data))
    if isinstance(found, list):
        assert len(found) == data.count(b"\n")
        for update, line in zip(found, data.split(b"\n")[:-1], strict=True):
            assert line.endswith(b" %s %s %s" % (update.new.encode(), update.ref, update.old.encode()))


# -- What git answers


@fuzzed(600)
@given(st.binary(max_size=60) | st.lists(st.binary(max_size=4)).map(b"\0".join), st.sampled_from(b"\0\n"))
def test_records_are_all_of_a_stream_or_it_is_refused(data: bytes, byte: int) -> None:
    end = bytes([byte])
    found = judged_or_not(lambda: list(records(Dribble(data), end, "git")))  # type: ignore[arg-type]
    if isinstance(found, list):
        assert b"".join(record + end for record in found) == data
        assert not any(end in record for record in found)
    else:
        assert not data.endswith(end)


@dataclass(frozen=True)
class Question:
    """Something that is asked of git: what git can say, each with what that means, and how it is asked."""

    answers: st.SearchStrategy[tuple[bytes, Any]]
    ask: Callable[[Git], Any]


def _config(pairs: list[tuple[bytes, bytes]]) -> tuple[bytes, dict[bytes, list[bytes]]]:
    found: dict[bytes, list[bytes]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    pairs = [*pairs, (b"core.commitgraph", b"false")]  # what the environment always sets
    return b"".join(b"%s\n%s\0" % (key, value) for key, value in pairs), found


def _refs(found: dict[bytes, Ref]) -> tuple[bytes, dict[bytes, Ref]]:
    lines = (b"%s %s\0%s\n" % (ref.oid.encode(), name, ref.target or b"") for name, ref in found.items())
    return b"".join(lines), found


def _lines(found: list[str]) -> tuple[bytes, list[str]]:
    return "".join(f"{line}\n" for line in found).encode(), found


def _typed(found: list[tuple[str, str] | None]) -> tuple[bytes, list[tuple[str, str] | None]]:
    return b"".join(
        b"%s %s\n" % (one[0].encode(), one[1].encode()) if one else b"x missing\n" for one in found
    ), found


def _header(oid: str, parents: list[str], name: bytes, subject: bytes) -> tuple[bytes, Any]:
    fields = (oid.encode(), " ".join(parents).encode(), name, subject)
    return b"%s\0%s\0%s\0%s\n" % fields, {oid: Header(name, subject, len(parents) > 1)}


def _walked(found: list[list[str]]) -> tuple[bytes, list[tuple[str, tuple[str, ...]]]]:
    lines = "".join(" ".join(line) + "\n" for line in found)
    return lines.encode(), [(line[0], tuple(line[1:])) for line in found]


def _object(kind: str, content: bytes) -> bytes:
    return b"%s %s %d\n%s\n" % (JUDGED.encode(), kind.encode(), len(content), content)


values = st.binary(max_size=8).map(lambda value: value.replace(b"\0", b"\n"))
words = st.binary(max_size=8).map(lambda word: re.sub(rb"[\0\n]", b"\x1b", word))
modes = st.sampled_from(["100644", "100755", "120000", "160000", "040000"])
keys = st.sampled_from([b"remote.origin.url", b"remote.\xc3\xa9.fetch", b"branch.x.\xff.remote", b"a.b"])
kinds = st.sampled_from(["commit", "tree", "blob", "tag"])
QUESTIONS = {
    "config": Question(
        st.lists(st.tuples(keys, values), max_size=3).map(_config),
        lambda git: git.config("x"),
    ),
    "symbolic_ref": Question(
        ref_names.map(lambda ref: (ref + b"\n", ref)), lambda git: git.symbolic_ref(b"HEAD")
    ),
    "all_refs": Question(
        st.dictionaries(ref_names, st.builds(Ref, oids, st.none() | ref_names), max_size=3).map(_refs),
        lambda git: git.all_refs(b"refs/heads/"),
    ),
    "refs": Question(
        st.builds(Ref, oids, st.none() | ref_names).map(lambda ref: _refs({b"refs/heads/x": ref})),
        lambda git: git.refs([b"refs/heads/x"]),
    ),
    "types": Question(
        st.lists(st.none() | st.tuples(oids, kinds), min_size=2, max_size=2).map(_typed),
        lambda git: git.types(["x", "y"]),
    ),
    "entry": Question(
        st.tuples(modes, oids).map(lambda e: (b"%s blob %s\tp\0" % (e[0].encode(), e[1].encode()), e)),
        lambda git: git.entry(JUDGED, b"p"),
    ),
    "staged_entry": Question(
        st.tuples(modes, oids).map(lambda e: (b"%s %s 0\tp\0" % (e[0].encode(), e[1].encode()), e)),
        lambda git: git.staged_entry(b"p"),
    ),
    "blob": Question(
        st.binary(max_size=40).map(lambda blob: (_object("blob", blob), blob if len(blob) <= 20 else None)),
        lambda git: git.blob(JUDGED, 20),
    ),
    "trees": Question(
        st.lists(st.binary(max_size=40), min_size=2, max_size=2).map(
            lambda trees: (b"".join(_object("tree", tree) for tree in trees), trees)
        ),
        lambda git: list(git.trees(["x", "y"])),
    ),
    "tree": Question(
        st.binary(max_size=40).map(lambda tree: (_object("tree", tree), tree)),
        lambda git: git.tree(JUDGED, b"x"),
    ),
    "headers": Question(
        st.builds(_header, oids, st.lists(oids, max_size=3), words, words),
        lambda git: git.headers([JUDGED]),
    ),
    "commit": Question(oids.map(lambda oid: (f"{oid}\n".encode(), oid)), lambda git: git.commit(b"x")),
    "commit of a ref": Question(
        st.just((f"{JUDGED} refs/x\0\n".encode(), None)),
        lambda git: git.commit(b"refs/heads/x"),
    ),
    "empty_tree": Question(oids.map(lambda oid: (f"{oid}\n".encode(), oid)), lambda git: git.empty_tree()),
    "shallow": Question(
        st.just((b"false\nshallow\n", frozenset())),
        lambda git: git.shallow(),
    ),
    "merge_bases": Question(
        st.lists(oids, max_size=3).map(_lines), lambda git: git.merge_bases(JUDGED, TRUSTED)
    ),
    "independent": Question(
        st.sets(oids, max_size=3).map(lambda found: (_lines(sorted(found))[0], found)),
        lambda git: git.independent([JUDGED]),
    ),
    "walk": Question(
        st.lists(st.lists(oids, min_size=1, max_size=3), max_size=3).map(_walked),
        lambda git: list(git.walk([JUDGED], [])),
    ),
    "version": Question(
        st.tuples(st.integers(3, 99), st.integers(0, 99)).map(lambda v: (b"git version %d.%d.1\n" % v, None)),
        lambda git: git.require_version(),
    ),
    "paths": Question(
        st.just((b".git/a\n.git/b\n", None)), lambda git: [str(path) for path in git.paths("a", "b")] and None
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_read_as_it_is_meant(name: str) -> None:
    question = QUESTIONS[name]

    @fuzzed(60)
    @given(question.answers)
    def check(answer: tuple[bytes, Any]) -> None:
        said, meant = answer
        assert question.ask(Canned(said=said)) == meant

    check()


@pytest.mark.parametrize("name", QUESTIONS)
def test_whatever_git_answers(name: str) -> None:
    question = QUESTIONS[name]

    @fuzzed(200)
    @given(from_outside(question.answers.map(lambda answer: answer[0])), st.sampled_from([0, 0, 0, 1, 128]))
    def check(said: bytes, status: int) -> None:
        judged_or_not(lambda: question.ask(Canned(said=said, status=status)))

    check()


HUGE = b"9" * 5000
ABSURD = [
    ("version", b"git version %b.1\n" % HUGE),
    ("version", b"git version 2.%b\n" % HUGE),
    ("blob", b"%s blob %s\n" % (JUDGED.encode(), HUGE)),
    ("blob", b"%s blob %d\nx\n" % (JUDGED.encode(), 1 << 70)),
    ("trees", b"%s tree %s\n" % (JUDGED.encode(), HUGE)),
    ("trees", b"%s tree %d\nx\n" % (JUDGED.encode(), 1 << 62)),
    ("types", b"%s \xff\n" % JUDGED.encode() * 2),
    ("entry", b"%s blob %s\tp\0" % (HUGE, b"\xff" * 40)),
    ("all_refs", b"\xff" * 40 + b" refs/heads/x\0\n"),
    ("shallow", b"true\n\0\n"),
    ("shallow", b"true\n" + b"x" * 5000 + b"\n"),
]


@pytest.mark.parametrize(("name", "said"), ABSURD)
def test_absurd_numbers_and_names(name: str, said: bytes) -> None:
    judged_or_not(lambda: QUESTIONS[name].ask(Canned(said=said)))


# -- Diffs


@st.composite
def changes(draw: st.DrawFn) -> Change:
    ids = [draw(modes.filter("040000".__ne__)).encode() + b" " + draw(oids).encode() for _ in range(2)]
    old, new = draw(st.sampled_from([(None, ids[1]), (ids[0], None), tuple(ids)]))
    return Change(draw(paths), old, new)


def _raw(change: Change) -> bytes:
    nothing = b"000000 " + b"0" * 40
    old, new = (value if isinstance(value, bytes) else nothing for value in (change.old, change.new))
    (old_mode, old_oid), (new_mode, new_oid) = old.split(b" "), new.split(b" ")
    about = (old_mode, new_mode, old_oid, new_oid, change.status.encode())
    return b":" + b" ".join(about) + b"\0" + change.path + b"\0"


def _diff_of(commits: list[list[Change]]) -> bytes:
    return b"".join(b"%040x\0" % i + b"".join(map(_raw, found)) for i, found in enumerate(commits))


def _id(number: int) -> str:
    return f"{number:040x}"


def _history(count: int, diff: bytes, trees: Answer) -> Git:
    """Give a git in which so many commits follow each other on one that is trusted."""
    parents = [TRUSTED, *map(_id, range(count))]
    line = "".join(f"{_id(i)} {parents[i]}\n" for i in reversed(range(count)))
    answers: dict[str, Answer] = {
        "rev-list": line.encode(),
        "rev-parse": b"false\nshallow\n",
        "diff-tree": diff,
        "cat-file": trees,
    }
    return Canned(answers=answers)


def _read(git: Git, count: int) -> list[list[Change]]:
    history = History(git, [_id(count - 1)], [TRUSTED])
    return [list(commit.changes) for commit in history.changes()]


def _empty_trees(feed: bytes) -> bytes:
    return _object("tree", b"") * (feed.count(b"\n") + feed.count(b"\0"))


diffs = st.lists(st.lists(changes(), max_size=3), min_size=1, max_size=3)


@fuzzed(400)
@given(diffs)
def test_the_diffs_of_commits_are_read_as_they_were_written(commits: list[list[Change]]) -> None:
    git = _history(len(commits), _diff_of(commits), _empty_trees)
    assert _read(git, len(commits)) == commits


FOLDER = b"040000 " + b"e" * 40
trees_said = st.lists(st.binary(max_size=30), max_size=3).map(
    lambda trees: b"".join(_object("tree", tree) for tree in trees)
)


# A folder whose id is none: it must not be read as text, nor be printed as it is.
ODD_FOLDERS = [
    b"%040x\0:000000 040000 %s %s A\0docs\0:000000 100644 %s %s A\0docs/x\0"
    % (0, b"0" * 40, oid, b"0" * 40, b"a" * 40)
    for oid in (b"\xe1" * 40, b"\x1b[31m\r" + b"a" * 34, b"a" * 39, b"a b")
]


@fuzzed(900)
@given(
    st.integers(1, 3),
    from_outside(
        st.lists(
            st.lists(changes() | st.builds(Change, paths, st.none(), st.just(FOLDER)), max_size=3), max_size=3
        ).map(_diff_of)
    ),
    from_outside(trees_said) | st.just(_empty_trees),
)
@example(1, ODD_FOLDERS[0], b"")
@example(1, ODD_FOLDERS[1], b"")
@example(1, ODD_FOLDERS[2], b"")
@example(1, ODD_FOLDERS[3], b"")
def test_whatever_diff_tree_and_cat_file_say(count: int, diff: bytes, trees: Answer) -> None:
    judged_or_not(lambda: _read(_history(count, diff, trees), count))


def _sift(git: Git) -> dict[str, list[Change]]:
    """Sift commits that come in the order of their ids, the youngest first."""
    sieve = Sieve(git, _harmless)
    History(git, [_id(0)], [TRUSTED], sieve)
    assert not sieve.full
    return sieve.caught


def _harmless(path: bytes) -> bool:
    return path[-1] % 2 == 0


def _line_down(count: int, diff: bytes, trees: Answer) -> Git:
    git = _history(count, diff, trees)
    parents = [*map(_id, range(1, count)), TRUSTED]
    line = "".join(f"{_id(i)} {parent}\n" for i, parent in enumerate(parents))
    return Canned(answers=git.answers | {"rev-list": line.encode()})  # type: ignore[attr-defined]


HEADER = Change(_id(1).encode(), b"100644 " + b"a" * 40, b"100644 " + b"b" * 40)


@fuzzed(400)
@given(diffs)
@example([[HEADER, HEADER._replace(path=b"docs/xa")], [HEADER]])
def test_a_sieve_catches_what_is_not_harmless(commits: list[list[Change]]) -> None:
    outside = [[change for change in found if not _harmless(change.path)] for found in commits]
    expected = {_id(i): found for i, found in enumerate(outside) if found}
    git = _line_down(len(commits), _diff_of(commits), _empty_trees)
    assert _sift(git) == expected
    with patch("lanes.sieve._MOST_UNREAD", 100):  # a large commit, and what follows it, is read in records
        assert _sift(git) == expected


@fuzzed(900)
@given(
    st.integers(1, 3),
    from_outside(
        st.lists(
            st.lists(changes() | st.builds(Change, paths, st.none(), st.just(FOLDER)), max_size=3), max_size=3
        ).map(_diff_of)
    ),
    from_outside(trees_said) | st.just(_empty_trees),
)
@example(1, ODD_FOLDERS[0], b"")
def test_a_sieve_misses_nothing_that_is_read_one_by_one(count: int, diff: bytes, trees: Answer) -> None:
    whole = judged_or_not(lambda: _read(_history(count, diff, trees), count))
    sifted = judged_or_not(lambda: _sift(_line_down(count, diff, trees)))
    if isinstance(whole, list):
        caught = [[change for change in found if not _harmless(change.path)] for found in whole]
        assert sifted == {_id(i): found for i, found in enumerate(caught) if found}


@fuzzed(300)
@given(st.lists(changes(), max_size=4))
def test_what_the_index_holds_is_read_as_it_was_written(found: list[Change]) -> None:
    git = Canned(answers={"diff-index": b"".join(map(_raw, found))})
    read = judged_or_not(lambda: list(staged_changes(git, JUDGED)))
    assert read == found or (isinstance(read, CannotJudge) and "no tree may hold" in str(read))


@fuzzed(800)
@given(from_outside(st.lists(changes(), max_size=4).map(lambda found: b"".join(map(_raw, found)))))
def test_whatever_diff_index_says(said: bytes) -> None:
    judged_or_not(lambda: list(staged_changes(Canned(answers={"diff-index": said}), JUDGED)))


# -- Trees


@st.composite
def trees(draw: st.DrawFn) -> bytes:
    """Draw a tree as git would make it, of names that it takes."""
    safe = st.sampled_from([b"a", b"a-b", b"a!", b"b", b"docs", b"\n", b"x y", b"0" * 40])
    found = draw(st.dictionaries(safe, st.sampled_from([b"100644", b"40000", b"120000", b"160000"])))
    order = sorted(found, key=lambda name: name + b"/" if found[name] == b"40000" else name)
    return b"".join(b"%s %s\0" % (found[name], name) + b"\1" * 20 for name in order)


@fuzzed(300)
@given(trees())
def test_a_tree_that_git_would_make_has_no_flaw(tree: bytes) -> None:
    assert not flaws(tree, 20)
    assert not tree or flaws(tree[:-1], 20)


@fuzzed(600)
@given(from_outside(trees()), st.sampled_from([20, 32]))
def test_the_flaws_of_any_tree(tree: bytes, size: int) -> None:
    found = flaws(tree, size)
    assert all(flaw and flaw.isprintable() and number > 0 for flaw, number in found.items())


# -- The manifest


def _basic(text: str) -> str:
    return '"' + "".join(c if c.isalnum() or c in "/*-_ " else f"\\U{ord(c):08x}" for c in text) + '"'


def _list(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(_basic, texts)) + "]"


lane_names = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=6).filter(
    str.isprintable
)
path_patterns = st.sampled_from(["/src/", "*", "!*.md", "a/**/b", "[a-z]?", "/é/", "\\#x", "***/f", "!/v/"])
branch_patterns = st.sampled_from(["work/*", "w/**", "!w/x", "a[0-9]?", "é", "**/docs"])
Lanes = dict[str, tuple[str, list[str], list[str]]]
lanes_drawn = st.dictionaries(
    lane_names,
    st.tuples(
        st.text(st.characters(exclude_categories=("C", "Z")), max_size=8).filter(str.isprintable),
        st.lists(branch_patterns, min_size=1, max_size=3).map(lambda found: ["first", *found]),
        st.lists(path_patterns, max_size=3).map(lambda found: ["first", *found] if found else []),
    ),
    max_size=3,
)


def _rendered(lanes: Lanes) -> str:
    text = 'version = 1\n[integration]\nbranches = ["main"]\n[defaults]\nshared = ["/s"]\n'
    for name, (summary, branches, patterns) in lanes.items():
        text += f"[lanes.{_basic(name)}]\nsummary = {_basic(summary)}\n"
        text += f"branches = {_list(branches)}\npaths = {_list(patterns)}\n"
    return text


@fuzzed(150)
@given(lanes_drawn)
def test_a_manifest_is_read_as_it_was_written(lanes: Lanes) -> None:
    read = manifest.parse(_rendered(lanes).encode())
    assert {
        lane.name: (
            lane.summary,
            [p.text for p in lane.branches.patterns],
            [p.text for p in lane.paths.patterns],
        )
        for lane in read.lanes
    } == lanes


def parsed_or_not(blob: bytes) -> manifest.Manifest | None:
    """Parse a manifest, or check that its errors are ready to be printed and name lines of the file."""
    try:
        found = manifest.parse(blob)
    except ManifestInvalid as error:
        check_message(error)
        _check_problems(error.problems, str(error).split("\n"), blob.count(b"\n") + 1)
        return None
    assert all(lane.name.isprintable() and lane.summary.isprintable() for lane in found.lanes)
    assert not found.may_write(None, b".lanes.toml")
    return found


def _check_problems(problems: Sequence[manifest.Problem], printed: list[str], lines: int) -> None:
    assert problems
    assert list(map(str, problems)) == printed
    assert all(1 <= problem.line <= lines for problem in problems)


@fuzzed(600)
@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_a_manifest_of_any_bytes(blob: bytes) -> None:
    parsed_or_not(blob)


@fuzzed(900)
@given(damaged(lanes_drawn.map(lambda lanes: _rendered(lanes).encode()) | st.just(MANIFEST.encode())))
def test_a_damaged_manifest(blob: bytes) -> None:
    parsed_or_not(blob)


# A TOML document of any shape, with the manifest's own keys in all the wrong places.
TOML_KEYS = "version,lanes,integration,defaults,branches,paths,summary,unlisted,shared,a,1,1.5,-"
toml_keys = st.sampled_from(TOML_KEYS.split(",")) | st.sampled_from(
    ["'q q'", '"\\u0000"', '"\\t\\""', "''", '"refs/heads/x"', '"é\\u202e"']
)
TOML_NUMBERS = ["1", "-0", "+1_000", "0x7f", "0b1", "0o7", str(2**64), "1.5", "1e400", "inf", "nan", "true"]
TOML_DATES = ["1979-05-27", "07:32:00.999", "0001-01-01", "1979-05-27T07:32:00Z", "9999-99-99", "24:00:00"]
TOML_STRINGS = ['""', "''", '"\\ud800"', '"\\U0010ffff"', '"\\r\\n\\u0007"', "'\\'", '"allow"', '"!x"', '"["']
toml_scalars = st.one_of(
    st.sampled_from(TOML_NUMBERS),
    st.sampled_from(TOML_DATES),
    st.sampled_from(TOML_STRINGS),
    st.sampled_from(["9" * 4000, "9" * 5000, "0x" + "f" * 5000, "1979-05-27 07:32:00.5-23:59"]),
    st.sampled_from(
        ["'''\n'a''\n'''", '"""\n\\\n  x\\"""""', '"work/*"', '"refs/**"', '"/a/../b"', '"\U000e0001"']
    ),
)
separators = st.sampled_from([", ", ",", ",\n", " , # ]\n", "\n,\n"])


@st.composite
def _arrays(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    found = draw(st.lists(items, max_size=4))
    begin, end = draw(
        st.sampled_from([("[", "]"), ("[ ", " ]"), ("[\n", "\n]"), ("[", ",]"), ("[ # '\n", "]")])
    )
    return begin + draw(separators).join(found) + (end if found or "," not in end else "]")


@st.composite
def _inline_tables(draw: st.DrawFn, items: st.SearchStrategy[str]) -> str:
    found = draw(st.lists(st.tuples(dotted_keys, items), max_size=3))
    return "{" + ", ".join(f"{key} = {value}" for key, value in found) + "}"


dotted_keys = st.lists(toml_keys, min_size=1, max_size=3).map(".".join)
toml_values = st.recursive(toml_scalars, lambda inner: _arrays(inner) | _inline_tables(inner), max_leaves=6)
deep_values = st.builds(
    lambda depth, opening, value: opening * depth + value + ("]" if opening == "[" else "}") * depth,
    st.sampled_from([1, 15, 16, 17, 18, 40, 300, 2000]),
    st.sampled_from(["[", "{a = ", "[\n"]),
    toml_scalars,
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Draw what looks like TOML; often it is."""
    lines = draw(st.sampled_from(["", "version = 1\n", "\n# '\n", "version = 1\r\n"]))
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.integers(0, 4))
        key = draw(dotted_keys)
        if kind == 0:
            lines += f"[{key}]\n"
        elif kind == 1:
            lines += f"[[{key}]] # x\n"
        elif kind == 2:
            lines += draw(
                st.sampled_from(["[lanes.docs]\n", "[integration]\n", "[defaults]\n", "[lanes.'é']\n"])
            )
        else:
            lines += f"{key} = {draw(toml_values | deep_values if kind == 4 else toml_values)}\n"
    return lines


WRONG_SHAPES = [
    "version",
    "lanes",
    "integration",
    "defaults",
    "lanes.docs",
    "integration.branches",
    "defaults.unlisted",
    "defaults.shared",
    "defaults.protected",
    "defaults.refs",
    "lanes.docs.branches",
    "lanes.docs.paths",
    "lanes.docs.summary",
]


@pytest.mark.parametrize("key", WRONG_SHAPES)
def test_a_value_of_every_type_in_every_place(key: str) -> None:
    @fuzzed(60)
    @given(toml_values | deep_values)
    def check(value: str) -> None:
        first = "" if key == "version" else "version = 1\n"
        parsed_or_not(f"{first}{key} = {value}\n".encode())

    check()


def _paths_of(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if len(path) > 15:
        return
    yield path
    parts: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    for part, inner in parts:
        yield from _paths_of(inner, (*path, part))


@fuzzed(600)
@given(documents())
@example('"' + "a" * 70 + '" = [1, [2,\n3], {b.c = """\n]"""}]\n')
def test_documents_of_any_shape(text: str) -> None:
    parsed_or_not(text.encode())
    lf = text.replace("\r\n", "\n")
    with suppress(ValueError, RecursionError):
        _check_lines(lf, tomllib.loads(lf))


def _check_lines(text: str, document: dict[str, Any]) -> None:
    found = lines_of(text)
    assert set(_paths_of(document)) <= found.keys()
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())
    for path, line in found.items():
        bare = path and isinstance(path[-1], str) and re.fullmatch(r"[a-z]{2,}", path[-1])
        assert not bare or str(path[-1]) in text.split("\n")[line - 1]


# -- Patterns


glob_text = st.text(st.sampled_from("ab/*?[]!^-\\:. #é\udc80\n\0") | st.characters(), max_size=14) | st.lists(
    st.sampled_from(
        ["**/", "/**", "*", "?", "[!", "[^", "]", "[a-z]", "[[:alpha:]]", "[[:x:]]", "\\", "a", "/", "é"]
    ),
    max_size=8,
).map("".join)
matched = st.binary(max_size=12) | st.lists(
    st.sampled_from([b"a", b"b", b"/", b"\xc3\xa9", b".", b"\n"])
).map(b"".join)


@fuzzed(800)
@given(glob_text, matched, st.booleans())
def test_path_patterns_of_any_text_on_any_bytes(text: str, path: bytes, folder: bool) -> None:
    try:
        pattern = PathPattern(text)
    except PatternError as error:
        check_message(error)
        return
    found = PathPatterns([text])
    deciding = found.deciding(path, folder)
    assert found.match(path, folder) == (deciding == 0 and pattern.include)
    if pattern.include and not text.startswith("#"):
        taken_out = PathPatterns(["**", "!" + text])
        assert taken_out.deciding(path, folder) == (
            1 if deciding == 0 else PathPatterns(["**"]).deciding(path, folder)
        )
    if deciding == 0 and path and not path.endswith(b"/"):
        assert found.deciding(path + b"/below") == 0


@fuzzed(800)
@given(glob_text, matched)
def test_name_patterns_of_any_text_on_any_bytes(text: str, name: bytes) -> None:
    try:
        pattern = NamePattern(text)
    except PatternError as error:
        check_message(error)
        return
    assert NamePatterns([text]).match(name) == (pattern.match(name) and pattern.include)
    if pattern.include:
        assert NamePatterns(["**", "!" + text]).match(name) == (not pattern.match(name))


# -- Text


@fuzzed(1000)
@given(st.binary(max_size=40) | st.integers(0, 255).map(lambda byte: b"a%cb" % byte))
def test_a_quoted_path_can_be_unquoted(path: bytes) -> None:
    shown = quoted(path)
    assert shown.isascii()
    assert shown.isprintable()
    # A C string of git's escapes is also a literal of Python's.
    assert (ast.literal_eval("b" + shown) if shown.startswith('"') else shown.encode()) == path


@fuzzed(600)
@given(st.binary(max_size=40), st.integers(1, 20))
def test_text_is_printable_and_cut(text: bytes, width: int) -> None:
    shown = printable(text)
    assert shown.isprintable()
    cut = shortened(shown, width)
    assert cut == shown or (len(cut) == width and shown.startswith(cut[:-1]) and cut.endswith("…"))


# -- Remotes


refspecs = st.one_of(
    st.sampled_from(
        [b"+refs/heads/*:refs/remotes/o/*", b"refs/heads/main:refs/x", b"^refs/heads/x", b":", b"*:*"]
    ),
    st.lists(
        st.sampled_from([b"*", b":", b"+", b"^", b"refs/heads/", b"refs/remotes/o/", b"x", b"\xff"])
    ).map(b"".join),
    st.binary(max_size=10),
)
remote_names = st.sampled_from([b"o", b"o/p", b"\xc3\xa9", b"a.b", b"\xff", b"*", b"x\ny"])


@fuzzed(800)
@given(st.dictionaries(remote_names, st.lists(refspecs, max_size=2), max_size=3), refspecs | ref_names)
def test_any_refspec_of_any_remote(specs: dict[bytes, list[bytes]], ref: bytes) -> None:
    remotes = Remotes({b"remote.%s.fetch" % name: found for name, found in specs.items()})
    assert remotes.names == list(specs)
    assert remotes.of_manifest(ref, b"o") in {None, *specs}
    assert isinstance(remotes.branch_of(ref), bytes)
    for name in specs:
        mapped = remotes.tracking(name, ref)
        assert mapped is None or isinstance(mapped, bytes)


@fuzzed(300)
@given(names, st.sampled_from([b"o", b"o/p", b"\xc3\xa9", b"a.b"]))
def test_a_branch_is_found_again_where_it_was_fetched_to(branch: bytes, name: bytes) -> None:
    spec = b"+refs/heads/*:refs/remotes/%s/*" % name
    remotes = Remotes({b"remote.%s.fetch" % name: [spec]})
    tracked = remotes.tracking(name, b"refs/heads/" + branch)
    assert tracked == b"refs/remotes/%s/%s" % (name, branch)
    assert remotes.branch_of(tracked) == branch


# -- All of it at once: a whole push, whatever every git says


def _one(name: str) -> st.SearchStrategy[bytes]:
    return from_outside(QUESTIONS[name].answers.map(lambda answer: answer[0]))


REFSPEC = b"remote.origin.fetch\n+refs/heads/*:refs/remotes/origin/*\0core.commitgraph\nfalse\0"
MAIN = b"%s refs/heads/main\0\n%s refs/remotes/origin/main\0\n" % ((TRUSTED.encode(),) * 2)
PUSH = [Update(b"refs/heads/work/docs-1", "0" * 40, JUDGED), Update(b"refs/tags/x", "0" * 40, TRUSTED)]
WHOLE: dict[str, st.SearchStrategy[bytes]] = {
    "config": st.just(REFSPEC) | damaged(st.just(REFSPEC)),
    "symbolic-ref": st.just(b"refs/heads/main\n") | _one("symbolic_ref"),
    "for-each-ref": st.just(MAIN) | damaged(st.just(MAIN)),
    "ls-tree": st.just(b"100644 blob %s\t.lanes.toml\0" % (b"b" * 40)),
    "cat-file": st.just(_object("blob", MANIFEST.encode()))
    | damaged(st.just(_object("blob", MANIFEST.encode()))),
}
TYPES = b"%s commit\n%s commit\n" % (JUDGED.encode(), TRUSTED.encode())


def _judged_whole(git: Canned, trust_of: Callable[[Git], Any], later: dict[str, Answer]) -> None:
    trust = judged_or_not(lambda: trust_of(git))
    if isinstance(trust, CannotJudge):
        return
    git.answers.update(later)
    verdicts = judged_or_not(lambda: judge_push(git, trust, PUSH))
    if isinstance(verdicts, list):
        assert len(verdicts) == len(PUSH)
        assert all(verdict.status in (0, 1, 2) for verdict in verdicts)


@fuzzed(300)
@given(
    st.fixed_dictionaries(WHOLE),
    st.fixed_dictionaries(
        {
            "rev-list": _one("walk"),
            "diff-tree": from_outside(diffs.map(_diff_of)),
            "cat-file": from_outside(st.just(TYPES)),
        }
    ),
    st.sampled_from([on_server, partial(in_clone, branch=b"work/docs-1", pushed_to="origin")]),
)
def test_a_whole_push_whatever_git_says(
    first: dict[str, bytes], later: dict[str, bytes], trust_of: Callable[[Git], Any]
) -> None:
    git = Canned(answers={"rev-parse": b"false\nshallow\n", **first})
    _judged_whole(git, trust_of, {**later})
