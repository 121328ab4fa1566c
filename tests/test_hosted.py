"""The action for GitHub and the template for GitLab: their scripts, run by bash as the runners run them.

The two hosts are played by repositories on disk, with the refs and the variables that the real ones have.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from repos import MANIFEST, Content, Ended, make_repo, masked

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the runners that these scripts are for are Linux machines"
)

ROOT = Path(__file__).parents[1]
HOME = os.environ.get("HOME", "")  # pip's own settings are there; a test has another home
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
JOB = list(yaml.safe_load_all((ROOT / "templates" / "lane-audit.yml").read_text()))[1]["lane-audit"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
ONLY_FOR = "github.event_name == 'pull_request_target'"
OURS, THEIRS = 1, 2
PWNED = "$(touch${IFS}pwned)"
ODD_NAMES = [
    PWNED,
    "`touch${IFS}pwned`",
    "';touch${IFS}pwned;'",
    '";touch${IFS}pwned;"',
    "a&touch${IFS}pwned",
]


def run(script: str, folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run a script as both runners do, with these variables alone; what it says comes in one stream."""
    file = folder / "script.sh"
    file.write_text(script)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", file],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "CI": "true", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode("utf-8", "surrogateescape"), "")


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runner's temporary folder where the action's own step has installed git-lanes."""
    folder = tmp_path_factory.mktemp("runner")
    variables = {"HOME": HOME, "RUNNER_TEMP": str(folder), "GITHUB_ACTION_PATH": str(ROOT)}
    ended = run(STEPS["Install git-lanes"]["run"], folder, variables)
    assert ended.status == 0, ended
    return folder


@dataclass(frozen=True)
class Request:
    """A request to merge: its branch, the commit at its head, and the id of the project it comes from."""

    branch: str
    head: str
    project: int | None = OURS


class Host(ABC):
    """A host with one repository, `octo/project`, and somebody's clone of it."""

    request: str
    fork: str

    def __init__(self, folder: Path, runner: Path) -> None:
        self.folder = folder
        self.temporary = folder / "runner"
        self.temporary.mkdir()
        (self.temporary / "git-lanes").symlink_to(runner / "git-lanes")
        self.server = make_repo(folder / "host" / "octo" / "project.git", "--bare")
        self.clone = make_repo(folder / "clone")
        self.clone.git("remote", "add", "origin", str(self.server.path))
        protected = MANIFEST.replace('protected = ["/ci/"]', 'protected = ["/ci/", "/.github/"]')
        self.clone.commit({".lanes.toml": protected, "docs/a.md": "a\n", "api/a.py": "a\n"}, "Begin")
        self.clone.push("main")

    def open(self, branch: str, files: Mapping[str | bytes, Content], subject: str = "Change") -> Request:
        """Commit on a branch of the repository itself, push it, and ask to merge it."""
        self.clone.switch("new", "origin/main")
        head = self.clone.commit(files, subject)
        pushed = self.clone.push(f"+HEAD:refs/heads/{branch}", f"+HEAD:{self.request}")
        assert pushed.status == 0, pushed
        return Request(branch, head)

    def from_fork(self, branch: str, files: Mapping[str | bytes, Content]) -> Request:
        """Ask to merge a branch of a fork: here, the host has a ref for the request alone."""
        self.clone.switch("new", "origin/main")
        head = self.clone.commit(files)
        self.clone.push(f"+HEAD:{self.request}")
        return Request(branch, head, THEIRS)

    @abstractmethod
    def judge(self, request: Request) -> Ended:
        """Run the host's check, and give its status and its report."""


