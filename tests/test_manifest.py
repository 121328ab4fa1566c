"""The manifest: what is read from a valid one, and every way in which one can be wrong."""

import tomllib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from repos import Repo

from lanes.errors import CannotJudge
from lanes.manifest import MAX_BYTES, Key, Manifest, ManifestInvalid, Problem, dotted, is_branch_name, parse

FULL = """\
version = 1

[groups]
leads = ["bob"]
docs = ["ann", "é"]

[integration]
branches = ["main", "release/1.*", "!release/1.0"]
pushers = ["@leads"]
accepts = "lanes"

[defaults]
unlisted = "allow"
overlap = "reject"
shared = ["/uv.lock", "!/shared/mine"]
protected = ["/.github/", "!/.github/notes/"]
refs = ["refs/notes/**", "!refs/notes/private"]

[lanes.lessons]
summary = "Add lessons, é"
branches = [
  "codex/lessons-*",  # the usual ones
  "!codex/lessons-x",
]
paths = ["/src/content/lessons/", "!/src/content/lessons/old/", '\\#1 ']
pushers = ["@docs", "bob"]

[lanes."stale names"]
branches = ["codex/review-*"]
paths = []
"""


def plain(manifest: Manifest) -> dict[str, object]:
    """Give all that a manifest holds, patterns as they are written."""
    return {
        "lanes": [
            (
                lane.name,
                lane.summary,
                [pattern.text for pattern in lane.branches.patterns],
                [pattern.text for pattern in lane.paths.patterns],
                lane.review_only,
                lane.pushers,
            )
            for lane in manifest.lanes
        ],
        "pushers": manifest.integration.pushers,
        "sealed": manifest.integration.sealed,
        "integration": {pattern.text.encode() for pattern in manifest.integration.branches.patterns},
        "allow_unlisted": manifest.allow_unlisted,
        "overlap_rejected": manifest.overlap_rejected,
        "shared": [pattern.text for pattern in manifest.shared.patterns],
        "protected": [pattern.text for pattern in manifest.protected.patterns],
        "refs": [pattern.text for pattern in manifest.refs.patterns],
    }


def problems(blob: str | bytes) -> list[str]:
    """Give the lines of what is wrong with a manifest, which must be invalid."""
    with pytest.raises(ManifestInvalid) as raised:
        parse(blob.encode() if isinstance(blob, str) else blob)
    lines = list(map(str, raised.value.problems))
    assert str(raised.value) == "\n".join(lines)
    return lines


def test_a_full_manifest() -> None:
    manifest = parse(FULL.encode())
    assert plain(manifest) == {
        "lanes": [
            (
                "lessons",
                "Add lessons, é",
                ["codex/lessons-*", "!codex/lessons-x"],
                ["/src/content/lessons/", "!/src/content/lessons/old/", "\\#1 "],
                False,
                {b"ann", "é".encode(), b"bob"},
            ),
            ("stale names", "", ["codex/review-*"], [], True, None),
        ],
        "integration": {b"main", b"release/1.*", b"!release/1.0"},
        "pushers": {b"bob"},
        "sealed": True,
        "allow_unlisted": True,
        "overlap_rejected": True,
        "shared": ["/uv.lock", "!/shared/mine"],
        "protected": ["/.github/", "!/.github/notes/"],
        "refs": ["refs/notes/**", "!refs/notes/private"],
    }
    assert manifest.text == FULL


NOTHING = {
    "lanes": [],
    "integration": set(),
    "pushers": None,
    "sealed": False,
    "allow_unlisted": False,
    "overlap_rejected": False,
    "shared": [],
    "protected": [],
    "refs": [],
}


@pytest.mark.parametrize(
    "text",
    [
        "version = 1",
        "version = 0x1\n",
        "version = 1\r\n\r\n[defaults]\r\nunlisted = 'reject'\r\n",
        "version = 1\n[groups]\n[integration]\n[defaults]\n[lanes]\n",
        "version = 1\nintegration.accepts = 'anything'\n",
        "version = 1\ndefaults.overlap = 'warn'\n",
        "version = 1\nintegration = {branches = []}\ndefaults = {shared = [], protected = [], refs = []}\n",
    ],
)
def test_what_is_left_out_has_a_default(text: str) -> None:
    assert plain(parse(text.encode())) == NOTHING


def test_line_breaks_of_both_kinds_are_the_same() -> None:
    assert plain(parse(FULL.replace("\n", "\r\n").encode())) == plain(parse(FULL.encode()))
    assert problems("version = 1\r\n\r\nlane = 1\r\n") == problems("version = 1\n\nlane = 1\n")


def test_lanes_may_be_written_in_any_way() -> None:
    inline = (
        b'version = 1\nlanes = {b = {branches = ["b"], paths = ["/b"]}, a = {branches = ["a"], paths = []}}'
    )
    dotted_keys = (
        b'version = 1\nlanes.b.branches = ["b"]\nlanes.b.paths = ["/b"]\nlanes.a = {branches=["a"], paths=[]}'
    )
    tables = (
        b'version = 1\n[lanes.b]\nbranches = ["b"]\npaths = ["/b"]\n[lanes.a]\nbranches = ["a"]\npaths = []'
    )
    assert plain(parse(inline)) == plain(parse(dotted_keys)) == plain(parse(tables))
    assert [lane.name for lane in parse(inline).lanes] == ["b", "a"]


