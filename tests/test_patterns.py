"""Patterns for paths and for names, in tables. Git is asked about the same ones in another file."""

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lanes.patterns import NamePattern, NamePatterns, PathPattern, PathPatterns, PatternError

# A pattern, the paths that it covers and those that it doesn't. A slash at a path's end marks a folder,
# which a submodule counts as.
PATHS: list[tuple[str, list[bytes], list[bytes]]] = [
    # Where a pattern is anchored
    ("f", [b"f", b"a/f", b"a/b/f", b"f/", b"f/a", b"a/f/b/c"], [b"ff", b"fa/a", b"af", b"a", b"F"]),
    ("/f", [b"f", b"f/a", b"f/a/b", b"f/"], [b"a/f", b"ff", b"a/f/b"]),
    ("a/f", [b"a/f", b"a/f/b"], [b"b/a/f", b"f", b"a", b"a/", b"a/b/f"]),
    ("/a/f", [b"a/f", b"a/f/b"], [b"b/a/f", b"f", b"a"]),
    ("//f", [], [b"f", b"a/f"]),
    ("a//f", [], [b"a/f", b"a/b/f", b"a"]),
    ("./f", [], [b"f", b"a/f"]),
    ("a\\/f", [b"a/f", b"a/f/b"], [b"b/a/f", b"f"]),
    # A slash at the end: folders only, and all below them
    ("f/", [b"f/", b"f/a", b"a/f/", b"a/f/b/c"], [b"f", b"a/f", b"fa/"]),
    ("/f/", [b"f/", b"f/a", b"f/a/b"], [b"f", b"a/f/", b"a/f/b"]),
    ("a/f/", [b"a/f/", b"a/f/b"], [b"a/f", b"b/a/f/", b"b/a/f/c"]),
    ("*/", [b"a/", b"a/b", b"a/b/c"], [b"a"]),
    ("/*/", [b"a/", b"a/b", b"a/b/c"], [b"a"]),
    ("a/*/", [b"a/b/", b"a/b/c"], [b"a/b", b"a/", b"b/c/d"]),
    ("f//", [], [b"f", b"f/", b"f/a"]),
    # Stars
    ("*", [b"a", b"a/b", b".a", b"a/", b"\xff", b"\n"], []),
    ("/*", [b"a", b"a/b", b".a/b"], []),
    ("*.md", [b"a.md", b".md", b"a/b.md", b"a.md/b", b"a.b.md"], [b"a.mdx", b"md", b"a.md.x"]),
    ("a/*.md", [b"a/b.md", b"a/.md", b"a/b.md/c"], [b"a/b/c.md", b"b.md", b"b/a/b.md"]),
    ("/a/*", [b"a/b", b"a/b/c", b"a/b/"], [b"a", b"a/", b"b/a/c"]),
    ("a*b*c", [b"abc", b"aXbXc", b"abbcc", b"a/abcc"], [b"ab", b"acb", b"a/b/c"]),
    ("a*/b", [b"a/b", b"ab/b", b"abc/b/c"], [b"b", b"a/c/b", b"ab"]),
    ("*a*", [b"a", b"bab", b"b/cac/d"], [b"b", b"bcd/e"]),
    ("*a*b*", [b"ab", b"cacbc"], [b"a", b"ba", b"a/b"]),
    # Two stars
    ("**/f", [b"f", b"a/f", b"a/b/f", b"f/a", b"a/f/b"], [b"ff", b"a/ff", b"a"]),
    ("/**/f", [b"f", b"a/f", b"a/b/f", b"a/f/b"], [b"ff", b"a/ff"]),
    ("a/**/f", [b"a/f", b"a/b/f", b"a/b/c/f", b"a/b/f/c"], [b"f", b"b/a/f", b"af", b"a/bf", b"a/b"]),
    ("a/**", [b"a/b", b"a/b/c", b"a/b/"], [b"a", b"a/", b"b/a/c"]),
    ("a/**/", [b"a/b/", b"a/b/c"], [b"a", b"a/", b"a/b"]),
    ("**", [b"a", b"a/b", b"a/"], []),
    ("/**", [b"a", b"a/b", b"a/"], []),
    ("**/", [b"a/", b"a/b", b"a/b/"], [b"a"]),
    ("/**/", [b"a/", b"a/b"], [b"a"]),
    ("**/a/**", [b"a/b", b"b/a/c", b"b/c/a/d/e"], [b"a", b"a/", b"b/a", b"b/c"]),
    ("**/**/f", [b"f", b"a/f", b"a/b/f"], [b"a/b"]),
    ("a/**/**/f", [b"a/f", b"a/b/f", b"a/b/c/f"], [b"f", b"b/f"]),
    ("a/**/b/**/c", [b"a/b/c", b"a/x/b/y/z/c", b"a/b/b/c", b"a/c/b/c/d"], [b"a/c/b", b"a/c", b"b/c"]),
    ("a/**/b/*", [b"a/b/c", b"a/x/b/c", b"a/b/b/c/d"], [b"a/b", b"a/x/b", b"a/c/d"]),
    ("**/a*/**/b", [b"a/b", b"x/ay/z/b", b"a/b/c"], [b"b", b"b/a", b"xa/b"]),
    ("***/f", [b"f", b"a/f", b"a/b/f"], [b"af"]),
    ("a/***", [b"a/b", b"a/b/c"], [b"a"]),
    # Elsewhere than between slashes two stars are as one
    ("a**", [b"a", b"ab", b"b/ac", b"a/b"], [b"b", b"ba"]),
    ("a**b", [b"ab", b"axb", b"c/axxb"], [b"a/b", b"a/x/b"]),
    ("/a**b/c", [b"ab/c", b"axb/c"], [b"a/b/c", b"a/x/b/c"]),
    ("**b/c", [b"b/c", b"ab/c"], [b"a/b/c", b"x/ab/c"]),
    ("a/**b", [b"a/b", b"a/xb", b"a/b/c"], [b"a/x/b", b"b"]),
    ("a/b**", [b"a/b", b"a/bx", b"a/bx/c"], [b"a/xb", b"b"]),
    # Before an escaped slash, two stars take one folder at least
    ("**\\/f", [b"a/f", b"a/b/f"], [b"f", b"af"]),
    ("a/**\\/f", [b"a/b/f", b"a/b/c/f"], [b"a/f", b"f"]),
    ("a/b/**\\/f", [b"a/b/c/f"], [b"a/b/f"]),
    ("[a]**\\/f", [b"a/f", b"ab/f"], [b"a/b/f", b"f"]),
    ("a/*\\/f", [b"a/b/f"], [b"a/f", b"a/b/c/f"]),
    # A question mark: one byte, no slash
    ("?", [b"a", b"b/c", b"?", b"\xff", b"\n", b"a/bc"], [b"ab", "é".encode()]),
    ("??", [b"ab", "é".encode(), b"a/bc"], [b"a", b"abc", "€".encode()]),
    ("a?f", [b"abf", b"a\xfff", b"a\nf"], [b"af", b"a/f", "aéf".encode()]),
    ("/a/?", [b"a/b", b"a/b/c"], [b"a", b"a/", b"a/bc"]),
    # Brackets
    ("[ab]", [b"a", b"b", b"c/a"], [b"c", b"ab", b"[ab]", b"X"]),
    ("f[0-9]", [b"f0", b"f5", b"f9"], [b"f", b"fa", b"f10", b"f-"]),
    ("[a-cx-z]", [b"b", b"y"], [b"d", b"-"]),
    ("[!a]", [b"b", b"\n", b"\xff", b"a/b"], [b"a", b"bc", "é".encode()]),
    ("[^a]", [b"b", b"^"], [b"a"]),
    ("a[!x]f", [b"abf", b"a\nf"], [b"axf", b"a/f", b"af"]),
    ("a[/]f", [], [b"a/f", b"a[/]f", b"af"]),
    ("a[+-0]f", [b"a+f", b"a-f", b"a.f", b"a0f"], [b"a/f", b"a1f"]),
    ("a[!+-0]f", [b"a1f"], [b"a.f", b"a/f"]),
    ("[]]", [b"]"], [b"a", b"[]]"]),
    ("[]a]", [b"]", b"a"], [b"b"]),
    ("[!]a]", [b"b"], [b"]", b"a"]),
    ("[]-a]", [b"]", b"^", b"_", b"`", b"a"], [b"-", b"b", b"\\"]),
    ("[a-]", [b"a", b"-"], [b"b"]),
    ("[a-]b", [b"ab", b"-b"], [b"bb", b"b"]),
    ("[-a]", [b"a", b"-"], [b"b"]),
    ("[!-a]", [b"b"], [b"a", b"-"]),
    ("[--0]", [b"-", b"0"], [b"1", b",", b"a/1"]),
    ("[z-a]", [b"z"], [b"a", b"m", b"-"]),
    ("[a-c-e]", [b"a", b"b", b"c", b"-", b"e"], [b"d"]),
    ("[a!]", [b"a", b"!"], [b"b"]),
    ("[[]", [b"["], [b"]", b"a"]),
    ("[[a]", [b"[", b"a"], [b"]"]),
    ("[a]]", [b"a]"], [b"a", b"]"]),
    ("[*?]", [b"*", b"?"], [b"a"]),
    ("[\\]]", [b"]"], [b"\\"]),
    ("[\\a]", [b"a"], [b"\\"]),
    ("[\\\\]", [b"\\"], [b"a"]),
    ("[\\!a]", [b"!", b"a"], [b"b"]),
    ("[a\\-c]", [b"a", b"-", b"c"], [b"b"]),
    ("[a-\\c]", [b"a", b"b", b"c"], [b"\\", b"d"]),
    ("[é]", [b"\xc3", b"\xa9"], ["é".encode(), b"e"]),
    ("[é][é]", ["é".encode(), b"\xa9\xc3"], [b"\xc3"]),
    ("a]", [b"a]"], [b"a"]),
    # Classes: C's, in git's own reading
    ("[[:alpha:]]", [b"a", b"Z"], [b"0", b"_", b"\xe9", b":", b"a]"]),
    ("[[:digit:]]", [b"0", b"9"], [b"a", b"\xb2"]),
    ("[[:alnum:]]", [b"a", b"Z", b"0"], [b"_", b"-"]),
    ("[[:upper:]]", [b"A"], [b"a"]),
    ("[[:lower:]]", [b"a"], [b"A"]),
    ("[[:xdigit:]]", [b"0", b"a", b"F"], [b"g"]),
    ("[[:punct:]]", [b"_", b"-", b"~"], [b"a", b" ", b"\x7f"]),
    ("a[[:punct:]]f", [b"a.f"], [b"a/f"]),
    ("[[:blank:]]", [b" ", b"\t"], [b"\n"]),
    ("[[:space:]]", [b" ", b"\t", b"\n", b"\r"], [b"a", b"\v", b"\f", b"\xa0"]),
    ("[[:cntrl:]]", [b"\x01", b"\n", b"\x7f"], [b" ", b"\x80"]),
    ("[[:graph:]]", [b"!", b"~"], [b" ", b"\x7f"]),
    ("[[:print:]]", [b" ", b"~"], [b"\n", b"\xe9"]),
    ("[![:alpha:]]", [b"0", b"\n", b"\xff"], [b"a"]),
    ("a[![:alpha:]]f", [b"a0f"], [b"a/f", b"abf"]),
    ("[[:alpha:]0-4_]", [b"a", b"3", b"_"], [b"5"]),
    ("[[:digit:]-a]", [b"0", b"-", b"a"], [b"=", b"b"]),
    ("[:alpha:]", [b"a", b":", b"l"], [b"b", b"[", b"]"]),
    ("[a[:alpha:]]", [b"a", b"b"], [b"0"]),
    ("[[:]", [b"[", b":"], [b"a"]),
    ("[[:]:]", [b"[:]", b"::]"], [b"[", b":"]),
    ("[[:alpha]", [b"[", b":", b"a", b"l"], [b"b", b"]"]),
    ("[[.a.]]", [b"[]", b".]", b"a]"], [b"a", b"."]),
    # Backslashes
    ("\\*", [b"*"], [b"a", b"\\*", b"\\"]),
    ("\\?", [b"?"], [b"a"]),
    ("\\[a]", [b"[a]"], [b"a"]),
    ("\\a", [b"a"], [b"\\a"]),
    ("\\\\", [b"\\"], [b"\\\\"]),
    ("\\\\*", [b"\\", b"\\a"], [b"*"]),
    ("\\#a", [b"#a"], [b"a", b"\\#a"]),
    ("\\!a", [b"!a"], [b"a", b"\\!a"]),
    ("a#b", [b"a#b"], [b"a"]),
    ("a!b", [b"a!b"], [b"a"]),
    # Spaces
    ("a ", [b"a"], [b"a "]),
    ("a   ", [b"a"], [b"a ", b"a   "]),
    ("a\\ ", [b"a "], [b"a", b"a\\ "]),
    ("a\\  ", [b"a "], [b"a", b"a  "]),
    ("a \\ ", [b"a  "], [b"a ", b"a"]),
    ("a\\\\ ", [b"a\\"], [b"a\\ ", b"a "]),
    ("X\\ ", [b"X "], [b"X"]),
    ("X", [b"X"], [b"x"]),
    ("a/ ", [b"a/", b"a/b"], [b"a"]),
    (" a", [b" a"], [b"a"]),
    ("a b", [b"a b"], [b"a", b"b"]),
    ("a\t", [b"a\t"], [b"a"]),
    ("a\xa0", ["a\xa0".encode()], [b"a", b"a\xa0"]),
    # Bytes
    ("é", ["é".encode()], [b"\xe9", "e\u0301".encode(), "É".encode(), b"\xc3"]),
    ("É", ["É".encode()], ["é".encode()]),
    ("é*", ["éa".encode(), "é".encode() + b"\xff"], [b"\xc3"]),
    ("Src/", [b"Src/a"], [b"src/a", b"SRC/a"]),
    ("[a-c]", [b"b"], [b"B"]),
    ("*f", [b"f", b"\nf", b"\xfff", b"a\nb/f"], [b"f\n", b"f\n/a"]),
    ("f", [b"a\nb/f", b"\n/f"], [b"f\n", b"\nf", b"a\nf"]),
    ("a/**/f", [b"a/\n/f", b"a/\xff/\n/f"], [b"a/\n/f\n"]),
    ("\ufefff", ["\ufefff".encode()], [b"f"]),
    # What a regular expression would take for its own
    ("a.c", [b"a.c"], [b"abc"]),
    ("(a|b)+$", [b"(a|b)+$"], [b"a"]),
    ("{a,b}", [b"{a,b}"], [b"a"]),
    ("^a$", [b"^a$"], [b"a"]),
    ("a&&b--c~~[&&]", [b"a&&b--c~~&"], [b"a&&b--c~~a"]),
]


