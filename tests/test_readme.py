"""The README is true: its configuration is valid, its output real, its commands run as they stand."""

import json
import os
import re
import sys
import tomllib
from pathlib import Path

import pytest
from repos import Repo, make_repo, masked, remote_lines

from lanes import formats
from lanes.judge import Reason
from lanes.manifest import parse

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def block(kind: str, holding: str) -> str:
    """Give the first block of a kind that holds a text."""
    return next(str(text) for name, text in BLOCKS if name == kind and holding in text)


def type_in(repo: Repo, holding: str, env: dict[str, str]) -> None:
    """Type a shell block of the README, word by word."""
    ended = repo.run("sh", "-e", "-c", block("sh", holding), env=env)
    assert ended.status == 0, ended


def test_the_first_manifest_is_valid() -> None:
    assert [lane.name for lane in parse(block("toml", "version").encode()).lanes] == [
        "lessons",
        "quizzes",
        "stale-names",
    ]


def test_the_first_output_is_the_demos(repo: Repo) -> None:
    shown = block("console", "git push")
    demo = repo.script("git-lanes", "demo").out
    assert masked(shown) in masked(demo)


def test_ci_runs_the_one_line_that_runs_the_tests() -> None:
    assert "grep -F '.venv/bin/pytest' README.md" in (ROOT / ".ci" / "run").read_text()
    assert [line for line in README.splitlines() if ".venv/bin/pytest" in line] == [
        block("sh", "pytest").rstrip("\n")
    ]


def test_every_program_hook_id_and_reason_is_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ids = re.findall(r"^- id: (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE)
    assert ids == ["lane-pre-commit", "lane-pre-push", "lanes-check"]
    words = [*project["scripts"], *(f"- id: {name}" for name in ids), *(f"`{reason}`" for reason in Reason)]
    assert [word for word in words if word.replace("git-lanes", "git lanes") not in README] == []


def test_every_key_is_in_the_reference() -> None:
    keys = re.findall(r"^\| `([a-zA-Z.]+)` \| (?:integer|string|list)", README, re.MULTILINE)
    filled = {
        "version": 1,
        "integration": {"branches": ["main"], "pushers": ["x"], "accepts": "lanes"},
        "groups": {"NAME": ["x"]},
        "defaults": {
            "unlisted": "allow",
            "overlap": "reject",
            "shared": ["x"],
            "protected": ["x"],
            "refs": ["refs/x/*"],
        },
        "lanes": {"NAME": {"summary": "x", "branches": ["x"], "paths": ["x"], "pushers": ["x"]}},
    }
    lines = [f"{key} = {json.dumps(_at(filled, key))}" for key in keys]
    parse("\n".join(lines).encode())
    assert len(keys) == 14


def _at(value: object, key: str) -> object:
    for part in key.split("."):
        assert isinstance(value, dict)
        value = value[part]
    return value


def test_the_json_is_what_an_audit_gives(clone: Repo) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"api/a.py": "x"}, "Out")
    real = json.loads(clone.script("lane-audit", "--format", "json").out)
    shown = json.loads(block("json", '"base"'))
    assert shape(shown) == shape(real)


def test_every_format_has_its_line_and_its_command(clone: Repo, tmp_path: Path) -> None:
    lines = re.findall(r"^\| `(\w+)` \| .+ \| `(lane-audit --all.*)` \|$", README, re.MULTILINE)
    assert [name for name, _ in lines] == list(formats.NAMES)
    clone.switch("work/docs-1", "main")
    clone.commit({"api/a.py": "x"}, "Out")
    for name, command in lines:
        assert f"--format {name}" in command or name == "text"
        ended = clone.run("sh", "-c", command)
        file = clone.path / (command.split(" --output ")[1] if " --output " in command else "none")
        assert (ended.status, ended.err, bool(ended.out)) == (1, "", not file.exists())
    several = block("sh", "--format sarif")
    said = clone.run("sh", "-c", several)
    assert (said.status, said.out) == (1, clone.script("lane-audit", "--all").out)
    assert json.loads((clone.path / "lanes.sarif").read_text())["version"] == "2.1.0"


def test_what_check_says_is_real(repo: Repo) -> None:
    lanes = {"python": "src/**/*.py", "api": "/src/api/**", "docs": "/docs/"}
    text = "version = 1\n"
    for name, path in lanes.items():
        text += f'\n[lanes.{name}]\nbranches = ["{name}/*"]\npaths = [\n  "{path}",\n]\n'
    repo.commit({".lanes.toml": text, "src/api/a.py": "a"})
    assert f"$ git lanes check\n{repo.script('git-lanes', 'check').out}" == block("console", "lanes check")
    shown = json.loads(block("json", '"overlaps"'))
    assert shown == json.loads(repo.script("git-lanes", "check", "--format", "json").out)


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) else type(value)


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who typed the first block of "Set it up", in a copy of this checkout."""
    home = tmp_path / "home"
    home.mkdir()
    copy = make_repo(tmp_path / "checkout")
    names = ("hooks", "lanes", "pyproject.toml", "README.md", "LICENSE")
    copy.run("cp", "-R", *(str(ROOT / name) for name in names), ".")
    python = str(Path(sys.executable).parent)
    path = os.pathsep.join([python, *(p for p in os.environ["PATH"].split(os.pathsep) if p != python)])
    environment = {"HOME": str(home), "PATH": path}
    type_in(copy, "pip install --quiet .\nexport", environment)
    return {"HOME": str(home), "PATH": f"{home}/.local/git-lanes/bin:/usr/local/bin:/usr/bin:/bin"}


def test_set_it_up(installed: dict[str, str], tmp_path: Path) -> None:
    server = make_repo(tmp_path / "server.git", "--bare")
    (server.path / "hooks").mkdir()
    clone = make_repo(tmp_path / "clone")
    clone.git("remote", "add", "origin", str(server.path))
    type_in(clone, "git lanes init\n", installed)
    clone.write({".lanes.toml": block("toml", "version")})
    type_in(clone, "git add .lanes.toml", installed)
    type_in(server, "git lanes install --server\n", installed)
    type_in(server, "lanes.trustedRef", installed)
    clone.git("fetch", "--quiet")
    (clone.path / ".git" / "hooks").mkdir()
    type_in(clone, "git lanes install\n", installed)

    clone.switch("codex/quizzes-1", "main")
    clone.write({"src/content/quizzes/end-openai-codex.json": "[]"})
    clone.git("add", ".")
    clone.git("commit", "--quiet", "-m", "Add a quiz", env=installed)
    clone.git("push", "--quiet", "origin", "codex/quizzes-1", env=installed)
    clone.write({"outside": "x"})
    clone.git("add", ".")
    assert clone.try_git("commit", "-m", "Out", env=installed).err.startswith(
        "lanes: codex/quizzes-1: 1 staged change is outside its lane"
    )
    clone.git("commit", "--quiet", "--no-verify", "-m", "Out", env=installed)
    rejected = 'lanes: codex/quizzes-1 is rejected: 1 change in 1 commit outside its lane "quizzes"'
    pushed = clone.try_git("push", "origin", "codex/quizzes-1", env=installed)
    assert (pushed.status, pushed.err.split("\n")[0]) == (1, rejected)
    forced = clone.try_git("push", "--no-verify", "origin", "codex/quizzes-1", env=installed)
    assert (forced.status, remote_lines(forced).split("\n")[0]) == (1, rejected)
    audited = clone.run("lane-audit", "--all", env=installed)
    assert (audited.status, audited.out.split("\n")[1]) == (1, rejected.removeprefix("lanes: "))
