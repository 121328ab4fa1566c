"""`git lanes install --server`, on every kind of server: real pushes, and what is left on the disk."""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from installing import OLD, gone, lanes, put, snapshot
from repos import MANIFEST, Ended, Repo, make_repo, remote_lines

from lanes.hookfile import read
from lanes.install import installed

PROGRAM = "lane-pre-receive"
IN_PLACE = "lanes: all is installed already\n"
NOTHING = "lanes: nothing is installed here\n"
FSCK = "  set: git config receive.fsckObjects true\n"
PUSHERS = MANIFEST.replace(
    'summary = "Write the docs"\n', 'summary = "Write the docs"\npushers = ["alice"]\n'
)


def runs(place: str, verb: str = "written") -> str:
    return f"  {verb}: {place}, which runs {PROGRAM}\n"


def pusher(variable: str) -> str:
    return f"  set: git config lanes.pusherVariable {variable}\n"


def clone_of(server: Repo, name: str = "clone", manifest: str = MANIFEST) -> Repo:
    """Make a clone with a manifest on main, which is on the server."""
    clone = make_repo(server.path.parent / name)
    clone.git("remote", "add", "origin", str(server.path))
    clone.commit({".lanes.toml": manifest, "docs/a.md": "a\n", "top.txt": "t\n"}, "Begin")
    ended = clone.push("main")
    assert ended.status == 0, ended
    return clone


@pytest.fixture
def server(tmp_path: Path) -> Repo:
    """A bare repository as `git init` makes it."""
    bare = tmp_path / "server.git"
    Repo(tmp_path).git("init", "--quiet", "--bare", str(bare))
    return Repo(bare)


def pushes(clone: Repo, number: int, **user: str) -> tuple[Ended, Ended]:
    """Push a branch inside and one outside its lane; give how that ended."""
    clone.git("checkout", "--quiet", "-b", f"work/docs-{number}", "main")
    clone.commit({"docs/a.md": f"{number}\n"}, "In")
    inside = clone.push(f"work/docs-{number}", env=user)
    clone.commit({"top.txt": f"{number}\n"}, "Out")
    outside = clone.push(f"work/docs-{number}", env=user)
    clone.git("checkout", "--quiet", "main")
    return inside, outside


OUT = 'work/docs-{} is rejected: 1 change in 1 commit outside its lane "docs"'


def gated(clone: Repo, number: int = 1, **user: str) -> bool:
    """Tell whether the server takes what is inside, and refuses what is not by the hook's own words."""
    inside, outside = pushes(clone, number, **user)
    return (inside.status, outside.status) == (0, 1) and f"lanes: {OUT.format(number)}" in remote_lines(
        outside
    )


# -- A repository of plain git


def test_install(server: Repo) -> None:
    clone = clone_of(server)
    before = snapshot(server.path)
    here = Repo(server.path.parent)
    would = "lanes: --dry-run changes nothing; to install, this would be done\n"
    for where in (["--server", "server.git"], ["--server", str(server.path)]):
        assert lanes(here, "install", *where, "--dry-run") == (
            0,
            would + runs("server.git/hooks/pre-receive") + FSCK,
        )
    assert snapshot(server.path) == before
    assert lanes(server, "install", "--server") == (
        0,
        "lanes: installed\n" + runs("server.git/hooks/pre-receive") + FSCK,
    )
    assert server.git("config", "receive.fsckObjects") == "true"
    between = snapshot(server.path)
    in_place = (0, IN_PLACE + runs("server.git/hooks/pre-receive", "in place"))
    assert lanes(here, "install", "--server", "server.git") == in_place
    assert lanes(Repo(server.path / "refs"), "install", "--server") == in_place
    assert snapshot(server.path) == between
    taken = "  removed: server.git/hooks/pre-receive\n  unset: git config receive.fsckObjects\n"
    would = "lanes: --dry-run changes nothing; to uninstall, this would be done\n"
    assert lanes(here, "uninstall", "--server", "server.git", "--dry-run") == (0, would + taken)
    assert snapshot(server.path) == between
    assert lanes(here, "uninstall", "--server", "server.git") == (0, "lanes: uninstalled\n" + taken)
    assert snapshot(server.path) == before
    assert lanes(server, "uninstall", "--server") == (0, NOTHING)
    assert lanes(server, "install", "--server")[0] == 0
    assert gated(clone)


