"""`lane-audit`, as it is installed, in real repositories: whole reports, as text and as JSON."""

import json
import os
import shutil
import signal
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from fakes import fake_git, started, unread
from repos import MANIFEST, SCRIPTS, Content, Ended, Repo, make_repo, masked

FETCHED = "lanes: audit, manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
LOCAL = "lanes: audit, manifest in force: .lanes.toml of refs/heads/main at OID\n"
MAIN = "main is inside: an integration branch may change anything\n"
STALE = "    or, if these commits are on main by now: git fetch origin\n"
NO_LANE = """\
feature is rejected: no lane covers this branch
  branches that a lane covers:
    work/docs-*: lane "docs", Write the docs
    work/api-*: lane "api"
    review/*: lane "review", Read, do not edit
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
    give the branch a name that your task's lane covers: git branch -m NEW-NAME
    or ask the integrator to cover it in .lanes.toml on main
"""
UNLISTED = MANIFEST.replace("[defaults]", '[defaults]\nunlisted = "allow"')
BOTH = MANIFEST + '[lanes.both]\nbranches = ["work/api-*"]\npaths = ["/both/"]\n'
AMBIGUOUS = (
    'the branch work/api-1 is covered by the lanes "api" and "both";'
    " change their branch patterns in .lanes.toml so that only one covers it"
)


def inside(branch: str, commits: str = "1 commit", lane: str = "docs") -> str:
    """Give the line of a report on a branch that is inside."""
    return f'{branch} is inside its lane "{lane}": {commits} judged\n'


def outside(branch: str, hint: str = STALE, ref: str = "refs/remotes/origin/main") -> str:
    """Give the report on a branch of the lane "docs" whose commit "Out" changed top.txt."""
    return f"""\
{branch} is rejected: 1 change in 1 commit outside its lane "docs"
  commit OID "Out" by Ann
    changes top.txt (outside-lane: no lane may write it)
  lane "docs" may write:
    /docs/
  and, as all lanes that are not review-only:
    /shared.txt
  manifest in force: .lanes.toml of {ref} at OID
  next:
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
    or ask the integrator to run, if lane "docs" should write these paths:
      git lanes allow docs top.txt
    or, where they are changes of main: push main first, and take them by a merge, not as a copy
{hint}"""


def reported(ended: Ended) -> tuple[int, str]:
    """Give the exit status and the whole report, masked; nothing else may have been said."""
    assert ended.err == ""
    return ended.status, masked(ended.out)


def refused(ended: Ended) -> str:
    """Give the whole message of an audit that could not begin, masked; it must report nothing."""
    assert (ended.status, ended.out) == (2, "")
    return masked(ended.err)


def audited(repo: Repo, *arguments: str | bytes, status: int) -> dict[str, Any]:
    """Give the report in JSON, which must come with this exit status and nothing else."""
    ended = repo.script("lane-audit", "--format", "json", *arguments)
    assert (ended.status, ended.err) == (status, "")
    found: dict[str, Any] = json.loads(ended.out)
    return found


def only(repo: Repo, *arguments: str | bytes, status: int) -> dict[str, Any]:
    """Give the one branch of a report in JSON."""
    (branch,) = audited(repo, *arguments, status=status)["branches"]
    assert isinstance(branch, dict)
    return branch


def begin(repo: Repo, branch: str, files: Mapping[str | bytes, Content], subject: str = "Change") -> str:
    """Make a branch on main with one commit, and give its id."""
    repo.switch(branch, "main")
    return repo.commit(files, subject)


def publish(repo: Repo, *refspecs: str | bytes) -> None:
    """Push behind the hook's back: an audit finds what came before the gate was put up."""
    repo.put(*refspecs)


# -- The report for people


def test_the_current_branch_inside(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    assert reported(clone.script("lane-audit")) == (0, FETCHED + inside("work/docs-1"))
    clone.commit({"docs/c.md": "c", "shared.txt": "s"})
    assert reported(clone.script("lane-audit")) == (0, FETCHED + inside("work/docs-1", "2 commits"))


def test_the_current_branch_outside(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"docs/b.md": "b", "api/a.py": "mine"}, "Change the API")
    clone.commit({"top.txt": None, "ci/run": "x", "new file": "\n"}, "More")
    assert reported(clone.script("lane-audit")) == (
        1,
        FETCHED
        + """\
work/docs-1 is rejected: 4 changes in 2 commits outside its lane "docs"
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
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
    or ask the integrator to run, if lane "docs" should write these paths:
      git lanes allow docs api/a.py 'new file' top.txt
    lane "api" has to give up api/a.py first
    or, where they are changes of main: push main first, and take them by a merge, not as a copy
    or, if these commits are on main by now: git fetch origin
""",
    )


