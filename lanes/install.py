"""What `git lanes install` and `uninstall` have in common: a plan is made, then carried out, or only said.

`lanes.clones` makes it for a clone, `lanes.servers` for a server.
"""

import os
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lanes import entry, managers
from lanes.actions import Action, Back, MakeFolder, Put, alone_in, answer, carry_out, said_by, same, shown
from lanes.errors import CannotJudge
from lanes.hookfile import KEPT, PROGRAMS, HookFile, is_untouched, read
from lanes.managers import LEGACY, SET_ASIDE
from lanes.plumbing import Git
from lanes.text import printable


@dataclass(frozen=True)
class Plan:
    """What is to be done, what is so already or good to know, and what is left to the user."""

    actions: Sequence[Action]
    facts: Sequence[str] = ()
    left: Sequence[str] = ()


def run(verb: str, dry_run: bool, begin: Callable[[], tuple[Path, Callable[[], Plan]]]) -> int:
    """Carry a plan out, or only say it, and give the exit status: 1 where something is left to the user.

    *verb* is `install` or `uninstall`; *begin* gives a folder, where only one program at a time may do this,
    and what makes the plan.
    """
    try:
        folder, plan = begin()
        with nullcontext() if dry_run else alone_in(folder):
            made = plan()
            if not dry_run:
                carry_out(made.actions)
    except CannotJudge as error:
        entry.complain(f"could not {verb}: {error}")
        return 2
    except OSError as error:
        entry.complain(f"could not {verb}: {said_by(error)}")
        return 2
    entry.say("\n".join(_said(verb, made, dry_run)))
    return 1 if made.left else 0


def _said(verb: str, plan: Plan, dry_run: bool) -> list[str]:
    if plan.actions:
        title = f"--dry-run changes nothing; to {verb}, this would be done" if dry_run else f"{verb}ed"
    elif verb == "install":
        title = "nothing was installed" if plan.left else "all is installed already"
    else:
        title = "nothing was uninstalled" if plan.left else "nothing is installed here"
    said = [line for action in plan.actions for line in action.said]
    left = [line if line.startswith(" ") else f"to do: {line}" for line in plan.left]
    return [f"lanes: {title}", *(f"  {line}" for line in (*said, *plan.facts, *left))]


# -- The programs


@cache
def program(name: str) -> tuple[str, str]:
    """Give the absolute paths of Python and of a console script of this installation; both have just run.

    Raises CannotJudge where the script does not run by itself, as git will start it.
    """
    # Not resolved: the python of a virtual environment is a link, and only by that name it is its own.
    python = sys.executable
    folders = (Path(python).parent, sysconfig.get_path("scripts"), Path(sys.argv[0]).absolute().parent)
    found = next((file for folder in folders if (file := Path(folder, name)).is_file()), None)
    if not python or found is None:
        raise CannotJudge(f"{name} is not installed beside git-lanes; install the git-lanes package again")
    try:
        said = answer(python, "-I", str(found), "--help", environment={})
    except CannotJudge as error:
        raise CannotJudge(
            f"{shown(found)} does not run apart from the environment, as git must start it;"
            f" install git-lanes in a virtual environment or with pipx, not with pip --user\n{error}"
        ) from None
    if not said.startswith(f"usage: {name}"):
        raise CannotJudge(f"{shown(found)} is another program; install the git-lanes package again")
    return python, str(found)


# -- Where git looks for hooks


@dataclass(frozen=True)
class HooksFolder:
    """The folder where git looks for the hooks of a repository.

    `origin` says where `core.hooksPath` is set, empty where it is not; `usual` is where git looks without it.
    The folder is `shared` where it may serve other repositories, too, and `tracked` where it lies in the work
    tree. `problem` says why git finds no hooks at all, where that is so.
    """

    path: Path
    origin: str
    shared: bool
    tracked: bool
    usual: Path
    problem: str

    @property
    def notes(self) -> list[str]:
        """Say what is special about it."""
        where = shown(self.path) + (f" (core.hooksPath in {self.origin})" if self.origin else "")
        if self.shared:
            return [
                f"note: {where} may serve other repositories, too;"
                " the hooks there leave those without a manifest alone"
            ]
        if self.tracked:
            return [
                f"note: {where} lies in the work tree: do not commit these files,"
                " which hold paths of this machine; another worktree has a folder of its own"
            ]
        return []


def hooks_folder(git: Git, root: Path | None) -> HooksFolder:
    """Ask git where it looks for hooks; *root* is the work tree, None in a bare repository."""
    where = ("config", "-z", "--show-scope", "--show-origin", "--type=path", "--get", "core.hooksPath")
    said, _ = git.run(*where, ok=(0, 1))
    scope, origin, value = (os.fsdecode(said).split("\0") if said else [""] * 4)[:3]
    common = common_folder(git)
    # Git can't say where it looks if that is nowhere.
    path = _absolute(git, ["--git-path", "hooks"]) if value or not scope else common / "hooks"
    origin = printable(os.fsencode(origin.removeprefix("file:").removesuffix(":")))
    problem = ""
    if scope and (not value or (path.exists() and not path.is_dir())):
        what = f"core.hooksPath, set in {origin}, is {printable(os.fsencode(value)) or 'empty'}"
        problem = f"{what}, which is no folder: git runs no hooks here"
    for_all = scope not in ("", "local", "worktree") and Path(value).is_absolute()
    inside, tracked = path.is_relative_to(common), root is not None and path.is_relative_to(root)
    return HooksFolder(
        path=path,
        origin=origin if scope else "",
        shared=for_all or not (inside or tracked),
        tracked=tracked and not inside,
        usual=common / "hooks",
        problem=problem,
    )


