"""A picture of the results, as plain SVG: how long each way takes, as a multiple of git-lanes."""

import math
from collections.abc import Iterator
from html import escape

from benchmarks.results import Compared, Measured, Results, number

WIDTH, LEFT, RIGHT = 880, 390, 790  # the picture, and where the axis begins and ends
ROW, HEAD, TOP = 21, 34, 46
TIMES = "\N{MULTIPLICATION SIGN}"

STYLE = """\
text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.head { font-weight: 600; }
.tick, .value { font-size: 12px; fill: #59636e; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.one { stroke: #0969da; stroke-width: 1.5; }
.stem { stroke: #818b98; stroke-width: 2; }
.other { fill: #818b98; }
.ours { fill: #0969da; }
text.ours { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .tick, .value { fill: #9198a1; }
  .grid { stroke: #3d444d; }
  .one { stroke: #4493f8; }
  .stem { stroke: #656c76; }
  .other { fill: #9198a1; }
  .ours { fill: #4493f8; }
}
"""


def _rows(compared: Compared) -> list[tuple[Measured, float]]:
    """Give the variants that were timed, the fastest first, each with its time as a multiple of ours."""
    walls = {one.name: one.figure("wall") for one in compared.variants}
    base = walls[compared.ours]
    timed = [(one, wall / base) for one in compared.variants if base and (wall := walls[one.name])]
    return sorted(timed, key=lambda row: row[1]) if len(timed) > 1 else []


def as_svg(results: Results) -> str:
    """Draw a line for each variant, on one logarithmic axis."""
    groups = [(compared, rows) for compared in results.comparisons if (rows := _rows(compared))]
    times = [ratio for _, rows in groups for _, ratio in rows] or [1.0]
    low, high = math.floor(math.log10(min(times))), max(1, math.ceil(math.log10(max(times))))

    def across(ratio: float) -> float:
        return LEFT + (RIGHT - LEFT) * (math.log10(ratio) - low) / (high - low)

    height = TOP + sum(HEAD + ROW * len(rows) for _, rows in groups) + 16
    powers = [10.0**power for power in range(low, high + 1)]
    body = [_text(across(power), TOP + 8, f"{power:,g} {TIMES}", "tick", "middle") for power in powers]
    y = TOP
    for compared, rows in groups:
        y += HEAD
        body += [_grid(across(power), y, y + ROW * len(rows), power == 1) for power in powers]
        body.append(_text(12, y - 8, compared.title, "head"))
        for one, ratio in rows:
            body += _line(one, ratio, one.name == compared.ours, across(1), across(ratio), y + 10)
            y += ROW
    title = "Wall time, as a multiple of git-lanes"
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">'
    caption = _text(12, 22, f"{title} (logarithmic; what is further right is slower)", "title")
    return "\n".join([head, f"<style>\n{STYLE}</style>", caption, *body, "</svg>\n"])


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _grid(x: float, top: float, bottom: float, ours: bool) -> str:
    return f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" class="{"one" if ours else "grid"}"/>'


def _line(one: Measured, ratio: float, ours: bool, begin: float, end: float, y: float) -> Iterator[str]:
    kind = "ours" if ours else "other"
    yield _text(LEFT - 14, y + 4, one.name, f"name {kind}" if ours else "name", "end")
    yield f'<line x1="{begin:.1f}" y1="{y}" x2="{end:.1f}" y2="{y}" class="stem"/>'
    yield f'<circle cx="{end:.1f}" cy="{y}" r="5" class="{kind}"/>'
    if not ours:
        yield _text(max(begin, end) + 10, y + 4, f"{number(ratio)} {TIMES}", "value")
