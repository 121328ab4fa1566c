"""`git lanes check`: collisions, and what does nothing; and that nothing brings new collisions to main."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import fake_git
from repos import MANIFEST, Ended, Repo, masked, remote_lines
from test_cli import lanes

from lanes.idle import idle, unjudged, unused
from lanes.manifest import dotted, parse

COLLIDING = """\
version = 1

[lanes.python]
branches = ["work/*"]
paths = [
  "src/**/*.py",
]

[lanes.api]
branches = ["work/api-*"]
paths = [
  "/src/api/**",
]
"""
APART = COLLIDING.replace('"work/*"', '"python/*"')
BY_BRANCH = """\
the lanes "python" and "api" both cover the branch work/api-x
  "python" by work/* (line 4: lanes.python.branches[0])
  "api" by work/api-* (line 10: lanes.api.branches[0])
"""
BY_PATH = """\
the lanes "python" and "api" both may write src/api/x.py
  "python" by src/**/*.py (line 6: lanes.python.paths[0])
  "api" by /src/api/** (line 12: lanes.api.paths[0])
"""
NEXT_FOR_PATHS = """\
  let one lane write the path: take it out of the other, with "!" at the end of its paths;
  or, if both are to write it, list it in defaults.shared;
  or make one of the tasks review-only: paths = []
"""
NEXT_FOR_BRANCHES = (
    "  let one lane cover the branch: what two lanes cover can't be judged, so nobody can push it\n"
)


def rejecting(text: str) -> str:
    """Let a manifest reject overlaps of paths, on its second line, which is empty."""
    return text.replace("version = 1\n\n", 'version = 1\ndefaults.overlap = "reject"\n')


def as_json(repo: Repo, status: int) -> Any:
    ended = repo.script("git-lanes", "check", "--format", "json")
    assert (ended.status, ended.err) == (status, "")
    return json.loads(ended.out)


# -- The report


def test_a_path_overlap_is_a_warning(repo: Repo) -> None:
    repo.write({".lanes.toml": APART})
    assert lanes(repo, "check") == (
        0,
        "lanes: .lanes.toml is valid: 2 lanes, 0 of 1 pair proven apart\n"
        f".lanes.toml:6: warning: {BY_PATH}next:\n{NEXT_FOR_PATHS}",
    )


def test_a_path_overlap_is_an_error_where_the_manifest_says_so(repo: Repo) -> None:
    repo.write({".lanes.toml": rejecting(APART)})
    assert lanes(repo, "check") == (
        1,
        "lanes: .lanes.toml has 1 error: 2 lanes, 0 of 1 pair proven apart\n"
        f".lanes.toml:6: error: {BY_PATH}next:\n{NEXT_FOR_PATHS}",
    )


def test_a_branch_overlap_is_an_error(repo: Repo) -> None:
    repo.write({".lanes.toml": COLLIDING})
    assert lanes(repo, "check") == (
        1,
        "lanes: .lanes.toml has 1 error: 2 lanes, 0 of 1 pair proven apart\n"
        f".lanes.toml:4: error: {BY_BRANCH}.lanes.toml:6: warning: {BY_PATH}"
        f"next:\n{NEXT_FOR_PATHS}{NEXT_FOR_BRANCHES}",
    )


def test_as_json(repo: Repo) -> None:
    repo.write({".lanes.toml": COLLIDING})
    expected = {
        "schema": 1,
        "errors": [],
        "overlaps": [
            {
                "kind": "branch",
                "lanes": ["python", "api"],
                "witness": "work/api-x",
                "patterns": ["work/*", "work/api-*"],
                "lines": [4, 10],
            },
            {
                "kind": "path",
                "lanes": ["python", "api"],
                "witness": "src/api/x.py",
                "patterns": ["src/**/*.py", "/src/api/**"],
                "lines": [6, 12],
            },
        ],
        "unknown": [],
        "warnings": [],
        "proven": 0,
    }
    assert as_json(repo, 1) == expected
    repo.write({".lanes.toml": APART})
    assert as_json(repo, 0) == {**expected, "overlaps": expected["overlaps"][1:]}  # type: ignore[index]
    repo.write({".lanes.toml": rejecting(APART)})
    assert as_json(repo, 1) == {**expected, "overlaps": expected["overlaps"][1:]}  # type: ignore[index]


def test_an_invalid_manifest_as_json(repo: Repo) -> None:
    repo.write({".lanes.toml": "version = 1\n[lanes.a]\nbranches = ['a']\n"})
    message = 'expected what they may write, such as ["/src/"]; [] makes the lane review-only'
    assert as_json(repo, 1) == {
        "schema": 1,
        "errors": [{"line": 2, "key": "lanes.a.paths", "message": message}],
        "overlaps": [],
        "unknown": [],
        "warnings": [],
        "proven": 0,
    }


def test_a_witness_is_quoted_as_git_does(repo: Repo) -> None:
    text = "version = 1\n" + "".join(
        f'[lanes.{name}]\nbranches = ["{name}"]\npaths = ["/\\u00e9\\t*"]\n' for name in "ab"
    )
    repo.write({".lanes.toml": text})
    (found,) = as_json(repo, 0)["overlaps"]
    assert (found["witness"], found["patterns"]) == ('"\\303\\251\\t"', ["/é\t*"] * 2)
    assert 'both may write "\\303\\251\\t"\n' in lanes(repo, "check")[1]


def test_a_branch_is_written_as_everywhere_else(repo: Repo) -> None:
    text = "version = 1\n" + "".join(
        f'[lanes.{name}]\nbranches = ["\u00e9\u202e/*"]\npaths = []\n' for name in "ab"
    )
    repo.write({".lanes.toml": text})
    (found,) = as_json(repo, 1)["overlaps"]
    assert found["witness"] == "é\\u202e/x"
    assert "both cover the branch é\\u202e/x\n" in lanes(repo, "check")[1]


def test_what_can_not_be_checked_as_json(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    nowhere = Repo(tmp_path / "empty")
    missing = "there is no .lanes.toml at the root of the work tree"
    no_repository = f"there is no git repository at or above {nowhere.path}"
    for place, message in ((repo, missing), (nowhere, no_repository)):
        ended = place.script("git-lanes", "check", "--format", "json")
        assert (ended.status, ended.err) == (2, f"lanes: could not judge: {message}\n")
        assert json.loads(ended.out) == {
            "schema": 1,
            "errors": [{"line": None, "key": None, "message": message}],
            "overlaps": [],
            "unknown": [],
            "warnings": [],
            "proven": 0,
        }


def test_the_trusted_branch_is_no_lanes(clone: Repo) -> None:
    """Nobody has listed it, but the manifest in force comes from it."""
    text = "version = 1\n"
    for lane, branches in (("a", "mai[n]"), ("b", "m*")):
        text += f'[lanes.{lane}]\nbranches = ["{branches}"]\npaths = []\n'
    clone.write({".lanes.toml": text})
    assert lanes(clone, "check")[0] == 0
    clone.write({".lanes.toml": text.replace("mai[n]", "mai[mn]")})
    assert as_json(clone, 1)["overlaps"][0]["witness"] == "maim"


def test_what_is_not_known_is_no_proof(repo: Repo) -> None:
    """The search would have to remember which of the last sixteen bytes were an a."""
    text = "version = 1\n\n"
    for lane, letter in (("a", "a"), ("b", "[!a]")):
        text += f"[lanes.{lane}]\nbranches = ['{lane}']\npaths = ['/x*{letter}{'?' * 16}z']\n"
    said = 'it is not known whether "a" and "b" can write one path: their patterns are too intricate'
    by = (
        f'  "a" by /x*a{"?" * 16}z (line 5: lanes.a.paths[0])\n'
        f'  "b" by /x*[!a]{"?" * 16}z (line 8: lanes.b.paths[0])\n'
    )
    mend = "next:\n  write intricate patterns with fewer stars, or let each begin with a folder of its own\n"
    repo.write({".lanes.toml": text})
    assert lanes(repo, "check") == (
        0,
        "lanes: .lanes.toml is valid: 2 lanes, 0 of 1 pair proven apart\n"
        f".lanes.toml:5: warning: {said}\n{by}{mend}",
    )
    report = as_json(repo, 0)
    assert (report["unknown"], report["errors"], report["overlaps"], report["proven"]) == (
        [["a", "b"]],
        [],
        [],
        0,
    )
    repo.write({".lanes.toml": rejecting(text)})
    assert lanes(repo, "check") == (
        1,
        "lanes: .lanes.toml has 1 error: 2 lanes, 0 of 1 pair proven apart\n"
        f".lanes.toml:5: error: {said}\n{by}{mend}",
    )
    assert as_json(repo, 1)["errors"] == [{"line": 8, "key": "lanes.b.paths[0]", "message": said}]


# -- What does nothing


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["/a/", "/b"], {}),
        (["/a//b"], {0: "it matches no path that a file can have"}),
        (["/.git/hooks/", "/a"], {0: "it matches no path that a file can have"}),
        (["/a/[.]./b", "/b"], {0: "it matches no path that a file can have"}),
        (["/a[/]b", "/b"], {0: "it matches no path that a file can have"}),
        (["/a/", "/a/b"], {1: "it changes nothing: /a/, before it, matches all of this"}),
        (["/a/b", "/a/"], {0: "it changes nothing: /a/, behind it, decides about all of this"}),
        (["/a/b", "/a/b"], {1: "it changes nothing: /a/b, before it, matches all of this"}),
        (["/a/", "!/b/"], {1: "it changes nothing: the patterns before it match nothing of this"}),
        (["!/a/b", "/a/"], {0: "it changes nothing: the patterns before it match nothing of this"}),
        (
            ["/b", "/a/", "!/a/b", "!/a/"],
            {1: "it changes nothing: !/a/, behind it", 2: "it changes nothing: !/a/"},
        ),
        (["/a/", "!/a/b/", "/a/b/c"], {}),
        (["/a/[a-m]*", "/a/[!a-m]*", "/a/?"], {2: "it changes nothing: other patterns of the list"}),
        (["/a", "/a/"], {1: "it changes nothing: /a, before it, matches all of this"}),
        (["/a/", "/a"], {0: "it changes nothing: /a, behind it, decides about all of this"}),
    ],
)
def test_paths_that_do_nothing(paths: list[str], said: dict[int, str]) -> None:
    manifest = parse(f"version = 1\n[lanes.a]\nbranches = ['a']\npaths = {paths!r}\n".encode())
    found = {key: message for key, message in idle(manifest) if len(key) == 4}
    assert {key[3] for key in found} == said.keys()
    for i, message in said.items():
        assert found["lanes", "a", "paths", i].startswith(message)


def test_what_else_does_nothing() -> None:
    manifest = parse(
        b"version = 1\n"
        b'[defaults]\nshared = ["/a/", "/a/b"]\nprotected = ["/p/", "!/q", "/**/p/", "/.git"]\n'
        b'[lanes.all]\nbranches = ["x/*", "x/y", "*[.]"]\npaths = ["/p/x", "/b//"]\n'
        b'[lanes.review]\nbranches = ["y"]\npaths = []\n'
        b'[lanes.none]\nbranches = ["z/*", "!z/*"]\npaths = ["/c/", "!/c/"]\n'
        b'[lanes.manifest]\nbranches = ["m"]\npaths = ["/.lanes.toml"]\n'
    )
    assert {dotted(key) for key, _ in idle(manifest)} == {
        "defaults.shared[1]",
        "defaults.protected[0]",
        "defaults.protected[1]",
        "defaults.protected[3]",
        "lanes.all.branches[1]",
        "lanes.all.branches[2]",
        "lanes.all.paths[1]",
        "lanes.all.paths",
        "lanes.manifest.paths",
        "lanes.none.branches[0]",
        "lanes.none.paths[0]",
        "lanes.none.paths",
    }


