"""What is printed: paths as git prints them, one line for anything else, and commands for a shell."""

import ast
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repos import Repo

from lanes.text import allow_command, printable, quoted, readable, shortened

# Every byte that a path can hold, alone between two others and before a digit.
BYTES = [byte for byte in range(1, 256) if byte != ord("/")]
PATHS = sorted(
    [
        *(b"x%cy" % byte for byte in BYTES),
        *(b"%c0" % byte for byte in BYTES if byte != ord(".")),
        bytes(BYTES),
        "dir é/日本.txt".encode(),
        b" leading and trailing ",
        b"'single'/a b",
    ]
)


def test_a_path_is_quoted_as_git_quotes_it(repo: Repo) -> None:
    blob = repo.git("hash-object", "-w", "--stdin")
    repo.git(
        *("update-index", "--add", "-z", "--index-info"),
        stdin=b"".join(b"100644 %s\t%s\0" % (blob.encode(), path) for path in PATHS),
    )
    assert repo.git("ls-files").split("\n") == list(map(quoted, PATHS))


def test_no_path_can_forge_a_line() -> None:
    shown = list(map(quoted, PATHS))
    assert [line for line in shown if not (line.isascii() and line.isprintable())] == []
    assert len(set(shown)) == len(PATHS)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (b"a/b c", "a/b c"),
        (b"", ""),
        (b'a"b', '"a\\"b"'),
        (b"a\\b", '"a\\\\b"'),
        (b"\a\b\t\n\v\f\r", '"\\a\\b\\t\\n\\v\\f\\r"'),
        (b"\x00\x1b\x7f\xff", '"\\000\\033\\177\\377"'),
        ("é".encode(), '"\\303\\251"'),
    ],
)
def test_a_quoted_path(path: bytes, shown: str) -> None:
    assert quoted(path) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("é/日本.txt".encode(), "é/日本.txt"),
        (b"a/b c", "a/b c"),
        ("é\tè".encode(), '"é\\tè"'),
        ('é"\\'.encode(), '"é\\"\\\\"'),
        ("\u202eé".encode(), '"\\342\\200\\256é"'),
        (b"\xff\xc3\xa9\x7f", '"\\377é\\177"'),
        ("\x85".encode(), '"\\302\\205"'),
    ],
)
def test_a_readable_path(path: bytes, shown: str) -> None:
    assert readable(path) == shown


@given(st.binary())
def test_a_readable_path_is_one_printable_line_that_says_which_it_is(path: bytes) -> None:
    shown = readable(path)
    assert shown.isprintable()
    # Git's quoting is that of C and so, for a byte, Python's own.
    inner = shown[1:-1].encode().decode("latin-1") if shown.startswith('"') else None
    assert (shown.encode() if inner is None else ast.literal_eval(f"b'{_ascii(inner)}'")) == path


def _ascii(text: str) -> str:
    return "".join(c if c.isascii() and c != "'" else f"\\x{ord(c):02x}" for c in text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"", ""),
        (b"plain ascii ~", "plain ascii ~"),
        ("Zoë 日本 🙂 e\u0301".encode(), "Zoë 日本 🙂 e\u0301"),
        (b"a\nb\r\tc", "a\\nb\\r\\tc"),
        (b"\0\x1b[31m\x7f", "\\x00\\x1b[31m\\x7f"),
        (b"\xff\xc3(", "\\xff\\xc3("),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),  # a surrogate, which is not UTF-8
        ("a\x85b\xa0c\xad".encode(), "a\\x85b\\xa0c\\xad"),
        ("\u202eabc\u2066\u200b\u2028\u2029".encode(), "\\u202eabc\\u2066\\u200b\\u2028\\u2029"),
        ("\ufeff\ue000\U000e0001".encode(), "\\ufeff\\ue000\\U000e0001"),
        (b"a\\nb", "a\\nb"),
    ],
)
def test_printable(text: bytes, shown: str) -> None:
    assert printable(text) == shown


