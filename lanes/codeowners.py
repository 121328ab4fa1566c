"""Read a CODEOWNERS file as GitHub and GitLab do, and say what each set of owners owns.

There the last pattern that matches a path decides whose it is, so the files of two sets of owners are always
apart. In a list of path patterns the last one decides as well: such a list is made by taking out with `!`, in
the same order, what others own.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from lanes.patterns import PathPattern, PatternError
from lanes.text import printable

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where it is looked for: the first one counts."""
MAX_BYTES = 3 << 20  # GitHub reads no larger one

_SECTION = re.compile(r"\^?\[[^\]]+\](?:\[\d+\])?(?:\s+(.*))?")
_WORD = re.compile(r"(?:\\.|[^\s\\])+|\\$")
_WILD = re.compile(r"(?<!\\)(?:\\\\)*[*?]")

Owners = frozenset[str]
NOBODY: Owners = frozenset()


class _NotAGlobError(Exception):
    """What two globs both match can't be written as globs."""


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern by its parts between slashes, from the root; `**` is any number of folders.

    With `folder` it matches only folders. Either way it covers all below what it matches.
    """

    parts: tuple[str, ...]
    folder: bool

    @classmethod
    def read(cls, pattern: str) -> "Glob":
        """Read a pattern. Raises PatternError."""
        PathPattern(pattern)
        if "\\/" in pattern:
            raise PatternError("it has a backslash before a slash")
        folder = pattern.endswith("/")
        bare = pattern.removesuffix("/")
        parts = bare.removeprefix("/").split("/")
        if not all(parts) or any(part in (".", "..") for part in parts):
            raise PatternError('a part that is empty, "." or ".." matches nothing')
        if "/" not in bare:
            parts.insert(0, "**")
        if parts[-1] == "**" and len(parts) > 1 and parts[-2] != "**" and not folder:
            return cls(tuple(parts[:-1]), True)
        parts += ["*"] * (parts[-1] == "**")
        return cls(tuple(part for i, part in enumerate(parts) if parts[i : i + 2] != ["**", "**"]), folder)

    def __str__(self) -> str:
        floating = self.parts[0] == "**"
        # Without a slash before it, a pattern matches at any depth, too; but # and ! mean something then.
        short = floating and len(self.parts) == 2 and not self.parts[1].startswith(("#", "!"))
        return "/" * (not floating) + "/".join(self.parts[short:]) + "/" * self.folder

    def apart(self, other: "Glob") -> bool:
        """Tell whether it is sure that no path matches both."""
        for mine, others in zip(self.parts, other.parts, strict=False):
            if "**" in (mine, others):
                return False
            try:
                if _both(mine, others) is None:
                    return True
            except _NotAGlobError:
                continue
        return False

    def covers(self, other: "Glob") -> bool:
        """Tell whether it is sure that it matches all that *other* matches."""
        head = self.parts[:1] == ("**",)
        mine = self.parts[head:]
        if "**" in mine or (head and len(mine) > 1):
            return self == other
        starts = range(len(other.parts)) if head else [0]
        return any(self._covers_at(mine, other, start) for start in starts)

    def _covers_at(self, mine: tuple[str, ...], other: "Glob", start: int) -> bool:
        end = start + len(mine)
        below = end < len(other.parts) or (end == len(other.parts) and other.folder >= self.folder)
        pairs = zip(mine, other.parts[start:end], strict=False)
        return below and all(theirs != "**" and one in ("*", theirs) for one, theirs in pairs)

    def within(self, region: tuple[str, ...]) -> list["Glob"]:
        """Give globs that match, all together, what it matches inside the folder *region*, without `**`."""
        whole = Glob(region, True)
        found = dict.fromkeys(
            Glob(parts, folder or self.folder) for parts, folder in _meet(self.parts, region)
        )
        return [whole] if whole in found else list(found)


def _meet(mine: tuple[str, ...], region: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Give the parts of what both match, and whether that is all of a folder."""
    if not mine:
        yield region, True
    elif not region:
        yield mine, False
    elif mine[0] == "**":
        yield from _meet(mine[1:], region)
        yield from (((region[0], *rest), folder) for rest, folder in _meet(mine, region[1:]))
    elif (both := _both(mine[0], region[0])) is not None:
        yield from (((both, *rest), folder) for rest, folder in _meet(mine[1:], region[1:]))


@cache
def _fixed(glob: Glob) -> tuple[str, ...]:
    """Give the names that all begins with that a glob matches."""
    names = itertools.takewhile(lambda part: part != "**" and not _WILD.search(part), glob.parts)
    return tuple(re.sub(r"\\(.)", r"\1", name) for name in names)


@cache
def _both(one: str, other: str) -> str | None:
    """Give the pattern for a name that matches both, None where no name does."""
    if other in (one, "*"):
        return one
    if one == "*":
        return other
    if _WILD.search(one) and _WILD.search(other):
        raise _NotAGlobError
    wild, literal = (one, other) if _WILD.search(one) else (other, one)
    name = re.sub(r"\\(.)", r"\1", literal)
    return literal if PathPattern(f"/{wild}").match_file(name.encode().decode("latin-1")) else None


@dataclass(frozen=True, slots=True)
class Step:
    """What a glob matches belongs to these owners, unless a later step says otherwise."""

    glob: Glob
    owners: Owners


