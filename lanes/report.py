"""Verdicts as text: functions from a verdict to what a person or an agent reads at a bad moment."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice

from lanes.at_work import Stopped
from lanes.changes import INDEX
from lanes.judge import Reason, Violation
from lanes.manifest import BRANCHES, FILE, Lane, Manifest
from lanes.patterns import PathPattern, PatternError, exact_pattern
from lanes.plumbing import Header
from lanes.text import allow_command, printable, quoted, shortened
from lanes.trust import Trust
from lanes.verdict import Verdict

MOST_COMMITS = 10
MOST_CHANGES = 20
MOST_PATTERNS = 20
MOST_LANES = 5
MOST_PEOPLE = 20
MOST_ALLOWED = 100  # paths that one command gives a lane
LONGEST_NAME = 300  # bytes of a path, an author or a subject
LONGEST_COMMAND = 4000
_FILE = FILE.decode()
_TAKE_OUT = "take these changes out of the commits that made them (a commit that reverts them is not enough)"
_STATUS = {"A": "adds", "D": "deletes", "M": "changes", "T": "changes the type of", "U": "decides about"}

Headers = Mapping[str, Header]
"""By commit id."""


def rejection(
    verdict: Verdict, trust: Trust, headers: Headers | None = None, instead: Sequence[str] = ()
) -> str:
    """Say why a ref is rejected or could not be judged, what its lane may write, and what to do next.

    *instead* are lines in the place of the usual next steps. The first line is printed behind `lanes: `.
    """
    name = title(verdict)
    if verdict.error is not None:
        return _indented(f"{name} could not be judged: {verdict.error}", trust.in_force)
    if verdict.refusal is not None:
        return _indented(f"{name} is rejected: {verdict.refusal}", trust.in_force)
    if verdict.merge is not None:
        return "\n".join(_merged(verdict, trust, headers or {}))
    if verdict.violations and verdict.violations[0].reason is Reason.NO_LANE:
        return "\n".join(_no_lane(verdict, trust))
    if verdict.integration:
        return "\n".join(_not_in_one_lane(verdict, trust, headers or {}))
    lines = [_headline(verdict)]
    lines += violations(verdict.violations, headers or {})
    lines += _allowed(verdict.lane, trust)
    lines += trust.in_force
    lines += ["next:", *(f"  {line}" for line in instead or _next_steps(verdict, trust, headers or {}))]
    return "\n".join(lines)


def staged(verdict: Verdict, trust: Trust, parents: int, below_the_root: bool, partial: bool) -> str:
    """Say why the index can't be committed, and how to take out of it what is outside.

    It is about a commit on so many *parents*. With *below_the_root* commands are typed in a sub-folder; the
    commit is *partial* when git takes files past the index (-a, -- FILE).
    """
    if not verdict.violations or verdict.violations[0].reason is Reason.NO_LANE:
        return rejection(verdict, trust)
    number = count(len(verdict.violations), "staged change is", "staged changes are")
    lines = [f"{shown(verdict.ref)}: {number} outside its {lane_name(verdict.lane)}"]
    lines += changes(verdict.violations)
    lines += _allowed(verdict.lane, trust)
    lines += trust.in_force
    stopped = Stopped(on="commit again", made=True, partial=partial)
    steps = [*_give_back(verdict, parents, below_the_root, stopped), *_widen(verdict, trust)]
    return "\n".join([*lines, "next:", *(f"  {line}" for line in steps)])


def refused(verdict: Verdict, trust: Trust, headers: Headers, stopped: Stopped, below_the_root: bool) -> str:
    """Say why a local branch is not updated, and how to get out of what git was *stopped* at.

    With *below_the_root* commands are typed in a sub-folder.
    """
    name = shown(verdict.ref)
    if verdict.error is not None:
        lines = [f"{name} is not updated, it could not be judged: {verdict.error}", *trust.in_force]
        steps = [f"go back: {stopped.back}"] if stopped.back else []
    else:
        lines = [f"{name} is not updated: {_number(verdict)} would lie outside its {lane_name(verdict.lane)}"]
        lines += violations(verdict.violations, headers)
        lines += _allowed(verdict.lane, trust)
        lines += trust.in_force
        steps = _steps_out(verdict, trust, headers, stopped, below_the_root)
    return "\n".join([*lines, *(["next:"] if steps else []), *(f"  {line}" for line in steps)])


def _steps_out(
    verdict: Verdict, trust: Trust, headers: Headers, stopped: Stopped, below_the_root: bool
) -> list[str]:
    back = f"go back: {stopped.back}"
    if stopped.made and all(violation.commit == verdict.tip for violation in verdict.violations):
        parents = 1 + any(header.merge for commit, header in headers.items() if commit == verdict.tip)
        steps = _give_back(verdict, parents, below_the_root, stopped)
        return [*steps, *([f"or {back}"] if stopped.back else []), *_widen(verdict, trust)]
    steps = [f"leave these commits out{f', and {back}' if stopped.back else '; nothing has changed'}"]
    if stopped.on and not stopped.made:
        steps = [
            f"take these changes out of these commits (git commit --amend, or git reset), and {stopped.on}",
            f"or {back}",
        ]
    return [*steps, *_widen(verdict, trust), *_fetch(trust)]


def _fetch(trust: Trust) -> list[str]:
    main = printable(trust.branch)
    remote = printable(trust.remote or b"")
    return [f"or, if these commits are on {main} by now: git fetch {remote}"] if remote else []


def title(verdict: Verdict) -> str:
    """Give what a verdict is about: a branch, and in merged history the merge that it came by."""
    if verdict.merge is None:
        return shown(verdict.ref)
    if verdict.merge == verdict.tip:
        return f"commit {verdict.merge[:12]}"
    name = shown(verdict.ref) if verdict.ref.startswith(BRANCHES) else f"commit {(verdict.tip or '')[:12]}"
    return f"{name} (merged by {verdict.merge[:12]})"


def shown(ref: bytes) -> str:
    """Give a branch by its name and any other ref in full, safe to print."""
    return printable(ref.removeprefix(BRANCHES))


def lane_name(lane: Lane | None) -> str:
    """Give a lane as sentences name it."""
    return f'lane "{lane.name}"' if lane else "lane (none covers it)"


def count(number: int, one: str, many: str) -> str:
    """Give a number and the word for so many."""
    return f"{number} {one if number == 1 else many}"


def _indented(message: str, more: Iterable[str]) -> str:
    return "\n".join([message, *more])


def _headline(verdict: Verdict) -> str:
    return f"{title(verdict)} is rejected: {_number(verdict)} outside its {lane_name(verdict.lane)}"


def _number(verdict: Verdict) -> str:
    commits = len({violation.commit for violation in verdict.violations})
    return count(len(verdict.violations), "change", "changes") + f" in {count(commits, 'commit', 'commits')}"


def listed(verdicts: Iterable[Verdict]) -> list[str]:
    """Give the ids of the commits that rejections of these verdicts tell about."""
    commits = (dict.fromkeys(v.commit for v in verdict.violations if v.commit) for verdict in verdicts)
    return [commit for some in commits for commit in list(some)[:MOST_COMMITS] if commit != INDEX]


def violations(found: Sequence[Violation], headers: Headers, sealed: bool = False) -> list[str]:
    """List violations by commit, both cut where they are many, with the count of what was cut.

    They are of a *sealed* integration branch, or of a lane's branch.
    """
    commits = [
        (commit, list(group)) for commit, group in groupby(found, key=lambda violation: violation.commit)
    ]
    lines = []
    for commit, group in commits[:MOST_COMMITS]:
        lines.append("this commit" if commit == INDEX else about(commit or "", headers))
        lines += [f"  {line}" for line in changes(group, sealed)]
    if len(commits) > MOST_COMMITS:
        lines.append(f"… and {count(len(commits) - MOST_COMMITS, 'more commit', 'more commits')}")
    return lines


def about(commit: str, headers: Headers) -> str:
    """Name a commit, with its subject and its author where they are known."""
    if commit not in headers:
        return f"commit {commit[:12]}"
    author, subject = (shortened(printable(text[:LONGEST_NAME])) for text in headers[commit][:2])
    quotable = subject.replace('"', '\\"')
    return f'commit {commit[:12]}{" (a merge)" * headers[commit].merge} "{quotable}" by {author}'


def changes(found: Sequence[Violation], sealed: bool = False) -> list[str]:
    """List violations of one commit, a line each, cut where they are many."""
    lines = [_change(violation, sealed) for violation in found[:MOST_CHANGES]]
    if len(found) > MOST_CHANGES:
        lines.append(f"… and {count(len(found) - MOST_CHANGES, 'more change', 'more changes')}")
    return lines


def _change(violation: Violation, sealed: bool) -> str:
    what = f"{verb(violation)} {shortened(quoted(violation.path or b''), LONGEST_NAME)}"
    return f"{what} ({violation.reason.value}: {owner(violation, sealed)})"


def verb(violation: Violation) -> str:
    """Say what a change does to its path."""
    return _STATUS[violation.status or "M"]


def owner(violation: Violation, sealed: bool = False) -> str:
    """Say who may make a change; it is on a *sealed* integration branch, or on a lane's branch."""
    if violation.status == "U" and not sealed:
        return "integration branches changed it differently; merge one into the other first, then merge that"
    if violation.reason is Reason.PROTECTED:
        return "no lane may write it" if sealed else "only integration branches may write it"
    if not violation.lanes:
        return "no lane may write it"
    names = ", ".join(f'"{name}"' for name in violation.lanes[:MOST_LANES])
    more = f" and {len(violation.lanes) - MOST_LANES} more" if len(violation.lanes) > MOST_LANES else ""
    return f"{'lane' if len(violation.lanes) == 1 else 'lanes'} {names}{more} may write it"


