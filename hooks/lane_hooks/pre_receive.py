"""Git's pre-receive hook: judge every ref of a push on the server (githooks(5), DESIGN 5)."""

import re
import sys
from collections.abc import Sequence

from lanes import entry
from lanes.errors import CannotJudge
from lanes.plumbing import Git
from lanes.push import Update, judge_push, messages, symbolic_refs
from lanes.text import printable
from lanes.trust import on_server
from lanes.verdict import exit_status

USAGE = "usage: lane-pre-receive, called by git with a line OLD-ID NEW-ID REF for each ref on standard input"
_LINE = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) (refs/[^\n\0]+)\n")


def parse(data: bytes) -> list[Update]:
    """Read what git gives a pre-receive hook. Raises CannotJudge where a line is not whole."""
    updates = []
    for line in re.findall(rb"[^\n]*\n|[^\n]+", data):
        found = _LINE.fullmatch(line)
        if not found:
            raise CannotJudge(f"git gave the hook a line that is no ref update: {printable(line)[:200]}")
        updates.append(Update(found[3], found[1].decode(), found[2].decode()))
    return updates


def judge() -> int:
    """Judge the push on standard input; report on stderr; give the exit status."""
    git = Git()
    git.require_version()
    updates = parse(sys.stdin.buffer.read())
    if not updates:
        return 0
    trust = on_server(git)
    verdicts = judge_push(git, trust, updates, symbolic_refs(git, updates))
    for message in messages(git, trust, verdicts):
        entry.complain(message)
    return exit_status(verdicts)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook; *argv* is without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    status = entry.usage(arguments, 0, USAGE)
    return entry.run(judge) if status is None else status


if __name__ == "__main__":
    raise SystemExit(main())
