"""What there is to say about an audit as a whole, for people: what was not judged, and what is known."""

import os
from collections.abc import Iterator, Sequence

from lanes import report
from lanes.audited import Audit
from lanes.baseline import Baseline, Entry
from lanes.merged import Merged, Unjudged, Why
from lanes.text import printable, quoted, shortened

MOST = 5
_WHY = {
    Why.INTEGRATION: (
        "merge of an integration branch, which may change anything",
        "merges of integration branches, which may change anything",
    ),
    Why.NO_LANE: ("merge of a branch that no lane covers", "merges of branches that no lane covers"),
    Why.UNNAMED: ("merge that names no branch", "merges that name no branch"),
}


def begin(merged: Merged) -> str:
    """Say which merges were judged."""
    since = f" since {merged.since[:12]}" if merged.since else ""
    return f"merged into {report.shown(merged.ref)}{since}, judged by the manifest in force today:"


def notes(audit: Audit) -> Iterator[str]:
    """Give lines, ready to print, some of them indented."""
    if audit.merged:
        yield from _unjudged(audit.merged)
    if audit.baseline:
        yield from _known(audit.baseline, sum(verdict.known for verdict in audit.verdicts))


def _unjudged(merged: Merged) -> Iterator[str]:
    main = report.shown(merged.ref)
    if merged.direct:
        number = report.count(merged.direct, "commit", "commits")
        yield f"not judged: {number} made on {main} itself, which may change anything"
    for why, words in _WHY.items():
        if some := [merge for merge in merged.unjudged if merge.why is why]:
            yield f"not judged: {report.count(len(some), *words)}: {_named(some)}"


def _named(some: Sequence[Unjudged]) -> str:
    names = list(dict.fromkeys(_name(merge) for merge in some))
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more


def _name(merge: Unjudged) -> str:
    if merge.branch:
        return shortened(printable(merge.branch))
    return f'{merge.merge[:12]} "{shortened(printable(merge.subject))}"'


def _known(baseline: Baseline, known: int) -> Iterator[str]:
    file = printable(os.fsencode(baseline.file))
    yield f"{report.count(known, 'violation', 'violations')} known to {file}" + (
        ", which was written" if baseline.written else ""
    )
    if baseline.stale:
        number = report.count(len(baseline.stale), "entry", "entries")
        yield f"{number} of {file} no longer found; --write-baseline takes out:"
        yield from (f"  {_entry(entry)}" for entry in baseline.stale[:MOST])
    if len(baseline.stale) > MOST:
        yield f"  … and {len(baseline.stale) - MOST} more"


def _entry(entry: Entry) -> str:
    return f"{printable(entry.branch)}: {shortened(quoted(entry.path), 300)} ({entry.reason.value})"
