"""The judge alone, on plain values."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanes.judge import (
    UNSETTLED,
    Change,
    Charge,
    Commit,
    Reason,
    Value,
    Violation,
    charges,
    closest_lane,
    fit_into_one_lane,
    judge,
    not_in_lane,
)
from lanes.manifest import Lane, Manifest, parse

FILE_1, FILE_2, EXECUTABLE = b"100644 1", b"100644 2", b"100755 1"
LINK, MODULE_1, MODULE_2 = b"120000 3", b"160000 4", b"160000 5"

MANIFEST = parse(
    b"""
version = 1
[defaults]
shared = ["/shared", "!/shared/not"]
protected = ["/ci/"]
[lanes.docs]
branches = ["docs"]
paths = ["/docs/", "/vendor/lib/", "/media/*", "!/media/out/"]
[lanes.api]
branches = ["api"]
paths = ["/api/", "/docs/api.md"]
[lanes.review]
branches = ["review"]
paths = []
"""
)
DOCS, REVIEW = MANIFEST.lane_named("docs"), MANIFEST.lane_named("review")


def found(*commits: Commit, lane: Lane | None = DOCS, manifest: Manifest = MANIFEST) -> list[Violation]:
    return list(judge(manifest, lane, commits))


def charged(*commits: Commit) -> list[tuple[str | None, bytes | None, str | None]]:
    return [(violation.commit, violation.path, violation.status) for violation in found(*commits)]


def commit(
    oid: str, against: str | None, *changes: tuple[bytes, object, Value | None], parents: str = ""
) -> Commit:
    """Make a commit from changes (path, old, new), read once as git's are."""
    return Commit(oid, tuple(parents), against, iter([Change(*change) for change in changes]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "lane", "reason", "owners"),
    [
        (b"docs/a", DOCS, None, ()),
        (b"shared", DOCS, None, ()),
        (b"shared/not", DOCS, Reason.OUTSIDE_LANE, ()),
        (b"api/a", DOCS, Reason.OUTSIDE_LANE, ("api",)),
        (b"docs/api.md", DOCS, None, ()),
        (b"top", DOCS, Reason.OUTSIDE_LANE, ()),
        (b"docs", DOCS, Reason.OUTSIDE_LANE, ()),  # a file in the folder's place is not in the folder
        (b"ci/run", DOCS, Reason.PROTECTED, ()),
        (b".lanes.toml", DOCS, Reason.PROTECTED, ()),
        (b"docs/.lanes.toml", DOCS, None, ()),
        (b"docs/a", REVIEW, Reason.REVIEW_ONLY, ("docs",)),
        (b"shared", REVIEW, Reason.REVIEW_ONLY, ("docs", "api")),
        (b"ci/run", REVIEW, Reason.PROTECTED, ()),
    ],
)
def test_a_path(path: bytes, lane: Lane, reason: Reason | None, owners: tuple[str, ...]) -> None:
    expected = [Violation(reason, "c", path, "A", owners)] if reason else []
    assert found(commit("c", "main", (path, None, FILE_1)), lane=lane) == expected


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (None, FILE_1, "A"),
        (FILE_1, None, "D"),
        (FILE_1, FILE_2, "M"),
        (FILE_1, EXECUTABLE, "M"),
        (FILE_1, LINK, "T"),
        (MODULE_1, MODULE_2, "M"),
        (UNSETTLED, FILE_1, "U"),
        (UNSETTLED, None, "U"),
    ],
)
def test_every_kind_of_change_counts(old: object, new: Value | None, status: str) -> None:
    assert charged(commit("c", "main", (b"top", old, new))) == [("c", b"top", status)]
    assert charged(commit("c", "main", (b"docs/a", old, new))) == []


def test_a_branch_without_a_lane() -> None:
    assert found(lane=None) == [Violation(Reason.NO_LANE)]
    assert found(commit("c", "main", (b"x", None, FILE_1)), lane=None) == [Violation(Reason.NO_LANE)]


def test_a_branch_without_a_lane_where_that_is_allowed() -> None:
    manifest = parse(b'version = 1\n[defaults]\nunlisted = "allow"\nprotected = ["/ci/"]\n')
    change = commit(
        "c", "main", (b".lanes.toml", FILE_1, FILE_2), (b"ci/x", None, FILE_1), (b"top", None, FILE_1)
    )
    assert found(change, lane=None, manifest=manifest) == [
        Violation(Reason.PROTECTED, "c", b".lanes.toml", "M"),
        Violation(Reason.PROTECTED, "c", b"ci/x", "A"),
    ]


