"""`git lanes install` and `uninstall` in clones: real hooks, real commits and pushes, whole outputs."""

import os
import shutil
import stat
import sys
import sysconfig
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from installing import (
    ALL,
    CLIENT,
    IN_PLACE,
    NOTHING,
    OLD,
    gone,
    judged,
    lanes,
    put,
    shortened,
    snapshot,
    written,
)
from repos import SCRIPTS, Repo, make_repo

from lanes.actions import MakeFolder
from lanes.hookfile import HookFile, read
from lanes.install import hooks_folder, installed_in
from lanes.plumbing import Git


@pytest.fixture
def hooks(clone: Repo) -> Path:
    return clone.path / ".git" / "hooks"


# -- A clone as it comes


def test_install(clone: Repo, hooks: Path) -> None:
    before = snapshot(clone.path)
    made = "  made: the folder clone/.git/hooks\n"
    would = "lanes: --dry-run changes nothing; to install, this would be done\n"
    assert lanes(clone, "install", "--dry-run") == (0, would + made + written("clone/.git/hooks"))
    assert snapshot(clone.path) == before
    assert lanes(clone, "install") == (0, "lanes: installed\n" + made + written("clone/.git/hooks"))
    after = snapshot(clone.path)
    assert {name: mode for name, (mode, _) in after.items() if name not in before} == {
        ".git/hooks": 0o755,
        **{f".git/hooks/{hook}": 0o755 for hook in CLIENT},
    }
    in_place = (0, IN_PLACE + written("clone/.git/hooks", verb="in place"))
    assert lanes(clone, "install") == in_place
    assert lanes(clone, "install", "--dry-run") == in_place
    assert snapshot(clone.path) == after
    assert judged(clone) == (True, True)


def test_uninstall(clone: Repo) -> None:
    before = snapshot(clone.path)
    assert lanes(clone, "install")[0] == 0
    between = snapshot(clone.path)
    removed = gone("clone/.git/hooks") + "  removed: the folder clone/.git/hooks\n"
    would = "lanes: --dry-run changes nothing; to uninstall, this would be done\n"
    assert lanes(clone, "uninstall", "--dry-run") == (0, would + removed)
    assert snapshot(clone.path) == between
    assert lanes(clone, "uninstall") == (0, "lanes: uninstalled\n" + removed)
    assert snapshot(clone.path) == before
    assert lanes(clone, "uninstall") == (0, NOTHING)
    assert snapshot(clone.path) == before


def test_strict(clone: Repo, hooks: Path) -> None:
    hooks.mkdir()
    before = snapshot(clone.path)
    assert lanes(clone, "install", "--strict") == (0, "lanes: installed\n" + written("clone/.git/hooks", ALL))
    clone.switch("work/docs-1", "main")
    clone.write({"top.txt": "mine\n"})
    ended = clone.try_git("commit", "--quiet", "--no-verify", "-am", "Out")
    assert (ended.status, ended.err.split("\n")[0]) == (
        128,
        'lanes: work/docs-1 is not updated: 1 change in 1 commit would lie outside its lane "docs"',
    )
    clone.git("checkout", "--quiet", "--force", "main")
    clone.git("branch", "-D", "work/docs-1")
    # Once strict, it stays so until it is uninstalled.
    assert lanes(clone, "install") == (0, IN_PLACE + written("clone/.git/hooks", ALL, "in place"))
    assert lanes(clone, "uninstall") == (0, "lanes: uninstalled\n" + gone("clone/.git/hooks", ALL))
    assert snapshot(clone.path)[".git/hooks"] == before[".git/hooks"]
    assert list(hooks.iterdir()) == []


