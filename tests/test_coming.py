"""A tag passes with its integration branch only where git would take that branch, too."""

from pathlib import Path

import pytest
from repos import MANIFEST, Repo, make_repo


@pytest.mark.parametrize("old", ["null", "stale"])
def test_an_update_of_main_that_git_will_refuse_opens_nothing_for_a_tag(tmp_path: Path, old: str) -> None:
    """A raw client names the old id itself; git compares it only after the hook, so the tag would stay."""
    server: Repo = make_repo(tmp_path / "server")
    begun = server.commit({".lanes.toml": MANIFEST, "docs/a": "a\n"})
    server.commit({"docs/a": "b\n"})
    server.git("checkout", "--quiet", "--detach", begun)
    evil = server.commit({"api/evil": "evil\n"})
    server.git("symbolic-ref", "HEAD", "refs/heads/main")
    claimed = "0" * 40 if old == "null" else begun
    feed = f"{claimed} {evil} refs/heads/main\n{'0' * 40} {evil} refs/tags/evil\n"
    assert server.script("lane-pre-receive", stdin=feed.encode()).status != 0