@pytest.mark.parametrize(
    ("path", "old", "new", "outside"),
    [
        (b"vendor/lib", None, MODULE_1, False),
        (b"vendor/lib", None, FILE_1, True),
        (b"vendor/lib", MODULE_1, MODULE_2, False),
        (b"vendor/lib", MODULE_1, None, False),
        (b"vendor/lib", FILE_1, MODULE_1, True),
        (b"vendor/lib", MODULE_1, FILE_1, True),
        (b"vendor/lib/file", None, FILE_1, False),
        (b"media/out", None, FILE_1, False),
        (b"media/out", None, MODULE_1, True),
        (b"media/out", FILE_1, MODULE_1, True),
        (b"media/out", UNSETTLED, None, True),  # which of the two it was, nobody can tell
        (b"media/in", FILE_1, MODULE_1, False),
    ],
)
def test_a_submodule_counts_as_a_folder(
    path: bytes, old: Value | None, new: Value | None, outside: bool
) -> None:
    assert bool(found(commit("c", "main", (path, old, new)))) is outside


@pytest.mark.parametrize(("old", "new"), [(None, MODULE_1), (MODULE_1, None), (MODULE_1, MODULE_2)])
def test_a_submodule_in_the_place_of_a_folder_has_its_reason_and_owners(
    old: Value | None, new: Value | None
) -> None:
    changes = commit("c", "main", (b"ci", old, new), (b"vendor/lib", old, new))
    assert [(one.path, one.reason, one.lanes) for one in found(changes, lane=REVIEW)] == [
        (b"ci", Reason.PROTECTED, ()),
        (b"vendor/lib", Reason.REVIEW_ONLY, ("docs",)),
    ]


@pytest.mark.parametrize(
    ("path", "old", "new", "owners"),
    [
        (b"vendor/lib", FILE_1, MODULE_1, ()),
        (b"vendor/lib", MODULE_1, FILE_1, ()),
        (b"vendor/lib", MODULE_1, None, ("docs",)),
        (b"media/out", FILE_1, MODULE_1, ()),
        (b"media/out", FILE_1, None, ("docs",)),
        (b"media/out", UNSETTLED, None, ()),
        (b"media/in", FILE_1, MODULE_1, ("docs",)),
        (b"media/in", MODULE_1, FILE_1, ("docs",)),
    ],
)
def test_a_path_that_turns_into_a_submodule_or_back_is_owned_by_who_may_write_both(
    path: bytes, old: object, new: Value | None, owners: tuple[str, ...]
) -> None:
    """Neither the message nor a sealed branch may take a lane for one that could make this change."""
    (violation,) = found(commit("c", "main", (path, old, new)), lane=REVIEW)
    assert violation.lanes == owners
    charged = list(charges(MANIFEST, [commit("c", "main", (path, old, new))]))
    misfits = [replace(violation, reason=Reason.NOT_IN_ONE_LANE)]
    assert fit_into_one_lane(MANIFEST, charged) is bool(owners)
    assert list(not_in_lane(MANIFEST, "docs", charged)) == ([] if owners else misfits)


def test_what_is_taken_back_is_charged_once() -> None:
    first = commit("1", "main", (b"top", FILE_1, FILE_2))
    back = commit("2", "1", (b"top", FILE_2, FILE_1), parents="1")
    assert charged(first, back) == [("1", b"top", "M")]


def test_what_is_taken_back_can_be_charged_again() -> None:
    first = commit("1", "main", (b"top", None, FILE_2))
    back = commit("2", "1", (b"top", FILE_2, None), parents="1")
    again = commit("3", "2", (b"top", None, FILE_1), parents="2")
    assert charged(first, back, again) == [("1", b"top", "A"), ("3", b"top", "A")]


def test_a_second_change_of_the_same_path_is_charged() -> None:
    first = commit("1", "main", (b"top", FILE_1, FILE_2))
    second = commit("2", "1", (b"top", FILE_2, EXECUTABLE), parents="1")
    rest = commit("3", "2", parents="2")
    assert charged(first, second, rest) == [("1", b"top", "M"), ("2", b"top", "M")]


def test_a_merge_of_main_that_keeps_an_offence_is_not_charged_with_it() -> None:
    first = commit("1", "main", (b"top", FILE_1, FILE_2))
    merge = commit("2", "newer-main", (b"top", FILE_1, FILE_2), parents="1")
    assert charged(first, merge) == [("1", b"top", "M")]


