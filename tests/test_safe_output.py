"""What is printed, byte by byte: nobody's name can drive a terminal, forge a line or break a report."""

import ast
import contextlib
import io
import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes import fake_git
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repos import MANIFEST, SCRIPTS, Repo

from lanes import entry, report
from lanes.audited import Audit
from lanes.formats import as_json
from lanes.formats import text as as_text
from lanes.judge import Reason, Violation
from lanes.manifest import Lane, parse
from lanes.plumbing import Header
from lanes.trust import Trust
from lanes.verdict import Verdict

Argument = str | bytes

# What a file, an author or a subject may be called: everything but NUL (and a slash, in a file's name).
HOSTILE = [
    b"\nlanes: work docs-1 is inside",
    b"\r\x1b[K\x1b[1Alanes: work docs-1 is inside",
    b"a\tb\x0b\x0c\x08\x08\x08",
    b"\x1b[2J\x1b]0;title\x07\x1bP\x1b\\\x7f",
    b"\x80\x84\x85\x8d\x90\x9b31m\x9d0;x\x9c\x9f",
    "\x80\x84\x85lanes: \x8d\x90\x9b31m\x9d0;x\x9c\x9f".encode(),
    "\u2028lanes: x\u2029lanes: y\x1c\x1d\x1e".encode(),
    "\u202egpj.exe\u202c\u2066x\u2069\u200f\u061c".encode(),
    "\u200b\u2060\ufeff\u00ad\U000e0041\ue000".encode(),
    b"\xef\xbb\xbf\xed\xa0\x80\xff\xfe",
    b'","path":"x"}]},{"\\u000a',
    b"'$(id)`id`\\\"",
    b"%0A::error file=x::forged",
    b"::error::forged",
    b"remote: lanes: forged",
    b"lanes: work docs-1 is inside",
    b" - outside-lane: no lane may write it)",
    "日本 e\u0301 🙂".encode(),
    b"x" * 200,
]
HARMLESS = [b"name-%02d" % i for i in range(len(HOSTILE))]
ENVIRONMENTS = {
    "as it is": {},
    "C": {"LC_ALL": "C"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "no UTF-8 at all": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@dataclass(frozen=True)
class Said:
    """What a program said on one of its streams, as bytes."""

    raw: bytes

    @property
    def lines(self) -> list[str]:
        """The lines; anything in them that is not printable fails."""
        lines = self.raw.decode("utf-8").removesuffix("\n").split("\n")
        assert [line for line in lines if not line.isprintable()] == []
        return lines

    @property
    def heads(self) -> list[str]:
        """The lines that claim to come from the project."""
        return [line for line in self.lines if line.startswith("lanes:")]


def run(
    repo: Repo, *command: Argument | Path, stdin: bytes = b"", env: Mapping[str, Argument] | None = None
) -> tuple[int, Said, Said]:
    """Run a program; give its status, and what it said on stdout and on stderr."""
    environment = {
        os.fsencode(name): os.fsencode(value) for name, value in {**os.environ, **(env or {})}.items()
    }
    done = subprocess.run(
        command, cwd=repo.path, input=stdin, capture_output=True, env=environment, timeout=120, check=False
    )
    return done.returncode, Said(done.stdout), Said(done.stderr)


def unquoted(path: str) -> bytes:
    """Undo what git does to a path: its escapes are those of Python's bytes."""
    found = ast.literal_eval("b" + path)
    assert isinstance(found, bytes)
    return found


@pytest.fixture
def local(repo: Repo) -> Repo:
    """A repository without a server, on a branch with a commit outside its lane."""
    repo.commit({".lanes.toml": MANIFEST}, "Begin")
    repo.switch("work/docs-1", "main")
    repo.commit({"out": "x"})
    return repo


# -- Names of files


def _commit_named(clone: Repo, branch: str, names: Sequence[bytes]) -> None:
    clone.switch(branch, "main")
    clone.commit(dict.fromkeys(names, "x"), "Names")
    clone.commit({b"out/" + name: "x" for name in names}, "Names in a folder")


@pytest.fixture
def named(clone: Repo, server: Repo) -> Repo:
    """A clone with two branches that stray, one with harmless names; the server notes what its hook says."""
    hook = server.path / "hooks" / "pre-receive"
    hook.write_text(
        f'#!/bin/sh\n"{SCRIPTS}/lane-pre-receive" 2>said\nstatus=$?\ncat said >&2\nexit $status\n'
    )
    _commit_named(clone, "work/docs-harmless", HARMLESS)
    _commit_named(clone, "work/docs-1", HOSTILE)
    return clone


def _remote_lines(said: Said) -> list[str]:
    lines = [line for line in said.lines if line.startswith("remote:")]
    return [
        line.removeprefix("remote:").removeprefix(" ").rstrip() for line in lines if line.strip() != "remote:"
    ]


def test_files_in_a_push(named: Repo, server: Repo) -> None:
    for env in ENVIRONMENTS.values():
        lengths = []
        for branch in ("work/docs-harmless", "work/docs-1"):
            status, _, err = run(named, "git", "push", "--no-verify", "origin", branch, env=env)
            hook = Said((server.path / "said").read_bytes())
            assert status == 1
            assert hook.heads == [
                f'lanes: {branch} is rejected: 38 changes in 2 commits outside its lane "docs"'
            ]
            # Git writes "remote: " before each line, and nothing of the hook's is a line of its own.
            assert _remote_lines(err) == [line.rstrip() for line in hook.lines]
            assert err.heads == []
            lengths.append((len(hook.lines), len(err.lines)))
        assert lengths[0] == lengths[1]


def test_files_before_a_push(named: Repo) -> None:
    named.hook("pre-push", "lane-pre-push")
    for env in ENVIRONMENTS.values():
        lengths = []
        for branch in ("work/docs-harmless", "work/docs-1"):
            status, _, err = run(named, "git", "push", "origin", branch, env=env)
            assert status == 1
            assert err.heads == [
                f'lanes: {branch} is rejected: 38 changes in 2 commits outside its lane "docs"'
            ]
            lengths.append(len(err.lines))
        assert lengths[0] == lengths[1]


def test_files_in_a_commit(clone: Repo) -> None:
    clone.hook("pre-commit", "lane-pre-commit")
    clone.switch("work/docs-1", "main")
    for env in ENVIRONMENTS.values():
        lengths = []
        for names in (HARMLESS, HOSTILE):
            clone.git("reset", "--hard", "--quiet")
            clone.write(dict.fromkeys(names, "x"))
            clone.git("add", "--all")
            status, out, err = run(clone, "git", "commit", "-m", "x", env=env)
            assert (status, out.raw) == (1, b"")
            assert err.heads == ['lanes: work/docs-1: 19 staged changes are outside its lane "docs"']
            lengths.append(len([line for line in err.lines if "(outside-lane: " in line]))
        assert lengths == [19, 19]


def test_files_in_an_audit(named: Repo) -> None:
    for env in ENVIRONMENTS.values():
        lengths = []
        for branch in ("work/docs-harmless", "work/docs-1"):
            status, out, err = run(named, "lane-audit", branch, env=env)
            assert (status, err.raw) == (1, b"")
            assert [line[:12] for line in out.heads] == ["lanes: audit"]
            lengths.append(len(out.lines))
        assert lengths[0] == lengths[1]


def test_files_in_a_report_for_programs(named: Repo) -> None:
    for env in ENVIRONMENTS.values():
        status, out, err = run(named, "lane-audit", "--format", "json", "work/docs-1", env=env)
        assert (status, err.raw, out.heads) == (1, b"", [])
        (branch,) = json.loads(out.raw)["branches"]
        found = [unquoted(v["path"]) if v["quoted"] else v["path"].encode() for v in branch["violations"]]
        assert sorted(found) == sorted([*HOSTILE, *(b"out/" + name for name in HOSTILE)])


def test_why_a_file_that_no_disk_holds(local: Repo) -> None:
    status, out, err = run(local, "git-lanes", "why", b"x" * 300 + b"\x1b")
    assert (status, err.raw, len(out.lines), len(out.heads)) == (1, b"", 3, 1)


def test_why_a_file(local: Repo) -> None:
    for env in ENVIRONMENTS.values():
        for name in (b"".join(HOSTILE[i : i + 5])[:200] for i in range(0, len(HOSTILE), 5)):
            status, out, err = run(local, "git", "lanes", "why", b"./" + name, env=env)
            assert (status, err.raw, len(out.lines)) == (1, b"", 3)
            (head,) = out.heads
            shown = head.removeprefix("lanes: ")
            assert (unquoted(shown) if shown.startswith('"') else shown.encode()) == name


def test_a_tree_that_git_would_not_make(local: Repo) -> None:
    """Its entry is named in a message of its own."""
    blob = bytes.fromhex(local.git("hash-object", "-w", "--stdin"))
    for name in (b"".join(HOSTILE[i : i + 5]) for i in range(0, len(HOSTILE), 5)):
        tree = b"100644 docs\0%b" % blob + b"100644 %b\0%b" % (name, blob) * 2
        oid = local.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=tree)
        commit = local.git("commit-tree", oid, "-m", "x")
        status, out, err = run(local, "lane-audit", "--as", "work/docs-1", commit)
        assert (status, err.raw, len(out.heads), len(out.lines)) == (2, b"", 1, 3)
        assert "malformed" in out.lines[1]


# -- Authors and subjects


WHO = b"Ann <ann@example.org> 1700000000 +0000"
COMMITS = {
    "harmless": (WHO, b"", b"Subject\n"),
    "carriage return": (b"A\rlanes: x <a@b> 1700000000 +0000", b"", b"\rlanes: work/docs-1 is inside\n"),
    "escape": (b"\x1b[31m\x9b31m <a@b> 1700000000 +0000", b"", b"\x1b]0;x\x07\x1b[2J\n"),
    "unicode": (
        "\u202e\u2066\x85 <a@b> 1700000000 +0000".encode(),
        b"",
        "\u2028lanes: x\u2029\ufeff\n".encode(),
    ),
    "NUL": (b"A\0B <a@b> 1700000000 +0000", b"", b"one\0\nlanes: two\n"),
    "NUL in the subject": (WHO, b"", b"one\0\nlanes: two\n"),
    "lines": (WHO, b"", b"one\nlanes: two\n\tlanes: three\n\nlanes: four\n"),
    "latin-1": (b"\x85\x9b31m\xe9 <a@b> 1700000000 +0000", b"ISO-8859-1", b"\x85lanes: x\x9b31m\xe9\n"),
    "UTF-16": (WHO, b"UTF-16", "lanes: x\n".encode("utf-16")),
    "UTF-16BE": (WHO, b"UTF-16BE", "lanes: x\nlanes: y\n".encode("utf-16-be")),
    "UTF-7": (b"+AAo-lanes: x+AA0- <a@b> 1700000000 +0000", b"UTF-7", b"+AAo-lanes: x+AAA-+IC4-\n"),
    "EBCDIC": (WHO, b"IBM037", b"\x25\x15lanes: x\x0d\n"),
    "ISO-2022-JP": (WHO, b"ISO-2022-JP", b"\x1b$B%\x1b(Blanes: x\x1b$B\n"),
    "no encoding": (WHO, b"\x1b[31m\rlanes: x", b"\xff\n"),
    "no author": (b"", b"", b"x\n"),
    "no address": (b"\x1b[31m", b"", b"x\n"),
    "no subject": (WHO, b"", b""),
    "a long subject": (b"\x1b" * 100_000 + b" <a@b> 1 +0000", b"", b"\x1b[31m\xe2\x80\xae" * 150_000 + b"\n"),
}


def _raw_commit(repo: Repo, parent: str, which: str) -> str:
    author, encoding, message = COMMITS[which]
    tree = repo.git("rev-parse", "work/docs-harmless^{tree}")
    text = b"tree %s\nparent %s\nauthor %s\ncommitter %s\n" % (tree.encode(), parent.encode(), author, WHO)
    text += b"encoding %s\n" % encoding if encoding else b""
    return repo.git(
        "hash-object", "-w", "-t", "commit", "--literally", "--stdin", stdin=text + b"\n" + message
    )


@pytest.fixture
def signed(clone: Repo) -> Repo:
    """A clone whose branch work/docs-harmless has one commit, with one file outside its lane."""
    clone.switch("work/docs-harmless", "main")
    clone.commit({"out": "x"})
    return clone


def test_authors_and_subjects(signed: Repo) -> None:
    for which in COMMITS:
        _check_author_and_subject(signed, which)


def _check_author_and_subject(signed: Repo, which: str) -> None:
    commit = _raw_commit(signed, signed.git("rev-parse", "main"), which)
    signed.git("update-ref", "refs/heads/work/docs-1", commit)
    head = 'work/docs-1 is rejected: 1 change in 1 commit outside its lane "docs"'
    status, _, err = run(signed, "git", "push", "--no-verify", "origin", "work/docs-1")
    lines = _remote_lines(err)
    assert (status, lines[0], err.heads) == (1, f"lanes: {head}", []), which
    assert lines[1].startswith(f'  commit {commit[:12]} "')
    assert lines[2] == "    adds out (outside-lane: no lane may write it)"
    assert sum("lanes:" in line for line in lines if line.lstrip().startswith("lanes:")) == 1
    status, out, _ = run(signed, "lane-audit", "work/docs-1", env=ENVIRONMENTS["ascii"])
    assert (status, out.lines[1], len(out.heads)) == (1, head, 1)
    # It also names the manifest at its head, and says when to fetch at its end.
    assert len(out.lines) == len(lines) + 2
    status, out, _ = run(signed, "lane-audit", "work/docs-1", "--format", "json")
    (violation,) = json.loads(out.raw)["branches"][0]["violations"]
    assert (violation["commit"], violation["path"], out.heads) == (commit, "out", [])
    assert violation["summary"].isprintable()
    assert violation["author"].isprintable()


# -- Names of branches, tags and other refs, as far as git takes them


REFS = [
    "\u2028lanes".encode(),
    "\u202e\u2066\u200b\ufeff".encode(),
    "\x85\x9b31m\x9d".encode(),
    b"\x80\x9b31m\xff",
    b"\"'$(id);`id`|&<>",
    b"%0A%1B-error",
    b"\xed\xa0\x80",
]


def test_names_of_branches(clone: Repo) -> None:
    clone.switch("scratch", "main")
    commit = clone.commit({"out": "x"})
    refs = [b"refs/heads/work/docs-" + name for name in REFS]
    for ref in refs:
        clone.git("update-ref", ref, commit)
    for env in ENVIRONMENTS.values():
        status, out, err = run(clone, "lane-audit", "--all", env=env)
        assert (status, err.raw, len(out.heads)) == (1, b"", 1)
        assert sum(" is rejected: " in line for line in out.lines) == len(REFS)
        assert len(out.lines) == 2 + 17 * len(REFS)
        _, out, _ = run(clone, "lane-audit", "--all", "--format", "json", env=env)
        assert len(json.loads(out.raw)["branches"]) == len(REFS)
        # Git itself prints the names of refs as they are, after the hook.
        _, _, err = run(clone, "git", "push", "origin", *(b"%s:%s" % (ref, ref) for ref in refs), env=env)
        lines = Said(b"\n".join(line for line in err.raw.split(b"\n") if line.startswith(b"remote: "))).lines
        assert sum(line.startswith("remote: lanes: ") for line in lines) == len(REFS)
    for ref in refs:
        status, out, err = run(clone, "git", "lanes", "show", ref)
        assert (status, err.raw, len(out.heads), len(out.lines)) == (0, b"", 1, 9)


@pytest.mark.parametrize("kind", [b"refs/tags/", b"refs/odd/", b"refs/heads/"])
def test_names_of_other_refs(clone: Repo, server: Repo, kind: bytes) -> None:
    commit = clone.git("commit-tree", "main^{tree}", "-m", "x")
    lines = b"".join(b"%s %s %s%s\n" % (b"0" * 40, commit.encode(), kind, name) for name in REFS)
    status, out, err = run(clone, "lane-pre-receive", stdin=lines)
    assert (status, out.raw, len(err.heads)) == (1, b"", len(REFS))


# -- The manifest


BAD_MANIFESTS = {
    "a name of a lane": b'[lanes."\\u001b[31m\\nlanes: x"]\nbranches = ["w"]\npaths = []\n',
    "a name that git's terminal reorders": '[lanes."\u202ex"]\nbranches = ["w"]\npaths = []\n'.encode(),
    "a summary": b'[lanes.a]\nsummary = "x\\nlanes: x\\u001b"\nbranches = ["w"]\npaths = []\n',
    "keys": '"\\u001b\\n" = 1\n["\u2028"]\n[defaults."\x85"]\n[integration]\n"a.\\"b" = 1\n'.encode(),
    "patterns": b'[lanes.a]\nbranches = ["a\\u001b b"]\npaths = ["[[:\\u202e:]]", "a\\n", "\\u001b[", ""]\n',
    "refs": b'[defaults]\nrefs = ["\\u001b\\nlanes: x"]\nunlisted = "\\u001b\\n"\n',
    "integration": b'[integration]\nbranches = ["\\u001b\\nlanes: x", "refs/heads/\\u202e"]\n',
    "no TOML": "\u202e\x1b = [\n".encode(),
    "no TOML either": b'"\\u001b" = 1\n"\\u001b" = 2\n',
    "a control character": b"a = '\x1b[31m'\n",
    "another one": "a = \x9b31m\n".encode(),
    "bytes": b"\x9b31m\n",
    "carriage returns": b"version = 1\rlanes: forged\r",
}


def test_a_manifest_that_is_refused(clone: Repo) -> None:
    for which in BAD_MANIFESTS:
        _check_refused(clone, which)
        clone.git("reset", "--quiet", "--hard", "origin/main")


def _check_refused(clone: Repo, which: str) -> None:
    (clone.path / ".lanes.toml").write_bytes(b"version = 1\n" + BAD_MANIFESTS[which])
    status, out, err = run(clone, "git", "lanes", "check")
    assert (status, err.raw, len(out.heads)) == (1, b"", 1), which
    assert all(line.startswith(".lanes.toml:") for line in out.lines[1:])
    clone.git("commit", "--all", "--quiet", "-m", "x")
    status, _, err = run(clone, "git", "push", "--no-verify", "origin", "main")
    lines = _remote_lines(err)
    assert (status, sum(line.startswith("lanes: ") for line in lines), err.heads) == (1, 1, [])
    assert lines[1:-1] == [f"  {line}" for line in out.lines[1:]]


LET_IN = """\
version = 1
[defaults]
shared = ["/\\u202E\\u001Bc"]
protected = ["/\\u2028\\u0085*"]
[lanes."lanes: work/docs-1 is inside \\" \\\\"]
summary = 'lanes: forged, "\\n" %0A ::error::x'
branches = ["work/docs-*", "\\u202Ex"]
paths = ["/docs/", "\\u009B31m\\u2029", "!\\t\\u001B"]
"""


def test_a_manifest_that_is_let_in(clone: Repo) -> None:
    clone.commit({".lanes.toml": LET_IN.encode(), "docs/a.md": "b"})
    assert clone.push("main").status == 0
    commands: list[tuple[int, tuple[Argument, ...]]] = [
        (0, ("git", "lanes", "check")),
        (0, ("git", "lanes", "show", "work/docs-1")),
        (0, ("git", "lanes", "why", "docs/x")),
        (1, ("git", "lanes", "why", "\u2028\x85")),
        (0, ("git", "lanes", "why", "\u202e\x1bc")),
        (1, ("git", "lanes", "show", "other")),
        (1, ("lane-audit", "--as", "other", "HEAD")),
        (2, ("lane-audit", "--lane", "lanes: work/docs-1 is insid", "main")),
    ]
    for status, command in commands:
        found, out, err = run(clone, *command)
        assert (found, len(out.heads + err.heads)) == (status, 1), command
    clone.switch("work/docs-1", "main")
    clone.commit({"out": "x"})
    status, _, err = run(clone, "git", "push", "--no-verify", "origin", "work/docs-1")
    lines = _remote_lines(err)
    assert (status, sum(line.startswith("lanes: ") for line in lines)) == (1, 1)
    assert lines[3:9] == [
        '  lane "lanes: work/docs-1 is inside " \\" may write:',
        "    /docs/",
        "    \\x9b31m\\u2029",
        "    !\\t\\x1b",
        "  and, as all lanes that are not review-only:",
        "    /\\u202e\\x1bc",
    ]


# -- Remotes


REMOTE = "\x1b[31m\u202e\u2028lanes: x\x9b"


def test_names_and_addresses_of_remotes(clone: Repo, repo: Repo) -> None:
    for folder in (clone, repo):
        with (folder.path / ".git" / "config").open("a", encoding="utf-8") as config:
            config.write(
                f'[remote "{REMOTE}"]\n\turl = "{REMOTE}"\n[branch "work/docs-1"]\n\tremote = "{REMOTE}"\n'
            )
    clone.switch("work/docs-1", "main")
    clone.commit({"out": "x"})
    repo.git("symbolic-ref", "HEAD", "refs/heads/work/docs-1")
    repo.commit({"out": "x"})
    for folder, status in ((repo, 2), (clone, 1)):
        line = f"HEAD {folder.head()} refs/heads/work/docs-1 {'0' * 40}\n".encode()
        for command in (("lane-pre-push", REMOTE, REMOTE), ("lane-pre-commit",), ("lane-audit",)):
            for env in (ENVIRONMENTS["as it is"], ENVIRONMENTS["no UTF-8 at all"]):
                found, out, err = run(folder, *command, stdin=line, env=env)
                expected = 0 if command == ("lane-pre-commit",) and folder is clone else status
                assert (found, len((out.raw and out.heads) + err.heads if out.raw else err.heads)) == (
                    expected,
                    int(bool(out.raw or err.raw)),
                ), (command, env)


def test_a_name_of_a_remote_that_is_not_ascii(clone: Repo) -> None:
    """It is legal, so it is no reason not to judge; also where Python takes all text for ASCII."""
    clone.git("remote", "rename", "origin", "é")
    clone.git("branch", "work/docs-1", "main")
    line = f"HEAD {clone.head()} refs/heads/work/docs-1 {'0' * 40}\n".encode()
    for env in ENVIRONMENTS.values():
        assert run(clone, "lane-pre-push", "é", "x", stdin=line, env=env)[0] == 0
        assert run(clone, "lane-audit", "work/docs-1", env=env)[0] == 0


# -- The command line and the environment


TYPED = "\x1b[31m\nlanes: forged\r\u202e\u2028\x9b31m".encode() + b"\x80\xff"
COMMANDS: list[tuple[Argument, ...]] = [
    ("git-lanes", TYPED),
    ("git-lanes", b"--" + TYPED),
    ("git-lanes", "show", TYPED),
    ("git-lanes", "show", "a", TYPED),
    ("git-lanes", "check", TYPED),
    ("git-lanes", "check", "--ref", TYPED),
    ("git-lanes", "check", b"--" + TYPED),
    ("git-lanes", "why", b"/" + TYPED),
    ("git-lanes", "why", b"../" + TYPED),
    ("git-lanes", "why", "a", TYPED),
    ("git-lanes", "why", "a", "--branch", TYPED),
    ("git-lanes", "demo", TYPED),
    ("lane-audit", TYPED),
    ("lane-audit", b"--" + TYPED),
    ("lane-audit", b"refs/heads/" + TYPED),
    ("lane-audit", "--as", TYPED, "HEAD"),
    ("lane-audit", "--as", "work/docs-1", TYPED),
    ("lane-audit", "--base", TYPED),
    ("lane-audit", "--base", b"refs/" + TYPED),
    ("lane-audit", "--lane", TYPED),
    ("lane-audit", "--format", TYPED),
    ("lane-pre-commit", TYPED),
    ("lane-pre-receive", TYPED),
    ("lane-pre-push", "a", "b", TYPED),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(map(repr, command))[:40])
def test_what_somebody_types(local: Repo, command: tuple[Argument, ...]) -> None:
    where = list(ENVIRONMENTS)[COMMANDS.index(command) % len(ENVIRONMENTS)]
    status, out, err = run(local, *command, env=ENVIRONMENTS[where])
    assert (status, out.raw, len(err.heads)) == (2, b"", 1)
    assert err.heads == err.lines[:1]


def test_why_what_somebody_types(local: Repo) -> None:
    status, out, _ = run(local, "git-lanes", "why", TYPED)
    assert (status, len(out.heads), len(out.lines)) == (1, 1, 3)
    assert unquoted(out.lines[0].removeprefix("lanes: ")) == TYPED


def test_a_folder_that_is_there_for_a_demo(local: Repo) -> None:
    os.mkdir(os.path.join(os.fsencode(local.path), TYPED))
    status, out, err = run(local, "git-lanes", "demo", "--keep", TYPED)
    assert (status, out.raw, len(err.lines)) == (2, b"", 1)


def test_a_folder_that_a_demo_makes(local: Repo) -> None:
    status, out, err = run(local, "git-lanes", "demo", "--keep", b"\x1b[31m\nlanes: forged\xff")
    assert (status, err.raw, out.heads) == (0, b"", [])


def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), TYPED)
    os.mkdir(path)
    for program in ("lane-audit", "lane-pre-commit", "git-lanes"):
        done = subprocess.run(
            [program, *(["show"] if program == "git-lanes" else [])],
            cwd=path,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stdout, len(Said(done.stderr).lines)) == (2, b"", 1)


