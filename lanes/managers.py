"""Other programs that manage a clone's hooks: how to know them, and how they run ours.

A manager that rewrites its hook files gets no file of ours: there, its user adds a line to its configuration.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lanes.hookfile import PROGRAMS
from lanes.text import quoted

LEGACY = ".legacy"
"""What pre-commit and prek add to the name of a hook that they run before their own, if it is executable."""

SET_ASIDE = ".old"
"""What lefthook adds to the name of a hook that was there before; it never runs it."""

# Each of them looks for its own id, anywhere in a file.
_FRAMEWORKS = {
    "pre-commit": (
        b"138fd403232d2ddd5efb44317e38bf03",
        b"4d9958c90bc262f47553e2c073f14cfe",
        b"d8ee923c46731b42cd95cc869add4062",
        b"49fd668cb42069aa1b6048464be5d395",
        b"79f09a650522a87b0da915d0d983b2de",
        b"e358c9dae00eac5d06b38dfdb1e33a8c",
    ),
    "prek": (b"182c10f181da4464a3eec51b83331688",),
}
_LEFTHOOK = b"LEFTHOOK"  # so it knows its own files; none of ours may hold that word
_LEFTHOOK_FILES = [
    Path(folder, name + ending)
    for folder in ("", ".config")
    for name in ("lefthook", ".lefthook")
    for ending in (".yml", ".yaml", ".json", ".jsonc", ".toml")
]


RUNS_OURS = {"pre-commit": "pre-commit", "prek": "prek (0.3.5 or newer)"}
"""Which of them runs what has that name."""


def framework_of(content: bytes) -> str | None:
    """Name the framework that wrote a hook file, None where it was neither pre-commit nor prek.

    Both run what is called like the hook and `.legacy` first, with all that git gave them.
    """
    found = (name for name, ids in _FRAMEWORKS.items() if any(word in content for word in ids))
    return next(found, None)


class Manager(Protocol):
    """A manager that takes no file of ours: husky or lefthook."""

    @property
    def name(self) -> str:
        """What it is called."""

    def manages(self, hook: str) -> bool:
        """Tell whether it is in charge of *hook*."""

    def runs(self, hook: str) -> str | None:
        """Say by what it runs our program in *hook*, None where it does not."""

    def advice(self, missing: Sequence[str]) -> list[str]:
        """Say what its user has to do before it runs our programs in these hooks, and works at all."""


def manager_of(root: Path, hooks: Path, configured: bool) -> Manager | None:
    """Find the manager of the clone whose work tree is *root*, None where there is none of this kind.

    *hooks* is where git looks for hooks; *configured* tells that `core.hooksPath` names it.
    """
    if hooks.name == "_" and ((hooks / "h").is_file() or hooks.parent.name == ".husky"):
        return Husky(root, hooks.parent, hooks, (hooks / "h").is_file())
    if (hooks / "_" / "husky.sh").is_file():
        return Husky(root, hooks, None, active=True)
    if not configured and (root / ".husky").is_dir() and b'"husky"' in _content(root / "package.json"):
        return Husky(root, root / ".husky", None, active=False)
    written = [hook for hook in (*PROGRAMS, "prepare-commit-msg") if _LEFTHOOK in _content(hooks / hook)]
    file = next((root / name for name in _LEFTHOOK_FILES if (root / name).is_file()), None)
    return Lefthook(root, file, written) if written or file else None


@dataclass(frozen=True)
class Husky:
    """husky: git finds its files in a folder `_` that it writes anew; they run the files beside it.

    *files* is that folder. Before version 9 git found those in *folder* itself.
    """

    root: Path
    folder: Path
    files: Path | None
    active: bool
    name: str = "husky"

    def manages(self, hook: str) -> bool:  # noqa: ARG002 - all of them: git looks nowhere else
        """Tell whether it is in charge of *hook*."""
        return True

    def runs(self, hook: str) -> str | None:
        """Say by what it runs our program in *hook*, None where it does not."""
        file = self.folder / hook
        return _shown(self.root, file) if self._has(hook) and _runs(_content(file), hook) else None

    def _has(self, hook: str) -> bool:
        """Tell whether this version has *hook*."""
        listed = not (self.active and self.files) or (self.files / hook).is_file()
        return listed and hook != "reference-transaction"

    def advice(self, missing: Sequence[str]) -> list[str]:
        """Say what its user has to do before it runs our programs in these hooks, and works at all."""
        lines = []
        for hook in missing:
            file = _shown(self.root, self.folder / hook)
            if not self._has(hook):
                lines.append(f"this husky has no {hook} hook; see whether a newer one has")
            elif hook == "pre-push":
                lines.append(f'make this the first command of {file}: {PROGRAMS[hook]} "$@"')
            else:
                lines.append(f"add this line to {file}: {PROGRAMS[hook]}")
        return (
            lines if self.active else [*lines, "husky is not active here; run: npm install (or: npx husky)"]
        )


@dataclass(frozen=True)
class Lefthook:
    """lefthook: it writes its hook files anew when its configuration changes.

    It leaves jobs that are commands out where it finds no files for them, but never scripts.
    """

    root: Path
    file: Path | None
    written: Sequence[str]
    name: str = "lefthook"

    def manages(self, hook: str) -> bool:
        """Tell whether it is in charge of *hook*: it need not be in a hook that no file is needed for."""
        return hook != "reference-transaction"

    def runs(self, hook: str) -> str | None:
        """Say by what it runs our program in *hook*, None where it does not."""
        section = _section(_content(self.file) if self.file else b"", hook)
        scripts = self.root / ".lefthook" / hook
        if hook == "pre-push" and not re.search(rb"use_stdin[\"']?\s*[:=]\s*true", section):
            return None
        for script in sorted(scripts.iterdir()) if scripts.is_dir() else []:
            if script.name.encode(errors="surrogateescape") in section and _runs(_content(script), hook):
                return _shown(self.root, script)
        return None

    def advice(self, missing: Sequence[str]) -> list[str]:
        """Say what its user has to do before it runs our programs in these hooks, and works at all."""
        lines = []
        if missing:
            lines.append(f"add to {_shown(self.root, self.file or self.root / 'lefthook.yml')}:")
            if b"assert_lefthook_installed" not in (_content(self.file) if self.file else b""):
                lines.append("    assert_lefthook_installed: true")
        for hook in missing:
            lines += [f"    {hook}:", "      jobs:", "        - script: lanes", "          runner: sh"]
            lines += ["          use_stdin: true"] if hook == "pre-push" else []
        for hook in missing:
            arguments = ' "$@"' if hook == "pre-push" else ""
            lines.append(f"write to .lefthook/{hook}/lanes: exec {PROGRAMS[hook]}{arguments}")
        active = {"pre-commit", "pre-merge-commit", "pre-push"}.issubset(self.written)
        return [*lines, "run: lefthook install"] if missing or not active else lines


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes() if file.is_file() else b""
    except OSError:
        return b""  # then it is no manager's file


def _runs(script: bytes, hook: str) -> bool:
    """Tell whether a script runs the program of *hook*: some line names it outside of a comment."""
    return re.search(rb"^[^#\n]*\b%b\b" % PROGRAMS[hook].encode(), script, re.MULTILINE) is not None


def _section(configuration: bytes, hook: str) -> bytes:
    """Give what lefthook.yml says under *hook*."""
    found = re.search(
        rb"^[\"']?%b[\"']?:[^\n]*\n((?:[ \t#][^\n]*\n|\n)*)" % hook.encode(),
        configuration + b"\n",
        re.MULTILINE,
    )
    return re.sub(rb"(?m)^\s*#.*$", b"", found[1]) if found else b""


def _shown(root: Path, file: Path) -> str:
    name = file.relative_to(root) if file.is_relative_to(root) else file
    return quoted(bytes(name))
