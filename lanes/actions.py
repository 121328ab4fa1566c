"""What installing does, in small steps: each can be said before it is done, and undone after it."""

import errno
import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lanes import signals
from lanes.errors import CannotJudge
from lanes.plumbing import Git
from lanes.text import printable, quoted

_EXECUTABLE = 0o755  # for everybody: git passes over a hook that whoever pushes may not execute
_FOLDER = 0o2775  # what it has of this from the folder that it is in: not more than git itself makes
# Not every disk has links, and not every file may be linked to.
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)


class Action(Protocol):
    """One step. It is done as a whole, or raises OSError or CannotJudge and has changed nothing."""

    @property
    def said(self) -> Sequence[str]:
        """What it does, in lines ready to print that are true before it and after it."""

    def do(self) -> None:
        """Do it."""

    def undo(self) -> None:
        """Bring back what was there before it was done."""


def carry_out(actions: Sequence[Action]) -> None:
    """Do all of it, or nothing: whatever stops it, a signal included. Raises CannotJudge."""
    done: list[Action] = []
    try:
        for action in actions:
            with signals.held():
                action.do()
                done.append(action)
    except BaseException as error:
        with signals.held():
            failed = [line for action in reversed(done) for line in _undone(action)]
        changed = f"these could not be undone: {'; '.join(failed)}" if failed else "nothing was changed"
        if isinstance(error, OSError):
            raise CannotJudge(f"{said_by(error)}; {changed}") from None
        raise


def _undone(action: Action) -> Sequence[str]:
    try:
        action.undo()
    except (OSError, CannotJudge):
        return action.said
    return ()


def shown(path: Path) -> str:
    """Give a path, ready to print."""
    return quoted(bytes(path))


def said_by(error: OSError) -> str:
    """Give what went wrong with a file, ready to print."""
    name = error.filename if isinstance(error.filename, (str, bytes)) else ""
    return f"{printable(os.fsencode(name))}: {error.strerror}" if name else str(error.strerror or error)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep another `git lanes install` in the same repository waiting: agents begin at the same time."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every disk has locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Put:
    """Write a hook file. What is there becomes *kept*, or is *before*, an older file of ours.

    A file that is no hook has a *mode* of its own.
    """

    file: Path
    content: bytes
    kept: Path | None = None
    before: bytes | None = None
    said: Sequence[str] = ()
    mode: int = _EXECUTABLE

    def do(self) -> None:
        """Write it. At no moment there is no hook, so that whatever ends this leaves the gate shut."""
        new = _written(self.file, self.content, self.mode)
        try:
            if self.kept:
                _keep(self.file, self.kept)
            try:
                new.replace(self.file)
            except OSError:
                if self.kept:
                    self.kept.replace(self.file)
                    self.kept.unlink(missing_ok=True)  # two links to one file do not replace each other
                raise
        except BaseException:
            new.unlink(missing_ok=True)
            raise

    def undo(self) -> None:
        """Bring back what was there."""
        if self.before is not None:
            Put(self.file, self.before, mode=self.mode).do()
        elif self.kept:
            self.kept.replace(self.file)
        else:
            self.file.unlink()


def _written(file: Path, content: bytes, mode: int) -> Path:
    """Write *content* to a new file in the same folder, which is on the disk before it gets its name."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)  # an empty file would be a hook that lets everything pass
    except BaseException:
        new.unlink()
        raise
    return new


def _keep(file: Path, kept: Path) -> None:
    """Give *file* the name *kept*, too; a symbolic link stays what it is."""
    if same(file, kept):
        return  # this was stopped half way before
    try:
        os.link(file, kept, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        file.rename(kept)


def same(file: Path, other: Path) -> bool:
    """Tell whether two names stand for one file, or for one symbolic link."""
    there = os.path.lexists(file) and os.path.lexists(other)
    return there and os.path.samestat(file.lstat(), other.lstat())


@dataclass(frozen=True)
class MakeFolder:
    """Make a folder, for all who may use the one that it is in."""

    folder: Path

    @property
    def said(self) -> Sequence[str]:
        """What it does."""
        return [f"made: the folder {shown(self.folder)}"]

    def do(self) -> None:
        """Make it."""
        self.folder.mkdir()
        self.folder.chmod(self.folder.parent.stat().st_mode & _FOLDER)

    def undo(self) -> None:
        """Remove it."""
        self.folder.rmdir()


@dataclass(frozen=True)
class Link:
    """Make a symbolic link."""

    link: Path
    target: Path
    said: Sequence[str] = ()

    def do(self) -> None:
        """Make it."""
        self.link.symlink_to(self.target)

    def undo(self) -> None:
        """Remove it."""
        self.link.unlink()


@dataclass(frozen=True)
class Set:
    """Set a key of the repository's own configuration that was not set."""

    key: str
    value: str

    @property
    def said(self) -> Sequence[str]:
        """What it does."""
        return [f"set: git config {self.key} {self.value}"]

    def do(self) -> None:
        """Set it."""
        Git().read("config", "--local", self.key, self.value)

    def undo(self) -> None:
        """Unset it."""
        Git().read("config", "--local", "--unset", self.key)


@dataclass(frozen=True)
class Back:
    """Take back what another step did, long ago."""

    action: Action
    said: Sequence[str]

    def do(self) -> None:
        """Take it back."""
        self.action.undo()

    def undo(self) -> None:
        """Do it again."""
        self.action.do()


@dataclass(frozen=True)
class Run:
    """Run a command of the server's own."""

    command: Sequence[str]

    @property
    def said(self) -> Sequence[str]:
        """What it does."""
        return [f"run: {' '.join(self.command)}"]

    def do(self) -> None:
        """Run it. Raises CannotJudge where it fails."""
        answer(*self.command)

    def undo(self) -> None:
        """Nothing: it only spreads what other steps did."""


def answer(*command: str, environment: Mapping[str, str] | None = None, ok: Sequence[int] = (0,)) -> str:
    """Run another program than git to its end, and give what it printed. Raises CannotJudge.

    *environment* is all that it gets to see, None for what this program sees.
    """
    with signals.held():  # it ends soon
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                env=environment,
                timeout=_LONGEST,
            )
        except subprocess.TimeoutExpired:
            raise CannotJudge(f"{command[0]} did not end within {_LONGEST} seconds") from None
        except OSError as error:
            raise CannotJudge(f"{command[0]} can't be started: {error.strerror}") from None
    if done.returncode not in ok:
        said = (done.stderr.strip().splitlines() or [b"it said nothing"])[-1]
        raise CannotJudge(f"{' '.join(command)} failed: {printable(said)[:300]}")
    return os.fsdecode(done.stdout)


_LONGEST = 600  # seconds
