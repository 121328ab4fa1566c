"""Several reports of one audit: which option belongs to which, and files that are whole or not there."""

import json
import os
import signal
import stat
import subprocess
from pathlib import Path

import click
import pytest
from fakes import fake_git, started
from repos import SCRIPTS, Repo

from lanes import formats
from lanes.reports import Report, paired

FORMAT, TO = "format", "output"


@pytest.fixture
def work(clone: Repo) -> Repo:
    """The clone, on a branch that is outside its lane."""
    clone.switch("work/docs-1", "main")
    clone.commit({"top.txt": "x"}, "Out")
    return clone


def said(repo: Repo, name: str) -> str:
    """Give a report alone, on stdout."""
    ended = repo.script("lane-audit", "--format", name)
    assert (ended.status, ended.err) == (1, "")
    return ended.out


def refused(repo: Repo, *options: str) -> str:
    """Give the line that refuses these options; nothing else may have been said."""
    ended = repo.script("lane-audit", *options)
    line, usage = ended.err.removesuffix("\n").split("\n", 1)
    assert (ended.status, ended.out) == (2, "")
    return line if usage.strip().startswith("Usage: ") else ended.err


# -- Options


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        ([(FORMAT, "json")], [("json", None)]),
        ([(TO, "a")], [("text", "a")]),
        ([(FORMAT, "json"), (TO, "a")], [("json", "a")]),
        ([(TO, "a"), (FORMAT, "json")], [("json", "a")]),
        ([(FORMAT, "text"), (FORMAT, "json"), (TO, "a")], [("text", None), ("json", "a")]),
        ([(FORMAT, "json"), (TO, "a"), (FORMAT, "text")], [("json", "a"), ("text", None)]),
        ([(FORMAT, "json"), (TO, "a"), (FORMAT, "text"), (TO, "b")], [("json", "a"), ("text", "b")]),
        ([(TO, "a"), (FORMAT, "json"), (TO, "b"), (FORMAT, "text")], [("json", "a"), ("text", "b")]),
        ([(FORMAT, "json"), (TO, "a"), (FORMAT, "json"), (TO, "b")], [("json", "a"), ("json", "b")]),
    ],
)
def test_what_belongs_together(given: list[tuple[str, str]], expected: list[tuple[str, str | None]]) -> None:
    assert paired(given) == [Report(name, Path(file) if file else None) for name, file in expected]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([(FORMAT, "json"), (FORMAT, "text")], "Only one report can go to the standard output; "),
        ([(FORMAT, "json"), (TO, "a"), (TO, "b")], "--output b needs a --format of its own."),
        ([(TO, "a"), (TO, "b"), (FORMAT, "json")], "--output a needs a --format of its own."),
        ([(FORMAT, "json"), (TO, "a"), (FORMAT, "text"), (TO, "./x/../a")], "Only one report can go to a; "),
    ],
)
def test_what_does_not(given: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(click.UsageError) as error:
        paired(given)
    assert error.value.message.startswith(said)


def test_options_that_do_not_belong_together(work: Repo) -> None:
    assert refused(work, "--format", "json", "--format", "sarif") == (
        "lanes: Only one report can go to the standard output; give each --format an --output."
    )
    assert refused(work, "--format", "yaml").startswith(
        "lanes: Invalid value for '--format': 'yaml' is not one"
    )
    assert "needs a --format" in refused(work, "--format", "json", "--output", "a", "--output", "\x1b[m")


def test_every_format_is_there() -> None:
    for name in formats.NAMES:
        assert callable(formats.named(name))


def test_a_format_is_loaded_when_it_is_asked_for(work: Repo) -> None:
    code = (
        "import sys; sys.argv = ['lane-audit', *sys.argv[1:]]\n"
        "from lanes import audit\naudit.main()\n"
        "print(*sorted(m for m in sys.modules if m.startswith('lanes.formats.')), file=sys.stderr)"
    )
    for name, modules in (("text", ["findings", "notes", "text"]), ("json", ["as_json", "json_pieces"])):
        ended = work.run(SCRIPTS / "python", "-c", code, "--format", name)
        assert ended.err.split() == [f"lanes.formats.{module}" for module in modules]


# -- Files


def test_several_at_once(work: Repo, tmp_path: Path) -> None:
    expected = {name: said(work, name) for name in formats.NAMES if name != "text"}
    options = [word for name in expected for word in ("--format", name, "--output", f"{tmp_path}/{name}")]
    ended = work.script("lane-audit", *options, "--format", "text")
    assert (ended.status, ended.err, ended.out) == (1, "", said(work, "text"))
    assert {name: (tmp_path / name).read_text() for name in expected} == expected


def test_reports_in_files_alone(work: Repo, tmp_path: Path) -> None:
    ended = work.script("lane-audit", "--output", "report.txt")
    assert (ended.status, ended.out, ended.err) == (1, "", "")
    assert (work.path / "report.txt").read_text() == said(work, "text")


def test_a_file_that_is_there(work: Repo, tmp_path: Path) -> None:
    """It keeps its mode, and links lead on to it."""
    file, link = tmp_path / "report.json", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    work.script("lane-audit", "--format", "json", "--output", str(link))
    assert link.is_symlink()
    assert file.read_text() == said(work, "json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.glob("*report*")) == ["report.json"]


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="there is no /dev/stdout")
def test_a_file_that_is_none(work: Repo, tmp_path: Path) -> None:
    out = work.script("lane-audit", "--format", "json", "--output", "/dev/stdout").out
    assert out == said(work, "json")
    assert work.script("lane-audit", "--format", "json", "--output", "/dev/null").status == 1
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        work.script("lane-audit", "--format", "json", "--output", str(pipe))
        assert reader.communicate()[0].decode() == out


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("none/report", "No such file or directory"),
        ("folder", "Is a directory"),
        ("top.txt/report", "Not a directory"),
        ("x" * 300, "File name too long"),
        (b"\xff\n/report", "No such file or directory"),
    ],
)
def test_a_file_that_can_not_be_written(work: Repo, tmp_path: Path, file: str | bytes, reason: str) -> None:
    """It is known before the work: git is not asked for a single commit, and no other report is left."""
    (work.path / "folder").mkdir()
    calls = tmp_path / "calls"
    env = fake_git(tmp_path / "git", f'*) echo "$1" >>"{calls}";;')
    options = ("--format", "json", "--output", "good.json", "--format", "text", "--output", file)
    ended = work.script("lane-audit", *options, env=env)
    shown = "\\xff\\n/report" if isinstance(file, bytes) else file
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"lanes: could not judge: {shown} can't be written: {reason}\n"
    assert not calls.exists()
    assert sorted(path.name for path in work.path.iterdir() if "good" in path.name) == []


