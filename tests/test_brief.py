"""`git lanes brief`, as it is installed: whole outputs, and what becomes of AGENTS.md, byte by byte."""

import json
import os
import re
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repos import MANIFEST, Ended, Repo, make_repo, masked

from lanes.manifest import Lane, Manifest, parse
from lanes.markdown import code, prose
from lanes.neighbours import neighbours
from lanes.plumbing import Git

IN_FORCE = "Manifest in force: .lanes.toml of refs/remotes/origin/main at OID.\n"
WRITE = """\
## You may write

- `/docs/`

and, as others may, too, so keep changes there small:

- `/shared.txt`

Patterns are those of gitignore, from the root. A commit that changes anything else is refused, even where a later one takes it back.

## You may read, but not write

- `api/`: lane `api`, in part
- `.lanes.toml`, `/ci/`: only integration branches may write that
- everything else

## If you need more

Leave it as it is, and report the path and the reason. The integrator decides, and may run:

```sh
git lanes allow docs PATH...
```

"""  # noqa: E501 - Markdown
CHECK = """\
## Check

```sh
git lanes why PATH%s
lane-audit
```

The first says whose a path is, the second whether what you committed is inside. Where `git commit` or `git push` is refused, do what the message says; never go past the hooks.

"""  # noqa: E501 - Markdown
BEGIN = """\
<!-- git-lanes: begin -->
<!-- Written by `git lanes brief --agents-md`; change `.lanes.toml` instead. -->
## Write lanes

A branch may write only what its lane covers, in `.lanes.toml` on `main`.
Hooks and server refuse a commit that changes anything else, even where a later one takes it back.

- Before you edit, run `git lanes brief`: it says what you may write, and how to ask for more.
- Where your branch has no lane, give it a name that one of the lanes below covers.
- Leave `.lanes.toml` as it is, and never go past the hooks (`--no-verify`, `core.hooksPath`).

Lanes:

"""
END = "<!-- git-lanes: end -->\n"
BLOCK = (
    BEGIN
    + """\
- `docs` (branches `work/docs-*`): Write the docs
- `api` (branches `work/api-*`)
- `review` (branches `review/*`): Read, do not edit
"""
    + END
)
NEXT = "next:\n  commit that on main, from where all branches get it\n"


def brief(repo: Repo, *arguments: str | bytes) -> Ended:
    """Run `git lanes brief`; give how it ended, with ids masked."""
    ended = repo.script("git-lanes", "brief", *arguments)
    return Ended(ended.status, masked(ended.out), masked(ended.err))


def read(repo: Repo, name: str) -> str:
    return (repo.path / name).read_bytes().decode("utf-8", "surrogateescape")


# -- One lane


def test_the_current_branch(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    where = "# Your write lane: `docs`\n\nWrite the docs\n\nYou work on the branch `work/docs-1`.\n\n"
    expected = where + WRITE + CHECK % " --branch work/docs-1" + IN_FORCE
    assert brief(clone) == Ended(0, expected, "")
    assert brief(clone, "work/docs-1") == brief(clone)
    assert brief(clone, "refs/heads/work/docs-1") == brief(clone)
    assert brief(Repo(clone.path / "api")) == brief(clone)


def test_a_lane_and_the_work_tree_to_begin_with(clone: Repo, tmp_path: Path) -> None:
    where = """\
# Your write lane: `docs`

Write the docs

Work on a branch that is called `work/docs-*`, in a work tree of your own.

```sh
git worktree add -b work/docs-TASK ../work-docs-TASK origin/main
```

"""
    ended = brief(clone, "docs")
    assert ended == Ended(0, where + WRITE + CHECK % "" + IN_FORCE, "")
    (command,) = re.findall("^git worktree.*$", ended.out, re.MULTILINE)
    assert clone.run("sh", "-c", command).status == 0
    assert brief(Repo(tmp_path / "work-docs-TASK")).out.startswith("# Your write lane: `docs`\n")


def test_a_review_only_lane(clone: Repo) -> None:
    expected = f"""\
# Your write lane: `review`

Read, do not edit

You work on the branch `review/1`.

This lane is review-only: change no file. Report what you find, with the file and the line. The hooks and the server refuse every commit that changes anything.

{CHECK % " --branch review/1"}{IN_FORCE}"""  # noqa: E501 - Markdown
    assert brief(clone, "review/1") == Ended(0, expected, "")


def test_a_bare_repository(clone: Repo, server: Repo) -> None:
    assert brief(server, "docs").out == brief(clone, "docs").out.replace("origin/main", "main").replace(
        "refs/remotes/main", "refs/heads/main"
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("main", "main is an integration branch, where lanes meet, and has no lane"),
        ("release", "release is an integration branch, where lanes meet, and has no lane"),
        ("other", "other is no lane, and no lane covers a branch of this name"),
        ("refs/heads/docs", "docs is no lane, and no lane covers a branch of this name"),
    ],
)
def test_no_lane(clone: Repo, name: str, why: str) -> None:
    in_force = "manifest in force: .lanes.toml of refs/remotes/origin/main at OID"
    expected = f"lanes: {why}\n  lanes: docs, api, review\n  {in_force}\n"
    assert brief(clone, name) == Ended(1, "", expected)


