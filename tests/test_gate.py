"""`lanes.mode`, `lanes.enabled` and `--if-enabled`: what is gated at all, and what is enforced."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from repos import MANIFEST, SCRIPTS, Content, Repo, make_repo, masked, remote_lines
from repos import Ended as Run

from lanes.errors import CannotJudge
from lanes.gate import enforced
from lanes.plumbing import Git
from lanes.settings import Settings
from lanes.signals import Ended

FILES: Mapping[str | bytes, Content] = {"docs/a.md": "a\n", "top.txt": "t\n"}
WARNED = "lanes: lanes.mode is warn here, so this is let through; otherwise it would be refused"
BROKEN = MANIFEST.replace("version = 1", "version = 2")


def out(clone: Repo) -> str:
    """Commit outside of the lane docs, on a branch of its own, and give the branch."""
    clone.switch("work/docs-1", "main")
    clone.commit({"top.txt": "out\n"}, "Out")
    return "work/docs-1"


# -- lanes.mode


def test_a_server_that_warns(clone: Repo, server: Repo) -> None:
    branch = out(clone)
    refused = remote_lines(clone.push(branch))
    server.git("config", "lanes.mode", "warn")
    pushed = clone.push(branch)
    assert (pushed.status, remote_lines(pushed)) == (0, f"{refused}\n{WARNED}")
    assert clone.push("main:work/docs-2").err.count("lanes:") == 0
    server.git("config", "lanes.mode", "enforce")
    assert clone.push(f"{branch}:work/docs-3").status == 1


def test_a_server_that_warns_about_what_it_can_not_judge(clone: Repo, server: Repo) -> None:
    server.git("config", "lanes.mode", "warn")
    server.git("symbolic-ref", "HEAD", "refs/heads/none")
    pushed = clone.push("main:work/docs-1")
    assert pushed.status == 0
    assert remote_lines(pushed).startswith("lanes: work/docs-1 could not be judged: no manifest is in force")
    server.git("config", "lanes.trustedRef", "none")
    pushed = clone.push("main:work/docs-2")
    assert (pushed.status, remote_lines(pushed)) == (
        0,
        "lanes: could not judge: lanes.trustedRef is none; on a server, name a branch in full:"
        f" refs/heads/NAME\n{WARNED}",
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CannotJudge("why"), "could not judge: why"),
        (MemoryError(), "could not judge: there is not enough memory for this"),
        (
            ImportError("no lanes"),
            "could not judge: this installation is not whole (no lanes); install",
        ),
        (ValueError("odd"), "could not judge: this is a bug in git-lanes; please report it with these lines"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_trial_stops_nobody(error: Exception, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    def judge() -> int:
        raise error

    warns = Settings({b"lanes.mode": [b"enforce", b"warn"]})
    assert enforced(Git(), warns, if_enabled=False, judge=judge) == 0
    first, *_, last = capsys.readouterr().err.splitlines()
    assert (first.startswith(f"lanes: {said}"), last) == (True, WARNED)
    with pytest.raises(type(error)):
        enforced(Git(), Settings({}), if_enabled=False, judge=judge)


def test_a_trial_ends_when_it_is_told_to() -> None:
    def judge() -> int:
        raise Ended(15)

    with pytest.raises(Ended):
        enforced(Git(), Settings({b"lanes.mode": [b"warn"]}), if_enabled=False, judge=judge)


@pytest.mark.parametrize("mode", ["Warn", "off", "", "warn enforce"])
def test_a_mode_that_there_is_not(clone: Repo, server: Repo, mode: str) -> None:
    server.git("config", "lanes.mode", mode)
    pushed = clone.push("main:work/docs-1")
    assert (pushed.status, remote_lines(pushed)) == (
        1,
        f"lanes: could not judge: lanes.mode is {mode or 'empty'}; it must be warn or enforce:"
        " git config lanes.mode enforce",
    )


def test_a_clone_that_warns(clone: Repo) -> None:
    clone.git("config", "lanes.mode", "warn")
    for name, script in (("pre-commit", "lane-pre-commit"), ("pre-push", "lane-pre-push")):
        clone.hook(name, script)
    clone.switch("work/docs-1", "main")
    clone.write({"top.txt": "out\n"})
    clone.git("add", "--all")
    committed = clone.try_git("commit", "-m", "Out")
    assert committed.status == 0
    assert committed.err.startswith("lanes: work/docs-1: 1 staged change is outside its lane")
    assert WARNED in committed.err
    pushed = clone.try_git("push", "origin", "work/docs-1")
    own, server = pushed.err.split(WARNED)
    assert own.startswith("lanes: work/docs-1 is rejected: 1 change in 1 commit outside its lane")
    assert "pre-receive hook declined" in server


def test_a_pusher_decides_nothing(clone: Repo) -> None:
    branch = out(clone)
    clone.git("config", "lanes.mode", "warn")
    parameters = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "lanes.mode", "GIT_CONFIG_VALUE_0": "warn"}
    for environment in (parameters, {"GIT_CONFIG_PARAMETERS": "'lanes.mode'='warn'"}):
        assert clone.push(branch, env=environment).status == 1
    assert clone.run("git", "-c", "lanes.mode=warn", "push", "--no-verify", "origin", branch).status == 1


# -- A hook that serves many repositories


@pytest.fixture
def shared(tmp_path: Path) -> Repo:
    """A server that takes its hooks from a folder for all."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    script = SCRIPTS / "lane-pre-receive"
    (hooks / "pre-receive").write_text(f'#!/bin/sh\nexec "{script}" --if-enabled "$@"\n')
    (hooks / "pre-receive").chmod(0o755)
    made = make_repo(tmp_path / "shared.git", "--bare")
    made.git("config", "core.hooksPath", str(hooks))
    return made