def test_what_could_not_be_judged_leaves_what_was_there(work: Repo) -> None:
    (work.path / "report.json").write_text("old")
    ended = work.script("lane-audit", "none", "--format", "json", "--output", "report.json")
    assert (ended.status, ended.out) == (2, "")
    assert (work.path / "report.json").read_text() == "old"
    assert list(work.path.glob(".report*")) == []


def test_interrupted_leaves_nothing(work: Repo, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    env = fake_git(tmp_path / "hanging", f'symbolic-ref) echo >"{ready}"; exec sleep 600;;')
    command = (SCRIPTS / "lane-audit", "--format", "json", "--output", "report.json")
    with started(*command, cwd=work.path, env=env) as process:
        ready.read_text()
        assert len(list(work.path.glob(".report.json.*"))) == 1
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    assert list(work.path.glob("*report*")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk(work: Repo) -> None:
    ended = work.script("lane-audit", "--format", "json", "--output", "/dev/full")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "lanes: could not judge: /dev/full can't be written: No space left on device\n"


def test_a_reader_that_stops_early_gets_no_other_report_lost(work: Repo) -> None:
    """Whichever comes first: that nobody reads the one on stdout does not keep the files away."""
    options = ("--format", "text", "--format", "json", "--output", "report.json")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([SCRIPTS / "lane-audit", *options], cwd=work.path, stdout=writer, check=False)
    os.close(writer)
    assert done.returncode == 1
    assert json.loads((work.path / "report.json").read_text())["schema"] == 1
