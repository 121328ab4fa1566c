"""The server's hook, through real pushes. What a push says is compared whole, with object ids masked."""

import os
from pathlib import Path

import pytest
from lane_hooks.pre_receive import parse
from repos import MANIFEST, Ended, Repo, make_repo, masked, remote_lines

from lanes.errors import CannotJudge
from lanes.push import Update

A, B, ZERO = "a" * 40, "b" * 40, "0" * 40


def inside(ended: Ended) -> bool:
    """Tell whether a push was accepted without a word; anything but a rejection by the hook fails."""
    if ended.status == 0:
        assert remote_lines(ended) == ""
        return True
    assert "pre-receive hook declined" in ended.err
    return False


def said(ended: Ended) -> str:
    """Give the first line of what a rejected push said."""
    assert not inside(ended)
    return remote_lines(ended).split("\n")[0]


# -- The protocol


@pytest.mark.parametrize(
    ("data", "updates"),
    [
        (b"", []),
        (f"{A} {B} refs/heads/x\n".encode(), [Update(b"refs/heads/x", A, B)]),
        (f"{ZERO} {B} refs/heads/x\n".encode(), [Update(b"refs/heads/x", ZERO, B)]),
        (f"{A} {ZERO} refs/tags/x\n".encode(), [Update(b"refs/tags/x", A, ZERO)]),
        (
            f"{A} {B} refs/heads/x\n{B} {A} refs/heads/y\n".encode(),
            [Update(b"refs/heads/x", A, B), Update(b"refs/heads/y", B, A)],
        ),
        (f"{'a9' * 32} {'b' * 64} refs/heads/x\n".encode(), [Update(b"refs/heads/x", "a9" * 32, "b" * 64)]),
        (
            f"{A} {B} ".encode() + b"refs/heads/\xff\xe2\x80\xa8\xc2\x85'\"\n",
            [Update(b"refs/heads/\xff\xe2\x80\xa8\xc2\x85'\"", A, B)],
        ),
    ],
    ids=["nothing", "update", "create", "delete", "two", "sha-256", "odd bytes"],
)
def test_lines(data: bytes, updates: list[Update]) -> None:
    assert parse(data) == updates


@pytest.mark.parametrize(
    "data",
    [
        f"{A} {B} refs/heads/x".encode(),
        f"{A} {B}\n".encode(),
        f"{A} {B} \n".encode(),
        f"{A} {B} heads/x\n".encode(),
        f"{A[1:]} {B} refs/heads/x\n".encode(),
        f"{A.upper()} {B} refs/heads/x\n".encode(),
        f"{A}  {B} refs/heads/x\n".encode(),
        f"{A} {B} refs\n".encode(),
        f"{A} {B} refs/\n".encode(),
        f"{A} {B} refsx\n".encode(),
        f"{A} {B} refs/heads/x\0y\n".encode(),
        f"{'a' * 64} {'g' * 64} refs/heads/x\n".encode(),
        b"\n",
        f"{A} {B} refs/heads/x\n\n".encode(),
    ],
)
def test_lines_that_are_none(data: bytes) -> None:
    with pytest.raises(CannotJudge, match="git gave the hook a line that is no ref update: "):
        parse(data)


def test_half_a_line_is_status_2(clone: Repo, server: Repo) -> None:
    ended = server.script("lane-pre-receive", stdin=f"{ZERO} {clone.head()} refs/heads/work/docs-1".encode())
    assert (ended.status, ended.out) == (2, "")
    assert masked(ended.err) == (
        "lanes: could not judge: git gave the hook a line that is no ref update:"
        " OID OID refs/heads/work/docs-1\n"
    )


def test_nothing_on_standard_input_is_status_2(server: Repo) -> None:
    ended = server.script("lane-pre-receive")
    assert (ended.status, ended.out, ended.err) == (
        2,
        "",
        "lanes: could not judge: no ref came on standard input;"
        " a script that calls this hook must hand it on\n",
    )


# -- Branches


