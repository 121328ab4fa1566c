"""Which commits a graph keeps, and what it says of the others."""

import pytest

from lanes.errors import CannotJudge
from lanes.graph import Graph

Listed = tuple[str, tuple[str, ...]]


def taken(kept: set[str] | None, *commits: Listed) -> Graph:
    """Give a graph of commits, children first."""
    graph = Graph(kept)
    assert list(graph.take(commits)) == list(commits)
    return graph


LINE: list[Listed] = [("tip", ("b",)), ("b", ("a",)), ("a", ("main",))]
# Two lines from one commit, one of them with a commit of main merged, and merged.
DIAMOND: list[Listed] = [
    ("tip", ("left", "right")),
    ("left", ("joint",)),
    ("right", ("r1", "main2")),
    ("r1", ("joint",)),
    ("joint", ("j1",)),
    ("j1", ("main1",)),
]


def shape(graph: Graph) -> list[tuple[str, list[str]]]:
    return [(node.commit, node.below) for node in graph.nodes()]


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"tip"}, [("tip", ["main"])]),
        ({"tip", "a"}, [("a", ["main"]), ("tip", ["a"])]),
        (None, [("a", ["main"]), ("b", ["a"]), ("tip", ["b"])]),
    ],
)
def test_a_line(kept: set[str] | None, expected: list[tuple[str, list[str]]]) -> None:
    graph = taken(kept, *LINE)
    assert graph.boundary(["tip"]) == ["main"]
    assert shape(graph) == expected
    assert graph.count == 3
    assert graph.oldest() == ["a"]
    assert not graph.begins_on_nothing()


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"tip"}, [("right", ["main1", "main2"]), ("tip", ["main1", "right"])]),
        (
            {"tip", "joint"},
            [("joint", ["main1"]), ("right", ["joint", "main2"]), ("tip", ["joint", "right"])],
        ),
    ],
)
def test_lines_that_part_and_meet(kept: set[str], expected: list[tuple[str, list[str]]]) -> None:
    graph = taken(kept, *DIAMOND)
    assert sorted(graph.boundary(["tip", "elsewhere"])) == ["elsewhere", "main1", "main2"]
    assert shape(graph) == expected
    assert graph.oldest() == ["j1"]


def test_no_parents() -> None:
    graph = taken({"tip"}, ("tip", ("root",)), ("root", ()))
    assert graph.boundary(["tip"]) == []
    assert shape(graph) == [("root", []), ("tip", ["root"])]
    assert graph.oldest() == ["root"]
    assert graph.begins_on_nothing()


def test_a_merge_of_trusted_commits_is_the_oldest() -> None:
    graph = taken({"tip"}, ("tip", ("merge",)), ("merge", ("main1", "main2")))
    assert graph.boundary(["tip"]) == ["main1", "main2"]
    assert graph.oldest() == ["merge"]


def test_commits_that_are_mixed_up() -> None:
    with pytest.raises(CannotJudge, match="gave commit a behind a parent of it"):
        taken({"tip"}, ("tip", ("b",)), ("a", ("main",)))
    graph = taken({"tip", "a"}, ("a", ("main",)), ("tip", ("a",)))
    with pytest.raises(CannotJudge, match="gave commit a before a child of it"):
        graph.boundary(["tip"])
