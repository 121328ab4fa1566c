"""What the tests of `git lanes install` share: what it says, and what it leaves on the disk."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from repos import Repo

CLIENT = {"pre-commit": "lane-pre-commit", "pre-merge-commit": "lane-pre-commit", "pre-push": "lane-pre-push"}
ALL = {**CLIENT, "reference-transaction": "lane-reference-transaction"}
OLD = "#!/bin/sh\necho old\n"
IN_PLACE = "lanes: all is installed already\n"
NOTHING = "lanes: nothing is installed here\n"


def lanes(repo: Repo, *arguments: str | bytes, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run `git lanes`; give its status and all that it said, with paths below the tests' folder cut short."""
    ended = repo.script("git-lanes", *arguments, env=env)
    return ended.status, shortened(repo, ended.out + ended.err)


def shortened(repo: Repo, text: str) -> str:
    folders = (repo.path, *repo.path.parents)
    (base,) = [folder for folder in folders if (folder / "gitconfig").exists()]
    return text.replace(f"{base}/", "")


def written(folder: str, hooks: Mapping[str, str] = CLIENT, verb: str = "written") -> str:
    return "".join(f"  {verb}: {folder}/{hook}, which runs {program}\n" for hook, program in hooks.items())


def gone(folder: str, hooks: Mapping[str, str] = CLIENT) -> str:
    return "".join(f"  removed: {folder}/{hook}\n" for hook in hooks)


Snapshot = dict[str, tuple[int, bytes | str]]


def snapshot(folder: Path) -> Snapshot:
    """Give all that is below a folder: each path with its mode, and its content or what it links to."""
    found: Snapshot = {}
    for path in sorted(folder.rglob("*")):
        content: bytes | str = os.readlink(path) if path.is_symlink() else ""
        if not path.is_symlink() and path.is_file():
            content = path.read_bytes()
        found[str(path.relative_to(folder))] = (stat.S_IMODE(path.lstat().st_mode), content)
    return found


def put(file: Path, content: str = OLD, mode: int = 0o755) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    file.chmod(mode)
    return file


def judged(repo: Repo, branch: str = "work/docs-9") -> tuple[bool, bool]:
    """Tell whether a commit and a push outside of the lane are stopped here, by a hook that says so."""
    repo.git("checkout", "--quiet", "-b", branch, "main")
    repo.write({"top.txt": f"{branch}\n"})
    repo.git("add", "--all")
    ended = repo.try_git("commit", "-m", "Out")
    at_commit = ended.status == 1 and f"lanes: {branch}: 1 staged change is outside its lane" in ended.err
    repo.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", "Out")
    ended = repo.try_git("push", "origin", branch)
    at_push = ended.status == 1 and f"\nlanes: {branch} is rejected: " in f"\n{ended.err}"
    return at_commit, at_push
