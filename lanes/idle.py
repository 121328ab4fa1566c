"""Find what does nothing in a manifest: patterns that match or change nothing, lanes that may not write."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from lanes.automaton import Area, Budget, Matcher, Term, Undecided, example, shortest
from lanes.manifest import Key, Lane, Manifest, is_branch_name
from lanes.patterns import NamePattern, PathPattern, PathPatterns, literal
from lanes.terms import (
    MANIFEST_ITSELF,
    NO_BRANCH,
    NO_PATH,
    integration_terms,
    is_path,
    name_term,
    path_term,
)
from lanes.text import printable
from lanes.trust import Trust

MOST_WORK = 20_000
"""So much is done for one pattern; where that is not enough, nothing is said of it."""
MOST_WORK_IN_ALL = 200_000
MOST_MATCHED = 5_000_000
"""So often a pattern and a tracked file may be compared; of further patterns nothing is said."""


PROTECTED: Key = ("defaults", "protected")
Lists = Sequence[Sequence[Term]]


class Idle(NamedTuple):
    """Something that does nothing: where it stands, and what is to be said of it, ready to print."""

    key: Key
    message: str


def idle(manifest: Manifest) -> Iterator[Idle]:
    """List what does nothing, whatever the repository holds."""
    budget = Budget(MOST_WORK_IN_ALL)
    for lane in manifest.lanes:
        names = lane.branches.patterns
        yield from _in_list(("lanes", lane.name, "branches"), _Patterns.of_names(names), budget)
    for key, found in _path_lists(manifest):
        yield from _in_list(key, _Patterns.of_paths(found.patterns), budget)
    yield from _powerless(manifest, budget)


def _powerless(manifest: Manifest, budget: Budget) -> Iterator[Idle]:
    """List the lanes that can write nothing, though they are not review-only."""
    reserved = [*map(path_term, manifest.protected.patterns), *MANIFEST_ITSELF]
    try:
        nobodys = Matcher(reserved, budget)
        for lane in manifest.lanes:
            if not lane.review_only and not _may_write(lane, reserved, nobodys, budget):
                yield Idle(
                    ("lanes", lane.name, "paths"),
                    "the lane can write none of its paths: all are protected, taken out again or impossible;"
                    " for a lane that is to review only, write paths = []",
                )
    except Undecided:
        return


def unused(manifest: Manifest, tracked: Iterable[bytes]) -> Iterator[Idle]:
    """List the path patterns that let lanes write none of the *tracked* files; submodules end in a slash.

    What no lane may write need not be there yet.
    """
    files = sorted(path.decode("latin-1") for path in tracked)
    budget = Budget(MOST_MATCHED)
    for key, found in _path_lists(manifest):
        for i, pattern in enumerate(found.patterns if key != PROTECTED else ()):
            try:
                if pattern.include and not _matches_any(pattern, files, budget):
                    yield Idle((*key, i), "it matches no tracked file")
            except Undecided:
                return


def _matches_any(pattern: PathPattern, files: Sequence[str], budget: Budget) -> bool:
    """Tell whether a pattern matches one of the sorted files. Raises Undecided."""
    for place in _near(pattern, files):
        budget.spend(1)
        if pattern.match_file(files[place]):
            return True
    return False


def _near(pattern: PathPattern, files: Sequence[str]) -> range:
    """Give the places of those of the sorted files that begin as all do which the pattern matches."""
    begins = literal(pattern.glob.atoms).removesuffix(b"/").decode("latin-1")
    return range(bisect_left(files, begins), bisect_left(files, begins + chr(256)))


def unjudged(manifest: Manifest, trusted: bytes | None) -> Iterator[Idle]:
    """List the branch patterns that cover only integration branches, among them the *trusted* one."""
    budget = Budget(MOST_WORK_IN_ALL)
    trust = Trust(trusted or b"", manifest=manifest)
    excluded = integration_terms(manifest, trusted)
    for lane in manifest.lanes:
        names = _Patterns.of_names(lane.branches.patterns)
        for i, term in enumerate(names.terms):
            try:
                judged = not term.include or _is_judged(names, term, trust, excluded, budget)
            except Undecided:
                continue
            if not judged:
                message = "it covers only integration branches, and no lane is asked about these"
                yield Idle(("lanes", lane.name, "branches", i), message)


def _is_judged(names: "_Patterns", term: Term, trust: Trust, excluded: Lists, budget: Budget) -> bool:
    """Tell whether a pattern covers a branch that is no integration branch. Raises Undecided."""
    budget.spend(1 + len(excluded[0]))
    word = example(term)
    if is_branch_name(word) and not trust.is_integration(word) and not trust.lookalike(word):
        return True
    return names.possible([[term]], excluded, budget)


def _path_lists(manifest: Manifest) -> Iterator[tuple[Key, PathPatterns]]:
    yield ("defaults", "shared"), manifest.shared
    yield PROTECTED, manifest.protected
    for lane in manifest.lanes:
        yield ("lanes", lane.name, "paths"), lane.paths


class _Patterns(NamedTuple):
    """A list of patterns, and what its words can't be."""

    nothing: str
    texts: Sequence[str]
    terms: Sequence[Term]
    invalid: Sequence[Term]
    is_word: Callable[[bytes], bool]

    @classmethod
    def of_paths(cls, patterns: Sequence[PathPattern]) -> "_Patterns":
        texts = [pattern.text for pattern in patterns]
        nothing = "it matches no path that a file can have"
        return cls(nothing, texts, list(map(path_term, patterns)), NO_PATH, is_path)

    @classmethod
    def of_names(cls, patterns: Sequence[NamePattern]) -> "_Patterns":
        texts = [pattern.text for pattern in patterns]
        nothing = "it matches no name that a branch can have"
        return cls(nothing, texts, list(map(name_term, patterns)), NO_BRANCH, is_branch_name)

    def without(self, i: int) -> "_Patterns":
        """Take a pattern away."""
        return self._replace(
            texts=[*self.texts[:i], *self.texts[i + 1 :]],
            terms=[*self.terms[:i], *self.terms[i + 1 :]],
        )

    def possible(self, required: Lists, excluded: Lists, budget: Budget, begins: bytes = b"") -> bool:
        """Tell whether a word exists that all of one kind of lists cover, and none of the other."""
        with budget.share(MOST_WORK) as mine:
            area = Area(required, [*excluded, self.invalid])
            return shortest(area, self.is_word, mine, begins) is not None