# What is wrong with what stands below "version = 1", which is line 1.
KEYS = "expected one of defaults, groups, integration, lanes, version"
LANE = '[lanes.a]\nbranches = ["a"]\npaths = []\n'
LIST = 'expected a list of strings, such as ["…"]'
NEEDS = ", which needs integration.pushers"
EXACT = "expected the exact name of a branch, without refs/heads/ and not a pattern"
COVERED = 'expected the branches it covers, such as ["work/*"]'
WRITTEN = 'expected what they may write, such as ["/src/"]; [] makes the lane review-only'
BRANCH = "expected a branch's name, without refs/heads/ or a slash before it"
REF = "expected a full ref name, such as refs/notes/**"
SUMMARY = "expected one line of printable text"
PRINTABLE = "expected a lane's name in printable characters"
ONLY = "every pattern begins with '!', which only takes out what another one matches"
UNCLOSED = "the bracket '[' is never closed"
BACKSLASH = "it ends in a backslash that escapes nothing"
COMMENT = "gitignore takes it for a comment; write \\# for a name that begins with #"
EMPTY = "it is empty and matches nothing; write * for everything"

ACCEPTS = 'expected "anything" or "lanes"'
PERSON = "expected the name of a person, as the server knows it"
SOMEBODY = 'expected the names of people, such as ["alice"]'
LISTED = "; groups are listed in [groups]"

