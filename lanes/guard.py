"""Whether an agent may do what it is about to do, by the lane of the worktree that holds the file."""

import os
import re
import shlex
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from lanes.acts import Act, Kind
from lanes.errors import CannotJudge
from lanes.gate import is_gated
from lanes.manifest import FILE, Lane, Manifest
from lanes.plumbing import Git
from lanes.settings import Settings
from lanes.shell import UNKNOWN, joined
from lanes.text import allow_command, printable, quoted
from lanes.trust import Trust, in_clone
from lanes.worktrees import Known, Worktree, is_gits_own, worktrees_around

MOST_REFUSALS = 20
"""So many are told of."""
MOST_LANES = 5
_ANYTHING = "*"  # stands in a path for what nobody knows

# Files that decide which hooks run, git's and the agents' own, without case.
_HOOKS = re.compile(
    r"(?:"
    r"\.claude/(?:settings[^/]*\.json|hooks/.*)|\.codex/(?:hooks\.json|config\.toml)"
    r"|\.gemini/(?:settings\.json|hooks/.*)|\.github/hooks/.*|\.copilot/(?:hooks/.*|config\.json)"
    r"|\.cursor/(?:hooks\.json|hooks/.*)|(?:\.opencode|\.config/opencode)/(?:plugins?/.*|opencode\.jsonc?)"
    r"|opencode\.jsonc?|\.pre-commit-config\.ya?ml|prek\.toml|\.?lefthook(?:-local)?\.(?:ya?ml|toml|json)"
    r"|\.husky/.*|\.lefthook(?:-local)?/.*|\.gitconfig|\.config/git/config"
    r")",
    re.DOTALL,
)
_BELOW_ANY_FOLDER = re.compile(f"(?:.*/)?{_HOOKS.pattern}", re.DOTALL)


class Refusal(NamedTuple):
    """Why something may not be done, and what to do instead; ready to print.

    `widen` is the lane that would have to be widened by `path`, where that would let it pass; `called` is the
    file as the agent calls it. Where git ignores `ignored`, a path in the worktree `top`, nothing is refused.
    """

    what: str
    instead: str = ""
    in_force: tuple[str, ...] = ()
    widen: str | None = None
    path: bytes = b""
    called: str = ""
    top: str = ""
    ignored: bytes = b""


class _Standing(NamedTuple):
    """What holds in a worktree: its branch, None on a detached HEAD, and what its clone trusts."""

    worktree: Worktree
    branch: bytes | None
    trust: Trust
    gated: bool
    warns: bool

    @property
    def integration(self) -> bool:
        return self.branch is not None and self.trust.is_integration(self.branch)


