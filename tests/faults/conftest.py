"""One world for all tests here: nothing may change it."""

import os
from collections.abc import Callable

import pytest
from fakes import FaultyGit
from repos import settings
from situations import Situation, World, make_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A server and two clones that are only read."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GIT_", "PRE_COMMIT"))]:
            patch.delenv(name)
        for name, value in settings(folder).items():
            patch.setenv(name, value)
        return make_world(folder)


@pytest.fixture(scope="session")
def faulty_git(tmp_path_factory: pytest.TempPathFactory) -> FaultyGit:
    """A git that has a fault where a test wants it."""
    return FaultyGit(tmp_path_factory.mktemp("faulty") / "git")


@pytest.fixture(scope="session")
def calls(faulty_git: FaultyGit) -> Callable[[World, Situation], list[str]]:
    """A function that lists the git commands that a program runs in a situation."""
    known: dict[Situation, list[str]] = {}

    def listed(world: World, situation: Situation) -> list[str]:
        if situation not in known:
            with faulty_git.broken(0) as fault:
                ended = world.run(situation, fault.env)
                assert ended.status == situation.status, ended
                known[situation] = fault.calls()
        return known[situation]

    return listed