def test_more_later(clone: Repo, hooks: Path) -> None:
    """What was made with the first files is known to the later ones."""
    before = snapshot(clone.path)
    assert lanes(clone, "install")[0] == 0
    only = {"reference-transaction": ALL["reference-transaction"]}
    expected = "lanes: installed\n" + written("clone/.git/hooks", only)
    expected += written("clone/.git/hooks", verb="in place")
    assert lanes(clone, "install", "--strict") == (0, expected)
    for hook in CLIENT:
        (hooks / hook).unlink()
    expected = "lanes: uninstalled\n" + gone("clone/.git/hooks", only)
    assert lanes(clone, "uninstall") == (0, f"{expected}  removed: the folder clone/.git/hooks\n")
    assert snapshot(clone.path) == before


def test_a_folder_in_use_stays(clone: Repo, hooks: Path) -> None:
    assert lanes(clone, "install")[0] == 0
    put(hooks / "commit-msg")
    assert lanes(clone, "uninstall") == (0, "lanes: uninstalled\n" + gone("clone/.git/hooks"))
    assert [file.name for file in hooks.iterdir()] == ["commit-msg"]


def test_a_linked_worktree(clone: Repo, tmp_path: Path) -> None:
    clone.git("worktree", "add", "--quiet", "--detach", "../tree", "main")
    tree = Repo(tmp_path / "tree")
    made = "  made: the folder clone/.git/hooks\n"
    assert lanes(tree, "install") == (0, "lanes: installed\n" + made + written("clone/.git/hooks"))
    assert judged(tree) == (True, True)
    assert judged(clone, "work/docs-8") == (True, True)
    removed = gone("clone/.git/hooks") + "  removed: the folder clone/.git/hooks\n"
    assert lanes(clone, "uninstall") == (0, "lanes: uninstalled\n" + removed)
    assert not (clone.path / ".git" / "hooks").exists()


def test_below_the_root_and_by_git(clone: Repo, hooks: Path) -> None:
    below = Repo(clone.path / "docs")
    assert below.run("git", "lanes", "install").status == 0
    assert sorted(os.listdir(hooks)) == sorted(CLIENT)
    assert below.run("git", "lanes", "uninstall").status == 0
    elsewhere = Repo(clone.path.parent)
    env = {"GIT_DIR": "clone/.git", "GIT_WORK_TREE": "clone"}
    assert elsewhere.run("git", "lanes", "install", env=env).status == 0
    assert sorted(os.listdir(hooks)) == sorted(CLIENT)


def test_a_submodule(clone: Repo, tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other")
    other.commit({"a": "a"})
    clone.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "sub")
    sub = Repo(clone.path / "sub")
    shutil.rmtree(clone.path / ".git/modules/sub/hooks")
    folder = "clone/.git/modules/sub/hooks"
    expected = f"lanes: installed\n  made: the folder {folder}\n{written(folder)}"
    assert lanes(sub, "install") == (0, expected)


def test_where_it_can_t_be(repo: Repo, tmp_path: Path) -> None:
    bare = make_repo(tmp_path / "bare.git", "--bare")
    message = "this repository is bare; for the hook of a server, add --server\n"
    for verb in ("install", "uninstall"):
        assert lanes(bare, verb) == (2, f"lanes: could not {verb}: {message}")
        inside = "this is inside a git directory; run it in the work tree\n"
        assert lanes(Repo(repo.path / ".git"), verb) == (2, f"lanes: could not {verb}: {inside}")
        nowhere = f"there is no git repository at or above {tmp_path}\n"
        assert lanes(Repo(tmp_path), verb) == (2, f"lanes: could not {verb}: {nowhere}")


# -- Hooks that were there


