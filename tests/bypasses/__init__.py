"""A suite of ways past a write lane, for any pre-receive hook. CONTRIBUTING says how to run it."""

from bypasses import commits
from bypasses.stage import scenarios_of

SCENARIOS = scenarios_of(commits)
