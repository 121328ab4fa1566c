"""The installed reference-transaction hook, behind every git command that writes a local branch.

Messages are compared whole, and so is what git leaves behind. What a message says to type is typed.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from lane_hooks.reference_transaction import Update, parse
from repos import MANIFEST, SCRIPTS, Ended, Repo, asked, make_repo, masked

from lanes.errors import CannotJudge
from lanes.hookfile import HookFile
from lanes.text import printable

BRANCH = "work/docs-1"
GIT = tuple(map(int, re.findall(r"[0-9]+", subprocess.check_output(["git", "version"], text=True))[:2]))
IN_FORCE = "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"
MAY_WRITE = (
    '  lane "docs" may write:\n    /docs/\n  and, as all lanes that are not review-only:\n    /shared.txt\n'
)
FETCH = "or, if these commits are on main by now: git fetch origin"
WIDEN = "or ask the integrator"  # which `message` completes
ABORTED = "fatal: ref updates aborted by hook\n"

API = '(outside-lane: lane "api" may write it)'
NOBODY = "(outside-lane: no lane may write it)"
ADD_B = ("Add b", f"adds api/b.py {API}")
ADD_C = ("Add c", f"adds api/c.py {API}")
MINE = ("Mine", f"changes top.txt {NOBODY}")
REVERT = ('Revert \\"Change both\\"', f"changes api/a.py {API}")

LEAVE = ["leave these commits out; nothing has changed", WIDEN, FETCH]
REBASE = [
    "take these changes out of these commits (git commit --amend, or git reset), and go on"
    " (git rebase --continue)",
    "or go back: git rebase --abort",
    WIDEN,
    FETCH,
]
FILES = ["commit only files that your lane may write: git commit -- FILE...", WIDEN]


def back(command: str) -> list[str]:
    """Give the steps where a command goes back."""
    return [f"leave these commits out, and go back: {command}", WIDEN, FETCH]


MOVED = back("git read-tree -m -u OID HEAD || git reset")


def take_out(paths: str, *more: str) -> list[str]:
    """Give the steps that take changes out of the index."""
    return [
        "take these changes out of the index (your files stay as they are), and commit again:",
        f"  git restore --staged --source=OID -- {paths}",
        *more,
        WIDEN,
    ]


def copied(command: str, paths: str, on: str = "") -> list[str]:
    """Give the steps that take changes out of what a command copied."""
    on = on or f"git {command} --continue, or --skip if nothing is left"
    return [
        f"take these changes out of the index and the files, and go on ({on}):",
        f"  git restore --staged --worktree --source=OID -- {paths}",
        f"or go back: git {command} --abort",
        WIDEN,
    ]


def message(commits: Sequence[tuple[str, ...]], steps: Iterable[str], branch: str = BRANCH) -> str:
    """Give the whole message about commits, each its subject and its changes."""
    changes = sum(len(commit) - 1 for commit in commits)
    number = f"{changes} change{'s' * (changes > 1)} in {len(commits)} commit{'s' * (len(commits) > 1)}"
    lines = [f'lanes: {branch} is not updated: {number} would lie outside its lane "docs"']
    for subject, *found in commits:
        merge = "(a merge) " if subject.startswith("(a merge) ") else ""
        lines += [f'  commit OID {merge}"{subject.removeprefix(merge)}" by Ann']
        lines += [f"    {change}" for change in found]
    told = "".join(f"{line}\n" for line in lines)
    ask = asked(*(change for _, *found in commits for change in found))
    next_steps = "".join(ask if step == WIDEN else f"    {step}\n" for step in steps)
    return f"{told}{MAY_WRITE}{IN_FORCE}  next:\n{next_steps}"


def install(repo: Repo, if_enabled: bool = False, shell: str = "/bin/sh") -> None:
    """Install the strict gate; each start of Python leaves a line in a file."""
    python = repo.path / ".git" / "python"
    python.write_text(f'#!/bin/sh\necho >>"{repo.path}/.git/started"\nexec "{sys.executable}" "$@"\n')
    program = str(SCRIPTS / "lane-reference-transaction")
    text = HookFile("reference-transaction", str(python), program, if_enabled=if_enabled).text()
    hook = repo.path / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes(text.replace(b"/bin/sh", shell.encode(), 1))
    for file in (python, hook):
        file.chmod(0o755)


def starts(repo: Repo) -> int:
    """Tell how often Python was started, and forget it."""
    file = repo.path / ".git" / "started"
    number = len(file.read_text().splitlines()) if file.exists() else 0
    file.unlink(missing_ok=True)
    return number


@pytest.fixture(autouse=True)
def _nobody_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EDITOR", "true")
    monkeypatch.setenv("FILTER_BRANCH_SQUELCH_WARNING", "1")


@pytest.fixture
def lane(clone: Repo) -> Repo:
    """The clone with the strict gate, on a branch of the lane "docs" with a commit; one of "api" has two."""
    clone.commit({"api/a.py": "b\n", "docs/a.md": "b\n"}, "Change both")
    clone.push("main")
    clone.switch("work/api-1", "main")
    clone.commit({"api/b.py": "b\n"}, "Add b")
    clone.commit({"api/c.py": "c\n"}, "Add c")
    clone.switch(BRANCH, "main")
    clone.commit({"docs/b.md": "b\n"}, "Write")
    install(clone)
    return clone


def type_in(repo: Repo, command: str) -> Ended:
    """Type a line into a shell."""
    return repo.run("sh", "-c", command)


def work(repo: Repo, command: str) -> None:
    """Type what must pass, without a word of ours."""
    ended = type_in(repo, f"set -e\n{command}")
    assert ended.status == 0, ended
    assert "lanes:" not in ended.err, ended


_AT_WORK = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-apply", "rebase-merge", "sequencer"]


def state(repo: Repo) -> dict[str, object]:
    """Read what a refused command could have changed."""
    files = {}
    for folder, folders, names in os.walk(repo.path):
        folders[:] = [name for name in folders if name != ".git"]
        files.update({os.path.join(folder, name): Path(folder, name).read_bytes() for name in names})
    folder = Path(repo.path, repo.git("rev-parse", "--git-dir"))
    return {
        "HEAD": (repo.try_git("symbolic-ref", "-q", "HEAD").out, repo.try_git("rev-parse", "HEAD").out),
        "refs": repo.git("for-each-ref"),
        "index": repo.git("ls-files", "--stage"),
        "status": repo.git("status", "--porcelain"),
        "files": files,
        "at work": [name for name in _AT_WORK if (folder / name).exists()],
        "locks": [str(lock) for lock in (repo.path / ".git").rglob("*.lock")],
        "worktrees": repo.git("worktree", "list"),
    }


def refuse(repo: Repo, command: str, moves: bool = False) -> str:
    """Type what the hook must refuse, and give what it said. No branch *moves*, or some do before."""
    refs = repo.git("for-each-ref", "refs/heads")
    ended = type_in(repo, command)
    assert ended.status != 0, ended
    assert (repo.git("for-each-ref", "refs/heads") != refs) == moves
    assert ABORTED in ended.err, ended
    return ended.err[ended.err.index("lanes: ") : ended.err.index(ABORTED)]


def go_back(repo: Repo, said: str) -> None:
    """Type the command of a message that goes back, if there is any."""
    for command in re.findall(r"go back: (.*)", said):
        work(repo, command)


def inside(repo: Repo, branch: str = BRANCH) -> bool:
    """Tell whether nothing on a branch lies outside its lane."""
    return repo.script("lane-audit", branch).status == 0


# -- What git gives the hook

A, B, NULL = b"a" * 40, b"b" * 40, b"0" * 40
HEADS = b"refs/heads/"


@pytest.mark.parametrize(
    ("data", "updates"),
    [
        (b"", []),
        (b"%b %b refs/heads/x\n" % (A, B), [Update(b"refs/heads/x", B)]),
        (b"%b %b HEAD\n%b %b refs/heads/x\n" % (A, B, A, B), [Update(b"refs/heads/x", B)]),
        (b"%b %b refs/heads/x\n" % (NULL, B), [Update(b"refs/heads/x", B)]),
        (b"%b %b refs/heads/x\n" % (A, NULL), []),
        (b"%b %b refs/heads/x\n" % (NULL, NULL), []),
        (b"%b %b refs/heads/x\n" % (A, A), []),
        (b"%b %b refs/heads/\xff\xc3\x28\n" % (A, B), [Update(b"refs/heads/\xff\xc3\x28", B)]),
        (b"%b %b refs/heads/x\n" % (b"0" * 64, b"c" * 64), [Update(b"refs/heads/x", b"c" * 64)]),
        (b"%b %b refs/heads/x\n" % (b"c" * 64, b"0" * 64), []),
        (b"ref:refs/heads/y %b refs/heads/x\n" % B, [Update(b"refs/heads/x", B)]),
        (b"%b ref:refs/heads/y refs/heads/x\n" % A, [Update(b"refs/heads/x", b"ref:refs/heads/y")]),
        (b"ref:refs/heads/y %b refs/heads/x\n" % NULL, []),
        (b"ref:refs/heads/y ref:refs/heads/z HEAD\n", []),
        (b"%b %b refs/tags/x\n%b %b refs/remotes/o/x\n%b %b refs/notes/x\n" % (A, B, A, B, A, B), []),
        (b"%b %b refs/x/refs/heads/y\n%b %b ORIG_HEAD\n" % (A, B, A, B), []),
    ],
)
def test_parse(data: bytes, updates: list[Update]) -> None:
    assert parse(data) == updates


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"garbage\n",
        b"%b %b refs/heads/x" % (A, B),
        b"%b %b\n" % (A, B),
        b"%b  refs/heads/x\n" % A,
        b"%b %b refs/heads/x y\n" % (A, B),
        b"%b %b refs/heads/x\n" % (A[1:], B),
        b"%b %b refs/heads/x\n" % (A, b"g" * 40),
        b"%b ref: refs/heads/x\n" % A,
        b"%b %b refs/heads/x\nmore\n" % (A, B),
    ],
)
def test_no_ref_update(line: bytes) -> None:
    with pytest.raises(CannotJudge, match=r"^git gave the hook a line that is no ref update: "):
        parse(line)


# -- What puts work outside onto a lane's branch


class Case(NamedTuple):
    """A command that is refused, and what git is told to say of it.

    `given` is typed before it. `then` is typed after the command of the message that takes the changes out,
    and must pass; without it, the command that goes back is typed, and then `home`. Where a branch `moves`,
    git got so far as to write what it may write.
    """

    command: str
    commits: tuple[tuple[str, ...], ...]
    steps: list[str]
    given: str = ""
    then: str = ""
    branch: str = BRANCH
    folder: str = "."
    home: str = ""
    moves: bool = False


INNER = (
    "git checkout -q --detach main; echo i >docs/i.md; git add -A; git commit -qm Inner; git tag inner;"
    f" git checkout -q {BRANCH}"
)
CLASH = (
    "git checkout -q --detach main; echo i >docs/i.md; git add -A; git commit -qm Inner; git tag inner;"
    " echo c >docs/b.md; git add -A; git commit -qm Clash; git tag clash; git format-patch -q -o ../p main;"
    f" git checkout -q {BRANCH}"
)
BOTH = "echo e >top.txt; echo d >docs/d.md; git add -A"
CASES = {
    "commit": Case(
        "git commit -qnm Mine", (MINE,), take_out("top.txt"), given=BOTH, then="git commit -qnm Mine"
    ),
    "commit of what was added": Case(
        "git commit -qnm Mine",
        (("Mine", f"adds 'a b {NOBODY}", f"deletes top.txt {NOBODY}"),),
        take_out("''\"'\"'a b' top.txt"),
        given='git rm -q top.txt; echo e >"\'a b"; echo d >docs/d.md; git add -A',
        then="git commit -qnm Mine",
    ),
    "commit in a folder": Case(
        "git commit -qnm Mine",
        (MINE,),
        take_out(":/top.txt"),
        given=BOTH,
        folder="docs",
        then="git commit -qnm Mine",
    ),
    "commit -a": Case("git commit -qanm Mine", (MINE,), FILES, given="echo e >top.txt; echo d >docs/b.md"),
    "commit of a file": Case("git commit -qnm Mine top.txt", (MINE,), FILES, given="echo e >top.txt"),
    "commit --amend": Case(
        "git commit -qn --amend -m Mine",
        (MINE,),
        take_out("top.txt"),
        given=BOTH,
        then="git commit -qn --amend",
    ),
    "commit --amend -a": Case("git commit -qan --amend -m Mine", (MINE,), FILES, given="echo e >top.txt"),
    "root commit": Case(
        "git commit -qnm Mine",
        (("Mine", f"adds api/a.py {API}"),),
        [
            "take these files out of the index, and commit again:",
            "  git rm --cached -r -- api/a.py",
            WIDEN,
        ],
        given="git checkout -q --orphan work/docs-2; git rm -rfq --cached .;"
        " mv .lanes.toml top.txt ci ..; rm -r api/generated; git add -A",
        then="git commit -qnm Mine",
        branch="work/docs-2",
    ),
    "cherry-pick": Case(
        "git cherry-pick work/api-1",
        (ADD_C,),
        copied("cherry-pick", "api/c.py"),
        then="git cherry-pick --skip",
    ),
    "cherry-pick of what is partly inside": Case(
        "git cherry-pick both",
        (MINE,),
        copied("cherry-pick", "top.txt"),
        given=f"git checkout -q --detach main; {BOTH}; git commit -qnm Mine; git tag both;"
        f" git checkout -q {BRANCH}",
        then="git cherry-pick --continue",
    ),
    "cherry-pick of several": Case(
        "git cherry-pick work/api-1~1 work/api-1 inner",
        (ADD_B,),
        copied("cherry-pick", "api/b.py"),
        given=INNER,
        then="! git cherry-pick --skip 2>/dev/null; git cherry-pick --skip; test -f docs/i.md;"
        " test ! -f api/c.py",
    ),
    "cherry-pick -x in the middle": Case(
        "git cherry-pick -x inner work/api-1",
        (ADD_C,),
        copied("cherry-pick", "api/c.py"),
        given=INNER,
        moves=True,
    ),
    "cherry-pick -n": Case(
        "git commit -qnm Mine",
        (("Mine", f"adds api/c.py {API}"),),
        take_out("api/c.py"),
        given="git cherry-pick -n work/api-1",
    ),
    "commit between two picks": Case(
        "git commit -qnm Mine",
        (MINE,),
        take_out("top.txt"),
        given=f"{CLASH}; ! git cherry-pick clash inner; echo both >docs/b.md; git add -A;"
        f" git commit -qm Solved; {BOTH}",
        then="git commit -qnm Mine; git restore top.txt; git cherry-pick --continue; test -f docs/i.md",
    ),
    "cherry-pick that only moves forward": Case(
        "git cherry-pick --ff work/api-1~1",
        (ADD_B,),
        MOVED,
        given="git checkout -q -B work/docs-2 main",
        branch="work/docs-2",
    ),
    "revert": Case(
        "git revert --no-edit main",
        (REVERT,),
        take_out("api/a.py"),
        then="git commit -qn; git restore .",
    ),
    "revert of several": Case(
        "git revert --no-edit main HEAD",
        (REVERT,),
        copied("revert", "api/a.py", "git commit what is left, and git revert --continue"),
        then="git commit -qnm Some; git revert --continue; test ! -f docs/b.md",
    ),
    "merge": Case("git merge --no-verify -q --no-edit work/api-1", (ADD_B, ADD_C), back("git merge --abort")),
    "merge that only moves forward": Case(
        "git merge -q work/api-1",
        (ADD_B, ADD_C),
        MOVED,
        given="git checkout -q -B work/docs-2 main",
        branch="work/docs-2",
    ),
    "merge that moves forward beside other changes": Case(
        "git merge -q --ff-only work/api-1",
        (ADD_B, ADD_C),
        MOVED,
        given="git checkout -q -B work/docs-2 main; echo mine >top.txt; echo n >docs/n.md; git add docs",
        branch="work/docs-2",
    ),
    "merge --squash": Case(
        "git commit -qnm Mine",
        (("Mine", f"adds api/b.py {API}", f"adds api/c.py {API}"),),
        take_out("api/b.py api/c.py"),
        given="git merge -q --squash work/api-1",
    ),
    "merge of several": Case(
        "git merge --no-verify -q --no-edit work/api-1 work/docs-2",
        (ADD_B, ADD_C),
        back("git merge --abort"),
        given="git branch work/docs-2 main; git checkout -q work/docs-2; echo 2 >docs/2.md; git add -A;"
        f" git commit -qm Two; git checkout -q {BRANCH}",
    ),
    "merge with a change of its own": Case(
        "git commit -qnm Mine",
        (("(a merge) Mine", MINE[1]),),
        take_out("top.txt", "or go back: git merge --abort"),
        given="git checkout -q main; echo 1 >docs/m.md; git add -A; git commit -qm Ahead;"
        f" git checkout -q {BRANCH}; git merge -q --no-commit main; echo e >top.txt; git add -A",
        then="git commit -qnm Mine",
    ),
    "merge --continue after a conflict": Case(
        "git merge -q clash; git checkout -q --ours docs/b.md; git add -A; git merge --continue",
        (ADD_B, ADD_C, ("Clash", f"adds api/d.py {API}")),
        back("git merge --abort"),
        given="git checkout -q --detach work/api-1; echo c >docs/b.md; echo d >api/d.py; git add -A;"
        f" git commit -qm Clash; git tag clash; git checkout -q {BRANCH}",
    ),
    "pull": Case("git pull -q --no-rebase --no-edit . work/api-1", (ADD_B, ADD_C), back("git merge --abort")),
    "pull that only moves forward": Case(
        "git pull -q . work/api-1",
        (ADD_B, ADD_C),
        MOVED,
        given="git checkout -q -B work/docs-2 main",
        branch="work/docs-2",
    ),
    "pull of what no ref holds": Case(
        "git pull -q ../other",
        (("Mine", f"adds api/mine.py {API}"),),
        MOVED,
        given="git clone -q . ../other; cd ../other; git checkout -q -B work/docs-1 origin/main;"
        " echo m >api/mine.py; git add -A; git commit -qm Mine;"
        " cd ../clone; git checkout -q -B work/docs-2 main",
        branch="work/docs-2",
    ),
    "pull into nothing": Case(
        "git pull -q . work/api-1",
        (ADD_B, ADD_C),
        back("git read-tree -m -u OID OID || git reset"),
        given="git checkout -q --orphan work/docs-2; git rm -rfq .",
        branch="work/docs-2",
    ),
    "pull --rebase": Case("git pull -q --rebase . work/api-1", (ADD_B, ADD_C), REBASE),
    "rebase": Case("git rebase -q work/api-1", (ADD_B, ADD_C), REBASE),
    "rebase that only moves forward": Case(
        "git rebase -q work/api-1",
        (ADD_B, ADD_C),
        REBASE,
        given="git checkout -q -B work/docs-2 main",
        branch="work/docs-2",
    ),
    "rebase --onto": Case("git rebase -q --onto work/api-1 main", (ADD_B, ADD_C), REBASE),
    "rebase of another branch": Case(
        "git rebase -q work/api-1 work/docs-1",
        (ADD_B, ADD_C),
        REBASE,
        given="git checkout -q main",
        home="git checkout -q main",
    ),
    "rebase --autostash": Case(
        "git rebase -q --autostash work/api-1", (ADD_B, ADD_C), REBASE, given="echo mine >top.txt"
    ),
    "rebase -i with exec": Case(
        'GIT_SEQUENCE_EDITOR=\'f() { echo "exec git cherry-pick work/api-1" >>"$1"; }; f\''
        " git rebase -q -i main",
        (ADD_C,),
        REBASE,
    ),
    "rebase -i with edit": Case(
        "GIT_SEQUENCE_EDITOR='sed -i s/^pick/edit/' git rebase -q -i main;"
        " echo e >top.txt; git commit -qanm Mine --amend; git rebase --continue",
        (MINE,),
        REBASE,
    ),
    "rebase -i with fixup": Case(
        "GIT_SEQUENCE_EDITOR='sed -i 2s/^pick/fixup/' git rebase -q -i main^",
        (("Change both", f"changes api/a.py {API}"),),
        REBASE,
    ),
    "rebase --update-refs": Case(
        "git rebase -q --update-refs work/api-1",
        (ADD_B, ADD_C),
        REBASE,
        given="git checkout -q -b work/docs-2; echo 2 >docs/2.md; git add -A; git commit -qm Two",
        branch="work/docs-2",
    ),
    "rebase --update-refs of another branch": Case(
        "git rebase -q --update-refs work/api-1",
        (ADD_B, ADD_C),
        back("git rebase --abort"),
        given="git checkout -q -b feature; echo 2 >docs/2.md; git add -A; git commit -qm Two",
        moves=True,
    ),
    "rebase with a conflict in the middle": Case(
        "git rebase -q clash; echo both >docs/b.md; git add -A; git rebase --continue",
        (("Clash", f"changes top.txt {NOBODY}"),),
        REBASE,
        given="git checkout -q --detach main; echo c >docs/b.md; echo c >top.txt; git add -A;"
        f" git commit -qm Clash; git tag clash; git checkout -q {BRANCH}",
    ),
    "rebase --apply": Case("git rebase -q --apply work/api-1", (ADD_B, ADD_C), back("git rebase --abort")),
    "rebase --apply --autostash": Case(
        "git rebase -q --apply --autostash work/api-1",
        (ADD_B, ADD_C),
        back("git rebase --abort"),
        given="echo mine >top.txt",
    ),
    "rebase --apply with a conflict in the middle": Case(
        "git rebase -q --apply clash; echo both >docs/b.md; git add -A; git rebase --continue",
        (("Clash", f"changes top.txt {NOBODY}"),),
        back("git rebase --abort"),
        given="git checkout -q --detach main; echo c >docs/b.md; echo c >top.txt; git add -A;"
        f" git commit -qm Clash; git tag clash; git checkout -q {BRANCH}",
    ),
    "rebase --apply that only moves forward": Case(
        "git rebase -q --apply work/api-1",
        (ADD_B, ADD_C),
        back("git switch work/docs-2"),
        given="git checkout -q -B work/docs-2 main",
        branch="work/docs-2",
    ),
    "am": Case(
        "git am -q ../p/0002*",
        (ADD_C,),
        copied("am", "api/c.py"),
        given="git format-patch -q -o ../p main..work/api-1",
        then="git am --skip",
    ),
    "am of several": Case(
        "git am -q ../p/000*",
        (MINE,),
        copied("am", "top.txt"),
        given="git checkout -q --detach main; echo 0 >docs/0.md; git add -A; git commit -qm Zero;"
        f" {BOTH}; git commit -qm Mine; echo 2 >docs/2.md; git add -A; git commit -qm Two;"
        f" git format-patch -q -o ../p main; git checkout -q {BRANCH}",
        then="git am --continue; test -f docs/2.md",
        moves=True,
    ),
    "am after a conflict": Case(
        "git am -q -3 ../p/000*; echo both >docs/b.md; git add -A; git am --continue",
        (("Clash", f"changes top.txt {NOBODY}"),),
        copied("am", "top.txt"),
        given="git checkout -q --detach main; echo c >docs/b.md; echo c >top.txt; git add -A;"
        f" git commit -qm Clash; git format-patch -q -o ../p main; git checkout -q {BRANCH}",
        then="git am --continue",
    ),
    "reset --hard": Case("git reset -q --hard work/api-1", (ADD_B, ADD_C), MOVED),
    "reset to what no ref holds": Case(
        "git reset -q --hard HEAD@{1}",
        (MINE,),
        MOVED,
        given=f"git checkout -q --detach; {BOTH}; git commit -qm Mine; git checkout -q {BRANCH}",
    ),
    "reset --keep": Case("git reset -q --keep work/api-1", (ADD_B, ADD_C), MOVED, given="echo mine >top.txt"),
    "reset --merge": Case(
        "git reset -q --merge work/api-1", (ADD_B, ADD_C), MOVED, given="echo mine >top.txt"
    ),
    "reset": Case("git reset -q work/api-1", (ADD_B, ADD_C), MOVED, given="echo mine >top.txt"),
    "reset --soft": Case("git reset -q --soft work/api-1", (ADD_B, ADD_C), LEAVE, given=BOTH),
    "checkout -b": Case(
        "git checkout -q -b work/docs-2 work/api-1", (ADD_B, ADD_C), MOVED, branch="work/docs-2"
    ),
    "checkout -B": Case(
        "git checkout -q -B work/docs-2 work/api-1",
        (ADD_B, ADD_C),
        MOVED,
        given="git branch work/docs-2 main; echo mine >top.txt; echo n >docs/n.md; git add docs",
        branch="work/docs-2",
    ),
    "checkout -B of the same": Case(f"git checkout -q -B {BRANCH} work/api-1", (ADD_B, ADD_C), MOVED),
    "switch -C": Case("git switch -q -C work/docs-2 work/api-1", (ADD_B, ADD_C), MOVED, branch="work/docs-2"),
    "branch": Case("git branch work/docs-2 work/api-1", (ADD_B, ADD_C), LEAVE, branch="work/docs-2"),
    "branch of a detached head": Case(
        "git branch -f work/docs-1", (ADD_B, ADD_C), LEAVE, given="git checkout -q --detach work/api-1"
    ),
    "branch -f": Case(
        f"git branch -f {BRANCH} work/api-1", (ADD_B, ADD_C), LEAVE, given=f"git checkout -q main; {BOTH}"
    ),
    "branch -f in a merge": Case(
        "git branch -f work/docs-2 work/api-1",
        (ADD_B, ADD_C),
        LEAVE,
        given="git branch work/docs-2 main; git merge -q --no-commit work/api-1",
        branch="work/docs-2",
    ),
    "branch -f in a rebase": Case(
        "git branch -f work/docs-2 work/api-1",
        (ADD_B, ADD_C),
        LEAVE,
        given="git branch work/docs-2 main; GIT_SEQUENCE_EDITOR='sed -i s/^pick/edit/' git rebase -q -i main",
        branch="work/docs-2",
    ),
    "update-ref": Case(f"git update-ref refs/heads/{BRANCH} work/api-1", (ADD_B, ADD_C), LEAVE),
    "update-ref of HEAD": Case("git update-ref HEAD work/api-1", (ADD_B, ADD_C), LEAVE),
    "update-ref of what was made by hand": Case(
        "git update-ref refs/heads/work/docs-2 $(git commit-tree -p main -m Mine $(git write-tree))",
        (MINE,),
        LEAVE,
        given=BOTH,
        branch="work/docs-2",
    ),
    "update-ref by another name": Case(
        "git update-ref refs/heads/alias work/api-1",
        (ADD_B, ADD_C),
        LEAVE,
        given=f"git symbolic-ref refs/heads/alias refs/heads/{BRANCH}",
    ),
    "update-ref by a name that is no branch's": Case(
        "git update-ref refs/x/y work/api-1",
        (ADD_B, ADD_C),
        LEAVE,
        given=f"git symbolic-ref refs/x/y refs/heads/{BRANCH}",
    ),
    "fetch": Case("git fetch -q . work/api-1:work/docs-2", (ADD_B, ADD_C), LEAVE, branch="work/docs-2"),
    "worktree add": Case(
        "git worktree add -B work/docs-2 ../w work/api-1", (ADD_B, ADD_C), LEAVE, branch="work/docs-2"
    ),
    "commit in another worktree": Case(
        "git commit -qanm Mine",
        (MINE,),
        FILES,
        given="git worktree add -q -b work/docs-2 ../w main; echo e >../w/top.txt",
        branch="work/docs-2",
        folder="../w",
    ),
    "branch of another worktree": Case(
        "git update-ref refs/heads/work/docs-2 work/api-1",
        (ADD_B, ADD_C),
        LEAVE,
        given="git worktree add -q -b work/docs-2 ../w main",
        branch="work/docs-2",
    ),
    "rebase in another worktree": Case(
        "git rebase -q --apply work/api-1",
        (ADD_B, ADD_C),
        back("git rebase --abort"),
        given="git worktree add -q -b work/docs-2 ../w main; cd ../w; echo 2 >docs/2.md; git add -A;"
        " git commit -qm Two",
        branch="work/docs-2",
        folder="../w",
    ),
    "stash branch": Case(
        "git stash branch work/docs-2",
        (ADD_B, ADD_C),
        MOVED,
        given="git checkout -q work/api-1; echo s >api/s.py; git add -A; git stash -q;"
        f" git checkout -q {BRANCH}",
        branch="work/docs-2",
    ),
    "fast-import": Case(
        "printf 'reset refs/heads/work/docs-2\\nfrom refs/heads/work/api-1\\n\\n' | git fast-import --quiet",
        (ADD_B, ADD_C),
        LEAVE,
        branch="work/docs-2",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refused(lane: Repo, name: str) -> None:
    case = CASES[name]
    work(lane, case.given)
    there = Repo(lane.path / case.folder)
    before = state(there)
    said = refuse(there, case.command, case.moves)
    assert masked(said) == message(case.commits, case.steps, case.branch)
    if case.then:
        typed = [line.strip() for line in said.splitlines() if line.startswith("      git ")]
        work(there, f"{typed[0]}; {case.then}")
        assert state(there)["at work"] == []
        assert inside(lane, case.branch)
        return
    go_back(there, said)
    work(there, case.home)
    assert state(there) == before


def test_refused_where_git_hides_it(lane: Repo) -> None:
    """Git filter-branch tells nobody what the hook says."""
    before = state(lane)
    ended = type_in(lane, "git filter-branch -f --tree-filter 'echo e >top.txt' main..HEAD")
    assert (ended.status, ended.err) == (1, f"Could not rewrite refs/heads/{BRANCH}\n")
    assert state(lane) == before


def test_refused_push_into_the_clone(lane: Repo) -> None:
    before = state(lane)
    ended = lane.try_git("push", "-q", ".", "work/api-1:work/docs-2")
    assert ended.status != 0
    said = "".join(line.removeprefix("remote: ") for line in ended.err.splitlines(keepends=True))
    assert message((ADD_B, ADD_C), LEAVE, "work/docs-2") in masked(said.replace("        \n", "\n"))
    assert state(lane) == before


def test_refused_with_several_branches(lane: Repo) -> None:
    names = ["work/docs-1", "work/api-2", "work/docs-2", "feature"]
    lines = "".join(f"update refs/heads/{name} work/api-1\n" for name in names)
    said = refuse(lane, f"printf '{lines}' | git update-ref --stdin")
    assert masked(said) == message((ADD_B, ADD_C), LEAVE) + message((ADD_B, ADD_C), LEAVE, "work/docs-2")


def test_refused_with_very_many_branches(lane: Repo) -> None:
    lines = "".join(f"create refs/heads/work/docs-x{number} work/api-1\n" for number in range(10, 22))
    said = refuse(lane, f"printf '{lines}' | git update-ref --stdin")
    each = [message((ADD_B, ADD_C), LEAVE, f"work/docs-x{number}") for number in range(10, 20)]
    assert masked(said) == "".join([*each, "lanes: … and 2 more branches like these\n"])


def test_review_only(lane: Repo) -> None:
    work(lane, "git checkout -q -b review/1 main; echo r >docs/r.md; git add -A")
    said = refuse(lane, "git commit -qnm Review")
    assert (
        masked(said)
        == """\
