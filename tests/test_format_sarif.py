"""SARIF: by the published schema and by Microsoft's own validator, whatever was found."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from audits import (
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
)
from hypothesis import given
from jsonschema import Draft7Validator

from lanes.formats import sarif
from lanes.formats.findings import EXPLAINED

# Its folder (CONTRIBUTING.md, "Reports"); what is in PATH is a script that ends a command at a semicolon.
MULTITOOL = Path(os.path.realpath(shutil.which("sarif-multitool-linux") or "missing")).parent
needs_multitool = pytest.mark.skipif(
    not shutil.which("sarif-multitool-linux") and "LANES_ALL_TOOLS" not in os.environ,
    reason="Microsoft's sarif-multitool is not in PATH",
)
RULES = "Sarif;Ghas;Gh"  # of the standard, and of GitHub's code scanning
KNOWN = {
    "SARIF2005": "there is no address where people could learn more about the tool",
}


def results(text: str) -> list[dict[str, Any]]:
    """Read the results of a log."""
    (run,) = json.loads(text)["runs"]
    found: list[dict[str, Any]] = run["results"]
    return found


def plain(message: str) -> str:
    """Give the text that a message of SARIF stands for (3.11.5, 3.11.6)."""
    assert not re.search(r"(?<!\\)(?:\\\\)*[\[\]]", message)
    return re.sub(r"([{}])\1", r"\1", re.sub(r"\\(.)", r"\1", message))


def test_whole() -> None:
    log = json.loads(document("sarif", audit(outside(b"api/a.py"))))
    (run,) = log.pop("runs")
    assert log == {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0"}
    (result,) = run["results"]
    commit = 'commit cccccccccccc "Out" by Ann'
    message = f'work/docs-1: {commit} changes api/a.py (outside-lane: lane "api" may write it)'
    location = {"uri": "api/a.py", "uriBaseId": "SRCROOT"}
    assert result == {
        "ruleId": "outside-lane",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": message},
        "locations": [{"physicalLocation": {"artifactLocation": location, "region": {"startLine": 1}}}],
        "partialFingerprints": {
            "primaryLocationLineHash": result["partialFingerprints"]["primaryLocationLineHash"]
        },
    }
    assert run["invocations"] == [
        {"executionSuccessful": True, "exitCode": 1, "toolExecutionNotifications": []}
    ]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(EXPLAINED)


def test_what_could_not_be_judged() -> None:
    """It is a notification, as the standard has it, and a result, since that is all that most show."""
    text = document("sarif", every_kind())
    (run,) = json.loads(text)["runs"]
    (invocation,) = run["invocations"]
    message = {"text": "work/docs-3 could not be judged: git rev-list failed; fatal: <bad> object"}
    assert invocation == {
        "executionSuccessful": False,
        "exitCode": 2,
        "toolExecutionNotifications": [{"level": "error", "message": message}],
    }
    assert [result["message"] for result in results(text) if result["ruleId"] == "error"] == [message]


def test_each_finding_is_a_result_of_a_rule() -> None:
    for found in audits():
        (run,) = json.loads(document("sarif", found))["runs"]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
        said = sum(len(v.violations) + bool(v.error or v.refusal) for v in found.verdicts)
        prints = {result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]}
        assert len(run["results"]) == len(prints) == said


@SETTINGS
@given(paths, anything, anything)
def test_any_bytes(path: bytes, author: bytes, subject: bytes) -> None:
    text = document("sarif", hostile(path, author, subject))
    assert text.isascii()
    (result,) = results(text)
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri)
    assert unquote_to_bytes(uri) == path
    (same,) = json.loads(document("gitlab", hostile(path, author, subject)))
    assert plain(result["message"]["text"]) == same["description"]


def test_it_comes_in_pieces() -> None:
    assert max(map(len, sarif.document(many()))) < 5000


@needs_multitool
def test_the_published_schema() -> None:
    validator = Draft7Validator(json.loads((MULTITOOL / "sarif-2.1.0.json").read_text()))
    for found in audits():
        validator.validate(json.loads(document("sarif", found)))


@needs_multitool
def test_microsofts_validator(tmp_path: Path) -> None:
    """It has no error to tell of, and of warnings just those that are known."""
    for number, found in enumerate(audits()):
        (tmp_path / f"{number}.sarif").write_text(document("sarif", found))
    assert complaints(tmp_path) == {}


@needs_multitool
def test_microsofts_validator_finds_what_is_wrong(tmp_path: Path) -> None:
    log = json.loads(document("sarif", every_kind()))
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "a b"
    log["runs"][0]["results"][1]["ruleIndex"] = 100
    del log["runs"][0]["tool"]["driver"]["rules"][0]["help"]
    (tmp_path / "wrong.sarif").write_text(json.dumps(log))
    assert set(complaints(tmp_path)) == {"error SARIF1002", "error SARIF1009", "error GH2012"}


def complaints(folder: Path) -> Counter[str]:
    """Count what the validator says of the files in a folder, but for what is known."""
    program = MULTITOOL / "Sarif.Multitool"
    command = [program, "validate", f"{folder}/*.sarif", "--rule-kind", RULES, "--level", "Error;Warning"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"{len(list(folder.glob('*.sarif')))} files scanned" in done.stdout, done
    found = re.findall(r"^.+: ((?:error|warning) \w+): ", done.stdout, re.MULTILINE)
    return Counter(code for code in found if code.split()[1] not in KNOWN)
