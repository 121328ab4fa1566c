"""JUnit's XML, as junitparser reads it."""

from audits import (
    COMMIT,
    SETTINGS,
    anything,
    audit,
    audits,
    document,
    every_kind,
    hostile,
    many,
    outside,
    paths,
    sealed,
)
from hypothesis import given
from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from lanes.audited import Audit
from lanes.formats import junit
from lanes.formats.findings import EXPLAINED


def suites(found: Audit) -> list[TestSuite]:
    """Read the report; its counts must be those of what is in it, and its tests have names of their own."""
    text = document("junit", found)
    assert text.isascii()
    xml = JUnitXml.fromstring(text.encode())
    read = list(xml)
    for part in (xml, *read):
        tests = [test for suite in read for test in suite] if part is xml else list(part)
        kinds = [type(result) for test in tests for result in test.result]
        assert (part.tests, part.failures, part.errors) == (
            len(tests),
            kinds.count(Failure),
            kinds.count(Error),
        )
        names = [(test.classname, test.name) for test in tests]
        assert len(set(names)) == len(names)
    return read


def said(test: TestCase) -> list[tuple[type, str, str]]:
    """Give what a test ended with; its text says how to mend that, too."""
    for result in test.result:
        assert result.text == f"{result.message}\n{EXPLAINED[result.type][1]}"
    return [(type(result), result.type, result.message) for result in test.result]


def test_every_report_is_read() -> None:
    for found in audits():
        assert [suite.tests for suite in suites(found)] == [
            len(verdict.violations) or 1 for verdict in found.verdicts
        ]


def test_whole() -> None:
    read = {suite.name: [(test.name, said(test)) for test in suite] for suite in suites(every_kind())}
    commit = f'work/docs-2: commit {COMMIT[:12]} "Out" by Ann'
    assert read.pop("work/docs-2")[:2] == [
        (
            "outside-lane: api/a.py",
            [
                (
                    Failure,
                    "outside-lane",
                    f'{commit} changes api/a.py (outside-lane: lane "api" may write it)',
                )
            ],
        ),
        (
            "outside-lane: gone",
            [(Failure, "outside-lane", f"{commit} deletes gone (outside-lane: no lane may write it)")],
        ),
    ]
    del read["refs/remotes/origin/review/1"]
    error = "work/docs-3 could not be judged: git rev-list failed; fatal: <bad> object"
    refusal = "Main is rejected: it differs from main by case alone"
    no_lane = "feature is rejected: no lane covers this branch"
    assert read == {
        "work/docs-1": [('inside its lane "docs"', [])],
        "feature": [("No lane covers this branch", [(Failure, "no-lane", no_lane)])],
        "Main": [("No branch may have this name", [(Failure, "refusal", refusal)])],
        "work/docs-3": [("The branch could not be judged", [(Error, "error", error)])],
        "loose": [("inside", [])],
        "main": [("inside", [])],
    }
    assert [test.name for test in suites(sealed())[0]] == ["not-in-one-lane: api/a.py", "protected: ci/run"]


def test_one_path_in_several_commits() -> None:
    (suite,) = suites(audit(outside(b"a", b"a", b"2: a")))
    assert [test.name for test in suite] == ["outside-lane: a", "outside-lane 2: a", "outside-lane: 2: a"]


@SETTINGS
@given(paths, anything, anything)
def test_any_bytes(path: bytes, author: bytes, subject: bytes) -> None:
    (suite,) = suites(hostile(path, author, subject))
    (test,) = suite
    ((kind, reason, message),) = said(test)
    assert (kind, reason, message.isprintable(), suite.name) == (
        Failure,
        "outside-lane",
        True,
        test.classname,
    )


def test_it_comes_in_pieces() -> None:
    assert max(map(len, junit.document(many()))) < 1000
