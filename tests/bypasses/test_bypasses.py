"""Every scenario against git-lanes itself: its push, and the audit of the same branch."""

import pytest
from repos import settings

from bypasses import SCENARIOS
from bypasses.stage import Must, Played, Scenario, Stage

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
