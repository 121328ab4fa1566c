"""The hooks of a clone: where they go, beside what manages hooks already."""

from collections.abc import Callable, Sequence
from pathlib import Path

from lanes import managers
from lanes.actions import Action
from lanes.command import open_repository
from lanes.errors import CannotJudge
from lanes.hookfile import KEPT, PROGRAMS, HookFile
from lanes.install import (
    Plan,
    common_folder,
    content_of,
    hooks_folder,
    installed_in,
    program,
    run,
    to_make,
    to_put,
    to_remove,
    to_take,
)
from lanes.managers import LEGACY, SET_ASIDE, Manager
from lanes.plumbing import Git
from lanes.repository import Repository

CLIENT = ("pre-commit", "pre-merge-commit", "pre-push")
STRICT = "reference-transaction"


def in_clone(verb: str, strict: bool, dry_run: bool) -> int:
    """Install or uninstall the hooks of the clone around the current folder; give the exit status."""

    def begin() -> tuple[Path, Callable[[], Plan]]:
        git, repository = open_repository()
        folder = common_folder(git)
        if verb == "install":
            return folder, lambda: to_install(git, repository, strict)
        return folder, lambda: to_uninstall(git, repository)

    return run(verb, dry_run, begin)


def to_install(git: Git, repository: Repository, strict: bool) -> Plan:
    """Plan the hooks of a clone. Raises CannotJudge where they can't be installed."""
    root = _work_tree(repository)
    where = hooks_folder(git, root)
    if where.problem:
        raise CannotJudge(where.problem)
    there = installed_in(where.path)
    strict = strict or any(found.says.hook == STRICT for found in there)
    hooks = [*CLIENT, *([STRICT] if strict else [])]
    manager = managers.manager_of(root, where.path, bool(where.origin))
    facts, left = _managed(manager, hooks) if manager else ([], [])
    actions: list[Action] = []
    own = [hook for hook in hooks if not (manager and manager.manages(hook))]
    if own:
        actions += to_make(where.path)
        made = max([len(actions), *(found.says.folders for found in there)])
        for hook in own:
            file = HookFile(hook, *program(PROGRAMS[hook]), if_enabled=where.shared, folders=made)
            framework = managers.framework_of(content_of(where.path / hook))
            path = where.path / (hook + LEGACY if framework else hook)
            more, so = to_put(path, file, managers.RUNS_OURS[framework] if framework else None)
            actions += more
            facts += so
        facts += where.notes
    return Plan(actions, facts, left)


def _managed(manager: Manager, hooks: Sequence[str]) -> tuple[list[str], list[str]]:
    """Say which hooks a manager runs, and what is left to its user."""
    runs = {hook: manager.runs(hook) for hook in hooks if manager.manages(hook)}
    facts = [
        f"note: {manager.name} runs the hooks here, and writes its files anew; none of ours is put there"
    ]
    facts += [f"in place: {file}, which {manager.name} runs as {hook}" for hook, file in runs.items() if file]
    return facts, manager.advice([hook for hook, file in runs.items() if not file])


def to_uninstall(git: Git, repository: Repository) -> Plan:
    """Plan to take the hooks of a clone away, from where git looks now and from where it usually does."""
    root = _work_tree(repository)
    where = hooks_folder(git, root)
    actions: list[Action] = []
    left: list[str] = []
    for folder in dict.fromkeys([where.path, where.usual]):
        there = [found for found in installed_in(folder) if found.says.hook in (*CLIENT, STRICT)]
        for hook in (*CLIENT, STRICT):
            paths = [folder / (hook + added) for added in ("", LEGACY, SET_ASIDE)]
            more, remains = to_take(paths, folder / (hook + KEPT))
            actions += more
            left += remains
        made = max([0, *(found.says.folders for found in there)])
        actions += to_remove(folder, [found.path for found in there if found.untouched], made)
    manager = managers.manager_of(root, where.path, bool(where.origin))
    for hook in CLIENT if manager else ():
        if manager and (file := manager.runs(hook)):
            left.append(f"take {PROGRAMS[hook]} out of {file}, which {manager.name} runs")
    return Plan(actions, where.notes if installed_in(where.path) else (), left)


def _work_tree(repository: Repository) -> Path:
    if repository.bare:
        raise CannotJudge("this repository is bare; for the hook of a server, add --server")
    if repository.folder is None:
        raise CannotJudge("this is inside a git directory; run it in the work tree")
    return repository.folder