def marked(patterns: list[str], paths: list[bytes]) -> list[bytes]:
    """Give those of *paths* that the list covers, where a slash at the end marks a folder."""
    read = PathPatterns(patterns)
    return [path for path in paths if read.match(path.removesuffix(b"/"), folder=path.endswith(b"/"))]


@pytest.mark.parametrize(("pattern", "covered", "others"), PATHS)
def test_a_path_pattern(pattern: str, covered: list[bytes], others: list[bytes]) -> None:
    assert marked([pattern], covered + others) == covered


@pytest.mark.parametrize(("pattern", "covered", "others"), PATHS)
def test_a_path_pattern_takes_out_what_it_covers(
    pattern: str, covered: list[bytes], others: list[bytes]
) -> None:
    assert marked(["*", f"!{pattern}"], covered + others) == others
    assert marked([f"!{pattern}"], covered + others) == []


# The last pattern that matches decides.
PATH_LISTS: list[tuple[list[str], dict[bytes, tuple[bool, int | None]]]] = [
    ([], {b"a": (False, None)}),
    (
        ["a", "b"],
        {b"a": (True, 0), b"b": (True, 1), b"a/b": (True, 1), b"b/a": (True, 1), b"c": (False, None)},
    ),
    (
        # The step away from gitignore, where nothing below an excluded folder can be taken out.
        ["src/", "!src/vendor/"],
        {
            b"src/a": (True, 0),
            b"src/vendor/a": (False, 1),
            b"src/vendor/a/b": (False, 1),
            b"src/vendor": (True, 0),
            b"src/vendor/": (False, 1),
            b"src": (False, None),
        },
    ),
    (["!src/vendor/", "src/"], {b"src/a": (True, 1), b"src/vendor/a": (True, 1)}),
    (
        ["/api/", "!*.gen", "/api/keep.gen"],
        {b"api/a": (True, 0), b"api/a.gen": (False, 1), b"api/keep.gen": (True, 2), b"a.gen": (False, 1)},
    ),
    (["!*", "x"], {b"x/a": (True, 1), b"a/x": (True, 1), b"a": (False, 0)}),
    (["pkg/lib/**", "!/pkg/"], {b"pkg/lib/a": (False, 1), b"pkg/a": (False, 1)}),
    (["a", "!a", "a"], {b"a": (True, 2), b"a/b": (True, 2)}),
    (["!**/key"], {b"a\nb/key": (False, 0), b"key": (False, 0), b"a": (False, None)}),
    (["*", "!**/key"], {b"a\nb/key": (False, 1), b"key\n": (True, 0)}),
    (["*", "!!a", "\\!a"], {b"!a": (True, 2), b"a": (True, 0)}),
    (["*", "!#a"], {b"#a": (False, 1), b"a": (True, 0)}),
    (["docs/"], {b"./docs/a": (True, 0), b"docs/": (True, 0), b"docs": (False, None)}),
    (["/docs/"], {b"./docs/a": (False, None), b"/docs/a": (False, None), b"docs/a": (True, 0)}),
]