def test_inside(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b", "shared.txt": "s"})
    clone.commit({"docs/a.md": None, "docs/deep/c.md": "c"})
    assert inside(clone.push("work/docs-1"))


def test_outside_whole_message(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b", "api/a.py": "mine"}, "Change the API")
    clone.commit({"top.txt": None, "ci/run": "x", "new file": "\n"}, "More")
    assert (
        remote_lines(clone.push("work/docs-1"))
        == """\
lanes: work/docs-1 is rejected: 4 changes in 2 commits outside its lane "docs"
  commit OID "Change the API" by Ann
    changes api/a.py (outside-lane: lane "api" may write it)
  commit OID "More" by Ann
    changes ci/run (protected: only integration branches may write it)
    adds new file (outside-lane: no lane may write it)
    deletes top.txt (outside-lane: no lane may write it)
  lane "docs" may write:
    /docs/
  and, as all lanes that are not review-only:
    /shared.txt
  manifest in force: .lanes.toml of refs/heads/main at OID
  next:
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
    or ask the integrator to run, if lane "docs" should write these paths:
      git lanes allow docs api/a.py 'new file' top.txt
    lane "api" has to give up api/a.py first
    or, where they are changes of main: push main first, and take them by a merge, not as a copy"""
    )


def test_what_the_message_tells_to_type_mends_it(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b"}, "Good")
    clone.commit({"api/a.py": "mine"}, "Bad")
    clone.commit({"docs/c.md": "c"}, "Good")
    (command,) = [line for line in clone.push("work/docs-1").err.splitlines() if "git rebase -i" in line]
    base = command.split()[-1]
    clone.git("rebase", "--quiet", "-i", base, env={"GIT_SEQUENCE_EDITOR": "sed -i.bak /Bad/d"})
    assert inside(clone.push("work/docs-1"))


def test_a_change_taken_back_in_the_next_commit(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"api/a.py": "mine"}, "Out")
    clone.git("revert", "--no-edit", "HEAD")
    assert said(clone.push("work/docs-1")) == (
        'lanes: work/docs-1 is rejected: 1 change in 1 commit outside its lane "docs"'
    )


def test_long_lists_are_cut_and_counted(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({f"out/{i:02}": "x" for i in range(25)}, "Many")
    for i in range(11):
        clone.commit({f"out/{i:02}": f"y{i}"}, f"Number {i}")
    lines = remote_lines(clone.push("work/docs-1")).split("\n")
    assert lines[0] == 'lanes: work/docs-1 is rejected: 36 changes in 12 commits outside its lane "docs"'
    assert lines[21:24] == [
        "    adds out/19 (outside-lane: no lane may write it)",
        "    … and 5 more changes",
        '  commit OID "Number 0" by Ann',
    ]
    assert lines[39:42] == [
        '  commit OID "Number 8" by Ann',
        "    changes out/08 (outside-lane: no lane may write it)",
        "  … and 2 more commits",
    ]


def test_names_cannot_forge_a_line(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({b'a\nlanes: fine\x1b[2J\xff\xc3\xa9"': "x"}, "Sub\x1b[31mject\u202e\u2028x")
    assert remote_lines(clone.push("work/docs-1")).split("\n")[1:3] == [
        '  commit OID "Sub\\x1b[31mject\\u202e\\u2028x" by Ann',
        '    adds "a\\nlanes: fine\\033[2J\\377\\303\\251\\"" (outside-lane: no lane may write it)',
    ]


def test_no_lane(clone: Repo) -> None:
    clone.switch("feature", "main")
    expected = """\
lanes: feature is rejected: no lane covers this branch
  branches that a lane covers:
    work/docs-*: lane "docs", Write the docs
    work/api-*: lane "api"
    review/*: lane "review", Read, do not edit
  manifest in force: .lanes.toml of refs/heads/main at OID
  next:
    give the branch a name that your task's lane covers: git branch -m NEW-NAME
    or ask the integrator to cover it in .lanes.toml on main"""
    assert remote_lines(clone.push("feature")) == expected
    clone.commit({"docs/b.md": "b"})
    assert remote_lines(clone.push("feature")) == expected


def test_review_only(clone: Repo) -> None:
    clone.switch("review/1", "main")
    assert inside(clone.push("review/1"))
    clone.commit({"docs/a.md": "edited"}, "Edit")
    assert (
        remote_lines(clone.push("review/1"))
        == """\
lanes: review/1 is rejected: 1 change in 1 commit outside its lane "review"
  commit OID "Edit" by Ann
    changes docs/a.md (review-only: lane "docs" may write it)
  lane "review" is review-only: its branches may not change anything
  manifest in force: .lanes.toml of refs/heads/main at OID
  next:
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
    report what you found instead of changing it; a task that must write needs another lane
    or, where they are changes of main: push main first, and take them by a merge, not as a copy"""
    )


def test_an_ambiguous_branch_is_not_judged(clone: Repo, server: Repo) -> None:
    clone.commit({".lanes.toml": MANIFEST + '[lanes.both]\nbranches = ["work/*"]\npaths = ["/both/"]\n'})
    clone.put("main")
    assert remote_lines(clone.push("main:work/api-1")) == (
        'lanes: work/api-1 could not be judged: the branch work/api-1 is covered by the lanes "api" and'
        ' "both"; change their branch patterns in .lanes.toml so that only one covers it\n'
        "  manifest in force: .lanes.toml of refs/heads/main at OID"
    )


def test_status_2_wins_and_violations_are_still_printed(clone: Repo, server: Repo) -> None:
    clone.commit({".lanes.toml": MANIFEST + '[lanes.both]\nbranches = ["work/api-*"]\npaths = ["/both/"]\n'})
    clone.put("main")
    tip = clone.head()
    stdin = "".join(f"{ZERO} {tip} refs/heads/{name}\n" for name in ("feature", "work/api-1", "work/docs-1"))
    ended = server.script("lane-pre-receive", stdin=stdin.encode())
    assert (ended.status, ended.out) == (2, "")
    assert [line for line in ended.err.splitlines() if line.startswith("lanes: ")] == [
        "lanes: feature is rejected: no lane covers this branch",
        'lanes: work/api-1 could not be judged: the branch work/api-1 is covered by the lanes "api" and'
        ' "both"; change their branch patterns in .lanes.toml so that only one covers it',
        "lanes: 2 of 3 refs can't be pushed, and a push is taken whole or not at all",
    ]


@pytest.mark.parametrize("inside_too", [True, False])
def test_unlisted_branches_allowed(clone: Repo, inside_too: bool) -> None:
    clone.commit({".lanes.toml": MANIFEST.replace("[defaults]", '[defaults]\nunlisted = "allow"')})
    assert inside(clone.push("main"))
    clone.switch("feature", "main")
    clone.commit({"top.txt": "x"} if inside_too else {"ci/run": "x"})
    assert inside(clone.push("feature")) is inside_too


def test_what_was_pushed_before_is_judged_again(clone: Repo) -> None:
    """A commit that reached the server by another branch was not judged for this lane."""
    clone.switch("work/api-1", "main")
    clone.commit({"api/a.py": "x"})
    assert inside(clone.push("work/api-1"))
    assert not inside(clone.push("work/api-1:work/docs-1"))
    clone.switch("work/docs-2", "work/api-1")
    clone.commit({"docs/b.md": "b"})
    assert not inside(clone.push("work/docs-2"))


def test_what_one_push_brings_to_main_is_not_trusted_yet(clone: Repo) -> None:
    clone.commit({"top.txt": "new"})
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b"})
    assert not inside(clone.push("main", "work/docs-1"))
    assert inside(clone.push("main"))
    assert inside(clone.push("work/docs-1"))


def test_force_and_deletion_of_a_lanes_branch(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b"})
    assert inside(clone.push("work/docs-1"))
    clone.git("commit", "--quiet", "--amend", "-m", "Other")
    assert inside(clone.push("--force", "work/docs-1"))
    assert inside(clone.push("--delete", "work/docs-1"))


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"docs/a.md": None, "top2.txt": "a\n"}, id="rename out"),
        pytest.param({"top.txt": None, "docs/t.md": "t\n"}, id="rename in"),
        pytest.param({"api/a.py": None}, id="delete"),
        pytest.param({"docs": None}, id="folder replaced by a file"),
    ],
)
def test_kinds_of_changes(clone: Repo, files: dict[str | bytes, str | None]) -> None:
    clone.switch("work/docs-1", "main")
    if files == {"docs": None}:
        clone.git("rm", "--quiet", "-r", "docs")
        files = {"docs": "now a file"}
    clone.commit(files)
    assert not inside(clone.push("work/docs-1"))


def test_mode_type_and_submodule(clone: Repo) -> None:
    for i, command in enumerate((("--chmod=+x", "top.txt"), ("--cacheinfo", f"160000,{clone.head()},sub"))):
        clone.switch(f"work/docs-{i}", "main")
        clone.git("update-index", "--add", *command)
        clone.git("commit", "--quiet", "-m", "x")
        assert not inside(clone.push(f"work/docs-{i}"))
        clone.git("reset", "--quiet", "--hard", "main")
    clone.switch("work/docs-9", "main")
    clone.git("update-index", "--chmod=+x", "docs/a.md")
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{clone.head()},docs/sub")
    clone.git("commit", "--quiet", "-m", "x")
    assert inside(clone.push("work/docs-9"))


def test_an_orphan_is_charged_with_all_it_holds_outside(clone: Repo) -> None:
    clone.git("checkout", "--quiet", "--orphan", "work/docs-1")
    clone.git("rm", "--quiet", "-r", "--cached", ".")
    clone.git("clean", "--quiet", "-fdx")
    clone.commit({"docs/only.md": "x"})
    assert inside(clone.push("work/docs-1"))
    clone.commit({"top.txt": "t\n"})
    assert not inside(clone.push("work/docs-1"))


# -- Merges


def lane_and_newer_main(clone: Repo) -> None:
    """Make a lane's branch with a commit, and a main that went on in all folders."""
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b"}, "Write")
    clone.switch("main")
    clone.commit({"top.txt": "newer", "api/a.py": "newer", "docs/a.md": "newer"}, "Go on")
    assert inside(clone.push("main"))
    clone.switch("work/docs-1")


def test_merging_main(clone: Repo) -> None:
    lane_and_newer_main(clone)
    clone.git("merge", "--quiet", "--no-edit", "main")
    assert inside(clone.push("work/docs-1"))


def test_merging_main_with_a_conflict_in_the_lane(clone: Repo) -> None:
    lane_and_newer_main(clone)
    clone.commit({"docs/a.md": "mine"})
    assert clone.try_git("merge", "main").status == 1
    clone.commit({"docs/a.md": "both"}, "Merge main")
    assert inside(clone.push("work/docs-1"))


@pytest.mark.parametrize("options", [["--strategy=ours"], ["--no-commit"]])
def test_evil_merges(clone: Repo, options: list[str]) -> None:
    lane_and_newer_main(clone)
    clone.git("merge", "--quiet", "--no-edit", *options, "main")
    if options == ["--no-commit"]:
        clone.commit({"top.txt": "t\n"}, "Keep the stale file")
    assert not inside(clone.push("work/docs-1"))


def test_merging_an_older_main_again_takes_nothing_back(clone: Repo) -> None:
    lane_and_newer_main(clone)
    clone.git("merge", "--quiet", "--no-edit", "main")
    tree = clone.git("rev-parse", "HEAD^{tree}")
    clone.git("read-tree", "-u", "--reset", "main~1")
    stale = clone.git("write-tree")
    for made, accepted in ((tree, True), (stale, False)):
        commit = clone.git("commit-tree", made, "-p", "HEAD", "-p", "main~1", "-m", "Merge an older main")
        assert inside(clone.push("--force", f"{commit}:refs/heads/work/docs-2")) is accepted


def test_merging_a_branch_of_the_same_lane_and_of_another(clone: Repo) -> None:
    for lane, file in (("docs-2", "docs/c.md"), ("api-2", "api/c.py")):
        clone.switch(f"work/{lane}", "main")
        clone.commit({file: "c"})
    lane_and_newer_main(clone)
    clone.git("merge", "--quiet", "--no-edit", "work/docs-2")
    assert inside(clone.push("work/docs-1"))
    clone.git("merge", "--quiet", "--no-edit", "work/api-2")
    assert not inside(clone.push("work/docs-1"))


def release_and_main(clone: Repo, on_release: str) -> None:
    """Make both integration branches go on outside the lane, with their own values of top.txt or another."""
    clone.git("push", "--quiet", "origin", "main:release")
    clone.switch("release", "main")
    clone.commit({on_release: "release"}, "On release")
    clone.switch("main")
    clone.commit({"top.txt": "main"}, "On main")
    assert inside(clone.push("main", "release"))
    clone.switch("work/docs-1", "main~1")
    clone.commit({"docs/b.md": "b"})


def test_two_integration_branches_that_changed_different_files(clone: Repo) -> None:
    release_and_main(clone, "api/a.py")
    clone.git("merge", "--quiet", "--no-edit", "main")
    clone.git("merge", "--quiet", "--no-edit", "release")
    assert inside(clone.push("work/docs-1"))
    clone.commit({"api/a.py": "mine"})
    assert not inside(clone.push("work/docs-1"))
    clone.commit({"api/a.py": "release"}, "Back", "--amend")
    assert inside(clone.push("work/docs-1"))


def test_a_merge_of_both_that_drops_a_change_of_one(clone: Repo) -> None:
    release_and_main(clone, "api/a.py")
    clone.git("merge", "--quiet", "--no-edit", "main")
    clone.git("merge", "--quiet", "--no-edit", "--strategy=ours", "release")
    assert remote_lines(clone.push("work/docs-1")).split("\n")[:3] == [
        'lanes: work/docs-1 is rejected: 1 change in 1 commit outside its lane "docs"',
        "  commit OID (a merge) \"Merge branch 'release' into work/docs-1\" by Ann",
        '    changes api/a.py (outside-lane: lane "api" may write it)',
    ]


def test_two_integration_branches_that_changed_one_file_differently(clone: Repo) -> None:
    release_and_main(clone, "top.txt")
    clone.git("merge", "--quiet", "--no-edit", "main")
    clone.git("merge", "--quiet", "--no-edit", "-Xours", "release")
    assert remote_lines(clone.push("work/docs-1")).split("\n")[2] == (
        "    decides about top.txt (outside-lane: integration branches changed it differently;"
        " merge one into the other first, then merge that)"
    )
    clone.switch("main")
    clone.git("merge", "--quiet", "--no-edit", "-Xours", "release")
    assert inside(clone.push("main"))
    clone.switch("work/docs-2", "main~2")
    clone.commit({"docs/c.md": "c"})
    clone.git("merge", "--quiet", "--no-edit", "release")
    clone.git("merge", "--quiet", "--no-edit", "main")
    assert inside(clone.push("work/docs-2"))


def test_integration_branches_that_crossed(clone: Repo) -> None:
    """Two merge bases: what both of them hold is unchanged, what one of them lacks is not."""
    release_and_main(clone, "api/a.py")
    main, release = clone.git("rev-parse", "main"), clone.git("rev-parse", "release")
    for branch, other in (("main", release), ("release", main)):
        clone.switch(branch)
        clone.git("merge", "--quiet", "--no-edit", other)
    clone.commit({"ci/run": "release"})
    assert inside(clone.push("main", "release"))
    assert len(clone.git("merge-base", "--all", "main", "release").split()) == 2
    clone.switch("work/docs-3", "main")
    clone.git("merge", "--quiet", "--no-edit", "--no-ff", "release")
    clone.commit({"docs/c.md": "c"})
    assert inside(clone.push("work/docs-3"))
    clone.commit({"top.txt": "t\n"}, "Roll back to before both")
    assert not inside(clone.push("work/docs-3"))


def test_integration_branches_that_merged_each_other(clone: Repo) -> None:
    """Their merge bases hold different values, and git settles these first; so a clean merge passes."""
    assert inside(clone.push("main:release"))
    clone.switch("release", "main")
    clone.commit({"api/a.py": "release"})
    clone.switch("main")
    clone.commit({"top.txt": "main"})
    clone.git("branch", "before", "main")
    clone.git("merge", "--quiet", "--no-edit", "release")
    clone.switch("release")
    clone.git("merge", "--quiet", "--no-edit", "before")
    clone.switch("main")
    clone.commit({"top.txt": "newer"})
    assert inside(clone.push("main", "release"))
    clone.switch("work/docs-1", "main")
    clone.git("merge", "--quiet", "--no-edit", "--no-ff", "release")
    clone.commit({"docs/b.md": "b"})
    assert inside(clone.push("work/docs-1"))
    clone.commit({"top.txt": "main"}, "Roll back")
    assert not inside(clone.push("work/docs-1"))


def dated(clone: Repo, files: dict[str | bytes, str | None], date: int) -> str:
    """Commit files with a committer date, in seconds since 1970."""
    clone.write(files)
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "-m", f"At {date}", env={"GIT_COMMITTER_DATE": f"@{date} +0000"})
    return clone.head()


