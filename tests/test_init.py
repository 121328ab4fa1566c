"""`git lanes init`, as it is installed: what it writes is valid, proven apart, and fits the repository."""

import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from fakes import FaultyGit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repos import SCRIPTS, Ended, Repo, make_repo, masked

from lanes.init import schema
from lanes.manifest import Manifest, parse
from lanes.proposal import MOST_LANES, SCHEMA_FILE

ROOT = Path(__file__).parent.parent

MONOREPO = [
    *["README.md", "uv.lock", "Changelog.md", "pyproject.toml", ".gitignore"],
    *[".github/workflows/ci.yml", ".github/CODEOWNERS", ".claude/settings.json", ".pre-commit-config.yaml"],
    *["packages/README.md", "packages/package-lock.json"],
    *["packages/api/package.json", "packages/api/src/a.js", "packages/web/package.json", "packages/web/a.js"],
    *["docs/index.md", "docs/CODEOWNERS"],
    *["services/api/go.mod", "services/api/go.sum", "services/mail/main.go"],
]
OF_THE_MONOREPO = """\
#:schema ./.lanes.schema.json
# Which files each branch may edit: its write lane. The README of git-lanes explains every key.
# This is a proposal. Change it to what your tasks need, and run: git lanes check
version = 1

[integration]
# Where lanes meet: these branches may change anything, and what they hold is trusted.
branches = ["main"]

[defaults]
# A branch that no lane covers is refused. "allow" lets it write all that is not protected.
unlisted = "reject"
# Every lane may write these, since any task may have to: lock files, the changelog.
shared = ["/Changelog.md", "/packages/package-lock.json", "/uv.lock"]
# No lane may write these, whatever it says: what runs, or decides, for everybody.
protected = [
  "/.github/",
  "/.claude/",
  "/.pre-commit-config.yaml",
  "/.lanes.schema.json",
  "/docs/CODEOWNERS",
]

# A task on lane "docs" has a branch such as work/docs/TASK.
# Files at the root, directly in packages/ and directly in services/ are in no lane.

[lanes.docs]
summary = "Change docs/"
branches = ["work/docs/**"]
paths = ["/docs/"]

[lanes.packages-api]
summary = "Change packages/api/"
branches = ["work/packages-api/**"]
paths = ["/packages/api/"]

[lanes.web]
summary = "Change packages/web/"
branches = ["work/web/**"]
paths = ["/packages/web/"]

[lanes.services-api]
summary = "Change services/api/"
branches = ["work/services-api/**"]
paths = ["/services/api/"]

[lanes.mail]
summary = "Change services/mail/"
branches = ["work/mail/**"]
paths = ["/services/mail/"]

# A lane without paths is for reviews: its branches may change nothing.
[lanes.review]
summary = "Read and report; do not edit"
branches = ["review/**"]
paths = []
"""
OF_NOTHING = """\
#:schema ./.lanes.schema.json
# Which files each branch may edit: its write lane. The README of git-lanes explains every key.
# This is a proposal. Change it to what your tasks need, and run: git lanes check
version = 1

[integration]
# Where lanes meet: these branches may change anything, and what they hold is trusted.
branches = ["main"]

[defaults]
# A branch that no lane covers is refused. "allow" lets it write all that is not protected.
unlisted = "reject"
# Every lane may write these, since any task may have to: lock files, the changelog.
shared = []
# No lane may write these, whatever it says: what runs, or decides, for everybody.
protected = ["/.lanes.schema.json"]

# There are no folders yet to make lanes of. A lane looks like this; without # it counts:
# [lanes.docs]
# summary = "Write the docs"
# branches = ["work/docs/**"]
# paths = ["/docs/"]

# A lane without paths is for reviews: its branches may change nothing.
[lanes.review]
summary = "Read and report; do not edit"
branches = ["review/**"]
paths = []
"""
NEXT = """\
next:
  read .lanes.toml, and change it to what your tasks need
  git add .lanes.toml .lanes.schema.json
  git lanes check
  git commit -m "Give every task its lane"
  git lanes install
"""


def files(repo: Repo, names: Iterable[str | bytes]) -> None:
    repo.write(dict.fromkeys(names, "x\n"))


