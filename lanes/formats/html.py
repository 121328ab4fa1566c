"""The report as one page for a browser. It holds all that it needs and asks for nothing.

All is written here but what only a program can do: to filter the violations, and to turn their pages. For
that the JSON report is in the page.
"""

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from html import escape
from itertools import islice
from math import log
from pathlib import Path
from urllib.parse import urlencode

from lanes import report
from lanes.activity import DAY, HOUR, LATEST, OTHERS, ROOT, WEEK, Activity, Counts, Period, activity_of
from lanes.audited import Audit
from lanes.forges import commit_pages
from lanes.formats import as_json
from lanes.formats.notes import begin, notes
from lanes.judge import Reason, Violation
from lanes.report import Headers
from lanes.text import printable, quoted
from lanes.verdict import Verdict

FIRST_ROWS = 100
"""So many violations can be read without JavaScript; with it, this is a page of them."""
MOST_OPEN = 20  # branches inside, which are folded away where they are more
MOST_FOLDERS = 20  # that have a column of their own
MOST_AUTHORS = 3  # named for each branch
_NO_LANE = "no lane"
_PROTECTED = "no lane (protected)"
_SLOT = re.compile(r"\{\{(\w+)\}\}")
_WIDTH, _HEIGHT = 960, 56  # of a chart, in units that the page stretches
_FEWEST = 32  # periods that a chart has room for
_MARK = 5  # the height of the mark below a period in which something is outside


def document(audit: Audit) -> Iterator[str]:
    """Give the page in pieces."""
    style, script = _file("page.css"), _file("page.js")
    pages = commit_pages(audit.git) if audit.git else None
    seen = _Seen()
    # A slot is filled when its turn comes: what the branches did is read where they are listed.
    slots: Mapping[str, Iterable[str]] = {
        "policy": [_policy(style, script)],
        "title": [_title(pages)],
        "style": [style],
        "summary": _summary(audit, pages),
        "branches": _branches(audit, pages, seen),
        "matrix": _matrix(audit, seen),
        "owners": _owners(audit),
        "violations": _violations(audit, pages, seen.dates),
        "audit": map(_in_script, as_json.document(audit)),
        "more": _more(audit, pages, seen.dates),
        "script": [script],
    }
    for number, piece in enumerate(_SLOT.split(_file("page.html"))):
        for text in slots[piece] if number % 2 else [piece]:
            # Characters by number: whatever the output is written in, the page says what it should.
            yield text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Allow this page's own style and script, and nothing else, wherever it comes from."""
    hashes = (b64encode(sha256(text.encode()).digest()).decode("ascii") for text in (style, script))
    own = (f"{kind}-src 'sha256-{digest}'" for kind, digest in zip(("style", "script"), hashes, strict=True))
    return "; ".join(["default-src 'none'", *own, "img-src data:", "base-uri 'none'", "form-action 'none'"])


def _in_script(text: str) -> str:
    """Keep JSON in ASCII from ending the element that it is in, or beginning a comment there."""
    return text.replace("<", "\\u003c")


def _more(audit: Audit, pages: str | None, dates: Mapping[str, int]) -> Iterator[str]:
    """Give what the list of violations shows and the JSON report lacks."""
    days = {commit: _day(date) for commit, date in dates.items()}
    found = (violation for verdict in audit.verdicts for violation in verdict.violations)
    verbs = {violation.status: report.verb(violation) for violation in found if violation.status}
    yield _in_script(json.dumps({"pages": pages, "dates": days, "verbs": verbs}))


@dataclass(slots=True)
class _Seen:
    """What all branches together did: by lane, how many changes inside and outside in each top folder."""

    inside: dict[str, Counts] = field(default_factory=dict)
    outside: dict[str, Counts] = field(default_factory=dict)
    dates: dict[str, int] = field(default_factory=dict)

    def add(self, lane: str, activity: Activity) -> None:
        for mine, its in ((self.inside, activity.inside), (self.outside, activity.outside)):
            counts = mine.setdefault(lane, Counts())
            for folder, changes in its.items():
                counts.count(folder, changes)
        self.dates |= activity.dates


# -- The head: what was judged, and how it came out


def _title(pages: str | None) -> str:
    name = re.fullmatch(r"https://[^/]+/(.+?)/(?:-/)?commits?/", pages or "")
    return escape(f"Lane audit of {name[1]}" if name else "Lane audit")


