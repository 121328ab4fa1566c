"""Prove that no two lanes can collide, or show where they do (README, "What git lanes check proves")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from lanes.automaton import Budget, Term, Undecided, shortest
from lanes.manifest import FILE, Decisive, Lane, Manifest, is_branch_name
from lanes.patterns import GLOBSTAR, NamePattern, PathGlob, PathPattern, Wild, either_case, literal
from lanes.trees import is_forbidden
from lanes.trust import Trust

MOST_STEPS = 20_000
"""So many are taken for one question about two lanes."""
MOST_STEPS_IN_ALL = 400_000

Kind = Literal["path", "branch"]
Pair = tuple[int, int]
"""The places of two lanes in the manifest, the first one first."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two lanes both cover: a path that both may write, or a name of a branch (without `refs/heads/`).

    `witness` is a short one; a slash at its end stands for a submodule. `patterns` are those that decide on
    it, one of each lane.
    """

    kind: Kind
    lanes: tuple[str, str]
    witness: bytes
    patterns: tuple[Decisive, Decisive]


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of all pairs of lanes, in the order of the manifest.

    `unknown` are those where the search was given up; `proven` is the number of those that are apart.
    """

    overlaps: tuple[Overlap, ...]
    unknown: tuple[tuple[str, str], ...]
    proven: int


def prove(manifest: Manifest, lane: str | None = None, trusted: bytes | None = None) -> Proof:
    """Decide for every two lanes, or for *lane* and every other one, whether both can cover something.

    Paths that are shared are shared on purpose. The manifest and protected paths are no lane's, nor are the
    names of integration branches, among them the *trusted* one.
    """
    spaces = (_paths(manifest), _branches(manifest, trusted))
    budget = Budget(MOST_STEPS_IN_ALL)
    overlaps: list[tuple[Pair, Overlap]] = []
    unknown: set[Pair] = set()
    names = [one.name for one in manifest.lanes]
    for space in spaces:
        for pair, prefixes in _suspects(space.lanes).items():
            if lane is not None and lane not in (names[pair[0]], names[pair[1]]):
                continue
            try:
                if overlap := _overlap(manifest.lanes, space, pair, prefixes, budget):
                    overlaps.append((pair, overlap))
            except Undecided:
                unknown.add(pair)
    overlaps.sort(key=lambda found: (found[0], found[1].kind))
    known_not = unknown | {pair for pair, _ in overlaps}
    pairs = len(names) * (len(names) - 1) // 2 if lane is None else len(names) - 1
    return Proof(
        tuple(overlap for _, overlap in overlaps),
        tuple((names[a], names[b]) for a, b in sorted(unknown)),
        pairs - len(known_not),
    )


class _Rule(NamedTuple):
    """A pattern as the search takes it, and what all that it matches begins with; whole names with a mark."""

    term: Term
    prefix: bytes


@dataclass(frozen=True, slots=True)
class _Space:
    """What lanes can cover, paths or branches: the rules of each lane, and lists of what is no lane's."""

    kind: Kind
    lanes: list[list[_Rule]]
    excluded: list[list[_Rule]]
    invalid: list[Term]
    is_word: Callable[[Pair, bytes], bool]


# What no tree may hold; disguises of .git are left to is_forbidden.
_NO_PATH = [
    Term(glob.atoms, at_or_below=True)
    for glob in (
        PathGlob((GLOBSTAR, ()), folders_only=False),  # an empty part
        *map(PathGlob.parse, (b".", b"..", b".[gG][iI][tT]", b"[gG][iI][tT]~1")),
    )
]
_NOT_IN_A_NAME = frozenset(range(33)) | frozenset(b"\x7f~^:?*[\\")
_NO_BRANCH = [
    Term((Wild.STARS, _NOT_IN_A_NAME, Wild.STARS)),
    *(
        Term(NamePattern(text).atoms)
        for text in ("/**", "**/", "**//**", "**/.**", "**..**", "**.", "**.lock", "**.lock/**")
    ),
    *(Term(NamePattern(text).atoms) for text in (".**", "-**", "@", "**@{**")),
]


def _path_rule(pattern: PathPattern) -> _Rule:
    atoms = pattern.glob.atoms
    return _Rule(Term(atoms, bool(pattern.include), not pattern.glob.folders_only), literal(atoms))


