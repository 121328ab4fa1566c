"""The JSON Schema says what the manifest's reader says, as far as a schema can; editors read it as meant."""

import copy
import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from repos import MANIFEST, SCRIPTS, Repo

from lanes import manifest
from lanes.manifest import ManifestInvalid, parse

FILE = Path(manifest.__file__).with_name("lanes.schema.json")
SCHEMA = json.loads(FILE.read_text())
VALIDATOR = Draft7Validator(SCHEMA)

SCHEMA_LINE = "#:schema ./.lanes.schema.json\n"  # as `git lanes init` writes it
FULL = """\
version = 1

[groups]
leads = ["ann", "bob smith"]

[integration]
branches = ["main", "release/*"]
pushers = ["@leads", "carol"]
accepts = "lanes"

[defaults]
unlisted = "allow"
overlap = "reject"
shared = ["/uv.lock", "*.md", "!/docs/*.md"]
protected = ["/.github/", "/a[]b]/", "/with space/", "/trailing\\\\ "]
refs = ["refs/notes/**", "!refs/notes/secret"]

[lanes.docs]
summary = "Write the docs — ünïcode"
branches = ["work/docs-*", "!work/docs-[0-9 ]", "a/**/b"]
paths = ["/docs/", "!/docs/**/private/", "/#x", "..a", "a../b"]
pushers = ["@leads"]

[lanes."a b.c"]
branches = ["review/**"]
paths = []
"""
LANE = '\n[lanes.a]\nbranches = ["a"]\npaths = []\n'


def lane(lines: str) -> str:
    """Give a manifest with one lane, whose key in question is on line 3 of it."""
    given = lines.split(" = ", maxsplit=1)[0]
    rest = [line for line in ('branches = ["a"]', "paths = []") if not line.startswith(given)]
    return "\n".join(["version = 1", "[lanes.a]", lines, *rest]) + "\n"


def defaults(line: str) -> str:
    return f"version = 1\n[defaults]\n{line}\n"


def integration(line: str, more: str = "") -> str:
    return f"version = 1\n[integration]\n{line}\n{more}"