def test_a_hook_is_kept_and_runs_first(clone: Repo, hooks: Path) -> None:
    put(
        hooks / "pre-push",
        '#!/bin/sh\ncd .git || exit\necho "$@" >arguments\ncat >input\nexit "${OLD-0}"\n',
        0o700,
    )
    before = snapshot(clone.path)
    old = {"pre-commit": "lane-pre-commit", "pre-merge-commit": "lane-pre-commit"}
    runs = "clone/.git/hooks/pre-push, which runs lane-pre-push after pre-push.before-lanes\n"
    assert lanes(clone, "install") == (
        0,
        "lanes: installed\n"
        + written("clone/.git/hooks", old)
        + f"  kept: clone/.git/hooks/pre-push, as pre-push.before-lanes\n  written: {runs}",
    )
    after = snapshot(clone.path)
    assert after[".git/hooks/pre-push.before-lanes"] == before[".git/hooks/pre-push"]
    in_place = IN_PLACE + written("clone/.git/hooks", old, "in place") + f"  in place: {runs}"
    assert lanes(clone, "install") == (0, in_place)
    assert snapshot(clone.path) == after

    clone.git("branch", "work/docs-1")
    clone.git("branch", "work/api-1")
    clone.git("push", "--quiet", "origin", "work/docs-1", "work/api-1")
    tip, zero = clone.head(), "0" * 40
    refs = [f"refs/heads/{name} {tip} refs/heads/{name} {zero}\n" for name in ("work/docs-1", "work/api-1")]
    assert (clone.path / ".git/input").read_text() == "".join(refs)
    assert (
        clone.path / ".git/arguments"
    ).read_text() == f"origin {clone.git('remote', 'get-url', 'origin')}\n"
    assert clone.try_git("push", "--quiet", "origin", "main:work/docs-2", env={"OLD": "3"}).status == 1
    assert judged(clone) == (True, True)

    clone.git("checkout", "--quiet", "main")
    restored = "  restored: clone/.git/hooks/pre-push, which was pre-push.before-lanes\n"
    expected = "lanes: uninstalled\n" + gone("clone/.git/hooks", old) + restored
    assert lanes(clone, "uninstall") == (0, expected)
    assert snapshot(hooks) == {
        name.removeprefix(".git/hooks/"): value for name, value in before.items() if "hooks/" in name
    }


def links(hooks: Path) -> None:
    put(hooks.parents[1] / "tools" / "hook")
    (hooks / "pre-push").symlink_to("../../tools/hook")
    (hooks / "pre-commit").symlink_to("/no/such/hook")
    put(hooks / "pre-merge-commit", OLD, 0o755)


def modes(hooks: Path) -> None:
    put(hooks / "pre-push", OLD, 0o644)
    put(hooks / "pre-commit", OLD, 0o711)
    put(hooks / "pre-merge-commit", "", 0o500)


def one_hook_by_two_names(hooks: Path) -> None:
    put(hooks / "pre-commit")
    (hooks / "pre-merge-commit").symlink_to("pre-commit")
    os.link(hooks / "pre-commit", hooks / "pre-push")


def many(hooks: Path) -> None:
    for name in ("pre-commit.sample", "pre-push.sample", "commit-msg", "pre-push.before", "lib/x"):
        put(hooks / name)
    (hooks / "pre-push").write_bytes(b"\x7fELF\0\xff")


@pytest.mark.parametrize("arrange", [links, modes, one_hook_by_two_names, many])
@pytest.mark.parametrize("strict", [True, False])
def test_all_comes_back_byte_by_byte(
    clone: Repo, hooks: Path, arrange: Callable[[Path], None], strict: bool
) -> None:
    hooks.mkdir()
    arrange(hooks)
    inodes = {file.name: file.lstat().st_ino for file in hooks.iterdir()}
    before = snapshot(clone.path)
    assert lanes(clone, "install", *(["--strict"] if strict else []))[0] == 0
    for hook in ALL if strict else CLIENT:
        assert read((hooks / hook).read_bytes()) is not None
    between = snapshot(clone.path)
    assert lanes(clone, "install")[1].startswith(IN_PLACE)
    assert snapshot(clone.path) == between
    assert lanes(clone, "uninstall")[0] == 0
    assert snapshot(clone.path) == before
    assert {file.name: file.lstat().st_ino for file in hooks.iterdir()} == inodes


def test_one_hook_by_two_names_runs(clone: Repo, hooks: Path) -> None:
    """The link of the second name leads to a file of ours then, which runs what it led to before."""
    put(hooks / "pre-commit", "#!/bin/sh\necho x >>count\n")
    (hooks / "pre-merge-commit").symlink_to("pre-commit")
    assert lanes(clone, "install")[0] == 0
    assert clone.run(hooks / "pre-merge-commit").status == 0
    assert (clone.path / "count").read_text() == "x\n"


