"""`git lanes status`: where the branches stand, what would conflict, and in which order they can go in."""

import json
import shlex
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import combinations, islice
from typing import NamedTuple

from lanes import report
from lanes.audit import covered, verdict_on
from lanes.command import open_repository, trust_of
from lanes.conflicts import Conflict, merge, pairs_to_merge
from lanes.entry import say
from lanes.errors import CannotJudge
from lanes.lineage import Lineage
from lanes.manifest import BRANCHES
from lanes.plumbing import Git
from lanes.push import REMOTES
from lanes.text import printable, quoted, shortened
from lanes.trust import Trust
from lanes.verdict import Branch, Verdict, exit_status

MOST_MERGES = 10_000
WIDTH = 100
MOST_CONFLICTS = 50
MOST_PATHS = 5
_LONGEST_WORD = 16  # a lane or an author in the table
_HEADER = ("branch", "lane", "verdict", "ahead", "behind", "changed", "author")

Refs = tuple[bytes, bytes]
"""Two branches by their full refs; the trusted one comes first."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A branch at one tip: its full refs there, a local one first, its verdict, and how far it is.

    `author` and `date` (seconds since 1970) are its last commit's, None where git can't read that. `ahead`
    and `behind` count against the trusted branch, None where the branch was not compared. `newer` is another
    ref of the same branch, which holds all of this one.
    """

    name: bytes
    tip: str
    refs: tuple[bytes, ...]
    verdict: Verdict
    author: bytes | None = None
    date: int | None = None
    ahead: int | None = None
    behind: int | None = None
    newer: bytes | None = None

    @property
    def sound(self) -> bool:
        """Tell whether it can be compared: it was judged, and may have its name."""
        return self.verdict.error is None and self.verdict.refusal is None

    @property
    def waits(self) -> bool:
        """Tell whether it has something to merge, which no newer version of the branch brings."""
        return bool(self.ahead) and self.newer is None


class Turn(NamedTuple):
    """A branch that can go in, and those before it, the trusted one included, that it conflicts with."""

    ref: bytes
    by_hand: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """All branches that a lane covers, and what merging them would be like.

    `untried` counts pairs that were too many to merge; `error` says why nothing could be compared.
    """

    standings: tuple[Standing, ...]
    conflicts: Mapping[Refs, Conflict] = field(default_factory=dict)
    order: tuple[Turn, ...] = ()
    untried: int = 0
    error: str | None = None

    @property
    def status(self) -> int:
        """The exit status: the worst verdict's, and 2 where nothing could be compared."""
        return 2 if self.error is not None else exit_status(standing.verdict for standing in self.standings)


def tell(shape: str) -> int:
    """Print how all branches stand, as *shape* says: text or json; give the exit status."""
    git, repository = open_repository()
    trust = trust_of(git, repository, None)
    found = survey(git, trust)
    say(as_json(trust, found) if shape == "json" else as_text(trust, found, time.time()))
    return found.status


def survey(git: Git, trust: Trust) -> Survey:
    """Judge all branches that a lane covers, and compare and merge those that could be judged.

    Raises CannotJudge where there is no manifest, or git can't list the branches.
    """
    standings = _standings(git, trust)
    main, commit = trust.ref or b"", trust.commit or ""  # there is a manifest, so there are both
    try:
        lineage = Lineage(git, list(dict.fromkeys([commit, *(each.tip for each in standings if each.sound)])))
        standings = [_placed(lineage, standing, standings) for standing in standings]
        return _merged(git, main, lineage, standings)
    except CannotJudge as error:
        return Survey(tuple(standings), error=str(error))


def _standings(git: Git, trust: Trust) -> list[Standing]:
    refs = defaultdict(list)
    for ref, name, tip in covered(git, trust):
        refs[name, tip].append(ref)
    tips = list(dict.fromkeys(tip for _, tip in refs))
    readable = [tip for tip, kind in zip(tips, git.types(tips), strict=True) if kind and kind[1] == "commit"]
    headers, dates = (git.headers(readable), git.dates(readable)) if readable else ({}, {})
    return [
        Standing(
            name,
            tip,
            tuple(here),
            verdict_on(git, trust, Branch(here[0], name, tip)),
            headers[tip].author if tip in headers else None,
            dates.get(tip),
        )
        for (name, tip), here in sorted(refs.items(), key=lambda item: (item[0][0], item[1]))
    ]


def _placed(lineage: Lineage, standing: Standing, others: Iterable[Standing]) -> Standing:
    if not standing.sound:
        return standing
    place = lineage.places[standing.tip]
    versions = (each for each in others if each.sound and each.name == standing.name and each is not standing)
    newer = (each.refs[0] for each in versions if lineage.contains(lineage.places[each.tip], place))
    return replace(
        standing, ahead=lineage.ahead(place), behind=lineage.behind(place), newer=next(newer, None)
    )


