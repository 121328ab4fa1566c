"""`git lanes init`: propose a first manifest for a repository, from its folders or its CODEOWNERS."""

import itertools
import os
import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lanes import codeowners
from lanes.actions import said_by
from lanes.command import open_repository
from lanes.entry import complain, say
from lanes.errors import CannotJudge
from lanes.manifest import BRANCHES, FILE, MOST_DOTS, dotted, parse
from lanes.overlap import Proof, prove
from lanes.patterns import LONGEST_PATTERN, PathPatterns
from lanes.plumbing import Git, records
from lanes.report import count
from lanes.settings import Settings
from lanes.text import printable, quoted, shortened
from lanes.trust import Remotes, Trust, in_clone, remotes_of

_FILE = FILE.decode()
SCHEMA_FILE = ".lanes.schema.json"
MOST_LANES = 50
_DEEPEST = 4  # folders; what holds packages is not deeper
_WIDTH = 100

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
    *(
        ".buildkite/",
        ".circleci/",
        ".drone.yml",
        ".gitlab/",
        ".travis.yml",
        ".woodpecker/",
        ".woodpecker.yml",
    ),
    *("Jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml"),
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
    notes: Sequence[str] = ()


def init(source: str, dry_run: bool) -> int:
    """Write a manifest, or only print it, and give the exit status: 2 where there can be none."""
    try:
        said = _printed(source) if dry_run else _written(source)
    except CannotJudge as error:
        complain(f"no manifest was written: {error}")
        return 2
    except OSError as error:
        complain(f"no manifest was written: {said_by(error)}")
        return 2
    say(said)
    return 0


def _printed(source: str) -> str:
    place = _Place.find()
    text = place.manifest(source)
    _proven(text)
    return text.removesuffix("\n")


def _written(source: str) -> str:
    place = _Place.find()
    place.require_none()
    text = place.manifest(source)
    proof = _proven(text)
    (place.root / SCHEMA_FILE).write_text(schema(), "utf-8")
    _write(place.root / _FILE, text)
    lanes = count(text.count("\n[lanes."), "lane", "lanes")
    pairs = count(proof.proven, "pair", "pairs")
    begin = f"lanes: wrote {_FILE} ({lanes}, {pairs} proven apart) and {SCHEMA_FILE} for editors"
    return "\n".join([begin, "next:", *(f"  {line}" for line in place.next())])


def _write(file: Path, text: str) -> None:
    """Write a new file as a whole, or none."""
    with file.open("x", encoding="utf-8") as opened:
        try:
            opened.write(text)
            opened.flush()
        except BaseException:
            file.unlink()
            raise


def schema() -> str:
    """Give the JSON Schema of the manifest."""
    return Path(__file__).with_name("lanes.schema.json").read_text("utf-8")


def _proven(text: str) -> Proof:
    """Prove that no two lanes of a manifest can collide. Raises CannotJudge where they can, or may."""
    proof = prove(parse(text.encode()))
    if doubtful := [*(overlap.lanes for overlap in proof.overlaps), *proof.unknown]:
        names = " and ".join(f'"{name}"' for name in doubtful[0])
        raise CannotJudge(f"the lanes {names} could not be proven apart")
    return proof


