"""Run the suite against any pre-receive hook: `python -m bypasses HOOK`. CONTRIBUTING says how."""

import argparse
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from repos import settings

from bypasses import SCENARIOS
from bypasses.stage import Stage, table


def main() -> int:
    """Play every scenario, print the table, and give 1 where the hook was wrong."""
    parser = argparse.ArgumentParser(prog="bypasses", description="Try to get past a pre-receive hook.")
    parser.add_argument("hook", help="the command that git runs as pre-receive hook, for the shell")
    parser.add_argument("only", nargs="*", help="play only scenarios with one of these words in their names")
    arguments = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    with TemporaryDirectory() as folder:
        os.environ.update(settings(Path(folder)))
        stage = Stage(Path(folder), arguments.hook)
        chosen = [
            scenario
            for scenario in SCENARIOS
            if not arguments.only
            or any(word in f"{scenario.group} {scenario.name}" for word in arguments.only)
        ]
        played = [stage.play(scenario) for scenario in chosen]
    print("\n".join(table(played)))
    return 0 if all(one.right for one in played) else 1


if __name__ == "__main__":
    raise SystemExit(main())
