"""`git lanes status`, as it is installed, in real repositories: whole reports, in both formats."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from fakes import FAULTS, FaultyGit, fake_git, started
from repos import MANIFEST, SCRIPTS, Content, Ended, Repo, make_repo, masked
from test_readme import block, shape

from lanes import status
from lanes.plumbing import Git
from lanes.trust import in_clone

FETCHED = "lanes: status, manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
BOTH = MANIFEST + '[lanes.both]\nbranches = ["work/api-*"]\npaths = ["/both/"]\n'
NOTHING = "\nnothing would conflict if merged now\n"


@pytest.fixture(autouse=True)
def _made_three_hours_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"{int(time.time()) - 3 * 3600 - 60} +0000")


def begin(clone: Repo, branch: str, files: dict[str | bytes, Content], start: str = "main") -> str:
    """Make a branch with one commit, and give its id."""
    clone.switch(branch, start)
    return clone.commit(files)


def publish(clone: Repo, *refspecs: str | bytes) -> None:
    """Push behind the hook's back."""
    past = "--receive-pack=git -c core.hooksPath=/dev/null receive-pack"
    clone.git("push", "--quiet", past, "origin", *refspecs)


def advance(clone: Repo, files: dict[str | bytes, Content]) -> None:
    """Let main move on, and push it."""
    clone.switch("main")
    clone.commit(files)
    publish(clone, "main")


def told(repo: Repo, status: int = 0) -> str:
    """Give the whole report for people, masked; it must come with this exit status and nothing else."""
    ended = repo.script("git-lanes", "status")
    assert (ended.status, ended.err) == (status, "")
    return masked(ended.out)


def report(repo: Repo, status: int = 0) -> dict[str, Any]:
    """Give the report in JSON, which must come with this exit status and nothing else."""
    ended = repo.script("git-lanes", "status", "--format", "json")
    assert (ended.status, ended.err) == (status, "")
    found: dict[str, Any] = json.loads(ended.out)
    return found


def refused(ended: Ended) -> str:
    """Give the whole message of a report that could not begin, masked."""
    assert (ended.status, ended.out) == (2, "")
    return masked(ended.err)


@pytest.fixture
def team(clone: Repo) -> Repo:
    """A clone with branches as they are after some days: one is outside, and some conflict."""
    begin(clone, "work/docs-1", {"docs/b.md": "b", "shared.txt": "one\n"})
    publish(clone, "work/docs-1")
    begin(clone, "work/docs-2", {"docs/c.md": "c", "shared.txt": "two\n"})
    publish(clone, "work/docs-2")
    clone.commit({"docs/d.md": "d"})
    begin(clone, "work/api-1", {"api/b.py": "b", "docs/a.md": "out\n"})
    begin(clone, "work/api-2", {"api/a.py": "two\n"})
    publish(clone, "work/api-2")
    begin(clone, "work/api-3", {"api/c.py": "three\n"})
    clone.git("branch", "review/1", "main")
    advance(clone, {"api/a.py": "main\n"})
    return clone


def test_for_people(team: Repo) -> None:
    assert told(team, status=1) == FETCHED + (
        "branch                     lane    verdict                ahead  behind  changed  author\n"
        "review/1                   review  nothing to merge           0       1      3 h  Ann\n"
        "work/api-1                 api     1 outside in 1 commit      1       1      3 h  Ann\n"
        "work/api-2 (also origin)   api     inside                     1       1      3 h  Ann\n"
        "work/api-3                 api     inside                     1       1      3 h  Ann\n"
        "work/docs-1 (also origin)  docs    inside                     1       1      3 h  Ann\n"
        "work/docs-2                docs    inside                     2       1      3 h  Ann\n"
        "origin/work/docs-2         docs    inside                     1       1      3 h  Ann\n"
        "\n"
        "what lies outside: lane-audit work/api-1, or lane-audit --all\n"
        "\n"
        "would conflict if merged now:\n"
        "  origin/main and work/api-2\n"
        "    api/a.py\n"
        "  work/docs-1 and work/docs-2\n"
        "    shared.txt\n"
        "\n"
        "can go in, what conflicts with fewest first:\n"
        "  1. work/api-3\n"
        "  2. work/docs-1\n"
        "  3. work/api-2: by hand, conflicts with origin/main\n"
        "  4. work/docs-2: by hand, conflicts with work/docs-1\n"
        "  origin/work/docs-2: work/docs-2 holds all of it\n"
    )