@dataclass(frozen=True)
class _Place:
    """The work tree that gets a manifest, the branch it is on, and the one that will hold the manifest."""

    root: Path
    git: Git
    trust: Trust
    current: bytes | None
    integration: bytes
    remote: bytes | None

    @classmethod
    def find(cls) -> "_Place":
        """Find the work tree around the current folder. Raises CannotJudge."""
        _, repository = open_repository()
        root = repository.folder
        if root is None:
            raise CannotJudge("there is no work tree here; run it in a clone")
        git = Git(root)
        settings = Settings.read(git)
        remotes = Remotes(settings.config)
        head = git.symbolic_ref(b"HEAD")
        current = head.removeprefix(BRANCHES) if head else None
        trust = in_clone(git, current, settings=settings)
        integration = trust.branch
        if trust.ref is None and settings.trusted_ref is None and head is not None and current is not None:
            # A new repository: the branch that the first commit makes, or the only one that anybody knows.
            if remotes.names and head in git.refs([head]):
                raise CannotJudge(trust.problem)
            integration = current
        return cls(root, git, trust, current, integration, remotes.of_manifest(integration, None))

    def require_none(self) -> None:
        """Raise CannotJudge where there is a manifest already."""
        if os.path.lexists(self.root / _FILE):
            raise CannotJudge(f"there is a {_FILE} already; git lanes init --dry-run prints a new one")
        if self.trust.manifest is not None and self.trust.commit is not None:
            (where,) = self.trust.in_force
            to_have = f"git checkout {self.trust.commit[:12]} -- :/{_FILE}"
            raise CannotJudge(f"there is one already\n{where}\nto have it here: {to_have}")
        file = self.root / SCHEMA_FILE
        if os.path.lexists(file) and not (file.is_file() and file.read_bytes() == schema().encode()):
            raise CannotJudge(f"there is another {SCHEMA_FILE} already; move it away")

    def manifest(self, source: str) -> str:
        """Propose a manifest."""
        paths = _paths(self.git)
        taken = _branches(self.git)
        names, work = _Names("review"), _free("work", 2, taken)
        by_owners = source == "codeowners"
        draft = _by_owners(self.root, names, work) if by_owners else _by_folders(paths, names, work)
        protected = _protected(paths, draft.lanes)
        draft = _without_protected(draft, PathPatterns(protected))
        review = Proposal("review", "Read and report; do not edit", _free("review", 1, taken), [])
        return "\n".join(_lines(self.integration, draft, protected, review)) + "\n"

    def next(self) -> Iterator[str]:
        """Say what to do with it."""
        here = Path.cwd()
        files = [shlex.quote(os.path.relpath(self.root / name, here)) for name in (_FILE, SCHEMA_FILE)]
        main = shlex.quote(printable(self.integration))
        yield f"read {files[0]}, and change it to what your tasks need"
        if self.current != self.integration:
            yield f"git checkout {main}"
        yield f"git add {' '.join(files)}"
        yield "git lanes check"
        yield 'git commit -m "Give every task its lane"'
        if self.remote is not None:
            yield f"git push {shlex.quote(printable(self.remote))} {main}"
        elif self.integration != self.trust.branch:  # nothing else tells that this one holds it
            yield f"git config lanes.trustedRef refs/heads/{main}"
        yield "git lanes install"


# -- What is there


def _paths(git: Git) -> list[bytes]:
    """List what git tracks or would add; a slash ends a submodule."""
    found = set()
    for staged, options in ((True, ["--stage"]), (False, ["--others", "--exclude-standard"])):
        with git.stream("ls-files", "-z", *options) as output:
            for record in records(output, b"\0", "git ls-files"):
                *entry, path = record.split(b"\t", 1 if staged else 0)
                found.add(path + b"/" if entry and entry[0].startswith(b"160000") else path)
    return sorted(found - {FILE, SCHEMA_FILE.encode()})


def _branches(git: Git) -> set[bytes]:
    """Name the branches of this clone and of its remotes."""
    remotes = remotes_of(git)
    return {remotes.branch_of(ref) for ref in git.all_refs(b"refs/heads", b"refs/remotes")}


def _numbered(name: str) -> Iterator[str]:
    return itertools.chain([name], (f"{name}-{i}" for i in itertools.count(2)))


def _free(folder: str, depth: int, taken: set[bytes]) -> str:
    """Give a folder of branches that has room for some below it: git makes none below another one."""
    near = {name.split(b"/")[0] for name in taken if name.count(b"/") < depth}
    return next(name for name in _numbered(folder) if name.encode() not in near)


class _Names:
    """Makes names of lanes, each of them once, that are fit for a branch."""

    def __init__(self, *taken: str) -> None:
        self._taken = set(taken)

    def new(self, text: str) -> str:
        plain = "".join(c if c.isalnum() or c == "_" else "-" for c in unicodedata.normalize("NFC", text))
        name = re.sub("-+", "-", plain)[:60].strip("-") or "lane"
        # On many a disk, branches that differ by case alone are one.
        free = next(name for name in _numbered(name) if name.casefold() not in self._taken)
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
        if inner.holds_units(name) and path.count(b"/") < _DEEPEST - 1:
            yield from _units(inner, path + name + b"/", opened)
        else:
            yield path + name + b"/", inner.files


def _by_folders(paths: Sequence[bytes], names: _Names, work: str) -> Draft:
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
    return Draft(lanes, [pattern for path in shared if (pattern := _pattern(path))], notes)


def _last_part(folder: bytes) -> bytes:
    return folder.split(b"/")[-2]


def _is_shared(path: bytes, opened: Sequence[bytes]) -> bool:
    folder, slash, name = path.rpartition(b"/")
    return folder + slash in opened and _SHARED.fullmatch(name) is not None


