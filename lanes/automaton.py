"""Find the shortest readable word that some lists of patterns cover and others don't, or prove that none is.

It is a search through the states of one automaton for all of these patterns, the cheapest word first. It
knows neither lanes nor manifests.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from heapq import heappop, heappush
from itertools import chain
from typing import NamedTuple

from lanes.patterns import SLASH, Atom, Automaton, Wild

_SLASH = ord("/")


class Undecided(Exception):
    """The search was given up, so nothing is known."""


@dataclass
class Budget:
    """How much work searches may still be: about a microsecond or a few for each unit."""

    left: int

    def spend(self, work: int) -> None:
        """Do so much of it. Raises Undecided where that is more than is left."""
        self.left -= work
        if self.left < 0:
            raise Undecided

    @contextmanager
    def share(self, most: int) -> Iterator["Budget"]:
        """Give a budget for one search, of what is left."""
        allowed = min(most, self.left)
        part = Budget(allowed)
        try:
            yield part
        finally:
            self.left -= allowed - part.left


class Term(NamedTuple):
    """A pattern of a list, of which the last one that matches decides.

    With *at_or_below* the atoms end in `/**`, and what they say before that is covered, too.
    """

    atoms: tuple[Atom, ...]
    include: bool = True
    at_or_below: bool = False


class Area(NamedTuple):
    """The words that all *required* lists of patterns cover, and no *excluded* one."""

    required: Sequence[Sequence[Term]]
    excluded: Sequence[Sequence[Term]]


# What people put into names comes first, and costs least. Every byte but NUL can stand in a word.
_READABLE = (b"x", b"abcdefghijklmnopqrstuvwyz", b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"_-.", b"/")
_COST = dict.fromkeys(range(256), 40) | dict.fromkeys(range(33, 127), 20)
_COST |= {byte: cost for cost, group in enumerate(_READABLE, 2) for byte in group}
_ORDER = b"".join(_READABLE)
_BYTES = sorted(range(256), key=lambda byte: (byte == 0, _COST[byte], _ORDER.find(byte), byte))
_BEGINS_ODDLY = dict.fromkeys(b"_-.", 8)  # a part of a name


@lru_cache(maxsize=1024)
def _most_readable(members: frozenset[int]) -> int:
    return next((byte for byte in _BYTES if byte in members), 0)


class _List:
    """A list of patterns in an automaton: which of its states say what of a word that is read so far."""

    def __init__(self, automaton: Automaton, terms: Sequence[Term], required: bool) -> None:
        self.required = required
        self.first = self.lasting = self.including = self.states = 0
        self._excluding = self._at_end = self._at_end_of_file = 0
        self._includes: dict[int, bool] = {}  # by the bit length of the state
        for term in terms:
            first, last = automaton.add(term.atoms)
            states = (last << 1) - first
            self.first |= first
            self.states |= states
            if term.include:
                self.including |= states
            else:
                self._excluding |= states
            if term.atoms[-1] is Wild.STARS:
                self.lasting |= last
            self._at_end |= last
            self._includes[last.bit_length()] = term.include
            if term.at_or_below:
                self._at_end_of_file |= last >> 1
                self._includes[last.bit_length() - 1] = term.include

    def settle(self, states: int) -> int | None:
        """Leave out states that can't decide any more; None where nothing that begins so is as required."""
        matched = states & self.lasting
        if not matched:
            if states & self.including:
                return states
            return None if self.required else states & ~self.states
        last = 1 << (matched.bit_length() - 1)
        states &= ~(self.states & (last - 1))  # what a later pattern matches, an earlier one does not decide
        includes = self._includes[matched.bit_length()]
        if states & (self._excluding if includes else self.including):
            return states
        if includes != self.required:
            return None
        return states & ~self.states | (last if includes else 0)

    def is_as_required(self, states: int, folder: bool) -> bool:
        """Tell whether a word is covered, or isn't, as is required; *folder* where it ends in a slash."""
        matched = states & (self._at_end if folder else self._at_end | self._at_end_of_file)
        return (matched > 0 and self._includes[matched.bit_length()]) == self.required


