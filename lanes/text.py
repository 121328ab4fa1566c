"""Make bytes from strangers safe to print: no name can forge a line or drive a terminal."""

import re
from collections.abc import Iterable

# What git's quote_c_style escapes, with core.quotePath at its default (git-config(1)).
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_UNESCAPED = {shown[1:].encode(): bytes([byte]) for byte, shown in _ESCAPES.items()}
_ESCAPED = re.compile(rb'\\([0-3][0-7]{2}|[abtnvfr"\\])')
_NEEDS_QUOTES = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')
# No shell takes these for anything else; zsh has a use for "=".
_PLAIN_WORD = re.compile(r"[A-Za-z0-9@%+:,./_-]+")


def quoted(path: bytes) -> str:
    """Give a path as git prints it: as it is, or C-quoted where a byte in it needs that."""
    return f'"{_escaped(path)}"' if _NEEDS_QUOTES.search(path) else path.decode("ascii")


def readable(path: bytes) -> str:
    """Give a path as git prints it where core.quotePath is off, but for what is not printable.

    It is for what is read in one's own time: briefs and commit messages. Hooks say `quoted`, as git around
    them does.
    """
    text = path.decode("utf-8", "surrogateescape")
    if text.isprintable() and '"' not in text and "\\" not in text:
        return text
    shown = (
        c if c > "~" and c.isprintable() else _escaped(c.encode("utf-8", "surrogateescape")) for c in text
    )
    return f'"{"".join(shown)}"'


def _escaped(name: bytes) -> str:
    return "".join(
        _ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in name
    )


def unquoted(shown: bytes) -> bytes | None:
    """Give the path that `quoted` shows so, None where it shows none so."""
    path = shown
    if shown.startswith(b'"'):
        path = _ESCAPED.sub(lambda found: _UNESCAPED.get(found[1]) or bytes([int(found[1], 8)]), shown[1:-1])
    return path if path and quoted(path).encode("ascii") == shown else None


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


def toml_string(text: str) -> str:
    """Write a string as TOML has it, so that whoever reviews it sees all that is in it."""
    return '"' + "".join(map(_toml_character, text)) + '"'


def _toml_character(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    if c == "\t":
        return "\\t"
    if c.isprintable():
        return c
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def allow_command(lane: str, paths: Iterable[bytes], at: bytes | None = None) -> str:
    """Give the command that widens *lane* by *paths*, which the root of the repository is around.

    In the work tree *at*, where one is given, it commits that, too. Pasted into a shell it runs that and
    nothing else, whatever the names are.
    """
    words = [lane.encode("utf-8", "surrogateescape"), *map(_from_the_root, paths)]
    first = next((i for i, word in enumerate(words) if word.startswith(b"-")), None)
    if first is not None:
        words.insert(first, b"--")
    command = "git lanes allow" if at is None else f"git -C {shell_word(at)} lanes allow --commit"
    return " ".join([command, *map(shell_word, words)])


def _from_the_root(path: bytes) -> bytes:
    """Keep a name from being read as one that is given from the root: `:/` has that meaning."""
    return b":/" + path if path.startswith(b":/") else path


def shell_word(text: bytes) -> str:
    r"""Quote one word for a POSIX shell, in one printable line.

    A shell that lacks `$'...'` reads another name then, but no command: it holds no quote of the name.
    """
    decoded = text.decode("utf-8", "surrogateescape")
    if _PLAIN_WORD.fullmatch(decoded):
        return decoded
    if decoded.isprintable():
        return "'" + decoded.replace("'", "'\"'\"'") + "'"
    return "$'" + "".join(chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\{b:03o}" for b in text) + "'"
