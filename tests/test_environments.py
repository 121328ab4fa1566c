"""What surrounds a judgment must not change it: settings, attributes, variables, what a repository keeps.

Every environment is put around the same history, and all that the four programs say about it, at real
commits and pushes, is compared with what they say in a plain one.
"""

import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from repos import MANIFEST, SCRIPTS, Content, Ended, Repo, make_repo, masked, settings

IN, OUT, NEW = "work/docs-in", "work/docs-out", "work/docs-1"
BAD = f"{OUT}~1"  # all that is outside; the commit after it takes it back
JSON_OF_BOTH = ("--format", "json", "work/docs-0", "work/docs-old")
ODD = 'api/\xfc "x"\ty.py'
HOOKS = {
    "pre-commit": "lane-pre-commit",
    "pre-push": "lane-pre-push",
    "pre-receive": "lane-pre-receive",
}
# As the README installs them, but for what they say, which is kept: git adds words, colours and traces.
WRAPPER = """\
#!/bin/sh
$ISOLATED "{program}" "$@" >"$SAID/{hook}.out" 2>"$SAID/{hook}.err"
status=$?
echo $status >"$SAID/{hook}.status"
exit $status
"""
UNWANTED = frozenset(("PYTHONDONTWRITEBYTECODE", "PYTHONPATH"))


# -- The history, and what is said about it


@dataclass(frozen=True)
class Said:
    """What a program said, masked, and whether git went on."""

    went_on: bool
    ended: Ended

    def changed(self, change: Callable[[str], str]) -> "Said":
        """Give the same in other words."""
        said = self.ended
        return Said(self.went_on, Ended(said.status, change(said.out), change(said.err)))


Verdicts = dict[str, Said]
NOT_CALLED = Ended(-1, "", "git did not call this hook")


@dataclass
class Stage:
    """A server and a clone of it in one folder, and what is set around all that runs there."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    place: str = ""  # in the clone, where git is typed
    work_tree: str = "clone"
    isolated: bool = False
    remote: str = "origin"

    @property
    def server(self) -> Repo:
        return Repo(self.folder / "server.git")

    @property
    def clone(self) -> Repo:
        return Repo(self.folder / self.work_tree)

    @property
    def both(self) -> tuple[Repo, Repo]:
        return self.server, self.clone

    def configure(self, text: str) -> None:
        """Add `section.name=value` lines to the configuration of both."""
        for repo in self.both:
            with git_folder(repo).joinpath("config").open("a") as file:
                file.write(as_config(text))

    def file(self, name: str, content: str = "") -> Path:
        path = self.folder / name
        path.write_text(content)
        return path

    def program(self, name: str, content: str) -> str:
        path = self.file(name, f"#!/bin/sh\n{content}\n")
        path.chmod(0o755)
        return str(path)

    def porcelain(self, command: str) -> Ended:
        """Run a git command that the environment should change: then it is in force."""
        return Repo(self.clone.path / self.place).run("git", *command.split(), env=self.env)

    def verdicts(self) -> Verdicts:
        """Have everything judged, inside and outside, by all programs."""
        with ThreadPoolExecutor(3) as pool:
            parts = [pool.submit(part) for part in (self._commits, self._pushes, self._audits)]
        return {name: said for part in parts for name, said in part.result().items()}

    def _commits(self) -> Verdicts:
        outside = self.judged("pre-commit", "commit", "--quiet", "-m", "Outside")
        give_back(self.clone)
        return {
            "commit outside": outside,
            "commit inside": self.judged("pre-commit", "commit", "--quiet", "-m", "Inside"),
        }

    def _pushes(self) -> Verdicts:
        return {
            "push outside": self.judged("pre-push", "push", self.remote, OUT),
            "push inside": self.judged("pre-push", "push", self.remote, IN),
            "receive inside": Said(True, self.said("pre-receive")),
            "receive outside": self.judged("pre-receive", "push", "--no-verify", self.remote, OUT),
        }

    def _audits(self) -> Verdicts:
        return {
            "audit of the clone": Said(True, self.audit(self.clone, IN, OUT)),
            "audit of the server": Said(True, self.audit(self.server, *JSON_OF_BOTH)),
        }

    def judged(self, hook: str, *command: str) -> Said:
        """Run git in the clone, and give what this hook said."""
        ended = Repo(self.clone.path / self.place).run("git", *command, env=self._env())
        return Said(ended.status == 0, self.said(hook))

    def said(self, hook: str) -> Ended:
        """Give what a hook said when it was last called, and forget it."""
        files = [self.folder / f"{hook}.{kind}" for kind in ("status", "out", "err")]
        if not files[0].exists():
            return NOT_CALLED
        status, out, err = (file.read_text("utf-8") for file in files)
        for file in files:
            file.unlink()
        return Ended(int(status), masked(out), masked(err))

    def audit(self, repo: Repo, *arguments: str) -> Ended:
        place = self.place if repo.path == self.clone.path else ""
        command = [*self._python(), SCRIPTS / "lane-audit", *arguments]
        ended = Repo(repo.path / place).run(*command, env=self._env())
        return Ended(ended.status, masked(ended.out), masked(ended.err))

    def _python(self) -> list[str]:
        cache = f"pycache_prefix={os.environ['PYTHONPYCACHEPREFIX']}"
        return [str(SCRIPTS / "python"), "-I", "-X", cache] if self.isolated else []

    def _env(self) -> dict[str, str]:
        return {**self.env, "SAID": str(self.folder), "ISOLATED": " ".join(self._python())}


def git_folder(repo: Repo) -> Path:
    return repo.path if repo.path.suffix == ".git" else repo.path / ".git"


def as_config(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        key, _, value = line.strip().partition("=")
        section, _, rest = key.partition(".")
        middle, _, name = rest.rpartition(".")
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'[{section} "{middle}"]' if middle else f"[{section}]")
        lines.append(f'\t{name} = "{quoted}"')
    return "\n".join(lines) + "\n"


def give_back(clone: Repo) -> None:
    """Take all that is outside out of the index, and stage a file inside."""
    clone.git("reset", "--quiet")
    blob = clone.git("hash-object", "-w", "--stdin", stdin=b"c\n")
    clone.git("update-index", "--add", "--cacheinfo", f"100644,{blob},docs/c.md")


def bump(clone: Repo, digit: str) -> None:
    """Point the submodule to another commit, which nobody has."""
    length = len(clone.git("hash-object", "--stdin"))
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{digit * length},lib")


def build(folder: Path, *options: str) -> Stage:
    """Make a server with a branch from before the gate, and a clone with a branch inside and one outside.

    The clone has all that is outside staged on a branch without commits.
    """
    server = make_repo(folder / "server.git", "--bare", *options)
    clone = make_repo(folder / "clone", *options)
    clone.git("remote", "add", "origin", "../server.git")
    (clone.path / "lib").mkdir()
    bump(clone, "1")
    api = "".join(f"def call_{i}(): return {i}\n" for i in range(20))
    files: dict[str | bytes, Content] = {
        ".lanes.toml": MANIFEST,
        ".gitmodules": '[submodule "lib"]\n\tpath = lib\n\turl = ../lib.git\n',
        "api/a.py": api,
        "api/generated/g.py": "g\n",
        ODD: "odd\n",
        "ci/run": "run\n",
        "docs/a.md": "a\n",
        "pic.bin": bytes(range(256)),
        "tool.sh": "true\n",
        "top.txt": "t\n\n t\n",
    }
    clone.commit(files, "Begin")
    clone.commit({"top.txt": "1\n"}, "Go on")
    clone.commit({"top.txt": "2\n"}, "Go on")
    clone.switch(IN, "main")
    clone.commit({"docs/b.md": "b\n", "docs/pic.bin": b"\0"}, "Write")
    clone.git("mv", "docs/a.md", "docs/z.md")
    (clone.path / "docs/z.md").chmod(0o755)
    clone.commit({}, "Move")
    clone.switch(OUT, "main")
    clone.git("mv", "api/a.py", "docs/api.py")
    clone.commit({"docs/api.py": api + "# mine\n"}, "Move the API")
    (clone.path / "tool.sh").chmod(0o755)
    bump(clone, "2")
    clone.commit({ODD: "changed\n", "pic.bin": bytes(range(255))}, "Change all sorts, d\xe9j\xe0")
    clone.git("checkout", "--quiet", "main", "--", ".")
    clone.git("rm", "--quiet", "--cached", "docs/api.py")
    (clone.path / "docs/api.py").rename(clone.path / "docs/mine.py")
    clone.commit({}, "Take it all back")
    clone.git("branch", NEW, "main")
    clone.git("push", "--quiet", "origin", "main", f"{IN}:work/docs-0", f"{OUT}:work/docs-old")
    clone.git("remote", "set-head", "origin", "main")
    clone.git("checkout", "--quiet", "--detach", BAD)
    clone.git("symbolic-ref", "HEAD", f"refs/heads/{NEW}")
    for repo, hooks in ((clone, ("pre-commit", "pre-push")), (server, ("pre-receive",))):
        for hook in hooks:
            repo.hook(hook, HOOKS[hook])
            file = git_folder(repo) / "hooks" / hook
            file.write_text(WRAPPER.format(program=SCRIPTS / HOOKS[hook], hook=hook))
    return Stage(folder)


@dataclass(frozen=True)
class Template:
    """What is built once: the plain stage, and what is said there."""

    folder: Path
    verdicts: Verdicts


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for compiled Python: starting a hook is most of what these tests wait for."""
    return str(tmp_path_factory.mktemp("compiled"))


