"""`git lanes install` beside pre-commit, prek, lefthook and husky; the first three are the real ones."""

from pathlib import Path

import pytest
from installing import ALL, CLIENT, IN_PLACE, gone, judged, lanes, put, snapshot, written
from repos import SCRIPTS, Repo


@pytest.fixture
def hooks(clone: Repo) -> Path:
    return clone.path / ".git" / "hooks"


# -- pre-commit and prek


NO_PREK = pytest.mark.skipif(not (SCRIPTS / "prek").exists(), reason="prek is not installed")
NO_LEFTHOOK = pytest.mark.skipif(not (SCRIPTS / "lefthook").exists(), reason="lefthook is not installed")
CONFIGURATION = """\
default_install_hook_types: [pre-commit, pre-merge-commit, pre-push]
repos:
  - repo: local
    hooks:
      - id: own
        name: own
        entry: sh -c 'echo own >>"$(git rev-parse --git-common-dir)/own"'
        language: system
        always_run: true
        pass_filenames: false
"""
FRAMEWORKS = [
    "pre-commit",
    pytest.param("prek", marks=NO_PREK),
]


@pytest.fixture
def framed(clone: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """The clone, with a configuration for pre-commit and prek."""
    for name in ("PRE_COMMIT_HOME", "PREK_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "framework"))
    clone.commit({".pre-commit-config.yaml": CONFIGURATION}, "Configure")
    assert clone.push("main").status == 0
    return clone


def install_framework(clone: Repo, name: str) -> None:
    ended = clone.run(name, "install")
    assert ended.status == 0, ended


def legacy(framework: str, verb: str = "written") -> str:
    framework = {"prek": "prek (0.3.5 or newer)"}.get(framework, framework)
    return "".join(
        f"  {verb}: clone/.git/hooks/{hook}.legacy, which runs {program}; {framework} runs it first\n"
        for hook, program in CLIENT.items()
    )


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_where_a_framework_is_installed(framed: Repo, hooks: Path, framework: str) -> None:
    install_framework(framed, framework)
    before = snapshot(hooks)
    assert lanes(framed, "install") == (0, "lanes: installed\n" + legacy(framework))
    assert lanes(framed, "install") == (0, IN_PLACE + legacy(framework, "in place"))
    install_framework(framed, framework)
    assert lanes(framed, "install") == (0, IN_PLACE + legacy(framework, "in place"))
    assert judged(framed) == (True, True)
    assert (framed.path / ".git" / "own").exists()
    framed.git("checkout", "--quiet", "--force", "main")
    expected = "lanes: uninstalled\n" + gone("clone/.git/hooks", {f"{hook}.legacy": "" for hook in CLIENT})
    assert lanes(framed, "uninstall") == (0, expected)
    assert snapshot(hooks) == before


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_framework_sees_one_ref_and_ours_all(framed: Repo, framework: str) -> None:
    install_framework(framed, framework)
    assert lanes(framed, "install")[0] == 0
    framed.git("checkout", "--quiet", "-b", "work/docs-1")
    framed.commit({"docs/b.md": "b"})
    framed.git("checkout", "--quiet", "-b", "work/docs-2", "main")
    framed.commit({"top.txt": "mine"}, "Out")
    ended = framed.try_git("push", "origin", "work/docs-1", "work/docs-2")
    assert ended.status == 1
    assert "lanes: work/docs-2 is rejected: 1 change in 1 commit outside" in ended.err


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_framework_that_comes_later(framed: Repo, hooks: Path, framework: str) -> None:
    """It moves ours aside, and runs it; what ours kept still runs."""
    put(hooks / "pre-push", "#!/bin/sh\necho old >>.git/own\n", 0o700)
    before = snapshot(framed.path)
    assert lanes(framed, "install")[0] == 0
    install_framework(framed, framework)
    assert lanes(framed, "install") == (
        0,
        IN_PLACE
        + legacy(framework, "in place").replace(
            "lane-pre-push;", "lane-pre-push after pre-push.before-lanes;"
        ),
    )
    assert judged(framed) == (True, True)
    assert "old" in (framed.path / ".git" / "own").read_text()
    framed.git("checkout", "--quiet", "--force", "main")
    (framed.path / ".git" / "own").unlink()
    expected = "lanes: uninstalled\n" + gone(
        "clone/.git/hooks", {f"{hook}.legacy": "" for hook in CLIENT if hook != "pre-push"}
    )
    expected += "  restored: clone/.git/hooks/pre-push.legacy, which was pre-push.before-lanes\n"
    assert lanes(framed, "uninstall") == (0, expected)
    assert framed.run(framework, "uninstall").status == 0
    assert snapshot(hooks) == {"pre-push": before[".git/hooks/pre-push"]}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_a_framework_runs_already_is_kept(framed: Repo, hooks: Path, framework: str) -> None:
    put(hooks / "pre-push", "#!/bin/sh\necho old >>.git/own\n")
    install_framework(framed, framework)
    before = snapshot(hooks)
    assert (hooks / "pre-push.legacy").exists()
    assert lanes(framed, "install")[0] == 0
    assert framed.try_git("push", "--quiet", "origin", "main:work/docs-1").status == 0
    assert (framed.path / ".git" / "own").read_text() == "old\n"
    assert judged(framed) == (True, True)
    framed.git("checkout", "--quiet", "--force", "main")
    assert lanes(framed, "uninstall")[0] == 0
    assert snapshot(hooks) == before


@NO_PREK
def test_two_frameworks(framed: Repo, hooks: Path) -> None:
    """Each would run the other one's file, and neither works."""
    install_framework(framed, "pre-commit")
    install_framework(framed, "prek")
    before = snapshot(framed.path)
    message = (
        "lanes: could not install: clone/.git/hooks/pre-commit.legacy is pre-commit's, and another framework"
        " runs it, which works with neither; uninstall one of them\n"
    )
    assert lanes(framed, "install") == (2, message)
    assert snapshot(framed.path) == before


# -- lefthook


LEFTHOOK_NOTE = "  note: lefthook runs the hooks here, and writes its files anew; none of ours is put there\n"
LEFTHOOK = f"""\
lanes: nothing was installed
{LEFTHOOK_NOTE}\
  to do: add to lefthook.yml:
      assert_lefthook_installed: true
      pre-commit:
        jobs:
          - script: lanes
            runner: sh
      pre-merge-commit:
        jobs:
          - script: lanes
            runner: sh
      pre-push:
        jobs:
          - script: lanes
            runner: sh
            use_stdin: true
  to do: write to .lefthook/pre-commit/lanes: exec lane-pre-commit
  to do: write to .lefthook/pre-merge-commit/lanes: exec lane-pre-commit
  to do: write to .lefthook/pre-push/lanes: exec lane-pre-push "$@"
  to do: run: lefthook install
"""


def follow_lefthook(clone: Repo, said: str) -> None:
    """Do what `git lanes install` said was left to do."""
    lines = said.splitlines()
    added = [line[6:] for line in lines if line.startswith("      ")]
    with (clone.path / "lefthook.yml").open("a") as file:
        file.write("\n".join(added) + "\n")
    for line in lines:
        start, _, script = line.partition(": exec ")
        if script:
            put(clone.path / start.removeprefix("  to do: write to "), f"exec {script}\n", 0o644)


@NO_LEFTHOOK
def test_lefthook(clone: Repo, hooks: Path) -> None:
    clone.commit({"lefthook.yml": "output: [failure, execution_out]\n"})
    status, said = lanes(clone, "install")
    assert (status, said) == (1, LEFTHOOK)
    assert not hooks.exists()
    follow_lefthook(clone, said)
    clone.commit({}, "Run the hooks of lanes")
    assert clone.push("main").status == 0
    in_place = "".join(
        f"  in place: .lefthook/{hook}/lanes, which lefthook runs as {hook}\n" for hook in CLIENT
    )
    inactive = (
        "lanes: nothing was installed\n" + LEFTHOOK_NOTE + in_place + "  to do: run: lefthook install\n"
    )
    assert lanes(clone, "install") == (1, inactive)
    assert clone.run("lefthook", "install").status == 0
    before = snapshot(clone.path)
    assert lanes(clone, "install") == (0, IN_PLACE + LEFTHOOK_NOTE + in_place)
    assert snapshot(clone.path) == before
    assert by_lefthook(clone)
    # What it has no say in is ours.
    only = {"reference-transaction": ALL["reference-transaction"]}
    expected = "lanes: installed\n" + written("clone/.git/hooks", only) + LEFTHOOK_NOTE + in_place
    assert lanes(clone, "install", "--strict") == (0, expected)
    left = "".join(
        f"  to do: take {program} out of .lefthook/{hook}/lanes, which lefthook runs\n"
        for hook, program in CLIENT.items()
    )
    assert lanes(clone, "uninstall") == (1, "lanes: uninstalled\n" + gone("clone/.git/hooks", only) + left)


def by_lefthook(clone: Repo) -> bool:
    """Tell whether lefthook has both hooks stop what is outside; it prints what they say on stdout."""
    clone.git("checkout", "--quiet", "-b", "work/docs-1", "main")
    clone.write({"top.txt": "mine"})
    clone.git("add", "--all")
    ended = clone.try_git("commit", "-m", "Out")
    at_commit = (
        ended.status == 1 and "lanes: work/docs-1: 1 staged change is outside" in ended.out + ended.err
    )
    clone.git("commit", "--quiet", "--no-verify", "-m", "Out")
    clone.git("checkout", "--quiet", "main")
    ended = clone.try_git("push", "origin", "main", "work/docs-1")
    at_push = ended.status == 1 and "lanes: work/docs-1 is rejected: 1 change" in ended.out + ended.err
    return at_commit and at_push


def test_lefthook_that_runs_something_else(clone: Repo) -> None:
    clone.write(
        {".lefthook/pre-push/lanes": "#lane-pre-push\n", ".lefthook/pre-commit/x": "lane-pre-commit\n"}
    )
    configuration = """\
assert_lefthook_installed: true
pre-commit:
  jobs:
    - script: "x"
pre-merge-commit:
  jobs:
    - run: lane-pre-commit
pre-push:
  jobs:
    - script: lanes
      use_stdin: true
"""
    clone.write({".config/lefthook.yaml": configuration})
    status, said = lanes(clone, "install")
    assert (status, said) == (
        1,
        f"""\
lanes: nothing was installed
{LEFTHOOK_NOTE}\
  in place: .lefthook/pre-commit/x, which lefthook runs as pre-commit
  to do: add to .config/lefthook.yaml:
      pre-merge-commit:
        jobs:
          - script: lanes
            runner: sh
      pre-push:
        jobs:
          - script: lanes
            runner: sh
            use_stdin: true
  to do: write to .lefthook/pre-merge-commit/lanes: exec lane-pre-commit
  to do: write to .lefthook/pre-push/lanes: exec lane-pre-push "$@"
  to do: run: lefthook install
""",
    )
    without = configuration.replace("      use_stdin: true\n", "")
    clone.write({".lefthook/pre-push/lanes": "exec lane-pre-push\n", ".config/lefthook.yaml": without})
    assert "to do: write to .lefthook/pre-push/lanes" in lanes(clone, "install")[1]
    clone.write({".config/lefthook.yaml": configuration})
    assert "to do: write to .lefthook/pre-push/lanes" not in lanes(clone, "install")[1]
    clone.write({".config/lefthook.yaml": configuration.replace("- script: lanes", "# script: lanes")})
    assert "to do: write to .lefthook/pre-push/lanes" in lanes(clone, "install")[1]


@NO_LEFTHOOK
def test_lefthook_that_set_ours_aside(clone: Repo, hooks: Path) -> None:
    put(hooks / "pre-push")
    before = snapshot(hooks)
    assert lanes(clone, "install")[0] == 0
    clone.write({"lefthook.yml": "pre-push:\n  jobs:\n    - run: 'true'\n"})
    assert clone.run("lefthook", "install").status == 0
    assert lanes(clone, "uninstall")[0] == 0
    assert snapshot(hooks)["pre-push.old"] == before["pre-push"]
    assert clone.run("lefthook", "uninstall").status == 0
    assert snapshot(hooks) == before


# -- husky


HUSKY_NOTE = LEFTHOOK_NOTE.replace("lefthook", "husky")
PACKAGE = '{"devDependencies": {"husky": "^9.1.7"}, "scripts": {"prepare": "husky"}}\n'
NOT_ACTIVE = "  to do: husky is not active here; run: npm install (or: npx husky)\n"
HUSKY_LEFT = """\
  to do: add this line to .husky/pre-commit: lane-pre-commit
  to do: add this line to .husky/pre-merge-commit: lane-pre-commit
  to do: make this the first command of .husky/pre-push: lane-pre-push "$@"
"""
HUSKY_IN_PLACE = "".join(f"  in place: .husky/{hook}, which husky runs as {hook}\n" for hook in CLIENT)


def activate_husky(clone: Repo) -> None:
    """Do what `npm install` does in a repository with husky 9: files in `.husky/_` run those in `.husky`."""
    clone.git("config", "core.hooksPath", ".husky/_")
    put(clone.path / ".husky/_/.gitignore", "*\n", 0o644)
    put(
        clone.path / ".husky/_/h", '#!/bin/sh\nfile=.husky/${0##*/}\n[ ! -f "$file" ] || sh -e "$file" "$@"\n'
    )
    for hook in (*CLIENT, "commit-msg"):
        put(clone.path / ".husky/_" / hook, '#!/bin/sh\n. "${0%/*}/h"\n')


def test_a_fresh_clone_with_husky(clone: Repo, hooks: Path) -> None:
    clone.commit({"package.json": PACKAGE, ".husky/pre-commit": "echo own\n"}, "Use husky")
    before = snapshot(clone.path)
    expected = (1, "lanes: nothing was installed\n" + HUSKY_NOTE + HUSKY_LEFT + NOT_ACTIVE)
    assert lanes(clone, "install") == expected
    assert lanes(clone, "install", "--dry-run") == expected
    assert snapshot(clone.path) == before
    activate_husky(clone)
    before = snapshot(clone.path)
    assert lanes(clone, "install") == (1, "lanes: nothing was installed\n" + HUSKY_NOTE + HUSKY_LEFT)
    assert snapshot(clone.path) == before
    lines = {hook: program + (' "$@"' if hook == "pre-push" else "") for hook, program in CLIENT.items()}
    clone.commit({f".husky/{hook}": f"# lanes\n{line}\necho own\n" for hook, line in lines.items()}, "Judge")
    assert clone.push("main").status == 0
    assert lanes(clone, "install") == (0, IN_PLACE + HUSKY_NOTE + HUSKY_IN_PLACE)
    assert judged(clone) == (True, True)
    clone.git("checkout", "--quiet", "main")
    left = "".join(
        f"  to do: take {program} out of .husky/{hook}, which husky runs\n"
        for hook, program in CLIENT.items()
    )
    assert lanes(clone, "uninstall") == (1, "lanes: nothing was uninstalled\n" + left)


def test_a_new_worktree_with_husky(clone: Repo, tmp_path: Path) -> None:
    """It has no hooks at all before husky has run there."""
    files = {f".husky/{hook}": f"{program} x\n" for hook, program in CLIENT.items()}
    clone.commit({"package.json": PACKAGE, **files}, "Use husky")
    activate_husky(clone)
    clone.git("worktree", "add", "--quiet", "--detach", "../tree", "main")
    tree = Repo(tmp_path / "tree")
    expected = "lanes: nothing was installed\n" + HUSKY_NOTE + HUSKY_IN_PLACE + NOT_ACTIVE
    assert lanes(tree, "install") == (1, expected)
    assert lanes(clone, "install") == (0, IN_PLACE + HUSKY_NOTE + HUSKY_IN_PLACE)


def test_husky_can_t_be_strict(clone: Repo) -> None:
    clone.write({"package.json": PACKAGE, **{f".husky/{hook}": CLIENT[hook] for hook in CLIENT}})
    activate_husky(clone)
    expected = "lanes: nothing was installed\n" + HUSKY_NOTE + HUSKY_IN_PLACE
    expected += "  to do: this husky has no reference-transaction hook; see whether a newer one has\n"
    assert lanes(clone, "install", "--strict") == (1, expected)


def test_husky_8(clone: Repo) -> None:
    """Before version 9 git looked in `.husky` itself."""
    clone.git("config", "core.hooksPath", ".husky")
    put(clone.path / ".husky/_/husky.sh", "#!/bin/sh\n")
    put(clone.path / ".husky/pre-commit", '#!/bin/sh\n. "$(dirname "$0")/_/husky.sh"\nlane-pre-commit\n')
    left = "".join(HUSKY_LEFT.splitlines(keepends=True)[1:])
    first = HUSKY_IN_PLACE.splitlines(keepends=True)[0]
    assert lanes(clone, "install") == (1, "lanes: nothing was installed\n" + HUSKY_NOTE + first + left)


def test_husky_that_git_does_not_look_for(clone: Repo) -> None:
    clone.write({"package.json": PACKAGE, ".husky/pre-commit": "npm test\n"})
    clone.git("config", "core.hooksPath", ".githooks")
    assert lanes(clone, "install")[0] == 0
    assert sorted(file.name for file in (clone.path / ".githooks").iterdir()) == sorted(CLIENT)


def test_a_folder_that_husky_left_behind(clone: Repo) -> None:
    clone.write({".husky/pre-commit": "npm test\n", "package.json": "{}"})
    assert lanes(clone, "install")[0] == 0


def test_a_husky_that_knows_fewer_hooks(clone: Repo) -> None:
    """Before 9.1.5 git found no pre-merge-commit in its folder."""
    clone.write({"package.json": PACKAGE, **{f".husky/{hook}": CLIENT[hook] for hook in CLIENT}})
    activate_husky(clone)
    (clone.path / ".husky/_/pre-merge-commit").unlink()
    in_place = "".join(line for line in HUSKY_IN_PLACE.splitlines(keepends=True) if "merge" not in line)
    left = "  to do: this husky has no pre-merge-commit hook; see whether a newer one has\n"
    assert lanes(clone, "install") == (1, "lanes: nothing was installed\n" + HUSKY_NOTE + in_place + left)