def test_what_can_not_be_told(clone: Repo) -> None:
    problem = "lanes: could not judge: a..b is no lane, and can't be the name of a branch\n"
    assert brief(clone, "a..b") == Ended(2, "", problem)
    clone.git("checkout", "--quiet", "--detach")
    problem = "lanes: could not judge: HEAD is detached, so there is no current branch; name one, or a lane\n"
    assert brief(clone) == Ended(2, "", problem)
    assert brief(clone, "docs").status == 0


def test_a_name_of_a_lane_and_of_a_branch(clone: Repo) -> None:
    """The lane is meant; its branch has a longer name, too."""
    both = '[lanes.api2]\nbranches = ["docs"]\npaths = ["/api2/"]\n'
    clone.commit({".lanes.toml": MANIFEST + both})
    assert clone.push("main").status == 0
    assert brief(clone, "docs").out.startswith("# Your write lane: `docs`\n")
    assert brief(clone, "refs/heads/docs").out.startswith("# Your write lane: `api2`\n")


def test_neighbours_are_those_of_the_nearest_folder(clone: Repo) -> None:
    lanes = {
        "lessons": '"/src/content/lessons/a.json"',
        "quizzes": '"/src/content/quizzes/", "!/src/content/quizzes/old/"',
        "pages": '"/src/pages/*.md"',
        "lib": '"/vendor/lib/"',
        "all": '"*.txt"',
    }
    tables = [f'[lanes.{name}]\nbranches = ["{name}"]\npaths = [{paths}]\n' for name, paths in lanes.items()]
    names = ["lessons/a.json", "quizzes/q.json", "quizzes/old/q.json", "common/a`b"]
    files = {f"src/content/{name}": "" for name in names} | {"src/pages/a.md": "", "src/lib/a.py": ""}
    clone.write({".lanes.toml": MANIFEST + "".join(tables), **files})
    clone.git("add", "--all")
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{clone.head()},vendor/lib")
    clone.git("commit", "--quiet", "-m", "Lanes")
    assert clone.push("main").status == 0

    assert near(clone, "lessons") == ["- `src/content/quizzes/`: lane `quizzes`, in part"]
    assert near(clone, "quizzes") == ["- `src/content/lessons/`: lane `lessons`"]
    content = [
        "- `src/content/lessons/`: lane `lessons`",
        "- `src/content/quizzes/`: lane `quizzes`, in part",
    ]
    assert near(clone, "pages") == content
    assert near(clone, "lib") == [
        "- `api/`: lane `api`, in part",
        "- `docs/`: lane `docs`",
        *content,
        "- `src/pages/`: lane `pages`",
        "- `top.txt`: lane `all`",
    ]


def near(repo: Repo, lane: str) -> list[str]:
    """Give what a brief says of the paths of others."""
    lines = brief(repo, lane).out.partition("## You may read, but not write\n\n")[2].splitlines()
    return lines[: next(i for i, line in enumerate(lines) if line.startswith("- `.lanes.toml`"))]


