"""What people's commands need of git around the judged data; through GitPython, which hooks never load.

No judged data comes from here: GitPython loses names that are not UTF-8.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from lanes import signals
from lanes.errors import CannotJudge
from lanes.plumbing import Git
from lanes.text import printable


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository around the current folder, or that of GIT_DIR, as git itself finds it.

    `folder` is the root of its work tree, None outside of one; `bare` tells that it has none at all.
    """

    folder: Path | None
    bare: bool

    @classmethod
    def find(cls) -> "Repository":
        """Find the repository. Raises CannotJudge where there is none."""
        try:
            here = Path.cwd()
        except OSError:
            raise CannotJudge("the current folder does not exist any more") from None
        status, bare, complaint = _rev_parse("--is-bare-repository")
        if b"not a git repository" in complaint:
            raise CannotJudge(f"there is no git repository at or above {printable(os.fsencode(here))}")
        if status or bare not in (b"true", b"false"):
            Git().read("rev-parse", "--is-bare-repository")  # which says why where it fails
            raise CannotJudge(f"git rev-parse answered garbage: {printable(bare[:200])[:200]}")
        status, top, _ = _rev_parse("--show-toplevel")  # none in a bare repository, nor in a git directory
        if status not in (0, 128):
            raise CannotJudge(f"git rev-parse failed with exit status {status}")
        return cls(Path(os.fsdecode(top)) if top else None, bare == b"true")

    def path_inside(self, path: str) -> bytes:
        """Give *path*, relative to the current folder as git takes it, relative to the root instead.

        Behind `:/` it is relative to the root already. A slash at its end is kept, and added to a folder that
        exists. Raises CannotJudge where it lies outside the repository.
        """
        from_root = path.startswith(":/")
        name = path[2:].lstrip("/") if from_root else path
        place = (self.folder or Path() if from_root else Path.cwd()) / name
        # To git, a link to a folder is none. Not Path.is_dir, which fails for a name that is too long.
        exists = self.folder is not None and os.path.isdir(place) and not os.path.islink(place)  # noqa: PTH112, PTH114
        folder = path.endswith("/") or exists
        inside = os.path.relpath(place, self.folder) if self.folder else os.path.normpath(name)
        if inside == ".." or inside.startswith(("../", "/")):
            raise CannotJudge(f"{printable(os.fsencode(path))} lies outside the repository")
        if inside == ".":
            shown = printable(os.fsencode(path))
            raise CannotJudge(f"{shown} is no path in the repository; name a file or a folder in it")
        return os.fsencode(inside + "/" * folder)


def _rev_parse(option: str) -> tuple[int, bytes, bytes]:
    """Give the exit status of git rev-parse, what it answers where that is 0, and what it complains of."""
    # GitPython would start another program as git, or none, where the environment tells it to.
    for name in [name for name in os.environ if name.startswith("GIT_PYTHON_")]:
        del os.environ[name]
    # Not git.Repo, which expands variables in paths, and fails on a configuration that is not UTF-8.
    with signals.held():  # loading it starts `git version`, and nobody could end that
        try:
            import git  # noqa: PLC0415 - it starts git, which must be known to be there
        except ImportError as error:
            raise CannotJudge(
                f"GitPython can't be loaded: {printable(str(error)[:200].encode())[:200]}"
            ) from None
        process = git.Git().execute(["git", "rev-parse", option], as_process=True)
    said, complaint = process.communicate()  # killed by GitPython where this is left early
    if process.returncode:
        return process.returncode, b"", bytes(complaint)
    if not said.endswith(b"\n"):  # what is left of a folder's name may be the name of one around it
        raise CannotJudge(f"git rev-parse answered garbage: {printable(bytes(said[:200]))[:200]}")
    return 0, bytes(said).removesuffix(b"\n"), bytes(complaint)