class Guard:
    """Judges what an agent is about to do that works in *folder*. Raises CannotJudge.

    Where it refuses only because `lanes.mode` would have to say so, the refusal is among `warnings`.
    """

    def __init__(self, folder: str) -> None:
        self._folder = os.path.realpath(folder)
        self._known: Known = {}
        self._standings: dict[str, _Standing] = {}
        self.warnings: list[Refusal] = []

    def judge(self, acts: Iterable[Act]) -> list[Refusal]:
        """Give all that is refused; nothing is where the tool may run."""
        refusals = list(dict.fromkeys(refusal for act in acts for refusal in self._refused(act)))
        passing = _of_ignored([*refusals, *self.warnings])
        self.warnings = [refusal for refusal in self.warnings if refusal not in passing]
        return [refusal for refusal in refusals if refusal not in passing]

    def _refused(self, act: Act) -> Iterator[Refusal]:
        if act.kind in (Kind.EDITS, Kind.WRITES):
            yield from self._edit(act.subject, act.folder, act.kind is Kind.EDITS)
        else:
            yield from self._done(act)

    def _done(self, act: Act) -> Iterator[Refusal]:
        around = self._worktrees(os.path.realpath(act.folder)) if act.folder else []
        there = around[0] if around else self._session if act.folder is None else None
        if there is None:
            return
        same = self._session is not None and there.common_dir == self._session.common_dir
        standing = self._standing(self._session if same and self._session else there)
        if standing.gated and (refusal := _of_act(act, standing, there)):
            yield from self._said(standing, refusal)

    def _edit(self, path: str, folder: str | None, by_tool: bool) -> Iterator[Refusal]:
        if UNKNOWN in path or (folder is None and not os.path.isabs(path)):  # noqa: PTH117
            yield from self._half_known(path, folder)
            return
        called = os.path.join(folder or "/", path).rstrip("/")  # noqa: PTH118
        yield from self._write(os.path.realpath(called), by_tool)
        if os.path.islink(called):  # noqa: PTH114
            # Its target is what is written, unless a tool puts a new file in the place of the link.
            above, name = os.path.split(called)
            yield from self._write(os.path.join(os.path.realpath(above), name), by_tool)  # noqa: PTH118

    def _half_known(self, path: str, folder: str | None) -> Iterator[Refusal]:
        """Judge a path of which a variable or an unknown folder is a part, by its beginning and its end."""
        end = path.rpartition(UNKNOWN)[2].casefold()
        shown = printable(os.fsencode(path.replace(UNKNOWN, "…")))
        set_up = _BELOW_ANY_FOLDER.fullmatch(end) or end.endswith("/" + FILE.decode())
        if ".git" in path.casefold().split("/"):
            yield _gits_own(shown)
        elif set_up and self._session is not None:
            yield from self._hooks(self._standing(self._session), shown)
        elif not path.startswith(UNKNOWN) and (place := joined(folder, path.replace(UNKNOWN, _ANYTHING))):
            place = os.path.realpath(place)
            for tree in self._worktrees(place)[:1]:
                yield from self._in_worktree(tree, place, by_tool=False, half_known=True)

    def _write(self, place: str, by_tool: bool) -> Iterator[Refusal]:
        around = self._worktrees(place)
        shown = quoted(os.fsencode(place))
        if is_gits_own(place, around[0].top if around else ""):
            yield _gits_own(shown)
            return
        own = {tree.top: tree for tree in (self._session, *around[:1]) if tree}.values()
        standings = map(self._standing, self._set_up_by(place, own, around[:1]))
        set_up = [refusal for standing in standings for refusal in self._hooks(standing, shown)]
        yield from set_up
        seen: set[str] = set()
        for tree in [] if set_up else around:
            # A worktree in another one of the same repository is no part of that.
            if tree.common_dir not in seen:
                yield from self._in_worktree(tree, place, by_tool)
            seen.add(tree.common_dir)

    def _set_up_by(
        self, place: str, own: Collection[Worktree], holder: Collection[Worktree]
    ) -> Collection[Worktree]:
        """Give the worktrees, *own* or the *holder* of the file, whose hooks or lanes it sets up."""
        plain = place.casefold()
        at_home = os.path.relpath(plain, os.path.expanduser("~").casefold())  # noqa: PTH111
        hooks = [tree.hooks for tree in own if not _lies_in(tree.top, tree.hooks)]
        if _HOOKS.fullmatch(at_home) or _lies_in(place, *hooks):
            return own
        manifests = [f"{tree.top}/{FILE.decode()}" for tree in holder]
        return holder if _BELOW_ANY_FOLDER.fullmatch(plain) or place in manifests else ()

    def _hooks(self, standing: _Standing, shown: str) -> Iterator[Refusal]:
        if standing.gated and not standing.integration:
            main = printable(standing.trust.branch)
            refusal = Refusal(
                f"{shown} sets up hooks or lanes: only integration branches may change it",
                f"ask the integrator to change it on {main}",
                tuple(standing.trust.in_force),
            )
            yield from self._said(standing, refusal)

    def _in_worktree(
        self, tree: Worktree, place: str, by_tool: bool, half_known: bool = False
    ) -> Iterator[Refusal]:
        session = self._session
        standing = self._standing(tree)
        if not standing.gated:
            return
        if session and session.common_dir == tree.common_dir and session.top != tree.top:
            shown = quoted(os.fsencode(place))
            top = printable(os.fsencode(session.top))
            refusal = Refusal(
                f"{shown} lies in another worktree of this repository", f"work in your own: {top}"
            )
            yield from self._said(standing, refusal)
        elif standing.branch is not None and not standing.integration:
            path = os.fsencode(os.path.relpath(place, tree.top))
            folder = _is_folder(place)
            lane = standing.trust.lane_of(standing.branch)
            manifest = standing.trust.required()
            if half_known and manifest.may_write_below(lane, path.partition(os.fsencode(_ANYTHING))[0]):
                return
            if not manifest.may_write(lane, path, folder):
                refusal = _outside(standing, standing.branch, manifest, lane, path, folder)
                refusal = refusal._replace(called=os.path.relpath(place, self._folder))
                if not by_tool:
                    refusal = refusal._replace(top=tree.top, ignored=path)
                if half_known and refusal.widen is not None:
                    refusal = refusal._replace(widen=None, instead="keep to your lane: git lanes show")
                yield from self._said(standing, refusal)

    def _said(self, standing: _Standing, refusal: Refusal) -> Iterator[Refusal]:
        if standing.warns:
            self.warnings.append(refusal)
        else:
            yield refusal

    @property
    def _session(self) -> Worktree | None:
        return next(iter(self._worktrees(self._folder)), None)

    def _worktrees(self, place: str) -> list[Worktree]:
        folder = place if _is_folder(place) else os.path.dirname(place)  # noqa: PTH120
        return list(worktrees_around(folder, self._known))

    def _standing(self, tree: Worktree) -> _Standing:
        if tree.top not in self._standings:
            git = Git(Path(tree.top))
            settings = Settings.read(git)
            branch = tree.branch(git)
            trust = in_clone(git, branch, settings=settings, commits=False)
            own = self._session is not None and self._session.common_dir == tree.common_dir
            # Somebody else's repository, which this one's agent looks after by the way, may have no lanes.
            gated = own or is_gated(git, trust)
            self._standings[tree.top] = _Standing(tree, branch, trust, gated, settings.warns)
        return self._standings[tree.top]


