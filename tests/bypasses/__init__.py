"""A suite of ways past a write lane, for any pre-receive hook. CONTRIBUTING says how to run it."""

from bypasses import commits, crossings, manifests, merges, paths, places, refs, trees
from bypasses.stage import scenarios_of

SCENARIOS = scenarios_of(commits, merges, crossings, refs, trees, places, paths, manifests)