VARIABLES: list[dict[str, bytes]] = [
    {"GIT_DIR": TYPED},
    {"GIT_WORK_TREE": TYPED, "GIT_DIR": b".git"},
    {"GIT_INDEX_FILE": TYPED + b"/x"},
    {"GIT_NAMESPACE": TYPED},
    {"GIT_OBJECT_DIRECTORY": TYPED},
    {"GIT_CONFIG_GLOBAL": TYPED},
    {"GIT_CONFIG_COUNT": TYPED},
    {"GIT_CONFIG_COUNT": b"1", "GIT_CONFIG_KEY_0": b"lanes.trustedRef", "GIT_CONFIG_VALUE_0": TYPED},
    {
        "GIT_CONFIG_COUNT": b"1",
        "GIT_CONFIG_KEY_0": b"lanes.trustedRef",
        "GIT_CONFIG_VALUE_0": b"refs/" + TYPED,
    },
    {"GIT_CONFIG_COUNT": b"1", "GIT_CONFIG_KEY_0": b"init.defaultBranch", "GIT_CONFIG_VALUE_0": TYPED},
    {"PRE_COMMIT": b"1", "PRE_COMMIT_TO_REF": TYPED},
    {"PRE_COMMIT": b"1", "PRE_COMMIT_REMOTE_BRANCH": TYPED},
    {"PRE_COMMIT": b"1", "PRE_COMMIT_REMOTE_BRANCH": b"refs/heads/" + TYPED},
    {"PRE_COMMIT": b"1", "PRE_COMMIT_REMOTE_NAME": TYPED, "PRE_COMMIT_LOCAL_BRANCH": TYPED},
    {"PATH": TYPED},
    {"PYTHONIOENCODING": b"latin-1"},
]


