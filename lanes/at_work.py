"""What git was at when a hook refused to have a branch written, and how to get out of it."""

import shlex
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from lanes.manifest import BRANCHES
from lanes.plumbing import Git, Ref
from lanes.text import printable


class Stopped(NamedTuple):
    """What git leaves behind.

    `back` is a command that goes back, None where none is needed. `on` says how to go on once the changes are
    taken out, None where git can't. The commit was `made` of the index just now, which holds the changes,
    unless a `partial` commit had an index of its own; where it is `copied` from another commit the files hold
    them, too, and they are none of the user's own.
    """

    back: str | None = None
    on: str | None = None
    made: bool = False
    copied: bool = False
    partial: bool = False


# A command, a file that is there as long as it is at work, and how to go on.
_AT_WORK = (
    ("am", "rebase-apply/applying", "go on (git am --continue, or --skip if nothing is left)"),
    ("rebase", "rebase-apply", None),
    ("rebase", "rebase-merge", "go on (git rebase --continue)"),
    ("cherry-pick", "CHERRY_PICK_HEAD", "go on (git cherry-pick --continue, or --skip if nothing is left)"),
    ("revert", "REVERT_HEAD", "go on (git revert --continue, or --skip if nothing is left)"),
    ("merge", "MERGE_HEAD", "commit again"),
    # A revert of several commits, where no conflict stopped it. One of a single commit leaves nothing.
    ("revert", "sequencer/todo", "go on (git commit what is left, and git revert --continue)"),
)


def stopped(git: Git, ref: bytes, old: Ref | None, new: str | None) -> Stopped:
    """Find out what git was at that would have moved the branch *ref* from *old* to the commit *new*.

    What git needs to go back by itself is there after this.
    """
    head = git.symbolic_ref(b"HEAD")
    existed = new is not None and _existed(git, new)
    made = head == ref and new is not None and not existed
    lock, *files = git.paths("index.lock", *(file for _, file, _ in _AT_WORK))
    for (command, _, on), file in zip(_AT_WORK, files, strict=True):
        if not file.exists() or (file.name == "todo" and not _begins(file, b"revert")):
            continue
        back = f"git {command} --abort"
        if command == "rebase":
            _name_branch(file, ref, old, new)
            # HEAD is on its branch again where another one, which --update-refs takes along, comes last.
            rebased = _begins(file / "head-name", (head or ref) + b"\n")
            return Stopped(back, on=None if head else on) if rebased else Stopped()
        if head != ref:
            return Stopped()
        return Stopped(back, on, made=True, copied=command != "merge") if made else Stopped(back)
    if made:
        return Stopped(on="commit again", made=True, partial=lock.exists())
    return Stopped(_way_back(git, ref, new, detached=head is None) if new and existed else None)


def _name_branch(folder: Path, ref: bytes, old: Ref | None, new: str | None) -> None:
    """Write down which branch is rebased, as git does where a conflict stops it.

    The apply backend forgets it where it can't write the branch at its end, and `--abort` would fail.
    """
    if old is None or new is None or not (folder / "rebasing").exists() or (folder / "head-name").exists():
        return
    known = {"head-name": ref, "orig-head": old.oid.encode(), "onto": new.encode()}
    with suppress(OSError):
        for name, value in known.items():
            (folder / name).write_bytes(value + b"\n")


def _begins(file: Path, words: bytes) -> bool:
    """Tell whether a file of git's begins with these words, or can't tell."""
    try:
        return file.read_bytes().startswith(words)
    except OSError:
        return True


def _existed(git: Git, commit: str) -> bool:
    """Tell whether anything led to *commit* before: if not, it was made just now."""
    fetched = git.commit(b"FETCH_HEAD")
    known = ("--not", "--all", "--reflog", *([fetched] if fetched else []))
    return not git.read("rev-list", "--ignore-missing", "--max-count=1", commit, *known)


def _way_back(git: Git, ref: bytes, new: str, detached: bool) -> str | None:
    """Give the command that goes back from a commit, None where git has not gone there."""
    at = git.commit(b"HEAD")
    if detached and at == new and git.read("log", "-1", "-g", "--format=%gs").startswith(b"rebase"):
        # The apply backend of git rebase leaves nothing but this where it only moves a branch forward.
        return f"git switch {shlex.quote(printable(ref.removeprefix(BRANCHES)))}"
    before = at or git.empty_tree()
    names = ("--name-only", "--no-renames", "--ignore-submodules=none", "-z")
    ahead = git.read("diff-tree", "-r", *names, before, new).split(b"\0")[:-1]
    index = git.read("diff-index", "--cached", *names, new).split(b"\0")
    if not ahead or not set(ahead).isdisjoint(index):
        return None
    # The index is there by now, and most often so are the files.
    return f"git read-tree -m -u {new[:12]} {'HEAD' if at else before} || git reset"
