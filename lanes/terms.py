"""Patterns as a search takes them, and what no path or branch can be called, in patterns of the same kind."""

from lanes.automaton import Term
from lanes.manifest import FILE, Manifest
from lanes.patterns import GLOBSTAR, NamePattern, PathGlob, PathPattern, Wild, either_case
from lanes.trees import is_forbidden

# What no tree may hold; disguises of .git are left to is_forbidden.
NO_PATH = [
    Term(glob.atoms, at_or_below=True)
    for glob in (
        PathGlob((GLOBSTAR, ()), folders_only=False),  # an empty part
        *map(PathGlob.parse, (b".", b"..", b".[gG][iI][tT]", b"[gG][iI][tT]~1")),
    )
]
_NOT_IN_A_NAME = frozenset(range(33)) | frozenset(b"\x7f~^:?*[\\")
NO_BRANCH = [
    Term((Wild.STARS, _NOT_IN_A_NAME, Wild.STARS)),
    *(
        Term(NamePattern(text).atoms)
        for text in ("/**", "**/", "**//**", "**/.**", "**..**", "**.", "**.lock", "**.lock/**")
    ),
    *(Term(NamePattern(text).atoms) for text in (".**", "-**", "@", "**@{**")),
]
MANIFEST_ITSELF = [Term(PathGlob.parse(b"/" + FILE).atoms, at_or_below=True)]


def path_term(pattern: PathPattern) -> Term:
    """Take a path pattern, without its `!`, as a search does: a word that ends in a slash is a submodule."""
    return Term(pattern.glob.atoms, bool(pattern.include), not pattern.glob.folders_only)


def name_term(pattern: NamePattern) -> Term:
    """Take a pattern for names, without its `!`, as a search does."""
    return Term(pattern.atoms, pattern.include)


def integration_terms(manifest: Manifest, trusted: bytes | None) -> list[list[Term]]:
    """Give the names of integration branches, the *trusted* one too, and what could be taken for them."""
    patterns = manifest.integration.branches
    own = [Term(tuple(either_case(frozenset((byte,))) for byte in trusted))] if trusted else []
    return [list(map(name_term, patterns.patterns)), list(map(name_term, patterns.in_any_case)), own]


def is_path(word: bytes) -> bool:
    """Tell whether a tree can hold this path; a slash at its end is that of a submodule."""
    return not any(map(is_forbidden, word.removesuffix(b"/").split(b"/")))