class _Lists:
    """The lists of an area: which states say that a word is in it."""

    def __init__(self, automaton: Automaton, area: Area) -> None:
        self._lists = [
            *(_List(automaton, terms, required=True) for terms in area.required),
            *(_List(automaton, terms, required=False) for terms in area.excluded),
        ]
        self.first = [one.first for one in self._lists]
        self.states = sum(one.states for one in self._lists)
        self._required = [one.including for one in self._lists if one.required]
        self._lasting = sum(one.lasting for one in self._lists)

    def settle(self, states: int) -> int | None:
        """Leave out states that can't decide any more; None where nothing that begins so is in the area."""
        if not states & self._lasting:  # which is so nearly always
            return states if all(map(states.__and__, self._required)) else None
        settled: int | None = states
        for one in self._lists:
            if settled is not None:
                settled = one.settle(settled)
        return settled

    def have(self, states: int, folder: bool) -> bool:
        """Tell whether a word is in the area; *folder* where it ends in a slash."""
        return all(one.is_as_required(states, folder) for one in self._lists)


class Matcher:
    """A list of patterns, to be told which of them match a word. Raises Undecided where they are too many."""

    def __init__(self, terms: Sequence[Term], budget: Budget) -> None:
        possible = [(i, term) for i, term in enumerate(terms) if frozenset() not in term.atoms]
        self._work = 1 + _spend_on(budget, [term for _, term in possible]) // 512
        self._budget = budget
        self._terms = terms
        self._automaton = Automaton()
        self._first = self._at_end = self._at_end_of_file = 0
        self._places: dict[int, int] = {}  # by the bit length of the state
        for i, term in possible:
            first, last = self._automaton.add(term.atoms)
            self._first |= first
            self._at_end |= last
            self._places[last.bit_length()] = i
            if term.at_or_below:
                self._at_end_of_file |= last >> 1
                self._places[last.bit_length() - 1] = i

    def matching(self, word: bytes) -> Iterator[int]:
        """Give the places in the list of the patterns that match, the last one first."""
        self._budget.spend(self._work)
        states = self._automaton.entered(self._first)
        for byte in word:
            states = self._automaton.read(states, byte)
        states &= self._at_end if word.endswith(b"/") else self._at_end | self._at_end_of_file
        while states:
            yield self._places[states.bit_length()]
            states ^= 1 << (states.bit_length() - 1)

    def covers(self, word: bytes) -> bool:
        """Tell whether the list covers a word: the last pattern that matches decides."""
        return next((self._terms[place].include for place in self.matching(word)), False)


