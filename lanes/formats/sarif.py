"""SARIF 2.1.0, which code scanning on GitHub, Azure DevOps and editors read."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from lanes import __version__
from lanes.audited import Audit
from lanes.formats.findings import EXPLAINED, Finding, findings, of_branch
from lanes.formats.json_pieces import encoded
from lanes.verdict import exit_status

_ROOT = "SRCROOT"
_INDEX = {code: index for index, code in enumerate(EXPLAINED)}


def document(audit: Audit) -> Iterator[str]:
    """Give the log in pieces: one run, with a result for each finding."""
    run = {
        "tool": {"driver": _driver()},
        "automationDetails": {"id": "lane-audit/"},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(audit)],
        "results": (_result(finding) for finding in findings(audit)),
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": iter([run]),
    }
    yield from encoded(log)
    yield "\n"


def _driver() -> dict[str, object]:
    return {
        "name": "lane-audit",
        "semanticVersion": __version__,
        "rules": [
            {
                "id": code,
                "shortDescription": {"text": f"{what}."},
                "fullDescription": {"text": f"{what}."},
                "help": {"text": how},
                "defaultConfiguration": {"level": "error"},
            }
            for code, (what, how) in EXPLAINED.items()
        ],
    }


def _invocation(audit: Audit) -> dict[str, object]:
    status = exit_status(audit.verdicts)
    return {
        "executionSuccessful": status != 2,
        "exitCode": status,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": _text(finding.message)}}
            for verdict in audit.verdicts
            if verdict.error is not None
            for finding in of_branch(verdict, audit)
        ],
    }


def _result(finding: Finding) -> dict[str, object]:
    location = {"uri": quote(finding.path), "uriBaseId": _ROOT}
    return {
        "ruleId": finding.code,
        "ruleIndex": _INDEX[finding.code],
        "level": "error",
        "message": {"text": _text(finding.message)},
        "locations": [{"physicalLocation": {"artifactLocation": location, "region": {"startLine": 1}}}],
        "partialFingerprints": {"primaryLocationLineHash": finding.fingerprint},
    }


def _text(message: str) -> str:
    """Give a message as SARIF takes it, without a link or a placeholder in it (3.11.5, 3.11.6)."""
    return re.sub(r"([{}])", r"\1\1", re.sub(r"([\\\[\]])", r"\\\1", message))
