"""lane-guard: what an agent's host tells it, and what it answers, on real repositories with worktrees."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from fakes import fake_git, started
from hypothesis import given
from hypothesis import strategies as st
from repos import MANIFEST, SCRIPTS, Ended, Repo, make_repo, masked
from test_fuzz import fuzzed

from lanes import hosts
from lanes.acts import acts
from lanes.errors import CannotJudge

Said = dict[str, Any]


def claude(cwd: Path, path: str) -> Said:
    return {
        "session_id": "7114",
        "transcript_path": "/home/x.jsonl",
        "cwd": str(cwd),
        "prompt_id": "97c3",
        "permission_mode": "acceptEdits",
        "effort": {"level": "medium"},
        "hook_event_name": "PreToolUse",
        "tool_name": "Write",
        "tool_input": {"file_path": str(cwd / path), "content": "x"},
        "tool_use_id": "toolu_1",
    }


def codex(cwd: Path, path: str) -> Said:
    return {
        "session_id": "01a2",
        "turn_id": "01a2",
        "transcript_path": "/home/x.jsonl",
        "cwd": str(cwd),
        "hook_event_name": "PreToolUse",
        "model": "gpt-5.5",
        "permission_mode": "bypassPermissions",
        "tool_name": "apply_patch",
        "tool_input": {"command": f"*** Begin Patch\n*** Add File: {path}\n+x = 1\n*** End Patch\n"},
        "tool_use_id": "call_2",
    }


def gemini(cwd: Path, path: str) -> Said:
    arguments = {"file_path": path, "old_string": "w", "new_string": "w2", "instruction": "x"}
    return {
        "session_id": "7",
        "transcript_path": "/home/x.json",
        "cwd": str(cwd),
        "hook_event_name": "BeforeTool",
        "timestamp": "2026-11-22T21:49:36.541Z",
        "tool_name": "replace",
        "tool_input": arguments,
    }


def copilot(cwd: Path, path: str) -> Said:
    return {
        "sessionId": "37b1",
        "timestamp": 1795384147525,
        "cwd": str(cwd),
        "toolName": "create",
        "toolArgs": {"path": str(cwd / path), "file_text": "x"},
    }


def cursor(cwd: Path, path: str) -> Said:
    return {
        "conversation_id": "c",
        "generation_id": "g",
        "model": "m",
        "cursor_version": "3.9.16",
        "workspace_roots": [str(cwd)],
        "user_email": "ann@example.org",
        "transcript_path": None,
        "hook_event_name": "preToolUse",
        "tool_name": "Write",
        "tool_input": {"file_path": path, "content": "x"},
        "cwd": "",
    }


def opencode(cwd: Path, path: str) -> Said:
    return {"cwd": str(cwd), "tool_name": "write", "tool_input": {"filePath": path, "content": "x"}}


EDITS: dict[str, Callable[[Path, str], Said]] = {
    "claude": claude,
    "codex": codex,
    "gemini": gemini,
    "copilot": copilot,
    "cursor": cursor,
    "opencode": opencode,
}
COMMANDS = {
    "claude": ("tool_name", "Bash", "tool_input", {"description": "x", "timeout": 1000}),
    "codex": ("tool_name", "Bash", "tool_input", {}),
    "gemini": ("tool_name", "run_shell_command", "tool_input", {}),
    "copilot": ("toolName", "bash", "toolArgs", {"description": "x"}),
    "cursor": ("tool_name", "Shell", "tool_input", {}),
    "opencode": ("tool_name", "bash", "tool_input", {}),
}


def runs(host: str, cwd: Path, command: str) -> Said:
    """Give what a host says before a shell command runs."""
    name_key, name, key, more = COMMANDS[host]
    return {**EDITS[host](cwd, "x"), name_key: name, key: {"command": command, **more}}


def guard(repo: Repo, said: Said | bytes, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
    stdin = said if isinstance(said, bytes) else json.dumps(said).encode()
    return repo.script("lane-guard", *arguments, stdin=stdin, env=env)


def edit(repo: Repo, path: str | Path, env: Mapping[str, str] | None = None) -> Ended:
    """Have an agent in *repo* edit a file, in a host that takes stderr for the reason."""
    said = {"cwd": str(repo.path), "tool_name": "edit", "tool_input": {"filePath": str(path)}}
    return guard(repo, said, "--host", "opencode", env=env)


def refused(ended: Ended) -> str:
    """Give the first line of a refusal, which must be all that there is."""
    assert (ended.status, ended.out) == (2, ""), ended
    return ended.err.split("\n")[0].removeprefix("lanes: ")


PASSED = Ended(0, "", "")


@pytest.fixture
def docs(clone: Repo) -> Repo:
    """The worktree of an agent with the lane "docs"; beside it stand those of two others."""
    for name, branch in (("docs", "work/docs-1"), ("api", "work/api-1"), ("review", "review/1")):
        clone.git("worktree", "add", "--quiet", "-b", branch, f"../{name}", "main")
    return Repo(clone.path.parent / "docs")


def beside(repo: Repo, name: str) -> Repo:
    return Repo(repo.path.parent / name)


# -- What the hosts say, and read

REASON = """\
lanes: api/new.py is outside lane "docs" of work/docs-1; lane "api" may write it
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
    keep to your lane; who may write this: git lanes why api/new.py
    or ask the integrator to run: git lanes allow docs api/new.py"""


def denial(host: str) -> tuple[int, object, str]:
    """Give the exit status, the JSON on stdout and stderr by which a host learns of the refusal above."""
    decision = {"permissionDecision": "deny", "permissionDecisionReason": REASON}
    said: dict[str, object] = {
        "claude": {"hookSpecificOutput": {"hookEventName": "PreToolUse", **decision}},
        "codex": {"hookSpecificOutput": {"hookEventName": "PreToolUse", **decision}},
        "gemini": {"decision": "deny", "reason": REASON},
        "copilot": decision,
        "cursor": {"permission": "deny", "user_message": REASON},
    }
    return (0, said[host], "") if host in said else (2, None, REASON + "\n")


def answer(ended: Ended) -> tuple[int, object, str]:
    said = json.loads(masked(ended.out)) if ended.out else None
    assert ended.out.count("\n") == (1 if ended.out else 0)
    return ended.status, said, masked(ended.err)


@pytest.mark.parametrize("host", EDITS)
@pytest.mark.parametrize("named", [True, False])
def test_an_edit_outside_is_refused(docs: Repo, host: str, named: bool) -> None:
    if host == "opencode" and not named:
        pytest.skip("nothing in what its plugin says names it")
    ended = guard(docs, EDITS[host](docs.path, "api/new.py"), *(["--host", host] if named else []))
    assert answer(ended) == denial(host)


@pytest.mark.parametrize("host", EDITS)
def test_an_edit_inside_passes(docs: Repo, host: str) -> None:
    allowed = {"permission": "allow"} if host == "cursor" else None
    assert answer(guard(docs, EDITS[host](docs.path, "docs/new.md"), "--host", host)) == (0, allowed, "")


@pytest.mark.parametrize("host", EDITS)
def test_a_command_is_read(docs: Repo, host: str) -> None:
    allowed = {"permission": "allow"} if host == "cursor" else None
    passed = guard(docs, runs(host, docs.path, "git status && ls api >/dev/null 2>&1"), f"--host={host}")
    assert answer(passed) == (0, allowed, "")
    ended = guard(docs, runs(host, docs.path, "echo >api/new.py"), f"--host={host}")
    assert answer(ended) == denial(host)


def test_every_path_of_a_patch_counts(docs: Repo) -> None:
    patch = """\
