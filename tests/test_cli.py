"""`git lanes`, as it is installed, and how every command ends; whole outputs, with object ids masked."""

import os
import shutil
import signal
from collections.abc import Callable
from importlib.metadata import distribution, version
from pathlib import Path

import click
import pytest
from fakes import fake_git, started, unread
from repos import MANIFEST, SCRIPTS, Content, Ended, Repo, masked

from lanes import command, entry, signals
from lanes.errors import CannotJudge

FETCHED = "manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
LOCAL = "manifest in force: .lanes.toml of refs/heads/main at OID\n"
DOCS = """\
lanes: work/docs-1 has the lane "docs": Write the docs
lane "docs" may write:
  /docs/
and, as all lanes that are not review-only:
  /shared.txt
only integration branches may write:
  .lanes.toml
  /ci/
"""
BOTH = MANIFEST + '[lanes.both]\nbranches = ["work/api-*"]\npaths = ["/both/"]\n'
UNLISTED = MANIFEST.replace("[defaults]", '[defaults]\nunlisted = "allow"')


def lanes(repo: Repo, *arguments: str | bytes) -> tuple[int, str]:
    """Run `git-lanes`, which must say nothing on stderr; give its status and all that it printed, masked."""
    ended = repo.script("git-lanes", *arguments)
    assert ended.err == ""
    return ended.status, masked(ended.out)


def refused(ended: Ended) -> str:
    """Give the whole message of a command that could not answer, masked; it must print nothing else."""
    assert (ended.status, ended.out) == (2, "")
    return masked(ended.err)


def force(clone: Repo, manifest: str) -> None:
    """Put another manifest in force, even one that could not be pushed."""
    clone.commit({".lanes.toml": manifest})
    clone.put("main")


# -- How it is called


def test_git_finds_it(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    for words in (["git-lanes", "show"], ["git", "lanes", "show"]):
        ended = clone.run(*words)
        assert (ended.status, masked(ended.out), ended.err) == (0, DOCS + FETCHED, "")
    assert clone.run("git", "lanes", "show", "feature").status == 1
    assert clone.run("git", "lanes", "show", "--nonsense").status == 2
    ended = clone.run("git", "-C", "docs", "lanes", "why", "a.md")
    assert ended.out.startswith("lanes: docs/a.md\n")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(tmp_path: Path, option: str) -> None:
    ended = Repo(tmp_path).script("git-lanes", option)
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "Usage: git-lanes [OPTIONS] COMMAND [ARGS]..."
    commands = lines[lines.index("Commands:") + 1 :]
    names = ["allow", "brief", "check", "demo", "doctor", "init", "install", "schema", "show", "status"]
    names += ["uninstall", "why"]
    assert [line.split()[0] for line in commands] == names


def test_version(tmp_path: Path) -> None:
    assert lanes(Repo(tmp_path), "--version") == (0, f"git-lanes, version {version('git-lanes')}\n")


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        (["nonsense"], "git-lanes [OPTIONS] COMMAND [ARGS]..."),
        (["--nonsense"], "git-lanes [OPTIONS] COMMAND [ARGS]..."),
        (["show", "a", "b"], "git-lanes show [OPTIONS] [BRANCH]"),
        (["why"], "git-lanes why [OPTIONS] PATH"),
        (["check", "file"], "git-lanes check [OPTIONS]"),
        (["demo", "folder"], "git-lanes demo [OPTIONS]"),
    ],
)
def test_usage(repo: Repo, arguments: list[str], usage: str) -> None:
    """The first line is click's own, and changes with it."""
    first, *more = refused(repo.script("git-lanes", *arguments)).splitlines()
    assert first.startswith("lanes: ")
    assert more == [f"  Usage: {usage}"]


def test_outside_any_repository(tmp_path: Path) -> None:
    message = f"lanes: could not judge: there is no git repository at or above {tmp_path}\n"
    for arguments in (["check"], ["show"], ["why", "a"]):
        assert refused(Repo(tmp_path).script("git-lanes", *arguments)) == message


# -- check