def test_a_hook_is_kept_and_runs_first(server: Repo) -> None:
    clone = clone_of(server)
    put(server.path / "hooks/pre-receive", "#!/bin/sh\ncat >input\n! grep -q refs/heads/stop input\n", 0o750)
    before = snapshot(server.path)
    runs_both = (
        f"  written: server.git/hooks/pre-receive, which runs {PROGRAM} after pre-receive.before-lanes\n"
    )
    assert lanes(server, "install", "--server") == (
        0,
        "lanes: installed\n  kept: server.git/hooks/pre-receive, as pre-receive.before-lanes\n"
        + runs_both
        + FSCK,
    )
    assert lanes(server, "install", "--server") == (0, IN_PLACE + runs_both.replace("written", "in place"))
    assert clone.push("main:work/docs-7", "main:work/api-7").status == 0
    lines = (server.path / "input").read_text().splitlines()
    assert [line.split(" ")[2] for line in lines] == ["refs/heads/work/docs-7", "refs/heads/work/api-7"]
    ended = clone.push("main:stop")
    assert (ended.status, remote_lines(ended)) == (1, "")
    assert gated(clone)
    assert lanes(server, "uninstall", "--server")[0] == 0
    after = snapshot(server.path)
    for place in ("hooks/", "config"):
        assert {n: v for n, v in after.items() if n.startswith(place)} == {
            n: v for n, v in before.items() if n.startswith(place)
        }


def test_a_link_stays_a_link(server: Repo, tmp_path: Path) -> None:
    put(tmp_path / "tools/hook")
    (server.path / "hooks/pre-receive").symlink_to(tmp_path / "tools/hook")
    before = snapshot(tmp_path)
    assert lanes(server, "install", "--server")[0] == 0
    assert (tmp_path / "tools/hook").read_text() == OLD
    assert remote_lines(clone_of(server).push("main:work/docs-1")) == "old"
    shutil.rmtree(tmp_path / "clone")
    assert lanes(server, "uninstall", "--server")[0] == 0
    assert snapshot(server.path / "hooks") == {
        name.removeprefix("server.git/hooks/"): value
        for name, value in before.items()
        if name.startswith("server.git/hooks/")
    }


def test_an_empty_template(tmp_path: Path) -> None:
    server = make_repo(tmp_path / "server.git", "--bare", "--object-format=sha256")
    before = snapshot(server.path)
    made = "  made: the folder server.git/hooks\n"
    assert lanes(server, "install", "--server")[1].startswith(f"lanes: installed\n{made}")
    assert lanes(server, "uninstall", "--server")[1].endswith("  removed: the folder server.git/hooks\n")
    assert snapshot(server.path) == before


def test_it_fails_closed(server: Repo) -> None:
    clone = clone_of(server)
    assert lanes(server, "install", "--server")[0] == 0
    hook = server.path / "hooks/pre-receive"
    found = installed(hook)
    assert found is not None
    hook.write_bytes(replace(found.says, program="/gone/lane-pre-receive").text())
    ended = clone.push("main:work/docs-1")
    message = (
        "lanes: could not judge: /gone/lane-pre-receive does not run on the server any more;"
        " install git-lanes again, then run: git lanes install --server"
    )
    assert (ended.status, remote_lines(ended)) == (1, message)
    assert "written anew" in lanes(server, "install", "--server")[1]
    assert clone.push("main:work/docs-1").status == 0


def test_a_trial(server: Repo) -> None:
    clone = clone_of(server)
    assert lanes(server, "install", "--server")[0] == 0
    server.git("config", "lanes.mode", "warn")
    _, outside = pushes(clone, 1)
    assert (outside.status, remote_lines(outside).split("\n")[0]) == (0, "lanes: " + OUT.format(1))


