"""`git lanes allow`, as it is installed: whole outputs, and what becomes of the manifest, byte by byte."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from fakes import FAULTS, Fault, FaultyGit, fake_git
from hypothesis import given, settings
from hypothesis import strategies as st
from repos import MANIFEST, Ended, Repo, masked

from lanes.manifest import parse
from lanes.widen import Refused, Wanted, needed, widened

PUSH = "  git push origin main\n"
DIFFERENCE = f"""\
--- a/.lanes.toml
+++ b/.lanes.toml
@@ -11,7 +11,7 @@
 [lanes.docs]
 summary = "Write the docs"
 branches = ["work/docs-*"]
-paths = ["/docs/"]
+paths = ["/docs/", %s]
{" "}
 [lanes.api]
 branches = ["work/api-*"]
"""
MANIFEST_IS_PROTECTED = "only integration branches may write it: it is the manifest"


def allow(repo: Repo, *arguments: str | bytes, env: Mapping[str, str] | None = None) -> Ended:
    """Run `git lanes allow`; give how it ended, with ids masked."""
    ended = repo.script("git-lanes", "allow", *arguments, env=env)
    return Ended(ended.status, masked(ended.out), masked(ended.err))


def manifest(repo: Repo) -> str:
    return (repo.path / ".lanes.toml").read_bytes().decode()


def with_docs(paths: str) -> str:
    """Give the manifest with other paths of the lane "docs"."""
    return MANIFEST.replace('["/docs/"]', paths)


def widened_by(patterns: str) -> str:
    return with_docs(f'["/docs/", {patterns}]')


def state(repo: Repo) -> list[object]:
    """Give all that may not change where nothing is done, or a commit is made elsewhere."""
    index = Path(repo.git("rev-parse", "--absolute-git-dir"), "index")
    refs = [line for line in repo.git("for-each-ref").splitlines() if not line.endswith("\trefs/heads/main")]
    files = [path for path in repo.path.rglob("*") if path.is_file() and ".git" not in path.parts]
    contents = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
    return [index.exists() and index.read_bytes(), refs, contents, repo.try_git("symbolic-ref", "HEAD").out]


@pytest.fixture
def on_lane(clone: Repo) -> Repo:
    """The clone, on a branch of the lane "docs"."""
    clone.switch("work/docs-1", "main")
    return clone


# -- From a refusal to a wider lane


def test_a_file(clone: Repo) -> None:
    ended = allow(clone, "docs", "new.txt")
    expected = (
        'lanes: lane "docs" may write 1 path more\n'
        + DIFFERENCE % '"/new.txt"'
        + "next:\n  git commit -m 'Allow docs to write new.txt' -- .lanes.toml\n"
        + PUSH
    )
    assert ended == Ended(0, expected, "")
    assert manifest(clone) == widened_by('"/new.txt"')


def test_what_a_refusal_says_is_what_the_branch_needs(clone: Repo) -> None:
    """From the server's message to an accepted push, by nothing but what the messages say to type."""
    names = ["new file", "it's $(touch pwned) `x`.md", "dir/*[a]?", "é\\", "-x", ":/y", " end "]
    clone.switch("work/docs-1", "main")
    clone.commit(dict.fromkeys([*names, "docs/b.md"], "x"), "Out")
    said = clone.push("work/docs-1").err
    (command,) = re.findall(r"^remote: +(git lanes allow .*?) *$", said, re.MULTILINE)
    clone.switch("main")
    ended = clone.run("bash", "-c", command)
    assert (ended.status, ended.err) == (0, "")
    for line in ended.out.splitlines()[-2:]:
        assert clone.run("sh", "-c", line).status == 0, line
    assert clone.push("work/docs-1").status == 0
    assert not list(clone.path.rglob("pwned"))
    assert parse(manifest(clone).encode()).lanes[0].paths.patterns[1:] != ()


def test_what_a_refusal_says_without_a_work_tree(on_lane: Repo) -> None:
    on_lane.commit({"new.txt": "x"})
    (command,) = re.findall(r"git lanes (allow .*?) *$", on_lane.push("work/docs-1").err, re.MULTILINE)
    before = state(on_lane)
    assert on_lane.script("git-lanes", *command.split(), "--commit").status == 0
    assert state(on_lane) == before
    assert on_lane.push("main").status == 0
    assert on_lane.push("work/docs-1").status == 0


def test_many_paths_are_named_as_far_as_a_command_may_be_long(on_lane: Repo) -> None:
    on_lane.commit({f"out/{i:03}": "x" for i in range(150)}, "Many")
    said = on_lane.script("lane-audit").out
    named = " ".join(f"out/{i:03}" for i in range(100))
    assert (
        '    or ask the integrator to run, if lane "docs" should write these paths (100 of 150):\n'
        f"      git lanes allow docs {named}\n"
    ) in said
    on_lane.switch("work/docs-2", "main")
    on_lane.commit({f"{i:03}/" + "x" * 200: "x" for i in range(150)}, "Long")
    said = on_lane.script("lane-audit").out
    assert "should write these paths (19 of 150):\n" in said
    assert max(map(len, said.splitlines())) == len("      git lanes allow docs") + 19 * 205


