"""The benchmarks run, and what they write is well-formed. Nothing is timed here."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from repos import Repo

from benchmarks.__main__ import BEGIN, END, README, renewed
from benchmarks.clock import Failed, Sample, measure
from benchmarks.comparisons import Comparison, Goal, Variant
from benchmarks.material import SMALL, Material
from benchmarks.results import Results, as_markdown, compare, machine, versions

HERE = Path(__file__).parent
SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["linear", "merges", "clone", "memory", "push-many", "push-one", "commit-one", "matching"]
NAMES += ["ten-ahead", "refs"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)


@pytest.fixture
def history(repo: Repo) -> Repo:
    """A repository with a merge after the tag `old`."""
    repo.commit({"a.txt": "1\n"}, "Begin")
    repo.git("tag", "old")
    repo.switch("topic", "main")
    repo.commit({"b/b.txt": "2\n"})
    repo.switch("main")
    repo.commit({"a.txt": "2\n"})
    repo.git("merge", "--quiet", "--no-edit", "topic")
    return repo


def absent() -> set[str]:
    """Name the variants whose programs are not here."""
    there = {
        "lanekeeper check, one net difference": shutil.which("lanekeeper"),
        "gitolite's NAME rule, one net difference": shutil.which("gitolite"),
        "pathspec, re2 backend": find_spec("re2"),
    }
    return {name for name, found in there.items() if not found}


def test_all_of_it_in_small(history: Repo, tmp_path: Path) -> None:
    clone = ("--clone", str(history.path), "--range", "old..HEAD")
    done = run("--size", "small", "--rounds", "1", "--output", str(tmp_path), *clone)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "benchmarks.json").read_text())
    compared = results["comparisons"]
    variants = [variant for comparison in compared for variant in comparison["variants"]]
    goals = [goal for comparison in compared for goal in comparison["goals"]]
    assert [comparison["name"] for comparison in compared] == NAMES
    assert {variant["name"] for variant in variants if variant["reason"]} == absent()
    for comparison in compared:
        turns = 0 if comparison["name"] == "memory" else 1
        there = [variant for variant in comparison["variants"] if not variant["reason"]]
        assert [len(variant["wall"]) for variant in there] == [turns] * len(there)
        assert all(time > 0 for variant in there for time in (*variant["wall"], *variant["cpu"]))
    _check_tables(done.stdout, [goal["goal"]["text"] for goal in goals], [v["name"] for v in variants])
    _check_plot(tmp_path / "benchmarks.svg", sum(len(variant["wall"]) for variant in variants))


def _check_tables(text: str, goals: list[str], variants: list[str]) -> None:
    """Every row has as many cells as its header, and the first ones are what was measured, in order."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
    names = [row[0].strip().replace("\\|", "|") for row in rows]
    begin = names.index("", 1)  # of the second table
    assert {len(row) for row in rows[:begin]} == {4}
    assert {len(row) for row in rows[begin:]} == {5}
    assert names[2:begin] == goals
    plain = [re.sub(r" \(1 in .*\)$", "", name) for name in names[begin + 2 :] if "**" not in name]
    assert plain == variants


def _check_plot(file: Path, points: int) -> None:
    picture = ET.parse(file).getroot()
    width, height = (float(picture.attrib[name]) for name in ("width", "height"))
    circles = list(picture.iter(f"{SVG}circle"))
    assert len(circles) <= points
    assert circles
    for circle in circles:
        assert 0 < float(circle.attrib["cx"]) < width
        assert 0 < float(circle.attrib["cy"]) < height
    assert all(text.text for text in picture.iter(f"{SVG}text"))


def test_repositories_are_the_same_everywhere(tmp_path: Path) -> None:
    material = Material(tmp_path, SMALL)
    found = [history.repo.git("rev-parse", "work/all") for history in (material.linear(), material.merged())]
    assert found == ["6479b2666e90ee0bc809887706b7294ae4cd2bbf", "e463990c2d4f18dd7fe6a59c222d72ca19e025be"]
    assert int(material.merged().repo.git("rev-list", "--count", "--merges", "main..work/all")) == 52


