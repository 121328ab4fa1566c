"""What the commits of a branch did, read from real repositories and along made-up times."""

from pathlib import Path

import pytest
from repos import Repo, make_repo

from lanes.activity import (
    DAY,
    HOUR,
    LATEST,
    MOST_NAMES,
    MOST_PERIODS,
    OTHERS,
    ROOT,
    WEEK,
    Counts,
    Period,
    Timeline,
    activity_of,
)
from lanes.errors import CannotJudge
from lanes.judge import Reason, Violation
from lanes.plumbing import Git
from lanes.verdict import Verdict

MONDAY = 1_600_041_600  # 2020-09-14


def at(moment: int, author: str = "Ann") -> dict[str, str]:
    """Give the variables by which a commit is made at a moment."""
    return {
        "GIT_AUTHOR_DATE": "2001-01-01T00:00:00Z",
        "GIT_COMMITTER_DATE": f"{moment} +0000",
        "GIT_AUTHOR_NAME": author,
    }


def commit(repo: Repo, moment: int, *paths: str | bytes, author: str = "Ann") -> str:
    repo.write(dict.fromkeys(paths, f"{moment}\n"))
    repo.git("add", "--all")
    repo.git("commit", "-qm", "Change", "--allow-empty", env=at(moment, author))
    return repo.head()


def verdict(tip: str, *side: str, outside: list[tuple[str, bytes]] | None = None) -> Verdict:
    found = tuple(Violation(Reason.OUTSIDE_LANE, oid, path, "M") for oid, path in outside or [])
    return Verdict(b"refs/heads/work", tip=tip, side=side, commits=1, violations=found)


def test_commits_are_counted_by_time_author_and_top_folder(repo: Repo) -> None:
    base = commit(repo, MONDAY, "docs/a", "api/a", "top")
    first = commit(repo, MONDAY + HOUR, "docs/a", "docs/deep/b", "api/a")
    second = commit(repo, MONDAY + 3 * HOUR, "docs/a", "top", author="Bob")
    found = activity_of(
        Git(repo.path), verdict(second, base, outside=[(first, b"api/a"), (first, b"silently/taken/back")])
    )
    assert found.inside == {b"docs/": 3, ROOT: 1}
    assert found.outside == {b"api/": 1, b"silently/": 1}
    assert found.authors == {b"Ann": 1, b"Bob": 1}
    assert found.dates == {first: MONDAY + HOUR}
    assert found.timeline.periods() == [
        Period(MONDAY + HOUR, 1, 1),
        Period(MONDAY + 2 * HOUR, 0, 0),
        Period(MONDAY + 3 * HOUR, 1, 0),
    ]


def test_a_merge_counts_with_what_no_parent_holds(repo: Repo) -> None:
    base = commit(repo, MONDAY, "docs/a")
    repo.switch("main2", base)
    main = commit(repo, MONDAY, "api/a", "api/b")
    repo.switch("work", base)
    commit(repo, MONDAY, "docs/b")
    repo.git("merge", "-q", "--no-commit", "main2")
    repo.write({"evil/x": "x"})
    repo.git("add", "--all")
    repo.git("commit", "-qm", "Merge", env=at(MONDAY))
    found = activity_of(Git(repo.path), verdict(repo.head(), main))
    assert found.inside == {b"docs/": 1, b"evil/": 1}
    assert found.timeline.periods()[0].commits == 2


def test_a_root_commit_counts_with_all_it_holds(repo: Repo) -> None:
    repo.git("config", "log.showRoot", "false")
    found = activity_of(Git(repo.path), verdict(commit(repo, MONDAY, "docs/a", "b")))
    assert found.inside == {b"docs/": 1, ROOT: 1}


def test_names_that_look_like_git_s_own_words_are_names(repo: Repo) -> None:
    names = [b"a" * 40, b":100644 100644", b"\n:x/y", b"\xff/z", b"docs/\n" + b"b" * 40]
    base = commit(repo, MONDAY, "a")
    tip = commit(repo, MONDAY, *names, author="c" * 40)
    found = activity_of(Git(repo.path), verdict(tip, base))
    assert found.inside == {ROOT: 2, b"\n:x/": 1, b"\xff/": 1, b"docs/": 1}
    assert found.authors == {b"c" * 40: 1}