def test_misleading_dates(clone: Repo) -> None:
    """rev-list lists trusted commits when dates are skewed; they are not charged to the branch."""
    start = dated(clone, {"top.txt": "new"}, 2_000_000_000)
    for i in range(9):
        dated(clone, {"top.txt": f"{i}"}, 1_000_000_000 - i * 100_000_000)
    assert inside(clone.push("main"))
    clone.switch("work/docs-1", start)
    dated(clone, {"docs/b.md": "b"}, 2_100_000_000)
    assert start in clone.git("rev-list", "work/docs-1", "^main")
    assert inside(clone.push("work/docs-1"))
    dated(clone, {"top.txt": "x"}, 2_100_000_001)
    assert said(clone.push("work/docs-1")) == (
        'lanes: work/docs-1 is rejected: 1 change in 1 commit outside its lane "docs"'
    )


# -- Integration branches and the manifest


def test_integration_branches_may_change_anything(clone: Repo) -> None:
    clone.commit({"ci/run": "x", "top.txt": "x", ".lanes.toml": MANIFEST + "\n"})
    assert inside(clone.push("main"))
    assert inside(clone.push("main:release"))


def test_integration_branches_can_not_be_rewound_or_deleted(clone: Repo, server: Repo) -> None:
    clone.commit({"top.txt": "x"})
    assert inside(clone.push("main", "main:release"))
    assert said(clone.push("--force", "main~1:main")) == (
        "lanes: main is rejected: the integration branch main can't be rewound; OID must stay in it"
    )
    server.git("config", "receive.denyDeleteCurrent", "false")
    for name in ("main", "release"):
        assert said(clone.push("--delete", name)) == (
            f"lanes: {name} is rejected: the integration branch {name} can't be deleted"
        )