def test_for_programs(team: Repo) -> None:
    found = report(team, status=1)
    (main,) = team.git("rev-parse", "origin/main").split()
    assert found == {
        "schema": 1,
        "manifest": {"ref": "refs/remotes/origin/main", "commit": main},
        "error": None,
        "branches": found["branches"],
        "conflicts": [
            {
                "branches": ["refs/remotes/origin/main", "refs/heads/work/api-2"],
                "paths": ["api/a.py"],
                "error": None,
            },
            {
                "branches": ["refs/heads/work/docs-1", "refs/heads/work/docs-2"],
                "paths": ["shared.txt"],
                "error": None,
            },
        ],
        "untried": 0,
        "order": [
            {"branch": "refs/heads/work/api-3", "by_hand": []},
            {"branch": "refs/heads/work/docs-1", "by_hand": []},
            {"branch": "refs/heads/work/api-2", "by_hand": ["refs/remotes/origin/main"]},
            {"branch": "refs/heads/work/docs-2", "by_hand": ["refs/heads/work/docs-1"]},
        ],
    }
    branches = {branch["branch"]: branch for branch in found["branches"]}
    seconds = int(os.environ["GIT_COMMITTER_DATE"].split()[0])
    docs = {
        "branch": "refs/heads/work/docs-1",
        "also": ["refs/remotes/origin/work/docs-1"],
        "newer": None,
        "lane": "docs",
        "tip": team.git("rev-parse", "work/docs-1"),
        "author": "Ann",
        "changed": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
        "ahead": 1,
        "behind": 1,
        "verdict": "inside",
        "violations": 0,
        "error": None,
        "refusal": None,
    }
    assert branches["refs/heads/work/docs-1"] == docs
    assert branches["refs/remotes/origin/work/docs-2"]["newer"] == "refs/heads/work/docs-2"
    outside = branches["refs/heads/work/api-1"]
    assert (outside["verdict"], outside["violations"]) == ("outside", 1)
    review = branches["refs/heads/review/1"]
    assert (review["verdict"], review["ahead"], review["behind"]) == ("merged", 0, 1)


def test_the_readme_shows_it(team: Repo) -> None:
    assert masked(block("console", "git lanes status")) == "$ git lanes status\n" + told(team, status=1)
    team.git("checkout", "--quiet", "--detach")
    for branch in ("review/1", "work/api-1", "work/api-3", "work/docs-2"):
        team.git("branch", "--quiet", "-D", branch)
    team.git("update-ref", "-d", "refs/remotes/origin/work/docs-2")
    real = report(team)
    real["branches"].reverse()
    real["order"].reverse()
    assert shape(json.loads(block("json", '"by_hand"'))) == shape(real)


def test_nothing_is_touched(team: Repo) -> None:
    """Neither a ref nor the index, a file or an object; what was staged or is dirty stays as it is."""
    team.write({"top.txt": "dirty", "new": "new"})
    team.git("add", "new")

    def everything() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in team.path.rglob("*") if path.is_file()}

    before = everything()
    told(team, status=1)
    assert everything() == before


def test_in_a_bare_repository(team: Repo, server: Repo) -> None:
    assert told(server) == (
        "lanes: status, manifest in force: .lanes.toml of refs/heads/main at OID\n"
        "branch       lane  verdict  ahead  behind  changed  author\n"
        "work/api-2   api   inside       1       1      3 h  Ann\n"
        "work/docs-1  docs  inside       1       1      3 h  Ann\n"
        "work/docs-2  docs  inside       1       1      3 h  Ann\n"
        "\n"
        "would conflict if merged now:\n"
        "  main and work/api-2\n"
        "    api/a.py\n"
        "  work/docs-1 and work/docs-2\n"
        "    shared.txt\n"
        "\n"
        "can go in, what conflicts with fewest first:\n"
        "  1. work/docs-1\n"
        "  2. work/api-2: by hand, conflicts with main\n"
        "  3. work/docs-2: by hand, conflicts with work/docs-1\n"
    )


