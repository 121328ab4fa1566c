"""Run the benchmarks: `python -m benchmarks`. CONTRIBUTING says how."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from repos import settings

from benchmarks.comparisons import comparisons
from benchmarks.material import FULL, SMALL, Material
from benchmarks.plot import as_svg
from benchmarks.results import Results, as_json, as_markdown, compare, machine, versions

SIZES = {size.name: size for size in (FULL, SMALL)}
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
README, BUILT = ROOT / "README.md", ROOT / "build" / "benchmarks"
BEGIN, END = "<!-- benchmarks: begin -->\n", "<!-- benchmarks: end -->\n"


def main() -> int:
    """Measure, print the tables, and write the results and the picture."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure git-lanes, git and others.")
    parser.add_argument("--size", choices=SIZES, default=FULL.name, help="small is to see that it works")
    parser.add_argument("--rounds", type=int, default=5, help="how often each variant runs (default: 5)")
    parser.add_argument("--only", action="append", metavar="NAME", help="make only this comparison")
    parser.add_argument("--clone", type=Path, help="a clone without a manifest, to audit its history")
    parser.add_argument("--range", default="v2.25.0..HEAD", help="the commits of it (default: git's own)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep what is made, for the next time")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", default=BUILT, help="where the results and the plot go"
    )
    parser.add_argument("--readme", action="store_true", help="renew the README and its picture")
    arguments = parser.parse_args()
    if arguments.readme and (arguments.only or arguments.size != FULL.name):
        parser.error("the README shows all comparisons in full size")
    if arguments.rounds < 1:
        parser.error("at least one round")
    output = HERE if arguments.readme else arguments.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    clone = arguments.clone and arguments.clone.resolve()
    with _workplace(arguments.keep) as (kept, scratch):
        known = comparisons(Material(kept, SIZES[arguments.size]), scratch, clone, arguments.range)
        if unknown := set(arguments.only or ()) - set(known):
            parser.error(f"there is no comparison {unknown.pop()}, only {', '.join(known)}")
        where, found = machine(), versions()
        chosen = [name for name in known if not arguments.only or name in arguments.only]
        done = [compare(name, known[name](), arguments.rounds, _say) for name in chosen]
    results = Results(where, found, arguments.size, done)
    table = as_markdown(results)
    print(table, end="")
    _say(f"all runs, and a plot, are in {output}")
    (output / "benchmarks.json").write_text(as_json(results))
    (output / "benchmarks.svg").write_text(as_svg(results))
    if arguments.readme:
        README.write_text(renewed(README.read_text(), table))
    return int(results.failed())


def renewed(readme: str, table: str) -> str:
    """Put the table between the two markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}{table}{end}{after}"


@contextmanager
def _workplace(keep: Path | None) -> Iterator[tuple[Path, Path]]:
    """Give a folder for what can be kept and one for what can't, without the machine's own git settings."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    if keep:
        keep = keep.resolve()
        keep.mkdir(parents=True, exist_ok=True)
    # Both in one file system, since copies share what never changes.
    with TemporaryDirectory(dir=keep) as folder:
        scratch = Path(folder).resolve()
        os.environ.update(settings(scratch))
        yield keep or scratch / "made", scratch
        os.chdir("/")


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
