"""Sealed branches take in what the model of their rule lets in, and nothing else."""

import tempfile
from collections import defaultdict
from pathlib import Path

from histories import build
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repos import make_repo
from sealed_histories import LANES, NAMED, SEALED, Offence, Sealed, sealed_histories

from lanes.plumbing import Git
from lanes.steps import judge_steps
from lanes.trust import on_server
from lanes.verdict import Branch

RELAXED = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=200, **RELAXED)
@given(sealed_histories(), st.booleans())
def test_the_verdict_is_the_models(history: Sealed, named: bool) -> None:
    steps = history.steps()
    with tempfile.TemporaryDirectory() as folder:
        repo = make_repo(Path(folder, "repo"), "--bare")
        commits = build(repo, history, NAMED if named else SEALED)
        if history.begins:
            repo.git("update-ref", "-d", "refs/heads/release")
        git = Git(repo.path)
        name = b"release" if history.begins else b"main"
        branch = Branch(b"refs/heads/" + name, name, commits[history.tip])
        verdict = judge_steps(git, on_server(git), branch, None if history.begins else commits[history.main])
    assert verdict.error is None
    assert (verdict.refusal is not None) is (steps is None)
    if steps is None:
        return
    assert verdict.commits == len(steps)
    found: dict[int, set[Offence]] = defaultdict(set)
    for violation in verdict.violations:
        commit = commits.index(violation.commit or "")
        step = next(step for step in steps if commit in history.ancestors(step))
        found[step].add((commit, (violation.path or b"").decode()))
    assert sum(map(len, found.values())) == len(verdict.violations)
    for step in steps:
        assert found[step] in history.closest(step, named)


def test_the_model_lets_in_and_keeps_out() -> None:
    """It would prove nothing if it always did the one or the other."""
    begun = {".lanes.toml": "the manifest"}
    docs, api, both = (
        {**begun, "docs/in": "1"},
        {**begun, "api/out": "1"},
        {**begun, "docs/in": "1", "api/out": "1"},
    )
    lane = Sealed([[], [0], [0, 1]], [begun, docs, docs], tip=2)
    assert (lane.steps(), lane.closest(2, named=False)) == ([2], [set()])
    squashed = Sealed([[], [0]], [begun, both], tip=1)
    assert squashed.closest(1, named=False) == [{(1, "api/out")}, {(1, "docs/in")}]
    evil = Sealed([[], [0], [0, 1]], [begun, docs, both], tip=2)
    assert evil.closest(2, named=False) == [{(2, "api/out")}, {(1, "docs/in")}]
    taken_back = Sealed([[], [0], [1], [0, 2]], [begun, api, docs, docs], tip=3)
    assert taken_back.closest(3, named=False) == [{(1, "api/out")}, {(2, "docs/in")}]
    wrong_way = Sealed([[], [0], [0], [2, 1]], [begun, begun, docs, docs], main=1, tip=3)
    assert wrong_way.steps() is None
    protected = Sealed([[], [0]], [begun, {**begun, "ci/run": "1"}], tip=1)
    assert protected.closest(1, named=True) == [set()] * len(LANES)
    assert protected.closest(1, named=False) == [{(1, "ci/run")}] * len(LANES)
