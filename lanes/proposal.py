"""What a first manifest could say: lanes from the folders of a repository, or from its CODEOWNERS."""

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lanes import codeowners
from lanes.errors import CannotJudge
from lanes.manifest import MOST_DOTS
from lanes.patterns import LONGEST_PATTERN, PathPatterns
from lanes.text import printable, quoted, shortened

SCHEMA_FILE = ".lanes.schema.json"
REVIEW = "review"
MOST_LANES = 50
_DEEPEST = 4  # folders; what holds packages is not deeper

# Folders that are there to hold others, and what makes a folder a package.
_HOLDERS = frozenset(
    b"apps cmd components crates extensions gems internal lib libs modules packages pkg plugins"
    b" projects services sources src workspaces".split()
)
_PACKAGE = frozenset(
    b"Cargo.toml Gemfile build.gradle build.gradle.kts composer.json deno.json go.mod mix.exs package.json"
    b" Package.swift pom.xml pubspec.yaml pyproject.toml setup.py".split()
)
# What any task may have to update.
_SHARED = re.compile(
    rb"(?:Cargo|Gemfile|Pipfile|composer|deno|flake|mix|pdm|pixi|poetry|pubspec|uv|yarn)\.lock|bun\.lockb?"
    rb"|Package\.resolved|Podfile\.lock|go\.(?:work\.)?sum|gradle\.lockfile|npm-shrinkwrap\.json|package-lock\.json"
    rb"|packages\.lock\.json|pnpm-lock\.yaml"
    rb"|(?:CHANGELOG|CHANGES|HISTORY|NEWS|RELEASE[-_]NOTES)(?:\.(?:adoc|md|org|rst|txt))?",
    re.IGNORECASE,
)
# What runs, or decides, for everybody: CI, hooks, owners, and the configuration of coding agents. The first
# ones count as soon as they are there, so no lane may make them either.
_AT_ONCE = (
    *(".github/", ".gitlab-ci.yml", ".forgejo/", ".gitea/"),
    *(".claude/", ".codex/", ".cursor/", ".gemini/", ".opencode/", "opencode.json"),
)
_PROTECTED = (
    *(".buildkite/", ".circleci/", ".drone.yml", ".gitlab/", ".travis.yml", ".woodpecker/"),
    *(".woodpecker.yml", "Jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml"),
    *(".githooks/", ".husky/", ".lefthook/", ".lefthook.yaml", ".lefthook.yml", ".pre-commit-config.yaml"),
    *("lefthook.toml", "lefthook.yaml", "lefthook.yml", "prek.toml"),
    *(".gitattributes", ".gitmodules", ".mcp.json", "opencode.jsonc", SCHEMA_FILE),
    *codeowners.PLACES,
)


@dataclass(frozen=True)
class Proposal:
    """A lane to be written; its branches are those below *folder* of all branches."""

    name: str
    summary: str
    folder: str
    paths: Sequence[str]


@dataclass(frozen=True)
class Draft:
    """What a manifest is written from. *notes* are comments on the lanes."""

    lanes: Sequence[Proposal]
    shared: Sequence[str] = ()
    protected: Sequence[str] = ()
    notes: Sequence[str] = ()


def numbered(name: str) -> Iterator[str]:
    """Give a name, and then the same with a number behind it, for ever."""
    return itertools.chain([name], (f"{name}-{i}" for i in itertools.count(2)))


class _Names:
    """Makes names of lanes, each of them once, that are fit for a branch."""

    def __init__(self) -> None:
        self._taken = {REVIEW}

    def new(self, text: str) -> str:
        plain = "".join(c if c.isalnum() or c == "_" else "-" for c in unicodedata.normalize("NFC", text))
        name = re.sub("-+", "-", plain)[:60].strip("-") or "lane"
        # On many a disk, branches that differ by case alone are one.
        free = next(name for name in numbered(name) if name.casefold() not in self._taken)
        self._taken.add(free.casefold())
        return free


# -- Lanes from folders


@dataclass
class _Folder:
    """A folder of the repository: how many files lie below it, and how many of these in no other folder."""

    files: int = 0
    direct: int = 0
    package: bool = False
    folders: dict[bytes, "_Folder"] = field(default_factory=dict)

    def holds_units(self, name: bytes) -> bool:
        """Tell whether it is there for the folders in it, rather than a unit of its own."""
        packages = sum(folder.package for folder in self.folders.values())
        return packages > 1 or (name in _HOLDERS and len(self.folders) > 1 and self.direct * 2 <= self.files)


def _tree(paths: Iterable[bytes]) -> _Folder:
    root = _Folder()
    for path in paths:
        *folders, name = path.split(b"/")
        folder = root
        for part in folders[:_DEEPEST]:
            folder = folder.folders.setdefault(part, _Folder())
            folder.files += 1
        if len(folders) <= _DEEPEST:
            folder.direct += 1
            folder.package |= name in _PACKAGE
    return root


def _units(folder: _Folder, path: bytes, opened: list[bytes]) -> Iterator[tuple[bytes, int]]:
    """Give the folders that become lanes, each with how many files it has; *opened* gets those around."""
    opened.append(path)
    for name, inner in sorted(folder.folders.items()):
        if name.startswith(b"."):
            continue  # of tools, not of a task
        if inner.holds_units(name):
            yield from _units(inner, path + name + b"/", opened)
        else:
            yield path + name + b"/", inner.files