def test_no_branches(clone: Repo) -> None:
    assert told(clone) == FETCHED + "there is no branch that a lane covers\n"
    assert report(clone)["branches"] == []


def test_what_conflicts_with_many_goes_last(clone: Repo) -> None:
    begin(clone, "work/docs-1", {f"docs/{number}.md": "all\n" for number in range(8)})
    for number in range(8):
        begin(clone, f"work/docs-{number + 2}", {f"docs/{number}.md": "mine\n"})
    lines = told(clone).partition("first:\n")[2].splitlines()
    assert lines[:8] == [f"  {number + 1}. work/docs-{number + 2}" for number in range(8)]
    after = ", ".join(f"work/docs-{number}" for number in range(2, 7))
    assert lines[8:] == [f"  9. work/docs-1: by hand, conflicts with {after}, 3 more"]
    assert [turn["by_hand"] for turn in report(clone)["order"]][8] == [
        f"refs/heads/work/docs-{number}" for number in range(2, 10)
    ]


def test_long_lists_are_cut_for_people(clone: Repo) -> None:
    begin(clone, "work/docs-" + "long-" * 20, {f"docs/{number}.md": "one\n" for number in range(7)})
    for number in range(12):
        begin(clone, f"work/docs-{number:02}", {f"docs/{path}.md": f"{number}\n" for path in range(7)})
    text = told(clone)
    table = text.split("\n\n")[0].splitlines()
    assert max(map(len, table)) <= status.WIDTH
    assert table[-1].startswith("work/docs-long-long-long-long-long-")
    assert "… docs " in table[-1].replace("  ", " ")
    pairs = text.split("\n\n")[1].splitlines()
    assert pairs[1:8] == [
        "  work/docs-00 and work/docs-01",
        *(f"    docs/{path}.md" for path in range(5)),
        "    … and 2 more paths",
    ]
    assert pairs[-1] == "  … and 28 more pairs; all: git lanes status --format json"
    found = report(clone)
    assert (len(found["conflicts"]), len(found["conflicts"][0]["paths"])) == (78, 7)


def test_branches_with_the_same_tip(clone: Repo) -> None:
    """Two branches of the same commit don't conflict, and both conflict with a third one."""
    begin(clone, "work/docs-1", {"docs/a.md": "one\n"})
    clone.git("branch", "work/docs-2")
    begin(clone, "work/docs-3", {"docs/a.md": "three\n"})
    assert [conflict["branches"] for conflict in report(clone)["conflicts"]] == [
        ["refs/heads/work/docs-1", "refs/heads/work/docs-3"],
        ["refs/heads/work/docs-2", "refs/heads/work/docs-3"],
    ]


# -- Local and fetched branches


def test_remotes(clone: Repo) -> None:
    """A branch that is the same everywhere is one line; symbolic refs such as origin/HEAD are none."""
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    publish(clone, "work/docs-1")
    for remote in ("ann", "team/bob"):
        clone.git("remote", "add", remote, clone.git("remote", "get-url", "origin"))
        clone.git("fetch", "--quiet", remote)
        clone.git("remote", "set-head", remote, "main")
    clone.git("config", "--add", "remote.ann.fetch", "+refs/heads/work/docs-1:refs/remotes/elsewhere")
    clone.git("fetch", "--quiet", "ann")
    assert told(clone) == FETCHED + (
        "branch                                               lane  verdict  ahead  behind  changed  author\n"
        "work/docs-1 (also ann, elsewhere, origin, team/bob)  docs  inside       1       0      3 h  Ann\n"
        + NOTHING
        + "\ncan go in, what conflicts with fewest first:\n"
        "  1. work/docs-1\n"
    )


