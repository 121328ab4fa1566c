"""What the programs are asked in these tests, and how each run of them is watched."""

import hashlib
import os
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from repos import MANIFEST, SCRIPTS, Ended, Repo, make_repo

ZERO = "0" * 40
MARK = "LANES_TEST_RUN"
LIMIT = 60  # seconds; a program that hangs fails its test

T = TypeVar("T")
R = TypeVar("R")

INSIDE, OUTSIDE = "work/docs-in", "work/docs-out"


@dataclass(frozen=True)
class Situation:
    """A program, and a question that it answers with *status* when nothing is wrong.

    In *command* and *lines*, `{name}` stands for the commit that the server's branch or tag points to.
    """

    name: str
    command: str
    folder: str
    lines: str = ""
    status: int = 0

    def __str__(self) -> str:
        return self.name


def _both(name: str, command: str, folder: str, lines: str = "") -> list[Situation]:
    return [
        Situation(f"{name}-inside", *(text.replace("BRANCH", INSIDE) for text in (command, folder, lines))),
        Situation(
            f"{name}-outside", *(text.replace("BRANCH", OUTSIDE) for text in (command, folder, lines)), 1
        ),
    ]


PUSHED = f"refs/heads/BRANCH {{BRANCH}} refs/heads/BRANCH {ZERO}\n"
RECEIVED = f"{ZERO} {{BRANCH}} refs/heads/BRANCH\n"
RECEIVE = _both("receive", "lane-pre-receive", "server.git", RECEIVED)
PUSH = _both("push", "lane-pre-push origin url", "clone-of-BRANCH", PUSHED)
COMMIT = _both("commit", "lane-pre-commit", "clone-of-BRANCH")
AUDIT = _both("audit", "lane-audit BRANCH", "server.git")
JUDGING = [*RECEIVE, *PUSH, *COMMIT, *AUDIT]
# What decides about other refs than a lane's branch asks git other questions.
MAIN = [
    Situation("main-inside", "lane-pre-receive", "server.git", "{main} {next} refs/heads/main\n"),
    Situation("main-outside", "lane-pre-receive", "server.git", "{main} {old} refs/heads/main\n", 1),
]
TAG = [
    Situation("tag-inside", "lane-pre-receive", "server.git", f"{ZERO} {{main}} refs/tags/new\n"),
    Situation("tag-outside", "lane-pre-receive", "server.git", f"{ZERO} {{{INSIDE}}} refs/tags/new\n", 1),
]
# Of the commands that judge no history, "outside" is the answer 1.
ASKING = [
    Situation("show-inside", "git-lanes show", f"clone-of-{INSIDE}"),
    Situation("show-outside", "git-lanes show unlisted", f"clone-of-{INSIDE}", status=1),
    Situation("check-inside", "git-lanes check --ref main", "server.git"),
    Situation("check-outside", "git-lanes check --ref broken", "server.git", status=1),
]
ALL = [*JUDGING, *MAIN, *TAG, *ASKING]


class World:
    """A server and two clones: one about to commit inside its lane, one about to commit outside."""

    def __init__(self, folder: Path, ids: Mapping[str, str]) -> None:
        self.folder = folder
        self.ids = ids

    def path(self, situation: Situation) -> Path:
        """Give the repository that a situation plays in."""
        return self.folder / situation.folder.replace("/", "-")

    def stdin(self, situation: Situation) -> bytes:
        """Give what the program reads."""
        return _filled(situation.lines, self.ids)

    def run(
        self, situation: Situation, env: Mapping[str, str] | None = None, path: Path | None = None
    ) -> Ended:
        """Run the program in its repository, or in a copy of that at *path*."""
        script, *arguments = situation.command.split(" ")
        return watched(
            [str(SCRIPTS / script), *arguments],
            path or self.path(situation),
            stdin=self.stdin(situation),
            env=env,
        )


def _filled(text: str, ids: Mapping[str, str]) -> bytes:
    for name, oid in ids.items():
        text = text.replace(f"{{{name}}}", oid)
    return text.encode()