def _listed(words: Sequence[str]) -> str:
    """Join some words, and say how many more there are."""
    few = list(words[:4]) if len(words) != 5 else list(words)
    more = [f"{len(words) - len(few):,} more"] if len(words) > len(few) else []
    *begin, end = [*few, *more]
    return f"{', '.join(begin)} and {end}" if begin else end


# -- Lanes from CODEOWNERS


def _by_owners(root: Path, names: _Names, work: str) -> Draft:
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
    return Draft(lanes, (), notes)


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


def _without_protected(draft: Draft, protected: PathPatterns) -> Draft:
    """Leave out the lanes that could write nothing, since all that they name is protected."""

    def is_left(pattern: str) -> bool:
        literal = not re.search(r"[*?\\\\]", pattern)
        path = pattern.strip("/").encode()
        return not (pattern.startswith("!") or (literal and protected.match(path, pattern.endswith("/"))))

    lanes = [lane for lane in draft.lanes if any(map(is_left, lane.paths))]
    gone = [lane.name for lane in draft.lanes if lane not in lanes]
    notes = [f'There is no lane "{name}": all that it would have is protected.' for name in gone]
    return Draft(lanes, draft.shared, [*draft.notes, *notes])


# -- The text


def _lines(integration: bytes, draft: Draft, protected: Sequence[str], review: Proposal) -> Iterator[str]:
    yield f"#:schema ./{SCHEMA_FILE}"
    yield "# Which files each branch may edit: its write lane. The README of git-lanes explains every key."
    yield "# This is a proposal. Change it to what your tasks need, and run: git lanes check"
    yield "version = 1"
    yield ""
    yield "[integration]"
    yield "# Where lanes meet: these branches may change anything, and what they hold is trusted."
    yield from _list("branches", _exact(integration))
    yield ""
    yield "[defaults]"
    yield "# Every lane may write these, since any task may have to: lock files, the changelog."
    yield from _list("shared", draft.shared)
    yield "# No lane may write these, whatever it says: what runs, or decides, for everybody."
    yield from _list("protected", protected)
    yield ""
    if draft.lanes:
        example = draft.lanes[0]
        yield f'# A task on lane "{example.name}" has a branch such as {example.folder}/TASK.'
        yield from (f"# {_comment(note)}" for note in draft.notes)
        for lane in draft.lanes:
            yield from _lane(lane)
    else:
        yield "# There are no folders yet to make lanes of. A lane looks like this; without # it counts:"
        example = Proposal("docs", "Write the docs", "work/docs", ["/docs/"])
        yield from (f"# {line}" for line in _lane(example) if line)
    yield ""
    yield "# A lane without paths is for reviews: its branches may change nothing."
    yield from list(_lane(review))[1:]


def _lane(lane: Proposal) -> Iterator[str]:
    yield ""
    yield f"[{dotted(('lanes', lane.name))}]"
    yield f"summary = {_string(lane.summary)}"
    yield from _list("branches", [f"{lane.folder}/**"])
    yield from _list("paths", lane.paths)


def _list(key: str, values: Sequence[str]) -> Iterator[str]:
    strings = [_string(value) for value in values]
    line = f"{key} = [{', '.join(strings)}]"
    if len(line) <= _WIDTH:
        yield line
    else:
        yield f"{key} = ["
        yield from (f"  {string}," for string in strings)
        yield "]"


def _string(text: str) -> str:
    """Write a string in TOML; what is not printable is escaped."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    return c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def _comment(text: str) -> str:
    return shortened(printable(text.encode()), 2 * _WIDTH)


def _summary(text: str) -> str:
    return shortened(printable(text.encode()))


def _exact(branch: bytes) -> list[str]:
    """Name an integration branch, where that can be written; the one with the manifest is one anyway."""
    try:
        name = branch.decode("utf-8")
    except UnicodeDecodeError:
        return []
    return [] if name.startswith("!") else [name]


def _pattern(path: bytes) -> str | None:
    """Give the path pattern for one path, a folder with a slash at its end; None where there can be none."""
    try:
        text = path.decode("utf-8")
    except UnicodeDecodeError:
        return None
    escaped = re.sub(r"([\\*?\[]| (?=\Z))", r"\\\1", text)
    if re.search(r"[\n\r]", text) or len(escaped) >= LONGEST_PATTERN or text.count(".") > MOST_DOTS:
        return None
    return f"/{escaped}"
