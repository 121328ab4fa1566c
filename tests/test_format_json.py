"""The report for programs: by its published schema, whatever was found, and in pieces."""

import json
from pathlib import Path

import pytest
from audits import SETTINGS, anything, audits, document, every_kind, hostile, many, paths, sealed
from hypothesis import given
from jsonschema import Draft7Validator

from lanes import audited
from lanes.formats import as_json
from lanes.formats.json_pieces import encoded
from lanes.judge import Reason

SCHEMA = json.loads(Path(audited.__file__).with_name("audit.schema.json").read_text())
VALIDATOR = Draft7Validator(SCHEMA)


ONLY_WITH_AN_OPTION = {"merged", "baseline", "merge", "known"}


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(SCHEMA)
    violation = SCHEMA["definitions"]["violation"]
    assert violation["properties"]["reason"]["enum"] == [reason.value for reason in Reason]
    for part in (SCHEMA, SCHEMA["definitions"]["branch"], violation):
        assert sorted(part["required"]) == sorted(part["properties"].keys() - ONLY_WITH_AN_OPTION)


def test_every_report_is_by_the_schema() -> None:
    for found in audits():
        text = document("json", found)
        read = json.loads(text)
        VALIDATOR.validate(read)
        assert text == json.dumps(read, indent=2) + "\n"
        assert len(read["branches"]) == len(found.verdicts)
        for branch, verdict in zip(read["branches"], found.verdicts, strict=True):
            assert len(branch["violations"]) == len(verdict.violations)


@SETTINGS
@given(paths, anything, anything)
def test_any_bytes(path: bytes, author: bytes, subject: bytes) -> None:
    VALIDATOR.validate(json.loads(document("json", hostile(path, author, subject))))


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("tip", "HEAD"),
        ("commits", -1),
        ("commits", None),
        ("branch", "two\nlines"),
        ("violations", [{"reason": "outside-lane"}]),
    ],
)
def test_the_schema_refuses_what_no_report_is(key: str, wrong: object) -> None:
    read = json.loads(document("json", every_kind()))
    read["branches"][1][key] = wrong
    assert not VALIDATOR.is_valid(read)
    del read["branches"][1][key]
    assert not VALIDATOR.is_valid(read)


def test_a_key_may_be_added() -> None:
    read = json.loads(document("json", sealed()))
    for part in (read, read["manifest"], read["branches"][0], read["branches"][0]["violations"][0]):
        part["new"] = 1
    VALIDATOR.validate(read)


def test_it_comes_in_pieces() -> None:
    """However much was found, one violation at a time is text."""
    assert max(map(len, as_json.document(many()))) < 200


def test_pieces_are_what_json_dumps_gives() -> None:
    value = {"a": [], "b": {}, "c": [1, {"d": ["x\n"]}], 'e"': {"f": None, "g": [[]]}, "h": "ü\u2028"}
    assert "".join(encoded(value)) == json.dumps(value, indent=2)
    assert "".join(encoded({"a": iter([]), "b": iter([1, {"c": iter([2])}])})) == json.dumps(
        {"a": [], "b": [1, {"c": [2]}]}, indent=2
    )