def test_where_it_can_t_be(server: Repo, repo: Repo, tmp_path: Path) -> None:
    here = Repo(tmp_path)
    (server.path / "sub").mkdir()
    cases = {
        "repo": "repo/.git is not bare, as a server's repository is; for a clone, leave --server out",
        "server.git/sub": "server.git/sub is no repository; the one around it is server.git",
        "nothing": "nothing can't be entered: No such file or directory",
        "gitconfig": "gitconfig can't be entered: Not a directory",
        ".": f"there is no git repository at or above {tmp_path}",
    }
    for verb in ("install", "uninstall"):
        for where, message in cases.items():
            assert lanes(here, verb, "--server", where) == (2, f"lanes: could not {verb}: {message}\n")
    server.git("config", "core.hooksPath", "/dev/null")
    message = "core.hooksPath, set in config, is /dev/null, which is no folder: git runs no hooks here\n"
    assert lanes(server, "install", "--server") == (2, f"lanes: could not install: {message}")


def test_usage(server: Repo) -> None:
    for options, message in [
        (["install", "--server", "--strict"], "--strict is for a clone; a server's hook judges every push"),
        (
            ["install", "--server", "x", "--hooks", "y"],
            "--hooks names a folder for all repositories; it takes no REPO beside it",
        ),
        (
            ["uninstall", "--server", "x", "--hooks", "y"],
            "--hooks names a folder for all repositories; it takes no REPO beside it",
        ),
    ]:
        usage = f"lanes: {message}\n  Usage: git-lanes {options[0]} [OPTIONS]\n"
        assert lanes(server, *options) == (2, usage)


def test_a_named_repository_counts_more_than_git_dir(server: Repo, repo: Repo) -> None:
    env = {"GIT_DIR": str(repo.path / ".git")}
    assert lanes(Repo(server.path.parent), "install", "--server", "server.git", env=env)[0] == 0
    assert (server.path / "hooks/pre-receive").exists()


# -- Its configuration


def config(server: Repo) -> bytes:
    return (server.path / "config").read_bytes()


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["receive.fsckObjects=false"],
        ["transfer.fsckObjects=true"],
        ["receive.advertisePushOptions=true", "lanes.mode=warn"],
        ["http.receivepack=true"],
        ["http.receivepack=true", "lanes.pusherVariable=SSH_USER"],
        ["http.receivepack=true", "lanes.pusherVariable=SSH_USER", "transfer.fsckObjects=false"],
    ],
)
def test_what_was_set_stays(server: Repo, given: list[str]) -> None:
    for pair in given:
        server.git("config", *pair.split("="))
    before = config(server)
    said = lanes(server, "install", "--server")[1]
    names = " ".join(given)
    assert (FSCK in said) == ("fsckObjects" not in names)
    assert (pusher("REMOTE_USER") in said) == (given == ["http.receivepack=true"])
    for pair in given:
        assert server.git("config", "--get-all", pair.split("=")[0]) == pair.split("=")[1]
    between = config(server)
    assert lanes(server, "install", "--server")[1].startswith(IN_PLACE)
    assert config(server) == between
    assert lanes(server, "uninstall", "--server")[0] == 0
    assert config(server) == before


def test_what_was_changed_since_stays(server: Repo) -> None:
    server.git("config", "http.receivepack", "true")
    assert lanes(server, "install", "--server")[0] == 0
    server.git("config", "lanes.pusherVariable", "OTHER")
    server.git("config", "--add", "receive.fsckObjects", "false")
    after = config(server)
    assert lanes(server, "install", "--server")[1].startswith(IN_PLACE)
    assert lanes(server, "uninstall", "--server") == (
        0,
        "lanes: uninstalled\n" + gone("server.git/hooks", {"pre-receive": ""}),
    )
    assert config(server) == after


def test_a_setting_that_was_lost_is_set_again(server: Repo) -> None:
    before = config(server)
    assert lanes(server, "install", "--server")[0] == 0
    server.git("config", "--unset", "receive.fsckObjects")
    in_place = runs("server.git/hooks/pre-receive", "in place")
    assert lanes(server, "install", "--server") == (0, "lanes: installed\n" + FSCK + in_place)
    assert lanes(server, "uninstall", "--server")[0] == 0
    assert config(server) == before


