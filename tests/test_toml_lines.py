"""The lines of keys and items, in documents laid out in every way that TOML allows."""

import re
import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanes.manifest import dotted
from lanes.toml_lines import Path, lines_of, with_items


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("", {}),
        ("# a = 1\n\n", {}),
        ("a = 1", {"a": 1}),
        ("\n\na = 1\n\nb = 2\n", {"a": 3, "b": 5}),
        # Tables
        ("[a]\nb = 1\n[c]\n", {"a": 1, "a.b": 2, "c": 3}),
        ("[a.b]\nc = 1\n", {"a": 1, "a.b": 1, "a.b.c": 2}),
        ("[a.b]\n\n[a]\nc = 1\n", {"a": 1, "a.b": 1, "a.c": 4}),
        ("[ a . 'b' ]\n", {"a": 1, "a.b": 1}),
        ("x = 1\n[a] # [b]\n", {"x": 1, "a": 2}),
        # Dotted keys
        ("a.b = 1\na.c = 2\n", {"a": 1, "a.b": 1, "a.c": 2}),
        ("[t]\na . b = 1\n", {"t": 1, "t.a": 2, "t.a.b": 2}),
        ("3.14 = 1\n", {"3": 1, "3.14": 1}),
        # Quoted keys
        ("'a.b' = 1\n", {'"a.b"': 1}),
        ("\"a\\nb\".'c d' = 1\n", {'"a\\nb"': 1, '"a\\nb"."c d"': 1}),
        ('"\\u00e9" = 1\n"=" = 2\n"[x]" = 3\n', {'"é"': 1, '"="': 2, '"[x]"': 3}),
        ("\"\" = 1\n[a.'']\n", {'""': 1, "a": 2, 'a.""': 2}),
        ("'#' = 1\n[\"]\"]\n'\"' = 1\n\"'\" = 2", {'"#"': 1, '"]"': 2, dotted(["]", '"']): 3, '"]"."\'"': 4}),
        # Arrays
        ("a = []\nb = [ ]\nc = 1", {"a": 1, "b": 2, "c": 3}),
        ("a = [1, 2]\nb = 1", {"a": 1, "a[0]": 1, "a[1]": 1, "b": 2}),
        ("a = [\n1,\n\n2, 3,\n]\nb = 1", {"a": 1, "a[0]": 2, "a[1]": 4, "a[2]": 4, "b": 6}),
        ("a = [ # ]\n# [1,\n'x' # ,\n, # 2\n'y'\n]", {"a": 1, "a[0]": 3, "a[1]": 5}),
        (
            "a = [[1,\n2], [\n],\n[[3]]]",
            {
                "a": 1,
                "a[0]": 1,
                "a[0][0]": 1,
                "a[0][1]": 2,
                "a[1]": 2,
                "a[2]": 4,
                "a[2][0]": 4,
                "a[2][0][0]": 4,
            },
        ),
        # Strings
        ("a = '[1, # {'\nb = \"\\\"]\\\\\" # '\nc = 1", {"a": 1, "b": 2, "c": 3}),
        ("a = '''\n[b]\nc = 1\n'''\nd = 1", {"a": 1, "d": 5}),
        ("a = '''\n'b' ''c'' '''''\nd = 1", {"a": 1, "d": 3}),
        ('a = """\n"b" ""c"" \\""" """""\nd = 1', {"a": 1, "d": 3}),
        ('a = """\\\n   b \\\\"""\nd = 1', {"a": 1, "d": 3}),
        ("a = ''''''\nb = \"\"\"\"\"\"\nc = ''\nd = \"\"\n", {"a": 1, "b": 2, "c": 3, "d": 4}),
        ("a = ['''\n\n''', '''x''',\n'']\n", {"a": 1, "a[0]": 1, "a[1]": 3, "a[2]": 4}),
        # Inline tables
        ("a = {}\nb = { }\nc = 1", {"a": 1, "b": 2, "c": 3}),
        (
            "a = {b = 1, c.d = [1,\n2]}",
            {"a": 1, "a.b": 1, "a.c": 1, "a.c.d": 1, "a.c.d[0]": 1, "a.c.d[1]": 2},
        ),
        (
            "a = [{b = 1},\n{b = '''\n'''}, {'x y' = {}}]",
            {"a": 1, "a[0]": 1, "a[0].b": 1, "a[1]": 2, "a[1].b": 2, "a[2]": 3, 'a[2]."x y"': 3},
        ),
        # Arrays of tables
        (
            "[[a]]\nb = 1\n\n[[a]]\n[[a]]\nb = 2\n",
            {"a": 1, "a[0]": 1, "a[0].b": 2, "a[1]": 4, "a[2]": 5, "a[2].b": 6},
        ),
        (
            "[[a]]\n[a.b]\nc = 1\n[[a.d]]\n[[a]]\n",
            {"a": 1, "a[0]": 1, "a[0].b": 2, "a[0].b.c": 3, "a[0].d": 4, "a[0].d[0]": 4, "a[1]": 5},
        ),
        (
            "[[a]]\n[[a]]\n[[a.d]]\n[[a.d]]\n[a.d.e]\n",
            {"a": 1, "a[0]": 1, "a[1]": 2, "a[1].d": 3, "a[1].d[0]": 3, "a[1].d[1]": 4, "a[1].d[1].e": 5},
        ),
        # Values of several tokens
        (
            "a = 1.5\nb = -1e+5\nc = 1979-05-27 07:32:00.5-07:00\nd = [1.5, 07:32:00.5,\n+inf]\n",
            {"a": 1, "b": 2, "c": 3, "d": 4, "d[0]": 4, "d[1]": 4, "d[2]": 5},
        ),
        # Line breaks: the usual two, and none of Unicode's
        ("a = 1\r\n\r\nb = [\r\n1]\r\n", {"a": 1, "b": 3, "b[0]": 4}),
        ("# \u2028 \x85\na = '\u2028'\nb = 1\n", {"a": 2, "b": 3}),
    ],
)
def test_lines(document: str, expected: dict[str, int]) -> None:
    assert set(paths_of(tomllib.loads(document))) == set(lines_of(document))
    assert {dotted(path): line for path, line in lines_of(document).items()} == {"": 1, **expected}