def _merged(git: Git, main: bytes, lineage: Lineage, standings: Sequence[Standing]) -> Survey:
    waiting = [standing for standing in standings if standing.waits]
    at = defaultdict(list, {0: [main]})
    for standing in waiting:
        at[lineage.places[standing.tip]].append(standing.refs[0])
    wanted = sorted(at)
    pairs = pairs_to_merge(git, lineage, wanted)
    unrelated = dict.fromkeys(_unrelated(lineage, wanted), Conflict((), "they have no commit in common"))
    found = merge(git, lineage.tips, pairs[:MOST_MERGES]) | unrelated
    conflicts = {
        (one, other): conflict
        for (first, second), conflict in sorted(found.items())
        for one in at[first]
        for other in at[second]
    }
    inside = [standing.refs[0] for standing in waiting if not standing.verdict.status]
    order = tuple(_order(main, inside, conflicts))
    return Survey(tuple(standings), conflicts, order, len(pairs[MOST_MERGES:]))


def _unrelated(lineage: Lineage, wanted: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Give the pairs without any commit in common: with the trusted branch where that is one of them."""
    related = lineage.related()
    for one, other in combinations(wanted, 2):
        if not related[one] >> other & 1 and (one == 0 or related[one] & related[other] & 1):
            yield one, other


def _order(main: bytes, refs: Sequence[bytes], conflicts: Iterable[Refs]) -> Iterator[Turn]:
    """Give an order in which the branches can go in: next is always what conflicts with fewest before it.

    Among these it is what conflicts with fewest after it.
    """
    against = defaultdict(set)
    for one, other in conflicts:
        against[one].add(other)
        against[other].add(one)
    before = {ref: int(main in against[ref]) for ref in refs}
    after = {ref: len(against[ref].intersection(refs)) for ref in refs}
    gone = [main]
    waiting = list(refs)
    while waiting:
        chosen = min(waiting, key=lambda ref: (before[ref], after[ref]))
        waiting.remove(chosen)
        yield Turn(chosen, tuple(ref for ref in gone if ref in against[chosen]))
        gone.append(chosen)
        for other in against[chosen].intersection(waiting):
            before[other] += 1
            after[other] -= 1


# -- For people


def as_text(trust: Trust, found: Survey, now: float) -> str:
    """Give the report for people; *now* is in seconds since 1970."""
    lines = ["lanes: status" + "".join(f", {line}" for line in trust.in_force)]
    if not found.standings:
        return "\n".join([*lines, "there is no branch that a lane covers"])
    lines += _table([_HEADER, *(_row(standing, now) for standing in found.standings)])
    lines += _problems(found.standings)
    if found.error is not None:
        return "\n".join([*lines, "", "could not compare the branches: " + found.error.replace("\n", "\n  ")])
    lines += _conflicts(found)
    lines += _turns(found)
    return "\n".join(lines)


def _row(standing: Standing, now: float) -> tuple[str, ...]:
    verdict = standing.verdict
    counts = ("" if number is None else str(number) for number in (standing.ahead, standing.behind))
    lane = verdict.lane.name if verdict.lane else ""
    author = printable(standing.author or b"")
    return (
        _name(standing),
        shortened(lane, _LONGEST_WORD),
        _verdict(standing),
        *counts,
        _age(standing.date, now),
        shortened(author, _LONGEST_WORD),
    )


def _name(standing: Standing) -> str:
    first, *also = standing.refs
    remotes = [_place(ref, standing.name) for ref in also]
    return _shown(first) + (f" (also {', '.join(remotes)})" if also else "")


def _place(ref: bytes, name: bytes) -> str:
    """Name the remote of a remote-tracking branch, or the whole of it where it is called otherwise there."""
    return printable(ref.removeprefix(REMOTES).removesuffix(b"/" + name))


def _shown(ref: bytes) -> str:
    return printable(ref.removeprefix(BRANCHES).removeprefix(REMOTES))


def _verdict(standing: Standing) -> str:
    kind = _kind(standing)
    if kind == "outside":
        commits = len({violation.commit for violation in standing.verdict.violations})
        number = len(standing.verdict.violations)
        return f"{number} outside in {report.count(commits, 'commit', 'commits')}"
    return {"error": "could not judge", "merged": "nothing to merge"}.get(kind, kind)


def _kind(standing: Standing) -> str:
    verdict = standing.verdict
    if verdict.error is not None:
        return "error"
    if verdict.refusal is not None:
        return "refused"
    if verdict.violations:
        return "outside"
    return "inside" if standing.ahead != 0 else "merged"


def _age(date: int | None, now: float) -> str:
    if date is None:
        return ""
    minutes = max(int(now - date), 0) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} d"


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Lay rows out in columns; the first one is cut where a line would be too long."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths[0] = min(widths[0], WIDTH - sum(widths[1:]) - 2 * len(widths[1:]))
    for row in rows:
        cells = [shortened(row[0], widths[0]), *row[1:]]
        yield "  ".join(
            cell.rjust(width) if title in ("ahead", "behind", "changed") else cell.ljust(width)
            for title, cell, width in zip(_HEADER, cells, widths, strict=True)
        ).rstrip()


def _problems(standings: Iterable[Standing]) -> Iterator[str]:
    """Say why branches could not be judged, or may not exist, and how to learn what lies outside."""
    lines = [
        f"  {_shown(standing.refs[0])}: {problem}".replace("\n", "\n    ")
        for standing in standings
        if (problem := standing.verdict.error or standing.verdict.refusal)
    ]
    if lines:
        yield from ["", "not compared:", *lines]
    outside = next((standing for standing in standings if standing.verdict.violations), None)
    if outside:
        yield from [
            "",
            f"what lies outside: lane-audit {shlex.quote(_shown(outside.refs[0]))}, or lane-audit --all",
        ]


def _conflicts(found: Survey) -> Iterator[str]:
    if not found.conflicts and not found.untried:
        yield from ["", "nothing would conflict if merged now"]
        return
    yield from ["", "would conflict if merged now:"]
    for (one, other), (paths, error) in islice(found.conflicts.items(), MOST_CONFLICTS):
        yield f"  {_shown(one)} and {_shown(other)}" + (f": {error}" if error else "")
        yield from (f"    {quoted(path)}" for path in paths[:MOST_PATHS])
        if len(paths) > MOST_PATHS:
            yield f"    … and {report.count(len(paths) - MOST_PATHS, 'more path', 'more paths')}"
    if len(found.conflicts) > MOST_CONFLICTS:
        more = report.count(len(found.conflicts) - MOST_CONFLICTS, "more pair", "more pairs")
        yield f"  … and {more}; all: git lanes status --format json"
    if found.untried:
        pairs = report.count(found.untried, "pair", "pairs")
        yield f"  not tried: {pairs}; more than {MOST_MERGES:,} changed the same files"


def _turns(found: Survey) -> Iterator[str]:
    if found.order:
        yield from ["", "can go in, what conflicts with fewest first:"]
    for number, (ref, by_hand) in enumerate(found.order, 1):
        names = [_shown(other) for other in by_hand[:MOST_PATHS]]
        names += [f"{len(by_hand) - MOST_PATHS} more"] if len(by_hand) > MOST_PATHS else []
        yield f"  {number}. {_shown(ref)}" + (
            f": by hand, conflicts with {', '.join(names)}" if names else ""
        )
    for standing in found.standings:
        if standing.newer and standing.ahead:
            yield f"  {_shown(standing.refs[0])}: {_shown(standing.newer)} holds all of it"


# -- For programs


def as_json(trust: Trust, found: Survey) -> str:
    """Give the report for programs. Its keys are a contract (README): some may be added, none changed."""
    return json.dumps(
        {
            "schema": 1,
            "manifest": {"ref": printable(trust.ref) if trust.ref else None, "commit": trust.commit},
            "error": found.error,
            "branches": [_branch_json(standing) for standing in found.standings],
            "conflicts": [
                {
                    "branches": [printable(ref) for ref in refs],
                    "paths": [quoted(path) for path in conflict.paths],
                    "error": conflict.error,
                }
                for refs, conflict in found.conflicts.items()
            ],
            "untried": found.untried,
            "order": [
                {"branch": printable(ref), "by_hand": [printable(other) for other in by_hand]}
                for ref, by_hand in found.order
            ],
        },
        indent=2,
    )


def _branch_json(standing: Standing) -> dict[str, object]:
    verdict = standing.verdict
    first, *also = standing.refs
    return {
        "branch": printable(first),
        "also": [printable(ref) for ref in also],
        "newer": None if standing.newer is None else printable(standing.newer),
        "lane": verdict.lane.name if verdict.lane else None,
        "tip": standing.tip,
        "author": None if standing.author is None else printable(standing.author),
        "changed": _iso(standing.date),
        "ahead": standing.ahead,
        "behind": standing.behind,
        "verdict": _kind(standing),
        "violations": len(verdict.violations),
        "error": verdict.error,
        "refusal": verdict.refusal,
    }


def _iso(date: int | None) -> str | None:
    try:
        return None if date is None else datetime.fromtimestamp(date, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # anybody can give a commit any date
        return None