def _allowed(lane: Lane | None, trust: Trust) -> list[str]:
    if lane is None or trust.manifest is None:
        return []
    return may_write(lane, trust.manifest)


def may_push(pushers: frozenset[bytes] | None) -> list[str]:
    """Say who may push, where anybody is named."""
    return [] if pushers is None else [f"who may push: {people(pushers)}"]


def people(names: Iterable[bytes]) -> str:
    """List people in one line, cut where they are many."""
    shown = [shortened(printable(name)) for name in sorted(names)]
    more = len(shown) - MOST_PEOPLE
    return ", ".join(shown[:MOST_PEOPLE]) + (f" and {more} more" if more > 0 else "")


def may_write(lane: Lane, manifest: Manifest) -> list[str]:
    """Say what the branches of a lane may write, in the manifest's own patterns."""
    if lane.review_only:
        return [f'lane "{lane.name}" is review-only: its branches may not change anything']
    lines = [f'lane "{lane.name}" may write:', *_patterns(lane.paths.patterns)]
    if manifest.shared.patterns:
        lines += ["and, as all lanes that are not review-only:", *_patterns(manifest.shared.patterns)]
    return lines


def reserved(manifest: Manifest) -> list[str]:
    """Say what only integration branches may write."""
    return ["only integration branches may write:", f"  {_FILE}", *_patterns(manifest.protected.patterns)]


