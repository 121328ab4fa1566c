"""`lane-audit`: judge branches that exist, as the server would if they were pushed now."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from lanes import formats, report
from lanes.audited import Audit
from lanes.baseline import meet, read
from lanes.command import open_repository, run, trust_of
from lanes.errors import CannotJudge
from lanes.manifest import BRANCHES, is_branch_name
from lanes.merged import Merged, judge_merged
from lanes.plumbing import Git
from lanes.push import instead
from lanes.reports import Command, Report, opened
from lanes.repository import Repository
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
@click.option(
    "--first-parent",
    metavar="BRANCH",
    help="Judge what each merge into this integration branch brought, as its branch.",
)
@click.option("--since", metavar="REV", help="With --first-parent: only merges that REV does not contain.")
@click.option("--base", metavar="REV", help="Take REV, and what it contains, for all that is trusted.")
@click.option("--lane", "lane_name", metavar="NAME", help="Ask whether the branches would fit this lane.")
@click.option(
    "--baseline",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Count the violations that FILE knows, and fail for others alone.",
)
@click.option("--write-baseline", is_flag=True, help="Write to that FILE what there is now.")
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
    first_parent: str | None,
    since: str | None,
    base: str | None,
    lane_name: str | None,
    baseline: Path | None,
    write_baseline: bool,
    color: str,
    reports: Sequence[Report],
) -> int:
    """Judge every commit of branches that exist, by default the current one.

    A BRANCH is a local or a remote-tracking one (origin/work), or a full ref name. Exits with 0 when all
    are inside their lanes, 1 when one is not, 2 when one could not be judged.
    """
    _require_meaning(branches, everything, as_branch, first_parent, since, base)
    if baseline is None and write_baseline:
        raise click.UsageError("--write-baseline needs --baseline FILE.")
    with opened(reports, color) as writers:
        known = read(baseline, must_exist=not write_baseline) if baseline else frozenset()
        git, repository = open_repository()
        merged = None
        if first_parent is None:
            trust, verdicts = _of_branches(git, repository, branches, everything, as_branch, base, lane_name)
        else:
            trust, verdicts, merged = _of_merges(git, repository, first_parent, since, lane_name)
        met = None
        if baseline:
            whole = everything or first_parent is not None
            name_of = remotes_of(git).branch_of
            verdicts, met = meet(baseline, known, verdicts, name_of, whole, rewrite=write_baseline)
        if all(wanted.format == "text" for wanted in reports):  # it lists some commits alone
            headers = git.headers(report.listed(verdicts))
        else:
            headers = git.headers({v.commit for verdict in verdicts for v in verdict.violations if v.commit})
        advice = [[] if merged else instead(git, trust, verdict) for verdict in verdicts]
        found = Audit(trust, verdicts, headers, advice, merged, met, git)
        for write in writers:
            write(found)
    return exit_status(found.verdicts)


def _require_meaning(
    branches: Sequence[str],
    everything: bool,
    as_branch: tuple[str, str] | None,
    first_parent: str | None,
    since: str | None,
    base: str | None,
) -> None:
    """Raise UsageError where options are combined that mean nothing together."""
    if sum(map(bool, (branches, everything, as_branch, first_parent is not None))) > 1:
        raise click.UsageError("BRANCH, --all, --as and --first-parent can't be combined.")
    if first_parent is None and since is not None:
        raise click.UsageError("--since needs --first-parent BRANCH.")
    if first_parent is not None and base is not None:
        raise click.UsageError(
            "--base can't be combined with --first-parent: trusted is what the branch held before each merge."
        )


def _of_branches(
    git: Git,
    repository: Repository,
    branches: Sequence[str],
    everything: bool,
    as_branch: tuple[str, str] | None,
    base: str | None,
    lane_name: str | None,
) -> tuple[Trust, list[Verdict]]:
    named = _chosen(git, branches, as_branch) if not everything else []
    trust = trust_of(git, repository, named[0].name if named else None)
    chosen = covered(git, trust) if everything else named
    if base is not None:
        trust = replace(trust, tips={b"--base": _commit(git, base)}, remote=None, local={})
    if lane_name is not None:
        trust.required().lane_named(lane_name)
    return trust, [verdict_on(git, trust, branch, lane_name) for branch in chosen]


def _of_merges(
    git: Git, repository: Repository, into: str, since: str | None, lane_name: str | None
) -> tuple[Trust, list[Verdict], Merged]:
    (branch,) = _chosen(git, [into], None)
    trust = trust_of(git, repository, branch.name)
    lane = None if lane_name is None else trust.required().lane_named(lane_name)
    trust.required()
    if not trust.is_integration(branch.name):
        raise CannotJudge(
            f"{printable(branch.name)} is no integration branch, which --first-parent needs;"
            f" there is: {', '.join(trust.integration)}"
        )
    begin = None if since is None else _commit(git, since)
    return trust, *judge_merged(git, trust, remotes_of(git), branch, begin, lane)


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
