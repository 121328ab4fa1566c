"""`git lanes demo`: the split that the project exists for, played on a real server."""

import os
import shlex
import shutil
import sysconfig
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from lanes.entry import say
from lanes.errors import CannotJudge
from lanes.plumbing import Git
from lanes.text import printable

LESSONS = "src/content/lessons/openai-codex.json"
QUIZZES = "src/content/quizzes/end-openai-codex.json"

MANIFEST = f"""\
version = 1

[integration]
branches = ["main"]

[defaults]
protected = ["/.github/"]

[lanes.lessons]
summary = "Add lessons"
branches = ["codex/lessons-*"]
paths = ["/{LESSONS}"]

[lanes.quizzes]
summary = "Add quizzes"
branches = ["codex/quizzes-*"]
paths = ["/{QUIZZES}"]

[lanes.stale-names]
summary = "Review content for stale model names; do not edit"
branches = ["codex/review-*"]
paths = []
"""


class _Stage:
    """A server, a clone, and somebody who types git commands."""

    def __init__(self, folder: Path) -> None:
        self.server = folder / "server.git"
        self.clone = folder / "clone"
        self.wrong = 0
        # Nothing of the user's own set-up may change the play, or be changed by it.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        who = {
            f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _WHO.items()
        }
        self._environment = {**kept, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        self._git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.server))
        hook = self.server / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec {shlex.quote(str(_script('lane-pre-receive')))}\n")
        hook.chmod(0o755)
        self._git(folder, "clone", "--quiet", str(self.server), str(self.clone))
        self._git(self.clone, "symbolic-ref", "HEAD", "refs/heads/main")

    def _git(self, folder: Path, *arguments: str) -> None:
        status, said = Git(folder).typed(*arguments, environment=self._environment)
        if status:
            raise CannotJudge(f"the demo's own git {arguments[0]} failed: {printable(said.encode())}")

    def git(self, *arguments: str) -> None:
        self._git(self.clone, *arguments)

    def branch(self, name: str) -> None:
        self.git("checkout", "--quiet", "-b", name, "main")

    def commit(self, subject: str, files: dict[str, str]) -> None:
        for name, content in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", subject)

    def push(self, branch: str, story: str, accepted: bool) -> None:
        """Push *branch* and compare the server's verdict with what it must be."""
        say(f"# {story}\n$ git push origin {branch}")
        status, said = Git(self.clone).typed("push", "origin", branch, environment=self._environment)
        lines = [line for line in said.splitlines() if line.startswith("remote: ") and line != "remote: "]
        say("\n".join(line.rstrip() for line in lines) or f"{branch} -> {branch}")
        # Only the judge's own "no" is right: a hook that could not judge also rejects.
        right = status == 0 if accepted else f"lanes: {branch} is rejected: " in said
        self.wrong += not right
        verdict = "accepted" if status == 0 else "rejected"
        say(f"=> {verdict}{', as it must be' if right else ': THIS VERDICT IS WRONG'}\n")


_WHO = {"NAME": "Demo", "EMAIL": "demo@example.org"}


def _script(name: str) -> Path:
    beside = Path(sysconfig.get_path("scripts"), name)
    found = beside if beside.exists() else shutil.which(name)
    if not found:
        raise CannotJudge(f"{name} is not installed beside git-lanes; install the git-lanes package again")
    return Path(found)


def _begin(stage: _Stage) -> None:
    stage.commit(
        "Bring the manifest",
        {
            ".lanes.toml": MANIFEST,
            LESSONS: '["one"]\n',
            QUIZZES: '["one"]\n',
            "README.md": "Learn to code.\n",
        },
    )
    stage.push("main", "The lead brings the manifest to main: from now on every branch needs a lane.", True)


def _work(stage: _Stage) -> None:
    stage.branch("codex/lessons-1")
    stage.commit("Add a lesson", {LESSONS: '["one", "two"]\n'})
    stage.push("codex/lessons-1", "One agent adds a lesson, in its lane.", True)
    stage.branch("codex/quizzes-1")
    stage.commit("Add a quiz", {QUIZZES: '["one", "two"]\n'})
    stage.push("codex/quizzes-1", "Another one adds a quiz, in its own.", True)