def test_names_that_no_pattern_can_hold_are_not_named(on_lane: Repo) -> None:
    on_lane.commit({b"\xff": "x", "a\nb": "x", "c": "x"}, "Odd")
    said = on_lane.script("lane-audit").out
    assert (
        '    or ask the integrator to run, if lane "docs" should write these paths (1 of 3):\n'
        "      git lanes allow docs c\n"
    ) in said


# -- What is named


@pytest.mark.parametrize(
    ("folder", "paths", "patterns", "subject"),
    [
        (".", ["top.txt"], '"/top.txt"', "top.txt"),
        (".", ["not/there"], '"/not/there"', "not/there"),
        (".", ["not/there/"], '"/not/there/"', "not/there/"),
        (".", ["more"], '"/more/"', "more/"),
        (".", ["./more/../top.txt"], '"/top.txt"', "top.txt"),
        ("more", ["b"], '"/more/b"', "more/b"),
        ("more", ["."], '"/more/"', "more/"),
        ("more", [":/x", "../y"], '"/x", "/y"', "2 paths"),
        ("more", [":/more"], '"/more/"', "more/"),
        (".", ["x", "./x", "more/a", "more"], '"/x", "/more/a", "/more/"', "3 paths"),
        (".", ["more", "more/a"], '"/more/"', "more/"),
        (".", ["link"], '"/link"', "link"),
        (".", ["sub"], '"/sub/"', "sub/"),
        (".", ["[id].tsx", "a*b", "q?", "b\\c"], r"'/\[id].tsx', '/a\*b', '/q\?', '/b\\c'", "4 paths"),
        (".", ["!x", "#y", "end  ", 'q"\\', "'\\"], r"""
            "/!x", "/#y", '/end\ \ ', '/q"\\', "/'\\\\"
        """.strip(), "5 paths"),
        (".", ["é", "\u202e\t"], r'"/é", "/\u202e\t"', "2 paths"),
        (".", ["--", "-x"], '"/-x"', "-x"),
    ],
)  # fmt: skip
def test_paths(clone: Repo, folder: str, paths: list[str], patterns: str, subject: str) -> None:
    clone.commit({"more/a": "a"})
    (clone.path / "link").symlink_to("more")
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{clone.head()},sub")
    (clone.path / "sub").mkdir()
    ended = allow(Repo(clone.path / folder), "docs", *paths)
    assert (ended.status, ended.err) == (0, "")
    assert manifest(clone) == widened_by(patterns)
    file = ".lanes.toml" if folder == "." else ":/.lanes.toml"
    assert ended.out.endswith(f"next:\n  git commit -m 'Allow docs to write {subject}' -- {file}\n{PUSH}")
    changes = [line for line in ended.out.splitlines() if re.match(r"[+-]paths", line)]
    assert changes == ['-paths = ["/docs/"]', f'+paths = ["/docs/", {patterns}]']


def test_a_path_that_a_later_pattern_takes_out(clone: Repo) -> None:
    assert allow(clone, "api", "api/generated/g.py").status == 0
    expected = '["/api/", "!/api/generated/", "/api/generated/g.py"]'
    assert manifest(clone) == MANIFEST.replace('["/api/", "!/api/generated/"]', expected)
    assert allow(clone, "api", "api").status == 0
    assert manifest(clone) == MANIFEST.replace(
        '["/api/", "!/api/generated/"]', expected.removesuffix("]") + ', "/api/"]'
    )


@pytest.mark.parametrize(
    ("paths", "arguments"),
    [
        ('["/docs/"]', ["docs/b.md"]),
        ('["/docs/"]', ["docs"]),
        ('["/docs/", "!*.bin"]', ["docs/a.md", "docs/a.md"]),
        ('["/docs/", "!/other/"]', ["docs/"]),
        ('["*", "!/api/*", "!/!x", "!/#y"]', ["docs/", "docs/a.md"]),
        ('["/docs/"]', ["shared.txt"]),
        ('["/docs/*"]', ["docs/x/"]),
    ],
)
def test_what_it_may_write_already(clone: Repo, paths: str, arguments: list[str]) -> None:
    clone.write({".lanes.toml": with_docs(paths)})
    before = state(clone)
    what = "it" if len(arguments) == 1 else "all of it"
    assert allow(clone, "docs", *arguments) == Ended(0, f'lanes: lane "docs" already may write {what}\n', "")
    assert state(clone) == before


