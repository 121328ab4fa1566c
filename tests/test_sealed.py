"""A sealed integration branch takes only what fits into one lane, step by step: real pushes."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from repos import Content, Ended, Repo, make_repo, masked, remote_lines

SEALED = """\
version = 1

[integration]
branches = ["release"]
accepts = "lanes"

[defaults]
shared = ["/shared.txt"]
protected = ["/ci/"]

[lanes.docs]
branches = ["work/docs-*"]
paths = ["/docs/"]

[lanes.api]
branches = ["work/api-*"]
paths = ["/api/"]
"""
NAMED = SEALED.replace('accepts = "lanes"', 'accepts = "lanes"\npushers = ["ann"]')
FILES: Mapping[str | bytes, Content] = {
    "docs/a": "a\n",
    "api/a": "a\n",
    "ci/run": "run\n",
    "shared.txt": "s\n",
    "top": "t\n",
}
IN_FORCE = """\
  a step is a commit or a merge on main itself, with all that it brings
  manifest in force: .lanes.toml of refs/heads/main at OID"""
ONE_AT_A_TIME = """\
  next:
    bring main the work of one lane at a time, each as a commit or a merge of its own:
      git reset --keep OID && git merge --no-ff BRANCH
    or take these changes out of the commits that made them (a commit that reverts them is not enough)"""


def begun(tmp_path: Path, manifest: str) -> Repo:
    """Make a server whose main and release are sealed, and give a clone of it, on main."""
    server = make_repo(tmp_path / "server.git", "--bare")
    server.git("config", "lanes.pusherVariable", "WHO")
    clone = make_repo(tmp_path / "clone")
    clone.git("remote", "add", "origin", str(server.path))
    clone.commit({".lanes.toml": manifest, **FILES}, "Begin")
    assert clone.push("main", "main:release").status == 0
    clone.git("fetch", "--quiet", "origin")
    server.hook("pre-receive", "lane-pre-receive")
    return clone


@pytest.fixture
def sealed(tmp_path: Path) -> Repo:
    return begun(tmp_path, SEALED)


@pytest.fixture
def named(tmp_path: Path) -> Repo:
    return begun(tmp_path, NAMED)


def work(clone: Repo, branch: str, *commits: Mapping[str | bytes, Content]) -> str:
    """Make a branch on main with these commits, go back to main, and give its tip."""
    clone.switch(branch, "main")
    for files in commits:
        clone.commit(files, "Work")
    tip = clone.head()
    clone.switch("main")
    return tip


def merge(clone: Repo, *heads: str, files: Mapping[str | bytes, Content] | None = None) -> None:
    clone.try_git("merge", "--quiet", "--no-ff", "--no-commit", *heads)
    clone.write(files or {})
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "--no-verify", "-m", "Merge")


def refused(ended: Ended) -> list[str]:
    """Give the lines of the server's refusal."""
    assert "pre-receive hook declined" in ended.err
    return remote_lines(ended).split("\n")


def misfit(*lines: str, number: str = "1 change in 1 commit does") -> list[str]:
    return [f"lanes: main is rejected: {number} not fit into one lane with the rest of a step", *lines]


# -- What fits


def test_merges_of_several_lanes_in_one_push(sealed: Repo) -> None:
    work(sealed, "work/docs-1", {"docs/a": "b\n"}, {"shared.txt": "b\n"})
    work(sealed, "work/api-1", {"api/b": "b\n"})
    merge(sealed, "work/docs-1")
    merge(sealed, "work/api-1")
    assert sealed.push("main").status == 0


def test_squash_merges_rebased_work_and_empty_commits(sealed: Repo) -> None:
    work(sealed, "work/docs-1", {"docs/a": "b\n"}, {"docs/b": "b\n"})
    sealed.git("merge", "--quiet", "--squash", "work/docs-1")
    sealed.git("commit", "--quiet", "-m", "Squash")
    work(sealed, "work/api-1", {"api/b": "b\n"}, {"api/b": None, "api/c": "c\n"})
    sealed.git("merge", "--quiet", "--ff-only", "work/api-1")
    sealed.commit({}, "Nothing")
    assert sealed.push("main").status == 0


def test_a_lane_that_has_merged_main_since(sealed: Repo) -> None:
    work(sealed, "work/docs-1", {"docs/b": "b\n"})
    sealed.commit({"api/a": "newer\n"}, "Api")
    sealed.switch("work/docs-1")
    merge(sealed, "main")
    sealed.commit({"docs/b": "c\n"})
    sealed.switch("main")
    merge(sealed, "work/docs-1")
    assert sealed.push("main").status == 0


def test_one_sealed_branch_merged_into_another(sealed: Repo) -> None:
    sealed.commit({"docs/a": "main\n"})
    sealed.commit({"api/b": "main\n"})
    assert sealed.push("main").status == 0
    sealed.switch("rel", "origin/release")
    sealed.commit({"docs/release": "r\n"})
    merge(sealed, "main")
    assert sealed.push("rel:release").status == 0
    sealed.switch("main")
    merge(sealed, "rel")
    assert sealed.push("main").status == 0
    assert sealed.push("main:release").status == 1  # it does not lead back by first parents
    sealed.switch("rel")
    sealed.git("merge", "--quiet", "--no-ff", "-m", "Back", "main")
    assert sealed.push("rel:release").status == 0