@pytest.fixture(autouse=True)
def _python(compiled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in UNWANTED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", compiled)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, compiled: str) -> Template:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GIT_") or name in UNWANTED]:
            patch.delenv(name)
        for name, value in settings(tmp_path_factory.mktemp("home")).items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPYCACHEPREFIX", compiled)
        built = build(tmp_path_factory.mktemp("plain") / "stage")
        played = copied(built.folder, tmp_path_factory.mktemp("played") / "stage")
        return Template(built.folder, played.verdicts())


def copied(source: Path, target: Path) -> Stage:
    shutil.copytree(source, target, symlinks=True)
    return Stage(target)


@pytest.fixture
def stage(template: Template, tmp_path: Path) -> Stage:
    """A copy of the plain stage."""
    return copied(template.folder, tmp_path / "stage")


# -- The plain verdict, with which all others are compared

FIVE = """\
    deletes api/a.py (outside-lane: lane "api" may write it)
  commit OID "Change all sorts, d\xe9j\xe0" by Ann
    changes "api/\\303\\274 \\"x\\"\\ty.py" (outside-lane: lane "api" may write it)
    changes lib (outside-lane: no lane may write it)
    changes pic.bin (outside-lane: no lane may write it)
    changes tool.sh (outside-lane: no lane may write it)
"""


def test_plain(template: Template) -> None:
    """Nothing is hidden that a setting could hide, and what is inside passes without a word."""
    said = template.verdicts
    assert {part: (verdict.went_on, verdict.ended.status) for part, verdict in said.items()} == {
        "commit outside": (False, 1),
        "commit inside": (True, 0),
        "push outside": (False, 1),
        "push inside": (True, 0),
        "receive inside": (True, 0),
        "receive outside": (False, 1),
        "audit of the clone": (True, 1),
        "audit of the server": (True, 1),
    }
    for part in ("commit inside", "push inside", "receive inside"):
        assert said[part].ended == Ended(0, "", "")
    staged = said["commit outside"].ended.err.splitlines()
    assert staged[0] == f'lanes: {NEW}: 5 staged changes are outside its lane "docs"'
    assert staged[1:6] == [line[2:] for line in FIVE.splitlines() if "commit OID" not in line]
    for part in ("push outside", "receive outside"):
        assert said[part].ended.err.startswith(
            f'lanes: {OUT} is rejected: 5 changes in 2 commits outside its lane "docs"\n'
            f'  commit OID "Move the API" by Ann\n{FIVE}  lane "docs" may write:\n'
        )
    report = said["audit of the clone"].ended.out
    assert f'{IN} is inside its lane "docs": 2 commits judged\n' in report
    assert FIVE in report
    inside, outside = json.loads(said["audit of the server"].ended.out)["branches"]
    assert (inside["commits"], inside["violations"], outside["commits"]) == (2, [], 3)
    assert [(found["status"], found["path"]) for found in outside["violations"]] == [
        ("D", "api/a.py"),
        ("M", '"api/\\303\\274 \\"x\\"\\ty.py"'),
        ("M", "lib"),
        ("M", "pic.bin"),
        ("M", "tool.sh"),
    ]


# -- The same verdict everywhere