def test_what_the_user_has_set_counts(server: Repo) -> None:
    server.git("config", "--global", "transfer.fsckObjects", "true")
    before = config(server)
    assert FSCK not in lanes(server, "install", "--server")[1]
    assert config(server) == before


# -- A folder of hooks for all repositories


def two(tmp_path: Path) -> tuple[Repo, Repo]:
    """Make a server with lanes, by a clone of it, and a server without: any push to that is taken."""
    first, second = (make_repo(tmp_path / name, "--bare") for name in ("first.git", "second.git"))
    clone = clone_of(first)
    other = make_repo(tmp_path / "other")
    other.git("remote", "add", "origin", str(second.path))
    other.commit({"a": "a"})
    assert other.push("main").status == 0
    return clone, other


def free(other: Repo) -> bool:
    ended = other.push("main:anything", "main:refs/wiki/x")
    return (ended.status, remote_lines(ended)) == (0, "")


FOR_ALL = "  note: this is for all repositories there; those without a manifest are left alone\n"
FSCK_FOR_ALL = (
    "  note: to have git refuse damaged objects everywhere,"
    " run: git config --global receive.fsckObjects true\n"
)
NO_NAME = (
    "  note: if a manifest names pushers, git config lanes.pusherVariable"
    " must say which variable names them\n"
)


def test_a_folder_for_all(tmp_path: Path) -> None:
    clone, other = two(tmp_path)
    here = Repo(tmp_path)
    folder = tmp_path / "all"
    put(folder / "pre-receive", "#!/bin/sh\ncat >>input\n")
    before = snapshot(folder)
    here.git("config", "--global", "core.hooksPath", str(folder))
    place = "all/pre-receive"
    chain = f"  written: {place}, which runs {PROGRAM} after pre-receive.before-lanes\n"
    notes = FOR_ALL + FSCK_FOR_ALL + NO_NAME
    expected = f"lanes: installed\n  kept: {place}, as pre-receive.before-lanes\n{chain}{notes}"
    assert lanes(here, "install", "--hooks", "all", "--dry-run")[0] == 0
    assert snapshot(folder) == before
    assert lanes(here, "install", "--server", "--hooks", "all") == (0, expected)
    in_place = IN_PLACE + chain.replace("written", "in place") + notes
    assert lanes(here, "install", "--hooks", "all") == (0, in_place)
    assert gated(clone)
    assert free(other)
    assert "refs/wiki/x" in (tmp_path / "second.git/input").read_text()
    Repo(tmp_path / "second.git").git("config", "lanes.enabled", "true")
    assert "no manifest is in force" in remote_lines(other.push("main:more"))
    restored = "  restored: all/pre-receive, which was pre-receive.before-lanes\n"
    assert lanes(here, "uninstall", "--hooks", "all") == (0, "lanes: uninstalled\n" + restored)
    assert snapshot(folder) == before
    assert lanes(here, "uninstall", "--hooks", "all") == (0, NOTHING)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert lanes(Repo(tmp_path), "install", "--hooks", "none") == (
        2,
        "lanes: could not install: there is no folder none\n",
    )


def test_core_hooks_path(tmp_path: Path) -> None:
    clone, other = two(tmp_path)
    server = Repo(tmp_path / "first.git")
    server.git("config", "core.hooksPath", "own")
    said = "lanes: installed\n  made: the folder first.git/own\n" + runs("first.git/own/pre-receive") + FSCK
    assert lanes(server, "install", "--server") == (0, said)
    assert gated(clone)
    assert lanes(server, "uninstall", "--server")[0] == 0
    server.git("config", "--unset", "core.hooksPath")
    server.git("config", "--global", "core.hooksPath", str(tmp_path / "all"))
    note = (
        "  note: all (core.hooksPath in gitconfig) may serve other repositories, too;"
        " the hooks there leave those without a manifest alone\n"
    )
    said = (
        "lanes: installed\n  made: the folder all\n" + runs("all/pre-receive") + note + FSCK_FOR_ALL + NO_NAME
    )
    assert lanes(server, "install", "--server") == (0, said)
    assert gated(clone, 2)
    assert free(other)
    assert lanes(server, "uninstall", "--server")[0] == 0
    assert not (tmp_path / "all").exists()