@pytest.fixture
def other(tmp_path: Path, shared: Repo) -> Repo:
    """A clone of it, with a commit that is not pushed."""
    made = make_repo(tmp_path / "other")
    made.git("remote", "add", "origin", str(shared.path))
    made.commit(FILES, "Begin")
    return made


def test_without_a_manifest_it_is_left_alone(other: Repo) -> None:
    for refspecs in (["main", "main:any"], ["main:refs/x/y"], [":any"], ["+main:Main"]):
        pushed = other.push(*refspecs)
        assert (pushed.status, remote_lines(pushed)) == (0, "")


def test_the_first_manifest_must_be_valid(other: Repo) -> None:
    assert other.push("main").status == 0
    other.commit({".lanes.toml": BROKEN})
    pushed = other.push("main", "main:any")
    assert pushed.status == 1
    assert "this push does not: the manifest of OID is invalid" in remote_lines(pushed)
    assert other.push("main:any").status == 0
    other.commit({".lanes.toml": MANIFEST})
    assert other.push("main", "main:another").status == 0
    assert "no lane covers this branch" in remote_lines(other.push("main:third"))


def test_a_broken_manifest_gates(other: Repo, shared: Repo) -> None:
    other.commit({".lanes.toml": BROKEN})
    shared.git("fetch", "--quiet", str(other.path), "main:main")
    pushed = other.push("main:any")
    assert (pushed.status, "the manifest in force is invalid" in remote_lines(pushed)) == (1, True)


def test_what_the_administrator_says_counts(other: Repo, shared: Repo) -> None:
    shared.git("config", "lanes.enabled", "true")
    assert "no manifest is in force" in remote_lines(other.push("main"))
    other.commit({".lanes.toml": MANIFEST})
    assert other.push("main").status == 0
    shared.git("config", "lanes.enabled", "off")
    assert other.push("main:any").status == 0
    shared.git("config", "lanes.enabled", "perhaps")
    pushed = other.push("main:more")
    assert pushed.status == 1
    assert remote_lines(pushed).startswith(
        "lanes: could not judge: git config failed with exit status 128: fatal: bad"
    )


