"""Find the shortest readable word that some lists of patterns cover and others don't, or prove that none is.

It is a search through the states of one automaton for all of these patterns, the cheapest word first. It
knows neither lanes nor manifests.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

from lanes.patterns import Atom, Automaton, Wild

_SLASH = ord("/")


class Undecided(Exception):
    """The search was given up, so nothing is known."""


@dataclass
class Budget:
    """How many steps, from one state to another, a search may still take."""

    left: int

    def spend(self) -> None:
        """Take one. Raises Undecided where that is one too many."""
        if self.left <= 0:
            raise Undecided
        self.left -= 1


class Term(NamedTuple):
    """A pattern of a list, of which the last one that matches decides.

    With *at_or_below* the atoms end in `/**`, and what they say before that is covered, too.
    """

    atoms: tuple[Atom, ...]
    include: bool = True
    at_or_below: bool = False


# What people put into names comes first, and costs least. Every byte but NUL can stand in a word.
_READABLE = (b"x", b"abcdefghijklmnopqrstuvwyz", b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"_-.", b"/")
_COST = dict.fromkeys(range(1, 256), 40) | dict.fromkeys(range(33, 127), 20)
_COST |= {byte: cost for cost, group in enumerate(_READABLE, 2) for byte in group}
_ORDER = b"".join(_READABLE)
_BYTES = sorted(_COST, key=lambda byte: (_COST[byte], _ORDER.find(byte), byte))
_BEGINS_ODDLY = dict.fromkeys(b"_-.", 8)  # a part of a name


class _List:
    """A list of patterns in an automaton: which of its states say what of a word that is read so far."""

    def __init__(self, automaton: Automaton, terms: Sequence[Term], required: bool) -> None:
        self._required = required
        self.first = self._states = self._including = self._excluding = 0
        self._lasting = self._at_end = self._at_end_of_file = 0
        self._includes: dict[int, bool] = {}  # by the bit length of the state
        for term in terms:
            first, last = automaton.add(term.atoms)
            states = (last << 1) - first
            self.first |= first
            self._states |= states
            if term.include:
                self._including |= states
            else:
                self._excluding |= states
            self._lasting |= last if term.atoms[-1] is Wild.STARS else 0
            self._at_end |= last
            self._includes[last.bit_length()] = term.include
            if term.at_or_below:
                self._at_end_of_file |= last >> 1
                self._includes[last.bit_length() - 1] = term.include

    def settle(self, states: int) -> int | None:
        """Leave out states that can't decide any more; None where nothing that begins so is as required."""
        matched = states & self._lasting
        if not matched:
            if states & self._including:
                return states
            return None if self._required else states & ~self._states
        last = 1 << (matched.bit_length() - 1)
        states &= ~(self._states & (last - 1))  # what a later pattern matches, an earlier one does not decide
        includes = self._includes[matched.bit_length()]
        others = self._excluding if includes else self._including
        if states & others:
            return states
        if includes != self._required:
            return None
        return states & ~self._states | (last if includes else 0)

    def is_as_required(self, states: int, folder: bool) -> bool:
        """Tell whether a word is covered, or isn't, as is required; *folder* where it ends in a slash."""
        matched = states & (self._at_end if folder else self._at_end | self._at_end_of_file)
        return (matched > 0 and self._includes[matched.bit_length()]) == self._required


def shortest(
    required: Sequence[Sequence[Term]],
    excluded: Sequence[Sequence[Term]],
    is_word: Callable[[bytes], bool],
    budget: Budget,
) -> bytes | None:
    """Give the shortest readable word that all *required* lists cover and no *excluded* one, or None.

    A word that ends in a slash, as a submodule does, is given where there is no other. *is_word* has the last
    say. Raises Undecided where it refuses all that was found, or the *budget* is spent.
    """
    search = _Search(required, excluded)
    folder = None
    refused = False
    try:
        for word in search.words(budget):
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


class _Search:
    def __init__(self, required: Sequence[Sequence[Term]], excluded: Sequence[Sequence[Term]]) -> None:
        self._automaton = Automaton()
        self._lists = [_List(self._automaton, terms, True) for terms in required]
        self._lists += [_List(self._automaton, terms, False) for terms in excluded]
        # One byte, the most readable, for all that no pattern tells apart; the slash is like no other.
        accepts = self._automaton.accepts
        alike: dict[int, int] = {}
        for byte in _BYTES:
            alike.setdefault(accepts[byte], byte)
        self._letters = [byte for byte in alike.values() if byte != _SLASH]

    def words(self, budget: Budget) -> Iterator[bytes]:
        """Give a word for each state in which the lists are as required, the cheapest first."""
        start = self._settle(self._automaton.entered(sum(one.first for one in self._lists)))
        heap = [(0, b"", start)] if start is not None else []
        best = {start: 0}
        while heap:
            cost, word, states = heappop(heap)
            if best[states] < cost:
                continue
            folder = word.endswith(b"/")
            if all(one.is_as_required(states, folder) for one in self._lists):
                yield word
            begins = folder or not word
            for byte, after in self._steps(states):
                budget.spend()
                total = cost + _COST[byte] + (_BEGINS_ODDLY.get(byte, 0) if begins else 0)
                if best.get(after, total + 1) > total:
                    best[after] = total
                    heappush(heap, (total, word + bytes((byte,)), after))

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
        settled: int | None = states
        for one in self._lists:
            if settled is None:
                break
            settled = one.settle(settled)
        return settled
