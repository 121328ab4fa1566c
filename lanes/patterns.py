"""Patterns for paths (gitignore(5)) and for names of branches and refs.

A pattern is parsed once, into atoms: the set of bytes that may stand at a place, or a run of stars. Paths are
then matched by a regular expression built from the atoms, names by an automaton built from them. Both take
time linear in the length of what is matched. What is proven about patterns is proven with the same automaton.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from lanes.text import printable

LONGEST_PATTERN = 4096  # as long as a path can be on most systems


class PatternError(ValueError):
    """A pattern that can't be read; the message says why and is ready to be printed."""


class Wild(Enum):
    """Atoms that take any number of bytes."""

    STAR = "*"  # stops at a slash
    STARS = "**"


SLASH = frozenset(b"/")
_ALL = frozenset(range(256))
NOT_SLASH = _ALL - SLASH

Atom = frozenset[int] | Wild
Segment = tuple[Atom, ...]

# The C locale's classes, which git has tables of its own for (git-compat-util.h, sane_ctype).
_UPPER, _LOWER = frozenset(range(65, 91)), frozenset(range(97, 123))
_DIGIT, _GRAPH = frozenset(range(48, 58)), frozenset(range(33, 127))
_CLASSES = {
    b"alnum": _UPPER | _LOWER | _DIGIT,
    b"alpha": _UPPER | _LOWER,
    b"blank": frozenset(b" \t"),
    b"cntrl": frozenset(range(32)) | {127},
    b"digit": _DIGIT,
    b"graph": _GRAPH,
    b"lower": _LOWER,
    b"print": _GRAPH | frozenset(b" "),
    b"punct": _GRAPH - _UPPER - _LOWER - _DIGIT,
    b"space": frozenset(b" \t\n\r"),  # no vertical tab and no form feed: git's own isspace
    b"upper": _UPPER,
    b"xdigit": _DIGIT | frozenset(b"abcdefABCDEF"),
}


def _bracket(glob: bytes, start: int) -> tuple[frozenset[int], int]:
    """Read the bracket expression at *start*; return its bytes and where it ends.

    It follows git's wildmatch.c step by step, since gitignore(5) leaves the corners to it: `]` is literal
    in the first place, a range needs a byte before it, and `[` begins a class only before `:`.
    """
    at = start + 1
    negated = glob[at : at + 1] in (b"!", b"^")
    at += negated
    members: set[int] = set()
    previous: int | None = None
    first = True
    while first or glob[at : at + 1] != b"]":
        first = False
        if at >= len(glob):
            raise PatternError("the bracket '[' is never closed")
        byte = glob[at]
        if byte == ord("-") and previous is not None and glob[at + 1 : at + 2] not in (b"", b"]"):
            at += 1
            at += glob[at] == ord("\\")
            members.update(range(previous, _byte_at(glob, at) + 1))
            previous = None
        elif (
            glob[at : at + 2] == b"[:"
            and (end := glob.find(b"]", at + 2)) > at + 2
            and glob[end - 1] == ord(":")
        ):
            name = glob[at + 2 : end - 1]
            if name not in _CLASSES:
                raise PatternError(f"there is no character class [:{printable(name)}:]")
            members |= _CLASSES[name]
            at, previous = end, None
        else:
            at += byte == ord("\\")
            previous = _byte_at(glob, at)
            members.add(previous)
        at += 1
    found = frozenset(members)
    return (NOT_SLASH - found if negated else found - SLASH), at + 1


def _byte_at(glob: bytes, at: int) -> int:
    if at >= len(glob):
        raise PatternError("the bracket '[' is never closed")
    return glob[at]


def _atoms(glob: bytes) -> Iterator[Atom]:
    at = 0
    while at < len(glob):
        byte = glob[at : at + 1]
        if byte == b"[":
            members, at = _bracket(glob, at)
            yield members
        elif byte == b"*":
            begin = at
            while glob[at : at + 1] == b"*":
                at += 1
            yield Wild.STARS if at - begin > 1 else Wild.STAR
            # wildmatch.c: before an escaped slash, "**" takes one folder at least.
            if at - begin > 1 and glob[at : at + 2] == b"\\/" and glob[:begin][-1:] in (b"", b"/"):
                yield from (SLASH, Wild.STAR)
        else:
            at += byte == b"\\"
            if at >= len(glob):
                raise PatternError("it ends in a backslash that escapes nothing")
            yield NOT_SLASH if byte == b"?" else frozenset(glob[at : at + 1])
            at += 1


