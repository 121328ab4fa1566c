"""Git's plumbing: what it answers, and that nothing it could do instead passes for an answer."""

import ast
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import lane_hooks
import pytest
from fakes import fake_git
from hypothesis import given
from hypothesis import strategies as st
from repos import MANIFEST, Ended, Repo, make_repo, masked

import lanes
from lanes.errors import CannotJudge
from lanes.plumbing import Git, Header, Ref, environment, is_null, records
from lanes.trust import in_clone
from lanes.verdict import Branch, judge_branch

A, B, ZERO = "a" * 40, "b" * 40, "0" * 40


def refused(question: Callable[[], object]) -> str:
    """Ask what must end in CannotJudge; give the whole message, masked."""
    with pytest.raises(CannotJudge) as caught:
        question()
    return masked(str(caught.value))


@pytest.fixture
def git(in_folder: Repo) -> Git:
    """Git in the empty repository, which the test's own process is in."""
    return Git()


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that breaks git from now on, as `fake_git` says."""

    def breaks(cases: str) -> None:
        monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", cases)["PATH"])

    return breaks


# -- The environment


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("GIT_DIR", True),
        ("GIT_WORK_TREE", True),
        ("GIT_COMMON_DIR", True),
        ("GIT_INDEX_FILE", True),
        ("GIT_OBJECT_DIRECTORY", True),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", True),
        ("GIT_QUARANTINE_PATH", True),
        ("GIT_SHALLOW_FILE", True),
        ("GIT_CONFIG_COUNT", True),
        ("GIT_CONFIG_GLOBAL", True),
        ("GIT_CEILING_DIRECTORIES", True),
        ("HOME", True),
        ("PATH", True),
        ("NOT_GIT_TRACE", True),
        ("GIT_TRACE", False),
        ("GIT_TRACE2_EVENT", False),
        ("GIT_TRACE_PACKET", False),
        ("GIT_LITERAL_PATHSPECS", False),
        ("GIT_GLOB_PATHSPECS", False),
        ("GIT_NOGLOB_PATHSPECS", False),
        ("GIT_ICASE_PATHSPECS", False),
        ("GIT_EXTERNAL_DIFF", False),
        ("GIT_DIFF_OPTS", False),
        ("GIT_CONFIG", False),  # which git config alone reads in the place of all files
    ],
)
def test_environment(monkeypatch: pytest.MonkeyPatch, name: str, kept: bool) -> None:
    monkeypatch.setenv(name, "value")
    assert environment().get(name) == ("value" if kept else None)


def test_environment_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the user has: git must not swap commits, wait for locks, flush, or speak another language."""
    expected = {
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_FLUSH": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C",
    }
    for name in expected:
        monkeypatch.setenv(name, "mine")
    found = environment()
    assert {name: found[name] for name in expected} == expected


def test_a_namespace(monkeypatch: pytest.MonkeyPatch, git: Git) -> None:
    monkeypatch.setenv("GIT_NAMESPACE", "x")
    message = "GIT_NAMESPACE is set; lanes can't be judged inside a namespace, so unset it"
    assert refused(environment) == message
    assert refused(git.require_version) == message


def test_a_users_settings_change_no_answer(monkeypatch: pytest.MonkeyPatch, in_folder: Repo) -> None:
    tip = in_folder.commit({"a*": "1", "ab": "2", "A*": "3"}, "Größe")
    expected = Git().entry(tip, b"a*"), Git().staged_entry(b"a*"), Git().headers([tip]), Git().all_refs()
    for name in ("LITERAL", "GLOB", "NOGLOB", "ICASE"):
        monkeypatch.setenv(f"GIT_{name}_PATHSPECS", "1")
    for name, value in (("TRACE", "1"), ("TRACE2", "2"), ("EXTERNAL_DIFF", "false"), ("DIFF_OPTS", "-u0")):
        monkeypatch.setenv(f"GIT_{name}", value)
    for key, value in (
        ("i18n.logOutputEncoding", "latin-1"),
        ("log.showSignature", "true"),
        ("core.quotePath", "true"),
        ("color.ui", "always"),
        ("core.abbrev", "4"),
    ):
        in_folder.git("config", key, value)
    found = Git().entry(tip, b"a*"), Git().staged_entry(b"a*"), Git().headers([tip]), Git().all_refs()
    assert found == expected
    assert found[2] == {tip: Header(b"Ann", "Größe".encode(), False)}


# -- The version


@pytest.mark.parametrize(
    "said",
    [
        "git version 2.39.0",
        "git version 2.39.5 (Apple Git-154)",
        "git version 2.39",
        "git version 2.39.GIT",
        "git version 2.40.0.windows.1",
        "git version 2.100.1",
        "git version 3.0.0",
        "git version 10.1",
    ],
)
def test_versions(git: Git, broken: Callable[[str], None], said: str) -> None:
    broken(f"version) echo '{said}'; exit;;")
    git.require_version()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("git version 2.38.1", "git 2.38 is too old; install git 2.39 or newer"),
        ("git version 2.4.12", "git 2.4 is too old; install git 2.39 or newer"),
        ("git version 1.99.0", "git 1.99 is too old; install git 2.39 or newer"),
        ("", "git does not tell its version, but: "),
        ("2.39.5", "git does not tell its version, but: 2.39.5"),
        ("git version new", "git does not tell its version, but: git version new"),
        ("git version 2", "git does not tell its version, but: git version 2"),
        ("\\033[2Jgit version 2.39.5", "git does not tell its version, but: \\x1b[2Jgit version 2.39.5"),
    ],
)
def test_versions_that_are_refused(git: Git, broken: Callable[[str], None], said: str, message: str) -> None:
    broken(f"version) printf '{said}\\n'; exit;;")
    assert refused(git.require_version) == message


