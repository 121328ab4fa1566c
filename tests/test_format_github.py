"""GitHub's annotations, read as its runner reads them, and the summary of a step."""

import json
from dataclasses import dataclass
from pathlib import Path

from audits import (
    HOSTILE,
    SETTINGS,
    anything,
    audit,
    audits,
    document,
    hostile,
    many,
    outside,
    paths,
)
from hypothesis import given
from repos import Repo

from lanes.audited import Audit
from lanes.judge import Reason, Violation
from lanes.verdict import Verdict

DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
PROPERTY = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
MOST = 10  # of a kind, that GitHub shows of a step


@dataclass(frozen=True)
class Command:
    """A command, as the runner has taken it from a line (actions/runner, ActionCommand.cs)."""

    name: str
    properties: dict[str, str]
    message: str


def commands(text: str) -> list[Command]:
    """Read what the runner reads; each line must be a command, and all of them be shown."""
    assert text.endswith("\n")
    read = [_command(line) for line in text.removesuffix("\n").split("\n")]
    assert len(read) <= MOST
    return read


def _command(line: str) -> Command:
    assert line.isprintable()
    assert line.startswith("::")
    info, message = line[2:].split("::", 1)
    name, _, rest = info.partition(" ")
    assert name in ("error", "notice")
    pairs = [pair.split("=", 1) for pair in rest.strip().split(",")]
    properties = {key: _unescaped(value, PROPERTY) for key, value in pairs}
    assert set(properties) - {"file", "line"} == {"title"}
    return Command(name, properties, _unescaped(message, DATA))


def _unescaped(text: str, mapping: dict[str, str]) -> str:
    for escaped, meant in mapping.items():
        text = text.replace(escaped, meant)
    return text


def files(found: Audit) -> list[str | None]:
    """Give the files that annotations are at, in order, None for those at none."""
    return [command.properties.get("file") for command in commands(document("github", found))]


def test_every_report_is_read() -> None:
    for found in audits():
        *_, last = commands(document("github", found))
        failed = any(verdict.status for verdict in found.verdicts)
        assert last.name == ("error" if failed else "notice")
        assert last.properties == {"title": "Write lanes"}


def test_whole() -> None:
    assert document("github", audit(outside(b"api/a,b:c%.py"), Verdict(b"refs/heads/x"))) == (
        "::error file=api/a%2Cb%3Ac%25.py,line=1,title=The branch's lane does not cover this path"
        '::work/docs-1: commit cccccccccccc "Out" by Ann changes api/a,b:c%25.py'
        ' (outside-lane: lane "api" may write it)\n'
        "::error title=Write lanes::1 of 2 branches inside\n"
    )
    assert document("github", audit(Verdict(b"refs/heads/x"))) == (
        "::notice title=Write lanes::1 of 1 branch inside\n"
    )
    assert document("github", audit()) == (
        "::notice title=Write lanes::there is no branch that a lane covers\n"
    )


def test_the_most_useful_nine() -> None:
    """First what could not be judged, then what nobody but an integrator can settle, some of each branch."""
    protected = Violation(Reason.PROTECTED, "c" * 40, b"ci/run", "M")
    branches = [
        outside(*(b"a/%d" % i for i in range(20) for _ in range(2))),
        outside(*(b"b/%d" % i for i in range(3)), ref=b"refs/heads/work/docs-2"),
        Verdict(b"refs/heads/work/docs-3", tip="c" * 40, violations=(*outside(b"c").violations, protected)),
        Verdict(b"refs/heads/Main", refusal="no"),
        Verdict(b"refs/heads/work/docs-4", error="no"),
    ]
    expected = [".lanes.toml", ".lanes.toml", "ci/run", "a/0", "b/0", "c", "a/1", "b/1", "a/2", None]
    assert files(audit(*branches)) == expected
    assert files(many()) == [f"out/{i:06}.py" for i in range(9)] + [None]


@SETTINGS
@given(paths, anything, anything)
def test_any_bytes(path: bytes, author: bytes, subject: bytes) -> None:
    found = hostile(path, author, subject)
    one, last = commands(document("github", found))
    (same,) = json.loads(document("gitlab", found))
    assert one.message == same["description"]
    assert last.message == "0 of 1 branch inside"
    shown = path.decode("utf-8", "replace")
    assert one.properties.get("file", shown) == shown or "\ufffd" in shown


def test_a_path_that_no_annotation_can_name() -> None:
    for path in HOSTILE:
        name = path.decode("utf-8", "backslashreplace")
        assert files(audit(outside(path)))[0] == (name if name.isprintable() else None)


# -- The summary of a step


def test_the_summary_of_a_step(clone: Repo, tmp_path: Path) -> None:
    clone.switch("work/docs-1", "main")
    clone.commit({"top.txt": "x"}, "Out")
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n")
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    markdown = clone.script("lane-audit", "--format", "markdown", env=env)
    assert summary.read_text() == "# Before\n"
    ended = clone.script("lane-audit", "--format", "github", env=env)
    assert (ended.status, ended.err, len(commands(ended.out))) == (1, "", 2)
    assert summary.read_text() == "# Before\n" + markdown.out
    into = str(tmp_path / "commands")
    assert clone.script("lane-audit", "--format", "github", "--output", into, env=env).out == ""
    assert summary.read_text() == "# Before\n" + 2 * markdown.out


def test_a_summary_that_can_not_be_written(clone: Repo, tmp_path: Path) -> None:
    env = {"GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "summary.md")}
    ended = clone.script("lane-audit", "--format", "github", env=env)
    assert (ended.status, ended.out, ended.err) == (
        2,
        "",
        f"lanes: could not judge: {tmp_path}/none/summary.md can't be written: No such file or directory\n",
    )
    assert clone.script("lane-audit", env=env).status == 0


def test_a_summary_is_not_too_long() -> None:
    assert len(document("markdown", many()).encode()) < 1024 * 1024
