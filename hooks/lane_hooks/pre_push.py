"""Git's pre-push hook: judge every ref of a push before it leaves the clone (githooks(5), DESIGN 5)."""

import os
import re
from collections.abc import Mapping, Sequence

from lanes import entry
from lanes.errors import CannotJudge
from lanes.gate import enforced, is_gated
from lanes.manifest import BRANCHES
from lanes.plumbing import Git
from lanes.push import NAME, Update, judge_push, messages, updates_of
from lanes.settings import Settings
from lanes.text import printable
from lanes.trust import in_clone
from lanes.verdict import exit_status

USAGE = """usage: lane-pre-push [--if-enabled] [REMOTE [URL]], called by git with a line for each ref on
standard input: LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID"""
ONE_REF = "pre-commit and prek show a hook only one ref of a push; git lanes install adds one that sees all"
_ID = rb"(?:[0-9a-f]{40}|[0-9a-f]{64})"
# A local ref is what the user typed, so it may hold spaces.
_LINE = re.compile(rb"[^\n]* (?P<new>%b) (?P<ref>%b) (?P<old>%b)\n" % (_ID, NAME, _ID))


def parse(data: bytes) -> list[Update]:
    """Read what git gives a pre-push hook. Raises CannotJudge where a line is not whole."""
    return updates_of(data, _LINE)


def named_by_pre_commit(git: Git, environment: Mapping[str, str]) -> list[Update]:
    """Give the one ref that the pre-commit framework tells of; it keeps standard input to itself.

    Run by hand, the framework names no ref: then the current branch is judged as if it were pushed.
    """
    remote_branch = os.fsencode(environment.get("PRE_COMMIT_REMOTE_BRANCH", "")) or git.symbolic_ref(b"HEAD")
    if remote_branch is None:
        raise CannotJudge("HEAD is detached, so no branch is being pushed; run: git switch BRANCH")
    local = os.fsencode(
        environment.get("PRE_COMMIT_TO_REF") or environment.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"
    )
    tip = git.commit(local)
    if tip is None:
        raise CannotJudge(f"there is no commit {printable(local)} to push")
    return [Update(remote_branch, "0" * len(tip), tip)]


def hides_refs(git: Git, environment: Mapping[str, str]) -> bool:
    """Tell whether the framework may hide refs of this push from all of git-lanes.

    A hook that was there before the framework is kept as `pre-push.legacy`, and sees them all.
    """
    if "PRE_COMMIT_REMOTE_BRANCH" not in environment:
        return False  # run by hand, nothing is pushed
    (native,) = git.paths("hooks/pre-push.legacy")
    try:
        return not (os.access(native, os.X_OK) and b"lane-pre-push" in native.read_bytes())
    except OSError:
        return True


def judge(arguments: Sequence[str], if_enabled: bool) -> int:
    """Judge the push on standard input; report on stderr; give the exit status."""
    git = Git()
    git.require_version()
    remote = arguments[0] if arguments else ""
    updates = parse(entry.standard_input())
    in_framework = not updates and os.environ.get("PRE_COMMIT") == "1"
    if in_framework:
        updates = named_by_pre_commit(git, os.environ)
        remote = remote or os.environ.get("PRE_COMMIT_REMOTE_NAME", "")
    if not updates:
        return 0
    settings = Settings.read(git)
    status = enforced(
        git, settings, if_enabled, lambda: _judge(git, settings, updates, os.fsencode(remote), if_enabled)
    )
    if in_framework and hides_refs(git, os.environ):
        entry.complain(ONE_REF)
    return status


def _judge(git: Git, settings: Settings, updates: Sequence[Update], remote: bytes, if_enabled: bool) -> int:
    branches = [update.ref.removeprefix(BRANCHES) for update in updates if update.ref.startswith(BRANCHES)]
    trust = in_clone(git, branches[0] if branches else None, pushed_to=remote or None, settings=settings)
    if if_enabled and not is_gated(git, trust):
        return 0
    verdicts = judge_push(git, trust, updates)
    for message in messages(git, trust, verdicts):
        entry.complain(message)
    return exit_status(verdicts)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook; *argv* is without the program's name. Raises CannotJudge."""
    return entry.hook(judge, argv, 2, USAGE)