# -- What does not


def test_a_commit_of_two_lanes(sealed: Repo) -> None:
    sealed.commit({"docs/a": "b\n", "docs/b": "b\n", "api/a": "b\n"}, "Both")
    assert refused(sealed.push("main")) == misfit(
        '  commit OID "Both" by Ann',
        '    changes api/a (not-in-one-lane: lane "api" may write it)',
        *IN_FORCE.split("\n"),
        *ONE_AT_A_TIME.split("\n"),
    )


def test_what_no_lane_may_write(sealed: Repo) -> None:
    sealed.commit({"docs/a": "b\n", "top": "b\n"}, "Top")
    assert refused(sealed.push("main")) == misfit(
        '  commit OID "Top" by Ann',
        "    changes top (not-in-one-lane: no lane may write it)",
        *IN_FORCE.split("\n"),
        *ONE_AT_A_TIME.split("\n"),
        "    or let a lane write what no lane may write, in .lanes.toml on main",
    )


def test_two_lanes_in_one_merge(sealed: Repo) -> None:
    work(sealed, "work/docs-1", {"docs/a": "b\n"})
    work(sealed, "work/api-1", {"api/a": "b\n"})
    merge(sealed, "work/docs-1", "work/api-1")
    assert refused(sealed.push("main"))[1:3] == [
        '  commit OID "Work" by Ann',
        '    changes api/a (not-in-one-lane: lane "api" may write it)',
    ]


def test_a_merge_that_changes_more_itself(sealed: Repo) -> None:
    work(sealed, "work/docs-1", {"docs/a": "b\n"})
    merge(sealed, "work/docs-1", files={"api/a": "evil\n"})
    assert refused(sealed.push("main"))[1:3] == [
        '  commit OID (a merge) "Merge" by Ann',
        '    changes api/a (not-in-one-lane: lane "api" may write it)',
    ]


def test_a_commit_that_a_merge_brings_strays_and_takes_it_back(sealed: Repo) -> None:
    work(sealed, "work/docs-1", {"docs/a": "b\n", "api/evil": "evil\n"}, {"api/evil": None})
    merge(sealed, "work/docs-1")
    assert refused(sealed.push("main"))[1:3] == [
        '  commit OID "Work" by Ann',
        '    adds api/evil (not-in-one-lane: lane "api" may write it)',
    ]


def test_a_step_in_the_middle(sealed: Repo) -> None:
    sealed.commit({"docs/a": "b\n"})
    sealed.commit({"docs/a": "c\n", "api/a": "c\n"}, "Both")
    sealed.commit({"docs/a": "d\n"})
    assert refused(sealed.push("main"))[1] == '  commit OID "Both" by Ann'


def test_main_merged_into_the_branch_and_pushed_as_main(sealed: Repo) -> None:
    work(sealed, "work/docs-1", {"docs/b": "b\n"})
    sealed.commit({"api/a": "newer\n"})
    assert sealed.push("main").status == 0
    sealed.switch("work/docs-1")
    merge(sealed, "main")
    assert refused(sealed.push("work/docs-1:main")) == [
        "lanes: main is rejected: by first parents, OID does not lead back to OID;"
        " on your main, bring in one by one, or as one merge, what is new:",
        "    git rebase OID",
        "    git reset --keep OID && git merge --no-ff OID",
        "  manifest in force: .lanes.toml of refs/heads/main at OID",
    ]


def test_several_refs_in_one_push(sealed: Repo) -> None:
    sealed.commit({"top": "b\n"}, "Top")
    sealed.git("tag", "v1")
    said = refused(sealed.push("main", "v1", "main:release"))
    assert [line for line in said if "rejected" in line] == [
        "lanes: main is rejected: 1 change in 1 commit does not fit into one lane with the rest of a step",
        "lanes: release is rejected: 1 change in 1 commit does not fit into one lane with the rest of a step",
    ]


# -- Protected paths, and the manifest


@pytest.mark.parametrize("path", [".lanes.toml", "ci/run"])
def test_protected_paths_without_named_pushers(sealed: Repo, path: str) -> None:
    content = SEALED + "# more\n" if path == ".lanes.toml" else "more\n"
    sealed.commit({path: content}, "Protected")
    assert refused(sealed.push("main")) == misfit(
        '  commit OID "Protected" by Ann',
        f"    changes {path} (protected: no lane may write it)",
        *IN_FORCE.split("\n"),
        "  next:",
        "    name who may push to main, and so change protected paths: [integration] pushers in .lanes.toml;"
        " to bring that in, the server's administrator sets git config lanes.mode warn for one push",
    )