NO_SUCH_NAME = "no branch can have such a name (git-check-ref-format(1))"
NO_SUCH_PART = 'a part "." or ".." matches nothing; patterns begin at the root of the repository'
WRONG: list[tuple[str, list[str]]] = [
    # What could be read, and could not mean anything
    *(
        (LANE.replace('"a"', f'"{name}"'), [f'3: lanes.a.branches[0]: "{name}": {NO_SUCH_NAME}'])
        for name in ("codex/", "./x", "a..b", "a b", "x.lock", "-x", "*/", "a~*")
    ),
    *(
        (f'defaults.shared = ["/a", "{path}"]', [f'2: defaults.shared[1]: "{path}": {NO_SUCH_PART}'])
        for path in ("./src/", "../x", "a/../b", "!./x")
    ),
    *(
        (
            f'defaults.refs = ["{ref}"]',
            [
                f'2: defaults.refs[0]: "{ref}": branches are judged by their lanes,'
                " and refs/replace/ is never let through"
            ],
        )
        for ref in ("refs/heads/**", "refs/replace/x")
    ),
    (
        'integration.branches = ["refs/heads/main"]',
        [
            '2: integration.branches[0]: "refs/heads/main": expected the exact name of a branch, without'
            " refs/heads/ and not a pattern"
        ],
    ),
    # Unknown keys
    ("lane = 1", ['2: lane: unknown key; did you mean "lanes"?']),
    ("\n\n[integrations]\n", ['4: integrations: unknown key; did you mean "integration"?']),
    ("x = 1", [f"2: x: unknown key; {KEYS}"]),
    ('"a b" = 1', [f'2: "a b": unknown key; {KEYS}']),
    ('"" = 1', [f'2: "": unknown key; {KEYS}']),
    ('"é\\n\\u202e" = 1', [f'2: "é\\n\\u202e": unknown key; {KEYS}']),
    ("[integration]\nbranch = []", ['3: integration.branch: unknown key; did you mean "branches"?']),
    ("[integration]\nx = []", ["3: integration.x: unknown key; expected one of accepts, branches, pushers"]),
    ("defaults.protect = []", ['2: defaults.protect: unknown key; did you mean "protected"?']),
    (
        "[defaults]\n# a comment\nx = []",
        ["4: defaults.x: unknown key; expected one of overlap, protected, refs, shared, unlisted"],
    ),
    (f"{LANE}path = []", ['5: lanes.a.path: unknown key; did you mean "paths"?']),
    (
        f"{LANE}[lanes.a.x]\ny = 1",
        ["5: lanes.a.x: unknown key; expected one of branches, paths, pushers, summary"],
    ),
    # Tables
    ("integration = 1", ["2: integration: 1: expected a table"]),
    ("integration = []", ["2: integration: a list: expected a table"]),
    ("[[integration]]\nx = 1", ["2: integration: a list: expected a table"]),
    ('defaults = "reject"', ['2: defaults: "reject": expected a table']),
    ("lanes = []", ["2: lanes: a list: expected tables such as [lanes.docs]"]),
    ("[[lanes]]\nbranches = []", ["2: lanes: a list: expected tables such as [lanes.docs]"]),
    ("[lanes]\na = []\n", ["3: lanes.a: a list: expected a table"]),
    ("[lanes]\nbranches = 'a'\n", ['3: lanes.branches: "a": expected a table']),
    ("[[lanes.a]]\nx = 1\n", ["2: lanes.a: a list: expected a table"]),
    # integration.branches
    ('integration.branches = "main"', [f'2: integration.branches: "main": {LIST}']),
    ("integration.branches = 1.5", [f"2: integration.branches: a float: {LIST}"]),
    ("integration.branches = {}", [f"2: integration.branches: a table: {LIST}"]),
    (
        "integration.branches = ['main', 1,\n 2.5, true,\n[], {}, 2020-01-01]",
        [
            "2: integration.branches[1]: 1: expected a string",
            "3: integration.branches[2]: a float: expected a string",
            "3: integration.branches[3]: true: expected a string",
            "4: integration.branches[4]: a list: expected a string",
            "4: integration.branches[5]: a table: expected a string",
            "4: integration.branches[6]: a date or a time: expected a string",
        ],
    ),
    *(
        (
            f"integration.branches = ['main',\n '{name}']",
            [f'3: integration.branches[1]: "{name}": {EXACT}{NEEDS if set("*?[!") & set(name) else ""}'],
        )
        for name in (
            "",
            "release/*",
            "!a",
            "v?",
            "v[1]",
            "a b",
            "a..b",
            "a~",
            "a^",
            "a:",
            "/a",
            "a/",
            "a//b",
            ".a",
        )
    ),
    (f"integration.branches = ['{'a' * 4097}']", [f'2: integration.branches[0]: "{"a" * 59}…": {EXACT}']),
    (
        "[integration]\nbranches = ['a\\', \"b\\n\"]",
        [f'3: integration.branches[0]: "a\\": {EXACT}', f'3: integration.branches[1]: "b\\n": {EXACT}'],
    ),
    # Patterns among them, which somebody must be named for
    (
        """[integration]
pushers = ["ann"]
branches = ["refs/heads/x/*", "a b", "release/[", "", 1, "/x/*", "x/"]""",
        [
            "4: integration.branches[4]: 1: expected a string",
            f'4: integration.branches[0]: "refs/heads/x/*": {BRANCH}',
            f'4: integration.branches[1]: "a b": {NO_SUCH_NAME}',
            f'4: integration.branches[2]: "release/[": {UNCLOSED}',
            f'4: integration.branches[3]: "": {EMPTY}',
            f'4: integration.branches[5]: "/x/*": {BRANCH}',
            f'4: integration.branches[6]: "x/": {NO_SUCH_NAME}',
        ],
    ),
    (
        "[integration]\npushers = ['ann']\nbranches = ['!release/*']",
        [f"4: integration.branches: {ONLY}"],
    ),
    *(
        (f"integration.accepts = {value}", [f"2: integration.accepts: {shown}: {ACCEPTS}"])
        for value, shown in [("'lane'", '"lane"'), ("''", '""'), ("true", "true"), ("['lanes']", "a list")]
    ),
    # Who may push
    *(
        (f"{where}pushers = {value}", [f"{line}: {key}.pushers{expected}"])
        for where, line, key in [("[integration]\n", 3, "integration"), (LANE, 5, "lanes.a")]
        for value, expected in [
            ("'ann'", f': "ann": {LIST}'),
            ("true", f": true: {LIST}"),
            ("{}", f": a table: {LIST}"),
            ("[]", f": {SOMEBODY}"),
            ("['ann', 1]", "[1]: 1: expected a string"),
            *(
                (f'["ann", "{name}"]', f'[1]: "{shown}": {PERSON}')
                for name, shown in [
                    *(
                        (name, name)
                        for name in ("", " ", "@", "@ ", " bob", "bob ", "*", "@*", "bob*", "!bob")
                    ),
                    ("!@leads", "!@leads"),
                    ("a\\tb", "a\\tb"),
                    ("a\\u202eb", "a\\u202eb"),
                ]
            ),
            ("['@leads']", f'[0]: "@leads": there is no such group{LISTED}'),
            ("['@@leads']", f'[0]: "@@leads": there is no such group{LISTED}'),
        ]
    ),
    (
        "[groups]\nleads = ['ann']\n[integration]\npushers = ['@leeds', 'leads', '@x']",
        [
            '5: integration.pushers[0]: "@leeds": there is no such group; did you mean "@leads"?',
            f'5: integration.pushers[2]: "@x": there is no such group{LISTED}',
        ],
    ),
    ("groups = 1", ["2: groups: 1: expected a table"]),
    ("groups = ['ann']", ["2: groups: a list: expected a table"]),
    ("[groups]\nleads = 'ann'", [f'3: groups.leads: "ann": {LIST}']),
    ("[groups.leads]\nann = 1", [f"2: groups.leads: a table: {LIST}"]),
    ("[groups]\nleads = []", [f"3: groups.leads: {SOMEBODY}"]),
    (
        """[groups]
all = ["@leads", "ann"]
leads = [1, "", "bob*", "!bob"]""",
        [
            '3: groups.all[0]: "@leads": expected the name of a person: groups hold no groups',
            "4: groups.leads[0]: 1: expected a string",
            f'4: groups.leads[1]: "": {PERSON}',
            f'4: groups.leads[2]: "bob*": {PERSON}',
            f'4: groups.leads[3]: "!bob": {PERSON}',
        ],
    ),
    # defaults
    *(
        (f"defaults.overlap = {value}", [f'2: defaults.overlap: {shown}: expected "warn" or "reject"'])
        for value, shown in [('"Reject"', '"Reject"'), ("''", '""'), ("true", "true"), ("[]", "a list")]
    ),
    *(
        (f"defaults.unlisted = {value}", [f'2: defaults.unlisted: {shown}: expected "reject" or "allow"'])
        for value, shown in [
            ('"Allow"', '"Allow"'),
            ("''", '""'),
            ("true", "true"),
            ("0", "0"),
            ("['allow']", "a list"),
            ("{}", "a table"),
            ("1979-05-27T07:32:00Z", "a date or a time"),
            ("07:32:00", "a date or a time"),
            ("nan", "a float"),
            (f"'{'é' * 70}'", f'"{"é" * 59}…"'),
            ('"a\\u001b[31m\\u2028\\nb"', '"a\\x1b[31m\\u2028\\nb"'),
        ]
    ),
    ('[defaults]\nshared = "/a"', [f'3: defaults.shared: "/a": {LIST}']),
    ("[defaults]\nprotected = [['/a']]", ["3: defaults.protected[0]: a list: expected a string"]),
    ("[defaults]\nshared = ['!/a', '!/b']", [f"3: defaults.shared: {ONLY}"]),
    ("[defaults]\nprotected = [\n'!/a']", [f"3: defaults.protected: {ONLY}"]),
    ("[defaults]\nrefs = ['!refs/a']", [f"3: defaults.refs: {ONLY}"]),
    ("[defaults]\nrefs = [1]", ["3: defaults.refs[0]: 1: expected a string"]),
    ("[defaults]\nrefs = ['!refs/a', 1]", ["3: defaults.refs[1]: 1: expected a string"]),
    (
        "[defaults]\nrefs = ['notes/*', 'refs/notes/*', '!refs', '**', '/refs/a', 'refs/a[']",
        [
            f'3: defaults.refs[0]: "notes/*": {REF}',
            f'3: defaults.refs[2]: "!refs": {REF}',
            f'3: defaults.refs[3]: "**": {REF}',
            f'3: defaults.refs[4]: "/refs/a": {REF}',
            f'3: defaults.refs[5]: "refs/a[": {UNCLOSED}',
        ],
    ),
    # Lanes
    ("[lanes.a]", [f"2: lanes.a.branches: {COVERED}", f"2: lanes.a.paths: {WRITTEN}"]),
    ("[lanes.a]\nbranches = ['a']", [f"2: lanes.a.paths: {WRITTEN}"]),
    ("[lanes.a]\npaths = []", [f"2: lanes.a.branches: {COVERED}"]),
    ("[lanes.a]\npaths = []\nbranches = []", [f"4: lanes.a.branches: {COVERED}"]),
    ("lanes.a.branches = ['a']", [f"2: lanes.a.paths: {WRITTEN}"]),
    (
        f"[lanes.b.c]\n{LANE}",
        [
            "2: lanes.b.c: unknown key; expected one of branches, paths, pushers, summary",
            f"2: lanes.b.branches: {COVERED}",
            f"2: lanes.b.paths: {WRITTEN}",
        ],
    ),
    (LANE.replace("['a']", "'a'").replace('["a"]', '"a"'), [f'3: lanes.a.branches: "a": {LIST}']),
    (LANE.replace("[]", "'/a'"), [f'4: lanes.a.paths: "/a": {LIST}']),
    (LANE.replace("[]", "[false]"), ["4: lanes.a.paths[0]: false: expected a string"]),
    (LANE.replace("[]", "['!/a']"), [f"4: lanes.a.paths: {ONLY}"]),
    (LANE.replace('"a"', '"!a", "!b"'), [f"3: lanes.a.branches: {ONLY}"]),
    (LANE.replace('"a"', "1"), ["3: lanes.a.branches[0]: 1: expected a string"]),
    (f"{LANE}summary = 1", ["5: lanes.a.summary: 1: expected one line of printable text"]),
    (f"{LANE}summary = '''\na\nb'''", [f'5: lanes.a.summary: "a\\nb": {SUMMARY}']),
    (f'{LANE}summary = "a\\tb"', [f'5: lanes.a.summary: "a\\tb": {SUMMARY}']),
    *(
        (LANE.replace("lanes.a", f'lanes."{name}"'), [f'2: lanes."{name}": {PRINTABLE}'])
        for name in ("", " ", "a\\nb", "a\\tb", "\\u202e", "\\ue000")
    ),
    (
        LANE.replace('"a"', "'a', 'refs/heads/a', '!refs/heads/b',\n'/a', '!/a', '', 'a[', 'a\\'"),
        [
            f'3: lanes.a.branches[1]: "refs/heads/a": {BRANCH}',
            f'3: lanes.a.branches[2]: "!refs/heads/b": {BRANCH}',
            f'4: lanes.a.branches[3]: "/a": {BRANCH}',
            f'4: lanes.a.branches[4]: "!/a": {BRANCH}',
            f'4: lanes.a.branches[5]: "": {EMPTY}',
            f'4: lanes.a.branches[6]: "a[": {UNCLOSED}',
            f'4: lanes.a.branches[7]: "a\\": {BACKSLASH}',
        ],
    ),
    (
        LANE.replace("[]", "[\n'/a',\n'#a', '[[:\u202e:]]',\n'!', \"a\\nb\", \"\\u0000\"]"),
        [
            f'6: lanes.a.paths[1]: "#a": {COMMENT}',
            '6: lanes.a.paths[2]: "[[:\\u202e:]]": there is no character class [:\\u202e:]',
            f'7: lanes.a.paths[3]: "!": {EMPTY}',
            '7: lanes.a.paths[4]: "a\\nb": it holds a NUL or a line break',
            '7: lanes.a.paths[5]: "\\x00": it holds a NUL or a line break',
        ],
    ),
    # Numbers that Python does not like to print
    (f"x = 0x{'f' * 5000}", [f"2: x: unknown key; {KEYS}"]),
    (
        f"defaults.unlisted = 0x{'f' * 5000}",
        ['2: defaults.unlisted: a huge number: expected "reject" or "allow"'],
    ),
    (f"defaults.shared = [0o{'7' * 5000}]", ["2: defaults.shared[0]: a huge number: expected a string"]),
    (f"defaults.shared = [0b{'1' * 5000}]", ["2: defaults.shared[0]: a huge number: expected a string"]),
    (f"integration = {'1' * 4000}", ["2: integration: a huge number: expected a table"]),
    (f"\n\nx = {'1' * 5000}", ["4: a number has too many digits"]),
    (f"\n\nx = -{'1_' * 5000}1", ["4: a number has too many digits"]),
    (f"x = 0b{'1' * 5000}\ny = '{'1' * 5000}'\nz = {'1' * 5000}", ["4: a number has too many digits"]),
]