def paths_of(value: object, path: Path = ()) -> Iterator[Path]:
    """List the paths of all tables, keys and items in what tomllib makes of a document."""
    yield path
    for key, below in items_of(value):
        yield from paths_of(below, (*path, key))


def items_of(value: object) -> list[tuple[str | int, object]]:
    """List what a table or an array holds."""
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


# Documents whose values all begin with @, in the place of which their line is written.
KEYS = ["a", "b", "c-d", "'e f'", '"g\\t.h"', "'['", '"#"', "3", "''"]
SPACE = ["", " ", "\t "]
BREAKS = ["", " ", "\n", " # it's [ \" {\n\t", "\n\n"]
LEAVES = ["@", "@.5", "'@ # ['", '"@ \\" ]"', "'''@\n[x]\n'y' '''", '"""@\\\n\n " = {\\""""', '"@"', "'@'"]

key = st.lists(st.sampled_from(KEYS), min_size=1, max_size=2).map(" . ".join)
header = st.lists(st.sampled_from(KEYS[:3]), min_size=1, max_size=3).map(".".join)
breaks = st.sampled_from(BREAKS)


def _array(items: list[tuple[str, str, str]], end: str) -> str:
    return "[" + ",".join("".join(item) for item in items) + end + "]"


def _inline_table(items: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name} = {value}" for name, value in items) + "}"


value = st.recursive(
    st.sampled_from(LEAVES),
    lambda below: (
        st.builds(_array, st.lists(st.tuples(breaks, below, breaks), max_size=3), breaks)
        | st.builds(_inline_table, st.lists(st.tuples(key, below), max_size=3))
    ),
    max_leaves=5,
)
statement = (
    st.builds("{}{} ={}{}{}\n".format, st.sampled_from(SPACE), key, st.sampled_from(SPACE), value, breaks)
    | st.builds("[{}] # [[\n".format, header)
    | st.builds("[[{}]]\n".format, header)
    | st.sampled_from(["\n", "# a = ''' [\n", " \n"])
)


