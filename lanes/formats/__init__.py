"""The formats of an audit, by name. Each is a module, which is imported when it is asked for."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import cast

from lanes.audited import Audit

Format = Callable[[Audit], Iterable[str]]
"""Gives pieces of text, in order; joined they are the document."""

_MODULES = {
    "text": "text",
    "json": "as_json",
    "sarif": "sarif",
    "github": "github",
    "gitlab": "gitlab",
    "junit": "junit",
    "markdown": "markdown",
    "html": "html",
}
NAMES = tuple(_MODULES)


def named(name: str) -> Format:
    """Give a format by its name: what its module calls `document`."""
    return cast(Format, import_module(f"lanes.formats.{_MODULES[name]}").document)
