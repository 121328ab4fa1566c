"""Git's pre-receive hook: judge every ref of a push on the server (githooks(5), DESIGN 5)."""

import os
import re
from collections.abc import Sequence

from lanes import entry
from lanes.errors import CannotJudge
from lanes.gate import enforced, has_manifest, is_gated
from lanes.manifest import BRANCHES
from lanes.plumbing import Git, is_null
from lanes.push import NAME, Server, Update, judge_push, messages, updates_of
from lanes.settings import Settings
from lanes.trust import Trust, on_server
from lanes.verdict import exit_status

USAGE = """usage: lane-pre-receive [--if-enabled], called by git with a line for each ref on
standard input: OLD-ID NEW-ID REF"""
_ID = rb"(?:[0-9a-f]{40}|[0-9a-f]{64})"
_LINE = re.compile(rb"(?P<old>%b) (?P<new>%b) (?P<ref>%b)\n" % (_ID, _ID, NAME))


def parse(data: bytes) -> list[Update]:
    """Read what git gives a pre-receive hook. Raises CannotJudge where a line is not whole."""
    return updates_of(data, _LINE)


def judge(_arguments: Sequence[str], if_enabled: bool) -> int:
    """Judge the push on standard input; report on stderr; give the exit status."""
    git = Git()
    git.require_version()
    updates = parse(entry.standard_input())
    if not updates:
        # Git always has one; whoever read it before this hook must hand it on.
        raise CannotJudge("no ref came on standard input; a script that calls this hook must hand it on")
    settings = Settings.read(git)
    return enforced(git, settings, if_enabled, lambda: _judge(git, settings, updates, if_enabled))


def _judge(git: Git, settings: Settings, updates: Sequence[Update], if_enabled: bool) -> int:
    trust = on_server(git, settings)
    if if_enabled and not is_gated(git, trust):
        updates = [update for update in updates if _begins(git, trust, update)]
    symbolic = git.symbolic_refs(update.ref for update in updates)
    verdicts = judge_push(git, trust, updates, Server(settings.pusher(os.environ), symbolic))
    for message in messages(git, trust, verdicts):
        entry.complain(message)
    return exit_status(verdicts)


def _begins(git: Git, trust: Trust, update: Update) -> bool:
    """Tell whether a push brings the first manifest, which would gate the repository from then on."""
    is_trusted = update.ref == BRANCHES + trust.branch and not is_null(update.new)
    return is_trusted and trust.manifest is None and has_manifest(git, update.new)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook; *argv* is without the program's name. Raises CannotJudge."""
    return entry.hook(judge, argv, 0, USAGE)
