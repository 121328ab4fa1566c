"""`git lanes brief --agents-md`: a block about the lanes in the files that coding agents read."""

import os
import re
from pathlib import Path

from lanes import files
from lanes.command import open_repository, trust_of
from lanes.entry import say
from lanes.errors import CannotJudge
from lanes.manifest import FILE, Manifest
from lanes.markdown import code, lane_line
from lanes.text import printable, readable
from lanes.trust import manifest_of_file

BEGIN, END = b"<!-- git-lanes: begin -->", b"<!-- git-lanes: end -->"
MOST_LANES = 30
_MARKER = re.compile(rb"^(?:%b|%b)(?=[ \t]*\r?$)" % (BEGIN, END), re.MULTILINE)
_IMPORT = re.compile(rb"(?<!\S)@(?:\./)?AGENTS\.md(?!\S)")
_USUAL = ("AGENTS.md", "CLAUDE.md")


def keep(file: str | None) -> int:
    """Write the block into *file*, or into those at the root of the work tree; give the exit status.

    It is about all lanes: every branch has this file, so a block about one of them would be wrong on the
    others, and in each other's way when they are merged.
    """
    git, repository = open_repository()
    if repository.folder is None:
        raise CannotJudge("there is no work tree here")
    root = Path(os.path.realpath(repository.folder))
    trust = trust_of(git, repository, None)
    block = _block(manifest_of_file(root / FILE.decode()), trust.branch)
    named = [Path.cwd() / file] if file is not None else _usual(root)
    contents = {path: _read(path) for path in dict.fromkeys(_inside(root, path) for path in named)}
    changed = {path: new for path, old in contents.items() if (new := _with_block(path, old, block)) != old}
    for path, content in changed.items():
        files.replace(path, content)
    for path in contents:
        shown = readable(bytes(path.relative_to(root)))
        say(f"lanes: {shown} {'tells of the lanes now' if path in changed else 'is up to date'}")
    if changed:
        say(f"next:\n  commit that on {printable(trust.branch)}, from where all branches get it")
    return 0


def _usual(root: Path) -> list[Path]:
    """Choose those that exist, but for a CLAUDE.md that takes AGENTS.md in; AGENTS.md where none does."""
    agents, claude = (root / name for name in _USUAL)
    if not claude.exists():
        return [agents]
    text = _read(_inside(root, claude))
    if _IMPORT.search(text) and not _MARKER.search(text):
        return [agents]
    return [agents, claude] if agents.exists() else [claude]


def _inside(root: Path, path: Path) -> Path:
    """Follow links to the file itself. Raises CannotJudge where that is no file of the work tree."""
    real = Path(os.path.realpath(path))  # Path.resolve fails for links that go round
    parts = real.relative_to(root).parts if real.is_relative_to(root) else ()
    if not parts or ".git" in parts:
        raise CannotJudge(f"{readable(bytes(path))} lies outside the work tree; name a file in it")
    if real.exists() and not real.is_file():
        raise CannotJudge(f"{readable(bytes(path))} is no file")
    if not real.parent.is_dir():
        raise CannotJudge(f"{readable(bytes(path))}: there is no such folder; make it first")
    return real


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _with_block(path: Path, text: bytes, block: list[str]) -> bytes:
    """Give *text* with the block in the place of the old one, or at its end. All else stays as it is."""
    newline = b"\r\n" if b"\r\n" in text else b"\n"
    new = newline.join([BEGIN, *(line.encode() for line in block), END])
    found = list(_MARKER.finditer(text))
    if not found:
        gap = newline * (2 - text.endswith(newline)) if text.strip() else b""
        return text + gap + new + newline
    if [marker[0] for marker in found] != [BEGIN, END]:
        lines = ", ".join(str(text.count(b"\n", 0, marker.start()) + 1) for marker in found)
        raise CannotJudge(
            f"{readable(path.name.encode())} must hold {BEGIN.decode()} and {END.decode()} once each, in this"
            f" order, and has markers in line {lines}; mend that, or take them all out"
        )
    begin, end = found
    return text[: begin.start()] + new + text[end.end() :]


def _block(manifest: Manifest, main: bytes) -> list[str]:
    lanes = [f"- {lane_line(lane)}" for lane in manifest.lanes[:MOST_LANES]]
    if (more := len(manifest.lanes) - MOST_LANES) > 0:
        lanes.append(f"- and {more} more in `.lanes.toml`")
    return [
        "<!-- Written by `git lanes brief --agents-md`; change `.lanes.toml` instead. -->",
        "## Write lanes",
        "",
        f"A branch may write only what its lane covers, in `.lanes.toml` on {code(os.fsdecode(main))}.",
        "Hooks and server refuse a commit that changes anything else, even where a later one takes it back.",
        "",
        "- Before you edit, run `git lanes brief`: it says what you may write, and how to ask for more.",
        "- Where your branch has no lane, give it a name that one of the lanes below covers.",
        "- Leave `.lanes.toml` as it is, and never go past the hooks (`--no-verify`, `core.hooksPath`).",
        "",
        "Lanes:",
        "",
        *lanes,
    ]
