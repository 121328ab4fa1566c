"""Prove that no two lanes can collide, or show where they do (README, "What git lanes check proves")."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Literal, NamedTuple

from lanes.automaton import Budget, Term, Undecided, shortest
from lanes.errors import CannotJudge
from lanes.manifest import FILE, Decisive, Lane, Manifest, dotted, is_branch_name
from lanes.patterns import NamePattern, PathPattern, Segment, Wild, either_case, literal, segments_of
from lanes.terms import MANIFEST_ITSELF, NO_BRANCH, NO_PATH, is_path, name_term, path_term
from lanes.text import printable, quoted
from lanes.trust import Trust

MOST_WORK = 50_000
"""So much is done for one pair of lanes, about a fifth of a second."""
MOST_WORK_IN_ALL = 500_000
MOST_COMPARED = 3_000_000
"""So many pairs of patterns are looked at."""
MOST_SHOWN = 10
"""So many collisions are told of where a manifest is refused."""

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

    `undecided` are those where the search was given up, and for what; `proven` is how many are apart.
    """

    overlaps: tuple[Overlap, ...]
    undecided: tuple[tuple[Kind, tuple[str, str]], ...]
    proven: int

    @property
    def unknown(self) -> tuple[tuple[str, str], ...]:
        """The pairs of which something is not known."""
        return tuple(dict.fromkeys(lanes for _, lanes in self.undecided))

    def pairs(self, kind: Kind) -> set[tuple[str, str]]:
        """Give the pairs that may both cover something: that do, or of which it is not known."""
        found = {overlap.lanes for overlap in self.overlaps if overlap.kind == kind}
        return found | {lanes for which, lanes in self.undecided if which == kind}


def prove(
    manifest: Manifest,
    lane: str | None = None,
    trusted: bytes | None = None,
    kinds: Sequence[Kind] = ("branch", "path"),
) -> Proof:
    """Decide for every two lanes, or for *lane* and every other one, whether both can cover something.

    Paths that are shared are shared on purpose. The manifest and protected paths are no lane's, nor are the
    names of integration branches, among them the *trusted* one. Raises CannotJudge where a manifest is beyond
    all measure.
    """
    names = [one.name for one in manifest.lanes]
    overlaps: dict[tuple[Pair, Kind], Overlap] = {}
    undecided: set[tuple[Pair, Kind]] = set()
    for kind in kinds:
        space = _branches(manifest, trusted) if kind == "branch" else _paths(manifest)
        budget = Budget(MOST_WORK_IN_ALL)
        for pair, prefixes in _suspects(space).items():
            if lane is not None and lane not in (names[pair[0]], names[pair[1]]):
                continue
            try:
                if overlap := _overlap(manifest.lanes, space, pair, prefixes, budget):
                    overlaps[pair, kind] = overlap
            except Undecided:
                undecided.add((pair, kind))
    pairs = len(names) * (len(names) - 1) // 2 if lane is None else len(names) - 1
    return Proof(
        tuple(overlap for _, overlap in sorted(overlaps.items())),
        tuple((kind, (names[a], names[b])) for (a, b), kind in sorted(undecided)),
        pairs - len({pair for pair, _ in overlaps.keys() | undecided}),
    )


def objections(old: Manifest | None, new: Manifest, trusted: bytes) -> tuple[str | None, str | None]:
    """Say why *new* may not take the place of *old* as the manifest in force, and what it may keep for now.

    Lanes may collide only where they did before, so that a manifest can be mended bit by bit. Both are ready
    to print; None where there is nothing to say.
    """
    kinds: tuple[Kind, ...] = ("branch", "path") if new.overlap_rejected else ("branch",)
    proof = prove(new, trusted=trusted, kinds=kinds)
    found = [(overlap.kind, overlap.lanes, described(new, overlap)) for overlap in proof.overlaps]
    found += [(kind, lanes, described_unknown(kind, lanes)) for kind, lanes in proof.undecided]
    known = prove(old, trusted=trusted, kinds=kinds) if old and found else Proof((), (), 0)
    added = [text for kind, lanes, text in found if lanes not in known.pairs(kind)]
    kept = [text for kind, lanes, text in found if lanes in known.pairs(kind)]
    mend = f"mend {FILE.decode()} first; git lanes check says how"
    return (
        "\n".join(["its manifest lets lanes collide that did not before", *_cut(added), mend])
        if added
        else None,
        "\n".join(["its manifest still lets lanes collide, as it did before", *_cut(kept)]) if kept else None,
    )