def test_the_version_that_is_installed() -> None:
    Git().require_version()


# -- Streams


class Chunks:
    """A stream that gives these chunks, one a call."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.left = list(chunks)

    def read(self, _size: int) -> bytes:
        return self.left.pop(0) if self.left else b""


def split(chunks: Iterable[bytes], end: bytes = b"\n") -> Iterator[bytes]:
    stream: Any = Chunks(chunks)
    return records(stream, end, "git rev-list")


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([], []),
        ([b"\n"], [b""]),
        ([b"a\n"], [b"a"]),
        ([b"a\nb\n"], [b"a", b"b"]),
        ([b"a\n", b"b\n"], [b"a", b"b"]),
        ([b"a", b"\n"], [b"a"]),
        ([b"a", b"b", b"c\nd", b"\n"], [b"abc", b"d"]),
        ([b"\n\n", b"\n"], [b"", b"", b""]),
        ([b"a\0b\n"], [b"a\0b"]),
    ],
)
def test_records(chunks: list[bytes], expected: list[bytes]) -> None:
    assert list(split(chunks)) == expected
    assert list(split([chunk.replace(b"\n", b"\xff") for chunk in chunks], b"\xff")) == expected


@given(st.lists(st.binary().map(lambda text: text.replace(b"\0", b""))), st.data())
def test_records_wherever_chunks_end(expected: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(record + b"\0" for record in expected)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(whole))))))
    chunks = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    assert list(split([chunk for chunk in chunks if chunk], b"\0")) == expected


@pytest.mark.parametrize("chunks", [[b"a"], [b"a\nb"], [b"a\n", b"b", b"c"]])
def test_records_that_are_not_whole(chunks: list[bytes]) -> None:
    assert refused(lambda: list(split(chunks))) == "git rev-list stopped in the middle of a line"


def test_records_are_read_one_chunk_at_a_time() -> None:
    stream: Any = Chunks([b"a\nb", b"\n", b"never read"])
    found = records(stream, b"\n", "git rev-list")
    assert (next(found), stream.left) == (b"a", [b"\n", b"never read"])
    assert (next(found), stream.left) == (b"b", [b"never read"])


def test_a_stream_is_read_while_git_works(git: Git, broken: Callable[[str], None]) -> None:
    """This git never ends; whoever has read enough ends it."""
    broken(f"rev-list) echo $$ >pid; exec yes {A};;")
    walk = git.walk([A], [])
    assert [next(walk) for _ in range(3)] == [(A, ())] * 3
    walk.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path("pid").read_text()), 0)


def test_more_than_a_pipe_holds_both_ways(git: Git) -> None:
    number = 50_000
    feed = (f"{A}\n".encode() for _ in range(number))
    with git.stream("cat-file", "--batch-check", feed=feed) as output:
        assert sum(1 for _ in output) == number


def test_a_reader_that_fails(git: Git) -> None:
    """Its own error comes through, and neither git nor a thread nor a file is left."""
    go_on = threading.Event()

    def feed() -> Iterator[bytes]:
        yield b"HEAD\n"
        go_on.wait()
        yield b"HEAD\n" * 100_000

    with pytest.raises(RuntimeError, match="enough"), git.stream("cat-file", "--batch-check", feed=feed()):
        raise RuntimeError("enough")
    go_on.set()
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()


def test_git_that_does_not_read(git: Git, broken: Callable[[str], None]) -> None:
    broken("rev-list) echo 'fatal: I do not listen' >&2; exit 128;;")
    assert refused(lambda: list(git.walk([A] * 100_000, []))) == (
        "git rev-list failed with exit status 128: fatal: I do not listen"
    )
    assert refused(lambda: git.headers([A] * 100_000)) == (
        "git rev-list failed with exit status 128: fatal: I do not listen"
    )


def test_git_that_complains_a_lot(git: Git, broken: Callable[[str], None]) -> None:
    """What it says aside is read, and forgotten when it succeeds."""
    noise = "yes warning: nothing | head -n 100000 >&2"
    broken(f"rev-list) {noise}; echo {A}; exit;;\nsymbolic-ref) {noise};;")
    assert list(git.walk([A], [])) == [(A, ())]
    assert git.symbolic_ref(b"HEAD") == b"refs/heads/main"


# -- Failures


def test_git_is_missing(git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    message = "git can't be started (No such file or directory); install git or mend PATH"
    assert refused(git.require_version) == message
    assert refused(lambda: list(git.walk([A], []))) == message
    (tmp_path / "git").write_text("#!/bin/sh\n")
    assert refused(git.require_version) == (
        "git can't be started (Permission denied); install git or mend PATH"
    )


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 3", "failed with exit status 3 and said nothing"),
        ("echo >&2; echo ' ' >&2; exit 3", "failed with exit status 3 and said nothing"),
        ("echo 'fatal: oops' >&2; exit 128", "failed with exit status 128: fatal: oops"),
        (
            "echo 'warning: so' >&2; echo 'fatal: oops  ' >&2; echo >&2; echo 'hint: try this' >&2; exit 4",
            "failed with exit status 4: fatal: oops",
        ),
        (
            "printf 'error: a\\nfatal: oops\\nStopping at a boundary\\n' >&2; exit 5",
            "failed with exit status 5: fatal: oops",
        ),
        ("printf 'Usage: this\\n or: that\\n' >&2; exit 129", "failed with exit status 129: or: that"),
        ("printf '\\033[2J\\377\\n' >&2; exit 2", "failed with exit status 2: \\x1b[2J\\xff"),
        ("yes x | tr -d '\\n' | head -c 1000 >&2; exit 2", f"failed with exit status 2: {'x' * 300}"),
        ("kill -9 $$", "was killed by signal 9 and said nothing"),
        ("echo 'fatal: oops' >&2; kill -9 $$", "was killed by signal 9: fatal: oops"),
        (
            "echo 'fatal: detected dubious ownership' >&2;"
            " printf '\\tgit config --global --add safe.directory /a/b\\n' >&2; exit 128",
            None,
        ),
    ],
)
def test_git_fails(git: Git, broken: Callable[[str], None], script: str, message: str | None) -> None:
    """The same words for what is read whole and for what is streamed, and what it answered counts nothing."""
    broken(f"rev-list) echo {A}; {script};;\nmerge-base) echo {A}; {script};;")
    trust = (
        "git does not trust this repository, which belongs to another user;"
        " run: git config --global --add safe.directory /a/b"
    )
    assert refused(lambda: list(git.walk([A], []))) == (f"git rev-list {message}" if message else trust)
    assert refused(lambda: git.merge_bases(A, B)) == (f"git merge-base {message}" if message else trust)


def test_outside_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    message = (
        "failed with exit status 128: fatal: not a git repository (or any of the parent directories): .git"
    )
    for command, question in (
        ("symbolic-ref", lambda: Git().symbolic_ref(b"HEAD")),
        ("for-each-ref", lambda: Git().refs([b"refs/heads/main"])),
        ("cat-file", lambda: Git().types([A])),
        ("cat-file", lambda: Git().blob(A, 10)),
        ("rev-parse", lambda: Git().shallow()),
        ("rev-list", lambda: list(Git().walk([A], []))),
    ):
        assert refused(question) == f"git {command} {message}"


QUESTIONS: dict[str, Callable[[Git], object]] = {
    "config": lambda git: git.config("."),
    "symbolic_ref": lambda git: git.symbolic_ref(b"HEAD"),
    "refs": lambda git: git.refs([b"refs/heads/main"]),
    "all_refs": lambda git: git.all_refs(),
    "types": lambda git: git.types([A, B]),
    "entry": lambda git: git.entry(A, b"file"),
    "staged_entry": lambda git: git.staged_entry(b"file"),
    "blob": lambda git: git.blob(A, 100),
    "trees": lambda git: list(git.trees([A, B])),
    "headers": lambda git: git.headers([A]),
    "commit": lambda git: git.commit(b"HEAD"),
    "empty_tree": lambda git: git.empty_tree(),
    "shallow": lambda git: git.shallow(),
    "merge_bases": lambda git: git.merge_bases(A, B),
    "independent": lambda git: git.independent([A, B]),
    "walk": lambda git: list(git.walk([A], [])),
}
COMMANDS = {
    "config": "config",
    "symbolic_ref": "symbolic-ref",
    "refs": "for-each-ref",
    "all_refs": "for-each-ref",
    "types": "cat-file",
    "entry": "ls-tree",
    "staged_entry": "ls-files",
    "blob": "cat-file",
    "trees": "cat-file",
    "headers": "rev-list",
    "commit": "rev-parse",
    "empty_tree": "hash-object",
    "shallow": "rev-parse",
    "merge_bases": "merge-base",
    "independent": "merge-base",
    "walk": "rev-list",
}
FSCK = "git can't read the object OID; run: git fsck"
TREE = "git can't read the tree OID; run: git fsck"
TREE_B = f"{B} tree 3\nxyz\n"


@pytest.mark.parametrize(
    ("name", "answer", "message"),
    [
        # git stopped too early, and said it was fine
        ("config", "a.b\nc\0a.d", "git config stopped in the middle of a line"),
        ("symbolic_ref", "refs/heads/ma", "git symbolic-ref stopped in the middle of a line"),
        ("symbolic_ref", "", "git symbolic-ref stopped in the middle of a line"),
        ("refs", f"{A} refs/heads/ma", "git for-each-ref stopped in the middle of a line"),
        ("all_refs", f"{A} refs/heads/main\0\n{A} refs", "git for-each-ref stopped in the middle of a line"),
        ("types", f"{A} commit\n{B} comm", "git cat-file stopped in the middle of a line"),
        ("entry", f"100644 blob {A}\tfile", "git ls-tree stopped in the middle of a line"),
        ("staged_entry", f"100644 {A} 0\tfil", "git ls-files stopped in the middle of a line"),
        ("headers", f"{A}\0Ann\0Chan", "git rev-list stopped in the middle of a line"),
        ("commit", A[:20], "git rev-parse stopped in the middle of a line"),
        ("empty_tree", A[:20], "git hash-object stopped in the middle of a line"),
        ("shallow", "true\n.git/shal", "git rev-parse stopped in the middle of a line"),
        ("merge_bases", f"{A}\n{B[:20]}", "git merge-base stopped in the middle of a line"),
        ("independent", f"{A}\n{B[:20]}", "git merge-base stopped in the middle of a line"),
        ("walk", f"{A} {B}\n{B} ", "git rev-list stopped in the middle of a line"),
        ("blob", f"{A} blob 3\nxy", FSCK),
        ("blob", f"{A} blob 3", FSCK),
        ("blob", f"{A} blob 100\nxy", FSCK),  # as long as it may be
        ("trees", f"{A} tree 3\nxy", TREE),
        ("trees", f"{A} tree 3\nxyz", TREE),
        # too few answers
        ("types", f"{A} commit\n", "git cat-file answered too little"),
        ("types", "", "git cat-file answered too little"),
        ("trees", f"{A} tree 3\nxyz\n", TREE),
        ("trees", "", TREE),
        ("blob", "", FSCK),
        ("empty_tree", "", "git hash-object stopped in the middle of a line"),
        ("commit", "", "git rev-parse stopped in the middle of a line"),
        ("shallow", "true\n", "git rev-parse answered garbage: true"),
        # another object than the one that was asked for
        ("blob", f"{A} tree 3\nxyz\n", FSCK),
        ("blob", f"{A} missing\n", FSCK),
        ("trees", f"{A} blob 3\nxyz\n{TREE_B}", TREE),
        ("trees", f"{A} missing\n{TREE_B}", TREE),
        ("trees", f"{A} tree 3\nxyz\n{B} blob 1\n\n\n", TREE),
        # garbage
        ("symbolic_ref", "main\n", "git symbolic-ref answered garbage: main"),
        ("refs", "main\n", "git for-each-ref answered garbage: main"),
        (
            "all_refs",
            f"{A[:39]} refs/heads/x\0\n",
            "git for-each-ref answered garbage: OID refs/heads/x\\x00",
        ),
        ("all_refs", "\\377\n", "git for-each-ref answered garbage: \\xff"),
        ("types", f"{A} commit\nwhat\n", "git cat-file answered garbage: what"),
        ("entry", "what\0", "git ls-tree answered garbage: what"),
        ("entry", "100644 blob x\tfile\0", "git ls-tree answered garbage: 100644 blob x\\tfile"),
        ("entry", f"x100644 blob {A}\tfile\0", "git ls-tree answered garbage: x100644 blob OID\\tfile"),
        ("entry", f" blob {A}\tfile\0", "git ls-tree answered garbage: blob OID\\tfile"),
        ("staged_entry", "\\377\tfile\0", "git ls-files answered garbage: \\xff\\tfile"),
        ("blob", "what\n", FSCK),
        ("blob", f"{A} blob many\n", FSCK),
        ("blob", f"{A} blob \n", FSCK),
        ("blob", "what blob 3\nxyz\n", FSCK),
        ("blob", " blob 3\nxyz\n", FSCK),
        ("trees", f"{A} tree many\n", TREE),
        ("headers", "what\n", "git rev-list answered garbage: what"),
        ("commit", "\\377\n", "git rev-parse answered garbage: \\xff"),
        ("empty_tree", "what\n", "git hash-object answered garbage: what"),
        ("shallow", "what\n.git/shallow\n", "git rev-parse answered garbage: what\\n.git/shallow"),
        ("merge_bases", f"{A}\nwhat\n", "git merge-base answered garbage: what"),
        ("merge_bases", f"{A}x\n", f"git merge-base answered garbage: {A}x"),
        ("independent", "\\377\n", "git merge-base answered garbage: \\xff"),
        ("walk", "what\n", "git rev-list answered garbage: what"),
        ("walk", f"{A} {B[1:]}\n", "git rev-list answered garbage: OID OID"),
        ("walk", f"{A}  {B}\n", "git rev-list answered garbage: OID  OID"),
        ("walk", "\\377\n", "git rev-list answered garbage: \\xff"),
        ("walk", "x" * 40 + "\n", f"git rev-list answered garbage: {'x' * 40}"),
        ("walk", A + "x" * 24 + "\n", f"git rev-list answered garbage: {A}{'x' * 24}"),
        ("walk", "x" * 1000 + "\n", f"git rev-list answered garbage: {'x' * 200}"),
    ],
)
def test_what_is_no_answer(
    git: Git, broken: Callable[[str], None], name: str, answer: str, message: str
) -> None:
    escaped = answer.replace("\0", "\\000").replace("\n", "\\n").replace("\t", "\\t")
    broken(f"{COMMANDS[name]}) cat >/dev/null; printf '{escaped}'; exit;;")
    assert refused(lambda: QUESTIONS[name](git)) == message


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_of_a_git_that_fails(git: Git, broken: Callable[[str], None], name: str) -> None:
    broken(f"{COMMANDS[name]}) echo 'fatal: not today' >&2; exit 129;;")
    assert refused(lambda: QUESTIONS[name](git)) == (
        f"git {COMMANDS[name]} failed with exit status 129: fatal: not today"
    )


# -- A diff that says less than it was asked


@pytest.fixture
def history(in_folder: Repo) -> list[str]:
    """Three commits of a branch with a lane, on top of main; the test's own process is there."""
    in_folder.commit({".lanes.toml": MANIFEST, "top.txt": "0"})
    in_folder.switch("work/docs-1", "main")
    return [in_folder.commit({"docs/a.md": str(i)}) for i in range(3)]