@pytest.mark.parametrize("name", ["MAIN", "Main", "Release"])
def test_a_name_that_differs_in_case_only(clone: Repo, name: str) -> None:
    assert f"lanes: {name} is rejected: it differs from {name.lower()} by case alone" in said(
        clone.push(f"main:refs/heads/{name}")
    )


def test_the_manifest_in_force_is_never_the_one_pushed(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"*"')}, "Widen")
    clone.commit({"top.txt": "mine"}, "Use it")
    lines = remote_lines(clone.push("work/docs-1")).split("\n")
    assert lines[2] == "    changes .lanes.toml (protected: only integration branches may write it)"
    assert lines[4] == "    changes top.txt (outside-lane: no lane may write it)"


BROKEN = "version = 2\n"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({".lanes.toml": None}, "OID has no .lanes.toml"),
        (
            {".lanes.toml": BROKEN},
            "the manifest of OID is invalid\n"
            "  .lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads",
        ),
    ],
)
def test_main_can_not_lose_its_manifest(
    clone: Repo, files: dict[str | bytes, str | None], problem: str
) -> None:
    clone.commit(files)
    assert remote_lines(clone.push("main")).startswith(
        "lanes: main is rejected: it would leave main without a valid manifest, and lock everybody out: "
        + problem
    )
    clone.commit({".lanes.toml": MANIFEST})
    assert inside(clone.push("main"))