def _summary(audit: Audit, pages: str | None) -> Iterator[str]:
    for line in audit.trust.in_force:
        commit = audit.trust.commit or ""
        yield f"<p>{escape(line).replace(commit[:12], _commit(commit, pages))}</p>\n"
    if audit.merged:
        yield f"<p>{escape(begin(audit.merged).rstrip(':'))}</p>\n"
    verdicts = audit.verdicts
    violations = [violation for verdict in verdicts for violation in verdict.violations]
    each = "merges" if audit.merged else "branches"
    of_all = f" <small>of {len(verdicts):,}</small>"
    yield '<dl class="sums">\n'
    for name, number, is_bad, more in (
        (f"{each} inside", sum(verdict.status == 0 for verdict in verdicts), False, of_all),
        (f"{each} outside", sum(verdict.status == 1 for verdict in verdicts), True, ""),
        (f"{each} not judged", sum(verdict.status == 2 for verdict in verdicts), True, ""),
        ("commits judged", sum(verdict.commits for verdict in verdicts), False, ""),
        ("commits outside", len({found.commit for found in violations if found.commit}), True, ""),
        ("changes outside", len(violations), True, ""),
    ):
        some = ' class="some"' if is_bad and number else ""
        yield f"<div{some}><dt>{name}</dt><dd>{number:,}{more}</dd></div>\n"
    yield "</dl>\n"
    if said := list(notes(audit)):
        yield f'<p class="said">{escape(chr(10).join(said))}</p>\n'


# -- The branches


def _branches(audit: Audit, pages: str | None, seen: _Seen) -> Iterator[str]:
    if not audit.verdicts:
        yield f"<p>There is no {'merge to judge' if audit.merged else 'branch that a lane covers'}.</p>\n"
    told = zip(audit.verdicts, audit.advice, strict=True)
    worst_first = sorted(told, key=lambda pair: -pair[0].status)
    inside = sum(verdict.status == 0 for verdict in audit.verdicts)
    for number, (verdict, advice) in enumerate(worst_first):
        if inside > MOST_OPEN and number == len(worst_first) - inside:
            each = "merges" if audit.merged else "branches"
            yield f"<details><summary>{inside:,} {each} inside</summary>\n"
        yield from _branch(audit, pages, seen, number, verdict, advice)
    if inside > MOST_OPEN:
        yield "</details>\n"


def _branch(
    audit: Audit, pages: str | None, seen: _Seen, number: int, verdict: Verdict, advice: Sequence[str]
) -> Iterator[str]:
    activity = activity_of(audit.git, verdict)
    seen.add(_row(verdict), activity)
    kind = ("inside", "outside", "unjudged")[verdict.status]
    yield f'<article class="branch {kind}" aria-labelledby="branch-{number}">\n'
    yield f'<h3 id="branch-{number}">{_name(report.title(verdict))} {_badge(verdict)}</h3>\n'
    yield f'<p class="said">{_said(verdict)}</p>\n'
    yield f'<p class="muted">{_facts(verdict, activity, pages)}</p>\n'
    yield from _chart(activity, marked=not _has_no_lane(verdict))
    yield '<div class="more">\n'
    if verdict.status == 1:
        yield from _what_to_do(audit, verdict, advice)
    yield from _chart_as_table(activity)
    yield "</div>\n</article>\n"


def _has_no_lane(verdict: Verdict) -> bool:
    """Tell whether it is the branch as a whole that is outside."""
    return verdict.violations[:1] != () and verdict.violations[0].reason is Reason.NO_LANE


def _badge(verdict: Verdict) -> str:
    word = "refused" if verdict.refusal else ("inside", "outside", "not judged")[verdict.status]
    sign = ("✓", "✗", "?")[verdict.status]
    return f'<span class="badge"><span aria-hidden="true">{sign}</span> {word}</span>'


def _said(verdict: Verdict) -> str:
    if verdict.error or verdict.refusal:
        return escape(verdict.error or verdict.refusal or "")
    if verdict.integration and not verdict.status:
        return "each step in one lane" if verdict.commits else "an integration branch may change anything"
    lane = _name(report.lane_name(verdict.lane)) if verdict.lane else _NO_LANE
    if not verdict.violations:
        return f"all inside its {lane}" if verdict.lane else "without a lane, as the manifest allows"
    if _has_no_lane(verdict):
        return "no lane covers this branch"
    commits = len({violation.commit for violation in verdict.violations})
    changes = f"{_count(len(verdict.violations), 'change')} in {_count(commits, 'commit')}"
    link = _link(changes, branch=verdict.merge or printable(verdict.ref))
    return f"{link} {'not in one lane' if verdict.integration else f'outside its {lane}'}"