def test_the_versions_of_a_branch(clone: Repo) -> None:
    """Of two the newer one goes in; of two that went apart, both might."""
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    clone.commit({"docs/c.md": "c"})
    publish(clone, "work/docs-1")
    clone.git("reset", "--quiet", "--hard", "HEAD~")
    begin(clone, "work/docs-2", {"docs/d.md": "theirs\n"})
    publish(clone, "work/docs-2")
    begin(clone, "work/docs-2", {"docs/d.md": "mine\n"})
    assert told(clone) == FETCHED + (
        "branch              lane  verdict  ahead  behind  changed  author\n"
        "work/docs-1         docs  inside       1       0      3 h  Ann\n"
        "origin/work/docs-1  docs  inside       2       0      3 h  Ann\n"
        "work/docs-2         docs  inside       1       0      3 h  Ann\n"
        "origin/work/docs-2  docs  inside       1       0      3 h  Ann\n"
        "\n"
        "would conflict if merged now:\n"
        "  work/docs-2 and origin/work/docs-2\n"
        "    docs/d.md\n"
        "\n"
        "can go in, what conflicts with fewest first:\n"
        "  1. origin/work/docs-1\n"
        "  2. work/docs-2\n"
        "  3. origin/work/docs-2: by hand, conflicts with work/docs-2\n"
        "  work/docs-1: origin/work/docs-1 holds all of it\n"
    )


def test_a_version_that_can_not_be_judged(clone: Repo) -> None:
    """The other one of the same branch stands for itself."""
    lost = begin(clone, "work/docs-1", {"docs/b.md": "b"})
    clone.commit({"docs/c.md": "c"})
    begin(clone, "work/docs-2", {"docs/b.md": "other"})
    publish(clone, "work/docs-2:work/docs-1")
    os.remove(clone.path / ".git" / "objects" / lost[:2] / lost[2:])
    found = report(clone, status=2)
    assert [(b["branch"], b["verdict"], b["newer"]) for b in found["branches"]] == [
        ("refs/heads/work/docs-1", "error", None),
        ("refs/remotes/origin/work/docs-1", "inside", None),
        ("refs/heads/work/docs-2", "inside", None),
    ]
    assert [turn["branch"] for turn in found["order"]] == [
        "refs/remotes/origin/work/docs-1",
        "refs/heads/work/docs-2",
    ]


# -- What can't be judged or compared


def test_what_can_not_be_judged_leaves_the_others_alone(clone: Repo) -> None:
    """A branch of two lanes, one that could be mistaken for main, one that lost a commit; each says why."""
    advance(clone, {".lanes.toml": BOTH.replace('"review/*"', '"review/*", "[Mm]ain"')})
    begin(clone, "work/api-1", {"api/b.py": "b"})
    lost = begin(clone, "work/docs-1", {"docs/b.md": "b"})
    clone.commit({"docs/c.md": "c"})
    gone = begin(clone, "work/docs-2", {"docs/b.md": "b", "docs/e.md": "e"})
    begin(clone, "work/docs-3", {"docs/d.md": "d"})
    clone.git("update-ref", "refs/heads/Main", "main")
    for oid in (lost, gone):
        os.remove(clone.path / ".git" / "objects" / oid[:2] / oid[2:])
    found = report(clone, status=2)
    assert [(b["branch"], b["verdict"], b["lane"], b["author"], b["ahead"]) for b in found["branches"]] == [
        ("refs/heads/Main", "refused", None, "Ann", None),
        ("refs/heads/work/api-1", "error", None, "Ann", None),
        ("refs/heads/work/docs-1", "error", "docs", "Ann", None),
        ("refs/heads/work/docs-2", "error", "docs", None, None),
        ("refs/heads/work/docs-3", "inside", "docs", "Ann", 1),
    ]
    assert found["order"] == [{"branch": "refs/heads/work/docs-3", "by_hand": []}]
    text = told(clone, status=2)
    assert text.split("\n\n")[0] == (
        FETCHED + "branch       lane  verdict          ahead  behind  changed  author\n"
        "Main               refused                             3 h  Ann\n"
        "work/api-1         could not judge                     3 h  Ann\n"
        "work/docs-1  docs  could not judge                     3 h  Ann\n"
        "work/docs-2  docs  could not judge\n"
        "work/docs-3  docs  inside               1       0      3 h  Ann"
    )
    assert text.split("\n\n")[1].startswith(
        "not compared:\n"
        "  Main: it differs from main by case alone, and on many a disk they are one; use another name\n"
        '  work/api-1: the branch work/api-1 is covered by the lanes "api" and "both"; change their branch'
        " patterns in .lanes.toml so that only one covers it\n"
        "  work/docs-1: git "
    )


