"""CODEOWNERS as lanes: whoever owns a path by the rules of the file has the one lane that may write it."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanes import codeowners
from lanes.codeowners import Codeowners
from lanes.manifest import Lane, Manifest
from lanes.overlap import prove
from lanes.patterns import NamePatterns, PathPatterns

# The example of GitHub's documentation, less its comments.
EXAMPLE = b"""\
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""


def manifest(found: Codeowners) -> Manifest:
    """Make a lane of each set of owners, named after them."""
    lanes = [
        Lane(" ".join(sorted(owners)), "", NamePatterns([f"work/{i}/**"]), PathPatterns(patterns))
        for i, (owners, patterns) in enumerate(found.patterns().items())
    ]
    return Manifest(tuple(lanes))


def writers(content: bytes, *paths: str, gitlab: bool = False) -> list[str]:
    """Say for each path which lanes may write it."""
    made = manifest(codeowners.read(content, gitlab))
    return [" and ".join(made.writers(path.encode())) for path in paths]


def test_the_example_of_the_documentation() -> None:
    assert writers(
        EXAMPLE,
        "a.py",
        "deep/down/a.js",
        "a.go",
        "build/logs/a.go",
        "deep/build/logs/a.go",
        "docs/a.js",
        "deep/apps/a.js",
        "scripts/a.js",
        "scripts/logs/a.js",
        "apps/a.js",
        "apps/github/a.js",
    ) == [
        "@global-owner1 @global-owner2",
        "@js-owner",
        "docs@example.com",
        "@octocat",
        "@octocat",
        "@doctocat",
        "@octocat",
        "@doctocat @octocat",
        "@octocat",
        "@octocat",
        "",
    ]


def test_a_star_at_the_end_stands_for_files() -> None:
    """What lies deeper stays with whose it was."""
    content = b"* @all\n*.js @js\n/docs/deep/er/ @deep\n/docs/* @docs\n"
    assert writers(content, "docs/a", "docs/a.js", "docs/b/a", "docs/b/a.js", "docs/deep/er/a.js", "a") == [
        *["@docs", "@docs", "@all", "@js", "@deep", "@all"]
    ]
    assert writers(b"/* @root\n", "a", "b/a") == ["@root", ""]


def test_patterns_are_no_longer_than_they_must_be() -> None:
    content = b"* @all\n/a/ @a\n/a/b/ @all\n/c/ @c\n/d/* @d\n/d/ @c\n"
    assert list(codeowners.read(content).patterns().values()) == [
        ["*", "!/a/", "/a/b/", "!/c/", "!/d/"],
        ["/a/", "!/a/b/"],
        ["/c/", "/d/"],
        [],
    ]


@pytest.mark.parametrize(
    ("content", "left_out"),
    [
        (b"!/a/ @a\n", [(1, "CODEOWNERS knows neither !, nor [ ], nor \\# at the beginning")]),
        (b"\n/a[bc]/ @a\n", [(2, "CODEOWNERS knows neither !, nor [ ], nor \\# at the beginning")]),
        (b"\\#a @a\n", [(1, "CODEOWNERS knows neither !, nor [ ], nor \\# at the beginning")]),
        (b"/a/ me\x1b[0m\n", [(1, "me\\x1b[0m is no owner")]),
        (b"/\xff/ @a\n", [(1, "it is not UTF-8")]),
        (b"./a/ @a\n", [(1, 'a part that is empty, "." or ".." matches nothing')]),
        (b"/a//b @a\n", [(1, 'a part that is empty, "." or ".." matches nothing')]),
        (b"/a\\ @a\n", []),
        (b"/a\\/b @a\n", [(1, "it has a backslash before a slash")]),
        (b"/a*/ @a\n/*b/* @b\n", [(2, "it matches files of a folder, and no path pattern can say that")]),
        (b"**/a/* @a\n", [(1, "it matches files of a folder, and no path pattern can say that")]),
    ],
)
def test_what_can_not_be_read_is_left_out(content: bytes, left_out: Sequence[tuple[int, str]]) -> None:
    assert codeowners.read(content).left_out == list(left_out)


def test_names_with_spaces_and_bytes() -> None:
    content = "\ufeff/with\\ space/ @a\r\n/ünï/\t@b @c\r\n/hash#tag @d # @e\r\n".encode()
    assert writers(content, "with space/a", "ünï/a", "hash#tag", "hash") == ["@a", "@b @c", "@d", ""]


def test_owners_are_one_whatever_their_order_and_case() -> None:
    content = b"/a/ @Org/Team @ann\n/b/ @ann @org/team\n/c/ @ann @ann\n"
    found = codeowners.read(content)
    assert list(found.written.values()) == [("@Org/Team", "@ann"), ("@ann",)]
    assert list(found.patterns().values()) == [["/a/", "/b/"], ["/c/"]]


