"""The command-line agents as people run them, with a stub for a model."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.stub import Call


@dataclass(frozen=True)
class Started:
    """How an agent is run: its command, its environment, and the files that it wants in its home folder."""

    command: Sequence[str]
    environment: Mapping[str, str]
    home: Mapping[str, str]


@dataclass(frozen=True)
class Agent:
    """A command-line agent: its package on npm, how it is run, and how it is had to write and to run.

    *host* is what `git lanes install --agent` calls it. `start` takes the URL of the model, and the folder
    that the agent works in; `write` gives the call that makes a file in that folder, with a line "new".
    """

    host: str
    package: str
    start: Callable[[str, Path], Started]
    write: Callable[[Path, str], Call]
    shell: Callable[[str], Call]


def _claude(url: str, folder: Path) -> Started:
    return Started(
        ["claude", "-p", "go", "--permission-mode", "acceptEdits", "--allowedTools", "Bash"],
        {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "none",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        },
        {},
    )


def _codex(url: str, folder: Path) -> Started:
    config = f"""\
model = "gpt-5.5"
model_provider = "stub"
approval_policy = "never"
sandbox_mode = "danger-full-access"
[model_providers.stub]
name = "stub"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "STUB_KEY"
[projects."{folder}"]
trust_level = "trusted"
"""
    command = ["codex", "exec", "--dangerously-bypass-hook-trust", "go"]
    return Started(command, {"STUB_KEY": "none"}, {".codex/config.toml": config})


def _gemini(url: str, folder: Path) -> Started:
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "general": {"disableAutoUpdate": True},
    }
    return Started(
        ["gemini", "--yolo", "--model", "gemini-2.5-pro", "-p", "go"],
        {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "none", "GEMINI_CLI_TRUST_WORKSPACE": "true"},
        {".gemini/settings.json": json.dumps(settings)},
    )


def _copilot(model: str) -> Callable[[str, Path], Started]:
    return lambda url, folder: Started(
        ["copilot", "-p", "go", "--allow-all-tools", "--no-auto-update"],
        {
            "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
            "COPILOT_PROVIDER_API_KEY": "none",
            "COPILOT_MODEL": model,
            "COPILOT_OFFLINE": "true",
        },
        {".copilot/config.json": json.dumps({"trusted_folders": [str(folder)]})},
    )


def _opencode(model: str) -> Callable[[str, Path], Started]:
    def start(url: str, folder: Path) -> Started:
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "options": {"baseURL": f"{url}/v1", "apiKey": "none"},
            "models": {model: {"name": model, "tool_call": True}},
        }
        config = {"provider": {"stub": provider}, "permission": "allow", "autoupdate": False}
        return Started(
            ["opencode", "run", "--model", f"stub/{model}", "go"],
            {
                "OPENCODE_DISABLE_MODELS_FETCH": "1",
                "npm_config_fetch_retries": "0",  # for a package that it wants, and does not need
            },
            {".config/opencode/opencode.json": json.dumps(config)},
        )

    return start


def _patch(path: str) -> str:
    return f"*** Begin Patch\n*** Add File: {path}\n+new\n*** End Patch\n"


def _bash(command: str) -> Call:
    return Call("bash", {"command": command, "description": "Run it"})


def _with_write(folder: Path, path: str) -> Call:
    return Call("Write", {"file_path": str(folder / path), "content": "new\n"})


def _with_bash(command: str) -> Call:
    return Call("Bash", {"command": command, "description": "Run it"})


_COPILOT = "@github/copilot@1.0.102"
_OPENCODE = "opencode-ai@1.18.33"

AGENTS = {
    "claude": Agent("claude", "@anthropic-ai/claude-code@2.1.330", _claude, _with_write, _with_bash),
    # It does not know onFailure yet.
    "claude-2.1.197": Agent("claude", "@anthropic-ai/claude-code@2.1.197", _claude, _with_write, _with_bash),
    "codex": Agent(
        "codex",
        "@openai/codex@0.169.0",
        _codex,
        lambda folder, path: Call("apply_patch", _patch(path)),
        lambda command: Call("exec_command", {"cmd": command}),
    ),
    "gemini": Agent(
        "gemini",
        "@google/gemini-cli@0.61.0",
        _gemini,
        lambda folder, path: Call("write_file", {"file_path": path, "content": "new\n"}),
        lambda command: Call("run_shell_command", {"command": command}),
    ),
    "copilot": Agent(
        "copilot",
        _COPILOT,
        _copilot("gpt-4.1"),
        lambda folder, path: Call("create", {"path": str(folder / path), "file_text": "new\n"}),
        _bash,
    ),
    # For these models, some agents have other tools.
    "copilot-gpt-5": Agent(
        "copilot",
        _COPILOT,
        _copilot("gpt-5.5"),
        lambda folder, path: Call("apply_patch", {"input": _patch(path)}),
        _bash,
    ),
    "opencode": Agent(
        "opencode",
        _OPENCODE,
        _opencode("stub"),
        lambda folder, path: Call("write", {"filePath": str(folder / path), "content": "new\n"}),
        _bash,
    ),
    "opencode-gpt-5": Agent(
        "opencode",
        _OPENCODE,
        _opencode("gpt-5.5"),
        lambda folder, path: Call("apply_patch", {"patchText": _patch(path)}),
        _bash,
    ),
}