GOOD = {
    "the least": "version = 1\n",
    "every key": FULL,
    "of the tests": MANIFEST,
    "no integration branches": integration("branches = []"),
    "exact names": integration('branches = ["main", "a.b/c-d", "ü"]'),
    "empty lists": defaults("shared = []\nprotected = []\nrefs = []"),
}
# Each with the line that is wrong, below SCHEMA_LINE.
BAD = {
    "no version": ("lanes = {}\n", 1),
    "another version": ("version = 2\n", 2),
    "version as text": ('version = "1"\n', 2),
    "an unknown key": ("version = 1\nlane = 1\n", 3),
    "an unknown key of integration": (integration('branch = ["a"]'), 4),
    "an unknown key of defaults": (defaults('share = ["a"]'), 4),
    "an unknown key of a lane": (lane('owner = "ann"'), 4),
    "no table": ("version = 1\ndefaults = 1\n", 3),
    "lanes as a list": ("version = 1\nlanes = []\n", 3),
    "a lane as text": ('version = 1\nlanes.a = "b"\n', 3),
    "a list in the place of text": (lane('summary = ["a"]'), 4),
    "text in the place of a list": (lane('paths = "/a/"'), 4),
    "a number in a list": (lane("paths = [1]"), 4),
    "no branches": ("version = 1\n[lanes.a]\npaths = []\n", 3),
    "no paths": ('version = 1\n[lanes.a]\nbranches = ["a"]\n', 3),
    "empty branches": (lane("branches = []"), 4),
    "branches with only exceptions": (lane('branches = ["!a"]'), 4),
    "paths with only exceptions": (lane('paths = ["!a", "!b"]'), 4),
    "shared with only exceptions": (defaults('shared = ["!a"]'), 4),
    "refs with only exceptions": (defaults('refs = ["!refs/notes/x"]'), 4),
    "a branch by its full name": (lane('branches = ["refs/heads/a"]'), 4),
    "a branch with a space": (lane('branches = ["a b"]'), 4),
    "a branch with dots": (lane('branches = ["a..b"]'), 4),
    "a branch with a slash before it": (lane('branches = ["/a"]'), 4),
    "a branch with a slash behind it": (lane('branches = ["a/"]'), 4),
    "a branch that begins with a dash": (lane('branches = ["-a"]'), 4),
    "a locked branch": (lane('branches = ["a/*.lock"]'), 4),
    "a summary of two lines": (lane('summary = "a\\nb"'), 4),
    "a nameless lane": ('version = 1\n[lanes.""]\nbranches = ["a"]\npaths = []\n', 3),
    "a lane with a line break": ('version = 1\n[lanes."a\\nb"]\nbranches = ["a"]\npaths = []\n', 3),
    "a path with a dot": (lane('paths = ["./a"]'), 4),
    "a path with two dots": (lane('paths = ["/a/", "!/a/../b"]'), 4),
    "an empty path": (lane('paths = [""]'), 4),
    "a path of slashes": (lane('paths = ["//"]'), 4),
    "a comment": (lane('paths = ["#a"]'), 4),
    "a path with a line break": (lane('paths = ["a\\nb"]'), 4),
    "an open bracket": (lane('paths = ["/a[b"]'), 4),
    "an open bracket of a branch": (lane('branches = ["a[b"]'), 4),
    "a backslash at the end": (lane('paths = ["/a\\\\"]'), 4),
    "a backslash before the last slash": (lane('paths = ["/a\\\\/"]'), 4),
    "a pattern that is too long": (lane(f'paths = ["{"a" * 4097}"]'), 4),
    "a protected path with a dot": (defaults('protected = ["a/."]'), 4),
    "unlisted": (defaults('unlisted = "warn"'), 4),
    "overlap": (defaults('overlap = "allow"'), 4),
    "a short ref": (defaults('refs = ["notes/*"]'), 4),
    "a branch as a ref": (defaults('refs = ["refs/heads/a"]'), 4),
    "a replacement": (defaults('refs = ["refs/replace/*"]'), 4),
    "accepts": (integration('accepts = "all"'), 4),
    "a pattern of integration branches": (integration('branches = ["release/*"]'), 4),
    "an integration branch by its full name": (integration('branches = ["refs/heads/main"]'), 4),
    "an exception of integration branches": (integration('branches = ["!main"]'), 4),
    "integration with only exceptions": (integration('branches = ["!main"]', 'pushers = ["ann"]\n'), 4),
    "nobody": (lane("pushers = []"), 4),
    "everybody": (lane('pushers = ["*"]'), 4),
    "not somebody": (lane('pushers = ["!ann"]'), 4),
    "a person with a space behind": (lane('pushers = ["ann "]'), 4),
    "a group without a name": (lane('pushers = ["@"]'), 4),
    "an empty group": ("version = 1\n[groups]\na = []\n", 4),
    "a group in a group": ('version = 1\n[groups]\na = ["ann"]\nb = ["@a"]\n', 5),
}


def problems(text: str) -> set[int]:
    """Give the lines that the reader objects to."""
    try:
        parse(text.encode())
    except ManifestInvalid as error:
        return {problem.line for problem in error.problems}
    return set()


def accepted(document: object) -> bool:
    """Tell whether the schema accepts a document."""
    return next(VALIDATOR.iter_errors(document), None) is None


# -- It is in step with the reader


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


def test_it_has_the_keys_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[tuple[Any, ...], set[str]] = {}
    check = manifest._Reader._check_keys

    def watched(self: manifest._Reader, table: dict[str, Any], key: manifest.Key, keys: set[str]) -> None:
        known[key] = keys
        check(self, table, key, keys)

    monkeypatch.setattr(manifest._Reader, "_check_keys", watched)
    parse(FULL.encode())
    properties = SCHEMA["properties"]
    of_a_lane = properties["lanes"]["additionalProperties"]
    assert known.pop(("groups",)) == {"leads"}
    assert known.pop(("lanes", "docs")) == known.pop(("lanes", "a b.c")) == set(of_a_lane["properties"])
    assert known.pop(()) == set(properties)
    assert {key[0]: keys for key, keys in known.items()} == {
        name: set(table["properties"]) for name, table in properties.items() if "properties" in table
    }


