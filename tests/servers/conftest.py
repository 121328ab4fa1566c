"""One server of each kind for all tests here, which have a repository and a clone each."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from repos import MANIFEST, make_repo, settings

from servers import SERVERS
from servers.hosting import Clone, Hosted, Server
from servers.processes import Missing, at_last
from servers.programs import copy_programs, install

_NUMBERS = count()


@pytest.fixture(scope="package")
def public() -> Iterator[Path]:
    """A folder that every user can read. (TMPDIR may be one's own, and pytest's folders are.)"""
    folder = Path(tempfile.mkdtemp(prefix="lanes-servers-", dir="/tmp"))
    folder.chmod(0o755)
    with at_last("rm", "-rf", folder):
        yield folder


@pytest.fixture(scope="package")
def programs(public: Path) -> Path:
    """The folder with the programs, which the users of all servers can read."""
    return copy_programs(public / "programs")


@pytest.fixture(scope="package", params=SERVERS)
def server(request: pytest.FixtureRequest, public: Path) -> Iterator[Server]:
    """A server that runs. Where this machine can't have it, its tests are skipped, but not in CI."""
    folder = public / request.param
    folder.mkdir()
    folder.chmod(0o755)
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in settings(folder).items():
                environment.setenv(name, value)
            try:
                started = stack.enter_context(SERVERS[request.param](folder))
            except Missing as missing:
                give_up = pytest.fail if "LANES_ALL_SERVERS" in os.environ else pytest.skip
                give_up(f"no {request.param}: {missing}")
        yield started


@pytest.fixture
def name() -> str:
    """The name of a repository that is not there yet."""
    return f"repository-{next(_NUMBERS)}"


@pytest.fixture
def repository(server: Server, name: str, programs: Path) -> Hosted:
    """An empty repository on the server, with the hook."""
    made = server.create(name)
    install(made, programs)
    return made


@pytest.fixture
def clone(server: Server, repository: Hosted, name: str, tmp_path: Path) -> Clone:
    """A clone on `main`, which has the manifest and files in two lanes, and is on the server."""
    made = Clone(make_repo(tmp_path / "clone").path, server, name)
    made.commit({".lanes.toml": MANIFEST, "docs/a.md": "a\n", "api/a.py": "a\n"}, "Begin")
    assert made.push("main").status == 0
    return made
