"""Make bytes from strangers safe to print: no name can forge a line or drive a terminal."""

import re

# What git's quote_c_style escapes, with core.quotePath at its default (git-config(1)).
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_NEEDS_QUOTES = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')


def quoted(path: bytes) -> str:
    """Give a path as git prints it: as it is, or C-quoted where a byte in it needs that."""
    if not _NEEDS_QUOTES.search(path):
        return path.decode("ascii")
    inner = "".join(
        _ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in path
    )
    return f'"{inner}"'


def printable(text: bytes) -> str:
    r"""Give a ref, an author or a subject in one readable line.

    UTF-8 stays readable; other bytes, control characters, and whatever else Unicode calls not printable
    (line separators, direction overrides) become backslash escapes.
    """
    decoded = text.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in decoded)


def shortened(text: str, width: int = 72) -> str:
    """Cut a line to *width* characters, with an ellipsis where something was cut."""
    return text if len(text) <= width else text[: width - 1] + "…"
