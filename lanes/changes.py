"""Read the changes of commits and of the index from git's diffs, and refuse what git would not have made."""

from collections.abc import Iterator

from lanes.errors import CannotJudge
from lanes.judge import Change
from lanes.plumbing import Git, records
from lanes.text import quoted, shortened
from lanes.trees import flaw

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


class Blocks:
    """The output of `DIFF_TREE`: for every comparison a header, then its changes, folders among them."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._header = next(source, None)
        self._grown: dict[str, tuple[str, bytes]] = {}

    def next(self, commit: str, _against: str | None) -> Iterator[Change]:
        """Read the changes of the next comparison, which must be one of *commit*, to their end."""
        if self._header != commit.encode():
            raise CannotJudge(
                f"git diff-tree skipped commit {commit[:12]}; is an object missing? run: git fsck"
            )
        self._header = None
        folders = {f"{commit}^{{tree}}": (commit, b"")}
        grown = False
        for change in _changes(self._until_header(), commit):
            grown = grown or change.old is None
            if change.new and _is_folder(change.new):
                folders[change.new.removeprefix(_FOLDER).decode("ascii")] = (commit, change.path)
            elif not _is_folder(change.old):
                yield change
        for tree, where in folders.items() if grown else ():
            self._grown.setdefault(tree, where)

    def finish(self, git: Git) -> None:
        """Raise CannotJudge where anything is left, or where a tree that was read is malformed.

        A diff walks two sorted lists of names. Where the new one is not sorted, or holds a name twice, one
        entry at least comes out as added, and others may not come out at all. So the trees of each comparison
        that adds anything are looked at themselves.
        """
        if self._header is not None:
            raise CannotJudge("git diff-tree answered more than it was asked")
        for (commit, path), tree in zip(self._grown.values(), git.trees(list(self._grown)), strict=True):
            if wrong := flaw(tree, len(commit) // 2):
                folder = f"its folder {shortened(quoted(path))}" if path else "its root folder"
                raise CannotJudge(
                    f"commit {commit[:12]} is malformed: {folder} holds {wrong}, which git would not make;"
                    " make the commit anew"
                )

    def _until_header(self) -> Iterator[bytes]:
        for record in self._source:
            if not record.startswith(b":"):
                self._header = record
                return
            yield record
            # The path is taken here, whatever it looks like: a file may be named like an object id.
            yield next(self._source, b"")


def _is_folder(value: object) -> bool:
    return isinstance(value, bytes) and value.startswith(_FOLDER)


def staged_changes(git: Git, against: str | None) -> Iterator[Change]:
    """Read what the index holds otherwise than a commit, or than nothing."""
    with git.stream(*DIFF_INDEX, against or git.empty_tree()) as output:
        yield from _changes(records(output, b"\0", "git diff-index"), INDEX)


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
