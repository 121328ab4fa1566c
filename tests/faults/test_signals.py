"""Interruptions at any point: nothing passes, nothing stays behind, and nobody sees a traceback."""

import os
import re
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import FaultyGit, fake_git
from repos import SCRIPTS, Ended, Repo
from situations import (
    ALL,
    INSIDE,
    LIMIT,
    MARK,
    OUTSIDE,
    Situation,
    World,
    all_well,
    end_all,
    fingerprint,
    left_behind,
    marked,
    soon,
)

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAYS = {
    signal.SIGINT: "lanes: interrupted\n",
    signal.SIGTERM: "lanes: terminated\n",
    signal.SIGHUP: "lanes: hung up\n",
}
LONGEST = 0.3  # seconds until a signal is sent; by then most of what a program does is done

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"
)


@pytest.fixture(autouse=True)
def _signals_are_not_ignored() -> Iterator[None]:
    """What a background job or nohup ignores, its programs ignore, too; what is caught, they do not."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run(
    world: World,
    situation: Situation,
    number: signal.Signals,
    ready: Callable[[], object],
    env: dict[str, str] | None = None,
    group: bool = False,
) -> tuple[Ended, list[str]]:
    """Run a program, send it a signal when it is *ready*, and list what it leaves behind.

    With *group*, all processes that it has started get the signal, too, as from a terminal.
    """
    script, *arguments = situation.command.split(" ")
    mark = uuid.uuid4().hex
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(world.stdin(situation))
        given.seek(0)
        process = subprocess.Popen(
            [SCRIPTS / script, *arguments],
            cwd=world.path(situation),
            stdin=given,
            stdout=out,
            stderr=err,
            env={**os.environ, **(env or {}), MARK: mark},
            start_new_session=True,
        )
        try:
            ready()
            if group:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
            status = process.wait(LIMIT)
        finally:
            left = left_behind(mark)
            end_all(mark)
            process.wait()
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode("utf-8", "replace"))
    return Ended(status, *said), left


def flaw(ended: Ended, left: list[str], number: signal.Signals) -> str | None:
    """Say what is wrong with the end of a program that git kept waiting, None where nothing is."""
    if left:
        return f"left behind: {left}"
    if ended.status == -number and ended.err == "":
        return None
    if ended.status != 128 + number or ended.out:
        return f"ended with {ended}"
    return None if ended.err == SAYS[number] else f"said {ended.err}"


def signals_for(situation: Situation, at: int) -> tuple[signal.Signals, ...]:
    """Choose the signals for a call of git: all of them for the server, else one, in turn."""
    return SIGNALS if situation.name == "receive-outside" else (SIGNALS[at % 3],)


@pytest.mark.parametrize(
    "situation",
    [one for one in ALL if one.name.endswith("-outside") or one.command.startswith("lane-a")],
    ids=str,
)
def test_while_git_works(
    world: World,
    faulty_git: FaultyGit,
    calls: Callable[[World, Situation], list[str]],
    situation: Situation,
) -> None:
    """Whichever call of git it waits for, that git is ended, too."""
    before = fingerprint(world.path(situation))
    commands = calls(world, situation)
    cases = [(at, number) for at in range(1, len(commands) + 1) for number in signals_for(situation, at)]

    def found(case: tuple[int, signal.Signals]) -> str | None:
        at, number = case
        # GitPython asks for the version when it is loaded, which nobody but a terminal can interrupt.
        group = at > 1 and commands[at - 1] == "version"
        with faulty_git.broken(at, "hangs") as fault:
            ended, left = run(world, situation, number, lambda: soon(fault.is_hanging), fault.env, group)
            assert fault.is_hanging(), (case, ended)
            return flaw(ended, left, number)

    all_well(found, cases, lambda case: f"{case[1].name} in {case[0]}: git {commands[case[0] - 1]}")
    assert fingerprint(world.path(situation)) == before


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_while_git_works_in_a_terminal(
    world: World,
    faulty_git: FaultyGit,
    calls: Callable[[World, Situation], list[str]],
    number: signal.Signals,
) -> None:
    """Where git gets the signal, too, the program is interrupted all the same, and does not blame git."""
    (situation,) = [one for one in ALL if one.name == "receive-inside"]
    commands = calls(world, situation)

    def found(at: int) -> str | None:
        with faulty_git.broken(at, "hangs") as fault:
            ended, left = run(world, situation, number, lambda: soon(fault.is_hanging), fault.env, group=True)
            assert fault.is_hanging(), (at, ended)
            return flaw(ended, left, number)

    numbers = range(1, len(commands) + 1)
    all_well(found, numbers, lambda at: f"{at}: git {commands[at - 1]}")


def is_pythons_own(ended: Ended, number: signal.Signals) -> bool:
    """Tell whether a program ended before a line of ours was run: then Python says what it likes of SIGINT.

    That is while it imports `site`, or its script what pip has written into it.
    """
    if ended.err == "":
        return ended.status == -number
    ours = re.search(r'File "[^"]*/(?:lanes|lane_hooks)/', ended.err)
    return number == signal.SIGINT and "KeyboardInterrupt" in ended.err and not ours


@pytest.mark.parametrize(
    "situation",
    [
        one
        for one in ALL
        if one.name in ("receive-outside", "push-outside", "commit-outside", "audit-outside")
    ],
    ids=str,
)
def test_at_any_time(world: World, situation: Situation) -> None:
    """From the first moment on. Who comes too late finds the program ended, as if nothing had been."""
    before = fingerprint(world.path(situation))
    plain = world.run(situation)
    cases = [(LONGEST * step / 15, SIGNALS[step % 3]) for step in range(16)]

    def found(case: tuple[float, signal.Signals]) -> str | None:
        delay, number = case
        ended, left = run(world, situation, number, lambda: time.sleep(delay))
        if not left and (ended == plain or is_pythons_own(ended, number)):
            return None
        return flaw(ended, left, number)

    all_well(found, cases, lambda case: f"{case[1].name} after {case[0]:.2f} s")
    assert fingerprint(world.path(situation)) == before


DEMO = Situation("demo", "git-lanes demo", "server.git")
# What the demo's first push finds in the place of the server's own hook: `git push` is typed in the clone.
HANGING = "printf '#!/bin/sh\\n: >\"{ready}\"\\nsleep 600\\n' >../server.git/hooks/pre-receive;;"


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_the_demo(world: World, tmp_path: Path, number: signal.Signals) -> None:
    """It takes along its folder, the push that it waits for, and the server's side of that, hook and all."""
    temporary, ready = tmp_path / "tmp", tmp_path / "ready"
    temporary.mkdir()
    env = fake_git(tmp_path / "bin", f"push) {HANGING.format(ready=ready)}") | {"TMPDIR": str(temporary)}
    ended, left = run(world, DEMO, number, lambda: soon(ready.exists), env)
    assert ready.exists(), ended
    assert (ended.status, ended.err) == (128 + number, SAYS[number])
    assert (left, list(temporary.iterdir())) == ([], [])


