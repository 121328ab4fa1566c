"""Path patterns against git itself: `git check-ignore` must agree on every pattern, byte by byte."""

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from repos import make_repo
from test_patterns import COMMENTS, PATHS, UNREADABLE

from lanes.patterns import PathPatterns, PatternError

RELAXED = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

# What stands in a generated pattern, and what may stand in its place in a path that it should match.
PIECES: dict[str, tuple[bytes, ...]] = {
    **{text: (text.encode(),) for text in ("a", "b", "ab", "B", "0", "-", "]", ":", "^", "!", "#", " ", ".")},
    "é": ("é".encode(), b"\xc3", "É".encode(), b"e"),
    "/": (b"/",),
    "//": (b"/",),
    "*": (b"", b"a", b"ab", b"/", b"\xff", b"\n"),
    "**": (b"", b"a", b"a/b", b"/", b"a/b/a/b"),
    "***": (b"", b"ba", b"b/a"),
    "**/": (b"", b"a/", b"b/a/", b"a"),
    "/**": (b"", b"/a", b"/b/a"),
    "/**/": (b"/", b"/a/", b"/a/b/", b""),
    "*a": (b"a", b"ba", b"aa"),
    "?": (b"a", b"b", b"?", b"/", b"\xff", b"\n", "é".encode()),
    "\\": (b"", b"\\"),
    "\\\\": (b"\\",),
    "\\*": (b"*", b"a"),
    "\\a": (b"a", b"\\a"),
    "\\/": (b"/", b"\\/"),
    "\\ ": (b" ", b""),
    "\t": (b"\t", b""),
    "[": (b"[", b""),
    "[]": (b"]", b"[]"),
    "[a": (b"a", b"[a"),
    "[ab]": (b"a", b"b", b"c"),
    "[!a]": (b"a", b"b", b"/", b"\xff"),
    "[^a]": (b"^", b"b", b"/", b"\n"),
    "[a-b]": (b"a", b"b", b"-", b"c"),
    "[b-a]": (b"a", b"b", b"-"),
    "[!-0]": (b"/", b"-", b"a"),
    "[+-0]": (b"/", b"-", b"a"),
    "[a-]": (b"a", b"-", b"b"),
    "[]a]": (b"]", b"a", b"b"),
    "[!]a]": (b"]", b"b"),
    "[]-a]": (b"]", b"a", b"^", b"-"),
    "[a-\\b]": (b"a", b"b", b"\\"),
    "[\\]]": (b"]", b"\\"),
    "[/]": (b"/", b"a"),
    "[é]": (b"\xc3", b"\xa9", "é".encode()),
    "[[:alpha:]]": (b"a", b"B", b"0", b"\xc3"),
    "[![:alpha:]]": (b"a", b"0", b"/", b"\xff"),
    "[[:digit:]-a]": (b"0", b"-", b"a", b"="),
    "[[:punct:]b]": (b"#", b"b", b"/", b"a"),
    "[[:space:]]": (b" ", b"\n", b"\v", b"a"),
    "[[:cntrl:]]": (b"\n", b"\x7f", b"\x80", b"a"),
    "[[:print:]]": (b" ", b"~", b"\x7f", b"\xe9"),
    "[[:alpha:]": (b"a", b":", b"["),
    "[[:al]": (b":", b"[", b"a"),
    "[[:]": (b":", b"["),
    "[[::]]": (b":", b":]"),
    "[[:none:]]": (b"n", b"n]"),
    "[:alpha:]": (b"a", b":", b"b"),
    "[[.a.]]": (b"a]", b".]", b"a"),
}
BEFORE = (b"", b"", b"", b"a/", b"b/a/", b"a")
AFTER = (b"", b"", b"", b"/a", b"/b/a", b"a")
BYTES = (b"a", b"b", b"ab", b"/", b"/", b"0", b"]", b"[", b"\\", b"*", b" ", b"\n", b"\xff", "é".encode())

Row = tuple[str, list[bytes]]


def _row(pieces: list[str], choices: list[bytes], free: list[bytes]) -> Row:
    paths = [_path(path) for path in [*(_made(pieces, choice) for choice in choices), *free]]
    return "".join(pieces), [path for path in dict.fromkeys(paths) if path]


def _made(pieces: list[str], choice: bytes) -> bytes:
    """Make a path from the pieces of a pattern; each byte of *choice* decides about a part of it."""
    options = [BEFORE, *(PIECES[piece] for piece in pieces), AFTER]
    return b"".join(texts[byte % len(texts)] for texts, byte in zip(options, choice, strict=False))


def _path(made: bytes) -> bytes:
    """Turn any bytes into the path of a file: no part is empty, `.`, `..` or `.git`."""
    parts = (part for part in made.split(b"/") if part not in (b"", b".", b".."))
    return b"/".join(part for part in parts if part.lower() != b".git")


# A pattern and paths, most of them made from the pattern and many of them matched.
ROWS = st.builds(
    _row,
    st.lists(st.sampled_from(list(PIECES)), min_size=1, max_size=8),
    st.lists(st.binary(min_size=10, max_size=10), min_size=1, max_size=12),
    st.lists(st.lists(st.sampled_from(BYTES), min_size=1, max_size=6).map(b"".join), max_size=3),
)


