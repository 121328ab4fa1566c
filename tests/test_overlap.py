"""Proof that lanes can't collide, against the matcher itself on all small words, and on real servers."""

import itertools
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

import pytest
from hundred_lanes import hundred_lanes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repos import Repo

from lanes import overlap
from lanes.errors import CannotJudge
from lanes.idle import idle, unjudged, unused
from lanes.manifest import Manifest, is_branch_name, parse
from lanes.overlap import Proof, prove
from lanes.terms import is_path
from lanes.trust import Trust

RELAXED = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def manifest(*lanes: tuple[Sequence[str], Sequence[str]], head: str = "") -> Manifest:
    """Make a manifest of lanes called a, b and so on, by their branches and their paths."""
    text = f"version = 1\n{head}\n"
    for name, (branches, paths) in zip("abcdefgh", lanes, strict=False):
        text += f"[lanes.{name}]\nbranches = {_list(branches)}\npaths = {_list(paths)}\n"
    return parse(text.encode())


def _list(texts: Iterable[str]) -> str:
    return "[" + ", ".join("'" + text + "'" for text in texts) + "]"


def of_paths(first: Sequence[str], second: Sequence[str], head: str = "") -> Manifest:
    return manifest((["a/*"], first), (["b/*"], second), head=head)


def of_branches(first: Sequence[str], second: Sequence[str], head: str = "") -> Manifest:
    return manifest((first, ["/a"]), (second, ["/b"]), head=head)


def found(proof: Proof) -> list[tuple[str, str, str]]:
    """Give each overlap as its witness and the two patterns that decide on it."""
    assert proof.undecided == ()
    return [(one.witness.decode(), *(pattern.text for pattern in one.patterns)) for one in proof.overlaps]


# -- Paths, in a table


@pytest.mark.parametrize(
    ("first", "second", "witness"),
    [
        # The shortest readable one
        (["src/**/*.py"], ["src/api/**"], "src/api/x.py"),
        (["*.md"], ["*.py"], "x.md/x.py"),
        (["/test_*"], ["/*.py"], "test_.py"),
        (["/v[0-9]"], ["/v[!0-4]"], "v5"),
        (["/[!a-zA-Z]?"], ["/*"], "0x"),
        (["é*"], ["*è"], "éè"),
        (["/a"], ["/a/b/c.py"], "a/b/c.py"),
        (["/docs/"], ["/docs"], "docs/x"),
        (["/a/**/b/**/c"], ["/a/b/c/d/"], "a/b/c/d/x"),
        (["/api-*"], ["/api-*"], "api-x"),
        (["/[ab]/x y"], ["/b/*"], "b/x y"),
        # Apart
        (["/a/b/"], ["/a/c/"], None),
        (["/a/b"], ["/a/bc"], None),
        (["/locale/*/a.po"], ["/locale/*/b.po"], None),
        (["/a/?"], ["/a/??"], None),
        (["/src/A*"], ["/src/a*"], None),
        (["/[ab]x"], ["/[cd]x"], None),
        # What is taken out again, and what is put in again
        (["*.md"], ["/src/", "!*.md"], None),
        (["*.md"], ["/src/", "!*.md", "/src/x.md"], "src/x.md"),
        (["**/tests/**"], ["/src/", "!/src/**/tests/**"], None),
        (["/src/", "!/src/**/[a-z]*"], ["/src"], "src/0"),
        (["/src/", "!/src/*"], ["/src"], "src/"),
        (["/x"], ["/x", "!/x/*", "!/x/**"], "x"),
        (["/x/"], ["/x", "!/x/*"], "x/"),
        (["/x/"], ["/x", "!/x/"], None),
        (["/a/", "!/a/b/", "/a/b/c/"], ["/a/b/", "!/a/b/c/"], None),
        # Folders and files
        (["/a/*/"], ["/a/*"], "a/x/x"),
        (["/a/*/"], ["/a/*", "!/a/*/*"], "a/x/"),
        # Only paths that can be
        (["*"], ["/.git/x"], None),
        (["*"], ["/a/.GIT"], None),
        (["*"], ["/.git*"], ".gitx"),
        (["/git~*"], ["/git~1", "/GIT~1/*"], None),
        (["*"], ["a//b"], None),
        (["/[.]"], ["/?", "!/[!.]"], None),
        (["/*"], ["/?[.]", "!/[!.]?"], None),
        (["*"], ["/x[/]"], None),
        (["/.lanes.toml"], ["/.lanes.toml"], None),
        (["/*.toml"], ["/.lanes.toml"], None),
        (["/.lanes.tom?"], ["/.lanes.*"], ".lanes.tomx"),
    ],
)
def test_paths(first: list[str], second: list[str], witness: str | None) -> None:
    for one, other in ((first, second), (second, first)):
        found_ = [text for text, _, _ in found(prove(of_paths(one, other)))]
        assert found_ == ([] if witness is None else [witness])


