"""GitLab's Code Quality report: the fields that GitLab documents, and fingerprints that stay."""

import json
from typing import Any

from audits import (
    COMMIT,
    OTHER,
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
from repos import Repo

from lanes.formats import gitlab

SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def entries(text: str) -> list[dict[str, Any]]:
    """Read a report, which must be as docs.gitlab.com has it ("Code Quality report format")."""
    read = json.loads(text)
    assert isinstance(read, list)
    for entry in read:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert all(isinstance(entry[key], str) and entry[key] for key in set(entry) - {"location"})
        assert entry["severity"] in SEVERITIES
        assert set(entry["location"]) == {"path", "lines"}
        assert entry["location"]["lines"] == {"begin": 1}
        path = entry["location"]["path"]
        assert isinstance(path, str)
        assert path
        assert not path.startswith(("/", "./"))
    prints = [entry["fingerprint"] for entry in read]
    assert len(set(prints)) == len(prints)
    return read


def test_every_report_has_the_documented_fields() -> None:
    for found in audits():
        text = document("gitlab", found)
        assert text.isascii()
        said = sum(len(v.violations) + bool(v.error or v.refusal) for v in found.verdicts)
        assert len(entries(text)) == said


def test_whole() -> None:
    found = [
        (entry["check_name"], entry["severity"], entry["location"]["path"], entry["description"])
        for entry in entries(document("gitlab", every_kind()))
    ]
    commit = f'commit {COMMIT[:12]} "Out" by Ann'
    merge = f'commit {OTHER[:12]} (a merge) "Merge" by Bob'
    docs = "work/docs-2: "
    assert found == [
        (
            "outside-lane",
            "major",
            "api/a.py",
            f'{docs}{commit} changes api/a.py (outside-lane: lane "api" may write it)',
        ),
        (
            "outside-lane",
            "major",
            "gone",
            f"{docs}{commit} deletes gone (outside-lane: no lane may write it)",
        ),
        (
            "protected",
            "critical",
            "ci/run",
            f"{docs}{commit} changes the type of ci/run (protected: only integration branches may write it)",
        ),
        (
            "outside-lane",
            "major",
            "api/a.py",
            f"{docs}{merge} decides about api/a.py (outside-lane:"
            " integration branches changed it differently; merge one into the other first, then merge that)",
        ),
        (
            "review-only",
            "major",
            "docs/a.md",
            f'refs/remotes/origin/review/1: {commit} adds docs/a.md (review-only: lane "docs" may write it)',
        ),
        ("no-lane", "critical", ".lanes.toml", "feature is rejected: no lane covers this branch"),
        ("refusal", "critical", ".lanes.toml", "Main is rejected: it differs from main by case alone"),
        (
            "error",
            "blocker",
            ".lanes.toml",
            "work/docs-3 could not be judged: git rev-list failed; fatal: <bad> object",
        ),
    ]


@SETTINGS
@given(paths, anything, anything)
def test_any_bytes(path: bytes, author: bytes, subject: bytes) -> None:
    (entry,) = entries(document("gitlab", hostile(path, author, subject)))
    assert entry["location"]["path"] == path.decode("utf-8", "backslashreplace")
    assert entry["description"].isprintable()


def test_fingerprints_stay_when_commits_are_made_anew(clone: Repo) -> None:
    def prints() -> list[str]:
        return [
            entry["fingerprint"] for entry in entries(clone.script("lane-audit", "--format", "gitlab").out)
        ]

    clone.switch("work/docs-1", "main")
    clone.commit({"top.txt": "1", "api/a.py": "x"}, "One")
    clone.commit({"top.txt": "2"}, "Two")
    before = prints()
    clone.git("rebase", "--quiet", "--force-rebase", "main")
    clone.git("commit", "--quiet", "--amend", "--no-verify", "-m", "Other words")
    assert prints() == before
    assert len(set(before)) == 3
    clone.commit({"new": "x"}, "Three")
    assert prints()[:3] == before


def test_fingerprints_tell_findings_apart() -> None:
    one = outside(b"a")
    other = outside(b"a", ref=b"refs/heads/work/docs-2")
    twice = outside(b"b", b"b")
    prints = [entry["fingerprint"] for entry in entries(document("gitlab", audit(one, other, twice)))]
    assert len(set(prints)) == 4


def test_it_comes_in_pieces() -> None:
    assert max(map(len, gitlab.document(many()))) < 200