def make_world(folder: Path) -> World:
    """Build it.

    Both branches merge a newer main and the other integration branch, so that git is asked all that it can
    be asked about a history.
    """
    server = make_repo(folder / "server.git", "--bare")
    clone = make_repo(folder / "clone")
    clone.git("remote", "add", "origin", str(server.path))
    files = {
        "docs/a.md": "a\n",
        "docs/deep/d.md": "d\n",
        "api/a.py": "a\n",
        "ci/run": "run\n",
        "top.txt": "t\n",
    }
    old = clone.commit({".lanes.toml": MANIFEST, **files}, "Begin")
    clone.switch("release", "main")
    clone.commit({"top.txt": "released\n"}, "Release")
    clone.switch("main")
    clone.commit({"ci/run": "more\n"}, "Go on")
    clone.git("push", "--quiet", "origin", "main", "release")
    clone.git("remote", "set-head", "origin", "main")
    for branch, outside in ((INSIDE, "docs/b.md"), (OUTSIDE, "api/a.py")):
        clone.switch(branch, old)
        clone.commit({"docs/a.md": f"{branch}\n"}, "First")
        clone.commit({outside: "mine\n"}, "Second")
        clone.git("merge", "--quiet", "--no-edit", "main")
        clone.git("merge", "--quiet", "--no-edit", "release")
        clone.commit({"docs/new/c.md": f"{branch}\n"}, "Last")
    for branch, change in (("next", {"top.txt": "next\n"}), ("broken", {".lanes.toml": "version = 2\n"})):
        clone.switch(branch, "main")
        clone.commit(change, branch)
    names = ("main", "release", INSIDE, OUTSIDE, "next", "broken")
    clone.git("push", "--quiet", "origin", *names)
    for branch, staged in ((INSIDE, "docs/staged.md"), (OUTSIDE, "top.txt")):
        clone.switch(branch)
        clone.run("cp", "-R", str(clone.path), str(folder / f"clone-of-{branch.replace('/', '-')}"))
        copy = Repo(folder / f"clone-of-{branch.replace('/', '-')}")
        copy.write({staged: "staged\n"})
        copy.git("add", "--all")
    ids = {name: clone.git("rev-parse", name) for name in names} | {"old": old}
    return World(folder, ids)


# -- Watching


def watched(
    command: Sequence[str | Path], cwd: Path, *, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> Ended:
    """Run a program to its end, and see to it that it leaves no process behind.

    What it prints goes to files: a process left behind would hold a pipe open, and be waited for.
    """
    mark = {MARK: uuid.uuid4().hex}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(
            command, cwd=cwd, stdin=given, stdout=out, stderr=err, env={**os.environ, **(env or {}), **mark}
        )
        status = _end(process)
        left = left_behind(mark[MARK])
        said = [_content(file) for file in (out, err)]
    assert not left, f"left behind: {left}"
    return Ended(status, *said)


def _end(process: subprocess.Popen[bytes]) -> int:
    hurry = threading.Timer(LIMIT, process.kill)
    hurry.start()
    try:
        return process.wait()
    finally:
        hurry.cancel()


def _content(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "surrogateescape")


def left_behind(mark: str) -> list[str]:
    """List the living processes whose environment holds the mark, by their command lines (Linux only)."""
    return [_read(process, "cmdline").replace("\0", " ") for process in marked(mark)]


def marked(mark: str) -> list[Path]:
    """List the folders in /proc of the living processes whose environment holds the mark."""
    wanted = f"{MARK}={mark}"
    return [folder for folder in Path("/proc").glob("[0-9]*") if wanted in _read(folder, "environ")]


def end_all(mark: str) -> None:
    """Kill what is left of a run."""
    for folder in marked(mark):
        os.kill(int(folder.name), signal.SIGKILL)


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(errors="replace")
    except OSError:  # it has ended by now
        return ""


def fingerprint(folder: Path) -> str:
    """Give a hash of all that is below a folder: names, modes, and bytes or the targets of links."""
    found = hashlib.sha256()
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted([*files, *folders]):
            path = os.path.join(root, name)
            mode = os.lstat(path).st_mode
            found.update(f"{path}\0{mode:o}\0".encode())
            if os.path.islink(path):
                found.update(os.fsencode(os.readlink(path)))
            elif name in files and not os.path.isdir(path):
                found.update(_bytes(path))
    return found.hexdigest()


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def at_once(function: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Do one thing for each item, several at a time: most of it is waiting for programs."""
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        return list(pool.map(function, items))


def soon(happens: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait until something is the case; tell whether it came to be."""
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


# -- What every end must be, whatever went wrong


def flaw(ended: Ended, situation: Situation, allowed: Iterable[int]) -> str | None:
    """Say what is wrong with how a program ended, None where nothing is."""
    if "Traceback" in ended.out + ended.err:
        return "a traceback"
    if ended.status not in allowed:
        return f"status {ended.status}"
    if ended.status and not (ended.out + ended.err).startswith("lanes: "):
        return "no message of ours"
    if ended.status == 2 and not ended.err and situation.command.split()[0] != "lane-audit":
        return "no word on stderr"
    return None


def all_well(found: Callable[[T], str | None], cases: Sequence[T], name: Callable[[T], str] = str) -> None:
    """Look at all cases; fail with one line for each in which a problem is found."""
    problems = zip(cases, at_once(found, cases), strict=True)
    lines = [f"{name(case)}: {problem}" for case, problem in problems if problem]
    if lines:
        raise AssertionError("\n".join([f"{len(lines)} of {len(cases)} cases:", *lines]))