def test_a_history_of_its_own(clone: Repo) -> None:
    """Git refuses to merge it; it is said once, not for each other branch."""
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    begin(clone, "work/docs-2", {"docs/c.md": "c"})
    clone.git("checkout", "--quiet", "--orphan", "work/docs-3")
    clone.git("rm", "--quiet", "-rf", ".")
    clone.commit({"docs/b.md": "own"})
    assert told(clone).partition("Ann\n\n")[2] == (
        "would conflict if merged now:\n"
        "  origin/main and work/docs-3: they have no commit in common\n"
        "\n"
        "can go in, what conflicts with fewest first:\n"
        "  1. work/docs-1\n"
        "  2. work/docs-2\n"
        "  3. work/docs-3: by hand, conflicts with origin/main\n"
    )
    assert report(clone)["conflicts"] == [
        {
            "branches": ["refs/remotes/origin/main", "refs/heads/work/docs-3"],
            "paths": [],
            "error": "they have no commit in common",
        }
    ]


def test_a_history_of_its_own_that_begins_two_branches(clone: Repo) -> None:
    """They conflict with each other as all branches do."""
    clone.git("checkout", "--quiet", "--orphan", "work/docs-1")
    clone.git("rm", "--quiet", "-rf", ".")
    clone.commit({"docs/b.md": "own"})
    begin(clone, "work/docs-2", {"docs/b.md": "two"}, "work/docs-1")
    clone.switch("work/docs-1")
    clone.commit({"docs/b.md": "one"})
    assert [(c["branches"], c["paths"]) for c in report(clone)["conflicts"]] == [
        (["refs/remotes/origin/main", "refs/heads/work/docs-1"], []),
        (["refs/remotes/origin/main", "refs/heads/work/docs-2"], []),
        (["refs/heads/work/docs-1", "refs/heads/work/docs-2"], ["docs/b.md"]),
    ]


def test_a_command_is_safe_to_copy(clone: Repo) -> None:
    """A branch can be called what a shell would run."""
    begin(clone, "work/docs-$(id>x)", {"top.txt": "out"})
    assert "\nwhat lies outside: lane-audit 'work/docs-$(id>x)', or lane-audit --all\n" in told(
        clone, status=1
    )


def test_a_shallow_clone(clone: Repo, server: Repo, tmp_path: Path) -> None:
    begin(clone, "work/docs-1", {"docs/b.md": "b"})
    clone.commit({"docs/c.md": "c"})
    publish(clone, "work/docs-1")
    clone.git(
        "clone", "--quiet", "--no-single-branch", "--depth=1", f"file://{server.path}", tmp_path / "cut"
    )
    assert told(Repo(tmp_path / "cut"), status=2) == FETCHED + (
        "branch              lane  verdict          ahead  behind  changed  author\n"
        "origin/work/docs-1  docs  could not judge                     3 h  Ann\n"
        "\n"
        "not compared:\n"
        "  origin/work/docs-1: the history is cut off here (a shallow clone); run: git fetch --unshallow\n"
        + NOTHING
    )


def test_a_broken_ref(team: Repo) -> None:
    (team.path / ".git" / "refs" / "heads" / "work" / "api-9").write_text("garbage\n")
    assert refused(team.script("git-lanes", "status")) == (
        "lanes: could not judge: the ref refs/heads/work/api-9 is broken; restore it, or fetch it again\n"
    )


def test_no_manifest(repo: Repo) -> None:
    repo.commit({"a": "a"})
    assert "no manifest is in force" in refused(repo.script("git-lanes", "status"))


def test_a_git_that_is_too_old(team: Repo, tmp_path: Path) -> None:
    old = fake_git(tmp_path / "old", "version) echo git version 2.38.5; exit;;")
    assert refused(team.script("git-lanes", "status", env=old)) == (
        "lanes: could not judge: git 2.38 is too old; install git 2.39 or newer\n"
    )