class GitHub(Host):
    """GitHub, with the events and the variables of its runners."""

    request = "refs/pull/7/head"
    fork = "fork/eve"

    def judge(self, request: Request) -> Ended:
        return self.annotated(request)[0]

    def annotated(self, request: Request, variables: Mapping[str, str] = {}) -> tuple[Ended, list[str]]:
        """Run the check, and give its status and its report, and the commands that the runner takes."""
        ended = self.play(self.event(request), variables=variables)
        # The runner takes no commands from what is between these lines.
        found = re.fullmatch(r"::stop-commands::([0-9a-f-]{36})\n(.*)::\1::\n(.*)", ended.out, re.DOTALL)
        assert found, ended
        return Ended(ended.status, masked(found[2]), ""), masked(found[3]).splitlines()

    def event(self, request: Request) -> dict[str, Any]:
        repo = None if request.project is None else {"id": request.project}
        owner = "octo" if request.project == OURS else "eve"
        head = {"ref": request.branch, "sha": request.head, "repo": repo, "user": {"login": owner}}
        return {"pull_request": {"number": 7, "head": head, "base": {"repo": {"id": OURS}}}}

    def play(
        self, event: Mapping[str, Any], name: str = "pull_request_target", variables: Mapping[str, str] = {}
    ) -> Ended:
        """Run the steps of the action, but for the installation, which was run before."""
        context = {"github": {"event": event, "event_name": name, "token": "t0ken"}}
        known = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_REPOSITORY": "octo/project",
            "GITHUB_SERVER_URL": f"file://{self.folder}/host",
            "HOME": str(self.folder),
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(self.temporary),
            **variables,
        }
        said = ""
        for step in STEPS.values():
            assert step.get("if", ONLY_FOR) == ONLY_FOR
            if ("if" in step and name != "pull_request_target") or step["name"] == "Install git-lanes":
                continue
            env = {key: _evaluated(value, context) for key, value in step.get("env", {}).items()}
            ended = run(step["run"], self.folder, {**known, **env})
            said += ended.out
            if ended.status:
                return Ended(ended.status, said, "")
        return Ended(0, said, "")


def _evaluated(value: str, context: Mapping[str, Any]) -> str:
    """Evaluate the one expression that *value* is: what is not there is empty."""
    found = EXPRESSION.fullmatch(value)
    assert found, value
    inner: Any = context
    for key in found[1].split("."):
        inner = inner.get(key) if isinstance(inner, Mapping) else None
    return "" if inner is None else str(inner)


class GitLab(Host):
    """GitLab, with the variables of its merge request pipelines."""

    request = "refs/merge-requests/7/head"
    fork = "fork/eve/project"

    def variables(self, request: Request) -> dict[str, str]:
        return {
            "CI_COMMIT_SHA": request.head,
            "CI_JOB_TOKEN": "t0ken",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_PROJECT_ID": str(OURS),
            "CI_MERGE_REQUEST_PROJECT_URL": f"file://{self.folder}/host/octo/project",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": request.branch,
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": str(request.project),
            "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": f"{'octo' if request.project == OURS else 'eve'}/project",
            "CI_SERVER_URL": f"file://{self.folder}/host",
            "HOME": str(self.folder),
        }

    def judge(self, request: Request, variables: Mapping[str, str] = {}) -> Ended:
        """Run the job's script with these *variables* changed."""
        lanes = Path(tempfile.mkdtemp(dir=self.temporary))
        (lanes / "venv").symlink_to(self.temporary / "git-lanes")
        ended = run(
            "\n".join([f"lanes='{lanes}'", *JOB["script"]]),
            self.folder,
            {**self.variables(request), **variables},
        )
        return Ended(ended.status, masked(ended.out), "")


@pytest.fixture(params=[GitHub, GitLab])
def host(request: pytest.FixtureRequest, tmp_path: Path, runner: Path) -> Host:
    made = request.param(tmp_path, runner)
    assert isinstance(made, Host)
    return made


@pytest.fixture
def github(tmp_path: Path, runner: Path) -> GitHub:
    return GitHub(tmp_path, runner)


@pytest.fixture
def gitlab(tmp_path: Path, runner: Path) -> GitLab:
    return GitLab(tmp_path, runner)


IN_FORCE = "lanes: audit, manifest in force: .lanes.toml of refs/heads/main at OID\n"


def inside(branch: str, commits: str = "1 commit") -> Ended:
    return Ended(0, f'{IN_FORCE}{branch} is inside its lane "docs": {commits} judged\n', "")


