"""`git lanes allow`, as it is installed: whole outputs, and what becomes of the manifest, byte by byte."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
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
        (".", ["é", "\u202e\t"], r'"/é", "/\U0000202E\U00000009"', "2 paths"),
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
        'paths = [\n  "/docs/",\n  # "/old/",\n  "/x"\n]\n',
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
