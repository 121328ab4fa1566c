"""`git lanes`: ask the manifest itself."""

import os
from collections.abc import Iterator

import click

from lanes import report
from lanes.command import open_repository, run, trust_of
from lanes.entry import say
from lanes.errors import CannotJudge
from lanes.hosts import HOSTS
from lanes.manifest import BRANCHES, FILE, Decisive, Lane, Manifest, dotted, is_branch_name
from lanes.plumbing import Git
from lanes.text import printable, quoted
from lanes.trust import Trust

_FILE = FILE.decode()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="git-lanes")
def lanes() -> None:
    """Ask which files a branch may write: its lane."""


@lanes.command()
@click.argument("branch", required=False)
def show(branch: str | None) -> int:
    """Say which lane BRANCH has, by default the current one, and what it may write.

    BRANCH need not exist. Exits with 1 when no lane covers it.
    """
    git, repository = open_repository()
    name = _branch(git, branch)
    trust = trust_of(git, repository, name)
    manifest = trust.required()
    shown = printable(name)
    if trust.is_integration(name):
        sealed = manifest.integration.sealed
        may = "takes only what fits into one lane, step by step" if sealed else "may change anything"
        lines, status = [f"{shown} is an integration branch: it {may}"], 0
        lines += report.may_push(manifest.integration.pushers)
    elif lane := trust.lane_of(name):
        summary = f": {lane.summary}" if lane.summary else ""
        lines = [f'{shown} has the lane "{lane.name}"{summary}', *report.may_write(lane, manifest)]
        lines += [] if lane.review_only else report.reserved(manifest)
        lines, status = [*lines, *report.may_push(lane.pushers)], 0
    elif manifest.allow_unlisted:
        lines, status = [f"{shown} has no lane; it may write whatever is not protected"], 0
    else:
        lines, status = [f"{shown} has no lane: its commits are rejected"], 1
    say("\n".join([f"lanes: {lines[0]}", *lines[1:], *trust.in_force]))
    return status


@lanes.command()
@click.argument("path")
@click.option("--branch", metavar="BRANCH", help="Ask for the lane of this branch only.")
def why(path: str, branch: str | None) -> int:
    """Say which lanes may write PATH, and which pattern decided.

    PATH need not exist; a slash at its end stands for a folder, as a submodule is. Exits with 1 when none
    may write it, or BRANCH may not.
    """
    git, repository = open_repository()
    name = _branch(git, branch) if branch is not None else git.symbolic_ref(b"HEAD")
    trust = trust_of(git, repository, name and name.removeprefix(BRANCHES))
    inside = repository.path_inside(path)
    folder, target = inside.endswith(b"/"), inside.rstrip(b"/")
    answers = list(_answers(trust, name if branch is not None else None, target, folder))
    say("\n".join([f"lanes: {quoted(inside)}", *(text for _, text in answers), *trust.in_force]))
    return 0 if any(allowed for allowed, _ in answers) else 1


def _answers(trust: Trust, branch: bytes | None, path: bytes, folder: bool) -> Iterator[tuple[bool, str]]:
    manifest = trust.required()
    integration = branch if branch is not None and trust.is_integration(branch) else None
    if integration is not None and not manifest.integration.sealed:
        yield True, f"{printable(integration)} is an integration branch: it may change anything"
    elif manifest.reserved(path, folder):
        yield _reserved(manifest, integration, path, folder)
    elif branch is None or integration is not None:
        yield from _of_lanes(manifest, path, folder)
    else:
        yield _of_branch(trust, branch, path, folder)


def _reserved(manifest: Manifest, integration: bytes | None, path: bytes, folder: bool) -> tuple[bool, str]:
    index = manifest.protected.deciding(path, folder)
    reason = ": it is the manifest"
    if path != FILE and index is not None:
        text = manifest.protected.patterns[index].text
        reason = _by(manifest, Decisive(("defaults", "protected", index), text))
    if integration is None:
        return False, f"only integration branches may write it{reason}"
    named = manifest.integration.pushers is not None
    rest = "but its pushers may write this, too" if named else "and no lane may write this"
    return named, f"{printable(integration)} takes only what fits into one lane, {rest}{reason}"