def stopped(why: str) -> Ended:
    return Ended(2, f"lanes: could not judge: {why}\n", "")


def found(ended: Ended) -> tuple[int, list[str]]:
    """Give the status and what is wrong, without what comes before and after it."""
    lines = ended.out.removeprefix(IN_FORCE).splitlines()
    ends = [i for i, line in enumerate(lines) if re.match("  (lane|branches|manifest|next)", line)]
    return ended.status, lines[: ends[0]]


def no_lane(branch: str) -> tuple[int, list[str]]:
    return 1, [f"{branch} is rejected: no lane covers this branch"]


# -- What both hosts have in common


def test_inside(host: Host) -> None:
    assert host.judge(host.open("work/docs-1", {"docs/a.md": "b\n"})) == inside("work/docs-1")


def test_outside(host: Host) -> None:
    expected = f"""\
{IN_FORCE}work/docs-1 is rejected: 1 change in 1 commit outside its lane "docs"
  commit OID "Change" by Ann
    changes api/a.py (outside-lane: lane "api" may write it)
  lane "docs" may write:
    /docs/
  and, as all lanes that are not review-only:
    /shared.txt
  manifest in force: .lanes.toml of refs/heads/main at OID
  next:
    take these changes out of the commits that made them (a commit that reverts them is not enough):
      git rebase -i OID
    or go back to there, keep your files as they are, and commit those of your lane alone:
      git reset OID
    or ask the integrator to run, if lane "docs" should write these paths:
      git lanes allow docs api/a.py
    lane "api" has to give up api/a.py first
    or, where they are changes of main: push main first, and take them by a merge, not as a copy
"""
    assert host.judge(host.open("work/docs-1", {"api/a.py": "b\n"})) == Ended(1, expected, "")


def test_a_fork_calls_its_branch_main(host: Host) -> None:
    request = host.from_fork("main", {"api/a.py": "b\n"})
    assert found(host.judge(request)) == no_lane(f"{host.fork}/main")


def test_a_fork_calls_its_branch_as_a_lane(host: Host) -> None:
    request = host.from_fork("work/docs-1", {"docs/a.md": "b\n"})
    assert found(host.judge(request)) == no_lane(f"{host.fork}/work/docs-1")


def test_a_lane_may_cover_forks(host: Host) -> None:
    forks = MANIFEST.replace('"work/docs-*"', '"work/docs-*", "fork/**/docs-*"')
    host.clone.commit({".lanes.toml": forks})
    host.clone.push("HEAD:main")
    request = host.from_fork("docs-1", {"docs/a.md": "b\n"})
    assert host.judge(request) == inside(f"{host.fork}/docs-1")


def test_widening_its_own_lane(host: Host) -> None:
    request = host.open(
        "work/docs-1", {".lanes.toml": MANIFEST.replace('"/docs/"', '"*"'), "api/a.py": "b\n"}
    )
    assert found(host.judge(request)) == (
        1,
        [
            'work/docs-1 is rejected: 2 changes in 1 commit outside its lane "docs"',
            '  commit OID "Change" by Ann',
            "    changes .lanes.toml (protected: only integration branches may write it)",
            '    changes api/a.py (outside-lane: lane "api" may write it)',
        ],
    )


def test_adding_a_workflow(host: Host) -> None:
    assert found(host.judge(host.open("work/docs-1", {".github/workflows/lanes.yml": "on: push\n"}))) == (
        1,
        [
            'work/docs-1 is rejected: 1 change in 1 commit outside its lane "docs"',
            '  commit OID "Change" by Ann',
            "    adds .github/workflows/lanes.yml (protected: only integration branches may write it)",
        ],
    )


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_branch_with_a_command_in_its_name(host: Host, name: str) -> None:
    """They are legal names, and the report shows them as they are."""
    branch = f"work/docs-{name}"
    assert host.judge(host.open(branch, {"docs/a.md": "b\n"})) == inside(branch)
    assert list(host.folder.rglob("pwned")) == []