@pytest.mark.parametrize(("patterns", "decided"), PATH_LISTS)
def test_the_last_pattern_that_matches_decides(
    patterns: list[str], decided: dict[bytes, tuple[bool, int | None]]
) -> None:
    read = PathPatterns(patterns)
    asked = {path: (path.removesuffix(b"/"), path.endswith(b"/")) for path in decided}
    assert {path: (read.match(*one), read.deciding(*one)) for path, one in asked.items()} == decided


def test_a_path_is_a_files_unless_it_is_said_to_be_a_folders() -> None:
    patterns = PathPatterns(["a/"])
    assert (patterns.match(b"a"), patterns.deciding(b"a")) == (False, None)


def test_a_path_pattern_keeps_its_text() -> None:
    texts = ["/a/", "!b ", "\\#c"]
    assert [pattern.text for pattern in PathPatterns(texts).patterns] == texts
    assert [pattern.include for pattern in PathPatterns(texts).patterns] == [True, False, True]


# A pattern, the names that it matches and those that it doesn't.
NAMES: list[tuple[str, list[bytes], list[bytes]]] = [
    ("main", [b"main"], [b"main2", b"a/main", b"main/a", b"mai", b"Main", b""]),
    ("work/a", [b"work/a"], [b"work", b"work/", b"work/a/b", b"a", b"x/work/a"]),
    ("/main", [], [b"main"]),
    ("main/", [], [b"main", b"main/a"]),
    ("work/*", [b"work/a", b"work/a-b"], [b"work/a/b", b"work", b"x/work/a"]),
    ("*", [b"a", b"a-b"], [b"a/b"]),
    ("*/*", [b"a/b"], [b"a", b"a/b/c"]),
    ("work/*/x", [b"work/a/x"], [b"work/x", b"work/a/b/x"]),
    ("codex/lessons-*", [b"codex/lessons-1", b"codex/lessons-"], [b"codex/lessons", b"codex/lessons-1/2"]),
    ("a*b*c", [b"abc", b"a1b2c", b"abbcc"], [b"ab", b"a/bc", b"abcd"]),
    ("v?", [b"v1", b"v\xff"], [b"v", b"v12", b"v/", "vé".encode()]),
    ("**", [b"a", b"a/b", b"a/b/c"], []),
    ("work/**", [b"work/a", b"work/a/b"], [b"work", b"works/a"]),
    ("work**", [b"work", b"work/a", b"works/a/b"], [b"wor", b"a/work"]),
    ("a**z", [b"az", b"a/z", b"abc/xyz"], [b"a", b"az/b"]),
    ("**x", [b"x", b"ax", b"a/x", b"a/bx"], [b"xa", b"x/a"]),
    ("**xy", [b"xy", b"axy", b"a/xy"], [b"y", b"ay", b"x"]),
    ("**/x", [b"x", b"a/x", b"a/b/x"], [b"ax", b"x/a", b"a/bx"]),
    ("work/**/x", [b"work/x", b"work/a/x", b"work/a/b/x"], [b"workx", b"work/ax", b"x", b"work/"]),
    ("work**/x", [b"work/x", b"works/x", b"work/a/x"], [b"workx"]),
    ("**/**/x", [b"x", b"a/x", b"a/b/x"], [b"ax"]),
    ("a/**/**/x", [b"a/x", b"a/b/x", b"a/b/c/x"], [b"ax", b"x", b"a/bx"]),
    ("a/bc/d/**/**/x", [b"a/bc/d/x", b"a/bc/d/e/x"], [b"a/x", b"a/bc/dx"]),
    ("a/**/b/**/c", [b"a/b/c", b"a/x/b/y/z/c"], [b"a/c/b", b"a/bc", b"ab/c"]),
    ("***/x", [b"x", b"a/x", b"a/b/x"], [b"ax"]),
    ("**/*", [b"a", b"a/b", b"a/b/c"], []),
    ("v[0-9]", [b"v1"], [b"v", b"va", b"v10"]),
    ("v[!0-9]", [b"va"], [b"v1", b"v/"]),
    ("a[/]b", [], [b"a/b"]),
    ("a[+-0]b", [b"a.b"], [b"a/b"]),
    ("[[:upper:]]*", [b"A", b"JIRA-1"], [b"a", b"A/b"]),
    ("\\#1", [b"#1"], [b"1"]),
    ("#1", [b"#1"], [b"1"]),
    ("a\\/b", [b"a/b"], [b"ab"]),
    ("a.c", [b"a.c"], [b"abc"]),
    ("é", ["é".encode()], [b"\xe9", "É".encode()]),
    ("main ", [b"main"], [b"main "]),
    ("refs/notes/**", [b"refs/notes/a", b"refs/notes/a/b"], [b"refs/notes", b"refs/heads/a"]),
]


