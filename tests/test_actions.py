"""What installing does, step by step: all of it or nothing."""

import os
import sys
from pathlib import Path

import pytest
from installing import OLD, put, snapshot
from repos import Ended, Repo

from lanes.actions import Back, MakeFolder, Put, carry_out
from lanes.errors import CannotJudge


class Stop:
    """A step that stops the work."""

    said = ("stopped",)

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def do(self) -> None:
        raise self.error

    def undo(self) -> None:
        raise AssertionError


def steps(folder: Path) -> list[Put | MakeFolder | Back]:
    """Steps of every kind, in a folder of their own; what they find there is made, too."""
    put(folder / "old")
    (folder / "link").symlink_to("old")
    put(folder / "ours", "ours\n")
    put(folder / "mine", "mine\n")
    put(folder / "hers", "hers\n")
    put(folder / "hers.kept", "before\n", 0o640)
    (folder / "empty").mkdir()
    return [
        MakeFolder(folder / "new"),
        Put(folder / "new" / "hook", b"x"),
        Put(folder / "old", b"x", kept=folder / "old.kept"),
        Put(folder / "link", b"x", kept=folder / "link.kept"),
        Put(folder / "ours", b"x", before=b"ours\n"),
        Back(Put(folder / "mine", b"mine\n"), []),
        Back(Put(folder / "hers", b"hers\n", kept=folder / "hers.kept"), []),
        Back(MakeFolder(folder / "empty"), []),
    ]


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device", "hook"), CannotJudge("x"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("at", range(9))
def test_what_stops_half_way_changes_nothing(tmp_path: Path, error: BaseException, at: int) -> None:
    planned = steps(tmp_path / "folder")
    before = snapshot(tmp_path / "folder")
    with pytest.raises(CannotJudge if isinstance(error, OSError) else type(error)) as stopped:
        carry_out([*planned[:at], Stop(error), *planned[at:]])
    if isinstance(error, OSError):
        assert str(stopped.value) == "hook: No space left on device; nothing was changed"
    assert snapshot(tmp_path / "folder") == before


def test_all_steps(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    carry_out(steps(folder))
    assert {name: content for name, (_, content) in snapshot(folder).items()} == {
        "hers": b"before\n",
        "link": b"x",
        "link.kept": "old",
        "new": "",
        "new/hook": b"x",
        "old": b"x",
        "old.kept": OLD.encode(),
        "ours": b"x",
    }


def test_what_can_t_be_undone_is_said(tmp_path: Path) -> None:
    planned = Put(tmp_path / "hook", b"x", said=["written: hook"])

    class Lose(Stop):
        def do(self) -> None:
            (tmp_path / "hook").unlink()
            super().do()

    with pytest.raises(CannotJudge) as stopped:
        carry_out([planned, Lose(OSError(5, "Input/output error"))])
    assert str(stopped.value) == "Input/output error; these could not be undone: written: hook"


def no_links(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("kept", [True, False])
def test_a_file_that_can_t_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    """A disk without links, and a failure after what was there has got its other name."""
    put(tmp_path / "hook", OLD, 0o640)
    before = snapshot(tmp_path)
    replace = Path.replace

    def fails(source: Path, target: Path) -> Path:
        if source.name.startswith(".hook."):
            raise OSError(5, "Input/output error", str(target))
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", fails)
    if not kept:
        monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(CannotJudge):
        carry_out([Put(tmp_path / "hook", b"x", kept=tmp_path / "hook.kept")])
    assert snapshot(tmp_path) == before


def test_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "hook", OLD, 0o640)
    before = snapshot(tmp_path)
    monkeypatch.setattr(os, "link", no_links)
    planned = Put(tmp_path / "hook", b"x", kept=tmp_path / "hook.kept")
    carry_out([planned])
    assert snapshot(tmp_path)["hook.kept"] == before["hook"]
    carry_out([Back(planned, [])])
    assert snapshot(tmp_path) == before


def test_what_came_in_between_is_not_lost(tmp_path: Path) -> None:
    put(tmp_path / "hook")
    put(tmp_path / "hook.kept", "other\n")
    before = snapshot(tmp_path)
    with pytest.raises(CannotJudge):
        carry_out([Put(tmp_path / "hook", b"x", kept=tmp_path / "hook.kept")])
    assert snapshot(tmp_path) == before


ENDED_BETWEEN = """
import os, signal, sys
from pathlib import Path
from lanes import signals
from lanes.actions import Put, carry_out
from lanes.plumbing import Git
folder = Path(sys.argv[1])
class Signal(Put):
    def do(self):
        super().do()
        os.kill(os.getpid(), signal.SIGTERM)
        Git().read("version")
signals.catch()
try:
    carry_out([Put(folder / "a", b"a"), Signal(folder / "b", b"b"), Put(folder / "c", b"c")])
except signals.Ended as end:
    sys.exit(end.status)
"""


def test_a_signal_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    ended = Repo(tmp_path).run(sys.executable, "-c", ENDED_BETWEEN, tmp_path / "folder")
    assert (ended, snapshot(tmp_path / "folder")) == (Ended(143, "", ""), {})
