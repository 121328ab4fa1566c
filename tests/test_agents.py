"""`git lanes install --agent`: what it writes for each coding agent, beside what is there, and what it says.

The agents themselves are in `tests/agents`.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from installing import IN_PLACE, NOTHING, lanes, put, snapshot
from repos import MANIFEST, Ended, Repo, make_repo, masked

from lanes.agents import HOSTS

FILES = {
    "claude": ".claude/settings.json",
    "codex": ".codex/hooks.json",
    "gemini": ".gemini/settings.json",
    "copilot": ".github/hooks/git-lanes.json",
    "cursor": ".cursor/hooks.json",
    "opencode": ".opencode/plugin/git-lanes.js",
}
JSON = [host for host, file in FILES.items() if file.endswith(".json")]
SAYS = {
    "claude": {
        "hooks": {
            "PreToolUse": [
                {
                    "matcher": "Edit|Write|MultiEdit|NotebookEdit|Bash|mcp__.*",
                    "hooks": [
                        {
                            "type": "command",
                            "command": "lane-guard --host claude || exit 2",
                            "timeout": 60,
                            "onFailure": "block",
                        }
                    ],
                }
            ]
        }
    },
    "codex": {
        "hooks": {
            "PreToolUse": [
                {
                    "matcher": "apply_patch|Edit|Write|Bash|mcp__.*",
                    "hooks": [
                        {"type": "command", "command": "lane-guard --host codex || exit 2", "timeout": 60}
                    ],
                }
            ]
        }
    },
    "gemini": {
        "hooks": {
            "BeforeTool": [
                {
                    "matcher": "write_file|replace|run_shell_command|mcp_.*",
                    "hooks": [
                        {
                            "type": "command",
                            "name": "lane-guard",
                            "command": "lane-guard --host gemini || exit 2",
                            "timeout": 60000,
                        }
                    ],
                }
            ]
        }
    },
    "copilot": {
        "version": 1,
        "hooks": {
            "preToolUse": [
                {"type": "command", "bash": "lane-guard --host copilot || exit 2", "timeoutSec": 60}
            ]
        },
    },
    "cursor": {
        "version": 1,
        "hooks": {
            "preToolUse": [
                {"command": "lane-guard --host cursor || exit 2", "failClosed": True, "timeout": 60}
            ]
        },
    },
}
TRUST = {
    "claude": "  note: Claude Code runs it once you trust the folder, which it asks for where it is new\n",
    "codex": "  note: Codex reads it from the main work tree, for all worktrees, and passes over it without a"
    " word until you trust it: start codex there, and see /hooks\n",
    "gemini": "  note: Gemini CLI asks whether you trust the folder, where folder trust is on\n",
    "copilot": "  note: Copilot CLI passes over it, without a word, in a folder that you have not trusted;"
    " the cloud agent reads it from the default branch alone;"
    " Copilot CLI runs the hooks of .claude/settings.json, too, so with both it asks twice\n",
    "cursor": "  note: Cursor runs it in a workspace that you trust\n",
    "opencode": "",
}
OTHERS = {
    "permissions": {"allow": ["Bash(ls:*)"]},
    "hooks": {
        event: [
            {"matcher": "Read", "hooks": [{"type": "command", "command": "my-lane-guard"}]},
            {"command": "audit lane-guard", "bash": "audit"},
        ]
        for event in ("PreToolUse", "BeforeTool", "preToolUse", "Stop")
    },
    "version": 1,
}


@pytest.fixture(autouse=True)
def _guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with a program lane-guard."""
    put(tmp_path / "bin" / "lane-guard", "#!/bin/sh\ncat >&2\nexit ${STATUS-0}\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def guarded(clone: Repo) -> Repo:
    """The clone; its main protects the agents' files."""
    files = ", ".join(f'"/{file}"' for file in FILES.values())
    clone.commit({".lanes.toml": MANIFEST.replace('["/ci/"]', f'["/ci/", {files}]')}, "Protect")
    assert clone.push("main").status == 0
    return clone


def absent(host: str) -> str:
    return f"  note: commit {FILES[host]} on main: a worktree or a clone has only what is tracked\n"


def notes(host: str) -> str:
    free = "so that no lane may write it, add to [defaults] protected in .lanes.toml:"
    return f'{absent(host)}  note: {free} "/{FILES[host]}"\n{TRUST[host]}'


def made(host: str) -> list[str]:
    parents = [str(folder) for folder in reversed(Path(FILES[host]).parents)][1:]
    return [f"the folder clone/{folder}\n" for folder in parents]


def says(clone: Repo, host: str) -> object:
    return json.loads((clone.path / FILES[host]).read_bytes())


def in_place(host: str) -> str:
    return f"  in place: clone/{FILES[host]}, which calls lane-guard\n"


# -- Nothing is there


@pytest.mark.parametrize("host", FILES)
def test_install_and_uninstall(clone: Repo, host: str) -> None:
    before = snapshot(clone.path)
    written = "".join(f"  made: {folder}" for folder in made(host))
    written += f"  written: clone/{FILES[host]}, which calls lane-guard\n"
    would = "lanes: --dry-run changes nothing; to install, this would be done\n"
    assert lanes(clone, "install", "--agent", host, "--dry-run") == (0, would + written + notes(host))
    assert snapshot(clone.path) == before
    assert lanes(clone, "install", "--agent", host) == (0, "lanes: installed\n" + written + notes(host))
    after = snapshot(clone.path)
    assert after[FILES[host]][0] == 0o644
    assert lanes(clone, "install", "--agent", host) == (0, IN_PLACE + in_place(host) + notes(host))
    assert snapshot(clone.path) == after
    removed = f"  removed: clone/{FILES[host]}\n"
    removed += "".join(f"  removed: {folder}" for folder in reversed(made(host)))
    would = "lanes: --dry-run changes nothing; to uninstall, this would be done\n"
    assert lanes(clone, "uninstall", "--agent", host, "--dry-run") == (0, would + removed)
    assert snapshot(clone.path) == after
    assert lanes(clone, "uninstall", "--agent", host) == (0, "lanes: uninstalled\n" + removed)
    assert snapshot(clone.path) == before
    assert lanes(clone, "uninstall", "--agent", host) == (0, NOTHING)


@pytest.mark.parametrize("host", JSON)
def test_what_is_written(clone: Repo, host: str) -> None:
    lanes(clone, "install", "--agent", host)
    assert (clone.path / FILES[host]).read_text() == json.dumps(SAYS[host], indent=2) + "\n"


def test_several_at_once_and_below_the_root(guarded: Repo) -> None:
    before = snapshot(guarded.path)
    below = Repo(guarded.path / "docs")
    agents = [f"--agent={host}" for host in (*FILES, "claude")]
    assert below.script("git-lanes", "install", *agents).status == 0
    assert {name for name in snapshot(guarded.path) if name not in before} >= set(FILES.values())
    guarded.commit({}, "Guard")
    guarded.push("main")
    everything = "".join(map(in_place, FILES)) + "".join(TRUST.values())
    assert lanes(guarded, "install", *agents) == (0, IN_PLACE + everything)
    assert below.script("git-lanes", "uninstall", *agents).status == 0
    assert snapshot(guarded.path).keys() - before.keys() == {
        name for name in snapshot(guarded.path) if name.startswith(".git/") and name not in before
    }


def test_without_a_manifest_and_a_guard(repo: Repo, tmp_path: Path) -> None:
    path = os.pathsep.join({str(Path(shutil.which(name) or "").parent) for name in ("git", "sh")})
    status, said = lanes(repo, "install", "--agent", "cursor", env={"PATH": path})
    assert (status, said) == (
        0,
        "lanes: installed\n"
        "  made: the folder repo/.cursor\n"
        "  written: repo/.cursor/hooks.json, which calls lane-guard\n"
        + absent("cursor")
        + TRUST["cursor"]
        + "  note: lane-guard is not in PATH here;"
        " an agent that does not find it either is refused every edit\n",
    )


# -- Something is there


@pytest.mark.parametrize("host", JSON)
@pytest.mark.parametrize("indent", [None, 2, 4, "\t"])
def test_what_is_there_stays(guarded: Repo, host: str, indent: int | str | None) -> None:
    file = put(guarded.path / FILES[host], json.dumps(OTHERS, indent=indent), 0o600)
    before = snapshot(guarded.path)
    changed = f"lanes: installed\n  changed: clone/{FILES[host]}, which calls lane-guard\n"
    assert lanes(guarded, "install", "--agent", host) == (0, changed + absent(host) + TRUST[host])
    event, (entry,) = next(iter(SAYS[host]["hooks"].items()))  # type: ignore[index]
    hooks: Mapping[str, list[object]] = OTHERS["hooks"]  # type: ignore[assignment]
    assert says(guarded, host) == OTHERS | {"hooks": hooks | {event: [*hooks[event], entry]}}
    assert file.stat().st_mode & 0o777 == 0o600
    after = snapshot(guarded.path)
    assert lanes(guarded, "install", "--agent", host)[1].startswith(IN_PLACE + in_place(host))
    assert snapshot(guarded.path) == after
    back = f"lanes: uninstalled\n  changed: clone/{FILES[host]}, which does not call lane-guard any more\n"
    assert lanes(guarded, "uninstall", "--agent", host) == (0, back)
    assert snapshot(guarded.path) == before


@pytest.mark.parametrize(
    ("host", "off", "on"),
    [
        ("claude", {"disableAllHooks": True}, {"disableAllHooks": False}),
        ("gemini", {"hooksConfig": {"enabled": False}}, {"hooksConfig": {"enabled": True}}),
    ],
)
def test_all_hooks_are_turned_off(guarded: Repo, host: str, off: object, on: object) -> None:
    put(guarded.path / FILES[host], json.dumps(on))
    assert lanes(guarded, "install", "--agent", host)[0] == 0
    text = (guarded.path / FILES[host]).read_text()
    put(guarded.path / FILES[host], text.replace(json.dumps(on)[1:-1], json.dumps(off)[1:-1]))
    guarded.commit({}, "Guard")
    guarded.push("main")
    key = "disableAllHooks" if host == "claude" else "hooksConfig.enabled"
    mend = f"take {key} out of clone/{FILES[host]}; it turns all hooks off\n"
    expected = f"lanes: nothing was installed\n{in_place(host)}{TRUST[host]}  to do: {mend}"
    assert lanes(guarded, "install", "--agent", host) == (1, expected)
    assert of_agents(guarded) == [f"  warning: {host}: {mend[:-1]}"]


@pytest.mark.parametrize(
    "hook",
    [
        {"command": "lane-guard --host claude"},
        {"command": "/opt/lanes/bin/lane-guard --host claude || exit 2", "timeout": 60},
        {"command": "lane-guard", "args": ["--host", "claude"], "onFailure": "block"},
    ],
)
def test_an_older_one_is_brought_up_to_date(clone: Repo, hook: dict[str, object]) -> None:
    group = {"matcher": "Edit", "hooks": [{"type": "command"} | hook]}
    other = {"type": "command", "command": "audit"}
    mixed = {"matcher": "Bash", "hooks": [other, {"type": "command"} | hook]}
    put(clone.path / FILES["claude"], json.dumps({"hooks": {"PreToolUse": [group, mixed]}}, indent=2))
    assert lanes(clone, "install", "--agent", "claude")[0] == 0
    ours = SAYS["claude"]["hooks"]["PreToolUse"]  # type: ignore[index]
    assert says(clone, "claude") == {"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [other]}, *ours]}}


def test_ours_stays_where_it_is(clone: Repo) -> None:
    lanes(clone, "install", "--agent", "codex")
    document = SAYS["codex"]["hooks"]["PreToolUse"] + [{"matcher": "x", "hooks": []}]  # type: ignore[index]
    put(clone.path / FILES["codex"], json.dumps({"hooks": {"PreToolUse": document}}))
    before = snapshot(clone.path)
    assert lanes(clone, "install", "--agent", "codex")[1].startswith(IN_PLACE)
    assert snapshot(clone.path) == before


def test_an_older_plugin(clone: Repo) -> None:
    lanes(clone, "install", "--agent", "opencode")
    file = clone.path / FILES["opencode"]
    program = file.read_text()
    put(file, program.replace("60000", "1000"))
    assert lanes(clone, "install", "--agent", "opencode")[0] == 0
    assert file.read_text() == program


# -- What can't be


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            '{\n  // ours\n  "a": 1\n}',
            "line 2, column 3: Expecting property name enclosed in double quotes;"
            " it must be JSON, without comments",
        ),
        ("\n", "line 2, column 1: Expecting value; it must be JSON, without comments"),
        ("[]", "all of it is not an object"),
        ('{"hooks": []}', "hooks is not an object"),
        ('{"hooks": {"PreToolUse": 1}}', "hooks.PreToolUse is not a list"),
    ],
)
def test_another_file(clone: Repo, content: str, why: str) -> None:
    put(clone.path / FILES["claude"], content)
    before = snapshot(clone.path)
    refused = f"lanes: could not install: clone/.claude/settings.json: {why}\n"
    assert lanes(clone, "install", "--agent", "cursor", "--agent", "claude") == (2, refused)
    assert snapshot(clone.path) == before