def written(repo: Repo, *options: str) -> str:
    """Run `git lanes init`, which must work, and give what it wrote."""
    ended = repo.script("git-lanes", "init", *options)
    assert (ended.status, ended.err) == (0, "")
    return (repo.path / ".lanes.toml").read_text("utf-8")


def refused(repo: Repo, *options: str) -> str:
    """Run `git lanes init`, which must refuse, and give its message."""
    ended = repo.script("git-lanes", "init", *options)
    assert (ended.status, ended.out) == (2, "")
    return masked(ended.err)


def lanes(text: str) -> dict[str, list[str]]:
    """Give the paths of each lane."""
    return {name: lane["paths"] for name, lane in tomllib.loads(text)["lanes"].items()}


def writers(manifest: Manifest, *paths: str) -> list[str]:
    """Say for each path which lanes may write it."""
    return [" ".join(manifest.writers(path.encode())) for path in paths]


# -- What it writes


def test_a_monorepo(repo: Repo) -> None:
    files(repo, MONOREPO)
    repo.git("add", ".github", "packages")
    ended = repo.script("git-lanes", "init")
    said = "lanes: wrote .lanes.toml (6 lanes, 15 pairs proven apart) and .lanes.schema.json for editors\n"
    assert ended == Ended(0, said + NEXT, "")
    assert (repo.path / ".lanes.toml").read_text() == OF_THE_MONOREPO
    assert (repo.path / SCHEMA_FILE).read_text() == schema()


def test_an_empty_repository(repo: Repo) -> None:
    text = written(repo)
    assert text == OF_NOTHING
    example = re.sub(r"^# (?=\[lanes.docs|summary|branches|paths)", "", text, flags=re.MULTILINE)
    assert lanes(example) == {"docs": ["/docs/"], "review": []}


def test_what_is_printed_is_what_would_be_written(repo: Repo) -> None:
    files(repo, MONOREPO)
    ended = repo.script("git-lanes", "init", "--dry-run")
    assert ended == Ended(0, OF_THE_MONOREPO, "")
    assert not (repo.path / ".lanes.toml").exists()
    assert not (repo.path / SCHEMA_FILE).exists()
    repo.write({".lanes.toml": "mine"})
    assert repo.script("git-lanes", "init", "--dry-run") == Ended(0, OF_THE_MONOREPO, "")


def test_the_schema_is_printed(repo: Repo) -> None:
    assert repo.script("git-lanes", "schema") == Ended(0, schema(), "")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["setup.py", "README"], {}),
        (["src/pkg/a.py", "src/pkg/b/c.py", "tests/a.py"], {"src": ["/src/"], "tests": ["/tests/"]}),
        (
            ["src/content/a", "src/web/a", "src/index.js", "public/a"],
            {"public": ["/public/"], "content": ["/src/content/"], "web": ["/src/web/"]},
        ),
        # More of its own files than in folders: it is a unit.
        (["src/a", "src/b", "src/c", "src/d", "src/e/a", "src/f/a"], {"src": ["/src/"]}),
        # What holds packages is known by them, too, whatever its name.
        (
            ["stuff/a/Cargo.toml", "stuff/b/Cargo.toml", "stuff/Cargo.toml"],
            {"a": ["/stuff/a/"], "b": ["/stuff/b/"]},
        ),
        (["stuff/a/x", "stuff/b/x"], {"stuff": ["/stuff/"]}),
        (
            ["apps/web/x", "apps/back/services/a/x", "apps/back/services/b/x", "apps/back/x/x"],
            {"back": ["/apps/back/"], "web": ["/apps/web/"]},
        ),
        (
            ["packages/@scope/a/package.json", "packages/@scope/b/package.json", "packages/c/package.json"],
            {"a": ["/packages/@scope/a/"], "b": ["/packages/@scope/b/"], "c": ["/packages/c/"]},
        ),
        # Deep trees are not taken apart for ever.
        (
            [f"src/src/src/src/src/{name}/x" for name in "ab"] + ["src/x/y"],
            {"src": ["/src/src/"], "x": ["/src/x/"]},
        ),
        ([".vscode/a", ".github/a", "docs/a"], {"docs": ["/docs/"]}),
    ],
)
def test_units(repo: Repo, names: list[str], expected: dict[str, list[str]]) -> None:
    files(repo, names)
    assert lanes(written(repo)) == {**expected, "review": []}


