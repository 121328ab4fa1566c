"""`git lanes allow`: widen a lane, in the work tree or in a commit on the integration branch."""

import difflib
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from lanes import files, signals
from lanes.command import open_repository, trust_of
from lanes.entry import complain, say
from lanes.errors import CannotJudge
from lanes.manifest import BRANCHES, FILE, MAX_BYTES, Lane, Manifest
from lanes.plumbing import Git
from lanes.report import count
from lanes.repository import Repository
from lanes.text import allow_command, printable, readable, shell_word
from lanes.trees import is_forbidden
from lanes.trust import Trust, manifest_at, manifest_of_file, remotes_of
from lanes.widen import Refused, Wanted, needed, widened

_FILE = FILE.decode()


def allow(name: str, paths: Sequence[str], commit: bool) -> int:
    """Widen the lane *name* by *paths*, in the work tree or in a *commit*; give the exit status."""
    git, repository = open_repository()
    head = git.symbolic_ref(b"HEAD")
    trust = trust_of(git, repository, head and head.removeprefix(BRANCHES))
    try:
        wanted = [_wanted(git, repository, trust, path) for path in paths]
        names = [one.path + b"/" * one.folder for one in wanted]
        place = _place(git, repository, head, trust, commit, lambda at: allow_command(name, names, at))
        lane = place.manifest.lane_named(name)
        new = list(needed(place.manifest, lane, wanted))
        if not new:
            say(f'lanes: lane "{lane.name}" already may write {"it" if len(paths) == 1 else "all of it"}')
            return 0
        blob = widened(place.blob, place.manifest, lane, new)
        after = place.write(blob, _message(lane, [one for one, _ in new]))
    except Refused as error:
        complain(f'lane "{printable(os.fsencode(name))}" is not widened: {error}')
        return 1
    difference = _difference(place.blob, blob)
    headline = f'lanes: lane "{lane.name}" may write {count(len(new), "path", "paths")} more'
    say("\n".join([headline, *difference, *after]))
    return 0


def _wanted(git: Git, repository: Repository, trust: Trust, path: str) -> Wanted:
    if not path:
        raise CannotJudge("an empty word is no path; name a file or a folder")
    inside = repository.path_inside(path)
    name = inside.rstrip(b"/")
    if any(map(is_forbidden, name.split(b"/"))):
        raise Refused(f"no tree can hold {readable(name)}")
    folder = inside.endswith(b"/")
    if repository.bare and trust.commit:
        folder = folder or bool(git.tree(trust.commit, name))
    return Wanted(name, folder)


def _message(lane: Lane, wanted: Sequence[Wanted]) -> str:
    if len(wanted) == 1:
        return f"Allow {lane.name} to write {wanted[0]}"
    return "\n".join([f"Allow {lane.name} to write {len(wanted)} paths\n", *map(str, wanted)])


def _difference(before: bytes, after: bytes) -> list[str]:
    old, new = (text.decode().removesuffix("\n").split("\n") for text in (before, after))
    found = difflib.unified_diff(old, new, f"a/{_FILE}", f"b/{_FILE}", lineterm="")
    lines = [line.removesuffix("\r") for line in found]
    return ["\t".join(printable(part.encode()) for part in line.split("\t")) for line in lines]


# -- Where it is written


class _Place(Protocol):
    """Where the manifest is changed: the blob that is there, and what it says."""

    @property
    def blob(self) -> bytes: ...

    @property
    def manifest(self) -> Manifest: ...

    def write(self, blob: bytes, message: str) -> list[str]:
        """Put *blob* there, and say what has become of it, and what to do next."""


def _place(
    git: Git,
    repository: Repository,
    head: bytes | None,
    trust: Trust,
    commit: bool,
    again: Callable[[bytes], str],
) -> _Place:
    """Find the place; *again* gives the command that does the same in another work tree. Raises Refused."""
    ref = BRANCHES + trust.branch
    found = git.refs([ref]).get(ref)
    real = found.target if found and found.target else ref
    if repository.folder is not None and head in (ref, real):
        return _in_work_tree(git, repository.folder / _FILE, trust, commit)
    if not commit:
        at = printable(head.removeprefix(BRANCHES)) if head else "no branch"
        on = "there is no work tree here" if repository.bare else f"this work tree is on {at}"
        raise Refused(
            f"{_FILE} is changed on {printable(trust.branch)}, and {on}\n"
            "next:\n  the same with --commit, which commits it there and touches no work tree"
        )
    if found is None:
        raise CannotJudge(_no_branch(trust))
    if use := _use_of(git, real):
        raise Refused("\n".join([f"{printable(trust.branch)} {use.what}", "next:", *use.steps(again)]))
    return _on_branch(git, real, found.oid, trust)


def _no_branch(trust: Trust) -> str:
    if trust.ref is None:
        return trust.problem
    make = f"git branch {shell_word(trust.branch)} {shell_word(trust.ref.removeprefix(b'refs/remotes/'))}"
    return f"there is no branch {printable(trust.branch)} here; make it first: {make}"


