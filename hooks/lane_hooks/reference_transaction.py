"""Git's reference-transaction hook: keep work outside a lane off its local branches (githooks(5)).

Git runs it for every change of a ref, whatever command makes it and with `--no-verify` too.
"""

import os
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lanes import entry, report
from lanes.errors import CannotJudge
from lanes.gate import enforced, is_gated
from lanes.judge import Violation
from lanes.manifest import BRANCHES
from lanes.plumbing import Git
from lanes.settings import Settings
from lanes.text import printable
from lanes.trust import Remotes, Trust, in_clone
from lanes.verdict import Branch, Verdict, exit_status, judge_for

USAGE = """usage: lane-reference-transaction [--if-enabled] STATE, called by git with a line for each ref on
standard input: OLD-ID NEW-ID REF"""
_ID = rb"(?:[0-9a-f]{40}|[0-9a-f]{64}|ref:[^ \n]+)"
_LINE = re.compile(rb"%b (?P<new>%b) (?P<ref>[^ \n]+)\n" % (_ID, _ID))


class Update(NamedTuple):
    """What a local branch would hold: its full ref, and an object id, or `ref:` and another full ref."""

    ref: bytes
    new: bytes


def parse(data: bytes) -> list[Update]:
    """Read what git gives the hook, and keep what is about branches that are written.

    Raises CannotJudge where a line is not whole.
    """
    updates = []
    for given in re.findall(rb"[^\n]*\n|[^\n]+", data):
        found = _LINE.fullmatch(given)
        if not found:
            raise CannotJudge(f"git gave the hook a line that is no ref update: {printable(given)[:200]}")
        if found["ref"].startswith(BRANCHES) and found["new"].strip(b"0"):
            updates.append(Update(found["ref"], found["new"]))
    return updates


def judge(arguments: Sequence[str], if_enabled: bool) -> int:
    """Judge the branches that a transaction is about to write; report on stderr; give the exit status."""
    updates = parse(entry.standard_input())
    if list(arguments) != ["prepared"] or not updates:
        return 0
    git = Git()
    git.require_version()
    settings = Settings.read(git)
    return enforced(settings, lambda: _judge(git, settings, updates, if_enabled))


def _judge(git: Git, settings: Settings, updates: Sequence[Update], if_enabled: bool) -> int:
    first = updates[0].ref.removeprefix(BRANCHES)
    trust = in_clone(git, first, at_commit=True, settings=settings)
    if if_enabled and not is_gated(git, trust):
        return 0
    verdicts = [_verdict(git, trust, Remotes(settings.config), update) for update in updates]
    bad = [verdict for verdict in verdicts if verdict.status]
    headers = git.headers(report.listed(bad)) if bad else {}
    for verdict in bad:
        entry.complain(report.refused(verdict, trust, headers, _way_back(git, os.environ)))
    return exit_status(verdicts)


def _verdict(git: Git, trust: Trust, remotes: Remotes, update: Update) -> Verdict:
    name = update.ref.removeprefix(BRANCHES)
    if trust.is_integration(name):
        return Verdict(update.ref, integration=True)
    try:
        lane = trust.lane_of(name)
        if lane is None:
            return Verdict(update.ref)  # it can't be pushed, but there is no lane that it could leave
        tip = git.commit(update.new.removeprefix(b"ref:"))
        if tip is None:
            raise CannotJudge(f"its new tip {printable(update.new)[:12]} is no commit; run: git fsck")
        verdict = judge_for(git, trust, Branch(update.ref, name, tip), lane)
        if not verdict.violations:
            return verdict
        # What strayed before may stay for now: whoever takes it back does so step by step.
        tracked = (remotes.tracking(remote, update.ref) for remote in remotes.names)
        known = git.refs([update.ref, *(ref for ref in tracked if ref)]).values()
        before = [judge_for(git, trust, Branch(update.ref, name, ref.oid), lane) for ref in known]
        strayed = {_offence(violation) for old in before for violation in old.violations}
        new = tuple(violation for violation in verdict.violations if _offence(violation) not in strayed)
        return Verdict(update.ref, lane, tip, verdict.side, verdict.commits, new, error=verdict.error)
    except CannotJudge as error:
        return Verdict(update.ref, error=str(error))


def _offence(violation: Violation) -> tuple[bytes | None, bytes | None]:
    return violation.path, violation.value


_BACK = {
    "rebase-apply/applying": "git am --abort",
    "rebase-apply": "git rebase --abort",
    "rebase-merge": "git rebase --abort",
    "CHERRY_PICK_HEAD": "git cherry-pick --abort",
    "REVERT_HEAD": "git revert --abort",
    "MERGE_HEAD": "git merge --abort",
}


def _way_back(git: Git, environment: Mapping[str, str]) -> str | None:
    """Give the command that goes back from what is at work, None where nothing needs one."""
    files = git.paths(*_BACK)
    for command, file in zip(_BACK.values(), files, strict=True):
        if file.exists():
            return command
    # A merge that only moves the branch forward has written the files by now, and keeps no state.
    merging = environment.get("GIT_REFLOG_ACTION", "").startswith(("merge", "pull"))
    return "git reset --merge" if merging else None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook; *argv* is without the program's name. Raises CannotJudge."""
    return entry.hook(judge, argv, 1, USAGE)
