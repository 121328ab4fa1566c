"""Git's pre-receive hook: judge every ref of a push on the server (githooks(5), DESIGN 5)."""

import re
from collections.abc import Sequence

from lanes import entry
from lanes.errors import CannotJudge
from lanes.plumbing import Git
from lanes.push import NAME, Update, judge_push, messages, updates_of
from lanes.trust import on_server
from lanes.verdict import exit_status

USAGE = "usage: lane-pre-receive, called by git with a line OLD-ID NEW-ID REF for each ref on standard input"
_ID = rb"(?:[0-9a-f]{40}|[0-9a-f]{64})"
_LINE = re.compile(rb"(?P<old>%b) (?P<new>%b) (?P<ref>%b)\n" % (_ID, _ID, NAME))


def parse(data: bytes) -> list[Update]:
    """Read what git gives a pre-receive hook. Raises CannotJudge where a line is not whole."""
    return updates_of(data, _LINE)


def judge(_arguments: Sequence[str]) -> int:
    """Judge the push on standard input; report on stderr; give the exit status."""
    git = Git()
    git.require_version()
    updates = parse(entry.standard_input())
    if not updates:
        # Git always has one; whoever read it before this hook must hand it on.
        raise CannotJudge("no ref came on standard input; a script that calls this hook must hand it on")
    trust = on_server(git)
    verdicts = judge_push(git, trust, updates, git.symbolic_refs(update.ref for update in updates))
    for message in messages(git, trust, verdicts):
        entry.complain(message)
    return exit_status(verdicts)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook; *argv* is without the program's name. Raises CannotJudge."""
    return entry.hook(judge, argv, 0, USAGE)