def _outside(stage: _Stage) -> None:
    stage.branch("codex/quizzes-2")
    stage.commit("Add a quiz and mend a lesson", {QUIZZES: '["three"]\n', LESSONS: '["mended"]\n'})
    stage.push("codex/quizzes-2", "The quiz agent also touches a lesson.", False)


def _taken_back(stage: _Stage) -> None:
    stage.branch("codex/quizzes-3")
    stage.commit("Mend a lesson", {LESSONS: '["mended"]\n'})
    stage.git("revert", "--no-edit", "HEAD")
    stage.push(
        "codex/quizzes-3",
        "It takes the change back in its next commit: the sum is empty, the history not.",
        False,
    )


def _review(stage: _Stage) -> None:
    stage.branch("codex/review-1")
    stage.commit("Rename a model", {LESSONS: '["renamed"]\n'})
    stage.push("codex/review-1", "The reviewer, who may edit nothing, edits.", False)


def _widened(stage: _Stage) -> None:
    stage.branch("codex/quizzes-4")
    stage.commit("Widen my lane", {".lanes.toml": MANIFEST.replace(f'"/{QUIZZES}"', '"*"')})
    stage.commit("Use it", {"README.md": "Mine.\n"})
    stage.push("codex/quizzes-4", "A branch widens its own lane: the manifest in force is main's.", False)


def _assembly(stage: _Stage) -> None:
    stage.git("checkout", "--quiet", "main")
    stage.git("merge", "--quiet", "--no-ff", "-m", "Integrate lessons", "codex/lessons-1")
    stage.git("merge", "--quiet", "--no-ff", "-m", "Integrate quizzes", "codex/quizzes-1")
    stage.push("main", "The lead integrates both lanes on main.", True)


def _merges(stage: _Stage) -> None:
    stage.git("checkout", "--quiet", "-b", "codex/quizzes-5", "codex/quizzes-1~1")
    stage.commit("Add another quiz", {QUIZZES: '["one", "three"]\n'})
    stage.git("merge", "--quiet", "--no-commit", "--strategy=recursive", "-Xours", "main")
    stage.commit("Merge main", {})
    stage.push("codex/quizzes-5", "A quiz branch merges main, with a conflict in its own file.", True)
    stage.git("checkout", "--quiet", "-b", "codex/quizzes-6", "codex/quizzes-5~1")
    stage.git("merge", "--quiet", "--no-commit", "--strategy=recursive", "-Xours", "main")
    stage.commit("Merge main", {LESSONS: '["slipped in"]\n'})
    stage.push("codex/quizzes-6", "Another merge of main slips a change of a lesson in.", False)


SCENES: tuple[Callable[[_Stage], None], ...] = (
    _begin,
    _work,
    _outside,
    _taken_back,
    _review,
    _widened,
    _assembly,
    _merges,
)


def play(keep: str | None) -> int:
    """Play all scenes; give 0 when every verdict was right, 1 when one was wrong.

    *keep* is a new folder for the repositories; without it they are made in a temporary one and removed.
    """
    with ExitStack() as cleanup:
        if keep is None:
            folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="git-lanes-demo-")))
        else:
            folder = Path(keep).resolve()
            try:
                folder.mkdir(parents=True)
            except OSError as error:
                raise CannotJudge(
                    f"the folder {printable(os.fsencode(keep))} can't be made: {error.strerror}"
                ) from None
        stage = _Stage(folder)
        say(f"# The manifest, .lanes.toml at the root of main:\n\n{MANIFEST}")
        for scene in SCENES:
            scene(stage)
        say("Every verdict was right." if not stage.wrong else f"Verdicts that were WRONG: {stage.wrong}.")
        if keep is not None:
            server, clone = (printable(os.fsencode(path)) for path in (stage.server, stage.clone))
            say(f"The server is {server}, the clone {clone}.")
        return 1 if stage.wrong else 0
