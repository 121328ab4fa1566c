"""Git's reference-transaction hook: keep work outside a lane off its local branches (githooks(5)).

Git runs it for every change of a ref, whatever command makes it and with `--no-verify` too.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from lanes import at_work, entry, report
from lanes.errors import CannotJudge
from lanes.gate import enforced, is_gated
from lanes.judge import Violation
from lanes.manifest import BRANCHES
from lanes.plumbing import Git, Ref
from lanes.settings import Settings
from lanes.text import printable
from lanes.trust import Remotes, Trust, in_clone, mistaken_for
from lanes.verdict import Branch, Verdict, exit_status, judge_for

USAGE = """usage: lane-reference-transaction [--if-enabled] STATE, called by git with a line for each ref on
standard input: OLD-ID NEW-ID REF"""
_ID = rb"(?:[0-9a-f]{40}|[0-9a-f]{64}|ref:[^ \n]+)"
_LINE = re.compile(rb"(?P<old>%b) (?P<new>%b) (?P<ref>[^ \n]+)\n" % (_ID, _ID))
MOST_BRANCHES = 10
"""So many are told about."""


class Update(NamedTuple):
    """What a local branch would hold: its full ref, and an object id, or `ref:` and another full ref."""

    ref: bytes
    new: bytes


def parse(data: bytes) -> list[Update]:
    """Read what git gives the hook, and keep what is about branches that get another value.

    Raises CannotJudge where a line is not whole.
    """
    updates = []
    for given in re.findall(rb"[^\n]*\n|[^\n]+", data):
        found = _LINE.fullmatch(given)
        if not found:
            raise CannotJudge(f"git gave the hook a line that is no ref update: {printable(given)[:200]}")
        changed = found["old"] != found["new"] and found["new"].strip(b"0")
        if found["ref"].startswith(BRANCHES) and changed:
            updates.append(Update(found["ref"], found["new"]))
    return updates


def judge(arguments: Sequence[str], if_enabled: bool) -> int:
    """Judge the branches that a transaction is about to write; report on stderr; give the exit status."""
    if not arguments:
        raise CannotJudge('a script that calls this hook must hand on its argument, the state: "$@"')
    updates = parse(entry.standard_input()) if arguments[0] == "prepared" else []
    if not updates:
        return 0
    git = Git()
    git.require_version()
    held = git.refs(update.ref for update in updates)
    updates = [update for update in updates if not _holds(git, held.get(update.ref), update.new)]
    if not updates:
        return 0
    settings = Settings.read(git)
    return enforced(git, settings, if_enabled, lambda: _judge(git, settings, updates, held, if_enabled))


def _holds(git: Git, held: Ref | None, new: bytes) -> bool:
    """Tell whether a branch holds *new* by now, and all that leads to it.

    Nothing may keep git from going back there, as it does to abort; and git names all branches that it packs.
    """
    if held is None:
        return False
    if new == held.oid.encode():
        return True
    try:
        return not new.startswith(b"ref:") and git.is_ancestor(new.decode(), held.oid)
    except CannotJudge:
        return False  # the verdict will say why


def _tip(git: Git, new: bytes) -> str | None:
    return git.commit(new.removeprefix(b"ref:"))


def _judge(
    git: Git, settings: Settings, updates: Sequence[Update], held: Mapping[bytes, Ref], if_enabled: bool
) -> int:
    first = updates[0].ref.removeprefix(BRANCHES)
    trust = in_clone(git, first, at_commit=True, settings=settings)
    if if_enabled and not is_gated(git, trust):
        return 0
    remotes = Remotes(settings.config)
    verdicts = [_verdict(git, trust, remotes, update, held.get(update.ref)) for update in updates]
    bad = [(update, verdict) for update, verdict in zip(updates, verdicts, strict=True) if verdict.status]
    shown = bad[:MOST_BRANCHES]
    headers = git.headers(report.listed(verdict for _, verdict in shown)) if bad else {}
    below_the_root = bool(os.environ.get("GIT_PREFIX"))  # the folder that git was started in
    for update, verdict in shown:
        stopped = at_work.stopped(git, update.ref, held.get(update.ref), _tip(git, update.new))
        entry.complain(report.refused(verdict, trust, headers, stopped, below_the_root))
    if len(bad) > MOST_BRANCHES:
        more = report.count(len(bad) - MOST_BRANCHES, "more branch", "more branches")
        entry.complain(f"… and {more} like these")
    return exit_status(verdicts)


def _verdict(git: Git, trust: Trust, remotes: Remotes, update: Update, held: Ref | None) -> Verdict:
    name = update.ref.removeprefix(BRANCHES)
    if trust.is_integration(name):
        return Verdict(update.ref, integration=True)
    try:
        if main := trust.lookalike(name):
            raise CannotJudge(mistaken_for(main))
        lane = trust.required().lane_of(name)
        if lane is None:
            return Verdict(update.ref)  # it can't be pushed, but there is no lane that it could leave
        tip = _tip(git, update.new)
        if tip is None:
            raise CannotJudge(f"its new tip {printable(update.new)} is no commit; run: git fsck")
        verdict = judge_for(git, trust, Branch(update.ref, name, tip), lane)
        if not verdict.violations:
            return verdict
        # What strayed before may stay for now: whoever takes it back does so step by step.
        tracked = (remotes.tracking(remote, update.ref) for remote in remotes.names)
        known = [held] if held else []
        known += git.refs(ref for ref in tracked if ref).values()
        before = [judge_for(git, trust, Branch(update.ref, name, ref.oid), lane) for ref in known]
        strayed = {_offence(violation) for old in before for violation in old.violations}
        new = tuple(violation for violation in verdict.violations if _offence(violation) not in strayed)
        return replace(verdict, violations=new)
    except CannotJudge as error:
        return Verdict(update.ref, error=str(error))


def _offence(violation: Violation) -> tuple[bytes | None, bytes | None]:
    return violation.path, violation.value


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook; *argv* is without the program's name. Raises CannotJudge."""
    return entry.hook(judge, argv, 1, USAGE)