def test_a_folder_is_taken_apart_where_it_is_not_one_lanes(clone: Repo) -> None:
    """Nothing is called read-only that the lane may write, and what others own in its folders is told."""
    tables = """
version = 1
[defaults]
shared = ["/lib/shared.c"]
protected = ["/web/ci/"]
[lanes.api]
branches = ["api"]
paths = ["/api/", "!*.ts", "!/api/free/"]
[lanes.ts]
branches = ["ts"]
paths = ["*.ts"]
[lanes.css]
branches = ["css"]
paths = ["/web/*.css", "/web/not/there.css", "/lib/"]
"""
    names = [
        "api/a.py",
        "api/free/x",
        "api/only/deep/k.ts",
        "api/x.ts",
        "lib/a/b.c",
        "lib/é.c",
        "lib/shared.c",
    ]
    more = ["web/w.css", "web/w.ts", "web/w.txt", "web/ci/run.ts", "web/ci/x/run"]
    clone.commit({".lanes.toml": tables, **dict.fromkeys([*names, *more], "")})
    assert clone.push("main").status == 0
    assert near(clone, "api") == [
        "- `api/only/`: lane `ts`",
        "- `api/x.ts`: lane `ts`",
        "- `lib/a/`: lane `css`",
        "- `lib/é.c`: lane `css`",
        "- `web/not/`: lane `css`",
        "- `web/w.css`: lane `css`",
        "- `web/w.ts`: lane `ts`",
    ]
    assert near(clone, "ts") == [
        "- `api/a.py`: lane `api`",
        "- `api/generated/`: lane `api`",
        "- `lib/a/`: lane `css`",
        "- `lib/é.c`: lane `css`",
        "- `web/not/`: lane `css`",
        "- `web/w.css`: lane `css`",
    ]
    assert near(clone, "css") == [
        "- `api/a.py`: lane `api`",
        "- `api/generated/`: lane `api`",
        "- `api/only/`: lane `ts`",
        "- `api/x.ts`: lane `ts`",
        "- `web/w.ts`: lane `ts`",
    ]


def test_what_would_be_too_long_is_said_of_whole_folders(clone: Repo) -> None:
    lanes = "".join(f'[lanes.l{i}]\nbranches = ["l{i}"]\npaths = ["/many/{i:02}"]\n' for i in range(25))
    files: dict[str | bytes, str] = {f"docs/{name}": "" for name in ("x.ts", *map(str, range(19)))}
    tables = f'{lanes}[lanes.ts]\nbranches = ["ts"]\npaths = ["*.ts"]\n'
    clone.commit({".lanes.toml": MANIFEST + tables, "many/07/x": "", **files})
    assert clone.push("main").status == 0
    everybody = "- `many/`: lanes `l0`, `l1`, `l2`, `l3`, `l4`, 20 more, in part"
    assert near(clone, "ts") == [
        "- `api/`: lane `api`, in part",
        "- `docs/`: lane `docs`, in part",
        everybody,
    ]
    assert near(clone, "l7") == [
        *(f"- `many/{i:02}`: lane `l{i}`" for i in range(21) if i != 7),
        "- and 4 more; `git lanes why PATH` says whose a path is",
    ]


def walk(manifest: Manifest, lane: Lane, paths: list[bytes]) -> dict[bytes, set[tuple[str, ...]]]:
    """Give who may write each path, and what lies in each folder, the slow way."""
    found: dict[bytes, set[tuple[str, ...]]] = {}
    for path in paths:
        writers = (lane.name,) if manifest.may_write(lane, path) else manifest.writers(path)
        parts = path.split(b"/")
        for place in [path, *(b"/".join(parts[:i]) + b"/" for i in range(1, len(parts)))]:
            found.setdefault(place, set()).add(writers)
    return found


part = st.text("ab.", min_size=1, max_size=2).filter(lambda name: set(name) != {"."})
patterns = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "/", "!", "!/"]),
        st.lists(st.one_of(part, st.sampled_from(["*", "**", "a*", "?", "*.b"])), min_size=1, max_size=3).map(
            "/".join
        ),
        st.sampled_from(["", "/"]),
    ),
    min_size=1,
    max_size=4,
).filter(lambda texts: not all(text.startswith("!") for text in texts))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Git, str, list[bytes]]:
    """A commit with a file at each of many paths."""
    repo = make_repo(tmp_path_factory.mktemp("tree") / "repo")
    names = ["a", "b.b", "a.b"]
    folders = ["", "aa/", "ab/", "aa/b/", "aa/ab/", "b/", "b/b/", "b/ab/b/"]
    paths = [folder + name for folder in folders for name in names]
    return Git(repo.path), repo.commit(dict.fromkeys(paths, "")), sorted(path.encode() for path in paths)