# -- Gitea, Forgejo, Bitbucket


DISPATCH = """\
#!/bin/sh
input=$(cat)
for hook in hooks/pre-receive.d/*; do
  echo "$input" | "$hook" || exit
done
"""


def dispatching(server: Repo, *names: str) -> Callable[[], None]:
    """Have the server run every file of a folder, as Gitea does; these are there already."""
    put(server.path / "hooks/pre-receive", DISPATCH)
    for name in names:
        put(server.path / "hooks/pre-receive.d" / name, "#!/bin/sh\ncat >>input\n")
    return lambda: None


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("gitea", "GITEA_PUSHER_NAME"),
        ("forgejo", "GITEA_PUSHER_NAME"),
        ("20_bitbucket_callback", "BB_USER_NAME"),
        ("other", ""),
    ],
)
def test_a_server_that_runs_every_file_of_a_folder(server: Repo, name: str, variable: str) -> None:
    dispatching(server, name)
    before = snapshot(server.path)
    place = "server.git/hooks/pre-receive.d/git-lanes"
    expected = "lanes: installed\n" + runs(place) + FSCK + (pusher(variable) if variable else "")
    assert lanes(server, "install", "--server") == (0, expected)
    assert lanes(server, "install", "--server") == (0, IN_PLACE + runs(place, "in place"))
    clone = clone_of(server, manifest=PUSHERS if variable else MANIFEST)
    assert gated(clone, 1, **({variable: "alice"} if variable else {}))
    if variable:
        inside, _ = pushes(clone, 2, **{variable: "mallory"})
        assert inside.status == 1
        assert "mallory" in remote_lines(inside)
    assert lanes(server, "uninstall", "--server")[0] == 0
    after = snapshot(server.path)
    for start in ("hooks", "config"):
        assert {n: v for n, v in after.items() if n.startswith(start)} == {
            n: v for n, v in before.items() if n.startswith(start)
        }


def test_a_folder_that_nobody_runs(server: Repo) -> None:
    """Not every folder of that name is read by a hook."""
    put(server.path / "hooks/pre-receive.d/README", "old\n", 0o644)
    put(server.path / "hooks/pre-receive", "#!/bin/sh\nexit 0\n")
    assert lanes(server, "install", "--server")[0] == 0
    assert gated(clone_of(server))


def test_a_stranger_of_our_name(server: Repo) -> None:
    dispatching(server, "gitea", "git-lanes")
    message = (
        "lanes: could not install: server.git/hooks/pre-receive.d/git-lanes is there, and git-lanes did not"
        " write it; move it away\n"
    )
    assert lanes(server, "install", "--server") == (2, message)


# -- GitLab


GITALY = """\
#!/bin/sh
# Gitaly runs custom hooks with little of the environment, and without anybody's configuration.
input=$(cat)
for hook in "$PWD"/custom_hooks/pre-receive.d/* {for_all}/pre-receive.d/*; do
  [ -x "$hook" ] || continue
  echo "$input" | env -i HOME="$HOME" PATH="$PATH" GIT_DIR="$PWD" \\
    GIT_OBJECT_DIRECTORY="$GIT_OBJECT_DIRECTORY" \\
    GIT_ALTERNATE_OBJECT_DIRECTORIES="$GIT_ALTERNATE_OBJECT_DIRECTORIES" \\
    GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null XDG_CONFIG_HOME=/dev/null LANG=en_US.UTF-8 \\
    GL_ID=user-1 GL_USERNAME="$USER_OF_GITLAB" GL_PROTOCOL=ssh GL_REPOSITORY=project-1 "$hook" || exit
done
"""


