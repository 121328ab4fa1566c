"""The hook of a server: which server it is, where its hooks go, and how it says who pushes."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lanes.actions import Action, Back, Link, Run, Set, answer, shown
from lanes.errors import CannotJudge
from lanes.hookfile import KEPT, PROGRAMS, HookFile, Setting
from lanes.install import (
    HooksFolder,
    Plan,
    common_folder,
    content_of,
    hooks_folder,
    installed,
    program,
    run,
    to_make,
    to_put,
    to_remove,
    to_take,
)
from lanes.plumbing import Git
from lanes.repository import Repository
from lanes.text import printable

HOOK = "pre-receive"
OURS = "git-lanes"
"""The name of our file in a folder of which the server runs every file."""

_OPTION = f"option hook.{HOOK} = {OURS}"
_FSCK = "receive.fsckObjects"
_PUSHER = "lanes.pusherVariable"
_KEYS = r"^((receive|transfer)\.fsckobjects|lanes\.pushervariable|gitlab\.fullpath)$"
_OF_GITLAB = {"@cluster", "@groups", "@hashed", "@pools", "@snippets"}  # folders of its storage


def on_server(verb: str, repository: str, hooks: str | None, dry_run: bool) -> int:
    """Install or uninstall the hook of a server; give the exit status.

    It goes to the bare *repository*, or else into *hooks*, a folder of hooks for all repositories.
    """

    def begin() -> tuple[Path, Callable[[], Plan]]:
        if hooks is not None:
            folder = Path(hooks).absolute()
            if not folder.is_dir():
                raise CannotJudge(f"there is no folder {shown(folder)}")
            site = _site_for_all(folder)
            return folder, lambda: _to_install(site) if verb == "install" else _to_uninstall(site, [])
        folder = _entered(repository)
        return folder, lambda: _plan(verb, folder)

    return run(verb, dry_run, begin)


def _entered(repository: str) -> Path:
    """Go to a bare repository, and give its folder. Raises CannotJudge where there is none."""
    if repository != ".":
        os.environ.pop("GIT_DIR", None)  # what is named counts more
        try:
            os.chdir(repository)
        except OSError as error:
            name = printable(os.fsencode(repository))
            raise CannotJudge(f"{name} can't be entered: {error.strerror}") from None
    git, found = Git(), Repository.find()
    git.require_version()
    folder = common_folder(git)
    if not found.bare:
        raise CannotJudge(
            f"{shown(folder)} is not bare, as a server's repository is; for a clone, leave --server out"
        )
    if repository != "." and not folder.samefile(Path.cwd()):
        raise CannotJudge(f"{shown(Path.cwd())} is no repository; the one around it is {shown(folder)}")
    return folder


def _plan(verb: str, folder: Path) -> Plan:
    git = Git()
    hooks = hooks_folder(git, None)
    site = site_of(git, folder, hooks)
    if verb == "uninstall":
        others = [folder / "custom_hooks" / f"{HOOK}.d" / OURS]
        for inside in (hooks.path, hooks.usual):
            others += [inside / f"{HOOK}.d" / OURS, inside / HOOK]
        return _to_uninstall(site, [] if site.gitolite else others)
    if hooks.problem and not (site.checks or site.gitolite):
        raise CannotJudge(hooks.problem)
    return _to_install(site, folder)


# -- Which server it is


@dataclass(frozen=True)
class Site:
    """Where the hook goes on a server, and what it needs there.

    It stands `alone` in a folder of which the server runs every file. It is `shared` where several
    repositories run it, and `for_all` where nobody says which of them should. `variable` names who pushes.
    `checks` tells that the server has git check what is pushed without being told to.
    """

    place: Path
    alone: bool = False
    shared: bool = False
    for_all: bool = False
    variable: str = ""
    checks: bool = False
    gitolite: "Gitolite | None" = None
    notes: Sequence[str] = ()


def site_of(git: Git, folder: Path, hooks: HooksFolder) -> Site:
    """Find out which server a bare repository in *folder* belongs to, and where its hook goes."""
    if (
        (folder / "custom_hooks").is_dir()
        or _OF_GITLAB.intersection(folder.parts)
        or git.config(_KEYS).get(b"gitlab.fullpath")
    ):
        place = folder / "custom_hooks" / f"{HOOK}.d" / OURS
        return Site(place, alone=True, variable="GL_USERNAME", checks=True)
    variable = "REMOTE_USER" if git.setting(b"http.receivepack", "bool") == b"true" else ""
    if b"Gitolite::" in content_of(folder / "hooks" / "update"):
        variable = "GL_USER"
        if gitolite := Gitolite.found():
            chosen = gitolite.specific
            place = gitolite.local / "hooks" / (f"repo-specific/{OURS}" if chosen else f"common/{HOOK}")
            return Site(
                place, alone=chosen, shared=True, for_all=not chosen, variable=variable, gitolite=gitolite
            )
    all_of_them = hooks.path / f"{HOOK}.d"
    names = {path.name for path in all_of_them.iterdir()} if all_of_them.is_dir() else set()
    if names & {"gitea", "forgejo"}:
        variable = "GITEA_PUSHER_NAME"
    elif any(name.endswith(("_bitbucket_callback", "_stash_callback")) for name in names):
        variable = "BB_USER_NAME"
    alone = _runs_all(hooks.path)
    place = all_of_them / OURS if alone else hooks.path / HOOK
    shared = hooks.shared
    return Site(place, alone=alone, shared=shared, for_all=shared, variable=variable, notes=hooks.notes)


def _runs_all(hooks: Path) -> bool:
    """Tell whether the hook in this folder runs every file of the folder beside it, as Gitea's does."""
    return (hooks / f"{HOOK}.d").is_dir() and b".d" in content_of(hooks / HOOK)