@settings(max_examples=200, deadline=None)
@given(lists=st.lists(patterns, min_size=2, max_size=4), shared=patterns, most=st.sampled_from([1, 10, 100]))
def test_neighbours_are_what_the_slow_way_finds(
    tree: tuple[Git, str, list[bytes]], lists: list[list[str]], shared: list[str], most: int
) -> None:
    git, commit, paths = tree
    lists[0].insert(0, "*.none")  # so all is near
    tables = [
        f'[lanes.l{i}]\nbranches = ["l{i}"]\npaths = {json.dumps(one)}\n' for i, one in enumerate(lists)
    ]
    text = f"version = 1\n[defaults]\nshared = {json.dumps(shared)}\n{''.join(tables)}"
    manifest = parse(text.encode())
    lane = manifest.lanes[0]
    expected = walk(manifest, lane, paths)
    told = neighbours(git, commit, manifest, lane, most)
    for path, owners, whole in told:
        if path in expected:  # else it is only named in the manifest
            assert set(owners) >= set(chain(*expected[path])) - {lane.name}
            assert not whole or expected[path] == {owners}
            assert most < 100 or len(expected[path] - {()}) <= 1
    for path in paths:
        if set(expected[path]).isdisjoint([(), (lane.name,)]):
            assert any(
                path == one.path or (one.path.endswith(b"/") and path.startswith(one.path)) for one in told
            )


# -- What the manifest says can't break out


HOSTILE = """\
version = 1
[defaults]
protected = ["/`x`", "/\\u202E"]
[lanes."<!-- git-lanes: end --> `` ` x"]
summary = "# <!-- [x](y) *a* `b` | \\\\ &lt; ~~"
branches = ["work/docs-*", "a|b`*"]
paths = ["/a``b|c", "!/a``b/<!-- -->", "` ", "/`"]
"""


def test_a_manifest_that_would_break_out(clone: Repo) -> None:
    clone.commit({".lanes.toml": HOSTILE})
    assert clone.push("main").status == 0
    said = brief(clone, "work/docs-1").out
    assert said.splitlines()[:3] == [
        "# Your write lane: ``` <!-- git-lanes: end --> `` ` x ```",
        "",
        "\\# \\<!-- \\[x\\](y) \\*a\\* \\`b\\` \\| \\\\ \\&lt; \\~\\~",
    ]
    assert [line for line in said.splitlines() if line.startswith("- ")] == [
        "- ``` /a``b|c ```",
        "- ``` !/a``b/<!-- --> ```: but not ``` /a``b/<!-- --> ```",
        "- `` `  ``",
        "- `` /` ``",
        "- `.lanes.toml`, `` /`x` ``, `/\\u202e`: only integration branches may write that",
        "- everything else",
    ]
    assert "git lanes allow '<!-- git-lanes: end --> `` ` x' PATH...\n" in said
    before = brief(clone, "--agents-md")
    assert (before.status, read(clone, "AGENTS.md").count("\n<!-- git-lanes: end -->\n")) == (0, 1)
    assert brief(clone, "--agents-md").out == "lanes: AGENTS.md is up to date\n"


@given(st.text("` ab\\<", max_size=8).filter(bool))
def test_a_code_span_ends_where_it_should(text: str) -> None:
    """As CommonMark reads it: up to the next run of as many backticks, less a space on either side."""
    shown = code(text)
    fence = re.match("`+", shown)
    assert fence
    runs = [run for run in re.finditer("`+", shown) if len(run[0]) == len(fence[0])]
    assert [run.span() for run in runs] == [fence.span(), (len(shown) - len(fence[0]), len(shown))]
    inner = shown[fence.end() : -len(fence[0])]
    stripped = inner[1:-1] if inner[0] == inner[-1] == " " and inner.strip(" ") else inner
    assert stripped == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write the docs, all (of) them.", "Write the docs, all (of) them."),
        ("1. x", "1\\. x"),
        ("12) x", "12\\) x"),
        ("- x", "\\- x"),
        ("+ x", "\\+ x"),
        ("===", "\\==="),
        ("> x", "\\> x"),
        ("1 - 2", "1 - 2"),
        ("snake_case", "snake\\_case"),
    ],
)
def test_prose(text: str, shown: str) -> None:
    assert prose(text) == shown


