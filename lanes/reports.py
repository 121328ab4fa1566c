"""Where the reports of an audit go: several at once, each in a format of its own."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from lanes import entry, formats
from lanes.audited import Audit
from lanes.errors import CannotJudge
from lanes.files import NewContent
from lanes.terminal import dressed, look_of
from lanes.text import printable

FORMAT = "format"
OUTPUT = "output"


class Report(NamedTuple):
    """A report that is asked for: the name of its format, and the file it goes to, None for stdout."""

    format: str = "text"
    file: Path | None = None


class Command(click.Command):
    """A command with `--format` and `--output`: each is for the other one that is beside it.

    Its function gets them as *reports*.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options once more as click does, since it keeps no order among several of them."""
        options, _, order = self.make_parser(ctx).parse_args(list(args))
        rest = super().parse_args(ctx, args)
        values = {name: iter(options.get(name) or ()) for name in (FORMAT, OUTPUT)}
        given = [(param.name, next(values[param.name])) for param in order if param.name in values]
        ctx.params["reports"] = paired(given) or [Report()]
        return rest


def paired(given: Iterable[tuple[str, str]]) -> list[Report]:
    """Give the reports that options ask for, which come in the order in which they were typed."""
    pairs: list[dict[str, str]] = []
    for option, value in given:
        if not pairs or option in pairs[-1]:
            pairs.append({})
        pairs[-1][option] = value
    alone = [pair[OUTPUT] for pair in pairs if FORMAT not in pair]
    if alone and len(pairs) > 1:
        raise click.UsageError(f"--output {alone[0]} needs a --format of its own.")
    files = [Path(pair[OUTPUT]) if OUTPUT in pair else None for pair in pairs]
    places = [file and os.path.realpath(file) for file in files]
    for file, place in zip(files, places, strict=True):
        if places.count(place) > 1:
            where = file or "the standard output"
            raise click.UsageError(f"Only one report can go to {where}; give each --format an --output.")
    return [Report(pair.get(FORMAT, "text"), file) for pair, file in zip(pairs, files, strict=True)]


Write = Callable[[Audit], None]


@contextmanager
def opened(reports: Sequence[Report], color: str) -> Iterator[list[Write]]:
    """Open where all reports go, so that it fails before the work where it must. Raises CannotJudge.

    Each of what it gives writes one of them; of text on stdout, *color* says when it has colour. A file is
    there as a whole or not at all.
    """
    with ExitStack() as stack:
        writers = [_opened(report, color, stack) for report in reports]
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary and any(report.format == "github" for report in reports):
            writers.append(_added(Path(summary), stack))
        yield writers


def _opened(report: Report, color: str, stack: ExitStack) -> Write:
    document = formats.named(report.format)
    file = report.file
    if file is None and report.format == "text":
        look = look_of(sys.stdout, color, os.environ)
        return lambda audit: entry.say_pieces(dressed(document(audit), look))
    if file is None:
        return lambda audit: entry.say_pieces(document(audit))
    with _writable(file):
        # What a link leads to is written, not the link; but what /dev/stdout leads to may have no path.
        new = stack.enter_context(NewContent(file.resolve() if file.is_file() else file))

    def write(audit: Audit) -> None:
        with _writable(file):
            for piece in document(audit):
                new.write(piece.encode("utf-8", "backslashreplace"))
            new.finish()

    return write


def _added(file: Path, stack: ExitStack) -> Write:
    """Add the report to a file that is Markdown, and may hold more: what GitHub shows of a step."""
    document = formats.named("markdown")
    with _writable(file):
        opened = stack.enter_context(file.open("ab"))

    def write(audit: Audit) -> None:
        with _writable(file):
            opened.write("".join(document(audit)).encode("utf-8", "backslashreplace"))
            opened.flush()

    return write


@contextmanager
def _writable(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotJudge(f"{printable(os.fsencode(file))} can't be written: {error.strerror}") from None
