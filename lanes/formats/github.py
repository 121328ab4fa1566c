"""GitHub's workflow commands, which its runners show as annotations: docs.github.com, "Workflow commands"."""

from collections.abc import Iterator
from heapq import nsmallest

from lanes.audited import Audit
from lanes.formats.findings import ERROR, EXPLAINED, Finding, of_branch, summary
from lanes.judge import Reason
from lanes.verdict import exit_status

MOST = 9
"""So many annotations, and one that sums up: GitHub shows ten errors of a step, and drops the others."""

_Rank = tuple[int, int]


def document(audit: Audit) -> Iterator[str]:
    """Give a command for each annotation, a line each."""
    for _, finding in nsmallest(MOST, _ranked(audit), key=lambda ranked: ranked[0]):
        yield _command("error", finding.message, EXPLAINED[finding.code][0], finding.file)
    yield _command("error" if exit_status(audit.verdicts) else "notice", summary(audit), "Write lanes")


def _ranked(audit: Audit) -> Iterator[tuple[_Rank, Finding]]:
    """Give one finding for each path of a branch: first what is worst, and of that some of each branch."""
    for verdict in audit.verdicts:
        paths: set[bytes] = set()
        for finding in of_branch(verdict, audit):
            if finding.path not in paths:
                yield (_severity(finding.code), len(paths)), finding
                paths.add(finding.path)


def _severity(code: str) -> int:
    if code in (Reason.OUTSIDE_LANE, Reason.REVIEW_ONLY, Reason.NOT_IN_ONE_LANE):
        return 2
    return 0 if code == ERROR else 1


def _command(name: str, message: str, title: str, file: str = "") -> str:
    """Give one command; a path that no annotation can name is in the message alone."""
    properties = f"file={_property(file)},line=1," if file.isprintable() and file else ""
    return f"::{name} {properties}title={_property(title)}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