def test_a_strangers_plugin(clone: Repo) -> None:
    put(clone.path / FILES["opencode"], "export const Mine = 1\n")
    before = snapshot(clone.path)
    refused = "clone/.opencode/plugin/git-lanes.js: git-lanes did not write it; move it away\n"
    assert lanes(clone, "install", "--agent", "opencode") == (2, f"lanes: could not install: {refused}")
    assert lanes(clone, "uninstall", "--agent", "opencode") == (0, NOTHING)
    assert snapshot(clone.path) == before


@pytest.mark.parametrize("link", [".claude", ".claude/settings.json"])
def test_a_link(clone: Repo, tmp_path: Path, link: str) -> None:
    put(tmp_path / "elsewhere" / "settings.json", "{}")
    target = tmp_path / "elsewhere" / ("" if link == ".claude" else "settings.json")
    (clone.path / link).parent.mkdir(exist_ok=True)
    (clone.path / link).symlink_to(target)
    before = snapshot(tmp_path / "elsewhere"), snapshot(clone.path)
    for verb in ("install", "uninstall"):
        why = f"clone/{link} is a symbolic link, and git-lanes writes through none; move it away"
        assert lanes(clone, verb, "--agent", "claude") == (2, f"lanes: could not {verb}: {why}\n")
    assert (snapshot(tmp_path / "elsewhere"), snapshot(clone.path)) == before