def test_names(repo: Repo) -> None:
    """They are fit for a branch, and no two are one on a disk that knows no case."""
    names = [
        "Docs",
        "docs",
        "review",
        "next.js",
        "a b",
        "--",
        "@scope",
        "ünï",
        "日本",
        "my_pkg",
        "a" * 70,
        "-x.lock",
    ]
    files(repo, [f"{name}/x" for name in names])
    text = written(repo)
    assert {paths[0]: name for name, paths in lanes(text).items() if paths} == {
        "/Docs/": "Docs",
        "/docs/": "docs-2",
        "/review/": "review-2",
        "/next.js/": "next-js",
        "/a b/": "a-b",
        "/--/": "lane",
        "/@scope/": "scope",
        "/ünï/": "ünï",
        "/日本/": "日本",
        "/my_pkg/": "my_pkg",
        f"/{'a' * 70}/": "a" * 60,
        "/-x.lock/": "x-lock",
    }
    repo.commit({})
    for lane in tomllib.loads(text)["lanes"].values():
        repo.git("branch", lane["branches"][0].replace("**", "task-1"))


ODD = [
    b"star*",
    b"what?",
    b"[ab]",
    b"back\\slash",
    b'quo"te',
    b"tab\t",
    b"bell\x07",
    b"del\x7f",
    b"#hash",
    b"!bang",
]
ODD += [
    b" behind ",
    "\u202eevil".encode(),
    "\U0001f600".encode(),
    b"'apo'",
    b"$(x)",
    b"~",
    b"^",
    b"a,b",
]


def test_odd_names(repo: Repo) -> None:
    """Whatever a folder is called, its lane has that folder and nothing else."""
    lost = [b"line\nbreak", b"cr\r", b"\xff\xfe"]
    files(repo, [name + b"/x" for name in [*ODD, *lost]])
    text = written(repo)
    found = parse(text.encode())
    assert len(found.lanes) == len(ODD) + 1
    for name in ODD:
        assert len(found.writers(name + b"/x")) == 1
        assert (
            found.writers(name.replace(b"*", b"s").replace(b"?", b"!").replace(b"[ab]", b"a") + b"y/x") == ()
        )
    for name in lost:
        assert found.writers(name + b"/x") == ()
    assert '# Nor are "cr\\r/", "line\\nbreak/" and "\\377\\376/": no pattern can name them.' in text.split(
        "\n"
    )
    assert all(line.isprintable() for line in text.split("\n"))
    assert_valid(repo)


def test_no_more_lanes_than_people_can_read(repo: Repo) -> None:
    """Of very many folders, those with most files have lanes."""
    files(repo, [f"f{i:03}/{j}" for i in range(120) for j in range(2 if i % 2 else 1)])
    text = written(repo)
    found = lanes(text)
    assert list(found) == [*(f"f{i:03}" for i in range(1, 100, 2)), "review"]
    assert len(found) == MOST_LANES + 1
    assert (
        "# Nor are f000/, f002/, f004/, f006/ and 66 more:"
        " a proposal has 50 lanes, of the folders with most files."
    ) in text.split("\n")


