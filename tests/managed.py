"""What tests of hook managers have in common: a clone whose hooks one runs, and what the hooks say."""

import os
from collections.abc import Mapping
from pathlib import Path

from repos import Content, Repo, asked

BRANCH = "work/docs-1"
TOP = "changes top.txt (outside-lane: no lane may write it)"
WHOLE = "lanes: 1 of 2 refs can't be pushed, and a push is taken whole or not at all\n"
# What to do about a staged top.txt, and about files that a commit was told to hold.
NOT_STAGED = """\
    take these changes out of the index (your files stay as they are), and commit again:
      git restore --staged --source=OID -- top.txt
"""
ONLY_THESE = "    commit only files that your lane may write: git commit -- FILE...\n"
_LANE = """\
  lane "docs" may write:
    /docs/
  and, as all lanes that are not review-only:
    /shared.txt
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
"""


def install(clone: Repo, configuration: Mapping[str | bytes, Content], *command: str) -> Repo:
    """Commit a manager's configuration to main, run the command that installs its hooks, give the clone.

    It is on a branch of the lane "docs" then, with a commit of its own, below the newest main.
    """
    clone.commit(configuration, "Use the hooks")
    assert clone.script(*command).status == 0
    clone.switch(BRANCH, "main")
    clone.commit({"docs/b.md": "b"}, "Write")
    clone.switch("main")
    clone.commit({"top.txt": "newer", "docs/a.md": "newer"}, "Go on")
    assert clone.push("main").status == 0
    clone.switch(BRANCH)
    return clone


def without_programs() -> dict[str, str]:
    """Give the environment of somebody who has git, and none of our programs."""
    folders = os.environ["PATH"].split(os.pathsep)
    others = (folder for folder in folders if not Path(folder, "lane-pre-push").exists())
    return {"PATH": os.pathsep.join(others)}


def outside(*changes: str, advice: str = NOT_STAGED, branch: str = BRANCH) -> str:
    """Give what lane-pre-commit says about staged changes outside the lane "docs"."""
    number = "1 staged change is" if len(changes) == 1 else f"{len(changes)} staged changes are"
    lines = "".join(f"  {change}\n" for change in changes)
    return f'lanes: {branch}: {number} outside its lane "docs"\n{lines}{_LANE}{advice}{asked(*changes)}'


def rejected(branch: str = BRANCH) -> str:
    """Give what lane-pre-push says about one commit "Out", which changes top.txt."""
    return f"""\
lanes: {branch} is rejected: 1 change in 1 commit outside its lane "docs"
  commit OID "Out" by Ann
    {TOP}
{_LANE}\
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
{asked(TOP)}\
    or, where they are changes of main: push main first, and take them by a merge, not as a copy
    or, if these commits are on main by now: git fetch origin
"""