def test_no_file_at_all(clone: Repo) -> None:
    (clone.path / FILES["codex"]).mkdir(parents=True)
    why = "clone/.codex/hooks.json is no file; move it away"
    assert lanes(clone, "install", "--agent", "codex") == (2, f"lanes: could not install: {why}\n")
    (clone.path / FILES["gemini"]).parent.mkdir()
    (clone.path / FILES["gemini"]).write_bytes(b"\xff")
    why = "clone/.gemini/settings.json is not UTF-8"
    assert lanes(clone, "uninstall", "--agent", "gemini") == (2, f"lanes: could not uninstall: {why}\n")


def test_all_or_nothing(clone: Repo) -> None:
    """What was changed already gets its content and its mode back when the last file can't be written."""
    put(clone.path / FILES["gemini"], "{}", 0o600)
    put(clone.path / ".cursor")
    before = snapshot(clone.path)
    agents = ("--agent", "gemini", "--agent", "claude", "--agent", "cursor")
    status, said = lanes(clone, "install", *agents)
    assert (status, said.endswith(": Not a directory; nothing was changed\n")) == (2, True)
    assert snapshot(clone.path) == before


def test_where_it_can_t_be(clone: Repo, tmp_path: Path) -> None:
    bare = make_repo(tmp_path / "bare.git", "--bare")
    message = "lanes: could not install: there is no work tree here; run it in one\n"
    assert lanes(bare, "install", "--agent", "claude") == (2, message)
    usage = "  Usage: git-lanes {} [OPTIONS]\n"
    alone = "lanes: --agent is for a work tree; what else is to be installed takes a command more\n"
    for verb, more in (("install", "--strict"), ("install", "--server"), ("uninstall", "--server")):
        assert lanes(clone, verb, "--agent", "claude", more) == (2, alone + usage.format(verb))
    hosts = ", ".join(f"'{host}'" for host in HOSTS)
    status, said = lanes(clone, "install", "--agent", "x")
    assert (status, said) == (
        2,
        f"lanes: Invalid value for '--agent': 'x' is not one of {hosts}.\n" + usage.format("install"),
    )


