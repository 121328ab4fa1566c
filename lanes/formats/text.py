"""The report for people: a line for each branch, and under it what is outside and what to do."""

from collections.abc import Iterator, Sequence

from lanes import report
from lanes.audited import Audit
from lanes.formats.findings import summary
from lanes.formats.notes import begin, notes
from lanes.trust import Trust
from lanes.verdict import Verdict

MOST_MERGES = 20


def document(audit: Audit) -> Iterator[str]:
    """Give the report in pieces of whole lines."""
    yield "lanes: audit" + "".join(f", {line}" for line in audit.trust.in_force) + "\n"
    yield from _merges(audit) if audit.merged else _branches(audit)
    if audit.merged or len(audit.verdicts) != 1:
        yield f"{summary(audit)}\n"
    yield from (f"{line}\n" for line in notes(audit))


def _branches(audit: Audit) -> Iterator[str]:
    for verdict, steps in zip(audit.verdicts, audit.advice, strict=True):
        yield _branch(verdict, steps, audit).replace("\n", "\n  ") + "\n"


def _merges(audit: Audit) -> Iterator[str]:
    """Tell of those that are not inside, the newest of them: history is long."""
    outside = [verdict for verdict in audit.verdicts if verdict.status]
    if audit.merged:
        yield f"{begin(audit.merged)}\n"
    for verdict in outside[:MOST_MERGES]:
        yield _branch(verdict, (), audit).replace("\n", "\n  ") + "\n"
    if more := len(outside) - MOST_MERGES if len(outside) > MOST_MERGES else 0:
        yield f"… and {report.count(more, 'more merge', 'more merges')} outside, which --format json lists\n"


def _branch(verdict: Verdict, steps: Sequence[str], audit: Audit) -> str:
    if verdict.status:
        told = report.listed([verdict])
        headers = {commit: audit.headers[commit] for commit in told if commit in audit.headers}
        return report.rejection(verdict, audit.trust, headers, steps)
    if verdict.integration:
        return f"{report.shown(verdict.ref)} is inside: {_on_integration(audit.trust, verdict.commits)}"
    commits = report.count(verdict.commits, "commit", "commits")
    lane = f"inside its {report.lane_name(verdict.lane)}" if verdict.lane else "inside, without a lane"
    if verdict.known:
        lane += f" but for {report.count(verdict.known, 'known violation', 'known violations')}"
    return f"{report.shown(verdict.ref)} is {lane}: {commits} judged"


def _on_integration(trust: Trust, steps: int) -> str:
    if not trust.required().integration.sealed:
        return "an integration branch may change anything"
    return f"{report.count(steps, 'new step', 'new steps')}, each in one lane" if steps else "no new step"
