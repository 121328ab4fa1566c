"""`git lanes check`: what is wrong with a manifest, and proof that its lanes can't collide."""

import json
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lanes import report
from lanes.command import open_repository, trust_of
from lanes.entry import say
from lanes.errors import CannotJudge
from lanes.idle import Idle, idle, unjudged, unused
from lanes.manifest import FILE, Manifest, ManifestInvalid, Problem, dotted
from lanes.overlap import Kind, Overlap, Proof, Unknown, described, prove, shown, unknown
from lanes.plumbing import Git
from lanes.repository import Repository
from lanes.text import printable
from lanes.trust import manifest_at, manifest_of_file

_FILE = FILE.decode()
MOST_SHOWN = 20
"""So many of each kind of finding are told as text."""


class _Findings(NamedTuple):
    errors: Sequence[Problem]
    warnings: Sequence[Problem] = ()
    proof: Proof = Proof((), (), 0)
    manifest: Manifest | None = None

    def rejects(self, found: Overlap | Unknown) -> bool:
        """Tell whether it is an error that two lanes collide, or may."""
        return found.kind == "branch" or (self.manifest is not None and self.manifest.overlap_rejected)


def check(ref: str | None, shape: str) -> int:
    """Check the manifest in the work tree, or that of the commit *ref*; print it as text or json."""
    try:
        findings = _find(ref)
    except CannotJudge as error:
        if shape == "json":
            say(_as_json(_Findings(()), [{"line": None, "key": None, "message": str(error)}]))
        raise
    say(_as_json(findings) if shape == "json" else "\n".join(_as_text(findings)))
    return 1 if findings.errors or any(map(findings.rejects, findings.proof.collisions)) else 0


def _find(ref: str | None) -> _Findings:
    git, repository = open_repository()
    try:
        manifest = _manifest(git, repository, ref)
    except ManifestInvalid as error:
        return _Findings(error.problems)
    return _examined(manifest, trust_of(git, repository, None).branch, _tracked(git, repository, ref))


def _manifest(git: Git, repository: Repository, ref: str | None) -> Manifest:
    if ref is None:
        if repository.folder is None:
            raise CannotJudge("there is no work tree here; say which commit: git lanes check --ref main")
        return manifest_of_file(repository.folder / _FILE)
    commit = git.commit(os.fsencode(ref))
    if commit is None:
        raise CannotJudge(f"there is no commit {printable(os.fsencode(ref))}")
    found = manifest_at(git, commit)
    if found is None:
        raise CannotJudge(f"{printable(os.fsencode(ref))} has no {_FILE}")
    return found


def _tracked(git: Git, repository: Repository, ref: str | None) -> list[bytes]:
    """List the files of the index, or of a commit; a submodule ends in a slash, as a folder does."""
    if ref is None:
        said = git.read("-C", os.fsencode(repository.folder or "."), "ls-files", "-z", "--stage")
    else:
        said = git.read("ls-tree", "-r", "-z", "--full-tree", os.fsencode(ref))
    entries = (entry.partition(b"\t") for entry in said.split(b"\0") if entry)
    return [path + b"/" * about.startswith(b"160000") for about, _, path in entries]


def _examined(manifest: Manifest, trusted: bytes | None, tracked: Sequence[bytes]) -> _Findings:
    does_nothing = list(idle(manifest))
    known = {one.key for one in does_nothing}
    others = list(unjudged(manifest, trusted))
    if tracked:  # before the first commit nothing is
        others += unused(manifest, tracked)
    warned = [*does_nothing, *(one for one in others if one.key not in known)]
    if manifest.integration.sealed and manifest.integration.pushers is None:
        warned.append(Idle(("integration", "accepts"), SEALED_FOR_GOOD))
    return _Findings((), _problems(manifest, warned), prove(manifest, trusted=trusted), manifest)


SEALED_FOR_GOOD = (
    '"lanes", and integration.pushers names nobody, so once this is in force no push can change it any more'
)


def _problems(manifest: Manifest, found: Sequence[Idle]) -> list[Problem]:
    problems = [Problem(manifest.line_of(key), dotted(key), message) for key, message in found]
    return sorted(problems, key=lambda problem: (problem.line, problem.key))