def test_the_paths_are_distinct(tmp_path: Path) -> None:
    paths = Material(tmp_path, SMALL).paths().read_text().splitlines()
    assert len(set(paths)) == len(paths) == SMALL.paths


def test_the_cpu_time_of_children_counts() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    sample = measure(["sh", "-c", '"$0" -c "$1"; true', sys.executable, busy])
    assert sample.cpu >= 0.3
    assert sample.memory == {}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory of each process")
def test_the_memory_is_that_of_each_program() -> None:
    large = "import time; held = bytearray(100 << 20); time.sleep(0.5)"
    sample = measure(["sh", "-c", '"$0" -c "$1"; true', sys.executable, large], watch=True)
    assert 100 << 20 <= sample.memory["python"] <= 150 << 20
    assert max(used for name, used in sample.memory.items() if name != "python") < 20 << 20


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(Failed, match="status 3 from: sh -c exit 3"):
        measure(["sh", "-c", "exit 3"])


def test_what_fails_keeps_no_others_from_being_measured() -> None:
    def fails(_watch: bool) -> Sample:
        raise Failed("status 2 from: a | b")

    variants = [Variant("bad", fails), Variant("good", lambda watch: Sample(2.0, 1.0))]
    compared = compare(
        "x", Comparison("X", variants, [Goal("fast", "wall", "bad", "good", 1)]), 2, lambda said: None
    )
    results = Results(machine(), versions(), "small", [replace(compared, load=0.5)])
    assert results.failed()
    assert as_markdown(results).splitlines()[4:] == [
        "| goal | measured | wanted | |",
        "|---|--:|--:|---|",
        "| fast |  | ≤ 1 | not measured |",
        "",
        "| | wall | CPU | memory | times |",
        "|---|--:|--:|--:|--:|",
        "| **X** (2 rounds, load 0.5) | | | | |",
        "| bad | failed: status 2 from: a \\| b | | | |",
        "| good | 2.00 s | 1.00 s |  |  |",
    ]


def test_medians_are_compared_and_parts_multiplied() -> None:
    slow = iter([9.0, 3.0, 1.0, 2.0])  # the first is to warm up
    fast = iter([9.0, 1.0, 1.0, 7.0])
    variants = [
        Variant("slow", lambda watch: Sample(next(slow), 1, {"git": 5_000_000}), parts=10),
        Variant("fast", lambda watch: Sample(next(fast), 1)),
    ]
    goals = [
        Goal("most", "wall", "slow", "fast", 20),
        Goal("least", "wall", "slow", "fast", 20.1, at_least=True),
        Goal("memory", "git", "slow", None, 4),
    ]
    compared = compare("x", Comparison("X", variants, goals), 3, lambda said: None)
    assert [(reached.value, reached.verdict) for reached in compared.goals] == [
        (20, "met"),
        (20, "missed"),
        (5, "missed"),
    ]
    assert (compared.variants[0].wall, compared.variants[1].wall) == ([30, 10, 20], [1, 1, 7])


def test_a_name_that_is_none() -> None:
    done = run("--only", "linaer")
    assert done.returncode == 2
    assert "there is no comparison linaer, only linear, merges" in done.stderr


def test_the_readme_is_renewed_between_its_markers() -> None:
    readme = f"before\n{BEGIN}old\n{END}after\n"
    assert renewed(readme, "new\n") == f"before\n{BEGIN}new\n{END}after\n"
    text = README.read_text()
    assert text.count(BEGIN) == text.count(END) == 1


def test_the_readme_shows_the_results_that_are_kept() -> None:
    table = README.read_text().partition(BEGIN)[2].partition(END)[0]
    results = json.loads((HERE / "benchmarks.json").read_text())
    goals = [goal for comparison in results["comparisons"] for goal in comparison["goals"]]
    variants = [
        variant["name"] for comparison in results["comparisons"] for variant in comparison["variants"]
    ]
    _check_tables(table, [goal["goal"]["text"] for goal in goals], variants)
    assert [row for row in table.splitlines() if row.endswith(("missed |", "met |"))]