def literal(atoms: Iterable[Atom]) -> bytes:
    """Give the bytes that whatever the atoms match begins with."""
    known = bytearray()
    for atom in atoms:
        if isinstance(atom, Wild) or len(atom) != 1:
            break
        known += bytes(atom)
    return bytes(known)


def _folded(glob: bytes) -> bytes:
    """Take the case off letters beyond ASCII. Others may be the ends of a range, so their sets get both."""
    text = glob.decode("utf-8", "surrogatepass")
    folded = (letter if letter.isascii() else letter.casefold() for letter in text)
    return "".join(folded).encode("utf-8", "surrogatepass")


def either_case(members: frozenset[int]) -> frozenset[int]:
    """Add the other case of every letter, as in ASCII."""
    return members | {byte ^ 0x20 for byte in members & (_UPPER | _LOWER)}


def segments_of(atoms: Iterable[Atom]) -> Iterator[Segment]:
    """Give what stands between slashes."""
    segment: list[Atom] = []
    for atom in atoms:
        if atom == SLASH:
            yield tuple(segment)
            segment = []
        else:
            segment.append(atom)
    yield tuple(segment)


def _encoded(text: str) -> tuple[bool, bytes]:
    """Split a pattern as it is written into whether it takes names out, and its glob."""
    if any(c in text for c in "\0\n\r"):
        raise PatternError("it holds a NUL or a line break")
    if len(text) > LONGEST_PATTERN:
        raise PatternError(f"it is longer than {LONGEST_PATTERN:,} characters")
    negated = text.startswith("!")
    glob = text[negated:].encode("utf-8", "surrogatepass")
    # gitignore(5): trailing spaces are ignored unless they are quoted with a backslash.
    while glob.endswith(b" ") and (len(glob) - 1 - len(glob[:-1].rstrip(b"\\"))) % 2 == 0:
        glob = glob[:-1]
    if not glob.strip(b"/"):
        raise PatternError("it is empty and matches nothing; write * for everything")
    return negated, glob


GLOBSTAR: Segment = (Wild.STARS,)
_ANY_SEGMENT: Segment = (Wild.STAR,)


@dataclass(frozen=True)
class PathGlob:
    """One parsed path pattern.

    `segments` are what stands between slashes, from the root of the repository; `GLOBSTAR` among them is
    any number of folders, none included, and never the last one. A pattern without a slash, which git
    compares with the last part of a path, begins with it. `folders_only` is the trailing slash.
    """

    segments: tuple[Segment, ...]
    folders_only: bool

    @classmethod
    def parse(cls, glob: bytes) -> "PathGlob":
        """Read a gitignore(5) pattern without its `!`. Raises PatternError."""
        folders_only = glob.endswith(b"/")
        glob = glob.removesuffix(b"/")
        anchored = b"/" in glob
        segments = list(segments_of(_atoms(glob.removeprefix(b"/"))))
        if not anchored:
            segments.insert(0, GLOBSTAR)
        # A pattern covers all below what it matches, so "any path below" is the same as "any name here".
        if segments[-1] == GLOBSTAR:
            segments[-1] = _ANY_SEGMENT
        # Elsewhere than between slashes, git takes two stars as one.
        return cls(tuple(_one_star(segment) for segment in segments), folders_only)

    @cached_property
    def atoms(self) -> tuple[Atom, ...]:
        """The segments in one sequence that covers what the pattern does: all below what it matches."""
        atoms: list[Atom] = []
        for segment in self.segments:
            atoms += [*segment, SLASH]
        return (*_one_globstar(atoms), Wild.STARS)

    @property
    def folder(self) -> bytes:
        """What the pattern begins with that is no pattern: whole parts of a path, b"" for none."""
        known = []
        for segment in self.segments:
            begins = literal(segment)
            if len(begins) < len(segment):
                break
            known.append(begins)
        return b"/".join(known)

    def regex(self) -> str:
        """Build the expression that matches a path at or below what the pattern matches.

        Every group that follows a `GLOBSTAR` is taken at the first place where it fits and never given
        back (atomic groups): the folders skipped later can make up for any choice made early. So no
        path is looked at more often than the pattern has atoms.
        """
        groups: list[list[str]] = [[]]
        for segment in self.segments:
            if segment == GLOBSTAR:
                groups.append([])
            else:
                groups[-1].append(_segment_regex(segment))
        texts = ["/".join(group) for group in groups]
        floating = [text if i == 0 else f"(?:[^/]++/)*?{text}" for i, text in enumerate(texts)]
        inner = "".join(f"(?>{text}/)" for text, group in zip(floating[:-1], groups, strict=False) if group)
        return inner + floating[-1] + ("(?=/)" if self.folders_only else r"(?=/|\Z)")


