"""Read the changes of commits and of the index from git's diffs, and refuse what git would not have made."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from lanes.errors import CannotJudge
from lanes.judge import Change
from lanes.plumbing import Git, records
from lanes.text import quoted, shortened
from lanes.trees import Added, are_sound, flaws, is_forbidden

INDEX = "index"
"""What stands for the id of a commit where the index is compared."""

# In every diff: whole ids, submodules too, no renames and nothing of the user's own settings.
_RAW = (
    "--raw",
    "-r",
    "-z",
    "--no-renames",
    "--no-ext-diff",
    "--no-relative",
    "--ignore-submodules=none",
    "--no-abbrev",
)
DIFF_TREE = ("diff-tree", "--stdin", "--always", "--root", "-t", *_RAW)
DIFF_INDEX = ("diff-index", "--cached", "--ita-invisible-in-index", *_RAW)
_FOLDER = b"040000 "
_ID = rb"([0-9a-f]{40}(?:[0-9a-f]{24})?)"
_ABOUT = re.compile(rb":([0-7]{6}) ([0-7]{6}) %b %b ([A-Z])" % (_ID, _ID))

MOST_CHANGES = 20_000_000
"""So many changed paths are judged in one branch, no more: trees that share folders can hold any number."""
_MOST_KEPT = 50_000  # grown folders that are kept before they are looked at,
_MOST_BYTES = 16 << 20  # and bytes of their paths
_MOST_CLEAN = 100_000  # ids of trees that are known to have no flaw

_MOST_ADDED = 16  # entries to a folder that are looked at one by one

_Grown = tuple[str, bytes, tuple[str, ...]]
"""A folder that a commit adds something to: its tree, its path, and what the commit is compared with."""


_Folder = tuple[str, bytes, list[Added]]
"""A tree, its path, and what is added to it or below it, up to one more than is of use."""


class Limit:
    """Counts the changed paths of one branch. Raises CannotJudge where they are too many."""

    def __init__(self) -> None:
        self._left = MOST_CHANGES

    def count(self, changes: int) -> None:
        """Take so many more into account."""
        self._left -= changes
        if self._left < 0:
            raise CannotJudge(f"more than {MOST_CHANGES:,} changed paths can't be judged; push fewer commits")


class Growth:
    """The folders that commits add something to. None of them may make a tree that git would not.

    A diff walks two sorted lists of names. Where the new one is not sorted, or holds a name twice, one entry
    at least comes out as added, and others may not come out at all. So each folder that something is added to
    is looked at itself, and those around it: a name can hold a slash. What was wrong with it before is not
    the commit's fault.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        # Each with the first commit that it is of, and what that adds; None where it is much.
        self._grown: dict[_Grown, tuple[str, list[Added] | None]] = {}
        self._bytes = 0
        self._clean: set[str] = set()

    def watch(self, changes: Iterable[Change], commit: str, sides: tuple[str, ...]) -> Iterator[Change]:
        """Hand the changes of one comparison on, but for those of folders, which are looked at.

        *sides* are all that the commit is compared with in turn; what is wrong with a folder in one of them
        is not its fault. Raises CannotJudge where it makes a tree that git would not, here or in `finish`.
        """
        folders = _Folders(f"{commit}^{{tree}}")
        for change in changes:
            self._look_at(folders.go_to(change.path), commit, sides)
            if change.old is None and change.new is not None:
                folders.grow(change.path, change.new)
            if change.new and _is_folder(change.new):
                folders.enter(change.path, change.new.removeprefix(_FOLDER).decode("ascii"))
            elif not _is_folder(change.old):
                yield change
        self._look_at(folders.leave_all(), commit, sides)

    def finish(self) -> None:
        """Raise CannotJudge where a commit makes a tree that git would not make."""
        self._check()

    def _look_at(self, folders: Iterable[_Folder], commit: str, sides: tuple[str, ...]) -> None:
        for tree, path, added in folders:
            grown = (tree, path, sides)
            if tree in self._clean or grown in self._grown:
                continue
            self._grown[grown] = (commit, added if len(added) <= _MOST_ADDED else None)
            self._bytes += len(path) + sum(len(one.path) for one in added)
            if len(self._grown) == _MOST_KEPT or self._bytes > _MOST_BYTES:
                self._check()

    def _check(self) -> None:
        grown, self._grown, self._bytes = self._grown, {}, 0
        size = len(next((commit for commit, _ in grown.values()), "")) // 2
        added: dict[str, list[list[Added] | None]] = {}
        for (name, _, _), (_, some) in grown.items():
            added.setdefault(name, []).append(some)
        if len(self._clean) > _MOST_CLEAN:
            self._clean.clear()
        flawed: dict[str, Counter[str]] = {}
        for (name, several), tree in zip(added.items(), self._git.trees(list(added)), strict=True):
            if all(some is not None and are_sound(tree, some, size) for some in several):
                continue
            if wrong := flaws(tree, size):
                flawed[name] = wrong
            else:
                self._clean.add(name)
        for (name, path, sides), (commit, _) in grown.items():
            if name in flawed:
                before = [flaws(self._git.tree(side, path), size) for side in sides] or [Counter()]
                left = [flawed[name] - known for known in before]
                if all(left):
                    raise _malformed(commit, path, min(left[0]))


