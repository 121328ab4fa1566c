"""Find what does nothing in a manifest: patterns that match or change nothing, lanes that may not write."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from lanes.automaton import Area, Budget, Term, Undecided, example, shortest
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
    for lane in manifest.lanes:
        if not lane.review_only and not _may_write(manifest, lane, budget):
            yield Idle(
                ("lanes", lane.name, "paths"),
                "the lane can write none of its paths: all are protected, taken out again or impossible;"
                " for a lane that is to review only, write paths = []",
            )


def unused(manifest: Manifest, tracked: Iterable[bytes]) -> Iterator[Idle]:
    """List the path patterns that let lanes write none of the *tracked* files; submodules end in a slash.

    What no lane may write need not be there yet.
    """
    files = sorted(path.decode("latin-1") for path in tracked)
    left = MOST_MATCHED
    for key, found in _path_lists(manifest):
        for i, pattern in enumerate(found.patterns if key != PROTECTED else ()):
            near = _near(pattern, files)
            left -= len(near)
            if left < 0:
                return
            if pattern.include and not any(pattern.match_file(files[place]) for place in near):
                yield Idle((*key, i), "it matches no tracked file")


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
    matches: Sequence[Callable[[bytes], object]]
    invalid: Sequence[Term]
    is_word: Callable[[bytes], bool]

    @classmethod
    def of_paths(cls, patterns: Sequence[PathPattern]) -> "_Patterns":
        texts = [pattern.text for pattern in patterns]
        matches = [_matcher(pattern) for pattern in patterns]
        return cls(
            "it matches no path that a file can have",
            texts,
            list(map(path_term, patterns)),
            matches,
            NO_PATH,
            is_path,
        )

    @classmethod
    def of_names(cls, patterns: Sequence[NamePattern]) -> "_Patterns":
        texts = [pattern.text for pattern in patterns]
        matches = [pattern.match for pattern in patterns]
        return cls(
            "it matches no name that a branch can have",
            texts,
            list(map(name_term, patterns)),
            matches,
            NO_BRANCH,
            is_branch_name,
        )

    def without(self, i: int) -> "_Patterns":
        """Take a pattern away."""
        return self._replace(
            texts=[*self.texts[:i], *self.texts[i + 1 :]],
            terms=[*self.terms[:i], *self.terms[i + 1 :]],
            matches=[*self.matches[:i], *self.matches[i + 1 :]],
        )

    def possible(self, required: Lists, excluded: Lists, budget: Budget, begins: bytes = b"") -> bool:
        """Tell whether a word exists that all of one kind of lists cover, and none of the other."""
        with budget.share(MOST_WORK) as mine:
            area = Area(required, [*excluded, self.invalid])
            return shortest(area, self.is_word, mine, begins) is not None


def _matcher(pattern: PathPattern) -> Callable[[bytes], object]:
    return lambda word: pattern.match_file(word.decode("latin-1"))


def _in_list(key: Key, patterns: _Patterns, budget: Budget) -> Iterator[Idle]:
    """List what does nothing in one list, so that all of it can be taken away at once."""
    for i in reversed(range(len(patterns.terms))):
        try:
            budget.spend(1 + len(patterns.terms) // 8)
            message = None if _example_counts(patterns, i) else _idle_message(patterns, i, budget)
        except Undecided:
            continue
        if message:
            yield Idle((*key, i), message)
            patterns = patterns.without(i)


def _example_counts(patterns: _Patterns, i: int) -> bool:
    """Tell whether the list would not cover, or cover, an example of a pattern without it; fast, for most."""
    word = example(patterns.terms[i])
    if not patterns.is_word(word) or any(matches(word) for matches in patterns.matches[i + 1 :]):
        return False
    earlier = (term.include for term, matches in _reversed(patterns, i) if matches(word))
    return bool(patterns.matches[i](word)) and next(earlier, False) != patterns.terms[i].include


def _reversed(patterns: _Patterns, i: int) -> Iterable[tuple[Term, Callable[[bytes], object]]]:
    return zip(reversed(patterns.terms[:i]), reversed(patterns.matches[:i]), strict=True)


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


def _may_write(manifest: Manifest, lane: Lane, budget: Budget) -> bool:
    """Tell whether a lane may write anything by its own paths; True where that is not known."""
    patterns = _Patterns.of_paths(lane.paths.patterns)
    protected = list(map(path_term, manifest.protected.patterns))
    try:
        for term in patterns.terms:
            budget.spend(1 + (len(patterns.terms) + len(protected)) // 8)
            word = example(term)
            path, folder = word.removesuffix(b"/"), word.endswith(b"/")
            if is_path(word) and lane.paths.match(path, folder) and not manifest.reserved(path, folder):
                return True
        return patterns.possible([patterns.terms], [protected, MANIFEST_ITSELF], budget)
    except Undecided:
        return True
