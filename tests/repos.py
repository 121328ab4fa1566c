"""Real repositories and the installed programs, for all tests. It needs no more than Python and git."""

import ast
import os
import re
import shlex
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(sysconfig.get_path("scripts"))

MANIFEST = """\
version = 1

[integration]
branches = ["main", "release"]

[defaults]
shared = ["/shared.txt"]
protected = ["/ci/"]
refs = ["refs/notes/**"]

[lanes.docs]
summary = "Write the docs"
branches = ["work/docs-*"]
paths = ["/docs/"]

[lanes.api]
branches = ["work/api-*"]
paths = ["/api/", "!/api/generated/"]

[lanes.review]
summary = "Read, do not edit"
branches = ["review/*"]
paths = []
"""

Content = bytes | str | None


@dataclass(frozen=True)
class Ended:
    """How a program ended: exit status and what it printed, with object ids cut to a fixed word."""

    status: int
    out: str
    err: str


class Repo:
    """A repository in *path*, and somebody who types git commands there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(
        self, *command: str | bytes | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> Ended:
        """Run any command in the repository, whatever its exit status."""
        done = subprocess.run(
            command,
            cwd=self.path,
            input=stdin,
            capture_output=True,
            env={**os.environ, **(env or {})},
            check=False,
        )
        return Ended(
            done.returncode, *(text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
        )

    def git(self, *arguments: str | bytes, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        """Run git, which must succeed, and give what it printed without the last line break."""
        ended = self.run("git", *arguments, stdin=stdin, env=env)
        assert ended.status == 0, (arguments, ended)
        return ended.out.removesuffix("\n")

    def try_git(self, *arguments: str | bytes, env: Mapping[str, str] | None = None) -> Ended:
        """Run git, which may fail."""
        return self.run("git", *arguments, env=env)

    def script(
        self, name: str, *arguments: str | bytes, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> Ended:
        """Run one of the installed console scripts."""
        return self.run(SCRIPTS / name, *arguments, stdin=stdin, env=env)

    def write(self, files: Mapping[str | bytes, Content]) -> None:
        """Write files into the work tree; None removes one."""
        for name, content in files.items():
            path = os.path.join(os.fsencode(self.path), os.fsencode(name))
            if content is None:
                os.remove(path)
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: Mapping[str | bytes, Content], subject: str = "Change", *options: str) -> str:
        """Commit these files on the current branch, past all hooks, and give the commit's id."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", subject, *options)
        return self.head()

    def head(self) -> str:
        """Give the id of the current commit."""
        return self.git("rev-parse", "HEAD")

    def switch(self, branch: str, start: str | None = None) -> None:
        """Go to a branch; with *start*, make it there."""
        self.git("checkout", "--quiet", *(["-B", branch, start] if start else [branch]))

    def push(self, *refspecs: str | bytes, env: Mapping[str, str] | None = None) -> Ended:
        """Push to origin, past the clone's own hooks."""
        return self.run("git", "push", "--no-verify", "origin", *refspecs, env=env)

    def put(self, *refspecs: str | bytes) -> None:
        """Push to origin past its hook, too."""
        past = "--receive-pack=git -c core.hooksPath=/dev/null receive-pack"
        self.git("push", "--quiet", "--no-verify", past, "origin", *refspecs)

    def hook(self, name: str, script: str) -> None:
        """Install a console script as a git hook."""
        folder = Path(self.git("rev-parse", "--git-path", "hooks"))
        file = self.path / folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\nexec "{SCRIPTS / script}" "$@"\n')
        file.chmod(0o755)


def make_repo(path: Path, *options: str) -> Repo:
    """Make an empty repository; its branch is `main`, its hooks folder empty."""
    path.mkdir(parents=True)
    repo = Repo(path)
    repo.git("init", "--quiet", "--template=", *options)
    return repo


def settings(folder: Path) -> dict[str, str]:
    """Give the variables that keep the machine's own git settings out; *folder* gets those of the tests."""
    config = folder / "gitconfig"
    config.write_text(
        "[user]\n\tname = Ann\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n"
    )
    return {
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(folder),
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
    }


_OID = re.compile(r"\b[0-9a-f]{12,64}\b")


def masked(text: str) -> str:
    """Give *text* with every object id replaced by the word OID, so that output can be compared whole."""
    return _OID.sub("OID", text)


def remote_lines(ended: Ended) -> str:
    """Give what the server's hook said to whoever pushed, masked."""
    lines = [
        line.removeprefix("remote: ").rstrip()
        for line in ended.err.splitlines()
        if line.startswith("remote: ")
    ]
    return masked("\n".join(line for line in lines if line))


_OUTSIDE = re.compile(
    r"(?:adds|deletes|changes the type of|changes|decides about) (.+) \(outside-lane: (.+)\)"
)


def asked(*changes: str, lane: str = "docs", indent: str = "    ") -> str:
    """Give the lines that ask the integrator for what *changes*, as messages list them, do outside a lane."""
    shown = dict(match.groups() for change in changes if (match := _OUTSIDE.fullmatch(change)))
    # Git's quoting is that of C and so, but for UTF-8, Python's own.
    found = [ast.literal_eval(f"b{name}").decode() if name.startswith('"') else name for name in shown]
    owned: dict[str, list[str]] = {}
    for name, whose in shown.items():
        for owner in re.findall('"(.+?)"', whose):
            owned.setdefault(owner, []).append(name)
    lines = [
        f'or ask the integrator to run, if lane "{lane}" should write these paths:',
        f"  {shlex.join(['git', 'lanes', 'allow', lane, *found])}",
    ]
    for owner, (first, *others) in owned.items():
        more = f" and {len(others)} more path{'s' * (len(others) > 1)}" if others else ""
        lines.append(f'lane "{owner}" has to give up {first}{more} first')
    if not found:
        lines = ["or ask the integrator to make these changes on main"]
    return "".join(f"{indent}{line}\n" for line in lines)
