"""The manifest `.lanes.toml`: read strictly, into frozen objects (DESIGN 3)."""

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from lanes.errors import CannotJudge
from lanes.patterns import LONGEST_PATTERN, NamePatterns, PathPatterns, PatternError
from lanes.text import printable, shortened

FILE = b".lanes.toml"
MAX_BYTES = 1 << 20
MOST_DOTS = 300  # in one line
MOST_PROBLEMS = 100
BRANCHES = b"refs/heads/"

Key = tuple[str | int, ...]
"""Where something stands in the document: keys, and the index of an item of a list."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a manifest: where (line from 1, dotted key), and what was expected."""

    line: int
    key: str
    message: str

    def __str__(self) -> str:
        where = f"{FILE.decode()}:{self.line}: "
        return where + (f"{self.key}: " if self.key else "") + self.message


TOO_LARGE = Problem(1, "", f"it is larger than {MAX_BYTES >> 20} MiB")


class ManifestInvalid(CannotJudge):
    """The manifest itself is wrong; `problems` has every error, in the order of their lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(map(str, self.problems)))


class Decisive(NamedTuple):
    """A pattern that decided about a path: where it stands in the manifest, and as it is written."""

    key: Key
    text: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A name, the branches it covers and the paths those branches may write.

    `pushers` are the people who may push them, groups among them taken apart; None is everybody.
    """

    name: str
    summary: str
    branches: NamePatterns
    paths: PathPatterns
    pushers: frozenset[bytes] | None = None

    @property
    def review_only(self) -> bool:
        """Whether its branches may not change anything."""
        return not self.paths.patterns


@dataclass(frozen=True, slots=True)
class Integration:
    """The integration branches, besides the one that holds the manifest in force.

    `pushers` are the people who may push to them, None for everybody. A `sealed` one takes only what fits
    into lanes.
    """

    branches: NamePatterns = field(default_factory=lambda: NamePatterns(()))
    pushers: frozenset[bytes] | None = None
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """All lanes, and what holds for every one of them. Lanes are in the order of the file."""

    lanes: tuple[Lane, ...]
    integration: Integration = field(default_factory=Integration)
    allow_unlisted: bool = False
    overlap_rejected: bool = False
    shared: PathPatterns = field(default_factory=lambda: PathPatterns(()))
    protected: PathPatterns = field(default_factory=lambda: PathPatterns(()))
    refs: NamePatterns = field(default_factory=lambda: NamePatterns(()))
    text: str = field(default="", repr=False)

    def lane_of(self, branch: bytes) -> Lane | None:
        """Give the lane that covers *branch* (without `refs/heads/`), None where none does.

        Raises CannotJudge where several do.
        """
        covering = self.covering(branch)
        if len(covering) > 1:
            names = " and ".join(f'"{lane.name}"' for lane in covering)
            raise CannotJudge(
                f"the branch {printable(branch)} is covered by the lanes {names};"
                f" change their branch patterns in {FILE.decode()} so that only one covers it"
            )
        return covering[0] if covering else None

    def covering(self, branch: bytes) -> list[Lane]:
        """List all lanes that cover *branch*; only one should."""
        return [lane for lane in self.lanes if lane.branches.match(branch)]

    def lane_named(self, name: str) -> Lane:
        """Give the lane called *name*. Raises CannotJudge where there is none."""
        for lane in self.lanes:
            if lane.name == name:
                return lane
        known = [lane.name for lane in self.lanes]
        shown = printable(name.encode("utf-8", "surrogateescape"))
        raise CannotJudge(f'there is no lane "{shown}"{_did_you_mean(name, known)}')

    def reserved(self, path: bytes, folder: bool = False) -> bool:
        """Tell whether only integration branches may write *path*: it is the manifest or protected.

        Below the manifest nothing can be, but where it has become a folder.
        """
        return path == FILE or path.startswith(FILE + b"/") or self.protected.match(path, folder)

    def decision(self, lane: Lane, path: bytes, folder: bool = False) -> tuple[bool, Decisive | None]:
        """Tell whether branches of *lane* may write *path*, and the pattern that decided, if one did.

        It is `may_write` with its reason, for a path that is not reserved.
        """
        allowed = self.may_write(lane, path, folder)
        if lane.review_only:
            return allowed, None
        for patterns, key in (
            (lane.paths, ("lanes", lane.name, "paths")),
            (self.shared, ("defaults", "shared")),
        ):
            index = patterns.deciding(path, folder)
            if index is not None and patterns.patterns[index].include == allowed:
                return allowed, Decisive((*key, index), patterns.patterns[index].text)
        return allowed, None

    def line_of(self, key: Key) -> int:
        """Give the line of the file that *key* stands on, counted from 1."""
        return _lines(self.text)[key]

    def may_write(self, lane: Lane | None, path: bytes, folder: bool = False) -> bool:
        """Tell whether branches of *lane*, None for no lane, may write *path* (DESIGN 3, precedence)."""
        if self.reserved(path, folder):
            return False
        if lane is None:
            return self.allow_unlisted
        if lane.review_only:
            return False
        return lane.paths.match(path, folder) or self.shared.match(path, folder)

    def may_write_below(self, lane: Lane | None, begins: bytes) -> bool:
        """Tell whether branches of *lane* might write a path that begins so."""
        if lane is None:
            return self.allow_unlisted
        return not lane.review_only and (lane.paths.reach(begins) or self.shared.reach(begins))

    def writers(self, path: bytes, folder: bool = False) -> tuple[str, ...]:
        """Name the lanes that may write *path*, in the order of the file."""
        return tuple(lane.name for lane in self.lanes if self.may_write(lane, path, folder))


