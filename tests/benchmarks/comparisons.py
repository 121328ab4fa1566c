"""What is compared with what, and the goal of each."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hundred_lanes import hundred_lanes
from repos import SCRIPTS, Ended, Repo

from benchmarks.clock import Failed, Sample, measure
from benchmarks.gitolite import Gitolite
from benchmarks.material import History, Material, copy

HERE = Path(__file__).parent
PYTHON = (sys.executable, "-I")
AUDIT = SCRIPTS / "lane-audit"
# Without renames, which git log looks for by itself: that takes nine times as long, and lanes don't need it.
WALK = ("git", "log", "--raw", "--no-renames", "--no-abbrev", "-z", "-c", "--format=%H")
TREES = "git diff-tree -r -z --raw -c --root"


@dataclass(frozen=True)
class Variant:
    """One way to do it.

    `measured` makes ready and runs it once; it is told whether to watch the memory, and None where it can't
    be run, for `reason`. A variant that is slow does one part in `parts` of the work, and its time is
    multiplied.
    """

    name: str
    measured: Callable[[bool], Sample] | None
    parts: float = 1
    reason: str = "not installed"


@dataclass(frozen=True)
class Goal:
    """What the figure of one variant must be, as a multiple of another one's, or by itself in MB.

    `figure` is "wall", "cpu", or the name of a program, for its memory.
    """

    text: str
    figure: str
    of: str
    against: str | None
    bound: float
    at_least: bool = False


@dataclass(frozen=True)
class Comparison:
    """Variants that do the same work. Those of one that is not `timed` run once, for their memory."""

    title: str
    variants: Sequence[Variant]
    goals: Sequence[Goal]
    timed: bool = True


def comparisons(
    material: Material, scratch: Path, clone: Path | None, revisions: str
) -> dict[str, Callable[[], Comparison]]:
    """Give every comparison by its name; nothing is made before one is asked for."""
    size = material.size
    linear, merges = f"{size.linear:,} commits without merges", f"{size.merged:,} commits with merges"
    return {
        "linear": lambda: _audit(f"Audit of {linear}", material.linear(), size.sampled, 0.65),
        "merges": lambda: _audit(f"Audit of {merges}", material.merged(), size.sampled, 1.5),
        "clone": lambda: _real(material, clone, revisions),
        "memory": lambda: _memory(material),
        "push-many": lambda: _push_many(material, scratch),
        "push-one": lambda: _push_one(material, scratch),
        "commit-one": lambda: _commit_one(material, scratch),
        "matching": lambda: _matching(material, scratch),
        "ten-ahead": lambda: _ten_ahead(material),
        "refs": lambda: _refs(material, scratch),
    }


def _command(name: str, repo: Repo, *words: str | Path, parts: float = 1) -> Variant:
    """Give a variant that runs one command in a repository."""

    def measured(watch: bool) -> Sample:
        os.chdir(repo.path)
        return measure(words, watch=watch)

    return Variant(name, measured, parts)


# -- Audits


LOOP = "a git diff-tree for each commit, in sh"
FLOOR, AUDITED = "git log --raw, the floor", "lane-audit"


def _goals_of_audit(title: str, bound: float) -> list[Goal]:
    return [
        Goal(f"{title}: wall time, to git's own walk", "wall", AUDITED, FLOOR, bound),
        Goal(f"{title}: CPU time, to git's own walk", "cpu", AUDITED, FLOOR, 1.6),
    ]


def _audit(title: str, history: History, sampled: int, bound: float) -> Comparison:
    repo, revisions, (last, parts) = history.repo, history.range, history.last(sampled)
    variants = [
        _command(FLOOR, repo, *WALK, revisions),
        _command(AUDITED, repo, AUDIT, "work/all"),
        _command("git rev-list | git diff-tree --stdin", repo, "sh", "-c", _piped(revisions)),
        _command(LOOP, repo, "sh", "-c", f"git rev-list {last} | {_loop()}", parts=parts),
        _command(
            "GitPython, iter_commits and diff to the first parent",
            repo,
            *PYTHON,
            HERE / "git_python.py",
            last,
            parts=parts,
        ),
    ]
    return Comparison(title, variants, _goals_of_audit(title, bound))


def _real(material: Material, clone: Path | None, revisions: str) -> Comparison:
    title, bound = f"Audit of a real clone, {revisions}", 1.5
    if clone is None:
        absent = [Variant(name, None, reason="no clone given") for name in (FLOOR, AUDITED)]
        return Comparison(title, absent, _goals_of_audit(title, bound))
    history = material.real(clone, revisions)
    return _audit(f"{title}, {history.commits():,} commits", history, material.size.sampled, bound)


def _piped(revisions: str) -> str:
    return f"git rev-list {revisions} | {TREES} --stdin"


def _loop() -> str:
    return f"while read -r commit; do {TREES} $commit; done"


def _memory(material: Material) -> Comparison:
    linear, many = material.size.linear, material.size.many
    ours_linear, ours_many = (f"lane-audit of {commits:,} commits" for commits in (linear, many))
    growth = f"Audit of {many:,} commits: memory of Python"
    repo = material.many().repo
    return Comparison(
        "Memory of an audit",
        [
            _command(ours_linear, material.linear().repo, AUDIT, "work/all"),
            _command(ours_many, repo, AUDIT, "work/all"),
            _command(f"git log --raw of {many:,} commits", repo, *WALK, "main..work/all"),
        ],
        [
            Goal(f"Audit of {linear:,} commits: memory of Python, MB", "python", ours_linear, None, 60),
            Goal(f"{growth}, to that at {linear:,}", "python", ours_many, ours_linear, 1.1),
            Goal(f"Audit of {many:,} commits: memory of git, MB", "git", ours_many, None, 500),
        ],
        timed=False,
    )


# -- Hooks, each measured alone, in the middle of what git does


OURS = "git-lanes"
IMPORTS = "Python importing pathspec, subprocess and tomllib"
BARE = "git rev-list | git diff-tree --stdin, in sh"
NEW = "$new --not refs/heads/main"
BARE_HOOK = f"#!/bin/sh\nwhile read -r old new ref; do {_piped(NEW)}; done >/dev/null\n"
LOOP_HOOK = f"#!/bin/sh\nwhile read -r old new ref; do git rev-list {NEW} | {_loop()}; done >/dev/null\n"


def _python(code: str) -> str:
    return f"#!{sys.executable} -I\n{code}\n"


IMPORTED = "import pathspec, subprocess, tomllib"
STARTS = {"Python alone": _python("pass"), IMPORTS: _python(IMPORTED)}
MORE = {"Python importing GitPython and click as well": _python(f"{IMPORTED}, git, click")}


def _measured_hook(hooks: Path, name: str, text: str, action: Callable[[], Ended]) -> Sample:
    """Put a hook there, do what git runs it for, and give what it took alone."""
    hooks.mkdir(exist_ok=True)
    result = hooks / "result"
    result.unlink(missing_ok=True)
    started = shlex.join([*PYTHON, *map(str, (HERE / "clock.py", result, hooks / "measured"))])
    for file, content in (("measured", text), (name, f'#!/bin/sh\nexec {started} "$@"\n')):
        (hooks / file).write_text(content)
        (hooks / file).chmod(0o755)
    ended = action()
    if ended.status:
        raise Failed(ended.err.strip())
    return Sample(**json.loads(result.read_text()))


def _pushed(name: str, hook: str, client: Repo, branch: str, template: Repo, scratch: Path) -> Variant:
    """Give a variant that pushes a branch to a new copy of a server with this hook."""

    def measured(_watch: bool) -> Sample:
        server = copy(template, scratch / "server.git")

        def push() -> Ended:
            return client.try_git("push", "--quiet", str(server.path), branch)

        return _measured_hook(server.path / "hooks", "pre-receive", hook, push)

    return Variant(name, measured)


def _installed(template: Repo, scratch: Path, hook: str, *options: str) -> str:
    """Give the hook that `git lanes install` writes."""
    repo = copy(template, scratch / "installed")
    repo.script("git-lanes", "install", *options)
    return Path(repo.path, repo.git("rev-parse", "--git-path", f"hooks/{hook}")).read_text()


def _on_server(template: Repo, scratch: Path) -> str:
    return _installed(template, scratch, "pre-receive", "--server")


def _push_many(material: Material, scratch: Path) -> Comparison:
    title = f"Hook of a push of {material.size.pushed:,} commits"
    server, client = material.server(), material.linear().repo
    hooks = {BARE: BARE_HOOK, OURS: _on_server(server, scratch), LOOP: LOOP_HOOK}
    pushed = [_pushed(name, hook, client, "work/many", server, scratch) for name, hook in hooks.items()]
    return Comparison(
        title,
        [*pushed, _gitolite(client, "work/many", server, scratch)],
        [
            Goal(f"{title}: CPU time, to {BARE}", "cpu", OURS, BARE, 2),
            Goal(f"{title}: times faster than {LOOP}", "wall", LOOP, OURS, 30, at_least=True),
        ],
    )


def _gitolite(client: Repo, branch: str, template: Repo, scratch: Path) -> Variant:
    name = "gitolite's NAME rule, one net difference"
    gitolite = Gitolite.find(scratch / "gitolite")
    if gitolite is None:
        return Variant(name, None)

    def measured(_watch: bool) -> Sample:
        gitolite.serve(template, branch)

        def push() -> Ended:
            return client.try_git("push", "--quiet", gitolite.url, branch, env=gitolite.environment)

        return _measured_hook(gitolite.hooks, "update", gitolite.hook, push)

    return Variant(name, measured)


def _push_one(material: Material, scratch: Path) -> Comparison:
    title = "Hook of a push of one commit"
    server, client = material.server(), material.linear().repo
    hooks = {**STARTS, OURS: _on_server(server, scratch), **MORE, BARE: BARE_HOOK}
    pushed = [_pushed(name, hook, client, "work/new", server, scratch) for name, hook in hooks.items()]
    return Comparison(
        title,
        [*pushed, _gitolite(client, "work/new", server, scratch)],
        [Goal(f"{title}: wall time, to {IMPORTS}", "wall", OURS, IMPORTS, 1.6)],
    )


def _commit_one(material: Material, scratch: Path) -> Comparison:
    title = "Hook of one commit"
    template = material.clone()
    clone = copy(template, scratch / "clone")
    bare = "git diff --cached --raw -z, in sh"
    hooks = {
        **STARTS,
        OURS: _installed(template, scratch, "pre-commit"),
        **MORE,
        bare: "#!/bin/sh\nexec git diff --cached --raw -z >/dev/null\n",
    }

    def variant(name: str, hook: str) -> Variant:
        def commit() -> Ended:
            return clone.try_git("commit", "--quiet", "-m", "Change")

        def measured(_watch: bool) -> Sample:
            clone.git("reset", "--quiet", "--hard", "origin/main")
            clone.write({"api/part00/file00.txt": "changed\n"})
            clone.git("add", "--all")
            return _measured_hook(clone.path / ".git/hooks", "pre-commit", hook, commit)

        return Variant(name, measured)

    return Comparison(
        title,
        [variant(name, hook) for name, hook in hooks.items()],
        [Goal(f"{title}: wall time, to {IMPORTS}", "wall", OURS, IMPORTS, 1.6)],
    )


def _refs(material: Material, scratch: Path) -> Comparison:
    few, many = 10, material.size.refs
    client = material.linear().repo
    servers = {f"git-lanes, server with {refs:,} refs": material.crowded(refs) for refs in (few, many)}
    pushed = [
        _pushed(name, _on_server(server, scratch), client, "work/new", server, scratch)
        for name, server in servers.items()
    ]
    first, last = (variant.name for variant in pushed)
    title = "Hook of a push of one commit, by the refs of the server"
    goal = f"Hook of a push to a server with {many:,} refs: wall time, to one with {few}"
    return Comparison(title, pushed, [Goal(goal, "wall", last, first, 1.2)])


# -- The rest


def _matching(material: Material, scratch: Path) -> Comparison:
    paths, manifest, result = material.paths(), scratch / "hundred.toml", scratch / "result"
    manifest.write_text(hundred_lanes())

    def variant(name: str, engine: str, needs: str) -> Variant:
        def measured(_watch: bool) -> Sample:
            measure([*PYTHON, HERE / "matching.py", engine, manifest, paths, result])
            return Sample(**json.loads(result.read_text()))

        return Variant(name, measured if find_spec(needs) else None)

    simple, re2 = "pathspec, simple backend", "pathspec, re2 backend"
    title = f"Matching {material.size.paths:,} paths with 100 lanes of 10 patterns"
    return Comparison(
        title,
        [variant(OURS, "ours", "lanes"), variant(simple, "simple", "pathspec"), variant(re2, "re2", "re2")],
        [
            Goal(f"{title}: times as many a second as {simple}", "wall", simple, OURS, 5, at_least=True),
            Goal(f"{title}: times as many a second as {re2}", "wall", re2, OURS, 1, at_least=True),
        ],
    )


def _ten_ahead(material: Material) -> Comparison:
    clone = material.clone()
    ours, theirs = "lane-audit", "lanekeeper check, one net difference"
    check = _command(theirs, clone, *("lanekeeper", "check", "--lane", "work", "--base", "origin/main"))
    title = "Check of a branch that is ten commits ahead"
    return Comparison(
        title,
        [_command(ours, clone, AUDIT), check if shutil.which("lanekeeper") else Variant(theirs, None)],
        [Goal(f"{title}: wall time, to lanekeeper's", "wall", ours, theirs, 0.5)],
    )
