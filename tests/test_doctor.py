"""`git lanes doctor`: real hooks, each sent a real canary, and nothing changed by it."""

from pathlib import Path

import pytest
from installing import CLIENT, lanes, put, shortened, snapshot
from repos import MANIFEST, Repo, make_repo, masked

FORCE = "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
ON_SERVER = "  manifest in force: .lanes.toml of refs/heads/main at OID\n"
FRESH = "  refs/remotes/origin/main is up to date\n"
PAST = (
    "  reference-transaction: not there, so git commit --no-verify, git rebase and others get past"
    " pre-commit; to stop them: git lanes install --strict\n"
)
ANYBODY = (
    "  warning: whoever may push here may push to main and release, as far as git-lanes knows;"
    " name who may: [integration] pushers in .lanes.toml\n"
)
HOOKS = "clone/.git/hooks"
CONFIGURATION = """\
repos:
  - repo: local
    hooks:
      - id: lane-pre-commit
        name: write lane
        entry: lane-pre-commit
        language: system
        always_run: true
        pass_filenames: false
      - {id: lane-pre-push, name: write lane, entry: lane-pre-push, language: system, stages: [pre-push]}
      - {id: other, name: other, entry: touch other, language: system, always_run: true}
"""


def doctor(repo: Repo, *arguments: str) -> tuple[int, str]:
    """Run it; give its status and all that it said. It must leave every file as it was."""
    before = snapshot(repo.path)
    status, said = lanes(repo, "doctor", *arguments)
    assert snapshot(repo.path) == before
    return status, masked(said)


def refused(*hooks: str, by: str = HOOKS) -> str:
    return "".join(f"  {hook}: {by}/{hook} refused the canary\n" for hook in hooks)


# -- A clone


def test_nothing_is_installed(clone: Repo) -> None:
    missing = "".join(
        f"  warning: {hook}: nothing runs {program}; run: git lanes install\n"
        for hook, program in CLIENT.items()
    )
    assert doctor(clone) == (1, "lanes: clone: 3 warnings\n" + FORCE + missing + PAST + FRESH)


def test_all_is_installed(clone: Repo) -> None:
    lanes(clone, "install")
    assert doctor(clone) == (0, "lanes: clone: all is well\n" + FORCE + refused(*CLIENT) + PAST + FRESH)
    lanes(clone, "install", "--strict")
    hooks = refused(*CLIENT, "reference-transaction")
    assert doctor(clone) == (0, "lanes: clone: all is well\n" + FORCE + hooks + FRESH)


@pytest.mark.parametrize("branch", ["work/docs-1", "work/none", "review/x"])
def test_on_any_branch_and_in_a_folder(clone: Repo, branch: str) -> None:
    lanes(clone, "install")
    clone.switch(branch, "main")
    clone.write({"docs/unsaved": "mine\n"})
    clone.git("add", "docs/unsaved")
    expected = (0, "lanes: clone: all is well\n" + FORCE + refused(*CLIENT) + PAST + FRESH)
    assert doctor(clone) == expected
    below = Repo(clone.path / "docs")
    assert below.script("git-lanes", "doctor").status == 0


def test_a_detached_head(clone: Repo) -> None:
    lanes(clone, "install")
    clone.git("checkout", "--quiet", "--detach")
    assert doctor(clone)[0] == 0


def test_sha256(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "clone", "--object-format=sha256")
    repo.commit({".lanes.toml": MANIFEST})
    lanes(repo, "install", "--strict")
    hooks = refused(*CLIENT, "reference-transaction")
    assert doctor(repo) == (0, f"lanes: clone: all is well\n{ON_SERVER}{hooks}")


def test_hooks_only_warn(clone: Repo) -> None:
    lanes(clone, "install")
    clone.git("config", "lanes.mode", "warn")
    mode = (
        "  warning: lanes.mode is warn: hooks say their verdicts, and refuse nothing;"
        " to begin: git config lanes.mode enforce\n"
    )
    warned = refused(*CLIENT).replace("refused the canary", "warned about the canary")
    assert doctor(clone) == (1, "lanes: clone: 1 warning\n" + FORCE + mode + warned + PAST + FRESH)