def test_a_merge_of_main_that_changes_an_offence_is_charged() -> None:
    first = commit("1", "main", (b"top", FILE_1, FILE_2))
    merge = commit("2", "newer-main", (b"top", FILE_1, EXECUTABLE), parents="1")
    assert charged(first, merge) == [("1", b"top", "M"), ("2", b"top", "M")]


def test_a_merge_of_a_branch_of_the_same_lane_takes_its_offence_along_uncharged() -> None:
    clean = commit("1", "main", (b"docs/a", None, FILE_1))
    evil = commit("2", "main", (b"top", None, FILE_1))
    merge = commit("3", "1", (b"top", None, FILE_1), parents="12")
    assert charged(clean, evil, merge) == [("2", b"top", "A")]


def test_a_path_is_outside_by_what_the_trusted_side_holds() -> None:
    """A lane may take away the submodule of main, or change it, whatever a commit before made of it."""
    file = commit("1", "main", (b"vendor/lib", MODULE_1, FILE_1))
    gone = commit("2", "1", (b"vendor/lib", FILE_1, None), parents="1")
    back = commit("3", "2", (b"vendor/lib", None, MODULE_2), parents="2")
    assert charged(file, gone, back) == [("1", b"vendor/lib", "T")]
    module = commit("1", "main", (b"vendor/lib", FILE_1, MODULE_1))
    other = commit("2", "1", (b"vendor/lib", MODULE_1, MODULE_2), parents="1")
    assert charged(module, other) == [("1", b"vendor/lib", "T"), ("2", b"vendor/lib", "M")]


def test_siblings_do_not_excuse_each_other() -> None:
    evil = commit("1", "main", (b"top", None, FILE_1))
    sibling = commit("2", "main", (b"top", None, FILE_1))
    assert charged(evil, sibling) == [("1", b"top", "A"), ("2", b"top", "A")]


def test_what_a_commit_does_is_no_excuse_for_one_that_shares_its_past() -> None:
    """Commits that change nothing share what is known of them, until one of them changes something."""
    evil = commit("1", "main", (b"top", None, FILE_1))
    same = commit("2", "1", parents="1")
    first = commit("3", "1", (b"api/a", None, FILE_1), parents="1")._replace(spent=("1", "3"))
    second = commit("4", "2", (b"api/a", None, FILE_1), parents="2")
    assert charged(evil, same, first, second) == [
        ("1", b"top", "A"),
        ("3", b"api/a", "A"),
        ("4", b"api/a", "A"),
    ]


def test_nor_for_one_that_shares_it_still_when_others_are_forgotten() -> None:
    evil = commit("1", "main", (b"top", None, FILE_1))
    same = commit("2", "1", parents="1")
    other = commit("3", "1", parents="1")._replace(spent=("1",))
    first = commit("4", "2", (b"api/a", None, FILE_1), parents="2")._replace(spent=("2", "4"))
    second = commit("5", "3", (b"api/a", None, FILE_1), parents="3")
    assert charged(evil, same, other, first, second) == [
        ("1", b"top", "A"),
        ("4", b"api/a", "A"),
        ("5", b"api/a", "A"),
    ]


def test_an_unsettled_path_is_charged_once_and_can_not_be_given_back() -> None:
    merge = commit("1", None, (b"top", UNSETTLED, FILE_1))
    same = commit("2", "1", parents="1")
    other = commit("3", "2", (b"top", FILE_1, FILE_2), parents="2")
    assert charged(merge, same, other) == [("1", b"top", "U"), ("3", b"top", "M")]


def test_the_order_is_that_of_the_commits_and_paths() -> None:
    one = commit("1", "main", (b"a", None, FILE_1), (b"b", None, FILE_1))
    two = commit("2", "1", (b"a", FILE_1, FILE_2), parents="1")
    assert charged(one, two) == [("1", b"a", "A"), ("1", b"b", "A"), ("2", b"a", "M")]


# -- Whole branches, against what the rule says word by word

Tree = dict[bytes, Value | None]
SIDES: dict[str, Tree] = {
    "main": {b"api/a": FILE_1, b"docs/a": FILE_1, b"top": None, b"vendor/lib": MODULE_1},
    "newer": {b"api/a": FILE_1, b"docs/a": FILE_1, b"top": FILE_2, b"vendor/lib": FILE_1},
}


