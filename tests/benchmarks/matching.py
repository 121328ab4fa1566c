"""Matches paths with one engine: `matching.py ENGINE MANIFEST PATHS RESULT`. Only the matching is measured.

Each path is asked of ten of the hundred lanes, so that every lane has work; patterns are compiled before.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pathspec

from lanes.manifest import Lane, parse

LANES_FOR_A_PATH = 10

Match = Callable[[Any], bool]


def _ours(lane: Lane) -> Match:
    return lane.paths.match


def _of_pathspec(backend: str) -> Callable[[Lane], Match]:
    def compiled(lane: Lane) -> Match:
        lines = [pattern.text for pattern in lane.paths.patterns]
        return pathspec.GitIgnoreSpec.from_lines(lines, backend=backend).match_file

    return compiled


def main() -> int:
    """Measure one engine, and write what it took, and how many of the answers were yes."""
    engine, manifest, names, result = sys.argv[1:]
    compiled = _ours if engine == "ours" else _of_pathspec(engine)
    lanes = [compiled(lane) for lane in parse(Path(manifest).read_bytes()).lanes]
    paths: list[Any] = Path(names).read_bytes().split(b"\n")[:-1]
    if engine != "ours":
        paths = [path.decode() for path in paths]  # it takes text
    for match in lanes:
        match(paths[0])
    asked = [(match, paths[i % LANES_FOR_A_PATH :: LANES_FOR_A_PATH]) for i, match in enumerate(lanes)]
    wall, cpu = time.perf_counter(), time.process_time()
    yes = sum(match(path) for match, some in asked for path in some)
    sample = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    Path(result).write_text(json.dumps(sample))
    print(yes)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