def test_hooks_that_git_passes_over(clone: Repo) -> None:
    lanes(clone, "install", "--strict")
    hooks = clone.path / ".git" / "hooks"
    (hooks / "pre-commit").chmod(0o644)
    (hooks / "pre-merge-commit").unlink()
    (hooks / "pre-merge-commit").symlink_to("nothing")
    put(
        hooks / "pre-push", (hooks / "pre-push").read_text().replace("exit 2", "exit 0").replace("exec", ": ")
    )
    text = (hooks / "reference-transaction").read_text()
    put(hooks / "reference-transaction", text.replace("lane-reference-transaction", "gone"))
    status, said = doctor(clone)
    assert (status, said.split("\n")[2:5]) == (
        1,
        [
            f"  warning: pre-commit: {HOOKS}/pre-commit is not executable, so git passes over it;"
            " run: git lanes install",
            f"  warning: pre-merge-commit: {HOOKS}/pre-merge-commit is a link to nothing, so git passes"
            " over it",
            f"  warning: pre-push: {HOOKS}/pre-push let the canary through: lanes: could not judge: "
            + said.partition("canary through: lanes: could not judge: ")[2].partition("\n")[0],
        ],
    )
    assert f"  warning: reference-transaction: {HOOKS}/reference-transaction ended with 2: lanes: " in said


def test_a_hook_that_was_there_is_not_run(clone: Repo, tmp_path: Path) -> None:
    put(clone.path / ".git" / "hooks" / "pre-push", f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
    lanes(clone, "install")
    assert doctor(clone)[0] == 0
    assert not (tmp_path / "ran").exists()


def test_a_script_of_ones_own_is_not_run(clone: Repo, tmp_path: Path) -> None:
    lanes(clone, "install")
    own = put(
        clone.path / ".git" / "hooks" / "pre-push", f'#!/bin/sh\ntouch "{tmp_path}/ran"\nlane-pre-push "$@"\n'
    )
    status, said = doctor(clone)
    line = f"  pre-push: {HOOKS}/pre-push runs lane-pre-push; not tried: it is a script of your own\n"
    assert (status, line in said) == (0, True)
    own.write_text("#!/bin/sh\n")
    status, said = doctor(clone)
    assert (status, "  warning: pre-push: nothing runs lane-pre-push; run: git lanes install\n" in said) == (
        1,
        True,
    )
    assert not (tmp_path / "ran").exists()


def test_git_looks_elsewhere(clone: Repo) -> None:
    lanes(clone, "install")
    clone.git("config", "core.hooksPath", ".githooks")
    status, said = doctor(clone)
    lines = said.split("\n")[2:4]
    assert status == 1
    assert lines == [
        "  git looks for hooks in clone/.githooks: core.hooksPath, set in .git/config",
        "  warning: pre-commit and pre-merge-commit and pre-push in clone/.git/hooks never run,"
        " since git looks elsewhere; run: git lanes install",
    ]
    lanes(clone, "install")
    assert refused(*CLIENT, by="clone/.githooks") in doctor(clone)[1]


def test_a_linked_worktree(clone: Repo, tmp_path: Path) -> None:
    lanes(clone, "install")
    clone.git("worktree", "add", "--quiet", "-b", "work/docs-1", str(tmp_path / "tree"), "main")
    tree = Repo(tmp_path / "tree")
    expected = "lanes: tree: all is well\n" + FORCE + refused(*CLIENT) + PAST + FRESH
    assert doctor(tree) == (0, expected)
    clone.git("config", "extensions.worktreeConfig", "true")
    tree.git("config", "--worktree", "core.hooksPath", str(tmp_path / "none"))
    assert doctor(tree)[0] == 1
    assert doctor(clone)[0] == 0


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("pre-commit", "138fd403232d2ddd5efb44317e38bf03"),
        ("prek", "182c10f181da4464a3eec51b83331688"),
    ],
)
def test_only_a_framework_runs_it(clone: Repo, name: str, identity: str) -> None:
    for hook in ("pre-commit", "pre-push"):
        put(clone.path / ".git" / "hooks" / hook, f"#!/bin/sh\n# ID: {identity}\n")
    file = ".pre-commit-config.yaml"
    clone.write({file: CONFIGURATION})
    refuses = f"  pre-commit: {file}, run by {name} refused the canary"
    status, said = doctor(clone)
    assert (status, said.split("\n")[2:5]) == (
        1,
        [
            refuses,
            "  warning: pre-merge-commit: nothing runs lane-pre-commit; run: git lanes install",
            f"  warning: pre-push: {name} runs lane-pre-push by {file}, but shows it only one ref of a push;"
            " git lanes install adds a hook that sees all",
        ],
    )
    clone.git("config", "lanes.mode", "warn")
    assert refuses.replace("refused", "warned about") in doctor(clone)[1].split("\n")
    clone.git("config", "--unset", "lanes.mode")
    clone.write({file: "nothing of lane-pre-commit\n"})
    assert f"  warning: pre-commit: {file}, run by {name} ended with 2: " in doctor(clone)[1]
    clone.write({file: CONFIGURATION.replace("entry: lane-pre-commit", "entry: 'true'")})
    assert f"  warning: pre-commit: {file}, run by {name} let the canary through: " in doctor(clone)[1]
    lanes(clone, "install")
    status, said = doctor(clone)
    assert (status, said.split("\n")[4]) == (0, f"  pre-push: {HOOKS}/pre-push.legacy refused the canary")


