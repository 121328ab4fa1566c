"""OpenSSH, and one user of the system who may do nothing but git: the login shell is git-shell."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.accounts import make_keys, sshd, system_user
from servers.hosting import USERS, Hosted, Server
from servers.processes import program


@contextmanager
def started(folder: Path) -> Iterator[Server]:
    with system_user("lanes-git", folder, program("git-shell")) as account:
        keys = make_keys(folder)
        home = Hosted(account.home, account)
        write = "mkdir -m 700 .ssh && cat >.ssh/authorized_keys"
        ended = home.run("sh", "-c", write, stdin=b"".join((keys / f"{u}.pub").read_bytes() for u in USERS))
        assert ended.status == 0, ended
        with sshd(folder, keys, account) as command:
            url = f"ssh://{account.name}@127.0.0.1{home.path}/{{name}}"
            yield Server(home.path, url, account, {"GIT_SSH_COMMAND": command})
