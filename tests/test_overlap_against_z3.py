"""The proofs against a solver that knows nothing of them: z3's regular expressions.

Patterns are translated anew, as gitignore(5) and the README describe them.
The words are made of a, b and c, where c stands for whatever no pattern names.
"""

import re
from collections.abc import Sequence
from functools import reduce

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st
from test_overlap import NONE_OR_MORE, PATTERNS, RELAXED, _list, of_branches, of_paths

from lanes.overlap import prove

LETTER = z3.Union(*(z3.Re(letter) for letter in "abc"))
PART = z3.Plus(LETTER)
SLASH = z3.Re("/")
EMPTY = z3.Re("")
PARTS = z3.Concat(PART, z3.Star(z3.Concat(SLASH, PART)))
NOTHING = z3.Intersect(z3.Re("a"), z3.Re("b"))
PATHS = z3.Concat(PARTS, z3.Option(SLASH))  # a slash at the end is that of a submodule


def one_of(text: str) -> z3.ReRef:
    """Translate a bracket."""
    letters = [letter for letter in "abc" if (letter in text) is not text.startswith("!")]
    return reduce(z3.Union, map(z3.Re, letters)) if letters else NOTHING


def joined(items: Sequence[z3.ReRef]) -> z3.ReRef:
    return reduce(z3.Concat, items, EMPTY)


def part(text: str) -> z3.ReRef:
    """Translate what stands between two slashes."""
    return joined([_token(token) for token in re.findall(r"\[.*?\]|.", text)])


def _token(token: str) -> z3.ReRef:
    if token == "*":
        return z3.Star(LETTER)
    if token == "?":
        return LETTER
    return one_of(token[1:-1]) if token.startswith("[") else z3.Re(token)


def path(pattern: str) -> z3.ReRef:
    """Translate a gitignore pattern without its `!`."""
    folder = pattern.endswith("/")
    text = pattern.removesuffix("/")
    *before, last = text.removeprefix("/").split("/") if "/" in text else ["**", text]
    folders = z3.Star(z3.Concat(PART, SLASH))
    items = [folders if name == "**" else z3.Concat(part(name), SLASH) for name in before]
    matched = joined([*items, PART if last == "**" else part(last)])
    below = z3.Concat(SLASH, z3.Option(PATHS))
    return z3.Concat(matched, below if folder else z3.Option(below))


def name(pattern: str) -> z3.ReRef:
    """Translate a pattern for branches without its `!`."""
    anything = z3.Star(z3.Union(LETTER, SLASH))
    items: list[z3.ReRef] = []
    for found in re.finditer(r"(?:(?<=/)|^)\*\*/|\*+|[^*]+", pattern):
        text = found[0]
        if text == "**/":
            items.append(z3.Option(z3.Concat(anything, SLASH)))
        else:
            items.append(anything if text.startswith("**") else joined(names_part(text)))
    return joined(items)


def names_part(text: str) -> list[z3.ReRef]:
    return [SLASH if piece == "/" else part(piece) for piece in re.split("(/)", text) if piece]


def covered(patterns: Sequence[str], translate) -> z3.ReRef:  # type: ignore[no-untyped-def]
    """Give what a list covers: the last pattern that matches decides."""
    language = NOTHING
    for pattern in patterns:
        matched = translate(pattern.removeprefix("!"))
        if pattern.startswith("!"):
            language = z3.Intersect(language, z3.Complement(matched))
        else:
            language = z3.Union(language, matched)
    return language


def exists(*languages: z3.ReRef) -> bool:
    """Tell whether a word is in all of them."""
    word = z3.String("word")
    solver = z3.Solver()
    solver.set("timeout", 20_000)
    solver.add(z3.InRe(word, z3.Intersect(*languages)))
    answer = solver.check()
    assert answer in (z3.sat, z3.unsat)
    return bool(answer == z3.sat)


@pytest.mark.parametrize(
    ("pattern", "words", "others"),
    [
        ("a", ["a", "b/a", "a/", "a/b"], ["ab", "b"]),
        ("/a/", ["a/", "a/b", "a/b/"], ["a", "b/a/"]),
        ("a/**", ["a/b", "a/b/c", "a/b/"], ["a", "a/", "b/a/b"]),
        ("**/a/*b", ["a/b", "c/a/cb", "a/ab/c"], ["a", "a/c"]),
        ("[!a]?", ["bc", "c/ba"], ["ab", "b"]),
    ],
)
def test_the_translation_of_paths(pattern: str, words: list[str], others: list[str]) -> None:
    assert [word for word in words if not exists(path(pattern), z3.Re(word))] == []
    assert [word for word in others if exists(path(pattern), z3.Re(word))] == []


@settings(RELAXED, max_examples=80)
@given(PATTERNS, PATTERNS, NONE_OR_MORE, NONE_OR_MORE)
def test_paths(first: list[str], second: list[str], shared: list[str], protected: list[str]) -> None:
    head = f"[defaults]\nshared = {_list(shared)}\nprotected = {_list(protected)}"
    proof = prove(of_paths(first, second, head))
    both = (covered(first, path), covered(second, path))
    excluded = (z3.Complement(covered(shared, path)), z3.Complement(covered(protected, path)))
    assert bool(proof.overlaps) == exists(PATHS, *both, *excluded)


@settings(RELAXED, max_examples=60)
@given(PATTERNS, PATTERNS, PATTERNS, PATTERNS)
def test_paths_besides_others(
    first: list[str], second: list[str], third: list[str], fourth: list[str]
) -> None:
    """What the lanes of one manifest both cover, and those of another one don't."""
    proof = prove(of_paths([*first, *third], second), besides=of_paths(first, [*second, *fourth]))
    both = (covered([*first, *third], path), covered(second, path))
    known = z3.Intersect(covered(first, path), covered([*second, *fourth], path))
    assert bool(proof.overlaps) == exists(PATHS, *both, z3.Complement(known))


NAME = st.builds(
    lambda sign, parts: sign + "".join(parts),
    st.sampled_from(["", "", "!"]),
    st.lists(
        st.sampled_from(["a", "b", "*", "**", "?", "[ab]", "[!a]", "a/", "/b", "**/"]), min_size=1, max_size=4
    ),
).filter(lambda text: not re.search(r"//|^!?/|/$|\*{3}", text))
NAMES = st.lists(NAME, min_size=1, max_size=3).filter(lambda texts: not texts[0].startswith("!"))


@settings(RELAXED, max_examples=80)
@given(NAMES, NAMES)
def test_branches(first: list[str], second: list[str]) -> None:
    proof = prove(of_branches(first, second))
    assert bool(proof.overlaps) == exists(PARTS, covered(first, name), covered(second, name))