def _cut(texts: Sequence[str]) -> list[str]:
    more = len(texts) - MOST_SHOWN
    return [*texts[:MOST_SHOWN], *([f"… and {more:,} more like these"] if more > 0 else [])]


def described(manifest: Manifest, overlap: Overlap) -> str:
    """Say what two lanes both cover, and by which patterns; in lines, ready to print."""
    what = "cover the branch" if overlap.kind == "branch" else "may write"
    shown = printable(overlap.witness) if overlap.kind == "branch" else quoted(overlap.witness)
    first, second = overlap.lanes
    lines = [f'the lanes "{first}" and "{second}" both {what} {shown}']
    for lane, pattern in zip(overlap.lanes, overlap.patterns, strict=True):
        text = printable(pattern.text.encode())
        lines.append(f'  "{lane}" by {text} (line {manifest.line_of(pattern.key)}: {dotted(pattern.key)})')
    return "\n".join(lines)


def described_unknown(kind: Kind, lanes: tuple[str, str]) -> str:
    """Say that nothing is known of two lanes; in a line, ready to print."""
    what = "cover one branch" if kind == "branch" else "write one path"
    first, second = lanes
    return f'it is not known whether "{first}" and "{second}" can {what}: their patterns are too intricate'


class _Part(NamedTuple):
    """What a part of a path or a name begins and ends with; *whole* where that is all of it."""

    begins: bytes
    ends: bytes
    whole: bool

    @classmethod
    def of(cls, segment: Segment) -> "_Part":
        begins, ends = literal(segment), literal(segment[::-1])[::-1]
        return cls(begins, ends, len(begins) == len(segment))

    def meets(self, other: "_Part") -> bool:
        """Tell whether something may be both; it is not known for certain."""
        if self.whole and other.whole:
            return self.begins == other.begins
        return _meet(self.begins, other.begins) and _meet(self.ends[::-1], other.ends[::-1])


def _common(first: bytes, second: bytes) -> bytes:
    """Give what both begin with."""
    same = takewhile(lambda both: both[0] == both[1], zip(first, second, strict=False))
    return first[: sum(1 for _ in same)]


@dataclass(frozen=True)
class _Rule:
    """A pattern as the search takes it, and what all that it matches begins with; whole names with a mark."""

    term: Term
    prefix: bytes

    @classmethod
    def of(cls, term: Term, mark: bytes = b"") -> "_Rule":
        begins = literal(term.atoms)
        return cls(term, begins + mark * (len(begins) == len(term.atoms)))

    @cached_property
    def parts(self) -> tuple[_Part, ...]:
        """What stands between slashes, as far as their number is known."""
        known = takewhile(lambda segment: Wild.STARS not in segment, segments_of(self.term.atoms))
        return tuple(map(_Part.of, known))

    def meets(self, other: "_Rule") -> bool:
        """Tell whether one word may match both, as far as that is seen at a glance."""
        return all(mine.meets(its) for mine, its in zip(self.parts, other.parts, strict=False))


def _meet(first: bytes, second: bytes) -> bool:
    """Tell whether a word can begin with both."""
    return first.startswith(second) or second.startswith(first)


@dataclass(frozen=True, slots=True)
class _Space:
    """What lanes can cover, paths or branches: the rules of each lane, and lists of what is no lane's."""

    kind: Kind
    lanes: list[list[_Rule]]
    excluded: list[list[_Rule]]
    invalid: list[Term]
    is_word: Callable[[Pair, bytes], bool]


def _path_rule(pattern: PathPattern) -> _Rule:
    return _Rule.of(path_term(pattern))


def _name_rule(pattern: NamePattern) -> _Rule:
    return _Rule.of(name_term(pattern), mark=b"\0")