def test_sections_of_gitlab() -> None:
    content = b"""\
* @all
[Docs] @writers
docs/
README.md
/api/docs/ @api
^[Optional stuff][2]
\\#odd @odd
src/*.c @c
"""
    paths = ["a", "docs/a", "deep/docs/a", "deep/README.md", "api/docs/a", "#odd", "deep/src/a.c"]
    owners = ["@all", "@writers", "@writers", "@writers", "@api", "@odd", "@c"]
    assert writers(content, *paths) == owners
    assert writers(b"src/*.c @c\n", "deep/src/a.c", "src/a.c") == ["", "@c"]
    assert writers(b"src/*.c @c\n", "deep/src/a.c", "src/a.c", gitlab=True) == ["@c", "@c"]


def test_signs_at_the_beginning_of_a_name() -> None:
    assert writers(b"**/#a @a\n**/!b @b\n", "x/#a", "#a", "!b", "x/!b", "b", "c") == [
        *["@a", "@a", "@b", "@b", "", ""]
    ]


PIECES = [
    "a",
    "b*",
    "*",
    "**",
    "/",
    "//",
    "\\",
    "?",
    "!",
    "#",
    "[",
    "]",
    " ",
    "\t",
    "@",
    "@a",
    "é",
    "\0",
    ".",
    "..",
    "\n",
]
LINES = st.lists(st.sampled_from([*PIECES, " @a", " @b\n", "/*"]), max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(LINES.map(str.encode) | st.binary(max_size=60))
def test_whatever_is_in_the_file_gives_lanes_that_are_apart(content: bytes) -> None:
    found = codeowners.read(content)
    made = manifest(found)
    assert (prove(made).overlaps, prove(made).unknown) == ((), ())
    assert all(1 <= line <= content.count(b"\n") + 1 for line, _ in found.left_out)


# -- Against the rules, written once more


def owned(pattern: str, path: list[str]) -> bool:
    """Tell whether a pattern matches a file, as GitHub's documentation has it."""
    folder = pattern.endswith("/")
    parts = pattern.strip("/").split("/")
    if "/" not in pattern.removesuffix("/"):
        parts = ["**", *parts]
    return matches(parts, path, folder)


def matches(parts: list[str], path: list[str], folder: bool) -> bool:
    if not parts:
        return bool(path) or not folder
    if not path:
        return False
    if parts == ["**"]:
        return len(path) > folder
    if parts[0] == "**":
        # All that is below a folder, files included, when a star follows at the end.
        if parts[1:] == ["*"] and not folder:
            return True
        return any(matches(parts[1:], path[i:], folder) for i in range(len(path)))
    if not fnmatchcase(path[0], parts[0]):
        return False
    if parts == ["*"] and not folder:
        return len(path) == 1
    return matches(parts[1:], path[1:], folder)


NAMES = ["a", "b", "ab", "a.c", "docs"]
PARTS = st.sampled_from([*NAMES, "*", "**", "a*", "*.c", "?", "*b*"])
PATTERNS = st.builds(
    lambda parts, begin, end: begin + "/".join(parts) + end,
    st.lists(PARTS, min_size=1, max_size=3),
    st.sampled_from(["", "/"]),
    st.sampled_from(["", "/"]),
)
RULES = st.lists(st.tuples(PATTERNS, st.sampled_from(["", "@x", "@y", "@x @y"])), min_size=1, max_size=6)
PATHS = [
    *([a] for a in NAMES),
    *([a, b] for a in NAMES for b in NAMES),
    *([a, b, c] for a in NAMES for b in NAMES for c in NAMES),
    *([a, b, c, d] for a in NAMES for b in NAMES for c in NAMES for d in NAMES),
]


@settings(max_examples=150, deadline=None)
@given(RULES)
def test_the_lane_that_may_write_a_path_is_that_of_its_owners(rules: list[tuple[str, str]]) -> None:
    found = codeowners.read("\n".join(f"{pattern} {owners}" for pattern, owners in rules).encode())
    lost = {line for line, _ in found.left_out}
    kept = [rule for line, rule in enumerate(rules, 1) if line not in lost]
    made = manifest(found)
    for path in PATHS:
        owner = next((owners for pattern, owners in reversed(kept) if owned(pattern, path)), "")
        assert made.writers("/".join(path).encode()) == ((owner,) if owner else ()), path


@settings(max_examples=30, deadline=None)
@given(RULES)
def test_lanes_of_owners_are_proven_apart(rules: list[tuple[str, str]]) -> None:
    made = manifest(codeowners.read("\n".join(f"{pattern} {owners}" for pattern, owners in rules).encode()))
    proof = prove(made)
    assert (proof.overlaps, proof.unknown) == ((), ())
