"""Every scenario against git-lanes itself: its push, and the audit of the same branch."""

from pathlib import Path

import pytest
from repos import settings

from bypasses import SCENARIOS
from bypasses.stage import Must, Played, Scenario, Stage, table

STATUS = {Must.ACCEPT: 0, Must.REJECT: 1, Must.NOT_JUDGE: 2}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("stage")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings(folder).items():
            environment.setenv(name, value)
        return Stage(folder, "lane-pre-receive", "lane-audit")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: f"{one.group}-{one.name.replace(' ', '-')}")
def test_scenario(stage: Stage, scenario: Scenario) -> None:
    played = stage.play(scenario)
    assert played.right, played.push
    assert _said(played) == scenario.must, played.push
    if played.audit is not None:
        assert played.audit.status == STATUS[scenario.must], played.audit


def _said(played: Played) -> Must:
    if played.let_in:
        return Must.ACCEPT
    return Must.NOT_JUDGE if "could not" in played.push.err and "judge" in played.push.err else Must.REJECT


FOUND_OUT = {
    ("commits", "add then revert"): True,
    ("commits", "rename into the lane"): True,
    ("commits", "branch begun on an old main"): False,
}


def test_the_suite_can_fail(tmp_path: Path) -> None:
    """A hook of the kind found everywhere lets evil in, and refuses what is legal."""
    stage = Stage(tmp_path, f'exec "{Path(__file__).parent / "naive-hook.sh"}"')
    chosen = [scenario for scenario in SCENARIOS if (scenario.group, scenario.name) in FOUND_OUT]
    played = [stage.play(scenario) for scenario in chosen]
    assert {(one.scenario.group, one.scenario.name): one.let_in for one in played} == FOUND_OUT
    lines = list(table(played, 40))
    assert lines[-1] == "3 scenarios: 2 got past the hook, 1 that are legal were refused"
    assert all("  WRONG: " in line for line in lines[1:-1])