lanes: review/1 is not updated: 1 change in 1 commit would lie outside its lane "review"
  commit OID "Review" by Ann
    adds docs/r.md (review-only: lane "docs" may write it)
  lane "review" is review-only: its branches may not change anything
  manifest in force: .lanes.toml of refs/remotes/origin/main at OID
  next:
    take these changes out of the index (your files stay as they are), and commit again:
      git restore --staged --source=OID -- docs/r.md
    report what you found instead of changing it; a task that must write needs another lane
"""
    )


def test_the_other_ways_out_of_a_cherry_pick(lane: Repo) -> None:
    before = state(lane)
    refuse(lane, "git cherry-pick work/api-1~1 work/api-1")
    work(lane, "git cherry-pick --quit; git reset -q --hard")
    assert state(lane) == before


def test_the_other_ways_out_of_an_am(lane: Repo) -> None:
    work(lane, "git format-patch -q -o ../p main..work/api-1")
    before = state(lane)
    refuse(lane, "git am -q ../p/000*")
    work(lane, "git am --quit; git reset -q --hard")
    assert state(lane) == before


def test_the_other_ways_out_of_a_rebase(lane: Repo) -> None:
    before = state(lane)
    for options in ("", "--apply"):
        refuse(lane, f"git rebase -q {options} work/api-1")
        work(lane, f"git rebase --quit; git checkout -q {BRANCH}")
        assert state(lane) == before


def test_a_rebase_goes_on_once_it_is_mended(lane: Repo) -> None:
    refuse(lane, "git rebase -q work/api-1")
    refuse(lane, "git rebase --continue")  # nothing is lost meanwhile
    work(lane, "git reset -q --soft main; git restore -q --staged --worktree api; git commit -qm Mended")
    work(lane, "git rebase --continue")
    assert inside(lane)
    assert lane.git("log", "--format=%s", f"main..{BRANCH}") == "Mended"
    assert state(lane)["at work"] == []


def test_a_rebase_goes_on_once_its_last_commit_is_amended(lane: Repo) -> None:
    refuse(lane, "git rebase -q --exec 'echo e >top.txt; git commit -qa --amend -m Mine' main")
    work(lane, "git checkout -q main top.txt; git commit -q --amend -m Mended; git rebase --continue")
    assert inside(lane)
    assert lane.git("log", "--format=%s", f"main..{BRANCH}") == "Mended"
    assert state(lane)["at work"] == []


# -- The same inside the lane

INSIDE = {
    "commit": "echo d >docs/d.md; git add -A; git commit -qnm Inside",
    "commit -a": "echo d >docs/b.md; git commit -qanm Inside",
    "commit of what is shared": "echo d >shared.txt; git add -A; git commit -qnm Inside",
    "commit --amend": "echo d >docs/b.md; git commit -qan --amend -m Inside",
    "empty commit": "git commit -qn --allow-empty -m Inside",
    "cherry-pick": "git cherry-pick inner",
    "revert": "git revert --no-edit HEAD",
    "rebase": "git rebase -q ahead",
    "rebase --apply": "git rebase -q --apply ahead",
    "rebase -i": "git rebase -q -i --exec 'git commit -q --amend -m Inside' main",
    "rebase --update-refs": "git checkout -q -b work/docs-2; git commit -q --allow-empty -m Two;"
    " git rebase -q --update-refs ahead",
    "rebase --autostash": "echo mine >top.txt; git rebase -q --autostash ahead",
    "rebase that only moves forward": "git reset -q --hard main; git rebase -q ahead",
    "merge": "git merge -q --no-verify --no-edit ahead",
    "merge that only moves forward": "git reset -q --hard main; git merge -q ahead",
    "merge of the same lane": "git merge -q --no-edit inner",
    "merge --squash": "git merge -q --squash inner; git commit -qnm Inside",
    "merge --continue": "git checkout -q --detach inner; echo clash >docs/b.md; git add -A;"
    f" git commit -qm Clash; git tag clash; git checkout -q {BRANCH}; ! git merge -q clash;"
    " echo both >docs/b.md; git add -A; git merge --continue",
    "pull": "git pull -q --no-rebase --no-edit . ahead",
    "pull --rebase": "git pull -q --rebase . ahead",
    "am": "git format-patch -q -1 -o ../p inner; git am -q ../p/*",
    "reset --hard": "git reset -q --hard inner",
    "reset --soft": "git reset -q --soft inner",
    "checkout -B": "git checkout -q -B work/docs-2 inner",
    "switch -C": "git switch -q -C work/docs-1 inner",
    "branch -f": "git branch -f work/docs-2 inner",
    "update-ref": "git update-ref HEAD inner",
    "update-ref --stdin": "printf 'update refs/heads/work/docs-2 inner\\nupdate HEAD inner\\n' |"
    " git update-ref --stdin",
    "fetch": "git fetch -q . inner:work/docs-2",
    "push": "git push -q . inner:refs/heads/work/docs-2",
    "worktree add": "git worktree add -q -B work/docs-2 ../w inner",
    "stash branch": "echo s >docs/a.md; git stash -q; git stash branch work/docs-2",
    "fast-import": "printf 'reset refs/heads/work/docs-2\\nfrom inner\\n\\n' | git fast-import --quiet",
    "filter-branch": "git filter-branch -f --tree-filter 'echo f >docs/f.md' ahead..HEAD >/dev/null",
    "unborn": "git checkout -q --orphan work/docs-2; git rm -rfq .; echo o >docs.md; mkdir docs;"
    " echo o >docs/o.md; git add docs; git commit -qnm Root",
}


@pytest.mark.parametrize("name", INSIDE)
def test_inside(lane: Repo, name: str) -> None:
    work(
        lane,
        "git checkout -q main; git tag begin; echo a >api/ahead.py; git add -A; git commit -qm Ahead;"
        f" git push -q origin main; git tag ahead; {INNER.replace('main', 'begin')}",
    )
    refs = lane.git("for-each-ref", "refs/heads")
    starts(lane)
    work(lane, INSIDE[name])
    assert lane.git("for-each-ref", "refs/heads") != refs
    assert starts(lane) > 0
    assert lane.script("lane-audit", "--all").status == 0
    assert state(lane)["at work"] == []
    assert state(lane)["locks"] == []


# -- What is left alone

ELSEWHERE = {  # Python is not even started
    "tag": "git tag x work/api-1; git tag -a -m y y work/api-1; git tag -d x",
    "notes": "git notes add -m note work/api-1",
    "remote-tracking branch": "git update-ref refs/remotes/origin/work/docs-1 work/api-1",
    "detached head": "git checkout -q --detach work/api-1; echo e >top.txt; git commit -qam Mine;"
    " git reset -q --hard HEAD^",
    "name that looks like a branch's": "git update-ref refs/x/refs/heads/work/docs-1 work/api-1",
    "bisect": "git bisect start work/api-1 main >/dev/null",
    "replace": "git replace work/api-1 main",
    "fetch": "git fetch -q origin +refs/heads/*:refs/remotes/o/*",
    "reflog": "git reflog expire --expire=now --all",
    "prune": "git reflog expire --expire=now --all; git prune",
    "FETCH_HEAD": "git fetch -q . work/api-1",
    "set-head": "git remote set-head origin main",
    "worktree": "git worktree add -q --detach ../w work/api-1; git worktree remove ../w",
    "submodule": "git -c protocol.file.allow=always submodule --quiet add -b main ../server.git docs/s;"
    " cd docs/s; git checkout -q -b work/docs-1; echo e >top.txt; git commit -qam Mine",
    "clone": "git clone -q . ../other; cd ../other; echo e >top.txt; git commit -qam Mine",
}
LET_THROUGH = {
    "main": "git checkout -q main; echo m >top.txt; git commit -qam Main; git reset -q --hard HEAD^",
    "another integration branch": "git branch release work/api-1; git branch -f release work/api-1^",
    "branch that no lane covers": "git checkout -q -b feature work/api-1; echo e >top.txt;"
    " git commit -qam Mine; git branch work/docs",
    "deletion": "git branch -D work/api-1",
    "stash": "echo e >top.txt; git stash -q; git stash pop -q; git restore top.txt",
    "gc": "git gc -q",
    "pack-refs": "git pack-refs --all; git pack-refs --all --no-prune",
    "reset to where it is": "git reset -q --hard; git reset -q; git reset -q --keep HEAD",
    "symbolic ref": "git symbolic-ref refs/heads/alias refs/heads/work/api-1;"
    " git symbolic-ref -d refs/heads/alias",
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_elsewhere(lane: Repo, name: str) -> None:
    work(lane, ELSEWHERE[name])
    assert starts(lane) == 0


@pytest.mark.parametrize("name", LET_THROUGH)
def test_let_through(lane: Repo, name: str) -> None:
    work(lane, LET_THROUGH[name])
    assert starts(lane) > 0


def test_thousands_of_refs_start_no_python(lane: Repo, server: Repo) -> None:
    main = server.git("rev-parse", "main")
    lines = "".join(f"create refs/heads/x/{number} {main}\n" for number in range(5000))
    server.git("update-ref", "--stdin", stdin=lines.encode())
    work(lane, "git fetch -q --atomic")
    assert len(lane.git("for-each-ref", "refs/remotes/origin/x").splitlines()) == 5000
    assert starts(lane) == 0


def test_packing_thousands_of_branches_is_one_start(lane: Repo) -> None:
    for kind, tip in (("docs-x", "HEAD"), ("api-x", "work/api-1")):
        lines = "".join(f"create refs/heads/work/{kind}{number} {tip}\n" for number in range(1000))
        lane.git("-c", "core.hooksPath=/dev/null", "update-ref", "--stdin", stdin=lines.encode())
    starts(lane)
    work(lane, "git pack-refs --all --no-prune")
    assert starts(lane) == 1


# -- Taking an offence back


@pytest.fixture
def strayed(lane: Repo) -> Repo:
    """A branch with three commits that stray, the first in two paths, made before the gate was there."""
    off = "git -c core.hooksPath=/dev/null"
    work(
        lane,
        f"echo 1 >top.txt; echo 1 >api/one.py; git add -A; {off} commit -qnm One;"
        f" echo 2 >top.txt; echo 2 >docs/2.md; git add -A; {off} commit -qnm Two;"
        f" echo 3 >api/three.py; git add -A; {off} commit -qnm Three",
    )
    assert not inside(lane)
    return lane


TAKEN_BACK = {
    "reset to before": "git reset -q --hard HEAD~3",
    "reset to the middle": "git reset -q --hard HEAD~2",
    "reset, keeping the files": "git reset -q HEAD~3; git add docs; git commit -qm Again",
    "revert": "git revert --no-edit HEAD",
    "revert of all": "git revert --no-edit HEAD HEAD~1 HEAD~2",
    "amend": "git rm -q api/three.py; git commit -q --amend -m Three --allow-empty",
    "amend of a part": "git reset -q --hard HEAD~2; git rm -q api/one.py; git commit -q --amend -m One",
    "rebase without the last": "GIT_SEQUENCE_EDITOR='sed -i 4d' git rebase -q -i main",
    "rebase without the one before": "GIT_SEQUENCE_EDITOR='sed -i 3d' git rebase -q -i main",
    "rebase onto what is new": "git checkout -q main; echo a >api/ahead.py; git add -A; git commit -qm Ahead;"
    f" git rebase -q main {BRANCH}",
    "rebase --apply": f"git checkout -q main; echo a >api/ahead.py; git add -A; git commit -qm Ahead;"
    f" git rebase -q --apply main {BRANCH}",
    "merge of main": "git checkout -q main; echo a >api/ahead.py; git add -A; git commit -qm Ahead;"
    f" git checkout -q {BRANCH}; git merge -q --no-edit main",
    "rebase that squashes two": "GIT_SEQUENCE_EDITOR='sed -i 2s/^pick/fixup/' git rebase -q -i main",
    "a commit inside": "echo in >docs/in.md; git add -A; git commit -qnm In",
}


@pytest.mark.parametrize("name", TAKEN_BACK)
def test_taken_back(strayed: Repo, name: str) -> None:
    work(strayed, TAKEN_BACK[name])


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("echo more >top.txt", f"changes top.txt {NOBODY}"),
        ("chmod +x top.txt", f"changes top.txt {NOBODY}"),
        ("rm top.txt", f"deletes top.txt {NOBODY}"),
        ("rm top.txt; ln -s docs top.txt", f"changes the type of top.txt {NOBODY}"),
        ("cp top.txt top2.txt", f"adds top2.txt {NOBODY}"),
    ],
)
def test_a_new_offence_beside_old_ones(strayed: Repo, given: str, found: str) -> None:
    work(strayed, f"{given}; echo in >docs/in.md; git add -A")
    path = "top2.txt" if "top2" in found else "top.txt"
    assert masked(refuse(strayed, "git commit -qnm New")) == message([("New", found)], take_out(path))


def test_what_was_taken_back_does_not_come_again(strayed: Repo) -> None:
    work(strayed, "git tag bad; git reset -q --hard HEAD~3")
    three = (
        ("One", f"adds api/one.py {API}", f"changes top.txt {NOBODY}"),
        ("Two", f"changes top.txt {NOBODY}"),
        ("Three", f"adds api/three.py {API}"),
    )
    assert masked(refuse(strayed, "git reset -q --hard bad")) == message(three, MOVED)


def test_an_offence_that_origin_holds(strayed: Repo, server: Repo) -> None:
    work(strayed, "git branch -m work/docs-1 work/docs-7; git checkout -q main")
    (server.path / "hooks" / "pre-receive").unlink()
    strayed.push("work/docs-7")
    work(strayed, "git branch -qD work/docs-7; git fetch -q")
    work(strayed, "git checkout -q work/docs-7; echo in >docs/in.md; git add -A; git commit -qm In")
    refuse(strayed, "git checkout -q -B work/docs-8 origin/work/docs-7")  # it is another branch's
    work(
        strayed,
        "git reset -q --hard; git checkout -q -B work/docs-7 origin/work/docs-7; git reset -q --hard HEAD~3",
    )
    work(strayed, "git pull -q; git reset -q --hard origin/work/docs-7")
    refuse(strayed, "echo new >top.txt; git commit -qam New")


def test_a_lane_that_was_narrowed(lane: Repo) -> None:
    """What has been written there may stay, as long as it is the same."""
    work(lane, "mkdir docs/old; echo 1 >docs/old/1.md; git add -A; git commit -qm Old; git checkout -q main")
    narrow = MANIFEST.replace('paths = ["/docs/"]', 'paths = ["/docs/", "!/docs/old/"]')
    lane.commit({".lanes.toml": narrow}, "Narrow")
    lane.push("main")
    work(lane, f"git fetch -q; git checkout -q {BRANCH}; echo 2 >docs/2.md; git add -A; git commit -qm Two")
    work(lane, "git rebase -q main; git rebase -q --onto main~1 main")
    refuse(lane, "echo 2 >docs/old/2.md; git add -A; git commit -qm New")


# -- What can't be judged


def cannot(
    repo: Repo, command: str = "git branch work/docs-2 main", branch: str = "work/docs-2", back: str = ""
) -> str:
    """Type what can't be judged, and give why, masked; the rest of the message is compared here."""
    said = masked(refuse(repo, command))
    first, last = (
        f"lanes: {branch} is not updated, it could not be judged: ",
        f"  next:\n    go back: {back}\n",
    )
    assert said.startswith(first)
    assert said.endswith(last if back else "\n")
    return said.removeprefix(first).removesuffix(last if back else "")


