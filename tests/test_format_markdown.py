"""The report as Markdown: short enough for a comment, and with nothing in it that strangers marked up."""

from collections.abc import Sequence

from audits import (
    COMMIT,
    DOCS,
    HOSTILE,
    OTHER,
    SETTINGS,
    anything,
    audit,
    audits,
    document,
    every_kind,
    hostile,
    many,
    outside,
    paths,
)
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from lanes.formats import markdown
from lanes.verdict import Verdict

COMMENT = 65_536  # characters that GitHub takes
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shape(text: str) -> list[tuple[str, str]]:
    """Give what a reader makes of Markdown, but for what is in code."""
    return list(_shape(READER.parse(text)))


def _shape(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    found = []
    for token in tokens:
        if token.type == "inline":
            found += _shape(token.children or [])
        else:
            found.append((token.type, token.content if token.type == "text" else ""))
    return found


def test_whole() -> None:
    verdicts = [
        Verdict(b"refs/heads/work/docs-2", DOCS, COMMIT, ("a" * 40,), 2),
        outside(b"api/a.py", b"two  spaces"),
        Verdict(b"refs/heads/Main", tip=COMMIT, refusal="it differs from main by case alone"),
        Verdict(b"refs/heads/work/docs-3", DOCS, COMMIT, error="git rev-list failed\nfatal: <bad> object"),
    ]
    assert document("markdown", audit(*verdicts)) == (
        """\
## Write lanes: 1 of 4 branches inside

### `work/docs-1` is rejected: 2 changes in 1 commit outside its lane "docs"

- `cccccccccccc` `Out` by `Ann`
  - changes `api/a.py` (outside-lane: lane "api" may write it)
  - changes `two  spaces` (outside-lane: lane "api" may write it)

What to do next:

```
take these changes out of the commits that made them (a commit that reverts them is not enough):
  git rebase -i aaaaaaaaaaaa
or go back to there, keep your files as they are, and commit those of your lane alone:
  git reset aaaaaaaaaaaa
or ask the integrator to run, if lane "docs" should write these paths:
  git lanes allow docs api/a.py 'two  spaces'
lane "api" has to give up api/a.py and 1 more path first
or, where they are changes of main: push main first, and take them by a merge, not as a copy
```

### `Main` is rejected

```
it differs from main by case alone
```

### `work/docs-3` could not be judged

```
git rev-list failed
fatal: <bad> object
```

- `work/docs-2` is inside its lane `docs`: 2 commits judged

manifest in force: .lanes.toml of refs/heads/main at aaaaaaaaaaaa
"""
    )


def test_what_has_no_commits_to_tell_of() -> None:
    text = document("markdown", every_kind())
    assert "### `feature` is rejected: no lane covers this branch\n\nWhat to do next:\n\n```\ngive " in text
    assert (
        "\n- `dddddddddddd` (a merge) `Merge` by `Bob`\n  - decides about `api/a.py` (outside-lane: " in text
    )
    assert "- `loose` is inside\n- `main` is inside\n" in text
    assert document("markdown", audit()).startswith(
        "## Write lanes: there is no branch that a lane covers\n\nmanifest in force"
    )


def test_every_report_fits_into_a_comment() -> None:
    branches = [outside(b"a", ref=b"refs/heads/work/docs-%d" % i) for i in range(1000)]
    inside = [Verdict(b"refs/heads/work/docs-%d" % i, DOCS, OTHER) for i in range(2000)]
    for found in (*audits(), audit(*branches), audit(*inside)):
        assert len(document("markdown", found)) <= COMMENT
    for found in (audit(*branches), audit(*inside)):
        text = document("markdown", found)
        assert len(text) > COMMENT - 2000
        assert shape(text)[-3:] == [
            ("paragraph_open", ""),
            ("text", "… and more, too much for a comment"),
            ("paragraph_close", ""),
        ]


def test_names_of_strangers_are_code() -> None:
    for path in HOSTILE:
        _check_harmless(path.replace(b"\0", b""), path, path)


@SETTINGS
@given(paths, anything, anything)
def test_any_bytes(path: bytes, author: bytes, subject: bytes) -> None:
    _check_harmless(path, author, subject)


def _check_harmless(path: bytes, author: bytes, subject: bytes) -> None:
    text = document("markdown", hostile(path, author, subject))
    assert [line for line in text.split("\n") if not line.isprintable()] == []
    assert shape(text) == shape(document("markdown", hostile(b"x", b"x", b"x")))


def test_an_error_about_names_of_strangers() -> None:
    verdicts = [
        Verdict(b"refs/heads/x", error="```\n# heading\n<b>", tip=COMMIT),
        Verdict(b"refs/heads/x", error="a\nb", tip=COMMIT),
    ]
    hostile, harmless = (document("markdown", audit(verdict)) for verdict in verdicts)
    assert shape(hostile) == shape(harmless)


def test_it_comes_in_pieces() -> None:
    assert max(map(len, markdown.document(many()))) < 10_000
