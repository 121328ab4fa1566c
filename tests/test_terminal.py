"""The report for people on a terminal: colour, and lines that are no wider than it is."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest
from audits import audits, document, every_kind
from repos import SCRIPTS, Repo

from lanes.terminal import Look, dressed

STYLE = re.compile(r"\x1b\[[0-9]*m")
COLORED = Look(color=True)


@pytest.fixture
def work(clone: Repo) -> Repo:
    """The clone, on a branch that is outside its lane."""
    clone.switch("work/docs-1", "main")
    clone.commit({"top.txt": "x", "with  two spaces": "x"}, "Change what is outside")
    return clone


def shown(repo: Repo, *options: str, columns: int = 80, env: Mapping[str, str] = {}) -> str:
    """Give what a terminal of so many columns is sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    settings = termios.tcgetattr(theirs)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    environment = {"TERM": "xterm", **{k: v for k, v in os.environ.items() if k != "COLUMNS"}, **env}
    command = [SCRIPTS / "lane-audit", *options]
    with subprocess.Popen(command, cwd=repo.path, stdout=theirs, env=environment) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux, where nobody has the other end any more
                break
            if not part:
                break
            said += part
    os.close(ours)
    assert process.returncode == 1
    return said.decode()


def test_colour_on_a_terminal_only(work: Repo) -> None:
    plain = work.script("lane-audit").out
    assert "\x1b" not in plain
    colored = shown(work, columns=200)
    assert STYLE.sub("", colored) == plain
    assert "\x1b[31mwork/docs-1 is rejected\x1b[m: 2 changes" in colored
    assert "    changes \x1b[31mtop.txt\x1b[m (outside-lane: " in colored
    assert re.search('\n\x1b\\[33m  commit [0-9a-f]{12}\x1b\\[m "Change', colored)
    assert re.search("\n      \x1b\\[36mgit rebase -i [0-9a-f]{12}\x1b\\[m\n", colored)


@pytest.mark.parametrize(
    ("options", "env", "colored"),
    [
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ((), {"NO_COLOR": ""}, True),
        ((), {"TERM": "dumb"}, False),
        ((), {"FORCE_COLOR": "0"}, False),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "auto"), {}, True),
    ],
)
def test_who_decides_on_a_terminal(
    work: Repo, options: tuple[str, ...], env: dict[str, str], colored: bool
) -> None:
    assert ("\x1b" in shown(work, *options, env=env)) == colored


@pytest.mark.parametrize(
    ("options", "env", "colored"),
    [
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "0"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "always"), {"TERM": "dumb"}, True),
        (("--color", "auto"), {}, False),
        (("--color", "always", "--format", "json"), {}, False),
        (("--color", "always", "--format", "github"), {}, False),
    ],
)
def test_who_decides_in_a_pipe(
    work: Repo, options: tuple[str, ...], env: dict[str, str], colored: bool
) -> None:
    assert ("\x1b" in work.script("lane-audit", *options, env=env).out) == colored


def test_a_file_has_no_colour(work: Repo, tmp_path: Path) -> None:
    plain = work.script("lane-audit").out
    work.script("lane-audit", "--color", "always", "--output", str(tmp_path / "report"))
    assert (tmp_path / "report").read_text() == plain


def test_lines_are_as_wide_as_the_terminal(work: Repo) -> None:
    plain = work.script("lane-audit").out
    for columns in (40, 60, 79):
        lines = shown(work, "--color", "never", columns=columns).split("\n")
        begin, end = 1, lines.index("  next:")
        assert all(len(line) <= columns for line in lines[begin:end])
        assert lines[end:] == plain.split("\n")[-len(lines[end:]) :]
        joined = re.sub(r"\n {6,}", " ", "\n".join(lines[begin:end]))
        assert joined == plain[plain.index("\n") + 1 : plain.index("\n  next:\n")]
    assert shown(work, "--color", "never", columns=39) == plain
    assert shown(work, "--color", "never", columns=0) == plain


def test_what_is_wide_counts_twice() -> None:
    line = "x is rejected: " + "日本 " * 12 + "e\u0301 " * 12 + "\n  next:\n"
    (piece,) = dressed([line], Look(width=40))
    first, second, *_ = piece.split("\n")
    assert first == "x is rejected: " + " ".join(["日本"] * 5)
    assert second == " " * 6 + " ".join(["日本"] * 7)


def test_what_is_to_be_typed_stays_whole() -> None:
    error = "x could not be judged: " + "run: git fetch --unshallow " * 10 + "\n"
    assert list(dressed([error], Look(width=40))) == [error]


def test_without_a_look_nothing_changes() -> None:
    for found in audits():
        text = document("text", found)
        assert "".join(dressed([text], Look())) == text
        assert STYLE.sub("", "".join(dressed([text], COLORED))) == text


def test_each_verdict_has_its_colour() -> None:
    pieces = document("text", every_kind()).replace("\n  ", "\0").split("\n")
    colored = [
        line
        for piece in pieces
        for line in "".join(dressed([piece.replace("\0", "\n  ")], COLORED)).split("\n")[:1]
    ]
    red, green = "\x1b[31m", "\x1b[32m"
    assert [line.startswith((red, green)) and line[3] for line in colored[1:-2]] == list("21111122")
