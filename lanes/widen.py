"""Widen a lane in the text of the manifest: by the paths that are named, and by nothing else."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from lanes.errors import CannotJudge
from lanes.manifest import FILE, Decisive, Lane, Manifest, ManifestInvalid, parse
from lanes.overlap import prove
from lanes.patterns import (
    LONGEST_PATTERN,
    NamePatterns,
    PathPattern,
    PathPatterns,
    PatternError,
    exact_pattern,
)
from lanes.text import printable, readable, toml_string
from lanes.toml_lines import with_items

_FILE = FILE.decode()


class Refused(Exception):
    """The lane may not be widened so. The message says why, and what to do; nothing has changed."""


class Wanted(NamedTuple):
    """A path from the root, without a slash at its end, and whether it is a folder."""

    path: bytes
    folder: bool

    def __str__(self) -> str:
        return readable(self.path + b"/" * self.folder)


def needed(manifest: Manifest, lane: Lane, wanted: Sequence[Wanted]) -> Iterator[tuple[Wanted, str]]:
    """Give those of the paths that a lane may not write yet, each with the pattern that covers it.

    Raises Refused where one of them may be written by no lane, or can't be named.
    """
    if lane.review_only:
        raise Refused("it is review-only; to make another kind of lane of it, change its paths by hand")
    new: list[PathPattern] = []
    for one in wanted:
        if manifest.reserved(*one):
            why = "it is the manifest" if one.path == FILE else "it is protected"
            raise Refused(f"{one}: only integration branches may write it: {why}")
        try:
            pattern = PathPattern(exact_pattern(*one))
        except PatternError as error:
            raise Refused(f"{one}: {error}") from None
        name = one.path.decode("latin-1") + "/" * one.folder
        if any(other.match_file(f"{name}") for other in new) or _may_write_all(manifest, lane, one, pattern):
            continue
        new.append(pattern)
        yield one, pattern.text


def _may_write_all(manifest: Manifest, lane: Lane, wanted: Wanted, pattern: PathPattern) -> bool:
    if not manifest.may_write(lane, *wanted):
        return False
    return not wanted.folder or _is_covered(manifest, lane, pattern)


def _is_covered(manifest: Manifest, lane: Lane, pattern: PathPattern) -> bool:
    """Tell whether a lane may write all that a pattern covers, and that is not protected.

    That is so if nothing collides with a lane that may write whatever this one may not.
    """
    texts = [one.text for one in (*lane.paths.patterns, *_only_positive(manifest.shared))]
    try:
        rest = PathPatterns(["*", *map(_turned, texts)])
    except PatternError:
        return False  # one that is as long as can be
    lanes = (_lane("asked for", PathPatterns([pattern.text])), _lane("the rest", rest))
    return prove(Manifest(lanes, protected=manifest.protected)).proven == 1


def _only_positive(patterns: PathPatterns) -> Sequence[PathPattern]:
    """Give the patterns of a list that can stand behind another one, and add to it."""
    return patterns.patterns if all(pattern.include for pattern in patterns.patterns) else ()


def _turned(text: str) -> str:
    """Give the pattern that takes out what *text* covers, or covers what it takes out."""
    glob = text.removeprefix("!")
    if glob == text:
        return f"!{text}"
    return f"\\{glob}" if glob.startswith(("!", "#")) else glob


def _lane(name: str, paths: PathPatterns) -> Lane:
    return Lane(name, "", NamePatterns(()), paths)


def widened(blob: bytes, manifest: Manifest, lane: Lane, new: Sequence[tuple[Wanted, str]]) -> bytes:
    """Give the manifest *blob* with the new patterns at the end of a lane's, where the last one decides.

    Raises Refused where another lane may write any of that, or the manifest would not be valid.
    """
    patterns = [pattern for one in new for pattern in _apart(manifest, lane, *one)]
    if collisions := list(_collisions(manifest, lane, patterns)):
        raise Refused(
            "\n".join(
                [
                    "another lane may write that, too:",
                    *(f"  {line}" for line in collisions),
                    "next:",
                    "  leave it to that lane, or take it out of that lane's paths first",
                ]
            )
        )
    by_hand = f"write these at the end of its paths by hand: {', '.join(map(_in_toml, patterns))}"
    try:
        found = _edited(blob, lane.name, patterns)
        same = tomllib.loads(_text(found)) == _expected(blob, lane.name, patterns)
        parse(found)
    except ManifestInvalid as error:
        raise Refused(f"the manifest would be invalid:\n{error}") from None
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise CannotJudge(f"{_FILE} can't be edited without changing anything else; {by_hand}")
    return found


def _apart(manifest: Manifest, lane: Lane, wanted: Wanted, pattern: str) -> Sequence[str]:
    """Keep the pattern of a file from covering what lies below it, where that could be another lane's.

    To a pattern such as *.md the file could be a folder as well, with a page in it.
    """
    file = not wanted.folder and not manifest.may_write(lane, wanted.path, folder=True)
    if file and len(pattern) + 2 <= LONGEST_PATTERN and any(_collisions(manifest, lane, [pattern])):
        return pattern, f"!{pattern}/"
    return (pattern,)


def _collisions(manifest: Manifest, lane: Lane, patterns: Sequence[str]) -> Iterator[str]:
    """Say what of the new patterns another lane may write, and this one may not write yet."""
    others = [other for other in manifest.lanes if other.name != lane.name]
    known = [pattern.text for pattern in (*lane.paths.patterns, *manifest.protected.patterns)]
    asked = replace(lane, branches=NamePatterns(()), paths=PathPatterns(patterns))
    probe = replace(manifest, lanes=(asked, *others), protected=PathPatterns(known))
    proof = prove(probe, lane.name)
    if proof.unknown:
        names = ", ".join(f'"{name}"' for pair in proof.unknown for name in pair if name != lane.name)
        raise CannotJudge(f"it takes too long to decide whether another lane may write that: {names}")
    for overlap in proof.overlaps:
        other, decisive = overlap.lanes[1], overlap.patterns[1]
        path = readable(overlap.witness.removesuffix(b"/"))
        path += " (a submodule)" * overlap.witness.endswith(b"/")
        yield f'{path}: lane "{other}" may write it, by {_by(manifest, decisive)}'


def _by(manifest: Manifest, decisive: Decisive) -> str:
    return f"{printable(decisive.text.encode())} (line {manifest.line_of(decisive.key)} of {_FILE})"


def _edited(blob: bytes, lane: str, patterns: Sequence[str]) -> bytes:
    return with_items(blob.decode(), ("lanes", lane, "paths"), map(_in_toml, patterns)).encode()


def _expected(blob: bytes, lane: str, patterns: Sequence[str]) -> Mapping[str, Any]:
    document = tomllib.loads(_text(blob))
    document["lanes"][lane]["paths"] += patterns
    return document


def _text(blob: bytes) -> str:
    return blob.decode().replace("\r\n", "\n")


def _in_toml(text: str) -> str:
    """Write a pattern as TOML, so that whoever reviews it sees all that is in it."""
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return toml_string(text)