@pytest.mark.parametrize("kind", ["symlink", "folder", "submodule"])
def test_a_manifest_must_be_a_file(clone: Repo, kind: str) -> None:
    os.remove(clone.path / ".lanes.toml")
    if kind == "symlink":
        os.symlink("docs/a.md", clone.path / ".lanes.toml")
        clone.git("add", ".lanes.toml")
    elif kind == "folder":
        clone.write({".lanes.toml/x": "x"})
        clone.git("add", ".")
    else:
        clone.git("update-index", "--cacheinfo", f"160000,{clone.head()},.lanes.toml")
    clone.git("commit", "--quiet", "-m", "Replace")
    word = {"symlink": "a symbolic link", "folder": "a folder", "submodule": "a submodule"}[kind]
    assert f".lanes.toml:1: it is {word}; expected a file" in remote_lines(clone.push("main"))


@pytest.fixture
def without_manifest(clone: Repo, server: Repo) -> Repo:
    """A clone whose server lost its manifest behind the hook's back."""
    clone.commit({".lanes.toml": None}, "Lose it")
    os.rename(server.path / "hooks" / "pre-receive", server.path / "hooks" / "off")
    clone.git("push", "--quiet", "origin", "main")
    os.rename(server.path / "hooks" / "off", server.path / "hooks" / "pre-receive")
    return clone


def test_beginning(without_manifest: Repo) -> None:
    clone = without_manifest
    assert (
        remote_lines(clone.push("main:work/docs-1"))
        == """\
lanes: work/docs-1 could not be judged: no manifest is in force: refs/heads/main at OID has no .lanes.toml
  to begin: bring a valid .lanes.toml to main; everything else waits for it"""
    )
    clone.commit({"top.txt": "x"})
    assert (
        remote_lines(clone.push("main"))
        == """\
lanes: main could not be judged: no manifest is in force: refs/heads/main at OID has no .lanes.toml
  to begin: bring a valid .lanes.toml to main; everything else waits for it
  this push does not: OID has no .lanes.toml"""
    )
    clone.commit({".lanes.toml": BROKEN})
    assert "expected 1, the only version" in remote_lines(clone.push("main"))
    clone.commit({".lanes.toml": MANIFEST})
    assert inside(clone.push("main"))
    assert inside(clone.push("main:work/docs-1"))


def test_mending(clone: Repo, server: Repo) -> None:
    clone.commit({".lanes.toml": BROKEN}, "Break it")
    server.git("fetch", "--quiet", str(clone.path), "main")
    server.git("update-ref", "refs/heads/main", clone.head())
    assert (
        remote_lines(clone.push("main:work/docs-1"))
        == """\
lanes: work/docs-1 could not be judged: the manifest in force is invalid: refs/heads/main at OID
  .lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads
  to mend: bring a valid .lanes.toml to main; everything else waits for it"""
    )
    clone.commit({".lanes.toml": MANIFEST}, "Mend it")
    assert inside(clone.push("main"))


def test_an_unborn_trusted_branch(tmp_path: Path, server: Repo) -> None:
    clone = make_repo(tmp_path / "clone")
    clone.git("remote", "add", "origin", str(server.path))
    clone.commit({"a": "a"})
    assert (
        remote_lines(clone.push("main:work/docs-1"))
        == """\
lanes: work/docs-1 could not be judged: no manifest is in force: refs/heads/main, the branch that \
holds it here, does not exist yet
  to begin: push main with a valid .lanes.toml; or, if another branch holds it, name that one on the server: \
git symbolic-ref HEAD refs/heads/NAME"""
    )
    assert not inside(clone.push("main"))
    clone.commit({".lanes.toml": MANIFEST})
    assert inside(clone.push("main"))


def test_head_that_names_a_branch_nobody_has(tmp_path: Path, server: Repo) -> None:
    clone = make_repo(tmp_path / "clone")
    clone.commit({".lanes.toml": MANIFEST})
    server.git("fetch", "--quiet", str(clone.path), "main:main")
    server.git("symbolic-ref", "HEAD", "refs/heads/master")
    clone.git("remote", "add", "origin", str(server.path))
    assert remote_lines(clone.push("main:work/docs-1")).endswith("""
  if another branch holds it, name that one on the server: git symbolic-ref HEAD refs/heads/main
  to begin anew: push master with a valid .lanes.toml""")
    server.git("symbolic-ref", "HEAD", "refs/heads/main")
    assert inside(clone.push("main:work/docs-1"))


def test_another_trusted_ref(clone: Repo, server: Repo) -> None:
    clone.commit({".lanes.toml": MANIFEST.replace("work/docs-*", "text/*")})
    assert inside(clone.push("main:release"))
    server.git("config", "lanes.trustedRef", "refs/heads/release")
    assert inside(clone.push("main:text/1"))
    assert not inside(clone.push("main:work/docs-1"))
    server.git("config", "lanes.trustedRef", "release")
    assert said(clone.push("main:text/2")) == (
        "lanes: could not judge: lanes.trustedRef is release;"
        " on a server, name a branch in full: refs/heads/NAME"
    )


def test_a_linked_worktree_of_the_server_is_not_trusted(clone: Repo, server: Repo, tmp_path: Path) -> None:
    """Its HEAD is any branch; pushed to by its own path, it still has the manifest of the server's HEAD."""
    clone.commit({".lanes.toml": MANIFEST.replace('["main", "release"]', "[]")})
    assert inside(clone.push("main"))
    assert inside(clone.push("main:work/docs-1"))
    server.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "work/docs-1")
    server.git("config", "receive.denyDeleteCurrent", "false")
    clone.git("remote", "set-url", "origin", str(server.path / "worktrees" / "tree"))
    assert said(clone.push("--delete", "main")) == (
        "lanes: main is rejected: the integration branch main can't be deleted"
    )