def _facts(verdict: Verdict, activity: Activity, pages: str | None) -> str:
    facts = []
    if verdict.commits or (verdict.status == 0 and not verdict.integration):
        facts.append(_count(verdict.commits, "step" if verdict.integration else "commit") + " judged")
    facts += [_count(verdict.known, "known violation")] if verdict.known else []
    facts += [f"tip {_commit(verdict.tip, pages)}"] if verdict.tip else []
    facts += [f"on top of {_commit(verdict.base, pages)}"] if verdict.base and verdict.commits else []
    authors = [name for name, _ in activity.authors.most_common(MOST_AUTHORS + 1) if name != OTHERS]
    named = ", ".join(_name(printable(name)) for name in authors[:MOST_AUTHORS])
    more = len(activity.authors) - len(authors[:MOST_AUTHORS])
    facts += [f"by {named}{f' and {more:,} more' if more else ''}"] if named else []
    return " · ".join(facts)


def _what_to_do(audit: Audit, verdict: Verdict, advice: Sequence[str]) -> Iterator[str]:
    told = {commit: audit.headers[commit] for commit in report.listed([verdict]) if commit in audit.headers}
    text = report.rejection(verdict, audit.trust, told, advice)
    yield f"<details><summary>What to do about it</summary>\n<pre>{escape(text)}</pre></details>\n"


def _chart(activity: Activity, marked: bool) -> Iterator[str]:
    """Show the commits along time; where those outside are *marked*, say how many they are."""
    periods = activity.timeline.periods()
    if not periods:
        return
    length = activity.timeline.length
    commits = sum(period.commits for period in periods)
    outside = sum(period.outside for period in periods)
    first, last = _day(periods[0].begin), _day(periods[-1].begin + length - 1)
    what = f"{_count(commits, 'commit')}, each bar {_duration(length)}"
    numbers = f", {commits - outside:,} inside, {outside:,} outside" if marked else ""
    yield f'<figure>\n<svg role="img" aria-label="{what}, from {first} to {last}{numbers}"'
    yield f' viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none">\n'
    yield from _bars(periods, partial(_moment, length=length))
    yield "</svg>\n"
    yield f'<div class="ends" aria-hidden="true"><span>{first}</span><span>{last}</span></div>\n'
    yield f"<figcaption><span>{what}</span>"
    if marked:
        yield f'<span><span class="key"></span>{commits - outside:,} inside</span>'
        yield f'<span><span class="key bad"></span>{outside:,} outside</span>'
    yield "</figcaption>\n</figure>\n"


def _chart_as_table(activity: Activity) -> Iterator[str]:
    periods = [period for period in activity.timeline.periods() if period.commits]
    if not periods:
        return
    yield '<details><summary>The chart as a table</summary>\n<table>\n<thead><tr><th scope="col">From</th>'
    yield from (f'<th scope="col" class="number">{name}</th>' for name in ("Commits", "Outside"))
    yield "</tr></thead>\n<tbody>\n"
    for period in periods:
        yield f'<tr><th scope="row">{_moment(period.begin, activity.timeline.length)}</th>'
        yield f'<td class="number">{period.commits:,}</td><td class="number">{period.outside:,}</td></tr>\n'
    yield "</tbody>\n</table></details>\n"


def _bars(periods: list[Period], moment: Callable[[int], str]) -> Iterator[str]:
    room = max(len(periods), _FEWEST)
    width = _WIDTH / room
    scale = (_HEIGHT - _MARK - 1) / max(4, *(period.commits for period in periods), 4)
    for number, period in enumerate(periods):
        if not period.commits:
            continue
        left = (number + (room - len(periods)) / 2) * width
        outside = max(1, period.outside * scale) if period.outside else 0
        top = _HEIGHT - _MARK - period.commits * scale
        yield f"<g><title>{moment(period.begin)}: {_count(period.commits, 'commit')}"
        yield f"{f', {period.outside:,} outside' if period.outside else ''}</title>"
        yield _rect("bar", left, top, width * 0.85, period.commits * scale)
        if outside:
            yield _rect("bad", left, top, width * 0.85, outside)
            yield _rect("bad", left, _HEIGHT - _MARK + 1, width * 0.85, _MARK - 1)
        yield "</g>\n"


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