*** Begin Patch
*** Add File: docs/b.md
+*** Add File: is only text here
*** Update File: docs/a.md
*** Move to: api/a.md
@@
-a
+b
*** Delete File: top.txt
*** End Patch
"""
    said = {**codex(docs.path, ""), "tool_input": {"command": patch}}
    reason = json.loads(guard(docs, said).out)["hookSpecificOutput"]["permissionDecisionReason"]
    assert masked(reason).split("\n") == [
        'lanes: api/a.md is outside lane "docs" of work/docs-1; lane "api" may write it',
        '  top.txt is outside lane "docs" of work/docs-1; no lane may write it',
        "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID",
        "  next:",
        "    keep to your lane; who may write this: git lanes why api/a.md",
        "    or ask the integrator to run: git lanes allow docs api/a.md top.txt",
    ]


def test_a_line_of_an_update_is_no_header() -> None:
    patch = """\
*** Begin Patch
*** Update File: docs/a.md
 *** Delete File: docs/in-the-text
 *** Move to: docs/in-the-text
-a
+*** Add File: docs/in-the-text
 *** Update File: docs/in-the-text
*** Delete File: docs/b.md
  *** Add File: api/a.py
+a
 *** Delete File: top.txt
*** End Patch
"""
    assert list(hosts.patched(patch)) == ["docs/a.md", "docs/b.md", "api/a.py", "top.txt"]


TOOLS = [
    ("Edit", {"file_path": "api/a.py", "old_string": "a", "new_string": "b"}, False),
    ("MultiEdit", {"file_path": "api/a.py", "edits": [{"old_string": "a"}]}, False),
    ("NotebookEdit", {"notebook_path": "api/a.ipynb", "new_source": ""}, False),
    ("write_file", {"file_path": "api/a.py", "content": ""}, False),
    ("TabWrite", {"target_file": "api/a.py"}, False),
    ("Delete", {"path": "api/a.py"}, False),
    ("patch", {"patchText": "*** Begin Patch\n*** Delete File: api/a.py\n*** End Patch"}, False),
    ("apply_patch", {"input": "*** Begin Patch\n*** Delete File: api/a.py\n*** End Patch"}, False),
    ("str_replace_editor", {"command": "create", "path": "api/a.py", "file_text": ""}, False),
    ("mcp__fs__write_file", {"path": "api/a.py", "content": ""}, False),
    ("mcp__fs__move_file", {"source": "docs/a.md", "destination": "api/a.md"}, False),
    ("mcp__fs__edit_files", {"paths": ["docs/a.md", "api/a.md"]}, False),
    ("edit_many", {"edits": [{"path": "docs/a.md"}, {"path": "api/a.md"}]}, False),
    ("mcp__serena__replace_symbol_body", {"relative_path": "api/a.py", "body": ""}, False),
    ("mcp__serena__create_text_file", {"relativePath": "api/a.py", "content": ""}, False),
    ("mcp__jetbrains__createNewFile", {"pathInProject": "api/a.py", "text": ""}, False),
    ("mcp__fs__deleteFile", {"path": "api/a.py"}, False),
    ("apply_patch", {"input": "*** Begin Patch\n*** Delete File: api/a.py\n", "path": "docs/a.md"}, False),
    ("Write", {"file_path": "api/a.py", "content": "", "command": "view"}, False),
    ("str_replace_editor", {"command": "insert", "path": "api/a.py", "insert_line": 1}, False),
    ("exec_command", {"cmd": "echo >api/a.py"}, False),
    ("shell", {"command": ["bash", "-lc", "echo >api/a.py"]}, False),
    ("shell", {"command": ["bash", "-lc", "echo >a.py"], "workdir": "api"}, False),
    ("run_shell_command", {"command": "echo >a.py", "dir_path": "api"}, False),
    ("Read", {"file_path": "api/a.py"}, True),
    ("view", {"path": "api/a.py"}, True),
    ("str_replace_editor", {"command": "view", "path": "api/a.py"}, True),
    ("Grep", {"pattern": "x", "path": "api"}, True),
    ("Glob", {"pattern": "**", "path": "api"}, True),
    ("TodoWrite", {"todos": [{"content": "api/a.py"}]}, True),
    ("mcp__tracker__create_issue", {"title": "x", "body": "y"}, True),
    ("mcp__fs__stat", {"path": "api/a.py"}, True),
    ("mcp__fs__find_text", {"path": "api/a.py", "text": "a"}, True),
    ("mcp__dispatch__read", {"path": "api/a.py"}, True),
    ("mcp__github__create_pull_request_review", {"comments": [{"path": "api/a.py", "body": "x"}]}, True),
    ("mcp__github__add_comment_to_pending_review", {"path": "api/a.py", "body": "x"}, True),
    ("mcp__editor__str_replace_based_edit_tool", {"command": "view", "path": "api/a.py"}, True),
    ("mcp__serena__replace_symbol_body", {"relative_path": "docs/a.md", "name_path": "api/f"}, True),
    ("Edit", {"file_path": "docs/a.md", "old_string": "a", "new_string": "b"}, True),
    ("Write", {"file_path": "docs/p.md", "content": "*** Begin Patch\n*** Add File: api/x\n"}, True),
]


def test_tools(docs: Repo) -> None:
    for tool, arguments, passes in TOOLS:
        said = {"cwd": str(docs.path), "tool_name": tool, "tool_input": arguments}
        ended = guard(docs, said, "--host", "opencode")
        assert ended == PASSED if passes else " is outside lane " in refused(ended), (tool, arguments, ended)


def test_arguments_may_come_as_text(docs: Repo) -> None:
    said = {**copilot(docs.path, ""), "toolArgs": json.dumps({"path": "api/new.py", "file_text": ""})}
    assert answer(guard(docs, said)) == denial("copilot")
    said = {**copilot(docs.path, ""), "toolArgs": "*** Begin Patch\n*** Add File: api/new.py\n"}
    assert answer(guard(docs, {**said, "toolName": "apply_patch"})) == denial("copilot")


@pytest.mark.parametrize("nothing", [None, "null", {}])
def test_there_may_be_no_arguments(docs: Repo, nothing: object) -> None:
    said = {**copilot(docs.path, ""), "toolName": "list_bash", "toolArgs": nothing}
    assert guard(docs, said, "--host", "copilot") == PASSED


def test_cursors_event_before_a_command(docs: Repo) -> None:
    said = cursor(docs.path, "")
    said |= {"hook_event_name": "beforeShellExecution", "command": "echo >api/new.py", "cwd": str(docs.path)}
    del said["tool_name"], said["tool_input"]
    assert answer(guard(docs, said)) == denial("cursor")


def test_one_of_many_paths_is_told_of_in_a_command_that_widens_all(docs: Repo) -> None:
    patch = "\n".join(f"*** Add File: api/{number}" for number in range(30))
    said = {"cwd": str(docs.path), "tool_name": "patch", "tool_input": {"patchText": patch}}
    lines = guard(docs, said, "--host", "opencode").err.split("\n")
    assert lines[19] == '  api/19 is outside lane "docs" of work/docs-1; lane "api" may write it'
    assert lines[20] == "  … and 10 more"
    every = " ".join(f"api/{number}" for number in range(30))
    assert lines[-2] == f"    or ask the integrator to run: git lanes allow docs {every}"


def test_names_are_quoted(docs: Repo) -> None:
    name = "api/\x1b[31m\nlanes: all is well\u202e$(x)"
    lines = edit(docs, name).err.split("\n")
    assert len(lines) == 6
    assert all(line.isprintable() for line in lines)


# -- Where a path leads

OUTSIDE_API = 'api/a.py is outside lane "docs" of work/docs-1; lane "api" may write it'


REFUSED = [
    ("api/a.py", OUTSIDE_API),
    ("docs/../api/a.py", OUTSIDE_API),
    ("./api//a.py", OUTSIDE_API),
    ("../docs/api/a.py", OUTSIDE_API),
    ("top.txt", 'top.txt is outside lane "docs" of work/docs-1; no lane may write it'),
    ("docs", 'docs is outside lane "docs" of work/docs-1; no lane may write it'),
    ("ci/run", "ci/run is protected: only integration branches may write it"),
    (".lanes.toml", "WT/.lanes.toml sets up hooks or lanes: only integration branches may change it"),
    ("../clone/docs/a.md", "WT/../clone/docs/a.md lies in another worktree of this repository"),
    ("../api/api/a.py", "WT/../api/api/a.py lies in another worktree of this repository"),
    (".git", "WT/.git is git's own"),
    (".GIT/hooks/x", "WT/.GIT/hooks/x is git's own"),
    ("../clone/.git/hooks/pre-commit", "WT/../clone/.git/hooks/pre-commit is git's own"),
    (".claude/settings.json", None),
    (".claude/settings.local.json", None),
    ("docs/.claude/settings.json", None),
    (".claude/hooks/x.sh", None),
    (".codex/hooks.json", None),
    (".codex/config.toml", None),
    (".gemini/settings.json", None),
    (".github/hooks/lanes.json", None),
    (".cursor/hooks.json", None),
    (".opencode/plugin/lanes.js", None),
    (".opencode/plugins/lanes.js", None),
    ("opencode.json", None),
    (".pre-commit-config.yaml", None),
    ("lefthook.yml", None),
    (".lefthook/pre-push/lanes", None),
    (".husky/pre-commit", None),
]


def test_paths_that_may_not_be_written(docs: Repo) -> None:
    docs.git("rm", "-rq", "docs")
    for path, first in REFUSED:
        real = os.path.normpath(docs.path / path)
        if first is None:
            told = f"{real} sets up hooks or lanes: only integration branches may change it"
        else:
            told = real + first[first.index(" ") :] if "WT/" in first else first
        assert refused(edit(docs, path)) == told
        assert refused(edit(docs, docs.path / path)) == told


ALLOWED = [
    "docs/a.md",
    "docs/new/deep.md",
    "shared.txt",
    "api/../docs/a.md",
    "../docs/docs/a.md",
    "../elsewhere.txt",
    "/tmp/elsewhere.txt",
]


def test_paths_that_may_be_written(docs: Repo) -> None:
    assert {path: edit(docs, path) for path in ALLOWED} == dict.fromkeys(ALLOWED, PASSED)


def test_a_path_is_called_from_the_agents_folder(docs: Repo) -> None:
    said = {"cwd": str(docs.path / "docs"), "tool_name": "edit", "tool_input": {"filePath": "../api/x.py"}}
    lines = guard(docs, said, "--host", "opencode").err.split("\n")
    assert lines[3] == "    keep to your lane; who may write this: git lanes why ../api/x.py"
    assert lines[4] == "    or ask the integrator to run: git lanes allow docs api/x.py"


def test_the_worktree_that_holds_the_file_counts(docs: Repo, tmp_path: Path) -> None:
    """From a folder in no repository, each file is judged by the branch of its own worktree."""
    outside = Repo(tmp_path)
    assert edit(outside, docs.path / "docs" / "a.md") == PASSED
    assert edit(outside, beside(docs, "api").path / "api" / "a.py") == PASSED
    assert refused(edit(outside, docs.path / "api" / "a.py")) == OUTSIDE_API


def test_links(docs: Repo) -> None:
    links = {
        "docs/file": "../api/a.py",
        "docs/new": "../api/not-there-yet",
        "docs/folder": "../api",
        "docs/twice": "file",
        "docs/git": "../.git",
        "docs/other": "../../api/docs",
        "docs/good": "a.md",
        "api/good": "../docs/a.md",
        "docs/round": "round",
    }
    for name, target in links.items():
        os.symlink(target, docs.path / name)
    assert refused(edit(docs, "docs/file")) == OUTSIDE_API
    assert refused(edit(docs, "docs/new")).startswith("api/not-there-yet is outside")
    assert refused(edit(docs, "docs/folder/a.py")) == OUTSIDE_API
    assert refused(edit(docs, "docs/folder/../api/a.py")) == OUTSIDE_API
    assert refused(edit(docs, "docs/twice")) == OUTSIDE_API
    assert refused(edit(docs, "docs/git")) == f"{docs.path}/.git is git's own"
    assert refused(edit(docs, "docs/other/a.md")).endswith("lies in another worktree of this repository")
    assert edit(docs, "docs/good") == PASSED
    # Some tools write through a link, others put a file in its place.
    assert refused(edit(docs, "api/good")).startswith("api/good is outside")
    assert edit(docs, "docs/round") == PASSED


def test_the_agents_configuration_at_home(docs: Repo, tmp_path: Path) -> None:
    for name in (".claude/settings.json", ".codex/config.toml", ".config/opencode/plugin/x.js", ".gitconfig"):
        changed = "sets up hooks or lanes: only integration branches may change it"
        assert refused(edit(docs, tmp_path / name)) == f"{tmp_path / name} {changed}"
        assert edit(beside(docs, "clone"), tmp_path / name) == PASSED
    assert edit(docs, tmp_path / ".claude" / "CLAUDE.md") == PASSED


def test_the_folder_that_git_takes_hooks_from(docs: Repo, tmp_path: Path) -> None:
    docs.git("config", "core.hooksPath", "docs/hooks")
    changed = "sets up hooks or lanes: only integration branches may change it"
    assert refused(edit(docs, "docs/hooks/x")) == f"{docs.path}/docs/hooks/x {changed}"
    docs.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    assert refused(edit(docs, tmp_path / "hooks" / "x")) == f"{tmp_path}/hooks/x {changed}"
    assert edit(docs, "docs/hooks/x") == PASSED


def test_a_git_directory_of_another_name(clone: Repo, tmp_path: Path) -> None:
    clone.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    bare = Repo(tmp_path / "bare")
    bare.git("worktree", "add", "--quiet", "-b", "work/docs-1", str(tmp_path / "tree"), "main")
    tree = Repo(tmp_path / "tree")
    assert edit(tree, "docs/a.md") == PASSED
    assert refused(edit(tree, bare.path / "hooks" / "x")) == f"{bare.path}/hooks/x is git's own"


@pytest.mark.parametrize(
    ("bare", "tree"),
    [
        ("hub/.bare", "hub/docs"),  # with a file .git beside it
        ("hub/.git", "hub/docs"),
        ("hub.git", "docs"),
        ("hub.git", "hub.git/docs"),
        ("hub/.git", "hub/.git/worktrees/of/docs"),
    ],
)
def test_worktrees_of_a_bare_repository(clone: Repo, tmp_path: Path, bare: str, tree: str) -> None:
    """Its folders hold no work tree, and what is git's own; a worktree among them is none of that."""
    hub, docs = Repo(tmp_path / bare), Repo(tmp_path / tree)
    clone.git("clone", "--quiet", "--bare", ".", str(hub.path))
    if bare.endswith(".bare"):
        (hub.path.parent / ".git").write_text("gitdir: ./.bare\n")
    hub.git("worktree", "add", "--quiet", "-b", "work/docs-1", str(docs.path), "main")
    hub.git("worktree", "add", "--quiet", "-b", "work/api-1", str(docs.path.parent / "api"), "main")
    for folder in (docs, Repo(hub.path.parent), hub, Repo(tmp_path)):
        assert edit(folder, docs.path / "docs" / "a.md") == PASSED
        assert refused(edit(folder, docs.path / "api" / "a.py")).startswith("api/a.py is outside")
        for own in (hub.path, hub.path / "hooks" / "x", hub.path / "config", docs.path / ".git"):
            assert refused(edit(folder, own)) == f"{own} is git's own"
    assert refused(edit(docs, beside(docs, "api").path / "x")).endswith("another worktree of this repository")
    assert edit(docs, tmp_path / "hub" / "notes.md") == PASSED