# -- Other refs


def test_tags(clone: Repo) -> None:
    clone.git("tag", "light", "main")
    clone.git("tag", "-a", "-m", "x", "annotated", "main")
    clone.git("tag", "-a", "-m", "x", "nested", "annotated")
    assert inside(clone.push("light", "annotated", "nested"))
    assert inside(clone.push("--delete", "light"))
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b"})
    assert inside(clone.push("work/docs-1"))
    clone.git("tag", "early")
    assert (
        remote_lines(clone.push("early"))
        == """\
lanes: refs/tags/early is rejected: a tag must point to a commit of main or release; integrate the commit \
first, or push both at once
  manifest in force: .lanes.toml of refs/heads/main at OID"""
    )
    clone.switch("main")
    clone.git("merge", "--quiet", "--no-ff", "--no-edit", "work/docs-1")
    assert inside(clone.push("main", "early"))


@pytest.mark.parametrize("claimed", ["null", "stale"])
def test_an_update_of_main_that_git_will_refuse_opens_nothing_for_a_tag(
    clone: Repo, server: Repo, claimed: str
) -> None:
    """A raw client names the old id itself; git compares it only after the hook, so the tag would stay."""
    begun = clone.head()
    clone.commit({"top.txt": "new"})
    assert inside(clone.push("main"))
    clone.git("checkout", "--quiet", "--detach", begun)
    evil = clone.commit({"api/evil.py": "evil"})
    server.git("fetch", "--quiet", str(clone.path), "HEAD")
    old = ZERO if claimed == "null" else begun
    updates = f"{old} {evil} refs/heads/main\n{ZERO} {evil} refs/tags/evil\n"
    ended = server.script("lane-pre-receive", stdin=updates.encode())
    assert (ended.status, ended.out) == (1, "")
    assert (
        masked(ended.err)
        == """\
lanes: main is rejected: the integration branch main is not where this push has it; fetch it, and push again
  manifest in force: .lanes.toml of refs/heads/main at OID
lanes: 1 of 2 refs can't be pushed, and a push is taken whole or not at all
"""
    )


@pytest.mark.parametrize("what", ["main^{tree}", "main:top.txt"])
def test_a_tag_of_no_commit(clone: Repo, what: str) -> None:
    clone.git("tag", "odd", what)
    assert "a tag must point to a commit" in said(clone.push("odd"))


@pytest.mark.parametrize(
    ("ref", "accepted"),
    [
        ("refs/notes/commits", True),  # the manifest names refs/notes/**
        ("refs/notes/deep/er", True),
        ("refs/replace/" + A, False),
        ("refs/for/main", False),
        ("refs/pull/1/head", False),
        ("refs/heads/refs/heads/main", False),
        ("refs/heads/HEAD", False),
        ("refs/heads/" + A, False),
        ("refs/heads/work/docs-\u2028\u0085", True),
    ],
)
def test_other_refs(clone: Repo, ref: str, accepted: bool) -> None:
    assert inside(clone.push(f"main:{ref}")) is accepted


def test_more_refs_than_a_command_line_takes(clone: Repo, server: Repo) -> None:
    names = [f"refs/notes/{i:04}" for i in range(600)]
    clone.git("update-ref", "--stdin", stdin="".join(f"create {name} HEAD\n" for name in names).encode())
    assert inside(clone.push("refs/notes/*:refs/notes/*", "main:work/docs-1"))
    assert len(server.git("for-each-ref", "refs/notes").splitlines()) == 600


def test_a_ref_that_is_not_utf_8(clone: Repo) -> None:
    assert inside(clone.push(b"main:refs/heads/work/docs-\xff"))
    assert (
        said(clone.push(b"main:refs/heads/x\xff")) == "lanes: x\\xff is rejected: no lane covers this branch"
    )


def test_replace_refs_on_the_server_change_nothing(clone: Repo, server: Repo) -> None:
    clone.switch("work/docs-1", "main")
    evil = clone.commit({"top.txt": "mine"})
    server.git("fetch", "--quiet", str(clone.path), "work/docs-1")
    server.git("update-ref", f"refs/replace/{evil}", clone.git("rev-parse", "main"))
    (server.path / "info").mkdir(exist_ok=True)
    (server.path / "info" / "grafts").write_text(f"{evil}\n{clone.git('rev-parse', 'main')} {evil}\n")
    assert not inside(clone.push("work/docs-1"))


@pytest.mark.parametrize("target", ["refs/heads/work/docs-1", "refs/heads/nowhere", "refs/heads/main"])
def test_a_symbolic_ref_can_not_be_pushed_to(clone: Repo, server: Repo, target: str) -> None:
    assert inside(clone.push("main:work/docs-1"))
    server.git("symbolic-ref", "refs/heads/work/docs-alias", target)
    clone.commit({"docs/b.md": "b"})
    assert said(clone.push("main:work/docs-alias")) == (
        f"lanes: work/docs-alias is rejected: it is a symbolic ref here, to {target};"
        " name a branch that is none"
    )


def test_a_namespace_is_refused(clone: Repo, server: Repo) -> None:
    stdin = f"{ZERO} {clone.head()} refs/heads/work/docs-1\n".encode()
    ended = server.script("lane-pre-receive", stdin=stdin, env={"GIT_NAMESPACE": "x"})
    assert (ended.status, ended.err) == (
        2,
        "lanes: could not judge: GIT_NAMESPACE is set; lanes can't be judged inside a namespace,"
        " so unset it\n",
    )


# -- What can't be judged


def crafted(repo: Repo, *entries: tuple[str, bytes, str]) -> str:
    """Make a tree that git's own commands refuse to make, from (mode, name, object id), and give its id."""
    raw = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
    return repo.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw)


Entries = list[tuple[str, bytes, str]]