# -- Who wrote where


def _row(verdict: Verdict) -> str:
    return verdict.lane.name if verdict.lane else ""


def _matrix(audit: Audit, seen: _Seen) -> Iterator[str]:
    totals = sum((Counter(counts) for counts in (*seen.inside.values(), *seen.outside.values())), Counter())
    if not totals:
        yield "<p>No change was judged.</p>\n"
        return
    named = [folder for folder, _ in totals.most_common() if folder != OTHERS][:MOST_FOLDERS]
    columns = [(_folder(folder), [folder]) for folder in named]
    if others := [folder for folder in totals if folder not in named]:
        columns.append(("other folders", others))
    order = [lane.name for lane in audit.trust.manifest.lanes] if audit.trust.manifest else []
    rows = sorted(seen.inside, key=lambda lane: order.index(lane) if lane in order else len(order))
    most = max(_sum(seen, lane, folders) for lane in rows for _, folders in columns)
    yield '<div class="wide" role="region" tabindex="0" aria-label="Lanes and top folders">\n'
    yield '<table class="matrix">\n<caption>Changes by the branches of each lane, by top folder</caption>'
    yield '\n<thead><tr><th scope="col">Lane</th>'
    yield from (f'<th scope="col">{shown}</th>' for shown, _ in columns)
    yield "</tr></thead>\n<tbody>\n"
    for lane in rows:
        yield f'<tr><th scope="row">{_name(lane or _NO_LANE)}</th>'
        for _, folders in columns:
            yield _cell(seen, lane, folders, most)
        yield "</tr>\n"
    yield "</tbody>\n</table>\n</div>\n"


def _sum(seen: _Seen, lane: str, folders: list[bytes]) -> int:
    return sum(seen.inside[lane][folder] + seen.outside[lane][folder] for folder in folders)


def _cell(seen: _Seen, lane: str, folders: list[bytes], most: int) -> str:
    changes = _sum(seen, lane, folders)
    if not changes:
        return '<td class="none">0</td>'
    level = 1 + min(3, int(4 * log(changes + 1) / log(most + 2)))
    outside = sum(seen.outside[lane][folder] for folder in folders)
    text = f"{outside:,} outside"
    if len(folders) == 1:
        text = _link(text, lane=lane, folder=quoted(folders[0]).strip('"'))
    parts = [f"{changes:,}"] if changes > outside else []
    parts += [f'<span class="out">{text}</span>'] if outside else []
    return f'<td class="level-{level}">{" ".join(parts)}</td>'


def _folder(folder: bytes) -> str:
    return "files in no folder" if folder == ROOT else f"<code>{_name(quoted(folder))}</code>"


# -- Whose files were written


@dataclass(slots=True)
class _Written:
    """What was written of one owner's files by branches that may not."""

    changes: int = 0
    commits: set[str] = field(default_factory=set)
    by: Counter[str] = field(default_factory=Counter)


def _owners(audit: Audit) -> Iterator[str]:
    written: dict[tuple[str, str], _Written] = {}  # by a choice that the list below has
    for verdict in audit.verdicts:
        for violation in verdict.violations:
            for choice in _owners_of(violation):
                owned = written.setdefault(choice, _Written())
                owned.changes += 1
                owned.commits.add(violation.commit or "")
                owned.by[_row(verdict)] += 1
    if not written:
        yield "<p>No branch wrote outside its lane.</p>\n"
        return
    most = max(owned.changes for owned in written.values())
    yield '<div class="wide" role="region" tabindex="0" aria-label="Owners">\n<table class="owners">\n'
    yield "<caption>Changes outside, by the lane that may write such a path; by each, where several may"
    yield '</caption>\n<thead><tr><th scope="col">May be written by</th><th scope="col">Changes outside</th>'
    yield '<th scope="col" class="number">Commits</th><th scope="col">Written by</th></tr></thead>\n<tbody>\n'
    for (kind, name), owned in sorted(written.items(), key=lambda item: (-item[1].changes, item[0])):
        owner = _PROTECTED if kind == "reason" else name or _NO_LANE
        by = ", ".join(f"{_name(lane or _NO_LANE)} {number:,}" for lane, number in owned.by.most_common(5))
        more = f" and {len(owned.by) - 5:,} more" if len(owned.by) > 5 else ""
        bar = _rect("bad", 0, 0, 100 * owned.changes / most, 10)
        yield f'<tr><th scope="row">{_name(owner)}</th><td>{_link(f"{owned.changes:,}", **{kind: name})}'
        yield f'<svg aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none">{bar}</svg></td>'
        yield f'<td class="number">{len(owned.commits):,}</td><td>{by}{more}</td></tr>\n'
    yield "</tbody>\n</table>\n</div>\n"


