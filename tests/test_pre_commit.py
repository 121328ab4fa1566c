"""The installed pre-commit hook, through real `git commit` and `git merge`. Messages are compared whole.

What needs an exit status of its own (git makes 1 of any) starts the console script as git would.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from fakes import fake_git
from repos import MANIFEST, Content, Ended, Repo, asked, make_repo, masked

Files = Mapping[str | bytes, Content]

BRANCH = "work/docs-1"
BROKEN = "version = 2\n"
BOTH = '[lanes.both]\nbranches = ["work/*"]\npaths = ["/both/"]\n'
DETACHED = "lanes: HEAD is detached, so this commit is on no branch yet; the push will be judged\n"
IN_FORCE = "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
MAY_WRITE = (
    '  lane "docs" may write:\n    /docs/\n  and, as all lanes that are not review-only:\n    /shared.txt\n'
)
NO_LANE = f"""\
lanes: feature is rejected: no lane covers this branch
  branches that a lane covers:
    work/docs-*: lane "docs", Write the docs
    work/api-*: lane "api"
    review/*: lane "review", Read, do not edit
{IN_FORCE}\
  next:
    give the branch a name that your task's lane covers: git branch -m NEW-NAME
    or ask the integrator to cover it in .lanes.toml on main
"""
TAKE_OUT = "    take these changes out of the index (your files stay as they are), and commit again:\n"
NAME_FILES = "    commit only files that your lane may write: git commit -- FILE...\n"
TOP = "changes top.txt (outside-lane: no lane may write it)"


def install(repo: Repo) -> None:
    """Install the hook, for commits and for merges."""
    repo.hook("pre-commit", "lane-pre-commit")
    repo.hook("pre-merge-commit", "lane-pre-commit")


@pytest.fixture
def lane(clone: Repo) -> Repo:
    """The clone with the hook, on a branch of the lane "docs"."""
    install(clone)
    clone.switch(BRANCH, "main")
    return clone


def stage(repo: Repo, files: Files) -> None:
    """Write files into the work tree, and all of it into the index."""
    repo.write(files)
    repo.git("add", "--all")


def commit(repo: Repo, *options: str | bytes) -> Ended:
    """Run git commit with the hooks."""
    return repo.try_git("commit", "--quiet", "-m", "Change", *options)


def passes(repo: Repo, *options: str | bytes) -> bool:
    """Tell whether git commit passes without a word; it must fail by the hook or not at all."""
    ended = commit(repo, *options)
    if ended.status == 0:
        assert (ended.out, ended.err) == ("", "")
        return True
    assert ended.err.startswith("lanes: ")
    return False


def refusal(repo: Repo, *options: str | bytes) -> str:
    """Run git commit, which the hook must reject, and give the whole message, masked."""
    before = repo.try_git("rev-parse", "HEAD")
    ended = commit(repo, *options)
    assert (ended.status, ended.out) == (1, "")
    assert repo.try_git("rev-parse", "HEAD") == before
    return masked(ended.err)


def outside(*changes: str, paths: str, branch: str = BRANCH, take_out: str = "", ask: str = "") -> str:
    """Give the whole message about changes outside the lane "docs"; the command names *paths*.

    *ask* is what is said about the integrator in the place of the usual.
    """
    number = "1 staged change is" if len(changes) == 1 else f"{len(changes)} staged changes are"
    return (
        f'lanes: {branch}: {number} outside its lane "docs"\n'
        + "".join(f"  {change}\n" for change in changes)
        + f"{MAY_WRITE}{IN_FORCE}  next:\n"
        + (take_out or f"{TAKE_OUT}      git restore --staged --source=OID -- {paths}\n")
        + (ask or asked(*changes))
    )


def type_what_it_says(repo: Repo, message: str, folder: str = ".") -> None:
    """Type the command of a message, as somebody in *folder* of the work tree would."""
    typed = [line.strip() for line in message.splitlines() if line.startswith("      git ")]
    (command,) = [line for line in typed if not line.startswith("git lanes allow ")]
    ended = repo.run("sh", "-c", f'cd "$1" && {command}', "sh", folder)
    assert (ended.status, ended.err) == (0, ""), (command, ended)


def work_tree(repo: Repo) -> dict[bytes, bytes]:
    """Read all files of the work tree."""
    found = {}
    for folder, folders, files in os.walk(os.fsencode(repo.path)):
        folders[:] = [name for name in folders if name != b".git"]
        for path in (os.path.join(folder, file) for file in files):
            found[path] = os.readlink(path) if os.path.islink(path) else Path(os.fsdecode(path)).read_bytes()
    return found


# -- What is inside, and what is not


def test_inside(lane: Repo) -> None:
    stage(lane, {"docs/b.md": "b", "docs/deep/c.md": "c", "docs/a.md": None, "shared.txt": "s"})
    assert passes(lane)


def test_nothing_at_all(lane: Repo) -> None:
    assert passes(lane, "--allow-empty")


def test_outside_whole_message(lane: Repo) -> None:
    stage(
        lane,
        {
            "api/a.py": "mine",
            "api/generated/g.py": "mine",
            "ci/run": "mine",
            "docs/b.md": "b",
            "new file": "n",
            "top.txt": None,
        },
    )
    assert (
        refusal(lane)
        == """\
lanes: work/docs-1: 5 staged changes are outside its lane "docs"
  changes api/a.py (outside-lane: lane "api" may write it)
  changes api/generated/g.py (outside-lane: no lane may write it)
  changes ci/run (protected: only integration branches may write it)
  adds new file (outside-lane: no lane may write it)
  deletes top.txt (outside-lane: no lane may write it)
  lane "docs" may write:
    /docs/
  and, as all lanes that are not review-only:
    /shared.txt
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
    take these changes out of the index (your files stay as they are), and commit again:
      git restore --staged --source=OID -- api/a.py api/generated/g.py ci/run 'new file' top.txt
    or ask the integrator to run, if lane "docs" should write these paths:
      git lanes allow docs api/a.py api/generated/g.py 'new file' top.txt
    lane "api" has to give up api/a.py first
"""
    )


def test_protected_whole_message(lane: Repo) -> None:
    stage(lane, {"ci/run": "mine"})
    assert refusal(lane) == outside(
        "changes ci/run (protected: only integration branches may write it)", paths="ci/run"
    )


def test_review_only_whole_message(lane: Repo) -> None:
    lane.switch("review/1", "main")
    assert passes(lane, "--allow-empty")
    stage(lane, {"docs/a.md": "edited", "shared.txt": "s"})
    assert (
        refusal(lane)
        == f"""\
lanes: review/1: 2 staged changes are outside its lane "review"
  changes docs/a.md (review-only: lane "docs" may write it)
  adds shared.txt (review-only: lanes "docs", "api" may write it)
  lane "review" is review-only: its branches may not change anything
{IN_FORCE}\
  next:
{TAKE_OUT}\
      git restore --staged --source=OID -- docs/a.md shared.txt
    report what you found instead of changing it; a task that must write needs another lane
"""
    )


def test_no_lane_whole_message(lane: Repo) -> None:
    lane.switch("feature", "main")
    assert refusal(lane, "--allow-empty") == NO_LANE
    stage(lane, {"docs/b.md": "b"})
    assert refusal(lane) == NO_LANE
    lane.git("branch", "--quiet", "-m", BRANCH + "2")
    assert passes(lane)


@pytest.mark.parametrize(("file", "accepted"), [("top.txt", True), ("ci/run", False)])
def test_unlisted_branches_allowed(lane: Repo, file: str, accepted: bool) -> None:
    lane.switch("main")
    lane.commit({".lanes.toml": MANIFEST.replace("[defaults]", '[defaults]\nunlisted = "allow"')})
    lane.push("main")
    lane.switch("feature", "main")
    stage(lane, {file: "x"})
    assert passes(lane) is accepted


def test_an_ambiguous_branch_is_not_judged(lane: Repo) -> None:
    lane.switch("main")
    lane.commit({".lanes.toml": MANIFEST + BOTH})
    lane.put("main")
    lane.switch(BRANCH)
    stage(lane, {"docs/b.md": "b"})
    ended = lane.script("lane-pre-commit")
    assert (ended.status, ended.out, masked(ended.err)) == (
        2,
        "",
        'lanes: could not judge: the branch work/docs-1 is covered by the lanes "docs" and "both";'
        " change their branch patterns in .lanes.toml so that only one covers it\n" + IN_FORCE,
    )
    lane.git("branch", "--quiet", "-m", "work/other")
    assert not passes(lane)
    lane.git("branch", "--quiet", "-m", "review/1")
    lane.git("rm", "--quiet", "--cached", "docs/b.md")
    assert passes(lane, "--allow-empty")


def test_a_branch_that_could_be_mistaken_for_main(lane: Repo) -> None:
    lane.git("update-ref", "refs/heads/Main", "main")
    lane.git("symbolic-ref", "HEAD", "refs/heads/Main")
    stage(lane, {"docs/b.md": "b"})
    assert refusal(lane) == (
        "lanes: could not judge: Main: it differs from main by case alone, and on many a disk they are one;"
        f" use another name\n{IN_FORCE}"
    )


def test_long_lists_are_cut_and_counted(lane: Repo) -> None:
    stage(lane, {f"out/{i:02}": "x" for i in range(25)})
    lines = refusal(lane).split("\n")
    assert lines[0] == 'lanes: work/docs-1: 25 staged changes are outside its lane "docs"'
    assert lines[1:21] == [f"  adds out/{i:02} (outside-lane: no lane may write it)" for i in range(20)]
    assert lines[21:23] == ["  … and 5 more changes", '  lane "docs" may write:']


# -- The command that the message tells to type

NAMES_THAT_HURT = ["a b", "it's", '"$HOME"', "back`tick", "--", "é", "*", ":x", ":!docs", "!x", "#", "~"]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"api/a.py": "mine", "top.txt": "mine"}, id="changed"),
        pytest.param({"new": "n", "out/deep/new": "n"}, id="added"),
        pytest.param({"top.txt": None, "api/generated/g.py": None}, id="deleted"),
        pytest.param({"top.txt": None, "top2.txt": "t\n"}, id="renamed"),
        pytest.param({".lanes.toml": "mine", "ci/run": None}, id="protected"),
        pytest.param(dict.fromkeys(NAMES_THAT_HURT, "x"), id="names that hurt"),
    ],
)
def test_what_the_message_tells_to_type_mends_it(lane: Repo, files: Files) -> None:
    stage(lane, {**files, "docs/a.md": "mine", "docs/b.md": "b"})
    before = work_tree(lane)
    type_what_it_says(lane, commit(lane).err)
    assert passes(lane)
    assert lane.git("diff", "--name-only", "main", "HEAD") == "docs/a.md\ndocs/b.md"
    assert work_tree(lane) == before


@pytest.mark.parametrize("folder", ["docs", "api", "api/generated"])
def test_what_the_message_tells_to_type_in_a_sub_folder(lane: Repo, folder: str) -> None:
    stage(lane, {"top.txt": "mine", "api/a.py": "mine", "docs/b.md": "b"})
    before = work_tree(lane)
    message = Repo(lane.path / folder).try_git("commit", "-m", "x").err
    type_what_it_says(lane, message, folder)
    assert Repo(lane.path / folder).try_git("commit", "--quiet", "-m", "x").status == 0
    assert lane.git("diff", "--name-only", "main", "HEAD") == "docs/b.md"
    assert work_tree(lane) == before


def test_what_the_message_tells_to_type_about_many_files(lane: Repo) -> None:
    """The list in the command is cut too; what it names is taken out, and the rest is told next."""
    stage(lane, {f"out/{i:02}": "x" for i in range(25)} | {"docs/b.md": "b"})
    type_what_it_says(lane, commit(lane).err)
    type_what_it_says(lane, commit(lane).err)
    assert passes(lane)
    assert lane.git("diff", "--name-only", "main", "HEAD") == "docs/b.md"


def test_what_the_message_tells_to_type_in_a_root_commit(lane: Repo) -> None:
    lane.git("checkout", "--quiet", "--orphan", "work/docs-9")
    before = work_tree(lane)
    type_what_it_says(lane, commit(lane).err)
    assert passes(lane)
    assert lane.git("ls-tree", "-r", "--name-only", "HEAD") == "docs/a.md"
    assert work_tree(lane) == before


def test_names_cannot_forge_a_line(lane: Repo) -> None:
    """Names that can't be typed as they are make the command give way to words."""
    stage(lane, {b'a\nlanes: fine\x1b[2J\xff\xc3\xa9"': "x", "\u202eb": "x"})
    assert refusal(lane) == outside(
        'adds "a\\nlanes: fine\\033[2J\\377\\303\\251\\"" (outside-lane: no lane may write it)',
        'adds "\\342\\200\\256b" (outside-lane: no lane may write it)',
        paths="",
        take_out="    take these changes out of the index with git restore --staged, and commit again\n",
        ask='    or ask the integrator to run, if lane "docs" should write these paths (1 of 2):\n'
        "      git lanes allow docs $'\\342\\200\\256b'\n",
    )


def test_odd_names_inside(lane: Repo) -> None:
    stage(lane, {b"docs/a\n\xff\xc3\xa9\"'\\ \t": "x", "docs/\u2028 HEAD": "x", "docs/" + "a" * 40: "x"})
    assert passes(lane)


def test_a_branch_that_hurts(lane: Repo) -> None:
    lane.switch("work/docs-é\u202e$(x)'", "main")
    stage(lane, {"top.txt": "mine"})
    assert refusal(lane) == outside(TOP, paths="top.txt", branch="work/docs-é\\u202e$(x)'")
    lane.git("restore", "--staged", "top.txt")
    stage(lane, {"top.txt": "t\n", "docs/b.md": "b"})
    assert passes(lane)


# -- What git is about to commit


def test_commit_all(lane: Repo) -> None:
    """git gives an index of its own to `commit -a`, and the one of the work tree holds nothing yet."""
    lane.write({"top.txt": "mine", "docs/a.md": "mine"})
    assert refusal(lane, "-a") == outside(TOP, paths="", take_out=NAME_FILES)
    assert passes(lane, "--", "docs/a.md")
    lane.write({"top.txt": "t\n", "docs/a.md": "again"})
    assert passes(lane, "-a")


def test_commit_of_paths(lane: Repo) -> None:
    """A partial commit takes its paths only, whatever else is staged."""
    stage(lane, {"top.txt": "mine", "docs/a.md": "mine", "docs/b.md": "b"})
    assert refusal(lane, "--", "top.txt") == outside(TOP, paths="", take_out=NAME_FILES)
    assert passes(lane, "--", "docs/a.md")
    assert passes(lane, "--only", "docs")
    assert refusal(lane) == outside(TOP, paths="top.txt")
    assert not passes(lane, "--include", "docs")


def test_what_is_not_staged_does_not_count(lane: Repo) -> None:
    stage(lane, {"docs/a.md": "mine"})
    lane.write({"top.txt": "mine", "untracked": "x"})
    assert passes(lane)


def test_intent_to_add_does_not_count(lane: Repo) -> None:
    lane.write({"new": "n", "docs/b.md": "b"})
    lane.git("add", "-N", "new")
    lane.git("add", "docs/b.md")
    assert passes(lane)
    lane.git("add", "new")
    assert refusal(lane) == outside("adds new (outside-lane: no lane may write it)", paths="new")


def test_amend(lane: Repo) -> None:
    lane.commit({"docs/b.md": "b"})
    stage(lane, {"docs/b.md": "better"})
    assert passes(lane, "--amend")
    stage(lane, {"top.txt": "mine"})
    assert refusal(lane, "--amend") == outside(TOP, paths="top.txt")


def test_amend_of_a_commit_that_holds_an_outside_change(lane: Repo) -> None:
    """The change is that commit's; taking it back is free, going on with it is not."""
    lane.commit({"top.txt": "mine", "docs/b.md": "b"})
    stage(lane, {"docs/c.md": "c"})
    assert passes(lane, "--amend")
    stage(lane, {"top.txt": "mine, too"})
    assert refusal(lane, "--amend") == outside(TOP, paths="top.txt")
    stage(lane, {"top.txt": "t\n"})
    assert passes(lane, "--amend")
    assert lane.script("lane-audit").status == 0


def test_giving_a_path_back_is_free(lane: Repo) -> None:
    lane.commit({"top.txt": "mine", "ci/run": None, "new": "n"})
    stage(lane, {"top.txt": "t\n", "ci/run": "run\n"})
    assert passes(lane)
    stage(lane, {"new": "other"})
    assert refusal(lane) == outside("changes new (outside-lane: no lane may write it)", paths="new")
    stage(lane, {"new": None})
    assert passes(lane)


def test_revert(lane: Repo) -> None:
    lane.commit({"top.txt": "mine", "docs/b.md": "b"})
    lane.git("revert", "--no-commit", "HEAD")
    assert passes(lane)
    lane.switch(BRANCH, "main")
    lane.switch("main")
    lane.commit({"top.txt": "newer"})
    lane.push("main")
    lane.switch(BRANCH, "main")
    lane.git("revert", "--no-commit", "HEAD")
    assert refusal(lane) == outside(TOP, paths="top.txt")


def test_what_a_newer_main_holds_is_not_given_back(lane: Repo) -> None:
    """The trusted side is what the branch contains of main; the work of a newer one is to be merged."""
    lane.switch("main")
    lane.commit({"top.txt": "newer"})
    lane.push("main")
    lane.switch(BRANCH)
    stage(lane, {"top.txt": "newer"})
    assert refusal(lane) == outside(TOP, paths="top.txt")
    lane.git("reset", "--quiet", "--hard")
    lane.commit({"docs/b.md": "b"})
    assert lane.try_git("merge", "--quiet", "--no-edit", "main").status == 0


@pytest.mark.parametrize(
    ("files", "changes", "paths"),
    [
        pytest.param(
            {"docs/a.md": None, "a.md": "a\n"},
            ["adds a.md (outside-lane: no lane may write it)"],
            "a.md",
            id="rename out",
        ),
        pytest.param(
            {"top.txt": None, "docs/t.md": "t\n"},
            ["deletes top.txt (outside-lane: no lane may write it)"],
            "top.txt",
            id="rename in",
        ),
        pytest.param(
            {"docs/a.md": None, "docs": "now a file"},
            ["adds docs (outside-lane: no lane may write it)"],
            "docs",
            id="folder replaced by a file",
        ),
        pytest.param(
            {"shared.txt/a": "a"},
            [],
            "",
            id="folder where a file may be",
        ),
        pytest.param({"docs/a.md": None, "docs/b.md": "a\n"}, [], "", id="rename inside"),
    ],
)
def test_kinds_of_changes(lane: Repo, files: Files, changes: list[str], paths: str) -> None:
    if "docs" in files:
        lane.git("rm", "--quiet", "-r", "docs")
        files = {"docs": files["docs"]}
    stage(lane, files)
    if not changes:
        assert passes(lane)
        return
    message = commit(lane).err
    assert masked(message) == outside(*changes, paths=paths)
    type_what_it_says(lane, message)
    assert passes(lane, "--allow-empty")


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("top.txt", TOP),
        ("docs/a.md", None),
    ],
)
def test_modes(lane: Repo, path: str, change: str | None) -> None:
    lane.git("update-index", "--chmod=+x", path)
    if change is None:
        assert passes(lane)
    else:
        assert refusal(lane) == outside(change, paths=path)


@pytest.mark.parametrize(
    ("mode", "path", "change"),
    [
        ("120000", "top.txt", "changes the type of top.txt (outside-lane: no lane may write it)"),
        ("120000", "link", "adds link (outside-lane: no lane may write it)"),
        ("120000", "docs/link", None),
        ("160000", "top.txt", "changes the type of top.txt (outside-lane: no lane may write it)"),
        ("160000", "sub", "adds sub (outside-lane: no lane may write it)"),
        ("160000", "docs", "adds docs (outside-lane: no lane may write it)"),
        ("160000", "docs/sub", None),
        ("160000", "docs/a.md", None),
        ("160000", "shared.txt", None),
    ],
)
def test_links_and_submodules(lane: Repo, mode: str, path: str, change: str | None) -> None:
    if path == "docs":
        lane.git("rm", "--quiet", "-r", "--cached", "docs")
        change = None  # the pattern is /docs/: a submodule counts as a folder
    oid = lane.head() if mode == "160000" else lane.git("hash-object", "-w", "--stdin", stdin=b"docs/a.md")
    lane.git("update-index", "--add", "--cacheinfo", f"{mode},{oid},{path}")
    if change is None:
        assert passes(lane)
    else:
        assert refusal(lane) == outside(change, paths=path)


def test_a_submodule_that_is_told_to_be_ignored(lane: Repo) -> None:
    """`ignore = all` hides a submodule from every diff that does not ask for it."""
    lane.git("config", "-f", ".gitmodules", "submodule.sub.path", "sub")
    lane.git("config", "-f", ".gitmodules", "submodule.sub.ignore", "all")
    lane.git("update-index", "--add", "--cacheinfo", f"160000,{lane.head()},sub")
    assert refusal(lane) == outside("adds sub (outside-lane: no lane may write it)", paths="sub")


def test_unmerged_paths_are_not_judged(lane: Repo) -> None:
    lane.commit({"docs/a.md": "mine"})
    lane.switch("main")
    lane.commit({"docs/a.md": "theirs"})
    lane.switch(BRANCH)
    lane.try_git("merge", "--quiet", "main")
    ended = lane.script("lane-pre-commit")
    assert (ended.status, ended.out, ended.err) == (
        2,
        "",
        "lanes: could not judge: the index holds unmerged paths; resolve the conflicts and run: git add\n",
    )
    lane.git("add", "docs/a.md")
    assert lane.script("lane-pre-commit") == Ended(0, "", "")


def test_no_verify_skips_the_hook(lane: Repo) -> None:
    """A client's hook can be skipped; the server's can't."""
    stage(lane, {"top.txt": "mine"})
    assert not passes(lane)
    assert passes(lane, "--no-verify")
    assert lane.script("lane-audit").status == 1


# -- Merges


@pytest.fixture
def newer_main(lane: Repo) -> Repo:
    """A lane's branch with a commit, and a main that went on in all folders and was pushed."""
    lane.commit({"docs/b.md": "b"}, "Write")
    lane.switch("main")
    lane.commit({"top.txt": "newer", "api/a.py": "newer", "docs/a.md": "newer"}, "Go on")
    assert lane.push("main").status == 0
    lane.switch(BRANCH)
    return lane


def merge(repo: Repo, *arguments: str) -> Ended:
    """Run git merge with the hooks."""
    return repo.try_git("merge", "--quiet", "--no-edit", *arguments)


def merge_refusal(repo: Repo, *arguments: str) -> str:
    """Run git merge, which the hook must reject before the commit, and give the whole message, masked."""
    before = repo.head()
    ended = merge(repo, *arguments)
    assert (ended.status, repo.head()) == (1, before)
    return masked(ended.err)


@pytest.mark.parametrize("options", [[], ["--no-ff"], ["-Xtheirs"]])
def test_merging_main(newer_main: Repo, options: list[str]) -> None:
    assert merge(newer_main, *options, "main").status == 0
    assert len(newer_main.git("rev-parse", "HEAD^@").split()) == 2


@pytest.mark.parametrize(
    ("tag", "options"),
    [
        ("annotated", []),
        ("light", ["--no-commit"]),
        ("annotated", ["--no-commit"]),
        ("nested", ["--no-commit"]),
    ],
)
def test_merging_a_tag_of_main(newer_main: Repo, tag: str, options: list[str]) -> None:
    """While the merge waits for its commit, git names the tag itself as the head that is merged."""
    newer_main.git("tag", "light", "main")
    newer_main.git("tag", "-a", "-m", "x", "annotated", "main")
    newer_main.git("tag", "-a", "-m", "x", "nested", "annotated")
    assert merge(newer_main, *options, tag).status == 0
    if options:
        stage(newer_main, {"top.txt": "t\n"})
        assert refusal(newer_main) == outside(TOP, paths="top.txt")
        stage(newer_main, {"top.txt": "newer"})
        assert passes(newer_main)
    assert len(newer_main.git("rev-parse", "HEAD^@").split()) == 2


def test_merging_a_tag_of_another_commit(lane: Repo) -> None:
    """What a tag points to is not trusted because a tag points to it."""
    lane.switch("work/api-1", "main")
    lane.commit({"api/a.py": "mine", "docs/c.md": "c"})
    lane.git("tag", "-a", "-m", "x", "v1")
    lane.switch(BRANCH)
    lane.commit({"docs/b.md": "b"})
    merge(lane, "--no-commit", "v1")
    stage(lane, {"api/a.py": "mine, too"})
    assert refusal(lane) == outside(KEPT[0], paths="api/a.py")
    stage(lane, {"api/a.py": "a\n"})
    assert passes(lane)


def test_git_pull(newer_main: Repo) -> None:
    assert newer_main.try_git("pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main").status == 0
    assert len(newer_main.git("rev-parse", "HEAD^@").split()) == 2


def test_amending_a_merge(newer_main: Repo) -> None:
    merge(newer_main, "main")
    stage(newer_main, {"docs/c.md": "c"})
    assert passes(newer_main, "--amend")
    stage(newer_main, {"top.txt": "t\n"})
    assert refusal(newer_main, "--amend") == outside(TOP, paths="top.txt")


def test_merging_main_into_a_branch_without_commits(newer_main: Repo) -> None:
    newer_main.switch("work/docs-2", "main~1")
    assert merge(newer_main, "--no-ff", "main").status == 0
    assert len(newer_main.git("rev-parse", "HEAD^@").split()) == 2


NOT_COMMITTED = "Not committing merge; use 'git commit' to complete the merge.\n"
KEPT = [
    'changes api/a.py (outside-lane: lane "api" may write it)',
    "changes top.txt (outside-lane: no lane may write it)",
]


def test_a_merge_that_takes_back_what_main_did(newer_main: Repo) -> None:
    """Nothing differs from HEAD: only the heads that git names in GITHEAD_ variables show it."""
    assert merge_refusal(newer_main, "--strategy=ours", "main") == (
        outside(*KEPT, paths="api/a.py top.txt") + NOT_COMMITTED
    )


def test_a_rejected_merge_is_mended_by_what_the_message_tells_to_type(newer_main: Repo) -> None:
    before = work_tree(newer_main)
    type_what_it_says(newer_main, merge(newer_main, "--strategy=ours", "main").err)
    assert passes(newer_main)
    assert work_tree(newer_main) == before
    assert newer_main.git("diff", "--name-only", "main", "HEAD", "--", ":!docs") == ""


def test_a_conflict_inside_the_lane(newer_main: Repo) -> None:
    newer_main.commit({"docs/a.md": "mine"})
    assert merge(newer_main, "main").status == 1
    stage(newer_main, {"docs/a.md": "both"})
    assert passes(newer_main)
    assert len(newer_main.git("rev-parse", "HEAD^@").split()) == 2


def test_a_conflict_resolved_with_something_outside(newer_main: Repo) -> None:
    newer_main.commit({"docs/a.md": "mine"})
    merge(newer_main, "main")
    stage(newer_main, {"docs/a.md": "both", "top.txt": "t\n", "new": "n"})
    message = commit(newer_main).err
    assert masked(message) == outside(
        "adds new (outside-lane: no lane may write it)", TOP, paths="new top.txt"
    )
    type_what_it_says(newer_main, message)
    assert passes(newer_main)


@pytest.mark.parametrize("content", ["t\n", "mine"], ids=["stale", "own"])
def test_a_merge_edited_before_its_commit(newer_main: Repo, content: str) -> None:
    merge(newer_main, "--no-commit", "main")
    stage(newer_main, {"top.txt": content})
    assert refusal(newer_main) == outside(TOP, paths="top.txt")
    stage(newer_main, {"top.txt": "newer", "docs/b.md": "edited too"})
    assert passes(newer_main)


def test_merging_an_older_main_again(newer_main: Repo) -> None:
    merge(newer_main, "main")
    newer_main.git("branch", "older", "main~1")
    newer_main.switch("older")
    newer_main.commit({"docs/x.md": "x"})
    newer_main.git("push", "--quiet", "--no-verify", "origin", "older:release")
    newer_main.switch(BRANCH)
    assert merge(newer_main, "--no-commit", "older").status == 0
    newer_main.git("checkout", "main~1", "--", "top.txt")
    assert not passes(newer_main)
    newer_main.git("checkout", "main", "--", "top.txt")
    assert passes(newer_main)


def test_squashing_main_is_no_merge(newer_main: Repo) -> None:
    assert merge(newer_main, "--squash", "main").status == 0
    assert refusal(newer_main) == outside(*KEPT, paths="api/a.py top.txt")


def test_merging_a_main_that_is_not_pushed(lane: Repo) -> None:
    lane.commit({"docs/b.md": "b"})
    lane.switch("main")
    lane.commit({"top.txt": "newer"})
    lane.switch(BRANCH)
    assert merge(lane, "main").status == 0
    stage(lane, {"docs/c.md": "c"})
    assert passes(lane)
    stage(lane, {"top.txt": "t\n"})
    assert not passes(lane)


def test_merging_another_branch_of_the_same_lane(lane: Repo) -> None:
    lane.switch("work/docs-2", "main")
    lane.commit({"docs/c.md": "c"})
    lane.switch(BRANCH)
    lane.commit({"docs/b.md": "b"})
    assert merge(lane, "work/docs-2").status == 0
    assert lane.script("lane-audit").status == 0


def test_what_merged_commits_did_is_theirs(lane: Repo) -> None:
    """The merge itself changes nothing outside; the commits that it brings are judged by the push."""
    lane.switch("work/api-1", "main")
    lane.commit({"api/c.py": "c"})
    lane.switch(BRANCH)
    lane.commit({"docs/b.md": "b"})
    merge(lane, "--no-commit", "work/api-1")
    stage(lane, {"api/c.py": "other"})
    assert refusal(lane) == outside('adds api/c.py (outside-lane: lane "api" may write it)', paths="api/c.py")
    stage(lane, {"api/c.py": "c"})
    assert passes(lane)
    assert lane.script("lane-audit").status == 1


def test_an_octopus(newer_main: Repo) -> None:
    for i in (2, 3):
        newer_main.switch(f"work/docs-{i}", "main")
        newer_main.commit({f"docs/{i}.md": "x"})
    newer_main.switch(BRANCH)
    assert merge(newer_main, "work/docs-2", "work/docs-3").status == 0
    assert len(newer_main.git("rev-parse", "HEAD^@").split()) == 3
    newer_main.switch(BRANCH, f"{BRANCH}~1")
    merge(newer_main, "--no-commit", "work/docs-2", "work/docs-3")
    stage(newer_main, {"top.txt": "t\n"})
    assert refusal(newer_main) == outside(TOP, paths="top.txt")


WHAT_CHANGED_IT = (
    "    give each path back what the integration branch holds that changed it"
    " (git restore --staged --source=BRANCH -- PATH), and commit again\n"
)


def main_and_release(repo: Repo, on_release: str) -> None:
    """Make both integration branches go on outside the lane, and a lane's branch below both that has main."""
    repo.git("push", "--quiet", "--no-verify", "origin", "main:release")
    repo.switch("release", "main")
    repo.commit({on_release: "release"}, "On release")
    repo.switch("main")
    repo.commit({"top.txt": "main"}, "On main")
    assert repo.push("main", "release").status == 0
    repo.switch(BRANCH, "main~1")
    repo.commit({"docs/b.md": "b"})
    assert merge(repo, "main").status == 0


def test_two_integration_branches(lane: Repo) -> None:
    main_and_release(lane, "api/a.py")
    assert merge(lane, "release").status == 0
    stage(lane, {"docs/c.md": "c"})
    assert passes(lane)


def test_a_merge_that_drops_what_release_did(lane: Repo) -> None:
    main_and_release(lane, "api/a.py")
    assert merge_refusal(lane, "--strategy=ours", "release") == (
        outside(KEPT[0], paths="", take_out=WHAT_CHANGED_IT) + NOT_COMMITTED
    )


def test_what_the_message_tells_to_type_with_two_integration_branches(lane: Repo) -> None:
    main_and_release(lane, "api/a.py")
    assert merge(lane, "release").status == 0
    stage(lane, {"api/a.py": "mine", "new": "n", "docs/c.md": "c"})
    message = commit(lane).err
    assert masked(message) == outside(
        KEPT[0], "adds new (outside-lane: no lane may write it)", paths="api/a.py new"
    ).replace("source=OID", "source=HEAD")
    type_what_it_says(lane, message)
    assert passes(lane)
    assert lane.script("lane-audit").status == 0


def test_what_the_message_says_while_two_integration_branches_meet(lane: Repo) -> None:
    """No one commit holds what all of these paths must be given back."""
    main_and_release(lane, "api/a.py")
    merge(lane, "--no-commit", "release")
    stage(lane, {"api/a.py": "mine", "top.txt": "mine", "docs/c.md": "c"})
    assert refusal(lane) == outside(*KEPT, paths="", take_out=WHAT_CHANGED_IT)
    lane.git("restore", "--staged", "--source=release", "--", "api/a.py")
    lane.git("restore", "--staged", "--source=main", "--", "top.txt")
    assert passes(lane)


def test_two_integration_branches_that_changed_one_file_differently(lane: Repo) -> None:
    main_and_release(lane, "top.txt")
    assert merge_refusal(lane, "-Xours", "release") == (
        outside(
            "decides about top.txt (outside-lane: integration branches changed it differently;"
            " merge one into the other first, then merge that)",
            paths="",
            take_out=(
                "    abort this merge (git merge --abort) and merge the integration branches into each other"
                " first\n"
            ),
        )
        + NOT_COMMITTED
    )
    lane.git("merge", "--abort")
    lane.switch("release")
    merge(lane, "-Xours", "main")
    assert lane.push("release").status == 0
    lane.switch(BRANCH)
    assert merge(lane, "release").status == 0


# -- Where HEAD is


def test_a_detached_head_passes_and_says_so(lane: Repo) -> None:
    lane.git("checkout", "--quiet", "--detach")
    stage(lane, {"top.txt": "mine"})
    assert commit(lane) == Ended(0, "", DETACHED)


def stopped_rebase(lane: Repo) -> None:
    """Stop a rebase of the lane's branch, with two commits, at the first one of them."""
    lane.commit({"docs/b.md": "b"}, "First")
    lane.commit({"docs/c.md": "c"}, "Second")
    lane.git("rebase", "-i", "main", env={"GIT_SEQUENCE_EDITOR": "sed -i.bak '1s/^pick/edit/'"})
    assert lane.try_git("symbolic-ref", "-q", "HEAD").status == 1


def test_a_rebase_stopped_half_way(lane: Repo) -> None:
    stopped_rebase(lane)
    stage(lane, {"top.txt": "mine"})
    assert refusal(lane) == outside(TOP, paths="top.txt")
    assert refusal(lane, "--amend") == outside(TOP, paths="top.txt")
    stage(lane, {"top.txt": "t\n", "docs/b.md": "better"})
    assert passes(lane, "--amend")
    stage(lane, {"docs/between.md": "x"})
    assert passes(lane)
    lane.git("rebase", "--continue")
    assert lane.git("log", "--format=%s", "main..") == "Second\nChange\nChange"


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_a_rebase_with_a_conflict(lane: Repo, backend: str) -> None:
    lane.commit({"docs/a.md": "mine"})
    lane.switch("main")
    lane.commit({"docs/a.md": "newer", "top.txt": "newer"})
    lane.push("main")
    lane.switch(BRANCH)
    assert lane.try_git("rebase", "--quiet", backend, "main").status == 1
    stage(lane, {"docs/a.md": "both", "top.txt": "t\n"})
    assert refusal(lane) == outside(TOP, paths="top.txt")
    stage(lane, {"top.txt": "newer"})
    assert passes(lane)


def test_a_rebase_of_no_branch(lane: Repo) -> None:
    lane.git("checkout", "--quiet", "--detach")
    stopped_rebase(lane)
    stage(lane, {"top.txt": "mine"})
    assert commit(lane) == Ended(0, "", DETACHED)


def test_a_rebase_of_an_integration_branch(lane: Repo) -> None:
    lane.switch("release", "main")
    stopped_rebase(lane)
    stage(lane, {"top.txt": "mine"})
    assert passes(lane)


def test_cherry_pick(lane: Repo) -> None:
    lane.switch("work/api-1", "main")
    lane.commit({"api/a.py": "x"})
    lane.commit({"docs/a.md": "a better\n"}, "Inside")
    lane.switch(BRANCH)
    lane.git("cherry-pick", "--no-commit", "work/api-1~1")
    assert refusal(lane) == outside(KEPT[0], paths="api/a.py")
    lane.git("reset", "--quiet", "--hard")
    lane.commit({"docs/a.md": "conflict"})
    assert lane.try_git("cherry-pick", "work/api-1").status == 1
    stage(lane, {"docs/a.md": "both", "top.txt": "mine"})
    assert refusal(lane) == outside(TOP, paths="top.txt")
    stage(lane, {"top.txt": "t\n"})
    assert passes(lane)


def test_a_linked_worktree(lane: Repo, tmp_path: Path) -> None:
    """HEAD, the index and a merge are the worktree's own; the hook and the manifest are shared."""
    lane.git("worktree", "add", "--quiet", "-b", "work/api-1", "../linked", "main")
    linked = Repo(tmp_path / "linked")
    stage(lane, {"top.txt": "mine"})
    stage(linked, {"api/a.py": "x"})
    assert passes(linked)
    stage(linked, {"docs/a.md": "x"})
    assert refusal(linked) == (
        f"""\
lanes: work/api-1: 1 staged change is outside its lane "api"
  changes docs/a.md (outside-lane: lane "docs" may write it)
  lane "api" may write:
    /api/
    !/api/generated/
  and, as all lanes that are not review-only:
    /shared.txt
{IN_FORCE}\
  next:
{TAKE_OUT}\
      git restore --staged --source=OID -- docs/a.md
{asked('changes docs/a.md (outside-lane: lane "docs" may write it)', lane="api")}"""
    )
    assert not passes(lane)


def test_a_merge_and_a_rebase_in_a_linked_worktree(newer_main: Repo, tmp_path: Path) -> None:
    newer_main.git("worktree", "add", "--quiet", "-b", "work/docs-2", "../linked", "main~1")
    linked = Repo(tmp_path / "linked")
    linked.commit({"docs/x.md": "x"})
    assert merge(linked, "--no-commit", "main").status == 0
    stage(linked, {"top.txt": "t\n"})
    assert refusal(linked) == outside(TOP, paths="top.txt", branch="work/docs-2")
    stage(linked, {"top.txt": "newer"})
    assert passes(linked)
    stopped_rebase(linked)
    stage(linked, {"top.txt": "mine"})
    assert refusal(linked) == outside(TOP, paths="top.txt", branch="work/docs-2")


def test_a_worktree_of_a_bare_clone(lane: Repo, server: Repo, tmp_path: Path) -> None:
    """Such a clone fetches into its own branches, and has no remote-tracking ones."""
    lane.git("clone", "--quiet", "--bare", str(server.path), "../bare")
    bare = Repo(tmp_path / "bare")
    install(bare)
    bare.git("worktree", "add", "--quiet", "-b", BRANCH, "../linked", "main")
    linked = Repo(tmp_path / "linked")
    stage(linked, {"docs/b.md": "b"})
    assert passes(linked)
    stage(linked, {"top.txt": "mine"})
    assert refusal(linked) == outside(TOP, paths="top.txt").replace("remotes/origin", "heads")


def test_a_sub_folder(lane: Repo) -> None:
    folder = Repo(lane.path / "docs")
    folder.write({"a.md": "mine", "../top.txt": "mine"})
    assert passes(folder, "a.md")
    assert not passes(folder, "-a")
    folder.write({"../top.txt": "t\n", "b.md": "b"})
    folder.git("add", ".")
    assert passes(folder)


def test_a_sub_folder_without_git_in_between(lane: Repo) -> None:
    """The script may also be started by hand, anywhere in the work tree."""
    stage(lane, {"top.txt": "mine", "api/a.py": "x"})
    ended = Repo(lane.path / "api").script("lane-pre-commit")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.split("\n")[1:3] == ["  " + KEPT[0], "  " + TOP]


def test_git_as_a_file(lane: Repo) -> None:
    lane.git("init", "--quiet", "--separate-git-dir", "../elsewhere")
    assert (lane.path / ".git").is_file()
    stage(lane, {"top.txt": "mine", "docs/a.md": "mine"})
    assert refusal(lane) == outside(TOP, paths="top.txt")
    assert passes(lane, "--", "docs")


def test_an_orphan(lane: Repo) -> None:
    """A root commit is charged with all that it holds outside."""
    lane.git("checkout", "--quiet", "--orphan", "work/docs-9")
    assert refusal(lane) == outside(
        "adds .lanes.toml (protected: only integration branches may write it)",
        'adds api/a.py (outside-lane: lane "api" may write it)',
        "adds api/generated/g.py (outside-lane: no lane may write it)",
        "adds ci/run (protected: only integration branches may write it)",
        "adds top.txt (outside-lane: no lane may write it)",
        paths="",
        branch="work/docs-9",
        take_out=(
            "    take these files out of the index, and commit again:\n"
            "      git rm --cached -r -- .lanes.toml api/a.py api/generated/g.py ci/run top.txt\n"
        ),
    )
    lane.git("rm", "--quiet", "--cached", "-r", ".")
    lane.git("add", "docs")
    assert passes(lane)


def test_a_fresh_repository(repo: Repo) -> None:
    install(repo)
    stage(repo, {"top.txt": "t"})
    assert refusal(repo) == (
        "lanes: could not judge: no manifest is in force: looked for refs/heads/main, refs/heads/master,"
        " and none exists\n"
        "  to begin: commit a valid .lanes.toml on main,"
        " or name its branch: git config lanes.trustedRef refs/heads/NAME\n"
    )
    stage(repo, {".lanes.toml": MANIFEST})
    assert passes(repo)
    stage(repo, {"top.txt": "t2"})
    assert passes(repo)
    repo.switch(BRANCH, "main")
    stage(repo, {"top.txt": "mine"})
    assert not passes(repo)
    stage(repo, {"top.txt": "t2", "docs/a.md": "a"})
    assert passes(repo)


@pytest.mark.parametrize("branch", ["main", "master", "trunk"])
def test_a_fresh_repository_with_a_default_branch(repo: Repo, branch: str) -> None:
    install(repo)
    repo.git("config", "init.defaultBranch", branch)
    repo.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    stage(repo, {"top.txt": "t"})
    ended = repo.script("lane-pre-commit")
    assert (ended.status, ended.err.split("\n")[1]) == (
        2,
        f"  to begin: commit a valid .lanes.toml on {branch},"
        " or name its branch: git config lanes.trustedRef refs/heads/NAME",
    )
    stage(repo, {".lanes.toml": MANIFEST})
    assert passes(repo)


def test_a_fresh_repository_begins_on_the_trusted_branch_only(repo: Repo) -> None:
    install(repo)
    repo.git("symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
    stage(repo, {".lanes.toml": MANIFEST})
    assert not passes(repo)
    repo.git("symbolic-ref", "HEAD", "refs/heads/main")
    assert passes(repo)


# -- Integration branches, and the manifest


@pytest.mark.parametrize("branch", ["main", "release"])
def test_integration_branches_may_change_anything(lane: Repo, branch: str) -> None:
    lane.switch(branch, "main")
    stage(lane, {"top.txt": "x", "ci/run": "x", "docs/a.md": None, ".lanes.toml": MANIFEST + "\n"})
    assert passes(lane)
    lane.switch("work/api-1", "main")
    lane.commit({"ci/run": "evil"})
    lane.switch(branch)
    assert merge(lane, "-Xtheirs", "work/api-1").status == 0


TAKE_BACK = (
    f"{IN_FORCE}"
    "  next: mend it, or take it back from the last commit: git restore --staged --worktree :/.lanes.toml\n"
)
LOCKS_OUT = "lanes: this commit would leave main without a valid manifest, and lock everybody out: "


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "it takes .lanes.toml away"),
        (
            BROKEN,
            "its manifest is invalid\n"
            "  .lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads",
        ),
    ],
)
def test_main_can_not_lose_its_manifest(lane: Repo, content: str | None, problem: str) -> None:
    lane.switch("main")
    stage(lane, {".lanes.toml": content})
    assert refusal(lane) == f"{LOCKS_OUT}{problem}\n{TAKE_BACK}"
    assert lane.script("lane-pre-commit").status == 1
    stage(lane, {".lanes.toml": MANIFEST.replace("work/docs-*", "text/*")})
    assert passes(lane)


@pytest.mark.parametrize(
    ("mode", "path", "word"),
    [
        ("120000", ".lanes.toml", "a symbolic link"),
        ("160000", ".lanes.toml", "a submodule"),
    ],
)
def test_a_manifest_must_be_a_file(lane: Repo, mode: str, path: str, word: str) -> None:
    lane.switch("main")
    oid = lane.head() if mode == "160000" else lane.git("hash-object", "-w", "--stdin", stdin=b"docs/a.md")
    lane.git("update-index", "--cacheinfo", f"{mode},{oid},{path}")
    assert refusal(lane) == (
        f"{LOCKS_OUT}its manifest is invalid\n  .lanes.toml:1: it is {word}; expected a file\n{TAKE_BACK}"
    )


def test_a_merge_can_not_take_the_manifest_away(lane: Repo) -> None:
    lane.commit({".lanes.toml": None})
    lane.switch("main")
    ended = merge(lane, "--no-ff", BRANCH)
    expected = f"{LOCKS_OUT}it takes .lanes.toml away\n{TAKE_BACK}{NOT_COMMITTED}"
    assert (ended.status, masked(ended.err)) == (1, expected)


def test_another_integration_branch_may_lose_it(lane: Repo) -> None:
    lane.switch("release", "main")
    stage(lane, {".lanes.toml": None})
    assert passes(lane)


def test_a_main_that_is_behind(lane: Repo) -> None:
    """An older commit of main has no manifest, and a commit on top of it takes none away."""
    lane.git("checkout", "--quiet", "--orphan", "older")
    lane.commit({".lanes.toml": None})
    lane.switch("main", "older")
    stage(lane, {"top.txt": "x"})
    assert passes(lane)
    stage(lane, {".lanes.toml": BROKEN})
    assert not passes(lane)
    stage(lane, {".lanes.toml": MANIFEST})
    assert passes(lane)


@pytest.mark.parametrize("push", [False, True])
def test_the_manifest_on_a_lanes_branch(lane: Repo, push: bool) -> None:
    """The manifest in force is never the one being committed, nor one that the branch committed before."""
    manifest = MANIFEST.replace('"/docs/"', '"*"')
    stage(lane, {".lanes.toml": manifest})
    assert refusal(lane) == (
        outside(
            "changes .lanes.toml (protected: only integration branches may write it)", paths=".lanes.toml"
        )
    )
    lane.git("commit", "--quiet", "--no-verify", "-m", "Widen")
    if push:
        lane.git("push", "--quiet", str(lane.path), f"HEAD:refs/remotes/origin/{BRANCH}")
    stage(lane, {"top.txt": "mine"})
    assert refusal(lane) == outside(TOP, paths="top.txt")


def test_the_manifest_in_the_work_tree_of_main_is_not_in_force(lane: Repo) -> None:
    lane.switch("main")
    lane.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"*"')})
    lane.switch(BRANCH)
    stage(lane, {"top.txt": "mine"})
    assert not passes(lane)
    lane.push("main")
    assert passes(lane)


def without_manifest(lane: Repo, content: str | None) -> None:
    """Make the manifest on main go or break, here and as it was last fetched."""
    lane.switch("main")
    lane.commit({".lanes.toml": content})
    lane.git("update-ref", "refs/remotes/origin/main", "main")
    lane.switch(BRANCH, "main")
    stage(lane, {"docs/b.md": "b"})


NOWHERE = """\
lanes: could not judge: no manifest is in force: refs/remotes/origin/main at OID has no .lanes.toml
  to begin"""
INVALID = """\
lanes: could not judge: the manifest in force is invalid: refs/remotes/origin/main at OID
  .lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads
  to mend"""


INVALID_TOO = """\
  this commit does not: its manifest is invalid
  .lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads
"""


@pytest.mark.parametrize(("content", "problem"), [(None, NOWHERE), (BROKEN, INVALID)])
def test_beginning_and_mending(lane: Repo, content: str | None, problem: str) -> None:
    """Everything waits for a valid manifest; a commit on main that brings one passes."""
    without_manifest(lane, content)
    expected = f"{problem}: bring a valid .lanes.toml to main; everything else waits for it\n"
    assert refusal(lane) == expected
    assert lane.script("lane-pre-commit").status == 2
    lane.switch("main")
    assert refusal(lane) == expected + (INVALID_TOO if content else "")
    stage(lane, {".lanes.toml": MANIFEST})
    assert passes(lane)


# -- Which manifest is in force


def on_another(message: str, branch: str) -> str:
    """Give a message with another branch in the place of main, the one that holds the manifest in force."""
    return message.replace("origin/main at", f"origin/{branch} at").replace("on main,", f"on {branch},")


def test_a_trusted_ref(lane: Repo) -> None:
    lane.switch("release", "main")
    lane.commit({".lanes.toml": MANIFEST.replace("work/docs-*", "text/*")})
    lane.push("release")
    lane.git("config", "lanes.trustedRef", "refs/remotes/origin/release")
    lane.switch("text/1", "release")
    stage(lane, {"docs/b.md": "b"})
    assert passes(lane)
    stage(lane, {"top.txt": "mine"})
    assert refusal(lane) == on_another(outside(TOP, paths="top.txt", branch="text/1"), "release")
    lane.git("config", "lanes.trustedRef", "refs/remotes/origin/HEAD")
    assert refusal(lane) == NO_LANE.replace("feature", "text/1")


@pytest.mark.parametrize("name", ["main", "origin/main", "HEAD"])
def test_a_trusted_ref_that_is_no_full_name(lane: Repo, name: str) -> None:
    lane.git("config", "lanes.trustedRef", name)
    ended = lane.script("lane-pre-commit")
    assert (ended.status, ended.out, ended.err) == (
        2,
        "",
        f"lanes: could not judge: lanes.trustedRef is {name};"
        " name a branch in full, such as refs/remotes/origin/main\n",
    )


def test_a_trusted_ref_that_does_not_exist(lane: Repo) -> None:
    lane.git("config", "lanes.trustedRef", "refs/heads/trunk")
    ended = lane.script("lane-pre-commit")
    assert (ended.status, ended.out, ended.err) == (
        2,
        "",
        "lanes: could not judge: no manifest is in force: looked for refs/heads/trunk, and none exists\n"
        "  to begin: commit a valid .lanes.toml on trunk\n",
    )
    lane.git("checkout", "--quiet", "--orphan", "trunk")
    lane.git("rm", "--quiet", "--cached", ".lanes.toml")
    assert not passes(lane)
    lane.git("add", ".lanes.toml")
    assert passes(lane)


def test_the_remote_upstream_comes_first(lane: Repo, tmp_path: Path) -> None:
    """In a fork, origin is one's own: anybody can widen a lane there."""
    lane.switch("main")
    lane.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"*"')})
    lane.push("main")
    lane.switch(BRANCH, "main~1")
    stage(lane, {"top.txt": "mine"})
    assert passes(lane)
    upstream = make_repo(tmp_path / "upstream.git", "--bare")
    lane.git("remote", "add", "upstream", str(upstream.path))
    lane.git("push", "--quiet", "upstream", "main~1:refs/heads/main")
    stage(lane, {"top.txt": "mine, too"})
    expected = outside(TOP, paths="top.txt").replace("remotes/origin", "remotes/upstream")
    assert refusal(lane) == expected


def test_the_branchs_own_remote_comes_before_origin(lane: Repo, tmp_path: Path) -> None:
    team = make_repo(tmp_path / "team.git", "--bare")
    lane.git("remote", "add", "team", str(team.path))
    lane.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"/text/"')})
    lane.git("push", "--quiet", "team", "HEAD:main")
    stage(lane, {"docs/b.md": "b"})
    assert passes(lane)
    lane.git("config", f"branch.{BRANCH}.remote", "team")
    stage(lane, {"docs/b.md": "more"})
    assert not passes(lane)
    stage(lane, {"docs/b.md": "b", "text/a.md": "a"})
    assert passes(lane)


def test_the_only_remote(lane: Repo) -> None:
    lane.git("remote", "rename", "origin", "hub")
    stage(lane, {"top.txt": "mine"})
    assert refusal(lane) == outside(TOP, paths="top.txt").replace("remotes/origin", "remotes/hub")


def test_the_branch_that_head_of_the_remote_names(lane: Repo) -> None:
    lane.switch("trunk", "main")
    lane.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"/text/"')})
    lane.push("trunk", "--no-verify")
    lane.git("update-ref", "refs/remotes/origin/trunk", "trunk")
    lane.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    stage(lane, {"top.txt": "trunk integrates"})
    assert passes(lane)
    lane.switch(BRANCH, "trunk~1")
    stage(lane, {"text/a.md": "a"})
    assert passes(lane)
    stage(lane, {"docs/a.md": "mine"})
    expected = outside("changes docs/a.md (outside-lane: no lane may write it)", paths="docs/a.md")
    assert refusal(lane) == on_another(expected.replace("    /docs/", "    /text/"), "trunk")


def test_a_remote_whose_branches_are_kept_elsewhere(lane: Repo) -> None:
    lane.git("remote", "set-head", "origin", "--delete")
    lane.git("config", "remote.origin.fetch", "+refs/heads/*:refs/hub/*")
    lane.git("update-ref", "refs/hub/main", "refs/remotes/origin/main")
    lane.git("update-ref", "refs/remotes/origin/main", lane.commit({".lanes.toml": BROKEN}))
    lane.switch(BRANCH, "main")
    stage(lane, {"top.txt": "mine"})
    assert refusal(lane) == outside(TOP, paths="top.txt").replace("refs/remotes/origin", "refs/hub")


def test_a_sparse_index(lane: Repo) -> None:
    """Folders that are not checked out stand in the index as one entry."""
    lane.git("sparse-checkout", "set", "--cone", "--sparse-index", "docs")
    assert not (lane.path / "api").exists()
    assert "040000" in lane.git("ls-files", "--sparse", "--stage")
    stage(lane, {"docs/b.md": "b"})
    assert passes(lane)
    stage(lane, {"top.txt": "mine"})
    assert refusal(lane) == outside(TOP, paths="top.txt")


def test_a_repository_without_a_remote(lane: Repo) -> None:
    lane.git("remote", "remove", "origin")
    stage(lane, {"top.txt": "mine"})
    assert refusal(lane) == outside(TOP, paths="top.txt").replace(
        "refs/remotes/origin/main", "refs/heads/main"
    )
    stage(lane, {"top.txt": "t\n", "docs/a.md": "mine"})
    assert passes(lane)


@pytest.mark.parametrize("ref", ["refs/tags/origin/main", "refs/heads/origin/main", "refs/origin/main"])
def test_a_name_that_looks_like_the_remotes_branch(lane: Repo, ref: str) -> None:
    evil = lane.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"*"')})
    lane.git("reset", "--quiet", "--hard", "main")
    for misleading in (ref, "refs/tags/main", "refs/tags/HEAD", f"refs/tags/{BRANCH}"):
        lane.git("update-ref", misleading, evil)
    stage(lane, {"top.txt": "mine"})
    ended = lane.script("lane-pre-commit")
    assert (ended.status, ended.out, masked(ended.err)) == (1, "", outside(TOP, paths="top.txt"))


# -- The environment


VARIABLES = {
    "GIT_TRACE": "1",
    "GIT_TRACE2": "1",
    "GIT_TRACE_SETUP": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_GLOB_PATHSPECS": "1",
    "GIT_NOGLOB_PATHSPECS": "1",
    "GIT_ICASE_PATHSPECS": "1",
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_DIFF_OPTS": "--unified=0",
    "GIT_PAGER": "false",
    "GIT_FLUSH": "1",
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "tr_TR.UTF-8",
    "LANGUAGE": "de",
    "PRE_COMMIT": "1",
}
SETTINGS = {
    "color.ui": "always",
    "core.abbrev": "4",
    "core.attributesFile": "nowhere",
    "core.fileMode": "false",
    "core.ignoreCase": "true",
    "core.pager": "false",
    "core.quotePath": "false",
    "diff.algorithm": "patience",
    "diff.external": "false",
    "diff.ignoreSubmodules": "all",
    "diff.mnemonicPrefix": "true",
    "diff.noprefix": "true",
    "diff.orderFile": "nowhere",
    "diff.relative": "true",
    "diff.renames": "copies",
    "diff.submodule": "log",
    "i18n.logOutputEncoding": "latin-1",
    "log.showSignature": "true",
    "status.relativePaths": "false",
    "status.renames": "copies",
}


@pytest.fixture
def all_kinds(lane: Repo) -> Repo:
    """The clone with a submodule, a rename and a name that needs quotes in the index; all are outside."""
    lane.git("update-index", "--add", "--cacheinfo", f"160000,{lane.head()},sub")
    lane.write({"top.txt": None, "TOP2.txt": "t\n", "é": "x"})
    lane.git("add", "top.txt", "TOP2.txt", "é")
    return lane


ALL_KINDS = outside(
    "adds TOP2.txt (outside-lane: no lane may write it)",
    "adds sub (outside-lane: no lane may write it)",
    "deletes top.txt (outside-lane: no lane may write it)",
    'adds "\\303\\251" (outside-lane: no lane may write it)',
    paths="TOP2.txt sub top.txt 'é'",
)


@pytest.mark.parametrize("folder", [".", "docs"])
def test_variables_do_not_change_what_is_said(all_kinds: Repo, folder: str) -> None:
    ended = Repo(all_kinds.path / folder).script("lane-pre-commit", env=VARIABLES)
    assert (ended.status, ended.out, masked(ended.err)) == (1, "", ALL_KINDS)


@pytest.mark.parametrize("folder", [".", "docs"])
def test_settings_do_not_change_what_is_said(all_kinds: Repo, folder: str) -> None:
    for key, value in SETTINGS.items():
        all_kinds.git("config", key, value)
    ended = Repo(all_kinds.path / folder).script("lane-pre-commit")
    assert (ended.status, ended.out, masked(ended.err)) == (1, "", ALL_KINDS)


def test_warnings_of_python_are_none(all_kinds: Repo) -> None:
    """Whoever develops in Python may have them turned on for everything."""
    ended = all_kinds.script("lane-pre-commit", env={"PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"})
    assert (ended.status, ended.out, masked(ended.err)) == (1, "", ALL_KINDS)


def test_replace_refs_and_grafts_change_nothing(lane: Repo) -> None:
    evil = lane.commit({"top.txt": "mine"})
    stage(lane, {"top.txt": "mine, too"})
    before = lane.script("lane-pre-commit")
    assert before.status == 1
    lane.git("replace", lane.git("rev-parse", "main"), evil)
    (lane.path / ".git" / "info").mkdir(exist_ok=True)
    (lane.path / ".git" / "info" / "grafts").write_text(f"{lane.git('rev-parse', 'main')} {evil}\n")
    assert lane.script("lane-pre-commit") == before


def test_modules_in_the_work_tree_are_not_run(lane: Repo) -> None:
    evil = "raise SystemExit(0)\n"
    names = ("lane_hooks.py", "lanes.py", "re.py", "sitecustomize.py", "subprocess.py")
    stage(lane, dict.fromkeys(names, evil))
    changes = (f"adds {name} (outside-lane: no lane may write it)" for name in names)
    assert refusal(lane) == outside(*changes, paths=" ".join(names))


def test_a_namespace_is_refused(lane: Repo) -> None:
    stage(lane, {"docs/b.md": "b"})
    assert lane.script("lane-pre-commit", env={"GIT_NAMESPACE": "x"}) == Ended(
        2,
        "",
        "lanes: could not judge: GIT_NAMESPACE is set;"
        " lanes can't be judged inside a namespace, so unset it\n",
    )
    assert lane.script("lane-pre-commit") == Ended(0, "", "")


USAGE = "usage: lane-pre-commit [--if-enabled], called by git as its pre-commit or pre-merge-commit hook\n"


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(repo: Repo, option: str) -> None:
    assert repo.script("lane-pre-commit", option) == Ended(0, USAGE, "")


@pytest.mark.parametrize("arguments", [["a"], ["--all", "b"], [""]])
def test_arguments_are_refused(lane: Repo, arguments: list[str]) -> None:
    assert lane.script("lane-pre-commit", *arguments) == Ended(2, "", f"lanes: too many arguments\n  {USAGE}")


# -- What can't be judged


def test_no_repository(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    assert Repo(folder).script("lane-pre-commit") == Ended(
        2,
        "",
        "lanes: could not judge: git rev-parse failed with exit status 128:"
        " fatal: not a git repository (or any of the parent directories): .git\n",
    )


def test_a_repository_of_another_user(lane: Repo) -> None:
    ended = lane.script("lane-pre-commit", env={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert (ended.status, ended.out, ended.err) == (
        2,
        "",
        "lanes: could not judge: git does not trust this repository, which belongs to another user;"
        f" run: git config --global --add safe.directory {lane.path}\n",
    )


@pytest.mark.parametrize(
    ("version", "problem"),
    [
        ("git version 2.30.0", "git 2.30 is too old; install git 2.39 or newer"),
        ("git version 1.99.9", "git 1.99 is too old; install git 2.39 or newer"),
        ("git version 2.38.5 (Apple Git-143)", "git 2.38 is too old; install git 2.39 or newer"),
        ("hub version 3", "git does not tell its version, but: hub version 3"),
        ("git version 2.39.0", None),
        ("git version 2.100.1.windows.1", None),
        ("git version 3.0", None),
    ],
)
def test_the_version_of_git(lane: Repo, tmp_path: Path, version: str, problem: str | None) -> None:
    stage(lane, {"docs/b.md": "b"})
    fake = fake_git(tmp_path / "bin", f'version) echo "{version}"; exit;;')
    expected = Ended(2, "", f"lanes: could not judge: {problem}\n") if problem else Ended(0, "", "")
    assert lane.script("lane-pre-commit", env=fake) == expected


def test_no_git(lane: Repo, tmp_path: Path) -> None:
    assert lane.script("lane-pre-commit", env={"PATH": str(tmp_path / "nowhere")}) == Ended(
        2,
        "",
        "lanes: could not judge: git can't be started (No such file or directory);"
        " install git or mend PATH\n",
    )


ONE_FAILS = """\
*)
  echo "$1" >>"$LOG"
  if [ "$(wc -l <"$LOG")" -eq "$FAILING" ]; then echo "fatal: no more" >&2; exit 128; fi;;
"""


def test_git_that_fails_half_way(newer_main: Repo, tmp_path: Path) -> None:
    """Whichever of its git commands fails, the hook passes nothing, and says which one it was."""
    merge(newer_main, "--no-commit", "main")
    stage(newer_main, {"top.txt": "mine"})
    fake, log = fake_git(tmp_path / "bin", ONE_FAILS), tmp_path / "log"

    def failing(number: int) -> Ended:
        log.write_text("")
        return newer_main.script("lane-pre-commit", env={**fake, "LOG": str(log), "FAILING": str(number)})

    assert failing(0).status == 1
    commands = log.read_text().split()
    assert {"diff-index", "diff-tree", "rev-list"} < set(commands)
    assert [failing(i + 1) for i in range(len(commands))] == [
        Ended(2, "", f"lanes: could not judge: git {command} failed with exit status 128: fatal: no more\n")
        for command in commands
    ]


@pytest.mark.parametrize(
    ("end", "problem"),
    [
        ("kill -9 $$", "git diff-index was killed by signal 9 and said nothing"),
        ('"$git" "$@" | head -c -1; exit', "git diff-index stopped in the middle of a line"),
        ('"$git" "$@"; exit 1', "git diff-index failed with exit status 1 and said nothing"),
    ],
    ids=["killed", "cut off", "failed at its end"],
)
def test_git_that_answers_badly(lane: Repo, tmp_path: Path, end: str, problem: str) -> None:
    stage(lane, {"docs/b.md": "b"})
    fake = fake_git(tmp_path / "bin", f"diff-index) {end};;")
    assert lane.script("lane-pre-commit", env=fake) == Ended(2, "", f"lanes: could not judge: {problem}\n")


def test_sha_256(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "sha-256", "--object-format=sha256")
    install(repo)
    stage(repo, {".lanes.toml": MANIFEST, "top.txt": "t"})
    assert passes(repo)
    repo.switch(BRANCH, "main")
    stage(repo, {"docs/a.md": "a"})
    assert passes(repo)
    repo.switch("main")
    repo.commit({"top.txt": "newer"})
    repo.switch(BRANCH)
    assert merge(repo, "main").status == 0
    stage(repo, {"top.txt": "mine"})
    assert not passes(repo)


def test_a_shallow_clone(newer_main: Repo, server: Repo, tmp_path: Path) -> None:
    """What the cut hides is older than what is judged, or the commit is not judged."""
    assert newer_main.push(BRANCH).status == 0
    for depth, status in ((1, 2), (2, 1)):
        copy = tmp_path / f"depth-{depth}"
        url = f"file://{server.path}"
        newer_main.git("clone", "--quiet", f"--depth={depth}", "--no-single-branch", url, str(copy))
        shallow = Repo(copy)
        install(shallow)
        shallow.switch(BRANCH)
        stage(shallow, {"docs/c.md": "c"})
        assert passes(shallow)
        stage(shallow, {"top.txt": "mine"})
        assert shallow.script("lane-pre-commit").status == status