def entries(repo: Repo, tree: str) -> Entries:
    """List a tree as `crafted` takes it."""
    listed = repo.git("ls-tree", "-z", tree).split("\0")[:-1]
    parts = [line.replace("\t", " ").split(" ") for line in listed]
    return [(mode.lstrip("0"), name.encode(), oid) for mode, _, oid, name in parts]


def push_root(clone: Repo, root: Entries) -> Ended:
    """Push a commit on main with this root folder to a branch of the lane docs."""
    commit = clone.git("commit-tree", crafted(clone, *root), "-p", "main", "-m", "x")
    return clone.push(f"{commit}:refs/heads/work/docs-1")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"..", ".."),
        (b".", "."),
        (b".git", ".git"),
        (b".GIT", ".GIT"),
        (b"git~1", "git~1"),
        (b".g\xe2\x80\x8cit", '".g\\342\\200\\214it"'),
        (b".git ", ".git "),
        (b".git::$x", ".git::$x"),
        (b"a\\.git", '"a\\\\.git"'),
    ],
)
@pytest.mark.parametrize("kind", ["40000", "100644"])
def test_names_that_no_tree_may_hold(clone: Repo, name: bytes, shown: str, kind: str) -> None:
    oid = clone.git("rev-parse", "main:api" if kind == "40000" else "main:top.txt")
    docs = crafted(clone, *sorted([*entries(clone, "main:docs"), (kind, name, oid)], key=lambda e: e[1]))
    root = [(mode, file, docs if file == b"docs" else old) for mode, file, old in entries(clone, "main")]
    assert said(push_root(clone, root)) == (
        "lanes: work/docs-1 could not be judged: commit OID is malformed:"
        f" its folder docs holds the name {shown}, which git would not make; make the commit anew"
    )