class Blocks:
    """The output of `DIFF_TREE`: for every comparison a header, then its changes, folders among them."""

    def __init__(self, source: Iterator[bytes], growth: Growth, limit: Limit) -> None:
        self._source = source
        self._growth = growth
        self._limit = limit
        self._header = next(source, None)

    def require(self, commit: str) -> None:
        """Raise CannotJudge unless the next comparison is one of *commit*."""
        if self._header != commit.encode():
            raise CannotJudge(
                f"git diff-tree skipped commit {commit[:12]}; is an object missing? run: git fsck"
            )

    def changes(self, commit: str) -> Iterator[Change]:
        """Read the changes of the next comparison, those of folders too, which must be one of this commit."""
        self.require(commit)
        self._header = None
        for change in parsed(self._until_header(), commit):
            self._limit.count(1)
            yield change

    def finish(self) -> None:
        """Raise CannotJudge where anything is left."""
        if self._header is not None:
            raise CannotJudge("git diff-tree answered more than it was asked")

    def _until_header(self) -> Iterator[bytes]:
        for record in self._source:
            if not record.startswith(b":"):
                self._header = record
                return
            yield record
            # The path is taken here, whatever it looks like: a file may be named like an object id.
            yield next(self._source, b"")


class _Folders:
    """The folders around the current path of a diff, the root first, and what is added to them."""

    def __init__(self, root: str) -> None:
        self._around: list[_Folder] = [(root, b"", [])]

    def go_to(self, path: bytes) -> Iterator[_Folder]:
        """Leave the folders that *path* is not in; give those that grew."""
        while len(self._around) > 1 and not path.startswith(self._around[-1][1] + b"/"):
            yield from self._leave()

    def leave_all(self) -> Iterator[_Folder]:
        """Leave all folders; give those that grew."""
        while self._around:
            yield from self._leave()

    def _leave(self) -> Iterator[_Folder]:
        folder = self._around.pop()
        if folder[2]:
            yield folder

    def enter(self, path: bytes, tree: str) -> None:
        """Go into a folder."""
        self._around.append((tree, path, []))

    def grow(self, path: bytes, value: bytes) -> None:
        """Note that something is added to the folder where we are, and so to those around it."""
        mode, _, oid = value.partition(b" ")
        for _, folder, added in self._around:
            if len(added) <= _MOST_ADDED:
                added.append(Added(path[len(folder) + 1 if folder else 0 :], mode, oid))


def _malformed(commit: str, folder: bytes, flaw: str) -> CannotJudge:
    where = f"its folder {shortened(quoted(folder))}" if folder else "its root folder"
    return CannotJudge(
        f"commit {commit[:12]} is malformed: {where} holds {flaw}, which git would not make;"
        " make the commit anew"
    )


def _is_folder(value: object) -> bool:
    return isinstance(value, bytes) and value.startswith(_FOLDER)


def staged_changes(git: Git, against: str | None) -> Iterator[Change]:
    """Read what the index holds otherwise than a commit, or than nothing."""
    with git.stream(*DIFF_INDEX, against or git.empty_tree()) as output:
        for change in parsed(records(output, b"\0", "git diff-index"), INDEX):
            if change.old is None and any(map(is_forbidden, change.path.split(b"/"))):
                raise CannotJudge(f"no tree may hold {quoted(change.path)}; take it out of the index")
            yield change


def parsed(source: Iterator[bytes], commit: str) -> Iterator[Change]:
    """Parse pairs of ":modes ids status" and path, as `--raw -z --no-renames` writes them."""
    for about in source:
        path = next(source, b"")
        fields = _ABOUT.fullmatch(about)
        if not fields or not path:
            raise CannotJudge(f"git answered garbage about commit {commit[:12]}")
        old_mode, new_mode, old, new, status = fields.groups()
        if status == b"U":
            raise CannotJudge("the index holds unmerged paths; resolve the conflicts and run: git add")
        yield Change(
            path,
            None if old_mode == b"000000" else old_mode + b" " + old,
            None if new_mode == b"000000" else new_mode + b" " + new,
        )
