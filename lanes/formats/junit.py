"""JUnit's XML, which CI servers show as tests: a suite for a branch, and in it what failed."""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from lanes import report
from lanes.audited import Audit
from lanes.formats.findings import ERROR, EXPLAINED, Finding, of_branch
from lanes.text import quoted
from lanes.verdict import Verdict


def document(audit: Audit) -> Iterator[str]:
    """Give the report in pieces, a test at a time. It is plain ASCII: other characters are references."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites{_counts(*audit.verdicts)}>\n"
    for verdict in audit.verdicts:
        name = report.title(verdict)
        yield f"  <testsuite{_attributes(name=name)}{_counts(verdict)}>\n"
        if verdict.status == 0:
            yield f"    <testcase{_attributes(classname=name, name=_inside(verdict))}/>\n"
        for finding in of_branch(verdict, audit):
            yield f"    <testcase{_attributes(classname=name, name=_name(finding))}>\n"
            kind = "error" if finding.code == ERROR else "failure"
            # Some show the message alone, others what is in the element.
            said = _ascii(escape(f"{finding.message}\n{EXPLAINED[finding.code][1]}"))
            yield f"      <{kind}{_attributes(type=finding.code, message=finding.message)}>{said}</{kind}>\n"
            yield "    </testcase>\n"
        yield "  </testsuite>\n"
    yield "</testsuites>\n"


def _counts(*verdicts: Verdict) -> str:
    """Count tests: each branch that is inside is one, and so is everything found about another one."""
    errors = sum(verdict.error is not None for verdict in verdicts)
    failures = sum(len(verdict.violations) + (verdict.refusal is not None) for verdict in verdicts)
    inside = sum(verdict.status == 0 for verdict in verdicts)
    return _attributes(tests=str(inside + failures + errors), failures=str(failures), errors=str(errors))


def _inside(verdict: Verdict) -> str:
    return f"inside its {report.lane_name(verdict.lane)}" if verdict.lane else "inside"


def _name(finding: Finding) -> str:
    """Name a test as no other one of the branch, and from run to run alike."""
    if finding.violation is None or finding.violation.path is None:
        return EXPLAINED[finding.code][0]
    number = f" {finding.number + 1}" if finding.number else ""
    return f"{finding.code}{number}: {quoted(finding.path)}"


def _attributes(**values: str) -> str:
    return "".join(f" {name}={_ascii(quoteattr(value))}" for name, value in values.items())


def _ascii(text: str) -> str:
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")
