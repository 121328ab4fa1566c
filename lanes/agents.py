"""The configuration by which a coding agent calls `lane-guard` before a tool of its own runs.

These files are tracked and shared, so they hold no path of a machine. An agent lets an edit through when its
hook does not start: hence `|| exit 2` in each line for a shell, which blocks it.
"""

import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from lanes import json_text
from lanes.actions import Action, Back, Put, shown
from lanes.command import open_repository
from lanes.errors import CannotJudge
from lanes.hosts import CLAUDE, CODEX, COPILOT, CURSOR, GEMINI, OPENCODE
from lanes.install import Plan, common_folder, run, to_make, to_remove
from lanes.json_text import EACH
from lanes.manifest import BRANCHES, FILE
from lanes.plumbing import Git
from lanes.text import printable
from lanes.trust import in_clone

PROGRAM = "lane-guard"
_SECONDS = 60  # some agents let an edit through when its hook takes longer
Answer = TypeVar("Answer")
Switch = tuple[Sequence[str], bool]
"""A key in a host's file, by the keys that lead to it, and the value by which it turns all hooks off."""

_OURS = re.compile(rf"(?:\S*/)?{PROGRAM}(?:\s|$)")


class Host(Protocol):
    """A coding agent: the file that holds its hooks, and what that file has to say."""

    @property
    def file(self) -> str:
        """Where it is in the work tree."""

    @property
    def trust(self) -> str:
        """What its user has to do before it runs hooks at all."""

    @property
    def switch(self) -> Switch | None:
        """What in the file would turn all hooks off."""

    def calls(self, text: str) -> bool:
        """Tell whether the file calls lane-guard. Raises ValueError, as the others do, where it is broken."""

    def with_guard(self, text: str) -> str:
        """Have the file call lane-guard as this version wants it; all else stays."""

    def without_guard(self, text: str) -> str:
        """Take that out again; nothing is left of a file that holds no more."""


@dataclass(frozen=True)
class JsonHost:
    """A host with a list of hooks in a JSON file, and *entry* as the item that is ours.

    The list may hold groups of hooks; then those of a group are its `hooks`. *version* goes into a new file.
    """

    file: str
    event: str
    entry: Mapping[str, object]
    trust: str
    version: int | None = None
    switch: Switch | None = None

    @property
    def _path(self) -> json_text.Path:
        path = ("hooks", self.event, EACH)
        return (*path, "hooks", EACH) if "hooks" in self.entry else path

    def calls(self, text: str) -> bool:
        """Tell whether the file calls lane-guard."""
        json_text.parsed(text)
        return any(map(_is_ours, json_text.items(text, self._path)))

    def with_guard(self, text: str) -> str:
        """Have the file call lane-guard as this version wants it; all else stays."""
        text = text or "{}\n"
        json_text.parsed(text)
        ours = list(filter(_is_ours, json_text.items(text, self._path)))
        if len(ours) == 1 and self.entry in json_text.items(text, ("hooks", self.event, EACH)):
            return text
        text = json_text.without(text, self._path, _is_ours)
        if self.version is not None:
            text = json_text.with_member(text, "version", self.version)
        return json_text.with_item(text, ("hooks", self.event), self.entry)

    def without_guard(self, text: str) -> str:
        """Take that out again; nothing is left of a file that holds no more."""
        json_text.parsed(text)
        rest = json_text.without(text, self._path, _is_ours)
        return "" if json_text.parsed(rest) in ({}, {"version": self.version}) else rest


def _is_ours(hook: object) -> bool:
    commands = [hook.get("command"), hook.get("bash")] if isinstance(hook, dict) else []
    return any(isinstance(command, str) and _OURS.match(command) for command in commands)


@dataclass(frozen=True)
class PluginHost:
    """A host that takes programs: the whole file is ours."""

    file: str
    program: str
    trust: str = ""
    switch: Switch | None = None

    def calls(self, text: str) -> bool:
        """Tell whether the file calls lane-guard."""
        return text.partition("\n")[0] == self.program.partition("\n")[0]

    def with_guard(self, text: str) -> str:
        """Have the file call lane-guard as this version wants it."""
        self._require_ours(text)
        return self.program

    def without_guard(self, text: str) -> str:
        """Leave nothing of the file."""
        self._require_ours(text)
        return ""

    def _require_ours(self, text: str) -> None:
        if text and not self.calls(text):
            raise ValueError("git-lanes did not write it; move it away")


def _line(host: str) -> str:
    return f"{PROGRAM} --host {host} || exit 2"


def _grouped(matcher: str, **hook: object) -> dict[str, object]:
    return {"matcher": matcher, "hooks": [{"type": "command", **hook}]}


