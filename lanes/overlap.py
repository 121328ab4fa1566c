"""Prove that no two lanes can collide, or show where they do (README, "What git lanes check proves")."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Literal, NamedTuple

from lanes.automaton import Area, Budget, Term, Undecided, shortest
from lanes.errors import CannotJudge
from lanes.manifest import FILE, Decisive, Lane, Manifest, dotted, is_branch_name
from lanes.patterns import (
    NamePatterns,
    PathPattern,
    Segment,
    Wild,
    literal,
    segments_of,
)
from lanes.terms import MANIFEST_ITSELF, NO_BRANCH, NO_PATH, integration_terms, is_path, name_term, path_term
from lanes.text import printable, quoted
from lanes.trust import Trust

MOST_WORK = 50_000
"""So much is done for one pair of lanes, about a fifth of a second."""
MOST_WORK_IN_ALL = 500_000
MOST_COMPARED = 3_000_000
"""So much is done to compare the patterns of each lane with those of others, about a second or a few."""
MOST_PAIRS = 200_000
"""So many pairs of lanes may cover one word, as far as that is seen at a glance."""
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
class Unknown:
    """Two lanes that may both cover something: the search was given up.

    `patterns` may match the same, one of each lane: the most intricate of those that may.
    """

    kind: Kind
    lanes: tuple[str, str]
    patterns: tuple[Decisive, Decisive]


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of all pairs of lanes, in the order of the manifest; `proven` is how many are apart."""

    overlaps: tuple[Overlap, ...]
    undecided: tuple[Unknown, ...]
    proven: int

    @property
    def collisions(self) -> "tuple[Overlap | Unknown, ...]":
        """The pairs that collide, and those of which it is not known."""
        return (*self.overlaps, *self.undecided)

    @property
    def unknown(self) -> tuple[tuple[str, str], ...]:
        """The pairs of which something is not known."""
        return tuple(dict.fromkeys(one.lanes for one in self.undecided))


def prove(
    manifest: Manifest,
    lane: str | None = None,
    trusted: bytes | None = None,
    kinds: Sequence[Kind] = ("branch", "path"),
    besides: Manifest | None = None,
) -> Proof:
    """Decide for every two lanes, or for *lane* and every other one, whether both can cover something.

    Paths that are shared are shared on purpose. The manifest and protected paths are no lane's, nor are the
    names of integration branches, among them the *trusted* one. What two lanes both cover in a manifest
    *besides* this one is left out. Raises CannotJudge where a manifest is beyond all measure.
    """
    names = [one.name for one in manifest.lanes]
    overlaps: dict[tuple[Pair, Kind], Overlap] = {}
    undecided: dict[tuple[Pair, Kind], Unknown] = {}
    for kind in kinds:
        space = _Space.of(kind, manifest, trusted)
        known = _Known.of(manifest, besides, _Space.of(kind, besides, trusted)) if besides else None
        budget = Budget(MOST_WORK_IN_ALL)
        for pair, suspects in _suspects(space).items():
            if lane is not None and lane not in (names[pair[0]], names[pair[1]]):
                continue
            try:
                if overlap := _overlap(manifest.lanes, space, pair, suspects.keys(), budget, known):
                    overlaps[pair, kind] = overlap
            except Undecided:
                undecided[pair, kind] = _unknown(manifest.lanes, space, pair, suspects.values())
    pairs = len(names) * (len(names) - 1) // 2 if lane is None else len(names) - 1
    return Proof(
        tuple(overlap for _, overlap in sorted(overlaps.items())),
        tuple(unknown for _, unknown in sorted(undecided.items())),
        pairs - len({pair for pair, _ in overlaps.keys() | undecided.keys()}),
    )


def objections(old: Manifest | None, new: Manifest, trusted: bytes) -> tuple[str | None, str | None]:
    """Say why *new* may not take the place of *old* as the manifest in force, and what it may keep for now.

    Two lanes may both cover only what they both covered before, so that a manifest can be mended bit by bit.
    Both are ready to print; None where there is nothing to say.
    """
    kinds: tuple[Kind, ...] = ("branch", "path") if new.overlap_rejected else ("branch",)
    proof = prove(new, trusted=trusted, kinds=kinds)
    known = old if proof.collisions else None
    added = (prove(new, trusted=trusted, kinds=kinds, besides=known) if known else proof).collisions
    new_ones = {(one.kind, one.lanes) for one in added}
    kept = [one for one in proof.collisions if (one.kind, one.lanes) not in new_ones]
    mend = f"mend {FILE.decode()} first; git lanes check says how"
    return (
        "\n".join(["its manifest lets lanes collide that did not before", *_cut(new, added), mend])
        if added
        else None,
        "\n".join(["its manifest still lets lanes collide, as it did before", *_cut(new, kept)])
        if kept
        else None,
    )