def test_submodules_and_ignored_files(repo: Repo, tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other")
    other.commit({"a": "a"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "vendor-lib")
    repo.write({".gitignore": "build/\n", "build/x": "x", "docs/x": "x", "nested/x": "x"})
    make_repo(repo.path / "inner").commit({"a": "a"})
    found = lanes(written(repo))
    assert found == {
        **{name: [f"/{name}/"] for name in ("docs", "inner", "nested", "vendor-lib")},
        "review": [],
    }
    assert parse((repo.path / ".lanes.toml").read_bytes()).writers(b"vendor-lib", folder=True) == (
        "vendor-lib",
    )
    assert "/.gitmodules" in (repo.path / ".lanes.toml").read_text()


def test_branches_that_are_there_do_not_stand_in_the_way(repo: Repo) -> None:
    repo.commit({"docs/a": "a"})
    repo.git("branch", "review")
    repo.git("branch", "work/docs")
    repo.git("branch", "other/deep/down")
    text = written(repo)
    assert re.findall(r'^branches = \["(.*)"\]$', text, re.MULTILINE) == [
        "main",
        "work-2/docs/**",
        "review-2/**",
    ]
    repo.git("branch", "work-2/docs/a")
    repo.git("branch", "review-2/a")
    (repo.path / ".lanes.toml").unlink()
    again = written(repo)
    assert again == text


# -- Which branch holds it


def test_the_integration_branch(repo: Repo, tmp_path: Path) -> None:
    """It is that which will hold the manifest in force."""

    def branch(place: Repo) -> tuple[str, list[str]]:
        ended = place.script("git-lanes", "init")
        assert ended.err == ""
        (found,) = tomllib.loads((place.path / ".lanes.toml").read_text())["integration"]["branches"]
        (place.path / ".lanes.toml").unlink()
        return found, [line.strip() for line in ended.out.splitlines()[3:]]

    add, check = "git add .lanes.toml .lanes.schema.json", "git lanes check"
    commit, install = 'git commit -m "Give every task its lane"', "git lanes install"
    repo.git("checkout", "--quiet", "-b", "trunk")
    trusted = "git config lanes.trustedRef refs/heads/trunk"
    assert branch(repo) == ("trunk", [add, check, commit, trusted, install])
    repo.commit({"a": "a"})
    assert branch(repo) == ("trunk", [add, check, commit, trusted, install])
    repo.git("config", "init.defaultBranch", "trunk")
    assert branch(repo) == ("trunk", [add, check, commit, install])
    repo.git("branch", "main")
    repo.git("config", "--unset", "init.defaultBranch")
    assert branch(repo) == ("main", ["git checkout main", add, check, commit, install])
    repo.git("config", "lanes.trustedRef", "refs/heads/else")
    assert branch(repo) == ("else", ["git checkout else", add, check, commit, install])

    unborn = make_repo(tmp_path / "unborn", "--initial-branch=trunk")
    unborn.git("remote", "add", "origin", str(repo.path))
    assert branch(unborn) == ("trunk", [add, check, commit, "git push origin trunk", install])

    clone = Repo(tmp_path / "clone")
    repo.git("clone", "--quiet", ".", str(clone.path))
    assert branch(clone) == ("trunk", [add, check, commit, "git push origin trunk", install])
    clone.git("checkout", "--quiet", "--detach")
    assert branch(clone)[0] == "trunk"


def test_a_remote_whose_branch_nobody_knows(repo: Repo, tmp_path: Path) -> None:
    repo.git("checkout", "--quiet", "-b", "feature")
    repo.commit({"a": "a"})
    repo.git("remote", "add", "origin", str(tmp_path))
    assert refused(repo).split("\n") == [
        "lanes: no manifest was written: no manifest is in force: looked for refs/remotes/origin/HEAD,"
        " refs/remotes/origin/main, refs/remotes/origin/master, refs/heads/main, refs/heads/master,"
        " and none exists",
        "  to begin: run: git fetch origin && git remote set-head origin --auto",
        "",
    ]


@pytest.mark.parametrize("name", [b"\xff", b"!main"])
def test_a_branch_that_a_manifest_can_not_name(repo: Repo, name: bytes) -> None:
    """It needs no name there: the one that holds the manifest is an integration branch anyway."""
    if repo.try_git(b"checkout", b"--quiet", b"-b", name).status:
        pytest.skip("no such branch on this disk")
    assert tomllib.loads(written(repo))["integration"] == {"branches": []}


# -- What it leaves alone


def test_a_manifest_that_is_there_is_kept(repo: Repo) -> None:
    message = (
        "lanes: no manifest was written: there is a .lanes.toml already;"
        " git lanes init --dry-run prints a new one\n"
    )
    repo.write({".lanes.toml": "mine"})
    assert refused(repo) == message
    assert (repo.path / ".lanes.toml").read_text() == "mine"
    (repo.path / ".lanes.toml").unlink()
    (repo.path / ".lanes.toml").symlink_to("nowhere")
    assert refused(repo) == message
    assert not (repo.path / SCHEMA_FILE).exists()


def test_another_schema_is_kept(repo: Repo) -> None:
    repo.write({SCHEMA_FILE: "mine"})
    message = f"lanes: no manifest was written: there is another {SCHEMA_FILE} already; move it away\n"
    assert refused(repo) == message
    assert not (repo.path / ".lanes.toml").exists()
    repo.write({SCHEMA_FILE: schema()})
    written(repo)


def test_a_manifest_that_is_in_force_is_the_one_to_have(clone: Repo) -> None:
    clone.git("checkout", "--quiet", "--orphan", "fresh")
    clone.git("rm", "-r", "--force", "--quiet", ".")
    message = refused(clone)
    assert message == (
        "lanes: no manifest was written: there is one already\n"
        "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
        "  to have it here: git checkout OID -- :/.lanes.toml\n"
    )
    (clone.path / "deep").mkdir()
    ended = Repo(clone.path / "deep").script("git-lanes", "init")
    Repo(clone.path / "deep").git(*ended.err.split("to have it here: git ")[1].split())
    assert (clone.path / ".lanes.toml").exists()


def test_a_folder_that_can_not_be_written(repo: Repo) -> None:
    if os.geteuid() == 0:
        (repo.path / SCHEMA_FILE).mkdir()
        assert refused(repo).endswith("there is another .lanes.schema.json already; move it away\n")
    else:
        repo.path.chmod(0o500)
        message = refused(repo)
        repo.path.chmod(0o700)
        assert message.endswith(".lanes.schema.json: Permission denied\n")


def test_no_work_tree(repo: Repo, server: Repo) -> None:
    message = "lanes: no manifest was written: there is no work tree here; run it in a clone\n"
    assert refused(server) == refused(Repo(repo.path / ".git")) == message


def test_in_a_folder_of_the_work_tree(repo: Repo) -> None:
    repo.write({"docs/a b/x": "x", "src/x": "x"})
    ended = Repo(repo.path / "docs" / "a b").script("git-lanes", "init")
    assert (ended.status, ended.err) == (0, "")
    assert "\n  git add ../../.lanes.toml ../../.lanes.schema.json\n" in ended.out
    assert lanes((repo.path / ".lanes.toml").read_text()) == {
        "docs": ["/docs/"],
        "src": ["/src/"],
        "review": [],
    }


def test_a_git_that_does_not_list_all(repo: Repo, tmp_path: Path) -> None:
    """Half a list of files would make half a manifest."""
    repo.commit({"docs/a": "a", "src/a": "a"})
    repo.write({"new/a": "a"})
    git = FaultyGit(tmp_path / "git")
    with git.broken(0) as none:
        assert repo.script("git-lanes", "init", "--dry-run", env=none.env).status == 0
        calls = none.calls()
    listing = [i for i, call in enumerate(calls, 1) if call.startswith("ls-files")]
    assert len(listing) == 2
    for at in listing:
        for fault in ("killed half way", "status 128 and words", "one byte less"):
            with git.broken(at, fault) as broken:
                ended = repo.script("git-lanes", "init", env=broken.env)
            assert (ended.status, ended.out) == (2, "")
            assert ended.err.startswith("lanes: no manifest was written: git ls-files ")
            assert not (repo.path / ".lanes.toml").exists()


# -- From CODEOWNERS


def test_owners(repo: Repo) -> None:
    repo.write({".github/CODEOWNERS": OWNERS, "src/x": "x", "uv.lock": "x", "CODEOWNERS": "* @nobody"})
    assert written(repo, "--from", "codeowners") == OF_OWNERS


OWNERS = """\
* @org/core
/src/api/ @org/api ann@example.org
/src/api/schema.json
/web/ @org/web
/docs/ @ann @bob @carol @dan @eve @frank
/.github/ @org/infra
/src/[ab]/ @odd
"""
OF_OWNERS = """\
#:schema ./.lanes.schema.json
# Which files each branch may edit: its write lane. The README of git-lanes explains every key.
# This is a proposal. Change it to what your tasks need, and run: git lanes check
version = 1

[integration]
# Where lanes meet: these branches may change anything, and what they hold is trusted.
branches = ["main"]

[defaults]
# A branch that no lane covers is refused. "allow" lets it write all that is not protected.
unlisted = "reject"
# Every lane may write these, since any task may have to: lock files, the changelog.
shared = []
# No lane may write these, whatever it says: what runs, or decides, for everybody.
protected = [
  "/.github/",
  "/.lanes.schema.json",
  "/CODEOWNERS",
  "/.gitlab-ci.yml",
  "/.forgejo/",
  "/.gitea/",
  "/.claude/",
  "/.codex/",
  "/.cursor/",
  "/.gemini/",
  "/.opencode/",
  "/opencode.json",
]

# A task on lane "core" has a branch such as work/core/TASK.
# A lane has what its owners have in .github/CODEOWNERS. No file is in two lanes, and some may be in none.
# Left out: line 7 of .github/CODEOWNERS: CODEOWNERS knows neither !, nor [ ], nor \\# at the beginning.
# There is no lane "infra": all that it would have is protected.

[lanes.core]
summary = "Change what @org/core owns"
branches = ["work/core/**"]
paths = ["*", "!/src/api/", "!/web/", "!/docs/", "!/.github/"]

[lanes.api-ann]
summary = "Change what @org/api and ann@example.org own"
branches = ["work/api-ann/**"]
paths = ["/src/api/", "!/src/api/schema.json"]

[lanes.web]
summary = "Change what @org/web owns"
branches = ["work/web/**"]
paths = ["/web/"]

[lanes.ann-bob-carol-dan-eve-frank]
summary = "Change what @ann, @bob, @carol, @dan and 2 more own"
branches = ["work/ann-bob-carol-dan-eve-frank/**"]
paths = ["/docs/"]

# A lane without paths is for reviews: its branches may change nothing.
[lanes.review]
summary = "Read and report; do not edit"
branches = ["review/**"]
paths = []
"""


def test_where_owners_are_looked_for(repo: Repo) -> None:
    assert refused(repo, "--from", "codeowners") == (
        "lanes: no manifest was written: there is no CODEOWNERS; looked for"
        " .github/CODEOWNERS, CODEOWNERS, docs/CODEOWNERS, .gitlab/CODEOWNERS\n"
    )
    for place in (".gitlab/CODEOWNERS", "docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS"):
        name = place.split("/")[0].strip(".").lower()
        repo.write({place: f"src/{name}/ @{name}\n"})
        ended = repo.script("git-lanes", "init", "--from", "codeowners", "--dry-run")
        path = f"**/src/{name}/" if name == "gitlab" else f"/src/{name}/"
        assert lanes(ended.out) == {name: [path], "review": []}


def test_names_of_owners(repo: Repo) -> None:
    """Two lanes whose names differ by case alone would have one folder of branches on many a disk."""
    repo.write({"CODEOWNERS": "/a/ @x/api\n/b/ @y/API\n/c/ Ann.Lee@example.org\n/d/ @@developer\n/e/ @-\n"})
    names = {"api": "/a/", "API-2": "/b/", "Ann-Lee": "/c/", "developer": "/d/", "lane": "/e/"}
    found = lanes(written(repo, "--from", "codeowners"))
    assert found == {**{name: [path] for name, path in names.items()}, "review": []}


def test_owners_that_are_too_many(repo: Repo) -> None:
    repo.write({"CODEOWNERS": b"#" * ((3 << 20) + 1)})
    message = "lanes: no manifest was written: CODEOWNERS is larger than 3 MiB\n"
    assert refused(repo, "--from", "codeowners") == message


# -- It is valid, and works


def assert_valid(repo: Repo) -> None:
    """Check what was written with `git lanes check` and a language server; lanes have no path in common."""
    repo.git("add", "--all")
    checked = repo.script("git-lanes", "check")
    assert (checked.status, checked.err) == (0, "")
    linted = repo.run(
        SCRIPTS / "tombi", "lint", "--offline", "--no-cache", "--error-on-warnings", ".lanes.toml"
    )
    assert linted.status == 0, linted
    manifest = parse((repo.path / ".lanes.toml").read_bytes())
    for path in os.fsencode(repo.git("ls-files", "-z")).split(b"\0")[:-1]:
        assert len([lane for lane in manifest.lanes if lane.paths.match(path)]) <= 1


SHAPES = {
    "a script": ["run.sh", "README"],
    "a Python package": ["pyproject.toml", "src/pkg/__init__.py", "tests/test_a.py", "docs/a.md", "uv.lock"],
    "a flat Python package": [
        "setup.py",
        "pkg/__init__.py",
        "tests/__init__.py",
        "CHANGES.rst",
        "requirements.txt",
    ],
    "a web application": [
        *["package.json", "package-lock.json", "public/i.html", ".husky/pre-commit", ".cursor/hooks.json"],
        *[f"src/{name}/a.ts" for name in ("components", "hooks", "pages", "styles")],
    ],
    "npm workspaces": ["package.json", "pnpm-lock.yaml"]
    + [f"packages/{name}/package.json" for name in ("a", "b", "c")]
    + [f"apps/{name}/package.json" for name in ("a", "web")],
    "a Cargo workspace": [
        "Cargo.toml",
        "Cargo.lock",
        "crates/a/Cargo.toml",
        "crates/b/Cargo.toml",
        "xtask/Cargo.toml",
    ],
    "a Go module": [
        "go.mod",
        "go.sum",
        "cmd/a/main.go",
        "cmd/b/main.go",
        "internal/x/x.go",
        "internal/y/y.go",
    ],
    "Java": [
        "pom.xml",
        "core/pom.xml",
        "core/src/main/java/A.java",
        "web/pom.xml",
        ".gitlab-ci.yml",
        "Jenkinsfile",
    ],
    "C": ["Makefile", "include/a.h", "src/a.c", "lib/a/a.c", "lib/b/b.c", "configure"],
    "Rails": [
        "Gemfile",
        "Gemfile.lock",
        *[f"app/{name}/a.rb" for name in ("models", "views")],
        "lib/tasks/a.rake",
    ],
    "content": [*[f"src/content/{name}/a.json" for name in ("lessons", "quizzes")], "astro.config.mjs"],
    "many folders": [f"{name}{i}/file" for i in range(30) for name in ("a", "b")],
    "very many packages": [f"packages/p{i}/package.json" for i in range(90)],
    "everything": [name for names in [MONOREPO] for name in names]
    + ["lefthook.yml", ".gemini/settings.json"],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_valid_for(repo: Repo, shape: str) -> None:
    files(repo, SHAPES[shape])
    written(repo)
    assert_valid(repo)
    assert "warning" not in repo.script("git-lanes", "check").out


def test_it_is_valid_for_this_repository(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "clone")
    Repo(tmp_path).git("clone", "--quiet", "--no-hardlinks", str(ROOT), str(repo.path))
    repo.git("remote", "remove", "origin")
    repo.git("checkout", "--quiet", "-B", "main")
    repo.commit({".lanes.toml": None})
    text = written(repo)
    assert {"hooks", "lanes", "tests"} <= lanes(text).keys()
    assert_valid(repo)


PART = st.sampled_from(
    ["a", "b", "src", "packages", "docs", "é", "x y", "*", "[a]", "a\\", "package.json", "uv.lock"]
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(PART, min_size=1, max_size=4), min_size=1, max_size=12))
def test_it_is_valid_for_any_tree(tmp_path_factory: pytest.TempPathFactory, paths: list[list[str]]) -> None:
    """A path gets below each of its folders; where one is a file already, it is left out."""
    repo = make_repo(tmp_path_factory.mktemp("tree") / "repo")
    for parts in paths:
        if not any((repo.path / Path(*parts[:i])).is_file() for i in range(len(parts))):
            target = repo.path / Path(*parts)
            if not target.exists():
                files(repo, ["/".join(parts)])
    written(repo)
    assert_valid(repo)


def test_a_new_user_gets_to_work(server: Repo, tmp_path: Path) -> None:
    """What it says comes next is typed as it stands; then the server holds each branch in its lane."""
    repo = make_repo(tmp_path / "clone")
    repo.git("remote", "add", "origin", str(server.path))
    repo.commit({"api/a": "a", "web/a": "a"})
    commands = repo.script("git-lanes", "init").out.split("\n  ")[2:]
    assert len(commands) == 5
    for command in commands:
        ended = repo.run("sh", "-c", command)
        assert ended.status == 0, ended
    repo.switch("work/api/one", "main")
    repo.write({"api/b": "b"})
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "In")
    repo.git("push", "--quiet", "origin", "work/api/one")
    repo.write({"web/b": "b"})
    repo.git("add", ".")
    assert repo.try_git("commit", "-m", "Out").status == 1
    repo.git("commit", "--quiet", "--no-verify", "-m", "Out")
    assert repo.push("work/api/one").status == 1