def test_patterns_that_match_no_tracked_file() -> None:
    """Protected files need not be there yet, nor those that are taken out."""
    paths = ["/docs/", "/doc", "/src/*.py", "**/b.py", "/sub/", "/sub/x", "!/docs/x", "/é", "/a"]
    manifest = parse(
        "version = 1\ndefaults = {shared = ['/x'], protected = ['/y']}\n"
        f"[lanes.a]\nbranches = ['a']\npaths = {paths!r}\n".encode()
    )
    tracked = [b"docs/a.md", b"src/a/b.py", b"sub/", "é".encode(), b"a b"]
    assert [dotted(key) for key, _ in unused(manifest, tracked)] == [
        "defaults.shared[0]",
        *(f"lanes.a.paths[{i}]" for i in (1, 2, 5, 8)),
    ]


def test_a_first_manifest_has_nothing_to_warn_of(repo: Repo) -> None:
    repo.commit({"docs/a.md": "a", "api/b.py": "b"})
    assert repo.script("git-lanes", "init").status == 0
    repo.git("add", ".lanes.toml")
    assert lanes(repo, "check") == (0, "lanes: .lanes.toml is valid: 3 lanes, 3 pairs proven apart\n")


def test_branches_that_no_lane_is_asked_about() -> None:
    manifest = parse(
        b"version = 1\n[integration]\npushers = ['ann']\nbranches = ['release/*', '!release/x*']\n"
        b"[lanes.a]\nbranches = ['trunk', 'TRUNK', 'tr?nk', 'release/[a-w]*', 'release/*', '!trunk',"
        b" 'Release/1']\npaths = []\n"
        b"[lanes.b]\nbranches = ['release/[!x]', 'release/y/*', '[t]runk']\npaths = []\n"
    )
    said = "it covers only integration branches, and no lane is asked about these"
    assert {(dotted(key), message) for key, message in unjudged(manifest, b"trunk")} == {
        ("lanes.a.branches[0]", said),
        ("lanes.a.branches[1]", said),
        ("lanes.a.branches[3]", said),
        ("lanes.a.branches[6]", said),
        ("lanes.b.branches[0]", said),
        ("lanes.b.branches[2]", said),
    }