CONFIGURATIONS = {
    # name: (settings, a git command that they change)
    "no renames": ("diff.renames=false", f"diff --raw main {BAD}"),
    "copies": (
        "diff.renames=copies\ndiff.renameLimit=1\nstatus.renames=copies\ndiff.mnemonicPrefix=true",
        "diff --cached",
    ),
    "no prefix": ("diff.noprefix=true", f"diff main {BAD}"),
    "an external diff": ("diff.external=true", f"diff main {BAD}"),
    "submodules ignored": ("diff.ignoreSubmodules=all\nsubmodule.lib.ignore=all", f"diff --raw main {BAD}"),
    "one submodule ignored": ("submodule.lib.ignore=all\nstatus.short=true", f"diff --raw main {BAD}"),
    "submodules in words": ("diff.submodule=log\nstatus.submoduleSummary=true", f"diff main {BAD}"),
    "other diffs": (
        """diff.algorithm=patience
        diff.context=0
        diff.interHunkContext=9
        diff.suppressBlankEmpty=true
        diff.wsErrorHighlight=all
        diff.indentHeuristic=false
        diff.autoRefreshIndex=false
        diff.colorMoved=zebra
        diff.dirstat=files,0
        diff.statGraphWidth=1
        diff.wordRegex=.
        core.whitespace=cr-at-eol,tab-in-indent
        core.bigFileThreshold=1
        merge.renames=false
        merge.conflictStyle=zdiff3""",
        f"diff main {BAD}",
    ),
    "not quoted": ("core.quotePath=false", f"diff --name-only main {BAD}"),
    "short ids": ("core.abbrev=4\nlog.abbrevCommit=true", f"diff --raw main {BAD}"),
    "colours": (
        """color.ui=always
        color.diff=always
        color.branch=always
        color.push=always
        color.remote=always
        color.advice=always
        color.status=always
        color.transport=always""",
        f"diff main {BAD}",
    ),
    "pagers": (
        """core.abbrev=no
        core.pager=false
        pager.diff-tree=true
        pager.rev-list=true
        pager.for-each-ref=true
        pager.config=true
        pager.cat-file=true""",
        None,
    ),
    "logs": (
        """log.showSignature=true
        log.follow=true
        log.date=relative
        log.decorate=full
        log.diffMerges=off
        log.showRoot=false
        format.pretty=oneline
        i18n.logOutputEncoding=ISO-8859-1
        i18n.commitEncoding=ISO-8859-1""",
        f"log {BAD}",
    ),
    "files of other systems": (
        """core.quotePath=true
        core.fileMode=false
        core.ignoreCase=true
        core.precomposeUnicode=true
        core.symlinks=false
        core.trustctime=false
        core.checkStat=minimal
        core.ignoreStat=true
        core.protectHFS=false
        core.protectNTFS=false""",
        None,
    ),
    "line ends": ("core.autocrlf=true\ncore.eol=crlf\ncore.safecrlf=false", None),
    "status": (
        """status.short=true
        status.branch=true
        status.relativePaths=false
        status.showUntrackedFiles=no
        status.showStash=true
        core.autocrlf=input
        core.safecrlf=true""",
        "status",
    ),
    "aliases": (
        "\n".join(
            f"alias.{name}=!exit 3"
            for name in (
                *("cat-file", "config", "diff-index", "diff-tree", "for-each-ref", "hash-object"),
                *("ls-files", "ls-tree", "merge-base", "rev-list", "rev-parse", "symbolic-ref", "version"),
            )
        ),
        None,
    ),
    "experiments": (
        """feature.experimental=true
        feature.manyFiles=true
        index.version=4
        index.threads=2
        core.preloadIndex=false
        core.warnAmbiguousRefs=false
        core.useReplaceRefs=true
        core.notesRef=refs/heads/main
        fetch.writeCommitGraph=true
        protocol.version=0
        transfer.hideRefs=refs/heads/release
        transfer.advertiseSID=true
        push.default=nothing
        rerere.enabled=true""",
        None,
    ),
}  # fmt: skip