@pytest.mark.parametrize(
    ("defaults", "witness"),
    [
        ("", "a/x"),
        ('shared = ["/a/"]', None),
        ('shared = ["/a/", "!/a/b"]', "a/b"),
        ('shared = ["/a/?"]', "a/xx"),
        ('protected = ["/a"]', None),
        ('protected = ["/a/*", "!*.md"]', "a/x.md"),
        ('protected = ["/a/*"]', "a/"),
        ('shared = ["/a/[a-m]*"]\nprotected = ["/a/[n-z]*"]', "a/0"),
    ],
)
def test_shared_and_protected_paths_are_no_overlap(defaults: str, witness: str | None) -> None:
    both = of_paths(["/a/", "/b"], ["/a/", "/c"], f"[defaults]\n{defaults}")
    assert [text for text, _, _ in found(prove(both))] == ([] if witness is None else [witness])


def test_what_is_said_of_an_overlap() -> None:
    """The patterns are those that decide on the witness, not the first that match it."""
    lanes = manifest(
        (["a/*"], ["*.py", "/other/", "src/**/*.py"]),
        (["b/*"], []),
        (["c/*"], ["/docs/"]),
        (["d/*", "a/[xy]*"], ["/src/", "!/src/api/", "/src/api/*"]),
    )
    proof = prove(lanes)
    assert [(one.kind, one.lanes, one.witness) for one in proof.overlaps] == [
        ("path", ("a", "c"), b"docs/x.py"),
        ("branch", ("a", "d"), b"a/x"),
        ("path", ("a", "d"), b"src/x.py"),
    ]
    assert proof.overlaps[1].patterns == (
        (("lanes", "a", "branches", 0), "a/*"),
        (("lanes", "d", "branches", 1), "a/[xy]*"),
    )
    assert proof.overlaps[2].patterns == (
        (("lanes", "a", "paths", 2), "src/**/*.py"),
        (("lanes", "d", "paths", 0), "/src/"),
    )
    assert (proof.unknown, proof.proven) == ((), 4)
    of_one = prove(lanes, "c")
    assert ([one.lanes for one in of_one.overlaps], of_one.proven) == ([("a", "c")], 2)
    assert [one.kind for one in prove(lanes, kinds=["branch"]).overlaps] == ["branch"]


# -- Names of branches, in a table


@pytest.mark.parametrize(
    ("first", "second", "witness"),
    [
        (["work/*"], ["work/docs-*"], "work/docs-x"),
        (["work/**"], ["work/*/x"], "work/x/x"),
        (["work/*"], ["work/*/x"], None),
        (["a/*"], ["*/b"], "a/b"),
        (["a/*", "!*/b"], ["*/b"], None),
        (["**"], ["**"], "x"),
        (["**/docs"], ["docs"], "docs"),
        (["a"], ["a"], "a"),
        (["a"], ["ab"], None),
        # Only names that can be
        (["*.loc[k]"], ["*"], None),
        (["*[.]"], ["*"], None),
        (["*[~^:]*"], ["*"], None),
        (["x[.][.]*"], ["x*"], None),
        (["[@]"], ["?"], None),
        (["*[@]{*"], ["*"], None),
        (["[-]*"], ["*"], None),
        (["*[-]"], ["*"], "x-"),
        # Integration branches are no lane's, nor what could be mistaken for them
        (["main"], ["main"], None),
        (["[mM]ain"], ["*"], None),
        (["main*"], ["main*", "!mainx"], "maina"),
        (["release/*"], ["release/*"], "release/x"),
        (["hotfix/[aA]"], ["hotfix/*"], None),
    ],
)
def test_branches(first: list[str], second: list[str], witness: str | None) -> None:
    for one, other in ((first, second), (second, first)):
        both = of_branches(one, other, '[integration]\nbranches = ["hotfix/a"]')
        assert [text for text, _, _ in found(prove(both, trusted=b"main"))] == ([witness] if witness else [])


