"""Read the changes of commits and of the index from git's diffs, and refuse what git would not have made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lanes.errors import CannotJudge
from lanes.judge import Change
from lanes.plumbing import Git, records
from lanes.text import quoted, shortened
from lanes.trees import flaws, is_forbidden

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


@dataclass(frozen=True, slots=True)
class _Grown:
    """A folder that a commit adds something to, at any depth: where, and compared with which commit."""

    commit: str
    path: bytes
    against: str | None


class Blocks:
    """The output of `DIFF_TREE`: for every comparison a header, then its changes, folders among them."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._header = next(source, None)
        self._grown: dict[tuple[str, bytes], _Grown] = {}  # by tree and path

    def require(self, commit: str) -> None:
        """Raise CannotJudge unless the next comparison is one of *commit*."""
        if self._header != commit.encode():
            raise CannotJudge(
                f"git diff-tree skipped commit {commit[:12]}; is an object missing? run: git fsck"
            )

    def next(self, commit: str, against: str | None) -> Iterator[Change]:
        """Read the changes of the next comparison, which must be this one, to their end."""
        self.require(commit)
        self._header = None
        folders = {b"": f"{commit}^{{tree}}"}
        added_to = set()
        for change in _changes(self._until_header(), commit):
            if change.old is None:
                added_to.add(change.path.rpartition(b"/")[0])
            if change.new and _is_folder(change.new):
                folders[change.path] = change.new.removeprefix(_FOLDER).decode("ascii")
            elif not _is_folder(change.old):
                yield change
        for path in _with_ancestors(added_to) & folders.keys():
            self._grown.setdefault((folders[path], path), _Grown(commit, path, against))

    def finish(self, git: Git) -> None:
        """Raise CannotJudge where anything is left, or where a commit makes a tree that git would not make.

        A diff walks two sorted lists of names. Where the new one is not sorted, or holds a name twice, one
        entry at least comes out as added, and others may not come out at all. So each folder that something
        is added to is looked at itself, and those around it: a name can hold a slash. What was wrong with it
        before is not the commit's fault.
        """
        if self._header is not None:
            raise CannotJudge("git diff-tree answered more than it was asked")
        trees = git.trees([tree for tree, _ in self._grown])
        for grown, tree in zip(self._grown.values(), trees, strict=True):
            size = len(grown.commit) // 2
            wrong = flaws(tree, size)
            if wrong and grown.against:
                wrong -= flaws(git.tree(grown.against, grown.path), size)
            if wrong:
                raise _malformed(grown.commit, grown.path, min(wrong))

    def _until_header(self) -> Iterator[bytes]:
        for record in self._source:
            if not record.startswith(b":"):
                self._header = record
                return
            yield record
            # The path is taken here, whatever it looks like: a file may be named like an object id.
            yield next(self._source, b"")


def _with_ancestors(folders: Iterable[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for folder in folders:
        here = folder
        while here not in found:
            found.add(here)
            here = here.rpartition(b"/")[0]
    return found


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
        for change in _changes(records(output, b"\0", "git diff-index"), INDEX):
            if change.old is None and any(map(is_forbidden, change.path.split(b"/"))):
                raise CannotJudge(f"no tree may hold {quoted(change.path)}; take it out of the index")
            yield change


def _changes(source: Iterator[bytes], commit: str) -> Iterator[Change]:
    """Parse pairs of ":modes ids status" and path, as `--raw -z --no-renames` writes them."""
    for about in source:
        path = next(source, b"")
        fields = about.split(b" ")
        if len(fields) != 5 or not about.startswith(b":") or not path:
            raise CannotJudge(f"git answered garbage about commit {commit[:12]}")
        old_mode, new_mode, old, new, status = fields
        if status == b"U":
            raise CannotJudge("the index holds unmerged paths; resolve the conflicts and run: git add")
        yield Change(
            path,
            None if old_mode == b":000000" else old_mode[1:] + b" " + old,
            None if new_mode == b"000000" else new_mode + b" " + new,
        )