def without_manifest(repo: Repo, content: str | None = None) -> None:
    """Take the manifest from main, or break it, past the gate."""
    repo.git("checkout", "--quiet", "main")
    repo.commit({".lanes.toml": content}, "Break")
    repo.git("push", "-q", str(repo.path), "main:refs/remotes/origin/main")
    repo.git("checkout", "--quiet", BRANCH)


def test_no_manifest(lane: Repo) -> None:
    without_manifest(lane)
    assert (
        cannot(lane)
        == """\
no manifest is in force: refs/remotes/origin/main at OID has no .lanes.toml
  to begin: bring a valid .lanes.toml to main; everything else waits for it
"""
    )
    work(lane, "git checkout -q main; git revert --no-edit HEAD")  # it can come back


def test_no_trusted_branch(lane: Repo) -> None:
    work(lane, "git config lanes.trustedRef refs/remotes/origin/none")
    assert (
        cannot(lane)
        == """\
no manifest is in force: looked for refs/remotes/origin/none, and none exists
  to begin: fetch it, or name another branch: git config lanes.trustedRef refs/remotes/NAME/BRANCH
"""
    )


@pytest.mark.parametrize(
    ("begin", "command"),
    [
        ("git cherry-pick inner clash", "cherry-pick"),
        ("git revert --no-edit HEAD main", "revert"),
        ("git merge -q clash", "merge"),
        ("git pull -q --no-rebase . tag clash", "merge"),
        ("git rebase -q clash", "rebase"),
        ("git rebase -q --apply clash", "rebase"),
        ("git am -q -3 ../p/*", "am"),
    ],
)
def test_what_can_not_be_judged_keeps_nobody_from_going_back(lane: Repo, begin: str, command: str) -> None:
    """A fetch can bring a broken manifest while something is at work."""
    work(lane, CLASH)
    before = state(lane)
    type_in(lane, begin)
    assert state(lane)["at work"] != []
    lane.git("update-ref", "refs/remotes/origin/main", broken(lane))
    work(lane, f"git {command} --abort; git update-ref refs/remotes/origin/main main")
    assert state(lane) == before