def judged(history: list[str]) -> str | None:
    """Judge the branch; give the error of the verdict, masked."""
    git = Git()
    trust = in_clone(git, b"work/docs-1")
    verdict = judge_branch(git, trust, Branch(b"refs/heads/work/docs-1", b"work/docs-1", history[-1]))
    assert (verdict.status == 2) == (verdict.error is not None)
    return verdict.error and masked(verdict.error)


def test_a_whole_diff(history: list[str], broken: Callable[[str], None]) -> None:
    broken('diff-tree) cat | "$git" "$@"; exit;;')
    assert judged(history) is None


SKIPPED = "git diff-tree skipped commit OID; is an object missing? run: git fsck"
RECORD = f":100644 100644 {A} {B} M"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('grep -v "^{0}" | "$git" "$@"', SKIPPED),
        ('grep -v "^{1}" | "$git" "$@"', SKIPPED),
        ('grep -v "^{2}" | "$git" "$@"', SKIPPED),
        ("cat >/dev/null", SKIPPED),
        ("cat >/dev/null; printf '{1}\\000{2}\\000'", SKIPPED),
        ("cat >/dev/null; printf 'garbage\\000'", SKIPPED),
        (
            "cat >/dev/null; printf '{0}\\000{1}\\000{2}\\000{2}\\000'",
            "git diff-tree answered more than it was asked",
        ),
        ("cat >/dev/null; printf '{0}\\000{1}\\000{2}'", "git diff-tree stopped in the middle of a line"),
        (
            f"cat >/dev/null; printf '{{0}}\\000{RECORD}\\000a\\000{RECORD}'",
            "git diff-tree stopped in the middle of a line",
        ),
        (f"cat >/dev/null; printf '{{0}}\\000{RECORD}\\000'", "git answered garbage about commit OID"),
        (
            f"cat >/dev/null; printf '{{0}}\\000{RECORD} x\\000a\\000'",
            "git answered garbage about commit OID",
        ),
        ("cat >/dev/null; printf '{0}\\000: M\\000a\\000'", "git answered garbage about commit OID"),
        ('"$git" "$@"; exit 3', "git diff-tree failed with exit status 3 and said nothing"),
        ('"$git" "$@"; kill -9 $$', "git diff-tree was killed by signal 9 and said nothing"),
        ("echo 'fatal: oops' >&2; exit 128", "git diff-tree failed with exit status 128: fatal: oops"),
    ],
)
def test_half_a_diff(history: list[str], broken: Callable[[str], None], script: str, message: str) -> None:
    broken(f"diff-tree) {script.format(*reversed(history))}; exit;;")
    assert judged(history) == message