@pytest.mark.parametrize(
    ("paths", "argument", "pattern"),
    [
        ('["/docs/", "!*.bin"]', "docs", '"/docs/"'),
        ('["/docs/*"]', "docs", '"/docs/"'),
        ('["/docs/", "!!x", "!#y"]', "docs", '"/docs/"'),
    ],
)
def test_a_folder_of_which_it_may_write_a_part(clone: Repo, paths: str, argument: str, pattern: str) -> None:
    clone.write({".lanes.toml": with_docs(paths)})
    assert allow(clone, "docs", argument).status == 0
    assert manifest(clone) == with_docs(paths[:-1] + f", {pattern}]")


# -- What is refused


PROTECTED = "only integration branches may write it: it is protected"
NO_PATH = "is no path in the repository; name a file or a folder in it"


@pytest.mark.parametrize(
    ("lane", "paths", "message"),
    [
        ("docs", [".lanes.toml"], ".lanes.toml: only integration branches may write it: it is the manifest"),
        ("docs", ["ok", "ci/x"], f"ci/x: {PROTECTED}"),
        ("docs", ["ci"], f"ci/: {PROTECTED}"),
        ("docs", ["a/.git/x"], "no tree can hold a/.git/x"),
        ("docs", [b"a\xff"], '"a\\377": it is not UTF-8, as the manifest is, so no pattern can name it'),
        ("docs", ["a\nb"], '"a\\nb": it holds a NUL or a line break'),
        ("docs", ["x" * 4096], f"{'x' * 4096}: it is longer than 4,096 characters"),
        ("review", ["x"], "it is review-only; to make another kind of lane of it, change its paths by hand"),
    ],
)
@pytest.mark.parametrize("commit", [[], ["--commit"]])
def test_refused(clone: Repo, lane: str, paths: list[str | bytes], message: str, commit: list[str]) -> None:
    before = state(clone)
    expected = f'lanes: lane "{lane}" is not widened: {message}\n'
    assert allow(clone, *commit, lane, *paths) == Ended(1, "", expected)
    assert state(clone) == before
    assert clone.git("log", "--format=%s", "main") == "Begin"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dosc", "x"], 'there is no lane "dosc"; did you mean "docs"?'),
        (["docs", "../x"], "../x lies outside the repository"),
        (["docs", "."], f". {NO_PATH}"),
        (["docs", ":/"], f":/ {NO_PATH}"),
        (["docs", ":/../x"], ":/../x lies outside the repository"),
        (["docs", ""], "an empty word is no path; name a file or a folder"),
    ],
)
def test_what_it_can_not_tell(clone: Repo, arguments: list[str], message: str) -> None:
    before = state(clone)
    assert allow(clone, *arguments) == Ended(2, "", f"lanes: could not judge: {message}\n")
    assert state(clone) == before


def test_another_lane_may_write_it(clone: Repo) -> None:
    other = '[lanes.all]\nbranches = ["all"]\npaths = ["*.all", "/docs/x"]\n'
    clone.commit({".lanes.toml": MANIFEST + other})
    before = manifest(clone)
    expected = """\
lanes: lane "docs" is not widened: another lane may write that, too:
    api/x: lane "api" may write it, by /api/ (line 18 of .lanes.toml)
    api/x.all: lane "all" may write it, by *.all (line 26 of .lanes.toml)
  next:
    leave it to that lane, or take it out of that lane's paths first
"""
    assert allow(clone, "docs", "ok", "api", "new/") == Ended(1, "", expected)
    assert manifest(clone) == before
    assert allow(clone, "docs", "api/generated/").status == 1  # *.all reaches there, too
    assert allow(clone, "docs", "api/generated/g.py").status == 0


def test_another_lane_may_have_a_submodule_there(clone: Repo) -> None:
    other = '[lanes.all]\nbranches = ["all"]\npaths = ["/lib é/", "!/lib é/*"]\n'
    clone.commit({".lanes.toml": MANIFEST + other})
    assert allow(clone, "docs", "lib é/").err.splitlines()[1] == (
        '    lib é (a submodule): lane "all" may write it, by /lib é/ (line 26 of .lanes.toml)'
    )


def test_a_lane_of_files_anywhere_is_in_nobodys_way(clone: Repo) -> None:
    """Were the file a folder, the other lane could write in it. So it is made sure that it is none."""
    before = MANIFEST + '[lanes.pages]\nbranches = ["pages"]\npaths = ["*.html"]\n'
    clone.commit({".lanes.toml": before})
    assert allow(clone, "docs", "top.txt", "docs/b").status == 0
    assert manifest(clone) == before.replace('["/docs/"]', '["/docs/", "/top.txt", "!/top.txt/"]')
    ended = allow(clone, "docs", "index.html")
    assert ended.err.splitlines()[1] == (
        '    index.html: lane "pages" may write it, by *.html (line 26 of .lanes.toml)'
    )