@pytest.mark.parametrize(("pattern", "matched", "others"), NAMES)
def test_a_name_pattern(pattern: str, matched: list[bytes], others: list[bytes]) -> None:
    assert [name for name in matched + others if NamePatterns([pattern]).match(name)] == matched
    assert [name for name in matched + others if NamePatterns(["**", f"!{pattern}"]).match(name)] == others


@pytest.mark.parametrize(
    ("patterns", "matched", "others"),
    [
        ([], [], [b"a"]),
        (["!a"], [], [b"a", b"b"]),
        (["a", "b"], [b"a", b"b"], [b"c"]),
        (["work/*", "!work/x"], [b"work/a"], [b"work/x"]),
        (["!work/x", "work/*"], [b"work/a", b"work/x"], []),
        (["work/**", "!work/x/**", "work/x/y"], [b"work/a", b"work/x/y", b"work/x"], [b"work/x/z"]),
    ],
)
def test_the_last_name_pattern_that_matches_decides(
    patterns: list[str], matched: list[bytes], others: list[bytes]
) -> None:
    assert [name for name in matched + others if NamePatterns(patterns).match(name)] == matched


def test_a_name_pattern_keeps_its_text() -> None:
    texts = ["a/*", "!b ", "**"]
    assert [pattern.text for pattern in NamePatterns(texts).patterns] == texts
    assert [pattern.include for pattern in NamePatterns(texts).patterns] == [True, False, True]