def test_usage(repo: Repo) -> None:
    ended = repo.script("git-lanes", "status", "--format", "yaml")
    assert (ended.status, ended.err) == (
        2,
        "lanes: Invalid value for '--format': 'yaml' is not one of 'text', 'json'.\n"
        "  Usage: git-lanes status [OPTIONS]\n",
    )


# -- Lanes of all kinds


def test_a_sealed_main_and_a_review_lane(clone: Repo) -> None:
    sealed = MANIFEST.replace('"release"]', '"release"]\naccepts = "lanes"')
    advance(clone, {".lanes.toml": sealed})
    begin(clone, "work/docs-1", {"docs/a.md": "one\n"})
    begin(clone, "review/1", {"docs/a.md": "review\n"})
    found = report(clone, status=1)
    assert [(b["branch"], b["verdict"]) for b in found["branches"]] == [
        ("refs/heads/review/1", "outside"),
        ("refs/heads/work/docs-1", "inside"),
    ]
    assert [conflict["paths"] for conflict in found["conflicts"]] == [["docs/a.md"]]
    assert found["order"] == [{"branch": "refs/heads/work/docs-1", "by_hand": []}]


def test_sha_256(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "sha256", "--object-format=sha256")
    repo.commit({".lanes.toml": MANIFEST, "docs/a.md": "a\n"})
    begin(repo, "work/docs-1", {"docs/a.md": "one\n"})
    begin(repo, "work/docs-2", {"docs/a.md": "two\n"})
    assert [conflict["paths"] for conflict in report(repo)["conflicts"]] == [["docs/a.md"]]


def test_names_of_strangers(clone: Repo) -> None:
    """Neither a ref, a path, an author nor a date that nobody can have can break the report."""
    path = b'docs/\n\x1b[31m\xff"'
    begin(clone, "work/docs-1", {path: "one"})
    clone.git("branch", "-m", b"work/docs-\xff\xe2\x80\xae")
    begin(clone, "work/docs-2", {path: "two"})
    author, tree, parent = b"Eve\x1b[2J\rlanes: all is well", clone.git("rev-parse", "HEAD^{tree}"), "main"
    commit = b"tree %b\nparent %b\nauthor %b <e> 1 +0000\ncommitter %b <e> %d +0000\n\nx\n" % (
        tree.encode(),
        clone.git("rev-parse", parent).encode(),
        author,
        author,
        10**17,
    )
    made = clone.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=commit)
    clone.git("reset", "--quiet", "--hard", made)
    assert told(clone) == FETCHED + (
        "branch                lane  verdict  ahead  behind  changed  author\n"
        "work/docs-2           docs  inside       1       0    0 min  Eve\\x1b[2J\\rlan…\n"
        "work/docs-\\xff\\u202e  docs  inside       1       0      3 h  Ann\n"
        "\n"
        "would conflict if merged now:\n"
        "  work/docs-2 and work/docs-\\xff\\u202e\n"
        '    "docs/\\n\\033[31m\\377\\""\n'
        "\n"
        "can go in, what conflicts with fewest first:\n"
        "  1. work/docs-2\n"
        "  2. work/docs-\\xff\\u202e: by hand, conflicts with work/docs-2\n"
    )
    found = report(clone)
    assert found["branches"][0]["changed"] is None
    assert found["conflicts"][0]["paths"] == ['"docs/\\n\\033[31m\\377\\""']


# -- How much it costs, and what fails


def calls(repo: Repo, folder: Path) -> list[str]:
    """List the calls of git that a report takes."""
    with FaultyGit(folder).broken(0) as fault:
        repo.script("git-lanes", "status", env=fault.env)
        return fault.calls()