def test_an_overlap_that_was_there_before_is_none_of_its(clone: Repo) -> None:
    clone.commit({".lanes.toml": with_docs('["/docs/", "/api/a.py", "/api/x"]')})
    ended = allow(clone, "docs", "api")
    assert ended.err.splitlines()[1] == (
        '    api/a: lane "api" may write it, by /api/ (line 18 of .lanes.toml)'
    )
    clone.commit({".lanes.toml": with_docs('["/docs/", "/api/", "!/api/generated/", "!/api/y/"]')})
    assert allow(clone, "docs", "api/generated/").status == 0
    assert allow(clone, "docs", "api/y/").status == 1


def test_an_invalid_manifest(clone: Repo) -> None:
    clone.write({".lanes.toml": "version = 2\n"})
    problem = "version: 2: expected 1, the only version that this git-lanes reads"
    expected = f"lanes: could not judge: .lanes.toml:1: {problem}\n"
    assert allow(clone, "docs", "x") == Ended(2, "", expected)
    assert manifest(clone) == "version = 2\n"


def test_a_manifest_that_would_be_invalid(clone: Repo) -> None:
    dots = ", ".join(f'"/{i}.x"' for i in range(300))
    clone.write({".lanes.toml": with_docs(f"[{dots}]")})
    before = manifest(clone)
    expected = """\
lanes: lane "docs" is not widened: the manifest would be invalid:
  .lanes.toml:14: the line holds more than 300 dots; break it into several
"""
    assert allow(clone, "docs", "a.x") == Ended(1, "", expected)
    assert manifest(clone) == before


def test_usage(clone: Repo) -> None:
    for words in ([], ["docs"]):
        ended = allow(clone, *words)
        assert (ended.status, ended.out) == (2, "")
        assert "Usage: git-lanes allow [OPTIONS] LANE PATH..." in ended.err


# -- The text of the manifest


LAYOUTS = {
    "one line": ('paths = ["/docs/"] # all\n', 'paths = ["/docs/", "/x"] # all\n'),
    "lines": ('paths = [\n  "/docs/",  # all\n]\n', 'paths = [\n  "/docs/",  # all\n  "/x",\n]\n'),
    "tabs, no last comma": ("paths = [\n\t'/docs/'\n]\n", "paths = [\n\t'/docs/',\n\t\"/x\"\n]\n"),
    "aligned": (
        'paths = ["/docs/",\n         "/b"]\n',
        'paths = ["/docs/",\n         "/b",\n         "/x"]\n',
    ),
    "a comment at the end": (
        'paths = [\n  "/docs/",\n  # "/old/",\n]\n',
        'paths = [\n  "/docs/",\n  # "/old/",\n  "/x",\n]\n',
    ),
    "a comment behind no comma": (
        'paths = ["/docs/" # all\n]\n',
        'paths = ["/docs/", # all\n  "/x"\n]\n',
    ),
    "commas on lines of their own": (
        'paths = [\n  "/docs/" # all\n  , # of it\n]\n',
        'paths = [\n  "/docs/" # all\n  , # of it\n  "/x",\n]\n',
    ),
    "a comma and no item": ('paths = ["/docs/" , ]\n', 'paths = ["/docs/" , "/x", ]\n'),
    "CRLF and a comment": (
        'paths = [\r\n\t"/docs/" # all\r\n]\r\n',
        'paths = [\r\n\t"/docs/", # all\r\n\t"/x"\r\n]\r\n',
    ),
    "CRLF": ('paths = [\r\n  "/docs/",\r\n]\r\n', 'paths = [\r\n  "/docs/",\r\n  "/x",\r\n]\r\n'),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(clone: Repo, layout: str) -> None:
    old, new = LAYOUTS[layout]
    newline = "\r\n" if "\r" in old else "\n"
    before = newline.join(
        ["# Lanes ", "version=1", "", "[lanes.docs]", "branches = ['work/docs-*'] ", "", "# the paths", ""]
    )
    after = newline.join(["", "  [ lanes . other ]", 'branches = ["o"]', "paths = []", "", "# end"])
    clone.write({".lanes.toml": before + old + after})
    ended = allow(clone, "docs", "x")
    assert (ended.status, ended.err, "\r" in ended.out) == (0, "", False)
    assert manifest(clone) == before + new + after


DOCS = 'branches = ["d"]\npaths = ["/docs/"]\n'
OTHER = '[lanes.b]\nbranches = ["b"]\npaths = []\n'


@pytest.mark.parametrize(
    "text",
    [
        'lanes.docs = { branches = ["d"], paths = ["/docs/"] }\n',
        '[lanes]\ndocs.paths = ["/docs/"]\ndocs.branches = ["d"]\n',
        '[lanes]\n"docs" = {branches=["d"],paths=["/docs/"]}\n',
        f"[lanes.docs]\n{DOCS}[defaults]\n{OTHER}",
        f"{OTHER}[defaults]\nrefs = []\n[lanes.docs]\n{DOCS}[integration]\nbranches = []\n[groups]\n",
    ],
)
def test_tables_of_any_kind(clone: Repo, text: str) -> None:
    text = f"version = 1\n{text}"
    clone.write({".lanes.toml": text})
    ended = allow(clone, "docs", "x")
    assert (ended.status, ended.err) == (0, "")
    assert manifest(clone) == text.replace('["/docs/"]', '["/docs/", "/x"]')


def test_the_file_keeps_its_mode(clone: Repo) -> None:
    file = clone.path / ".lanes.toml"
    file.chmod(0o640)
    assert allow(clone, "docs", "x").status == 0
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in clone.path.iterdir() if path.name.startswith(".")) == [
        ".git",
        ".lanes.toml",
    ]