@pytest.mark.parametrize("manifest", [MANIFEST, BROKEN, ""])
def test_what_is_not_enabled_is_left_alone_whatever_it_holds(
    other: Repo, shared: Repo, manifest: str
) -> None:
    """Neither a first manifest, nor a broken one, nor a HEAD that names no branch is its business."""
    shared.git("config", "lanes.enabled", "false")
    for head in ("refs/heads/main", "refs/heads/none"):
        shared.git("symbolic-ref", "HEAD", head)
        other.commit({".lanes.toml": manifest})
        pushed = other.push("main", "main:any", "main:refs/x/y")
        assert (pushed.status, remote_lines(pushed)) == (0, "")
    shared.git("update-ref", "--no-deref", "HEAD", other.head())
    shared.git("config", "lanes.mode", "perhaps")
    assert other.push("main:more").status == 0
    shared.git("config", "lanes.enabled", "true")
    assert remote_lines(other.push("main:third")).startswith("lanes: could not judge: lanes.mode is perhaps;")
    shared.git("config", "lanes.mode", "enforce")
    assert remote_lines(other.push("main:third")) == (
        "lanes: could not judge: HEAD names no branch;"
        " on the server, run: git config lanes.trustedRef refs/heads/main"
    )


def test_a_pusher_can_not_open_the_gate(other: Repo, shared: Repo) -> None:
    """Once main holds a manifest, no push takes it away, and no ref takes the place of main."""
    other.commit({".lanes.toml": MANIFEST})
    assert other.push("main").status == 0
    environment = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "lanes.enabled", "GIT_CONFIG_VALUE_0": "no"}
    other.commit({".lanes.toml": None})
    for refspec in ("main", ":main", "+main~2:main", "main:HEAD", "main:Main", "main:any"):
        assert other.push(refspec).status == 1
        assert other.push(refspec, env=environment).status == 1
        assert other.run("git", "-c", "lanes.enabled=false", "push", "origin", refspec).status == 1
    assert shared.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_detached_head_in_a_clone_that_is_left_alone(other: Repo) -> None:
    detached = "lanes: HEAD is detached, so this commit is on no branch yet; the push will be judged\n"
    other.git("checkout", "--quiet", "--detach")
    assert other.script("lane-pre-commit", "--if-enabled") == Run(0, "", "")
    assert other.script("lane-pre-commit") == Run(0, "", detached)
    other.git("config", "lanes.enabled", "true")
    assert other.script("lane-pre-commit", "--if-enabled") == Run(0, "", detached)
    other.git("config", "lanes.enabled", "false")
    assert other.script("lane-pre-commit", "--if-enabled") == Run(0, "", "")


def test_hooks_in_clones(other: Repo) -> None:
    for name, script in (("pre-commit", "lane-pre-commit"), ("pre-push", "lane-pre-push")):
        other.hook(name, f'{script}" --if-enabled "')
        file = other.path / ".git" / "hooks" / name
        file.write_text(file.read_text().replace('"" "$@"', '"$@"').replace(' "" ', " "))
    other.switch("work/docs-1", "main")
    other.write({"top.txt": "out\n"})
    other.git("add", "--all")
    committed = other.try_git("commit", "-m", "Out")
    assert (committed.status, committed.err) == (0, "")
    pushed = other.try_git("push", "--quiet", "origin", "work/docs-1")
    assert (pushed.status, pushed.err) == (0, "")
    other.switch("main")
    other.commit({".lanes.toml": MANIFEST})
    other.switch("work/docs-1")
    other.write({"top.txt": "more\n"})
    other.git("add", "--all")
    assert masked(other.try_git("commit", "-m", "Out").err).startswith(
        "lanes: work/docs-1: 1 staged change is outside its lane"
    )
