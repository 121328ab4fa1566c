"""GitLab's Code Quality report, which merge requests show: docs.gitlab.com, "Code Quality report format"."""

from collections.abc import Iterator

from lanes.audited import Audit
from lanes.formats.findings import ERROR, Finding, findings
from lanes.formats.json_pieces import encoded
from lanes.judge import Reason


def document(audit: Audit) -> Iterator[str]:
    """Give the report in pieces: a list with an entry for each finding."""
    yield from encoded(_entry(finding) for finding in findings(audit))
    yield "\n"


def _entry(finding: Finding) -> dict[str, object]:
    return {
        "description": finding.message,
        "check_name": finding.code,
        "fingerprint": finding.fingerprint,
        "severity": _severity(finding.code),
        "location": {"path": finding.file, "lines": {"begin": 1}},
    }


def _severity(code: str) -> str:
    if code == ERROR:
        return "blocker"
    return "major" if code in (Reason.OUTSIDE_LANE, Reason.REVIEW_ONLY) else "critical"
