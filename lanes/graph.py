"""The commits of a branch, as far as their order matters: long lines of others are left out, and not kept."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from lanes.errors import CannotJudge


@dataclass(slots=True)
class Node:
    """A commit that is kept. For each of its `parents`, `below` has the next commit that is kept or trusted.

    That is the parent itself, or where a line of commits that are not kept leads to from there.
    """

    commit: str
    parents: tuple[str, ...]
    below: list[str]


_Slot = tuple[Node, int]
"""A place in the `below` of a node."""


class Graph:
    """Commits that are judged, taken in one by one, children before their parents.

    Kept are those with several parents or none, and those in *kept*; all of them with None. So one long line
    of commits takes no memory, however long it is.
    """

    def __init__(self, kept: Container[str] | None) -> None:
        self._kept = kept
        self._nodes: dict[str, Node] = {}
        # For each parent that has not come yet, its children, and the places that it may have to fill.
        self._awaited: dict[str, tuple[list[str], list[_Slot]]] = {}
        self.count = 0
        """How many commits were taken in."""

    def take(self, commits: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Take commits in, each with its parents, and hand them on. Only one that is kept may have no child.

        Raises CannotJudge where commits are mixed up.
        """
        awaited = self._awaited
        for commit, parents in commits:
            self.count += 1
            kept = self._kept is None or len(parents) != 1 or commit in self._kept
            children, slots = awaited.pop(commit, ([], []))
            if kept:
                self._keep(commit, parents, slots)
            elif not children:
                raise CannotJudge(
                    f"git rev-list gave commit {commit[:12]} behind a parent of it; run: git fsck"
                )
            else:
                self._await(parents[0], commit, slots)
            yield commit, parents

    def _keep(self, commit: str, parents: tuple[str, ...], slots: list[_Slot]) -> None:
        for node, i in slots:
            node.below[i] = commit
        node = Node(commit, parents, list(parents))
        self._nodes[commit] = node
        for i, parent in enumerate(parents):
            self._await(parent, commit, [(node, i)])

    def _await(self, parent: str, child: str, slots: list[_Slot]) -> None:
        if parent not in self._awaited:
            self._awaited[parent] = ([child], slots)
            return
        children, known = self._awaited[parent]
        children.append(child)
        if len(known) < len(slots):
            known, slots = slots, known
        known += slots
        self._awaited[parent] = (children, known)

    def nodes(self) -> list[Node]:
        """Give what is kept, parents before their children."""
        return list(reversed(self._nodes.values()))

    def boundary(self, tips: Iterable[str]) -> list[str]:
        """Give those of *tips* and of the parents that did not come: they are trusted.

        Raises CannotJudge where commits were mixed up.
        """
        for commit, (_, slots) in self._awaited.items():
            for node, i in slots:
                node.below[i] = commit
            if commit in self._nodes:
                raise CannotJudge(
                    f"git rev-list gave commit {commit[:12]} before a child of it; run: git fsck"
                )
        return list(dict.fromkeys(chain((tip for tip in tips if tip not in self._nodes), self._awaited)))

    def oldest(self) -> list[str]:
        """Give the commits none of whose parents came."""
        begun = {child: None for children, _ in self._awaited.values() for child in children}
        roots = [node.commit for node in self._nodes.values() if not node.parents]
        return roots + [
            commit
            for commit in begun
            if commit not in self._nodes or self._awaited.keys() >= set(self._nodes[commit].parents)
        ]

    def begins_on_nothing(self) -> bool:
        """Tell whether any commit has no parents, or none that this repository has."""
        return any(not node.parents for node in self._nodes.values())