GARBAGE = "could not judge: git answered garbage about commit index\n"


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (f"{RECORD}\\000docs/a.md\\000", 0, ""),
        (f"{RECORD[1:]}\\000docs/a.md\\000", 2, GARBAGE),
        (f"{RECORD}\\000", 2, GARBAGE),
        (f"{RECORD}\\000\\000", 2, GARBAGE),
        (f"{RECORD}\\000docs/a.md\\000{RECORD}\\000", 2, GARBAGE),
        (f"{RECORD}\\000docs/a.md\\000docs/b.md\\000", 2, GARBAGE),
        (f"{RECORD} x\\000docs/a.md\\000", 2, GARBAGE),
        (f"{RECORD[:-2]}\\000docs/a.md\\000", 2, GARBAGE),
        (f"{RECORD.replace(B, B[1:])}\\000docs/a.md\\000", 2, GARBAGE),
        (f"{RECORD}\\000docs/a", 2, "could not judge: git diff-index stopped in the middle of a line\n"),
    ],
    ids=[
        *("right", "no colon", "no path", "an empty path", "no second path", "a path too many"),
        *("a word too many", "no letter", "no whole id", "no end"),
    ],
)
def test_staged_changes_that_are_nearly_right(
    history: list[str], in_folder: Repo, broken: Callable[[str], None], answer: str, status: int, said: str
) -> None:
    broken(f"diff-index) printf '{answer}'; exit;;")
    assert in_folder.script("lane-pre-commit") == Ended(status, "", said and f"lanes: {said}")


