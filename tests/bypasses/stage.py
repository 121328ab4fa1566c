"""What a scenario is, the server and the clone that it plays on, and how one is played."""

import inspect
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from repos import MANIFEST, Content, Ended, Repo, make_repo

BRANCH = "work/docs-1"
FILES: dict[str | bytes, Content] = {
    "docs/a.md": "a\n",
    "docs/b.md": "b\n",
    "api/a.py": "a\n",
    "api/b.py": "b\n",
    "api/generated/g.py": "g\n",
    "ci/run": "run\n",
    "shared.txt": "s\n",
    "top.txt": "t\n",
}

Argument = str | bytes


class Must(StrEnum):
    """What a hook must do with the push of a scenario."""

    ACCEPT = "accept"
    REJECT = "reject"
    NOT_JUDGE = "not judge"  # refuse, since what came can't be judged


class Clone(Repo):
    """A clone of `server`, on the branch `work/docs-1`, which begins on main and may write `docs/` alone.

    `work/api-*` may write `api/`, but not `api/generated/`; `review/*` nothing; both may write `shared.txt`
    but for the latter. `main` and `release` are integration branches; `ci/` is theirs alone.
    """

    def __init__(self, path: Path, server: Repo) -> None:
        super().__init__(path)
        self.server = server

    def publish(self, *refspecs: Argument) -> None:
        """Put refs on the server as if they had been pushed long ago: past its hook, and fetch them back."""
        self.server.git(
            "fetch", "--quiet", "--update-head-ok", str(self.path), *(_forced(r) for r in refspecs)
        )
        self.git("fetch", "--quiet", "origin")

    def on_main(self, files: Mapping[Argument, Content], subject: str = "Change main") -> str:
        """Commit on main, publish it, go back to the branch where we were, and give the commit's id."""
        return self.on("main", files, subject)

    def on(self, branch: str, files: Mapping[Argument, Content], subject: str = "Change") -> str:
        """Commit on another branch, publish it, go back, and give the commit's id."""
        here = self.git("symbolic-ref", "--short", "HEAD")
        self.switch(branch)
        made = self.commit(files, subject)
        self.publish(branch)
        self.switch(here)
        return made

    def merge(self, *heads: str, files: Mapping[Argument, Content] | None = None) -> str:
        """Merge heads, with *files* changed in the merge itself, and give the merge's id.

        Conflicts must be among *files*, which settle them.
        """
        self.try_git("merge", "--quiet", "--no-ff", "--no-commit", "--allow-unrelated-histories", *heads)
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "-m", "Merge")
        return self.head()

    def blob(self, content: Content = "evil\n") -> str:
        """Write a blob, and give its id."""
        data = content if isinstance(content, bytes) else (content or "").encode()
        return self.git("hash-object", "-w", "--stdin", stdin=data)

    def tree(self, *entries: tuple[str, bytes, str]) -> str:
        """Write a tree of entries (mode, name, id), in this order and whatever they are; give its id."""
        data = b"".join(
            b"%b %b\0" % (mode.encode(), name) + bytes.fromhex(oid) for mode, name, oid in entries
        )
        return self.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=data)

    def entries(self, tree: str = "HEAD") -> list[tuple[str, bytes, str]]:
        """Give the entries (mode, name, id) of a tree, as `tree` takes them."""
        listed = self.git("ls-tree", "-z", tree).encode("utf-8", "surrogateescape").split(b"\0")[:-1]
        heads = [(entry.partition(b"\t")[0].decode().split(), entry.partition(b"\t")[2]) for entry in listed]
        return [(mode.lstrip("0"), name, oid) for (mode, _, oid), name in heads]

    def commit_tree(self, tree: str, *parents: str) -> str:
        """Commit a tree on *parents*, HEAD without any, move the branch there, and give the commit's id.

        The work tree stays as it is: git could not check out many a tree of this suite.
        """
        options = [option for parent in parents or ("HEAD",) for option in ("-p", parent)]
        made = self.git("commit-tree", "-m", "Change", *options, tree)
        self.git("update-ref", "HEAD", made)
        return made

    def commit_root(self, tree: str) -> str:
        """Commit a tree on no parent, move the branch there, and give the commit's id."""
        made = self.git("commit-tree", "-m", "Begin anew", tree)
        self.git("update-ref", "HEAD", made)
        return made

    def commit_entry(self, mode: str, path: str, oid: str) -> str:
        """Commit one path with any mode and object, past the work tree, and give the commit's id."""
        self.git("update-index", "--add", "--replace", "--cacheinfo", f"{mode},{oid},{path}")
        self.git("commit", "--quiet", "--no-verify", "-m", "Change")
        return self.head()

    def forge(self, pattern: bytes, by: bytes) -> str:
        """Rewrite the current commit's own text, once, where *pattern* (of `re`) matches; give the new id."""
        text = self.run("git", "cat-file", "commit", "HEAD").out.encode("utf-8", "surrogateescape")
        forged, times = re.subn(pattern, by, text, count=1)
        assert times, (pattern, text)
        made = self.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=forged)
        self.git("update-ref", "HEAD", made)
        return made