def _absolute(git: Git, question: Sequence[str]) -> Path:
    said = git.read("rev-parse", "--path-format=absolute", *question)
    return Path(os.fsdecode(said.removesuffix(b"\n")))


def common_folder(git: Git) -> Path:
    """Give the git directory that all worktrees of the repository share."""
    return _absolute(git, ["--git-common-dir"])


# -- Hook files that are there


@dataclass(frozen=True)
class Installed:
    """A hook file of ours: where it is, what it says, and its content."""

    path: Path
    says: HookFile
    content: bytes

    @property
    def untouched(self) -> bool:
        """Whether it is as some version of git-lanes wrote it."""
        return is_untouched(self.content)

    @property
    def runs(self) -> bool:
        """Whether git may run it."""
        return os.access(self.path, os.X_OK)


def installed(path: Path) -> Installed | None:
    """Read a hook file of ours, None where *path* is none. A link to one is not ours to change."""
    if path.is_symlink() or not path.is_file():
        return None
    content = path.read_bytes()
    says = read(content)
    return Installed(path, says, content) if says else None


def installed_in(folder: Path) -> list[Installed]:
    """List the hook files of ours in a folder, those included that a manager moved aside."""
    paths = (folder / (hook + added) for hook in PROGRAMS for added in ("", LEGACY, SET_ASIDE))
    return [found for path in paths if (found := installed(path))]


# -- Plans for hook files, in clones and on servers


def to_make(folder: Path) -> list[MakeFolder]:
    """Plan the folders that are missing before *folder* is there."""
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    return [MakeFolder(path) for path in reversed(missing)]


def to_put(path: Path, file: HookFile, by: str | None = None) -> tuple[list[Action], list[str]]:
    """Plan one hook file: give what is to be done, or else what is so already.

    *by* names the framework that runs it. Raises CannotJudge where what is there can't be kept.
    """
    kept = path.with_name(file.hook + KEPT)
    there, foreign = installed(path), os.path.lexists(path)
    first = f"; {by} runs it first" if by else ""
    what = f"{shown(path)}, which runs {Path(file.program).name}"
    if not file.alone and (os.path.lexists(kept) or (foreign and not there)):
        what += f" after {kept.name}"
    what += first
    if there:
        if there.content == file.text() and there.runs:
            return [], [f"in place: {what}"]
        if not there.untouched:
            raise CannotJudge(f"{shown(path)} {_TOUCHED}")
        return [Put(path, file.text(), before=there.content, said=[f"written anew: {what}"])], []
    if not foreign:
        return [Put(path, file.text(), said=[f"written: {what}"])], []
    _require_keepable(path, kept, file.alone)
    said = [f"kept: {shown(path)}, as {kept.name}", f"written: {what}"]
    if _LOOKS_AT_ITS_NAME.search(content_of(path)):
        said.append(f"note: {kept.name} looks at its own name, which has changed; see that it still works")
    return [Put(path, file.text(), kept=kept, said=said)], []


_TOUCHED = "was changed since git-lanes wrote it; keep what you need of it, and remove it"
_LOOKS_AT_ITS_NAME = re.compile(rb"basename[^\n]{0,12}\$\{?0|\$\{0##|\$PROGRAM_NAME|sys\.argv\[0\]")


def _require_keepable(path: Path, kept: Path, alone: bool) -> None:
    """Raise CannotJudge where the file of a stranger at *path* can't be kept, and run as before."""
    if alone or (path.is_dir() and not path.is_symlink()):
        raise CannotJudge(f"{shown(path)} is there, and git-lanes did not write it; move it away")
    if os.path.lexists(kept) and not same(path, kept):
        raise CannotJudge(
            f"{shown(path)} would be kept as {kept.name}, which is there; move one of them away"
        )
    if framework := managers.framework_of(content_of(path)):
        raise CannotJudge(
            f"{shown(path)} is {framework}'s, and another framework runs it, which works with neither;"
            " uninstall one of them"
        )


def content_of(path: Path) -> bytes:
    """Give the content of a file, or of what a link leads to; nothing where there is none."""
    return path.read_bytes() if path.is_file() else b""


def to_take(paths: Sequence[Path], kept: Path | None) -> tuple[list[Action], list[str]]:
    """Plan to take away those of *paths* that are ours, and to bring back what was *kept*.

    Gives what is to be done, and what is left to the user.
    """
    back = kept if kept and os.path.lexists(kept) else None
    actions: list[Action] = []
    ours = list(filter(None, map(installed, paths)))
    if touched := [f"{shown(found.path)} {_TOUCHED}" for found in ours if not found.untouched]:
        return [], touched
    for found in ours:
        where = shown(found.path)
        said = f"restored: {where}, which was {back.name}" if back else f"removed: {where}"
        actions.append(Back(Put(found.path, found.content, kept=back), said=[said]))
        back = None
    if not back:
        return actions, []
    return [], [
        f"{shown(back)} was a hook before git-lanes came, but {shown(paths[0])} is no file of"
        " git-lanes any more; keep what you need"
    ]


def to_remove(folder: Path, gone: Iterable[Path], made: int) -> list[Action]:
    """Plan to remove *folder* and those around it, *made* in all, where only what is *gone* is in them."""
    steps: list[Action] = []
    absent = set(gone)
    for _ in range(made):
        if not folder.is_dir() or not absent.issuperset(folder.iterdir()):
            break
        steps.append(Back(MakeFolder(folder), said=[f"removed: the folder {shown(folder)}"]))
        absent.add(folder)
        folder = folder.parent
    return steps
