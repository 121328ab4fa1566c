"""A suite of ways past a write lane, for any pre-receive hook. CONTRIBUTING says how to run it."""

from bypasses import commits, manifests, merges, paths, refs, seals, trees
from bypasses.stage import scenarios_of

SCENARIOS = scenarios_of(commits, merges, refs, trees, paths, manifests, seals)
