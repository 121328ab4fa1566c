"""A canary: a commit that every gate must refuse, made without touching a ref, the index or the repository.

Its objects lie in a temporary folder, beside the repository's own (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES).
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lanes import signals
from lanes.manifest import BRANCHES, FILE, is_branch_name
from lanes.plumbing import Git
from lanes.trust import Trust

_LONGEST = 120  # seconds
_WHO = {f"GIT_{role}_{what}": "git-lanes" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
_CONTENT = b"# A canary of git lanes doctor: no branch but an integration branch may change this file.\n"


@dataclass(frozen=True)
class Canary:
    """A commit that changes the manifest, on top of the trusted branch, and the branch that it would be on.

    `lane` tells that a lane covers that branch. `variables` are what a hook needs to see it all, as if it
    were about to be committed there.
    """

    ref: bytes
    lane: bool
    commit: str
    variables: dict[str, str]
    folder: Path

    def sent_through(self, hook: str, file: Path, root: Path) -> tuple[int, bytes]:
        """Run a copy of the file of *hook*, as git would in *root*; give its exit status and what it said.

        A hook that it would run first does not stand beside the copy, so nothing but ours is run.
        """
        copy = self.folder / hook
        shutil.copy(file, copy)
        arguments, feed = self._said_by_git(hook)
        return run([str(copy), *arguments], feed, root, {**os.environ, **self.variables})

    def sent_through_framework(self, framework: str, hook: str, name: str, file: Path) -> tuple[int, bytes]:
        """Have pre-commit or prek run the hook id *name* of the configuration *file* as *hook*, and no other.

        It works in an empty work tree, of which git is told that it is whole.
        """
        tree = self.folder / "tree"
        tree.mkdir(exist_ok=True)
        variables = {**self.variables, "GIT_WORK_TREE": str(tree)}
        git = Git(tree, variables)
        git.read("update-index", "-z", "--skip-worktree", "--stdin", feed=git.read("ls-files", "-z"))
        stage = "--stage" if framework == "prek" else "--hook-stage"
        command = [framework, "run", name, "--verbose", stage, hook, "--config", str(file)]
        return run(command, b"", tree, {**os.environ, **variables})

    def _said_by_git(self, hook: str) -> tuple[list[str], bytes]:
        """Give what git would tell the hook: arguments and standard input (githooks(5))."""
        null, new = b"0" * len(self.commit), self.commit.encode()
        return {
            "pre-push": (["origin", "canary"], b"%b %b %b %b\n" % (self.ref, new, self.ref, null)),
            "pre-receive": ([], b"%b %b %b\n" % (null, new, self.ref)),
            "reference-transaction": (["prepared"], b"%b %b %b\n" % (null, new, self.ref)),
        }.get(hook, ([], b""))


def run(command: Sequence[str], feed: bytes, folder: Path, environment: dict[str, str]) -> tuple[int, bytes]:
    """Run a program to its end; give its exit status and what it said, 2 where it did not even start.

    It has a session of its own, so that nothing asks the terminal for a password.
    """
    with signals.held():  # it ends soon
        try:
            done = subprocess.run(
                command,
                input=feed,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=_LONGEST,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            return 2, b"it did not end within %d seconds" % _LONGEST
        except OSError as error:
            return 2, f"it can't be started: {error.strerror}".encode()
    return done.returncode, done.stdout


@contextmanager
def canary(git: Git, trust: Trust) -> Iterator[Canary]:
    """Make a canary, for as long as the context lasts. There must be a manifest in force."""
    tip, name = str(trust.commit), _covered_name(trust)
    ref = BRANCHES + (name or b"lanes-doctor/canary")
    with tempfile.TemporaryDirectory(prefix="git-lanes-") as made:
        folder = Path(made).resolve()
        objects, head = (file.absolute() for file in git.paths("objects", "HEAD"))
        variables = {
            "GIT_DIR": _git_folder(folder, objects.parent, head.parent, tip, ref),
            "GIT_INDEX_FILE": str(folder / "index"),
            **objects_apart(folder / "objects", objects),
            **_WHO,
        }
        inside = Git(git.folder, variables)
        yield Canary(ref, name is not None, _commit(inside, tip), variables, folder)


def _git_folder(folder: Path, common: Path, own: Path, tip: str, ref: bytes) -> str:
    """Make a git directory as a linked worktree has one, in the middle of a rebase of the branch *ref*.

    So HEAD is detached, and no ref need be there (gitrepository-layout(5), commondir).
    """
    made = folder / "git"
    (made / "rebase-merge").mkdir(parents=True)
    (made / "HEAD").write_text(f"{tip}\n")
    (made / "commondir").write_bytes(bytes(common) + b"\n")
    (made / "rebase-merge" / "head-name").write_bytes(ref + b"\n")
    if (own / "config.worktree").is_file():
        shutil.copy(own / "config.worktree", made)
    return str(made)


def objects_apart(folder: Path, objects: Path) -> dict[str, str]:
    """Make a folder for new objects; give the variables that have git write there, and read *objects* too."""
    folder.mkdir()
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", str(objects)) + '"'  # as git reads it
    others = os.environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES")
    also = os.pathsep.join([quoted, *([others] if others else [])])
    return {"GIT_OBJECT_DIRECTORY": str(folder), "GIT_ALTERNATE_OBJECT_DIRECTORIES": also}


def _commit(git: Git, tip: str) -> str:
    def oid(*arguments: str | bytes, feed: bytes = b"") -> str:
        return git.read(*arguments, feed=feed).decode().strip()

    blob = oid("hash-object", "-w", "--stdin", feed=_CONTENT)
    git.read("read-tree", tip)
    git.read("update-index", "--add", "--cacheinfo", b"100644,%b,%b" % (blob.encode(), FILE))
    return oid("commit-tree", "-p", tip, "-m", "A canary of git lanes doctor", oid("write-tree"))


def _covered_name(trust: Trust) -> bytes | None:
    """Find the name of a branch that one lane covers, None where none comes to mind."""
    manifest = trust.required()
    texts = (pattern.text for lane in manifest.lanes for pattern in lane.branches.patterns)
    return next((name for name in map(_example, texts) if _is_of_one_lane(trust, name)), None)


def _example(pattern: str) -> bytes:
    name = re.sub(r"\[.[^]]*\]|\?", "x", re.sub(r"\*+", "canary", pattern))
    return name.replace("\\", "").encode()


def _is_of_one_lane(trust: Trust, name: bytes) -> bool:
    special = trust.is_integration(name) or trust.lookalike(name)
    return is_branch_name(name) and not special and len(trust.required().covering(name)) == 1