def test_it_warns_of_branches_that_no_lane_is_asked_about(repo: Repo) -> None:
    repo.write({".lanes.toml": "version = 1\n[lanes.a]\nbranches = ['a/*', 'main', 'main']\npaths = []\n"})
    assert lanes(repo, "check") == (
        0,
        "lanes: .lanes.toml is valid: 1 lane\n"
        ".lanes.toml:3: warning: lanes.a.branches[1]: it covers only integration branches,"
        " and no lane is asked about these\n"
        ".lanes.toml:3: warning: lanes.a.branches[2]: it changes nothing: main, before it,"
        " matches all of this\n",
    )


def test_patterns_and_files_are_compared_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the others nothing is said. What matches at once takes no time."""
    patterns = "['*.a', '*.b', '*.c', '*.d']"
    manifest = parse(f"version = 1\n[lanes.a]\nbranches = ['a']\npaths = {patterns}\n".encode())
    tracked = [b"1.a", b"2", b"3", b"4"]
    monkeypatch.setattr("lanes.idle.MOST_MATCHED", 10)
    assert [key[3] for key, _ in unused(manifest, tracked)] == [1, 2]


def test_it_asks_the_index_and_the_commit(repo: Repo) -> None:
    repo.commit({".lanes.toml": MANIFEST, "docs/a.md": "a", "api/generated/a": "a", "ci/run": "r"})
    missing = ".lanes.toml:7: warning: defaults.shared[0]: it matches no tracked file\n"
    valid = "lanes: .lanes.toml is valid: 3 lanes, 3 pairs proven apart\n"
    assert lanes(repo, "check") == (0, valid + missing)
    repo.write({"shared.txt": "s"})
    assert lanes(repo, "check") == (0, valid + missing)
    repo.git("add", "shared.txt")
    assert lanes(Repo(repo.path / "docs"), "check") == (0, valid)
    assert lanes(repo, "check", "--ref", "HEAD") == (0, valid + missing)


# -- Who may bring it to main


BOTH = '[lanes.both]\nbranches = ["work/api-*"]\npaths = ["/both/"]\n'
BOTH_COLLIDE = """\
  the lanes "api" and "both" both cover the branch work/api-x
    "api" by work/api-* (line 17: lanes.api.branches[0])
    "both" by work/api-* (line 25: lanes.both.branches[0])
