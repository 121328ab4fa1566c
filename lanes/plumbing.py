"""Start git's plumbing and read its bytes: everything that is judged comes through here.

Every failure of git is a CannotJudge that says which command failed and what it said.
"""

import fcntl
import os
import re
import select
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple

from lanes import signals
from lanes.errors import CannotJudge
from lanes.text import printable

OLDEST_GIT = (2, 39)
_CHUNK = 1 << 16
_AT_ONCE = 2  # commands that read history for one verdict; a server has other pushes to judge
_LARGE_PIPE = 1 << 20  # bytes; a command that fills one must wait
_MOST_AHEAD = 16 << 20  # bytes that are read before it is their turn
MOST_NAMES = 500
"""So many refs are named in one command line."""
LARGEST_TREE = 64 << 20  # bytes of a folder's list, which has a million names and more then
_KINDS = (b"commit", b"tree", b"blob", b"tag", b"missing")

# What would change what git says, and nothing that a hook needs to find its repository.
_DROPPED = re.compile(r"GIT_(?:TRACE\w*|\w+_PATHSPECS|EXTERNAL_DIFF|DIFF_OPTS|CONFIG)")
_SET = {
    "GIT_NO_REPLACE_OBJECTS": "1",  # refs/replace could swap a judged commit for a harmless one
    "GIT_GRAFT_FILE": os.devnull,  # so could info/grafts, which the variable above does not turn off
    "GIT_FLUSH": "0",  # git would flush its output after every commit
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


def environment() -> dict[str, str]:
    """Give the environment for git: ours, less what would change what git says.

    Raises CannotJudge inside a namespace, whose refs are not those that git names to a hook.
    """
    if "GIT_NAMESPACE" in os.environ:
        raise CannotJudge("GIT_NAMESPACE is set; lanes can't be judged inside a namespace, so unset it")
    kept = {name: value for name, value in os.environ.items() if not _DROPPED.fullmatch(name)}
    # Git reads parents from the commits themselves then: a commit-graph file could say something else. This
    # is the variable of `git -c`, which counts more than any file and any other variable.
    settings = f"{kept.get('GIT_CONFIG_PARAMETERS', '')} 'core.commitGraph'='false'"
    return kept | _SET | {"GIT_CONFIG_PARAMETERS": settings.lstrip()}


@dataclass(frozen=True)
class Git:
    """Git's plumbing, in one repository: that of *folder*, or of the current one.

    *variables* go into its environment. Object ids are hexadecimal text, refs and paths bytes.
    """

    folder: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def read(self, *arguments: str | bytes, feed: bytes = b"", ok: Sequence[int] = (0,)) -> bytes:
        """Run one command to its end and give what it printed.

        *feed* is its standard input. Raises CannotJudge unless its exit status is in *ok*.
        """
        return self.run(*arguments, feed=feed, ok=ok)[0]

    def run(self, *arguments: str | bytes, feed: bytes = b"", ok: Sequence[int] = (0,)) -> tuple[bytes, int]:
        """Run one command to its end and give what it printed, and its exit status, one of *ok*."""
        with self._started(arguments) as process:
            output, complaint = process.communicate(feed)
        # Where git says no by its exit status it says nothing else.
        if process.returncode not in ok or (process.returncode and output):
            raise _failure(arguments, process.returncode, complaint)
        for ref in _BROKEN_REF.findall(complaint):
            if _asked_for(ref, arguments):
                raise CannotJudge(f"the ref {printable(ref)} is broken; restore it, or fetch it again")
        return output, process.returncode

    @contextmanager
    def stream(self, *arguments: str | bytes, feed: Iterable[bytes] = ()) -> Iterator[IO[bytes]]:
        """Run one command and read its output while it works; *feed* is its input, written alongside.

        The caller must read to the end. Raises CannotJudge when the command fails.
        """
        with self._started(arguments) as process:
            if not (process.stdin and process.stdout and process.stderr):
                raise CannotJudge("git's standard streams are not there")
            complaint: list[bytes] = []
            feeder = threading.Thread(target=_write, args=(process.stdin, feed), daemon=True)
            listener = threading.Thread(target=_listen, args=(process.stderr, complaint), daemon=True)
            feeder.start()
            listener.start()
            try:
                yield process.stdout
            except CannotJudge:
                # An answer that is cut short most often means that git failed; then its own words say why.
                if not process.stdout.read(1) and (status := _wait(process, listener)):
                    raise _failure(arguments, status, b"".join(complaint)) from None
                raise
            process.stdout.close()
            feeder.join()
            if status := _wait(process, listener):
                raise _failure(arguments, status, b"".join(complaint))

    @contextmanager
    def _started(self, arguments: Sequence[str | bytes]) -> Iterator[subprocess.Popen[bytes]]:
        """Start git, and end it when anything goes wrong here, a signal at any moment included."""
        process: subprocess.Popen[bytes] | None = None
        try:
            with signals.held():
                process = self._popen(arguments)
            yield process
        except BaseException:
            if process is not None:
                process.kill()
                _wait(process)
            raise

    def _popen(self, arguments: Sequence[str | bytes]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                ["git", *arguments],
                cwd=self.folder,
                env=environment() | dict(self.variables),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise CannotJudge(f"git can't be started ({error.strerror}); install git or mend PATH") from None

    def typed(self, *arguments: str | bytes, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run git as a person types it, in this *environment* alone; give its status and all that it said.

        It has a session of its own, so that the hooks and servers which it starts end with it.
        """
        process: subprocess.Popen[bytes] | None = None
        try:
            with signals.held():
                process = subprocess.Popen(
                    ["git", *arguments],
                    cwd=self.folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            said, _ = process.communicate()
        except BaseException:
            if process is not None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
            raise
        return process.returncode, said.decode("utf-8", "surrogateescape").strip()

    def require_version(self) -> None:
        """Raise CannotJudge when git is older than what this project is tested with."""
        said = self.read("version")
        found = re.match(rb"git version ([0-9]{1,4})\.([0-9]{1,4})\b", said)
        if not found:
            raise CannotJudge(f"git does not tell its version, but: {printable(said.strip()[:200])}")
        if (int(found[1]), int(found[2])) < OLDEST_GIT:
            oldest = ".".join(map(str, OLDEST_GIT))
            raise CannotJudge(
                f"git {int(found[1])}.{int(found[2])} is too old; install git {oldest} or newer"
            )

    # -- Configuration and refs

    def config(self, pattern: str) -> dict[bytes, list[bytes]]:
        """Give the configuration whose keys match the regular expression *pattern*.

        Keys come as git prints them (section and name in lower case), values in the order of the files.
        """
        # What the environment sets is always there; an answer without it is cut short.
        said = self.read("config", "-z", "--get-regexp", rf"{pattern}|^core\.commitgraph$")
        found: dict[bytes, list[bytes]] = {}
        for record in _complete(said, b"\0", "git config"):
            key, _, value = record.partition(b"\n")
            found.setdefault(key, []).append(value)
        if found.pop(b"core.commitgraph", [])[-1:] != [b"false"]:
            raise _garbage("git config", said)
        return found

    def setting(self, key: bytes, kind: str) -> bytes | None:
        """Give one value of the configuration, None without one.

        It is written as git writes a value of its *kind* (git-config(1), --type).
        """
        said, status = self.run("config", f"--type={kind}", "--get", key, ok=(0, 1))
        return _line(said, "git config") if status == 0 else None

    def symbolic_ref(self, ref: bytes) -> bytes | None:
        """Give the full ref that *ref* points to, None where it is not symbolic."""
        said, status = self.run("symbolic-ref", "-q", ref, ok=(0, 1))
        if status:
            return None
        target = _line(said, "git symbolic-ref")
        if not target.startswith(b"refs/") or b"\n" in target:
            raise _garbage("git symbolic-ref", target)
        return target

    def symbolic_refs(self, names: Iterable[bytes]) -> dict[bytes, bytes]:
        """Map those of these full ref names that are symbolic to their targets, which need not exist."""
        wanted = list(dict.fromkeys(names))
        known = self.refs(wanted)
        found = {name: ref.target for name, ref in known.items()}
        # A symbolic ref that points to nothing is in no list. But it has a file of its own, where refs are
        # files: since that is rarely so of a ref that is new, git is asked about those alone.
        new = [name for name in wanted if name not in known]
        for i in range(0, len(new), MOST_NAMES):
            some = new[i : i + MOST_NAMES]
            heads, *files = self.paths("refs/heads", *map(os.fsdecode, some))
            found |= {
                name: self.symbolic_ref(name)
                for name, file in zip(some, files, strict=True)
                if os.path.lexists(file) or not heads.is_dir()
            }
        return {name: target for name, target in found.items() if target}

    def refs(self, names: Iterable[bytes]) -> dict[bytes, "Ref"]:
        """Look full ref names up, exactly; those that don't exist are not in the answer."""
        wanted = set(names)
        if not wanted:
            return {}
        # A pattern of for-each-ref also matches what lies below it, hence the exact comparison. A command
        # line is not endless, so for many names all refs are listed.
        literal = [name for name in wanted if not re.search(rb"[*?\[\\]", name)]
        if len(wanted) > MOST_NAMES:
            literal = []
        return {name: ref for name, ref in self.all_refs(*literal).items() if name in wanted}

    def all_refs(self, *prefixes: bytes) -> dict[bytes, "Ref"]:
        """List the refs at or below *prefixes* (all of them without any), sorted by name."""
        shape = "%(objectname) %(refname)%00%(symref)"
        found = {}
        said = self.read("for-each-ref", f"--format={shape}", *prefixes)
        for record in _complete(said, b"\n", "git for-each-ref"):
            oid, _, names = record.partition(b" ")
            name, _, target = names.partition(b"\0")
            found[name] = Ref(_oid(oid, "git for-each-ref", record), target or None)
        return found

    # -- Objects

    def types(self, names: Sequence[str]) -> list[tuple[str, str] | None]:
        """Give the object id and the type that each of *names* stands for, None where it is missing.

        A name is an object id, or one with `^{}` behind it, which peels tags.
        """
        feed = "".join(f"{name}\n" for name in names).encode()
        said = self.read("cat-file", "--batch-check=%(objectname) %(objecttype)", feed=feed)
        answers = _complete(said, b"\n", "git cat-file")
        if len(answers) != len(names):
            raise CannotJudge("git cat-file answered too little")
        found: list[tuple[str, str] | None] = []
        for answer in answers:
            oid, _, kind = answer.partition(b" ")
            if kind not in _KINDS:
                raise _garbage("git cat-file", answer)
            known = None if kind == b"missing" else (_oid(oid, "git cat-file", answer), kind.decode("ascii"))
            found.append(known)
        return found

    def entry(self, commit: str, path: bytes) -> tuple[str, str] | None:
        """Give the mode and the object id of *path* at the root of *commit*, None where it has none."""
        return _entry(self.read("ls-tree", "-z", "--full-tree", commit, b"--", path), path, "git ls-tree")

    def staged_entry(self, path: bytes) -> tuple[str, str] | None:
        """Give the mode and the object id of *path* in the index, None where it has none."""
        said = self.read("ls-files", "-z", "--stage", "--full-name", b"--", b":(top,literal)" + path)
        return _entry(said, path, "git ls-files")

    def blob(self, oid: str, limit: int) -> bytes | None:
        """Give the bytes of a blob, unfiltered; None where it is longer than *limit*."""
        with self.stream("cat-file", "--batch", feed=[f"{oid}\n".encode()]) as output:
            size = _size(output.readline(), b"blob")
            content = output.read(size) if size is not None and size <= limit else b""
            whole = size is not None and (size > limit or len(content) == size)
            if not whole:
                raise CannotJudge(f"git can't read the object {oid[:12]}; run: git fsck")
            while output.read(_CHUNK):
                pass
        return None if size is not None and size > limit else content

    def trees(self, names: Sequence[str]) -> Iterator[bytes]:
        """Stream the bytes of the trees that *names* stand for, in that order; none of them starts no git."""
        if not names:
            return
        with self.stream("cat-file", "--batch", feed=(f"{name}\n".encode() for name in names)) as output:
            for name in names:
                size = _size(output.readline(), b"tree")
                if size is not None and size > LARGEST_TREE:
                    raise CannotJudge(
                        f"the tree {name[:12]} is larger than {LARGEST_TREE >> 20} MiB; split the folder"
                    )
                tree = b"" if size is None else output.read(size)
                if len(tree) != size or output.read(1) != b"\n":
                    raise CannotJudge(f"git can't read the tree {name[:12]}; run: git fsck")
                yield tree

    def tree(self, commit: str, path: bytes) -> bytes:
        """Give the bytes of the tree at *path*, an empty one where there is none."""
        said = self.read("cat-file", "--batch", "-z", feed=b"%b:%b\0" % (commit.encode(), path))
        header, _, content = said.partition(b"\n")
        return content[:-1] if re.fullmatch(rb"[0-9a-f]+ tree \d+", header) else b""

    def headers(self, commits: Iterable[str]) -> dict[str, "Header"]:
        """Give what each commit says of itself, in UTF-8 where git could tell."""
        shape = "--format=%H%x00%P%x00%an%x00%s"
        options = ("--no-walk=unsorted", "--no-commit-header", "--encoding=UTF-8", shape, "--stdin")
        said = self.read("rev-list", *options, feed="".join(f"{commit}\n" for commit in commits).encode())
        found = {}
        for line in _complete(said, b"\n", "git rev-list"):
            oid, *rest = line.split(b"\0")
            if len(rest) != 3:
                raise _garbage("git rev-list", line)
            parents, author, subject = rest
            found[_oid(oid, "git rev-list", line)] = Header(author, subject, b" " in parents)
        return found

    def commit_of(self, parent: str, path: bytes, content: bytes, message: str) -> str:
        """Make a commit on top of *parent* in which a file at its root holds *content*; give its id.

        It is the user's, signed where git is to sign commits. No ref, index or work tree knows of it.
        """
        entry = self.entry(parent, path)
        (tree,) = self.trees([f"{parent}^{{tree}}"])
        blob = _one_oid(self.read("hash-object", "-w", "--stdin", feed=content), "git hash-object")
        mode, old = entry or ("", "")
        before, after = (b"%s %s\0%s" % (mode.encode(), path, bytes.fromhex(oid)) for oid in (old, blob))
        if tree.count(before) != 1:
            raise CannotJudge(f"git does not tell what {parent[:12]} holds; run: git fsck")
        feed = tree.replace(before, after)
        root = _one_oid(self.read("hash-object", "-w", "-t", "tree", "--stdin", feed=feed), "git hash-object")
        sign = ["-S"] if self.setting(b"commit.gpgsign", "bool") == b"true" else []
        return _one_oid(self.read("commit-tree", *sign, "-p", parent, "-m", message, root), "git commit-tree")

    def dates(self, commits: Iterable[str]) -> dict[str, int]:
        """Give when each commit was made, in seconds since 1970."""
        options = ("--no-walk=unsorted", "--timestamp", "--stdin")
        said = self.read("rev-list", *options, feed="".join(f"{commit}\n" for commit in commits).encode())
        found = {}
        for line in _complete(said, b"\n", "git rev-list"):
            seconds, _, oid = line.partition(b" ")
            if not seconds.isdigit():
                raise _garbage("git rev-list", line)
            found[_oid(oid, "git rev-list", line)] = int(seconds)
        return found

    # -- History

    def commit(self, revision: bytes) -> str | None:
        """Give the commit that *revision* names, None where there is none.

        A full ref name is looked up exactly; anything else is what git makes of it.
        """
        if revision.startswith(b"refs/"):
            found = self.refs([revision]).get(revision)
            if found is None:
                return None
            revision = found.oid.encode()
        options = ("--quiet", "--verify", "--end-of-options")
        said, status = self.run("rev-parse", *options, revision + b"^{commit}", ok=(0, 1))
        return _one_oid(said, "git rev-parse") if status == 0 else None

    def paths(self, *names: str) -> list[Path]:
        """Give where this work tree keeps these files of its git directory."""
        options = [option for name in names for option in ("--git-path", name)]
        said = self.read("rev-parse", *options)
        lines = _complete(said, b"\n", "git rev-parse")
        if len(lines) != len(names) or b"\0" in said:
            raise _garbage("git rev-parse", said)
        return [Path(self.folder or ".", os.fsdecode(line)) for line in lines]

    def empty_tree(self) -> str:
        """Give the id of the empty tree, which depends on the repository's hash."""
        return _one_oid(self.read("hash-object", "-t", "tree", "--stdin"), "git hash-object")

    def shallow(self) -> frozenset[str]:
        """List the commits whose parents this repository does not have (gitformat-shallow)."""
        said = self.read("rev-parse", "--is-shallow-repository", "--git-path", "shallow")
        is_shallow, _, file_name = _line(said, "git rev-parse").partition(b"\n")
        if is_shallow not in (b"true", b"false") or not file_name:
            raise _garbage("git rev-parse", said)
        if is_shallow == b"false":
            return frozenset()
        path = os.fsdecode(file_name)
        try:
            file = Path(self.folder or ".", os.environ.get("GIT_SHALLOW_FILE") or path)
            return frozenset(file.read_text("ascii").split())
        except (OSError, ValueError):
            raise CannotJudge(
                f"the list of shallow commits can't be read: {printable(os.fsencode(path))}"
            ) from None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Tell whether *descendant* is or contains *ancestor*."""
        # Not --is-ancestor, whose only answer is an exit status.
        said, status = self.run("merge-base", ancestor, descendant, ok=(0, 1))
        return status == 0 and _one_oid(said, "git merge-base") == ancestor

    def merge_bases(self, *commits: str, octopus: bool = False) -> list[str]:
        """Give all best common ancestors of two commits, or of any number with *octopus*."""
        kind = ["--octopus"] if octopus else []
        said, _ = self.run("merge-base", "--all", *kind, *commits, ok=(0, 1))
        return [_oid(line, "git merge-base", line) for line in _complete(said, b"\n", "git merge-base")]

    def independent(self, commits: Sequence[str]) -> set[str]:
        """Give those of *commits* that no other one contains."""
        said = self.read("merge-base", "--independent", *commits)
        return {_oid(line, "git merge-base", line) for line in _complete(said, b"\n", "git merge-base")}

    def walk(
        self, tips: Iterable[str], excluded: Iterable[str], *options: str
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Stream what is reachable from *tips* and not from *excluded*, each with its parents.

        *options* are rev-list's; without `--reverse` every commit comes before its parents.
        """
        feed = "".join([f"{tip}\n" for tip in tips] + [f"^{tip}\n" for tip in excluded]).encode()
        with self.stream("rev-list", "--topo-order", "--parents", *options, "--stdin", feed=[feed]) as output:
            for lines in _lines(output, "git rev-list"):
                if not _LISTED.fullmatch(lines):
                    wrong = [line for line in lines.split(b"\n") if not _LISTED.fullmatch(line + b"\n")]
                    raise _garbage("git rev-list", wrong[0])
                for line in lines.decode("ascii").splitlines():
                    commit, *parents = line.split(" ")
                    yield commit, tuple(parents)

    def streams(
        self, arguments: Sequence[str | bytes], feeds: Iterable[bytes]
    ) -> "Iterator[AbstractContextManager[Output]]":
        """Run one command once for each feed, its standard input, a few at once; give them in that order.

        Each must be entered, and its output read to the end, before the next one is taken. Leaving it raises
        CannotJudge when the command failed.
        """
        feeds = iter(feeds)
        started: deque[_Running] = deque()
        together: list[Output] = []
        try:
            while True:
                for feed in islice(feeds, _AT_ONCE - len(started)):
                    started.append(_Running(self.stream(*arguments, feed=[feed]), together))
                if not started:
                    return
                yield started.popleft()
        finally:
            for running in started:
                running.kill()


class Output:
    """What one of several commands prints. While one of them is waited for, the others are read ahead."""

    def __init__(self, stream: IO[bytes], together: "list[Output]") -> None:
        self._stream = stream
        self._together = together
        self._chunks: deque[bytes] = deque()
        self._bytes = 0
        self._ended = False
        together.append(self)
        with suppress(AttributeError, OSError):  # not every system can, nor lets everybody
            fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, _LARGE_PIPE)

    def read(self, _size: int = -1) -> bytes:
        """Give the next chunk, of any size; an empty one at the end."""
        while not self._chunks and not self._ended:
            waiting = [one for one in self._together if one is self or one._has_room()]
            for one in waiting if len(waiting) == 1 else _ready(waiting):
                one._take()
        if not self._chunks:
            return b""
        self._bytes -= len(self._chunks[0])
        return self._chunks.popleft()

    def unread(self, chunk: bytes) -> None:
        """Put a chunk back, to be read again."""
        self._chunks.appendleft(chunk)
        self._bytes += len(chunk)

    def fileno(self) -> int:
        """Give the file descriptor, as select.select asks for it."""
        return self._stream.fileno()

    def _has_room(self) -> bool:
        return not self._ended and self._bytes < _MOST_AHEAD

    def _take(self) -> None:
        # One read past the stream's own buffer, so that nothing lies there which poll does not know of.
        if chunk := self._stream.read1(_CHUNK):  # type: ignore[attr-defined]
            self._chunks.append(chunk)
            self._bytes += len(chunk)
        else:
            self._ended = True


def _ready(outputs: list[Output]) -> list[Output]:
    by_number = {output.fileno(): output for output in outputs}
    poll = select.poll()
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll()]


class _Running:
    """A command that runs already, and is entered to be read."""

    def __init__(self, context: AbstractContextManager[IO[bytes]], together: list[Output]) -> None:
        self._context = context
        self._together = together
        self._output = Output(context.__enter__(), together)

    def __enter__(self) -> Output:
        return self._output

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        self._together.remove(self._output)
        return self._context.__exit__(kind, error, traceback)

    def kill(self) -> None:
        """End it unread."""
        self.__exit__(GeneratorExit, GeneratorExit(), None)


@dataclass(frozen=True, slots=True)
class Ref:
    """What a ref holds: an object id, and the full name of the ref that it points to if it is symbolic."""

    oid: str
    target: bytes | None


class Header(NamedTuple):
    """What a commit says of itself: the author's name, the subject, and whether it has several parents."""

    author: bytes
    subject: bytes
    merge: bool


_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LISTED = re.compile(rb"(?:[0-9a-f]{40}(?:[0-9a-f]{24})?(?: [0-9a-f]{40}(?:[0-9a-f]{24})?)*+\n)*+")


def is_null(oid: str) -> bool:
    """Tell whether *oid* is the null object id, which stands for "no such ref", of either hash."""
    return not oid.strip("0")


def records(stream: "IO[bytes] | Output", end: bytes, source: str) -> Iterator[bytes]:
    """Split a stream into the records that *end* (one byte) terminates.

    Raises CannotJudge, naming *source*, when the last one is not complete.
    """
    unfinished: list[bytes] = []  # joined only when it ends: a name can be as long as it likes
    while chunk := stream.read(_CHUNK):
        first, *others = chunk.split(end)
        unfinished.append(first)
        if others:
            yield b"".join(unfinished)
            unfinished = [others.pop()]
            yield from others
    if any(unfinished):
        raise CannotJudge(f"{source} stopped in the middle of a line")


def _lines(stream: IO[bytes], source: str) -> Iterator[bytes]:
    """Split a stream into whole lines, many at once. Raises CannotJudge, naming *source*, at half a line."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        whole, end, rest = (rest + chunk).rpartition(b"\n")
        yield whole + end
    if rest:
        raise CannotJudge(f"{source} stopped in the middle of a line")


def _complete(output: bytes, end: bytes, source: str) -> list[bytes]:
    *whole, rest = output.split(end)
    if rest:
        raise CannotJudge(f"{source} stopped in the middle of a line")
    return whole


def _garbage(source: str, said: bytes) -> CannotJudge:
    return CannotJudge(f"{source} answered garbage: {printable(said.strip()[:200])[:200]}")


def _oid(word: bytes, source: str, said: bytes) -> str:
    oid = word.decode("ascii", "replace")
    if not _OID.fullmatch(oid):
        raise _garbage(source, said)
    return oid


def _line(said: bytes, source: str) -> bytes:
    if not said.endswith(b"\n"):
        raise CannotJudge(f"{source} stopped in the middle of a line")
    return said[:-1]


def _one_oid(said: bytes, source: str) -> str:
    return _oid(_line(said, source), source, said)


def _size(header: bytes, kind: bytes) -> int | None:
    """Give the size in a header of cat-file --batch, None where it is not that of an object of *kind*."""
    found = re.fullmatch(rb"[0-9a-f]+ %b ([0-9]{1,12})\n" % kind, header)
    return int(found[1]) if found else None


def _entry(output: bytes, path: bytes, source: str) -> tuple[str, str] | None:
    """Find *path* in what ls-tree -z or ls-files -z --stage print: "mode [type] oid [stage]", tab, path."""
    for record in _complete(output, b"\0", source):
        found = re.match(rb"(\d+) (?:[a-z]+ )?([0-9a-f]{40}(?:[0-9a-f]{24})?)(?: \d)?\t", record)
        if not found:
            raise _garbage(source, record)
        if record[found.end() :] == path:
            return found[1].decode("ascii"), found[2].decode("ascii")
    return None


def _write(stream: IO[bytes], feed: Iterable[bytes]) -> None:
    # Git that died no longer reads, and its exit status says so; or whoever reads has ended it.
    with suppress(BrokenPipeError, ValueError), stream:
        for piece in feed:
            stream.write(piece)


def _listen(stream: IO[bytes], said: list[bytes]) -> None:
    with suppress(ValueError):  # it is closed where whoever reads has ended the process
        said.append(stream.read())


def _wait(process: subprocess.Popen[bytes], listener: threading.Thread | None = None) -> int:
    """Wait for the end of a process, leave nothing open, and give its exit status."""
    for stream in (process.stdin, process.stdout):
        if stream:
            with suppress(OSError):
                stream.close()
    status = process.wait()
    if listener is not None:
        listener.join()
    if process.stderr:
        process.stderr.close()
    return status


_DUBIOUS = re.compile(rb"safe\.directory (.+)")
_BROKEN_REF = re.compile(rb"^warning: ignoring broken ref (.+)$", re.MULTILINE)
_SOME_ID = re.compile(rb"[0-9a-f]{40}")
# What git says of objects that are missing or damaged.
_DAMAGE = re.compile(
    rb"bad object|bad tree|missing|corrupt|unable to (?:read|parse|unpack|find)"
    rb"|could not (?:read|parse|get)(?! from remote)"
    rb"|inflate|loose object|not a tree|not a valid|revision walk|unpack|packfile|pack has|bogus|cannot read",
    re.IGNORECASE,
)


def _asked_for(ref: bytes, arguments: Sequence[str | bytes]) -> bool:
    """Tell whether *ref* is one of those that for-each-ref was asked for: it looks at others on its way."""
    prefixes = [word for word in arguments if isinstance(word, bytes)]
    return not prefixes or any(ref == word or ref.startswith(word.rstrip(b"/") + b"/") for word in prefixes)


def _failure(arguments: Sequence[str | bytes], status: int, complaint: bytes) -> CannotJudge:
    name = os.fsdecode(arguments[0])
    if b"dubious ownership" in complaint:
        folder = _DUBIOUS.search(complaint)
        where = printable(folder[1]) if folder else "PATH"
        return CannotJudge(
            "git does not trust this repository, which belongs to another user;"
            f" run: git config --global --add safe.directory {where}"
        )
    # Hints are for people who type; one about the graft file comes with every command.
    lines = [line for line in complaint.splitlines() if line.strip() and not line.startswith(b"hint:")]
    worst = [line for line in lines if line.startswith((b"fatal:", b"error:"))] or lines
    worst = [line for line in worst if _SOME_ID.search(line)] or worst
    said = f": {printable(worst[-1].strip()[:300])[:300]}" if worst else " and said nothing"
    ended = f"was killed by signal {-status}" if status < 0 else f"failed with exit status {status}"
    if not _DAMAGE.search(said.encode()):
        return CannotJudge(f"git {name} {ended}{said}")
    asked = [found[0].decode() for word in arguments if (found := _SOME_ID.match(os.fsencode(word)))]
    about = f", asked about {asked[0][:12]}" if asked and not _SOME_ID.search(said.encode()) else ""
    return CannotJudge(f"git {name} {ended}{about}{said}; run: git fsck")