def _site_for_all(folder: Path) -> Site:
    all_of_them = folder / f"{HOOK}.d"
    if folder.name == "custom_hooks" or (all_of_them.is_dir() and not (folder / HOOK).exists()):
        # So it is with GitLab, which lets its hooks see no configuration but the repository's own.
        name = "GL_USERNAME"
        return Site(all_of_them / OURS, alone=True, shared=True, for_all=True, variable=name, checks=True)
    alone = _runs_all(folder)
    return Site(all_of_them / OURS if alone else folder / HOOK, alone=alone, shared=True, for_all=True)


@dataclass(frozen=True)
class Gitolite:
    """Where gitolite keeps its administrator's hooks, and where its repositories are.

    `specific` tells that gitolite.conf says which repository runs which hook. `hooks` is the folder of hooks
    of each repository.
    """

    local: Path
    base: Path
    specific: bool
    hooks: Mapping[str, Path]

    @classmethod
    def found(cls) -> "Gitolite | None":
        """Ask gitolite. None where it has no such folder; its repositories keep their own hooks then."""
        if not shutil.which("gitolite"):
            raise CannotJudge("this is a repository of gitolite, but gitolite is not on PATH; put it there")
        local = answer("gitolite", "query-rc", "-n", "LOCAL_CODE", ok=(0, 1))
        if not local:
            return None
        base = answer("gitolite", "query-rc", "-n", "GL_REPO_BASE")
        specific = "repo-specific-hooks" in answer("gitolite", "query-rc", "POST_COMPILE").split()
        names = answer("gitolite", "list-phy-repos").splitlines()
        hooks = {name: Path(base, f"{name}.git", "hooks") for name in names}
        return cls(Path(local), Path(base), specific, hooks)


# -- Plans


def _to_install(site: Site, repository: Path | None = None) -> Plan:
    """Plan the hook; *repository* is the one that was named."""
    there = installed(site.place)
    old = there.says if there else None
    config = Git().config(_KEYS)
    unset = [] if site.checks or any(key.endswith(b".fsckobjects") for key in config) else [(_FSCK, "true")]
    if site.variable and _PUSHER.lower().encode() not in config:
        unset.append((_PUSHER, site.variable))
    settings = [] if site.shared else unset
    folders = to_make(site.place.parent)
    file = HookFile(
        HOOK,
        *program(PROGRAMS[HOOK]),
        alone=site.alone,
        if_enabled=site.for_all,
        pusher=site.variable if site.shared else "",
        folders=max(len(folders), old.folders if old else 0),
        settings=tuple(dict.fromkeys([*(old.settings if old else ()), *settings])),
    )
    actions, facts = to_put(site.place, file)
    actions = [*folders, *actions, *(Set(key, value) for key, value in settings)]
    facts += [*site.notes, *_notes(site, unset)]
    if not site.gitolite:
        return Plan(actions, facts)
    more, left = _spread(site.gitolite, site, repository)
    return Plan([*actions, *more], facts, left)