def test_what_is_called_git_and_leads_nowhere(docs: Repo) -> None:
    os.mkdir(docs.path / "docs" / "round")
    os.symlink(".git", docs.path / "docs" / "round" / ".git")
    assert edit(docs, "docs/round/x") == PASSED


def test_a_repository_in_a_worktree(docs: Repo) -> None:
    """Its files lie in the worktree all the same."""
    make_repo(docs.path / "api" / "inner")
    make_repo(docs.path / "docs" / "inner")
    assert refused(edit(docs, "api/inner/x")).startswith("api/inner/x is outside")
    assert edit(docs, "docs/inner/x") == PASSED
    os.mkdir(docs.path / "api" / "nothing")
    os.mkdir(docs.path / "api" / "nothing" / ".git")
    assert refused(edit(docs, "api/nothing/x")).startswith("api/nothing/x is outside")


def test_a_worktree_in_a_worktree(docs: Repo, clone: Repo) -> None:
    clone.git("worktree", "add", "--quiet", "-b", "work/docs-2", ".claude/worktrees/two", "main")
    inner = Repo(clone.path / ".claude" / "worktrees" / "two")
    assert edit(inner, "docs/a.md") == PASSED
    assert refused(edit(inner, "api/a.py")).startswith("api/a.py is outside")
    assert refused(edit(inner, clone.path / "docs" / "a.md")).endswith("another worktree of this repository")
    assert refused(edit(docs, inner.path / "docs" / "a.md")).endswith("another worktree of this repository")