def test_patterns_of_integration_branches() -> None:
    head = '[integration]\npushers = ["ann"]\nbranches = ["release/*", "!release/[a-w]*"]'
    both = of_branches(["release/[a-x]"], ["release/*"], head)
    assert [text for text, _, _ in found(prove(both))] == ["release/a"]
    assert found(prove(of_branches(["release/[xyX]"], ["release/*"], head))) == []


# -- All small words


PARTS = ["a", "b", "ab", "*", "**", "?", "[ab]", "[!a]", "a*", "*b", "*a*", "."]
PATTERN = st.builds(
    lambda sign, slash, parts, end: sign + slash + "/".join(parts) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "/"]),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).filter(lambda parts: "." not in parts),
    st.sampled_from(["", "", "/", "/**"]),
)
PATTERNS = st.lists(PATTERN, min_size=1, max_size=3).filter(
    lambda texts: not all(text.startswith("!") for text in texts)
)
NONE_OR_MORE = st.one_of(st.just([]), PATTERNS)
WORDS = [
    bytes(letters)
    for length in range(1, 6)
    for letters in itertools.product(b"abc/", repeat=length)
    if b"//" not in bytes(letters) and not bytes(letters).startswith(b"/")
]


def may_both_write(lanes: Manifest, word: bytes) -> bool:
    """Say by the matcher, as the judge does, whether a path is an overlap."""
    path, folder = word.removesuffix(b"/"), word.endswith(b"/")
    both = all(lanes.may_write(lane, path, folder) for lane in lanes.lanes)
    return both and not lanes.shared.match(path, folder)


@settings(RELAXED, max_examples=250)
@given(PATTERNS, PATTERNS, NONE_OR_MORE, NONE_OR_MORE)
def test_paths_as_the_matcher_has_them(
    first: list[str], second: list[str], shared: list[str], protected: list[str]
) -> None:
    head = f"[defaults]\nshared = {_list(shared)}\nprotected = {_list(protected)}"
    lanes = of_paths(first, second, head)
    proof = prove(lanes)
    assert proof.undecided == ()
    for one in proof.overlaps:
        assert is_path(one.witness)
        assert may_both_write(lanes, one.witness)
    smallest = next((word for word in WORDS if may_both_write(lanes, word)), None)
    if smallest:
        (one,) = proof.overlaps
        assert len(one.witness) <= 2 * len(smallest) + 8
        assert not (one.witness.endswith(b"/") and not smallest.endswith(b"/"))


NAME_PARTS = ["a", "b", "*", "**", "?", "[ab]", "[!a]", "a*", "*b", "/", "."]
NAME_PATTERN = st.builds(
    lambda sign, parts: sign + "".join(parts),
    st.sampled_from(["", "", "!"]),
    st.lists(st.sampled_from(NAME_PARTS), min_size=1, max_size=5),
)


def is_possible(text: str) -> bool:
    try:
        manifest(([text.removeprefix("!")], []))
    except Exception:
        return False
    return True


NAME_PATTERNS = st.lists(NAME_PATTERN.filter(is_possible), min_size=1, max_size=3).filter(
    lambda texts: not all(text.startswith("!") for text in texts)
)
NAMES = [
    bytes(letters)
    for length in range(1, 5)
    for letters in itertools.product(b"abcA/.", repeat=length)
    if is_branch_name(bytes(letters))
]


@settings(RELAXED, max_examples=250)
@given(NAME_PATTERNS, NAME_PATTERNS, NAME_PATTERNS)
def test_branches_as_the_matcher_has_them(
    first: list[str], second: list[str], integration: list[str]
) -> None:
    head = f"[integration]\npushers = ['ann']\nbranches = {_list(integration)}"
    lanes = of_branches(first, second, head)
    trust = Trust(b"ab", manifest=lanes)

    def both_cover(name: bytes) -> bool:
        ours = not trust.is_integration(name) and not trust.lookalike(name)
        return ours and len(lanes.covering(name)) == 2

    proof = prove(lanes, trusted=b"ab")
    assert proof.undecided == ()
    assert all(is_branch_name(one.witness) and both_cover(one.witness) for one in proof.overlaps)
    if any(map(both_cover, NAMES)):
        assert len(proof.overlaps) == 1


