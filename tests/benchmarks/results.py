"""What was measured: run side by side, summed up, and written as a table and as JSON."""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from benchmarks.clock import Failed, Sample
from benchmarks.comparisons import Comparison, Goal

FAILED = "failed: "


@dataclass
class Measured:
    """All runs of one variant: seconds, and bytes for each program."""

    name: str
    parts: float
    reason: str | None
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: Mapping[str, int] = field(default_factory=dict)

    def take(self, run: Callable[[bool], Sample], warming_up: bool) -> None:
        """Run it once. What fails is not run again, and keeps no others from being measured."""
        try:
            sample = run(warming_up)
        except Failed as failed:
            self.reason = f"{FAILED}{failed}"
            return
        if warming_up:
            self.memory = sample.memory
        else:
            self.wall.append(sample.wall * self.parts)
            self.cpu.append(sample.cpu * self.parts)

    def figure(self, name: str) -> float | None:
        """Give the median time, or the memory of a program in MB; None where it was not measured."""
        if self.reason:
            return None
        if name in ("wall", "cpu"):
            times = self.wall if name == "wall" else self.cpu
            return median(times) if times else None
        return self.memory[name] / 1e6 if name in self.memory else None


@dataclass(frozen=True)
class Reached:
    """A goal, and the value that was measured; None where it could not be."""

    goal: Goal
    value: float | None

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        met = self.value >= self.goal.bound if self.goal.at_least else self.value <= self.goal.bound
        return "met" if met else "missed"


@dataclass(frozen=True)
class Compared:
    """One comparison, done."""

    name: str
    title: str
    ours: str
    """The variant that the others are compared with in the plot."""
    rounds: int
    load: float
    """What else the machine was doing when it began: the mean number of processes that wanted to run."""
    variants: Sequence[Measured]
    goals: Sequence[Reached]


@dataclass(frozen=True)
class Results:
    """All comparisons, and where they were made."""

    machine: Mapping[str, str]
    versions: Mapping[str, str]
    size: str
    comparisons: Sequence[Compared]

    def failed(self) -> bool:
        """Tell whether something could not be measured that should have been."""
        reasons = (one.reason or "" for compared in self.comparisons for one in compared.variants)
        return any(reason.startswith(FAILED) for reason in reasons)


def compare(name: str, comparison: Comparison, rounds: int, say: Callable[[str], None]) -> Compared:
    """Run the variants by turns, once to warm up and to see their memory, and then in *rounds*."""
    measured = [Measured(v.name, v.parts, None if v.measured else v.reason) for v in comparison.variants]
    pairs = [(variant.measured, one) for variant, one in zip(comparison.variants, measured, strict=True)]
    turns, load = rounds if comparison.timed else 0, os.getloadavg()[0]
    for turn in range(turns + 1):
        say(f"{name}: {f'round {turn} of {turns}' if turn else 'warming up'}")
        for run, one in pairs:
            if run and not one.reason:
                one.take(run, warming_up=turn == 0)
    known = {one.name: one for one in measured}
    goal = comparison.goals[0]
    ours = goal.against if goal.at_least and goal.against else goal.of
    reached = [Reached(goal, _value(goal, known)) for goal in comparison.goals]
    return Compared(name, comparison.title, ours, turns, round(load, 1), measured, reached)


def _value(goal: Goal, known: Mapping[str, Measured]) -> float | None:
    value = known[goal.of].figure(goal.figure)
    if goal.against is None or value is None:
        return value
    base = known[goal.against].figure(goal.figure)
    return value / base if base else None


# -- Where it was


def machine() -> dict[str, str]:
    """Tell what the figures depend on."""
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(": ")[1] for line in lines if line.startswith("model name")), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": model.strip(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def versions() -> dict[str, str]:
    """Tell which programs and packages were measured, and which are not there."""
    git = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout.split()[2]
    found = {"git": git, "Python": platform.python_version()}
    for package in ("git-lanes", "pathspec", "GitPython", "google-re2"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


# -- As text


def as_json(results: Results) -> str:
    """Give everything, each single run of it, too."""
    document = asdict(results)
    for shown, compared in zip(document["comparisons"], results.comparisons, strict=True):
        for goal, reached in zip(shown["goals"], compared.goals, strict=True):
            goal["verdict"] = reached.verdict
    return json.dumps(document, indent=2) + "\n"


def as_markdown(results: Results) -> str:
    """Give the goals, and what every variant took, as tables."""
    return "\n".join([*_where(results), "", *_goals(results), "", *_variants(results)]) + "\n"


def _where(results: Results) -> Iterator[str]:
    machine, versions = results.machine, results.versions
    yield (f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, {machine['system']}.")
    yield ", ".join(f"{name} {number}" for name, number in versions.items()) + "."
    yield f"Size {results.size}. Times are medians; the load is what else the machine was doing at that time."


def _goals(results: Results) -> Iterator[str]:
    yield from ("| goal | measured | wanted | |", "|---|--:|--:|---|")
    for compared in results.comparisons:
        for reached in compared.goals:
            goal, value = reached.goal, reached.value
            wanted = f"{'≥' if goal.at_least else '≤'} {goal.bound:g}"
            yield f"| {_cell(goal.text)} | {number(value)} | {wanted} | {reached.verdict} |"


def _variants(results: Results) -> Iterator[str]:
    yield from ("| | wall | CPU | memory | times |", "|---|--:|--:|--:|--:|")
    for compared in results.comparisons:
        turns = f"{compared.rounds} round{'s' if compared.rounds > 1 else ''}, " if compared.rounds else ""
        yield f"| **{compared.title}** ({turns}load {compared.load}) | | | | |"
        base = next(one for one in compared.variants if one.name == compared.ours).figure("wall")
        for one in compared.variants:
            if one.reason is not None:
                yield f"| {_cell(one.name)} | {_cell(one.reason)} | | | |"
                continue
            wall, cpu = one.figure("wall"), one.figure("cpu")
            times = number(wall / base if wall and base else None)
            name = _cell(one.name) + (f" (1 in {one.parts:.0f}, multiplied)" if one.parts > 1 else "")
            yield f"| {name} | {_time(wall)} | {_time(cpu)} | {_memory(one.memory)} | {times} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def number(value: float | None) -> str:
    """Write a multiple or an amount as precisely as it is worth."""
    if value is None:
        return ""
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:,.2f} s"


def _memory(programs: Mapping[str, int]) -> str:
    """Write what Python and git had; whoever had less than that ended before it could be seen."""
    seen = {name: used / 1e6 for name, used in sorted(programs.items()) if used > 2e6}
    return ", ".join(f"{name} {used:.0f} MB" for name, used in seen.items() if name in ("git", "python"))
