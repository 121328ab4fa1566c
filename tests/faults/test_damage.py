"""Damaged repositories: what can't be read is never taken for inside, and never for something else."""

import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from repos import MANIFEST, SCRIPTS, Ended, Repo, make_repo, settings
from situations import ZERO, Situation, World, all_well, fingerprint, flaw, watched

IN, OUT = "work/docs-in", "work/docs-out"
BRANCHES = {"inside": IN, "outside": OUT}


@dataclass(frozen=True)
class Source:
    """A server and a clone, of which every test damages copies."""

    server: Path
    clone: Path
    ids: dict[str, str]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A server whose objects are all loose, and a clone; smaller than the other tests' world."""
    folder = tmp_path_factory.mktemp("source")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings(folder).items():
            patch.setenv(name, value)
        server, clone = make_repo(folder / "server.git", "--bare"), make_repo(folder / "clone")
        clone.git("remote", "add", "origin", str(server.path))
        clone.commit(
            {".lanes.toml": MANIFEST, "docs/a.md": "a\n", "api/a.py": "a\n", "top.txt": "t\n"}, "Begin"
        )
        clone.commit({"top.txt": "main\n"}, "Go on")
        for branch, path in ((IN, "docs/new/b.md"), (OUT, "api/a.py")):
            clone.switch(branch, "main")
            clone.commit({"docs/a.md": f"{branch}\n"}, "First")
            clone.commit({path: f"{branch}\n"}, "Second")
        clone.git("push", "--quiet", "origin", "main", IN, OUT)
        clone.git("fetch", "--quiet")
        ids = {name: clone.git("rev-parse", name) for name in ("main", IN, OUT)}
    return Source(server.path, clone.path, ids)


def judged(program: str, history: str, path: Path, ids: dict[str, str]) -> tuple[Situation, Ended]:
    """Let a program judge a branch in this repository."""
    branch = BRANCHES[history]
    command = {"receive": "lane-pre-receive", "audit": f"lane-audit {branch}", "commit": "lane-pre-commit"}[
        program
    ]
    line = f"{ZERO} {ids[branch]} refs/heads/{branch}\n" if program == "receive" else ""
    situation = Situation(f"{program}-{history}", command, "", line, 0 if history == "inside" else 1)
    script, *arguments = command.split(" ")
    return situation, watched([SCRIPTS / script, *arguments], path, stdin=line.encode())


def file_name(case: Iterable[str]) -> str:
    return re.sub(r"\W+", "-", "-".join(case))


def copied(original: Path, copy: Path) -> Path:
    shutil.copytree(original, copy, symlinks=True)
    return copy


# -- Objects


def loose(repo: Path, oid: str) -> Path:
    return repo / "objects" / oid[:2] / oid[2:]


def rewrite(file: Path, content: bytes) -> None:
    file.chmod(0o644)  # git makes objects read-only
    file.write_bytes(content)


def as_object(kind: str, content: bytes) -> bytes:
    return zlib.compress(f"{kind} {len(content)}\0".encode() + content)


def other_type(kind: str) -> bytes:
    """Give a valid object of another type than *kind*."""
    return as_object("blob", b"x\n") if kind != "blob" else as_object("tree", b"")


