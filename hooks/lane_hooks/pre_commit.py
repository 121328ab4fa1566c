"""Git's pre-commit and pre-merge-commit hooks: judge what would be committed (githooks(5), DESIGN 5)."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lanes import entry, report
from lanes.errors import CannotJudge
from lanes.gate import enforced, is_gated
from lanes.manifest import BRANCHES, FILE, Manifest, ManifestInvalid
from lanes.plumbing import Git
from lanes.settings import Settings
from lanes.steps import judge_staged_step
from lanes.text import printable
from lanes.trust import Trust, in_clone, staged_manifest
from lanes.verdict import judge_index

USAGE = "usage: lane-pre-commit [--if-enabled], called by git as its pre-commit or pre-merge-commit hook"


@dataclass(frozen=True, slots=True)
class Pending:
    """The commit that is about to be made: its branch (full ref, None on no branch) and its parents."""

    branch: bytes | None
    parents: tuple[str, ...]


def pending(git: Git, environment: Mapping[str, str]) -> Pending:
    """Find out what git is about to commit, and on what."""
    head = git.commit(b"HEAD")
    merge_head, *head_names = git.paths("MERGE_HEAD", "rebase-merge/head-name", "rebase-apply/head-name")
    branch = git.symbolic_ref(b"HEAD")
    if branch is None:
        # A rebase detaches HEAD and keeps the name of the branch that it will move at its end.
        names = (_content(name).strip() for name in head_names)
        branch = next((name for name in names if name.startswith(BRANCHES)), None)
    merged = _content(merge_head).decode("ascii", "replace").split() or merging(environment)
    return Pending(branch, tuple(dict.fromkeys(([head] if head else []) + _peeled(git, merged))))


def _peeled(git: Git, heads: Sequence[str]) -> list[str]:
    """Give the commits of the heads being merged: a tag is named by its own id."""
    found = git.types([f"{head}^{{}}" for head in heads]) if heads else []
    missing = [head for head, peeled in zip(heads, found, strict=True) if peeled is None]
    if missing:
        raise CannotJudge(f"the commit being merged, {missing[0][:12]}, is missing here; run: git fsck")
    return [peeled[0] for peeled in found if peeled]


def merging(environment: Mapping[str, str]) -> list[str]:
    """Give the heads being merged in pre-merge-commit, when git has no MERGE_HEAD yet."""
    return [found[1] for name in environment if (found := re.fullmatch(r"GITHEAD_([0-9a-f]{40,64})", name))]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise CannotJudge(f"{printable(os.fsencode(path))} can't be read: {error.strerror}") from None


def check_manifest(git: Git, trust: Trust, head: str | None) -> int:
    """Check a commit on the trusted branch: the manifest must stay valid, and lanes may not collide anew."""
    also = ""
    try:
        found, problem = staged_manifest(git), f"it takes {FILE.decode()} away"
    except ManifestInvalid as error:
        found, problem = None, f"its manifest is invalid\n{error}"
        also = f"\nthis commit does not: {problem}"
    if found is not None:
        return _check_collisions(git, trust, head, found)
    if trust.manifest is None:
        raise CannotJudge(trust.problem + also)
    if head and git.entry(head, FILE) == git.staged_entry(FILE):
        return 0  # an older commit of the branch is behind; this one changes nothing about it
    name, file = printable(trust.branch), FILE.decode()
    lines = [
        f"this commit would leave {name} without a valid manifest, and lock everybody out: {problem}",
        *trust.in_force,
        f"next: mend it, or take it back from the last commit: git restore --staged --worktree :/{file}",
    ]
    entry.complain("\n".join(lines))
    return 1


def _check_collisions(git: Git, trust: Trust, head: str | None, found: Manifest) -> int:
    refusal, note = trust.objections(found)
    if not (refusal or note) or (head and git.entry(head, FILE) == git.staged_entry(FILE)):
        return 0
    entry.complain(f"this commit is refused: {refusal}" if refusal else f"note: {note}")
    return 1 if refusal else 0


def judge(_arguments: Sequence[str], if_enabled: bool) -> int:
    """Judge what is about to be committed; report on stderr; give the exit status."""
    git = Git()
    git.require_version()
    commit = pending(git, os.environ)
    settings = Settings.read(git)
    return enforced(git, settings, if_enabled, lambda: _judge(git, settings, commit, if_enabled))


def _judge(git: Git, settings: Settings, commit: Pending, if_enabled: bool) -> int:
    branch = commit.branch.removeprefix(BRANCHES) if commit.branch else None
    if branch is None and not if_enabled:
        return _on_no_branch()
    trust = in_clone(git, branch, at_commit=True, settings=settings)
    if if_enabled and not is_gated(git, trust):
        return 0
    if branch is None:
        return _on_no_branch()
    if trust.is_integration(branch):
        return _on_integration(git, trust, branch, commit.parents)
    lane = trust.lane_of(branch)
    verdict = judge_index(git, trust, BRANCHES + branch, lane, commit.parents)
    if verdict.status:
        # Git makes another index for the files that are named to it, or for all (git-commit(1), -a).
        partial = os.environ.get("GIT_INDEX_FILE", "").endswith(".lock")
        below_the_root = bool(os.environ.get("GIT_PREFIX"))  # the folder that git was started in
        entry.complain(report.staged(verdict, trust, len(commit.parents), below_the_root, partial))
    return verdict.status


def _on_no_branch() -> int:
    entry.complain("HEAD is detached, so this commit is on no branch yet; the push will be judged")
    return 0


def _on_integration(git: Git, trust: Trust, branch: bytes, parents: Sequence[str]) -> int:
    head = parents[0] if parents else None
    if branch == trust.branch and (status := check_manifest(git, trust, head)):
        return status
    if trust.manifest is None or not trust.manifest.integration.sealed:
        return 0
    verdict = judge_staged_step(git, trust, BRANCHES + branch, parents)
    if verdict.status:
        entry.complain(report.rejection(verdict, trust, git.headers(report.listed([verdict]))))
    return verdict.status


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook; *argv* is without the program's name. Raises CannotJudge."""
    return entry.hook(judge, argv, 0, USAGE)