@lru_cache(maxsize=2)
def parse(blob: bytes) -> Manifest:
    """Read a manifest from the bytes of its blob. Raises ManifestInvalid with every error in it."""
    document, text = _document(blob)
    reader = _Reader(text)
    manifest = reader.manifest(document)
    if reader.errors:
        raise ManifestInvalid(reader.problems())
    return manifest


@lru_cache(maxsize=2)
def _lines(text: str) -> dict[Key, int]:
    from lanes.toml_lines import lines_of  # noqa: PLC0415 - hooks hardly ever ask

    return lines_of(text)


def _document(blob: bytes) -> tuple[dict[str, Any], str]:
    if len(blob) > MAX_BYTES:
        raise ManifestInvalid([TOO_LARGE])
    if crowded := next(
        (i for i, line in enumerate(blob.split(b"\n"), 1) if line.count(b".") > MOST_DOTS), None
    ):
        # Python's own reader takes time that grows with the square of the parts of a dotted key.
        message = f"the line holds more than {MOST_DOTS:,} dots; break it into several"
        raise ManifestInvalid([Problem(crowded, "", message)])
    if blob.startswith(b"\xef\xbb\xbf"):
        message = "it begins with a byte order mark; save it as UTF-8 without one"
        raise ManifestInvalid([Problem(1, "", message)])
    try:
        # TOML reads CR LF as a line break; tomllib does so only for what it opens itself.
        text = blob.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = blob.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{blob[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ManifestInvalid([Problem(line, "", message)]) from None
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        raise ManifestInvalid([_syntax_problem(str(error), text)]) from None
    except RecursionError:
        from lanes.toml_lines import deepest_line  # noqa: PLC0415 - only an error needs it

        raise ManifestInvalid([Problem(deepest_line(text), "", "brackets are nested too deep")]) from None
    except ValueError:  # int() refuses more than 4,300 digits
        number = re.search(r"(?<![\w.'\"])[+-]?[1-9][0-9_]{4300,}(?![\w.'\"])", text)
        line = text.count("\n", 0, number.start()) + 1 if number else 1
        raise ManifestInvalid([Problem(line, "", "a number has too many digits")]) from None


def _syntax_problem(message: str, text: str) -> Problem:
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    line = int(found[1]) if found and found[1] else text.count("\n") + 1
    what = printable((message[: found.start()] if found else message).encode())
    column = f" at column {found[2]}" if found and found[2] else ""
    return Problem(line, "", f"not valid TOML{column}: {what}")


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    import difflib  # noqa: PLC0415 - only an error needs it, and a hook's start counts

    close = difflib.get_close_matches(name, list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


_P = TypeVar("_P", PathPatterns, NamePatterns)


class _Reader:
    """Turns a parsed document into a Manifest and collects every error on the way."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._groups: dict[str, frozenset[bytes]] = {}
        self.errors: list[tuple[Key, str]] = []

    def problems(self) -> list[Problem]:
        from lanes.toml_lines import lines_of  # noqa: PLC0415 - only an error needs it

        lines = lines_of(self._text)
        found = []
        for key, message in self.errors[:MOST_PROBLEMS]:
            known = key
            while known not in lines:
                known = known[:-1]
            found.append(Problem(lines[known], dotted(key), message))
        if (more := len(self.errors) - MOST_PROBLEMS) > 0:
            found.append(Problem(self._text.count("\n") + 1, "", f"and {more:,} more like these"))
        return found

    def manifest(self, document: dict[str, Any]) -> Manifest:
        self._check_keys(document, (), {"version", "groups", "integration", "defaults", "lanes"})
        self._check_version(document)
        self._read_groups(document)
        defaults = self._table(
            document, (), "defaults", {"overlap", "protected", "refs", "shared", "unlisted"}
        )
        overlap = defaults.get("overlap", "warn")
        if overlap not in ("warn", "reject"):
            self._wrong(("defaults", "overlap"), overlap, 'expected "warn" or "reject"')
        unlisted = defaults.get("unlisted", "reject")
        if unlisted not in ("reject", "allow"):
            self._wrong(("defaults", "unlisted"), unlisted, 'expected "reject" or "allow"')
        return Manifest(
            lanes=self._lanes(document),
            integration=self._integration(document),
            allow_unlisted=unlisted == "allow",
            overlap_rejected=overlap == "reject",
            shared=self._patterns(PathPatterns, defaults, ("defaults",), "shared", _check_path_pattern),
            protected=self._patterns(PathPatterns, defaults, ("defaults",), "protected", _check_path_pattern),
            refs=self._patterns(NamePatterns, defaults, ("defaults",), "refs", _check_ref_pattern),
            text=self._text,
        )

    def _integration(self, document: dict[str, Any]) -> Integration:
        key: Key = ("integration",)
        table = self._table(document, (), "integration", {"accepts", "branches", "pushers"})
        accepts = table.get("accepts", "anything")
        if accepts not in ("anything", "lanes"):
            self._wrong((*key, "accepts"), accepts, 'expected "anything" or "lanes"')
        pushers = self._pushers(table, key)
        if "pushers" in table:
            branches = self._patterns(NamePatterns, table, key, "branches", _check_branch_pattern)
        else:
            branches = self._exact_names(table, key)
        return Integration(branches, pushers, sealed=accepts == "lanes")

    def _exact_names(self, table: dict[str, Any], key: Key) -> NamePatterns:
        """Read names, not patterns: whoever could make a branch release/x would own one that all trust."""
        names = self._strings(table, key, "branches")
        wrong = [i for i, name in enumerate(names) if not _is_exact_name(name)]
        for i in wrong:
            needs = ", which needs integration.pushers" if re.search(r"[*?\[!]", names[i]) else ""
            expected = "expected the exact name of a branch, without refs/heads/ and not a pattern"
            self._wrong((*key, "branches", i), names[i], expected + needs)
        return NamePatterns([name for i, name in enumerate(names) if i not in wrong])

    def _read_groups(self, document: dict[str, Any]) -> None:
        tables = document.get("groups", {})
        self._groups = dict.fromkeys(tables, frozenset[bytes]()) if isinstance(tables, dict) else {}
        table = self._table(document, (), "groups", set(self._groups))
        for group in table:
            people = self._people(table, ("groups",), group)
            for i, name in people:
                if name.startswith("@"):
                    expected = "expected the name of a person: groups hold no groups"
                    self._wrong(("groups", group, i), name, expected)
            self._groups[group] = frozenset(name.encode() for _, name in people)

    def _pushers(self, table: dict[str, Any], key: Key) -> frozenset[bytes] | None:
        """Read who may push, None where nobody is named; `@` begins the name of a group."""
        if "pushers" not in table:
            return None
        found: set[bytes] = set()
        for i, name in self._people(table, key, "pushers"):
            if not name.startswith("@"):
                found.add(name.encode())
            elif name[1:] in self._groups:
                found |= self._groups[name[1:]]
            else:
                known = [f"@{group}" for group in self._groups]
                hint = _did_you_mean(name, known) or "; groups are listed in [groups]"
                self._wrong((*key, "pushers", i), name, f"there is no such group{hint}")
        return frozenset(found)

    def _people(self, table: dict[str, Any], key: Key, name: str) -> list[tuple[int, str]]:
        """Read a list of people's names as the server knows them, each with its place in the list."""
        if table.get(name) == []:
            self.errors.append(((*key, name), 'expected the names of people, such as ["alice"]'))
        people = list(enumerate(self._strings(table, key, name)))
        wrong = [(i, person) for i, person in people if not _is_name_of_a_person(person)]
        for i, person in wrong:
            self._wrong((*key, name, i), person, "expected the name of a person, as the server knows it")
        return [one for one in people if one not in wrong]

    def _lanes(self, document: dict[str, Any]) -> tuple[Lane, ...]:
        tables = document.get("lanes", {})
        if not isinstance(tables, dict):
            self._wrong(("lanes",), tables, "expected tables such as [lanes.docs]")
            return ()
        return tuple(self._lane(tables, name) for name in tables)

    def _lane(self, tables: dict[str, Any], name: str) -> Lane:
        key: Key = ("lanes", name)
        if not name.isprintable() or not name.strip():
            self.errors.append((key, "expected a lane's name in printable characters"))
        table = self._table(tables, ("lanes",), name, {"summary", "branches", "paths", "pushers"})
        summary = table.get("summary", "")
        if not isinstance(summary, str) or not summary.isprintable():
            self._wrong((*key, "summary"), summary, "expected one line of printable text")
        if name in tables and isinstance(tables[name], dict):
            if table.get("branches", []) == []:
                self.errors.append(
                    ((*key, "branches"), 'expected the branches it covers, such as ["work/*"]')
                )
            if "paths" not in table:
                expected = 'expected what they may write, such as ["/src/"]; [] makes the lane review-only'
                self.errors.append(((*key, "paths"), expected))
        return Lane(
            name,
            summary if isinstance(summary, str) else "",
            self._patterns(NamePatterns, table, key, "branches", _check_branch_pattern),
            self._patterns(PathPatterns, table, key, "paths", _check_path_pattern),
            self._pushers(table, key),
        )

    def _check_version(self, document: dict[str, Any]) -> None:
        version = document.get("version")
        if version is None:
            self.errors.append((("version",), "it is missing; expected version = 1"))
        elif type(version) is not int or version != 1:
            self._wrong(("version",), version, "expected 1, the only version that this git-lanes reads")

    def _check_keys(self, table: dict[str, Any], key: Key, known: set[str]) -> None:
        for name in table:
            if name not in known:
                expected = ", ".join(sorted(known))
                hint = _did_you_mean(name, known) or f"; expected one of {expected}"
                self.errors.append(((*key, name), f"unknown key{hint}"))

    def _table(self, parent: dict[str, Any], key: Key, name: str, known: set[str]) -> dict[str, Any]:
        table = parent.get(name, {})
        if not isinstance(table, dict):
            self._wrong((*key, name), table, "expected a table")
            return {}
        self._check_keys(table, (*key, name), known)
        return table

    def _strings(self, table: dict[str, Any], key: Key, name: str) -> list[str]:
        values = table.get(name, [])
        if not isinstance(values, list):
            self._wrong((*key, name), values, 'expected a list of strings, such as ["…"]')
            return []
        for i, value in enumerate(values):
            if not isinstance(value, str):
                self._wrong((*key, name, i), value, "expected a string")
        # A place holder keeps the indexes; it is valid wherever a string is expected.
        return [value if isinstance(value, str) else "refs/invalid" for value in values]

    def _patterns(
        self,
        kind: type[_P],
        table: dict[str, Any],
        key: Key,
        name: str,
        check: Callable[[str], None],
    ) -> _P:
        texts = self._strings(table, key, name)
        try:
            for text in texts:
                check(text)
            patterns = kind(texts)
        except PatternError:
            self._unreadable(kind, check, (*key, name), texts)
            return kind(())
        if texts and all(text.startswith("!") for text in texts):
            only = "every pattern begins with '!', which only takes out what another one matches"
            self.errors.append(((*key, name), only))
        return patterns

    def _unreadable(self, kind: type[_P], check: Callable[[str], None], key: Key, texts: list[str]) -> None:
        for i, text in enumerate(texts):
            try:
                kind([text])
                check(text)
            except PatternError as error:
                self._wrong((*key, i), text, str(error))

    def _wrong(self, key: Key, value: object, expected: str) -> None:
        self.errors.append((key, f"{_shown(value)}: {expected}"))


def _shown(value: object) -> str:
    """Give a TOML value in a few words; never its repr, which fails for huge numbers and deep nesting."""
    if isinstance(value, str):
        return f'"{shortened(printable(value.encode()), 60)}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() < 64:
        return str(value)
    kinds = {int: "a huge number", float: "a float", list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or a time")


def _check_branch_pattern(text: str) -> None:
    glob = text.removeprefix("!")
    if glob.startswith(("refs/heads/", "/")):
        raise PatternError("expected a branch's name, without refs/heads/ or a slash before it")
    example = re.sub(r"\[.[^]]*\]|\*+|\?|\\.", "x", glob)
    if glob and not is_branch_name(example.encode("utf-8", "surrogatepass")):
        raise PatternError("no branch can have such a name (git-check-ref-format(1))")


def _is_exact_name(text: str) -> bool:
    known = is_branch_name(text.encode()) and not text.startswith(("!", BRANCHES.decode()))
    return known and len(text) <= LONGEST_PATTERN


def _is_name_of_a_person(text: str) -> bool:
    # What looks like a pattern would name nobody, or let in whom it was to keep out.
    is_pattern = "*" in text or text.startswith("!")
    return text.isprintable() and text == text.strip() and text not in ("", "@") and not is_pattern


def _check_path_pattern(text: str) -> None:
    if any(part in (".", "..") for part in text.removeprefix("!").split("/")):
        raise PatternError('a part "." or ".." matches nothing; patterns begin at the root of the repository')


def _check_ref_pattern(text: str) -> None:
    if not text.removeprefix("!").startswith("refs/"):
        raise PatternError("expected a full ref name, such as refs/notes/**")
    if text.removeprefix("!").startswith(("refs/heads/", "refs/replace/")):
        raise PatternError("branches are judged by their lanes, and refs/replace/ is never let through")


def dotted(key: Iterable[str | int]) -> str:
    """Write a key as TOML does, items as `[0]`; safe to print."""
    out = ""
    for part in key:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            quoted = part.replace("\\", "\\\\").replace('"', '\\"')
            name = part if bare else '"' + printable(quoted.encode("utf-8", "backslashreplace")) + '"'
            out += f".{name}" if out else name
    return out


_NOT_IN_A_REF = re.compile(
    rb"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.\Z|^\.|/\.|\.lock(?:/|\Z)|/\Z|^/|^@\Z|^-"
)


def is_branch_name(name: bytes) -> bool:
    """Tell whether git would take *name* for a branch (git-check-ref-format(1))."""
    return bool(name) and not _NOT_IN_A_REF.search(name)