def _cut(manifest: Manifest, found: "Sequence[Overlap | Unknown]") -> list[str]:
    more = len(found) - MOST_SHOWN
    texts = [described(manifest, one) for one in found[:MOST_SHOWN]]
    return [*texts, *([f"… and {more:,} more like these"] if more > 0 else [])]


def described(manifest: Manifest, found: Overlap | Unknown) -> str:
    """Say what two lanes both cover, or that it is not known, and by which patterns; ready to print."""
    first, second = found.lanes
    if isinstance(found, Overlap):
        what = "cover the branch" if found.kind == "branch" else "may write"
        lines = [f'the lanes "{first}" and "{second}" both {what} {shown(found)}']
    else:
        lines = [unknown(found)]
    for lane, pattern in zip(found.lanes, found.patterns, strict=True):
        text = printable(pattern.text.encode())
        lines.append(f'  "{lane}" by {text} (line {manifest.line_of(pattern.key)}: {dotted(pattern.key)})')
    return "\n".join(lines)


def shown(overlap: Overlap) -> str:
    """Give what two lanes both cover as it is printed: a path as git does, a branch as everywhere else."""
    return printable(overlap.witness) if overlap.kind == "branch" else quoted(overlap.witness)


def unknown(found: Unknown) -> str:
    """Say that nothing is known of two lanes; in a line, ready to print."""
    what = "cover one branch" if found.kind == "branch" else "write one path"
    first, second = found.lanes
    return f'it is not known whether "{first}" and "{second}" can {what}: their patterns are too intricate'