def start(value: object) -> str:
    """Give the beginning of a value, for a test's name."""
    return repr(value)[:50]


@pytest.mark.parametrize(("body", "expected"), WRONG, ids=start)
def test_an_error_tells_line_key_value_and_what_was_expected(body: str, expected: list[str]) -> None:
    assert problems(f"version = 1\n{body}") == [f".lanes.toml:{line}" for line in expected]


ONE = "expected 1, the only version that this git-lanes reads"
MISSING = "1: version: it is missing; expected version = 1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", MISSING),
        ("# nothing\n\n", MISSING),
        ("\n\n[defaults]\nunlisted = 'allow'", MISSING),
        *(
            (f"\nversion = {value}", f"2: version: {shown}: {ONE}")
            for value, shown in [
                ("2", "2"),
                ("0", "0"),
                ("-1", "-1"),
                ("1.0", "a float"),
                ("true", "true"),
                ("'1'", '"1"'),
                ("[1]", "a list"),
                ("{}", "a table"),
                ("2020-01-01", "a date or a time"),
                ("9223372036854775807", "9223372036854775807"),
                ("9223372036854775808", "a huge number"),
                (f"0x{'0' * 5000}2", "2"),
            ]
        ),
    ],
    ids=start,
)
def test_a_wrong_version(text: str, expected: str) -> None:
    assert problems(text) == [f".lanes.toml:{expected}"]