_OPENCODE = """\
// Written by git lanes install --agent opencode, which writes it anew: keep nothing of your own here.
import { spawnSync } from "node:child_process"

export const LanesPlugin = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const call = { cwd: directory, tool_name: input.tool, tool_input: output.args }
    const guard = spawnSync("PROGRAM", ["--host", "opencode"], {
      cwd: directory,
      input: JSON.stringify(call),
      timeout: MILLISECONDS,
    })
    if (guard.status !== 0) {
      const reason = guard.stderr?.toString().trim()
      throw new Error(reason || `PROGRAM did not run: ${guard.error ?? guard.signal}`)
    }
  },
})
"""

HOSTS: Mapping[str, Host] = {
    CLAUDE: JsonHost(
        ".claude/settings.json",
        "PreToolUse",
        # Versions that know onFailure block by it what a shell can't, such as a hook that takes too long.
        _grouped(
            "Edit|Write|MultiEdit|NotebookEdit|Bash|mcp__.*",
            command=_line(CLAUDE),
            timeout=_SECONDS,
            onFailure="block",
        ),
        switch=(["disableAllHooks"], True),
        trust="Claude Code runs it once you trust the folder, which it asks for where it is new",
    ),
    CODEX: JsonHost(
        ".codex/hooks.json",
        "PreToolUse",
        _grouped("apply_patch|Edit|Write|Bash|mcp__.*", command=_line(CODEX), timeout=_SECONDS),
        trust="Codex reads it from the main work tree, for all worktrees, and passes over it without a word"
        " until you trust it: start codex there, and see /hooks",
    ),
    GEMINI: JsonHost(
        ".gemini/settings.json",
        "BeforeTool",
        _grouped(
            "write_file|replace|run_shell_command|mcp_.*",
            name=PROGRAM,
            command=_line(GEMINI),
            timeout=_SECONDS * 1000,
        ),
        switch=(["hooksConfig", "enabled"], False),
        trust="Gemini CLI asks whether you trust the folder, where folder trust is on",
    ),
    COPILOT: JsonHost(
        ".github/hooks/git-lanes.json",
        "preToolUse",
        {"type": "command", "bash": _line(COPILOT), "timeoutSec": _SECONDS},
        trust="Copilot CLI passes over it, without a word, in a folder that you have not trusted;"
        " the cloud agent reads it from the default branch alone;"
        " Copilot CLI runs the hooks of .claude/settings.json, too, so with both it asks twice",
        version=1,
    ),
    CURSOR: JsonHost(
        ".cursor/hooks.json",
        "preToolUse",
        {"command": _line(CURSOR), "failClosed": True, "timeout": _SECONDS},
        trust="Cursor runs it in a workspace that you trust",
        version=1,
    ),
    OPENCODE: PluginHost(
        ".opencode/plugin/git-lanes.js",
        _OPENCODE.replace("PROGRAM", PROGRAM).replace("MILLISECONDS", str(_SECONDS * 1000)),
    ),
}


# -- The plans


def in_work_tree(verb: str, names: Sequence[str], dry_run: bool) -> int:
    """Install or uninstall the configuration of these hosts, by name; give the exit status."""
    hosts = [HOSTS[name] for name in dict.fromkeys(names)]

    def begin() -> tuple[Path, Callable[[], Plan]]:
        git, repository = open_repository()
        root = repository.folder
        if root is None:
            raise CannotJudge("there is no work tree here; run it in one")
        if verb == "install":
            return common_folder(git), lambda: to_install(git, root, hosts)
        return common_folder(git), lambda: to_uninstall(root, hosts)

    return run(verb, dry_run, begin)


def to_install(git: Git, root: Path, hosts: Sequence[Host]) -> Plan:
    """Plan the configuration of these hosts in a work tree. Raises CannotJudge where it can't be."""
    actions: list[Action] = []
    facts: list[str] = []
    left: list[str] = []
    for host in hosts:
        path = root / host.file
        before = _content(root, path)
        after = _changed(path, before, host.with_guard)
        left += _switched_off(path, after, host)
        what = f"{shown(path)}, which calls {PROGRAM}"
        if before == after:
            facts.append(f"in place: {what}")
            continue
        verb = "written" if before is None else "changed"
        actions += to_make(path.parent)
        actions.append(Put(path, after, before=before, said=[f"{verb}: {what}"], mode=_mode(path)))
    notes = [
        *_about_files(git, hosts),
        *(host.trust for host in hosts if host.trust),
        *_about_program(),
    ]
    return Plan(actions, [*facts, *(f"note: {note}" for note in notes)], left)