def _of_lanes(manifest: Manifest, path: bytes, folder: bool) -> Iterator[tuple[bool, str]]:
    answers = [(lane, *manifest.decision(lane, path, folder)) for lane in manifest.lanes]
    yield from (_of_lane(manifest, *answer) for answer in answers if answer[1] or answer[2])
    if not any(allowed for _, allowed, _ in answers):
        yield False, "no lane may write it"


def _of_lane(manifest: Manifest, lane: Lane, allowed: bool, decisive: Decisive | None) -> tuple[bool, str]:
    verb = "may" if allowed else "may not"
    return allowed, f'lane "{lane.name}" {verb} write it{_by(manifest, decisive)}'


def _of_branch(trust: Trust, branch: bytes, path: bytes, folder: bool) -> tuple[bool, str]:
    manifest = trust.required()
    lane = trust.lane_of(branch)
    if lane is None:
        verb = "may" if manifest.allow_unlisted else "may not"
        return manifest.allow_unlisted, f"{printable(branch)} {verb} write it: no lane covers this branch"
    allowed, decisive = manifest.decision(lane, path, folder)
    if allowed or decisive:
        return _of_lane(manifest, lane, allowed, decisive)
    why = "it is review-only" if lane.review_only else "none of its patterns matches"
    return False, f'lane "{lane.name}" may not write it: {why}'


def _by(manifest: Manifest, decisive: Decisive | None) -> str:
    if decisive is None:
        return ""
    line = manifest.line_of(decisive.key)
    return f", by {printable(decisive.text.encode())} (line {line} of {_FILE}: {dotted(decisive.key)})"


def _branch(git: Git, name: str | None) -> bytes:
    if name is not None:
        branch = os.fsencode(name).removeprefix(BRANCHES)
        if not is_branch_name(branch):
            raise CannotJudge(f"{printable(branch)} can't be the name of a branch")
        return branch
    ref = git.symbolic_ref(b"HEAD")
    if ref is None:
        raise CannotJudge("HEAD is detached, so there is no current branch; name one: git lanes show BRANCH")
    return ref.removeprefix(BRANCHES)


_SERVER = click.option(
    "--server",
    metavar="[REPO]",
    is_flag=False,
    flag_value=".",
    help="The hook of a server, in this bare repository.",
)
_HOOKS = click.option(
    "--hooks", metavar="DIR", help="The hook of a server, in a folder of hooks for all of its repositories."
)
_AGENT = click.option(
    "--agent",
    "agents",
    metavar="HOST",
    type=click.Choice(HOSTS),
    multiple=True,
    help=f"The hook of a coding agent: {', '.join(HOSTS[:-1])} or {HOSTS[-1]}.",
)
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")


@lanes.command()
@_SERVER
@_HOOKS
@click.option("--strict", is_flag=True, help="Also judge every change of a branch, whatever makes it.")
@_AGENT
@_DRY_RUN
def install(
    server: str | None, hooks: str | None, strict: bool, agents: tuple[str, ...], dry_run: bool
) -> int:
    """Install git's own hooks in this clone, or on a server, or the hooks of a coding agent.

    A hook that is there is kept, and runs first. Exits with 1 when something is left to do.
    """
    from lanes import clones, servers  # noqa: PLC0415 - no other command needs them

    if agents:
        return _of_agents("install", agents, dry_run, server is None and hooks is None and not strict)
    if server is None and hooks is None:
        return clones.in_clone("install", strict, dry_run)
    if strict:
        raise click.UsageError("--strict is for a clone; a server's hook judges every push")
    return servers.on_server("install", _repository(server, hooks), hooks, dry_run)


@lanes.command()
@_SERVER
@_HOOKS
@_AGENT
@_DRY_RUN
def uninstall(server: str | None, hooks: str | None, agents: tuple[str, ...], dry_run: bool) -> int:
    """Take away what `git lanes install` installed, and bring back what was there before.

    Exits with 1 when something is left to do.
    """
    from lanes import clones, servers  # noqa: PLC0415 - no other command needs them

    if agents:
        return _of_agents("uninstall", agents, dry_run, server is None and hooks is None)
    if server is None and hooks is None:
        return clones.in_clone("uninstall", False, dry_run)
    return servers.on_server("uninstall", _repository(server, hooks), hooks, dry_run)


