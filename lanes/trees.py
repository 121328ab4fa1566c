"""Tell whether a tree is one that git would make; of others, git shows less than they hold."""

import re
from collections import Counter

from lanes.text import quoted, shortened

# What git's fsck calls hasDot, hasDotdot and hasDotgit, with HFS and NTFS disguises of .git: HFS+ ignores
# some code points, NTFS what follows a colon, and spaces and dots at the end.
_IGNORED = rb"(?:\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf)*"
_DOT_GIT = _IGNORED + _IGNORED.join((rb"\.", rb"g", rb"i", rb"t")) + _IGNORED
_FORBIDDEN = re.compile(
    rb"^(?:\.{0,2}|.*/.*|(?:.*\\)?(?:%b|git~1)[ .]*(?:[:\\].*)?)\Z" % _DOT_GIT, re.DOTALL | re.IGNORECASE
)
# Most names hold nothing that a forbidden one must hold.
_SUSPECT = re.compile(rb"/|(?:\0|\A)\.{0,2}(?:\0|\Z)|\.git|git~1|[\xe2\xef]", re.IGNORECASE)
_ENTRIES = {size: re.compile(rb"([0-7]+) ([^\0]*)\0.{%d}" % size, re.DOTALL) for size in (20, 32)}
_LONGEST = 100  # characters of a name in a message


def flaw(tree: bytes, hash_size: int) -> str | None:
    """Say what is wrong with the bytes of a tree object, None where nothing is; ready to be printed.

    *hash_size* is the length of an object id in bytes. The rules are those of git's own fsck that make a tree
    mean something else to one git command than to another: names come in order and once, and none of them is
    `.`, `..`, `.git` or holds a slash (git-fsck(1), gitformat: tree objects).
    """
    entries = _ENTRIES[hash_size].findall(tree)
    if sum(len(mode) + len(name) for mode, name in entries) + len(entries) * (hash_size + 2) != len(tree):
        return "garbage"
    names = [name for _, name in entries]
    joined = b"\0".join(names)
    if _SUSPECT.search(joined):
        for name in names:
            if _FORBIDDEN.match(name):
                return f"the name {_shown(name)}"
    folders = {mode for mode, _ in entries if int(mode, 8) & 0o170000 == 0o040000}
    keys = [name + b"/" if mode in folders else name for mode, name in entries]
    if len(set(names)) != len(names):
        return f"the name {_shown(Counter(names).most_common(1)[0][0])} twice"
    return "names out of order" if keys != sorted(keys) else None


def _shown(name: bytes) -> str:
    return shortened(quoted(name), _LONGEST) or "of no letters"