VARIABLES: dict[str, tuple[dict[str, str], str | None]] = {
    "GIT_EXTERNAL_DIFF": ({"GIT_EXTERNAL_DIFF": "true"}, f"diff main {BAD}"),
    "GIT_DIFF_OPTS": (
        {"GIT_DIFF_OPTS": "-u0", "GIT_PAGER": "false", "PAGER": "false", "GIT_PAGER_IN_USE": "1"},
        f"diff main {BAD}",
    ),
    "GIT_TRACE=1": (
        dict.fromkeys(("GIT_TRACE", "GIT_TRACE_SETUP", "GIT_TRACE_PACKET", "GIT_TRACE_PERFORMANCE"), "1"),
        "version",
    ),
    "GIT_TRACE=2": ({"GIT_TRACE": "2", "GIT_TRACE_REFS": "2", "GIT_TRACE_SHALLOW": "2"}, "version"),
    "GIT_TRACE2": ({"GIT_TRACE2": "1", "GIT_TRACE2_EVENT": "2", "GIT_TRACE2_PERF": "2"}, "version"),
    "GIT_LITERAL_PATHSPECS": ({"GIT_LITERAL_PATHSPECS": "1"}, "ls-files :/"),
    "GIT_GLOB_PATHSPECS": ({"GIT_GLOB_PATHSPECS": "1"}, "ls-files docs*api.py"),
    "GIT_NOGLOB_PATHSPECS": ({"GIT_NOGLOB_PATHSPECS": "1", "GIT_ICASE_PATHSPECS": "1"}, "ls-files DOCS"),
    "git -c": (
        {
            "GIT_CONFIG_PARAMETERS": "'diff.noprefix=true' 'diff.ignoreSubmodules=all'",
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "diff.renames",
            "GIT_CONFIG_VALUE_0": "copies",
            "GIT_CONFIG_KEY_1": "color.ui",
            "GIT_CONFIG_VALUE_1": "always",
        },
        f"diff main {BAD}",
    ),
    "GIT_CONFIG": ({"GIT_CONFIG": "/dev/null"}, "config remote.origin.url"),
    "GIT_PYTHON_TRACE": ({"GIT_PYTHON_TRACE": "full", "GIT_PYTHON_REFRESH": "raise"}, None),
    "GIT_PYTHON_GIT_EXECUTABLE": ({"GIT_PYTHON_GIT_EXECUTABLE": "/nonexistent"}, None),
    "other variables of git": (
        {
            "GIT_ADVICE": "0",
            "GIT_COMMITTER_DATE": "2001-02-03T04:05:06Z",
            "GIT_DEFAULT_HASH": "sha256",
            "GIT_FLUSH": "1",
            "GIT_INDEX_VERSION": "4",
            "GIT_MERGE_VERBOSITY": "5",
            "GIT_OPTIONAL_LOCKS": "1",
            "GIT_REF_PARANOIA": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "TZ": "Pacific/Chatham",
        },
        None,
    ),
    "another language": ({"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "LANGUAGE": "de"}, None),
    "an unknown language": ({"LC_ALL": "xx_YY.nothing", "LANG": "xx", "LANGUAGE": "xx"}, None),
    "no language": ({"LC_ALL": "C", "LANG": "C"}, None),
    "PYTHONOPTIMIZE": (
        {"PYTHONOPTIMIZE": "2", "PYTHONHASHSEED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        None,
    ),
    "PYTHONWARNINGS": ({"PYTHONWARNINGS": "error"}, None),
}  # fmt: skip

ASCII = {
    "PYTHONIOENCODING": {"PYTHONIOENCODING": "ascii"},
    "PYTHONUTF8": {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_configuration(stage: Stage, template: Template, name: str) -> None:
    text, shows = CONFIGURATIONS[name]
    before = stage.porcelain(shows) if shows else None
    stage.configure(text)
    assert before is None or stage.porcelain(shows or "") != before
    assert stage.verdicts() == template.verdicts


@pytest.mark.parametrize("name", VARIABLES)
def test_variables(stage: Stage, template: Template, name: str) -> None:
    variables, shows = VARIABLES[name]
    before = stage.porcelain(shows) if shows else None
    stage.env |= variables
    assert before is None or stage.porcelain(shows or "") != before
    assert stage.verdicts() == template.verdicts


@pytest.mark.parametrize("name", ASCII)
def test_a_terminal_without_umlauts(stage: Stage, template: Template, name: str) -> None:
    stage.env |= ASCII[name]
    assert stage.verdicts() == without_umlauts(template.verdicts)


def without_umlauts(verdicts: Verdicts) -> Verdicts:
    """Give what is said where Python takes all for ASCII."""
    return {part: said.changed(in_ascii) for part, said in verdicts.items()}


def in_ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


def test_an_order_file_that_is_missing(stage: Stage, template: Template) -> None:
    """Git itself dies of it at a commit that the hook let pass."""
    stage.configure("diff.orderFile=/nonexistent/order")
    assert stage.porcelain(f"diff --name-only main {BAD}").status == 128
    passed = {"commit inside": Said(False, Ended(0, "", ""))}
    assert stage.verdicts() == template.verdicts | passed


Setup = Callable[[Stage], None]
ARRANGEMENTS: dict[str, tuple[Setup, str | None]] = {}


def arrangement(shows: str | None = None) -> Callable[[Setup], Setup]:
    """Register what changes a stage by more than settings, and a git command that it changes."""

    def register(setup: Setup) -> Setup:
        ARRANGEMENTS[setup.__name__] = (setup, shows)
        return setup

    return register


@arrangement(f"diff --name-only main {BAD}")
def an_order_file(stage: Stage) -> None:
    stage.configure(f"diff.orderFile={stage.file('order', '*.sh')}")


@arrangement(f"diff --name-only main {BAD}")
def in_a_folder(stage: Stage) -> None:
    stage.place = "docs"
    stage.configure("diff.relative=true\nstatus.relativePaths=true")


@arrangement(f"log -1 --format=%aN {BAD}")
def a_mailmap(stage: Stage) -> None:
    content = "Eve <eve@example.org> <ann@example.org>\n"
    on_main(stage, {".mailmap": content})
    stage.clone.write({".mailmap": content})
    file = stage.file("mailmap", content)
    stage.configure(f"log.mailmap=true\nmailmap.file={file}\nmailmap.blob=main:.mailmap")


@arrangement("version")
def traces_by_configuration(stage: Stage) -> None:
    """Git takes these from the user's own file only."""
    with Path(os.environ["GIT_CONFIG_GLOBAL"]).open("a") as file:
        file.write(as_config("trace2.normalTarget=1\ntrace2.perfTarget=1\ntrace2.eventTarget=2"))


@arrangement()
def traces_in_files(stage: Stage) -> None:
    for name in ("GIT_TRACE", "GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_TRACE_SETUP"):
        stage.env[name] = str(stage.folder / name)


ATTRIBUTES = "* diff=x merge=ours export-ignore filter=x\n*.bin -diff\napi/** binary\n*.sh ident eol=crlf\n"
DRIVERS = """\
diff.x.textconv=echo same #
diff.x.cachetextconv=true
diff.x.binary=false
filter.x.clean=tr a-z A-Z
filter.x.smudge=tr A-Z a-z
merge.ours.driver=true"""


@arrangement(f"diff main {BAD}")
def attributes_in_the_tree(stage: Stage) -> None:
    on_main(stage, {".gitattributes": ATTRIBUTES})
    stage.clone.write({".gitattributes": ATTRIBUTES, "docs/.gitattributes": "* -diff\n"})
    stage.configure(DRIVERS)


@arrangement(f"diff main {BAD}")
def attributes_of_the_repository(stage: Stage) -> None:
    for repo in stage.both:
        file = git_folder(repo) / "info/attributes"
        file.parent.mkdir(exist_ok=True)
        file.write_text(ATTRIBUTES)
    stage.configure(DRIVERS)


@arrangement(f"diff main {BAD}")
def attributes_of_the_user(stage: Stage) -> None:
    file = stage.file("attributes", ATTRIBUTES)
    stage.configure(f"core.attributesFile={file}\n{DRIVERS}\ndiff.x.command=true")


@arrangement(f"diff --raw main {BAD}")
def ignored_in_gitmodules(stage: Stage) -> None:
    content = '[submodule "lib"]\n\tpath = lib\n\turl = ../lib.git\n\tignore = all\n\tupdate = none\n'
    on_main(stage, {".gitmodules": content})
    stage.clone.write({".gitmodules": content})


@arrangement("ls-files -v")
def skipped_files(stage: Stage) -> None:
    files = ("tool.sh", "pic.bin", ODD, "top.txt")
    stage.clone.git("update-index", "--assume-unchanged", *files)
    stage.clone.git("update-index", "--skip-worktree", *files)
    stage.clone.write({"top.txt": "changed, and nobody sees it"})
    assert "top.txt" not in stage.clone.git("status", "--short")


@arrangement("ls-files --sparse")
def a_sparse_index(stage: Stage) -> None:
    clone, bad = stage.clone, stage.clone.git("rev-parse", BAD)
    clone.git("reset", "--quiet", "--hard")
    clone.git("sparse-checkout", "set", "--cone", "--sparse-index", "docs")
    clone.git("reset", "--quiet", "--mixed", bad)
    clone.git("reset", "--quiet", "--soft", "main")
    assert "040000 " in clone.git("ls-files", "--sparse", "--stage", "api/")
    assert clone.git("rev-parse", "main:api") not in clone.git("ls-files", "--sparse", "--stage", "api/")


@arrangement()
def a_split_index(stage: Stage) -> None:
    stage.configure("core.splitIndex=true\nsplitIndex.maxPercentChange=100")
    stage.clone.git("update-index", "--split-index")
    stage.clone.git("update-index", "--chmod=-x", "tool.sh")
    stage.clone.git("update-index", "--chmod=+x", "tool.sh")
    assert list(git_folder(stage.clone).glob("sharedindex.*"))


@arrangement()
def a_monitor_that_sees_nothing(stage: Stage) -> None:
    monitor = stage.program("monitor", "touch \"$0.ran\"; printf 'token\\0'")
    stage.configure(f"core.fsmonitor={monitor}\ncore.fsmonitorHookVersion=2\ncore.untrackedCache=true")
    stage.clone.git("update-index", "--fsmonitor", "--untracked-cache")
    stage.clone.git("status")
    assert Path(f"{monitor}.ran").exists()


# -- Objects that stand for others


@arrangement(f"rev-list main..{OUT}")
def replaced_commits(stage: Stage) -> None:
    for bad in (BAD, f"{BAD}~1"):
        lie(stage, bad, "main")


@arrangement(f"rev-list main..{OUT}")
def a_main_that_is_replaced(stage: Stage) -> None:
    """By one that contains the commits outside."""
    fake = stage.clone.git("commit-tree", "main^{tree}", "-p", "main~1", "-p", OUT, "-m", "Fake")
    lie(stage, "main", fake)


@arrangement("show main:.lanes.toml")
def a_manifest_that_is_replaced(stage: Stage) -> None:
    wide = MANIFEST.replace('"/docs/"', '"*"').replace("/ci/", "/none/").encode()
    fake = stage.clone.git("hash-object", "-w", "--stdin", stdin=wide)
    lie(stage, "main:.lanes.toml", fake)


@arrangement(f"diff --raw main {BAD}")
def replaced_trees(stage: Stage) -> None:
    for bad in (BAD, f"{BAD}~1"):
        lie(stage, f"{bad}^{{tree}}", "main^{tree}")


@arrangement(f"rev-list main..{OUT}")
def replaced_in_another_place(stage: Stage) -> None:
    lie(stage, BAD, "main", "refs/lies/")
    stage.env["GIT_REPLACE_REF_BASE"] = "refs/lies/"


@arrangement(f"rev-list main..{OUT}")
def grafts(stage: Stage) -> None:
    for repo in stage.both:
        file = git_folder(repo) / "info/grafts"
        file.parent.mkdir(exist_ok=True)
        file.write_text(graft(stage))


@arrangement(f"rev-list main..{OUT}")
def grafts_in_another_file(stage: Stage) -> None:
    stage.env["GIT_GRAFT_FILE"] = str(stage.file("grafts", graft(stage)))


# -- How a repository keeps its objects and refs


@arrangement()
def alternates(stage: Stage) -> None:
    """All objects are another repository's, to which main contains what is outside here."""
    other = make_repo(stage.folder / "other.git", "--bare")
    other.git("fetch", "--quiet", "--update-head-ok", "../clone", "+refs/heads/*:refs/heads/*")
    for repo in stage.both:
        objects = git_folder(repo) / "objects"
        shutil.rmtree(objects)
        (objects / "info").mkdir(parents=True)
        (objects / "info/alternates").write_text(f"{other.path}/objects\n")
    other.git("update-ref", "refs/heads/main", f"refs/heads/{OUT}")
    stage.configure("core.alternateRefsPrefixes=refs/heads")


@arrangement()
def packs(stage: Stage) -> None:
    for repo in stage.both:
        repo.git("repack", "-a", "-d", "-b", "--quiet")
        repo.git("multi-pack-index", "write", "--bitmap")
        repo.git("pack-refs", "--all", "--prune")
        assert (git_folder(repo) / "packed-refs").exists()
        assert list((git_folder(repo) / "objects/pack").glob("multi-pack-index*"))


@arrangement()
def a_commit_graph(stage: Stage) -> None:
    write_graph(stage, "--changed-paths", "--reachable")


@arrangement()
def a_stale_commit_graph(stage: Stage) -> None:
    """It was written before the branches."""
    write_graph(stage, "--stdin-commits", stdin="main~1")


@arrangement()
def a_split_commit_graph(stage: Stage) -> None:
    write_graph(stage, "--split=no-merge", "--stdin-commits", stdin="main~1")
    write_graph(stage, "--split=no-merge", "--reachable", file="commit-graphs/commit-graph-chain")


@arrangement()
def a_linked_work_tree(stage: Stage) -> None:
    stage.clone.git("reset", "--quiet", "--hard")
    stage.clone.git("checkout", "--quiet", "--detach")
    stage.clone.git("worktree", "add", "--quiet", "../linked", NEW)
    stage.work_tree = "linked"
    stage.clone.git("checkout", "--quiet", "--detach", BAD)
    stage.clone.git("symbolic-ref", "HEAD", f"refs/heads/{NEW}")


@arrangement("rev-list --count main")
def a_harmless_cut(stage: Stage) -> None:
    """What it hides is older than all that is judged."""
    stage.clone.git("fetch", "--quiet", "--depth=2", "origin", "main")
    shutil.copy(git_folder(stage.clone) / "shallow", stage.server.path)


@arrangement("rev-list --count main")
def a_harmless_cut_in_another_file(stage: Stage) -> None:
    cut = stage.clone.git("rev-parse", "main~1")
    stage.env["GIT_SHALLOW_FILE"] = str(stage.file("cut", f"{cut}\n"))


@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_arrangement(stage: Stage, template: Template, name: str) -> None:
    setup, shows = ARRANGEMENTS[name]
    before = stage.porcelain(shows) if shows else None
    setup(stage)
    assert before is None or stage.porcelain(shows or "") != before
    assert stage.verdicts() == template.verdicts


def on_main(stage: Stage, files: Mapping[str, str], fetched: bool = True) -> None:
    """Commit these files on main, on the server too, and leave the work tree alone."""
    clone, index = stage.clone, {"GIT_INDEX_FILE": str(stage.folder / "index-of-main")}
    clone.git("read-tree", "main", env=index)
    for name, content in files.items():
        blob = clone.git("hash-object", "-w", "--stdin", stdin=content.encode())
        clone.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", env=index)
    tree = clone.git("write-tree", env=index)
    made = clone.git("commit-tree", tree, "-p", "main", "-m", "Go on")
    clone.git("update-ref", "refs/heads/main", made)
    stage.server.git("fetch", "--quiet", "../clone", "main:main")
    if fetched:
        clone.git("update-ref", "refs/remotes/origin/main", made)


def lie(stage: Stage, about: str, instead: str, base: str = "refs/replace/") -> None:
    """Have one object replaced by another, in both repositories."""
    named = stage.clone.git("rev-parse", about, env={"GIT_NO_REPLACE_OBJECTS": "1"})
    stage.clone.git("update-ref", f"{base}{named}", instead)
    stage.server.git("fetch", "--quiet", "../clone", f"+{base}*:{base}*")


def graft(stage: Stage) -> str:
    return stage.clone.git("rev-parse", OUT, "main").replace("\n", " ") + "\n"


def write_graph(stage: Stage, *options: str, stdin: str = "", file: str = "commit-graph") -> None:
    commits = stage.clone.git("rev-parse", stdin).encode() + b"\n" if stdin else b""
    for repo in stage.both:
        repo.git("commit-graph", "write", *options, stdin=commits)
        if file:
            info = git_folder(repo) / "objects/info"
            assert (info / file).exists() or list(info.glob("commit-graphs/*.graph"))
    stage.configure("core.commitGraph=true\ncommitGraph.readChangedPaths=true")


def test_a_broken_ref_beside_main(stage: Stage) -> None:
    """Git complains of it whenever it is asked for main, since its name begins like that."""
    verdicts = by_hand(stage)
    for repo, kinds in ((stage.server, ("heads",)), (stage.clone, ("heads", "remotes/origin"))):
        for kind in kinds:
            git_folder(repo).joinpath("refs", kind, "main-old").touch()
            asked = repo.try_git("for-each-ref", f"refs/{kind}/main")
            assert asked.err == f"warning: ignoring broken ref refs/{kind}/main-old\n"
    assert by_hand(stage) == verdicts


# -- Other kinds of repositories


def test_sha_256(tmp_path: Path, template: Template) -> None:
    stage = build(tmp_path / "stage", "--object-format=sha256")
    assert len(stage.clone.head()) == 64
    assert stage.verdicts() == template.verdicts


def test_reftable(tmp_path: Path, template: Template) -> None:
    if make_repo(tmp_path / "probe").try_git("init", "--ref-format=reftable", "ref").status:
        pytest.skip("this git knows no reftable")
    stage = build(tmp_path / "stage", "--ref-format=reftable")
    assert (stage.server.path / "reftable").is_dir()
    assert stage.verdicts() == template.verdicts


def test_a_relative_GIT_DIR(stage: Stage, template: Template) -> None:  # noqa: N802 - as it is spelled
    expected = template.verdicts["audit of the server"]
    for folder, git_dir in ((".", "server.git"), ("server.git", "."), ("clone", "../server.git")):
        ended = Repo(stage.folder / folder).script("lane-audit", *JSON_OF_BOTH, env={"GIT_DIR": git_dir})
        assert Ended(ended.status, masked(ended.out), masked(ended.err)) == expected.ended


# -- A commit-graph that lies


class Graph:
    """A commit-graph file, to be edited (gitformat-commit-graph(5)); git checks its sum in fsck only."""

    def __init__(self, repo: Repo) -> None:
        self._git = repo.git
        repo.git("-c", "commitGraph.generationVersion=1", "commit-graph", "write", "--reachable")
        self._file = git_folder(repo) / "objects/info/commit-graph"
        self._data = bytearray(self._file.read_bytes())
        chunks = range(8, 8 + 12 * self._data[6], 12)
        self._at = {bytes(self._data[i : i + 4]): int.from_bytes(self._data[i + 4 : i + 12]) for i in chunks}

    def _position(self, revision: str) -> int:
        wanted, first = bytes.fromhex(self._git("rev-parse", revision)), self._at[b"OIDL"]
        return (self._data.index(wanted, first) - first) // 20

    def _set(self, revision: str, offset: int, content: bytes) -> None:
        start = self._at[b"CDAT"] + 36 * self._position(revision) + offset
        self._data[start : start + len(content)] = content

    def set_tree(self, revision: str, tree: str) -> None:
        self._set(revision, 0, bytes.fromhex(self._git("rev-parse", tree)))

    def set_parent(self, revision: str, number: int, parent: str) -> None:
        self._set(revision, 20 + 4 * number, self._position(parent).to_bytes(4))

    def set_generation(self, revision: str, generation: int) -> None:
        self._set(revision, 28, (generation << 2).to_bytes(4))

    def write(self) -> None:
        self._file.unlink()
        self._file.write_bytes(self._data)


def other_parents(graph: Graph) -> None:
    """Leave the commits outside out, between main and the one that takes all back."""
    graph.set_parent(OUT_EVERYWHERE, 0, "main")


def another_tree(graph: Graph) -> None:
    """Have main hold what the first commit outside made."""
    graph.set_tree("main", f"{OUT_EVERYWHERE}~2^{{tree}}")


def another_main(graph: Graph) -> None:
    """Have main contain the commits outside."""
    graph.set_parent("main", 1, OUT_EVERYWHERE)
    graph.set_generation("main", 1000)


OUT_EVERYWHERE = "refs/lies/out"


def tell_lies(stage: Stage, edit: Callable[[Graph], None]) -> None:
    """Write commit-graphs that lie, in both repositories."""
    tip = stage.clone.git("rev-parse", OUT)
    for repo in stage.both:
        repo.git("update-ref", OUT_EVERYWHERE, tip)
        graph = Graph(repo)
        edit(graph)
        graph.write()


@pytest.mark.parametrize(
    ("edit", "shows"),
    [
        (other_parents, f"rev-list {OUT} ^main"),  # main..OUT would read the commits themselves
        (another_tree, f"log --raw --format=%H {OUT} ^main"),
        (another_main, f"rev-list {OUT} ^main"),
    ],
    ids=["other parents", "another tree", "another main"],
)
def test_a_commit_graph_that_lies(stage: Stage, edit: Callable[[Graph], None], shows: str) -> None:
    """Git repeats what a commit-graph says of commits, and never looks."""
    before, verdicts = stage.porcelain(shows), by_hand(stage)
    tell_lies(stage, edit)
    assert stage.porcelain(shows) != before
    assert by_hand(stage) == verdicts


def test_a_commit_graph_that_lies_and_is_asked_for(stage: Stage) -> None:
    """The variable of `git -c` counts more than any file, and in it what comes last."""
    shows = f"rev-list {OUT} ^main"
    before, verdicts = stage.porcelain(shows), by_hand(stage)
    tell_lies(stage, other_parents)
    stage.configure("core.commitGraph=false")
    assert stage.porcelain(shows) == before
    stage.env["GIT_CONFIG_PARAMETERS"] = "'core.commitgraph'='true'"
    assert stage.porcelain(shows) != before
    assert by_hand(stage, stage.env) == verdicts


# -- Python that lies in the repository

NAMES = (
    *("lanes/__init__.py", "hooks/__init__.py", "lane_hooks/__init__.py", "tomllib.py", "subprocess.py"),
    *("sitecustomize.py", "usercustomize.py", "git.py", "click.py", "typing.py", "re.py", "json.py"),
    *("lane_hooks/pre_commit.py", "lanes/entry.py", "encodings/__init__.py", "pyvenv.cfg"),
)


def foreign(marker: Path) -> dict[str, str]:
    """Give Python files that leave a mark when they run, however early, and pass everything."""
    mark = f"posix.open({os.fsencode(marker)!r}, posix.O_CREAT | posix.O_WRONLY)"
    code = f"import posix\n{mark}\nposix._exit(0)\n"
    return {name: code if name.endswith(".py") else "home = /nonexistent\n" for name in NAMES}


def strew(files: Mapping[str, str], *folders: Path) -> None:
    for folder in folders:
        Repo(folder).write(files)


def everywhere(stage: Stage) -> tuple[Path, ...]:
    clone, server = stage.clone.path, stage.server.path
    return (clone, clone / "docs", clone / ".git", clone / ".git/hooks", server, server / "hooks")


def test_python_of_the_repository(stage: Stage, template: Template) -> None:
    marker = stage.folder / "marker"
    strew(foreign(marker), *everywhere(stage))
    assert stage.verdicts() == template.verdicts
    assert not marker.exists()


def test_python_that_is_committed(stage: Stage, template: Template) -> None:
    stage.place = "docs"
    marker = stage.folder / "marker"
    files = foreign(marker)
    on_main(stage, files | {f"docs/{name}": content for name, content in files.items()})
    strew(files, *everywhere(stage))
    assert stage.verdicts() == template.verdicts
    assert not marker.exists()


def test_an_isolated_python(stage: Stage, template: Template) -> None:
    """`python -I` runs nothing of the repository's, even where variables of the user ask for it."""
    marker = stage.folder / "marker"
    strew(foreign(marker), *everywhere(stage))
    stage.env |= {"PYTHONPATH": ".", "PYTHONSTARTUP": "typing.py", "PYTHONUSERBASE": "."}
    for repo in stage.both:
        repo.run(SCRIPTS / "python", "-c", "import lanes", env=stage.env)
        assert marker.exists()
        marker.unlink()
    stage.env |= {"PYTHONHOME": "/nonexistent", "PYTHONINSPECT": "1", "PYTHONWARNINGS": "error"}
    stage.isolated = True
    assert stage.verdicts() == template.verdicts
    assert not marker.exists()


# -- What can't be judged: one line, which says how to mend it

ZERO = "0" * 40
CUT = "the history is cut off here (a shallow clone); run: git fetch --unshallow\n"
IN_FORCE = "  manifest in force: .lanes.toml of refs/remotes/origin/main at OID\n"


def by_hand(stage: Stage, env: Mapping[str, str] | None = None) -> dict[str, Ended]:
    """Run every program in its place, without git around it, on what is outside."""
    tip, clone, server = git_rev(stage, OUT), stage.clone, stage.server
    pushed = f"refs/heads/{OUT} {tip} refs/heads/{OUT} {ZERO}\n".encode()
    received = f"{ZERO} {tip} refs/heads/{OUT}\n".encode()
    ended = {
        "lane-pre-commit": clone.script("lane-pre-commit", env=env),
        "lane-pre-push": clone.script("lane-pre-push", "origin", "../server.git", stdin=pushed, env=env),
        "lane-pre-receive": server.script("lane-pre-receive", stdin=received, env=env),
        "lane-audit": clone.script("lane-audit", OUT, env=env),
        "lane-audit --format json": server.script("lane-audit", "--format", "json", "work/docs-old", env=env),
    }
    return {name: Ended(said.status, masked(said.out), masked(said.err)) for name, said in ended.items()}


def git_rev(stage: Stage, branch: str) -> str:
    """Read a branch without git, which may refuse to."""
    return git_folder(stage.clone).joinpath("refs/heads", branch).read_text().strip()


def type_it(repo: Repo, message: str) -> None:
    """Type the command that a message ends its first line with."""
    command = message.split("\n", maxsplit=1)[0].partition("; run: ")[2]
    ended = repo.run("sh", "-c", command)
    assert ended.status == 0, (command, ended)


def owned_by_somebody_else(stage: Stage) -> dict[str, str]:
    """Give both repositories away; give the variable that says so where only root could."""
    if os.geteuid():
        return {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    for path in (stage.server.path, stage.clone.path, stage.clone.path / ".git"):
        os.chown(path, 65534, 65534)
    return {}


def test_a_repository_of_another_user(template: Template, tmp_path: Path) -> None:
    stage = copied(template.folder, tmp_path / "an odd place")
    before = by_hand(stage)
    assert {ended.status for ended in before.values()} == {1}
    env = owned_by_somebody_else(stage)
    refused = by_hand(stage, env)
    for name, said in refused.items():
        repo = stage.server if name in ("lane-pre-receive", "lane-audit --format json") else stage.clone
        line = (
            "lanes: could not judge: git does not trust this repository, which belongs to another user;"
            f" run: git config --global --add safe.directory {shlex.quote(str(repo.path))}\n"
        )
        assert (name, said) == (name, Ended(2, "", line))
    for name in ("lane-pre-commit", "lane-pre-receive"):
        type_it(Repo(tmp_path), refused[name].err)
    assert by_hand(stage, env) == before


def test_a_namespace(stage: Stage) -> None:
    line = "lanes: could not judge: GIT_NAMESPACE is set;"
    line += " lanes can't be judged inside a namespace, so unset it\n"
    assert set(by_hand(stage, {"GIT_NAMESPACE": "x"}).values()) == {Ended(2, "", line)}
    assert {ended.status for ended in by_hand(stage).values()} == {1}


def test_a_namespace_at_a_real_push(stage: Stage) -> None:
    stage.env["GIT_NAMESPACE"] = "x"
    for hook, options in (("pre-push", ()), ("pre-receive", ("--no-verify",))):
        said = stage.judged(hook, "push", *options, "origin", IN)
        assert (said.went_on, said.ended.status) == (False, 2)
    del stage.env["GIT_NAMESPACE"]
    assert stage.judged("pre-receive", "push", "origin", IN).went_on


@pytest.fixture
def shallow(stage: Stage) -> Stage:
    """A clone of one commit of each branch, on the branch that was outside, with something staged outside."""
    url, cut = f"file://{stage.server.path}", str(stage.folder / "cut")
    options = ("--quiet", "--depth=1", "--no-single-branch", "--branch=work/docs-old")
    stage.clone.git("clone", *options, url, cut)
    shutil.copytree(git_folder(stage.clone) / "hooks", Path(cut, ".git/hooks"), dirs_exist_ok=True)
    stage.work_tree = "cut"
    stage.clone.git("update-index", "--chmod=+x", "top.txt")
    return stage


def test_a_shallow_clone(shallow: Stage) -> None:
    def judged() -> tuple[Said, Said, Ended]:
        return (
            shallow.judged("pre-commit", "commit", "--quiet", "-m", "Outside"),
            shallow.judged("pre-push", "push", "origin", "HEAD:work/docs-2"),
            shallow.audit(shallow.clone),
        )

    audit = f"lanes: audit, {IN_FORCE.strip()}\nwork/docs-old could not be judged: {CUT}{IN_FORCE}"
    refused = judged()
    assert refused == (
        Said(False, Ended(2, "", f"lanes: could not judge: {CUT}")),
        Said(False, Ended(2, "", f"lanes: work/docs-2 could not be judged: {CUT}{IN_FORCE}")),
        Ended(2, audit, ""),
    )
    type_it(shallow.clone, refused[1].ended.err)
    commit, push, report = judged()
    assert (commit.ended.status, push.ended.status, report.status) == (1, 1, 1)
    assert commit.ended.err.startswith("lanes: work/docs-old: 1 staged change is outside its lane")
    assert push.ended.err.startswith("lanes: work/docs-2 is rejected: 5 changes in 2 commits outside")
    assert "work/docs-old is rejected: 5 changes in 2 commits outside" in report.out


def test_a_shallow_server(stage: Stage, template: Template) -> None:
    """One that mirrors another, and was cut off there."""
    shutil.copytree(stage.server.path, stage.folder / "whole.git")
    stage.server.git("remote", "add", "origin", "../whole.git")
    (stage.server.path / "shallow").write_text(git_rev(stage, OUT) + "\n")
    push = ("push", "--no-verify", "origin", OUT)
    refused = stage.judged("pre-receive", *push)
    in_force = IN_FORCE.replace("remotes/origin", "heads")
    assert refused == Said(False, Ended(2, "", f"lanes: {OUT} could not be judged: {CUT}{in_force}"))
    type_it(stage.server, refused.ended.err)
    assert stage.judged("pre-receive", *push) == template.verdicts["receive outside"]


def test_a_cut_that_comes_with_a_push(stage: Stage) -> None:
    """A server that takes shallow pushes sees neither what is cut off nor that anything is missing."""
    stage.server.git("config", "receive.shallowUpdate", "true")
    clone = stage.clone
    bad = clone.git("commit-tree", f"{BAD}^{{tree}}", "-p", "main", "-m", "Another one outside")
    back = clone.git("commit-tree", f"{OUT}^{{tree}}", "-p", bad, "-m", "Take it back")
    clone.git("update-ref", "refs/heads/work/docs-3", back)
    options = ("--quiet", "--depth=1", "--branch=work/docs-3")
    clone.git("clone", *options, f"file://{clone.path}", str(stage.folder / "cut"))
    stage.work_tree = "cut"
    stage.clone.commit({"docs/new.md": "x"})
    refused = stage.judged("pre-receive", "push", "../server.git", "work/docs-3")
    in_force = IN_FORCE.replace("remotes/origin", "heads")
    assert refused == Said(False, Ended(2, "", f"lanes: work/docs-3 could not be judged: {CUT}{in_force}"))
    type_it(stage.clone, refused.ended.err)
    assert stage.judged("pre-receive", "push", "../server.git", "work/docs-3").ended.status == 1


@pytest.mark.parametrize("where", ["shallow", "GIT_SHALLOW_FILE"])
def test_a_cut_that_is_made_up(stage: Stage, template: Template, where: str) -> None:
    """It hides nothing but from git; what it hides is not judged, and not passed."""
    cut = stage.clone.git("rev-parse", OUT) + "\n"
    if where == "shallow":
        (git_folder(stage.clone) / "shallow").write_text(cut)
    else:
        stage.env["GIT_SHALLOW_FILE"] = str(stage.file("cut", cut))
    assert stage.porcelain(f"rev-list {OUT}") == Ended(0, cut, "")
    refused = stage.judged("pre-push", "push", "origin", OUT)
    assert refused == Said(False, Ended(2, "", f"lanes: {OUT} could not be judged: {CUT}{IN_FORCE}"))
    assert (
        stage.judged("pre-receive", "push", "--no-verify", "origin", OUT)
        == (template.verdicts["receive outside"])
    )


def test_a_stale_remote_tracking_branch(stage: Stage) -> None:
    """Somebody else pushed main meanwhile, and this push would take theirs away."""
    theirs = stage.server.git("commit-tree", "main^{tree}", "-p", "main", "-m", "Theirs")
    stage.server.git("update-ref", "refs/heads/main", theirs)
    mine = stage.clone.git("commit-tree", "main^{tree}", "-p", "main", "-m", "Mine")
    stage.clone.git("update-ref", "refs/heads/main", mine)
    push = ("push", "--force", "origin", "main")
    refused = stage.judged("pre-push", *push)
    line = "lanes: main could not be judged: the old tip OID of main is not here; run: git fetch\n"
    assert refused == Said(False, Ended(2, "", line + IN_FORCE))
    type_it(stage.clone, refused.ended.err)
    rewound = "lanes: main is rejected: the integration branch main can't be rewound; OID must stay in it\n"
    assert stage.judged("pre-push", *push) == Said(False, Ended(1, "", rewound + IN_FORCE))
    merge = stage.clone.git("commit-tree", "main^{tree}", "-p", "main", "-p", "origin/main", "-m", "Both")
    stage.clone.git("update-ref", "refs/heads/main", merge)
    assert stage.judged("pre-push", *push) == Said(True, Ended(0, "", ""))


# -- Where the configuration comes from, and what it is written in


def test_another_configuration_for_git_config(stage: Stage) -> None:
    """GIT_CONFIG is for the command `git config` alone, through which the hooks ask."""
    stage.server.git("update-ref", "refs/heads/trunk", "main")
    stage.server.git("config", "lanes.trustedRef", "refs/heads/trunk")
    wide = MANIFEST.replace('"/docs/"', '"*"').replace("/ci/", "/none/")
    on_main(stage, {".lanes.toml": wide}, fetched=False)
    env = {"GIT_CONFIG": str(stage.file("nothing"))}
    assert stage.server.try_git("config", "lanes.trustedRef", env=env).status == 1
    plain = by_hand(stage)
    assert {ended.status for ended in plain.values()} == {1}
    assert by_hand(stage, env) == plain


@pytest.mark.parametrize("env", [{}, ASCII["PYTHONUTF8"]], ids=["UTF-8", "ASCII"])
def test_a_remote_with_umlauts(stage: Stage, template: Template, env: dict[str, str]) -> None:
    stage.remote = "h\xfcb"
    stage.clone.git("remote", "rename", "origin", stage.remote)
    stage.env |= env
    of_it = {part: said.changed(renamed) for part, said in template.verdicts.items()}
    assert stage.verdicts() == (without_umlauts(of_it) if env else of_it)


def renamed(text: str) -> str:
    return re.sub(r"\borigin\b", "h\xfcb", text)