def test_several_branches(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    begin(clone, "work/docs-2", {"top.txt": "x"}, "Out")
    clone.git("branch", "feature", "main")
    assert reported(clone.script("lane-audit", "work/docs-1", "work/docs-2", "feature", "main")) == (
        1,
        FETCHED
        + inside("work/docs-1")
        + outside("work/docs-2")
        + NO_LANE
        + MAIN
        + "2 of 4 branches inside\n",
    )


def test_integration_branches(clone: Repo) -> None:
    """Whatever they hold; it is not yet trusted either."""
    tip = clone.commit({"ci/run": "x", ".lanes.toml": "version = 2"})
    clone.git("branch", "release")
    assert reported(clone.script("lane-audit")) == (0, FETCHED + MAIN)
    assert reported(clone.script("lane-audit", "release", "origin/main")) == (
        0,
        FETCHED
        + MAIN.replace("main", "release")
        + MAIN.replace("main", "refs/remotes/origin/main")
        + "2 of 2 branches inside\n",
    )
    assert only(clone, status=0) == {
        "branch": "refs/heads/main",
        "lane": None,
        "tip": tip,
        "base": tip,
        "commits": 0,
        "error": None,
        "refusal": None,
        "violations": [],
    }


def test_a_branch_that_no_lane_covers(clone: Repo) -> None:
    clone.switch("feature", "main")
    assert reported(clone.script("lane-audit")) == (1, FETCHED + NO_LANE)
    clone.commit({"docs/b.md": "b", "top.txt": "x"})
    assert reported(clone.script("lane-audit")) == (1, FETCHED + NO_LANE)


def test_unlisted_branches_allowed(clone: Repo) -> None:
    base = clone.commit({".lanes.toml": UNLISTED})
    publish(clone, "main")
    tip = begin(clone, "feature", {"top.txt": "x"})
    assert reported(clone.script("lane-audit")) == (
        0,
        FETCHED + "feature is inside, without a lane: 1 commit judged\n",
    )
    assert only(clone, status=0) == {
        "branch": "refs/heads/feature",
        "lane": None,
        "tip": tip,
        "base": base,
        "commits": 1,
        "error": None,
        "refusal": None,
        "violations": [],
    }
    clone.commit({"ci/run": "x"}, "Out")
    assert reported(clone.script("lane-audit")) == (
        1,
        FETCHED
        + """\
feature is rejected: 1 change in 1 commit outside its lane (none covers it)
  commit OID "Out" by Ann
    changes ci/run (protected: only integration branches may write it)
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
    or ask the integrator to make these changes on main
    or, where they are changes of main: push main first, and take them by a merge, not as a copy
    or, if these commits are on main by now: git fetch origin
""",
    )


def test_long_lists_are_cut_for_people_only(clone: Repo) -> None:
    begin(clone, "work/docs-1", {f"out/{i:02}": "x" for i in range(25)}, "Many")
    for i in range(11):
        clone.commit({f"out/{i:02}": f"y{i}"}, f"Number {i} " + "x" * 200)
    status, report = reported(clone.script("lane-audit"))
    lines = report.split("\n")
    assert (status, lines[1]) == (
        1,
        'work/docs-1 is rejected: 36 changes in 12 commits outside its lane "docs"',
    )
    assert lines[22:26] == [
        "    adds out/19 (outside-lane: no lane may write it)",
        "    … and 5 more changes",
        f'  commit OID "Number 0 {"x" * 62}…" by Ann',
        "    changes out/00 (outside-lane: no lane may write it)",
    ]
    assert lines[42:44] == ["  … and 2 more commits", '  lane "docs" may write:']
    found = only(clone, status=1)["violations"]
    names = [f"out/{i:02}" for i in range(25)]
    assert [violation["path"] for violation in found] == names + names[:11]
    assert found[-1]["summary"] == "Number 10 " + "x" * 200


# -- The report for programs


def test_json_whole(clone: Repo) -> None:
    base = clone.head()
    first = begin(clone, "work/docs-1", {"docs/b.md": "b", "api/a.py": "x"}, "Änder\tthe API")
    clone.git("config", "user.name", "Jörg \u202e")
    tip = clone.commit({"ci/run": "x", b'n\xff\n"': "x"}, "More")
    assert audited(clone, status=1) == {
        "schema": 1,
        "manifest": {"ref": "refs/remotes/origin/main", "commit": base},
        "branches": [
            {
                "branch": "refs/heads/work/docs-1",
                "lane": "docs",
                "tip": tip,
                "base": base,
                "commits": 2,
                "error": None,
                "refusal": None,
                "violations": [
                    {
                        "commit": first,
                        "summary": "Änder\\tthe API",
                        "author": "Ann",
                        "path": "api/a.py",
                        "quoted": False,
                        "status": "M",
                        "reason": "outside-lane",
                        "lanes": ["api"],
                    },
                    {
                        "commit": tip,
                        "summary": "More",
                        "author": "Jörg \\u202e",
                        "path": "ci/run",
                        "quoted": False,
                        "status": "M",
                        "reason": "protected",
                        "lanes": [],
                    },
                    {
                        "commit": tip,
                        "summary": "More",
                        "author": "Jörg \\u202e",
                        "path": '"n\\377\\n\\""',
                        "quoted": True,
                        "status": "A",
                        "reason": "outside-lane",
                        "lanes": [],
                    },
                ],
            }
        ],
    }


def test_json_of_what_is_inside(clone: Repo) -> None:
    base = clone.head()
    tip = begin(clone, "work/docs-1", {"docs/b.md": "b"})
    assert audited(clone, status=0) == {
        "schema": 1,
        "manifest": {"ref": "refs/remotes/origin/main", "commit": base},
        "branches": [
            {
                "branch": "refs/heads/work/docs-1",
                "lane": "docs",
                "tip": tip,
                "base": base,
                "commits": 1,
                "error": None,
                "refusal": None,
                "violations": [],
            }
        ],
    }


def test_json_of_no_lane(clone: Repo) -> None:
    """One violation for the branch, changes or not."""
    base = clone.head()
    clone.switch("feature", "main")
    violation = {
        "commit": None,
        "summary": None,
        "author": None,
        "path": None,
        "quoted": False,
        "status": None,
        "reason": "no-lane",
        "lanes": [],
    }
    branch = {
        "branch": "refs/heads/feature",
        "lane": None,
        "tip": base,
        "base": base,
        "commits": 0,
        "error": None,
        "refusal": None,
        "violations": [violation],
    }
    assert only(clone, status=1) == branch
    tip = clone.commit({"docs/b.md": "b", "top.txt": "x"})
    assert only(clone, status=1) == branch | {"tip": tip, "commits": 1}


def test_a_branch_that_could_be_mistaken_for_main(clone: Repo) -> None:
    """No commit of it is judged, since no branch may have this name."""
    clone.git("update-ref", "refs/heads/Main", "main")
    why = "it differs from main by case alone, and on many a disk they are one; use another name"
    assert reported(clone.script("lane-audit", "Main")) == (
        1,
        f"{FETCHED}Main is rejected: {why}\n"
        "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n",
    )
    branch = {
        "branch": "refs/heads/Main",
        "lane": None,
        "tip": clone.head(),
        "base": None,
        "commits": 0,
        "error": None,
        "refusal": why,
        "violations": [],
    }
    assert only(clone, "Main", status=1) == branch
    assert only(clone, "--as", "Main", "HEAD", status=1) == branch
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    report = audited(clone, "Main", "work/docs-1", "main", status=1)
    assert [found["refusal"] for found in report["branches"]] == [why, None, None]


def test_json_is_plain_ascii(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"top.txt": "x"}, "Änderung")
    ended = clone.script("lane-audit", "--format", "json")
    assert ended.out.isascii()
    assert ended.out == json.dumps(json.loads(ended.out), indent=2) + "\n"


PATHS = {
    b" ": " ",
    b"'single'": "'single'",
    b"*.txt": "*.txt",
    b"plain": "plain",
    b"with space": "with space",
    b"\x01": '"\\001"',
    b"\x1b[2J": '"\\033[2J"',
    b"\x7f": '"\\177"',
    b"\xff": '"\\377"',
    b'"': '"\\""',
    b"a\nlanes: fine": '"a\\nlanes: fine"',
    b"a\tb": '"a\\tb"',
    b"back\\slash": '"back\\\\slash"',
    "é".encode(): '"\\303\\251"',
}


