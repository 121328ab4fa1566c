"""Users of the system, and an sshd that lets them in by their keys alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from repos import Repo

from servers.hosting import STRANGER, USERS, Account
from servers.processes import (
    Missing,
    as_root,
    at_last,
    free_port,
    program,
    public_python,
    running,
    wait_for,
)

# What it wants to send of its environment, the server must not take.
SSH = (
    "ssh -F /dev/null -p {port} -i {keys}/{{user}} -o IdentitiesOnly=yes -o BatchMode=yes -o 'SendEnv=*_USER'"
    " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
)
CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {keys}/host
PidFile none
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile .ssh/authorized_keys
AllowUsers {user}
AcceptEnv GIT_PROTOCOL
"""
_REMOVE = '"$0" -KILL -U "$1"; userdel --force "$1" && exec rm -rf "$2"'


@dataclass(frozen=True)
class SystemUser(Account):
    """A user of the system that is there for one server only."""

    name: str


@contextmanager
def system_user(kind: str, folder: Path, shell: str) -> Iterator[SystemUser]:
    """Make a user with a home in *folder*, and remove it at the end, with all processes that it has."""
    root, home = as_root(), folder / "home"
    if public_python() is None:
        raise Missing("there is no Python 3.11 or newer that any user can run")
    name = f"{kind}-{os.getpid()}"  # tests run beside each other
    add = ("--system", "--user-group", "--no-create-home", "--home-dir", home, "--shell", shell)
    with at_last(*root, "sh", "-c", _REMOVE, program("pkill"), name, home):
        machine = Repo(folder)
        for command in (
            (program("useradd"), *add, "--password", "*", name),
            ("install", "--directory", f"--owner={name}", f"--group={name}", home),
        ):
            ended = machine.run(*root, *command)
            assert ended.status == 0, ended
        yield SystemUser(home, (*root, program("runuser"), "-u", name, "--"), name)


def make_keys(folder: Path) -> Path:
    """Make a pair of keys for the host and for everybody, and give the folder with them."""
    keys = folder / "keys"
    keys.mkdir()
    for name in ("host", *USERS, STRANGER):
        ended = Repo(keys).run(program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name)
        assert ended.status == 0, ended
    return keys


@contextmanager
def sshd(folder: Path, keys: Path, user: SystemUser) -> Iterator[str]:
    """Run sshd for one user of the system, and give the command of a client, where `{user}` names the key."""
    root, log = as_root(), folder / "sshd.log"
    with free_port() as port:
        configuration = folder / "sshd_config"
        configuration.write_text(CONFIGURATION.format(port=port, keys=keys, user=user.name))
        # What sshd insists on; Debian's service makes it at its start.
        assert Repo(folder).run(*root, "mkdir", "-p", "/run/sshd").status == 0
        with running(log, program("sshd"), "-D", "-e", "-f", configuration, root=root):
            wait_for(("127.0.0.1", port), log)
            yield SSH.format(port=port, keys=keys)
