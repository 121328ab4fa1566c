"""Find where every key and array item of a TOML document stands, which tomllib does not tell."""

import re
import tomllib
from collections.abc import Generator, Iterable, Iterator
from itertools import takewhile

Path = tuple[str | int, ...]

# What is left open goes on to the end, so that no text takes more than one look at each character.
_TOKEN = re.compile(
    r'''
      """(?:\\.|[^"\\]|"(?!""))*+(?:"{3,5})?    # strings of several lines
    | \'\'\'(?:[^']|'(?!\'\'))*+(?:'{3,5})?
    | "(?:\\.|[^"\\\n])*+"?  | '[^'\n]*+'?
    | \#[^\n]*
    | [\n\[\]{}=,.]
    | [^\s\[\]{}=,."'\#]+
    ''',
    re.DOTALL | re.VERBOSE,
)


_DEEPEST = 16  # parts of a path; no key of a manifest has half as many


def lines_of(document: str) -> dict[Path, int]:
    """Map the path of each table, key and array item to the line that it begins on, counted from 1.

    A path is made of the keys, and of the index for an item of an array; a table that is written several
    times has its first line. What is nested deeper than 16 parts is left out. *document* must be valid TOML:
    nothing is checked here.
    """
    lines: dict[Path, int] = {(): 1}
    line, counted = 1, 0
    for path, start in _Scanner(document).positions():
        line += document.count("\n", counted, start)
        counted = start
        lines.setdefault(path, line)
    return lines


def with_items(document: str, array: Path, items: Iterable[str]) -> str:
    """Give *document* with more items, written as TOML, at the end of an array of strings that has some.

    All else stays as it is, character by character. The new ones are laid out as the last one is.
    """
    start = [start for path, start in _Scanner(document).positions() if path[:-1] == array][-1]
    found = takewhile(lambda token: token[0] != "]", _TOKEN.finditer(document, start))
    item, *others = (token for token in found if token[0] != "\n")
    *_, last = item, *others
    end = last.start() + len(last[0].rstrip("\r"))
    before = document[document.rfind("\n", 0, start) + 1 : start]
    newline = "\r\n" if "\r\n" in document else "\n"
    gap = " "
    if not before.strip():
        gap = newline + before
    elif last[0].startswith("#"):
        gap = f"{newline}  "
    added = "".join(f"{gap}{new}," for new in items)
    if any(token[0] == "," for token in others):
        return document[:end] + added + document[end:]
    return f"{document[: item.end()]},{document[item.end() : end]}{added[:-1]}{document[end:]}"


def deepest_line(document: str) -> int:
    """Give the line where the brackets begin that are nested deepest; *document* need not be valid."""
    depth = deepest = 0
    begins = found = 0
    for token, start in _tokens(document):
        if token in ("[", "{"):
            depth += 1
            begins = start if depth == 1 else begins
            if depth > deepest:
                deepest, found = depth, begins
        elif token in ("]", "}"):
            depth -= 1
    return document.count("\n", 0, found) + 1


def _tokens(document: str) -> Iterator[tuple[str, int]]:
    """Split a document into tokens, each with where it begins; comments are left out."""
    for match in _TOKEN.finditer(document):
        if not match[0].startswith("#"):
            yield match[0], match.start()


def _below(path: Path, part: str | int) -> Path:
    return (*path, part)[:_DEEPEST]


class _Scanner:
    """A cursor over the tokens of a valid document, each with where it begins."""

    def __init__(self, document: str) -> None:
        self._tokens = list(_tokens(document))
        self._at = 0

    def positions(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        items: dict[Path, int] = {}  # how many items each array of tables has so far
        while self._at < len(self._tokens):
            if self._peek() == "\n":
                self._at += 1
            elif self._peek() == "[":
                table = yield from self._header(items)
            else:
                yield from self._assignment(table)

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, int]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _skip_line_breaks(self) -> None:
        while self._peek() == "\n":
            self._at += 1

    def _header(self, items: dict[Path, int]) -> Generator[tuple[Path, int], None, Path]:
        _, start = self._next()
        several = self._peek() == "["
        self._at += several
        path: Path = ()
        keys = self._key()
        for i, key in enumerate(keys):
            path = _below(path, key)
            yield path, start
            if several and i == len(keys) - 1:
                items[path] = items.get(path, 0) + 1
            if path in items:
                path = _below(path, items[path] - 1)
                yield path, start
        self._at += 2 if several else 1
        return path

    def _key(self) -> list[str]:
        keys = [_key_text(self._next()[0])]
        while self._peek() == ".":
            self._at += 1
            keys.append(_key_text(self._next()[0]))
        return keys

    def _assignment(self, table: Path) -> Iterator[tuple[Path, int]]:
        start = self._tokens[self._at][1]
        path = table
        for key in self._key():
            path = _below(path, key)
            yield path, start
        self._at += 1  # the equals sign
        yield from self._value(path)

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        opening = self._next()[0]
        if opening in ("[", "{") and len(path) == _DEEPEST:
            self._skip_brackets()
        elif opening == "[":
            yield from self._array(path)
        elif opening == "{":
            yield from self._inline_table(path)
        else:
            while self._peek() not in ("", "\n", ",", "]", "}"):
                self._at += 1  # a number or a date of several tokens

    def _array(self, path: Path) -> Iterator[tuple[Path, int]]:
        index = 0
        self._skip_line_breaks()
        while self._peek() != "]":
            item = _below(path, index)
            yield item, self._tokens[self._at][1]
            yield from self._value(item)
            index += 1
            self._skip_separators()
        self._at += 1

    def _inline_table(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._skip_line_breaks()
        while self._peek() != "}":
            yield from self._assignment(path)
            self._skip_separators()
        self._at += 1

    def _skip_brackets(self) -> None:
        """Go behind the bracket that closes the one just read. Without recursion: nesting may be deep."""
        depth = 1
        while depth:
            token, _ = self._next()
            depth += (token in ("[", "{")) - (token in ("]", "}"))

    def _skip_separators(self) -> None:
        while self._peek() in ("\n", ","):
            self._at += 1


def _key_text(token: str) -> str:
    if token[0] not in "\"'":
        return token
    (key,) = tomllib.loads(f"{token} = 0")
    return key
