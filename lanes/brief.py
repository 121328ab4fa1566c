"""`git lanes brief`: what to tell whoever takes a task, as Markdown for a prompt."""

import os
import re
import shlex
from collections.abc import Iterator

from lanes.command import open_repository, trust_of
from lanes.entry import complain, say
from lanes.errors import CannotJudge
from lanes.manifest import BRANCHES, FILE, Lane, Manifest, is_branch_name
from lanes.markdown import bullets, code, codes, prose
from lanes.neighbours import neighbours
from lanes.plumbing import Git
from lanes.text import allow_command, printable, readable
from lanes.trust import Trust

MOST_NEIGHBOURS = 20
MOST_LANES = 5
_FILE = FILE.decode()


def brief(name: str | None) -> int:
    """Print the brief of the lane *name*, or of that of a branch; give the exit status."""
    git, repository = open_repository()
    head = git.symbolic_ref(b"HEAD")
    asked = None if name is None else os.fsencode(name)
    trust = trust_of(git, repository, (head or b"").removeprefix(BRANCHES) or None)
    manifest = trust.required()
    lane = next((lane for lane in manifest.lanes if asked == lane.name.encode()), None)
    branch = None
    if lane is None:
        branch = _branch(head if asked is None else asked)
        lane = None if trust.is_integration(branch) else trust.lane_of(branch)
    if lane is None:
        complain("\n".join(_without_lane(trust, branch or b"")))
        return 1
    say("\n".join(_brief(git, trust, lane, branch)))
    return 0


def _branch(name: bytes | None) -> bytes:
    if name is None:
        raise CannotJudge("HEAD is detached, so there is no current branch; name one, or a lane")
    branch = name.removeprefix(BRANCHES)
    if not is_branch_name(branch):
        raise CannotJudge(f"{printable(branch)} is no lane, and can't be the name of a branch")
    return branch


def _without_lane(trust: Trust, branch: bytes) -> list[str]:
    shown = printable(branch)
    names = ", ".join(lane.name for lane in trust.required().lanes)
    if trust.is_integration(branch):
        why = f"{shown} is an integration branch, where lanes meet, and has no lane"
    else:
        why = f"{shown} is no lane, and no lane covers a branch of this name"
    return [why, f"lanes: {names}" if names else "there are no lanes yet", *trust.in_force]


def _brief(git: Git, trust: Trust, lane: Lane, branch: bytes | None) -> Iterator[str]:
    manifest = trust.required()
    yield f"# Your write lane: {code(lane.name)}\n"
    if lane.summary:
        yield f"{prose(lane.summary)}\n"
    yield from _where(trust, lane, branch)
    if lane.review_only:
        yield (
            "This lane is review-only: change no file. Report what you find, with the file and the line."
            " The hooks and the server refuse every commit that changes anything.\n"
        )
    else:
        yield from _writable(manifest, lane)
        yield from _read_only(git, trust, lane)
        yield from _more(lane)
    yield from _check(branch)
    yield from (f"\n{line[0].upper()}{line[1:]}." for line in map(prose, trust.in_force))


def _where(trust: Trust, lane: Lane, branch: bytes | None) -> Iterator[str]:
    if branch is not None:
        yield f"You work on the branch {code(os.fsdecode(branch))}.\n"
        return
    main = trust.ref or BRANCHES + trust.branch
    start = shlex.quote(printable(re.sub(rb"\Arefs/(?:heads|remotes)/", b"", main)))
    yield f"Work on a branch that is called {codes(lane.branches)}, in a work tree of your own.\n"
    example = re.sub(r"\*+|\?|\[.[^]]*\]", "TASK", lane.branches.patterns[0].text)
    if example.isprintable() and is_branch_name(example.encode()) and lane.branches.match(example.encode()):
        folder = shlex.quote(f"../{example.replace('/', '-')}")
        yield f"```sh\ngit worktree add -b {shlex.quote(example)} {folder} {start}\n```\n"


def _writable(manifest: Manifest, lane: Lane) -> Iterator[str]:
    yield "## You may write\n"
    yield from bullets(lane.paths)
    if any(not pattern.include for pattern in lane.paths.patterns):
        yield "\nThe last pattern that matches decides, and `!` takes paths out."
    if manifest.shared.patterns:
        yield "\nand, as others may, too, so keep changes there small:\n"
        yield from bullets(manifest.shared)
    yield (
        "\nPatterns are those of gitignore, from the root. A commit that changes anything else is refused,"
        " even where a later one takes it back.\n"
    )


def _read_only(git: Git, trust: Trust, lane: Lane) -> Iterator[str]:
    manifest = trust.required()
    yield "## You may read, but not write\n"
    near = neighbours(git, trust.commit or "", manifest, lane, MOST_NEIGHBOURS)
    for path, owners, whole in near[:MOST_NEIGHBOURS]:
        names = [code(owner) for owner in owners[:MOST_LANES]]
        more = [f"{len(owners) - MOST_LANES} more"] if len(owners) > MOST_LANES else []
        whose = f"{'lane' if len(owners) == 1 else 'lanes'} {', '.join([*names, *more])}"
        yield f"- {code(readable(path))}: {whose}{'' if whole else ', in part'}"
    if len(near) > MOST_NEIGHBOURS:
        yield f"- and {len(near) - MOST_NEIGHBOURS} more; `git lanes why PATH` says whose a path is"
    reserved = ", ".join(filter(None, [code(_FILE), codes(manifest.protected)]))
    yield f"- {reserved}: only integration branches may write that"
    yield "- everything else\n"


def _more(lane: Lane) -> Iterator[str]:
    yield "## If you need more\n"
    yield "Leave it as it is, and report the path and the reason. The integrator decides, and may run:\n"
    yield f"```sh\n{allow_command(lane.name, [])} PATH...\n```\n"


def _check(branch: bytes | None) -> Iterator[str]:
    name = "" if branch is None else f" --branch {shlex.quote(printable(branch))}"
    yield "## Check\n"
    yield f"```sh\ngit lanes why PATH{name}\nlane-audit\n```\n"
    yield (
        "The first says whose a path is, the second whether what you committed is inside."
        " Where `git commit` or `git push` is refused, do what the message says; never go past the hooks."
    )
