"""The report as Markdown, for a comment on a request to merge. What strangers chose stands in code alone."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from lanes import report
from lanes.audited import Audit
from lanes.formats.findings import summary
from lanes.formats.notes import begin, notes
from lanes.judge import Violation
from lanes.markdown import code, prose
from lanes.plumbing import Header
from lanes.text import printable, quoted, shortened
from lanes.verdict import Verdict

MOST = 65_000
"""Characters: a comment on GitHub holds 65,536, and others hold more."""
_LEFT_OUT = "\n… and more, too much for a comment\n"


def document(audit: Audit) -> Iterator[str]:
    """Give the report in pieces, up to the one that is too much."""
    left = MOST - len(_LEFT_OUT)
    for piece in _pieces(audit):
        left -= len(piece)
        if left < 0:
            yield _LEFT_OUT
            return
        yield piece


def _pieces(audit: Audit) -> Iterator[str]:
    inside = [verdict for verdict in audit.verdicts if verdict.status == 0 and verdict.merge is None]
    yield f"## Write lanes: {summary(audit)}\n"
    if audit.merged:
        yield f"\n{prose(begin(audit.merged))}\n"
    for verdict, steps in zip(audit.verdicts, audit.advice, strict=True):
        if verdict.status:
            yield from _rejected(verdict, audit, steps)
    for number, verdict in enumerate(inside):
        commits = report.count(verdict.commits, "commit", "commits")
        lane = f" its lane {code(verdict.lane.name)}" if verdict.lane else ""
        name = code(report.shown(verdict.ref))
        yield "\n" * (number == 0) + f"- {name} is inside{lane}" + f": {commits} judged" * bool(lane) + "\n"
    said = list(notes(audit))
    if said:
        yield "\n" + _block(said)
    yield from (f"\n{prose(line)}\n" for line in audit.trust.in_force)


def _rejected(verdict: Verdict, audit: Audit, instead: Sequence[str]) -> Iterator[str]:
    name = report.title(verdict)
    why = verdict.refusal if verdict.error is None else verdict.error
    if why is not None:
        said = "could not be judged" if verdict.error is not None else "is rejected"
        yield f"\n### {code(name)} {said}\n"
        yield "\n" + _block(why.split("\n"))
        return
    text = report.rejection(verdict, audit.trust, audit.headers, instead)
    headline, *_ = text.removeprefix(name).split("\n", 1)
    yield f"\n### {code(name)}{prose(headline)}\n"
    yield from _violations(verdict, audit)
    _, _, steps = text.partition("\nnext:\n")
    if steps:
        yield "\nWhat to do next:\n\n" + _block([line.removeprefix("  ") for line in steps.split("\n")])


def _violations(verdict: Verdict, audit: Audit) -> Iterator[str]:
    commits = [
        (commit, list(group))
        for commit, group in groupby(verdict.violations, key=lambda violation: violation.commit)
        if commit is not None
    ]
    for number, (commit, group) in enumerate(commits[: report.MOST_COMMITS]):
        yield "\n" * (number == 0) + f"- {code(commit[:12])}{_about(audit.headers.get(commit))}\n"
        for violation in group[: report.MOST_CHANGES]:
            yield f"  - {_change(violation, verdict.integration)}\n"
        if more := len(group[report.MOST_CHANGES :]):
            yield f"  - … and {report.count(more, 'more change', 'more changes')}\n"
    if more := len(commits[report.MOST_COMMITS :]):
        yield f"- … and {report.count(more, 'more commit', 'more commits')}\n"


def _about(header: Header | None) -> str:
    if header is None:
        return ""
    author, subject = (code(shortened(printable(text[: report.LONGEST_NAME])) or " ") for text in header[:2])
    return f"{' (a merge)' * header.merge} {subject} by {author}"


def _change(violation: Violation, sealed: bool) -> str:
    path = shortened(quoted(violation.path or b""), report.LONGEST_NAME)
    why = f"{violation.reason.value}: {report.owner(violation, sealed)}"
    return f"{report.verb(violation)} {code(path)} ({prose(why)})"


def _block(lines: Sequence[str]) -> str:
    """Give lines as they are, fenced by more backticks than any of them holds."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence, *lines, fence]) + "\n"