def of_gitlab(server: Repo) -> None:
    put(server.path / "hooks/pre-receive", GITALY.format(for_all=server.path.parent / "custom_hooks"))


@pytest.mark.parametrize("sign", ["gitlab.fullpath", "custom_hooks", "@hashed"])
def test_gitlab(server: Repo, tmp_path: Path, sign: str) -> None:
    if sign == "gitlab.fullpath":
        server.git("config", "gitlab.fullpath", "team/project")
    elif sign == "custom_hooks":
        (server.path / "custom_hooks").mkdir()
    else:
        (tmp_path / "@hashed").mkdir()
        server = Repo(server.path.rename(tmp_path / "@hashed" / "1f.git"))
    of_gitlab(server)
    before = snapshot(server.path)
    status, said = lanes(server, "install", "--server")
    assert (status, said.count("made: the folder"), FSCK in said) == (
        0,
        1 if sign == "custom_hooks" else 2,
        False,
    )
    found = installed(server.path / "custom_hooks/pre-receive.d/git-lanes")
    assert found is not None
    assert found.says.settings == (("lanes.pusherVariable", "GL_USERNAME"),)
    assert lanes(server, "install", "--server")[1].startswith(IN_PLACE)
    clone = clone_of(server, manifest=PUSHERS)
    assert gated(clone, 1, USER_OF_GITLAB="alice")
    inside, _ = pushes(clone, 2, USER_OF_GITLAB="mallory")
    assert inside.status == 1
    assert lanes(server, "uninstall", "--server")[0] == 0
    after = snapshot(server.path)
    for start in ("hooks", "config", "custom_hooks"):
        assert {n: v for n, v in after.items() if n.startswith(start)} == {
            n: v for n, v in before.items() if n.startswith(start)
        }


@pytest.mark.parametrize("there", [[], ["pre-receive.d"], ["pre-receive"]])
def test_gitlab_s_folder_for_all(tmp_path: Path, there: list[str]) -> None:
    """Its hooks see no configuration but the repository's, so the file itself says who pushes."""
    clone, other = two(tmp_path)
    for name in ("first.git", "second.git"):
        of_gitlab(Repo(tmp_path / name))
    folder = tmp_path / "custom_hooks"
    for name in there:
        put(folder / name / "README", mode=0o644) if name.endswith(".d") else put(folder / name)
    folder.mkdir(exist_ok=True)
    before = snapshot(folder)
    here = Repo(tmp_path)
    made = "" if there == ["pre-receive.d"] else "  made: the folder custom_hooks/pre-receive.d\n"
    place = "custom_hooks/pre-receive.d/git-lanes"
    assert lanes(here, "install", "--hooks", "custom_hooks") == (
        0,
        f"lanes: installed\n{made}{runs(place)}{FOR_ALL}",
    )
    assert lanes(here, "install", "--hooks", "custom_hooks") == (
        0,
        IN_PLACE + runs(place, "in place") + FOR_ALL,
    )
    clone.commit({".lanes.toml": PUSHERS}, "Name who pushes")
    assert clone.push("main").status == 0
    assert gated(clone, 1, USER_OF_GITLAB="alice")
    inside, _ = pushes(clone, 2, USER_OF_GITLAB="mallory")
    assert inside.status == 1
    assert free(other)
    assert lanes(here, "uninstall", "--hooks", "custom_hooks")[0] == 0
    assert snapshot(folder) == before


# -- gitolite


NO_GITOLITE = pytest.mark.skipif(
    not shutil.which("gitolite") and os.environ.get("LANES_ALL_SERVERS") != "1",
    reason="gitolite is not installed (apt-get install gitolite3)",
)
SHELL = """\
#!/bin/sh
# What sshd does for a user whose key gitolite knows: host and command come as arguments.
SSH_ORIGINAL_COMMAND=$2 SSH_CONNECTION='127.0.0.1 1 127.0.0.1 2' exec {shell} "$AS"
"""


