"""Tell whether a tree is one that git would make; of others, git shows less than they hold."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from lanes.text import quoted, shortened

# What git's fsck calls hasDot, hasDotdot and hasDotgit, with HFS and NTFS disguises of .git: HFS+ ignores
# some code points, NTFS what follows a colon, and spaces and dots at the end.
_IGNORED = rb"(?:\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf)*"
_DOT_GIT = _IGNORED + _IGNORED.join((rb"\.", rb"g", rb"i", rb"t")) + _IGNORED
_FORBIDDEN = re.compile(
    rb"^(?:\.{0,2}|.*/.*|(?:.*\\)?(?:%b|git~1)[ .]*(?:[:\\].*)?)\Z" % _DOT_GIT, re.DOTALL | re.IGNORECASE
)
_HFS_DOT_GIT = re.compile(rb"%b\Z" % _DOT_GIT, re.IGNORECASE)
# One of these is in every disguise of .git, in lower case.
_SUSPECT = (b".git", b"git~1", b"\xe2", b"\xef")
# An entry is "mode name", NUL and the bytes of an id. Old tools also wrote modes with a zero before them.
_USUAL = {size: re.compile(rb"((?:40000|1[0-7]{5}) [^\0]*+)\0.{%d}" % size, re.DOTALL) for size in (20, 32)}
_LINE = rb"(?:((?:40000|1[0-7]{5}) [^\0]*+)\0.{%d})*+"
_ANY = {size: re.compile(rb"([0-7]++ [^\0]*+)\0.{%d}" % size, re.DOTALL) for size in (20, 32)}
_LONGEST = 100  # characters of a name in a message


def flaws(tree: bytes, hash_size: int) -> Counter[str]:
    """Say what is wrong with the bytes of a tree object, and how often; ready to be printed.

    *hash_size* is the length of an object id in bytes. The rules are those of git's own fsck that make a tree
    mean something else to one git command than to another: names come in order, and once, and none of them
    is empty, `.`, `..` or `.git`, or holds a slash (git-fsck(1)).
    """
    entries = _entries(tree, hash_size)
    if entries is None:
        return Counter(["garbage"])
    keys = [entry[6:] + b"/" if entry.startswith(b"4") else entry[7:] for entry in entries]  # as in _key
    folders = [entry[6:] for entry in entries if entry.startswith(b"4")]
    known = set(keys)
    once = len(known) == len(keys) and known.isdisjoint(folders)
    if once and keys == sorted(keys) and not _suspicious(keys, known, len(folders)):
        return Counter()
    names = Counter(entry.partition(b" ")[2] for entry in entries)
    found = Counter(f"the name {_shown(name)}" for name in names if is_forbidden(name))
    found += Counter({f"the name {_shown(name)} twice": number - 1 for name, number in names.items()})
    return found + Counter(f"{_shown(b)} behind {_shown(a)}" for a, b in pairwise(keys) if a > b)


class Added(NamedTuple):
    """What a diff tells to be new: its path from a folder on, its mode, and its id in hexadecimal digits."""

    path: bytes
    mode: bytes
    oid: bytes


def are_sound(tree: bytes, added: Iterable[Added], hash_size: int) -> bool:
    """Tell whether it is certain that *added* brought no flaw into a tree.

    Git finds what is new by walking both lists of names at once. So all other entries stood in the tree
    before, in this order, and a new flaw lies in a new name, or between one and its neighbours. A path of
    several parts is new in a folder below, unless it is the name of an entry here.
    """
    return all(_is_sound(tree, one, hash_size) for one in added)


def _is_sound(tree: bytes, added: Added, hash_size: int) -> bool:
    path, mode, oid = added
    times = tree.count(b" %b\0" % path)
    if b"/" in path:
        return times == 0
    begin = b"%b %b" % (mode.removeprefix(b"0"), path)
    entry = b"%b\0%b" % (begin, bytes.fromhex(oid.decode("ascii")))
    at = tree.find(entry)
    if times != 1 or at < 0 or tree.find(entry, at + 1) >= 0 or is_forbidden(path):
        return False
    # What stands before it is read from the beginning: the bytes of an id can look like anything.
    before = re.compile(_LINE % hash_size, re.DOTALL).match(tree, 0, at)
    end = at + len(entry)
    after = _USUAL[hash_size].match(tree, end)
    if before is None or before.end() != at or (after is None and end < len(tree)):
        return False
    keys = [_key(found) for found in (before[1], begin, after and after[1]) if found]
    return all(a < b for a, b in pairwise(keys))


def _key(entry: bytes) -> bytes:
    """Give what git sorts an entry by: its name, that of a folder as if a slash followed."""
    return entry[6:] + b"/" if entry.startswith(b"4") else entry[7:]


def is_forbidden(name: bytes) -> bool:
    """Tell whether no tree may hold this name. Where it stops being UTF-8, HFS+ stops reading."""
    try:
        name.decode()
        readable = name
    except UnicodeDecodeError as error:
        readable = name[: error.start]
    return bool(_FORBIDDEN.match(name) or _HFS_DOT_GIT.match(readable))


def _entries(tree: bytes, hash_size: int) -> list[bytes] | None:
    """Split a tree into "mode name", the mode as git writes it; None where it is no tree."""
    for shape in (_USUAL[hash_size], _ANY[hash_size]):
        entries: list[bytes] = shape.findall(tree)
        if sum(map(len, entries)) + len(entries) * (1 + hash_size) == len(tree):
            return entries if shape is _USUAL[hash_size] else [_with_usual_mode(entry) for entry in entries]
    return None


def _with_usual_mode(entry: bytes) -> bytes:
    mode, _, name = entry.partition(b" ")
    return (b"40000 " if int(mode, 8) & 0o170000 == 0o040000 else b"100644 ") + name


def _suspicious(keys: list[bytes], known: set[bytes], folders: int) -> bool:
    """Tell whether any name may be forbidden; nearly all trees are cleared here, and fast."""
    joined = b"\0".join(keys).lower()
    odd = {b"", b".", b"..", b"/", b"./", b"../"}
    return (
        not known.isdisjoint(odd) or joined.count(b"/") != folders or any(part in joined for part in _SUSPECT)
    )


def _shown(name: bytes) -> str:
    return shortened(quoted(name), _LONGEST) or "of no letters"