# -- What was covered before


@settings(RELAXED, max_examples=250)
@given(PATTERNS, PATTERNS, PATTERNS, PATTERNS, NONE_OR_MORE, NONE_OR_MORE)
def test_what_is_new_as_the_matcher_has_it(
    first: list[str],
    second: list[str],
    third: list[str],
    fourth: list[str],
    kept: list[str],
    taken: list[str],
) -> None:
    """Each lane has some patterns more, or less, than before."""
    old = of_paths(first, second, f"defaults.shared = {_list(taken)}")
    new = of_paths([*first, *third], [*fourth, *second], f"defaults.protected = {_list(kept)}")

    def is_new(word: bytes) -> bool:
        return may_both_write(new, word) and not may_both_write(old, word)

    proof = prove(new, besides=old)
    assert proof.undecided == ()
    assert all(is_path(one.witness) and is_new(one.witness) for one in proof.overlaps)
    if any(map(is_new, WORDS)):
        assert len(proof.overlaps) == 1


@pytest.mark.parametrize(
    ("before", "after", "witness"),
    [
        ((["/a/"], ["/a/"]), (["/a/"], ["/a/"]), None),
        ((["/a/"], ["/a/"]), (["/a/b/"], ["/a/b/"]), None),
        ((["/a/b/"], ["/a/b/"]), (["/a/"], ["/a/"]), "a/x"),
        ((["/a/"], ["/a/"]), (["/a/", "/b"], ["/a/", "/b"]), "b"),
        ((["/a/"], ["/a/"]), (["/b/"], ["/b/"]), "b/x"),
        ((["*.md"], ["/docs/"]), (["*.md", "*.py"], ["/docs/"]), "docs/x.py"),
        ((["*.md"], ["/docs/"]), (["*.md", "/docs/*.md"], ["/docs/", "!/docs/private/"]), None),
        ((["/docs/", "!/docs/a*"], ["/docs/"]), (["/docs/", "!/docs/ab*"], ["/docs/"]), "docs/a"),
        ((["/x/"], ["/x"]), (["/x"], ["/x"]), "x"),
        ((["/x/y"], []), (["/x/y"], ["/x/y"]), "x/y"),
    ],
)
def test_what_is_new(
    before: tuple[list[str], list[str]], after: tuple[list[str], list[str]], witness: str | None
) -> None:
    (one, other), (one_now, other_now) = before, after
    for old, new in (
        (of_paths(one, other), of_paths(one_now, other_now)),
        (of_paths(other, one), of_paths(other_now, one_now)),
    ):
        assert [text for text, _, _ in found(prove(new, besides=old))] == ([witness] if witness else [])


def test_new_integration_branches_and_paths_of_nobody() -> None:
    """What was no lane's was no overlap before."""
    old = of_branches(["x", "y"], ["x", "y"], 'integration.branches = ["x"]')
    new = of_branches(["x", "y"], ["x", "y"])
    assert found(prove(new, besides=old)) == [("x", "x", "x")]
    assert found(prove(old, besides=new)) == []
    both = of_paths(["/a"], ["/a"])
    for defaults in ('shared = ["/a/b"]', 'protected = ["/a/b"]'):
        assert found(prove(both, besides=of_paths(["/a"], ["/a"], f"defaults.{defaults}"))) == [
            ("a/b", "/a", "/a")
        ]