@pytest.mark.parametrize(
    ("command", "out"),
    [
        ("git cherry-pick inner", "git cherry-pick --abort"),
        ("git revert --no-edit HEAD HEAD^", "git revert --abort"),
        ("git merge -q --no-edit --no-ff inner", "git merge --abort"),
        ("git rebase -q inner", "git rebase --abort"),
        ("git rebase -q --apply inner", "git rebase --abort"),
        ("git am -q ../p/0001*", "git am --abort"),
        ("git reset -q --hard inner", "git read-tree -m -u OID HEAD || git reset"),
        ("git commit -q --allow-empty -m Empty", ""),
        ("git branch -f work/docs-1 inner", ""),
    ],
)
def test_what_can_not_be_judged_is_told_the_way_back(lane: Repo, command: str, out: str) -> None:
    work(lane, CLASH)
    if command.startswith("git branch"):
        work(lane, "git checkout -q main")
    lane.git("update-ref", "refs/remotes/origin/main", broken(lane))
    before = state(lane)
    said = refuse(lane, command)
    assert masked(said) == (
        f"lanes: {BRANCH} is not updated, it could not be judged:"
        " the manifest in force is invalid: refs/remotes/origin/main at OID\n"
        "  .lanes.toml:1: version: 2: expected 1, the only version that this git-lanes reads\n"
        "  to mend: bring a valid .lanes.toml to main; everything else waits for it\n"
    ) + (f"  next:\n    go back: {out}\n" if out else "")
    go_back(lane, said)
    assert state(lane) == before