# The rules for names, each in a line, as a regular expression that may be slow.
WILD = re.compile(r"((?:(?<=/)|\A)\*{2,}/)|(\*{2,})|(\*)|(\?)")
MEANING = {1: "(?:.*/)?", 2: ".*", 3: "[^/]*", 4: "[^/]"}
PARTS = st.lists(
    st.sampled_from(["a", "b", "/", "*", "**", "**/", "/**/", "?", "[ab]"]), min_size=1, max_size=7
)
LETTERS = st.text("ab/", max_size=7)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(PARTS.map("".join), st.lists(LETTERS, min_size=1, max_size=12))
def test_names_follow_their_rules(pattern: str, names: list[str]) -> None:
    assume(pattern.strip("/"))
    rule = re.compile(WILD.sub(lambda wild: MEANING[wild.lastindex or 0], pattern))
    read = NamePattern(pattern)
    assert [name for name in names if read.match(name.encode())] == list(filter(rule.fullmatch, names))


@pytest.mark.parametrize(
    ("pattern", "exact", "prefix"),
    [
        ("main", True, b"main"),
        ("release/1.0", True, b"release/1.0"),
        ("a/[b]", True, b"a/b"),
        ("a\\/\\b", True, b"a/b"),
        ("!main", True, b"main"),
        ("é", True, "é".encode()),
        ("release/*", False, b"release/"),
        ("release/v*", False, b"release/"),
        ("release*", False, b""),
        ("release?", False, b""),
        ("a/b/c[12]", False, b"a/b/"),
        ("a/[b]/c*", False, b"a/b/"),
        ("a\\/b*", False, b"a/"),
        ("a/**", False, b"a/"),
        ("a/**/b", False, b"a/"),
        ("**", False, b""),
        ("**/a", False, b""),
        ("[ab]/c", False, b""),
        ("é/*", False, "é/".encode()),
    ],
)
def test_what_all_names_of_a_pattern_begin_with(pattern: str, exact: bool, prefix: bytes) -> None:
    read = NamePattern(pattern)
    assert (read.exact, read.prefix) == (exact, prefix)