class Gitolite:
    """A gitolite in the home of the tests; everybody may push to its repositories."""

    def __init__(self, home: Path) -> None:
        self.home = Repo(home)
        self.run("setup", "-a", "admin")
        bin_folder = self.run("query-rc", "-n", "GL_BINDIR")
        put(home / "ssh", SHELL.format(shell=f"{bin_folder}/gitolite-shell"))
        self.rc = home / ".gitolite.rc"
        self.conf = home / ".gitolite/conf/gitolite.conf"

    def run(self, *arguments: str) -> str:
        ended = self.home.run("gitolite", *arguments)
        assert ended.status == 0, ended
        return ended.out

    def enable(self, *lines: str) -> None:
        """Take the comment sign away from lines of the configuration."""
        text = self.rc.read_text()
        for line in lines:
            text, number = re.subn(rf"# ({re.escape(line)})", r"\1", text, count=1)
            assert number == 1, line
        self.rc.write_text(text)

    def repository(self, name: str = "testing") -> Repo:
        return Repo(self.home.path / "repositories" / f"{name}.git")

    def clone(self, name: str = "testing") -> Repo:
        clone = make_repo(self.home.path / "clones" / name)
        clone.git("remote", "add", "origin", f"git@host:{name}")
        clone.git("config", "core.sshCommand", str(self.home.path / "ssh"))
        clone.git("config", "ssh.variant", "simple")
        return clone


@pytest.fixture
def gitolite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gitolite:
    monkeypatch.setenv("AS", "alice")
    monkeypatch.setenv("USER", "git")
    return Gitolite(tmp_path)


def with_lanes(clone: Repo) -> Repo:
    clone.commit({".lanes.toml": PUSHERS, "docs/a.md": "a\n", "top.txt": "t\n"}, "Begin")
    assert clone.push("main").status == 0
    return clone


def named(clone: Repo) -> bool:
    """Tell whether the lane of alice is hers alone, and gated."""
    inside, _ = pushes(clone, 2, AS="mallory")
    return gated(clone, 1, AS="alice") and inside.status == 1 and "mallory" in remote_lines(inside)


def hooks_of(gitolite: Gitolite) -> dict[str, object]:
    return {
        name: snapshot(gitolite.repository(name).path / "hooks") for name in ("testing", "gitolite-admin")
    } | {"local": snapshot(gitolite.home.path / "local")}


@NO_GITOLITE
def test_gitolite_without_a_folder_of_its_administrator(gitolite: Gitolite) -> None:
    server = gitolite.repository()
    before = snapshot(server.path)
    expected = (
        "lanes: installed\n" + runs("repositories/testing.git/hooks/pre-receive") + FSCK + pusher("GL_USER")
    )
    assert lanes(server, "install", "--server") == (0, expected)
    gitolite.run("setup")
    assert lanes(server, "install", "--server")[1].startswith(IN_PLACE)
    assert named(with_lanes(gitolite.clone()))
    assert lanes(server, "uninstall", "--server")[0] == 0
    after = snapshot(server.path)
    for start in ("hooks", "config"):
        assert {n: v for n, v in after.items() if n.startswith(start)} == {
            n: v for n, v in before.items() if n.startswith(start)
        }


@NO_GITOLITE
@pytest.mark.parametrize("old", [True, False])
def test_gitolite_for_all(gitolite: Gitolite, old: bool) -> None:
    gitolite.enable('LOCAL_CODE                =>  "$ENV{HOME}/local"')
    if old:
        put(gitolite.home.path / "local/hooks/common/pre-receive", "#!/bin/sh\ncat >>input\n")
    gitolite.run("setup")
    server = gitolite.repository()
    before = hooks_of(gitolite)
    place = "local/hooks/common/pre-receive"
    after = " after pre-receive.before-lanes" if old else ""
    made = (
        ""
        if old
        else "".join(f"  made: the folder {f}\n" for f in ("local", "local/hooks", "local/hooks/common"))
    )
    kept = f"  kept: {place}, as pre-receive.before-lanes\n" if old else ""
    written = f"  written: {place}, which runs {PROGRAM}{after}\n"
    spread = "  run: gitolite setup --hooks-only\n"
    notes = FOR_ALL + FSCK_FOR_ALL
    assert lanes(server, "install", "--server") == (
        0,
        "lanes: installed\n" + made + kept + written + spread + notes,
    )
    in_place = IN_PLACE + written.replace("written", "in place") + notes
    assert lanes(server, "install", "--server") == (0, in_place)
    assert named(with_lanes(gitolite.clone()))
    assert (server.path / "input").exists() == old
    gitolite.conf.write_text(gitolite.conf.read_text() + "\nrepo other\n    RW+ = @all\n")
    gitolite.run("setup")
    other = gitolite.clone("other")
    other.commit({"a": "a"})
    assert other.push("main").status == 0
    assert free(other)
    assert lanes(gitolite.repository("other"), "install", "--server") == (0, in_place)
    shutil.rmtree(gitolite.repository("other").path)
    assert lanes(server, "uninstall", "--server")[0] == 0
    assert hooks_of(gitolite) == before
    assert lanes(server, "uninstall", "--server") == (0, NOTHING)


