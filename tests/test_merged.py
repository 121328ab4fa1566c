"""`lane-audit --first-parent`: merged history, each merge judged as the branch that it merged."""

import json
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import fake_git
from histories import History, build, histories
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft7Validator
from repos import MANIFEST, Content, Ended, Repo, make_repo, masked

from lanes.merge_names import merged_branches
from lanes.merged import judge_merged
from lanes.plumbing import Git
from lanes.trust import on_server, remotes_of
from lanes.verdict import Branch, judge_for

SCHEMA = json.loads((Path(__file__).parent.parent / "lanes" / "audit.schema.json").read_text())
GRAPHLESS = "'core.commitGraph'='false'"
HEAD = "lanes: audit, manifest in force: .lanes.toml of refs/heads/main at OID\n"
TODAY = "merged into main, judged by the manifest in force today:\n"
OUT = """\
(merged by OID) is rejected: 1 change in 1 commit outside its lane "docs"
  commit OID "Out" by Ann
    changes top.txt (outside-lane: no lane may write it)
  next:
    ask the integrator to run, if lane "docs" should write these paths:
      git lanes allow docs top.txt
"""


@pytest.fixture
def merging(repo: Repo) -> Repo:
    """A repository whose `main` has the manifest, and a file in every folder."""
    files = {"docs/a.md": "a\n", "api/a.py": "a\n", "ci/run": "run\n", "top.txt": "t\n"}
    repo.commit({".lanes.toml": MANIFEST, **files}, "Begin")
    return repo


def work(repo: Repo, branch: str, files: dict[str | bytes, Content], subject: str = "Work") -> str:
    """Make a branch on main with one commit, and give its id; main stays the current branch."""
    repo.switch(branch, "main")
    commit = repo.commit(files, subject)
    repo.switch("main")
    return commit


def merge(repo: Repo, *branches: str, subject: str | None = None) -> str:
    """Merge branches into the current one, with git's own subject or another one, and give the merge's id."""
    message = ["-m", subject] if subject else ["--no-edit"]
    repo.git("merge", "--quiet", "--no-ff", *message, *branches)
    return repo.head()


def reported(ended: Ended) -> tuple[int, str]:
    assert ended.err == ""
    return ended.status, masked(ended.out)


def audited(repo: Repo, *arguments: str, status: int = 0) -> dict[str, Any]:
    """Give the report in JSON, valid by the published schema."""
    ended = repo.script("lane-audit", "--format", "json", "--first-parent", "main", *arguments)
    assert (ended.status, ended.err) == (status, "")
    found: dict[str, Any] = json.loads(ended.out)
    Draft7Validator(SCHEMA).validate(found)
    return found