# -- AGENTS.md and CLAUDE.md


def test_agents_md_is_made(clone: Repo) -> None:
    assert brief(clone, "--agents-md") == Ended(0, f"lanes: AGENTS.md tells of the lanes now\n{NEXT}", "")
    assert read(clone, "AGENTS.md") == BLOCK
    assert brief(clone, "--agents-md") == Ended(0, "lanes: AGENTS.md is up to date\n", "")
    assert sorted(path.name for path in clone.path.glob("*.md")) == ["AGENTS.md"]


def test_it_is_the_same_on_every_branch(clone: Repo) -> None:
    assert brief(clone, "--agents-md").status == 0
    clone.commit({})
    clone.switch("work/docs-1", "main")
    assert brief(Repo(clone.path / "docs"), "--agents-md").out == "lanes: AGENTS.md is up to date\n"


def test_it_tells_what_the_manifest_in_the_work_tree_says(clone: Repo) -> None:
    assert brief(clone, "--agents-md").status == 0
    clone.write({".lanes.toml": MANIFEST + '[lanes.new]\nbranches = ["new"]\npaths = ["/new/"]\n'})
    assert brief(clone, "--agents-md").status == 0
    assert read(clone, "AGENTS.md") == BLOCK.replace(END, f"- `new` (branches `new`)\n{END}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", BLOCK),
        ("# Ours\n", f"# Ours\n\n{BLOCK}"),
        ("# Ours", f"# Ours\n\n{BLOCK}"),
        ("# Ours\n\n", f"# Ours\n\n\n{BLOCK}"),
        (f"# Ours\n\n{BLOCK}more", f"# Ours\n\n{BLOCK}more"),
        ("a\n<!-- git-lanes: begin -->\nold\n<!-- git-lanes: end -->\n\nb", f"a\n{BLOCK}\nb"),
        ("<!-- git-lanes: begin -->  \n<!-- git-lanes: end -->\t", f"{BLOCK[:-1]}\t"),
        ("# Ours\r\n", f"# Ours\n\n{BLOCK}".replace("\n", "\r\n")),
        (
            "a\r\n<!-- git-lanes: begin -->\r\nx\r\n<!-- git-lanes: end -->\r\nb\r\n",
            f"a\n{BLOCK}b\n".replace("\n", "\r\n"),
        ),
        (
            "\ufeff\udcff\0 <!-- git-lanes: begin -->\n",
            f"\ufeff\udcff\0 <!-- git-lanes: begin -->\n\n{BLOCK}",
        ),
    ],
)
def test_all_else_stays_as_it_is(clone: Repo, before: str, after: str) -> None:
    clone.write({"AGENTS.md": before.encode("utf-8", "surrogateescape")})
    (clone.path / "AGENTS.md").chmod(0o600)
    assert brief(clone, "--agents-md").status == 0
    assert read(clone, "AGENTS.md") == after
    assert brief(clone, "--agents-md").out == "lanes: AGENTS.md is up to date\n"
    assert (clone.path / "AGENTS.md").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("<!-- git-lanes: begin -->\n", "1"),
        ("a\n<!-- git-lanes: end -->\n", "2"),
        ("<!-- git-lanes: end -->\n<!-- git-lanes: begin -->\n", "1, 2"),
        (f"{BLOCK}{BLOCK}", "1, 17, 18, 34"),
        (f"<!-- git-lanes: begin -->\n{BLOCK}", "1, 2, 18"),
    ],
)
def test_damaged_markers(clone: Repo, text: str, lines: str) -> None:
    """Neither file is written then."""
    clone.write({"AGENTS.md": "", "CLAUDE.md": text})
    expected = (
        "lanes: could not judge: CLAUDE.md must hold <!-- git-lanes: begin --> and <!-- git-lanes: end -->"
        f" once each, in this order, and has markers in line {lines}; mend that, or take them all out\n"
    )
    assert brief(clone, "--agents-md") == Ended(2, "", expected)
    assert (read(clone, "AGENTS.md"), read(clone, "CLAUDE.md")) == ("", text)


