"""The properties that make a verdict trustworthy: it is the model's, and the same at every entry point."""

import json
import re
import tempfile
from pathlib import Path
from unittest.mock import patch

from histories import BRANCH, History, build, histories
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repos import Repo, make_repo

from lanes.manifest import parse
from lanes.plumbing import Git
from lanes.trust import on_server
from lanes.verdict import Branch, judge_branch

RELAXED = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=250, **RELAXED)
@given(histories())
def test_the_verdict_is_the_models(history: History) -> None:
    judge_as_the_model_does(history)


@settings(max_examples=60, **RELAXED)
@given(histories())
def test_the_verdict_is_the_models_with_one_integration_branch(history: History) -> None:
    """What most repositories have, and the shortest way through the search for trusted sides."""
    history.release = history.main
    judge_as_the_model_does(history, "update-ref", "-d", "refs/heads/release")


@settings(max_examples=60, **RELAXED)
@given(histories(), st.sampled_from([0, 3, 50_000]))
def test_the_verdict_is_the_models_in_small_pieces(history: History, most_caught: int) -> None:
    """As with long branches: several git processes read, two at once; what is outside may be too much."""
    with (
        patch("lanes.sieve._PIECE", 2),
        patch("lanes.history._PIECE", 2),
        patch("lanes.sieve.MOST_CAUGHT", most_caught),
    ):
        judge_as_the_model_does(history)


def test_the_tip_of_the_one_integration_branch_merged() -> None:
    """The commonest merge, which random histories seldom hold: the trusted side is the tip alone."""
    begun, newer, mine = {"top": "1"}, {"top": "2"}, {"top": "1", "docs/in": "1"}
    trees = [begun, newer, mine, {"top": "2", "docs/in": "1"}, {"top": "1", "docs/in": "1"}]
    for tip, charged in ((3, set()), (4, {(4, "top")})):
        history = History([[], [0], [0], [2, 1], [2, 1]], trees, main=1, release=1, tip=tip)
        assert history.violations() == charged
        judge_as_the_model_does(history, "update-ref", "-d", "refs/heads/release")


def judge_as_the_model_does(history: History, *before: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repo = make_repo(Path(folder, "repo"), "--bare")
        commits = build(repo, history)
        if before:
            repo.git(*before)
        git = Git(repo.path)
        trust = on_server(git)
        verdict = judge_branch(git, trust, Branch(BRANCH.encode(), b"work/docs-1", commits[history.tip]))
        assert verdict.error is None
        found = {(commits.index(v.commit or ""), (v.path or b"").decode()) for v in verdict.violations}
        # The root commits of orphans hold the manifest too, which is not their lane's.
        roots = {commits.index(v.commit or "") for v in verdict.violations if v.path == b".lanes.toml"}
        assert all(not history.parents[root] for root in roots)
        assert {one for one in found if one[1] != ".lanes.toml"} == history.violations()
        assert len(found) == len(verdict.violations)


@settings(max_examples=25, **RELAXED)
@given(histories())
def test_a_push_and_an_audit_say_the_same(history: History) -> None:
    with tempfile.TemporaryDirectory() as folder:
        local = make_repo(Path(folder, "local"), "--bare")
        build(local, history)
        server = make_repo(Path(folder, "server"), "--bare")
        local.git("push", "--quiet", str(server.path), "main", "release")
        server.hook("pre-receive", "lane-pre-receive")
        pushed = local.try_git("push", str(server.path), "work/docs-1")
        server.git("fetch", "--quiet", str(local.path), "work/docs-1:audited")
        audited = server.script("lane-audit", "--as", "work/docs-1", "audited", "--format", "json")
        (branch,) = json.loads(audited.out)["branches"]
        assert audited.status == (1 if branch["violations"] else 0)
        assert pushed.status == audited.status
        assert _as_printed(pushed.err) == {
            (violation["commit"][:12], violation["path"], violation["reason"])
            for violation in branch["violations"]
        }


def _as_printed(said: str) -> set[tuple[str, str, str]]:
    found, commit = set(), ""
    for line in said.splitlines():
        if of := re.match(r"remote:   commit ([0-9a-f]{12}) ", line):
            commit = of[1]
        elif change := re.match(
            r"remote:     (?:adds|deletes|changes|decides about) (\S+) \(([a-z-]+): ", line
        ):
            found.add((commit, change[1], change[2]))
    return found


def test_the_histories_hold_both_kinds(repo: Repo) -> None:
    """The model would prove nothing if it never charged, or always did."""
    evil = History([[], [0], [1]], [{}, {"docs/in": "1"}, {"docs/in": "1", "top": "1"}], tip=2)
    clean = History([[], [0], [1]], [{}, {"docs/in": "1"}, {"docs/in": "2"}], tip=2)
    assert evil.violations() == {(2, "top")}
    assert clean.violations() == set()
    assert parse(b"version = 1\n").lanes == ()