def _one_star(segment: Segment) -> Segment:
    if segment == GLOBSTAR:
        return segment
    return tuple(Wild.STAR if atom is Wild.STARS else atom for atom in segment)


def _segment_regex(segment: Segment) -> str:
    pieces = [""]
    for atom in segment:
        if isinstance(atom, Wild):
            pieces.append("")
        else:
            pieces[-1] += _set_regex(atom)
    if len(pieces) == 1:
        return pieces[0]
    if not any(pieces):
        return "[^/]++"
    middle = "".join(f"(?>[^/]*?{piece})" for piece in pieces[1:-1] if piece)
    return rf"(?>{pieces[0]}{middle}[^/]*{pieces[-1]}(?=/|\Z))"


def _set_regex(members: frozenset[int]) -> str:
    if members == NOT_SLASH:
        return "[^/]"
    if len(members) == 1:
        return re.escape(chr(*members))
    if len(members) > 128:  # as short as can be: it takes time to compile
        return "[^" + "".join(f"\\x{byte:02x}" for byte in sorted(_ALL - members)) + "]"
    return "[" + "".join(f"\\x{byte:02x}" for byte in sorted(members)) + "]" if members else "(?!)"


class PathPattern:
    """A gitignore(5) pattern that matches as git does: byte by byte, the whole path.

    `include` is False for one that begins with `!`. A path comes as text that holds one byte in each
    character (Latin-1), with a slash at its end when it is a folder, as a submodule is.
    """

    def __init__(self, text: str) -> None:
        negated, glob = _encoded(text)
        if text.startswith("#"):
            raise PatternError("gitignore takes it for a comment; write \\# for a name that begins with #")
        self.include = not negated
        self.text = text
        self.glob = PathGlob.parse(glob)

    def match_file(self, file: str) -> re.Match[str] | None:
        """Match the path *file*, or a folder that holds it."""
        return self._regex.match(file)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return re.compile(self.glob.regex(), re.DOTALL)


def _one_globstar(atoms: Iterable[Atom]) -> list[Atom]:
    """Take one `**/` for several in a row."""
    found: list[Atom] = []
    for atom in atoms:
        found.append(atom)
        if found[-4:] == [Wild.STARS, SLASH] * 2 and found[-5:-4] in ([], [SLASH]):
            del found[-2:]
    return found


class Automaton:
    """Reads a word once from left to right, for any number of patterns at once.

    Its states are the bits of one number, so no pattern is slow. Each pattern has states of its own.
    """

    def __init__(self) -> None:
        self.accepts = [0] * 256
        """For each byte, the states that it leads on from."""
        self._star = self._stars = self._skips = 0  # states that stay on a byte; those that need none
        self._free = 1

    def add(self, atoms: tuple[Atom, ...]) -> tuple[int, int]:
        """Add a pattern that matches whole words; give its first state and the one that it ends in."""
        first = state = self._free
        for i, atom in enumerate(atoms):
            if atom is Wild.STAR:
                self._star |= state
            elif atom is Wild.STARS:
                self._stars |= state
                if atoms[i + 1 : i + 2] == (SLASH,) and (i == 0 or atoms[i - 1] == SLASH):
                    self._skips |= state
            else:
                for byte in atom:
                    self.accepts[byte] |= state
                state <<= 1
        self._free = state << 1
        return first, state

    def entered(self, states: int) -> int:
        """Give the states that are reached with *states*, since a `**/` behind a slash also takes nothing."""
        return states | (states & self._skips) << 1

    def read(self, states: int, byte: int) -> int:
        """Give the states that *byte* leads to."""
        stay = self._stars if byte == 47 else self._stars | self._star
        return self.entered((states & self.accepts[byte]) << 1) | (states & stay)


def exact_pattern(path: bytes, folder: bool = False) -> str:
    """Give the pattern, as it is written, that covers *path* and what lies below it, and nothing else.

    Raises PatternError where none does: the manifest is UTF-8, and a pattern is one line.
    """
    try:
        escaped = re.sub(r"[\\*?\[]", r"\\\g<0>", path.decode("utf-8"))
    except UnicodeDecodeError:
        raise PatternError("it is not UTF-8, as the manifest is, so no pattern can name it") from None
    pattern = "/" + re.sub(r" (?= *\Z)", r"\\ ", escaped) + "/" * folder
    _encoded(pattern)
    return pattern