# -- Real pushes


@pytest.fixture
def pausing(
    tmp_path: Path, world: World, faulty_git: FaultyGit
) -> Iterator[tuple[Repo, Repo, Callable[[], bool]]]:
    """A server whose hook's tenth git takes a second, a clone of it, and what tells that it works."""
    for name in ("server.git", f"clone-of-{INSIDE.replace('/', '-')}"):
        subprocess.run(["cp", "-R", world.folder / name, tmp_path / name.split("-")[0]], check=True)
    server, clone = Repo(tmp_path / "server.git"), Repo(tmp_path / "clone")
    clone.git("remote", "set-url", "origin", str(server.path))
    for branch in (INSIDE, OUTSIDE):
        server.git("branch", "--quiet", "-D", branch)
    server.hook("pre-receive", "lane-pre-receive")
    with faulty_git.broken(10, "pauses") as fault:
        hook = server.path / "hooks" / "pre-receive"
        variables = "".join(f"export {name}='{value}'\n" for name, value in fault.env.items())
        hook.write_text(f'#!/bin/sh\n{variables}exec "{SCRIPTS}/lane-pre-receive"\n')
        yield server, clone, fault.is_hanging


def process_of(mark: str, words: tuple[str, ...]) -> int:
    """Give the id of the one process of a run whose command line has one of these words in it."""
    found = [
        int(folder.name)
        for folder in marked(mark)
        if any(word in (folder / "cmdline").read_text().split("\0") for word in words)
    ]
    assert len(found) == 1, [(folder / "cmdline").read_text() for folder in marked(mark)]
    return found[0]


WHO = {"receive-pack": ("receive-pack", "git-receive-pack"), "hook": (f"{SCRIPTS}/lane-pre-receive",)}


@pytest.mark.parametrize("branch", [INSIDE, OUTSIDE])
@pytest.mark.parametrize(
    ("who", "number"),
    [
        ("everybody", signal.SIGINT),
        ("everybody", signal.SIGTERM),
        ("everybody", signal.SIGHUP),
        ("client", signal.SIGKILL),
        ("receive-pack", signal.SIGTERM),
        ("receive-pack", signal.SIGKILL),
        ("hook", signal.SIGTERM),
        ("hook", signal.SIGKILL),
    ],
)
def test_a_push(
    pausing: tuple[Repo, Repo, Callable[[], bool]], branch: str, who: str, number: signal.Signals
) -> None:
    """Whoever is killed while the hook works: no ref changes, and in the end nobody is left."""
    server, clone, is_hanging = pausing
    before, mark = server.git("for-each-ref"), uuid.uuid4().hex
    with tempfile.TemporaryFile() as said:
        push = subprocess.Popen(
            ["git", "push", "--quiet", "--no-verify", "origin", branch],
            cwd=clone.path,
            env={**os.environ, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            assert soon(is_hanging)
            if who == "everybody":
                os.killpg(push.pid, number)
            else:
                os.kill(push.pid if who == "client" else process_of(mark, WHO[who]), number)
            assert push.wait(LIMIT) != 0
            assert soon(lambda: not marked(mark)), left_behind(mark)
        finally:
            end_all(mark)
            push.wait()
        said.seek(0)
        assert b"Traceback" not in said.read()
    if who != "client" or branch == OUTSIDE:  # git itself goes on without a client, to the hook's verdict
        assert server.git("for-each-ref") == before
