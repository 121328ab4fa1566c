"""The report for programs. Its keys are a contract (DESIGN 5): some may be added, none changed."""

import os
from collections.abc import Iterator

from lanes.audited import Audit
from lanes.formats.json_pieces import encoded
from lanes.judge import Violation
from lanes.manifest import BRANCHES
from lanes.report import Headers
from lanes.text import printable, quoted
from lanes.verdict import Verdict


def document(audit: Audit) -> Iterator[str]:
    """Give the report in pieces, with one violation at a time in memory."""
    yield from encoded(
        {
            "schema": 1,
            "manifest": {
                "ref": printable(audit.trust.ref) if audit.trust.ref else None,
                "commit": audit.trust.commit,
            },
            **_merged(audit),
            **_baseline(audit),
            "branches": (_with_more(verdict, audit) for verdict in audit.verdicts),
        }
    )
    yield "\n"


def _merged(audit: Audit) -> dict[str, object]:
    if not audit.merged:
        return {}
    return {
        "merged": {
            "branch": printable(audit.merged.ref),
            "tip": audit.merged.tip,
            "since": audit.merged.since,
            "direct": audit.merged.direct,
            "unjudged": (
                {
                    "merge": merge.merge,
                    "summary": printable(merge.subject),
                    "tip": merge.tip,
                    "branch": printable(BRANCHES + merge.branch) if merge.branch else None,
                    "why": merge.why.value,
                }
                for merge in audit.merged.unjudged
            ),
        }
    }


def _baseline(audit: Audit) -> dict[str, object]:
    if not audit.baseline:
        return {}
    return {
        "baseline": {
            "file": printable(os.fsencode(audit.baseline.file)),
            "written": audit.baseline.written,
            "known": sum(verdict.known for verdict in audit.verdicts),
            "stale": (
                {
                    "branch": printable(BRANCHES + entry.branch),
                    "reason": entry.reason.value,
                    "path": quoted(entry.path),
                    "quoted": quoted(entry.path).startswith('"'),
                }
                for entry in audit.baseline.stale
            ),
        }
    }


def _with_more(verdict: Verdict, audit: Audit) -> dict[str, object]:
    found = branch(verdict, audit.headers)
    if audit.merged:
        found["merge"] = verdict.merge
    if audit.baseline:
        found["known"] = verdict.known
    return found


def branch(verdict: Verdict, headers: Headers) -> dict[str, object]:
    """Give what was found about one branch; its violations are an iterator."""
    return {
        "branch": printable(verdict.ref),
        "lane": verdict.lane.name if verdict.lane else None,
        "tip": verdict.tip,
        "base": verdict.base,
        "commits": verdict.commits,
        "error": verdict.error,
        "refusal": verdict.refusal,
        "violations": (violation(found, headers) for found in verdict.violations),
    }


def violation(found: Violation, headers: Headers) -> dict[str, object]:
    """Give one violation."""
    header = headers.get(found.commit or "")
    path = None if found.path is None else quoted(found.path)
    return {
        "commit": found.commit,
        "summary": printable(header.subject) if header else None,
        "author": printable(header.author) if header else None,
        "path": path,
        "quoted": path is not None and path.startswith('"'),
        "status": found.status,
        "reason": found.reason.value,
        "lanes": list(found.lanes),
    }