def test_names_that_only_look_forbidden(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    names = (".gitignore", "...", ".github", "a.git", "git~2", "..a", ".gitx", "\u2028", "\ufeffgit")
    clone.commit({f"docs/{name}": "x" for name in names})
    assert inside(clone.push("work/docs-1"))


@pytest.mark.parametrize(
    ("case", "flaw"),
    [
        ("an empty folder again", "the name docs twice"),
        ("a file again", "the name top.txt twice"),
        ("a folder far behind", "api/ behind top.txt"),
        ("a folder far before", ".lanes.toml behind top.txt/"),
        ("a file of a folder's name", "the name docs twice"),
        ("not sorted, at the end", "aa behind top.txt"),
        ("not sorted, at the beginning", ".lanes.toml behind zz"),
        ("a slash", "the name docs/new.md"),
        ("a slash and the same file in the folder", "the name docs/a.md"),
    ],
)
def test_trees_that_git_would_not_make(clone: Repo, case: str, flaw: str) -> None:
    root = entries(clone, "main")
    empty = clone.git("hash-object", "-t", "tree", "-w", "--stdin")
    file, docs = clone.git("rev-parse", "main:top.txt"), clone.git("rev-parse", "main:docs")
    behind = [name for _, name, _ in root].index(b"docs") + 1
    where, entry = {
        "an empty folder again": (behind, ("40000", b"docs", empty)),
        "a file again": (len(root), ("100644", b"top.txt", file)),
        "a folder far behind": (len(root), ("40000", b"api", empty)),
        "a folder far before": (0, ("40000", b"top.txt", docs)),
        "a file of a folder's name": (behind - 1, ("100644", b"docs", file)),
        "not sorted, at the end": (len(root), ("100644", b"aa", file)),
        "not sorted, at the beginning": (0, ("100644", b"zz", file)),
        "a slash": (behind, ("100644", b"docs/new.md", file)),
        "a slash and the same file in the folder": (
            behind,
            ("100644", b"docs/a.md", clone.git("rev-parse", "main:docs/a.md")),
        ),
    }[case]
    root.insert(where, entry)
    if "same file" in case:
        more = crafted(clone, *entries(clone, "main:docs"), ("100644", b"z.md", file))
        root = [(mode, name, more if name == b"docs" else oid) for mode, name, oid in root]
    assert said(push_root(clone, root)) == (
        f"lanes: work/docs-1 could not be judged: commit OID is malformed: its root folder holds {flaw},"
        " which git would not make; make the commit anew"
    )


def test_a_malformed_tree_of_main_is_not_the_lanes_fault(clone: Repo, server: Repo) -> None:
    docs = crafted(clone, *reversed([*entries(clone, "main:docs"), *entries(clone, "main:api")]))
    root = [(mode, file, docs if file == b"docs" else old) for mode, file, old in entries(clone, "main")]
    commit = clone.git("commit-tree", crafted(clone, *root), "-p", "main", "-m", "x")
    assert inside(clone.push(f"{commit}:refs/heads/main"))
    clone.git("fetch", "--quiet", "origin")
    new = ("100644", b"a.txt", clone.git("rev-parse", "main:top.txt"))
    api = crafted(clone, entries(clone, "main:api")[0], new, entries(clone, "main:api")[1])
    root = [(mode, file, api if file == b"api" else old) for mode, file, old in root]
    elsewhere = clone.git("commit-tree", crafted(clone, *root), "-p", commit, "-m", "x")
    assert inside(clone.push(f"{elsewhere}:refs/heads/work/api-1"))
    there = [(mode, file, old) for mode, file, old in entries(clone, f"{commit}:docs")]
    for added, accepted in ((("100644", b"z.md", new[2]), True), (("100644", b"0.md", new[2]), False)):
        docs = crafted(clone, *there, added)
        root = [(mode, file, docs if file == b"docs" else old) for mode, file, old in entries(clone, commit)]
        more = clone.git("commit-tree", crafted(clone, *root), "-p", commit, "-m", "x")
        assert inside(clone.push("--force", f"{more}:refs/heads/work/docs-1")) is accepted


def test_a_malformed_tree_of_main_can_not_be_taken_elsewhere(clone: Repo) -> None:
    file = clone.git("rev-parse", "main:top.txt")
    unsorted: Entries = [("100644", b"b.md", file), ("100644", b"a.md", file)]

    def commit(parent: str, docs: Entries) -> str:
        tree = crafted(clone, *docs)
        root = [(mode, name, tree if name == b"docs" else oid) for mode, name, oid in entries(clone, parent)]
        return clone.git("commit-tree", crafted(clone, *root), "-p", parent, "-m", "x")

    main = commit("main", unsorted)
    assert inside(clone.push(f"{main}:refs/heads/main"))
    grown: Entries = [*unsorted, ("100644", b"z.md", file)]
    first = commit(main, grown)
    assert inside(clone.push(f"{first}:refs/heads/work/docs-1"))
    copied = commit(first, [*grown, ("40000", b"zz", crafted(clone, *grown))])
    assert said(clone.push(f"{copied}:refs/heads/work/docs-1")) == (
        "lanes: work/docs-1 could not be judged: commit OID is malformed:"
        " its folder docs/zz holds a.md behind b.md, which git would not make; make the commit anew"
    )


def test_more_trusted_commits_in_one_than_can_be_compared(clone: Repo) -> None:
    """Main merged them all at once, and the branch merges each of them instead of main."""
    tree = clone.git("rev-parse", "main^{tree}")
    sides = [clone.git("commit-tree", "-m", str(i), "-p", "main", tree) for i in range(65)]

    def merge(number: int, subject: str) -> str:
        parents = [option for side in sides[:number] for option in ("-p", side)]
        return clone.git("commit-tree", "-m", subject, *parents, tree)

    assert inside(clone.push(f"{merge(65, 'On main')}:refs/heads/main"))
    assert inside(clone.push(f"{merge(64, 'On the branch')}:refs/heads/work/docs-1"))
    assert (
        remote_lines(clone.push(f"{merge(65, 'On the branch')}:refs/heads/work/docs-2"))
        == """\
lanes: work/docs-2 could not be judged: commit OID brings 65 trusted commits together, of which none \
contains another; merge what contains them all instead
  manifest in force: .lanes.toml of refs/heads/main at OID"""
    )


def test_a_missing_object(clone: Repo, server: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b"})
    tip = clone.commit({"docs/c.md": "c"})
    clone.git("push", "--quiet", "--no-verify", "origin", "work/docs-1")
    tree = server.git("rev-parse", f"{tip}:docs")
    server.git("config", "core.logAllRefUpdates", "false")
    os.remove(server.path / "objects" / tree[:2] / tree[2:])
    ended = server.script("lane-pre-receive", stdin=f"{ZERO} {tip} refs/heads/work/docs-1\n".encode())
    assert (ended.status, ended.out) == (2, "")
    assert "lanes: work/docs-1 could not be judged: " in ended.err
    assert "Traceback" not in ended.err


def test_a_shallow_boundary(clone: Repo, server: Repo, tmp_path: Path) -> None:
    clone.commit({"top.txt": "1"})
    assert inside(clone.push("main"))
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/b.md": "b"})
    assert inside(clone.push("work/docs-1"))
    for depth, status in ((1, 2), (2, 0)):
        copy = tmp_path / f"depth-{depth}"
        clone.git(
            "clone",
            "--quiet",
            "--bare",
            f"--depth={depth}",
            "--no-single-branch",
            f"file://{server.path}",
            str(copy),
        )
        ended = Repo(copy).script("lane-audit", "work/docs-1")
        assert ended.status == status, ended
        if status:
            assert ended.out.split("\n")[1] == (
                "work/docs-1 could not be judged: the history is cut off here (a shallow clone);"
                " run: git fetch --unshallow"
            )


def test_sha_256(tmp_path: Path) -> None:
    server = make_repo(tmp_path / "server.git", "--bare", "--object-format=sha256")
    server.hook("pre-receive", "lane-pre-receive")
    clone = make_repo(tmp_path / "clone", "--object-format=sha256")
    clone.git("remote", "add", "origin", str(server.path))
    clone.commit({".lanes.toml": MANIFEST, "top.txt": "t"})
    assert inside(clone.push("main"))
    clone.switch("work/docs-1", "main")
    clone.commit({"docs/a.md": "a"})
    assert inside(clone.push("work/docs-1"))
    clone.commit({"top.txt": "x"})
    assert not inside(clone.push("work/docs-1"))
    assert clone.script("lane-audit").status == 1


def test_the_number_of_processes_does_not_grow(clone: Repo, server: Repo, tmp_path: Path) -> None:
    """Commits, and merges of an ever newer main, cost no further git process."""
    counts = []
    for rounds in (1, 6):
        clone.switch("work/docs-1", "main")
        for i in range(rounds):
            clone.switch("main")
            clone.commit({"top.txt": f"{rounds}.{i}"})
            clone.switch("work/docs-1")
            clone.commit({f"docs/{rounds}.{i}": "x"})
            clone.git("merge", "--quiet", "--no-edit", "main")
        clone.switch("main")
        clone.commit({"top.txt": f"{rounds} last"})
        assert inside(clone.push("main"))
        log = tmp_path / f"trace-{rounds}"
        tip = clone.git("rev-parse", "work/docs-1")
        clone.git("push", "--quiet", "--no-verify", str(server.path), f"+{tip}:refs/notes/keep")
        wrapper = tmp_path / "bin" / "git"
        wrapper.parent.mkdir(exist_ok=True)
        real = clone.run("sh", "-c", "command -v git").out.strip()
        wrapper.write_text(f'#!/bin/sh\necho "$1" >>{log}\nexec {real} "$@"\n')
        wrapper.chmod(0o755)
        path = {"PATH": f"{wrapper.parent}:{os.environ['PATH']}"}
        ended = server.script(
            "lane-pre-receive", stdin=f"{ZERO} {tip} refs/heads/work/docs-1\n".encode(), env=path
        )
        assert (ended.status, ended.err) == (0, "")
        counts.append(log.read_text().split())
    assert counts[0] == counts[1]
