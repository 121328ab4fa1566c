"""A git that is not there, is killed, fails, or answers garbage or too little, in each of its calls.

Each test lets one fault befall every single call of git that a program makes, one run for each call. For the
server's verdict, which counts, each call has half of the faults, in turn, and for the others a part of them;
with LANES_ALL_FAULTS=1 in the environment it has all of them, which takes some minutes.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FAULTS, FaultyGit
from repos import SCRIPTS
from situations import ALL, Situation, World, all_well, fingerprint, flaw, watched

Calls = Callable[[World, Situation], list[str]]

EACH = 1 if os.environ.get("LANES_ALL_FAULTS") else 12  # one fault in so many befalls a call
EACH_OF_SERVER = min(EACH, 2)
# These are never left out: they once passed, or ended in a traceback.
FOUND = {
    ("receive-outside", "merge-base --all"): "status 1 after all",
    ("push-inside", "config"): "status 1 after all",
    ("commit-inside", "rev-parse --quiet"): "status 1 after all",
    ("commit-inside", "rev-parse --git-path"): "random bytes",
    ("commit-inside", "symbolic-ref"): "twice",
    ("commit-outside", "symbolic-ref"): "status 1 after all",
    ("audit-outside", "rev-parse --is-bare-repository"): "status 1 after all",
    ("main-outside", "merge-base --is-ancestor"): "more lines",
    ("tag-outside", "merge-base --is-ancestor"): "more bytes",
}

# After these, git has said that it failed.
FAILED = ("killed", "killed half way", "status 128 and words", "status 1 after all", "10 MB of words")
# With status 1 these say "there is none", which is no failure, where they say nothing else.
ONE_IS_NO = ("config", "symbolic-ref", "rev-parse --quiet", "merge-base")

# What can't be told from the truth: git says that there is nothing, or less, in a form that it has. Nothing
# in its answer shows that it is a lie, so both the verdict and its opposite can come of it.
_EMPTY = ("nothing", "half", "one byte less", "one line less", "one record less")
LIES = {
    "config": (*_EMPTY, "status 1"),  # no such setting
    "symbolic-ref": ("status 1",),  # HEAD is detached: a commit there is on no branch yet
    "rev-parse --quiet": ("status 1",),  # there is no commit yet
    "merge-base --is-ancestor": (*_EMPTY, "status 1", "twice"),  # the exit status is the whole answer
    "merge-base": (*_EMPTY, "status 1"),  # nothing in common
    "for-each-ref": _EMPTY,  # there is no such branch
    "ls-tree": _EMPTY,  # there is no manifest
    "rev-list": ("nothing", "half", "one record less"),  # all is trusted
    "diff-index": ("nothing", "one line less"),  # nothing is staged
}
# The root of the work tree, on which nothing depends that these programs do; and a walk that ends as soon as
# it has met what it looks for, whatever git does afterwards.
NOT_NEEDED = ("rev-parse --show-toplevel", "rev-list --topo-order --parents --stdin")


def faults_of(situation: Situation, at: int, command: str) -> list[str]:
    """Choose the faults that befall a call."""
    each = EACH_OF_SERVER if situation.name == "receive-outside" else EACH
    found = {
        fault
        for (name, start), fault in FOUND.items()
        if name == situation.name and command.startswith(start)
    }
    return [fault for i, fault in enumerate(FAULTS) if (at + i) % each == 0 or fault in found]


def allowed(situation: Situation, command: str, fault: str, answered: bool) -> set[int]:
    """Give the exit statuses that a fault in this git command may lead to."""
    right = {2, situation.status}
    if command == NOT_NEEDED[0] or (command == NOT_NEEDED[1] and fault == "status 1 after all"):
        return right
    no = fault in ("status 1", "status 1 after all") and not answered and command.startswith(ONE_IS_NO)
    if fault in FAILED and not no:
        return {2}
    lies = next((faults for start, faults in LIES.items() if command.startswith(start)), ())
    return {0, 1, 2} if no or fault in lies else right


@pytest.mark.parametrize("situation", ALL, ids=str)
def test_each_call_of_git(world: World, faulty_git: FaultyGit, calls: Calls, situation: Situation) -> None:
    before = fingerprint(world.path(situation))
    commands = calls(world, situation)
    plain = world.run(situation)

    def found(case: tuple[int, str]) -> str | None:
        at, name = case
        with faulty_git.broken(at, name) as fault:
            ended = world.run(situation, fault.env)
            assert len(fault.calls()) >= at, (case, ended)
            answered = fault.answered()
        if name == "words":
            return None if ended == plain else f"words alone made it {ended}"
        problem = flaw(ended, situation, allowed(situation, commands[at - 1], name, answered))
        return problem and f"{problem}: {ended.status} {ended.out[-300:]!r} {ended.err[-300:]!r}"

    cases = [
        (at, fault) for at, command in enumerate(commands, 1) for fault in faults_of(situation, at, command)
    ]
    all_well(found, cases, lambda case: f"{case[1]}: {case[0]}: git {commands[case[0] - 1]}")
    assert fingerprint(world.path(situation)) == before


def broken_git(folder: Path, how: str) -> None:
    git = folder / "git"
    if how == "a folder":
        git.mkdir()
    elif how != "missing":
        git.write_text("" if how == "empty" else "#!/nowhere/sh\n" if how == "no interpreter" else "exit 0\n")
        git.chmod(0o644 if how == "not executable" else 0o755)


@pytest.mark.parametrize(
    "how", ["missing", "not executable", "a folder", "empty", "no interpreter", "no program"]
)
def test_no_git(world: World, tmp_path: Path, how: str) -> None:
    """It is said in one line, by every program."""
    folder = tmp_path / "bin"
    folder.mkdir()
    broken_git(folder, how)
    before = fingerprint(world.folder)

    def found(situation: Situation) -> str | None:
        ended = world.run(situation, {"PATH": str(folder), "GIT_PYTHON_REFRESH": "quiet"})
        one_line = re.fullmatch("lanes: could not judge: [^\n]*\\bgit\\b[^\n]*\n", ended.err)
        return None if one_line and (ended.status, ended.out) == (2, "") else f"{ended}"

    all_well(found, ALL)
    assert fingerprint(world.folder) == before


def test_a_git_that_never_reads(world: World, tmp_path: Path) -> None:
    """It ends while it is still being fed; that is no failure of ours."""
    (tmp_path / "bin").mkdir()
    git = tmp_path / "bin" / "git"
    git.write_text('#!/bin/sh\nexec <&-\n[ "$1" = version ] && echo git version 2.39.5\nexit 0\n')
    git.chmod(0o755)
    env = {"PATH": os.pathsep.join([str(git.parent), str(SCRIPTS), os.environ["PATH"]])}
    (situation,) = [one for one in ALL if one.name == "receive-outside"]
    assert flaw(world.run(situation, env), situation, (2,)) is None


def test_each_fault_is_one(faulty_git: FaultyGit, tmp_path: Path) -> None:
    """The faults of these tests change what git says, or how it ends; `words` change neither."""
    answers = {}
    for name in FAULTS:
        with faulty_git.broken(1, name) as fault:
            answers[name] = watched(["git", "version"], tmp_path, env=fault.env)
    plain = watched(["git", "version"], tmp_path)
    same = {name for name, ended in answers.items() if (ended.status, ended.out) == (plain.status, plain.out)}
    assert same == {"words"}
