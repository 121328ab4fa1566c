"""What all servers have in common: repositories, the user that git runs as there, and whoever pushes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from repos import Ended, Repo

from servers.processes import PATH

USERS = ("admin", "alice", "bob")
STRANGER = "mallory"  # whom no server lets in


@dataclass(frozen=True)
class Account:
    """The user of the system that git runs as on a server."""

    home: Path
    start: Sequence[str]  # words before a command that run it as this user: none for whoever runs the tests

    def command(self, *words: str | bytes | Path) -> list[str | bytes | Path]:
        """Give a command as this user runs it, with nothing of the tests' environment."""
        plain = ("env", "-i", f"HOME={self.home}", f"PATH={PATH}", "GIT_CONFIG_NOSYSTEM=1")
        return [*self.start, *plain, *words]


class Hosted(Repo):
    """A folder on a server, most often a bare repository. What is run in it, the server's own user runs."""

    def __init__(self, path: Path, account: Account) -> None:
        super().__init__(path)
        self._account = account

    def run(
        self, *command: str | bytes | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> Ended:
        variables = (f"{name}={value}" for name, value in (env or {}).items())
        return super().run(*self._account.command(*variables, *command), stdin=stdin)

    def pre_receive(self, script: str) -> None:
        """Write the hook, as shell commands."""
        write = "mkdir -p hooks && cat >hooks/pre-receive && chmod +x hooks/pre-receive"
        ended = self.run("sh", "-c", write, stdin=f"#!/bin/sh\n{script}\n".encode())
        assert ended.status == 0, ended

    def refs(self) -> dict[str, str]:
        """Give every ref and its value."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split(" ") for line in lines)


@dataclass(frozen=True)
class Server:
    """A server that runs.

    *client* holds variables for a pusher's git. In their values and in *url*, `{user}` stands for who pushes;
    in *url*, `{name}` for the repository's name.
    """

    folder: Path  # of its repositories
    url: str
    account: Account
    client: Mapping[str, str] = field(default_factory=dict)
    pusher_variable: str | None = None  # what names the pusher in the hook's environment

    def create(self, name: str) -> Hosted:
        """Make an empty repository, whose `HEAD` names main."""
        Hosted(self.folder, self.account).git("init", "--quiet", "--bare", "--initial-branch=main", name)
        return Hosted(self.folder / name, self.account)

    def url_of(self, name: str, user: str) -> str:
        return self.url.format(name=name, user=user)

    def environment_of(self, user: str) -> dict[str, str]:
        return {name: value.format(user=user) for name, value in self.client.items()}


class Clone(Repo):
    """A clone of a repository of the server, and everybody who pushes from it."""

    def __init__(self, path: Path, server: Server, name: str) -> None:
        super().__init__(path)
        self._server = server
        self._name = name

    def push_as(self, user: str, *refspecs: str | bytes, env: Mapping[str, str] | None = None) -> Ended:
        """Push as a user of the server, past the clone's own hooks."""
        url = self._server.url_of(self._name, user)
        environment = {**self._server.environment_of(user), **(env or {})}
        return self.run("git", "push", "--no-verify", url, *refspecs, env=environment)

    def push(self, *refspecs: str | bytes, env: Mapping[str, str] | None = None) -> Ended:
        """Push as somebody."""
        return self.push_as("alice", *refspecs, env=env)