def test_a_branch_with_the_full_name_of_main(host: Host) -> None:
    name = "refs/heads/main"
    assert found(host.judge(host.open(name, {"api/a.py": "b\n"}))) == no_lane(name)


@pytest.mark.parametrize("name", ["-h", "--base=main"])
def test_a_branch_with_the_name_of_an_option(host: Host, name: str) -> None:
    said = stopped(f"{name} can't be the name of a branch")
    assert host.judge(host.open(name, {"docs/a.md": "b\n"})) == said


def test_an_integration_branch_may_change_anything(host: Host) -> None:
    said = f"{IN_FORCE}release is inside: an integration branch may change anything\n"
    assert host.judge(host.open("release", {"api/a.py": "b\n"})) == Ended(0, said, "")


def test_other_integration_branches_are_trusted(host: Host) -> None:
    host.open("release", {"api/a.py": "b\n"})
    host.clone.switch("work/docs-1", "origin/main")
    host.clone.commit({"docs/a.md": "b\n"})
    host.clone.git("merge", "--quiet", "--no-edit", "origin/release")
    host.clone.push("work/docs-1", f"+HEAD:{host.request}")
    assert host.judge(Request("work/docs-1", host.clone.head())) == inside("work/docs-1", "2 commits")


def test_the_manifest_is_that_of_the_default_branch(host: Host) -> None:
    """Whatever it is called: the branch `main` may belong to anybody then."""
    host.clone.push("main:trunk")
    host.server.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    host.clone.commit({".lanes.toml": MANIFEST.replace('"/docs/"', '"*"')})
    host.clone.push("main")
    ended = host.judge(host.open("work/docs-1", {"api/a.py": "b\n"}))
    assert (ended.status, ended.out.splitlines()[0]) == (1, IN_FORCE.strip().replace("main", "trunk"))


def test_a_run_again_after_a_push_judges_the_commit_that_it_was_for(host: Host) -> None:
    request = host.open("work/docs-1", {"docs/a.md": "b\n"})
    host.clone.commit({"api/a.py": "b\n"})
    host.clone.push("HEAD:work/docs-1", f"HEAD:{host.request}")
    assert host.judge(request) == inside("work/docs-1")


# -- GitHub


def test_the_expressions_are_all_outside_of_the_scripts() -> None:
    assert [step["run"] for step in STEPS.values() if "${{" in step["run"]] == []
    assert all("run" in step and step["shell"] == "bash" for step in STEPS.values())


def test_only_the_step_that_fetches_has_the_token() -> None:
    having = [name for name, step in STEPS.items() if "token" in str(step.get("env", {}))]
    assert having == ["Fetch the history"]


def test_a_fork_that_is_gone(github: GitHub) -> None:
    gone = replace(github.from_fork("work/docs-1", {"docs/a.md": "b\n"}), project=None)
    assert found(github.judge(gone)) == no_lane("fork/eve/work/docs-1")


def test_an_event_that_lacks_the_repositories_is_one_of_a_fork(github: GitHub) -> None:
    event = github.event(replace(github.open("main", {"api/a.py": "b\n"}), project=None))
    event["pull_request"]["base"] = {}
    assert "fork/eve/main is rejected: no lane covers this branch" in github.play(event).out


def test_a_branch_that_is_gone_is_judged_all_the_same(github: GitHub) -> None:
    request = github.open("work/docs-1", {"docs/a.md": "b\n"})
    github.clone.push("--delete", "work/docs-1")
    assert github.judge(request) == inside("work/docs-1")


def test_a_head_that_was_replaced_is_not_judged(github: GitHub) -> None:
    old = github.open("work/docs-1", {"api/a.py": "b\n"})
    github.open("work/docs-1", {"docs/a.md": "b\n"})
    github.server.git("gc", "--quiet", "--prune=now")
    said = "pull request 7 does not hold OID any more; the run for its new head counts"
    ended = github.play(github.event(old))
    assert Ended(ended.status, masked(ended.out), "") == stopped(said)


