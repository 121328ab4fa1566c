"""What there is to say about the branches, one by one: the common part of formats that list findings."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lanes import report
from lanes.audited import Audit
from lanes.judge import Reason, Violation
from lanes.manifest import FILE
from lanes.report import Headers
from lanes.verdict import Verdict

ERROR = "error"
REFUSAL = "refusal"
_TAKE_OUT = "Take the change out of the commits that made it; one that reverts it is not enough."
EXPLAINED = {
    Reason.OUTSIDE_LANE.value: (
        "The branch's lane does not cover this path",
        f"{_TAKE_OUT} Or have the integrator widen the lane: git lanes allow LANE PATH.",
    ),
    Reason.REVIEW_ONLY.value: (
        "The branch's lane is review-only",
        f"{_TAKE_OUT} Report what you found instead; a task that must write needs another lane.",
    ),
    Reason.PROTECTED.value: (
        "Only integration branches may write this path",
        f"{_TAKE_OUT} Or ask the integrator to make it on an integration branch.",
    ),
    Reason.NO_LANE.value: (
        "No lane covers this branch",
        "Give the branch a name that your task's lane covers, or ask the integrator to cover it.",
    ),
    Reason.NOT_IN_ONE_LANE.value: (
        "A sealed integration branch takes only what fits into one lane",
        "Bring the branch the work of one lane at a time, each as a commit or a merge of its own.",
    ),
    Reason.NOT_A_PUSHER.value: (
        "The manifest names who may push this branch, and it is somebody else",
        "Have somebody push it whom the manifest names.",
    ),
    REFUSAL: (
        "No branch may have this name",
        "Use another name for the branch.",
    ),
    ERROR: (
        "The branch could not be judged",
        "Mend what the message names, and run lane-audit again.",
    ),
}
"""What a finding can be, by its code, the reason of a violation or another one; and how to mend it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation, a refusal, or an error of a branch.

    `number` tells violations of one branch, code and path apart, in their order.
    """

    verdict: Verdict
    code: str
    headers: Headers
    violation: Violation | None = None
    number: int = 0

    @property
    def path(self) -> bytes:
        """The path; for what is about the branch as a whole it is the manifest's."""
        return (self.violation and self.violation.path) or FILE

    @property
    def file(self) -> str:
        """The path as text: as it is where it is UTF-8, else with escapes, since no name in JSON is bytes."""
        return self.path.decode("utf-8", "backslashreplace")

    @property
    def message(self) -> str:
        """What was found, in one line that is ready to print."""
        name = report.title(self.verdict)
        if self.verdict.error is not None:
            return f"{name} could not be judged: {_line(self.verdict.error)}"
        if self.verdict.refusal is not None:
            return f"{name} is rejected: {_line(self.verdict.refusal)}"
        if self.violation is None or self.violation.path is None:
            return f"{name} is rejected: no lane covers this branch"
        change = report.changes([self.violation], sealed=self.verdict.integration)[0]
        return f"{name}: {report.about(self.violation.commit or '', self.headers)} {change}"

    @property
    def fingerprint(self) -> str:
        """What names this finding, and stays when commits are made anew, as by a rebase."""
        parts = [self.verdict.ref, self.code.encode(), self.path, str(self.number).encode()]
        if self.verdict.merge:  # a branch of one name may have been merged many times
            parts.append(self.verdict.merge.encode())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()


def findings(audit: Audit) -> Iterator[Finding]:
    """Give what there is to say about branches that are not inside, in order."""
    for verdict in audit.verdicts:
        yield from of_branch(verdict, audit)


def of_branch(verdict: Verdict, audit: Audit) -> Iterator[Finding]:
    """Give what there is to say about one branch: nothing where it is inside."""
    if verdict.error is not None or verdict.refusal is not None:
        yield Finding(verdict, REFUSAL if verdict.error is None else ERROR, audit.headers)
        return
    seen: Counter[tuple[Reason, bytes | None]] = Counter()
    for violation in verdict.violations:
        key = violation.reason, violation.path
        yield Finding(verdict, violation.reason.value, audit.headers, violation, seen[key])
        seen[key] += 1


def summary(audit: Audit) -> str:
    """Sum up in one line."""
    if not audit.verdicts:
        return "there is no merge to judge" if audit.merged else "there is no branch that a lane covers"
    inside = sum(verdict.status == 0 for verdict in audit.verdicts)
    one, many = ("merge", "merges") if audit.merged else ("branch", "branches")
    if any(verdict.merge == verdict.tip is not None for verdict in audit.verdicts):
        one, many = "merge or commit", "merges and commits"
    return f"{inside} of {report.count(len(audit.verdicts), one, many)} inside"


def _line(message: str) -> str:
    return message.replace("\n", "; ")