def _gits_own(shown: str) -> Refusal:
    return Refusal(f"{shown} is git's own", "leave it to git")


def _is_folder(place: str) -> bool:
    return os.path.isdir(place) and not os.path.islink(place)  # noqa: PTH112, PTH114


def _lies_in(place: str, *folders: str) -> bool:
    return any(place == folder or place.startswith(folder + "/") for folder in folders)


def _of_ignored(refusals: Iterable[Refusal]) -> set[Refusal]:
    """Give those of untracked files that git ignores, which then no commit holds by accident."""
    asked: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        if refusal.ignored:
            asked.setdefault(refusal.top, []).append(refusal)
    found: set[Refusal] = set()
    for top, some in asked.items():
        ignored = _ignored(top, [refusal.ignored for refusal in some])
        found.update(refusal for refusal in some if refusal.ignored in ignored)
    return found


def _ignored(top: str, paths: Iterable[bytes]) -> set[bytes]:
    feed: list[bytes] = []
    for path in paths:
        feed.append(b"./%b\0" % path)
        if not os.path.lexists(os.path.join(os.fsencode(top), path)):  # noqa: PTH118
            feed.append(b"./%b/\0" % path)  # it may be a folder that is not there yet, or no more
    try:
        said = Git(Path(top)).read("check-ignore", "-z", "--stdin", feed=b"".join(feed), ok=(0, 1))
    except CannotJudge:
        return set()  # git fails where one of them is in a submodule; that one is refused anyway
    return {name.removeprefix(b"./").removesuffix(b"/") for name in said.split(b"\0")}