# What a lane may write as a submodule alone, or as a file alone.
KINDS: dict[str, Tree] = {
    "main": {b"media/out": FILE_1, b"vendor/lib": None},
    "newer": {b"media/out": MODULE_1, b"vendor/lib": FILE_1},
}
Branch = list[tuple[str, list[int], Tree]]


@st.composite
def branches(draw: st.DrawFn, sides: dict[str, Tree] = SIDES) -> Branch:
    """Draw judged commits, each with its trusted side, its parents (by number) and what it holds."""
    made: Branch = []
    for i in range(draw(st.integers(1, 8))):
        parents = draw(st.lists(st.integers(max(0, i - 4), i - 1), max_size=2, unique=True)) if i else []
        held = [made[parent] for parent in parents]
        newer = any(side == "newer" for side, _, _ in held) or draw(st.integers(0, 4)) == 0
        side = "newer" if newer else "main"
        tree = {}
        for path in sides[side]:
            usual = [sides[side][path], *(tree[path] for _, _, tree in held)]
            tree[path] = draw(st.sampled_from(usual * 2 + [None, FILE_1, FILE_2, MODULE_1, MODULE_2]))
        made.append((side, parents, tree))
    return made


def as_git_gives_them(branch: Branch, forgetful: bool, sides: dict[str, Tree] = SIDES) -> Iterator[Commit]:
    """Compare each commit with its first parent of the same side, else with that side; name what is spent."""
    against = [next((p for p in parents if branch[p][0] == side), None) for side, parents, _ in branch]
    last = {
        i: max([i, *(later for later, (_, ps, _) in enumerate(branch) if i in ps)])
        for i in range(len(branch))
    }
    for i, (side, parents, tree) in enumerate(branch):
        other = against[i]
        olds = sides[side] if other is None else branch[other][2]
        changes = [Change(path, olds[path], tree[path]) for path in sorted(tree) if olds[path] != tree[path]]
        spent = tuple(str(one) for one in last if last[one] == i) if forgetful else ()
        name = side if other is None else str(other)
        yield Commit(str(i), tuple(map(str, parents)), name, iter(changes), spent)


def charged_word_by_word(branch: Branch) -> list[tuple[str, bytes]]:
    departures: list[Tree] = []
    found = []
    for i, (side, parents, tree) in enumerate(branch):
        departures.append({})
        for path, value in sorted(tree.items()):
            values = {value, SIDES[side][path]} - {None}
            inside = path == b"docs/a" or (path == b"vendor/lib" and values <= {MODULE_1, MODULE_2})
            if inside or value == SIDES[side][path]:
                continue
            departures[i][path] = value
            if not any(departures[parent].get(path, b"") == value for parent in parents):
                found.append((str(i), path))
    return found


@settings(max_examples=300, deadline=None, derandomize=True)
@given(branches(), st.booleans())
def test_one_rule_for_all_commits(branch: Branch, forgetful: bool) -> None:
    """What is forgotten, since no later commit asks for it, changes nothing."""
    violations = judge(MANIFEST, DOCS, as_git_gives_them(branch, forgetful))
    assert [(one.commit, one.path) for one in violations] == charged_word_by_word(branch)


# -- What fits into one lane


def fitting_lanes(charged: Iterable[Charge]) -> set[str]:
    """Name the lanes that may make each of these changes."""
    lanes = {lane.name for lane in MANIFEST.lanes}
    return lanes.intersection(*(charge.violation(MANIFEST).lanes for charge in charged))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from([SIDES, KINDS]).flatmap(lambda sides: st.tuples(st.just(sides), branches(sides))))
def test_the_lanes_that_fit_are_those_that_judge_finds_nothing_for(
    drawn: tuple[dict[str, Tree], Branch],
) -> None:
    """Judging once, for nobody, is enough to tell: for each lane the answer is its own."""
    sides, branch = drawn
    charged = list(charges(MANIFEST, as_git_gives_them(branch, forgetful=True, sides=sides)))
    fitting = {
        lane.name
        for lane in MANIFEST.lanes
        if not list(judge(MANIFEST, lane, as_git_gives_them(branch, forgetful=True, sides=sides)))
    }
    assert fitting_lanes(charged) == fitting
    assert fit_into_one_lane(MANIFEST, charged) is bool(fitting)
    closest = closest_lane(MANIFEST, charged)
    assert (closest in fitting) is bool(fitting)
    assert bool(list(not_in_lane(MANIFEST, closest, charged))) is not bool(fitting)
