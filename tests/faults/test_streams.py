"""Standard streams that are closed, full, or hold half of what they should; and a disk with no room left."""

import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from repos import SCRIPTS, Ended, Repo
from situations import (
    ALL,
    INSIDE,
    LIMIT,
    MARK,
    OUTSIDE,
    ZERO,
    Situation,
    World,
    all_well,
    end_all,
    fingerprint,
    flaw,
    left_behind,
    soon,
    watched,
)

READING = [
    one for one in ALL if one.name in ("receive-inside", "receive-outside", "push-inside", "push-outside")
]
FULL = Path("/dev/full")
full = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")


def in_shell(world: World, situation: Situation, redirections: str, before: str = "") -> Ended:
    """Run a program from a shell, which redirects its streams."""
    script, *arguments = situation.command.split(" ")
    command = ["sh", "-c", f'{before}exec "$0" "$@" {redirections}', SCRIPTS / script, *arguments]
    return watched(command, world.path(situation), stdin=world.stdin(situation))


# -- Output


@full
def test_stdout_is_full(world: World) -> None:
    """A report that nobody can read is no verdict; hooks don't write there."""

    def found(situation: Situation) -> str | None:
        ended = in_shell(world, situation, ">/dev/full")
        if not reports(situation):
            return flaw(ended, situation, (situation.status,))
        return flaw(ended, situation, (2,)) or unlike_a_line(ended)

    all_well(found, ALL)


def reports(situation: Situation) -> bool:
    """Tell whether the program's answer is what it prints to stdout."""
    return situation.command.startswith(("lane-audit", "git-lanes"))


def unlike_a_line(ended: Ended) -> str | None:
    """Say what is wrong where a program says anything but one line on stderr."""
    return None if re.fullmatch("lanes: [^\n]{10,600}\n", ended.err) else f"said: {ended.err[:1000]}"


@full
@pytest.mark.parametrize("redirections", ["2>/dev/full", ">/dev/full 2>&1"], ids=["stderr", "both"])
def test_nothing_can_be_said(world: World, redirections: str) -> None:
    """The exit status still says it."""

    def found(situation: Situation) -> str | None:
        ended = in_shell(world, situation, redirections)
        allowed = (1, 2) if situation.status else (0,)
        if reports(situation) and redirections.startswith(">"):
            allowed = (2,)
        return None if ended.status in allowed else f"status {ended.status}"

    all_well(found, ALL)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_streams_are_closed(world: World, closed: str) -> None:
    """A file that is opened may get the number of a closed stream; even so nothing outside passes."""
    before = fingerprint(world.folder)

    def found(situation: Situation) -> str | None:
        ended = in_shell(world, situation, closed)
        if "Traceback" in ended.err:
            return ended.err
        allowed = (1, 2) if situation.status else (0,)
        if "<&-" in closed and situation.lines:
            allowed = (2,)
        if ended.status not in allowed:
            return f"{ended}"
        return unlike_a_line(ended) if closed == "<&-" and situation.lines else None

    all_well(found, ALL)
    assert fingerprint(world.folder) == before


@full
@pytest.mark.parametrize(
    "script", ["lane-pre-receive", "lane-pre-push", "lane-pre-commit", "lane-audit", "git-lanes"]
)
def test_help_is_not_read(world: World, script: str) -> None:
    ended = watched(["sh", "-c", 'exec "$0" --help >/dev/full', SCRIPTS / script], world.folder)
    assert (ended.status, unlike_a_line(ended)) == (2, None)


# -- A full disk


def test_no_file_can_grow(world: World) -> None:
    """Nothing is written but what is said, so the answer is the same."""

    def found(situation: Situation) -> str | None:
        script, *arguments = situation.command.split(" ")
        done = subprocess.run(
            ["sh", "-c", 'ulimit -f 0; exec "$0" "$@"', SCRIPTS / script, *arguments],
            cwd=world.path(situation),
            input=world.stdin(situation),
            capture_output=True,
            check=False,
            timeout=LIMIT,
        )
        ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
        return None if ended == world.run(situation) else f"{ended}"

    all_well(found, ALL)