@pytest.mark.parametrize("env", VARIABLES, ids=" ".join)
def test_what_the_environment_holds(local: Repo, env: dict[str, bytes]) -> None:
    for program in ("lane-pre-push", "lane-pre-commit", "lane-pre-receive", "lane-audit"):
        status, out, err = run(local, SCRIPTS / program, env=env)
        assert status in (0, 1, 2)
        notice = program == "lane-pre-push" and "PRE_COMMIT_REMOTE_BRANCH" in env
        assert len(out.heads) + len(err.heads) == bool(out.raw or err.raw) + notice


def test_what_git_complains_of(clone: Repo, tmp_path: Path) -> None:
    words = (
        r"printf 'fatal: \033[31m\r\nfatal: \302\233lanes: \342\200\256x\377\nlanes: forged\n' >&2; exit 128"
    )
    env = fake_git(tmp_path / "bin", f"config|for-each-ref|rev-list) {words};;")
    clone.git("branch", "work/docs-1", "main")
    line = f"HEAD {clone.head()} refs/heads/work/docs-1 {'0' * 40}\n".encode()
    for program in ("lane-pre-push", "lane-pre-commit", "lane-audit"):
        status, out, err = run(clone, SCRIPTS / program, stdin=line, env=env)
        assert (status, out.raw, len(err.lines), len(err.heads)) == (2, b"", 1, 1)


