"""What the commands that people type have in common. Hooks don't import it: click takes time to load."""

import sys

import click

from lanes import entry
from lanes.plumbing import Git
from lanes.repository import Repository
from lanes.trust import Trust, in_clone, on_server


def run(command: click.Command) -> int:
    """Run a click command and give its exit status, by the same rules as every hook's."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]

    def main() -> int:
        try:
            status = command.main(standalone_mode=False)
        except click.ClickException as error:
            error.show()
            return 2
        except click.Abort:
            raise KeyboardInterrupt from None
        return status if isinstance(status, int) else 0

    return entry.run(main)


def trust_of(git: Git, repository: Repository, branch: bytes | None) -> Trust:
    """Read what the repository trusts: a bare one judges as a server does, any other one as a clone."""
    return on_server(git) if repository.bare else in_clone(git, branch)


def open_repository() -> tuple[Git, Repository]:
    """Find the repository around the current folder. Raises CannotJudge where there is none."""
    repository = Repository.find()
    git = Git(repository.folder)
    git.require_version()
    return git, repository