def test_all_errors_come_at_once_in_the_order_of_their_lines() -> None:
    text = """\
lanez = 1
version = "1"
[lanes.b]
summary = 2
paths = ["[", 3]
[defaults]
unlisted = "perhaps"
shared = "/a"
[integration]
branches = ["*"]
"""
    assert problems(text) == [
        '.lanes.toml:1: lanez: unknown key; did you mean "lanes"?',
        f'.lanes.toml:2: version: "1": {ONE}',
        f".lanes.toml:3: lanes.b.branches: {COVERED}",
        ".lanes.toml:4: lanes.b.summary: 2: expected one line of printable text",
        ".lanes.toml:5: lanes.b.paths[1]: 3: expected a string",
        f'.lanes.toml:5: lanes.b.paths[0]: "[": {UNCLOSED}',
        '.lanes.toml:7: defaults.unlisted: "perhaps": expected "reject" or "allow"',
        f'.lanes.toml:8: defaults.shared: "/a": {LIST}',
        f'.lanes.toml:10: integration.branches[0]: "*": {EXACT}{NEEDS}',
    ]


NOT_TEXT = "is not UTF-8; save the file as UTF-8"
EXPECTED_END = "Expected newline or end of document after a statement"
BOM = "it begins with a byte order mark; save it as UTF-8 without one"


@pytest.mark.parametrize(
    ("blob", "expected"),
    [
        (b"version = 1\n# caf\xe9\n", f"2: byte 0xe9 {NOT_TEXT}"),
        (b"\xff\xfev\0e\0", f"1: byte 0xff {NOT_TEXT}"),
        (b"version = 1\n\nx = '\xed\xa0\x80'\n", f"3: byte 0xed {NOT_TEXT}"),
        (b"\xef\xbb\xbfversion = 1\n", f"1: {BOM}"),
        (b"\xef\xbb\xbf\xff", f"1: {BOM}"),
        (b"#" * (MAX_BYTES + 1), "1: it is larger than 1 MiB"),
        (b"\xff" * (MAX_BYTES + 1), "1: it is larger than 1 MiB"),
        (b"version = 1\nx = '\0'\n", "2: not valid TOML at column 6: Found invalid character '\\x00'"),
        (b"\0", "1: not valid TOML at column 1: Invalid statement"),
        (b"version = 1\rx = 2\n", f"1: not valid TOML at column 12: {EXPECTED_END}"),
        (b"version = 1\n\nversion = 1\n", "3: not valid TOML at column 12: Cannot overwrite a value"),
        (b"version = 1\n[a]\n[a]\n", "3: not valid TOML at column 3: Cannot declare ('a',) twice"),
        (
            b"['a\xe2\x80\xae\xc3\xa9']\n['a\xe2\x80\xae\xc3\xa9']\n",
            "2: not valid TOML at column 7: Cannot declare ('a\\u202eé',) twice",
        ),
        (b"version = 1\n\nx =", "3: not valid TOML: Invalid value"),
        (b"version = 1\nx = [1", "2: not valid TOML: Unclosed array"),
        (b"version = 1\n\nx = '''\n\n", "5: not valid TOML: Expected \"'''\""),
        (b"x = 1e5.5", f"1: not valid TOML at column 8: {EXPECTED_END}"),
        (b"x = 2020-02-30", "1: not valid TOML at column 5: Invalid date or datetime"),
    ],
    ids=start,
)
def test_what_is_no_toml_at_all(blob: bytes, expected: str) -> None:
    assert problems(blob) == [f".lanes.toml:{expected}"]