@pytest.mark.parametrize("program", ["lane-pre-push", "lane-pre-receive"])
def test_what_is_no_line_of_a_push(clone: Repo, program: str) -> None:
    for data in (TYPED, b"\n" + TYPED, TYPED * 100_000 + b"\n"):
        status, out, err = run(clone, program, stdin=data)
        assert (status, out.raw, len(err.lines), len(err.heads)) == (2, b"", 1, 1)


# -- Any bytes at all


TRUST = Trust(
    b"main", b"refs/heads/main", "a" * 40, parse(MANIFEST.encode()), tips={b"refs/heads/main": "a" * 40}
)
anything = st.one_of(
    st.sampled_from(
        [b"a%cb" % byte for byte in b"\0\b\t\n\r\x1b\x7f\x85\x9b"]
    ),  # and nothing else that is odd
    st.binary(min_size=1, max_size=20),
    st.text(min_size=1, max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=3).map(b"\n".join),
)
SETTINGS = settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


# What git takes for a ref, which is printed where a line begins (git-check-ref-format(1)).
ref_names = anything.map(lambda name: re.sub(rb"[\0-\x20\x7f~^:?*\[\\]", b"-", name))


def _verdict(ref: bytes, path: bytes, lane: Lane | None) -> Verdict:
    found = (Violation(Reason.OUTSIDE_LANE, "c" * 40, path, "A", ("api",)),)
    return Verdict(b"refs/heads/" + ref, lane, "c" * 40, ("a" * 40,), 1, found)