CASED = st.lists(
    st.sampled_from([*"aBz_/*?", "**", "**/", "/**/", "[a-z]", "[Z-a]", "[A-_]", "[!A]", "[[:upper:]]", "É"]),
    min_size=1,
    max_size=6,
)
CASED_NAMES = st.lists(st.text("aAbBzZ_/éÉ", max_size=7), min_size=1, max_size=12)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(CASED.map("".join), CASED_NAMES)
def test_all_names_of_a_pattern_begin_with_its_prefix(pattern: str, names: list[str]) -> None:
    """What a server lists by the prefix holds every branch that the pattern means."""
    assume(pattern.strip("/"))
    read = NamePattern(pattern)
    matched = [name.encode() for name in names if read.match(name.encode())]
    assert all(name.startswith(read.prefix) for name in matched)
    assert not read.exact or set(matched) <= {read.prefix}
    assert not read.exact or read.match(read.prefix)
    assert read.exact or read.prefix == b"" or read.prefix.endswith(b"/")


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(CASED.map("".join), min_size=1, max_size=3), CASED_NAMES)
def test_a_name_is_alike_where_it_matches_in_another_case(patterns: list[str], names: list[str]) -> None:
    assume(all(pattern.strip("/") for pattern in patterns))
    read = NamePatterns(patterns)
    for name in names:
        if read.match(name.encode()):
            assert {read.alike(other.casefold()) for other in (name, name.upper(), name.swapcase())} <= {
                *patterns
            }