def test_a_link_to_ours_is_somebody_s(clone: Repo, hooks: Path) -> None:
    assert lanes(clone, "install")[0] == 0
    (hooks / "pre-merge-commit").unlink()
    (hooks / "pre-merge-commit").symlink_to("pre-commit")
    assert lanes(clone, "install")[0] == 0
    assert (hooks / "pre-merge-commit.before-lanes").readlink() == Path("pre-commit")
    assert lanes(clone, "uninstall")[0] == 0
    assert [(file.name, os.readlink(file)) for file in hooks.iterdir()] == [
        ("pre-merge-commit", "pre-commit")
    ]


def test_a_link_s_target_is_not_touched(clone: Repo, hooks: Path) -> None:
    hooks.mkdir()
    links(hooks)
    before = snapshot(clone.path / "tools")
    assert lanes(clone, "install")[0] == 0
    assert (hooks / "pre-push.before-lanes").readlink() == Path("../../tools/hook")
    assert clone.try_git("push", "--quiet", "origin", "main:work/docs-1").out == "old\n"
    assert snapshot(clone.path / "tools") == before


def test_what_can_t_be_kept(clone: Repo, hooks: Path) -> None:
    put(hooks / "pre-push")
    put(hooks / "pre-push.before-lanes", "other")
    before = snapshot(clone.path)
    message = (
        "lanes: could not install: clone/.git/hooks/pre-push would be kept as pre-push.before-lanes,"
        " which is there; move one of them away\n"
    )
    assert lanes(clone, "install") == (2, message)
    assert lanes(clone, "install", "--dry-run") == (2, message)
    assert snapshot(clone.path) == before
    (hooks / "pre-push.before-lanes").unlink()
    (hooks / "pre-commit").mkdir()
    message = "clone/.git/hooks/pre-commit is there, and git-lanes did not write it; move it away\n"
    assert lanes(clone, "install") == (2, f"lanes: could not install: {message}")


@pytest.mark.parametrize("link", [True, False])
def test_an_install_that_was_killed_half_way_goes_on(clone: Repo, hooks: Path, link: bool) -> None:
    """Between its two steps there are two names for what was there, and git still runs it."""
    put(hooks / "old")
    kept = hooks / "pre-push.before-lanes"
    if link:
        (hooks / "pre-push").symlink_to("old")
    else:
        os.link(hooks / "old", hooks / "pre-push")
    os.link(hooks / "pre-push", kept, follow_symlinks=False)
    assert lanes(clone, "install")[0] == 0
    assert lanes(clone, "uninstall")[0] == 0
    assert (hooks / "pre-push").is_symlink() == link
    assert ((hooks / "pre-push").read_text(), os.path.lexists(kept)) == (OLD, False)


def test_a_hook_that_looks_at_its_own_name(clone: Repo, hooks: Path) -> None:
    put(hooks / "pre-push", '#!/bin/sh\nexec manager "$(basename "$0")"\n')
    note = "  note: pre-push.before-lanes looks at its own name, which has changed; see that it still works\n"
    assert lanes(clone, "install")[1].endswith(note)


def test_ours_is_gone_but_what_was_kept_is_there(clone: Repo, hooks: Path) -> None:
    put(hooks / "pre-push")
    assert lanes(clone, "install")[0] == 0
    put(hooks / "pre-push", "#!/bin/sh\necho new\n")
    to_do = (
        "  to do: clone/.git/hooks/pre-push.before-lanes was a hook before git-lanes came, but"
        " clone/.git/hooks/pre-push is no file of git-lanes any more; keep what you need\n"
    )
    others = gone("clone/.git/hooks", {"pre-commit": "", "pre-merge-commit": ""})
    assert lanes(clone, "uninstall") == (1, "lanes: uninstalled\n" + others + to_do)
    assert lanes(clone, "uninstall") == (1, "lanes: nothing was uninstalled\n" + to_do)


