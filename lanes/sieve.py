"""Read what most commits change at git's own pace, and keep only what may lie outside the lane."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from lanes.changes import DIFF_TREE, Blocks, Growth, Limit, parsed
from lanes.judge import Change
from lanes.plumbing import Git, Output, records

MOST_CAUGHT = 50_000  # changes that are kept; of so many, each takes about 400 bytes
_MOST_KNOWN = 100_000  # paths
_MOST_UNREAD = 4 << 20  # bytes that one commit may take to be read at once
_PIECE = 10_000  # commits that one git compares: neighbours share most of their trees

Listed = tuple[str, tuple[str, ...]]
"""A commit and its parents."""

# Of a file that is changed, its path; of a folder in which something is changed, nothing.
_CHANGED = {
    size: re.compile(
        rb":(?:040000 040000 .{%d}M\0[^\0]++|100(?:644|755) 100(?:644|755) .{%d}M\0([^\0]++))\0"
        % (2 * size + 2, 2 * size + 2),
        re.DOTALL,
    )
    for size in (40, 64)
}


class _Full(Exception):
    """There is too much to keep."""


class Sieve:
    """Compares commits that have one parent at most, in any order, and keeps what is not *harmless*.

    That tells of a path whether no change of it can be a violation. `caught` has the other changes, by
    commit. Where they are too many for that, the sieve is `full`, and knows nothing.
    """

    def __init__(self, git: Git, harmless: Callable[[bytes], bool]) -> None:
        self._git = git
        self._harmless = harmless
        self._known = {b""}  # the paths that are harmless, and what stands for a folder
        self._growth = Growth(git)
        self._limit = Limit()
        self._number = 0
        self.caught: dict[str, list[Change]] = {}
        self.full = False

    def sift(self, commits: Iterable[Listed]) -> None:
        """Compare those of *commits* that are no merges. Raises CannotJudge where git fails."""
        pieces: deque[list[Listed]] = deque()
        try:
            for running in self._git.streams(DIFF_TREE, _feeds(commits, pieces)):
                piece = pieces.popleft()
                with running as output:
                    self._read(piece, output)
            self._growth.finish()
        except _Full:
            self.full = True

    def _read(self, piece: list[Listed], output: Output) -> None:
        """Read what git says of a piece. Most commits change only files that are known to be harmless."""
        changed = _CHANGED[len(piece[0][0])].findall
        read = 0
        for block, number in _blocks([commit for commit, _ in piece], output):
            commit, parents = piece[read]
            read += 1
            self._limit.count(number)
            paths = changed(block)
            if len(paths) < number or not self._known.issuperset(paths):
                self._keep(commit, parents, parsed(iter(block.split(b"\0")[:-1]), commit))
        if read < len(piece):
            blocks = Blocks(records(output, b"\0", "git diff-tree"), self._growth, self._limit)
            for commit, parents in piece[read:]:
                blocks.require(commit)
                self._keep(commit, parents, blocks.changes(commit))
            blocks.finish()

    def _keep(self, commit: str, parents: tuple[str, ...], changes: Iterator[Change]) -> None:
        for change in self._growth.watch(changes, commit, parents):
            if change.path in self._known:
                continue
            if not self._harmless(change.path):
                self.caught.setdefault(commit, []).append(change)
                self._number += 1
                if self._number > MOST_CAUGHT:
                    raise _Full
            elif len(self._known) < _MOST_KNOWN:
                self._known.add(change.path)
            else:
                self._known = {b"", change.path}


def _feeds(commits: Iterable[Listed], pieces: deque[list[Listed]]) -> Iterator[bytes]:
    """Give what to feed git with for each piece of work, and add the piece to *pieces*."""
    listed = (one for one in commits if len(one[1]) < 2)
    while piece := list(islice(listed, _PIECE)):
        pieces.append(piece)
        yield "".join(f"{' '.join((commit, *parents))}\n" for commit, parents in piece).encode()


def _blocks(commits: Sequence[str], output: Output) -> Iterator[tuple[bytes, int]]:
    """Give what git says of each of *commits*, behind its header, and the number of changes that it holds.

    A block ends where the next header is found. It ends early where a file is named like a header, and is
    long where a commit is large: then this ends, and what it did not give is still to be read.
    """
    headers = [b"\0%b\0" % commit.encode() for commit in commits]
    buffer, at = b"\0", 0
    for header, following in zip(headers, [*headers[1:], None], strict=True):
        begin, end = at + len(header), -1
        while end < 0 and len(buffer) - at < _MOST_UNREAD:
            if following is not None:
                end = buffer.find(following, begin - 1)
            if end < 0:
                chunk = output.read()
                if not chunk:
                    end = len(buffer) - 1 if following is None else len(buffer)
                    break
                buffer, at, begin = buffer[at:] + chunk, 0, len(header)
        block = buffer[begin : end + 1]
        number, half = divmod(block.count(0), 2)
        if end < 0 or half or not buffer.startswith(header, at) or buffer[end : end + 1] != b"\0":
            output.unread(buffer[at + 1 :])
            return
        yield block, number
        at = end