def test_a_manifest_may_have_just_the_greatest_size() -> None:
    assert plain(parse(b"version = 1\n".ljust(MAX_BYTES, b"#"))) == NOTHING


TOO_DEEP = "brackets are nested too deep"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = " + "[" * 5000 + "]" * 5000, 1),
        ("\n\nx = " + "[" * 5000, 3),
        ("\nx = " + "{a = " * 5000 + "1" + "}" * 5000, 2),
        ("[lanes.a]\npaths = [\n'/a']\nx = " + "{a = " * 5000, 4),
        ("# " + "[" * 9000 + "\n\nx = " + "[ " * 5000 + "] " * 5000, 3),
        ("y = '" + "[" * 9000 + "'\nx = " + "[{a = " * 5000 + "1" + "}]" * 5000, 2),
    ],
)
def test_nested_too_deep(text: str, line: int) -> None:
    assert problems(text) == [f".lanes.toml:{line}: {TOO_DEEP}"]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("[", "]"), ("{a=", "}"), ("{'a'=", "}"), ('{"\\u00e9"=', "}"), ("[{'a'=", "}]"), ("{a=[{b=", "}]}")],
)
def test_every_depth_is_an_error_that_can_be_read(opening: str, closing: str) -> None:
    def found(depth: int) -> list[str]:
        return problems(f"version = 1\nx = {opening * depth}1{closing * depth}")

    unknown = [f".lanes.toml:2: x: unknown key; {KEYS}"]
    too_deep = [f".lanes.toml:2: {TOO_DEEP}"]
    # Where reading ends, other code that looks at the document must not end earlier.
    end = next(depth for depth in range(100, 1000, 10) if found(depth) != unknown)
    around = [found(depth) for depth in range(end - 20, end + 10)]
    assert around == sorted(around, key=[unknown, too_deep].index)
    assert found(end) == too_deep


def test_a_key_of_many_parts() -> None:
    assert problems(f"version = 1\n{'a.' * 300}a = 1") == [f".lanes.toml:2: a: unknown key; {KEYS}"]


def test_a_key_that_takes_too_long_to_read() -> None:
    """Python's reader takes 25 seconds for one of a megabyte."""
    too_long = [".lanes.toml:2: the line holds more than 300 dots; break it into several"]
    assert problems(f"version = 1\n{'a.' * 500_000}a = 1") == too_long


def test_very_many_problems() -> None:
    found = problems(f"version = 1\n[integration]\nbranches = [{'1, ' * 200_000}]")
    assert found[:2] == [f".lanes.toml:3: integration.branches[{i}]: 1: expected a string" for i in (0, 1)]
    assert found[100:] == [".lanes.toml:3: and 199,900 more like these"]


@pytest.mark.parametrize("kind", ["branches", "paths"])
@pytest.mark.parametrize("text", ["[" * 5000, "?" * 5000, "a" * 5000, "a" + " " * 5000 + "b", "[[:" * 2000])
def test_a_pattern_that_takes_too_long_to_read(kind: str, text: str) -> None:
    other = "paths" if kind == "branches" else "branches"
    (found,) = problems(f'version = 1\n[lanes.a]\n{kind} = ["{text}"]\n{other} = ["x"]')
    assert found.startswith(f".lanes.toml:3: lanes.a.{kind}[0]: ")
    assert found.endswith(": it is longer than 4,096 characters")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ((), ""),
        (("lanes", "a", "paths", 0), "lanes.a.paths[0]"),
        (("lanes", "a-b_1"), "lanes.a-b_1"),
        (("lanes", "a.b"), 'lanes."a.b"'),
        (("lanes", "a b"), 'lanes."a b"'),
        (("lanes", ""), 'lanes.""'),
        (("é",), '"é"'),
        (("lanes", 'a"b'), 'lanes."a\\"b"'),
        (("lanes", "a\\b"), 'lanes."a\\\\b"'),
        (("a\nb\x1b",), '"a\\nb\\x1b"'),
    ],
)
def test_a_dotted_key(key: Key, expected: str) -> None:
    assert dotted(key) == expected


@given(st.lists(st.text().filter(str.isprintable), min_size=1, max_size=3))
@settings(deadline=None, derandomize=True)
def test_a_dotted_key_is_toml(key: list[str]) -> None:
    found: object = tomllib.loads(f"{dotted(key)} = 1")
    for part in key:
        assert isinstance(found, dict)
        found = found[part]
    assert found == 1


