"""Judge a push: what may be done to each kind of ref (DESIGN 4.6, 4.7), and what to say about it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from lanes import report
from lanes.errors import CannotJudge
from lanes.manifest import BRANCHES, FILE, ManifestInvalid
from lanes.plumbing import Git, is_null
from lanes.settings import Pusher
from lanes.steps import judge_steps
from lanes.text import printable, shortened
from lanes.trust import Trust, folded, manifest_at, mistaken_for
from lanes.verdict import Branch, Verdict, judge_branch

_FILE = FILE.decode()
TAGS = b"refs/tags/"
REMOTES = b"refs/remotes/"
REPLACE = b"refs/replace/"
NAME = rb"refs/[^\x00-\x20\x7f~^:?*\[\\]+"  # without what no ref may hold: git-check-ref-format(1)
MOST_REFS = 10


@dataclass(frozen=True, slots=True)
class Update:
    """What a push would do to one ref: its full name, and the ids before and after (null: no such ref)."""

    ref: bytes
    old: str
    new: str


def updates_of(data: bytes, line: re.Pattern[bytes]) -> list[Update]:
    """Read what git gives a hook on standard input; *line* has the groups `ref`, `old` and `new`.

    Raises CannotJudge where a line is not whole.
    """
    updates = []
    for given in re.findall(rb"[^\n]*\n|[^\n]+", data):
        found = line.fullmatch(given)
        if not found:
            raise CannotJudge(f"git gave the hook a line that is no ref update: {printable(given)[:200]}")
        if len(found["old"]) != len(found["new"]):
            raise CannotJudge(f"git gave the hook ids of two lengths: {printable(given)[:200]}")
        updates.append(Update(found["ref"], found["old"].decode(), found["new"].decode()))
    return updates


class Server(NamedTuple):
    """What only the server knows: who pushes, and which refs are symbolic there, with their targets."""

    pusher: Pusher
    symbolic: Mapping[bytes, bytes]


def judge_push(
    git: Git, trust: Trust, updates: Sequence[Update], server: Server | None = None
) -> list[Verdict]:
    """Judge every ref of a push, in the order given.

    *server* is given where the refs are about to be written, and None where the push only begins.
    """
    push = _Push(git, trust, updates, server)
    return [push.verdict(update) for update in updates]


class _Push:
    def __init__(self, git: Git, trust: Trust, updates: Sequence[Update], server: Server | None) -> None:
        self._git = git
        self._trust = trust
        self._server = server
        written = [update for update in updates if not is_null(update.new)]
        new = [update.new for update in written]
        found = git.types([*new, *(f"{oid}^{{}}" for oid in new)])
        self._types = dict(zip(new, found[: len(new)], strict=True))
        self._peeled = dict(zip(new, found[len(new) :], strict=True))
        coming = [update.new for update in written if self._is_integration(update.ref)]
        self._integrated = [*trust.commits(), *coming]
        self._maybe_not_integrated: frozenset[str] | None = None
        self._note: str | None = None  # about the manifest that the push brings to the trusted branch

    def _is_integration(self, ref: bytes) -> bool:
        return ref.startswith(BRANCHES) and self._trust.is_integration(ref.removeprefix(BRANCHES))

    def _is_integrated(self, commit: str) -> bool:
        if self._maybe_not_integrated is None:  # one walk for all tags of a push
            commits = {found[0] for found in self._peeled.values() if found and found[1] == "commit"}
            walked = self._git.walk(commits, self._integrated)  # to its end, where a git that failed is found
            self._maybe_not_integrated = frozenset(commit for commit, _ in walked if commit in commits)
        if commit not in self._maybe_not_integrated:
            return True
        # Misleading dates make rev-list list too much, never too little.
        return any(self._git.is_ancestor(commit, tip) for tip in self._integrated)

    def verdict(self, update: Update) -> Verdict:
        try:
            return self._verdict(update)
        except CannotJudge as error:
            return Verdict(update.ref, error=str(error))

    def _verdict(self, update: Update) -> Verdict:
        if not_here := self._symbolic(update.ref) or self._not_a_pusher(update.ref):
            return Verdict(update.ref, tip=update.new, refusal=not_here)
        if self._is_integration(update.ref):
            return self._integration_verdict(update)
        self._trust.required()
        if lookalike := self._lookalike(update.ref):
            return Verdict(update.ref, tip=update.new, refusal=mistaken_for(lookalike))
        if is_null(update.new):
            return Verdict(update.ref)
        if not update.ref.startswith(BRANCHES):
            return Verdict(update.ref, tip=update.new, refusal=self._other_ref(update))
        self._require_commit(update)
        branch = update.ref.removeprefix(BRANCHES)
        return judge_branch(self._git, self._trust, Branch(update.ref, branch, update.new))

    def _lookalike(self, ref: bytes) -> bytes | None:
        """Give what *ref* equals but for case, where the two must not be mistaken for each other."""
        if ref.startswith(BRANCHES):
            return self._trust.lookalike(ref.removeprefix(BRANCHES))
        kinds = (kind for kind in (BRANCHES, TAGS, REPLACE) if not ref.startswith(kind))
        return next((kind for kind in kinds if folded(ref).startswith(folded(kind))), None)

    def _require_commit(self, update: Update) -> None:
        found = self._types[update.new]
        if found is None:
            raise CannotJudge(f"its new tip {update.new[:12]} is missing here; run: git fsck")
        if found[1] != "commit":
            raise CannotJudge(f"its new tip {update.new[:12]} is a {found[1]}; expected a commit")

    def _symbolic(self, ref: bytes) -> str | None:
        """Say why a ref can't be written because it points to another one, None where it does not."""
        target = self._server.symbolic.get(ref) if self._server else None
        return (
            f"it is a symbolic ref here, to {printable(target)}; name a branch that is none"
            if target
            else None
        )

    def _not_a_pusher(self, ref: bytes) -> str | None:
        """Say why it is not for the pusher to write a branch, or to delete it; None where it is."""
        manifest = self._trust.manifest
        if not (self._server and manifest and ref.startswith(BRANCHES)):
            return None
        if self._is_integration(ref):
            named = [("the pushers of integration branches", manifest.integration.pushers)]
        else:
            covering = manifest.covering(ref.removeprefix(BRANCHES))
            named = [(f'the pushers of lane "{lane.name}"', lane.pushers) for lane in covering]
        name, problem = self._server.pusher
        for which, pushers in named:
            if pushers is None or (name is not None and name in pushers):
                continue
            if name is None:
                unknown = "and the server does not know who pushes (not-a-pusher)"
                return f"only {which} may push it, {unknown}: {problem}"
            others = report.people(pushers)
            return f"{shortened(printable(name))} is not one of {which} (not-a-pusher): {others}"
        return None

    def _integration_verdict(self, update: Update) -> Verdict:
        refusal = self._integration(update)
        manifest = self._trust.manifest
        if refusal is not None or manifest is None or not manifest.integration.sealed:
            return Verdict(update.ref, tip=update.new, refusal=refusal, integration=True, note=self._note)
        branch = Branch(update.ref, update.ref.removeprefix(BRANCHES), update.new)
        old = None if is_null(update.old) else update.old
        return replace(judge_steps(self._git, self._trust, branch, old), note=self._note)

    def _integration(self, update: Update) -> str | None:
        """Say why an integration branch may not be updated so, None where it may."""
        name = printable(update.ref.removeprefix(BRANCHES))
        if is_null(update.new):
            return f"the integration branch {name} can't be deleted"
        self._require_commit(update)
        old = None if is_null(update.old) else update.old
        if self._server and old != self._trust.tips.get(update.ref):
            # Git compares the old id only when it writes the ref; by then other refs may be written.
            return f"the integration branch {name} is not where this push has it; fetch it, and push again"
        if old is not None:
            if self._git.types([update.old]) == [None]:
                raise CannotJudge(f"the old tip {update.old[:12]} of {name} is not here; run: git fetch")
            if not self._git.is_ancestor(update.old, update.new):
                return f"the integration branch {name} can't be rewound; {update.old[:12]} must stay in it"
        return self._trusted_branch(update, name) if update.ref == BRANCHES + self._trust.branch else None

    def _trusted_branch(self, update: Update, name: str) -> str | None:
        try:
            found = manifest_at(self._git, update.new)
            problem = f"{update.new[:12]} has no {_FILE}"
        except ManifestInvalid as error:
            found, problem = None, f"the manifest of {update.new[:12]} is invalid\n{error}"
        if found is not None:
            refusal, self._note = self._trust.objections(found)
            return refusal
        if self._trust.manifest is None:
            raise CannotJudge(f"{self._trust.problem}\nthis push does not: {problem}")
        return f"it would leave {name} without a valid manifest, and lock everybody out: {problem}"

    def _other_ref(self, update: Update) -> str | None:
        """Say why a ref outside `refs/heads/` may not be written so, None where it may."""
        if update.ref.startswith(REPLACE):
            return "refs/replace/ can't be pushed: it would put other objects in the place of judged ones"
        if self._trust.required().refs.match(update.ref):
            return None
        if update.ref.startswith(REMOTES):
            return "what a clone fetched is its own; push branches and tags, and not with --mirror"
        if not update.ref.startswith(TAGS):
            return (
                "only branches and tags can be pushed here; the integrator can name other refs in"
                f' {_FILE}: [defaults] refs = ["{printable(update.ref)}"]'
            )
        return self._tag(update)

    def _tag(self, update: Update) -> str | None:
        """Say why a tag may not be written so, None where it may."""
        peeled = self._peeled[update.new]
        if peeled is None:
            raise CannotJudge(f"its object {update.new[:12]} is missing here; run: git fsck")
        integration = " or ".join(self._trust.integration)
        if peeled[1] != "commit":
            return f"a tag must point to a commit of {integration}, and this one points to a {peeled[1]}"
        if self._is_integrated(peeled[0]):
            return None
        return (
            f"a tag must point to a commit of {integration}; integrate the commit first, or push both at once"
        )


