"""What the commands that people type have in common. Hooks don't import it: click takes time to load."""

import sys
from pathlib import Path

import click

from lanes import entry
from lanes.plumbing import Git
from lanes.repository import Repository
from lanes.text import printable
from lanes.trust import Trust, in_clone, on_server


def run(command: click.Command) -> int:
    """Run a click command and give its exit status. Raises CannotJudge."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it is where somebody closed it: `lane-audit >&-`
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    name = Path(sys.argv[0]).name
    # Not command.main(): it gives a closed pipe status 1, and an interruption an empty line.
    try:
        with command.make_context(name, sys.argv[1:]) as context:
            status = command.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        usage = (error.ctx or click.Context(command, info_name=name)).get_usage()
        # A word that was typed may hold anything, and click gives it back as it is.
        message = printable(error.format_message().encode("utf-8", "surrogateescape"))
        entry.complain(f"{message}\n{usage}")
        return 2
    return status if isinstance(status, int) else 0


def trust_of(git: Git, repository: Repository, branch: bytes | None) -> Trust:
    """Read what the repository trusts: a bare one judges as a server does, any other one as a clone."""
    return on_server(git) if repository.bare else in_clone(git, branch)


def open_repository() -> tuple[Git, Repository]:
    """Find the repository around the current folder. Raises CannotJudge where there is none."""
    git = Git()
    git.require_version()
    return git, Repository.find()
