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
    names = {f"{scenario.group}: {scenario.name}": scenario for scenario in SCENARIOS}
    chosen = [name for name in names if not arguments.only or any(word in name for word in arguments.only)]
    if not chosen:
        parser.error("no scenario has such a word in its name")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    right = []
    with TemporaryDirectory() as folder:
        os.environ.update(settings(Path(folder)))
        try:
            stage = Stage(Path(folder), arguments.hook)
        except FileNotFoundError as error:
            parser.error(str(error))
        played = (stage.play(names[name]) for name in chosen)
        for line in table(played, max(map(len, chosen))):
            print(line, flush=True)
            right.append("  WRONG: " not in line)
    return 0 if all(right) else 1


if __name__ == "__main__":
    raise SystemExit(main())
