"""The README's walk from a repository without lanes to three agents, typed as it stands there."""

import json
import os
from pathlib import Path

import pytest
from repos import SCRIPTS, Repo, make_repo, masked, remote_lines
from test_readme import block, type_in

PATH = {"PATH": os.pathsep.join([str(SCRIPTS), os.environ["PATH"]])}


@pytest.fixture
def lead(tmp_path: Path) -> Repo:
    """The lead's clone of a repository with three folders, whose server has the hook; all is set up."""
    server = make_repo(tmp_path / "site.git", "--bare")
    assert server.script("git-lanes", "install", "--server").status == 0
    lead = make_repo(tmp_path / "site")
    lead.git("remote", "add", "origin", str(server.path))
    lead.commit({"api/app.py": "a", "web/index.js": "w", "docs/index.md": "d", "README.md": "r"}, "Begin")
    type_in(lead, "git lanes install --agent claude\ngit lanes brief", PATH)
    type_in(lead, "git worktree add", PATH)
    return lead


def tree(lead: Repo, name: str) -> Repo:
    return Repo(lead.path.parent / name)


def refused_edit(work: Repo, path: str) -> str:
    """Have an agent write a file, and give what its hook, typed as its configuration has it, answers."""
    (group,) = json.loads((work.path / ".claude" / "settings.json").read_text())["hooks"]["PreToolUse"]
    (hook,) = group["hooks"]
    call = {
        "session_id": "7114",
        "cwd": str(work.path),
        "permission_mode": "acceptEdits",
        "hook_event_name": "PreToolUse",
        "tool_name": "Write",
        "tool_input": {"file_path": str(work.path / path), "content": "x"},
    }
    ended = work.run("sh", "-c", hook["command"], stdin=json.dumps(call).encode(), env=PATH)
    assert (ended.status, ended.err) == (0, ""), ended
    if not ended.out:
        return ""
    decision = json.loads(ended.out)["hookSpecificOutput"]
    assert decision["permissionDecision"] == "deny"
    return str(decision["permissionDecisionReason"])


def test_the_brief_is_the_one_shown(lead: Repo) -> None:
    said = tree(lead, "login").git("lanes", "brief", env=PATH)
    command, _, shown = block("console", "lanes brief").partition("\n")
    assert command == "$ git -C ../login lanes brief"
    assert said.startswith(shown.removesuffix("…\n"))


def test_each_agent_works_in_its_lane(lead: Repo) -> None:
    for name, path in {"login": "api/login.py", "menu": "web/menu.js"}.items():
        work = tree(lead, name)
        assert refused_edit(work, path) == ""
        work.write({path: "x"})
        work.git("add", "--all")
        work.git("commit", "--quiet", "-m", "Work", env=PATH)
        work.git("push", "--quiet", "origin", "HEAD", env=PATH)


@pytest.mark.parametrize(
    ("name", "path", "branch", "lane"),
    [
        ("login", "web/menu.js", "work/api/login", "api"),
        ("menu", "docs/menu.md", "work/web/menu", "web"),
        ("names", "docs/names.md", "review/names", "review"),
    ],
)
def test_each_agent_is_refused_at_the_edit_the_commit_and_the_push(
    lead: Repo, name: str, path: str, branch: str, lane: str
) -> None:
    work = tree(lead, name)
    assert refused_edit(work, path).startswith(f"lanes: {path}")
    work.write({path: "x"})
    work.git("add", "--all")
    at_commit = work.try_git("commit", "-m", "Out", env=PATH)
    headline = f'lanes: {branch}: 1 staged change is outside its lane "{lane}"'
    assert (at_commit.status, at_commit.err.split("\n")[0]) == (1, headline)
    work.git("commit", "--quiet", "--no-verify", "-m", "Out", env=PATH)
    rejected = f'lanes: {branch} is rejected: 1 change in 1 commit outside its lane "{lane}"'
    at_push = work.try_git("push", "origin", "HEAD", env=PATH)
    assert (at_push.status, at_push.err.split("\n")[0]) == (1, rejected)
    at_server = work.try_git("push", "--no-verify", "origin", "HEAD", env=PATH)
    assert (at_server.status, remote_lines(at_server).split("\n")[0]) == (1, rejected)


def test_the_refusal_is_the_one_shown(lead: Repo) -> None:
    shown = block("console", "keep to your lane")
    assert masked(refused_edit(tree(lead, "login"), "web/menu.js") + "\n") == masked(shown)


def test_the_lead_widens_a_lane(lead: Repo) -> None:
    work = tree(lead, "login")
    refusal = refused_edit(work, "openapi.json")
    assert refusal.endswith("git lanes allow api openapi.json")
    type_in(lead, "git lanes allow --commit", PATH)
    assert refused_edit(work, "openapi.json") == ""
    work.write({"openapi.json": "{}"})
    work.git("add", "--all")
    work.git("commit", "--quiet", "-m", "Describe the API", env=PATH)
    work.git("push", "--quiet", "origin", "HEAD", env=PATH)
    assert lead.run("git", "lanes", "status", env=PATH).status == 0