OBJECT_DAMAGES: dict[str, Callable[[Path, str], None]] = {
    "removed": lambda file, _: file.unlink(),
    "truncated": lambda file, _: rewrite(file, file.read_bytes()[: file.stat().st_size // 2]),
    "garbage": lambda file, _: rewrite(file, b"garbage" * 20),
    "another type": lambda file, kind: rewrite(file, other_type(kind)),
}


def objects(server: Repo, branch: str) -> dict[str, tuple[str, str]]:
    """Map the objects of main and a branch to their types, and a name for each."""
    lines = server.git("rev-list", "--objects", "main", branch).splitlines()
    ids = [line.split(" ")[0] for line in lines]
    said = server.git("cat-file", "--batch-check=%(objecttype)", stdin="\n".join(ids).encode()).splitlines()
    return {
        line.split(" ")[0]: (kind, f"{kind} {line.partition(' ')[2] or line[:12]}")
        for line, kind in zip(lines, said, strict=True)
    }


def needed(server: Repo, branch: str) -> set[str]:
    """List the objects without which there is no verdict: commits, their changed trees, the manifest."""
    commits = server.git("rev-list", branch, "--not", "main").split()
    folders = ["", "docs"] + (["api"] if branch == OUT else [])
    trees = [f"{commit}:{folder}" for commit in ("main", branch) for folder in folders]
    first = [f"{branch}~1:{folder}" for folder in ("", "docs")]
    names = server.git("rev-parse", "main", "main:.lanes.toml", *trees, *first).split()
    return {*commits, *names}


@pytest.mark.parametrize(
    ("program", "damage"),
    [
        *(("receive", damage) for damage in OBJECT_DAMAGES),
        *(("audit", damage) for damage in ("removed", "another type")),
    ],
)
@pytest.mark.parametrize("history", BRANCHES)
def test_each_object(tmp_path: Path, source: Source, program: str, history: str, damage: str) -> None:
    """Without the contents of files there is a verdict; without all else there is none."""
    server = Repo(source.server)
    known, wanted = objects(server, BRANCHES[history]), needed(server, BRANCHES[history])
    assert len(known) > 12
    assert wanted < known.keys()

    def found(oid: str) -> str | None:
        kind, _ = known[oid]
        copy = copied(source.server, tmp_path / oid)
        OBJECT_DAMAGES[damage](loose(copy, oid), kind)
        before = fingerprint(copy)
        situation, ended = judged(program, history, copy, source.ids)
        if fingerprint(copy) != before:
            return "the repository has changed"
        shutil.rmtree(copy)
        allowed = {2} if oid in wanted else {situation.status} if kind == "blob" else {situation.status, 2}
        problem = flaw(ended, situation, allowed)
        return problem and f"{problem}: {ended}"

    all_well(found, list(known), lambda oid: f"{known[oid][1]} {oid[:12]}")


@pytest.mark.parametrize("damage", ["removed", "garbage"])
def test_what_is_said_of_each_object(tmp_path: Path, source: Source, damage: str) -> None:
    """One line names an object, that one or one that leads to it, and how to mend it."""
    server = Repo(source.server)
    known = {oid: objects(server, IN)[oid] for oid in needed(server, IN)}

    def found(oid: str) -> str | None:
        copy = copied(source.server, tmp_path / oid)
        OBJECT_DAMAGES[damage](loose(copy, oid), known[oid][0])
        _, ended = judged("receive", "inside", copy, source.ids)
        said = ended.err.splitlines()
        named = re.search(r"\b[0-9a-f]{12,40}\b", said[0])
        further = [line for line in said[1:] if not line.startswith("  manifest in force: ")]
        return None if named and "git fsck" in said[0] and not further else ended.err

    all_well(found, list(known), lambda oid: f"{known[oid][1]} {oid[:12]}")


# -- What is around the objects


def write(name: str, content: bytes | str) -> Callable[[Path], None]:
    """Damage a file by writing this into it."""

    def damage(repo: Path) -> None:
        file = repo / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    return damage


def remove(name: str) -> Callable[[Path], None]:
    def damage(repo: Path) -> None:
        path = repo / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return damage


def folder(name: str) -> Callable[[Path], None]:
    """Put an empty folder in the place of a file."""

    def damage(repo: Path) -> None:
        (repo / name).unlink(missing_ok=True)
        (repo / name).mkdir(parents=True)

    return damage


def after(*command: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """Let git do something before a damage."""

    def then(damage: Callable[[Path], None]) -> Callable[[Path], None]:
        def both(repo: Path) -> None:
            Repo(repo).git(*command)
            damage(repo)

        return both

    return then


def each(pattern: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Change the content of every file that matches a glob pattern, one at least."""

    def damage(repo: Path) -> None:
        files = list(repo.glob(pattern))
        assert files, pattern
        for file in files:
            rewrite(file, change(file.read_bytes()))

    return damage


def gone(pattern: str) -> Callable[[Path], None]:
    def damage(repo: Path) -> None:
        files = list(repo.glob(pattern))
        assert files, pattern
        for file in files:
            file.unlink()

    return damage


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def garbage(content: bytes) -> bytes:
    return b"garbage " * (len(content) // 8 + 1)


def to_tree(repo: Path) -> None:
    write("refs/heads/main", Repo(repo).git("rev-parse", "main^{tree}") + "\n")(repo)


def branches_to_trees(repo: Path) -> None:
    for branch in (IN, OUT):
        write(f"refs/heads/{branch}", Repo(repo).git("rev-parse", f"{branch}^{{tree}}") + "\n")(repo)


def to_blob(repo: Path) -> None:
    write("refs/heads/main", Repo(repo).git("rev-parse", "main:top.txt") + "\n")(repo)


packed_refs, packed = after("pack-refs", "--all"), after("repack", "-adq")
graph = after("commit-graph", "write", "--reachable")
midx = after("-c", "core.multiPackIndex=true", "multi-pack-index", "write")
NEVER = "never"  # no verdict without this
MAYBE = "maybe"  # git can do without it, or its answer is right all the same

SERVER_DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "main: garbage": (write("refs/heads/main", "garbage\n"), NEVER),
    "main: empty": (write("refs/heads/main", ""), NEVER),
    "main: NULs": (write("refs/heads/main", b"\0" * 41), NEVER),
    "main: half an id": (each("refs/heads/main", half), NEVER),
    "main: an object that is missing": (write("refs/heads/main", "1" * 40 + "\n"), NEVER),
    "main: the null id": (write("refs/heads/main", ZERO + "\n"), NEVER),
    "main: a tree": (to_tree, NEVER),
    "main: a blob": (to_blob, NEVER),
    "main: removed": (remove("refs/heads/main"), NEVER),
    "main: a folder": (folder("refs/heads/main"), NEVER),
    "main: a loop": (write("refs/heads/main", "ref: refs/heads/main\n"), NEVER),
    "branches: trees": (branches_to_trees, MAYBE),  # a push of the commits does not depend on what is there
    "release: garbage": (write("refs/heads/release", "garbage\n"), NEVER),
    "release: an object that is missing": (write("refs/heads/release", "1" * 40 + "\n"), NEVER),
    "packed refs: garbage": (packed_refs(each("packed-refs", garbage)), NEVER),
    "packed refs: half": (packed_refs(each("packed-refs", half)), NEVER),
    "packed refs: empty": (packed_refs(each("packed-refs", lambda _: b"")), NEVER),
    "packed refs: a folder": (packed_refs(folder("packed-refs")), NEVER),
    "HEAD: garbage": (write("HEAD", "garbage\n"), NEVER),
    "HEAD: empty": (write("HEAD", ""), NEVER),
    "HEAD: removed": (remove("HEAD"), NEVER),
    "HEAD: names nothing": (write("HEAD", "ref: refs/heads/nowhere\n"), NEVER),
    "HEAD: names no branch": (write("HEAD", "ref: refs/tags/x\n"), NEVER),
    "HEAD: a loop": (write("HEAD", "ref: HEAD\n"), NEVER),
    "config: garbage": (write("config", "[garbage\n"), NEVER),
    "config: NULs": (write("config", b"\0" * 100), NEVER),
    "config: a folder": (folder("config"), NEVER),
    "config: half a setting": (write("config", "[core]\n\tbare = true\n[lanes]\n\ttrustedRef"), NEVER),
    "shallow: garbage": (write("shallow", "garbage\n"), NEVER),
    "shallow: half an id": (write("shallow", "1" * 20), NEVER),
    "shallow: a folder": (folder("shallow"), MAYBE),  # git takes it for none, and hides nothing
    "objects: removed": (remove("objects"), NEVER),
    "refs: removed": (remove("refs"), NEVER),
    "alternates: garbage": (write("objects/info/alternates", b"\0garbage\xff\n"), MAYBE),
    "alternates: nowhere": (write("objects/info/alternates", "/nowhere/objects\n"), MAYBE),
    "alternates: a loop": (write("objects/info/alternates", "../objects\n"), MAYBE),
    "graph: garbage": (graph(each("objects/info/commit-graph", garbage)), MAYBE),
    "graph: half": (graph(each("objects/info/commit-graph", half)), MAYBE),
    "graph: empty": (graph(each("objects/info/commit-graph", lambda _: b"")), MAYBE),
    "pack: garbage": (packed(each("objects/pack/*.pack", garbage)), NEVER),
    "pack: half": (packed(each("objects/pack/*.pack", half)), NEVER),
    "pack: empty": (packed(each("objects/pack/*.pack", lambda _: b"")), NEVER),
    "pack: removed": (packed(gone("objects/pack/*.pack")), NEVER),
    "idx: garbage": (packed(each("objects/pack/*.idx", garbage)), NEVER),
    "idx: half": (packed(each("objects/pack/*.idx", half)), NEVER),
    "idx: removed": (packed(gone("objects/pack/*.idx")), NEVER),
    "midx: garbage": (packed(midx(each("objects/pack/multi-pack-index", garbage))), MAYBE),
    "midx: half": (packed(midx(each("objects/pack/multi-pack-index", half))), MAYBE),
}


def test_each_file_of_a_server(tmp_path: Path, source: Source) -> None:
    cases = [
        (name, program, history)
        for name in SERVER_DAMAGES
        for program in ("receive", "audit")
        for history in BRANCHES
        if program == "receive" or history == "outside"
    ]

    def found(case: tuple[str, str, str]) -> str | None:
        name, program, history = case
        copy = copied(source.server, tmp_path / file_name(case))
        damage, without = SERVER_DAMAGES[name]
        damage(copy)
        return after_damage(copy, program, history, without, source)

    all_well(found, cases, ", ".join)


def after_damage(copy: Path, program: str, history: str, without: str, source: Source) -> str | None:
    """Judge a branch in a damaged repository; say what is wrong with the answer, None where nothing is."""
    before = fingerprint(copy)
    situation, ended = judged(program, history, copy, source.ids)
    if fingerprint(copy) != before:
        return f"the repository has changed: {ended}"
    problem = flaw(ended, situation, {2} if without == NEVER else {2, situation.status})
    return problem and f"{problem}: {ended.status} {ended.out!r} {ended.err!r}"


# A byte of the index that flips is not among these: git does not notice it, and commits what it reads there,
# which is what is judged.
CLONE_DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "index: half": (each(".git/index", half), NEVER),
    "index: garbage": (each(".git/index", garbage), NEVER),
    "index: a folder": (folder(".git/index"), NEVER),
    "HEAD: garbage": (write(".git/HEAD", "garbage\n"), NEVER),
    "branch: garbage": (write(f".git/refs/heads/{IN}", "garbage\n"), NEVER),
    "config: garbage": (write(".git/config", "[garbage\n"), NEVER),
    "MERGE_HEAD: garbage": (write(".git/MERGE_HEAD", "garbage\n"), NEVER),
    "MERGE_HEAD: nothing there": (write(".git/MERGE_HEAD", "1" * 40 + "\n"), NEVER),
    "MERGE_HEAD: half": (write(".git/MERGE_HEAD", "1" * 20), NEVER),
    "MERGE_HEAD: a folder": (folder(".git/MERGE_HEAD"), NEVER),
    "origin/main: garbage": (write(".git/refs/remotes/origin/main", "garbage\n"), NEVER),
    "origin/main: missing": (write(".git/refs/remotes/origin/main", "1" * 40 + "\n"), NEVER),
    "objects: removed": (remove(".git/objects"), NEVER),
}


def test_each_file_of_a_clone(tmp_path: Path, source: Source) -> None:
    """The branch's own damages are done on the inside branch, which the clone is on."""
    cases = [(name, history) for name in CLONE_DAMAGES for history in BRANCHES]

    def found(case: tuple[str, str]) -> str | None:
        name, history = case
        copy = Repo(copied(source.clone, tmp_path / file_name(case)))
        copy.switch(IN)
        copy.write({"docs/c.md" if history == "inside" else "top.txt": "c\n"})
        copy.git("add", "--all")
        damage, without = CLONE_DAMAGES[name]
        damage(copy.path)
        return after_damage(copy.path, "commit", history, without, source)

    all_well(found, cases, ", ".join)


# -- Bits that have flipped


FLIPPED = {
    "pack": (packed, "objects/pack/*.pack"),
    "idx": (packed, "objects/pack/*.idx"),
    "midx": (lambda damage: packed(midx(damage)), "objects/pack/multi-pack-index"),
}


@pytest.mark.parametrize("kind", FLIPPED)
def test_flipped_bytes(tmp_path: Path, source: Source, kind: str) -> None:
    """Twelve bytes of the file, one at a time."""
    before, pattern = FLIPPED[kind]
    prepared = copied(source.server, tmp_path / "prepared")
    before(lambda _: None)(prepared)
    (file,) = prepared.glob(pattern)
    places = [file.stat().st_size * part // 12 for part in range(12)]

    def found(place: int) -> str | None:
        copy = copied(prepared, tmp_path / str(place))
        each(pattern, lambda old: old[:place] + bytes([old[place] ^ 0xFF]) + old[place + 1 :])(copy)
        return after_damage(copy, "receive", "outside", MAYBE, source)

    all_well(found, places)


# -- A repository that can't be written


def read_only(path: Path) -> list[str | Path]:
    """Give the beginning of a command that can't write to *path*."""
    if os.geteuid() or shutil.which("unshare") is None:
        for root, folders, files in os.walk(path):
            for name in [*folders, *files]:
                os.chmod(os.path.join(root, name), 0o555)
        return []
    script = (
        'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && ! touch x 2>&- && exec "$@"'
    )
    return ["unshare", "-m", "sh", "-c", script, path]


@pytest.mark.parametrize("history", BRANCHES)
def test_a_repository_that_is_read_only(tmp_path: Path, source: Source, history: str) -> None:
    """No program needs to write to it, so each verdict is the same."""
    server = copied(source.server, tmp_path / "server.git")
    clone = Repo(copied(source.clone, tmp_path / "clone"))
    clone.switch(BRANCHES[history])
    clone.write({"docs/c.md" if history == "inside" else "top.txt": "c\n"})
    clone.git("add", "--all")
    line = f"{ZERO} {source.ids[BRANCHES[history]]} refs/heads/{BRANCHES[history]}\n".encode()
    pushed = f"HEAD {source.ids[BRANCHES[history]]} refs/heads/{BRANCHES[history]} {ZERO}\n".encode()
    for path, script, stdin in (
        (server, ["lane-pre-receive"], line),
        (server, ["lane-audit", BRANCHES[history]], b""),
        (clone.path, ["lane-pre-commit"], b""),
        (clone.path, ["lane-pre-push", "origin", "url"], pushed),
    ):
        command = [SCRIPTS / script[0], *script[1:]]
        plain = watched(command, path, stdin=stdin)
        assert plain.status == (0 if history == "inside" else 1), plain
        prefix = read_only(path)
        if prefix and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
            pytest.skip("needs the right to mount a file system")
        assert watched([*prefix, *command], path, stdin=stdin) == plain


def test_a_world_is_not_damaged(world: World) -> None:
    """What compares repositories in these tests does see a change."""
    before = fingerprint(world.folder)
    (world.folder / "new").touch()
    try:
        assert fingerprint(world.folder) != before
    finally:
        (world.folder / "new").unlink()
    assert fingerprint(world.folder) == before