class _Part(NamedTuple):
    """What a part of a path or a name begins and ends with; *sets* where it has no star, byte by byte."""

    begins: bytes
    ends: bytes
    sets: Sequence[frozenset[int]] | None

    @classmethod
    def of(cls, segment: Segment) -> "_Part":
        sets = [atom for atom in segment if not isinstance(atom, Wild)]
        begins, ends = literal(segment), literal(segment[::-1])[::-1]
        return cls(begins, ends, sets if len(sets) == len(segment) else None)

    def meets(self, other: "_Part") -> bool:
        """Tell whether something may be both; it is not known for certain."""
        if not _meet(self.begins, other.begins) or not _meet(self.ends[::-1], other.ends[::-1]):
            return False
        if self.sets is None or other.sets is None:
            return True
        same = zip(self.sets, other.sets, strict=False)
        return len(self.sets) == len(other.sets) and all(not a.isdisjoint(b) for a, b in same)


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

    @cached_property
    def work(self) -> int:
        """How much it takes to compare it with another one: 1, and more where it is long."""
        return 1 + len(self.parts) + len(self.term.atoms) // 64

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

    @classmethod
    def of(cls, kind: Kind, manifest: Manifest, trusted: bytes | None) -> "_Space":
        return _branches(manifest, trusted) if kind == "branch" else _paths(manifest)

    def area(self, pair: Pair, prefixes: Collection[bytes], budget: Budget) -> Area:
        """Give what both lanes cover and is a lane's, of that which begins with one of the prefixes.

        Raises Undecided where the budget does not allow even that.
        """
        lists = (*(self.lanes[i] for i in pair), *self.excluded)
        budget.spend(10 + sum(map(len, lists)) * len(prefixes) // 8)

        def relevant(rules: Sequence[_Rule]) -> list[Term]:
            return [rule.term for rule in rules if any(_meet(rule.prefix, prefix) for prefix in prefixes)]

        return Area([relevant(self.lanes[i]) for i in pair], [*map(relevant, self.excluded), self.invalid])


def _path_rule(pattern: PathPattern) -> _Rule:
    return _Rule.of(path_term(pattern))


def _name_rule(term: Term) -> _Rule:
    return _Rule.of(term, mark=b"\0")


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

    def is_word(pair: Pair, name: bytes) -> bool:
        both = all(manifest.lanes[i].branches.match(name) for i in pair)
        return both and is_branch_name(name) and not trust.is_integration(name) and not trust.lookalike(name)

    return _Space(
        "branch",
        [[_name_rule(name_term(pattern)) for pattern in lane.branches.patterns] for lane in manifest.lanes],
        [list(map(_name_rule, terms)) for terms in integration_terms(manifest, trusted)],
        NO_BRANCH,
        is_word,
    )


class _Known(NamedTuple):
    """What lanes of a manifest cover in another one: its space, and the places that they have there."""

    space: _Space
    lanes: Mapping[int, int]

    @classmethod
    def of(cls, manifest: Manifest, other: Manifest, space: _Space) -> "_Known":
        """Find each lane by its name, or else by its branches: it may have been renamed."""
        named = {lane.name: i for i, lane in enumerate(other.lanes)}
        gone = named.keys() - {lane.name for lane in manifest.lanes}
        renamed = {_texts(lane.branches): i for i, lane in enumerate(other.lanes) if lane.name in gone}
        # None is found twice: what one lane covers, two lanes did not both cover.
        found = (
            named[lane.name] if lane.name in named else renamed.pop(_texts(lane.branches), None)
            for lane in manifest.lanes
        )
        return cls(space, {i: known for i, known in enumerate(found) if known is not None})

    def pair(self, pair: Pair) -> Pair | None:
        """Give the places of two lanes in the other manifest, None where it lacks one."""
        first, second = (self.lanes.get(i) for i in pair)
        return None if first is None or second is None else (first, second)


def _texts(patterns: NamePatterns) -> tuple[str, ...]:
    return tuple(pattern.text for pattern in patterns.patterns)


def _suspects(space: _Space) -> dict[Pair, dict[bytes, Pair]]:
    """Find the pairs of lanes that may cover one word, and what such a word begins with.

    With each beginning come the places of two patterns, one of each lane, that may match such a word. Two
    patterns match one word only where what the one begins with begins what the other begins with.
    """
    taken_out = [_taken_out(rules) for rules in space.lanes]
    no_lanes = {term for rules in space.excluded for term in _for_good(rules)}
    rules = sorted(
        (rule.prefix, i, j)
        for i, lane in enumerate(space.lanes)
        for j, rule in enumerate(lane)
        if rule.term.include and rule.term not in no_lanes
    )
    found: dict[Pair, dict[bytes, Pair]] = {}
    compared = 0
    open_: list[tuple[bytes, int, int]] = []  # the prefix of each begins the next one
    for prefix, i, j in rules:
        while open_ and not prefix.startswith(open_[-1][0]):
            open_.pop()
        rule = space.lanes[i][j]
        for _, k, n in open_:
            pair, places = ((k, i), (n, j)) if k < i else ((i, k), (j, n))
            other = space.lanes[k][n]
            compared += other.work
            if k == i or prefix in found.get(pair, ()):
                continue
            stays = taken_out[k].get(rule.term, -1) < n and taken_out[i].get(other.term, -1) < j
            if stays and rule.meets(other):
                found.setdefault(pair, {})[prefix] = places
        if compared > MOST_COMPARED or len(found) > MOST_PAIRS:
            raise CannotJudge(f"the {space.kind} patterns of all lanes are too many to be compared")
        open_.append((prefix, i, j))
    return found


def _taken_out(rules: Sequence[_Rule]) -> dict[Term, int]:
    """Map what a list takes out again, as a pattern that includes it, to the place where it last does."""
    return {rule.term._replace(include=True): i for i, rule in enumerate(rules) if not rule.term.include}


def _for_good(rules: Sequence[_Rule]) -> Iterator[Term]:
    """Give what a list covers whatever comes behind it in the list."""
    return (rule.term for rule in takewhile(lambda rule: rule.term.include, reversed(rules)))


def _overlap(
    lanes: Sequence[Lane],
    space: _Space,
    pair: Pair,
    prefixes: Collection[bytes],
    budget: Budget,
    known: _Known | None,
) -> Overlap | None:
    begins = _common(min(prefixes), max(prefixes))
    if len(prefixes) > 16:  # too many to compare each pattern with each
        prefixes = {begins}
    area = space.area(pair, prefixes, budget)
    before = known.pair(pair) if known else None
    known_area = known.space.area(before, prefixes, budget) if known and before else None
    if area == known_area:
        return None

    def is_word(word: bytes) -> bool:
        is_known = known and before and known.space.is_word(before, word)
        return space.is_word(pair, word) and not is_known

    with budget.share(MOST_WORK) as mine:
        word = shortest(area, is_word, mine, begins.rstrip(b"/\0"), known_area)
    if word is None:
        return None
    first, second = (lanes[i] for i in pair)
    deciding = (_decisive(space.kind, first, word), _decisive(space.kind, second, word))
    return Overlap(space.kind, (first.name, second.name), word, deciding)


def _unknown(lanes: Sequence[Lane], space: _Space, pair: Pair, suspects: Iterable[Pair]) -> Unknown:
    i, j = pair

    def intricate(places: Pair) -> int:
        terms = (space.lanes[i][places[0]].term, space.lanes[j][places[1]].term)
        return sum(isinstance(atom, Wild) for term in terms for atom in term.atoms)

    m, n = max(suspects, key=intricate)
    first, second = lanes[i], lanes[j]
    patterns = (_pattern(space.kind, first, m), _pattern(space.kind, second, n))
    return Unknown(space.kind, (first.name, second.name), patterns)


def _decisive(kind: Kind, lane: Lane, word: bytes) -> Decisive:
    if kind == "path":
        index = lane.paths.deciding(word.rstrip(b"/"), word.endswith(b"/"))
    else:
        index = lane.branches.deciding(word)
    assert index is not None, "a pattern that covers the word is what was searched for"  # noqa: S101
    return _pattern(kind, lane, index)


def _pattern(kind: Kind, lane: Lane, index: int) -> Decisive:
    name = "paths" if kind == "path" else "branches"
    patterns = (lane.paths if kind == "path" else lane.branches).patterns
    return Decisive(("lanes", lane.name, name, index), patterns[index].text)