def test_more_than_can_be_judged(
    history: list[str], in_folder: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The three commits change a file each, and the folder around it."""
    monkeypatch.setattr("lanes.changes.MOST_CHANGES", 5)
    assert judged(history) == "more than 5 changed paths can't be judged; push fewer commits"
    monkeypatch.setattr("lanes.changes.MOST_CHANGES", 6)
    assert judged(history) is None
    monkeypatch.setattr("lanes.changes.MOST_CHANGES", 100)
    monkeypatch.setattr("lanes.verdict.MOST_VIOLATIONS", 2)
    tip = in_folder.commit({"top.txt": "1", "other.txt": "1"})
    assert judged([tip]) is None
    tip = in_folder.commit({"top.txt": "2"})
    too_many = "more than 2 changes lie outside the lane, too many to list; the first is in commit OID: "
    assert judged([tip]) == f"{too_many}other.txt"


# -- Configuration


def test_config(git: Git, in_folder: Repo) -> None:
    config = in_folder.path / ".git" / "config"
    config.write_bytes(
        config.read_bytes()
        + b"""\
[Lanes]
\tTrustedRef = one
\ttrustedref = "two\\nlines"
[remote "Up.Stream \\"x\\""]
\turl
\tURL =
\turl = "J\xf6rg"
\tfetch = a = b
[remote "J\xf6rg"]
\turl = x
"""
    )
    assert git.config(r"^lanes\.trustedref$") == {b"lanes.trustedref": [b"one", b"two\nlines"]}
    assert git.config(r"^remote\..*\.(url|fetch)$") == {
        b'remote.Up.Stream "x".url': [b"", b"", b"J\xf6rg"],
        b'remote.Up.Stream "x".fetch': [b"a = b"],
        b"remote.J\xf6rg.url": [b"x"],
    }
    assert git.config(r"^nothing\.") == {}


def test_config_of_several_files(git: Git, in_folder: Repo) -> None:
    """In the order of the files: the last one counts."""
    in_folder.git("config", "--global", "lanes.trustedRef", "global")
    in_folder.git("config", "lanes.trustedRef", "local")
    assert git.config(r"^lanes\.trustedref$") == {b"lanes.trustedref": [b"global", b"local"]}


# -- Refs


def test_refs_are_exact(git: Git, in_folder: Repo) -> None:
    tip = in_folder.commit({"a": "a"})
    for name in ("work/docs", "maintenance"):
        in_folder.git("branch", name)
    in_folder.git("update-ref", b"refs/heads/\xff", tip)
    in_folder.git("tag", "refs/heads/other")
    here = Ref(tip, None)
    known = [b"refs/heads/main", b"refs/heads/work/docs", b"refs/heads/\xff"]
    assert git.refs(known) == dict.fromkeys(known, here)
    for name in (
        b"refs/heads/work",
        b"refs/heads/work/",
        b"refs/heads/",
        b"refs/heads/mai",
        b"refs/heads/main/x",
        b"refs/heads/MAIN",
        b"refs/heads/*",
        b"refs/heads/mai?",
        b"refs/heads/[m]ain",
        b"refs/heads/other",
        b"heads/main",
        b"main",
        b"HEAD",
        b"",
    ):
        assert git.refs([name]) == {}
        assert git.refs([name, b"refs/heads/main"]) == {b"refs/heads/main": here}
    assert git.refs([]) == {}
    in_folder.git("pack-refs", "--all")
    assert git.refs(known) == dict.fromkeys(known, here)


def test_a_broken_ref(git: Git, in_folder: Repo) -> None:
    """It stops those who ask for it, by its name or among others, and nobody who asks for its neighbour."""
    main = {b"refs/heads/main": Ref(in_folder.commit({"a": "a"}), None)}
    (in_folder.path / ".git/refs/heads/main-old").touch()
    assert git.refs([b"refs/heads/main"]) == git.all_refs(b"refs/heads/main") == main
    questions: list[Callable[[], object]] = [
        lambda: git.refs([b"refs/heads/main", b"refs/heads/main-old"]),
        lambda: git.all_refs(b"refs/heads/"),
        git.all_refs,
    ]
    for question in questions:
        assert refused(question) == ("the ref refs/heads/main-old is broken; restore it, or fetch it again")


def test_symbolic_refs(git: Git, in_folder: Repo) -> None:
    assert git.symbolic_ref(b"HEAD") == b"refs/heads/main"
    tip = in_folder.commit({"a": "a"})
    in_folder.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    in_folder.git("symbolic-ref", "refs/heads/dangling", "refs/heads/nowhere")
    assert git.all_refs(b"refs/heads/") == {
        b"refs/heads/alias": Ref(tip, b"refs/heads/main"),
        b"refs/heads/main": Ref(tip, None),
    }
    assert git.symbolic_ref(b"refs/heads/alias") == b"refs/heads/main"
    assert git.symbolic_ref(b"refs/heads/dangling") == b"refs/heads/nowhere"
    assert git.symbolic_ref(b"refs/heads/main") is None
    in_folder.git("checkout", "--quiet", "--detach")
    assert git.symbolic_ref(b"HEAD") is None


def test_all_refs(git: Git, in_folder: Repo) -> None:
    assert git.all_refs() == {}
    tip = in_folder.commit({"a": "a"})
    in_folder.git("branch", "b/c")
    in_folder.git("tag", "-a", "-m", "x", "v1")
    tag = in_folder.git("rev-parse", "refs/tags/v1")
    assert list(git.all_refs().items()) == [
        (b"refs/heads/b/c", Ref(tip, None)),
        (b"refs/heads/main", Ref(tip, None)),
        (b"refs/tags/v1", Ref(tag, None)),
    ]
    assert list(git.all_refs(b"refs/tags/", b"refs/heads/b")) == [b"refs/heads/b/c", b"refs/tags/v1"]


@pytest.mark.parametrize(
    ("oid", "null"), [(ZERO, True), ("0" * 64, True), (A, False), ("0" * 39 + "1", False)]
)
def test_is_null(oid: str, null: bool) -> None:
    assert is_null(oid) is null


# -- Objects


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_types(tmp_path: Path, kind: str) -> None:
    repo = make_repo(tmp_path / "repo", f"--object-format={kind}")
    git = Git(repo.path)
    tip = repo.commit({"a": "a"})
    repo.git("tag", "-a", "-m", "x", "v1")
    tag, tree, blob = (repo.git("rev-parse", name) for name in ("refs/tags/v1", "HEAD^{tree}", "HEAD:a"))
    missing = "f" * len(tip)
    assert git.types([tip, tag, f"{tag}^{{}}", missing, f"{missing}^{{}}", tree, blob, tip]) == [
        (tip, "commit"),
        (tag, "tag"),
        (tip, "commit"),
        None,
        None,
        (tree, "tree"),
        (blob, "blob"),
        (tip, "commit"),
    ]
    assert git.types([]) == []


def test_entries(git: Git, in_folder: Repo) -> None:
    names = [
        b"plain",
        b"with space",
        b"new\nline",
        b"tab\t",
        b"\xff",
        "é".encode(),
        b"*",
        b"[a]",
        b'"',
        b"-x",
    ]
    in_folder.write(dict.fromkeys(names, "x") | {"folder/file": "x", "run": "y"})
    os.chmod(in_folder.path / "run", 0o755)
    os.symlink("plain", in_folder.path / "link")
    in_folder.git("add", "--all")
    in_folder.git("update-index", "--add", "--cacheinfo", f"160000,{A},sub")
    in_folder.git("commit", "--quiet", "-m", "x")
    tip, blob = in_folder.head(), in_folder.git("rev-parse", "HEAD:plain")
    for name in names:
        assert git.entry(tip, name) == ("100644", blob)
        assert git.staged_entry(name) == ("100644", blob)
    for name, mode in ((b"run", "100755"), (b"link", "120000"), (b"sub", "160000")):
        oid = A if name == b"sub" else in_folder.git("rev-parse", b"HEAD:" + name)
        assert git.entry(tip, name) == git.staged_entry(name) == (mode, oid)
    assert git.entry(tip, b"folder") == ("040000", in_folder.git("rev-parse", "HEAD:folder"))
    for name in (b"folder", b"file", b"Plain", b"pla*", b"[p]lain", b"nowhere"):
        assert git.staged_entry(name) is None
        assert name == b"folder" or git.entry(tip, name) is None
    assert refused(lambda: git.entry(A, b"plain")) == (
        "git ls-tree failed with exit status 128, asked about OID: fatal: not a tree object; run: git fsck"
    )


def test_entries_are_those_of_the_root(in_folder: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    tip = in_folder.commit({"file": "root", "folder/file": "below"})
    monkeypatch.chdir(in_folder.path / "folder")
    root = ("100644", in_folder.git("rev-parse", "HEAD:file"))
    assert Git().entry(tip, b"file") == Git().staged_entry(b"file") == root


def test_blobs(git: Git, in_folder: Repo) -> None:
    content = b"\0\r\n\xff\n" * 50_000
    in_folder.write({".gitattributes": "* text eol=crlf working-tree-encoding=UTF-16\n"})
    oid = in_folder.git("hash-object", "-w", "--no-filters", "--stdin", stdin=content)
    empty = in_folder.git("hash-object", "-w", "--stdin")
    assert git.blob(oid, len(content)) == content
    assert git.blob(oid, len(content) - 1) is None
    assert git.blob(empty, 0) == b""
    tree = in_folder.git("mktree", stdin=f"100644 blob {oid}\ta\n".encode())
    for wrong in (A, tree):
        assert refused(lambda oid=wrong: git.blob(oid, 10)) == FSCK


def test_trees(git: Git, in_folder: Repo) -> None:
    tip = in_folder.commit({"a": "a", "b/c": "\n"})
    names = [f"{tip}^{{tree}}", in_folder.git("rev-parse", "HEAD:b"), in_folder.git("mktree", stdin=b"")]
    blobs = {name: bytes.fromhex(in_folder.git("rev-parse", f"HEAD:{name}")) for name in ("a", "b", "b/c")}
    assert list(git.trees(names)) == [
        b"100644 a\0" + blobs["a"] + b"40000 b\0" + blobs["b"],
        b"100644 c\0" + blobs["b/c"],
        b"",
    ]
    assert list(git.trees([])) == []


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_the_empty_tree(tmp_path: Path, kind: str) -> None:
    repo = make_repo(tmp_path / "repo", f"--object-format={kind}")
    assert Git(repo.path).empty_tree() == repo.git("mktree", stdin=b"")


# -- Commits


def test_headers(git: Git, in_folder: Repo) -> None:
    first = in_folder.commit({"a": "a"}, "One\ntwo\n\nthree")
    second = in_folder.commit({"a": "b"}, "Größe", "--author=Jörg <j@example.org>")
    merge = in_folder.git("commit-tree", "HEAD^{tree}", "-p", first, "-p", second, "-m", "")
    assert git.headers([second, first, merge, first]) == {
        first: Header(b"Ann", b"One two", False),
        second: Header("Jörg".encode(), "Größe".encode(), False),
        merge: Header(b"Ann", b"", True),
    }
    assert list(git.headers([second])) == [second]
    assert git.headers([]) == {}


def test_commits_by_name(git: Git, in_folder: Repo) -> None:
    tip = in_folder.commit({"a": "a"})
    in_folder.commit({"a": "b"})
    in_folder.git("tag", "-a", "-m", "x", "v1", tip)
    in_folder.git("tag", "main", tip)  # which git takes for tags/main when it is asked for "main"
    for name in (tip.encode(), tip[:10].encode(), b"HEAD~1", b"v1", b"refs/tags/v1", b"tags/main"):
        assert git.commit(name) == tip
    assert git.commit(b"refs/heads/main") == in_folder.head()
    for name in (b"nowhere", b"refs/heads/nowhere", b"refs/heads", b"HEAD:a", b"HEAD^{tree}", b"", b"--all"):
        assert git.commit(name) is None
    assert git.commit(A.encode()) is None


def test_history(git: Git, in_folder: Repo) -> None:
    root = in_folder.commit({"a": "a"})
    left = in_folder.commit({"a": "b"})
    in_folder.switch("side", root)
    right = in_folder.commit({"b": "b"})
    merge = in_folder.git("commit-tree", "HEAD^{tree}", "-p", left, "-p", right, "-m", "x")
    assert dict(git.walk([merge], [])) == {merge: (left, right), left: (root,), right: (root,), root: ()}
    assert list(git.walk([merge], [right], "--reverse")) == [(left, (root,)), (merge, (left, right))]
    assert list(git.walk([merge], [merge])) == []
    assert git.merge_bases(left, right) == [root]
    assert git.merge_bases(left, right, merge, octopus=True) == [root]
    assert git.merge_bases(left, in_folder.git("commit-tree", "HEAD^{tree}", "-m", "Root")) == []
    assert git.independent([root, left, right]) == {left, right}
    assert (git.is_ancestor(root, merge), git.is_ancestor(left, left)) == (True, True)
    assert (git.is_ancestor(merge, root), git.is_ancestor(left, right)) == (False, False)
    assert refused(lambda: git.is_ancestor(A, root)) == (
        "git merge-base failed with exit status 128: fatal: Not a valid commit name OID; run: git fsck"
    )


def test_shallow(git: Git, in_folder: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_folder.commit({"a": "a"})
    tip = in_folder.commit({"a": "b"})
    assert git.shallow() == frozenset()
    copy = Repo(tmp_path / "copy")
    in_folder.git("clone", "--quiet", "--depth=1", f"file://{in_folder.path}", str(copy.path))
    copy.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    copy.write({"below/file": "x"})
    for place in (copy.path, copy.path / "below", copy.path / ".git", tmp_path / "linked"):
        assert Git(place).shallow() == {tip}
        monkeypatch.chdir(place)
        assert Git().shallow() == {tip}
    (tmp_path / "other").write_text(f"{tip}\n")
    monkeypatch.setenv("GIT_SHALLOW_FILE", str(tmp_path / "other"))  # as git sets it for hooks
    assert Git(in_folder.path).shallow() == {tip}


def test_shallow_commits_that_can_not_be_read(git: Git, broken: Callable[[str], None]) -> None:
    broken("rev-parse) printf 'true\\n/no\\nwhere\\n'; exit;;")
    assert refused(git.shallow) == "the list of shallow commits can't be read: /no\\nwhere"


# -- Who knows git


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Give every module of the project, by the path in its package, parsed."""
    for folder in (Path(path) for package in (lanes, lane_hooks) for path in package.__path__):
        for file in sorted(folder.rglob("*.py")):
            yield f"{folder.name}/{file.relative_to(folder)}", ast.parse(file.read_bytes())


def imported(module: ast.Module) -> set[str]:
    """Give the first part of the name of all that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_two_modules_know_git() -> None:
    names = {name: imported(module) for name, module in modules()}
    assert {"lanes/plumbing.py", "lane_hooks/pre_receive.py"} <= names.keys()
    # The others start a server's own programs, and hooks.
    started = ["lanes/actions.py", "lanes/canary.py", "lanes/plumbing.py"]
    assert sorted(name for name, found in names.items() if "subprocess" in found) == started
    assert [name for name, found in names.items() if "git" in found] == ["lanes/repository.py"]
    others = {"asyncio", "multiprocessing", "pty", "pygit2", "dulwich", "runpy"}
    assert {name: found & others for name, found in names.items() if found & others} == {}


def test_nothing_else_starts_a_program() -> None:
    starts = re.compile(r"system|popen|exec[lv]\w*|spawn\w*|posix_spawn\w*|fork\w*|__import__|eval|exec")
    for name, module in modules():
        called = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in ast.walk(module)
            if isinstance(node, ast.Call)
        }
        assert not [word for word in called if starts.fullmatch(word)], name


@pytest.mark.parametrize("name", ["pre_commit", "pre_push", "pre_receive"])
def test_hooks_load_only_what_they_need(name: str) -> None:
    """Neither GitPython nor click is loaded, nor what only a message needs."""
    program = f"import sys, lane_hooks.{name}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"lanes.plumbing", "lanes.trust", f"lane_hooks.{name}"} <= loaded
    slow = {"git", "click", "json", "difflib", "lanes.command", "lanes.repository", "lanes.toml_lines"}
    assert loaded & slow == set()
    assert not {module for module in loaded if module.split(".")[0] in ("git", "gitdb", "click")}
