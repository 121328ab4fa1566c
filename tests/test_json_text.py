"""Changing a list in a JSON file: the file stays as people wrote it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanes.json_text import EACH, items, parsed, with_item, with_member, without

KEYS = ("hooks", "Before")
PATH = (*KEYS, EACH)
IN_GROUPS = (*PATH, "hooks", EACH)
OURS = {"command": "ours"}


def is_ours(value: object) -> bool:
    return value == OURS


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "{}\n",
            '{\n  "hooks": {\n    "Before": [\n      {\n        "command": "ours"\n      }\n    ]\n  }\n}\n',
        ),
        ('{"a": 1}', '{"a": 1, "hooks": {"Before": [{"command": "ours"}]}}'),
        (
            '{\n\t"a": [1, 2]\n}\n',
            '{\n\t"a": [1, 2],\n\t"hooks": {\n\t\t"Before": [\n\t\t\t{\n'
            '\t\t\t\t"command": "ours"\n\t\t\t}\n\t\t]\n\t}\n}\n',
        ),
        (
            '{\r\n    "hooks": {\r\n        "Before": [\r\n            1\r\n        ]\r\n    }\r\n}\r\n',
            '{\r\n    "hooks": {\r\n        "Before": [\r\n            1,\r\n            {\r\n'
            '                "command": "ours"\r\n            }\r\n        ]\r\n    }\r\n}\r\n',
        ),
        (
            '{ "hooks" : { "After" : [ 1 ] } , "z" : 1.50e3 }',
            '{ "hooks" : { "After" : [ 1 ], "Before": [{"command": "ours"}] } , "z" : 1.50e3 }',
        ),
        (
            '{"hooks": 1, "hooks": {"Before": ["\\u00fc", "]"]}}',
            '{"hooks": 1, "hooks": {"Before": ["\\u00fc", "]", {"command": "ours"}]}}',
        ),
        (
            '{\n\n  "a": 1,\n\n  "b": 2}\n',
            '{\n\n  "a": 1,\n\n  "b": 2,\n  "hooks": {\n    "Before": [\n      {\n'
            '        "command": "ours"\n      }\n    ]\n  }}\n',
        ),
    ],
)
def test_an_item_comes_and_goes(before: str, after: str) -> None:
    assert with_item(before, KEYS, OURS) == after
    assert without(after, PATH, is_ours) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"hooks": {"Before": [{"command": "ours"}, 1, 2]}}', '{"hooks": {"Before": [1, 2]}}'),
        ('{"hooks": {"Before": [1, {"command": "ours"} , 2]}}', '{"hooks": {"Before": [1 , 2]}}'),
        ('{"hooks": {"Before": [1, {"command": "ours"}]}}', '{"hooks": {"Before": [1]}}'),
        ('{"hooks": {"Before": [{"command": "ours"},\n {"command": "ours"}]}, "a": 1}', '{"a": 1}'),
        ('{"a": 1, "hooks": {"Before": [{"command": "ours"}], "b": []}}', '{"a": 1, "hooks": {"b": []}}'),
        ('{"hooks": {"Before": []}}', '{"hooks": {"Before": []}}'),
        ('["hooks"]', '["hooks"]'),
        ('"hooks"', '"hooks"'),
    ],
)
def test_items_go(before: str, after: str) -> None:
    assert without(before, PATH, is_ours) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"hooks": {"Before": [{"m": "x", "hooks": [{"command": "ours"}]}]}}', "{}"),
        (
            '{"hooks": {"Before": [{"hooks": [1]}, {"hooks": [{"command": "ours"}], "m": 1}]}}',
            '{"hooks": {"Before": [{"hooks": [1]}]}}',
        ),
        (
            '{"hooks": {"Before": [{"m": 1, "hooks": [1, {"command": "ours"}]}]}}',
            '{"hooks": {"Before": [{"m": 1, "hooks": [1]}]}}',
        ),
        ('{"hooks": {"Before": [{"m": 1}, 2, [{"command": "ours"}]]}}', None),
    ],
)
def test_groups(before: str, after: str | None) -> None:
    assert without(before, IN_GROUPS, is_ours) == (before if after is None else after)


def test_items() -> None:
    text = '{"hooks": {"Before": [{"hooks": [1, {"a": 2}]}, {"x": 1}, {"hooks": ["é"]}]}}'
    assert items(text, IN_GROUPS) == [1, {"a": 2}, "é"]
    assert items("[]", PATH) == []


def test_a_member() -> None:
    assert with_member("{}", "version", 1) == '{\n  "version": 1\n}'
    assert with_member('{"version": 2}', "version", 1) == '{"version": 2}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "all of it is not an object"),
        ('{"hooks": []}', "hooks is not an object"),
        ('{"hooks": {"Before": {}}}', "hooks.Before is not a list"),
    ],
)
def test_another_shape(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        with_item(text, KEYS, OURS)


@pytest.mark.parametrize(
    "text", ["", "{", "{} x", "// x\n{}", '{"a": NaN}', "[" * 100_000, "\ufeff{}", "1" * 5000]
)
def test_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.text(), VALUES) | st.builds(
    lambda rest, hooks, before: rest | {"hooks": hooks | {"Before": before}},
    st.dictionaries(st.text(), VALUES),
    st.dictionaries(st.text(), VALUES),
    st.lists(VALUES, min_size=1),
)


@given(DOCUMENTS, st.sampled_from([None, 1, 4, "\t"]), st.booleans(), st.booleans())
def test_any_document(document: dict[str, Any], indent: int | str | None, plain: bool, windows: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=plain)
    text = text.replace("\n", "\r\n") if windows else text
    hooks = document.setdefault("hooks", {})
    if not isinstance(hooks, dict) or not isinstance(hooks.setdefault("Before", []), list):
        with pytest.raises(ValueError, match="is not"):
            with_item(text, KEYS, OURS)
        return
    added = with_item(text, KEYS, OURS)
    hooks["Before"].append(OURS)
    assert parsed(added) == document
    assert list(json.loads(added)) == list(document)  # their order
    if len(hooks["Before"]) > 1 or "hooks" not in json.loads(text):
        assert without(added, PATH, is_ours) == text or not json.loads(text)