def test_lanes_that_are_renamed_are_known_by_their_branches() -> None:
    one, other, third = (["a/*"], ["/x"]), (["b/*"], ["/x"]), (["c/*"], ["/x"])
    old = manifest(one, other)
    renamed = parse(old.text.replace("lanes.b", "lanes.z").encode())
    assert prove(renamed, besides=old).overlaps == ()
    in_front = parse(manifest(other).text.replace("lanes.a", "lanes.z").encode())
    moved = parse((in_front.text + manifest(one).text.partition("\n\n")[2]).encode())
    assert [lane.name for lane in moved.lanes] == ["z", "a"]
    assert prove(moved, besides=old).overlaps == ()
    assert [one.lanes for one in prove(manifest(one, other, third), besides=old).overlaps] == [
        ("a", "c"),
        ("b", "c"),
    ]
    # One lane is not taken for two
    both = manifest(one, one)
    twice = parse(both.text.replace("lanes.a", "lanes.y").replace("lanes.b", "lanes.z").encode())
    assert [one.kind for one in prove(twice, besides=both).overlaps] == ["branch", "path"]


def test_what_is_unknown_is_new_where_anything_is(monkeypatch: pytest.MonkeyPatch) -> None:
    intricate = of_paths(INTRICATE, ["/**/b?/**/c*/**/end", "!**/a/**", "!*a*"])
    monkeypatch.setattr(overlap, "MOST_WORK", 100)
    assert prove(intricate).unknown == (("a", "b"),)
    assert prove(intricate, besides=intricate).unknown == ()
    fewer = of_paths(INTRICATE, ["/**/b?/**/c*/**/end", "!*a*"])
    assert prove(intricate, besides=fewer).unknown == (("a", "b"),)


# -- Where the search is given up


INTRICATE = ["/" + "/".join(["**", "*a*"] * 6) + "/end", "!/**/b*/**/end"]