def tables(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give the schema of every table."""
    if schema.get("type") == "object":
        yield schema
        for inner in [*schema.get("properties", {}).values(), schema["additionalProperties"]]:
            if isinstance(inner, dict):
                yield from tables(inner)


def test_every_key_is_described_and_no_other_is_allowed() -> None:
    found = list(tables(SCHEMA))
    assert len(found) == 6
    for table in found:
        assert table["additionalProperties"] is False or "description" in table["additionalProperties"]
        assert all(inner["description"].endswith(".") for inner in table.get("properties", {}).values())


def test_the_defaults_are_those_of_the_reader() -> None:
    lines = [
        f"{name}.{key} = {json.dumps(inner['default'])}"
        for name in ("integration", "defaults")
        for key, inner in SCHEMA["properties"][name]["properties"].items()
        if "default" in inner
    ]
    assert len(lines) == 7
    assert shape(parse("\n".join(["version = 1", *lines]).encode())) == shape(parse(b"version = 1"))


def shape(value: object) -> object:
    """Give a manifest as plain values, without its text."""
    if hasattr(value, "patterns"):
        return [pattern.text for pattern in value.patterns]
    if hasattr(value, "__dataclass_fields__"):
        return {name: shape(getattr(value, name)) for name in value.__dataclass_fields__ if name != "text"}
    return value


# -- It accepts what the reader accepts


@pytest.mark.parametrize("name", GOOD)
def test_good(name: str) -> None:
    assert problems(GOOD[name]) == set()
    assert accepted(manifest.tomllib.loads(GOOD[name]))


@pytest.mark.parametrize("name", BAD)
def test_bad(name: str) -> None:
    text, line = BAD[name]
    assert problems(SCHEMA_LINE + text) == {line}
    assert not accepted(manifest.tomllib.loads(text))


PLAIN = [
    "a",
    "b",
    "/",
    "!",
    "*",
    "**",
    "?",
    ".",
    "..",
    "#",
    "@",
    "{",
    " ",
    "-",
    "~",
    "^",
    ":",
    "\n",
    "\0",
    "\t",
]
PLAIN += ["refs/heads/", "refs/notes/", "refs/replace/", ".lock", "@a", "main"]
BRACKETS = ["[", "]", "\\", "[a]", "[!a]", "[[:alpha:]]", "[ ]", "[]"]


SOUND: dict[str, Any] = {
    "version": 1,
    "groups": {"a": ["ann"]},
    "integration": {"branches": ["main"]},
    "defaults": {},
    "lanes": {"a": {"branches": ["a"], "paths": []}},
}
PLACES = (
    *[("integration", "branches"), ("integration", "pushers"), ("groups", "a")],
    *[("defaults", key) for key in ("shared", "protected", "refs")],
    *[("lanes", "a", key) for key in ("branches", "paths", "pushers")],
)


def documents(pieces: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Make documents that are sound but for some strings, where these are not."""
    text = st.lists(st.sampled_from(pieces), max_size=5).map("".join)
    texts = st.lists(text, max_size=2)
    changes = st.dictionaries(st.sampled_from(PLACES), texts, max_size=2)
    return st.builds(document, changes, st.just("a") | text, st.just("a") | text)


def document(changes: Mapping[tuple[str, ...], list[str]], name: str, summary: str) -> dict[str, Any]:
    """Give the sound document with other lists in some places, and another name and summary of its lane."""
    made = copy.deepcopy(SOUND)
    for (*folders, last), texts in changes.items():
        table = made
        for part in folders:
            table = table[part]
        table[last] = texts
    made["lanes"]["a"]["summary"] = summary
    made["lanes"][name] = made["lanes"].pop("a")
    return made


def toml(value: object) -> str:
    """Write a value as TOML: a table in braces."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def valid(document: Mapping[str, object]) -> bool:
    """Tell whether the reader accepts a document."""
    return not problems("\n".join(f"{key} = {toml(value)}" for key, value in document.items()))


@settings(max_examples=500)
@given(documents(PLAIN + BRACKETS))
def test_it_rejects_nothing_that_is_valid(document: dict[str, Any]) -> None:
    if valid(document):
        assert accepted(document)


@settings(max_examples=500)
@given(documents(PLAIN))
def test_it_rejects_what_is_not_valid(document: dict[str, Any]) -> None:
    """But for groups that are not there, and what brackets and backslashes hold: no schema can tell."""
    if accepted(document):
        tables = [*document["lanes"].values(), document["integration"]]
        strangers = any(
            name.startswith("@") and name != "@a" for table in tables for name in table.get("pushers", [])
        )
        assert valid(document) or strangers


# -- Editors read it so


def test_a_language_server_takes_it_as_meant(tmp_path: Path) -> None:
    """All examples at once, without a network: the schema is a file beside them."""
    (tmp_path / ".lanes.schema.json").write_bytes(FILE.read_bytes())
    expected: dict[str, set[int]] = {}
    for text, *lines in [*((text,) for text in GOOD.values()), *BAD.values()]:
        name = f"{len(expected)}.toml"
        (tmp_path / name).write_text(SCHEMA_LINE + text)
        expected[name] = set(lines)
    found: dict[str, set[int]] = {name: set() for name in expected}
    report = ("--diagnostics-format", "json", "--diagnostics-file", "report.json")
    ended = Repo(tmp_path).run(SCRIPTS / "tombi", "lint", "--offline", "--no-cache", *report, *expected)
    assert ended.status == 1
    for problem in json.loads((tmp_path / "report.json").read_text()):
        found[Path(problem["path"]).name].add(problem["range"]["start"]["line"])
    assert found == expected


class LanguageServer:
    """A language server for the folder *root*, as an editor starts it."""

    def __init__(self, root: Path) -> None:
        command = [SCRIPTS / "tombi", "lsp", "--offline"]
        self.process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.root = root.as_uri()
        self.ask("initialize", processId=None, rootUri=self.root, capabilities={})
        self.tell("initialized")

    def tell(self, method: str, **parameters: object) -> None:
        self._send({"method": method, "params": parameters})

    def ask(self, method: str, **parameters: object) -> Any:
        self._send({"id": 1, "method": method, "params": parameters})
        return self.wait(lambda message: "method" not in message)["result"]

    def wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read messages up to the one that is wanted, and answer the server's own questions with nothing."""
        while True:
            assert self.process.stdout is not None
            headers = dict(line.split(b": ") for line in iter(self.process.stdout.readline, b"\r\n"))
            message: dict[str, Any] = json.loads(self.process.stdout.read(int(headers[b"Content-Length"])))
            if wanted(message):
                return message
            if "id" in message:
                self._send({"id": message["id"], "result": None})

    def _send(self, message: dict[str, object]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
        self.process.stdin.flush()


def test_an_editor_marks_mistakes_and_completes_keys(tmp_path: Path) -> None:
    (tmp_path / ".lanes.schema.json").write_bytes(FILE.read_bytes())
    text = SCHEMA_LINE + 'version = 1\n[defaults]\nunlisted = "maybe"\n\n[lanes.docs]\npaths = []\n'
    server = LanguageServer(tmp_path)
    limit = threading.Timer(30, server.process.kill)
    limit.start()
    try:
        document = {"uri": f"{server.root}/.lanes.toml", "languageId": "toml", "version": 1, "text": text}
        server.tell("textDocument/didOpen", textDocument=document)
        marked = server.wait(lambda message: message.get("method") == "textDocument/publishDiagnostics")
        lines = [found["range"]["start"]["line"] + 1 for found in marked["params"]["diagnostics"]]
        assert sorted(lines) == [4, 6]
        place = {"textDocument": {"uri": document["uri"]}, "position": {"line": 4, "character": 0}}
        offered = {item["label"] for item in server.ask("textDocument/completion", **place)}
        assert offered == set(SCHEMA["properties"]["defaults"]["properties"]) - {"unlisted"}
    finally:
        limit.cancel()
        server.process.kill()
        server.process.communicate()