def test_paths_are_quoted_as_git_quotes_them(clone: Repo) -> None:
    begin(clone, "work/docs-1", dict.fromkeys(PATHS, "x"), "Out")
    expected = [PATHS[path] for path in sorted(PATHS)]
    assert clone.git("diff-tree", "--no-commit-id", "--name-only", "-r", "HEAD").split("\n") == expected
    found = only(clone, status=1)["violations"]
    assert [(violation["path"], violation["quoted"]) for violation in found] == [
        (path, path.startswith('"')) for path in expected
    ]
    lines = clone.script("lane-audit").out.split("\n")
    assert lines[3 : 3 + len(PATHS)] == [
        f"    adds {path} (outside-lane: no lane may write it)" for path in expected
    ]


def test_every_status_and_reason(clone: Repo) -> None:
    clone.commit({"gone": "x", "link": "x"})
    publish(clone, "main")
    clone.switch("work/docs-1", "main")
    os.remove(clone.path / "link")
    os.symlink("top.txt", clone.path / "link")
    clone.commit({"ci/new": "x", "docs/a.md": "x", "gone": None, "new": "x", "top.txt": "x"})
    clone.git("branch", "review/1")
    docs, review = audited(clone, "work/docs-1", "review/1", status=1)["branches"]
    rows = [("gone", "D", []), ("link", "T", []), ("new", "A", []), ("top.txt", "M", [])]

    def found(branch: dict[str, Any]) -> list[tuple[str, str, str, list[str]]]:
        return [(v["path"], v["status"], v["reason"], v["lanes"]) for v in branch["violations"]]

    assert found(docs) == [
        ("ci/new", "A", "protected", []),
        *((path, status, "outside-lane", lanes) for path, status, lanes in rows),
    ]
    assert found(review) == [
        ("ci/new", "A", "protected", []),
        ("docs/a.md", "M", "review-only", ["docs"]),
        *((path, status, "review-only", lanes) for path, status, lanes in rows),
    ]


# -- The trusted side


def test_no_trusted_commit(clone: Repo) -> None:
    """An orphan has no base, and is charged with all that it holds outside."""
    clone.git("checkout", "--quiet", "--orphan", "work/docs-1")
    clone.git("rm", "--quiet", "-r", "--cached", ".")
    clone.git("clean", "--quiet", "-fdx")
    clone.commit({"docs/only.md": "x"})
    branch = only(clone, status=0)
    assert (branch["base"], branch["commits"], branch["violations"]) == (None, 1, [])
    clone.commit({"top.txt": "x"}, "Out")
    branch = only(clone, status=1)
    assert (branch["base"], branch["commits"], len(branch["violations"])) == (None, 2, 1)
    report = outside("work/docs-1").replace("changes top.txt", "adds top.txt")
    reset = "    or go back to there, keep your files as they are, and commit those of your lane alone:\n"
    report = report.replace("-i OID", "-i --root").replace(f"{reset}      git reset OID\n", "")
    assert reported(clone.script("lane-audit")) == (1, FETCHED + report)


def release_and_main(clone: Repo, on_release: str) -> str:
    """Publish a release and a main that went on, and give main's tip; the branch work/docs-1 begins there."""
    clone.git("branch", "release")
    tip = clone.commit({"top.txt": "main"}, "On main")
    clone.switch("release")
    clone.commit({on_release: "release"}, "On release")
    publish(clone, "main", "release")
    clone.switch("work/docs-1", "main")
    return tip


def test_several_trusted_commits(clone: Repo) -> None:
    main = release_and_main(clone, "api/a.py")
    branch = only(clone, status=0)
    assert (branch["base"], branch["commits"]) == (main, 0)
    clone.git("merge", "--quiet", "--no-edit", "release")
    branch = only(clone, status=0)
    assert (branch["base"], branch["commits"]) == (None, 1)


def test_integration_branches_that_disagree(clone: Repo) -> None:
    release_and_main(clone, "top.txt")
    clone.git("merge", "--quiet", "--no-edit", "-Xours", "-m", "Merge both", "release")
    branch = only(clone, status=1)
    assert branch["base"] is None
    assert branch["violations"] == [
        {
            "commit": clone.head(),
            "summary": "Merge both",
            "author": "Ann",
            "path": "top.txt",
            "quoted": False,
            "status": "U",
            "reason": "outside-lane",
            "lanes": [],
        }
    ]


def test_base(clone: Repo) -> None:
    """REV takes the place of all that is trusted; what could be fetched no longer matters."""
    out = begin(clone, "work/docs-1", {"top.txt": "x"}, "Out")
    clone.commit({"docs/b.md": "b"})
    assert reported(clone.script("lane-audit")) == (1, FETCHED + outside("work/docs-1"))
    assert reported(clone.script("lane-audit", "--base", "main")) == (
        1,
        FETCHED + outside("work/docs-1", hint=""),
    )
    branch = only(clone, "--base", "HEAD~1", status=0)
    assert (branch["base"], branch["commits"], branch["violations"]) == (out, 1, [])
    clone.git("push", "--quiet", "--no-verify", "origin", "HEAD:refs/heads/main")
    assert only(clone, status=0)["commits"] == 0
    branch = only(clone, "--base", "HEAD~2", status=1)
    assert (branch["commits"], len(branch["violations"])) == (2, 1)


def test_a_base_that_is_none(clone: Repo) -> None:
    clone.git("tag", "tree", "main^{tree}")
    for revision in ("nowhere", "tree", "--all", "refs/heads/nowhere"):
        assert refused(clone.script("lane-audit", f"--base={revision}")) == (
            f"lanes: could not judge: there is no commit {revision}\n"
        )


# -- Which branches


def test_all(clone: Repo) -> None:
    """Local and remote-tracking branches that a lane covers: no symbolic refs, no integration branches."""
    covering_main = MANIFEST.replace('"review/*"', '"review/*", "main", "release"')
    clone.commit({".lanes.toml": covering_main})
    publish(clone, "main", "main:release", "main:work/api-1", "main:feature")
    begin(clone, "work/docs-1", {"top.txt": "x"}, "Out")
    publish(clone, "work/docs-1")
    clone.git("branch", "review/1", "main")
    clone.git("symbolic-ref", "refs/heads/work/docs-alias", "refs/heads/work/docs-1")
    clone.git("tag", "work/docs-tag")
    assert reported(clone.script("lane-audit", "--all")) == (
        1,
        FETCHED
        + inside("review/1", "0 commits", "review")
        + outside("work/docs-1")
        + inside("refs/remotes/origin/work/api-1", "0 commits", "api")
        + outside("refs/remotes/origin/work/docs-1")
        + "2 of 4 branches inside\n",
    )
    found = audited(clone, "--all", status=1)["branches"]
    assert [(branch["branch"], len(branch["violations"])) for branch in found] == [
        ("refs/heads/review/1", 0),
        ("refs/heads/work/docs-1", 1),
        ("refs/remotes/origin/work/api-1", 0),
        ("refs/remotes/origin/work/docs-1", 1),
    ]


