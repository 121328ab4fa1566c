"""`git lanes doctor`: which layers hold here; it sends a canary through each of them."""

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lanes import agents, managers
from lanes.canary import Canary, canary
from lanes.clones import CLIENT, STRICT
from lanes.command import open_repository
from lanes.entry import say
from lanes.errors import CannotJudge
from lanes.gate import has_manifest, is_gated
from lanes.hookfile import PROGRAMS
from lanes.install import HooksFolder, Installed, content_of, hooks_folder, installed, installed_in
from lanes.managers import LEGACY, Manager
from lanes.manifest import BRANCHES
from lanes.plumbing import Git
from lanes.report import count
from lanes.repository import Repository
from lanes.servers import HOOK, Site, site_of
from lanes.settings import Settings
from lanes.text import printable, quoted
from lanes.trust import Remotes, Trust, in_clone, on_server


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, in a line ready to print; a *warning* is for somebody to mend."""

    text: str
    warning: bool = False


def examine(server: str | None) -> int:
    """Examine the clone around the current folder, or a *server*: a bare repository, or a folder of them.

    Prints what was found; gives the exit status, 1 where anything is to be mended.
    """
    if server is None:
        git, repository = open_repository()
        if not repository.bare:
            return _told(examine_clone(git, repository), repository.folder or Path.cwd())
    folder = Path(server or ".").resolve()
    if _is_repository(folder):
        git = Git(folder)
        git.require_version()
        return _told(examine_server(git, folder), folder)
    found = examine_servers(folder)
    if not found:
        raise CannotJudge(f"{quoted(bytes(folder))} is no bare repository, and there is none in it")
    return _told(found, folder)


def _told(findings: Sequence[Finding], where: Path) -> int:
    number = sum(finding.warning for finding in findings)
    found = count(number, "warning", "warnings") if number else "all is well"
    lines = [f"{'warning: ' if finding.warning else ''}{finding.text}" for finding in findings]
    say("\n".join([f"lanes: {quoted(bytes(where))}: {found}", *(f"  {line}" for line in lines)]))
    return 1 if number else 0


# -- A clone


def examine_clone(git: Git, repository: Repository) -> list[Finding]:
    """Look at every layer of this clone, as this work tree has it."""
    root = repository.folder
    if root is None:
        raise CannotJudge("this is inside a git directory; run it in the work tree")
    settings = Settings.read(git)
    head = git.symbolic_ref(b"HEAD")
    trust = in_clone(git, head.removeprefix(BRANCHES) if head else None, settings=settings)
    where = hooks_folder(git, root)
    found = [*_manifest(trust), *_mode(settings), *_elsewhere(where)]
    if where.problem:
        return [*found, Finding(where.problem, warning=True)]
    manager = managers.manager_of(root, where.path, bool(where.origin))
    if trust.manifest is None:
        return [*found, Finding("no layer was tried: each needs a manifest in force")]
    with canary(git, trust) as bird:
        clone = _Clone(root, where, manager, bird, settings.warns)
        found += [finding for hook in (*CLIENT, STRICT) for finding in clone.layer(hook)]
    guarded = (Finding(*said) for said in agents.examine(git, root))
    return [*found, *guarded, *_stale(git, settings, trust)]


# -- A server


def examine_server(git: Git, folder: Path) -> list[Finding]:
    """Look at the hook of a server in the bare repository *folder*, and at how it is guarded besides."""
    settings = Settings.read(git)
    trust = on_server(git, settings)
    hooks = hooks_folder(git, None)
    site = site_of(git, folder, hooks)
    hook = _of_server(site, hooks)
    if hook and hook.says.if_enabled and not is_gated(git, trust):
        why = "git config lanes.enabled is false" if has_manifest(git, trust.commit) else _no_manifest(trust)
        return [Finding(f"left alone: {why}; the hook is for all repositories here")]
    found = [*_manifest(trust), *_mode(settings), *_elsewhere(hooks)]
    if hook is None:
        found.append(_no_hook(hooks.path / HOOK))
    elif trust.manifest is not None:
        with canary(git, trust) as bird:
            bird.variables["GIT_DIR"] = str(folder)
            found.append(_tried(HOOK, hook.path, bird, folder, settings.warns))
    named = bool(settings.last(b"lanes.pushervariable")) or bool(hook and hook.says.pusher)
    return [*found, *_fsck(git, site), *_pushers(trust, named)]


def _of_server(site: Site, hooks: HooksFolder) -> Installed | None:
    """Find the hook file of ours that the server runs."""
    places = [
        hooks.path / HOOK,
        *sorted(hooks.path.glob(f"{HOOK}.*")),
        *([] if site.gitolite else [site.place]),
    ]
    return next((found for place in places if (found := installed(place.resolve()))), None)


def _no_hook(path: Path) -> Finding:
    if PROGRAMS[HOOK].encode() in content_of(path):
        return Finding(
            f"{HOOK}: {quoted(bytes(path))} runs {PROGRAMS[HOOK]}; not tried: it is a script of your own"
        )
    return Finding(f"{HOOK}: nothing runs {PROGRAMS[HOOK]}; run: git lanes install --server", warning=True)


def _fsck(git: Git, site: Site) -> Iterator[Finding]:
    values = [git.setting(key, "bool") for key in (b"receive.fsckObjects", b"transfer.fsckObjects")]
    checks = next((value for value in values if value is not None), b"true" if site.checks else b"false")
    if checks != b"true":
        text = (
            "receive.fsckObjects is off: git takes damaged objects; run: git config receive.fsckObjects true"
        )
        yield Finding(text, warning=True)


def _pushers(trust: Trust, named: bool) -> Iterator[Finding]:
    if trust.manifest is None:
        return
    integration = " and ".join(trust.integration)
    if trust.manifest.integration.pushers is None:
        anybody = f"whoever may push here may push to {integration}, as far as git-lanes knows"
        yield Finding(f"{anybody}; name who may: [integration] pushers in .lanes.toml", warning=True)
    lanes = [lane.name for lane in trust.manifest.lanes if lane.pushers is not None]
    if not named and (lanes or trust.manifest.integration.pushers is not None):
        yield Finding(
            "the manifest names pushers, and git config lanes.pusherVariable does not say which"
            " variable names who pushes, so nobody may",
            warning=True,
        )


def _no_manifest(trust: Trust) -> str:
    return f"no manifest on {printable(trust.ref or BRANCHES + trust.branch)}"


def examine_servers(folder: Path) -> list[Finding]:
    """Look at every bare repository below *folder*, a line for each."""
    return [_summary(repository, folder) for repository in _repositories(folder)]


def _summary(repository: Path, folder: Path) -> Finding:
    name = quoted(bytes(repository.relative_to(folder)))
    try:
        found = examine_server(Git(repository), repository)
    except CannotJudge as error:
        return Finding(f"{name}: {str(error).partition(chr(10))[0]}", warning=True)
    number = sum(finding.warning for finding in found)
    if number:
        see = f"git lanes doctor --server {shlex.quote(str(repository))}"
        return Finding(f"{name}: {count(number, 'warning', 'warnings')}; see {see}", warning=True)
    return Finding(
        f"{name}: {next((f.text for f in found if f.text.startswith((HOOK, 'left alone'))), 'well')}"
    )


def _is_repository(folder: Path) -> bool:
    """Tell whether *folder* looks like a git directory, to git too (gitrepository-layout(5))."""
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


def _repositories(folder: Path) -> Iterator[Path]:
    for path, names, _ in os.walk(folder):
        if _is_repository(Path(path)):
            yield Path(path)
            names.clear()
        names.sort()


# -- What both have


def _manifest(trust: Trust) -> Iterator[Finding]:
    if trust.manifest is None:
        yield Finding(trust.problem.replace("\n", "; "), warning=True)
    else:
        yield Finding(trust.in_force[0])


def _mode(settings: Settings) -> Iterator[Finding]:
    if settings.warns:
        end = "to begin: git config lanes.mode enforce"
        yield Finding(
            f"lanes.mode is warn: hooks say their verdicts, and refuse nothing; {end}", warning=True
        )


def _elsewhere(where: HooksFolder) -> Iterator[Finding]:
    if where.path == where.usual:
        return
    yield Finding(
        f"git looks for hooks in {quoted(bytes(where.path))}: core.hooksPath, set in {where.origin}"
    )
    lost = [found.path.name for found in installed_in(where.usual)]
    if lost:
        names, folder = " and ".join(sorted(lost)), quoted(bytes(where.usual))
        yield Finding(
            f"{names} in {folder} never run, since git looks elsewhere; run: git lanes install", warning=True
        )


@dataclass(frozen=True)
class _Clone:
    root: Path
    where: HooksFolder
    manager: Manager | None
    bird: Canary
    warns: bool

    def layer(self, hook: str) -> Iterator[Finding]:
        """Look at one hook."""
        path = self.where.path / hook
        framework = managers.framework_of(content_of(path))
        ours = installed(path) or (installed(path.with_name(hook + LEGACY)) if framework else None)
        if ours:
            yield _tried(hook, ours.path, self.bird, self.root, self.warns)
        elif self.manager and self.manager.manages(hook):
            yield self._managed(self.manager, hook)
        elif framework:
            yield self._by_framework(framework, hook)
        elif os.path.lexists(path) and not path.exists():
            yield Finding(
                f"{hook}: {quoted(bytes(path))} is a link to nothing, so git passes over it", warning=True
            )
        elif PROGRAMS[hook].encode() in content_of(path):
            yield Finding(
                f"{hook}: {quoted(bytes(path))} runs {PROGRAMS[hook]}; not tried: it is a script of your own"
            )
        elif hook == STRICT:
            past = "git commit --no-verify, git rebase and others get past pre-commit"
            yield Finding(f"{hook}: not there, so {past}; to stop them: git lanes install --strict")
        else:
            yield Finding(f"{hook}: nothing runs {PROGRAMS[hook]}; run: git lanes install", warning=True)

    def _managed(self, manager: Manager, hook: str) -> Finding:
        file = manager.runs(hook)
        if file is None:
            advice = "git lanes install says what to add"
            return Finding(f"{hook}: {manager.name} does not run {PROGRAMS[hook]}; {advice}", hook != STRICT)
        program = shutil.which(PROGRAMS[hook])
        if program is None:
            missing = f"{PROGRAMS[hook]}, which {manager.name} runs by {file}, is not in PATH"
            return Finding(f"{hook}: {missing}; install git-lanes, or mend PATH", warning=True)
        return _tried(hook, Path(program), self.bird, self.root, self.warns, f"{file}, run by {manager.name}")

    def _by_framework(self, framework: str, hook: str) -> Finding:
        files = (".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml")
        file = next((name for name in files if PROGRAMS[hook].encode() in content_of(self.root / name)), None)
        if file is None:
            return Finding(
                f"{hook}: {framework} runs no {PROGRAMS[hook]}; run: git lanes install", hook != STRICT
            )
        if hook == "pre-push":
            one = f"{framework} runs {PROGRAMS[hook]} by {file}, but shows it only one ref of a push"
            return Finding(f"{hook}: {one}; git lanes install adds a hook that sees all", warning=True)
        by = f"{file}, run by {framework}"
        if shutil.which(framework) is None:
            return Finding(f"{hook}: {by}; not tried: {framework} is not in PATH")
        status, said = self.bird.sent_through_framework(framework, hook, PROGRAMS[hook], self.root / file)
        ours = b"lanes: " in said or status == 0  # else the framework failed by itself
        return _ended(hook, by, status if ours else 2, said, self.warns)


def _tried(hook: str, file: Path, bird: Canary, root: Path, warns: bool, by: str = "") -> Finding:
    """Send the canary through a hook file, and say how that ended."""
    name = by or quoted(bytes(file))
    if not os.access(file, os.X_OK):
        return Finding(
            f"{hook}: {name} is not executable, so git passes over it; run: git lanes install", True
        )
    if hook == STRICT and not bird.lane:
        return Finding(f"{hook}: {name}; not tried: no branch name came to mind that a lane covers")
    return _ended(hook, name, *bird.sent_through(hook, file, root), warns)


def _ended(hook: str, name: str, status: int, said: bytes, warns: bool) -> Finding:
    """Say how the way of the canary through a hook ended."""
    if status == 1:
        return Finding(f"{hook}: {name} refused the canary")
    if status == 0 and warns and b"lanes.mode is warn" in said:
        return Finding(f"{hook}: {name} warned about the canary")
    lines = said.strip().split(b"\n")
    first = printable(next((line for line in lines if b"lanes: " in line), lines[0])) or "it said nothing"
    ended = "let the canary through" if status == 0 else f"ended with {status}"
    return Finding(f"{hook}: {name} {ended}: {first}", warning=True)


def _stale(git: Git, settings: Settings, trust: Trust) -> Iterator[Finding]:
    """Compare the remote-tracking integration branches with what their remote has now."""
    remotes = Remotes(settings.config)
    for ref, tip in trust.tips.items():
        if trust.remote is None or ref.startswith(BRANCHES):
            continue
        remote, name = os.fsdecode(trust.remote), BRANCHES + remotes.branch_of(ref)
        status, said = git.typed(
            "ls-remote", "--refs", remote, os.fsdecode(name), environment=dict(os.environ)
        )
        if status:
            yield Finding(f"{printable(ref)}: {remote} can't be asked whether it is the newest")
        elif tip not in re.findall(r"^([0-9a-f]+)\t", said, re.MULTILINE):
            old = "is not what it is there now, so verdicts here may be old"
            yield Finding(f"{printable(ref)} {old}; run: git fetch {printable(trust.remote)}", warning=True)
        else:
            yield Finding(f"{printable(ref)} is up to date")