@dataclass(frozen=True)
class _InWorkTree:
    """The file in this work tree, which is on the branch that holds the manifest."""

    git: Git
    file: Path
    trust: Trust
    blob: bytes
    manifest: Manifest
    commit: bool

    def write(self, blob: bytes, message: str) -> list[str]:
        """Change the file, and commit it alone where that is asked for: as if the user did both."""
        if self.commit:
            self._commit(blob, message)
            return _committed(self.git, self.trust, self.git.commit(b"HEAD") or "")
        files.replace(self.file, blob)
        subject = shlex.quote(message.partition("\n")[0])
        file = _FILE if Path.cwd() == self.file.parent else f":/{_FILE}"
        return ["next:", f"  git commit -m {subject} -- {file}", *_push(self.git, self.trust)]

    def _commit(self, blob: bytes, message: str) -> None:
        file = f":(top,literal){_FILE}"
        if self.git.read("status", "--porcelain", "-z", "--", file):
            raise Refused(f"{_FILE} has changes that are not committed yet; commit them first")
        before = self.git.commit(b"HEAD")
        try:
            files.replace(self.file, blob)
            command = ("commit", "--quiet", "-m", message, "--", file)
            status, said = self.git.typed(*command, environment=os.environ)
            if status:
                lines = [printable(os.fsencode(line)) for line in said.splitlines()]
                raise Refused("\n".join([f"git commit failed with exit status {status}", *lines]))
        except BaseException:
            with signals.held():
                if self.git.commit(b"HEAD") == before:
                    files.replace(self.file, self.blob)
            raise


def _in_work_tree(git: Git, file: Path, trust: Trust, commit: bool) -> _InWorkTree:
    manifest = manifest_of_file(file)
    return _InWorkTree(git, file, trust, file.read_bytes(), manifest, commit)


@dataclass(frozen=True)
class _OnBranch:
    """The tip of the branch that holds the manifest, which no work tree is on."""

    git: Git
    ref: bytes
    tip: str
    trust: Trust
    blob: bytes
    manifest: Manifest

    def write(self, blob: bytes, message: str) -> list[str]:
        """Commit it; the branch must be where it was."""
        commit = self.git.commit_of(self.tip, FILE, blob, message)
        try:
            self.git.read("update-ref", "-m", "lanes allow", self.ref, commit, self.tip)
        except CannotJudge:
            if self.git.commit(self.ref) in (self.tip, commit):
                raise
            main = printable(self.trust.branch)
            raise Refused(f"{main} was moved meanwhile\nnext:\n  run the same again") from None
        if self.git.commit(self.ref) != commit:
            raise CannotJudge(f"git did not move {printable(self.ref)} to {commit[:12]}")
        return _committed(self.git, self.trust, commit)


def _on_branch(git: Git, ref: bytes, tip: str, trust: Trust) -> _OnBranch:
    main = printable(trust.branch)
    if trust.ref and trust.commit and trust.ref != ref and not git.is_ancestor(trust.commit, tip):
        update = f"git fetch . {shell_word(trust.ref + b':' + ref)}"
        raise Refused(
            f"{main} lacks commits of {printable(trust.ref)}\nnext:\n  bring it up to date: {update}"
        )
    entry = git.entry(tip, FILE)
    manifest = manifest_at(git, tip)
    blob = git.blob(entry[1], MAX_BYTES) if entry else None
    if manifest is None or blob is None:
        raise CannotJudge(f"{main} has no {_FILE}; commit one first")
    return _OnBranch(git, ref, tip, trust, blob, manifest)


class _Use(NamedTuple):
    """What a work tree does with a branch, so that moving it elsewhere would leave that behind."""

    folder: bytes
    how: str
    ends: Sequence[str] = ()

    @property
    def what(self) -> str:
        where = readable(self.folder)
        return f"is {self.how} in {where}, which {'would be left behind' if self._exists else 'is not there'}"

    def steps(self, again: Callable[[bytes], str]) -> Iterator[str]:
        """Say what to do first, or where to do the same *again*."""
        at = shell_word(self.folder)
        if not self._exists:
            yield f"  bring that folder back, or forget it: git worktree remove {at}"
        elif self.ends:
            yield f"  end that first: {' or '.join(f'git -C {at} {command}' for command in self.ends)}"
        else:
            yield f"  run it there: {again(self.folder)}"

    @property
    def _exists(self) -> bool:
        return Path(os.fsdecode(self.folder)).exists()


_REBASED = ("being rebased", ("rebase --continue", "rebase --abort"))
# Files that name branches which git will move, or come back to, at the end.
_AT_WORK = {
    "rebase-merge/head-name": _REBASED,
    "rebase-merge/update-refs": _REBASED,
    "rebase-apply/head-name": _REBASED,
    "BISECT_START": ("being bisected", ("bisect reset",)),
}


def _use_of(git: Git, ref: bytes) -> _Use | None:
    """Find a work tree that a branch is in use in, where git branch -f would refuse to move it, too."""
    said = git.read("worktree", "list", "--porcelain", "-z")
    found = [about.split(b"\0") for about in said.split(b"\0\0")]
    for folder, *about in found:
        if b"branch " + ref in about:
            return _Use(folder.removeprefix(b"worktree "), "checked out")
    (linked,) = git.paths("worktrees")
    names = {ref, ref.removeprefix(BRANCHES)}
    for own in (linked.parent, *sorted(linked.glob("*"))):
        for file, how in _AT_WORK.items():
            if names.intersection(_content(own / file).split(b"\n")):
                if own == linked.parent:
                    return _Use(found[0][0].removeprefix(b"worktree "), *how)
                file_there = own / os.fsdecode(_content(own / "gitdir")).removesuffix("\n")
                return _Use(os.fsencode(os.path.realpath(file_there.parent)), *how)
    return None


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""


def _committed(git: Git, trust: Trust, commit: str) -> list[str]:
    lines = [f"{printable(trust.branch)} is at {commit[:12]} now"]
    push = _push(git, trust)
    return [*lines, "next:", *push] if push else lines


def _push(git: Git, trust: Trust) -> list[str]:
    remote = remotes_of(git).of_manifest(trust.branch, None)
    return [f"  git push {shell_word(remote)} {shell_word(trust.branch)}"] if remote else []