GOOD = [
    *("main", "a/b", "release/1.0", "é", "\xa0", "a-b", "a@b", "@a", "a@", "a{b", "a.b", "a!", "#1", "a]"),
    *("a.lockx", "a,b", "refs/heads/a", "a/-b"),
]  # fmt: skip
BAD = [
    *("", ".", ".a", "a/.b", "a..b", "a/..b", "a.", "a.lock", "a.lock/b", "a/b.lock", "a//b", "/a", "a/"),
    *("a~", "a@{b", "a^b", "a:b", "a?", "a*", "a[", "a\\b", "a b", "a\tb", "a\nb", "a\x7fb"),
]  # fmt: skip


def test_the_names_of_branches_are_gits(repo: Repo) -> None:
    names = GOOD + BAD
    assert [
        name for name in names if repo.try_git("check-ref-format", f"refs/heads/{name}").status == 0
    ] == GOOD
    assert [name for name in names if is_branch_name(name.encode())] == GOOD


@pytest.mark.parametrize("name", ["-", "-a"])
def test_names_that_only_plumbing_takes_for_a_branchs(repo: Repo, name: str) -> None:
    assert not is_branch_name(name.encode())
    assert repo.try_git("check-ref-format", f"refs/heads/{name}").status == 0
    assert repo.try_git("check-ref-format", "--branch", name).status == 128


PRECEDENCE = parse(
    b"""\
version = 1
[integration]
branches = ["main"]
[defaults]
shared = ["/shared/", "!/shared/private/", "/docs/shared", "/docs/gen/shared"]
protected = ["/ci/", "!/ci/open/", "/docs/protected"]
[lanes.docs]
branches = ["work/docs-*", "!work/docs-x"]
paths = ["/docs/", "!/docs/gen/", "/.lanes.toml", "/ci/", "!/shared/not", "docs.md"]
[lanes.api]
branches = ["work/**", "!work/docs-*", "both"]
paths = ["/api/", "/docs/api.md", "vendor/"]
[lanes.review]
branches = ["review/*", "both"]
paths = []
"""
)
DOCS, API, REVIEW = PRECEDENCE.lanes


DOCS_PATHS, SHARED = ("lanes", "docs", "paths"), ("defaults", "shared")


@pytest.mark.parametrize(
    ("path", "writers", "key"),
    [
        (b"docs/a", ("docs",), (*DOCS_PATHS, 0)),
        (b"docs", (), None),
        (b"docs/", ("docs",), (*DOCS_PATHS, 0)),
        (b"docs/gen/a", (), (*DOCS_PATHS, 1)),
        (b"docs/api.md", ("docs", "api"), (*DOCS_PATHS, 0)),
        (b"api/a", ("api",), None),
        (b"top", (), None),
        (b"a/vendor", (), None),
        (b"a/vendor/", ("api",), None),
        # The names of the manifest and of what is protected, elsewhere, and what is no longer protected
        (b"docs/.lanes.toml", ("docs",), (*DOCS_PATHS, 0)),
        (b"ci/open/a", ("docs",), (*DOCS_PATHS, 3)),
        # What is shared, for lanes that write anything
        (b"shared/a", ("docs", "api"), (*SHARED, 0)),
        (b"shared/private/a", (), (*SHARED, 1)),
        # Two lists, each with its own last match: neither takes anything out of the other
        (b"shared/not", ("docs", "api"), (*SHARED, 0)),
        (b"docs/shared", ("docs", "api"), (*DOCS_PATHS, 0)),
        (b"docs/gen/shared", ("docs", "api"), (*SHARED, 3)),
        (b"shared/private/docs.md", ("docs",), (*DOCS_PATHS, 5)),
    ],
)
def test_precedence(path: bytes, writers: tuple[str, ...], key: Key | None) -> None:
    asked = path.removesuffix(b"/"), path.endswith(b"/")
    assert not PRECEDENCE.reserved(*asked)
    assert PRECEDENCE.writers(*asked) == writers
    allowed, decisive = PRECEDENCE.decision(DOCS, *asked)
    assert (allowed, decisive and decisive.key) == ("docs" in writers, key)
    assert decisive is None or decisive.text == at(decisive.key)
    assert PRECEDENCE.decision(REVIEW, *asked) == (False, None)
    for lane in PRECEDENCE.lanes:
        assert PRECEDENCE.may_write(lane, *asked) is (lane.name in writers)


def at(key: Key) -> str:
    """Give the pattern that stands at a key of the manifest."""
    found: Any = tomllib.loads(PRECEDENCE.text)
    for part in key:
        found = found[part]
    return str(found)


@pytest.mark.parametrize(
    "path", [b".lanes.toml", b".lanes.toml/a", b"ci/run", b"ci/", b"docs/protected", b"docs/protected/a"]
)
def test_what_is_reserved_comes_before_every_lane(path: bytes) -> None:
    asked = path.removesuffix(b"/"), path.endswith(b"/")
    assert PRECEDENCE.reserved(*asked)
    assert PRECEDENCE.writers(*asked) == ()
    assert [PRECEDENCE.may_write(lane, *asked) for lane in (DOCS, API, REVIEW, None)] == [False] * 4


@pytest.mark.parametrize(
    ("unlisted", "allowed"), [("reject", []), ("allow", [b"docs/a", b"top", b"ci/open/a"])]
)
def test_what_a_branch_without_a_lane_may_write(unlisted: str, allowed: list[bytes]) -> None:
    text = PRECEDENCE.text.replace("[defaults]", f'[defaults]\nunlisted = "{unlisted}"')
    paths = [b"docs/a", b"top", b"ci/open/a", b"ci/run", b".lanes.toml"]
    assert [path for path in paths if parse(text.encode()).may_write(None, path)] == allowed


