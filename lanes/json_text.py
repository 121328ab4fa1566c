"""Change a list in a JSON file that people write, too: all else in it stays as it is, byte for byte.

`json` alone would write the whole file anew, in its own layout.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

EACH = None
"""In a path, every item of a list, where a word is a key of an object."""

Path = Sequence[str | None]

_SPACE = re.compile(r"[ \t\r\n]*")
_INDENTED = re.compile(r"\n([ \t]+)[^ \t\r\n]")
_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class _Element:
    """A member of an object, or an item of a list: where it starts, where its value does, and its end."""

    key: str
    start: int
    value: int
    end: int


def parsed(text: str) -> object:
    """Give what *text* stands for. Raises ValueError, which says where it is no JSON."""
    try:
        return json.loads(text, parse_constant=_refused)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"{where}: {error.msg}; it must be JSON, without comments") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refused(word: str) -> object:
    raise ValueError(f"{word} is no JSON")


def items(text: str, path: Path) -> list[object]:
    """List all that lies at *path*."""
    return [_value(text, trail) for trail in _trails(text, _begin(text), path)]


def with_member(text: str, key: str, value: object) -> str:
    """Give the object *text* this member, unless it has one of that name. Raises ValueError."""
    at = _begin(text)
    _require(text, at, "{", ())
    return text if _member(text, at, key) else _added(text, at, value, key)


def with_item(text: str, keys: Sequence[str], item: object) -> str:
    """Add *item* to the list at *keys*, and what is missing on the way to it. Raises ValueError."""
    at = _begin(text)
    for depth, key in enumerate(keys):
        _require(text, at, "{", keys[:depth])
        element = _member(text, at, key)
        if element is None:
            value: object = [item]
            for inner in reversed(keys[depth + 1 :]):
                value = {inner: value}
            return _added(text, at, value, key)
        at = element.value
    _require(text, at, "[", keys)
    return _added(text, at, item)


def without(text: str, path: Path, unwanted: Callable[[object], bool]) -> str:
    """Take out what is *unwanted* at *path*, and what is empty then around it.

    Where EACH is in the middle of *path*, the whole item goes with the last that the rest of it leads to.
    """
    while trail := next((t for t in _trails(text, _begin(text), path) if unwanted(_value(text, t))), None):
        depth = len(trail) - 1
        while depth and (len(trail[depth][0]) == 1 or path[depth - 1] is EACH):
            depth -= 1
        text = _cut(text, *trail[depth])
    return text


_Trail = list[tuple[list[_Element], int]]
"""The way to a value: at each step, what is in that object or list, and which of it is meant."""


def _trails(text: str, at: int, path: Path) -> Iterator[_Trail]:
    elements = _elements(text, at)
    for index, element in enumerate(elements):
        if path[0] in (EACH, element.key):
            rest = _trails(text, element.value, path[1:]) if path[1:] else [[]]
            yield from ([(elements, index), *trail] for trail in rest)


def _value(text: str, trail: _Trail) -> object:
    elements, index = trail[-1]
    return _decode(text, elements[index].value)[0]


def _begin(text: str) -> int:
    return _after_space(text, 0)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _require(text: str, at: int, begins: str, keys: Sequence[str]) -> None:
    if text[at] != begins:
        kind = {"{": "an object", "[": "a list"}[begins]
        raise ValueError(f"{'.'.join(keys) or 'all of it'} is not {kind}")


def _member(text: str, at: int, key: str) -> _Element | None:
    """Find a member of an object; of several, the last one counts."""
    return next((element for element in reversed(_elements(text, at)) if element.key == key), None)


def _elements(text: str, at: int) -> list[_Element]:
    """List what the object or the list at *at* holds; nothing for any other value."""
    found: list[_Element] = []
    opened = text[at]
    if opened not in "{[":
        return found
    at = _after_space(text, at + 1)
    while text[at] not in "}]":
        start, key = at, ""
        if opened == "{":
            key, at = _decode(text, at)
            at = _after_space(text, _after_space(text, at) + len(":"))
        _, end = _decode(text, at)
        found.append(_Element(key, start, at, end))
        at = _after_space(text, end)
        if text[at] == ",":
            at = _after_space(text, at + 1)
    return found


def _added(text: str, at: int, value: object, key: str | None = None) -> str:
    """Add a member or an item at the end of the object or list at *at*, laid out like those before it."""
    begins = "" if key is None else f"{json.dumps(key)}: "
    indented = _INDENTED.search(text)
    unit = indented[1] if indented else "  "
    newline = "\r\n" if "\r\n" in text else "\n"
    elements = _elements(text, at)
    if not elements:
        line = _SPACE.match(text, text.rfind("\n", 0, at) + 1)
        outer = newline + (line[0] if line else "")
        end = _after_space(text, at + 1)
        return f"{text[: at + 1]}{outer}{unit}{begins}{_dumped(value, outer + unit, unit)}{outer}{text[end:]}"
    last = elements[-1]
    lead = text[: last.start][len(text[: last.start].rstrip(" \t\r\n")) :]
    if "\n" not in lead:
        return f"{text[: last.end]}, {begins}{json.dumps(value, ensure_ascii=False)}{text[last.end :]}"
    line_start = newline + lead[lead.rindex("\n") + 1 :]
    return f"{text[: last.end]},{line_start}{begins}{_dumped(value, line_start, unit)}{text[last.end :]}"


def _dumped(value: object, line_start: str, unit: str) -> str:
    return json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", line_start)


def _cut(text: str, elements: Sequence[_Element], index: int) -> str:
    """Take one element out, and the comma that it brought."""
    element = elements[index]
    if index:
        return text[: elements[index - 1].end] + text[element.end :]
    if len(elements) > 1:
        return text[: element.start] + text[elements[1].start :]
    before = text[: element.start].rstrip(" \t\r\n")
    return before + text[_after_space(text, element.end) :]