def test_300_branches_and_three_remotes(clone: Repo, tmp_path: Path) -> None:
    """Git is started a few times for each branch, and once for all merges; not for each pair, nor remote."""
    main = clone.git("rev-parse", "main")
    stream, refs = "", ""
    for number in range(300):
        name = f"work/docs-{number}"
        stream += f"commit refs/heads/{name}\ncommitter A <a@b> {number} +0000\ndata 0\nfrom {main}\n"
        stream += f"M 100644 inline docs/{number % 200}.md\ndata <<.\n{number}\n.\n\n"
        refs += "".join(f"create refs/remotes/{remote}/{name} refs/heads/{name}\n" for remote in "xyz")
    clone.git("fast-import", "--quiet", stdin=stream.encode())
    clone.git("update-ref", "--stdin", stdin=refs.encode())
    started = calls(clone, tmp_path / "faulty")
    assert sum(call.startswith("merge-tree") for call in started) == 1
    assert len(started) < 300 * 5 + 30
    found = report(clone)
    assert (len(found["branches"]), len(found["conflicts"]), len(found["order"])) == (300, 100, 300)


def test_pairs_that_are_too_many(team: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with the trusted branch come first, and what was not tried is said."""
    monkeypatch.chdir(team.path)
    monkeypatch.setattr(status, "MOST_MERGES", 1)
    git = Git()
    trust = in_clone(git, None)
    found = status.survey(git, trust)
    assert found.untried == 1
    assert list(found.conflicts) == [(b"refs/remotes/origin/main", b"refs/heads/work/api-2")]
    assert "\n  not tried: 1 pair; more than 1 changed the same files\n" in status.as_text(trust, found, 0)
    assert json.loads(status.as_json(trust, found))["untried"] == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_merge_that_fails_once(team: Repo, tmp_path: Path, fault: str) -> None:
    """The answers to one call are lost; then every pair is asked about again."""
    at = next(i for i, call in enumerate(calls(team, tmp_path / "calls"), 1) if call.startswith("merge-tree"))
    with FaultyGit(tmp_path / "faulty").broken(at, fault) as broken:
        ended = team.script("git-lanes", "status", env=broken.env)
        assert (ended.status, ended.err) == (1, "")
        assert masked(ended.out) == told(team, status=1)


def test_a_merge_that_kills_git(team: Repo, tmp_path: Path) -> None:
    """It is a conflict that nobody can say more about; all other pairs are merged."""
    one = team.git("rev-parse", "work/docs-1")
    cases = (
        f'merge-tree) feed=$(cat); case $feed in *{one}*) kill -9 $$;; esac; echo "$feed" | $git "$@"; exit;;'
    )
    ended = team.script("git-lanes", "status", env=fake_git(tmp_path / "fake", cases))
    assert (ended.status, ended.err) == (1, "")
    assert masked(ended.out).split("\n\n")[2] == (
        "would conflict if merged now:\n"
        "  origin/main and work/api-2\n"
        "    api/a.py\n"
        "  work/docs-1 and work/docs-2: git merge-tree was killed by signal 9 and said nothing"
    )


def test_a_git_that_can_not_merge(clone: Repo, tmp_path: Path) -> None:
    """After some failures there is no verdict on the merges; that on the branches stands."""
    for number in range(8):
        begin(clone, f"work/docs-{number}", {"docs/a.md": f"{number}\n"})
    ended = clone.script("git-lanes", "status", env=fake_git(tmp_path / "fake", "merge-tree) exit 3;;"))
    assert (ended.status, ended.err) == (2, "")
    rows = [f"work/docs-{number}  docs  inside       1       0      3 h  Ann\n" for number in range(8)]
    assert masked(ended.out) == FETCHED + (
        "branch       lane  verdict  ahead  behind  changed  author\n"
        + "".join(rows)
        + "\ncould not compare the branches: git merge-tree failed with exit status 3 and said nothing\n"
    )


def test_interrupted(team: Repo, tmp_path: Path) -> None:
    """Nothing is left in the folder for temporary files."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    at = next(i for i, call in enumerate(calls(team, tmp_path / "calls"), 1) if call.startswith("merge-tree"))
    with FaultyGit(tmp_path / "faulty").broken(at, "hangs") as broken:
        env = {**broken.env, "TMPDIR": str(temporary)}
        with started(SCRIPTS / "git-lanes", "status", cwd=team.path, env=env) as process:
            while not broken.is_hanging():
                assert process.poll() is None
                time.sleep(0.01)
            assert list(temporary.iterdir()) != []
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 143
    assert list(temporary.iterdir()) == []