def _patterns(patterns: Sequence[PathPattern]) -> list[str]:
    lines = [f"  {printable(pattern.text.encode())}" for pattern in patterns[:MOST_PATTERNS]]
    if len(patterns) > MOST_PATTERNS:
        lines.append(f"  … and {count(len(patterns) - MOST_PATTERNS, 'more pattern', 'more patterns')}")
    return lines


def _no_lane(verdict: Verdict, trust: Trust) -> list[str]:
    lines = [f"{shown(verdict.ref)} is rejected: no lane covers this branch"]
    lanes = trust.manifest.lanes if trust.manifest else ()
    if lanes:
        lines.append("branches that a lane covers:")
        for lane in lanes[:MOST_PATTERNS]:
            names = " ".join(
                printable(pattern.text.encode()) for pattern in lane.branches.patterns[:MOST_PATTERNS]
            )
            lines.append(f"  {names}: {lane_name(lane)}" + (f", {lane.summary}" if lane.summary else ""))
        if len(lanes) > MOST_PATTERNS:
            lines.append(f"  … and {count(len(lanes) - MOST_PATTERNS, 'more lane', 'more lanes')}")
    lines += trust.in_force
    lines += ["next:", "  give the branch a name that your task's lane covers: git branch -m NEW-NAME"]
    lines.append(f"  or ask the integrator to cover it in {_FILE} on {printable(trust.branch)}")
    return lines