def _notes(site: Site, unset: Sequence[Setting]) -> Iterator[str]:
    if site.for_all and not site.notes:
        yield "note: this is for all repositories there; those without a manifest are left alone"
    if site.shared and (_FSCK, "true") in unset:
        yield f"note: to have git refuse damaged objects everywhere, run: git config --global {_FSCK} true"
    if site.shared and not site.variable:
        yield f"note: if a manifest names pushers, git config {_PUSHER} must say which variable names them"


def _spread(gitolite: Gitolite, site: Site, repository: Path | None) -> tuple[list[Action], list[str]]:
    """Plan how a hook of gitolite's administrator gets to repositories; say what is left to that person."""
    if gitolite.specific:
        name = _name(gitolite, repository) if repository else ""
        if name in _running(gitolite, site.place):
            return [], []
        return [], [f"add this to gitolite.conf, below repo {name}: {_OPTION}"]
    links = [folder / HOOK for folder in gitolite.hooks.values()]
    others = [link for link in links if os.path.lexists(link) and not _leads(link, site.place)]
    if others:
        some = ", ".join(map(shown, others[:5]))
        raise CannotJudge(
            f"gitolite would replace what is there by a link to its hook: {some}; move that away"
        )
    kept = site.place.with_name(HOOK + KEPT)
    is_kept = os.path.lexists(kept) or (os.path.lexists(site.place) and not installed(site.place))
    wanted = [site.place, kept] if is_kept else [site.place]
    whole = all(_leads(folder / to.name, to) for folder in gitolite.hooks.values() for to in wanted)
    return [] if whole else [Run(("gitolite", "setup", "--hooks-only"))], []


def _running(gitolite: Gitolite, place: Path) -> list[str]:
    """Name the repositories that gitolite.conf has run the hook at *place*."""
    folders = gitolite.hooks.items()
    return [name for name, folder in folders if any(_leads(link, place) for link in folder.glob(f"{HOOK}.*"))]


def _leads(link: Path, target: Path) -> bool:
    return link.is_symlink() and link.readlink() == target


def _name(gitolite: Gitolite, repository: Path) -> str:
    base = gitolite.base.resolve()
    inside = repository.relative_to(base) if repository.is_relative_to(base) else Path(repository.name)
    return str(inside).removesuffix(".git")


def _to_uninstall(site: Site, others: Sequence[Path]) -> Plan:
    """Plan to take the hook away from its place, and from *others* where it would be on another server."""
    actions: list[Action] = []
    left: list[str] = []
    for place in dict.fromkeys([site.place, *others]):
        kept = place.with_name(HOOK + KEPT) if place.name == HOOK else None
        found = installed(place)
        more, remains = to_take([place], kept)
        actions += more
        left += remains
        if not (found and more):
            continue
        if site.gitolite:
            more, remains = _unspread(site.gitolite, place, kept)
            actions += more
            left += remains
        still = _still(found.says.settings)
        actions += [Back(Set(key, value), [f"unset: git config {key}"]) for key, value in still]
        actions += to_remove(place.parent, [place], found.says.folders)
    return Plan(actions, site.notes if actions else (), left)


def _still(settings: Iterable[Setting]) -> Iterator[Setting]:
    """Give those that still have the value that they were set to, in the repository's own configuration."""
    for key, value in settings:
        said, _ = Git().run("config", "--local", "-z", "--get-all", key, ok=(0, 1))
        if said == f"{value}\0".encode():
            yield key, value


def _unspread(gitolite: Gitolite, place: Path, kept: Path | None) -> tuple[list[Action], list[str]]:
    """Plan to remove gitolite's links to what will be gone; say what is left to its administrator."""
    if gitolite.specific:
        names = _running(gitolite, place)
        return [], [f"take this out of gitolite.conf, below repo {name}: {_OPTION}" for name in names]
    gone = kept if kept and os.path.lexists(kept) else place
    links = [folder / gone.name for folder in gitolite.hooks.values() if _leads(folder / gone.name, gone)]
    return [Back(Link(link, gone), [f"removed: {shown(link)}"]) for link in links], []