def _in_list(key: Key, patterns: _Patterns, budget: Budget) -> Iterator[Idle]:
    """List what does nothing in one list, so that all of it can be taken away at once."""
    examples = _Examples(patterns)
    for i in reversed(range(len(patterns.terms))):
        try:
            message = None if examples.show(i, budget) else _idle_message(patterns, i, budget)
        except Undecided:
            continue
        if message:
            yield Idle((*key, i), message)
            patterns = patterns.without(i)
            examples.gone.add(i)


class _Examples:
    """Words by which most patterns are seen to do something; fast."""

    def __init__(self, patterns: _Patterns) -> None:
        self._patterns = patterns
        self._matcher: Matcher | None = None
        self.gone: set[int] = set()
        """The places of patterns that are taken away."""

    def show(self, i: int, budget: Budget) -> bool:
        """Tell whether without a pattern the list would decide otherwise about a word. Raises Undecided."""
        self._matcher = self._matcher or Matcher(self._patterns.terms, budget)
        return any(self._counts(word, i, self._matcher) for word in self._words(i))

    def _words(self, i: int) -> Iterator[bytes]:
        terms = self._patterns.terms
        word = example(terms[i])
        yield word
        if terms[i].include:
            return
        # What is taken out may lie in a folder that is covered, or be a folder in which something is.
        folder, _, name = word.removesuffix(b"/x").rpartition(b"/")
        for term in terms[max(0, i - 8) : i]:
            yield literal(term.atoms).rstrip(b"/") + b"/" + name
            yield folder + b"/" + name + b"/" + example(term)[len(literal(term.atoms)) :]

    def _counts(self, word: bytes, i: int, matcher: Matcher) -> bool:
        places = [place for place in matcher.matching(word) if place not in self.gone]
        if not places or places[0] != i or not self._patterns.is_word(word):
            return False
        terms = self._patterns.terms
        return next((terms[place].include for place in places if place < i), False) != terms[i].include


def _idle_message(patterns: _Patterns, i: int, budget: Budget) -> str | None:
    """Say why a pattern of a list does nothing, None where it does something. Raises Undecided."""
    terms = patterns.terms
    alone = terms[i]._replace(include=True)
    decides = [alone, *(later._replace(include=False) for later in terms[i + 1 :])]
    begins = literal(alone.atoms).rstrip(b"/")

    def possible(required: Lists, excluded: Lists = ()) -> bool:
        return patterns.possible(required, excluded, budget, begins)

    if not possible([[alone]]):
        return patterns.nothing
    if possible([decides], [terms[:i]]) if terms[i].include else possible([decides, terms[:i]]):
        return None
    if not terms[i].include and not possible([[alone], terms[:i]]):
        return "it changes nothing: the patterns before it match nothing of this"
    for j, other in enumerate(terms):
        is_candidate = j > i or (j < i and other.include == terms[i].include)
        if is_candidate and not possible([[alone]], [[other._replace(include=True)]]):
            text = printable(patterns.texts[j].encode())
            place, verb = ("behind", "decides about") if j > i else ("before", "matches")
            return f"it changes nothing: {text}, {place} it, {verb} all of this"
    return "it changes nothing: other patterns of the list decide about all of this"


def _may_write(lane: Lane, reserved: Sequence[Term], nobodys: Matcher, budget: Budget) -> bool:
    """Tell whether a lane may write anything by its own paths. Raises Undecided."""
    patterns = _Patterns.of_paths(lane.paths.patterns)
    own = Matcher(patterns.terms, budget)
    words = (example(term) for term in patterns.terms if term.include)
    if any(own.covers(word) and is_path(word) and not nobodys.covers(word) for word in words):
        return True
    return patterns.possible([patterns.terms], [reserved], budget)