def _of_act(act: Act, standing: _Standing, there: Worktree) -> Refusal | None:
    subject = printable(os.fsencode(act.subject.replace(UNKNOWN, "…")))
    in_force = tuple(standing.trust.in_force)
    if act.kind is Kind.PASSES_BY:
        instead = "leave that out; what a hook refuses then, mend, or ask the integrator"
        return Refusal(f"{subject} would pass the lanes by", instead)
    if standing.integration:
        return None
    if act.kind is Kind.MANAGES:
        return Refusal(f"{subject} is for the integrator alone", "ask the integrator to run it", in_force)
    if act.kind is Kind.WORKS:
        top = printable(os.fsencode(standing.worktree.top))
        other = f"{subject} would work in another worktree of this repository"
        return Refusal(other, f"work in your own: {top}") if there.top != standing.worktree.top else None
    name = _branch_named(os.fsencode(act.subject))
    if not standing.trust.is_integration(name):
        return None
    instead = "stay on your branch, and push that; the integrator merges it"
    return Refusal(
        f"this would check out, write or delete {printable(name)}, an integration branch", instead, in_force
    )


def _branch_named(ref: bytes) -> bytes:
    """Give the branch that a ref stands for, as it is known here or at a remote."""
    if ref.startswith(b"refs/remotes/"):
        return ref.removeprefix(b"refs/remotes/").partition(b"/")[2]
    return ref.removeprefix(b"refs/").removeprefix(b"heads/")


def _outside(
    standing: _Standing, branch: bytes, manifest: Manifest, lane: Lane | None, path: bytes, folder: bool
) -> Refusal:
    shown, name = quoted(path), printable(branch)
    in_force = tuple(standing.trust.in_force)
    ask = f"ask the integrator to change it on {printable(standing.trust.branch)}"
    if manifest.reserved(path, folder):
        what = "the manifest" if path == FILE else "protected"
        return Refusal(f"{shown} is {what}: only integration branches may write it", ask, in_force)
    if lane is None:
        instead = "give the branch a name that your task's lane covers: git branch -m NEW-NAME"
        return Refusal(f"no lane covers {name}, so it may not write {shown}", instead, in_force)
    owners = [f'"{owner}"' for owner in manifest.writers(path, folder)]
    lanes = f"{'lane' if len(owners) == 1 else 'lanes'} {' and '.join(owners[:MOST_LANES])}"
    may = f"{lanes if owners else 'no lane'} may write it"
    if lane.review_only:
        instead = "report what you found instead of changing it"
        return Refusal(f'{shown}: lane "{lane.name}" of {name} is review-only; {may}', instead, in_force)
    what = f'{shown} is outside lane "{lane.name}" of {name}; {may}'
    return Refusal(what, "", in_force, lane.name, path + b"/" * folder)


def reason(refusals: Iterable[Refusal]) -> str:
    """Say why a tool may not run, and what to do next, in lines ready to print."""
    found = list(refusals)
    lines = [refusal.what for refusal in found[:MOST_REFUSALS]]
    if len(found) > MOST_REFUSALS:
        lines.append(f"… and {len(found) - MOST_REFUSALS} more")
    lines += dict.fromkeys(line for refusal in found for line in refusal.in_force)
    steps = dict.fromkeys(refusal.instead for refusal in found if refusal.instead)
    for lane in dict.fromkeys(refusal.widen for refusal in found if refusal.widen is not None):
        outside = [refusal for refusal in found if refusal.widen == lane]
        why = shlex.quote(printable(os.fsencode(outside[0].called)))
        steps[f"keep to your lane; who may write this: git lanes why {why}"] = None
        widening = allow_command(lane, dict.fromkeys(refusal.path for refusal in outside))
        steps[f"or ask the integrator to run: {widening}"] = None
    return "\n".join([*lines, "next:", *(f"  {step}" for step in steps)])