def by_folders(paths: Sequence[bytes], work: str) -> Draft:
    """Propose a lane for each unit among all *paths*, with branches below *work*."""
    names = _Names()
    opened: list[bytes] = []
    found = dict(_units(_tree(paths), b"", opened))
    patterns = {path: pattern for path in found if (pattern := _pattern(path))}
    largest = set(sorted(patterns, key=lambda path: -found[path])[:MOST_LANES])
    chosen = [path for path in found if path in largest]
    common = {name for name, number in Counter(map(_last_part, chosen)).items() if number > 1}
    lanes = []
    for path in chosen:
        text = path.decode()
        name = names.new(text if _last_part(path) in common else _last_part(path).decode())
        lanes.append(Proposal(name, _summary(f"Change {text}"), f"{work}/{name}", [patterns[path]]))
    shared = [path for path in paths if _is_shared(path, opened)]
    loose = ["at the root", *(f"directly in {quoted(path)}" for path in opened[1:])]
    notes = [f"Files {_listed(loose)} are in no lane."]
    if more := [quoted(path) for path in patterns if path not in largest]:
        notes.append(
            f"Nor are {_listed(more)}: a proposal has {MOST_LANES} lanes, of the folders with most files."
        )
    if odd := [quoted(path) for path in found if path not in patterns]:
        notes.append(f"Nor are {_listed(odd)}: no pattern can name them.")
    return Draft(lanes, [pattern for path in shared if (pattern := _pattern(path))], notes=notes)


def _last_part(folder: bytes) -> bytes:
    return folder.split(b"/")[-2]


def _is_shared(path: bytes, opened: Sequence[bytes]) -> bool:
    folder, slash, name = path.rpartition(b"/")
    return folder + slash in opened and _SHARED.fullmatch(name) is not None


# -- Lanes from CODEOWNERS


def by_owners(root: Path, work: str) -> Draft:
    """Propose a lane for each set of owners in the work tree *root*, with branches below *work*.

    Raises CannotJudge where no CODEOWNERS is there.
    """
    names = _Names()
    place = next((place for place in codeowners.PLACES if (root / place).is_file()), None)
    if place is None:
        raise CannotJudge(f"there is no CODEOWNERS; looked for {', '.join(codeowners.PLACES)}")
    with (root / place).open("rb") as file:
        content = file.read(codeowners.MAX_BYTES + 1)
    if len(content) > codeowners.MAX_BYTES:
        raise CannotJudge(f"{place} is larger than {codeowners.MAX_BYTES >> 20} MiB")
    found = codeowners.read(content, gitlab=place.startswith(".gitlab/"))
    lanes = []
    for owners, patterns in found.patterns().items():
        if patterns:
            written = found.written[owners]
            name = names.new("-".join(map(_short, written)))
            whose = _summary(f"Change what {_listed(written)} {'owns' if len(written) == 1 else 'own'}")
            lanes.append(Proposal(name, whose, f"{work}/{name}", patterns))
    notes = [f"A lane has what its owners have in {place}. No file is in two lanes, and some may be in none."]
    notes += [f"Left out: line {line} of {place}: {why}." for line, why in found.left_out[:20]]
    if (more := len(found.left_out) - 20) > 0:
        notes.append(f"Left out: {more:,} more lines.")
    return Draft(lanes, notes=notes)


def _short(owner: str) -> str:
    """Give the team of `@org/team`, the user of `@user`, and the name of an address."""
    return owner.lstrip("@").partition("@")[0].rpartition("/")[2]


# -- What is protected


def _protected(paths: Sequence[bytes], lanes: Sequence[Proposal]) -> list[str]:
    """List what is there of CI, hooks and the like, and what a lane could make that counts at once."""
    there = {path.partition(b"/")[0] for path in paths} | {SCHEMA_FILE.encode(), *paths}
    writable = [PathPatterns(lane.paths) for lane in lanes]
    found = [f"/{name}" for name in (*_AT_ONCE, *_PROTECTED) if name.rstrip("/").encode() in there]
    for name in _AT_ONCE:
        path, folder = name.rstrip("/").encode(), name.endswith("/")
        if path not in there and any(lane.match(path, folder) for lane in writable):
            found.append(f"/{name}")
    return [place for place in found if not _is_below(place, found)]


def _is_below(place: str, others: Sequence[str]) -> bool:
    return any(other.endswith("/") and place != other and place.startswith(other) for other in others)


def guarded(draft: Draft, paths: Sequence[bytes]) -> Draft:
    """Add what is to be protected, and leave out the lanes that could write nothing then."""
    found = _protected(paths, draft.lanes)
    protected = PathPatterns(found)

    def is_left(pattern: str) -> bool:
        literal = not re.search(r"[*?\\]", pattern)
        path = pattern.strip("/").encode()
        return not (pattern.startswith("!") or (literal and protected.match(path, pattern.endswith("/"))))

    lanes = [lane for lane in draft.lanes if any(map(is_left, lane.paths))]
    gone = [lane.name for lane in draft.lanes if lane not in lanes]
    notes = [f'There is no lane "{name}": all that it would have is protected.' for name in gone]
    return Draft(lanes, draft.shared, found, [*draft.notes, *notes])


# -- In words and patterns


def _listed(words: Sequence[str]) -> str:
    """Join some words, and say how many more there are."""
    few = list(words[:4]) if len(words) != 5 else list(words)
    more = [f"{len(words) - len(few):,} more"] if len(words) > len(few) else []
    *begin, end = [*few, *more]
    return f"{', '.join(begin)} and {end}" if begin else end


def _summary(text: str) -> str:
    return shortened(printable(text.encode()))


def _pattern(path: bytes) -> str | None:
    """Give the path pattern for a folder, with its slash, or a file; None where there can be none."""
    try:
        text = path.decode("utf-8")
    except UnicodeDecodeError:
        return None
    escaped = re.sub(r"([\\*?\[])", r"\\\1", text)
    if re.search(r"[\n\r]", text) or len(escaped) >= LONGEST_PATTERN or text.count(".") > MOST_DOTS:
        return None
    return f"/{escaped}"
