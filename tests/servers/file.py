"""No server at all: a bare repository on a disk that whoever pushes reaches, by `file://`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.hosting import Account, Server


@contextmanager
def started(folder: Path) -> Iterator[Server]:
    yield Server(folder, f"file://{folder}/{{name}}", Account(folder, ()))