class _Nearby:
    """Finds, among many globs, those that may match something that another one matches, in their order."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._below: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._globs: list[Glob] = []

    def add(self, glob: Glob) -> None:
        fixed = _fixed(glob)
        self._at[fixed].append(len(self._globs))
        for n in range(len(fixed)):
            self._below[fixed[:n]].append(len(self._globs))
        self._globs.append(glob)

    def indexes(self, glob: Glob) -> list[int]:
        fixed = _fixed(glob)
        above = (i for n in range(len(fixed) + 1) for i in self._at.get(fixed[:n], ()))
        return sorted([*above, *self._below.get(fixed, ())])

    def __getitem__(self, index: int) -> Glob:
        return self._globs[index]


@dataclass(slots=True)
class Codeowners:
    """All steps in their order, the lines left out with why, and the owners as they were written first."""

    steps: Sequence[Step] = ()
    left_out: list[tuple[int, str]] = field(default_factory=list)
    written: dict[Owners, tuple[str, ...]] = field(default_factory=dict)

    def patterns(self) -> dict[Owners, list[str]]:
        """List the path patterns of each set of owners, in the order in which they are first named.

        They are what its own steps match, less what steps of others take out of that again.
        """
        nearby = _Nearby()
        own: dict[Owners, list[Glob]] = {owners: [] for owners in (*self.written, NOBODY)}
        for step in self.steps:
            nearby.add(step.glob)
            own[step.owners].append(step.glob)
        near = {
            owners: sorted({i for glob in globs for i in nearby.indexes(glob)})
            for owners, globs in own.items()
        }
        return {
            owners: list(_signed([self.steps[i] for i in near[owners]], owners)) for owners in self.written
        }


def _signed(steps: Iterable[Step], owners: Owners) -> Iterator[str]:
    """Give the patterns for what belongs to *owners*, without those that would change nothing."""
    given = _Nearby()
    signs: list[bool] = []
    for glob, sign in ((step.glob, step.owners == owners) for step in steps):
        needed = sign
        for i in reversed(given.indexes(glob)):
            if signs[i] != sign and not given[i].apart(glob):
                needed = True
                break
            if signs[i] == sign and given[i].covers(glob):
                needed = False
                break
        if needed:
            given.add(glob)
            signs.append(sign)
            yield f"{'' if sign else '!'}{glob}"


def read(content: bytes, gitlab: bool = False) -> Codeowners:
    """Read a file; one with sections is GitLab's in any case.

    Sections are read as one list: GitLab asks the owners of each, but a lane is one.
    """
    lines = [line.strip() for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    gitlab = gitlab or any(_SECTION.fullmatch(line.decode("latin-1")) for line in lines)
    found = Codeowners()
    steps = _Steps()
    usual: list[str] = []
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode("utf-8")
            if gitlab and (section := _SECTION.fullmatch(text)):
                usual = _words(section[1] or "")
                continue
            pattern, *named = _words(text) or [""]
            if pattern:
                owners = named or usual
                key = frozenset(owner.casefold() for owner in owners)
                steps.add(_checked(pattern, owners, gitlab), key)
                found.written.setdefault(key, tuple(dict.fromkeys(owners)))
        except UnicodeDecodeError:
            found.left_out.append((number, "it is not UTF-8"))
        except PatternError as error:
            found.left_out.append((number, str(error)))
        except _NotAGlobError:
            found.left_out.append((number, "it matches files of a folder, and no path pattern can say that"))
    found.written.pop(NOBODY, None)
    found.steps = list(steps.decisive())[::-1]
    return found


def _words(line: str) -> list[str]:
    """Split a line at its spaces, up to a comment."""
    words = _WORD.findall(line)
    comment = next((i for i, word in enumerate(words) if word.startswith("#")), len(words))
    return words[:comment]


def _checked(pattern: str, owners: Sequence[str], gitlab: bool) -> str:
    """Give a pattern as gitignore has it. Raises PatternError where the line is none."""
    if pattern.startswith("!") or "[" in pattern or (pattern.startswith("\\#") and not gitlab):
        raise PatternError("CODEOWNERS knows neither !, nor [ ], nor \\# at the beginning")
    if wrong := next((owner for owner in owners if "@" not in owner), None):
        raise PatternError(f"{printable(wrong.encode())} is no owner")
    floating = gitlab and not pattern.startswith(("/", "**/"))
    return f"**/{pattern}" if floating else pattern


class _Steps:
    """Collects the steps of a file."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._nearby = _Nearby()

    def add(self, pattern: str, owners: Owners) -> None:
        """Add what a line says. Raises PatternError and _NotAGlobError, and has added nothing then."""
        glob = Glob.read(pattern)
        steps = [Step(glob, owners)]
        # Alone at the end, * stands for files: what lies in folders there stays with whose it was before.
        if pattern.endswith("/*") and glob.parts[-2:-1] != ("**",):
            if "**" in glob.parts:
                raise _NotAGlobError
            folders = Glob(glob.parts, True)
            before = [self._steps[i] for i in self._nearby.indexes(folders)]
            steps.append(Step(folders, NOBODY))
            steps += [Step(inner, step.owners) for step in before for inner in step.glob.within(glob.parts)]
        for step in steps:
            self._nearby.add(step.glob)
        self._steps += steps

    def decisive(self) -> Iterator[Step]:
        """Give the steps that no later one makes idle, from the last to the first."""
        later = _Nearby()
        for step in reversed(self._steps):
            if not any(later[i].covers(step.glob) for i in later.indexes(step.glob)):
                yield step
                later.add(step.glob)