def _owners_of(violation: Violation) -> list[tuple[str, str]]:
    if violation.path is None:
        return []
    if violation.reason is Reason.PROTECTED:
        return [("reason", violation.reason.value)]
    return [("owner", name) for name in violation.lanes or ("",)]


# -- Every violation


def _violations(audit: Audit, pages: str | None, dates: Mapping[str, int]) -> Iterator[str]:
    total = sum(len(verdict.violations) for verdict in audit.verdicts)
    if not total:
        yield "<p>There is none.</p>\n"
        return
    first = min(total, FIRST_ROWS)
    if total > first:
        yield f"<noscript><p>Without JavaScript, only the first {first:,} can be listed.</p></noscript>\n"
    shown = f"1 to {first:,} of {_count(total, 'change')} outside"
    yield f'<p id="state" role="status" tabindex="-1">{shown}</p>\n'
    yield _PAGES
    yield '<table class="rows">\n<thead><tr>'
    yield from (f'<th scope="col">{name}</th>' for name in _COLUMNS)
    yield "</tr></thead>\n<tbody>\n"
    all_rows = ((verdict, violation) for verdict in audit.verdicts for violation in verdict.violations)
    for verdict, violation in islice(all_rows, FIRST_ROWS):
        cells = _cells(verdict, violation, audit.headers, pages, dates)
        yield "<tr>"
        for name, content in zip(_COLUMNS, cells, strict=True):
            tag, scope = ("th", ' scope="row"') if name == _COLUMNS[0] else ("td", "")
            yield f'<{tag}{scope} data-label="{name}">{content}</{tag}>'
        yield "</tr>\n"
    yield f"</tbody>\n</table>\n{_PAGES}"


_COLUMNS = ("Commit", "Author", "Branch", "Change", "Reason", "May be written by")
_PAGES = """\
<div class="pages" hidden>
<button type="button" data-step="-1">Previous page</button>
<button type="button" data-step="1">Next page</button>
</div>
"""


def _cells(
    verdict: Verdict, found: Violation, headers: Headers, pages: str | None, dates: Mapping[str, int]
) -> Iterator[str]:
    header = headers.get(found.commit or "")
    if found.commit is None:
        yield "the whole branch"
    else:
        day = _day(dates[found.commit]) if found.commit in dates else ""
        subject = _name(printable(header.subject)) if header else ""
        yield f'{_commit(found.commit, pages)} <span class="muted">{day}</span><br>{subject}'
    yield _name(printable(header.author)) if header else ""
    yield _name(report.shown(verdict.ref))
    if found.path is None:
        yield "no lane covers it"
    else:
        yield f"{report.verb(found)} <code>{_name(quoted(found.path))}</code>"
    yield found.reason.value
    yield _PROTECTED if found.reason is Reason.PROTECTED else _name(", ".join(found.lanes) or _NO_LANE)


# -- Words


def _name(text: str) -> str:
    """Give a name from strangers; letters that are written from right to left turn nothing around it."""
    return f"<bdi>{escape(text)}</bdi>"


def _commit(oid: str | None, pages: str | None) -> str:
    short = f"<code>{(oid or '')[:12]}</code>"
    return f'<a href="{escape(pages)}{oid}" rel="noreferrer">{short}</a>' if pages else short


def _link(text: str, **chosen: str) -> str:
    """Link to the violations that were chosen so."""
    return f'<a href="#{escape(urlencode(chosen))}">{text}</a>'


def _count(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else f'{one}s'}"


def _duration(seconds: int) -> str:
    units = {WEEK: "a week", DAY: "a day", HOUR: "an hour"}
    if seconds in units:
        return units[seconds]
    length = next(length for length in units if seconds % length == 0)
    return f"{seconds // length} {units[length].split()[1]}s"


def _day(date: int) -> str:
    return f"{_time(date):%Y-%m-%d}"


def _moment(date: int, length: int) -> str:
    return f"{_time(date):%Y-%m-%d %H:%M}" if length < DAY else _day(date)


def _time(date: int) -> datetime:
    return datetime.fromtimestamp(min(max(date, 0), LATEST), UTC)
