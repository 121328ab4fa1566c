"""The report for people: a line for each branch, and under it what is outside and what to do."""

from collections.abc import Iterator, Sequence

from lanes import report
from lanes.audited import Audit
from lanes.trust import Trust
from lanes.verdict import Verdict


def document(audit: Audit) -> Iterator[str]:
    """Give the report in pieces of whole lines."""
    yield "lanes: audit" + "".join(f", {line}" for line in audit.trust.in_force) + "\n"
    for verdict, steps in zip(audit.verdicts, audit.advice, strict=True):
        yield _branch(verdict, steps, audit).replace("\n", "\n  ") + "\n"
    if not audit.verdicts:
        yield "there is no branch that a lane covers\n"
    elif len(audit.verdicts) > 1:
        inside = sum(verdict.status == 0 for verdict in audit.verdicts)
        yield f"{inside} of {len(audit.verdicts)} branches inside\n"


def _branch(verdict: Verdict, steps: Sequence[str], audit: Audit) -> str:
    if verdict.status:
        told = report.listed([verdict])
        headers = {commit: audit.headers[commit] for commit in told if commit in audit.headers}
        return report.rejection(verdict, audit.trust, headers, steps)
    if verdict.integration:
        return f"{report.shown(verdict.ref)} is inside: {_on_integration(audit.trust, verdict.commits)}"
    commits = report.count(verdict.commits, "commit", "commits")
    lane = f"inside its {report.lane_name(verdict.lane)}" if verdict.lane else "inside, without a lane"
    return f"{report.shown(verdict.ref)} is {lane}: {commits} judged"


def _on_integration(trust: Trust, steps: int) -> str:
    if not trust.required().integration.sealed:
        return "an integration branch may change anything"
    return f"{report.count(steps, 'new step', 'new steps')}, each in one lane" if steps else "no new step"