def _as_text(findings: _Findings) -> Iterator[str]:
    proof, manifest = findings.proof, findings.manifest
    if manifest is None:
        yield f"lanes: {_FILE} is invalid: {report.count(len(findings.errors), 'error', 'errors')}"
        yield from map(str, findings.errors)
        return
    number = sum(map(findings.rejects, proof.collisions))
    verdict = f"has {report.count(number, 'error', 'errors')}" if number else "is valid"
    lanes = report.count(len(manifest.lanes), "lane", "lanes")
    yield f"lanes: {_FILE} {verdict}: {lanes}{_pairs(manifest, proof)}"
    for found in (proof.overlaps, proof.undecided):
        for word, rejected in (("error", True), ("warning", False)):
            those = [one for one in found if findings.rejects(one) is rejected]
            yield from (_located(word, manifest, one) for one in those[:MOST_SHOWN])
            yield from _more(those)
    for problem in findings.warnings[:MOST_SHOWN]:
        yield f"{_FILE}:{problem.line}: warning: {problem.key}: {problem.message}"
    yield from _more(findings.warnings)
    yield from _next_steps({one.kind for one in proof.overlaps}, bool(proof.undecided))


def _pairs(manifest: Manifest, proof: Proof) -> str:
    every = len(manifest.lanes) * (len(manifest.lanes) - 1) // 2
    if proof.proven < every:
        return f", {proof.proven:,} of {report.count(every, 'pair', 'pairs')} proven apart"
    return f", {report.count(every, 'pair', 'pairs')} proven apart" if every else ""


def _more(found: Sequence[object]) -> Iterator[str]:
    if len(found) > MOST_SHOWN:
        yield f"… and {len(found) - MOST_SHOWN:,} more like these; --format json lists them all"


def _located(word: str, manifest: Manifest, found: Overlap | Unknown) -> str:
    line = manifest.line_of(found.patterns[0].key)
    return f"{_FILE}:{line}: {word}: {described(manifest, found)}"


def _next_steps(kinds: set[Kind], undecided: bool) -> Iterator[str]:
    if kinds or undecided:
        yield "next:"
    if "path" in kinds:
        yield '  let one lane write the path: take it out of the other, with "!" at the end of its paths;'
        yield "  or, if both are to write it, list it in defaults.shared;"
        yield "  or make one of the tasks review-only: paths = []"
    if "branch" in kinds:
        yield "  let one lane cover the branch: what two lanes cover can't be judged, so nobody can push it"
    if undecided:
        yield "  write intricate patterns with fewer stars, or let each begin with a folder of its own"


def _as_json(findings: _Findings, errors: Sequence[dict[str, object]] = ()) -> str:
    proof, manifest = findings.proof, findings.manifest
    return json.dumps(
        {
            "schema": 1,
            "errors": [*errors, *map(_problem_json, findings.errors), *_unknown_errors(findings)],
            "overlaps": [_overlap_json(manifest, overlap) for overlap in proof.overlaps if manifest],
            "unknown": [list(lanes) for lanes in proof.unknown],
            "warnings": list(map(_problem_json, findings.warnings)),
            "proven": proof.proven,
        },
        indent=2,
    )


def _unknown_errors(findings: _Findings) -> Iterator[dict[str, object]]:
    manifest = findings.manifest
    for one in findings.proof.undecided:
        if manifest is not None and findings.rejects(one):
            key = one.patterns[1].key
            yield _problem_json(Problem(manifest.line_of(key), dotted(key), unknown(one)))


def _problem_json(problem: Problem) -> dict[str, object]:
    return {"line": problem.line, "key": problem.key, "message": problem.message}


def _overlap_json(manifest: Manifest, overlap: Overlap) -> dict[str, object]:
    return {
        "kind": overlap.kind,
        "lanes": list(overlap.lanes),
        "witness": shown(overlap),
        "patterns": [pattern.text for pattern in overlap.patterns],
        "lines": [manifest.line_of(pattern.key) for pattern in overlap.patterns],
    }