# -- What an agent's shell does with it


@pytest.mark.parametrize("host", JSON)
def test_a_line_for_a_shell_fails_closed(clone: Repo, tmp_path: Path, host: str) -> None:
    lanes(clone, "install", "--agent", host)
    ((event,),) = (says(clone, host)["hooks"].values(),)  # type: ignore[index]
    hook = event[0].get("hooks", event)[0]
    line = hook.get("command", hook.get("bash"))
    expected = {0: 0, 1: 2, 2: 2, 127: 2, 130: 2}
    ended = {
        status: clone.run("sh", "-c", line, stdin=b"{}", env={"STATUS": str(status)}) for status in expected
    }
    assert ended == {status: Ended(now, "", "{}") for status, now in expected.items()}
    (tmp_path / "bin" / "lane-guard").unlink()
    path = os.pathsep.join({str(Path(shutil.which(name) or "").parent) for name in ("sh", "env")})
    gone = clone.run("env", f"PATH={path}", "sh", "-c", line)
    assert (gone.status, gone.out, "lane-guard" in gone.err) == (2, "", True)


# -- What doctor says of it


def of_agents(clone: Repo) -> list[str]:
    """Give what `git lanes doctor` says of agents."""
    said = masked(lanes(clone, "doctor")[1]).splitlines()
    return [line for line in said if any(f" {host}: " in line for host in FILES)]