def _of_agents(verb: str, names: tuple[str, ...], dry_run: bool, alone: bool) -> int:
    from lanes import agents  # noqa: PLC0415 - no other command needs it

    if not alone:
        raise click.UsageError(
            "--agent is for a work tree; what else is to be installed takes a command more"
        )
    return agents.in_work_tree(verb, names, dry_run)


def _repository(server: str | None, hooks: str | None) -> str:
    if hooks is not None and server not in (None, "."):
        raise click.UsageError("--hooks names a folder for all repositories; it takes no REPO beside it")
    return server or "."


@lanes.command()
@click.option(
    "--server",
    metavar="[DIR]",
    is_flag=False,
    flag_value=".",
    help="Examine this bare repository, or all those in this folder.",
)
def doctor(server: str | None) -> int:
    """Say which hooks hold here, and send each a commit that it must refuse.

    Nothing is changed by that. Exits with 1 when there is something to mend.
    """
    from lanes import doctor as layers  # noqa: PLC0415 - no other command needs it

    return layers.examine(server)


@lanes.command()
@click.option("--keep", metavar="DIR", help="Leave the demo's repositories in this new folder.")
def demo(keep: str | None) -> int:
    """Play the split that lanes exist for, on a real server in a temporary folder.

    Exits with 1 when any verdict is wrong.
    """
    from lanes.demo import play  # noqa: PLC0415 - no other command needs it

    return play(keep)


@lanes.command()
@click.option("--ref", metavar="REV", help="Check the manifest of this commit instead of the work tree's.")
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(ref: str | None, shape: str) -> int:
    """Check the manifest in the work tree, and prove that no two lanes can collide.

    Exits with 1 when it is invalid, or lanes collide that must not.
    """
    from lanes import check as checked  # noqa: PLC0415 - no other command needs it

    return checked.check(ref, shape)


@lanes.command()
@click.argument("lane")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--commit", is_flag=True, help="Commit it on the integration branch, and touch no work tree.")
def allow(lane: str, paths: tuple[str, ...], commit: bool) -> int:
    """Let LANE write each PATH, too: a file, or a folder with all below it.

    A PATH is relative to the current folder, or with `:/` before it to the root. Exits with 1 when another
    lane may write it, or only integration branches.
    """
    from lanes import allow as widening  # noqa: PLC0415 - no other command needs it

    return widening.allow(lane, paths, commit)


@lanes.command()
@click.argument("name", metavar="[BRANCH|LANE]", required=False)
@click.option(
    "--agents-md",
    "file",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="Keep a block about the lanes in AGENTS.md and CLAUDE.md, or in this file, up to date instead.",
)
def brief(name: str | None, file: str | None) -> int:
    """Say what to tell whoever takes a task, as Markdown for a prompt.

    It is about a lane, or the lane of a branch, by default the current one. Exits with 1 when there is none.
    """
    if file is None:
        from lanes import brief as briefing  # noqa: PLC0415 - no other command needs it

        return briefing.brief(name)
    if name is not None:
        raise click.UsageError("--agents-md is about all lanes; it takes no BRANCH or LANE beside it")
    from lanes import agents_md  # noqa: PLC0415 - no other command needs it

    return agents_md.keep(file or None)


@lanes.command()
@click.option(
    "--from",
    "source",
    type=click.Choice(["folders", "codeowners"]),
    default="folders",
    help="What the lanes are made from; by default the folders.",
)
@click.option("--dry-run", is_flag=True, help="Print the manifest; write nothing.")
def init(source: str, dry_run: bool) -> int:
    """Write a first manifest for this repository."""
    from lanes.init import init as write  # noqa: PLC0415 - no other command needs it

    return write(source, dry_run)


@lanes.command()
def schema() -> int:
    """Print the JSON Schema of the manifest, for editors."""
    from lanes.init import schema as text  # noqa: PLC0415 - no other command needs it

    say(text().removesuffix("\n"))
    return 0


@lanes.command()
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status(shape: str) -> int:
    """Say how every branch that a lane covers stands, what would conflict, and what can go in next.

    Nothing is changed by that. Exits with 1 when a branch is outside its lane, 2 when one could not be
    judged. A conflict is no error.
    """
    from lanes import status as standings  # noqa: PLC0415 - no other command needs it

    return standings.tell(shape)


def main() -> int:
    """Run the command; give its exit status."""
    return run(lanes)
