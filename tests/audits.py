"""Audits of every kind, made up, for the formats that they are given in."""

from collections.abc import Mapping, Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from repos import MANIFEST

from lanes.audited import Audit
from lanes.formats import named
from lanes.judge import Reason, Violation
from lanes.manifest import parse
from lanes.plumbing import Header
from lanes.trust import Trust
from lanes.verdict import Verdict

COMMIT = "c" * 40
OTHER = "d" * 40
TRUST = Trust(
    b"main", b"refs/heads/main", "a" * 40, parse(MANIFEST.encode()), tips={b"refs/heads/main": "a" * 40}
)
SEALED = Trust(
    b"main",
    b"refs/heads/main",
    "a" * 40,
    parse(MANIFEST.replace("[integration]", '[integration]\naccepts = "lanes"').encode()),
)
DOCS, _, REVIEW = TRUST.required().lanes
HEADERS = {COMMIT: Header(b"Ann", b"Out", False), OTHER: Header(b"Bob", b"Merge", True)}

# What a branch may not be called, but a path, an author or a subject may.
HOSTILE = [
    b"\n::error::forged",
    b"::error file=x,line=1::forged\r\n##[error]forged",
    b"##vso[task.complete result=Succeeded]",
    b"%0A::error::forged%25:,",
    b"]]></failure><failure>&amp;&#0;\x00<!--",
    b"</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    b"``` \n# heading\n[link](javascript:alert(1)) ![i](http://example.org/i.png) @everyone #1 | a |",
    b"`code` ``more`` ~~~ *b* _i_ https://example.org <https://example.org> <b>",
    b"[x](0) {0} {{1}} \\[y\\]",
    b'"\'\\"; $(id) `id`',
    b"\x1b[31m\x1b]0;title\x07\x08\x7f",
    b"\xff\xfe\x80 \xed\xa0\x80",  # a lone surrogate, among others
    "\u202egpj.exe\u202c \u2028\u2029 \x85 \ufeff\ufffe".encode(),
    "日本 Größe 🙂 e\u0301".encode(),
    b"a\tb\nc\rd",
    b" ",
    b"-",
    b"x" * 300,
]
HOSTILE_REF = b"refs/heads/work/docs-\xff`<b>&]]>%0A,|{0}@all#1" + "\u202e\u2028日本".encode()
anything = st.one_of(
    st.sampled_from(HOSTILE),
    st.binary(min_size=1, max_size=20),
    st.text(min_size=1, max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=3).map(b"\n".join),
)
paths = anything.map(lambda name: name.replace(b"\0", b"").strip(b"/") or b"-")
SETTINGS = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def audit(
    *verdicts: Verdict,
    headers: Mapping[str, Header] = HEADERS,
    trust: Trust = TRUST,
    advice: Sequence[str] = (),
) -> Audit:
    """Give an audit that found these."""
    return Audit(trust, verdicts, headers, [advice] * len(verdicts))


def document(name: str, found: Audit) -> str:
    """Give the whole document of a format."""
    return "".join(named(name)(found))


def outside(
    *paths: bytes, ref: bytes = b"refs/heads/work/docs-1", commit: str = COMMIT, status: str = "M"
) -> Verdict:
    """Give the verdict on a branch of the lane "docs" that wrote these paths."""
    found = (Violation(Reason.OUTSIDE_LANE, commit, path, status, ("api",)) for path in paths)
    return Verdict(ref, DOCS, commit, ("a" * 40,), 1, tuple(found))


def hostile(path: bytes, author: bytes, subject: bytes) -> Audit:
    """Give an audit of one commit, all of which strangers named."""
    return audit(outside(path, ref=HOSTILE_REF), headers={COMMIT: Header(author, subject, False)})


def hostile_names() -> Audit:
    """Give an audit where every name that hurts is a path, an author, and a subject."""
    commits = {f"{number:040x}": name for number, name in enumerate(HOSTILE)}
    found = [
        Violation(Reason.OUTSIDE_LANE, commit, path, "A")
        for commit in commits
        for path in sorted({name.replace(b"\0", b"") for name in HOSTILE})
    ]
    headers = {commit: Header(name, name, False) for commit, name in commits.items()}
    return audit(Verdict(HOSTILE_REF, DOCS, COMMIT, (), 1, tuple(found)), headers=headers)


def many(number: int = 10_000) -> Audit:
    """Give an audit with so many violations, ten in each commit."""
    found = [
        Violation(Reason.OUTSIDE_LANE, f"{i // 10:040x}", b"out/%06d.py" % i, "A", ("api",))
        for i in range(number)
    ]
    headers = {f"{i:040x}": Header(b"Ann", b"Change %d" % i, False) for i in range(number // 10)}
    verdict = Verdict(b"refs/heads/work/docs-1", DOCS, COMMIT, ("a" * 40,), number // 10, tuple(found))
    return audit(verdict, headers=headers)


def every_kind() -> Audit:
    """Give an audit that found everything that can be found in branches that lanes cover."""
    kinds = (
        Violation(Reason.OUTSIDE_LANE, COMMIT, b"api/a.py", "M", ("api",)),
        Violation(Reason.OUTSIDE_LANE, COMMIT, b"gone", "D"),
        Violation(Reason.PROTECTED, COMMIT, b"ci/run", "T"),
        Violation(Reason.OUTSIDE_LANE, OTHER, b"api/a.py", "U", tuple(f"lane {i}" for i in range(9))),
    )
    return audit(
        Verdict(b"refs/heads/work/docs-1", DOCS, COMMIT, ("a" * 40,), 3),
        Verdict(b"refs/heads/work/docs-2", DOCS, OTHER, ("a" * 40, "b" * 40), 2, kinds),
        Verdict(
            b"refs/remotes/origin/review/1",
            REVIEW,
            COMMIT,
            ("a" * 40,),
            1,
            (Violation(Reason.REVIEW_ONLY, COMMIT, b"docs/a.md", "A", ("docs",)),),
        ),
        Verdict(b"refs/heads/feature", None, COMMIT, (), 1, (Violation(Reason.NO_LANE),)),
        Verdict(b"refs/heads/Main", tip=COMMIT, refusal="it differs from main by case alone"),
        Verdict(b"refs/heads/work/docs-3", DOCS, COMMIT, error="git rev-list failed\nfatal: <bad> object"),
        Verdict(b"refs/heads/loose", None, COMMIT, ("a" * 40,), 1),
        Verdict(b"refs/heads/main", tip=COMMIT, side=(COMMIT,), integration=True),
    )


def sealed() -> Audit:
    """Give an audit of a sealed integration branch with a step that fits into no lane."""
    found = (
        Violation(Reason.NOT_IN_ONE_LANE, COMMIT, b"api/a.py", "M", ("api",)),
        Violation(Reason.PROTECTED, COMMIT, b"ci/run", "M"),
    )
    verdict = Verdict(b"refs/heads/main", None, COMMIT, ("a" * 40,), 1, found, integration=True)
    return audit(verdict, trust=SEALED)


def audits() -> list[Audit]:
    """Give one of each kind, for what must be well-formed whatever was found."""
    return [audit(), every_kind(), sealed(), hostile_names(), many()]