@pytest.mark.parametrize("path", [".lanes.toml", "ci/run"])
def test_protected_paths_by_a_named_pusher(named: Repo, path: str) -> None:
    content = NAMED + "# more\n" if path == ".lanes.toml" else "more\n"
    work(named, "governance", {path: content})
    merge(named, "governance")
    assert refused(named.push("main", env={"WHO": "bob"})) == [
        "lanes: main is rejected: bob is not one of the pushers of integration branches (not-a-pusher): ann",
        "  manifest in force: .lanes.toml of refs/heads/main at OID",
    ]
    assert named.push("main", env={"WHO": "ann"}).status == 0
    named.commit({"ci/run": "directly\n", "docs/a": "with a lane\n"})
    assert named.push("main", env={"WHO": "ann"}).status == 0
    named.commit({"ci/run": "directly\n", "docs/a": "two lanes\n", "api/a": "two lanes\n"})
    assert refused(named.push("main", env={"WHO": "ann"}))[2] == (
        '    changes api/a (not-in-one-lane: lane "api" may write it)'
    )


def test_a_protected_path_that_a_merge_brings_and_takes_back(named: Repo) -> None:
    """Whoever pushes sees only what the step as a whole changes."""
    work(named, "work/docs-1", {"docs/a": "b\n", "ci/run": "evil\n"}, {"ci/run": "run\n"})
    merge(named, "work/docs-1")
    assert refused(named.push("main", env={"WHO": "ann"})) == misfit(
        '  commit OID "Work" by Ann',
        "    changes ci/run (protected: no lane may write it)",
        *IN_FORCE.split("\n"),
        "  next:",
        "    leave protected paths alone in the commits that a merge brings,"
        " but for those that the merge as a whole changes",
    )


# -- The other entry points say the same


def test_audit(sealed: Repo) -> None:
    audited = sealed.script("lane-audit")
    inside = "main is inside: no new step\n"
    assert (audited.status, audited.out.partition("\n")[2]) == (0, inside)
    sealed.commit({"docs/a": "b\n"})
    audited = sealed.script("lane-audit")
    inside = "main is inside: 1 new step, each in one lane\n"
    assert (audited.status, audited.out.partition("\n")[2]) == (0, inside)
    sealed.commit({"docs/a": "c\n", "api/a": "c\n"}, "Both")
    for arguments in ([], ["--as", "main", "HEAD"]):
        audited = sealed.script("lane-audit", *arguments)
        assert (audited.status, masked(audited.out).split("\n")[1:4]) == (
            1,
            [
                "main is rejected: 1 change in 1 commit does not fit into one lane with the rest of a step",
                '  commit OID "Both" by Ann',
                '    changes api/a (not-in-one-lane: lane "api" may write it)',
            ],
        )


def test_push(sealed: Repo) -> None:
    sealed.hook("pre-push", "lane-pre-push")
    sealed.commit({"docs/a": "c\n", "api/a": "c\n"}, "Both")
    ended = sealed.try_git("push", "origin", "main")
    assert (ended.status, masked(ended.err).split("\n")[:3]) == (
        1,
        misfit('  commit OID "Both" by Ann', '    changes api/a (not-in-one-lane: lane "api" may write it)'),
    )


def test_commit(sealed: Repo) -> None:
    for name in ("pre-commit", "pre-merge-commit"):
        sealed.hook(name, "lane-pre-commit")
    sealed.write({"docs/a": "b\n", "api/a": "b\n"})
    sealed.git("add", "--all")
    ended = sealed.try_git("commit", "-m", "Both")
    assert (ended.status, masked(ended.err).split("\n")) == (
        1,
        misfit(
            "  this commit",
            '    changes api/a (not-in-one-lane: lane "api" may write it)',
            "  a step is a commit or a merge on main itself, with all that it brings",
            "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID",
            *ONE_AT_A_TIME.split("\n")[:2],
            "      git restore --staged PATH, or, in a merge, git merge --abort",
            *ONE_AT_A_TIME.split("\n")[3:],
            "    or, if other integration branches hold these commits by now: git fetch origin",
            "",
        ),
    )
    sealed.git("restore", "--staged", "api/a")
    sealed.git("commit", "--quiet", "-m", "Docs")
    sealed.git("checkout", "--quiet", "--", "api/a")
    work(sealed, "work/api-1", {"api/b": "b\n"}, {"top": "evil\n"})
    ended = sealed.try_git("merge", "--no-ff", "-m", "Merge", "work/api-1")
    assert (ended.status, masked(ended.err).split("\n")[1:3]) == (
        1,
        ['  commit OID "Work" by Ann', "    changes top (not-in-one-lane: no lane may write it)"],
    )
    sealed.git("merge", "--abort")
    sealed.git("merge", "--quiet", "--no-ff", "-m", "Merge", "work/api-1~1")


def test_show(sealed: Repo) -> None:
    shown = "lanes: main is an integration branch: it takes only what fits into one lane, step by step\n"
    assert sealed.script("git-lanes", "show", "main").out.startswith(shown)
