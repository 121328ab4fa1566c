"""`lane-audit`: judge branches that exist, as the server would if they were pushed now."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

import click

from lanes import formats, report
from lanes.audited import Audit
from lanes.command import open_repository, run, trust_of
from lanes.errors import CannotJudge
from lanes.manifest import BRANCHES, is_branch_name
from lanes.plumbing import Git
from lanes.push import instead
from lanes.reports import Command, Report, opened
from lanes.steps import judge_steps
from lanes.text import printable
from lanes.trust import Trust, remotes_of
from lanes.verdict import Branch, Verdict, exit_status, judge_branch, judge_for

TRACKING = b"refs/remotes/"


@click.command(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("branches", nargs=-1, metavar="[BRANCH]...")
@click.option(
    "--all", "everything", is_flag=True, help="Audit every branch that a lane covers, local and fetched."
)
@click.option(
    "--as", "as_branch", nargs=2, metavar="BRANCH REV", help="Judge commit REV as if it were BRANCH."
)
@click.option("--base", metavar="REV", help="Take REV, and what it contains, for all that is trusted.")
@click.option("--lane", "lane_name", metavar="NAME", help="Ask whether the branches would fit this lane.")
@click.option(
    "--format",
    type=click.Choice(formats.NAMES),
    metavar="FORMAT",
    multiple=True,
    expose_value=False,
    help=f"Give the report as {', '.join(formats.NAMES[:-1])} or {formats.NAMES[-1]}; once for each report.",
)
@click.option(
    "--output",
    metavar="FILE",
    multiple=True,
    expose_value=False,
    help="Write it to FILE, not to the standard output; each is for the --format beside it.",
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Whether text has colour: auto is on a terminal, unless NO_COLOR or FORCE_COLOR is set.",
)
@click.version_option(package_name="git-lanes")
def audit(
    branches: Sequence[str],
    everything: bool,
    as_branch: tuple[str, str] | None,
    base: str | None,
    lane_name: str | None,
    color: str,
    reports: Sequence[Report],
) -> int:
    """Judge every commit of branches that exist, by default the current one.

    A BRANCH is a local or a remote-tracking one (origin/work), or a full ref name. Exits with 0 when all
    are inside their lanes, 1 when one is not, 2 when one could not be judged.
    """
    if sum(map(bool, (branches, everything, as_branch))) > 1:
        raise click.UsageError("BRANCH, --all and --as can't be combined.")
    with opened(reports, color) as writers:
        in_short = all(wanted.format == "text" for wanted in reports)
        found = _audit(branches, everything, as_branch, base, lane_name, in_short)
        for write in writers:
            write(found)
    return exit_status(found.verdicts)


def _audit(
    branches: Sequence[str],
    everything: bool,
    as_branch: tuple[str, str] | None,
    base: str | None,
    lane_name: str | None,
    in_short: bool,
) -> Audit:
    """Judge; with *in_short*, ask for the headers of those commits alone that are listed for people."""
    git, repository = open_repository()
    named = _chosen(git, branches, as_branch) if not everything else []
    trust = trust_of(git, repository, named[0].name if named else None)
    chosen = covered(git, trust) if everything else named
    if base is not None:
        trust = replace(trust, tips={b"--base": _commit(git, base)}, remote=None, local={})
    if lane_name is not None:
        trust.required().lane_named(lane_name)
    verdicts = [verdict_on(git, trust, branch, lane_name) for branch in chosen]
    outside = {v.commit for verdict in verdicts for v in verdict.violations if v.commit}
    headers = git.headers(report.listed(verdicts) if in_short else outside)
    advice = [instead(git, trust, verdict) for verdict in verdicts]
    return Audit(trust, verdicts, headers, advice)


def _chosen(git: Git, names: Iterable[str], as_branch: tuple[str, str] | None) -> list[Branch]:
    if as_branch:
        branch = os.fsencode(as_branch[0]).removeprefix(BRANCHES)
        if not is_branch_name(branch):
            raise CannotJudge(f"{printable(branch)} can't be the name of a branch")
        return [Branch(BRANCHES + branch, branch, _commit(git, as_branch[1]))]
    refs = [_find(git, os.fsencode(name)) for name in names] or [_current(git)]
    known = git.refs(refs)
    if missing := [ref for ref in refs if ref not in known]:
        raise CannotJudge(f"{printable(missing[0])} has no commit yet")
    remotes = remotes_of(git)
    return [Branch(ref, remotes.branch_of(ref), known[ref].oid) for ref in refs]


def _current(git: Git) -> bytes:
    ref = git.symbolic_ref(b"HEAD")
    if ref is None:
        raise CannotJudge(
            "HEAD is detached, so there is no branch to judge; say which: lane-audit --as BRANCH HEAD"
        )
    return ref


def _find(git: Git, name: bytes) -> bytes:
    full = name.startswith((BRANCHES, TRACKING))
    candidates = [name] if full else [BRANCHES + name, TRACKING + name]
    found = git.refs(candidates)
    if len(found) > 1:
        both = " and ".join(printable(ref) for ref in candidates)
        raise CannotJudge(f"{printable(name)} is the name of {both}; give the one you mean in full")
    for ref, value in found.items():
        return value.target or ref
    shown = printable(name)
    raise CannotJudge(
        f"there is no branch {shown}; git branch --all lists those that exist,"
        f" and lane-audit --as BRANCH {shown} judges any other commit"
    )


def covered(git: Git, trust: Trust) -> list[Branch]:
    """List the branches that a lane covers, local and fetched, sorted by their refs."""
    manifest = trust.required()
    remotes = remotes_of(git)
    found = []
    for ref, value in git.all_refs(BRANCHES, TRACKING).items():
        branch = remotes.branch_of(ref)
        covered = any(lane.branches.match(branch) for lane in manifest.lanes)
        if value.target is None and covered and not trust.is_integration(branch):
            found.append(Branch(ref, branch, value.oid))
    return found


def _commit(git: Git, revision: str) -> str:
    found = git.commit(os.fsencode(revision))
    if found is None:
        raise CannotJudge(f"there is no commit {printable(os.fsencode(revision))}")
    return found


def verdict_on(git: Git, trust: Trust, branch: Branch, lane_name: str | None = None) -> Verdict:
    """Judge a branch for its lane, or for the one named; what could not be judged is in the verdict, too."""
    try:
        manifest = trust.required()
        if lane_name is not None:
            return judge_for(git, trust, branch, manifest.lane_named(lane_name), counted=True)
        if trust.is_integration(branch.name):
            return _integration(git, trust, branch)
        return judge_branch(git, trust, branch, counted=True)
    except CannotJudge as error:
        return Verdict(branch.ref, tip=branch.tip, error=str(error))


def _integration(git: Git, trust: Trust, branch: Branch) -> Verdict:
    if trust.required().integration.sealed:
        remotes = remotes_of(git)
        known = (tip for ref, tip in trust.tips.items() if remotes.branch_of(ref) == branch.name)
        return judge_steps(git, trust, branch, next(known, None))
    return Verdict(branch.ref, tip=branch.tip, side=(branch.tip,), integration=True)


def main() -> int:
    """Run the command; give its exit status."""
    return run(audit)