# In a namespace of its own a file system needs nobody to unmount it.
IN_A_FULL_DISK = """\
mount -t tmpfs -o size="$1" lanes "$2" && cp -R "$3/." "$2" || exit 99
before=$(git -C "$2" for-each-ref)
if [ "$5" ]; then cat /dev/zero >"$2/filler" 2>/dev/null; fi
git push --no-verify "$2" "$4:refs/heads/$4-again"
status=$?
[ "$before" = "$(git -C "$2" for-each-ref)" ] || { echo "refs changed"; exit 98; }
exit $status
"""


def can_mount(folder: Path) -> bool:
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "lanes", folder]
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("filled", ["", "filled"], ids=["large objects come", "no byte is left"])
@pytest.mark.parametrize("branch", [INSIDE, OUTSIDE])
def test_a_push_to_a_full_disk(world: World, tmp_path: Path, branch: str, filled: str) -> None:
    """Nothing is let in, and no ref changes: what the hook did not stop, git could not write."""
    if not can_mount(tmp_path):
        pytest.skip("needs the right to mount a file system")
    for name in ("server.git", "clone-of-" + branch.replace("/", "-")):
        shutil.copytree(world.folder / name, tmp_path / name.split("-")[0], symlinks=True)
    server, clone, disk = Repo(tmp_path / "server.git"), Repo(tmp_path / "clone"), tmp_path / "disk"
    server.hook("pre-receive", "lane-pre-receive")
    disk.mkdir()
    if not filled:
        clone.write({"docs/large": os.urandom(2_000_000)})
        clone.commit({}, "Large")
    done = clone.run(
        *("unshare", "-m", "sh", "-c", IN_A_FULL_DISK, "sh"),
        *("1500k", str(disk), str(server.path), branch, filled),
    )
    assert done.status == 1, done
    assert "refs changed" not in done.out
    assert "Traceback" not in done.err


# -- Standard input