NO_SHARED = ".lanes.toml:7: warning: defaults.shared[0]: it matches no tracked file\n"
VALID = "lanes: .lanes.toml is valid: 3 lanes, 3 pairs proven apart\n"


def test_check(repo: Repo) -> None:
    repo.write({".lanes.toml": MANIFEST, "docs/a.md": "a"})
    assert lanes(repo, "check") == (0, VALID)
    assert lanes(Repo(repo.path / "docs"), "check") == (0, VALID)
    repo.write({".lanes.toml": "version = 1\n"})
    assert lanes(repo, "check") == (0, "lanes: .lanes.toml is valid: 0 lanes\n")
    repo.write({".lanes.toml": 'version = 1\r\n[lanes.a]\r\nbranches = ["a"]\r\npaths = []\r\n'})
    assert lanes(repo, "check") == (0, "lanes: .lanes.toml is valid: 1 lane\n")


def test_check_tells_of_a_seal_that_nobody_can_open(repo: Repo) -> None:
    sealed = 'version = 1\n[integration]\naccepts = "lanes"\n'
    repo.write({".lanes.toml": sealed})
    assert lanes(repo, "check") == (
        0,
        "lanes: .lanes.toml is valid: 0 lanes\n"
        '.lanes.toml:3: warning: integration.accepts: "lanes", and integration.pushers names nobody,'
        " so once this is in force no push can change it any more\n",
    )
    repo.write({".lanes.toml": f'{sealed}pushers = ["ann"]\n'})
    assert lanes(repo, "check") == (0, "lanes: .lanes.toml is valid: 0 lanes\n")


