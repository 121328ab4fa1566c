"""Find the worktrees around a file by the file alone, wherever a program is started."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lanes.errors import CannotJudge
from lanes.manifest import BRANCHES
from lanes.plumbing import Git
from lanes.text import printable

_QUESTIONS = (
    *("--is-bare-repository", "--is-inside-work-tree"),
    *("--path-format=absolute", "--git-dir", "--git-common-dir", "--git-path", "hooks", "--show-cdup"),
)
_REBASES = ("rebase-merge", "rebase-apply")


class Worktree(NamedTuple):
    """The root of a work tree, its own git directory, the one that it shares, and git's folder of hooks."""

    top: str
    git_dir: str
    common_dir: str
    hooks: str

    def branch(self, git: Git) -> bytes | None:
        """Give the branch that is checked out or being rebased there, None on a detached HEAD."""
        ref = git.symbolic_ref(b"HEAD")
        if ref is None:
            # A rebase detaches HEAD and keeps the name of the branch that it will move at its end.
            names = (_content(Path(self.git_dir, kind, "head-name")) for kind in _REBASES)
            ref = next((name for name in names if name.startswith(BRANCHES)), None)
        return None if ref is None else ref.removeprefix(BRANCHES)


Known = dict[str, Worktree | None]
"""What was found out about folders that hold something called `.git`."""


def worktrees_around(folder: str, known: Known) -> Iterator[Worktree]:
    """Give the worktrees that hold *folder*, a real path, from the inside out.

    A repository in a work tree hides what is around it from git, but its files lie in both.
    Raises CannotJudge.
    """
    top = folder
    while True:
        if top not in known:
            known[top] = _worktree(top) if os.path.lexists(os.path.join(top, ".git")) else None  # noqa: PTH118
        if found := known[top]:
            yield found
        if (above := os.path.dirname(top)) == top:  # noqa: PTH120
            return
        top = above


def is_gits_own(place: str, top: str) -> bool:
    """Tell whether *place*, a real path, is called `.git` or lies in any repository's git directory.

    *top* is the worktree around it, where there is one: that may itself lie in the folder of a bare
    repository, or in `.git`.
    """
    while place not in (top, "/"):
        above, name = os.path.split(place)
        if name.casefold() == ".git" or all(map(os.path.lexists, _in_git_directory(place))):
            return True
        place = above
    return False


def _in_git_directory(folder: str) -> Iterator[str]:
    return (os.path.join(folder, name) for name in ("HEAD", "objects", "refs"))  # noqa: PTH118


def _worktree(top: str) -> Worktree | None:
    try:
        said = Git(Path(top)).read("rev-parse", *_QUESTIONS)
    except CannotJudge as error:
        if "not a git repository (or any" in str(error):
            return None  # git takes no notice of what is called .git here
        raise
    if said.startswith(b"true\n"):
        return None  # a bare repository, of which git tells no --show-cdup; its worktrees may lie below
    lines = os.fsdecode(said).split("\n")
    if len(lines) != 7:
        raise CannotJudge(f"git rev-parse answered garbage: {printable(said)[:200]}")
    _, inside, git_dir, common_dir, hooks, up, _ = lines
    own = os.path.join(top, ".git")  # noqa: PTH118
    if not (os.path.isfile(own) or os.path.realpath(own) == os.path.realpath(git_dir)):  # noqa: PTH113
        return None  # git found one only above
    if inside != "true" or up:
        raise CannotJudge(
            f"{printable(os.fsencode(top))} has its work tree elsewhere (git config core.worktree)"
        )
    return Worktree(top, *map(os.path.realpath, (git_dir, common_dir, hooks)))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        return b""