def test_a_report_gives_the_runner_no_commands(github: GitHub) -> None:
    """The runner takes `##[` anywhere in a line, and `::` at the beginning, also after spaces."""
    request = github.open(
        "work/docs-1", {"##[error]forged": "b\n", "::error::forged": "b\n"}, "##[add-mask]a"
    )
    assert found(github.judge(request)) == (
        1,
        [
            'work/docs-1 is rejected: 2 changes in 1 commit outside its lane "docs"',
            '  commit OID "##[add-mask]a" by Ann',
            "    adds ##[error]forged (outside-lane: no lane may write it)",
            "    adds ::error::forged (outside-lane: no lane may write it)",
        ],
    )


@pytest.mark.parametrize(
    ("event", "system", "said"),
    [
        ("pull_request", "Linux", "a pull request could change this check; run it on pull_request_target"),
        ("push", "Linux", "there is no pull request in the event push"),
        ("pull_request_target", "macOS", "this action runs on Linux, not on macOS"),
    ],
)
def test_where_it_does_not_judge(github: GitHub, event: str, system: str, said: str) -> None:
    assert github.play({}, event, {"RUNNER_OS": system}) == stopped(said)


def test_a_merge_group_holds_what_was_judged(github: GitHub) -> None:
    said = "lanes: every pull request of a merge group was judged before it was queued\n"
    assert github.play({}, "merge_group") == Ended(0, said, "")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_pinned_code_with_little_power(workflow: Path) -> None:
    parsed = yaml.safe_load(workflow.read_text())
    assert parsed["permissions"] == {}
    for job in parsed["jobs"].values():
        assert set(job["permissions"].items()) in ({("contents", "read")}, {("id-token", "write")})
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert [name for name in used if name != "./" and not re.search("@[0-9a-f]{40}$", name)] == []


# -- GitLab


def test_a_merged_results_pipeline_judges_the_branch(gitlab: GitLab) -> None:
    request = gitlab.open("work/docs-1", {"docs/a.md": "b\n"})
    gitlab.clone.switch("merged", "origin/main")
    gitlab.clone.commit({"api/a.py": "b\n"}, "Main went on")
    gitlab.clone.git("merge", "--quiet", "--no-edit", request.head)
    merged = {"CI_COMMIT_SHA": gitlab.clone.head(), "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": request.head}
    assert gitlab.judge(request, merged) == inside("work/docs-1")


@pytest.mark.parametrize("expanded", ["main", "work/docs-2"])
def test_a_branch_named_by_a_variable(gitlab: GitLab, expanded: str) -> None:
    """GitLab's runner puts the value of $CI_DEFAULT_BRANCH in the place of a branch of that name."""
    gitlab.open("work/docs-2", {"docs/a.md": "b\n"})
    request = gitlab.open("$CI_DEFAULT_BRANCH", {"api/a.py": "b\n"})
    said = f"{expanded} does not hold OID (any more)"
    assert gitlab.judge(replace(request, branch=expanded)) == stopped(said)
    assert gitlab.judge(replace(request, branch="work/docs-3")) == stopped(
        "there is no branch work/docs-3 (any more)"
    )