@pytest.mark.parametrize(
    ("patterns", "alike", "others"),
    [
        ([], [], ["", "main"]),
        (["main"], ["main"], ["mai", "mainx", "x/main"]),
        (["Main"], ["main"], []),
        (["release/*"], ["release/x", "release/"], ["release", "release/x/y"]),
        (["RELEASE/[X-Z]"], ["release/x", "release/y"], ["release/a"]),
        (["v[Z-a]"], ["vz", "va", "v_"], ["vb"]),
        (["v[!a]"], ["va", "vb"], ["v/"]),
        (["É*"], ["é", "éa"], ["e"]),
        (["Straße"], ["strasse"], ["strase"]),
        (["\u212a"], ["k"], []),
        (["release/*", "!Release/old"], ["release/new"], ["release/old"]),
        (["release/*", "!release/old", "release/OLD"], ["release/old"], []),
        (["\u0390" * 4096], ["\u0390".casefold() * 4096], ["\u0390".casefold()]),
    ],
)
def test_names_that_are_alike(patterns: list[str], alike: list[str], others: list[str]) -> None:
    read = NamePatterns(patterns)
    assert [name for name in alike + others if read.alike(name)] == alike


def test_the_pattern_that_a_name_is_alike_to() -> None:
    read = NamePatterns(["Main", "main", "release/*", "Release/X*"])
    asked = ["main", "release/x", "release/y", "other", "\udcff"]
    assert [read.alike(name) for name in asked] == ["main", "Release/X*", "release/*", None, None]


def test_many_names_are_not_compared_slowly() -> None:
    """A push can have many refs, and the manifest many branches: each pattern is read once."""
    read = NamePatterns([f"release/{i}" for i in range(300)])
    begun = time.process_time()
    assert [name for name in map(str, range(1000)) if read.alike(name)] == []
    assert time.process_time() - begun < 5


UNREADABLE: dict[str, list[str]] = {
    "it is empty and matches nothing; write * for everything": [
        "",
        "/",
        "//",
        "!",
        "!/",
        " ",
        "  ",
        "! ",
        "/ ",
    ],
    "the bracket '[' is never closed": [
        *("[", "a[", "[a", "[]", "[!", "[!]", "[^]", "a/[b/c", "![", "[\\", "[a\\]", "[a-", "[a-\\"),
        *("[[:", "[[:alpha:]"),
    ],
    "there is no character class [:foo:]": ["[[:foo:]]", "a[^[:alpha:][:foo:]]", "![[:foo:]]"],
    "there is no character class [::]": ["[[::]]"],
    "there is no character class [:Alpha:]": ["[[:Alpha:]]"],
    "there is no character class [:é:]": ["[[:é:]]"],
    "there is no character class [:\\u202e\\x1b:]": ["[[:\u202e\x1b:]]"],
    "it ends in a backslash that escapes nothing": ["\\", "a\\", "a\\\\\\", "!a\\"],
    "it holds a NUL or a line break": ["a\0", "\0", "a\nb", "a\n", "a\r", "\n", "!\r\n"],
}


