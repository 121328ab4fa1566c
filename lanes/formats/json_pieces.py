"""JSON as `json.dumps` would indent it, but in pieces: what is long need not be in memory at once."""

import json
from collections.abc import Iterable, Iterator, Mapping


def encoded(value: object, indent: str = "") -> Iterator[str]:
    """Give a value as JSON in ASCII. An iterator in it is a list, of which one item at a time is held."""
    if isinstance(value, Mapping):
        members = ((f"{json.dumps(key)}: ", inner) for key, inner in value.items())
        yield from _group("{", members, "}", indent)
    elif isinstance(value, Iterator):
        yield from _group("[", (("", inner) for inner in value), "]", indent)
    else:
        yield json.dumps(value, indent=2).replace("\n", f"\n{indent}")


def _group(begin: str, members: Iterable[tuple[str, object]], end: str, indent: str) -> Iterator[str]:
    separator = begin
    for name, inner in members:
        yield f"{separator}\n{indent}  {name}"
        yield from encoded(inner, f"{indent}  ")
        separator = ","
    yield f"{begin}{end}" if separator == begin else f"\n{indent}{end}"