class Git:
    """Real git, asked which paths one pattern covers."""

    def __init__(self, path: Path) -> None:
        self._repo = make_repo(path / "repo")
        self._excludes = path / "excludes"
        self._repo.git("config", "core.ignoreCase", "false")
        self._repo.git("config", "core.excludesFile", str(self._excludes))

    def covered(self, pattern: str, paths: Sequence[bytes]) -> list[bytes]:
        """Give those of *paths* that *pattern*, which has no `!`, matches itself or by a parent folder."""
        # The first line is empty, since git takes a byte order mark off it.
        self._excludes.write_bytes(b"\n" + pattern.encode() + b"\n")
        done = subprocess.run(
            ["git", "check-ignore", "--no-index", "-z", "--stdin", "-v", "-n"],
            cwd=self._repo.path,
            # Without "./" git would take a colon for the beginning of pathspec magic.
            input=b"".join(b"./" + path + b"\0" for path in paths),
            capture_output=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        sources, asked = (done.stdout.split(b"\0")[i:-1:4] for i in (0, 3))
        assert asked == [b"./" + path for path in paths]
        return [path for path, source in zip(paths, sources, strict=True) if source]

    def make_folders(self, paths: Iterable[bytes]) -> None:
        """Make *paths* folders in the work tree, which is how git knows that they are."""
        for path in paths:
            Path(self._repo.path, path.decode()).mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    """Git, asked about files: its work tree stays empty."""
    return Git(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def git_of_folders(tmp_path_factory: pytest.TempPathFactory) -> Git:
    """Git, asked about folders: every path asked about is one."""
    return Git(tmp_path_factory.mktemp("folders"))


def covered(pattern: str, paths: Sequence[bytes], folder: bool = False) -> list[bytes]:
    """Give those of *paths* that we cover: none where the pattern can't be read."""
    try:
        patterns = PathPatterns([pattern])
    except PatternError:
        return []
    return [path for path in paths if patterns.match(path, folder)]


def changed_in_git(pattern: str) -> bool:
    """Tell whether versions of git differ about *pattern*.

    Until October 2025, git compared the text before the first wildcard on its own and took what was left for
    the beginning of the pattern: it read the stars of `foo**/bar` as those of `**/bar`, so that the pattern
    matched `foobar`. Since then it takes them for one star, as gitignore(5) always said, and so do we.
    """
    return re.match(r"/?[^*?\[\\]*[^*?\[\\/]\*{2,}\\?/", pattern.removesuffix("/")) is not None


@pytest.mark.parametrize(("pattern", "covered_paths", "others"), PATHS)
def test_the_tables(
    git: Git, git_of_folders: Git, pattern: str, covered_paths: list[bytes], others: list[bytes]
) -> None:
    """What the tables of the pattern tests say is not ours to choose."""
    files = [path for path in covered_paths + others if not path.endswith(b"/")]
    folders = [path[:-1] for path in covered_paths + others if path.endswith(b"/")]
    git_of_folders.make_folders(folders)
    found = git.covered(pattern, files) + [path + b"/" for path in git_of_folders.covered(pattern, folders)]
    assert sorted(found) == sorted(covered_paths)


# Less those that git reads in another way: as several lines, or as taking out.
LINES = [text for texts in UNREADABLE.values() for text in texts if not re.search(r"^!|[\0\r\n]", text)]


@pytest.mark.parametrize("pattern", LINES + COMMENTS)
def test_what_we_cannot_read_covers_nothing_in_git(git: Git, pattern: str) -> None:
    literal = _path(pattern.encode())
    paths = [literal, literal.replace(b"\\", b""), literal.strip(b"[]!^:\\"), b"a", b"f", b"#a", b"x/y"]
    assert git.covered(pattern, [path for path in paths if path]) == []


CLASSES = "alnum alpha blank cntrl digit graph lower print punct space upper xdigit"


@pytest.mark.parametrize("negation", ["", "!"])
@pytest.mark.parametrize("name", CLASSES.split())
def test_character_classes(git: Git, name: str, negation: str) -> None:
    paths = [b"a%cb" % byte for byte in range(1, 256) if byte != ord("/")]
    pattern = f"a[{negation}[:{name}:]]b"
    assert covered(pattern, paths) == git.covered(pattern, paths)


@settings(RELAXED, max_examples=2500)
@given(ROWS)
def test_files(git: Git, row: Row) -> None:
    """In both directions, and git matches nothing with a pattern that we can't read."""
    pattern, paths = row
    assume(paths and not pattern.startswith("!") and not changed_in_git(pattern))
    assert covered(pattern, paths) == git.covered(pattern, paths)


@settings(RELAXED, max_examples=600)
@given(ROWS)
def test_folders(git_of_folders: Git, row: Row) -> None:
    pattern, paths = row
    # Not every file system takes every name.
    paths = [path for path in paths if path.isascii()]
    assume(paths and not pattern.startswith("!") and not changed_in_git(pattern))
    git_of_folders.make_folders(paths)
    assert covered(pattern, paths, folder=True) == git_of_folders.covered(pattern, paths)