def test_housekeeping_passes_where_nothing_can_be_judged(lane: Repo) -> None:
    lane.git("update-ref", "refs/remotes/origin/main", broken(lane))
    work(
        lane,
        "git gc -q; git pack-refs --all; echo e >top.txt; git stash -q; git reset -q --hard;"
        " git reset -q --hard HEAD^",
    )


def broken(repo: Repo) -> str:
    """Make a commit on main whose manifest is broken, and give its id."""
    tree = f"100644 blob {repo.git('hash-object', '-w', '--stdin', stdin=b'version = 2')}\t.lanes.toml\n"
    return repo.git("commit-tree", "-p", "main", "-m", "Break", repo.git("mktree", stdin=tree.encode()))


def test_a_branch_that_two_lanes_cover(lane: Repo) -> None:
    both = '[lanes.both]\nbranches = ["work/*-2"]\npaths = ["/both/"]\n'
    lane.git("checkout", "--quiet", "main")
    lane.commit({".lanes.toml": MANIFEST + both}, "Cover twice")
    lane.put("main")
    work(lane, f"git checkout -q {BRANCH}; echo in >docs/in.md; git add -A; git commit -qm In")
    assert cannot(lane) == (
        'the branch work/docs-2 is covered by the lanes "docs" and "both"; change their branch patterns in'
        f" .lanes.toml so that only one covers it\n{IN_FORCE}"
    )