def _forced(refspec: Argument) -> bytes:
    text = refspec if isinstance(refspec, bytes) else refspec.encode()
    source, colon, target = text.partition(b":")
    return b"+" + source + b":" + (target if colon else b"refs/heads/" + source)


Build = Callable[[Clone], Sequence[Argument] | None]
"""What builds a history. It gives what to push (arguments of `git push origin`), by default `BRANCH`."""


@dataclass(frozen=True)
class Scenario:
    """One history, pushed to one server; its docstring says why it must end as it must."""

    group: str
    name: str
    must: Must
    why: str
    build: Build


def _scenario(must: Must) -> Callable[[Build], Scenario]:
    def made(build: Build) -> Scenario:
        group = build.__module__.rpartition(".")[2]
        return Scenario(group, build.__name__.replace("_", " "), must, inspect.getdoc(build) or "", build)

    return made


accepted = _scenario(Must.ACCEPT)
rejected = _scenario(Must.REJECT)
not_judged = _scenario(Must.NOT_JUDGE)


def scenarios_of(*modules: ModuleType) -> list[Scenario]:
    """Give all scenarios of *modules*, in their order."""
    return [value for module in modules for value in vars(module).values() if isinstance(value, Scenario)]


@dataclass(frozen=True)
class Played:
    """How a scenario ended: whether the hook let the push in, and what was said.

    `audit` is how the audit of the same branch ended; None where more is pushed than that branch, or the
    matter is the ref itself.
    """

    scenario: Scenario
    let_in: bool
    push: Ended
    audit: Ended | None = None

    @property
    def right(self) -> bool:
        """Whether the hook did what it must, as far as any hook can tell: it let the push in, or did not."""
        return self.let_in == (self.scenario.must is Must.ACCEPT)


class Stage:
    """Plays scenarios, each on a fresh server with the same hook, in a temporary folder.

    *hook* is a command for the shell, called as git calls a pre-receive hook; *audit* a program that takes
    the options of `lane-audit`, if there is one.
    """

    def __init__(self, folder: Path, hook: str, audit: str | None = None) -> None:
        self._audit = audit
        self._template = folder / "template"
        server = make_repo(self._template / "server.git", "--bare")
        clone = make_repo(self._template / "clone")
        clone.git("remote", "add", "origin", "../server.git")
        clone.commit({".lanes.toml": MANIFEST, **FILES}, "Begin")
        clone.git("branch", "release")
        clone.git("push", "--quiet", "origin", "main", "release")
        clone.git("fetch", "--quiet", "origin")
        clone.git("remote", "set-head", "origin", "main")
        clone.git("switch", "--quiet", "-c", BRANCH)
        # As the shell says that it finds no such command, or can't run it.
        tried = subprocess.run(["sh", "-c", hook], input=b"", capture_output=True, check=False)
        if tried.returncode in (126, 127):
            raise FileNotFoundError(f"the hook can't be started: {hook}")
        file = server.path / "hooks" / "pre-receive"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{hook}\n")
        file.chmod(0o755)

    def play(self, scenario: Scenario) -> Played:
        """Build a scenario's history, push it, and have the branch as it is judged by an audit, too."""
        with TemporaryDirectory() as folder:
            shutil.copytree(self._template, folder, dirs_exist_ok=True, symlinks=True)
            clone = Clone(Path(folder, "clone"), Repo(Path(folder, "server.git")))
            pushed = scenario.build(clone)
            audit = self._audited(clone) if self._audit and pushed is None else None
            push = clone.push(*(("--force", BRANCH) if pushed is None else pushed))
            if push.status and "pre-receive hook declined" not in push.err:
                raise AssertionError(
                    f"{scenario.name}: it was not the hook that refused the push:\n{push.err}"
                )
            return Played(scenario, push.status == 0, push, audit)

    def _audited(self, clone: Clone) -> Ended:
        """Judge the branch's tip in a copy of the server as it is before the push."""
        copy = Repo(clone.path.parent / "audited.git")
        shutil.copytree(clone.server.path, copy.path, symlinks=True)
        tip = clone.git("rev-parse", f"refs/heads/{BRANCH}")
        copy.git("fetch", "--quiet", str(clone.path), f"{tip}:refs/audited/tip")
        return copy.run(self._audit or "", "--as", BRANCH, tip)


def table(played: Iterable[Played], width: int) -> Iterator[str]:
    """Give a line for each scenario as it is played, with so wide a name, and one that counts them."""
    everything = []
    yield f"{'scenario':{width}}  must       did"
    for one in played:
        everything.append(one)
        name = f"{one.scenario.group}: {one.scenario.name}"
        did = "let it in" if one.let_in else "refused"
        wrong = "" if one.right else "  WRONG: " + one.scenario.why.split("\n")[0]
        yield f"{name:{width}}  {one.scenario.must:9}  {did:9}{wrong}".rstrip()
    past = sum(one.let_in and not one.right for one in everything)
    refused = sum(not one.let_in and not one.right for one in everything)
    yield f"{len(everything)} scenarios: {past} got past the hook, {refused} that are legal were refused"