def test_husky(clone: Repo) -> None:
    put(clone.path / ".husky" / "_" / "h")
    put(clone.path / ".husky" / "_" / "pre-commit")
    put(clone.path / ".husky" / "pre-commit", "lane-pre-commit\n")
    clone.git("config", "core.hooksPath", ".husky/_")
    status, said = doctor(clone)
    assert (status, said.split("\n")[3:7]) == (
        1,
        [
            "  pre-commit: .husky/pre-commit, run by husky refused the canary",
            "  warning: pre-merge-commit: husky does not run lane-pre-commit;"
            " git lanes install says what to add",
            "  warning: pre-push: husky does not run lane-pre-push; git lanes install says what to add",
            "  reference-transaction: husky does not run lane-reference-transaction;"
            " git lanes install says what to add",
        ],
    )


def test_main_is_not_as_last_fetched(clone: Repo, server: Repo) -> None:
    lanes(clone, "install")
    old = clone.head()
    clone.commit({"top.txt": "newer\n"})
    server.git("fetch", "--quiet", str(clone.path), "main:main")
    clone.git("update-ref", "refs/remotes/origin/main", old)
    stale = (
        "  warning: refs/remotes/origin/main is not what it is there now, so verdicts here may be old;"
        " run: git fetch origin\n"
    )
    assert doctor(clone) == (1, "lanes: clone: 1 warning\n" + FORCE + refused(*CLIENT) + PAST + stale)
    server.path.rename(server.path.with_name("away"))
    unknown = "  refs/remotes/origin/main: origin can't be asked whether it is the newest\n"
    assert doctor(clone) == (0, "lanes: clone: all is well\n" + FORCE + refused(*CLIENT) + PAST + unknown)


def test_no_manifest(repo: Repo) -> None:
    lanes(repo, "install")
    status, said = doctor(repo)
    assert (status, said) == (
        1,
        "lanes: repo: 1 warning\n"
        "  warning: no manifest is in force: looked for refs/heads/main, refs/heads/master, and none exists;"
        " to begin: commit a valid .lanes.toml on main, or name its branch: git config lanes.trustedRef"
        " refs/heads/NAME\n"
        "  no layer was tried: each needs a manifest in force\n",
    )