def test_the_whole_job(gitlab: GitLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the installation, which other tests skip."""
    request = gitlab.open("work/docs-1", {"docs/a.md": "b\n"})
    assert JOB["variables"] == {"GIT_STRATEGY": "none", "LANES_PACKAGE": "$[[ inputs.package ]]"}
    variables = {**gitlab.variables(request), "HOME": HOME, "LANES_PACKAGE": str(ROOT)}
    ended = run("\n".join([*JOB["before_script"], *JOB["script"]]), gitlab.folder, variables)
    assert (ended.status, masked(ended.out).endswith(inside("work/docs-1").out)) == (0, True)


# -- Reports that the hosts show


OUTSIDE = 'work/docs-1: commit OID "Change" by Ann changes api/a.py (outside-lane: lane "api" may write it)'
WHERE = "file=api/a.py,line=1,title=The branch's lane does not cover this path"


def test_github_shows_annotations_and_a_summary(github: GitHub, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    variables = {"GITHUB_STEP_SUMMARY": str(summary)}
    request = github.open("work/docs-1", {"api/a.py": "b\n"})
    ended, annotations = github.annotated(request, variables)
    assert (ended.status, annotations) == (
        1,
        [f"::error {WHERE}::{OUTSIDE}", "::error title=Write lanes::0 of 1 branch inside"],
    )
    assert masked(summary.read_text()).startswith("## Write lanes: 0 of 1 branch inside\n")
    request = github.open("work/docs-2", {"docs/a.md": "b\n"})
    ended, annotations = github.annotated(request, variables)
    assert (ended.status, annotations) == (0, ["::notice title=Write lanes::1 of 1 branch inside"])
    assert len(re.findall(r"^## Write lanes", summary.read_text(), re.MULTILINE)) == 2


def test_github_obeys_no_words_of_strangers(github: GitHub) -> None:
    files = {"::error::x": "b\n", "a%0A::warning::y": "b\n", "b\n::add-mask::z": "b\n"}
    request = github.open("work/docs-1", files, "::set-output name=a::b\n\n::error::forged")
    ended, annotations = github.annotated(request)
    assert (ended.status, len(annotations)) == (1, 4)
    assert [line.split("::")[1].split()[0] for line in annotations] == ["error"] * 4
    assert "file=%3A%3Aerror%3A%3Ax,line=1," in annotations[0]
    assert "file=a%250A%3A%3Awarning%3A%3Ay,line=1," in annotations[1]


def test_github_shows_nothing_of_another_run(github: GitHub) -> None:
    """Where nothing could be judged, what an earlier step of the job left is not shown for it."""
    request = github.open("work/docs-1", {"api/a.py": "b\n"})
    assert len(github.annotated(request)[1]) == 2
    ended, annotations = github.annotated(replace(request, branch="no..name"))
    assert (ended.status, annotations) == (2, [])


def test_gitlab_shows_code_quality(gitlab: GitLab) -> None:
    """What an earlier job left in its place, as a link to anywhere, is not written to."""
    assert JOB["artifacts"] == {"when": "always", "reports": {"codequality": "lanes-code-quality.json"}}
    file, other = gitlab.folder / "lanes-code-quality.json", gitlab.folder / "other"
    other.write_text("mine")
    file.symlink_to(other)
    assert gitlab.judge(gitlab.open("work/docs-1", {"api/a.py": "b\n"})).status == 1
    (entry,) = json.loads(file.read_text())
    assert (masked(entry["description"]), entry["location"]["path"]) == (OUTSIDE, "api/a.py")
    assert other.read_text() == "mine"
    assert gitlab.judge(gitlab.open("work/docs-2", {"docs/a.md": "b\n"})).status == 0
    assert json.loads(file.read_text()) == []


# -- Credentials


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server that refuses everything, its URL, and the credentials that it was given."""
    given: list[str] = []

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given.append(self.headers["Authorization"])
            self.send_error(401)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refuse) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", given
        server.shutdown()
        thread.join()


def credentials(user: str) -> list[str]:
    return ["basic " + base64.b64encode(f"{user}:t0ken".encode()).decode()]


def test_github_is_asked_with_the_token(github: GitHub, asked: tuple[str, list[str]]) -> None:
    url, given = asked
    event = github.event(Request("work/docs-1", "0" * 40))
    assert github.play(event, variables={"GITHUB_SERVER_URL": url}).status == 128
    assert given[:1] == credentials("x-access-token")


def test_gitlab_is_asked_with_the_token(gitlab: GitLab, asked: tuple[str, list[str]]) -> None:
    url, given = asked
    variables = {"CI_SERVER_URL": url, "CI_MERGE_REQUEST_PROJECT_URL": f"{url}/octo/project"}
    assert gitlab.judge(Request("work/docs-1", "0" * 40), variables).status == 128
    assert given[:1] == credentials("gitlab-ci-token")