def test_the_user_s_settings_change_nothing(repo: Repo) -> None:
    base = commit(repo, MONDAY, "docs/a", "docs/b")
    commit(repo, MONDAY + 1, "docs/b")
    repo.git("mv", "docs/a", "api")
    repo.git("commit", "-qm", "Rename", env=at(MONDAY))
    repo.git("notes", "add", "-m", "A note")
    commit(repo, MONDAY, "docs/c", author="J\xfcrgen")
    signature = "\ngpgsig -----BEGIN SSH SIGNATURE-----\n U1NIU0lH\n -----END SSH SIGNATURE-----\n\n"
    signed = repo.git("cat-file", "commit", "HEAD").replace("\n\n", signature, 1)
    tip = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=f"{signed}\n".encode())
    expected = activity_of(Git(repo.path), verdict(tip, base))
    assert expected.inside == {b"docs/": 3, ROOT: 1}
    for key, value in {
        "color.ui": "always",
        "gpg.ssh.allowedSignersFile": "signers",
        "diff.renames": "copies",
        "diff.relative": "true",
        "format.pretty": "fuller",
        "i18n.logOutputEncoding": "latin1",
        "log.diffMerges": "first-parent",
        "log.follow": "true",
        "log.mailmap": "true",
        "log.showSignature": "true",
        "notes.displayRef": "refs/notes/*",
        "diff.orderFile": "order",
        "diff.noprefix": "true",
    }.items():
        repo.git("config", key, value)
    repo.write({"order": "*\n", "signers": ""})
    found = activity_of(Git(repo.path / "docs"), verdict(tip, base))
    assert (found.inside, found.authors) == (expected.inside, expected.authors)
    assert found.timeline.periods() == expected.timeline.periods()


@pytest.mark.parametrize(("written", "read"), [("0", 0), ("99999999999999", LATEST), ("-5", 0), ("", 0)])
def test_any_date_has_a_place(repo: Repo, written: str, read: int) -> None:
    tree = repo.git("write-tree")
    who = f"Ann <ann@example.org> {written} +0000"
    raw = f"tree {tree}\nauthor {who}\ncommitter {who}\n\nOdd\n"
    tip = repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw.encode())
    found = activity_of(Git(repo.path), verdict(tip))
    assert [period.begin <= read < period.begin + HOUR for period in found.timeline.periods()] == [True]


def test_nothing_is_read_where_nothing_was_judged(tmp_path: Path) -> None:
    git = Git(tmp_path / "is not there")
    assert activity_of(git, Verdict(b"refs/heads/x", tip="a" * 40, error="no")).timeline.periods() == []
    assert activity_of(git, Verdict(b"refs/heads/x", tip="a" * 40, refusal="no")).timeline.periods() == []


def test_a_missing_commit_is_an_error(repo: Repo) -> None:
    commit(repo, MONDAY, "a")
    with pytest.raises(CannotJudge, match="git log failed"):
        activity_of(Git(repo.path), verdict("1" * 40))


def test_periods_grow_with_the_time_and_lose_nothing() -> None:
    timeline = Timeline()
    lengths = [timeline.length]
    for day in range(3000):
        timeline.add(MONDAY + day * DAY, day % 10 == 0)
        lengths.append(timeline.length)
        assert len(timeline.periods()) <= MOST_PERIODS
    assert sorted(set(lengths)) == [HOUR, 3 * HOUR, 12 * HOUR, DAY, WEEK, 2 * WEEK, 4 * WEEK, 8 * WEEK]
    assert sum(period.commits for period in timeline.periods()) == 3000
    assert sum(period.outside for period in timeline.periods()) == 300


def test_a_period_says_when_it_begins() -> None:
    timeline = Timeline()
    for moment in (MONDAY - 1, MONDAY + 95 * DAY):
        timeline.add(moment, False)
    assert timeline.length == WEEK
    assert [period.begin for period in timeline.periods() if period.commits] == [
        MONDAY - WEEK,
        MONDAY + 13 * WEEK,
    ]


def test_all_of_time_is_not_too_long() -> None:
    timeline = Timeline()
    for moment in (LATEST, 0, MONDAY):
        timeline.add(moment, True)
    assert len(timeline.periods()) <= MOST_PERIODS
    assert sum(period.commits for period in timeline.periods()) == 3


def test_too_many_names_are_counted_together() -> None:
    counts = Counts()
    for number in range(2 * MOST_NAMES):
        counts.count(b"%d" % number)
        counts.count(b"0")
    assert len(counts) == MOST_NAMES + 1
    assert counts[b"0"] == 2 * MOST_NAMES + 1
    assert counts[OTHERS] == MOST_NAMES


def test_a_bare_repository_is_read_as_well(tmp_path: Path) -> None:
    made = make_repo(tmp_path / "made")
    tip = commit(made, MONDAY, "docs/a")
    made.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    assert activity_of(Git(tmp_path / "bare"), verdict(tip)).inside == {b"docs/": 1}