def test_a_manifest_that_covers_no_usual_name(repo: Repo) -> None:
    repo.commit({".lanes.toml": 'version = 1\n[defaults]\nunlisted = "allow"\n'})
    lanes(repo, "install", "--strict")
    status, said = doctor(repo)
    untried = "not tried: no branch name came to mind that a lane covers\n"
    assert (status, said) == (
        0,
        "lanes: repo: all is well\n"
        + ON_SERVER
        + refused(*CLIENT, by="repo/.git/hooks")
        + f"  reference-transaction: repo/.git/hooks/reference-transaction; {untried}",
    )


# -- A server


def test_a_server(clone: Repo, server: Repo) -> None:
    (server.path / "hooks" / "pre-receive").unlink()
    nothing = "  warning: pre-receive: nothing runs lane-pre-receive; run: git lanes install --server\n"
    fsck = (
        "  warning: receive.fsckObjects is off: git takes damaged objects;"
        " run: git config receive.fsckObjects true\n"
    )
    said = "lanes: server.git: 3 warnings\n" + ON_SERVER + nothing + fsck + ANYBODY
    assert doctor(server) == (1, said)
    lanes(server, "install", "--server")
    hook = refused("pre-receive", by="server.git/hooks")
    said = "lanes: server.git: 1 warning\n" + ON_SERVER + hook + ANYBODY
    assert doctor(server) == (1, said)
    assert doctor(clone, "--server", str(server.path)) == (1, said)


def test_pushers(clone: Repo, server: Repo) -> None:
    named = MANIFEST.replace("[integration]", '[integration]\npushers = ["ann"]')
    clone.commit({".lanes.toml": named})
    assert clone.push("main").status == 0
    lanes(server, "install", "--server")
    status, said = doctor(server)
    unknown = (
        "  warning: the manifest names pushers, and git config lanes.pusherVariable does not say which"
        " variable names who pushes, so nobody may\n"
    )
    hook = refused("pre-receive", by="server.git/hooks")
    assert (status, said) == (1, "lanes: server.git: 1 warning\n" + ON_SERVER + hook + unknown)
    server.git("config", "lanes.pusherVariable", "WHO")
    assert doctor(server) == (0, "lanes: server.git: all is well\n" + ON_SERVER + hook)


def test_a_folder_of_repositories(clone: Repo, server: Repo, tmp_path: Path) -> None:
    hosted = tmp_path / "hosted"
    for name in ("a.git", "group/b.git", "group/wiki.git"):
        make_repo(hosted / name, "--bare")
    for name in ("a.git", "group/b.git"):
        clone.git("push", "--quiet", str(hosted / name), "main")
    hooks = hosted / ".." / "hooks"
    hooks.mkdir()
    for name in ("a.git", "group/wiki.git"):
        Repo(hosted / name).git("config", "core.hooksPath", str(hooks))
    assert lanes(server, "install", "--hooks", str(hooks))[0] == 0
    status, said = lanes(Repo(hosted), "doctor", "--server")
    see = f"see git lanes doctor --server {hosted}/"
    assert (status, said) == (
        1,
        "lanes: hosted: 2 warnings\n"
        + shortened(server, f"  warning: a.git: 2 warnings; {see}a.git\n")
        + shortened(server, f"  warning: group/b.git: 3 warnings; {see}group/b.git\n")
        + "  group/wiki.git: left alone: no manifest on refs/heads/main;"
        " the hook is for all repositories here\n",
    )


def test_a_repository_that_its_administrator_takes_out(clone: Repo, server: Repo, tmp_path: Path) -> None:
    (tmp_path / "hooks").mkdir()
    lanes(server, "install", "--hooks", str(tmp_path / "hooks"))
    server.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    assert "refused the canary" in doctor(server)[1]
    server.git("config", "lanes.enabled", "false")
    left = "  left alone: git config lanes.enabled is false; the hook is for all repositories here\n"
    assert doctor(server) == (0, f"lanes: server.git: all is well\n{left}")
    assert clone.push("main:any").status == 0


def test_no_repository_is_there(clone: Repo, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "nothing"):
        status, said = lanes(clone, "doctor", "--server", str(tmp_path / name))
        assert (status, said) == (
            2,
            f"lanes: could not judge: {name} is no bare repository, and there is none in it\n",
        )