"""
NEW = "its manifest lets lanes collide that did not before\n"
MEND = "  mend .lanes.toml first; git lanes check says how\n"
IN_FORCE = "  manifest in force: .lanes.toml of refs/heads/main at OID"
KEPT = f"its manifest still lets lanes collide, as it did before\n{BOTH_COLLIDE}"


def test_a_push_can_not_make_lanes_collide(clone: Repo) -> None:
    clone.commit({".lanes.toml": MANIFEST + BOTH})
    refused = f"lanes: main is rejected: {NEW}{BOTH_COLLIDE}{MEND}{IN_FORCE}"
    ended = clone.push("main")
    assert (ended.status, remote_lines(ended)) == (1, refused)
    tip = clone.head()
    clone.git("fetch", "--quiet")
    line = f"refs/heads/main {tip} refs/heads/main {clone.git('rev-parse', 'origin/main')}\n"
    at_home = clone.script("lane-pre-push", "origin", "x", stdin=line.encode())
    assert (at_home.status, masked(at_home.err)) == (
        1,
        f"{refused.replace('refs/heads/main at', 'refs/remotes/origin/main at')}\n",
    )


def test_what_collided_before_may_stay_until_it_is_mended(clone: Repo) -> None:
    clone.commit({".lanes.toml": MANIFEST + BOTH})
    clone.put("main")
    clone.commit({".lanes.toml": f"{MANIFEST}{BOTH}# more\n"})
    ended = clone.push("main")
    assert (ended.status, remote_lines(ended)) == (0, f"lanes: note on main: {KEPT}".rstrip("\n"))
    clone.commit({"docs/a.md": "nothing about the manifest\n"})
    assert remote_lines(clone.push("main")) == ""
    third = '[lanes.third]\nbranches = ["work/docs-x*"]\npaths = []\n'
    clone.commit({".lanes.toml": MANIFEST + BOTH + third})
    ended = clone.push("main")
    assert ended.status == 1
    assert '"docs" and "third" both cover the branch work/docs-x\n' in remote_lines(ended)
    assert '"both"' not in remote_lines(ended)
    clone.commit({".lanes.toml": MANIFEST})
    assert (clone.push("main").status, clone.push("main:release").status) == (0, 0)


def test_what_lanes_collide_in_may_not_grow(clone: Repo) -> None:
    """Only what both cover counts, whatever the lanes are called: not that they collided before."""
    clone.commit({".lanes.toml": MANIFEST + BOTH})
    clone.put("main")
    clone.commit({".lanes.toml": MANIFEST + BOTH.replace('api-*"', 'api-*", "work/docs-[a-c]"')})
    ended = clone.push("main")
    assert (ended.status, remote_lines(ended).splitlines()[:2]) == (
        1,
        [
            f"lanes: main is rejected: {NEW}".rstrip(),
            '  the lanes "docs" and "both" both cover the branch work/docs-a',
        ],
    )
    clone.commit({".lanes.toml": (MANIFEST + BOTH).replace('work/api-*"', 'work/a*-*"')})
    ended = clone.push("main")
    assert (ended.status, remote_lines(ended).splitlines()[1]) == (
        1,
        '  the lanes "api" and "both" both cover the branch work/a-x',
    )
    fewer = (MANIFEST + BOTH).replace('work/api-*"', 'work/api-a*"')
    for text in (fewer, fewer.replace("lanes.both", "lanes.renamed")):
        clone.commit({".lanes.toml": text})
        ended = clone.push("main")
        assert (ended.status, "both cover the branch work/api-a" in remote_lines(ended)) == (0, True)


def test_what_was_not_known_is_new_once_it_is_found(clone: Repo) -> None:
    """Patterns that nobody could search through are no excuse for those that anybody can."""

    def collide(last: str) -> str:
        names = (f"w/*{letter}{'?' * 16}{last}" for letter in ("a", "[!a]"))
        return MANIFEST + "".join(
            f"[lanes.{lane}]\nbranches = ['{name}']\npaths = []\n"
            for lane, name in zip("xy", names, strict=True)
        )

    clone.commit({".lanes.toml": collide("z")})
    clone.put("main")
    clone.commit({".lanes.toml": f"{collide('z')}# more\n"})
    ended = clone.push("main")
    assert ended.status == 0
    assert remote_lines(ended).startswith(
        "lanes: note on main: its manifest still lets lanes collide, as it did before\n"
        '  it is not known whether "x" and "y" can cover one branch: their patterns are too intricate\n'
        f'    "x" by w/*a{"?" * 16}z (line 25: lanes.x.branches[0])\n'
    )
    clone.commit({".lanes.toml": collide("*")})
    ended = clone.push("main")
    assert ended.status == 1
    assert '  the lanes "x" and "y" both cover the branch w/' in remote_lines(ended)
    clone.commit({".lanes.toml": collide("y")})
    ended = clone.push("main")
    assert ended.status == 1
    assert '  it is not known whether "x" and "y" can cover one branch' in remote_lines(ended)


def test_the_first_manifest_has_no_excuse(repo: Repo, server: Repo) -> None:
    repo.git("remote", "add", "origin", str(server.path))
    repo.commit({".lanes.toml": COLLIDING})
    ended = repo.push("main")
    expected = "".join(f"  {line}\n" for line in BY_BRANCH.splitlines())
    assert (ended.status, remote_lines(ended) + "\n") == (
        1,
        f"lanes: main is rejected: {NEW}{expected}{MEND}",
    )


def test_paths_are_held_to_it_where_the_manifest_says_so(clone: Repo) -> None:
    more = '[lanes.more]\nbranches = ["more"]\npaths = ["*.md"]\n'
    strict = MANIFEST.replace("[defaults]", '[defaults]\noverlap = "reject"')
    clone.commit({".lanes.toml": MANIFEST + more})
    assert remote_lines(clone.push("main")) == ""
    clone.commit({".lanes.toml": strict + more})
    assert remote_lines(clone.push("main")).startswith(
        'lanes: note on main: its manifest still lets lanes collide, as it did before\n  the lanes "docs" and'
        ' "more" both may write docs/x.md\n'
    )
    clone.commit({".lanes.toml": strict})
    assert remote_lines(clone.push("main")) == ""
    clone.commit({".lanes.toml": strict + more})
    ended = clone.push("main")
    assert (ended.status, remote_lines(ended).splitlines()[0]) == (
        1,
        f"lanes: main is rejected: {NEW}".rstrip(),
    )


def test_a_commit_can_not_make_lanes_collide(clone: Repo) -> None:
    def committed(text: str, other: str) -> Ended:
        clone.write({".lanes.toml": text, "docs/a.md": other})
        clone.git("add", "--all")
        ended = clone.script("lane-pre-commit")
        return Ended(ended.status, ended.out, masked(ended.err))

    assert committed(MANIFEST + BOTH, "1") == Ended(
        1, "", f"lanes: this commit is refused: {NEW}{BOTH_COLLIDE}{MEND}"
    )
    clone.git("commit", "--quiet", "--no-verify", "-m", "Collide")
    assert committed(MANIFEST + BOTH, "2") == Ended(0, "", "")  # it is behind; this commit adds nothing to it
    clone.put("main")
    assert committed(f"{MANIFEST}{BOTH}# more\n", "3") == Ended(0, "", f"lanes: note: {KEPT}")
    assert committed(MANIFEST, "4") == Ended(0, "", "")


def test_half_the_name_of_the_root_is_no_root(repo: Repo, tmp_path: Path) -> None:
    """It may be that of a folder around it, with a manifest of its own."""
    cut = 'rev-parse) [ "$2" = --show-toplevel ] && printf %s "${PWD%/*}" && exit;;'
    ended = repo.script("git-lanes", "check", env=fake_git(tmp_path / "fake", cut))
    garbage = f"lanes: could not judge: git rev-parse answered garbage: {repo.path.parent}\n"
    assert (ended.status, ended.out, ended.err) == (2, "", garbage)