def _merged(verdict: Verdict, trust: Trust, headers: Headers) -> Iterator[str]:
    """Leave out what can't be done any more where a branch is merged, and what many merges have in common."""
    yield _headline(verdict)
    yield from violations(verdict.violations, headers)
    if verdict.lane and any(violation.reason is Reason.OUTSIDE_LANE for violation in verdict.violations):
        yield "next:"
        yield from (f"  {line.removeprefix('or ')}" for line in _widen(verdict, trust))


def _not_in_one_lane(verdict: Verdict, trust: Trust, headers: Headers) -> list[str]:
    name = shown(verdict.ref)
    verb = "does" if len(verdict.violations) == 1 else "do"
    lines = [f"{name} is rejected: {_number(verdict)} {verb} not fit into one lane with the rest of a step"]
    lines += violations(verdict.violations, headers, sealed=True)
    lines.append(f"a step is a commit or a merge on {name} itself, with all that it brings")
    lines += trust.in_force
    return [*lines, "next:", *(f"  {line}" for line in _one_lane_at_a_time(verdict, trust))]


def _one_lane_at_a_time(verdict: Verdict, trust: Trust) -> Iterator[str]:
    name = shown(verdict.ref)
    protected = [violation for violation in verdict.violations if violation.reason is Reason.PROTECTED]
    others = [violation for violation in verdict.violations if violation.reason is not Reason.PROTECTED]
    if others:
        yield f"bring {name} the work of one lane at a time, each as a commit or a merge of its own:"
        if verdict.tip is None:
            yield "  git restore --staged PATH, or, in a merge, git merge --abort"
        elif verdict.base:
            yield f"  git reset --keep {verdict.base[:12]} && git merge --no-ff BRANCH"
        yield f"or {_TAKE_OUT}"
    if any(not violation.lanes for violation in others):
        yield f"or let a lane write what no lane may write, in {_FILE} on {printable(trust.branch)}"
    if protected and trust.required().integration.pushers is not None:
        yield (
            "leave protected paths alone in the commits that a merge brings,"
            " but for those that the merge as a whole changes"
        )
    elif protected:
        yield (
            f"name who may push to {name}, and so change protected paths: [integration] pushers in {_FILE};"
            " to bring that in, the server's administrator sets git config lanes.mode warn for one push"
        )
    if trust.remote:
        remote = printable(trust.remote)
        yield f"or, if other integration branches hold these commits by now: git fetch {remote}"


def _next_steps(verdict: Verdict, trust: Trust, headers: Headers) -> list[str]:
    main = printable(trust.branch)
    steps = []
    disputed = sum(violation.status == "U" for violation in verdict.violations)
    if disputed:
        names = " and ".join(trust.integration)
        steps.append(
            f"where {names} changed a path differently: have the integrator merge one into the other,"
            " then merge the result here"
        )
    if disputed == len(verdict.violations):
        return steps
    charged = {violation.commit or "" for violation in verdict.violations}
    steps += _undo(verdict, any(headers[commit].merge for commit in charged & headers.keys()))
    steps += _widen(verdict, trust)
    steps.append(
        f"or, where they are changes of {main}: push {main} first, and take them by a merge, not as a copy"
    )
    return steps + _fetch(trust)


def _undo(verdict: Verdict, merge: bool) -> list[str]:
    """Say how to make the commits anew. A rebase drops merges, with all that was settled in them."""
    rebase = f"{_TAKE_OUT}:"
    if verdict.base is None:
        first = (verdict.violations[0].commit or "")[:12]
        return [rebase, f"  git rebase -i {f'--rebase-merges {first}^' if verdict.side else '--root'}"]
    base = verdict.base[:12]
    reset = ["keep your files as they are, and commit those of your lane alone:", f"  git reset {base}"]
    if merge:
        return [f"go back to {base}, {reset[0]}", reset[1]]
    return [rebase, f"  git rebase -i {base}", f"or go back to there, {reset[0]}", reset[1]]