class NamePattern:
    """A pattern for a whole branch or ref name, without `refs/heads/` for a branch.

    `*` and `?` stop at a slash and `**` does not; `**/` at the beginning or after a slash also takes nothing,
    as in git's other patterns. With *any_case* it matches names without their case.
    """

    def __init__(self, text: str, any_case: bool = False) -> None:
        negated, glob = _encoded(text)
        if any_case:
            glob = _folded(glob)
        self.text = text
        self.include = not negated
        self.atoms = tuple(_one_globstar(_atoms(glob)))
        if any_case:
            self.atoms = tuple(a if isinstance(a, Wild) else either_case(a) for a in self.atoms)
        self._automaton = Automaton()
        self._first, self._last = self._automaton.add(self.atoms)
        begins = literal(self.atoms)
        self.exact = len(begins) == len(self.atoms)
        """Whether it matches one name only."""
        self.prefix = begins if self.exact else begins[: begins.rfind(b"/") + 1]
        """What all names that it matches begin with: that one name, or folders with a slash at the end."""

    def match(self, name: bytes) -> bool:
        """Tell whether the whole *name* matches, `!` or not."""
        states = self._automaton.entered(self._first)
        for byte in name:
            states = self._automaton.read(states, byte)
        return bool(states & self._last)


class PathPatterns:
    """A list of path patterns, of which the last one that matches decides."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.patterns = tuple(PathPattern(text) for text in texts)
        self._by_folder: dict[bytes, list[int]] = {}
        for i, pattern in enumerate(self.patterns):
            self._by_folder.setdefault(pattern.glob.folder, []).append(i)
        self._compiled: dict[bytes, _OneOf] = {}

    def deciding(self, path: bytes, folder: bool = False) -> int | None:
        """Give the index of the pattern that decides about *path*, None where none matches."""
        if not self.patterns:
            return None
        shown = path + b"/" * folder
        found = [self._one_of(near)(shown) for near in around(path) if near in self._by_folder]
        last = max(found, default=-1)
        return None if last < 0 else last

    def match(self, path: bytes, folder: bool = False) -> bool:
        """Tell whether the list covers *path*; *folder* when it is one (a submodule counts as one)."""
        deciding = self.deciding(path, folder)
        return deciding is not None and self.patterns[deciding].include

    def reach(self, begins: bytes) -> bool:
        """Tell whether the list may cover a path that begins so, as far as that is seen at a glance."""
        known = (literal(pattern.glob.atoms) for pattern in self.patterns if pattern.include)
        return any(begins.startswith(one) or one.startswith(begins) for one in known)

    def _one_of(self, folder: bytes) -> "_OneOf":
        if folder not in self._compiled:
            self._compiled[folder] = _OneOf((i, self.patterns[i].glob) for i in self._by_folder[folder])
        return self._compiled[folder]


def around(path: bytes) -> Iterator[bytes]:
    """Give the root, as b"", the folders that *path* is in, and *path* itself."""
    yield b""
    at = path.find(b"/")
    while at > 0:
        yield path[:at]
        at = path.find(b"/", at + 1)
    yield path


class _OneOf:
    """Some of the patterns of a list, in one regular expression: finds the last one that matches."""

    def __init__(self, globs: Iterable[tuple[int, PathGlob]]) -> None:
        last_first = list(globs)[::-1]
        self._indexes = [-1, *(i for i, _ in last_first)]
        # An empty group behind each tells which one it was.
        either = "|".join(f"{glob.regex()}()" for _, glob in last_first)
        self._match = re.compile(either.encode("latin-1"), re.DOTALL).match

    def __call__(self, path: bytes) -> int:
        found = self._match(path)
        return self._indexes[(found and found.lastindex) or 0]


class NamePatterns:
    """A list of name patterns, of which the last one that matches decides."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.patterns = tuple(NamePattern(text) for text in texts)

    def deciding(self, name: bytes) -> int | None:
        """Give the index of the pattern that decides about *name*, None where none matches."""
        return next((i for i, p in reversed(list(enumerate(self.patterns))) if p.match(name)), None)

    def match(self, name: bytes) -> bool:
        """Tell whether the list covers *name*."""
        return next((p.include for p in reversed(self.patterns) if p.match(name)), False)

    def alike(self, folded: str) -> str | None:
        """Give the pattern by which the list would cover a name in any case; *folded* is without its case."""
        name = folded.encode("utf-8", "surrogateescape")
        found = next((pattern for pattern in reversed(self.in_any_case) if pattern.match(name)), None)
        return found.text if found and found.include else None

    @cached_property
    def in_any_case(self) -> tuple[NamePattern, ...]:
        """The same patterns, for names without their case."""
        return tuple(NamePattern(pattern.text, any_case=True) for pattern in self.patterns)
