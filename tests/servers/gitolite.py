"""Gitolite: many users behind one user of the system, told apart by their keys and named in `GL_USER`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repos import Repo

from servers.accounts import make_keys, sshd, system_user
from servers.hosting import USERS, Clone, Hosted, Server
from servers.processes import program

# Everybody may do everything, so that what is refused, lanes refused; who asks for a repository makes it.
CONFIGURATION = """\
repo gitolite-admin
    RW+ = admin

repo repository-[0-9]+
    C   = @all
    RW+ = @all
"""
# Readable by all, so that tests can go where the repositories are.
SETUP = """\
gitolite print-default-rc | sed 's/0077/0022/' >.gitolite.rc
cat >admin.pub
gitolite setup -pk admin.pub
git config --global init.defaultBranch main
"""


class Gitolite(Server):
    """A server that makes its repositories itself."""

    def create(self, name: str) -> Hosted:
        Repo(Path("/")).git("ls-remote", self.url_of(name, "admin"), env=self.environment_of("admin"))
        return Hosted(self.folder / f"{name}.git", self.account)


@contextmanager
def started(folder: Path) -> Iterator[Server]:
    program("gitolite")
    with system_user("lanes-gitolite", folder, "/bin/sh") as account:
        keys = make_keys(folder)
        home = Hosted(account.home, account)
        ended = home.run("sh", "-e", "-c", SETUP, stdin=(keys / "admin.pub").read_bytes())
        assert ended.status == 0, ended
        with sshd(folder, keys, account) as command:
            url = f"ssh://{account.name}@127.0.0.1/{{name}}"
            client = {"GIT_SSH_COMMAND": command}
            server = Gitolite(home.path / "repositories", url, account, client, "GL_USER")
            _administer(server, folder, keys)
            yield server


def _administer(server: Server, folder: Path, keys: Path) -> None:
    """Let all users in, the way gitolite is administered: by a push to a repository of its own."""
    name = "gitolite-admin"
    url, environment = server.url_of(name, "admin"), server.environment_of("admin")
    Repo(folder).git("clone", "--quiet", url, name, env=environment)
    clone = Clone(folder / name, server, name)
    clone.commit(
        {
            "conf/gitolite.conf": CONFIGURATION,
            **{f"keydir/{user}.pub": (keys / f"{user}.pub").read_bytes() for user in USERS},
        }
    )
    ended = clone.push_as("admin", "HEAD")
    assert ended.status == 0, ended
