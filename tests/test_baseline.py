"""`lane-audit --baseline`: known violations are counted, and fail no more."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from repos import MANIFEST, Ended, Repo, masked, remote_lines

from lanes.baseline import KNOWABLE, Entry, read, write

SCHEMA = json.loads((Path(__file__).parent.parent / "lanes" / "audit.schema.json").read_text())
HEAD = "lanes: audit, manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
HEADER = "# git-lanes baseline 1: BRANCH REASON MODE ID PATH\n"
FILE = "known"
KNOWN = ("--baseline", FILE)
WRITE = (*KNOWN, "--write-baseline")


@pytest.fixture
def strayed(clone: Repo) -> Repo:
    """A clone on a branch of the lane "docs" that adds, changes and deletes outside it."""
    clone.git("config", "core.excludesFile", ".git/info/exclude")
    (clone.path / ".git" / "info").mkdir(exist_ok=True)
    (clone.path / ".git" / "info" / "exclude").write_text(f"{FILE}\n")
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b", "api/a.py": "mine", b"n\xff w": "n", "top.txt": None}, "Stray")
    return clone


def audited(repo: Repo, *arguments: str, status: int) -> dict[str, Any]:
    """Give the report in JSON, valid by the published schema."""
    ended = repo.script("lane-audit", "--format", "json", *arguments)
    assert (ended.status, ended.err) == (status, "")
    found: dict[str, Any] = json.loads(ended.out)
    Draft7Validator(SCHEMA).validate(found)
    return found


def reported(ended: Ended) -> tuple[int, str]:
    assert ended.err == ""
    return ended.status, masked(ended.out)


def left(repo: Repo, *arguments: str) -> list[str]:
    """Give the paths that an audit with the baseline still fails for."""
    found = audited(repo, *arguments, *KNOWN, status=1)
    return [violation["path"] for branch in found["branches"] for violation in branch["violations"]]


def content(repo: Repo) -> str:
    return masked((repo.path / FILE).read_text())


def test_what_is_known_fails_no_more(strayed: Repo) -> None:
    assert reported(strayed.script("lane-audit", *WRITE)) == (
        0,
        HEAD
        + 'work/docs-1 is inside its lane "docs" but for 3 known violations: 1 commit judged\n'
        + "3 violations known to known, which was written\n",
    )
    assert content(strayed) == (
        HEADER
        + "work/docs-1 outside-lane 100644 OID api/a.py\n"
        + 'work/docs-1 outside-lane 100644 OID "n\\377 w"\n'
        + "work/docs-1 outside-lane - - top.txt\n"
    )
    assert reported(strayed.script("lane-audit", *KNOWN)) == (
        0,
        HEAD
        + 'work/docs-1 is inside its lane "docs" but for 3 known violations: 1 commit judged\n'
        + "3 violations known to known\n",
    )
    assert strayed.script("lane-audit").status == 1


def test_what_is_new_fails(strayed: Repo) -> None:
    strayed.script("lane-audit", *WRITE)
    strayed.commit({"api/b.py": "new"})
    assert left(strayed) == ["api/b.py"]


def test_another_change_of_a_known_path_fails(strayed: Repo) -> None:
    strayed.script("lane-audit", *WRITE)
    strayed.commit({"api/a.py": "other"})
    assert left(strayed) == ["api/a.py"]


def test_the_same_on_another_branch_fails(strayed: Repo) -> None:
    strayed.script("lane-audit", *WRITE)
    strayed.switch("work/docs-2", "work/docs-1")
    assert len(left(strayed)) == 3


def test_a_rebased_and_a_merged_branch_are_known(strayed: Repo) -> None:
    strayed.script("lane-audit", *WRITE)
    strayed.switch("main")
    strayed.commit({"docs/other.md": "x"})
    strayed.put("main")
    strayed.switch("work/docs-1")
    before = strayed.head()
    strayed.git("rebase", "--quiet", "main")
    assert strayed.head() != before
    assert audited(strayed, *KNOWN, status=0)["branches"][0]["known"] == 3
    strayed.switch("main")
    strayed.git("merge", "--quiet", "--no-ff", "--no-edit", "work/docs-1")
    found = audited(strayed, "--first-parent", "main", "--since", "main^", *KNOWN, status=0)
    assert found["branches"][0]["known"] == 3
    strayed.put("main", "work/docs-1")
    (strayed.path / FILE).unlink()
    strayed.script("lane-audit", "--first-parent", "main", "--since", "main^", *WRITE)
    assert content(strayed).count("\n") == 4


def test_fetched_branches_have_the_same_name(strayed: Repo) -> None:
    strayed.script("lane-audit", *WRITE)
    strayed.put("work/docs-1")
    found = audited(strayed, "--all", *KNOWN, status=0)
    assert [(one["branch"], one["known"]) for one in found["branches"]] == [
        ("refs/heads/work/docs-1", 3),
        ("refs/remotes/origin/work/docs-1", 3),
    ]
    assert (found["baseline"]["known"], found["baseline"]["stale"]) == (6, [])


# -- What no longer occurs


def test_stale_entries(strayed: Repo) -> None:
    strayed.script("lane-audit", *WRITE)
    strayed.git("checkout", "--quiet", "main", "--", "api/a.py")
    strayed.git("rm", "--quiet", "--cached", b"n\xff w")
    strayed.git("commit", "--quiet", "--amend", "--no-edit")
    assert reported(strayed.script("lane-audit", *KNOWN)) == (
        0,
        HEAD
        + 'work/docs-1 is inside its lane "docs" but for 1 known violation: 1 commit judged\n'
        + "1 violation known to known\n"
        + "2 entries of known no longer found; --write-baseline takes out:\n"
        + "  work/docs-1: api/a.py (outside-lane)\n"
        + '  work/docs-1: "n\\377 w" (outside-lane)\n',
    )
    assert audited(strayed, *KNOWN, status=0)["baseline"] == {
        "file": "known",
        "written": False,
        "known": 1,
        "stale": [
            {
                "branch": "refs/heads/work/docs-1",
                "reason": "outside-lane",
                "path": "api/a.py",
                "quoted": False,
            },
            {
                "branch": "refs/heads/work/docs-1",
                "reason": "outside-lane",
                "path": '"n\\377 w"',
                "quoted": True,
            },
        ],
    }
    assert strayed.script("lane-audit", *WRITE).status == 0
    assert content(strayed) == HEADER + "work/docs-1 outside-lane - - top.txt\n"


def test_entries_of_branches_that_are_not_judged_stay(strayed: Repo) -> None:
    strayed.script("lane-audit", *WRITE)
    strayed.switch("work/docs-2", "main")
    strayed.commit({"top.txt": "x"})
    found = audited(strayed, *WRITE, status=0)
    assert (found["baseline"]["written"], found["baseline"]["stale"]) == (True, [])
    assert content(strayed).count("work/docs-1") == 3
    assert content(strayed).count("work/docs-2") == 1
    strayed.git("branch", "--quiet", "-D", "work/docs-1")
    assert audited(strayed, *KNOWN, status=0)["baseline"]["stale"] == []
    # But those of a branch that is no more don't occur.
    assert len(audited(strayed, "--all", *KNOWN, status=0)["baseline"]["stale"]) == 3
    strayed.script("lane-audit", "--all", *WRITE)
    assert content(strayed) == HEADER + "work/docs-2 outside-lane 100644 OID top.txt\n"


def test_entries_of_a_branch_that_could_not_be_judged_stay(strayed: Repo) -> None:
    strayed.script("lane-audit", *WRITE)
    before = content(strayed)
    both = MANIFEST + '[lanes.both]\nbranches = ["work/docs-*"]\npaths = ["/both/"]\n'
    strayed.switch("main")
    strayed.commit({".lanes.toml": both})
    strayed.put("main")
    found = audited(strayed, "--all", *WRITE, status=2)
    assert (found["branches"][0]["error"] is None, found["baseline"]["stale"]) == (False, [])
    assert content(strayed) == before


# -- What can't be known


def test_a_protected_path_is_never_known(strayed: Repo) -> None:
    """Nor the baseline itself, then, where the manifest protects it."""
    strayed.commit({"ci/run": "evil", ".lanes.toml": "evil"})
    found = audited(strayed, *WRITE, status=1)
    assert [violation["path"] for violation in found["branches"][0]["violations"]] == [
        ".lanes.toml",
        "ci/run",
    ]
    assert "ci/run" not in content(strayed)
    value = strayed.git("rev-parse", "HEAD:ci/run")
    line = f"work/docs-1 protected 100644 {value} ci/run\n"
    (strayed.path / FILE).write_text(HEADER + line)
    assert strayed.script("lane-audit", *KNOWN) == Ended(
        2,
        "",
        f"lanes: could not judge: known, line 2: what is protected can't be known; take the line out;"
        f" found: work/docs-1 protected 100644 {value} c…\n",
    )
    (strayed.path / FILE).write_text(HEADER + line.replace("protected", "outside-lane"))
    assert ".lanes.toml" in left(strayed)
    assert "ci/run" in left(strayed)


def test_a_branch_without_a_lane_is_never_known(clone: Repo) -> None:
    clone.switch("feature", "main")
    clone.commit({"top.txt": "x"})
    found = audited(clone, *WRITE, status=1)
    assert found["branches"][0]["violations"][0]["reason"] == "no-lane"
    assert content(clone) == HEADER


def test_a_name_that_no_branch_may_have_is_never_known(clone: Repo) -> None:
    assert audited(clone, "--as", "Main", "HEAD", *WRITE, status=1)["branches"][0]["refusal"]


def test_review_only_branches_and_sealed_ones_can_be_known(clone: Repo) -> None:
    clone.switch("review/1", "main")
    clone.commit({"docs/a.md": "x"})
    assert audited(clone, *WRITE, status=0)["baseline"]["known"] == 1
    assert content(clone) == HEADER + "review/1 review-only 100644 OID docs/a.md\n"
    clone.switch("main")
    clone.commit({".lanes.toml": MANIFEST.replace("[defaults]", 'accepts = "lanes"\n[defaults]')})
    clone.put("main")
    clone.commit({"docs/a.md": "x", "api/a.py": "x"})
    assert audited(clone, *WRITE, status=0)["baseline"]["known"] == 1
    assert "main not-in-one-lane 100644 OID" in content(clone)


def test_hooks_never_read_it(strayed: Repo) -> None:
    strayed.script("lane-audit", *WRITE)
    for name in (".lanes-baseline", ".lanes.baseline", "baseline"):
        (strayed.path / name).write_bytes((strayed.path / FILE).read_bytes())
    pushed = strayed.push("work/docs-1")
    assert pushed.status == 1
    assert remote_lines(pushed).startswith("lanes: work/docs-1 is rejected: 3 changes in 1 commit")


# -- The file


LINE = f"work/docs-1 outside-lane 100644 {'0' * 40} top.txt\n"
EXPECTED = "expected BRANCH REASON MODE ID PATH, as --write-baseline writes it; found: "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"line 1: it is no baseline; expected {HEADER}"),
        ("[]\n", f"line 1: it is no baseline; expected {HEADER}"),
        (HEADER.replace("1", "2"), f"line 1: it is no baseline; expected {HEADER}"),
        (HEADER[:-1], "line 1: it is cut off; write the baseline anew\n"),
        (HEADER + LINE + LINE[:-1], "line 3: it is cut off; write the baseline anew\n"),
        (HEADER + LINE + "\n", f"line 3: {EXPECTED}nothing\n"),
        (HEADER + "<<<<<<< main\n" + LINE, f"line 2: {EXPECTED}<<<<<<< main\n"),
        (
            HEADER + LINE.replace("\n", "\r\n"),
            f"line 2: {EXPECTED}work/docs-1 outside-lane 100644 {'0' * 39}…\n",
        ),
        (
            HEADER + LINE.replace("100644", "644"),
            f"line 2: {EXPECTED}work/docs-1 outside-lane 644 {'0' * 40} t…\n",
        ),
        (
            HEADER + LINE.replace("0" * 40, "0" * 39),
            f"line 2: {EXPECTED}work/docs-1 outside-lane 100644 {'0' * 39}…\n",
        ),
        (HEADER + "a outside-lane - - \n", f"line 2: {EXPECTED}a outside-lane - - \n"),
        (HEADER + 'a outside-lane - - "b"\n', f'line 2: {EXPECTED}a outside-lane - - "b"\n'),
        (HEADER + 'a outside-lane - - "b\n', f'line 2: {EXPECTED}a outside-lane - - "b\n'),
        (HEADER + "ä outside-lane - - b\n", f"line 2: {EXPECTED}ä outside-lane - - b\n"),
        (HEADER + "a outside - - b\n", "line 2: there is no reason outside; found: a outside - - b\n"),
        (
            HEADER + "a no-lane - - b\n",
            "line 2: what is no-lane can't be known; take the line out; found: a no-lane - - b\n",
        ),
    ],
)
@pytest.mark.parametrize("options", [KNOWN, WRITE])
def test_a_damaged_file(repo: Repo, text: str, message: str, options: tuple[str, ...]) -> None:
    """It is one error, even where it is to be written."""
    (repo.path / FILE).write_bytes(text.encode())
    ended = repo.script("lane-audit", *options)
    shown = message.removesuffix("\n") + "\n"
    assert ended == Ended(2, "", f"lanes: could not judge: known, {shown}")
    assert (repo.path / FILE).read_bytes() == text.encode()


def test_a_file_that_is_not_there_or_no_file(repo: Repo) -> None:
    assert repo.script("lane-audit", *KNOWN) == Ended(
        2, "", "lanes: could not judge: there is no baseline known; to begin one: --write-baseline\n"
    )
    (repo.path / FILE).mkdir()
    assert repo.script("lane-audit", *KNOWN) == Ended(
        2, "", "lanes: could not judge: the baseline known can't be read: Is a directory\n"
    )


def test_a_file_that_can_not_be_written(clone: Repo) -> None:
    assert clone.script("lane-audit", "--baseline", "no/folder", "--write-baseline") == Ended(
        2, "", "lanes: could not judge: the baseline no/folder can't be written: No such file or directory\n"
    )


def test_write_baseline_needs_a_file(repo: Repo) -> None:
    ended = repo.script("lane-audit", "--write-baseline")
    assert (ended.status, ended.err.split("\n")[0]) == (2, "lanes: --write-baseline needs --baseline FILE.")


def test_two_baselines_merged(strayed: Repo) -> None:
    """Lines in any order, and twice, are what git's union of two branches makes."""
    strayed.script("lane-audit", *WRITE)
    header, *lines = (strayed.path / FILE).read_text().splitlines(keepends=True)
    (strayed.path / FILE).write_text("".join([header, *reversed(lines), *lines]))
    assert audited(strayed, *KNOWN, status=0)["baseline"]["known"] == 3


def test_a_link_is_written_through(strayed: Repo) -> None:
    (strayed.path / FILE).symlink_to("exclude-me")
    (strayed.path / "exclude-me").write_text(HEADER)
    assert strayed.script("lane-audit", *WRITE).status == 0
    assert (strayed.path / FILE).is_symlink()
    assert content(strayed).count("\n") == 4


_names = st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name)
_branches = _names.map(lambda name: b"a" + name.replace(b" ", b"_"))
_values = st.none() | st.sampled_from(
    [b"100644 " + b"a" * 40, b"160000 " + b"0" * 64, b"120000 " + b"1" * 40]
)
_entries = st.builds(Entry, _branches, st.sampled_from(KNOWABLE), _values, _names)


@settings(deadline=None, derandomize=True)
@given(st.frozensets(_entries, max_size=8))
def test_what_is_written_is_read(entries: frozenset[Entry]) -> None:
    file = Path(os.environ["HOME"], "baseline")
    write(file, entries)
    assert read(file) == entries
    assert file.read_bytes().count(b"\n") == len(entries) + 1