def test_all_of_none(clone: Repo) -> None:
    clone.git("branch", "feature")
    nothing = "there is no branch that a lane covers\n"
    assert reported(clone.script("lane-audit", "--all")) == (0, FETCHED + nothing)
    assert audited(clone, "--all", status=0) == {
        "schema": 1,
        "manifest": {"ref": "refs/remotes/origin/main", "commit": clone.head()},
        "branches": [],
    }


def test_all_on_a_detached_head(clone: Repo) -> None:
    clone.git("branch", "work/docs-1")
    clone.git("checkout", "--quiet", "--detach")
    assert reported(clone.script("lane-audit", "--all")) == (0, FETCHED + inside("work/docs-1", "0 commits"))


def test_a_remote_whose_name_holds_a_slash(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    publish(clone, "work/docs-1")
    clone.git("remote", "rename", "origin", "team/one")
    clone.git("checkout", "--quiet", "--detach")
    clone.git("branch", "--quiet", "-D", "work/docs-1")
    expected = FETCHED.replace("origin", "team/one") + inside("refs/remotes/team/one/work/docs-1")
    assert reported(clone.script("lane-audit", "--all")) == (0, expected)
    assert reported(clone.script("lane-audit", "team/one/work/docs-1")) == (0, expected)


def test_a_remote_that_is_fetched_to_another_place(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    publish(clone, "work/docs-1")
    clone.git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/o/p/*")
    clone.git("fetch", "--quiet", "origin")
    branch = only(clone, "o/p/work/docs-1", status=0)
    assert (branch["branch"], branch["lane"]) == ("refs/remotes/o/p/work/docs-1", "docs")


def test_names_of_branches(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    publish(clone, "work/docs-1")
    clone.git("symbolic-ref", "refs/heads/work/docs-alias", "refs/heads/work/docs-1")
    clone.git("branch", b"work/docs-\xff")
    names = {
        "work/docs-1": "refs/heads/work/docs-1",
        "refs/heads/work/docs-1": "refs/heads/work/docs-1",
        "origin/work/docs-1": "refs/remotes/origin/work/docs-1",
        "refs/remotes/origin/work/docs-1": "refs/remotes/origin/work/docs-1",
        "work/docs-alias": "refs/heads/work/docs-1",
        b"work/docs-\xff": "refs/heads/work/docs-\\xff",
    }
    found = audited(clone, *names, status=0)["branches"]
    assert [branch["branch"] for branch in found] == list(names.values())
    assert {(branch["lane"], branch["commits"]) for branch in found} == {("docs", 1)}


def test_a_branch_that_does_not_exist(clone: Repo) -> None:
    clone.git("branch", "work/docs-1")
    for name in ("nowhere", "work", "docs-1", "HEAD", "main~1", "", "work/docs-?"):
        assert refused(clone.script("lane-audit", "work/docs-1", name)) == (
            f"lanes: could not judge: there is no branch {name}; git branch --all lists those that exist,"
            f" and lane-audit --as BRANCH {name} judges any other commit\n"
        )
    assert refused(clone.script("lane-audit", b"work/\xff\n")) == (
        "lanes: could not judge: there is no branch work/\\xff\\n; git branch --all lists those that exist,"
        " and lane-audit --as BRANCH work/\\xff\\n judges any other commit\n"
    )


def test_a_ref_that_is_no_branch(clone: Repo) -> None:
    """Its name says nothing about a lane: `--as` does."""
    clone.git("tag", "-a", "-m", "x", "work/docs-1")
    for ref in ("refs/tags/work/docs-1", "refs/stash", "refs/notes/work/docs-1", "refs/work/docs-1"):
        clone.git("update-ref", ref, "HEAD")
        assert refused(clone.script("lane-audit", ref)) == (
            f"lanes: could not judge: there is no branch {ref}; git branch --all lists those that exist,"
            f" and lane-audit --as BRANCH {ref} judges any other commit\n"
        )


def test_a_name_of_two_branches(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    publish(clone, "work/docs-1")
    clone.git("branch", "origin/work/docs-1", "main")
    assert refused(clone.script("lane-audit", "origin/work/docs-1")) == (
        "lanes: could not judge: origin/work/docs-1 is the name of refs/heads/origin/work/docs-1 and"
        " refs/remotes/origin/work/docs-1; give the one you mean in full\n"
    )
    assert only(clone, "refs/remotes/origin/work/docs-1", status=0)["lane"] == "docs"
    assert only(clone, "refs/heads/origin/work/docs-1", status=1)["lane"] is None


def test_tags_with_the_names_of_branches(clone: Repo) -> None:
    clone.git("tag", "work/docs-1", "main")
    clone.git("tag", "main", "main^{tree}")
    clone.git("tag", "origin/main", "main^{tree}")
    clone.git("checkout", "--quiet", "-b", "work/docs-1", "refs/heads/main")
    tip = clone.commit({"docs/b.md": "b"})
    for arguments in ((), ("work/docs-1",), ("--all",)):
        branch = only(clone, *arguments, status=0)
        assert (branch["branch"], branch["tip"], branch["commits"]) == ("refs/heads/work/docs-1", tip, 1)


def test_an_unborn_branch(clone: Repo) -> None:
    clone.git("checkout", "--quiet", "--orphan", "work/docs-1")
    assert refused(clone.script("lane-audit")) == (
        "lanes: could not judge: refs/heads/work/docs-1 has no commit yet\n"
    )


def test_an_empty_repository(repo: Repo) -> None:
    assert refused(repo.script("lane-audit")) == "lanes: could not judge: refs/heads/main has no commit yet\n"
    assert refused(repo.script("lane-audit", "--all")) == (
        "lanes: could not judge: no manifest is in force:"
        " looked for refs/heads/main, refs/heads/master, and none exists\n"
        "  to begin: commit a valid .lanes.toml on main,"
        " or name its branch: git config lanes.trustedRef refs/heads/NAME\n"
    )


# -- As another lane, as another branch


def test_would_it_have_fitted_that_lane(clone: Repo) -> None:
    begin(clone, "feature", {"docs/b.md": "b"})
    assert reported(clone.script("lane-audit")) == (1, FETCHED + NO_LANE)
    assert reported(clone.script("lane-audit", "--lane", "docs")) == (0, FETCHED + inside("feature"))
    clone.commit({"top.txt": "x"}, "Out")
    assert reported(clone.script("lane-audit", "--lane", "docs")) == (1, FETCHED + outside("feature"))
    branch = only(clone, "--lane", "review", status=1)
    assert (branch["lane"], len(branch["violations"])) == ("review", 2)


def test_one_lane_for_all(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    begin(clone, "work/api-1", {"api/b.py": "b"})
    found = audited(clone, "--all", "--lane", "docs", status=1)["branches"]
    assert [(branch["branch"], branch["lane"], len(branch["violations"])) for branch in found] == [
        ("refs/heads/work/api-1", "docs", 1),
        ("refs/heads/work/docs-1", "docs", 0),
    ]


def test_a_lane_that_does_not_exist(clone: Repo) -> None:
    meant = '; did you mean "docs"?'
    for name, hint in (("dosc", meant), ("Docs", meant), ("elsewhere", ""), ("", ""), ("\x1b", "")):
        shown = name.replace("\x1b", "\\x1b")
        assert refused(clone.script("lane-audit", "--lane", name)) == (
            f'lanes: could not judge: there is no lane "{shown}"{hint}\n'
        )


def test_as_another_branch(clone: Repo) -> None:
    tip = begin(clone, "feature", {"docs/b.md": "b"})
    for name in ("work/docs-9", "refs/heads/work/docs-9"):
        branch = only(clone, "--as", name, "feature", status=0)
        assert (branch["branch"], branch["lane"], branch["tip"]) == ("refs/heads/work/docs-9", "docs", tip)
    branch = only(clone, "--as", "work/api-9", "feature", status=1)
    assert [violation["path"] for violation in branch["violations"]] == ["docs/b.md"]
    assert reported(clone.script("lane-audit", "--as", "main", "feature")) == (0, FETCHED + MAIN)


def test_a_detached_head(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    clone.git("checkout", "--quiet", "--detach")
    assert refused(clone.script("lane-audit")) == (
        "lanes: could not judge: HEAD is detached, so there is no branch to judge; say which:"
        " lane-audit --as BRANCH HEAD\n"
    )
    command = ("lane-audit", "--as", "work/docs-1", "HEAD")
    assert reported(clone.script(*command)) == (0, FETCHED + inside("work/docs-1"))
    clone.commit({"top.txt": "x"}, "Out")
    assert reported(clone.script(*command)) == (1, FETCHED + outside("work/docs-1"))
    assert reported(clone.script("lane-audit", "work/docs-1")) == (0, FETCHED + inside("work/docs-1"))


def test_as_a_branch_of_any_revision(clone: Repo) -> None:
    tip = begin(clone, "work/docs-1", {"docs/b.md": "b"})
    clone.git("tag", "-a", "-m", "x", "v1")
    for revision in (tip[:12], "v1", "HEAD@{0}", "refs/heads/work/docs-1"):
        branch = only(clone, "--as", "work/docs-2", revision, status=0)
        assert (branch["tip"], branch["commits"]) == (tip, 1)
    for revision in ("nowhere", "main^{tree}", "f" * 40, "--all", ""):
        assert refused(clone.script("lane-audit", "--as", "work/docs-1", revision)) == masked(
            f"lanes: could not judge: there is no commit {revision}\n"
        )


def test_as_what_can_not_be_a_branch(clone: Repo) -> None:
    for name in ("", "a b", "-x", "@", "refs/heads/"):
        assert refused(clone.script("lane-audit", "--as", name, "HEAD")) == (
            f"lanes: could not judge: {name.removeprefix('refs/heads/')} can't be the name of a branch\n"
        )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--all", "main"],
        ["--all", "--as", "work/docs-1", "HEAD"],
        ["--as", "work/docs-1", "HEAD", "main"],
    ],
)
def test_what_can_not_be_combined(repo: Repo, arguments: list[str]) -> None:
    assert refused(repo.script("lane-audit", *arguments)) == (
        "lanes: BRANCH, --all, --as and --first-parent can't be combined.\n"
        "  Usage: lane-audit [OPTIONS] [BRANCH]...\n"
    )


@pytest.mark.parametrize(
    "arguments", [["--nonsense"], ["--as", "work/docs-1"], ["--format", "xml"], ["--base"], ["--lane"]]
)
def test_usage(repo: Repo, arguments: list[str]) -> None:
    """The first line is click's own, and changes with it."""
    first, *more = refused(repo.script("lane-audit", *arguments)).splitlines()
    assert first.startswith("lanes: ")
    assert more == ["  Usage: lane-audit [OPTIONS] [BRANCH]..."]


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(tmp_path: Path, option: str) -> None:
    assert Repo(tmp_path).script("lane-audit", option) == Ended(
        0,
        """\
Usage: lane-audit [OPTIONS] [BRANCH]...

  Judge every commit of branches that exist, by default the current one.

  A BRANCH is a local or a remote-tracking one (origin/work), or a full ref
  name. Exits with 0 when all are inside their lanes, 1 when one is not, 2
  when one could not be judged.

Options:
  --all                        Audit every branch that a lane covers, local
                               and fetched.
  --as BRANCH REV              Judge commit REV as if it were BRANCH.
  --first-parent BRANCH        Judge what each merge into this integration
                               branch brought, as its branch.
  --since REV                  With --first-parent: only merges that REV does
                               not contain.
  --base REV                   Take REV, and what it contains, for all that is
                               trusted.
  --lane NAME                  Ask whether the branches would fit this lane.
  --baseline FILE              Count the violations that FILE knows, and fail
                               for others alone.
  --write-baseline             Write to that FILE what there is now.
  --format FORMAT              Give the report as text, json, sarif, github,
                               gitlab, junit, markdown or html; once for each
                               report.
  --output FILE                Write it to FILE, not to the standard output;
                               each is for the --format beside it.
  --color [auto|always|never]  Whether text has colour: auto is on a terminal,
                               unless NO_COLOR or FORCE_COLOR is set.
                               [default: auto]
  --version                    Show the version and exit.
  -h, --help                   Show this message and exit.
""",
        "",
    )


def test_version(tmp_path: Path) -> None:
    assert Repo(tmp_path).script("lane-audit", "--version") == Ended(
        0, f"lane-audit, version {version('git-lanes')}\n", ""
    )


# -- What can't be judged


def test_an_ambiguous_branch_among_others(clone: Repo) -> None:
    """Status 2 wins over 1, and the others are reported all the same."""
    clone.commit({".lanes.toml": BOTH})
    publish(clone, "main")
    tip = begin(clone, "work/api-1", {"api/b.py": "b"})
    begin(clone, "work/docs-1", {"top.txt": "x"}, "Out")
    clone.git("branch", "work/docs-2", "main")
    assert reported(clone.script("lane-audit", "--all")) == (
        2,
        FETCHED
        + f"work/api-1 could not be judged: {AMBIGUOUS}\n"
        + "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
        + outside("work/docs-1")
        + inside("work/docs-2", "0 commits")
        + "1 of 3 branches inside\n",
    )
    found = audited(clone, "--all", status=2)["branches"]
    assert found[0] == {
        "branch": "refs/heads/work/api-1",
        "lane": None,
        "tip": tip,
        "base": None,
        "commits": 0,
        "error": AMBIGUOUS,
        "refusal": None,
        "violations": [],
    }
    assert [len(branch["violations"]) for branch in found] == [0, 1, 0]
    assert only(clone, "work/api-1", "--lane", "api", status=0)["lane"] == "api"


NO_MANIFEST = "no manifest is in force: refs/heads/main at OID has no .lanes.toml"
BEGIN = "to begin: bring a valid .lanes.toml to main; everything else waits for it"


def test_no_manifest(repo: Repo) -> None:
    main = repo.commit({"a": "a"})
    repo.switch("work/docs-1", "main")
    assert reported(repo.script("lane-audit")) == (
        2,
        f"lanes: audit\nwork/docs-1 could not be judged: {NO_MANIFEST}\n  {BEGIN}\n",
    )
    assert audited(repo, status=2) == {
        "schema": 1,
        "manifest": {"ref": "refs/heads/main", "commit": main},
        "branches": [
            {
                "branch": "refs/heads/work/docs-1",
                "lane": None,
                "tip": main,
                "base": None,
                "commits": 0,
                "error": f"{NO_MANIFEST}\n{BEGIN}".replace("OID", main[:12]),
                "refusal": None,
                "violations": [],
            }
        ],
    }
    for arguments in (["--all"], ["--lane", "docs"]):
        assert refused(repo.script("lane-audit", *arguments)) == (
            f"lanes: could not judge: {NO_MANIFEST}\n  {BEGIN}\n"
        )


def test_no_trusted_branch(repo: Repo) -> None:
    tip = repo.commit({".lanes.toml": MANIFEST})
    repo.git("branch", "-m", "trunk")
    repo.git("remote", "add", "origin", "elsewhere")
    assert audited(repo, status=2) == {
        "schema": 1,
        "manifest": {"ref": None, "commit": None},
        "branches": [
            {
                "branch": "refs/heads/trunk",
                "lane": None,
                "tip": tip,
                "base": None,
                "commits": 0,
                "error": (
                    "no manifest is in force: looked for refs/remotes/origin/HEAD, refs/remotes/origin/main,"
                    " refs/remotes/origin/master, refs/heads/main, refs/heads/master, and none exists\n"
                    "to begin: run: git fetch origin && git remote set-head origin --auto"
                ),
                "refusal": None,
                "violations": [],
            }
        ],
    }
    repo.git("config", "lanes.trustedRef", "refs/heads/trunk")
    assert reported(repo.script("lane-audit")) == (0, (LOCAL + MAIN).replace("main", "trunk"))


def test_a_broken_manifest(clone: Repo) -> None:
    clone.commit({".lanes.toml": "version = 2\n"})
    publish(clone, "main")
    clone.switch("work/docs-1", "main")
    assert reported(clone.script("lane-audit")) == (
        2,
        """\
lanes: audit
work/docs-1 could not be judged: the manifest in force is invalid: refs/remotes/origin/main at OID
  .lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads
  to mend: bring a valid .lanes.toml to main; everything else waits for it
""",
    )


def test_a_commit_that_is_missing(clone: Repo) -> None:
    lost = begin(clone, "work/docs-1", {"docs/b.md": "b"})
    clone.commit({"docs/c.md": "c"})
    clone.git("branch", "review/1", "main")
    os.remove(clone.path / ".git" / "objects" / lost[:2] / lost[2:])
    status, report = reported(clone.script("lane-audit", "work/docs-1", "review/1"))
    first, why, *more = report.splitlines(keepends=True)
    assert (status, first) == (2, FETCHED)
    # Git's own words, which come last in the line, change with its version.
    assert why.startswith("work/docs-1 could not be judged: git rev-list failed with exit status 128: ")
    assert "".join(more) == (
        "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
        + inside("review/1", "0 commits", "review")
        + "1 of 2 branches inside\n"
    )


def cut_off(branch: str) -> str:
    """Give the lines of a report on a branch whose history is cut off."""
    return f"""\
{branch} could not be judged: the history is cut off here (a shallow clone); run: git fetch --unshallow
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
"""


def test_a_shallow_clone(clone: Repo, server: Repo, tmp_path: Path) -> None:
    clone.commit({"top.txt": "1"})
    publish(clone, "main")
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    publish(clone, "work/docs-1")
    branch = "refs/remotes/origin/work/docs-1"
    whole = (0, FETCHED + inside(branch))
    for depth, expected in ((1, (2, FETCHED + cut_off(branch))), (2, whole)):
        copy = Repo(tmp_path / f"depth-{depth}")
        options = ("--quiet", f"--depth={depth}", "--no-single-branch")
        clone.git("clone", *options, f"file://{server.path}", str(copy.path))
        assert reported(copy.script("lane-audit", "origin/work/docs-1")) == expected
        assert reported(Repo(copy.path / "docs").script("lane-audit", "origin/work/docs-1")) == expected
    shallow = Repo(tmp_path / "depth-1")
    shallow.git("fetch", "--quiet", "--unshallow")
    assert reported(shallow.script("lane-audit", "origin/work/docs-1")) == whole


def test_a_cut_between_integration_branches(clone: Repo, server: Repo, tmp_path: Path) -> None:
    """The judged commits are whole, and lie on a release of which nobody can see that main contains it.

    So the last one could keep what main has deleted, as if that were for release to say.
    """
    publish(clone, "main:release")
    clone.commit({"top.txt": None}, "Delete")
    publish(clone, "main")
    clone.switch("work/docs-1", "main~1")
    clone.commit({"docs/b.md": "b"})
    clone.switch("work/docs-2", "work/docs-1")
    clone.git("merge", "--quiet", "--no-commit", "main")
    clone.commit({"top.txt": "t\n"}, "Out")
    publish(clone, "work/docs-1", "work/docs-2")
    clone.git("clone", "--quiet", "--depth=1", f"file://{server.path}", str(tmp_path / "cut"))
    cut = Repo(tmp_path / "cut")
    cut.git("remote", "set-branches", "origin", "*")
    cut.git("fetch", "--quiet")
    assert (cut.path / ".git/shallow").read_text() == cut.git("rev-parse", "origin/main") + "\n"
    good, bad = "refs/remotes/origin/work/docs-1", "refs/remotes/origin/work/docs-2"
    assert reported(cut.script("lane-audit", good, bad)) == (
        2,
        f"{FETCHED}{cut_off(good)}{cut_off(bad)}0 of 2 branches inside\n",
    )
    cut.git("fetch", "--quiet", "--unshallow")
    assert only(cut, good, status=0)["violations"] == []
    assert [found["path"] for found in only(cut, bad, status=1)["violations"]] == ["top.txt"]


def test_git_is_missing_or_too_old(clone: Repo, tmp_path: Path) -> None:
    assert refused(clone.script("lane-audit", env={"PATH": str(SCRIPTS)})) == (
        "lanes: could not judge: git can't be started (No such file or directory); install git or mend PATH\n"
    )
    old = fake_git(tmp_path / "old", "version) echo git version 2.38.5; exit;;")
    assert refused(clone.script("lane-audit", env=old)) == (
        "lanes: could not judge: git 2.38 is too old; install git 2.39 or newer\n"
    )


def test_a_repository_of_another_user(clone: Repo) -> None:
    assert refused(clone.script("lane-audit", env={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})) == (
        "lanes: could not judge: git does not trust this repository, which belongs to another user;"
        f" run: git config --global --add safe.directory {clone.path}\n"
    )


def test_a_configuration_that_git_can_not_read(clone: Repo) -> None:
    with open(clone.path / ".git/config", "ab") as file:
        file.write(b"[user\n")
    line = len((clone.path / ".git/config").read_text().splitlines())
    assert refused(clone.script("lane-audit")) == (
        "lanes: could not judge: git rev-parse failed with exit status 128:"
        f" fatal: bad config line {line} in file .git/config\n"
    )


# -- Places


@pytest.fixture
def work(clone: Repo) -> Repo:
    """The clone, on a branch with one commit that is inside its lane."""
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    return clone


WORK = (0, FETCHED + inside("work/docs-1"))


def test_outside_any_repository(tmp_path: Path) -> None:
    folder = Repo(tmp_path / "none")
    folder.path.mkdir()
    message = f"lanes: could not judge: there is no git repository at or above {folder.path}\n"
    assert refused(folder.script("lane-audit")) == message
    assert refused(folder.script("lane-audit", env={"GIT_DIR": "nowhere"})) == message


def test_in_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$0"'
    assert refused(Repo(tmp_path).run("sh", "-c", gone, SCRIPTS / "lane-audit")) == (
        "lanes: could not judge: the current folder does not exist any more\n"
    )


def test_in_a_sub_folder(work: Repo) -> None:
    for folder in ("docs", "api/generated", ".git", ".git/refs"):
        assert reported(Repo(work.path / folder).script("lane-audit")) == WORK


def test_in_a_linked_worktree(work: Repo, tmp_path: Path) -> None:
    linked = Repo(tmp_path / "linked")
    work.git("worktree", "add", "--quiet", "-b", "work/docs-2", str(linked.path))
    linked.commit({"top.txt": "x"}, "Out")
    assert reported(work.script("lane-audit")) == WORK
    for place in (linked, Repo(linked.path / "docs")):
        assert reported(place.script("lane-audit")) == (1, FETCHED + outside("work/docs-2"))


def test_in_a_bare_repository(work: Repo, server: Repo) -> None:
    """It judges as a server does: by its own branches, without a word about fetching."""
    work.commit({"top.txt": "x"}, "Out")
    publish(work, "work/docs-1", "main:review/1")
    review = inside("review/1", "0 commits", "review")
    assert reported(server.script("lane-audit")) == (0, LOCAL + MAIN)
    assert reported(server.script("lane-audit", "--all")) == (
        1,
        LOCAL + review + outside("work/docs-1", "", "refs/heads/main") + "1 of 2 branches inside\n",
    )
    assert reported(Repo(server.path / "refs").script("lane-audit", "review/1")) == (0, LOCAL + review)


def test_in_a_worktree_of_a_bare_repository(work: Repo, server: Repo, tmp_path: Path) -> None:
    publish(work, "work/docs-1")
    linked = Repo(tmp_path / "linked")
    server.git("worktree", "add", "--quiet", str(linked.path), "work/docs-1")
    assert reported(linked.script("lane-audit")) == (0, LOCAL + inside("work/docs-1"))
    linked.commit({"top.txt": "x"}, "Out")
    expected = (1, LOCAL + outside("work/docs-1", "", "refs/heads/main"))
    assert reported(linked.script("lane-audit")) == expected


def test_in_a_repository_that_git_dir_names(work: Repo, tmp_path: Path) -> None:
    folder = Repo(tmp_path / "else" / "where")
    folder.path.mkdir(parents=True)
    for place in (str(work.path / ".git"), "../../clone/.git"):
        assert reported(folder.script("lane-audit", env={"GIT_DIR": place})) == WORK


def test_in_a_git_directory_apart_from_its_work_tree(work: Repo, tmp_path: Path) -> None:
    apart = Repo(tmp_path / "apart")
    work.git("init", "--quiet", "--separate-git-dir", str(apart.path))
    assert reported(work.script("lane-audit")) == WORK
    os.remove(work.path / ".git")
    apart.git("config", "core.worktree", str(work.path))
    assert reported(apart.script("lane-audit")) == WORK


def test_in_a_folder_with_an_odd_name(work: Repo, tmp_path: Path) -> None:
    for name in (b"with space", b"pay $HOME", b"100%x%", b"~", b"new\nline", b"\xff", b"'\"`;"):
        folder = tmp_path / os.fsdecode(name)
        shutil.copytree(work.path, folder)
        assert reported(Repo(folder).script("lane-audit")) == WORK


def test_a_configuration_that_is_not_utf_8(work: Repo, server: Repo) -> None:
    for file in (work.path / ".git/config", server.path / "config"):
        file.write_bytes(file.read_bytes() + b"[user]\n\tname = J\xf6rg\n")
    assert reported(work.script("lane-audit")) == WORK
    assert reported(server.script("lane-audit")) == (0, LOCAL + MAIN)


def test_sha_256(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", "--object-format=sha256")
    base = repo.commit({".lanes.toml": MANIFEST, "top.txt": "t\n"})
    tip = begin(repo, "work/docs-1", {"top.txt": "x"}, "Out")
    assert reported(repo.script("lane-audit")) == (1, LOCAL + outside("work/docs-1", "", "refs/heads/main"))
    report = audited(repo, status=1)
    (branch,) = report["branches"]
    assert report["manifest"] == {"ref": "refs/heads/main", "commit": base}
    assert (branch["tip"], branch["base"], branch["violations"][0]["commit"]) == (tip, base, tip)
    assert len(tip) == 64


# -- What to do next


def test_a_local_main_that_is_not_pushed(clone: Repo) -> None:
    clone.commit({"top.txt": "x"}, "Out")
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    report, _, _ = outside("work/docs-1").partition("    take these")
    only_step = "    all of this is on your local main already, so push that first: git push origin main\n"
    assert reported(clone.script("lane-audit")) == (1, FETCHED + report + only_step)
    publish(clone, "main")
    assert reported(clone.script("lane-audit")) == WORK


def test_a_local_main_that_holds_only_some_of_it(clone: Repo) -> None:
    clone.commit({"docs/c.md": "c"}, "Inside the lane anyway")
    begin(clone, "work/docs-1", {"top.txt": "x"}, "Out")
    assert reported(clone.script("lane-audit")) == (1, FETCHED + outside("work/docs-1"))


def test_a_main_that_was_not_fetched_lately(clone: Repo, server: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "other")
    clone.git("clone", "--quiet", str(server.path), str(other.path))
    other.commit({"top.txt": "x"}, "Out")
    publish(other, "main")
    clone.git("fetch", "--quiet", str(server.path), "main:work/docs-1")
    command = ("lane-audit", "work/docs-1")
    assert reported(clone.script(*command)) == (1, FETCHED + outside("work/docs-1"))
    clone.git("fetch", "--quiet", "origin")
    assert reported(clone.script(*command)) == (0, FETCHED + inside("work/docs-1", "0 commits"))


def test_without_a_remote_there_is_nothing_to_fetch(repo: Repo) -> None:
    repo.commit({".lanes.toml": MANIFEST, "top.txt": "t"})
    begin(repo, "work/docs-1", {"top.txt": "x"}, "Out")
    assert reported(repo.script("lane-audit")) == (1, LOCAL + outside("work/docs-1", "", "refs/heads/main"))


# -- Names that hurt


def test_names_that_are_not_ascii(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"top.txt": "1"}, "Größe 大")
    clone.git("config", "user.name", "Jörg")
    clone.commit({"top.txt": "2"}, "Zwei")
    report = reported(clone.script("lane-audit"))
    assert report[1].splitlines()[2:6:2] == [
        '  commit OID "Größe 大" by Ann',
        '  commit OID "Zwei" by Jörg',
    ]
    for locale in ("C", "POSIX", "C.UTF-8", "nonsense"):
        assert reported(clone.script("lane-audit", env={"LANG": locale, "LC_ALL": locale})) == report


def test_names_that_are_not_ascii_on_a_terminal_that_is(clone: Repo) -> None:
    """Whatever the terminal takes: nothing is lost, and nothing ends in a traceback."""
    begin(clone, "work/docs-1", {f"{i:02}": "x" for i in range(21)}, "Größe")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = clone.script("lane-audit", env=ascii_only)
    latin = clone.script("lane-audit", env={"PYTHONIOENCODING": "latin-1"})
    plain = clone.script("lane-audit")
    assert (ended.status, ended.err, latin.status, latin.err) == (1, "", 1, "")
    escaped = plain.out.replace("ö", "\\xf6").replace("ß", "\\xdf").replace("…", "\\u2026")
    assert ended.out == escaped
    assert latin.out == plain.out.replace("ö", "\udcf6").replace("ß", "\udcdf").replace("…", "\\u2026")


STRANGERS = [
    (b"encoding ISO-8859-1\n", b"J\xf6rg", b"Gr\xf6\xdfe", ("Jörg", "Größe")),
    (b"", b"J\xf6rg", b"Gr\xf6\xdfe", ("J\\xf6rg", "Gr\\xf6\\xdfe")),
    (b"encoding nonsense\n", b"J\xf6rg", b"x", ("J\\xf6rg", "x")),
    (b"", b"\x1b[31mA\x07", b"\x1b[2Jlanes: fine\rx", ("\\x1b[31mA\\x07", "\\x1b[2Jlanes: fine\\rx")),
    (b"", "A\u2028B\u202e".encode(), "a\u0085b".encode(), ("A\\u2028B\\u202e", "a\\x85b")),
    (b"", b"A", b"one\x00two", ("A", "one")),
    (b"", b"A", b"first\nsecond\n\nthird", ("A", "first second")),
    (b"", b"A", b"", ("A", "")),
]


def test_authors_and_subjects_of_strangers(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    made = clone.head()
    for number, (header, author, subject, _) in enumerate(STRANGERS):
        clone.write({"top.txt": str(number)})
        clone.git("add", "top.txt")
        tree = clone.git("write-tree")
        raw = f"tree {tree}\nparent {made}\n".encode()
        for role in (b"author", b"committer"):
            raw += role + b" " + author + b" <a@example.org> 1700000000 +0000\n"
        options = ("-t", "commit", "-w", "--stdin", "--literally")
        made = clone.git("hash-object", *options, stdin=raw + header + b"\n" + subject + b"\n")
    clone.git("reset", "--quiet", "--soft", made)
    expected = [shown for *_, shown in STRANGERS]
    found = only(clone, status=1)["violations"]
    assert [(violation["author"], violation["summary"]) for violation in found] == expected
    _, report = reported(clone.script("lane-audit"))
    assert report.split("\n")[2 : 2 + 2 * len(expected) : 2] == [
        f'  commit OID "{subject}" by {author}' for author, subject in expected
    ]


# -- Where the report goes


def test_a_reader_that_stops_early(clone: Repo) -> None:
    """As `lane-audit | head -1` does: the verdict stands, and nobody hears of a broken pipe."""
    begin(clone, "work/docs-1", {"top.txt": "x"})
    for branch, status in (("main", 0), ("work/docs-1", 1)):
        for shape in ("text", "json"):
            command = (SCRIPTS / "lane-audit", branch, "--format", shape)
            assert unread(*command, cwd=clone.path) == (status, b"")


def test_nobody_reads(clone: Repo) -> None:
    begin(clone, "work/docs-1", {"top.txt": "x"})
    for branch, status in (("main", 0), ("work/docs-1", 1)):
        ended = clone.run("sh", "-c", 'exec "$0" "$1" >&-', SCRIPTS / "lane-audit", branch)
        assert ended == Ended(status, "", "")


def test_interrupted(clone: Repo, tmp_path: Path) -> None:
    """Ctrl-C while git works (it has read its input, so somebody waits for it): git is ended, too."""
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    path = fake_git(tmp_path / "hanging", f'symbolic-ref) cat; echo $$ >"{ready}"; exec sleep 600;;')
    with started(SCRIPTS / "lane-audit", cwd=clone.path, env=path) as process:
        child = int(ready.read_text())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"lanes: interrupted\n")
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