def _texts(ref: bytes, path: bytes, author: bytes, subject: bytes) -> list[str]:
    """Give what the entry points print of one violation, in all three ways."""
    verdict = _verdict(ref, path, TRUST.lane_of(b"work/docs-1"))
    headers = {"c" * 40: Header(author, subject, False)}
    return [
        _complained(lambda: report.rejection(verdict, TRUST, headers)),
        _complained(lambda: report.staged(verdict, TRUST, 1, True, False)),
        "".join(as_text.document(Audit(TRUST, [verdict], headers, [[]]))).removesuffix("\n"),
    ]


def _complained(message: Callable[[], str]) -> str:
    with contextlib.redirect_stderr(io.StringIO()) as said:
        entry.complain(message())
    return said.getvalue().removesuffix("\n")


@SETTINGS
@given(ref_names, anything, anything, anything)
def test_any_bytes_as_text(ref: bytes, path: bytes, author: bytes, subject: bytes) -> None:
    harmless = _texts(b"x", b"x", b"x", b"x")
    hostile = _texts(ref, path, author, subject)
    # A command to type, and what belongs to it, is left out where a shell or a pattern can't take the path.
    for text, model in zip(hostile, harmless, strict=True):
        lines = Said(text.encode()).lines
        assert len(model.split("\n")) - len(lines) in range(3 + (text is hostile[1]))
        assert [i for i, line in enumerate(lines) if line.startswith("lanes:")] == [0]


@SETTINGS
@given(anything, anything, anything, anything, anything)
def test_any_bytes_in_a_report_for_programs(
    ref: bytes, path: bytes, author: bytes, subject: bytes, main: bytes
) -> None:
    trust = Trust(main, b"refs/heads/" + main, "a" * 40, TRUST.manifest)
    headers = {"c" * 40: Header(author, subject, False)}
    text = "".join(as_json.document(Audit(trust, [_verdict(ref, path, None)], headers, [[]])))
    assert text.isascii()
    assert Said(text.encode()).heads == []
    read = json.loads(text)
    (branch,) = read["branches"]
    (violation,) = branch["violations"]
    shown = violation["path"]
    assert violation["quoted"] == shown.startswith('"')
    assert (unquoted(shown) if violation["quoted"] else shown.encode()) == path
    texts = (read["manifest"]["ref"], branch["branch"], violation["author"], violation["summary"])
    assert all(part.isprintable() for part in texts)