A = "a" * 40
NO_LINES = {
    "half a line": lambda line: line[: len(line) // 2],
    "no line break": lambda line: line[:-1],
    "a line and a half": lambda line: line + line[: len(line) // 2],
    "an empty line": lambda line: b"\n" + line,
    "an empty line behind": lambda line: line + b"\n",
    "a NUL in front": lambda line: b"\0" + line,
    "a NUL in the ref": lambda line: line[:-1] + b"\0\n",
    "NULs": lambda line: b"\0" * len(line),
    "a byte order mark": lambda line: b"\xef\xbb\xbf" + line,
    "upper case": lambda line: line.replace(line.split(b" ")[1], line.split(b" ")[1].upper()),
    "39 digits": lambda line: line.replace(line.split(b" ")[1], line.split(b" ")[1][1:]),
    "41 digits": lambda line: line.replace(line.split(b" ")[1], line.split(b" ")[1] + b"0"),
    "no digits": lambda line: line.replace(line.split(b" ")[1], b"g" * 40),
    "tabs": lambda line: line.replace(b" ", b"\t"),
    "no ref": lambda line: b" ".join(line.split(b" ")[:2]) + b"\n",
    "garbage behind": lambda line: line + b"\xff\xfe",
    "10 MB": lambda line: line[:-1] + b"x" * 10_000_000,
    "10 MB of lines": lambda line: b"x\n" * 5_000_000,
}


def fed(world: World, situation: Situation, data: bytes) -> Ended:
    script, *arguments = situation.command.split(" ")
    return watched([SCRIPTS / script, *arguments], world.path(situation), stdin=data)


@pytest.mark.parametrize("situation", [READING[0], READING[2]], ids=str)
def test_standard_input_that_is_none(world: World, situation: Situation) -> None:
    """The line is that of an inside branch, so that only the form can be what is refused."""
    # What a pre-push hook gets first is what the user typed, whatever that is.
    free = ("a NUL in front", "a byte order mark") if situation.name.startswith("push") else ()

    def found(case: str) -> str | None:
        ended = fed(world, situation, NO_LINES[case](world.stdin(situation)))
        return flaw(ended, situation, (2,)) or unlike_a_line(ended)

    all_well(found, [case for case in NO_LINES if case not in free])


ODD = {
    "too many fields": ("{old}", "{new}", " more"),
    "a carriage return": ("{old}", "{new}", "\r"),
    "a longer old id": (f"{{old}}{'0' * 24}", "{new}", ""),
    "a longer new id": ("{old}", f"{{new}}{'0' * 24}", ""),
    "a longer null id": ("{old}", "0" * 64, ""),
    "a new id that is not there": ("{old}", A, ""),
}


@pytest.mark.parametrize("situation", READING, ids=str)
def test_lines_that_are_odd(world: World, situation: Situation) -> None:
    """Some of them could be updates, which git would not make; none of them passes."""
    branch = INSIDE if situation.status == 0 else OUTSIDE

    def found(case: str) -> str | None:
        old, new, more = (part.format(old=ZERO, new=world.ids[branch]) for part in ODD[case])
        ref = f"refs/heads/{branch}"
        push = situation.name.startswith("push")
        line = f"{ref} {new} {ref} {old}{more}\n" if push else f"{old} {new} {ref}{more}\n"
        ended = fed(world, situation, line.encode())
        return flaw(ended, situation, (1, 2)) and f"{ended}"

    all_well(found, list(ODD))


@pytest.mark.parametrize("situation", READING, ids=str)
def test_standard_input_from_nowhere(world: World, situation: Situation) -> None:
    """Git gives a pre-push hook nothing where nothing is pushed; a pre-receive hook always has something."""
    ended = in_shell(world, situation, "</dev/null")
    if situation.name.startswith("push"):
        assert ended == Ended(0, "", "")
    else:
        assert (ended.status, unlike_a_line(ended)) == (2, None)


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a program can't be limited")
@pytest.mark.parametrize("situation", READING, ids=str)
def test_standard_input_without_end(world: World, situation: Situation) -> None:
    ended = in_shell(world, situation, "</dev/zero", before="ulimit -v 300000; ")
    assert (ended.status, unlike_a_line(ended)) == (2, None)


@pytest.mark.parametrize("situation", READING, ids=str)
def test_standard_input_is_a_folder(world: World, situation: Situation) -> None:
    """Python itself refuses to start, with a status and words of its own."""
    ended = in_shell(world, situation, "<.")
    assert ended.status in (1, 2)
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("share", [0, 2, 1], ids=["nothing", "half", "all"])
@pytest.mark.parametrize("situation", READING, ids=str)
def test_the_writer_is_killed(world: World, situation: Situation, share: int) -> None:
    """What came until then is what is judged: a whole line is one, half of one is not."""
    line = world.stdin(situation)
    given = line[: len(line) // share] if share else b""
    script, *arguments = situation.command.split(" ")
    mark = uuid.uuid4().hex
    writer = subprocess.Popen(["sh", "-c", 'printf %s "$0"; exec sleep 600', given], stdout=subprocess.PIPE)
    process = subprocess.Popen(
        [SCRIPTS / script, *arguments],
        cwd=world.path(situation),
        stdin=writer.stdout,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, MARK: mark},
    )
    try:
        assert writer.stdout is not None
        writer.stdout.close()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)  # the writer needs a moment to start, too
        writer.send_signal(signal.SIGKILL)
        out, err = (text.decode() for text in process.communicate(timeout=LIMIT))
    finally:
        writer.kill()
        writer.wait()
        end_all(mark)
    ended = Ended(process.returncode, out, err)
    nothing_is_pushed = not given and situation.name.startswith("push")
    expected = situation.status if share == 1 else 0 if nothing_is_pushed else 2
    if expected == 0:
        assert ended == Ended(0, "", "")
    else:
        assert flaw(ended, situation, (expected,)) is None, ended


def test_a_folder_that_is_gone(world: World, tmp_path: Path) -> None:
    """A program whose current folder was removed can't find its repository, and says so."""
    gone = tmp_path / "gone"

    def found(situation: Situation) -> str | None:
        script, *arguments = situation.command.split(" ")
        shell = ["sh", "-c", 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"', "sh"]
        command = [*shell, f"{gone}-{situation}", SCRIPTS / script, *arguments]
        ended = watched(command, tmp_path, stdin=world.stdin(situation))
        return flaw(ended, situation, (2,)) and f"{ended}"

    all_well(found, ALL)


def test_nobody_is_left_who_was_not_asked(world: World) -> None:
    """What finds processes in these tests does find one."""
    mark = uuid.uuid4().hex
    sleeper = subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: mark}, cwd=world.folder)
    try:
        assert soon(lambda: left_behind(mark) == ["sleep 600 "])
    finally:
        end_all(mark)
        sleeper.wait()
    assert left_behind(mark) == []
