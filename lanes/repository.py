"""What people's commands need of git around the judged data; through GitPython, which hooks never load.

No judged data comes from here: GitPython loses names that are not UTF-8.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import git

from lanes.errors import CannotJudge
from lanes.text import printable


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository that was found: `folder` is its work tree, or its git directory when it is bare."""

    folder: Path
    bare: bool

    @classmethod
    def find(cls) -> "Repository":
        """Find the repository around the current folder, or that of GIT_DIR. Raises CannotJudge."""
        try:
            with git.Repo(search_parent_directories=True) as found:
                return cls(Path(found.working_tree_dir or found.git_dir), found.bare)
        except (
            git.InvalidGitRepositoryError,
            git.NoSuchPathError,
            git.GitCommandNotFound,
            OSError,
            ValueError,
        ):
            here = printable(os.fsencode(Path.cwd()))
            raise CannotJudge(f"there is no git repository at or above {here}") from None

    def path_inside(self, path: str) -> bytes:
        """Give *path*, relative to the current folder as git takes it, relative to the root instead.

        A slash at its end is kept. Raises CannotJudge where it lies outside the repository.
        """
        slash = "/" if path.endswith("/") else ""
        inside = os.path.normpath(path) if self.bare else os.path.relpath(Path.cwd() / path, self.folder)
        if inside == ".." or inside.startswith(("../", "/")):
            raise CannotJudge(f"{printable(os.fsencode(path))} lies outside the repository")
        return os.fsencode(inside + slash)


def type_git(folder: Path, *arguments: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run git as a person types it; give its exit status and all that it printed."""
    command = git.Git(str(folder))
    status, output, complaint = command.execute(
        ["git", *arguments], with_extended_output=True, with_exceptions=False, env=dict(environment)
    )
    return status, "\n".join(part for part in (str(output), str(complaint)) if part)