names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r/"), min_size=1, max_size=6
)
odd = st.text("ab *?[]!#\\-'\"é .", min_size=1, max_size=5)
paths = st.lists(st.one_of(odd, names), min_size=1, max_size=3).map("/".join)
wanted = st.builds(
    Wanted,
    paths.filter(lambda path: not {".", "..", ".git"} & set(path.split("/"))).map(str.encode),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(wanted, min_size=1, max_size=3), st.lists(wanted, max_size=20))
def test_a_lane_gets_what_is_named_and_nothing_else(asked: list[Wanted], others: list[Wanted]) -> None:
    before = parse(MANIFEST.encode())
    lane = before.lanes[0]
    try:
        new = list(needed(before, lane, asked))
        blob = widened(MANIFEST.encode(), before, lane, new)
    except Refused:
        return
    after = parse(blob)
    for one in asked:
        assert after.may_write(after.lanes[0], *one)
        assert not one.folder or after.may_write(after.lanes[0], one.path + b"/below")
    near = [Wanted(path, folder) for one in asked for path in variants(one.path) for folder in (False, True)]
    for other in [*others, *near]:
        expected = before.may_write(lane, *other) or any(covers(one, other) for one in asked)
        assert after.may_write(after.lanes[0], *other) == expected, (asked, other)
    old_lines, new_lines = MANIFEST.splitlines(), blob.decode().split("\n")
    assert [line for line in new_lines[:-1] if not line.startswith("paths = [")] == [
        line for line in old_lines if not line.startswith("paths = [")
    ]


def variants(path: bytes) -> list[bytes]:
    """Give paths that are nearly the same."""
    added = [path + b"x", b"x" + path, path[:-1] + b"x", b"x/" + path, path + b"\\", path + b" "]
    taken = [path.replace(character, b"") or b"x" for character in (b"*", b"?", b"[", b"\\", b" ")]
    return [*added, *taken, path.replace(b"*", b"x"), path.replace(b"?", b"x")]


def covers(one: Wanted, other: Wanted) -> bool:
    """Tell whether what was asked for is *other*, or what it lies in."""
    inside = other.path.startswith(one.path + b"/")
    return inside or (other.path == one.path and (other.folder or not one.folder))


# -- A commit on main


def tip(repo: Repo) -> str:
    return repo.git("rev-parse", "refs/heads/main")


def committed(repo: Repo, parent: str, pattern: str) -> None:
    """Fail unless main has one commit more than *parent*, and that gives the lane "docs" a pattern."""
    assert repo.git("rev-list", "--parents", "--max-count=1", "refs/heads/main").split()[1:] == [parent]
    changed = repo.git("diff", "--no-renames", "--raw", "--abbrev=1", parent, "refs/heads/main")
    assert re.sub(r"[0-9a-f]+ [0-9a-f]+ M", "M", changed) == ":100644 100644 M\t.lanes.toml"
    text = repo.git("cat-file", "blob", "refs/heads/main:.lanes.toml") + "\n"
    assert text == widened_by(pattern)


@pytest.mark.parametrize("where", ["on a lane", "detached", "in a sub-folder", "in a linked work tree"])
def test_commit_from_elsewhere(clone: Repo, tmp_path: Path, where: str) -> None:
    """Work that is staged, changed and new stays as it is, and so does the index."""
    clone.switch("work/docs-1", "main")
    if where == "in a linked work tree":
        clone.git("worktree", "add", "--quiet", "--detach", "../linked")
    repo = Repo(tmp_path / "linked") if where == "in a linked work tree" else clone
    if where == "detached":
        clone.git("checkout", "--quiet", "--detach")
    repo.write({"docs/a.md": "staged", "docs/c.md": "new", ".lanes.toml": "mine, and broken"})
    repo.git("add", "docs/a.md")
    repo.write({"docs/a.md": "changed"})
    before, parent = state(repo), tip(repo)
    folder = Repo(repo.path / "docs") if where == "in a sub-folder" else repo
    expected = 'lanes: lane "docs" may write 1 path more\n' + DIFFERENCE % '"/new/"'
    ended = allow(folder, "--commit", "docs", ":/new/")
    assert ended == Ended(0, f"{expected}main is at OID now\nnext:\n{PUSH}", "")
    committed(repo, parent, '"/new/"')
    assert state(repo) == before
    assert repo.git("log", "-1", "--format=%an <%ae> %cn: %B", "main") == (
        "Ann <ann@example.org> Ann: Allow docs to write new/\n"
    )
    assert repo.git("log", "-1", "-g", "--format=%gs", "main") == "lanes allow"
    assert repo.push("main").status == 0