# -- Files of ours that are not as they should be


@pytest.mark.parametrize("strict", [True, False])
def test_somebody_s_changes_are_not_lost(clone: Repo, hooks: Path, strict: bool) -> None:
    put(hooks / "pre-push")
    assert lanes(clone, "install")[0] == 0
    file = hooks / "pre-push"
    file.write_text(file.read_text() + "npm test\n")
    between = snapshot(clone.path)
    touched = "was changed since git-lanes wrote it; keep what you need of it, and remove it\n"
    message = f"lanes: could not install: clone/.git/hooks/pre-push {touched}"
    assert lanes(clone, "install", *(["--strict"] if strict else [])) == (2, message)
    assert snapshot(clone.path) == between
    others = gone("clone/.git/hooks", {"pre-commit": "", "pre-merge-commit": ""})
    to_do = f"  to do: clone/.git/hooks/pre-push {touched}"
    assert lanes(clone, "uninstall") == (1, "lanes: uninstalled\n" + others + to_do)
    assert sorted(os.listdir(hooks)) == ["pre-push", "pre-push.before-lanes"]


def test_an_older_file_is_written_anew(clone: Repo, hooks: Path) -> None:
    assert lanes(clone, "install")[0] == 0
    whole = snapshot(hooks)
    others = {"pre-commit": "lane-pre-commit", "pre-merge-commit": "lane-pre-commit"}
    expected = "lanes: installed\n" + written(
        "clone/.git/hooks", {"pre-push": "lane-pre-push"}, "written anew"
    )
    expected += written("clone/.git/hooks", others, "in place")
    file = hooks / "pre-push"
    changes: list[Callable[[], object]] = [
        lambda: file.chmod(0o644),
        lambda: file.write_bytes(HookFile("pre-push", "/old/python", "/old/lane-pre-push", folders=1).text()),
    ]
    for change in changes:
        change()
        assert lanes(clone, "install") == (0, expected)
        assert snapshot(hooks) == whole


def test_what_is_there_can_be_listed(clone: Repo, hooks: Path) -> None:
    assert installed_in(hooks) == []
    assert lanes(clone, "install", "--strict")[0] == 0
    (hooks / "pre-push").rename(hooks / "pre-push.legacy")
    found = installed_in(hooks)
    assert [file.path.name for file in found] == [
        "pre-commit",
        "pre-merge-commit",
        "pre-push.legacy",
        "reference-transaction",
    ]
    assert all(file.untouched and file.runs for file in found)
    (hooks / "pre-commit").chmod(0o644)
    assert [file.runs for file in installed_in(hooks)] == [False, True, True, True]
    (hooks / "pre-push.legacy").write_bytes((hooks / "pre-push.legacy").read_bytes()[:300])
    assert [file.untouched for file in installed_in(hooks)] == [True, True, False, True]


# -- core.hooksPath


def test_a_path_of_the_repository_s_own(clone: Repo, tmp_path: Path) -> None:
    clone.git("config", "core.hooksPath", ".githooks")
    note = (
        "  note: clone/.githooks (core.hooksPath in .git/config) lies in the work tree: do not commit"
        " these files, which hold paths of this machine; another worktree has a folder of its own\n"
    )
    expected = "lanes: installed\n  made: the folder clone/.githooks\n" + written("clone/.githooks") + note
    assert lanes(clone, "install") == (0, expected)
    assert not (clone.path / ".git" / "hooks").exists()
    in_place = IN_PLACE + written("clone/.githooks", verb="in place") + note
    assert lanes(clone, "install") == (0, in_place)
    assert lanes(Repo(clone.path / "docs"), "install") == (0, in_place)
    put(clone.path / ".git/info/exclude", "/.githooks/\n", 0o644)
    assert judged(clone) == (True, True)
    clone.git("checkout", "--quiet", "--force", "main")
    removed = gone("clone/.githooks") + "  removed: the folder clone/.githooks\n"
    assert lanes(clone, "uninstall") == (0, "lanes: uninstalled\n" + removed + note)
    assert not (clone.path / ".githooks").exists()


