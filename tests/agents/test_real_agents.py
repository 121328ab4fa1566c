"""Real agents are stopped before they edit, by the configuration that `git lanes install --agent` writes.

Each is at work in a linked worktree, on a branch of the lane "docs".
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from repos import SCRIPTS, Repo, settings

from agents.clis import AGENTS, Agent
from agents.stub import Call, Stub, serving
from lanes.actions import alone_in

WHERE = os.environ.get("LANES_REAL_AGENTS")
pytestmark = pytest.mark.skipif(
    not WHERE, reason="LANES_REAL_AGENTS does not say where to install the agents"
)

OUTSIDE = 'lanes: api/new.py is outside lane "docs" of work/docs-1; lane "api" may write it\n'
PAST = "lanes: git commit --no-verify would pass the lanes by\n"


@dataclass(frozen=True)
class AtWork:
    """An agent in its worktree; *programs* is the folder with the command that starts it."""

    agent: Agent
    programs: Path
    tree: Repo

    def does(self, plan: Sequence[Call], *more: Path) -> Stub:
        """Have it carry out a plan, with the folders *more* in its PATH; give what its model was told."""
        home = self.tree.path.parent / "home"
        node = Path(shutil.which("node") or "").parent
        with serving(plan) as stub:
            started = self.agent.start(stub.url, self.tree.path)
            for name, content in started.home.items():
                (home / name).parent.mkdir(parents=True, exist_ok=True)
                (home / name).write_text(content)
            environment = {
                **settings(home),
                "PATH": os.pathsep.join(map(str, (*more, self.programs, node, "/usr/bin", "/bin"))),
                "TMPDIR": str(home),
                "HTTPS_PROXY": "http://127.0.0.1:9",  # nobody listens there: it reaches the stub, and no more
                "NO_PROXY": "127.0.0.1",
                **started.environment,
            }
            said = _ended(started.command, self.tree.path, environment)
        assert len(stub.results) == len(plan), said
        return stub


def _ended(command: Sequence[str], folder: Path, environment: dict[str, str]) -> str:
    """Run a program to its end, and leave none of those that it started; give what it printed."""
    process = subprocess.Popen(
        ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=120)[0]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(params=AGENTS)
def at_work(request: pytest.FixtureRequest, tmp_path: Path, clone: Repo) -> AtWork:
    agent = AGENTS[request.param]
    assert clone.script("git-lanes", "install", "--agent", agent.host).status == 0
    clone.commit({}, "Have the agent ask before it edits")
    assert clone.push("main").status == 0
    clone.git("worktree", "add", "--quiet", "-b", "work/docs-1", "../tree")
    (tmp_path / "home").mkdir()
    return AtWork(agent, installed(agent.package), Repo(tmp_path / "tree"))


def installed(package: str) -> Path:
    """Install a package from npm, where it is not there yet; give the folder of its programs."""
    assert WHERE
    folder = Path(WHERE).absolute() / package.replace("/", "-")
    programs = folder / "node_modules" / ".bin"
    folder.mkdir(parents=True, exist_ok=True)
    with alone_in(folder):
        if not programs.exists():
            npm = (
                "npm",
                "install",
                "--no-audit",
                "--no-fund",
                "--cache",
                f"{folder.parent}/cache",
                "--prefix",
            )
            subprocess.run([*npm, str(folder), package], check=True, timeout=1200)
    return programs


def test_an_edit_outside_is_refused(at_work: AtWork) -> None:
    agent, tree = at_work.agent, at_work.tree
    before = tree.head()
    plan = [
        agent.write(tree.path, "docs/new.md"),
        agent.write(tree.path, "api/new.py"),
        agent.shell("git commit --no-verify --allow-empty -m Past"),
    ]
    stub = at_work.does(plan, SCRIPTS)
    assert (tree.path / "docs/new.md").read_text() == "new\n"
    assert not (tree.path / "api/new.py").exists()
    assert tree.head() == before
    _, outside, past = stub.results
    assert OUTSIDE in outside
    assert "git lanes allow docs api/new.py" in outside
    assert PAST in past


def test_no_guard_no_edit(at_work: AtWork) -> None:
    """Where lane-guard is not in PATH, nothing is edited and nothing is run."""
    agent, tree = at_work.agent, at_work.tree
    before = tree.head()
    plan = [agent.write(tree.path, "docs/new.md"), agent.shell("git commit --allow-empty -m Unguarded")]
    at_work.does(plan)
    assert not (tree.path / "docs/new.md").exists()
    assert tree.head() == before
