"""From a branch to the commits to be judged, each with the changes that decide (DESIGN 4.1 to 4.4)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, combinations
from types import MappingProxyType

from lanes.changes import DIFF_TREE, Blocks, Growth, Limit, staged_changes
from lanes.errors import CannotJudge
from lanes.graph import Graph
from lanes.judge import UNSETTLED, Change, Commit, Unsettled, Value
from lanes.plumbing import Git, records
from lanes.sides import Pair, Sides
from lanes.sieve import Sieve

MOST_SIDES = 64  # newest trusted commits of one commit, which are compared two by two
_PIECE = 2_000  # commits that one git compares
_MOST_ASKED = 16  # commits; of more, it takes less to list all that is trusted than to ask git


@dataclass(frozen=True)
class Step:
    """How one judged commit is compared.

    With one id in `against` (a commit with the same trusted side, or that side itself) by one diff; with
    none, against nothing. Where several trusted commits meet for the first time, `against` has all of them
    and `bases` the merge bases of each two, and of each two of those.
    """

    commit: str
    parents: tuple[str, ...]  # the judged ones, or those next below them that matter
    against: tuple[str, ...]
    bases: dict[Pair, tuple[str, ...]] = field(default_factory=dict)
    departs_from: str | None = None  # the one of `parents` that departs where `against` does

    def compared(self) -> list[str]:
        """List the commits that it must be compared with."""
        return list(dict.fromkeys(chain(self.against, *self.bases.values())))


class History:
    """All commits that *tips* contain and that are not trusted, parents before children.

    *trusted* are the newest trusted commits, one for each integration branch. With a *sieve*, only what it
    catches is kept of the commits in a line, which are most. Raises CannotJudge where the history is cut off,
    or git fails.
    """

    def __init__(
        self, git: Git, tips: Sequence[str], trusted: Sequence[str], sieve: Sieve | None = None
    ) -> None:
        self._git = git
        self._tips = tips
        self._trusted = list(dict.fromkeys(trusted))
        self._trusted_after_all: frozenset[str] = frozenset()
        self._sieve = sieve
        if sieve:
            self._graph = Graph({*tips})
            sieve.sift(self._graph.take(self._walk()))
        if not sieve or sieve.caught:
            self._read_again()
        self._settle()
        # Rev-list passes over what is no commit, without a word.
        unlisted = [tip for tip in tips if tip not in self._nodes and tip not in self._trusted]
        if unlisted and not git.independent([*unlisted, *self._trusted]).isdisjoint(unlisted):
            raise CannotJudge(f"git rev-list left out commit {unlisted[0][:12]}; run: git fsck")

    def _walk(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for commit, parents in self._git.walk(self._tips, self._trusted):
            if commit not in self._trusted_after_all:
                yield commit, parents

    def _read_again(self) -> None:
        """Keep what was caught; all commits where there is no sieve, or too much for one."""
        kept = {*self._tips, *self._sieve.caught} if self._sieve and not self._sieve.full else None
        self._graph = Graph(kept)
        for _ in self._graph.take(self._walk()):
            pass

    def _settle(self) -> None:
        self.count = self._graph.count
        """How many commits there are."""
        self._nodes = {node.commit: node for node in self._graph.nodes()}
        self._boundary = self._graph.boundary(self._tips)
        self._require_whole()
        self._trusted_sides = Sides(self._git, self._boundary, self._trusted)
        self._sides: dict[str, frozenset[str]] = {}
        for node in self._nodes.values():
            self._sides[node.commit] = self.side_of(node.below)

    def side_of(self, commits: Iterable[str]) -> frozenset[str]:
        """Give the newest trusted commits that any of these contain, each of them a tip or trusted."""
        return self._trusted_sides.newest(frozenset().union(*map(self._side, commits)))

    def _side(self, commit: str) -> frozenset[str]:
        return self._sides[commit] if commit in self._nodes else frozenset((commit,))

    def step(self, commit: str, parents: Sequence[str], below: Sequence[str] | None = None) -> Step:
        """Choose how a commit with these parents is compared, by one small diff where that is enough.

        *below* has the commit of the history that stands for each parent: itself, where that is a tip.
        """
        below = parents if below is None else below
        judged = tuple(dict.fromkeys(one for one in below if one in self._nodes))
        side = self.side_of(below)
        for parent, one in zip(parents, below, strict=True):
            if self._side(one) == side:
                return Step(commit, judged, (parent,), departs_from=one)
        several = tuple(sorted(side))
        if len(several) > MOST_SIDES:
            raise CannotJudge(
                f"commit {commit[:12]} brings {len(several)} trusted commits together, of which none contains"
                " another; merge what contains them all instead"
            )
        return Step(commit, judged, several, self._trusted_sides.merge_bases(several))

    def changes(self, kept: Iterable[str] = ()) -> Iterator[Commit]:
        """Stream the commits with their changes, from git processes that start with the first one.

        *kept* are commits that something judged after them, such as the index, names as its parents.
        """
        nodes = self._nodes.values()
        steps = [self.step(node.commit, node.parents, node.below) for node in nodes]
        sifted = {}
        if self._sieve and not self._sieve.full:
            caught = self._sieve.caught
            sifted = {node.commit: caught.get(node.commit, ()) for node in nodes if len(node.parents) < 2}
        return compared(self._git, steps, kept, sifted)

    def side(self) -> tuple[str, ...]:
        """Give the trusted side of a commit with the tips as parents, sorted."""
        return tuple(sorted(self.side_of(self._tips)))

    # -- What makes the answer certain

    def exact(self) -> bool:
        """Tell whether none of the commits is trusted after all: misleading dates can hide it from rev-list.

        The oldest ones decide: a trusted commit contains trusted commits only. When it was not, the commits
        have been put right, and whoever judged them must judge again.
        """
        if not self._trusted or not self._any_is_trusted(frozenset(self._graph.oldest())):
            return True
        judged = {commit for commit, _ in self._walk()}
        trusted = (commit for commit, _ in self._git.walk(self._trusted, ()))
        self._trusted_after_all = frozenset(judged.intersection(trusted))
        self._read_again()
        self._settle()
        return False

    def _any_is_trusted(self, some: frozenset[str]) -> bool:
        if len(some) <= _MOST_ASKED:
            return not self._git.independent([*some, *self._trusted]).issuperset(some)
        return any(commit in some for commit, _ in self._git.walk(self._trusted, ()))

    def _require_whole(self) -> None:
        """Raise CannotJudge where a shallow boundary could hide parents or trusted commits.

        Harmless is one that lies below every trusted commit that the judged ones begin on: what it hides
        is older than all of them.
        """
        shallow = self._git.shallow() if self.count else frozenset()
        if not shallow:
            return
        cut = self._graph.begins_on_nothing()
        if not cut:
            common = self._boundary
            if len(common) > 1:
                common = self._git.merge_bases(*common, octopus=True)
            cut = any(commit in shallow for commit, _ in self._git.walk(self._trusted, common))
        if cut:
            raise CannotJudge("the history is cut off here (a shallow clone); run: git fetch --unshallow")


def compared(
    git: Git,
    steps: Sequence[Step],
    kept: Iterable[str] = (),
    sifted: Mapping[str, Sequence[Change]] = MappingProxyType({}),
) -> Iterator[Commit]:
    """Stream the commits of *steps* with their changes; *kept* are as in `History.changes`.

    The changes of those in *sifted* are there already.
    """
    diffs = _diffs(git, [step for step in steps if step.commit not in sifted])
    for step, spent in zip(steps, _spent(steps, kept), strict=True):
        if step.commit in sifted:
            yield Commit(step.commit, step.parents, step.departs_from, sifted[step.commit], spent)
        else:
            yield next(diffs)._replace(spent=spent)
    next(diffs, None)  # where there are none left, git is asked whether that was all


def _diffs(git: Git, steps: Sequence[Step]) -> Iterator[Commit]:
    growth, limit = Growth(git), Limit()
    pieces = [steps[i : i + _PIECE] for i in range(0, len(steps), _PIECE)]
    feeds = (b"".join(map(_feed, piece)) for piece in pieces)
    for running, piece in zip(git.streams(DIFF_TREE, feeds), pieces, strict=True):
        with running as output:
            blocks = Blocks(records(output, b"\0", "git diff-tree"), growth, limit)
            for step in piece:
                blocks.require(step.commit)  # here, where a git that failed gets a word in
                yield _commit(step, partial(_next, blocks, growth, step))
        blocks.finish()
    growth.finish()


def staged(git: Git, step: Step) -> Commit:
    """Give the index as a commit, compared as *step* says; its id is `INDEX`."""
    return _commit(step, partial(staged_changes, git))


def _next(blocks: Blocks, growth: Growth, step: Step, _against: str | None) -> Iterator[Change]:
    return growth.watch(blocks.changes(step.commit), step.commit, step.against)


def _feed(step: Step) -> bytes:
    return (
        "".join(f"{step.commit} {other}\n" for other in step.compared()).encode()
        or f"{step.commit}\n".encode()
    )


def _spent(steps: Sequence[Step], kept: Iterable[str]) -> Iterable[tuple[str, ...]]:
    """Say of each step which commits no later one names; *kept* are never spent."""
    named = set(kept)
    spent = []
    for step in reversed(steps):
        here = {step.commit, *step.parents, *step.against, step.departs_from or ""}
        spent.append(tuple(here - named))
        named |= here
    return reversed(spent)


def _commit(step: Step, block: Callable[[str | None], Iterator[Change]]) -> Commit:
    """Give a commit its changes; *block* reads those against one commit (None: against nothing), in turn."""
    if len(step.against) < 2:
        against = step.against[0] if step.against else None
        return Commit(step.commit, step.parents, step.departs_from or against, block(against))
    blocks = {other: {change.path: change for change in block(other)} for other in step.compared()}
    return Commit(step.commit, step.parents, None, _against_several(step, blocks))


def _against_several(step: Step, blocks: dict[str, dict[bytes, Change]]) -> Iterator[Change]:
    """Compare a commit with its trusted side where that is several commits (DESIGN 4.4)."""
    for path in sorted({path for side in step.against for path in blocks[side]}):
        new = next(blocks[side][path].new for side in step.against if path in blocks[side])

        def held(commit: str, path: bytes = path, new: Value | None = new) -> Value | None:
            change = blocks[commit].get(path)
            old = change.old if change else new
            assert not isinstance(old, Unsettled)  # noqa: S101 - diffs never hold it
            return old

        trusted = _settled(step.bases, step.against, held, {})
        if trusted != new:
            yield Change(path, trusted, new)


def _settled(
    bases: Mapping[Pair, tuple[str, ...]],
    commits: Sequence[str],
    held: Callable[[str], Value | None],
    known: dict[tuple[str, ...], Value | Unsettled | None],
) -> Value | Unsettled | None:
    """Give the one value that trusted commits changed a path to, `UNSETTLED` where they disagree.

    A commit yields to another one that holds something else where it holds itself what their merge base
    holds: it did not change the path, and the other one did. Several merge bases are settled first; *known*
    are those that were.
    """
    if len({held(commit) for commit in commits}) == 1:
        return held(commits[0])
    yielding = set()
    for pair in combinations(sorted(commits), 2):
        if held(pair[0]) == held(pair[1]):
            continue
        if pair not in bases:
            return UNSETTLED  # so many merges in both directions that nobody asked
        before = None
        if bases[pair]:
            if bases[pair] not in known:
                known[bases[pair]] = _settled(bases, bases[pair], held, known)
            before = known[bases[pair]]
        yielding |= {commit for commit in pair if held(commit) == before}
    values = {held(commit) for commit in commits if commit not in yielding}
    return values.pop() if len(values) == 1 else UNSETTLED
