"""`git lanes init`: propose a first manifest for a repository, from its folders or its CODEOWNERS."""

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lanes.actions import said_by
from lanes.command import open_repository
from lanes.entry import complain, say
from lanes.errors import CannotJudge
from lanes.manifest import BRANCHES, FILE, dotted, parse
from lanes.overlap import Proof, prove
from lanes.plumbing import Git, records
from lanes.proposal import REVIEW, SCHEMA_FILE, Draft, Proposal, by_folders, by_owners, guarded, numbered
from lanes.report import count
from lanes.settings import Settings
from lanes.text import printable, shortened, toml_string
from lanes.trust import Remotes, Trust, in_clone, remotes_of

_FILE = FILE.decode()
_WIDTH = 100


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
        work = _free("work", 2, taken)
        draft = by_owners(self.root, work) if source == "codeowners" else by_folders(paths, work)
        review = Proposal(REVIEW, "Read and report; do not edit", _free("review", 1, taken), [])
        return "\n".join(_lines(self.integration, guarded(draft, paths), review)) + "\n"

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


def _free(folder: str, depth: int, taken: set[bytes]) -> str:
    """Give a folder of branches that has room for some below it: git makes none below another one."""
    near = {name.split(b"/")[0] for name in taken if name.count(b"/") < depth}
    return next(name for name in numbered(folder) if name.encode() not in near)


# -- The text


def _lines(integration: bytes, draft: Draft, review: Proposal) -> Iterator[str]:
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
    yield '# A branch that no lane covers is refused. "allow" lets it write all that is not protected.'
    yield 'unlisted = "reject"'
    yield "# Every lane may write these, since any task may have to: lock files, the changelog."
    yield from _list("shared", draft.shared)
    yield "# No lane may write these, whatever it says: what runs, or decides, for everybody."
    yield from _list("protected", draft.protected)
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
    yield f"summary = {toml_string(lane.summary)}"
    yield from _list("branches", [f"{lane.folder}/**"])
    yield from _list("paths", lane.paths)


def _list(key: str, values: Sequence[str]) -> Iterator[str]:
    strings = [toml_string(value) for value in values]
    line = f"{key} = [{', '.join(strings)}]"
    if len(line) <= _WIDTH:
        yield line
    else:
        yield f"{key} = ["
        yield from (f"  {string}," for string in strings)
        yield "]"


def _comment(text: str) -> str:
    return shortened(printable(text.encode()), 2 * _WIDTH)


def _exact(branch: bytes) -> list[str]:
    """Name an integration branch, where that can be written; the one with the manifest is one anyway."""
    try:
        name = branch.decode("utf-8")
    except UnicodeDecodeError:
        return []
    return [] if name.startswith("!") else [name]
