"""What an audit found: the one value that every format is a function of."""

from collections.abc import Sequence
from dataclasses import dataclass

from lanes.baseline import Baseline
from lanes.merged import Merged
from lanes.plumbing import Git
from lanes.report import Headers
from lanes.trust import Trust
from lanes.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found, for every format.

    `headers` are those of every commit that a violation names, or, where all that is asked for is text, that
    it lists; `advice` are for each verdict lines in the place of the usual next steps, none for most.
    `merged` is given where merged history was judged, and `baseline` where violations were taken out that one
    knows. `git` tells more of the commits, where it is there.
    """

    trust: Trust
    verdicts: Sequence[Verdict]
    headers: Headers
    advice: Sequence[Sequence[str]]
    merged: Merged | None = None
    baseline: Baseline | None = None
    git: Git | None = None