def test_a_path_for_all_repositories(clone: Repo, tmp_path: Path) -> None:
    clone.git("config", "--global", "core.hooksPath", "~/all/hooks")
    note = (
        "  note: all/hooks (core.hooksPath in gitconfig) may serve other repositories, too;"
        " the hooks there leave those without a manifest alone\n"
    )
    made = "  made: the folder all\n  made: the folder all/hooks\n"
    assert lanes(clone, "install") == (0, "lanes: installed\n" + made + written("all/hooks") + note)
    assert [file.says.if_enabled for file in installed_in(tmp_path / "all/hooks")] == [True] * 3
    assert judged(clone) == (True, True)
    other = make_repo(tmp_path / "other")
    other.write({"a": "a"})
    other.git("add", "a")
    other.git("commit", "--quiet", "-m", "Free")
    other.git("push", "--quiet", str(clone.path), "main:refs/heads/elsewhere")
    removed = gone("all/hooks") + "  removed: the folder all/hooks\n  removed: the folder all\n"
    assert lanes(other, "uninstall") == (0, "lanes: uninstalled\n" + removed + note)
    assert not (tmp_path / "all").exists()


def where(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> tuple[str, bool, bool]:
    monkeypatch.chdir(repo.path)
    top = Path(repo.git("rev-parse", "--show-toplevel"))
    found = hooks_folder(Git(), top)
    assert found.path == top / repo.git("rev-parse", "--path-format=absolute", "--git-path", "hooks")
    return str(found.path), found.shared, found.tracked


def test_whom_a_folder_serves(clone: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside, root = tmp_path / "out side", clone.path
    assert where(clone, monkeypatch) == (f"{root}/.git/hooks", False, False)
    clone.git("config", "core.hooksPath", ".git/other")
    assert where(clone, monkeypatch) == (f"{root}/.git/other", False, False)
    clone.git("config", "core.hooksPath", str(outside))
    assert where(clone, monkeypatch) == (str(outside), True, False)
    clone.git("config", "core.hooksPath", "../out side")
    assert where(clone, monkeypatch) == (str(outside), True, False)
    clone.git("config", "--unset", "core.hooksPath")
    clone.git("config", "--global", "core.hooksPath", "tools/hooks")
    assert where(clone, monkeypatch) == (f"{root}/tools/hooks", False, True)
    clone.git("config", "--global", "core.hooksPath", f"{root}/tools/hooks")
    assert where(clone, monkeypatch) == (f"{root}/tools/hooks", True, True)
    clone.git("config", "--global", "--unset", "core.hooksPath")
    outside.mkdir()
    (root / ".git" / "hooks").symlink_to(outside)
    assert where(clone, monkeypatch) == (str(outside), True, False)


def test_each_worktree_can_have_its_own(clone: Repo, tmp_path: Path) -> None:
    clone.git("worktree", "add", "--quiet", "--detach", "../tree", "main")
    tree = Repo(tmp_path / "tree")
    clone.git("config", "extensions.worktreeConfig", "true")
    tree.git("config", "--worktree", "core.hooksPath", ".hooks")
    assert lanes(tree, "install")[0] == 0
    assert sorted(os.listdir(tree.path / ".hooks")) == sorted(CLIENT)
    assert not (clone.path / ".git" / "hooks").exists()


@pytest.mark.parametrize(
    ("value", "shown"), [("/dev/null", "/dev/null"), ("", "empty"), ("top.txt", "top.txt")]
)
def test_a_path_that_turns_hooks_off(clone: Repo, value: str, shown: str) -> None:
    assert lanes(clone, "install")[0] == 0
    clone.git("config", "core.hooksPath", value)
    message = f"core.hooksPath, set in .git/config, is {shown}, which is no folder: git runs no hooks here\n"
    assert lanes(clone, "install") == (2, f"lanes: could not install: {message}")
    removed = gone("clone/.git/hooks") + "  removed: the folder clone/.git/hooks\n"
    assert lanes(clone, "uninstall") == (0, "lanes: uninstalled\n" + removed)


def test_a_path_that_came_later(clone: Repo) -> None:
    """What was installed before is taken away, too."""
    before = snapshot(clone.path)
    assert lanes(clone, "install")[0] == 0
    clone.git("config", "core.hooksPath", ".githooks")
    assert lanes(clone, "install")[0] == 0
    assert lanes(clone, "uninstall")[0] == 0
    clone.git("config", "--unset", "core.hooksPath")
    assert snapshot(clone.path) == before


def test_an_odd_path(clone: Repo, tmp_path: Path) -> None:
    """Names are printed as git prints them."""
    folder = os.fsencode(tmp_path) + b"/o\xff\n'dd"
    clone.git("config", "core.hooksPath", folder)
    status, said = lanes(clone, "install")
    lines = said.splitlines()
    assert (status, lines[1]) == (
        0,
        f'  made: the folder "{tmp_path}/o\\377\\n\'dd"'.replace(f"{tmp_path}/", ""),
    )
    assert all(line.startswith("  ") for line in lines[1:])
    assert sorted(os.listdir(folder)) == [os.fsencode(hook) for hook in sorted(CLIENT)]
    assert judged(clone) == (True, True)


# -- The programs that hooks run


def test_the_hooks_call_this_installation(clone: Repo, hooks: Path) -> None:
    assert lanes(clone, "install")[0] == 0
    for found in installed_in(hooks):
        assert found.says.program == str(SCRIPTS / CLIENT[found.path.name])
        assert Path(found.says.python).parent == SCRIPTS


def test_the_environment_has_no_say(clone: Repo, tmp_path: Path) -> None:
    """`-I` keeps modules of the current folder and of PYTHONPATH out; PATH need not name anything."""
    assert lanes(clone, "install")[0] == 0
    evil = {"lanes/__init__.py": "raise SystemExit(0)", "sitecustomize.py": "raise SystemExit(0)"}
    for name, text in evil.items():
        put(tmp_path / "evil" / name, text)
        put(clone.path / name, text)
    clone.write({"top.txt": "x"})
    clone.git("switch", "--quiet", "-c", "work/docs-1")
    clone.git("add", "top.txt")
    git = shutil.which("git")
    assert git is not None
    variables = {"PYTHONPATH": str(tmp_path / "evil"), "PYTHONHOME": "/no", "PATH": "/usr/bin:/bin"}
    ended = clone.run(git, "commit", "-m", "Out", env=variables)
    assert (ended.status, ended.err.split("\n")[0]) == (
        1,
        'lanes: work/docs-1: 1 staged change is outside its lane "docs"',
    )


def other_installation(tmp_path: Path) -> Path:
    """Make the console scripts of somebody whose Python finds the packages by the environment alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for script in ("git-lanes", "lane-pre-commit", "lane-pre-push"):
        shutil.copy(SCRIPTS / script, folder)
    return folder / "git-lanes"


def as_user(clone: Repo, script: Path) -> tuple[int, str]:
    packages = sysconfig.get_path("purelib")
    python = getattr(sys, "_base_executable", sys.executable)
    env = {
        "PYTHONPATH": os.pathsep.join(
            [packages, str(Path(__file__).parents[1]), f"{Path(__file__).parents[1]}/hooks"]
        )
    }
    ended = clone.run(python, script, "install", env=env)
    return ended.status, shortened(clone, ended.out + ended.err)


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="the tests do not run in a virtual environment")
def test_an_installation_that_needs_the_environment(clone: Repo, tmp_path: Path) -> None:
    """`pip install --user` makes such ones; git may start hooks in any environment."""
    script = other_installation(tmp_path)
    before = snapshot(clone.path)
    status, said = as_user(clone, script)
    first, *more = said.splitlines()
    assert (status, first) == (
        2,
        "lanes: could not install: bin/lane-pre-commit does not run apart from the environment, as git must"
        " start it; install git-lanes in a virtual environment or with pipx, not with pip --user",
    )
    assert [line for line in more if "ModuleNotFoundError: No module named 'lanes'" in line] == more
    (script.parent / "lane-pre-commit").unlink()
    message = "lane-pre-commit is not installed beside git-lanes; install the git-lanes package again\n"
    assert as_user(clone, script) == (2, f"lanes: could not install: {message}")
    put(script.parent / "lane-pre-commit", "import os\nprint('usage: lane-pre-commit', os.environ['HOME'])\n")
    assert as_user(clone, script)[1].endswith("--help failed: KeyError: 'HOME'\n")
    shutil.copy(SCRIPTS / "lane-pre-commit", script.parent)
    for package in ("lanes", "hooks/lane_hooks"):
        source = Path(__file__).parents[1] / package
        (script.parent / source.name).symlink_to(source)
    assert as_user(clone, script) == (status, said)
    put(script.parent / "lane-pre-commit", "print('another')\n")
    message = "bin/lane-pre-commit is another program; install the git-lanes package again\n"
    assert as_user(clone, script) == (2, f"lanes: could not install: {message}")
    assert snapshot(clone.path) == before


# -- What else can come in between


def test_a_folder_that_can_t_be_made(clone: Repo) -> None:
    long = "x" * 256
    clone.git("config", "core.hooksPath", f"tools/{long}")
    before = snapshot(clone.path)
    message = f"clone/tools/{long}: File name too long; nothing was changed\n"
    assert lanes(clone, "install") == (2, f"lanes: could not install: {message}")
    assert snapshot(clone.path) == before


def test_whoever_has_a_strict_umask_installs_for_all(clone: Repo, hooks: Path) -> None:
    """Git passes over a hook that whoever pushes may not execute."""
    ended = clone.run("sh", "-c", "umask 077; git lanes install")
    assert ended.status == 0
    assert [stat.S_IMODE(file.stat().st_mode) for file in [hooks, *hooks.iterdir()]] == [0o755] * 4


@pytest.mark.parametrize(("parent", "expected"), [(0o2770, 0o2770), (0o1777, 0o775), (0o700, 0o700)])
def test_a_new_folder_is_for_whom_its_parent_is_for(tmp_path: Path, parent: int, expected: int) -> None:
    (tmp_path / "parent").mkdir()
    (tmp_path / "parent").chmod(parent)
    MakeFolder(tmp_path / "parent" / "hooks").do()
    assert stat.S_IMODE((tmp_path / "parent/hooks").stat().st_mode) == expected


def test_a_worktree_of_a_bare_repository(clone: Repo, tmp_path: Path) -> None:
    clone.git("clone", "--quiet", "--bare", ".", "../bare.git")
    bare = Repo(tmp_path / "bare.git")
    bare.git("worktree", "add", "--quiet", "-b", "work/docs-1", "../tree", "main")
    tree = Repo(tmp_path / "tree")
    assert lanes(tree, "install")[0] == 0
    tree.write({"top.txt": "x"})
    assert tree.try_git("commit", "-am", "Out").status == 1
    assert lanes(tree, "uninstall")[0] == 0


def test_agents_begin_at_the_same_time(clone: Repo, hooks: Path) -> None:
    put(hooks / "pre-push")
    for number in range(4):
        clone.git("worktree", "add", "--quiet", "--detach", f"../tree{number}", "main")
    before = snapshot(hooks)
    trees = [Repo(clone.path.parent / f"tree{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda tree: lanes(tree, "install"), trees))
    titles = sorted((status, text.split("\n")[0]) for status, text in said)
    assert titles == [(0, IN_PLACE.strip())] * 3 + [(0, "lanes: installed")]
    assert lanes(clone, "uninstall")[0] == 0
    assert snapshot(hooks) == before