def test_a_branch_like_main_but_for_case(lane: Repo) -> None:
    assert cannot(lane, "git branch Main work/api-1", "Main") == (
        "it differs from main by case alone, and on many a disk they are one; use another name\n" + IN_FORCE
    )
    work(lane, "git branch main2 work/api-1")


def test_a_missing_object(lane: Repo) -> None:
    tree = lane.git("rev-parse", "work/api-1^:api")
    (lane.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    said = cannot(lane, "git update-ref refs/heads/work/docs-2 work/api-1")
    failed = "git diff-tree failed with exit status 128: fatal: unable to read tree OID; run: git fsck"
    assert said == f"{failed}\n{IN_FORCE}"


def test_a_broken_ref_beside(lane: Repo) -> None:
    """It is no reason to say less."""
    for content in ("garbage\n", "1" * 40 + "\n"):
        (lane.path / ".git" / "refs" / "heads" / "broken").write_text(content)
        lane.write({"top.txt": "e\n"})
        ended = lane.try_git("commit", "-qnm", "Mine", "top.txt")
        assert masked(ended.err) == message((MINE,), FILES) + ABORTED


def test_a_shallow_clone(lane: Repo, server: Repo, tmp_path: Path) -> None:
    lane.push("work/docs-1")
    shallow = Repo(tmp_path / "shallow")
    lane.git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{server.path}", str(shallow.path))
    install(shallow)
    assert cannot(shallow, f"git branch {BRANCH} origin/{BRANCH}", BRANCH) == (
        f"the history is cut off here (a shallow clone); run: git fetch --unshallow\n{IN_FORCE}"
    )
    work(shallow, f"git fetch -q --unshallow; git checkout -q {BRANCH}")


def test_a_setting_that_means_nothing(lane: Repo) -> None:
    work(lane, "git config lanes.mode strict")
    assert refuse(lane, "git branch work/docs-2") == (
        "lanes: could not judge: lanes.mode is strict; it must be warn or enforce:"
        " git config lanes.mode enforce\n"
    )
    work(lane, "git reset -q --hard; git reset -q --hard HEAD^")


def test_only_a_warning(lane: Repo) -> None:
    work(lane, "git config lanes.mode warn")
    ended = lane.try_git("branch", "work/docs-2", "work/api-1")
    assert (ended.status, ended.out) == (0, "")
    assert masked(ended.err) == message((ADD_B, ADD_C), LEAVE, "work/docs-2") + (
        "lanes: lanes.mode is warn here, so this is let through; otherwise it would be refused\n"
    )


def test_only_a_warning_at_the_end_of_a_rebase(lane: Repo) -> None:
    work(lane, "git config lanes.mode warn")
    for options in ("", "--apply"):
        assert lane.try_git("rebase", *options.split(), "work/api-1").status == 0
        assert state(lane)["at work"] == []
        assert lane.git("log", "--format=%s", "main..HEAD").split("\n") == ["Write", "Add c", "Add b"]
        lane.git("reset", "--quiet", "--hard", "ORIG_HEAD")


def test_if_enabled(lane: Repo) -> None:
    install(lane, if_enabled=True)
    refuse(lane, "git branch work/docs-2 work/api-1")
    work(lane, "git config lanes.enabled false; git branch work/docs-2 work/api-1")
    work(lane, "git config --unset lanes.enabled")
    without_manifest(lane)
    work(lane, "git branch work/docs-3 work/api-1; git branch work/docs-4 main")


# -- What git says and what scripts hand on


def ended(repo: Repo, state: str, *lines: str) -> Ended:
    """Start the program as the hook does."""
    given = "".join(f"{line}\n" for line in lines).encode()
    return repo.script("lane-reference-transaction", state, stdin=given)


def test_formats_of_newer_git(lane: Repo) -> None:
    zeros, main, api = "0" * 40, lane.git("rev-parse", "main"), lane.git("rev-parse", "work/api-1")
    alias = "refs/heads/work/docs-2"
    for old in (zeros, "ref:refs/heads/work/docs-1"):
        bad = ended(lane, "prepared", f"{old} ref:refs/heads/work/api-1 {alias}")
        assert (bad.status, bad.out) == (1, "")
        assert masked(bad.err) == message((ADD_B, ADD_C), LEAVE, "work/docs-2")
        for new in ("ref:refs/heads/main", "ref:refs/heads/work/docs-1", main, zeros):
            assert ended(lane, "prepared", f"{old} {new} {alias}") == Ended(0, "", "")
        assert ended(lane, "prepared", f"{old} {api} {alias}").status == 1
    assert ended(lane, "prepared", "ref:refs/heads/main ref:refs/heads/work/api-1 HEAD") == Ended(0, "", "")
    for new in ("ref:refs/heads/none", "a" * 40):
        bad = ended(lane, "prepared", f"{zeros} {new} {alias}")
        assert (bad.status, bad.out) == (2, "")
        assert masked(bad.err) == (
            "lanes: work/docs-2 is not updated, it could not be judged: its new tip"
            f" {masked(new)} is no commit; run: git fsck\n{IN_FORCE}"
        )


@pytest.mark.parametrize("state", ["preparing", "committed", "aborted"])
def test_other_states_are_not_judged(lane: Repo, state: str) -> None:
    api = lane.git("rev-parse", "work/api-1")
    assert ended(lane, state, f"{'0' * 40} {api} refs/heads/work/docs-2", "garbage") == Ended(0, "", "")


def test_no_state(lane: Repo) -> None:
    assert lane.script("lane-reference-transaction") == Ended(
        2,
        "",
        'lanes: could not judge: a script that calls this hook must hand on its argument, the state: "$@"\n',
    )


def test_too_many_arguments(lane: Repo) -> None:
    said = lane.script("lane-reference-transaction", "prepared", "x")
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(
        "lanes: too many arguments\n  usage: lane-reference-transaction [--if-enabled] STATE"
    )


def test_help(lane: Repo) -> None:
    said = lane.script("lane-reference-transaction", "--help")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith("usage: lane-reference-transaction [--if-enabled] STATE")


def test_closed_input(lane: Repo) -> None:
    said = type_in(lane, f'"{SCRIPTS}/lane-reference-transaction" prepared <&-')
    assert said == Ended(
        2,
        "",
        "lanes: could not judge: standard input is closed; a script that calls this hook must hand it on\n",
    )


def test_garbage(lane: Repo) -> None:
    assert ended(lane, "prepared", "a\x1b[31mb") == Ended(
        2, "", "lanes: could not judge: git gave the hook a line that is no ref update: a\\x1b[31mb\\n\n"
    )


# -- Repositories of every kind


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize(
    "name", ["work/docs-é", b"work/docs-\xff\xfe", "work/docs-'\"$(x);&", "work/docs-\u202ex"]
)
def test_odd_names(lane: Repo, name: str | bytes, locale: str, shell: str) -> None:
    install(lane, shell=shell)
    lane.git("branch", name, "main", env={"LC_ALL": locale})
    said = lane.try_git("branch", "-f", name, "work/api-1", env={"LC_ALL": locale})
    assert (said.status, said.out) == (128, "")
    shown = printable(name if isinstance(name, bytes) else name.encode())
    assert masked(said.err) == message((ADD_B, ADD_C), LEAVE, shown) + ABORTED


def test_sha256(tmp_path: Path) -> None:
    made = make_repo(tmp_path / "sha256", "--object-format=sha256")
    made.commit({".lanes.toml": MANIFEST, "top.txt": "t\n"}, "Begin")
    install(made)
    work(made, f"git checkout -q -b {BRANCH}; mkdir docs; echo 1 >docs/1.md; git add -A; git commit -qm One")
    work(made, "echo e >top.txt; git add -A")
    said = message((MINE,), take_out("top.txt")).replace("remotes/origin", "heads")
    assert masked(refuse(made, "git commit -qnm Mine")) == said


def test_hooks_of_one_worktree(lane: Repo) -> None:
    work(
        lane,
        "git config extensions.worktreeConfig true; git worktree add -q -b work/docs-2 ../w main;"
        " cp -r .git/hooks ../hooks; rm .git/hooks/reference-transaction;"
        ' git -C ../w config --worktree core.hooksPath "$(cd ../hooks; pwd)"',
    )
    there = Repo(lane.path / "../w")
    refuse(there, "git reset -q --hard work/api-1")
    work(lane, "git branch work/docs-3 work/api-1")  # this one has no gate


# -- What gets past (README, "The strict local gate")

PAST = {  # git 2.39 writes the first four without a transaction
    "branch -m": "git branch -m work/api-1 work/docs-2",
    "branch -c": "git branch -c work/api-1 work/docs-2",
    "symbolic-ref": "git symbolic-ref refs/heads/work/docs-2 refs/heads/work/api-1",
    "reflog delete": "git -c core.hooksPath=/dev/null branch work/docs-2 work/api-1;"
    " git branch -f work/docs-2 main; git reflog delete --updateref --rewrite work/docs-2@{0}",
    "a forged remote-tracking branch": "git update-ref refs/remotes/origin/work/docs-2 work/api-1;"
    " git branch work/docs-2 work/api-1",
    "a local integration branch": "git branch release work/api-1; git branch work/docs-2 work/api-1",
    "another folder of hooks": "git -c core.hooksPath=/dev/null branch work/docs-2 work/api-1",
    "a warning": "git -c lanes.mode=warn branch work/docs-2 work/api-1 2>/dev/null",
}


@pytest.mark.skipif(GIT >= (2, 46), reason="newer git writes symbolic refs by a transaction, too")
@pytest.mark.parametrize("name", PAST)
def test_past(lane: Repo, name: str) -> None:
    api = lane.git("rev-parse", "work/api-1")
    work(lane, PAST[name])
    assert lane.git("rev-parse", "work/docs-2") == api
    if name != "a local integration branch":
        assert lane.push("work/docs-2:refs/heads/work/docs-2").status != 0  # the server is not impressed


@pytest.mark.parametrize("name", ["branch -m", "branch -c"])
def test_what_got_past_goes_no_further(lane: Repo, name: str) -> None:
    """What a branch got by another way stays, until somebody takes it back; more does not come."""
    work(
        lane, f"{PAST[name]}; git checkout -q work/docs-2; echo in >docs/in.md; git add -A; git commit -qm In"
    )
    work(lane, "echo e >api/b.py")
    assert masked(refuse(lane, "git commit -qanm Mine")) == message(
        (("Mine", f"changes api/b.py {API}"),), FILES, "work/docs-2"
    )


def test_refs_of_a_worktree_are_no_branches(lane: Repo) -> None:
    """They look like branches by another name, and git takes them for refs of their own."""
    work(lane, "git worktree add -q --detach ../w main")
    before = state(lane)
    work(lane, f"git update-ref worktrees/w/refs/heads/{BRANCH} work/api-1")
    work(lane, f"cd ../w; git update-ref main-worktree/refs/heads/{BRANCH} work/api-1")
    assert state(lane) == before