def _paths(manifest: Manifest) -> _Space:
    def is_word(pair: Pair, word: bytes) -> bool:
        path, folder = word.rstrip(b"/"), word.endswith(b"/")
        both = all(manifest.may_write(manifest.lanes[i], path, folder) for i in pair)
        return both and is_path(word) and not manifest.shared.match(path, folder)

    return _Space(
        "path",
        [[_path_rule(pattern) for pattern in lane.paths.patterns] for lane in manifest.lanes],
        [
            [_path_rule(pattern) for pattern in manifest.shared.patterns],
            [_path_rule(pattern) for pattern in manifest.protected.patterns],
            [_Rule.of(term) for term in MANIFEST_ITSELF],
        ],
        NO_PATH,
        is_word,
    )


def _branches(manifest: Manifest, trusted: bytes | None) -> _Space:
    trust = Trust(trusted or b"", manifest=manifest)
    integration = manifest.integration.branches
    own = [Term(tuple(either_case(frozenset((byte,))) for byte in trusted))] if trusted else []

    def is_word(pair: Pair, name: bytes) -> bool:
        both = all(manifest.lanes[i].branches.match(name) for i in pair)
        return both and is_branch_name(name) and not trust.is_integration(name) and not trust.lookalike(name)

    return _Space(
        "branch",
        [[_name_rule(pattern) for pattern in lane.branches.patterns] for lane in manifest.lanes],
        [
            [_name_rule(pattern) for pattern in integration.patterns],
            [_name_rule(pattern) for pattern in integration.in_any_case],
            [_Rule.of(term) for term in own],
        ],
        NO_BRANCH,
        is_word,
    )


def _suspects(space: _Space) -> dict[Pair, set[bytes]]:
    """Find the pairs of lanes that may cover one word, and what such a word begins with.

    Two patterns match one word only where what the one begins with begins what the other begins with.
    """
    taken_out = [_taken_out(rules) for rules in space.lanes]
    no_lanes = {term for rules in space.excluded for term in _for_good(rules)}
    rules = sorted(
        (rule.prefix, i, j)
        for i, lane in enumerate(space.lanes)
        for j, rule in enumerate(lane)
        if rule.term.include and rule.term not in no_lanes
    )
    found: dict[Pair, set[bytes]] = {}
    compared = 0
    open_: list[tuple[bytes, int, int]] = []  # the prefix of each begins the next one
    for prefix, i, j in rules:
        while open_ and not prefix.startswith(open_[-1][0]):
            open_.pop()
        rule = space.lanes[i][j]
        compared += len(open_)
        if compared > MOST_COMPARED:
            raise CannotJudge(
                f"more than {MOST_COMPARED:,} pairs of patterns may match one {space.kind}, too many"
            )
        for _, k, n in open_:
            begins = found.setdefault((k, i) if k < i else (i, k), set())
            if k == i or prefix in begins:
                continue
            other = space.lanes[k][n]
            stays = taken_out[k].get(rule.term, -1) < n and taken_out[i].get(other.term, -1) < j
            if stays and rule.meets(other):
                begins.add(prefix)
        open_.append((prefix, i, j))
    return {pair: begins for pair, begins in found.items() if begins}


def _taken_out(rules: Sequence[_Rule]) -> dict[Term, int]:
    """Map what a list takes out again, as a pattern that includes it, to the place where it last does."""
    return {rule.term._replace(include=True): i for i, rule in enumerate(rules) if not rule.term.include}


def _for_good(rules: Sequence[_Rule]) -> Iterator[Term]:
    """Give what a list covers whatever comes behind it in the list."""
    return (rule.term for rule in takewhile(lambda rule: rule.term.include, reversed(rules)))


def _overlap(
    lanes: Sequence[Lane], space: _Space, pair: Pair, prefixes: set[bytes], budget: Budget
) -> Overlap | None:
    begins = _common(min(prefixes), max(prefixes))
    if len(prefixes) > 16:  # too many to compare each pattern with each
        prefixes = {begins}

    def relevant(rules: Sequence[_Rule]) -> list[Term]:
        return [rule.term for rule in rules if any(_meet(rule.prefix, prefix) for prefix in prefixes)]

    with budget.share(MOST_WORK) as mine:
        word = shortest(
            [relevant(space.lanes[i]) for i in pair],
            [*map(relevant, space.excluded), space.invalid],
            lambda word: space.is_word(pair, word),
            mine,
            begins.rstrip(b"/\0"),
        )
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