def _widen(verdict: Verdict, trust: Trust) -> list[str]:
    if verdict.lane and verdict.lane.review_only:
        return ["report what you found instead of changing it; a task that must write needs another lane"]
    outside = Reason.OUTSIDE_LANE
    paths = {v.path: v.lanes for v in verdict.violations if v.path and v.reason is outside}
    if verdict.lane is None or not paths:
        return [f"or ask the integrator to make these changes on {printable(trust.branch)}"]
    lane = lane_name(verdict.lane)
    # Not by folders, where there are too many: that would give the lane more than it asked for.
    named = list(islice(filter(_can_be_allowed, paths), MOST_ALLOWED))
    while len(command := allow_command(verdict.lane.name, named)) > LONGEST_COMMAND:
        named.pop()
    if not named:
        where = f"{_FILE} on {printable(trust.branch)}"
        return [f"or ask the integrator to widen {lane} in {where}, if it should write these paths"]
    some = f" ({len(named):,} of {len(paths):,})" if len(named) < len(paths) else ""
    ask = f"or ask the integrator to run, if {lane} should write these paths{some}:"
    return [ask, f"  {command}", *_given_up({path: paths[path] for path in named})]


def _given_up(paths: Mapping[bytes, Sequence[str]]) -> Iterator[str]:
    """Say what other lanes have to give up before another one gets these paths, each with its owners."""
    owned: dict[str, list[bytes]] = {}
    for path, owners in paths.items():
        for owner in owners:
            owned.setdefault(owner, []).append(path)
    for owner, (first, *others) in islice(owned.items(), MOST_LANES):
        more = f" and {count(len(others), 'more path', 'more paths')}" if others else ""
        yield f'lane "{owner}" has to give up {shortened(quoted(first), LONGEST_NAME)}{more} first'
    if len(owned) > MOST_LANES:
        yield f"and so have {count(len(owned) - MOST_LANES, 'more lane', 'more lanes')} what is theirs"


def _can_be_allowed(path: bytes) -> bool:
    try:
        return bool(exact_pattern(path))
    except PatternError:
        return False


def _give_back(verdict: Verdict, parents: int, below_the_root: bool, stopped: Stopped) -> list[str]:
    """Say how to take the changes out of the index, and of the files where git copied them there."""
    paths = [violation.path for violation in verdict.violations if violation.path and violation.status != "U"]
    if not paths:
        return [
            "abort this merge (git merge --abort) and merge the integration branches into each other first"
        ]
    if stopped.partial:
        return ["commit only files that your lane may write: git commit -- FILE..."]
    restore = f"git restore --staged{' --worktree' if stopped.copied else ''}"
    if len(verdict.side) > 1 and parents > 1:
        return [
            "give each path back what the integration branch holds that changed it"
            f" ({restore} --source=BRANCH -- PATH), and {stopped.on}"
        ]
    where = "index and the files" if stopped.copied else "index"
    if not all(map(_is_plain, paths)):
        return [f"take these changes out of the {where} with {restore}, and {stopped.on}"]
    names = " ".join(_pathspec(path, below_the_root) for path in paths[:MOST_CHANGES])
    which = "these" if len(paths) <= MOST_CHANGES else f"the first {MOST_CHANGES} of these"
    if not verdict.side:
        return [
            f"take {which} files out of the {where}, and {stopped.on}:",
            f"  git rm {'' if stopped.copied else '--cached '}-r -- {names}",
        ]
    kept = "" if stopped.copied else " (your files stay as they are)"
    return [
        f"take {which} changes out of the {where}{kept}, and {stopped.on}:",
        f"  {restore} --source={(verdict.base or 'HEAD')[:12]} -- {names}",
    ]


def _is_plain(path: bytes) -> bool:
    return len(path) <= LONGEST_NAME and path.decode("utf-8", "surrogateescape").isprintable()


def _pathspec(path: bytes, below_the_root: bool) -> str:
    """Give a path as git and a shell take it, and nothing else with it (gitglossary(7), pathspec)."""
    name = path.decode("utf-8")
    if re.search(r"^[:!^]|[*?\[\\]", name):
        return shlex.quote(f":(top,literal){name}")
    return shlex.quote(f":/{name}" if below_the_root else name)