def test_a_key_leads_back_to_its_line() -> None:
    manifest = parse(FULL.encode())
    keys: list[Key] = [
        ("defaults", "shared", 1),
        ("lanes", "lessons", "branches", 1),
        ("lanes", "lessons", "paths", 2),
    ]
    assert [manifest.line_of(key) for key in keys] == [15, 23, 25]


@pytest.mark.parametrize(
    ("branch", "lane"),
    [
        (b"work/docs-1", DOCS),
        (b"work/docs-x", None),
        (b"work/x", API),
        (b"work/x/docs-1", API),
        (b"review/a", REVIEW),
        (b"review/a/b", None),
        (b"main", None),
        (b"refs/heads/review/a", None),
        (b"review/\xff", REVIEW),
    ],
)
def test_the_lane_of_a_branch(branch: bytes, lane: object) -> None:
    assert PRECEDENCE.lane_of(branch) is lane


def test_a_branch_of_several_lanes_is_ambiguous() -> None:
    with pytest.raises(CannotJudge) as raised:
        PRECEDENCE.lane_of(b"both")
    assert str(raised.value) == (
        'the branch both is covered by the lanes "api" and "review";'
        " change their branch patterns in .lanes.toml so that only one covers it"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("doc", 'there is no lane "doc"; did you mean "docs"?'),
        ("zzz", 'there is no lane "zzz"'),
        ("", 'there is no lane ""'),
        ("a\nb\x1b", 'there is no lane "a\\nb\\x1b"'),
        ("\udcff", 'there is no lane "\\xff"'),  # what Python makes of an argument that is not UTF-8
    ],
)
def test_a_lane_by_name(name: str, message: str) -> None:
    assert PRECEDENCE.lane_named("api") is API
    with pytest.raises(CannotJudge) as raised:
        PRECEDENCE.lane_named(name)
    assert str(raised.value) == message


def test_problems_are_in_the_order_of_their_lines() -> None:
    late, early, same = Problem(9, "b", "x"), Problem(2, "", "y"), Problem(9, "a", "z")
    assert ManifestInvalid([late, early, same]).problems == (early, late, same)
    assert str(ManifestInvalid([late, early])) == ".lanes.toml:2: y\n.lanes.toml:9: b: x"


def is_parsed_or_refused(blob: bytes) -> None:
    """Read a manifest; a refusal must be one that can be shown and found in the file."""
    try:
        parse(blob)
    except ManifestInvalid as error:
        shown = str(error).split("\n")
        lines = [problem.line for problem in error.problems]
        assert shown == [line for line in shown if line.isprintable() and line.startswith(".lanes.toml:")]
        assert lines == sorted(lines)
        assert len(shown) == len(lines) > 0
        assert 1 <= lines[0] <= lines[-1] <= blob.count(b"\n") + 1


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_parsed_or_refused(blob: bytes) -> None:
    is_parsed_or_refused(blob)
    is_parsed_or_refused(b"version = 1\n" + blob)


SCRAPS = [
    *("\n", "\r\n", "\r", "\0", "\t", " ", "#", "=", ",", ".", "[", "]", "[[", "]]", "{", "}", '"', "'"),
    *("'''", '"""', "\\", "\\n", "\\u0000", "\\ud800", "\u202e", "\ufeff", "é", "!", "*", "**", "?", "[a"),
    *("1", "-0", "1.5", "inf", "1e400", "0x1", "true", "1979-05-27", "1979-05-27T07:32:00-23:59", "24:00:00"),
    *("x = ", "version = 1\n", "[lanes]\n", "[[lanes]]\n", "[lanes.a]\n", "[lanes.lessons.x]\n", "refs/"),
    *("[defaults]\n", "paths = []\n", "branches = ['!a']\n", "summary = 1\n", "{a = 1}", "[1]", "['\n']"),
    *("/", "#a", "a.b.c = 1\n", "9" * 5000, "[" * 400, "{a=" * 300, "[{'a'=" * 250, "{a.b='''\n"),
]  # fmt: skip
NOT_UTF_8 = [b"\xff", b"\xe9", b"\xed\xa0\x80", b"\xef\xbb"]
RAW = [scrap.encode() for scrap in SCRAPS] + NOT_UTF_8
CUTS = st.lists(
    st.tuples(st.integers(0, len(FULL)), st.integers(0, 12), st.lists(st.sampled_from(RAW), max_size=3)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(CUTS)
@example([(4, 0, [b"[" * 5000])])
def test_any_damage_is_parsed_or_refused(cuts: list[tuple[int, int, list[bytes]]]) -> None:
    blob = FULL.encode()
    for at, length, scraps in cuts:
        blob = blob[:at] + b"".join(scraps) + blob[at + length :]
    is_parsed_or_refused(blob)


LINES = [line.encode() + b"\n" for line in FULL.splitlines()] + RAW


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(LINES), max_size=12).map(b"".join))
def test_any_order_of_lines_is_parsed_or_refused(blob: bytes) -> None:
    is_parsed_or_refused(blob)