def test_doctor(clone: Repo, tmp_path: Path) -> None:
    assert of_agents(clone) == []
    lanes(clone, "install", "--agent", "claude", "--agent", "codex")
    put(clone.path / FILES["gemini"], "{}")
    put(clone.path / FILES["cursor"], "{")
    not_tracked = "is not tracked, so other worktrees have none; commit it"
    install = "run: git lanes install --agent"
    gemini = (
        f"  gemini: clone/.gemini/settings.json does not call lane-guard; to stop edits, {install} gemini"
    )
    assert of_agents(clone) == [
        f"  warning: claude: clone/.claude/settings.json {not_tracked}",
        f"  warning: codex: clone/.codex/hooks.json {not_tracked}",
        gemini,
        "  warning: cursor: clone/.cursor/hooks.json: line 1, column 2: Expecting property name enclosed in"
        " double quotes; it must be JSON, without comments",
    ]
    clone.commit({FILES["cursor"]: None}, "Guard")
    file = clone.path / FILES["codex"]
    file.write_text(file.read_text().replace(" || exit 2", ""))
    other_way = "calls lane-guard in another way than it should"
    codex = f"  warning: codex: clone/.codex/hooks.json {other_way}; {install} codex"
    assert of_agents(clone) == ["  claude: clone/.claude/settings.json calls lane-guard", codex, gemini]