def documents(statements: list[str]) -> str:
    """Put statements together, less those that are not valid after what stands before them."""
    document = ""
    for one in statements:
        try:
            tomllib.loads(numbered(document + one))
        except tomllib.TOMLDecodeError:
            continue
        document += one
    return numbered(document)


def numbered(document: str) -> str:
    """Write the line that it stands on in the place of each @."""
    return "\n".join(line.replace("@", str(i)) for i, line in enumerate(document.split("\n"), 1))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(statement, max_size=12).map(documents))
def test_all_keys_are_found_where_they_stand(document: str) -> None:
    found = lines_of(document)
    parsed = tomllib.loads(document)
    assert set(found) == set(paths_of(parsed))
    assert {path: found[path] for path in found if path in leaves_of(parsed)} == leaves_of(parsed)


def leaves_of(value: object, path: Path = ()) -> dict[Path, int]:
    """Give the line that is written in each value."""
    if isinstance(value, dict | list):
        below = [leaves_of(item, (*path, name)) for name, item in items_of(value)]
        return {leaf: line for leaves in below for leaf, line in leaves.items()}
    number = re.match(r"\d+", str(value))
    assert number is not None
    return {path: int(number[0])}


# -- An array with more items

blank = st.text(" \t", max_size=3)
comment = st.text(st.sampled_from("a ,]#\"'é["), max_size=5).map(lambda text: f"#{text}\n")
gap = st.lists(st.one_of(blank, st.just("\n"), comment), max_size=3).map("".join)
string = st.sampled_from(['"a"', "'b]'", '"c\\"#,"', '"""d\n,]"""', "'''e\n#'''", '"/é/"'])
item = st.builds("{}{}{}".format, gap, string, gap)
array = st.builds(
    "[{}{}{}]".format, st.lists(item, min_size=1, max_size=4).map(",".join), st.sampled_from(["", ","]), gap
)
AROUND = [
    "{} # end\n",
    "[t]\nother = [\"x\"]\nx = {}\n[u]\nx = ['y']\n",
    'a = {{ b = ["]"], "x" = {} }}\n',
    '# ["x"]\nx.y = {}\nx.z = []',
]
KEYS: list[Path] = [("x",), ("t", "x"), ("a", "x"), ("x", "y")]


@settings(max_examples=500, deadline=None)
@given(
    text=array,
    around=st.integers(0, len(AROUND) - 1),
    new=st.lists(st.sampled_from(["n", "N, ]", "#n"]), min_size=1, max_size=2),
    crlf=st.booleans(),
)
def test_an_array_gets_more_items_and_all_else_stays(
    text: str, around: int, new: list[str], crlf: bool
) -> None:
    key = KEYS[around]
    before = ("x = " * (around == 0) + AROUND[around]).format(text)
    before = before.replace("\n", "\r\n") if crlf else before
    after = with_items(before, key, [f'"{one}"' for one in new])
    expected = tomllib.loads(before.replace("\r\n", "\n"))
    value = expected
    for part in key:
        value = value[part]
    value += new
    assert tomllib.loads(after.replace("\r\n", "\n")) == expected
    added = without(before, after)
    assert sorted("".join(added.split())) == sorted("".join(f'"{one}",' for one in new).replace(" ", ""))
    assert len(after.split("\r\n")) == len(after.split("\n")) or not crlf


def without(part: str, whole: str) -> str:
    """Take the characters of *part* out of *whole*, from the end; fail unless they come in that order."""
    rest = []
    left = list(part)
    for c in reversed(whole):
        if left and left[-1] == c:
            left.pop()
        else:
            rest.append(c)
    assert not left
    return "".join(reversed(rest))
