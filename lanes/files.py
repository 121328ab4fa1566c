"""Files of a work tree, written as a whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from stat import S_IFMT, S_IFREG, S_IMODE
from types import TracebackType
from typing import Self


class NewContent:
    """Another content for a file, which is made where there is none; the file keeps its mode.

    Whoever reads the file finds the old content, and after `finish` the new one, whatever ends this half way.
    A pipe or a device takes what comes as it comes. All of it raises OSError.
    """

    def __init__(self, file: Path) -> None:
        mode = file.stat().st_mode if file.exists() else S_IFREG | 0o666
        self._file = file
        self._new = None if S_IFMT(mode) != S_IFREG else _beside(file)
        flags = os.O_CREAT | os.O_EXCL if self._new else 0
        self._opened = os.fdopen(os.open(self._new or file, os.O_WRONLY | flags, 0o666), "wb")
        if self._new and file.exists():
            os.fchmod(self._opened.fileno(), S_IMODE(mode))

    def write(self, content: bytes) -> None:
        """Add to the content."""
        self._opened.write(content)

    def finish(self) -> None:
        """Put the content in its place."""
        self._opened.flush()
        if self._new:
            os.fsync(self._opened.fileno())
            self._new.replace(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._new:
            self._new.unlink(missing_ok=True)
        with suppress(OSError):  # what did not get into it when it was finished is said already
            self._opened.close()


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name[:100]}.{secrets.token_hex(8)}")


def replace(file: Path, content: bytes) -> None:
    """Give *file* another content, as `NewContent` does. Raises OSError."""
    with NewContent(file) as new:
        new.write(content)
        new.finish()