@pytest.mark.parametrize("kind", [PathPattern, NamePattern])
@pytest.mark.parametrize(
    ("text", "message"), [(text, message) for message, texts in UNREADABLE.items() for text in texts]
)
def test_a_pattern_that_cannot_be_read(kind: Callable[[str], object], text: str, message: str) -> None:
    with pytest.raises(PatternError) as raised:
        kind(text)
    assert str(raised.value) == message


COMMENTS = ["#", "#a", "# a comment", "#/a"]
COMMENT = "gitignore takes it for a comment; write \\# for a name that begins with #"
NOTHING_ESCAPED = "it ends in a backslash that escapes nothing"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        *((text, COMMENT) for text in COMMENTS),
        *((text, NOTHING_ESCAPED) for text in ("a\\/", "\\/", "!a\\/")),
    ],
)
def test_a_pattern_that_cannot_be_read_for_paths_only(text: str, message: str) -> None:
    NamePattern(text)
    with pytest.raises(PatternError) as raised:
        PathPattern(text)
    assert str(raised.value) == message


# Traps for an algorithm that goes back, with a path that each of them does match: on the long paths, which
# none of them matches, such an algorithm would not end.
LONG = 200_000
TRAPS: list[tuple[str, bytes]] = [
    ("*a*a*a*a*a*a*a*a*a*a*a*a*b", b"a" * 12 + b"b"),
    ("/" + "*a" * 30 + "*b", b"a" * 30 + b"b"),
    ("*[a]" * 20 + "b", b"xa" * 20 + b"b"),
    ("[a]*" * 20 + "b", b"ax" * 20 + b"b"),
    ("*" + "?*" * 20 + "b", b"a" * 20 + b"b"),
    ("*" + "a" * 20 + "b", b"a" * 50 + b"b"),
    ("**/*a/**/*a/**/b", b"xa/a/x/b"),
    ("**/a/" * 20 + "b", b"x/a/" * 20 + b"b"),
    ("**/*/" * 20 + "b", b"x/" * 25 + b"b"),
    ("a/**/*/**/*a*/**/a*/**/*a*a*b", b"a/x/xax/ax/xaxab"),
    ("**/a*/*a/a/**/*a*/a*a/**/?/b/", b"x/ax/xa/a/x/xax/axa/x/y/b/z"),
    ("**/**/**/**/**/**/b", b"a/b"),
    ("*/" * 20 + "**/b", b"a/" * 25 + b"b"),
    ("**/" + "*a*/" * 20 + "*b*", b"x/" + b"xax/" * 20 + b"xbx"),
]
LONG_PATHS = [
    b"a" * 200,
    b"a" * LONG,
    b"a/" * LONG + b"a",
    (b"a" * 200 + b"/") * (LONG // 200) + b"a",
    (b"a/" * 20 + b"a" * 5000 + b"/") * 40 + b"a",
    b"a/" * LONG + b"a" * LONG,
]


@pytest.mark.parametrize(("trap", "matched"), TRAPS)
def test_no_path_pattern_is_slow(trap: str, matched: bytes) -> None:
    patterns = PathPatterns([trap])
    assert [path[:80] for path in LONG_PATHS if patterns.match(path)] == []
    assert patterns.match(matched)


@pytest.mark.parametrize(
    ("trap", "matched"),
    [
        *(row for row in TRAPS if not row[0].startswith("/") and not row[0].endswith("/")),
        ("**a" * 30 + "b", b"a/a" * 15 + b"b"),
        ("[a]**" * 30 + "b", b"ax/" * 30 + b"b"),
        ("**/a**/" * 20 + "b", b"x/ax/" * 20 + b"b"),
        ("**/" * 30 + "b", b"a/b"),
    ],
)
def test_no_name_pattern_is_slow(trap: str, matched: bytes) -> None:
    patterns = NamePatterns([trap])
    assert [name[:80] for name in LONG_PATHS if patterns.match(name)] == []
    assert patterns.match(matched)


def test_a_long_list_of_patterns_is_not_slow() -> None:
    patterns = PathPatterns([f"**/*a/**/*a/**/{i}" for i in range(100)])
    assert [path[:80] for path in LONG_PATHS if patterns.match(path)] == []
    assert patterns.deciding(b"a/" * LONG + b"42") == 42