def test_another_repository(docs: Repo, tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other")
    assert edit(docs, other.path / "api" / "x") == PASSED
    other.commit({".lanes.toml": MANIFEST})
    other.switch("work/docs-9", "main")
    assert edit(docs, other.path / "docs" / "x") == PASSED
    assert refused(edit(docs, other.path / "api" / "x")).startswith("api/x is outside")
    other.git("config", "lanes.enabled", "false")
    assert edit(docs, other.path / "api" / "x") == PASSED


def test_a_work_tree_elsewhere_is_not_judged(docs: Repo, tmp_path: Path) -> None:
    clone = beside(docs, "clone")
    clone.git("config", "core.worktree", str(tmp_path))
    assert refused(edit(clone, "docs/a.md")) == (
        f"could not judge: {clone.path} has its work tree elsewhere (git config core.worktree)"
    )


def test_variables_of_git_name_no_other_repository(docs: Repo, tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other")
    names = {"GIT_DIR": f"{other.path}/.git", "GIT_WORK_TREE": str(other.path), "GIT_INDEX_FILE": "/x"}
    assert refused(edit(docs, "api/a.py", env=names)) == OUTSIDE_API


def test_what_git_ignores_is_asked_of_it_once(docs: Repo, clone: Repo, tmp_path: Path) -> None:
    clone.commit({"kept.log": "k\n"})
    clone.commit({".gitignore": "build/\n*.log\n"})
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{clone.head()},sub")
    clone.git("commit", "--quiet", "--no-verify", "-m", "Add a submodule")
    clone.push("main")
    docs.git("reset", "--quiet", "--hard", "main")
    env = fake_git(tmp_path / "bin", 'check-ignore) echo x >>"$COUNT";;')
    env["COUNT"] = str(tmp_path / "count")

    def judged(*files: str) -> Ended:
        (tmp_path / "count").write_text("")
        ended = guard(docs, runs("opencode", docs.path, f"touch {' '.join(files)}"), env=env)
        assert (tmp_path / "count").read_text() == "x\n"
        return ended

    def told(*files: str) -> list[str]:
        reason: str = json.loads(judged(*files).out)["hookSpecificOutput"]["permissionDecisionReason"]
        return re.findall(r"(\S+) is outside", reason)

    many = [f"{name}-{number}.log" for name in ("top", "build/x", "api/x") for number in range(100)]
    assert judged(*many) == PASSED
    assert told("kept.log", *many, "top.txt") == ["kept.log", "top.txt"]
    assert told("new.log", "sub/new.log") == ["new.log", "sub/new.log"]  # git does not say
    docs.git("config", "lanes.mode", "warn")
    assert judged(*many) == PASSED


# -- Which branch


def test_a_review_only_lane(docs: Repo) -> None:
    review = beside(docs, "review")
    for path in ("docs/a.md", "shared.txt", "new"):
        assert " is review-only; " in refused(edit(review, path))
    ended = edit(review, "docs/a.md")
    assert (
        masked(ended.err)
        == """\
lanes: docs/a.md: lane "review" of review/1 is review-only; lane "docs" may write it
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
    report what you found instead of changing it
"""
    )
    assert edit(review, "/tmp/notes.md") == PASSED


def test_an_integration_branch(docs: Repo) -> None:
    clone = beside(docs, "clone")
    for path in ("api/a.py", ".lanes.toml", "ci/run", ".claude/settings.json", ".husky/x"):
        assert edit(clone, path) == PASSED
    assert refused(edit(clone, ".git/config")) == f"{clone.path}/.git/config is git's own"
    assert refused(edit(clone, docs.path / "docs" / "a.md")).endswith("another worktree of this repository")


def test_a_detached_head(docs: Repo) -> None:
    docs.git("checkout", "--quiet", "--detach")
    assert edit(docs, "api/a.py") == PASSED
    assert refused(edit(docs, ".claude/settings.json")).endswith("only integration branches may change it")
    assert refused(edit(docs, ".lanes.toml")).endswith("only integration branches may change it")


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_a_rebase_has_the_lane_of_its_branch(docs: Repo, backend: str) -> None:
    first = docs.commit({"docs/a.md": "mine\n"})
    docs.git("reset", "--quiet", "--hard", "HEAD~")
    docs.commit({"docs/a.md": "theirs\n"})
    docs.git("branch", "--force", "theirs")
    docs.git("reset", "--quiet", "--hard", first)
    assert docs.try_git("rebase", backend, "theirs").status == 1
    assert edit(docs, "docs/a.md") == PASSED
    assert refused(edit(docs, "api/a.py")) == OUTSIDE_API


def test_a_branch_that_no_lane_covers(docs: Repo) -> None:
    docs.git("branch", "-m", "other")
    ended = edit(docs, "docs/a.md")
    assert (
        masked(ended.err)
        == """\
lanes: no lane covers other, so it may not write docs/a.md
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
    give the branch a name that your task's lane covers: git branch -m NEW-NAME
"""
    )


def test_a_branch_that_needs_no_lane(docs: Repo, clone: Repo) -> None:
    clone.commit({".lanes.toml": MANIFEST.replace("[defaults]\n", '[defaults]\nunlisted = "allow"\n')})
    clone.push("main")
    docs.git("branch", "-m", "other")
    assert edit(docs, "docs/a.md") == PASSED
    assert refused(edit(docs, "ci/run")) == "ci/run is protected: only integration branches may write it"


def test_a_branch_that_two_lanes_cover(docs: Repo, clone: Repo) -> None:
    clone.commit({".lanes.toml": MANIFEST.replace('"work/api-*"', '"work/*"')})
    clone.put("main")  # no hook lets lanes collide anew
    assert refused(edit(docs, "docs/a.md")).startswith(
        "could not judge: the branch work/docs-1 is covered by"
    )


def test_the_manifest_in_force_is_the_trusted_one(docs: Repo) -> None:
    docs.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"*"')})
    assert refused(edit(docs, "api/a.py")) == OUTSIDE_API


def test_warnings(docs: Repo) -> None:
    docs.git("config", "lanes.mode", "warn")
    ended = edit(docs, "api/new.py")
    told = "lanes: lanes.mode is warn here, so this is let through:\n"
    assert (ended.status, ended.out) == (0, "")
    assert masked(ended.err) == told + REASON.replace("lanes: ", "  ", 1) + "\n"
    docs.git("config", "lanes.mode", "never")
    assert refused(edit(docs, "docs/a.md")).startswith("could not judge: lanes.mode is never; it must be")


def test_to_begin(repo: Repo) -> None:
    repo.commit({"docs/a.md": "a\n"})
    assert edit(repo, ".lanes.toml") == PASSED
    assert edit(repo, "docs/a.md") == PASSED
    repo.switch("work/docs-1", "main")
    assert refused(edit(repo, "docs/a.md")).startswith("could not judge: no manifest is in force")
    repo.switch("main")
    repo.commit({".lanes.toml": "version = 2\n"})
    assert edit(repo, ".lanes.toml") == PASSED
    repo.switch("work/docs-1", "main")
    assert refused(edit(repo, "docs/a.md")).startswith("could not judge: the manifest in force is invalid")


def test_an_empty_repository(repo: Repo) -> None:
    assert edit(repo, ".lanes.toml") == PASSED


# -- The verdict of the hooks

folders = st.lists(st.sampled_from(["docs", "api", "generated", "ci", "new", "é b"]), max_size=3)
files = st.sampled_from(["x.md", "a.py", "shared.txt", ".lanes.toml", "-x", ":(top)y", "$'z"])


@fuzzed(60)
@given(st.sampled_from(["docs", "api", "review", "clone"]), folders, files)
def test_what_may_be_edited_is_what_may_be_committed(
    docs: Repo, name: str, above: list[str], file: str
) -> None:
    tree, path = beside(docs, name), "/".join([*above, file])
    blob = tree.git("hash-object", "-w", "--stdin", stdin=MANIFEST.encode() + b"\n")
    tree.git("read-tree", "HEAD")
    tree.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    edited, committed = edit(tree, path), tree.script("lane-pre-commit")
    assert (edited.status == 0) == (committed.status == 0), (edited, committed)


texts = st.text(max_size=6) | st.sampled_from(["Write", "Bash", "api/a.py", "git commit -n", "{}"])
keys = st.sampled_from(
    [
        *(
            "tool_name",
            "tool_input",
            "toolName",
            "toolArgs",
            "cwd",
            "file_path",
            "path",
            "content",
            "command",
        ),
        *("cursor_version", "workspace_roots", "turn_id", "edits", "cmd"),
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | texts, inner, max_size=3),
    max_leaves=8,
)


@fuzzed(150)
@given(st.data())
def test_whatever_a_host_says(in_folder: Repo, data: st.DataObject) -> None:
    """It is read, or refused with an error that says so."""
    said = data.draw(st.dictionaries(keys, values, max_size=6))
    try:
        call = hosts.tool_call(hosts.read(json.dumps(said).encode()))
    except CannotJudge as error:
        told = str(error)
    else:
        told = "".join(act.subject for act in acts(call)) if call else ""
    assert isinstance(told, str)


# -- What can't be judged is refused


def could_not_judge(host: str, why: str) -> tuple[int, object, str]:
    why = f"lanes: could not judge: {why}"
    if host == "cursor":
        return 0, {"permission": "deny", "user_message": why}, ""
    if host == "copilot":
        return 0, {"permissionDecision": "deny", "permissionDecisionReason": why}, ""
    return 2, None, f"{why}\n"


NO_JSON = "standard input is not the JSON of an agent's hook"
NO_TOOL = "the hook's input names no tool with its arguments; lane-guard can't read it"
NO_NAME = "a path or a command holds what no name can hold, a NUL or half a character"


UNREADABLE = [
    (b"", NO_JSON),
    (b"{", NO_JSON),
    (b"\xff\xfe\xfa", NO_JSON),
    (b"[" * 100_000, NO_JSON),
    (b"[]", "standard input is not the JSON object of an agent's hook"),
    (b"null", "standard input is not the JSON object of an agent's hook"),
    (b"{}", NO_TOOL),
    (b'{"tool_name": 1, "tool_input": {}}', NO_TOOL),
    (b'{"tool_name": "Write", "tool_input": []}', NO_TOOL),
    (b'{"tool_name": "Write", "tool_input": {}}', 'the tool "Write" does not say which file it edits'),
    (
        b'{"tool_name": "Write", "tool_input": {"file_path": ""}}',
        'the tool "Write" does not say which file it edits',
    ),
    (
        b'{"tool_name": "apply_patch", "tool_input": {"input": "*** Begin Patch"}}',
        'the tool "apply_patch" does not say which file it edits',
    ),
    (
        b'{"tool_name": "Write", "tool_input": {"file_path": 1}}',
        'the tool "Write" does not say which file it edits',
    ),
    (b'{"tool_name": "Bash", "tool_input": {"command": 1}}', "the tool's command is no text"),
    (b'{"tool_name": "Write", "tool_input": {"file_path": "a\\u0000b"}}', NO_NAME),
    (b'{"tool_name": "Write", "tool_input": {"file_path": "a\\ud800b"}}', NO_NAME),
    (
        b'{"tool_name": "Bash", "cwd": 1, "tool_input": {"command": "ls"}}',
        "the hook's input names no folder; lane-guard can't read it",
    ),
    (
        b'{"tool_name": "Bash", "tool_input": {"command": "%b"}}' % (b"$(" * 50_000),
        "the command is nested too deep to be read",
    ),
]


@pytest.mark.parametrize("host", ["", *EDITS])
def test_input_that_can_not_be_read(docs: Repo, host: str) -> None:
    for data, why in UNREADABLE:
        ended = guard(docs, data, *(["--host", host] if host else []))
        assert answer(ended) == could_not_judge(host, why)


@pytest.mark.parametrize("host", EDITS)
def test_git_that_fails(docs: Repo, host: str, tmp_path: Path) -> None:
    env = fake_git(tmp_path / "bin", "config) exit 3;;")
    ended = guard(docs, EDITS[host](docs.path, "docs/a.md"), "--host", host, env=env)
    assert answer(ended) == could_not_judge(host, "git config failed with exit status 3 and said nothing")
    ended = guard(docs, EDITS[host](docs.path, "docs/a.md"), "--host", host, env={"PATH": str(SCRIPTS)})
    missing = "git can't be started (No such file or directory); install git or mend PATH"
    assert answer(ended) == could_not_judge(host, missing)


@pytest.mark.parametrize("host", EDITS)
def test_a_signal(docs: Repo, host: str, tmp_path: Path) -> None:
    env = fake_git(tmp_path / "bin", 'rev-parse) echo >"$READY"; exec sleep 100;;')
    ready = tmp_path / "ready"
    env["READY"] = str(ready)
    with started(SCRIPTS / "lane-guard", "--host", host, cwd=docs.path, env=env) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(EDITS[host](docs.path, "docs/a.md")).encode())
        process.stdin.close()
        process.stdin = None
        while not ready.exists():
            assert process.poll() is None
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert answer(Ended(process.returncode, out.decode(), err.decode())) == could_not_judge(
        host, "terminated"
    )


def test_git_that_hangs(docs: Repo, tmp_path: Path) -> None:
    """The hosts wait for some seconds, and then let the tool run."""
    env = fake_git(tmp_path / "bin", "config) exec sleep 100;;")
    assert refused(edit(docs, "docs/a.md", env=env)) == "could not judge: it took longer than 8 seconds"


@pytest.mark.parametrize("host", EDITS)
@pytest.mark.parametrize("path", ["docs/a.md", "api/new.py"])
@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
def test_an_answer_that_nobody_gets_is_a_refusal(docs: Repo, host: str, path: str, redirection: str) -> None:
    if redirection == ">/dev/full" and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    data = json.dumps(EDITS[host](docs.path, path)).encode()
    ended = docs.run(
        "sh", "-c", f'exec "$0" --host {host} {redirection}', str(SCRIPTS / "lane-guard"), stdin=data
    )
    speaks = path == "api/new.py" or host == "cursor"
    assert ended.status == (2 if speaks else 0)
    assert bool(ended.err) == speaks


@pytest.mark.parametrize("host", EDITS)
def test_a_folder_that_is_gone(docs: Repo, host: str) -> None:
    """The host says in none where it is, and its own one was deleted."""
    said = {**EDITS[host](docs.path, "docs/a.md"), "cwd": "", "workspace_roots": []}
    program = f'mkdir ../gone && cd ../gone && rmdir ../gone && exec "$0" --host {host}'
    ended = docs.run("sh", "-c", program, str(SCRIPTS / "lane-guard"), stdin=json.dumps(said).encode())
    why = "the current folder is not there any more (No such file or directory)"
    assert answer(ended) == could_not_judge(host, why)


@pytest.mark.parametrize("host", EDITS)
def test_an_error_of_the_system(docs: Repo, host: str) -> None:
    docs.git("checkout", "--quiet", "--detach")
    Path(docs.git("rev-parse", "--absolute-git-dir"), "rebase-merge").write_text("")
    ended = guard(docs, EDITS[host](docs.path, "docs/a.md"), "--host", host)
    assert answer(ended) == could_not_judge(host, "Not a directory")


def test_standard_input_that_is_closed(docs: Repo) -> None:
    ended = docs.run("sh", "-c", 'exec "$0" <&-', str(SCRIPTS / "lane-guard"))
    assert refused(ended).startswith("could not judge: standard input is closed")


@pytest.mark.parametrize("missing", ["hosts", "acts", "guard", "trust"])
def test_an_installation_that_is_not_whole(docs: Repo, missing: str) -> None:
    start = (
        f"import sys; sys.modules['lanes.{missing}'] = None; from lanes.programs import guard; exit(guard())"
    )
    data = json.dumps(claude(docs.path, "docs/a.md")).encode()
    ended = docs.run(str(SCRIPTS / "python"), "-c", start, stdin=data)
    assert refused(ended).startswith("could not judge: this installation is not whole (")


def test_an_error_in_the_program(docs: Repo) -> None:
    start = "import lanes.acts as a, lanes.programs as p; del a.acts; exit(p.guard())"
    data = json.dumps(runs("claude", docs.path, "ls")).encode()
    assert refused(docs.run(str(SCRIPTS / "python"), "-c", start, stdin=data)).startswith("could not judge: ")


USAGE = (
    "usage: lane-guard [--host claude|codex|gemini|copilot|cursor|opencode],"
    " called by a coding agent with JSON on stdin\n"
)


@pytest.mark.parametrize(
    "arguments",
    [["--host"], ["--host", "emacs"], ["claude"], ["--host=claude", "x"], ["--host", "claude", "-h"]],
)
def test_unknown_arguments(docs: Repo, arguments: list[str]) -> None:
    assert guard(docs, claude(docs.path, "docs/a.md"), *arguments) == Ended(
        2, "", f"lanes: unknown arguments\n  {USAGE}"
    )


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_usage(docs: Repo, option: str) -> None:
    assert guard(docs, b"", option) == Ended(0, USAGE, "")


ROOTS = (Path(__file__).parent.parent, Path(__file__).parent.parent / "hooks")


def test_how_often_git_is_started_for_an_edit(docs: Repo, tmp_path: Path) -> None:
    env = fake_git(tmp_path / "bin", '*) echo "$1" >>"$CALLS";;')
    env["CALLS"] = str(tmp_path / "calls")
    asked = ["rev-parse", "config", "symbolic-ref", "for-each-ref", "ls-tree", "cat-file"]
    for path in ("docs/a.md", "api/a.py"):
        (tmp_path / "calls").write_text("")
        edit(docs, path, env=env)
        assert (tmp_path / "calls").read_text().split() == asked


def test_a_tool_that_reads_loads_next_to_nothing(docs: Repo) -> None:
    """It is called at every turn of an agent."""
    script = f"""
import sys
sys.path[:0] = {[*map(str, ROOTS)]}
from lanes.programs import guard
guard()
print(*sorted(name for name in sys.modules if name.split('.')[0] in ('lanes', 'lane_hooks')))
assert not {{'typing', 'subprocess', 'dataclasses', 'tomllib'}} & set(sys.modules)
"""
    said = {"cwd": str(docs.path), "tool_name": "Read", "tool_input": {"file_path": "api/a.py"}}
    done = subprocess.run(
        [SCRIPTS / "python", "-I", "-S", "-c", script],
        input=json.dumps(said).encode(),
        capture_output=True,
        check=True,
    )
    own = (
        "lane_hooks lane_hooks.guard lanes lanes.entry lanes.errors lanes.hosts lanes.programs lanes.signals"
    )
    assert done.stdout.decode() == f"{own}\n"