@NO_GITOLITE
def test_gitolite_overwrites_nothing(gitolite: Gitolite) -> None:
    """Its own links would take the place of what is in a repository."""
    gitolite.enable('LOCAL_CODE                =>  "$ENV{HOME}/local"')
    put(gitolite.repository("gitolite-admin").path / "hooks/pre-receive")
    before = hooks_of(gitolite)
    message = (
        "lanes: could not install: gitolite would replace what is there by a link to its hook:"
        " repositories/gitolite-admin.git/hooks/pre-receive; move that away\n"
    )
    assert lanes(gitolite.repository(), "install", "--server") == (2, message)
    assert hooks_of(gitolite) == before


@NO_GITOLITE
def test_gitolite_for_those_that_its_configuration_names(gitolite: Gitolite) -> None:
    (gitolite.home.path / "local/hooks/repo-specific").mkdir(parents=True)
    gitolite.enable('LOCAL_CODE                =>  "$ENV{HOME}/local"', "'repo-specific-hooks'")
    gitolite.run("setup")
    server = gitolite.repository()
    before = snapshot(gitolite.home.path / "local")
    place = "local/hooks/repo-specific/git-lanes"
    option = "below repo testing: option hook.pre-receive = git-lanes\n"
    left = f"  to do: add this to gitolite.conf, {option}"
    assert lanes(server, "install", "--server") == (
        1,
        "lanes: installed\n" + runs(place) + FSCK_FOR_ALL + left,
    )
    conf = gitolite.conf.read_text()
    gitolite.conf.write_text(conf + "\nrepo testing\n    option hook.pre-receive = git-lanes\n")
    gitolite.run("setup")
    expected = IN_PLACE + runs(place, "in place") + FSCK_FOR_ALL
    assert lanes(server, "install", "--server") == (0, expected)
    assert named(with_lanes(gitolite.clone()))
    left = f"  to do: take this out of gitolite.conf, {option}"
    assert lanes(server, "uninstall", "--server") == (1, f"lanes: uninstalled\n  removed: {place}\n{left}")
    gitolite.conf.write_text(conf)
    gitolite.run("setup")
    assert snapshot(gitolite.home.path / "local") == before


@NO_GITOLITE
def test_gitolite_that_is_not_on_path(gitolite: Gitolite, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("git", "env"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    message = "this is a repository of gitolite, but gitolite is not on PATH; put it there\n"
    env = {"PATH": str(tmp_path / "bin")}
    assert lanes(gitolite.repository(), "install", "--server", env=env) == (
        2,
        f"lanes: could not install: {message}",
    )


def test_the_file_says_who_pushes_where_it_is_shared(tmp_path: Path) -> None:
    (tmp_path / "custom_hooks").mkdir()
    assert lanes(Repo(tmp_path), "install", "--hooks", "custom_hooks")[0] == 0
    file = read((tmp_path / "custom_hooks/pre-receive.d/git-lanes").read_bytes())
    assert file is not None
    assert (file.pusher, file.if_enabled, file.alone, file.settings) == ("GL_USERNAME", True, True, ())