@pytest.mark.parametrize(
    ("files", "written"),
    [
        ({"AGENTS.md": "a\n"}, ["AGENTS.md"]),
        ({"CLAUDE.md": "a\n"}, ["CLAUDE.md"]),
        ({"AGENTS.md": "a\n", "CLAUDE.md": "b\n"}, ["AGENTS.md", "CLAUDE.md"]),
        ({"AGENTS.md": "a\n", "CLAUDE.md": "See:\n@AGENTS.md\n"}, ["AGENTS.md"]),
        ({"CLAUDE.md": "@./AGENTS.md\n"}, ["AGENTS.md"]),
        ({"CLAUDE.md": "ask me@AGENTS.md\n"}, ["CLAUDE.md"]),
        ({"AGENTS.md": "a\n", "CLAUDE.md": f"@AGENTS.md\n{BEGIN}{END}"}, ["AGENTS.md", "CLAUDE.md"]),
    ],
)
def test_which_files(clone: Repo, files: dict[str | bytes, str], written: list[str]) -> None:
    clone.write(dict(files))
    expected = "".join(f"lanes: {name} tells of the lanes now\n" for name in written)
    assert brief(clone, "--agents-md") == Ended(0, expected + NEXT, "")
    for name in ("AGENTS.md", "CLAUDE.md"):
        before = files.get(name)
        assert (
            (BLOCK in read(clone, name))
            if name in written
            else (before is None or read(clone, name) == before)
        )


def test_a_file_that_is_named(clone: Repo) -> None:
    docs = Repo(clone.path / "docs")
    assert brief(docs, "--agents-md", "../api/GEMINI.md").out.startswith("lanes: api/GEMINI.md tells")
    assert read(clone, "api/GEMINI.md") == BLOCK
    assert brief(docs, "--agents-md", "é.md").out.startswith("lanes: docs/é.md tells")
    assert not (clone.path / "AGENTS.md").exists()
    for name, why in {
        "../x.md": f"{clone.path}/../x.md lies outside the work tree; name a file in it",
        ".git/x.md": f"{clone.path}/.git/x.md lies outside the work tree; name a file in it",
        "docs": f"{clone.path}/docs is no file",
        "no/x.md": f"{clone.path}/no/x.md: there is no such folder; make it first",
    }.items():
        assert brief(clone, "--agents-md", name) == Ended(2, "", f"lanes: could not judge: {why}\n")


def test_links(clone: Repo, tmp_path: Path) -> None:
    """Many a CLAUDE.md is a link to AGENTS.md; none leads out of the work tree."""
    clone.write({"AGENTS.md": "a\n"})
    link = clone.path / "CLAUDE.md"
    link.symlink_to("AGENTS.md")
    assert brief(clone, "--agents-md").out == f"lanes: AGENTS.md tells of the lanes now\n{NEXT}"
    assert (read(clone, "AGENTS.md"), os.readlink(link)) == (f"a\n\n{BLOCK}", "AGENTS.md")
    outside = tmp_path / "outside.md"
    outside.write_text("theirs\n")
    for target in (outside, tmp_path / "new.md", clone.path / ".git" / "new.md", link):
        link.unlink()
        link.symlink_to(target)
        # A link that leads nowhere is as good as none, unless it is named.
        assert brief(clone, "--agents-md").status == (2 if target == outside else 0)
        assert brief(clone, "--agents-md", "CLAUDE.md").status == (0 if target == link else 2)
        assert target == link or os.readlink(link) == str(target)
    assert outside.read_text() == "theirs\n"
    assert not (tmp_path / "new.md").exists()


def test_agents_md_needs_a_work_tree_and_a_manifest(clone: Repo, server: Repo) -> None:
    assert brief(server, "--agents-md") == Ended(
        2, "", "lanes: could not judge: there is no work tree here\n"
    )
    clone.write({".lanes.toml": None})
    assert brief(clone, "--agents-md") == Ended(
        2, "", "lanes: could not judge: there is no .lanes.toml at the root of the work tree\n"
    )
    ended = clone.script("git-lanes", "brief", "docs", "--agents-md")
    assert (ended.status, ended.out) == (2, "")
    assert "it takes no BRANCH or LANE beside it" in ended.err