def to_uninstall(root: Path, hosts: Sequence[Host]) -> Plan:
    """Plan to take lane-guard out of the configuration of these hosts, and what is empty then."""
    actions: list[Action] = []
    for host in hosts:
        path = root / host.file
        before = _content(root, path)
        if before is None or not _calls(path, before, host):
            continue
        if after := _changed(path, before, host.without_guard):
            said = [f"changed: {shown(path)}, which does not call {PROGRAM} any more"]
            actions.append(Put(path, after, before=before, said=said, mode=_mode(path)))
        else:
            actions.append(Back(Put(path, before, mode=_mode(path)), said=[f"removed: {shown(path)}"]))
            actions += to_remove(path.parent, [path], len(Path(host.file).parts) - 1)
    return Plan(actions)


def _content(root: Path, path: Path) -> bytes | None:
    """Read a file in the work tree, None where there is none. Raises CannotJudge for what is no file."""
    below = [path, *path.parents][: len(path.relative_to(root).parts)]
    if link := next((place for place in below if place.is_symlink()), None):
        raise CannotJudge(
            f"{shown(link)} is a symbolic link, and git-lanes writes through none; move it away"
        )
    if not os.path.lexists(path):
        return None
    if not path.is_file():
        raise CannotJudge(f"{shown(path)} is no file; move it away")
    return path.read_bytes()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644


def _changed(path: Path, content: bytes | None, change: Callable[[str], str]) -> bytes:
    """Have a host change what is in its file. Raises CannotJudge where it can't."""
    return _asked(path, content or b"", change).encode()


def _calls(path: Path, content: bytes, host: Host) -> bool:
    return _asked(path, content, host.calls)


def _asked(path: Path, content: bytes, question: Callable[[str], Answer]) -> Answer:
    try:
        return question(content.decode())
    except UnicodeDecodeError:
        raise CannotJudge(f"{shown(path)} is not UTF-8") from None
    except ValueError as error:
        raise CannotJudge(f"{shown(path)}: {printable(str(error).encode())}") from None


def _switched_off(path: Path, content: bytes, host: Host) -> list[str]:
    """Say what turns all hooks of a host off, in its file that calls lane-guard."""
    if host.switch is None:
        return []
    keys, off = host.switch
    if json_text.items(content.decode(), keys) != [off]:
        return []
    return [f"take {'.'.join(keys)} out of {shown(path)}; it turns all hooks off"]


# -- What is good to know


def _about_files(git: Git, hosts: Sequence[Host]) -> Iterator[str]:
    head = git.symbolic_ref(b"HEAD")
    trust = in_clone(git, head.removeprefix(BRANCHES) if head else None)
    main = printable(trust.branch)
    absent = [
        host.file for host in hosts if not (trust.commit and git.entry(trust.commit, host.file.encode()))
    ]
    if absent:
        yield f"commit {', '.join(absent)} on {main}: a worktree or a clone has only what is tracked"
    free = [host.file for host in hosts if trust.manifest and not trust.manifest.reserved(host.file.encode())]
    if free:
        patterns = ", ".join(f'"/{file}"' for file in free)
        yield f"so that no lane may write it, add to [defaults] protected in {FILE.decode()}: {patterns}"


def _about_program() -> Iterator[str]:
    if shutil.which(PROGRAM) is None:
        yield f"{PROGRAM} is not in PATH here; an agent that does not find it either is refused every edit"


def examine(git: Git, root: Path) -> Iterator[tuple[str, bool]]:
    """Look at the configuration of every host that is there; each line with whether it is a warning."""
    for name, host in HOSTS.items():
        path = root / host.file
        try:
            content = _content(root, path)
            if content is not None:
                yield _examined(git, name, host, path, content)
        except CannotJudge as error:
            yield f"{name}: {error}", True


def _examined(git: Git, name: str, host: Host, path: Path, content: bytes) -> tuple[str, bool]:
    install = f"git lanes install --agent {name}"
    if not _calls(path, content, host):
        return f"{name}: {shown(path)} does not call {PROGRAM}; to stop edits, run: {install}", False
    if _changed(path, content, host.with_guard) != content:
        return f"{name}: {shown(path)} calls {PROGRAM} in another way than it should; run: {install}", True
    if off := next(iter(_switched_off(path, content, host)), None):
        return f"{name}: {off}", True
    if not git.read("ls-files", "-z", "--", f":(top,literal){host.file}"):
        return f"{name}: {shown(path)} is not tracked, so other worktrees have none; commit it", True
    if missing := next(_about_program(), None):
        return f"{name}: {shown(path)} calls {PROGRAM}; {missing}", True
    return f"{name}: {shown(path)} calls {PROGRAM}", False