def _name_rule(pattern: NamePattern) -> _Rule:
    begins = literal(pattern.atoms)
    mark = b"\0" if pattern.exact else b""
    return _Rule(Term(pattern.atoms, pattern.include), begins + mark)


def _paths(manifest: Manifest) -> _Space:
    def is_word(pair: Pair, word: bytes) -> bool:
        path, folder = word.rstrip(b"/"), word.endswith(b"/")
        both = all(manifest.may_write(manifest.lanes[i], path, folder) for i in pair)
        possible = not any(map(is_forbidden, path.split(b"/")))
        return both and possible and not manifest.shared.match(path, folder)

    return _Space(
        "path",
        [[_path_rule(pattern) for pattern in lane.paths.patterns] for lane in manifest.lanes],
        [
            [_path_rule(pattern) for pattern in manifest.shared.patterns],
            [_path_rule(pattern) for pattern in manifest.protected.patterns],
            [_name_rule(NamePattern(name)) for name in (FILE.decode(), FILE.decode() + "/")],
        ],
        _NO_PATH,
        is_word,
    )


def _branches(manifest: Manifest, trusted: bytes | None) -> _Space:
    trust = Trust(trusted or b"", manifest=manifest)
    integration = manifest.integration.branches
    own = Term(tuple(either_case(frozenset((byte,))) for byte in trust.branch))

    def is_word(pair: Pair, name: bytes) -> bool:
        both = all(manifest.lanes[i].branches.match(name) for i in pair)
        return both and is_branch_name(name) and not trust.is_integration(name) and not trust.lookalike(name)

    return _Space(
        "branch",
        [[_name_rule(pattern) for pattern in lane.branches.patterns] for lane in manifest.lanes],
        [
            [_name_rule(pattern) for pattern in integration.patterns],
            [_name_rule(pattern) for pattern in integration.in_any_case],
            [_Rule(own, literal(own.atoms))],
        ],
        _NO_BRANCH,
        is_word,
    )


def _suspects(lanes: Sequence[Sequence[_Rule]]) -> dict[Pair, set[bytes]]:
    """Find the pairs of lanes that may cover one word, and what such a word begins with.

    Two patterns match one word only where what the one begins with begins what the other begins with.
    """
    rules = sorted((rule.prefix, i) for i, lane in enumerate(lanes) for rule in lane if rule.term.include)
    found: dict[Pair, set[bytes]] = {}
    open_: list[tuple[bytes, int]] = []  # each of them begins the next one
    for prefix, lane in rules:
        while open_ and not prefix.startswith(open_[-1][0]):
            open_.pop()
        for _, other in open_:
            if other != lane:
                found.setdefault((min(lane, other), max(lane, other)), set()).add(prefix)
        open_.append((prefix, lane))
    return found


def _overlap(
    lanes: Sequence[Lane], space: _Space, pair: Pair, prefixes: set[bytes], budget: Budget
) -> Overlap | None:
    def relevant(rules: Sequence[_Rule]) -> list[Term]:
        return [
            rule.term
            for rule in rules
            if any(rule.prefix.startswith(prefix) or prefix.startswith(rule.prefix) for prefix in prefixes)
        ]

    mine = Budget(min(MOST_STEPS, budget.left))
    before = mine.left
    try:
        word = shortest(
            [relevant(space.lanes[i]) for i in pair],
            [*map(relevant, space.excluded), space.invalid],
            lambda word: space.is_word(pair, word),
            mine,
        )
    finally:
        budget.left -= before - mine.left
    if word is None:
        return None
    first, second = (lanes[i] for i in pair)
    return Overlap(
        space.kind,
        (first.name, second.name),
        word,
        (_decisive(space.kind, first, word), _decisive(space.kind, second, word)),
    )


def _decisive(kind: Kind, lane: Lane, word: bytes) -> Decisive:
    texts = [pattern.text for pattern in (lane.paths if kind == "path" else lane.branches).patterns]
    if kind == "path":
        index = lane.paths.deciding(word.rstrip(b"/"), word.endswith(b"/"))
    else:
        index = lane.branches.deciding(word)
    assert index is not None, "a pattern that covers the word is what was searched for"  # noqa: S101
    return Decisive(("lanes", lane.name, "paths" if kind == "path" else "branches", index), texts[index])