def messages(git: Git, trust: Trust, verdicts: Sequence[Verdict]) -> list[str]:
    """Give what to tell whoever pushes: a message for each ref that is not inside, and notes on others."""
    bad = [verdict for verdict in verdicts if verdict.status]
    shown = report.listed(bad[:MOST_REFS])
    headers = git.headers(shown) if shown else {}
    trusted = trust.commits()
    coming = {
        v.ref: v.tip for v in verdicts if v.integration and v.tip and not v.status and v.tip not in trusted
    }
    found = [
        report.rejection(verdict, trust, headers, instead(git, trust, verdict, coming))
        for verdict in bad[:MOST_REFS]
    ]
    found += [f"note on {report.shown(v.ref)}: {v.note}" for v in verdicts if v.note and not v.status]
    if len(bad) > MOST_REFS:
        found.append(f"… and {report.count(len(bad) - MOST_REFS, 'more ref', 'more refs')} like these")
    if bad and len(bad) < len(verdicts):
        found.append(
            f"{len(bad)} of {len(verdicts)} refs can't be pushed, and a push is taken whole or not at all"
        )
    if bad and coming:
        names = " ".join(sorted(map(report.shown, coming)))
        found.append(
            f"what this push brings to {names} counts for other refs only afterwards: push that first"
        )
    return found


def instead(git: Git, trust: Trust, verdict: Verdict, coming: Mapping[bytes, str] | None = None) -> list[str]:
    """Give what to do in place of the usual steps, where an integration branch holds all that is outside.

    It is a local one that is not pushed yet, or one of those that are *coming* with the same push.
    """
    outside = {violation.commit for violation in verdict.violations if violation.commit}
    ahead = {
        ref: tip for ref, tip in trust.local.items() if ref not in trust.tips and tip not in trust.commits()
    }
    ahead |= coming or {}
    if not outside or not ahead or any(commit in outside for commit, _ in git.walk(outside, ahead.values())):
        return []
    names = " ".join(sorted(report.shown(ref) for ref in ahead))
    remote = printable(trust.remote or b"origin")
    return [f"all of this is on your local {names} already, so push that first: git push {remote} {names}"]