def outside(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Give each branch of a report that is not inside, and its paths."""
    return [
        (one["branch"].removeprefix("refs/heads/"), [violation["path"] for violation in one["violations"]])
        for one in found["branches"]
        if one["violations"]
    ]


def refused(ended: Ended) -> str:
    assert (ended.status, ended.out) == (2, "")
    return masked(ended.err).split("\n  Usage")[0].removesuffix("\n")


# -- What is judged


def test_each_merge_is_judged_for_the_lane_of_its_branch(merging: Repo) -> None:
    work(merging, "work/docs-1", {"docs/b.md": "b"})
    merge(merging, "work/docs-1")
    merging.commit({"ci/run": "other"}, "On main itself")
    work(merging, "work/docs-2", {"top.txt": "x"}, "Out")
    merge(merging, "work/docs-2")
    work(merging, "feature", {"top.txt": "y"})
    merge(merging, "feature")
    work(merging, "release", {"top.txt": "z"})
    merge(merging, "release")
    work(merging, "work/api-1", {"api/b.py": "b"})
    merge(merging, "work/api-1", subject="The API, at last")
    assert reported(merging.script("lane-audit", "--first-parent", "main")) == (
        1,
        HEAD
        + TODAY
        + f"work/docs-2 {OUT}"
        + "1 of 2 merges inside\n"
        + "not judged: 2 commits made on main itself, which may change anything\n"
        + "not judged: 1 merge of an integration branch, which may change anything: release\n"
        + "not judged: 1 merge of a branch that no lane covers: feature\n"
        + 'not judged: 1 merge that names no branch: OID "The API, at last"\n',
    )


def test_json_whole(merging: Repo) -> None:
    begin = merging.head()
    first = work(merging, "work/docs-1", {"docs/b.md": "b"})
    merged = merge(merging, "work/docs-1")
    second = work(merging, "work/docs-2", {"top.txt": "x"}, "Out")
    evil = merge(merging, "work/docs-2")
    other = work(merging, "feature", {"top.txt": "y"})
    unlisted = merge(merging, "feature")
    shown = {"summary": "Out", "author": "Ann", "path": "top.txt", "quoted": False, "status": "M"}
    common = {"lane": "docs", "commits": 1, "error": None, "refusal": None}
    assert audited(merging, "--since", begin, status=1) == {
        "schema": 1,
        "manifest": {"ref": "refs/heads/main", "commit": unlisted},
        "merged": {
            "branch": "refs/heads/main",
            "tip": unlisted,
            "since": begin,
            "direct": 0,
            "unjudged": [
                {
                    "merge": unlisted,
                    "summary": "Merge branch 'feature'",
                    "tip": other,
                    "branch": "refs/heads/feature",
                    "why": "no-lane",
                }
            ],
        },
        "branches": [
            {
                "branch": "refs/heads/work/docs-2",
                **common,
                "tip": second,
                "base": merged,
                "violations": [{"commit": second, **shown, "reason": "outside-lane", "lanes": []}],
                "merge": evil,
            },
            {
                "branch": "refs/heads/work/docs-1",
                **common,
                "tip": first,
                "base": begin,
                "violations": [],
                "merge": merged,
            },
        ],
    }


def test_since(merging: Repo) -> None:
    ends = []
    for number in range(3):
        work(merging, f"work/docs-{number}", {f"out-{number}": "x"})
        ends.append(merge(merging, f"work/docs-{number}"))
    names = ["work/docs-2", "work/docs-1", "work/docs-0"]
    assert [name for name, _ in outside(audited(merging, status=1))] == names
    assert [name for name, _ in outside(audited(merging, "--since", ends[0], status=1))] == names[:2]
    # What the branch work/docs-2 began on.
    assert [name for name, _ in outside(audited(merging, "--since", "work/docs-2", status=1))] == names[:1]
    assert reported(merging.script("lane-audit", "--first-parent", "main", "--since", "main")) == (
        0,
        HEAD + TODAY.replace(",", " since OID,", 1) + "there is no merge to judge\n",
    )


def test_what_main_held_before_the_merge_is_trusted(merging: Repo) -> None:
    """What came to main later is not."""
    work(merging, "work/api-1", {"api/b.py": "b"})
    merging.switch("work/docs-1", "work/api-1")
    merging.commit({"docs/b.md": "b"})
    merging.switch("main")
    merge(merging, "work/docs-1")
    assert outside(audited(merging, status=1)) == [("work/docs-1", ["api/b.py"])]
    merging.switch("work/docs-2", "work/docs-1")
    merging.git("merge", "--quiet", "--no-ff", "-m", "Take main", "main")
    merging.commit({"docs/c.md": "c"})
    merging.switch("main")
    merge(merging, "work/docs-2")
    found = audited(merging, "--since", "main^")
    assert [(one["branch"], one["commits"]) for one in found["branches"]] == [("refs/heads/work/docs-2", 2)]


def test_main_may_resolve_as_it_likes(merging: Repo) -> None:
    """A merge is a commit of main; what its branch brought is judged."""
    work(merging, "work/docs-1", {"docs/b.md": "b"})
    merge(merging, "work/docs-1")
    merging.commit({"ci/run": "evil", "top.txt": "evil"}, "Merge", "--amend")
    assert outside(audited(merging)) == []


def test_several_branches_in_one_merge(merging: Repo) -> None:
    work(merging, "work/docs-1", {"docs/b.md": "b"})
    work(merging, "work/docs-2", {"top.txt": "x"})
    work(merging, "feature", {"api/b.py": "b"})
    octopus = merge(merging, "work/docs-1", "work/docs-2", "feature")
    found = audited(merging, status=1)
    assert merging.git("log", "-1", "--format=%s") == (
        "Merge branches 'work/docs-1', 'work/docs-2' and 'feature'"
    )
    assert [(one["branch"], one["merge"], len(one["violations"])) for one in found["branches"]] == [
        ("refs/heads/work/docs-1", octopus, 0),
        ("refs/heads/work/docs-2", octopus, 1),
    ]
    assert [(one["branch"], one["why"]) for one in found["merged"]["unjudged"]] == [
        ("refs/heads/feature", "no-lane")
    ]


def test_as_many_names_as_parents_or_none(merging: Repo) -> None:
    work(merging, "work/docs-1", {"docs/b.md": "b"})
    work(merging, "work/docs-2", {"top.txt": "x"})
    merge(merging, "work/docs-1", "work/docs-2", subject="Merge branch 'work/docs-1'")
    found = audited(merging)
    assert [one["why"] for one in found["merged"]["unjudged"]] == ["unnamed", "unnamed"]


def test_one_lane_for_all(merging: Repo) -> None:
    """Squash merges leave no name, and no merge: what is on main is judged itself."""
    feature = work(merging, "feature", {"docs/b.md": "b", "top.txt": "x"}, "Out")
    unnamed = merge(merging, "feature", subject="Take it")
    squashed = merging.commit({"docs/c.md": "c"}, "Add a page (#7)")
    bad = merging.commit({"top.txt": "y"}, "Out")
    options = ("--lane", "docs", "--since", "main~3")
    assert reported(merging.script("lane-audit", "--first-parent", "main", *options)) == (
        1,
        HEAD
        + TODAY.replace(",", " since OID,", 1)
        + f"commit OID {OUT}".replace(" (merged by OID)", "")
        + f"commit OID {OUT}"
        + "1 of 3 merges and commits inside\n",
    )
    found = audited(merging, *options, status=1)
    assert [(one["branch"], one["merge"], len(one["violations"])) for one in found["branches"]] == [
        (bad, bad, 1),
        (squashed, squashed, 0),
        (feature, unnamed, 1),
    ]
    assert found["merged"]["direct"] == 0


def test_unlisted_branches_allowed(merging: Repo) -> None:
    merging.commit({".lanes.toml": MANIFEST.replace("[defaults]", '[defaults]\nunlisted = "allow"')})
    work(merging, "feature", {"top.txt": "x"})
    merge(merging, "feature")
    work(merging, "other", {"ci/run": "x"})
    merge(merging, "other")
    assert outside(audited(merging, status=1)) == [("other", ["ci/run"])]


def test_one_merge_that_can_not_be_judged(merging: Repo) -> None:
    """It is said of that one, the others are judged."""
    work(merging, "work/docs-1", {"top.txt": "x"}, "Out")
    merge(merging, "work/docs-1")
    evil = b"100644 ..\0" + bytes.fromhex(merging.git("rev-parse", "main:top.txt"))
    tree = merging.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=evil)
    bad = merging.git("commit-tree", tree, "-p", "main", "-m", "Bad")
    held = merging.git("rev-parse", "main^{tree}")
    made = merging.git("commit-tree", held, "-p", "main", "-p", bad, "-m", "Merge branch 'work/docs-2'")
    merging.git("update-ref", "refs/heads/main", made)
    work(merging, "work/docs-3", {"docs/c.md": "c"})
    merge(merging, "work/docs-3")
    found = audited(merging, status=2)
    assert [(one["branch"], one["error"] is None, len(one["violations"])) for one in found["branches"]] == [
        ("refs/heads/work/docs-3", True, 0),
        ("refs/heads/work/docs-2", False, 0),
        ("refs/heads/work/docs-1", True, 1),
    ]
    assert masked(found["branches"][1]["error"]) == (
        "commit OID is malformed: its root folder holds the name .., which git would not make;"
        " make the commit anew"
    )


def test_a_branch_of_two_lanes_and_one_like_main(merging: Repo) -> None:
    both = MANIFEST + '[lanes.both]\nbranches = ["work/api-*"]\npaths = ["/both/"]\n'
    merging.commit({".lanes.toml": both})
    work(merging, "work/api-1", {"api/b.py": "b"})
    merge(merging, "work/api-1")
    work(merging, "other", {"api/b.py": "c"})
    merge(merging, "other", subject="Merge branch 'Main'")
    refused, ambiguous = audited(merging, status=2)["branches"]
    assert (refused["refusal"] or "").startswith("it differs from main by case alone")
    assert (ambiguous["error"] or "").startswith("the branch work/api-1 is covered by the lanes")


def test_on_a_server(merging: Repo, tmp_path: Path) -> None:
    work(merging, "work/docs-1", {"top.txt": "x"})
    merge(merging, "work/docs-1")
    server = make_repo(tmp_path / "bare.git", "--bare")
    merging.git("push", "--quiet", str(server.path), "main")
    assert outside(audited(server, status=1)) == [("work/docs-1", ["top.txt"])]


# -- The names of branches


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        (b"Merge branch 'work/a'", [b"work/a"]),
        (b"Merge branch 'it's'", [b"it's"]),
        (b"Merge branch 'a' into b", [b"a"]),
        (b"Merge branch 'a' into 'main'", [b"a"]),
        (b"Merge branch 'a' of https://example.org/x", [b"a"]),
        (b"Merge branch 'a' of owner/repo into main", [b"a"]),
        (b"Merge branch 'a' (early part)", [b"a"]),
        (b"Merge branch 'w\xf6rk'", [b"w\xf6rk"]),
        (b"Merge remote-tracking branch 'origin/work/a'", [b"refs/remotes/origin/work/a"]),
        (b"Merge remote-tracking branch 'origin/a' into b", [b"refs/remotes/origin/a"]),
        (b"Merge branches 'a' and 'b'", [b"a", b"b"]),
        (b"Merge branches 'a', 'b,c' and 'and' into d", [b"a", b"b,c", b"and"]),
        (
            b"Merge remote-tracking branches 'o/a' and 'o/b'",
            [b"refs/remotes/o/a", b"refs/remotes/o/b"],
        ),
        (b"Merge pull request #12 from owner/work/a", [b"work/a"]),
        (b"Merge pull request #12 from owner/main", [b"fork/owner/main"]),
        (b"Merge pull request #12 from owner/release", [b"release"]),
        (b"Merge pull request 'It's (#3) from x into y' (#12) from work/a into main", [b"work/a"]),
        (b"Merge pull request 'Title' (!12) from owner/repo:work/a into main", [b"fork/owner/repo/work/a"]),
        (b"Merge pull request #12 in PROJ/repo from work/a to main", [b"work/a"]),
        (b"Merged in work/a (pull request #12)", [b"work/a"]),
        (b"Merge pull request 12 from work/a into main", [b"work/a"]),
        (b"Merged PR 12: Title", []),
        (b"Merge tag 'v1'", []),
        (b"Merge commit 'abcdef'", []),
        (b"Merge branch 'a', tag 'v1'", []),
        (b"Merge branch 'a b'", []),
        (b"Merge branch work/a", []),
        (b"Do not merge branch 'a'", []),
        (b"Merge https://example.org/x", []),
        (b"Merge pull request 'Title' (#12) into main", []),
        (b"Pull request #68: Title", []),
        (b"", []),
    ],
)
def test_names_in_subjects(subject: bytes, names: list[bytes]) -> None:
    assert merged_branches(subject, b"main") == names


def test_bitbucket_names_it_in_the_body(merging: Repo) -> None:
    work(merging, "a", {"top.txt": "x"})
    merge(
        merging,
        "a",
        subject="Pull request #68: Title\n\nMerge in P/r from work/docs-1 to main\n\n* commit 'x':",
    )
    work(merging, "b", {"top.txt": "y"})
    merge(merging, "b", subject="Pull request #69: Title\n\nMerge in P/r from ann/r:work/docs-1 to main")
    work(merging, "c", {"top.txt": "z"})
    merge(merging, "c", subject="Pull request #70: Title")
    found = audited(merging, status=1)
    assert outside(found) == [("work/docs-1", ["top.txt"])]
    assert [(one["branch"], one["why"]) for one in found["merged"]["unjudged"]] == [
        (None, "unnamed"),
        ("refs/heads/fork/ann/r/work/docs-1", "no-lane"),
    ]


def test_what_git_itself_writes(clone: Repo) -> None:
    """A remote can have a slash in its name; a branch of another repository has its own name."""
    work(clone, "work/docs-1", {"docs/b.md": "b"})
    clone.put("work/docs-1")
    clone.git("remote", "add", "team/ann", clone.git("remote", "get-url", "origin"))
    clone.git("fetch", "--quiet", "team/ann")
    merge(clone, "team/ann/work/docs-1")
    work(clone, "work/docs-2", {"docs/c.md": "c"})
    clone.git("pull", "--quiet", "--no-rebase", "--no-ff", "--no-edit", ".", "work/docs-2")
    work(clone, "work/docs-3", {"docs/d.md": "d"})
    clone.put("work/docs-3")
    clone.git("pull", "--quiet", "--no-rebase", "--no-ff", "--no-edit", "origin", "work/docs-3")
    work(clone, "other", {"docs/e.md": "e"})
    clone.git("tag", "v1", "other")
    merge(clone, "v1")
    found = audited(clone)
    assert [one["branch"] for one in found["branches"]] == [
        "refs/heads/work/docs-3",
        "refs/heads/work/docs-2",
        "refs/heads/work/docs-1",
    ]
    assert [one["summary"] for one in found["merged"]["unjudged"]] == ["Merge tag 'v1'"]


def test_a_subject_can_not_forge_a_line(merging: Repo) -> None:
    work(merging, "feature", {"top.txt": "x"})
    merge(merging, "feature", subject="Merge tag 'v1'\x1b[2J\u202e of x")
    assert reported(merging.script("lane-audit", "--first-parent", "main"))[1].split("\n")[-2] == (
        "not judged: 1 merge that names no branch: OID \"Merge tag 'v1'\\x1b[2J\\u202e of x\""
    )


# -- What means nothing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "main"], "--since needs --first-parent BRANCH."),
        (["--first-parent", "main", "--all"], "BRANCH, --all, --as and --first-parent can't be combined."),
        (["--first-parent", "main", "main"], "BRANCH, --all, --as and --first-parent can't be combined."),
        (
            ["--first-parent", "main", "--base", "main"],
            "--base can't be combined with --first-parent:"
            " trusted is what the branch held before each merge.",
        ),
        (
            ["--first-parent", "work/docs-1"],
            "could not judge: work/docs-1 is no integration branch, which --first-parent needs;"
            " there is: main, release",
        ),
        (["--first-parent", "main", "--since", "nowhere"], "could not judge: there is no commit nowhere"),
        (
            ["--first-parent", "main", "--lane", "doc"],
            'could not judge: there is no lane "doc"; did you mean "docs"?',
        ),
    ],
)
def test_what_means_nothing_is_refused(merging: Repo, arguments: list[str], message: str) -> None:
    work(merging, "work/docs-1", {"docs/b.md": "b"})
    assert refused(merging.script("lane-audit", *arguments)) == f"lanes: {message}"


def test_a_shallow_clone_is_refused(merging: Repo, tmp_path: Path) -> None:
    work(merging, "work/docs-1", {"docs/b.md": "b"})
    merge(merging, "work/docs-1")
    merging.git("clone", "--quiet", "--depth=2", f"file://{merging.path}", str(tmp_path / "shallow"))
    shallow = Repo(tmp_path / "shallow")
    assert refused(shallow.script("lane-audit", "--first-parent", "refs/heads/main")) == (
        "lanes: could not judge: the history is cut off here (a shallow clone); run: git fetch --unshallow"
    )


# -- What makes the verdict right


def test_dates_that_mislead(repo: Repo) -> None:
    """Git's own walk takes commits for new ones that main held long before; nobody is charged with them."""

    def dated(seconds: int, files: dict[str | bytes, Content]) -> None:
        repo.write(files)
        repo.git("add", "--all")
        repo.git(
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "Dated",
            env={"GIT_COMMITTER_DATE": f"@{seconds} +0000"},
        )

    dated(2_000_000_000, {".lanes.toml": MANIFEST})
    dated(2_000_000_001, {"top.txt": "x"})
    repo.git("branch", "old")
    for seconds in range(1_000_000_000, 1_000_000_010):
        dated(seconds, {})
    repo.switch("work/docs-1", "old")
    dated(2_000_000_002, {"docs/b.md": "b"})
    repo.switch("main")
    merge(repo, "work/docs-1")
    listed = repo.git("rev-list", "--topo-order", "main", "^main^", env={"GIT_CONFIG_PARAMETERS": GRAPHLESS})
    assert len(listed.split()) == 4  # what is wrong
    (branch,) = audited(repo, "--since", "main^")["branches"]
    assert branch["commits"] == 1


RELAXED = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=120, **RELAXED)
@given(histories(most=20))
def test_each_merge_is_judged_as_the_branch_was(history: History) -> None:
    """By the one rule for branches, with what main held before the merge for all that is trusted."""
    with tempfile.TemporaryDirectory() as folder:
        repo = make_repo(Path(folder, "repo"), "--bare")
        commits = build(repo, history)
        git = Git(repo.path)
        trust = on_server(git)
        lane = trust.required().lane_named("docs")
        tip = commits[history.main]
        line = dict(git.walk([tip], (), "--first-parent"))
        since = list(line)[len(line) // 2] if len(line) > 3 else None
        main = Branch(b"refs/heads/main", b"main", tip)
        verdicts, _ = judge_merged(git, trust, remotes_of(git), main, since, lane)
        for verdict in verdicts:
            before = line[verdict.merge or ""][:1]
            alone = replace(trust, tips={b"%d" % i: oid for i, oid in enumerate(before)})
            branch = Branch(verdict.ref, b"", verdict.tip or "")
            assert replace(judge_for(git, alone, branch, lane, counted=True), merge=verdict.merge) == verdict
        new = list(line)[: list(line).index(since)] if since else list(line)
        steps = sum(max(1, len(line[commit]) - 1) for commit in new)
        assert len(verdicts) == steps


def test_no_more_git_for_more_merges(merging: Repo, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    path = fake_git(tmp_path / "bin", f"*) echo >>{calls};;")

    def count() -> int:
        calls.unlink(missing_ok=True)
        assert merging.script("lane-audit", "--first-parent", "main", env=path).status == 0
        return len(calls.read_text())

    work(merging, "work/docs-0", {"docs/0": "x"})
    merge(merging, "work/docs-0")
    few = count()
    for i in range(1, 6):
        work(merging, f"work/docs-{i}", {f"docs/{i}": "x"})
        merge(merging, f"work/docs-{i}")
    assert count() == few


# -- The README


README = (Path(__file__).parent.parent / "README.md").read_text()


def typed(repo: Repo, command: str) -> None:
    """Type a command of the README, which shows what it says."""
    shown = re.findall(rf"^```console\n(\$ {re.escape(command)}\n.*?)^```$", README, re.DOTALL | re.MULTILINE)
    said = repo.run("sh", "-c", command).out
    assert masked("".join(shown)) == masked(f"$ {command}\n{said}")


def test_the_readmes_example(repo: Repo) -> None:
    (manifest,) = re.findall(
        r"^```toml\n(version = 1\n\n\[lanes\.lessons\].*?)^```$", README, re.DOTALL | re.MULTILINE
    )
    lessons, quizzes = "src/content/lessons/openai-codex.json", "src/content/quizzes/end-openai-codex.json"
    repo.git("config", "user.name", "Demo")
    repo.commit({lessons: "1\n", quizzes: "1\n", "package.json": "1\n"}, "Begin")
    repo.git("tag", "v1.0")
    work(repo, "codex/lessons-1", {lessons: "2\n"}, "Add a lesson")
    merge(repo, "codex/lessons-1")
    work(repo, "codex/quizzes-2", {quizzes: "2\n", lessons: "3\n"}, "Add a quiz and mend a lesson")
    merge(repo, "codex/quizzes-2", subject="Merge pull request #12 from demo/codex/quizzes-2")
    work(repo, "new-build", {"package.json": "2\n"})
    merge(repo, "new-build")
    work(repo, "hotfix", {"package.json": "3\n"})
    merge(repo, "hotfix", subject="Fix the build")
    repo.commit({".lanes.toml": manifest}, "Give every task its lane")
    typed(repo, "lane-audit --first-parent main --since v1.0")
    typed(repo, "lane-audit --first-parent main --since v1.0 --baseline .lanes-baseline --write-baseline")
    shown = re.findall(r"^```text\n(# git-lanes baseline .*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert shown == [(repo.path / ".lanes-baseline").read_text()]
    assert repo.script("lane-audit", "--first-parent", "main", "--baseline", ".lanes-baseline").status == 0


def test_a_manifest_that_is_not_on_main_yet(repo: Repo) -> None:
    """As the README has it: it is in force where it is, and names main."""
    repo.commit({"top.txt": "t"}, "Begin")
    work(repo, "work/docs-1", {"top.txt": "x"}, "Out")
    merge(repo, "work/docs-1")
    repo.switch("draft", "main")
    repo.commit({".lanes.toml": MANIFEST})
    repo.switch("main")
    assert repo.script("lane-audit", "--first-parent", "main").status == 2
    (command,) = re.findall(r"`(git config lanes\.trustedRef refs/heads/draft)`", README)
    repo.git(*command.split()[1:])
    assert outside(audited(repo, status=1)) == [("work/docs-1", ["top.txt"])]