def test_what_takes_too_long_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never apart, though it is so: nobody has looked."""
    lanes = of_paths(INTRICATE, ["/**/b?/**/c*/**/end", "!**/a/**", "!*a*"])
    assert prove(lanes) == Proof((), (), 1)
    monkeypatch.setattr(overlap, "MOST_WORK", 100)
    patterns = (
        (("lanes", "a", "paths", 0), INTRICATE[0]),
        (("lanes", "b", "paths", 0), "/**/b?/**/c*/**/end"),
    )
    (unknown,) = prove(lanes).undecided
    assert (unknown.kind, unknown.lanes, unknown.patterns) == ("path", ("a", "b"), patterns)
    assert (prove(lanes).overlaps, prove(lanes).unknown, prove(lanes).proven) == ((), (("a", "b"),), 0)


def test_the_work_for_all_pairs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = manifest(*(([f"{i}/*"], [f"*.a{i}"]) for i in range(8)))
    assert len(prove(lanes).overlaps) == 28
    monkeypatch.setattr(overlap, "MOST_WORK_IN_ALL", 2000)
    proof = prove(lanes)
    assert 0 < len(proof.overlaps) < 28
    assert (len(proof.overlaps) + len(proof.unknown), proof.proven) == (28, 0)
    monkeypatch.setattr(overlap, "MOST_COMPARED", 10)
    with pytest.raises(CannotJudge, match="the path patterns of all lanes are too many to be compared"):
        prove(lanes)
    monkeypatch.setattr(overlap, "MOST_COMPARED", 1000)
    monkeypatch.setattr(overlap, "MOST_PAIRS", 27)
    with pytest.raises(CannotJudge, match="the path patterns of all lanes are too many to be compared"):
        prove(lanes)


def test_a_disguise_of_git_is_no_witness() -> None:
    """What the search takes for a path has to be one for git as well; else nothing is proven."""
    lanes = of_paths(["/.g\u200cit"], ["/.g\u200cit"])
    proof = prove(lanes)
    assert (proof.overlaps, proof.unknown, proof.proven) == ((), (("a", "b"),), 0)


def test_intricate_patterns_take_seconds_at_most() -> None:
    """Nobody can keep a push waiting by a manifest."""
    lanes = "version = 1\n"
    for i in range(60):
        texts = ["/" + "/".join(["**", f"*{c}*", "?b*", f"*{i % 7}?"] * 4) + f"/end{i}" for c in "abcdefgh"]
        lanes += f'[lanes.l{i}]\nbranches = ["{i}/*"]\npaths = {_list([*texts, "!/**/x*/**/y*/**"])}\n'
    before = time.process_time()
    prove(parse(lanes.encode()))
    assert time.process_time() - before < 10


def _hostile(*lanes: tuple[Sequence[str], Sequence[str]], head: str = "") -> str:
    text = f"version = 1\n{head}\n"
    for i, (branches, paths) in enumerate(lanes):
        text += f"[lanes.l{i}]\nbranches = {_list(branches)}\npaths = {_list(paths)}\n"
    assert len(text) < 1 << 20
    return text


HOSTILE = {
    "the same for all": _hostile(*((["**"], ["*"]) for _ in range(2000))),
    "what is taken out": _hostile((["a"], ["/a", *(f"!*{i}*" for i in range(10_000))]), (["b"], ["/a"])),
    "long beginnings": _hostile(*(([f"{i}"], ["/" + "ab/" * 600 + f"*{i}*x?"]) for i in range(200))),
    "all but a byte": _hostile(
        *(([name], ["/" + f"[!{name}]" * 900 + f"*{i}" for i in range(100)]) for name in "ab")
    ),
    "ten of each": _hostile(
        *(([f"{i}"], ["*", *(f"!*{a}*{b}*{i % 7}" for a in "abc" for b in "xyz")]) for i in range(100))
    ),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_manifest_takes_seconds_at_most(text: str) -> None:
    """Whatever is said of it: that is not known of its lanes, or that they are too many."""
    before = time.process_time()
    lanes = parse(text.encode())
    with suppress(CannotJudge):
        prove(lanes, trusted=b"main")
    list(idle(lanes))
    list(unjudged(lanes, b"main"))
    list(unused(lanes, [b"a/b", b"c"]))
    assert time.process_time() - before < 20


# -- A hundred lanes


def test_a_hundred_lanes_are_proven_apart() -> None:
    lanes = parse(hundred_lanes().encode())
    assert len(lanes.lanes) == 100
    assert {len(lane.paths.patterns) for lane in lanes.lanes} == {10}
    assert prove(lanes, trusted=b"main") == Proof((), (), 4950)
    assert list(idle(lanes)) == []


def test_it_takes_less_than_three_times_the_start() -> None:
    """All 4,950 pairs, against starting Python and reading the manifest. Each is the best of several runs."""
    read = "import sys; from lanes.manifest import parse; lanes = parse(sys.stdin.buffer.read())"
    proven = f"{read}\nfrom lanes.overlap import prove\nassert prove(lanes).proven == 4950"
    assert min(_seconds(proven) for _ in range(5)) < 3 * min(_seconds(read) for _ in range(5))


def _seconds(program: str) -> float:
    """Give the seconds of processor time that a program takes from its start."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = hundred_lanes().encode()
    subprocess.run([sys.executable, "-c", program], input=text, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# What is planted: a pattern more for some lane, and the other lane that it meets.
PLANTED = [
    ("auth-web", "/services/auth/src/", "auth-api", "services/auth/src/x"),
    ("docs-words", "/services/**/*.md", "accounts-api", "services/accounts/src/x.md"),
    ("chat-tests", "/locale/de/", "accounts-words", "locale/de/accounts.po"),
    ("feed-data", "/web/src/pages/feed/deep/[ab]?/*.tsx", "feed-web", "web/src/pages/feed/deep/ax/x.tsx"),
]


@pytest.mark.parametrize(("lane", "pattern", "other", "witness"), PLANTED)
def test_a_planted_overlap_is_found_and_real(
    repo: Repo, server: Repo, lane: str, pattern: str, other: str, witness: str
) -> None:
    """The server takes a commit of the witness on a branch of each of the two lanes."""
    text = hundred_lanes({lane: [pattern]})
    proof = prove(parse(text.encode()), trusted=b"main")
    assert proof.undecided == ()
    first = proof.overlaps[0]
    assert (set(first.lanes), first.witness.decode()) == ({lane, other}, witness)
    assert [one.text for one in first.patterns if one.key[1] == lane] == [pattern]
    assert proof.proven == 4950 - len(proof.overlaps)
    repo.git("remote", "add", "origin", str(server.path))
    repo.commit({".lanes.toml": text})
    assert repo.push("main").status == 0
    for name in first.lanes:
        branch = f"work/{name.replace('-', '/')}-1"
        repo.switch(branch, "main")
        repo.commit({first.witness: "x\n"})
        assert repo.push(branch).status == 0
    repo.switch("work/orders/api-1", "main")
    repo.commit({first.witness: "x\n"})
    assert repo.push("work/orders/api-1").status == 1
