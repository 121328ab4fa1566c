"""The hook files of `git lanes install`, run by the shells that /bin/sh can be."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from repos import Ended, Repo

from lanes.hookfile import KEPT, PROGRAMS, HookFile, is_untouched, read

SHELLS = [
    pytest.param(
        shell,
        marks=pytest.mark.skipif(not shutil.which(shell.split()[0]), reason=f"there is no {shell} here"),
    )
    for shell in ("sh", "dash", "bash", "busybox sh")
]
FED = ["pre-push", "pre-receive", "reference-transaction"]
OIDS = b"0" * 40, b"a" * 40
REFS = b"%b %b refs/heads/main\n" % OIDS
# What git could say in a hook's standard input, and what it never says.
INPUTS = {
    "nothing": b"",
    "one line": REFS,
    "no line break": b"x",
    "line breaks": b"\n\n\n",
    "any bytes": bytes(range(1, 256)) * 3 + b"%s \\n \\0 $(echo x) `echo x` refs/heads/\n\n",
    "100,000 refs": b"".join(b"%b %b refs/remotes/o/\xff%06d\n" % (*OIDS, n) for n in range(100_000)),
}


class Hook:
    """A hook file in a folder, with a program that writes down what it gets."""

    def __init__(self, folder: Path, file: HookFile) -> None:
        self.repo = Repo(folder)
        self.path = folder / "hooks" / file.hook
        self.path.parent.mkdir(parents=True)
        for name, path in (("python", file.python), ("program", file.program)):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(
                f'#!/bin/sh\necho "$@" >{name}.arguments\ncat >{name}.input\nexit $STATUS\n'
            )
            Path(path).chmod(0o755)
        self.path.write_bytes(file.text())
        self.path.chmod(0o755)

    def keep(self, script: str) -> None:
        kept = self.path.with_name(self.path.name + KEPT)
        kept.write_text(script)
        kept.chmod(0o755)

    def run(self, shell: str, *arguments: str, stdin: bytes = b"", status: int = 0) -> Ended:
        name = f"hooks/{self.path.name}"
        return self.repo.run(*shell.split(), name, *arguments, stdin=stdin, env={"STATUS": str(status)})

    def got(self, name: str) -> bytes | None:
        """Give what came on standard input of `python` or `kept`, None where that did not run."""
        file = self.repo.path / f"{name}.input"
        return file.read_bytes() if file.exists() else None

    def arguments(self, name: str) -> str:
        return (self.repo.path / f"{name}.arguments").read_text().strip()


KEPT_SCRIPT = '#!/bin/sh\necho "$@" >kept.arguments\ncat >kept.input\nexit ${KEPT_STATUS-0}\n'
DEAF = "#!/bin/sh\necho deaf\n"


def made(folder: Path, hook: str = "pre-push", **more: bool) -> Hook:
    return Hook(folder, HookFile(hook, f"{folder}/bin/python", f"{folder}/bin/{PROGRAMS[hook]}", **more))


ARGUMENTS = {"reference-transaction": ["prepared"], "pre-push": ["origin", "a b"]}


# -- What it runs


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("hook", list(PROGRAMS))
@pytest.mark.parametrize("status", [0, 1, 2])
def test_its_program_decides(tmp_path: Path, shell: str, hook: str, status: int) -> None:
    made_hook = made(tmp_path, hook)
    given = ARGUMENTS.get(hook, [])
    assert made_hook.run(shell, *given, stdin=REFS, status=status) == Ended(status, "", "")
    program = f"{tmp_path}/bin/{PROGRAMS[hook]}"
    assert made_hook.arguments("python") == " ".join(["-I", program, *given])
    assert made_hook.got("python") == REFS


def test_where_it_serves_many_repositories(tmp_path: Path) -> None:
    hook = made(tmp_path, if_enabled=True)
    hook.run("sh", "origin", "url")
    assert hook.arguments("python") == f"-I {tmp_path}/bin/lane-pre-push --if-enabled origin url"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("hook", list(PROGRAMS))
def test_what_was_there_runs_first(tmp_path: Path, shell: str, hook: str) -> None:
    made_hook = made(tmp_path, hook)
    made_hook.keep(KEPT_SCRIPT + "test ! -e python.input")
    given = ARGUMENTS.get(hook, [])
    assert made_hook.run(shell, *given, stdin=REFS, status=1) == Ended(1, "", "")
    assert made_hook.arguments("kept") == " ".join(given)
    if hook in FED:
        assert (made_hook.got("kept"), made_hook.got("python")) == (REFS, REFS)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("hook", list(PROGRAMS))
def test_where_that_fails_nothing_else_runs(tmp_path: Path, shell: str, hook: str) -> None:
    made_hook = made(tmp_path, hook)
    for script, status in ((f"{KEPT_SCRIPT}".replace("${KEPT_STATUS-0}", "7"), 7), ("kill -9 $$", 137)):
        made_hook.keep(f"#!/bin/sh\n{script}\n" if status == 137 else script)
        ended = made_hook.run(shell, *ARGUMENTS.get(hook, []), stdin=REFS)
        assert (ended.status, made_hook.got("python")) == (status, None)


@pytest.mark.parametrize("hook", list(PROGRAMS))
def test_what_may_not_be_executed_does_not_run(tmp_path: Path, hook: str) -> None:
    """So git does with a hook."""
    made_hook = made(tmp_path, hook)
    made_hook.keep("exit 9")
    made_hook.path.with_name(hook + KEPT).chmod(0o644)
    assert made_hook.run("sh", *ARGUMENTS.get(hook, []), stdin=REFS) == Ended(0, "", "")
    assert made_hook.got("python") == REFS


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", list(INPUTS))
@pytest.mark.parametrize("hook", ["pre-push", "pre-receive"])
def test_standard_input_arrives_byte_by_byte(tmp_path: Path, shell: str, name: str, hook: str) -> None:
    made_hook = made(tmp_path, hook)
    assert made_hook.run(shell, stdin=INPUTS[name]) == Ended(0, "", "")
    assert made_hook.got("python") == INPUTS[name]
    made_hook.keep(KEPT_SCRIPT)
    assert made_hook.run(shell, stdin=INPUTS[name]) == Ended(0, "", "")
    assert (made_hook.got("kept"), made_hook.got("python")) == (INPUTS[name], INPUTS[name])
    made_hook.keep(DEAF)
    assert made_hook.run(shell, stdin=INPUTS[name]) == Ended(0, "deaf\n", "")
    assert made_hook.got("python") == INPUTS[name]


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_whatever_the_language(tmp_path: Path, locale: str) -> None:
    hook = made(tmp_path)
    hook.keep(KEPT_SCRIPT)
    for shell in ("dash", "bash"):
        ended = hook.repo.run(
            shell, "hooks/pre-push", stdin=INPUTS["any bytes"], env={"LC_ALL": locale, "STATUS": "0"}
        )
        assert ended == Ended(0, "", "")
        assert hook.got("python") == INPUTS["any bytes"]


def test_standard_input_that_is_closed_ends_it(tmp_path: Path) -> None:
    for hook in FED:
        made_hook = made(tmp_path / hook, hook)
        made_hook.keep(KEPT_SCRIPT)
        ended = made_hook.repo.run("sh", "-c", f"sh hooks/{hook} prepared <&-")
        assert (ended.status, made_hook.got("kept"), made_hook.got("python")) == (2, None, None)


# -- Reference transactions


@pytest.mark.parametrize("shell", SHELLS)
def test_python_starts_for_branches_about_to_change(tmp_path: Path, shell: str) -> None:
    hook = made(tmp_path, "reference-transaction")
    others = b"%b %b HEAD\n%b %b refs/tags/refs/heads/x\nref:refs/heads/main ref:refs/heads/x HEAD\n" % (
        OIDS * 2
    )
    for state, given in [
        ("prepared", b""),
        ("prepared", others),
        ("preparing", REFS),
        ("committed", REFS),
        ("aborted", REFS),
    ]:
        assert hook.run(shell, state, stdin=given, status=1) == Ended(0, "", "")
        assert hook.got("python") is None
    assert hook.run(shell, "prepared", stdin=others + REFS, status=1) == Ended(1, "", "")
    assert hook.got("python") == others + REFS


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", list(INPUTS))
def test_what_was_there_gets_every_state(tmp_path: Path, shell: str, name: str) -> None:
    hook = made(tmp_path, "reference-transaction")
    hook.keep(KEPT_SCRIPT)
    for state in ("preparing", "prepared", "committed", "aborted"):
        assert hook.run(shell, state, stdin=INPUTS[name]) == Ended(0, "", "")
        assert (hook.arguments("kept"), hook.got("kept")) == (state, INPUTS[name])


# -- Where its program is gone


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("gone", ["bin/python", "bin"])
@pytest.mark.parametrize("hook", list(PROGRAMS))
def test_it_fails_closed(tmp_path: Path, shell: str, gone: str, hook: str) -> None:
    made_hook = made(tmp_path, hook)
    os.rename(tmp_path / gone, tmp_path / "away")
    where, option = (" on the server", " --server") if hook == "pre-receive" else ("", "")
    message = (
        f"lanes: could not judge: {tmp_path}/bin/{PROGRAMS[hook]} does not run{where} any more;"
        f" install git-lanes again, then run: git lanes install{option}\n"
    )
    given = ARGUMENTS.get(hook, [])
    assert made_hook.run(shell, *given, stdin=REFS) == Ended(2, "", message)
    made_hook.keep(KEPT_SCRIPT)
    assert made_hook.run(shell, *given, stdin=REFS) == Ended(2, "", message)
    assert (made_hook.got("kept") is not None, made_hook.got("python")) == (True, None)


def test_python_that_does_not_start_fails_closed(tmp_path: Path) -> None:
    """A virtual environment whose Python was taken away holds a link to nothing."""
    hook = made(tmp_path)
    python = tmp_path / "bin" / "python"
    python.write_bytes(b"#!/no/such/interpreter\n")
    assert hook.run("sh", stdin=REFS).status in (126, 127)
    python.unlink()
    python.symlink_to("/no/such/python")
    assert hook.run("sh", stdin=REFS).status == 2


# -- Paths


@pytest.mark.parametrize("shell", SHELLS)
def test_a_path_may_hold_any_byte(tmp_path: Path, shell: str) -> None:
    odd = bytes(byte for byte in range(1, 256) if byte != ord("/"))
    folder = os.path.join(os.fsencode(tmp_path), odd[:120], odd[120:])
    python, program = (os.fsdecode(os.path.join(folder, name)) for name in (b"python", b"lane-pre-push"))
    file = HookFile("pre-push", python, program)
    hook = Hook(tmp_path, file)
    assert hook.run(shell, stdin=REFS) == Ended(0, "", "")
    assert hook.got("python") == REFS
    assert read(file.text()) == file
    os.remove(os.fsencode(program))
    ended = hook.run(shell, stdin=REFS)
    assert (ended.status, ended.err.count("\n")) == (2, 1)
    assert all(character.isprintable() for character in ended.err[:-1])


# -- Its text


FILES = [
    HookFile(hook, "/usr/bin/python3", f"/opt/git lanes/{program}", **more)
    for hook, program in PROGRAMS.items()
    for more in (
        {},
        {"alone": True},
        {"if_enabled": True, "folders": 2},
        {
            "pusher": "GL_USERNAME",
            "settings": (("receive.fsckObjects", "true"), ("lanes.pusherVariable", "X_Y")),
        },
    )
]


@pytest.mark.parametrize("file", FILES)
def test_it_is_known_again(file: HookFile) -> None:
    assert read(file.text()) == file
    assert is_untouched(file.text())


OLD = b"#!/bin/sh\necho old\n"


def test_another_file_is_not_ours() -> None:
    assert not is_untouched(OLD)
    for content in (
        OLD,
        b"",
        b"#!/bin/sh\n",
        b"#!/bin/sh\n# git-lanes: update; x\n",
        b"\n" + FILES[0].text(),
    ):
        assert read(content) is None


@pytest.mark.parametrize("file", FILES)
def test_a_changed_file_is_ours_but_not_whole(file: HookFile) -> None:
    text = file.text()
    changes = [text.replace(b"exit 2", b"exit 0"), text[: len(text) // 2], text + b"exit 0\n", text + b"'\n"]
    for changed in changes:
        found = read(changed)
        assert found is not None
        assert not is_untouched(changed)


@pytest.mark.parametrize("file", FILES)
def test_no_manager_takes_it_for_its_own(file: HookFile) -> None:
    """Lefthook overwrites files that hold this word; lane-pre-push looks for its name in pre-push.legacy."""
    assert b"LEFTHOOK" not in file.text()
    assert PROGRAMS[file.hook].encode() in file.text()


def test_shellcheck_has_nothing_to_say(tmp_path: Path) -> None:
    for number, file in enumerate(FILES):
        (tmp_path / f"{number}").write_bytes(file.text())
    names = [str(number) for number in range(len(FILES))]
    done = subprocess.run(
        ["shellcheck", "--norc", "--shell=sh", "--severity=style", *names],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_pusher_is_named_to_its_program_alone(tmp_path: Path) -> None:
    """A server that shares one file between its repositories may hide its configuration from hooks."""
    file = HookFile(
        "pre-receive", f"{tmp_path}/bin/python", f"{tmp_path}/bin/lane-pre-receive", pusher="GL_USER"
    )
    hook = Hook(tmp_path, file)
    ask = "git config --get-regexp '^lanes' >{}.config; echo\n"
    Path(file.python).write_text("#!/bin/sh\n" + ask.format("python"))
    hook.keep("#!/bin/sh\n" + ask.format("kept"))
    mode = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "lanes.mode", "GIT_CONFIG_VALUE_0": "warn"}
    for before in ({}, mode):
        assert hook.repo.run("sh", "hooks/pre-receive", env=before).status == 0
        line = "lanes.mode warn\n" if before else ""
        assert (tmp_path / "python.config").read_text() == line + "lanes.pushervariable GL_USER\n"
        assert (tmp_path / "kept.config").read_text() == line


def test_older_files_are_known_by_their_first_lines() -> None:
    file = replace(FILES[0], folders=3)
    older = file.text().replace(b"lanes() {\n", b"echo old\nlanes() {\n")
    assert read(older) == file