@given(st.binary() | st.text().map(str.encode))
def test_whatever_is_printed_is_one_printable_line(text: bytes) -> None:
    assert printable(text).isprintable()


@given(st.text().filter(str.isprintable))
def test_what_can_be_printed_stays_as_it_is(text: str) -> None:
    assert printable(text.encode()) == text


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("", 5, ""),
        ("abcd", 5, "abcd"),
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "abcd…"),
        ("éééééé", 5, "éééé…"),
        ("ab", 1, "…"),
    ],
)
def test_shortened(text: str, width: int, shown: str) -> None:
    assert shortened(text, width) == shown


def test_shortened_to_a_line_that_fits() -> None:
    assert shortened("a" * 72) == "a" * 72
    assert shortened("a" * 73) == "a" * 71 + "…"


# -- Commands to paste

HOSTILE = [
    b"$(touch pwned)",
    b"`touch pwned`",
    b"a; touch pwned",
    b"a' ; touch pwned; '",
    b'a" ; touch pwned; "',
    b"a\\' ; touch pwned; '",
    b"x & touch pwned",
    b"> pwned",
    b"~root",
    b"*",
    b"!!",
    b"#a",
    b"=ls",
    b"{a,b}",
    b"$HOME",
    "dir é/日本.txt".encode(),
]
UNPRINTABLE = [
    b"a\ntouch pwned",
    b"a'\ntouch pwned\n'",
    b"a\\'\ntouch pwned\n'",
    b"\x1b[31m'; touch pwned; '\xff",
    "\u202e'$(touch pwned)".encode(),
    b"\xff0\x7f7",
]


def words(shell: str, command: str, folder: Path) -> list[bytes]:
    """Give the words that a shell makes of a command, which must do nothing else."""
    folder = folder / "empty"
    folder.mkdir()
    script = f"git() {{ printf '%s\\0' \"$@\"; }}\n{command}\n"
    done = subprocess.run([shell, "-c", script], cwd=folder, capture_output=True, check=True)
    assert list(folder.iterdir()) == []
    assert done.stderr == b""
    return done.stdout.split(b"\0")[:-1]


@pytest.mark.parametrize("shell", ["sh", "bash", "dash"])
def test_a_shell_takes_the_names_as_they_are(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    command = allow_command("the docs; touch pwned", HOSTILE)
    assert words(shell, command, tmp_path) == [b"lanes", b"allow", b"the docs; touch pwned", *HOSTILE]


@pytest.mark.parametrize("paths", [UNPRINTABLE, PATHS])
def test_bash_takes_names_that_no_terminal_could_show(paths: list[bytes], tmp_path: Path) -> None:
    command = allow_command("docs", paths)
    assert command.isprintable()
    named = [word for word in words("bash", command, tmp_path) if word != b"--"]
    assert named == [b"lanes", b"allow", b"docs", *paths]


@pytest.mark.parametrize("path", UNPRINTABLE)
def test_a_shell_that_can_not_read_such_a_name_runs_nothing_else(path: bytes, tmp_path: Path) -> None:
    assert len(words("sh", allow_command("docs", [path]), tmp_path)) == 4


@pytest.mark.parametrize(
    ("lane", "paths", "command"),
    [
        ("docs", [b"a/b.md", b"c d"], "git lanes allow docs a/b.md 'c d'"),
        ("the docs", [b"it's"], "git lanes allow 'the docs' 'it'\"'\"'s'"),
        ("docs", [b"a", b"-b", b"--"], "git lanes allow docs a -- -b --"),
        ("-docs", [b"-b"], "git lanes allow -- -docs -b"),
        ("docs", [b":/a", b":b"], "git lanes allow docs :/:/a :b"),
        ("docs", [b"a\n\xff'\\1"], "git lanes allow docs $'a\\012\\377\\047\\1341'"),
        ("docs", [], "git lanes allow docs"),
    ],
)
def test_the_command_that_widens_a_lane(lane: str, paths: list[bytes], command: str) -> None:
    assert allow_command(lane, paths) == command