def test_commit_names_all_paths(on_lane: Repo) -> None:
    assert allow(on_lane, "--commit", "docs", "a\tb", "new/", "é").status == 0
    message = on_lane.git("log", "-1", "--format=%B", "main")
    assert message == 'Allow docs to write 3 paths\n\n"a\\tb"\nnew/\né\n'


def test_commit_where_main_is_checked_out(clone: Repo) -> None:
    """As git commit does it for one file: with the hooks, and without what is staged."""
    clone.write({"top.txt": "staged"})
    clone.git("add", "top.txt")
    hook = clone.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ngit diff --cached --name-only >ran\n")
    hook.chmod(0o755)
    parent = tip(clone)
    ended = allow(clone, "--commit", "docs", "new/")
    expected = 'lanes: lane "docs" may write 1 path more\n' + DIFFERENCE % '"/new/"'
    assert ended == Ended(0, f"{expected}main is at OID now\nnext:\n{PUSH}", "")
    committed(clone, parent, '"/new/"')
    assert (clone.path / "ran").read_text() == ".lanes.toml\n"
    assert clone.git("status", "--short") == "M  top.txt\n?? ran"


def test_commit_where_a_hook_refuses_it(clone: Repo) -> None:
    hook = clone.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not \x1b[31mtoday'\nexit 1\n")
    hook.chmod(0o755)
    parent = tip(clone)
    expected = """\
lanes: lane "docs" is not widened: git commit failed with exit status 1
  not \\x1b[31mtoday
"""
    assert allow(clone, "--commit", "docs", "new/") == Ended(1, "", expected)
    assert (tip(clone), manifest(clone), clone.git("status", "--short")) == (parent, MANIFEST, "")


@pytest.mark.parametrize("staged", [False, True])
def test_commit_where_the_manifest_has_other_changes(clone: Repo, staged: bool) -> None:
    clone.write({".lanes.toml": "# mine\n" + MANIFEST})
    if staged:
        clone.git("add", ".lanes.toml")
    before, parent = state(clone), tip(clone)
    expected = (
        'lanes: lane "docs" is not widened: .lanes.toml has changes that are not committed yet;'
        " commit them first\n"
    )
    assert allow(clone, "--commit", "docs", "new/") == Ended(1, "", expected)
    assert (state(clone), tip(clone)) == (before, parent)
    assert allow(clone, "docs", "new/").status == 0
    assert manifest(clone) == "# mine\n" + widened_by('"/new/"')


def test_without_commit_only_on_main(on_lane: Repo) -> None:
    for command, where in (("checkout", "work/docs-1"), ("detach", "no branch")):
        if command == "detach":
            on_lane.git("checkout", "--quiet", "--detach")
        expected = f"""\
lanes: lane "docs" is not widened: .lanes.toml is changed on main, and this work tree is on {where}
  next:
    the same with --commit, which commits it there and touches no work tree
"""
        assert allow(on_lane, "docs", "new") == Ended(1, "", expected)
        assert manifest(on_lane) == MANIFEST


def test_main_in_another_work_tree(clone: Repo, tmp_path: Path) -> None:
    """The command that the message gives does there what was asked for here."""
    clone.git("worktree", "add", "--quiet", "-b", "work/docs-1", "../linked", "main")
    moved = tmp_path / "it's café"
    clone.path.rename(moved)
    clone = Repo(moved)
    clone.git("worktree", "repair", "../linked")
    linked = Repo(tmp_path / "linked" / "docs")
    before, parent = state(clone), tip(clone)
    quoted = f"'{tmp_path}/it'\"'\"'s café'"
    command = f"git -C {quoted} lanes allow --commit docs 'docs/it'\"'\"'s' :/:/x new/"
    expected = f"""\
lanes: lane "docs" is not widened: main is checked out in {moved}, which would be left behind
  next:
    run it there: {command}
"""
    asked = ["--commit", "docs", "it's", ":/:/x", ":/new/"]
    assert allow(linked, *asked) == Ended(1, "", expected)
    assert (state(clone), tip(clone)) == (before, parent)
    assert linked.run("sh", "-c", command).status == 0
    committed(clone, parent, '"/:/x", "/new/"')
    assert clone.git("status", "--short") == ""


def test_main_in_a_work_tree_that_is_gone(clone: Repo, tmp_path: Path) -> None:
    clone.switch("work/docs-1", "main")
    clone.git("worktree", "add", "--quiet", "../gone", "main")
    shutil.rmtree(tmp_path / "gone")
    parent = tip(clone)
    command = f"git worktree remove {tmp_path}/gone"
    expected = f"""\
lanes: lane "docs" is not widened: main is checked out in {tmp_path}/gone, which is not there
  next:
    bring that folder back, or forget it: {command}
"""
    assert allow(clone, "--commit", "docs", "new/") == Ended(1, "", expected)
    assert tip(clone) == parent
    assert clone.run("sh", "-c", command).status == 0
    assert allow(clone, "--commit", "docs", "new/").status == 0


REBASED = ("being rebased", "git -C {0} rebase --continue or git -C {0} rebase --abort", "rebase --abort")
AT_WORK = {
    "rebase --merge topic": REBASED,
    "rebase --apply topic": REBASED,
    "rebase --update-refs --onto topic main~1 above": REBASED,
    "bisect start main main~2": ("being bisected", "git -C {0} bisect reset", "bisect reset"),
}


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("work", AT_WORK)
def test_main_at_work_in_a_work_tree(clone: Repo, tmp_path: Path, work: str, linked: bool) -> None:
    """As git branch -f, it does not move what another command will move, or come back to."""
    how, ends, end = AT_WORK[work]
    clone.commit({"top.txt": "ours"})
    clone.commit({"top.txt": "and more"})
    clone.git("branch", "--quiet", "above")
    clone.switch("topic", "main~2")
    clone.commit({"top.txt": "theirs"})
    clone.switch("work/docs-1", "main")
    there = Repo(tmp_path / "linked") if linked else clone
    if linked:
        clone.git("worktree", "add", "--quiet", "../linked", "main")
    else:
        clone.switch("main")
    if "above" in work:
        there.git("checkout", "--quiet", "--detach")  # --update-refs leaves alone what is checked out
    there.try_git(*work.split())
    assert there.try_git("symbolic-ref", "-q", "HEAD").status == 1
    where = clone if linked else Repo(tmp_path / "other")
    if not linked:
        clone.git("worktree", "add", "--quiet", "../other", "work/docs-1")
    assert where.try_git("branch", "-f", "main", "HEAD").status == 128
    parent = tip(clone)
    expected = f"""\
lanes: lane "docs" is not widened: main is {how} in {there.path}, which would be left behind
  next:
    end that first: {ends.format(there.path)}
"""
    for repo in (where, there):
        assert allow(repo, "--commit", "docs", "new/") == Ended(1, "", expected)
    assert tip(clone) == parent
    there.git(*end.split())
    there.git("checkout", "--quiet", "--detach")
    assert allow(where, "--commit", "docs", "new/").status == 0


def test_a_bare_repository(clone: Repo, server: Repo) -> None:
    expected = """\
lanes: lane "docs" is not widened: .lanes.toml is changed on main, and there is no work tree here
  next:
    the same with --commit, which commits it there and touches no work tree
"""
    assert allow(server, "docs", "new") == Ended(1, "", expected)
    parent = tip(server)
    ended = allow(server, "--commit", "docs", "top.txt", "ci2/", "./x/y")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.endswith("main is at OID now\n")
    committed(server, parent, '"/top.txt", "/ci2/", "/x/y"')
    assert allow(server, "--commit", "api", "docs").err.splitlines()[1] == (
        '    docs/x: lane "docs" may write it, by /docs/ (line 14 of .lanes.toml)'
    )


def test_a_folder_in_a_bare_repository(clone: Repo, server: Repo) -> None:
    clone.commit({"more/a": "a"})
    assert clone.push("main").status == 0
    parent = tip(server)
    assert allow(server, "--commit", "docs", "more").status == 0
    committed(server, parent, '"/more/"')


def test_main_only_as_it_was_fetched(on_lane: Repo) -> None:
    on_lane.git("branch", "--quiet", "-D", "main")
    expected = (
        "lanes: could not judge: there is no branch main here; make it first: git branch main origin/main\n"
    )
    assert allow(on_lane, "--commit", "docs", "new") == Ended(2, "", expected)
    on_lane.git("branch", "--quiet", "main", "origin/main")
    assert allow(on_lane, "--commit", "docs", "new").status == 0


def test_a_main_that_is_behind(on_lane: Repo) -> None:
    on_lane.switch("main")
    on_lane.commit({"top.txt": "newer"})
    assert on_lane.push("main").status == 0
    on_lane.switch("work/docs-1")
    on_lane.git("branch", "--quiet", "-f", "main", "main~1")
    parent = tip(on_lane)
    update = "git fetch . refs/remotes/origin/main:refs/heads/main"
    expected = f"""\
lanes: lane "docs" is not widened: main lacks commits of refs/remotes/origin/main
  next:
    bring it up to date: {update}
"""
    assert allow(on_lane, "--commit", "docs", "new") == Ended(1, "", expected)
    assert tip(on_lane) == parent
    on_lane.git("fetch", "--quiet", *update.split()[2:])
    assert allow(on_lane, "--commit", "docs", "new").status == 0


def test_an_unborn_main(repo: Repo) -> None:
    repo.write({".lanes.toml": MANIFEST})
    assert allow(repo, "--commit", "docs", "x").err == (
        'lanes: lane "docs" is not widened: .lanes.toml has changes that are not committed yet;'
        " commit them first\n"
    )
    assert allow(repo, "docs", "x").status == 0
    assert manifest(repo) == widened_by('"/x"')
    repo.git("checkout", "--quiet", "--orphan", "work/docs-1")
    ended = allow(repo, "--commit", "docs", "y")
    assert (ended.status, ended.err.splitlines()[0]) == (
        2,
        "lanes: could not judge: no manifest is in force: looked for refs/heads/main, refs/heads/master,"
        " and none exists",
    )


def test_the_strict_gate_lets_it_through(on_lane: Repo) -> None:
    assert on_lane.script("git-lanes", "install", "--strict").status == 0
    parent = tip(on_lane)
    assert allow(on_lane, "--commit", "docs", "new/").status == 0
    committed(on_lane, parent, '"/new/"')


def test_a_commit_is_signed_where_commits_are(on_lane: Repo, tmp_path: Path) -> None:
    program = tmp_path / "gpg"
    program.write_text(
        "#!/bin/sh\ncat >/dev/null\nprintf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n"
        "-----END PGP SIGNATURE-----\\n'\necho >&2; echo '[GNUPG:] SIG_CREATED ' >&2\n"
    )
    program.chmod(0o755)
    on_lane.git("config", "gpg.program", str(program))
    on_lane.git("config", "commit.gpgsign", "true")
    assert allow(on_lane, "--commit", "docs", "new").status == 0
    assert "gpgsig -----BEGIN PGP SIGNATURE-----" in on_lane.git("cat-file", "commit", "main")
    program.write_text("#!/bin/sh\nexit 1\n")
    parent = tip(on_lane)
    assert allow(on_lane, "--commit", "docs", "other").status == 2
    assert tip(on_lane) == parent


def test_a_main_that_moves_meanwhile(on_lane: Repo, tmp_path: Path) -> None:
    other = on_lane.git("commit-tree", "main^{tree}", "-p", "main", "-m", "Theirs")
    move = f'"$git" update-ref refs/heads/main {other}'
    before = state(on_lane)
    env = fake_git(tmp_path / "fake", f"update-ref) {move};;")
    expected = """\
lanes: lane "docs" is not widened: main was moved meanwhile
  next:
    run the same again
"""
    assert allow(on_lane, "--commit", "docs", "new", env=env) == Ended(1, "", expected)
    assert (tip(on_lane), state(on_lane)) == (other, before)


def asked(run: Fault) -> list[int]:
    """Number the calls of git that are about the repository; the others only ask whether git is there."""
    return [i for i, call in enumerate(run.calls(), 1) if call != "version"]


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_git_does_nothing_is_lost(on_lane: Repo, tmp_path: Path, fault: str) -> None:
    """Main is where it was, or has the one commit more, with all that it held before."""
    faulty = FaultyGit(tmp_path / "faulty")
    with faulty.broken(0) as none:
        parent = tip(on_lane)
        assert allow(on_lane, "--commit", "docs", "new", env=none.env).status == 0
        on_lane.git("update-ref", "refs/heads/main", parent)
        calls = asked(none)
    before = state(on_lane)
    for at in calls:
        with faulty.broken(at, fault) as broken:
            ended = allow(on_lane, "--commit", "docs", "new", env=broken.env)
            assert ended.status in (0, 1, 2), ended
            assert "bug" not in ended.err, ended.err
            if tip(on_lane) != parent:
                committed(on_lane, parent, '"/new"')
                on_lane.git("update-ref", "refs/heads/main", parent)
            else:
                assert ended.status, (broken.calls(), ended)
            assert state(on_lane) == before


@pytest.mark.parametrize("fault", ["killed", "status 128 and words", "nothing", "more lines"])
def test_whatever_git_does_where_main_is_checked_out(clone: Repo, tmp_path: Path, fault: str) -> None:
    faulty = FaultyGit(tmp_path / "faulty")
    parent = tip(clone)
    with faulty.broken(0) as none:
        assert allow(clone, "--commit", "docs", "new", env=none.env).status == 0
        calls = asked(none)
    for at in calls:
        clone.git("reset", "--quiet", "--hard", parent)
        with faulty.broken(at, fault) as broken:
            ended = allow(clone, "--commit", "docs", "new", env=broken.env)
        assert "bug" not in ended.err, ended.err
        if tip(clone) != parent:
            committed(clone, parent, '"/new"')
        elif ended.status:
            assert manifest(clone) == MANIFEST, (at, broken.folder, ended)