LANE = 'version = 1\n[lanes.docs]\nbranches = ["work/*"]\n'


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "1: version: it is missing; expected version = 1"),
        ("version = 2\n", "1: version: 2: expected 1, the only version that this git-lanes reads"),
        ("version = 1\n[\n", "2: not valid TOML at column 2: Invalid initial character for a key part"),
        (
            'version = 1\n[lanes.docs]\nbranch = ["a"]\nbranches = ["a"]\npaths = []\n',
            '3: lanes.docs.branch: unknown key; did you mean "branches"?',
        ),
        (
            LANE,
            '2: lanes.docs.paths: expected what they may write, such as ["/src/"];'
            " [] makes the lane review-only",
        ),
        (
            LANE + 'paths = "/docs/"\n',
            '4: lanes.docs.paths: "/docs/": expected a list of strings, such as ["…"]',
        ),
        (
            LANE + 'paths = [\n  "/docs/",\n  "a[",\n]\n',
            "6: lanes.docs.paths[1]: \"a[\": the bracket '[' is never closed",
        ),
        (
            LANE + 'paths = ["!/docs/"]\n',
            "4: lanes.docs.paths: every pattern begins with '!',"
            " which only takes out what another one matches",
        ),
        (b"\xef\xbb\xbfversion = 1\n", "1: it begins with a byte order mark; save it as UTF-8 without one"),
        (b"version = 1\n# J\xf6rg\n", "2: byte 0xf6 is not UTF-8; save the file as UTF-8"),
        ("version = 1\nx = " + "[" * 5000 + "]" * 5000, "2: brackets are nested too deep"),
        ("version = " + "1" * 5000, "1: a number has too many digits"),
        (b"#" * (1 << 20) + b"\n", "1: it is larger than 1 MiB"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_check_of_what_is_invalid(repo: Repo, content: Content, problem: str) -> None:
    expected = (1, f"lanes: .lanes.toml is invalid: 1 error\n.lanes.toml:{problem}\n")
    repo.commit({".lanes.toml": content})
    assert lanes(repo, "check") == expected
    assert lanes(repo, "check", "--ref", "main") == expected


def test_check_finds_every_error(repo: Repo) -> None:
    repo.write({".lanes.toml": 'version = "1"\n[default]\n[lanes.docs]\nsummary = 1\npaths = [1]\n'})
    assert lanes(repo, "check") == (
        1,
        """\
lanes: .lanes.toml is invalid: 5 errors
.lanes.toml:1: version: "1": expected 1, the only version that this git-lanes reads
.lanes.toml:2: default: unknown key; did you mean "defaults"?
.lanes.toml:3: lanes.docs.branches: expected the branches it covers, such as ["work/*"]
.lanes.toml:4: lanes.docs.summary: 1: expected one line of printable text
.lanes.toml:5: lanes.docs.paths[0]: 1: expected a string
""",
    )


@pytest.mark.parametrize("kind", ["a symbolic link", "a folder", "a submodule"])
def test_check_of_what_is_no_file(repo: Repo, kind: str) -> None:
    tip = repo.commit({"manifest": MANIFEST})
    if kind == "a symbolic link":
        os.symlink("manifest", repo.path / ".lanes.toml")
    else:
        repo.write({".lanes.toml/file": MANIFEST})
    expected = (1, f"lanes: .lanes.toml is invalid: 1 error\n.lanes.toml:1: it is {kind}; expected a file\n")
    if kind == "a submodule":
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{tip},.lanes.toml")
    else:
        assert lanes(repo, "check") == expected
        repo.git("add", ".lanes.toml")
    repo.git("commit", "--quiet", "-m", "Replace")
    assert lanes(repo, "check", "--ref", "HEAD") == expected


def test_check_without_a_manifest(repo: Repo) -> None:
    repo.commit({"docs/.lanes.toml": MANIFEST})
    for place in (repo, Repo(repo.path / "docs")):
        assert refused(place.script("git-lanes", "check")) == (
            "lanes: could not judge: there is no .lanes.toml at the root of the work tree\n"
        )
    assert refused(repo.script("git-lanes", "check", "--ref", "main")) == (
        "lanes: could not judge: main has no .lanes.toml\n"
    )


def test_check_of_a_commit(repo: Repo) -> None:
    """What the work tree and the index hold does not count."""
    files = dict.fromkeys(("shared.txt", "ci/run", "docs/a.md", "api/generated/a"), "x")
    first = repo.commit({".lanes.toml": MANIFEST, **files})
    repo.commit({".lanes.toml": LANE + "paths = []\n"})
    repo.git("tag", "-a", "-m", "x", "v1")
    repo.write({".lanes.toml": "broken"})
    one = "lanes: .lanes.toml is valid: 1 lane\n"
    for revision, expected in ((first, VALID), ("HEAD~1", VALID), ("v1", one), ("main", one)):
        assert lanes(repo, "check", "--ref", revision) == (0, expected)
    assert repo.script("git-lanes", "check").status == 1
    for revision in ("nowhere", "main:.lanes.toml", "HEAD^{tree}", "--all", ""):
        assert refused(repo.script("git-lanes", "check", f"--ref={revision}")) == (
            f"lanes: could not judge: there is no commit {revision}\n"
        )


def test_check_in_a_bare_repository(clone: Repo, server: Repo, tmp_path: Path) -> None:
    for place in (server, Repo(server.path / "refs")):
        assert refused(place.script("git-lanes", "check")) == (
            "lanes: could not judge: there is no work tree here; say which commit:"
            " git lanes check --ref main\n"
        )
        assert lanes(place, "check", "--ref", "main") == (0, VALID + NO_SHARED)
    linked = Repo(tmp_path / "linked")
    server.git("worktree", "add", "--quiet", str(linked.path), "main")
    assert lanes(linked, "check") == (0, VALID + NO_SHARED)


# -- show


def test_show(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    assert lanes(clone, "show") == (0, DOCS + FETCHED)
    clone.switch("main")
    for name in ("work/docs-1", "refs/heads/work/docs-1"):
        assert lanes(clone, "show", name) == (0, DOCS + FETCHED)
    assert lanes(clone, "show", "work/docs-nowhere") == (
        0,
        DOCS.replace("docs-1", "docs-nowhere") + FETCHED,
    )
    assert lanes(clone, "show", "work/api-1") == (
        0,
        """\
lanes: work/api-1 has the lane "api"
lane "api" may write:
  /api/
  !/api/generated/
and, as all lanes that are not review-only:
  /shared.txt
only integration branches may write:
  .lanes.toml
  /ci/
"""
        + FETCHED,
    )


def test_show_a_review_only_lane(clone: Repo) -> None:
    assert lanes(clone, "show", "review/1") == (
        0,
        """\
lanes: review/1 has the lane "review": Read, do not edit
lane "review" is review-only: its branches may not change anything
"""
        + FETCHED,
    )


def test_show_an_integration_branch(clone: Repo) -> None:
    for name in ((), ("main",), ("release",)):
        assert lanes(clone, "show", *name) == (
            0,
            f"lanes: {(*name, 'main')[0]} is an integration branch: it may change anything\n" + FETCHED,
        )


def test_show_who_may_push(clone: Repo) -> None:
    people = ", ".join(f'"p{i:02}"' for i in range(25))
    manifest = MANIFEST.replace('"release"]', f'"release"]\naccepts = "lanes"\npushers = [{people}]')
    manifest = manifest.replace('paths = ["/docs/"]', 'paths = ["/docs/"]\npushers = ["é", "@leads"]')
    clone.commit({".lanes.toml": manifest + '[groups]\nleads = ["bob", "ann"]\n'})
    clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
    first = ", ".join(f"p{i:02}" for i in range(20))
    assert lanes(clone, "show", "main") == (
        0,
        "lanes: main is an integration branch: it takes only what fits into one lane, step by step\n"
        f"who may push: {first} and 5 more\n" + FETCHED,
    )
    status, shown = lanes(clone, "show", "work/docs-1")
    assert (status, shown.splitlines()[-2]) == (0, "who may push: ann, bob, é")
    status, shown = lanes(clone, "show", "work/api-1")
    assert (status, "who may push" in shown) == (0, False)


def test_show_a_branch_without_a_lane(clone: Repo) -> None:
    assert lanes(clone, "show", b"feature/\xff\xc3\xa9") == (
        1,
        "lanes: feature/\\xffé has no lane: its commits are rejected\n" + FETCHED,
    )
    force(clone, UNLISTED)
    assert lanes(clone, "show", "feature") == (
        0,
        "lanes: feature has no lane; it may write whatever is not protected\n" + FETCHED,
    )


def test_show_an_ambiguous_branch(clone: Repo) -> None:
    force(clone, BOTH)
    assert refused(clone.script("git-lanes", "show", "work/api-1")) == (
        'lanes: could not judge: the branch work/api-1 is covered by the lanes "api" and "both";'
        " change their branch patterns in .lanes.toml so that only one covers it\n"
        f"  {FETCHED}"
    )
    assert lanes(clone, "show", "work/docs-1") == (0, DOCS + FETCHED)


def test_a_branch_that_could_be_mistaken_for_main(clone: Repo) -> None:
    """It need not exist; where it does, on many a disk it is main."""
    for arguments in (
        ("show", "Main"),
        ("show", "refs/heads/MAIN"),
        ("why", "docs/a.md", "--branch", "Main"),
    ):
        name = arguments[-1].removeprefix("refs/heads/")
        assert refused(clone.script("git-lanes", *arguments)) == (
            f"lanes: could not judge: {name}: it differs from main by case alone,"
            f" and on many a disk they are one; use another name\n  {FETCHED}"
        )


def test_show_on_a_detached_head(clone: Repo) -> None:
    clone.git("checkout", "--quiet", "--detach")
    assert refused(clone.script("git-lanes", "show")) == (
        "lanes: could not judge: HEAD is detached, so there is no current branch;"
        " name one: git lanes show BRANCH\n"
    )
    assert lanes(clone, "show", "work/docs-1") == (0, DOCS + FETCHED)


def test_show_on_an_unborn_branch(clone: Repo) -> None:
    clone.git("checkout", "--quiet", "--orphan", "work/docs-1")
    assert lanes(clone, "show") == (0, DOCS + FETCHED)


def test_show_in_a_bare_repository(clone: Repo, server: Repo) -> None:
    assert lanes(server, "show", "work/docs-1") == (0, DOCS + LOCAL)


def test_what_can_not_be_a_branch(clone: Repo) -> None:
    for name in ("", "a b", "a..b", "refs/heads/"):
        message = (
            f"lanes: could not judge: {name.removeprefix('refs/heads/')} can't be the name of a branch\n"
        )
        assert refused(clone.script("git-lanes", "show", name)) == message
        assert refused(clone.script("git-lanes", "why", "top.txt", "--branch", name)) == message


def test_the_manifest_in_force_is_not_the_one_in_the_work_tree(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({".lanes.toml": MANIFEST.replace("/docs/", "/top.txt")})
    assert lanes(clone, "show") == (0, DOCS + FETCHED)
    assert lanes(clone, "why", "top.txt") == (1, "lanes: top.txt\nno lane may write it\n" + FETCHED)


def test_no_manifest(repo: Repo) -> None:
    repo.commit({"a": "a"})
    repo.write({".lanes.toml": MANIFEST})
    for arguments in (["show"], ["show", "feature"], ["why", "a"], ["why", "a", "--branch", "feature"]):
        assert refused(repo.script("git-lanes", *arguments)) == (
            "lanes: could not judge: no manifest is in force: refs/heads/main at OID has no .lanes.toml\n"
            "  to begin: bring a valid .lanes.toml to main; everything else waits for it\n"
        )


# -- why


def answer(path: str, *lines: str, force: str = FETCHED) -> str:
    """Give the whole output of `git lanes why`."""
    return "".join(f"{line}\n" for line in (f"lanes: {path}", *lines)) + force


def may(lane: str, by: str, verb: str = "may") -> str:
    """Give one line of the answer."""
    return f'lane "{lane}" {verb} write it, by {by}'


DOCS_RULE = "/docs/ (line 14 of .lanes.toml: lanes.docs.paths[0])"
SHARED_RULE = "/shared.txt (line 7 of .lanes.toml: defaults.shared[0])"
GENERATED_RULE = "!/api/generated/ (line 18 of .lanes.toml: lanes.api.paths[1])"
PROTECTED = "only integration branches may write it, by /ci/ (line 8 of .lanes.toml: defaults.protected[0])"
THE_MANIFEST = "only integration branches may write it: it is the manifest"
NOBODY = "no lane may write it"


def test_why(clone: Repo) -> None:
    for path, shown, status, *lines in (
        ("docs/a.md", "docs/a.md", 0, may("docs", DOCS_RULE)),
        ("docs/", "docs/", 0, may("docs", DOCS_RULE)),
        ("docs", "docs/", 0, may("docs", DOCS_RULE)),  # it is a folder in the work tree
        ("new", "new", 1, NOBODY),
        ("./docs//x/../a.md", "docs/a.md", 0, may("docs", DOCS_RULE)),
        ("shared.txt", "shared.txt", 0, may("docs", SHARED_RULE), may("api", SHARED_RULE)),
        ("api/generated/x", "api/generated/x", 1, may("api", GENERATED_RULE, "may not"), NOBODY),
        ("top.txt", "top.txt", 1, NOBODY),
        ("ci/run", "ci/run", 1, PROTECTED),
        (".lanes.toml", ".lanes.toml", 1, THE_MANIFEST),
        ("docs/.lanes.toml", "docs/.lanes.toml", 0, may("docs", DOCS_RULE)),
        (b"docs/\xff\n\"'", '"docs/\\377\\n\\"\'"', 0, may("docs", DOCS_RULE)),
        (b"\xc3\xa9", '"\\303\\251"', 1, NOBODY),
    ):
        assert lanes(clone, "why", path) == (status, answer(shown, *lines))


def test_why_for_a_branch(clone: Repo) -> None:
    no_match = "may not write it: none of its patterns matches"
    for branch, path, status, line in (
        ("work/docs-1", "docs/a.md", 0, may("docs", DOCS_RULE)),
        ("refs/heads/work/docs-1", "docs/a.md", 0, may("docs", DOCS_RULE)),
        ("work/docs-1", "shared.txt", 0, may("docs", SHARED_RULE)),
        ("work/docs-1", "top.txt", 1, f'lane "docs" {no_match}'),
        ("work/api-1", "docs/a.md", 1, f'lane "api" {no_match}'),
        ("work/api-1", "api/generated/x", 1, may("api", GENERATED_RULE, "may not")),
        ("work/api-1", "ci/run", 1, PROTECTED),
        ("work/api-1", ".lanes.toml", 1, THE_MANIFEST),
        ("review/1", "docs/a.md", 1, 'lane "review" may not write it: it is review-only'),
        ("review/1", "shared.txt", 1, 'lane "review" may not write it: it is review-only'),
        ("feature", "top.txt", 1, "feature may not write it: no lane covers this branch"),
    ):
        assert lanes(clone, "why", path, "--branch", branch) == (status, answer(path, line))


def test_why_for_an_integration_branch(clone: Repo) -> None:
    for branch in ("main", "release"):
        for path in ("docs/a.md", "ci/run", ".lanes.toml"):
            line = f"{branch} is an integration branch: it may change anything"
            assert lanes(clone, "why", path, "--branch", branch) == (0, answer(path, line))


def test_why_for_a_sealed_integration_branch(clone: Repo) -> None:
    """Who asks what main takes must not be told that it takes anything."""
    sealed = MANIFEST.replace('"release"]', '"release"]\naccepts = "lanes"')
    moved = DOCS_RULE.replace("14", "15"), THE_MANIFEST.partition(":")[2]
    takes = "main takes only what fits into one lane, {}"
    for pushers, status, rest in (
        ("", 1, "and no lane may write this"),
        ('pushers = ["ann"]', 0, "but its pushers may write this, too"),
    ):
        clone.commit({".lanes.toml": sealed.replace("[defaults]", f"{pushers}\n[defaults]")})
        clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
        docs = may("docs", moved[0].replace("15", "16"))
        assert lanes(clone, "why", "docs/a.md", "--branch", "main") == (0, answer("docs/a.md", docs))
        assert lanes(clone, "why", "top.txt", "--branch", "main") == (1, answer("top.txt", NOBODY))
        manifest = f"{takes.format(rest)}:{moved[1]}"
        assert lanes(clone, "why", ".lanes.toml", "--branch", "main") == (
            status,
            answer(".lanes.toml", manifest),
        )
        protected = f"{takes.format(rest)}, by /ci/ (line 10 of .lanes.toml: defaults.protected[0])"
        assert lanes(clone, "why", "ci/run", "--branch", "main") == (status, answer("ci/run", protected))
        assert lanes(clone, "why", ".lanes.toml") == (1, answer(".lanes.toml", THE_MANIFEST))
        assert lanes(clone, "why", "api/a.py", "--branch", "work/docs-1") == (
            1,
            answer("api/a.py", 'lane "docs" may not write it: none of its patterns matches'),
        )


def test_why_for_an_unlisted_branch(clone: Repo) -> None:
    force(clone, UNLISTED)
    line = "feature may write it: no lane covers this branch"
    assert lanes(clone, "why", "top.txt", "--branch", "feature") == (0, answer("top.txt", line))
    assert lanes(clone, "why", "ci/run", "--branch", "feature") == (
        1,
        answer("ci/run", PROTECTED.replace("line 8", "line 9")),
    )


def test_why_for_an_ambiguous_branch(clone: Repo) -> None:
    force(clone, BOTH)
    assert refused(clone.script("git-lanes", "why", "top.txt", "--branch", "work/api-1")) == (
        'lanes: could not judge: the branch work/api-1 is covered by the lanes "api" and "both";'
        " change their branch patterns in .lanes.toml so that only one covers it\n"
        f"  {FETCHED}"
    )


def test_why_several_lanes_and_lists(clone: Repo) -> None:
    """The last match of each list decides, either list is enough, and lines are those of the file."""
    force(
        clone,
        """\
version = 1
defaults.shared = ["/gen/**",
  "!/gen/own/", ]

[lanes.a]  # a comment with "quotes"
branches = ["a"]
paths = [
  # "/nothing/"
  "*.md", '!/gen/', "/gen/own/x.md",
]

[lanes."b c"]
branches = ["b"]
paths = ["/gen/own/", "!x.*"]
""",
    )
    by = "(line 9 of .lanes.toml: lanes.a.paths"
    shared = "(line {} of .lanes.toml: defaults.shared[{}])"
    own = '(line 14 of .lanes.toml: lanes."b c".paths'
    for path, status, *lines in (
        ("x.md", 0, may("a", f"*.md {by}[0])"), may("b c", f"!x.* {own}[1])", "may not")),
        ("gen/y", 0, *(may(lane, f"/gen/** {shared.format(2, 0)}") for lane in ("a", "b c"))),
        (
            "gen/own/y",
            0,
            may("a", f"!/gen/ {by}[1])", "may not"),
            may("b c", f"/gen/own/ {own}[0])"),
        ),
        ("gen/own/x.md", 0, may("a", f"/gen/own/x.md {by}[2])"), may("b c", f"!x.* {own}[1])", "may not")),
    ):
        assert lanes(clone, "why", path) == (status, answer(path, *lines))


def test_why_in_a_sub_folder(clone: Repo, tmp_path: Path) -> None:
    docs = Repo(clone.path / "docs")
    a_md = (0, answer("docs/a.md", may("docs", DOCS_RULE)))
    for path in ("a.md", "../docs/a.md", str(clone.path / "docs/a.md")):
        assert lanes(docs, "why", path) == a_md
    assert lanes(docs, "why", "../top.txt") == (1, answer("top.txt", NOBODY))
    assert lanes(docs, "why", "./") == (0, answer("docs/", may("docs", DOCS_RULE)))
    linked = Repo(tmp_path / "linked")
    clone.git("worktree", "add", "--quiet", "-b", "feature", str(linked.path))
    assert lanes(Repo(linked.path / "docs"), "why", "a.md") == a_md


def test_why_of_what_lies_outside(clone: Repo, server: Repo) -> None:
    for path in ("..", "../x", "../clone.txt", "/etc/passwd", "docs/../../x"):
        assert refused(clone.script("git-lanes", "why", path)) == (
            f"lanes: could not judge: {path} lies outside the repository\n"
        )
    for path in ("/docs/a.md", "../x"):
        assert refused(server.script("git-lanes", "why", path)) == (
            f"lanes: could not judge: {path} lies outside the repository\n"
        )
    for name in ("..x", "...", "..x/y"):
        assert lanes(clone, "why", name) == (1, answer(name, NOBODY))


def test_why_of_the_repository_itself(clone: Repo) -> None:
    for path in (".", "./", "docs/..", ""):
        assert refused(clone.script("git-lanes", "why", path)) == (
            f"lanes: could not judge: {path} is no path in the repository; name a file or a folder in it\n"
        )


def test_why_elsewhere_than_on_a_branch(clone: Repo, server: Repo) -> None:
    clone.git("checkout", "--quiet", "--detach")
    assert lanes(clone, "why", "docs/a.md") == (0, answer("docs/a.md", may("docs", DOCS_RULE)))
    assert lanes(server, "why", "docs/a.md") == (
        0,
        answer("docs/a.md", may("docs", DOCS_RULE), force=LOCAL),
    )


# -- How commands end


def fails() -> int:
    raise RuntimeError("oops")


def gives_up() -> int:
    raise CannotJudge("no lane\nfirst detail\n\nsecond detail")


@pytest.mark.parametrize(
    ("main", "status", "said"),
    [
        (lambda: 0, 0, ""),
        (lambda: 1, 1, ""),
        (gives_up, 2, "lanes: could not judge: no lane\n  first detail\n\n  second detail\n"),
    ],
    ids=["inside", "violations", "could not judge"],
)
def test_ends(main: Callable[[], int], status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(main) == status
    assert capsys.readouterr() == ("", said)


BUG = "lanes: could not judge: this is a bug in git-lanes; please report it with these lines"


def test_a_bug_keeps_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.run(fails) == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (out, lines[:2]) == ("", [BUG, "  Traceback (most recent call last):"])
    assert lines[-2:] == ['      raise RuntimeError("oops")', "  RuntimeError: oops"]


def with_python(folder: Path) -> dict[str, str]:
    """Give the environment in which Python looks into *folder* first."""
    path = os.pathsep.join([str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    return {"PYTHONPATH": path.strip(os.pathsep)}


@pytest.mark.parametrize("script", ["git-lanes", "lane-audit", "lane-pre-receive"])
def test_a_bug_in_an_installed_command(clone: Repo, tmp_path: Path, script: str) -> None:
    """Neither 0 nor 1, whatever breaks."""
    sabotage = "import lanes.plumbing\ndel lanes.plumbing.Git.require_version\n"
    (tmp_path / "sitecustomize.py").write_text(sabotage)
    arguments = ["show"] if script == "git-lanes" else []
    ended = clone.script(script, *arguments, env=with_python(tmp_path))
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.splitlines()[:2] == [BUG, "  Traceback (most recent call last):"]


@pytest.mark.parametrize(
    ("missing", "begin"), [("entry", "lanes: "), ("plumbing", "lanes: could not judge: ")]
)
@pytest.mark.parametrize("script", [point.name for point in distribution("git-lanes").entry_points])
def test_an_installation_that_is_not_whole(
    clone: Repo, tmp_path: Path, script: str, missing: str, begin: str
) -> None:
    """Python alone would end with 1, as if there were violations."""
    copy = tmp_path / "copy" / "lanes"
    shutil.copytree(Path(entry.__file__).parent, copy, ignore=shutil.ignore_patterns(f"{missing}.*"))
    why = f"this installation is not whole (No module named 'lanes.{missing}'); install git-lanes again"
    # What lane-guard has to judge, or it ends before it needs any more.
    stdin = b'{"tool_name": "Write", "tool_input": {"file_path": "x"}}' if script == "lane-guard" else b""
    ended = clone.script(script, stdin=stdin, env=with_python(copy.parent))
    assert ended == Ended(2, "", f"{begin}{why}\n")


@pytest.mark.parametrize(
    ("callback", "status", "said"),
    [
        (lambda: None, 0, ""),
        (lambda: 1, 1, ""),
        (gives_up, 2, "lanes: could not judge: no lane\n  first detail\n\n  second detail\n"),
    ],
    ids=["nothing said", "violations", "could not judge"],
)
def test_commands_end_like_hooks(
    callback: Callable[[], int | None],
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["program"])
    assert entry.run(lambda: command.run(click.Command("program", callback=callback))) == status
    assert capsys.readouterr() == ("", said)


def ended_in_a_class() -> int:
    """Be ended while a class is made: Python 3.11 raises another exception from what comes then."""

    class Attribute:
        def __set_name__(self, owner: type[object], name: str) -> None:
            raise signals.Ended(signal.SIGTERM)

    class Owner:
        attribute = Attribute()

    return 0


def ended_while_it_failed() -> int:
    """Fail with another exception while a signal is on its way out."""
    try:
        raise signals.Ended(signal.SIGTERM)
    finally:
        fails()


@pytest.mark.parametrize("main", [ended_in_a_class, ended_while_it_failed])
def test_a_signal_that_is_wrapped_is_no_bug(
    main: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(signals.Ended) as caught:
        entry.run(main)
    assert (caught.value.status, str(caught.value)) == (143, "terminated")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("script", ["lane-pre-receive", "lane-pre-push"])
def test_a_hook_interrupted_while_it_reads(clone: Repo, script: str) -> None:
    """More than a pipe holds was written, so the hook reads; its input ends only after the signal."""
    with started(SCRIPTS / script, cwd=clone.path) as process:
        assert process.stdin is not None
        process.stdin.write(b"x" * (1 << 22))
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"lanes: interrupted\n")


def test_a_command_interrupted_while_git_works(clone: Repo, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    path = fake_git(tmp_path / "hanging", f'symbolic-ref) cat; echo >"{ready}"; exec sleep 600;;')
    with started(SCRIPTS / "git-lanes", "show", cwd=clone.path, env=path) as process:
        ready.read_text()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"lanes: interrupted\n")


def test_a_reader_that_stops_early(clone: Repo) -> None:
    """As `git lanes show | head -1` does: the answer stands, and nobody hears of a broken pipe."""
    for arguments, status in ((["show", "work/docs-1"], 0), (["show", "feature"], 1), (["check"], 0)):
        assert unread(SCRIPTS / "git-lanes", *arguments, cwd=clone.path) == (status, b"")