def _spend_on(budget: Budget, terms: Iterable[Term]) -> int:
    """Spend what an automaton of such patterns takes; give how many bytes of a word they stand for."""
    sets = [atom for term in terms for atom in term.atoms if not isinstance(atom, Wild)]
    bytes_ = sum(map(len, sets))
    budget.spend(20 + bytes_ // 50 + bytes_ * len(sets) // 200_000)
    return len(sets)


class _Distance:
    """What a word costs at least from some states on, until a list of patterns covers it."""

    def __init__(self, terms: Sequence[Term], first: int) -> None:
        states_at: dict[int, int] = {}
        state = first
        for term in terms:
            costs = [_COST[_most_readable(atom)] for atom in term.atoms if not isinstance(atom, Wild)]
            left = sum(costs) - term.at_or_below * _COST[_SLASH]
            for cost in (*costs, 0):
                if term.include:
                    states_at[max(left, 0)] = states_at.get(max(left, 0), 0) | state
                left -= cost
                state <<= 1
        self._states_at = sorted(states_at.items())

    def __len__(self) -> int:
        return len(self._states_at)

    def of(self, states: int) -> int:
        for distance, those in self._states_at:
            if states & those:
                return distance
        return 0


def shortest(
    area: Area,
    is_word: Callable[[bytes], bool],
    budget: Budget,
    begins: bytes = b"",
    known: Area | None = None,
) -> bytes | None:
    """Give the shortest readable word of an area that is not in the *known* one, or None.

    All that is in the area is known to begin with *begins*. A word that ends in a slash, as a submodule does,
    is given where there is no other. *is_word* has the last say. Raises Undecided where it refuses all that
    was found, or the *budget* is spent.
    """
    folder = None
    refused = False
    try:
        for word in _Search(area, known, budget).words(begins):
            if not is_word(word):
                refused = True
            elif not word.endswith(b"/"):
                return word
            else:
                folder = folder or word
    except Undecided:
        refused = True
    if refused and folder is None:
        raise Undecided
    return folder


def example(term: Term) -> bytes:
    """Give a word that a pattern matches, though perhaps no valid one."""
    word = bytearray()
    for i, atom in enumerate(term.atoms[:-2] if term.at_or_below else term.atoms):
        if isinstance(atom, Wild):
            word += b"" if term.atoms[i : i + 2] == (Wild.STARS, SLASH) else b"x"
        elif atom != SLASH:
            word.append(_most_readable(atom))
        elif word and not word.endswith(b"/"):
            word += b"/"
    return bytes(word)


class _Search:
    """A search for words that are in one area and not in another: A*, by what patterns ask for at least."""

    def __init__(self, area: Area, known: Area | None, budget: Budget) -> None:
        self._budget = budget
        areas = [_possible(one) for one in (area, known) if one]
        lists = [terms for one in areas for terms in (*one.required, *one.excluded)]
        length = _spend_on(budget, chain.from_iterable(lists))
        self._automaton = Automaton()
        self._wanted, *rest = (_Lists(self._automaton, one) for one in areas)
        self._known = rest[0] if rest else None
        self._first = sum(self._wanted.first) + sum(self._known.first if self._known else ())
        self._distances = [
            _Distance(terms, first & -first)
            for first, terms in zip(self._wanted.first, areas[0].required, strict=False)
        ]
        self._work = 1 + (sum(len(one) for one in self._distances) >> 5) + (length >> 13)
        # One byte, the most readable, for all that no pattern tells apart; the slash is like no other.
        alike: dict[int, int] = {}
        for byte in _BYTES[:-1]:
            alike.setdefault(self._automaton.accepts[byte], byte)
        self._letters = [byte for byte in alike.values() if byte != _SLASH]
        self._work_of_a_state = self._work + (len(self._letters) >> 4)

    def words(self, begins: bytes) -> Iterator[bytes]:
        """Give a word for each state in which the lists are as required, the cheapest first."""
        start = self._settle(self._automaton.entered(self._first))
        self._budget.spend(self._work * len(begins))
        for byte in begins:
            start = start and self._settle(self._automaton.read(start, byte))
        if start is None:
            return
        heap = [(self._distance(start), begins, start)]
        best = {start: 0}
        done = set()
        while heap:
            _, word, states = heappop(heap)
            if states in done:
                continue
            done.add(states)
            self._budget.spend(self._work_of_a_state)
            cost = best[states]
            folder = word.endswith(b"/")
            if self._is_as_required(states, folder):
                yield self._rounded(word, states)
            at_beginning = folder or not word
            for byte, after in self._steps(states):
                self._budget.spend(self._work)
                total = cost + _COST[byte] + (_BEGINS_ODDLY.get(byte, 0) if at_beginning else 0)
                if best.get(after, total + 1) > total:
                    best[after] = total
                    heappush(heap, (total + self._distance(after), word + bytes((byte,)), after))

    def _is_as_required(self, states: int, folder: bool) -> bool:
        known = self._known is not None and self._known.have(states, folder)
        return self._wanted.have(states, folder) and not known

    def _rounded(self, word: bytes, states: int) -> bytes:
        """Give a word that ends like `work/api-` a letter more, where it may have one."""
        if word[-1:] in (b"_", b"-", b"."):
            for byte, after in self._steps(states):
                if _COST[byte] < _COST[word[-1]] and self._is_as_required(after, folder=False):
                    return word + bytes((byte,))
        return word

    def _steps(self, states: int) -> Iterator[tuple[int, int]]:
        read, accepts = self._automaton.read, self._automaton.accepts
        seen = set()
        for byte in self._letters:
            moved = states & accepts[byte]
            if moved not in seen:  # else a byte that is more readable leads to the same
                seen.add(moved)
                if (after := self._settle(read(states, byte))) is not None:
                    yield byte, after
        if (after := self._settle(read(states, _SLASH))) is not None:
            yield _SLASH, after

    def _settle(self, states: int) -> int | None:
        settled = self._wanted.settle(states)
        if settled is None or self._known is None:
            return settled
        unknown = settled & ~self._known.states
        return unknown if (known := self._known.settle(settled)) is None else known

    def _distance(self, states: int) -> int:
        return max((one.of(states) for one in self._distances), default=0)


def _possible(area: Area) -> Area:
    """Leave out patterns with a bracket such as [/], which match nothing."""
    required, excluded = (
        [[t for t in terms if frozenset() not in t.atoms] for terms in lists] for lists in area
    )
    return Area(required, excluded)
