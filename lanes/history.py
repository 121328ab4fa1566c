"""From a branch to the commits to be judged, each with the changes that decide (DESIGN 4.1 to 4.4)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, combinations

from lanes.changes import DIFF_TREE, Blocks, staged_changes
from lanes.errors import CannotJudge
from lanes.judge import UNSETTLED, Change, Commit, Unsettled, Value
from lanes.plumbing import Git, records
from lanes.sides import AT_ONCE, Pair, Sides

MOST_SIDES = 64  # newest trusted commits of one commit, which are compared two by two


@dataclass(frozen=True)
class Step:
    """How one judged commit is compared.

    With one id in `against` (a commit with the same trusted side, or that side itself) by one diff; with
    none, against nothing. Where several trusted commits meet for the first time, `against` has all of them
    and `bases` the merge bases of each two, and of each two of those.
    """

    commit: str
    parents: tuple[str, ...]  # the judged ones
    against: tuple[str, ...]
    bases: dict[Pair, tuple[str, ...]] = field(default_factory=dict)

    def compared(self) -> list[str]:
        """List the commits that it must be compared with."""
        return list(dict.fromkeys(chain(self.against, *self.bases.values())))


class History:
    """All commits that *tips* contain and that are not trusted, parents before children.

    *trusted* are the newest trusted commits, one for each integration branch. Raises CannotJudge where the
    history is cut off, or git fails.
    """

    def __init__(self, git: Git, tips: Sequence[str], trusted: Sequence[str]) -> None:
        self._git = git
        self._tips = tips
        self._trusted = list(dict.fromkeys(trusted))
        self._set_commits(list(git.walk(tips, self._trusted, "--reverse")))
        # Rev-list passes over what is no commit, without a word.
        unlisted = [tip for tip in tips if tip not in self._judged and tip not in self._trusted]
        if unlisted and not git.independent([*unlisted, *self._trusted]).isdisjoint(unlisted):
            raise CannotJudge(f"git rev-list left out commit {unlisted[0][:12]}; run: git fsck")

    def _set_commits(self, commits: list[tuple[str, tuple[str, ...]]]) -> None:
        self.commits = commits
        self._judged = {commit for commit, _ in commits}
        ends = chain(self._tips, *(parents for _, parents in commits))
        self._boundary = [commit for commit in dict.fromkeys(ends) if commit not in self._judged]
        self._require_whole()
        self._trusted_sides = Sides(self._git, self._boundary, self._trusted)
        self._sides: dict[str, frozenset[str]] = {}
        for commit, parents in commits:
            self._sides[commit] = self.side_of(parents)

    def side_of(self, parents: Iterable[str]) -> frozenset[str]:
        """Give the trusted side of a commit with these parents: the newest trusted commits it contains."""
        return self._trusted_sides.newest(frozenset().union(*(self._side(parent) for parent in parents)))

    def _side(self, commit: str) -> frozenset[str]:
        if commit not in self._judged:
            return frozenset((commit,))
        if commit not in self._sides:
            raise CannotJudge(f"git rev-list gave commit {commit[:12]} behind a child of it; run: git fsck")
        return self._sides[commit]

    def step(self, commit: str, parents: Sequence[str]) -> Step:
        """Choose how a commit with these parents is compared, by one small diff where that is enough."""
        judged = tuple(parent for parent in parents if parent in self._judged)
        side = self.side_of(parents)
        for parent in parents:
            if self._side(parent) == side:
                return Step(commit, judged, (parent,))
        several = tuple(sorted(side))
        if len(several) > MOST_SIDES:
            raise CannotJudge(
                f"commit {commit[:12]} brings {len(several)} trusted commits together, of which none contains"
                " another; merge what contains them all instead"
            )
        return Step(commit, judged, several, self._trusted_sides.merge_bases(several))

    def changes(self, kept: Iterable[str] = ()) -> Iterator[Commit]:
        """Stream the commits with their changes, from a git process that starts with the first one.

        *kept* are commits that something judged after them, such as the index, names as its parents.
        """
        return compared(self._git, [self.step(commit, parents) for commit, parents in self.commits], kept)

    def side(self) -> tuple[str, ...]:
        """Give the trusted side of a commit with the tips as parents, sorted."""
        return tuple(sorted(self.side_of(self._tips)))

    # -- What makes the answer certain

    def exact(self) -> bool:
        """Tell whether none of the commits is trusted after all: misleading dates can hide it from rev-list.

        The oldest ones decide: a trusted commit contains trusted commits only. When it was not, the commits
        have been put right, and whoever judged them must judge again.
        """
        oldest = [commit for commit, parents in self.commits if not self._judged.intersection(parents)]
        if not self._trusted or not any(self._is_trusted(part) for part in _parts(oldest)):
            return True
        trusted = {commit for commit, _ in self._git.walk(self._trusted, ()) if commit in self._judged}
        self._set_commits([(commit, parents) for commit, parents in self.commits if commit not in trusted])
        return False

    def _is_trusted(self, some: list[str]) -> bool:
        return not self._git.independent([*some, *self._trusted]).issuperset(some)

    def _require_whole(self) -> None:
        """Raise CannotJudge where a shallow boundary could hide parents or trusted commits.

        Harmless is one that lies below every trusted commit that the judged ones begin on: what it hides
        is older than all of them.
        """
        shallow = self._git.shallow() if self.commits else frozenset()
        if not shallow:
            return
        begins_on_nothing = any(not parents for _, parents in self.commits)
        cut = bool(shallow & self._judged) or begins_on_nothing
        if not cut:
            common = self._boundary
            if len(common) > 1:
                common = self._git.merge_bases(*common, octopus=True)
            cut = any(commit in shallow for commit, _ in self._git.walk(self._trusted, common))
        if cut:
            raise CannotJudge("the history is cut off here (a shallow clone); run: git fetch --unshallow")


def compared(git: Git, steps: Sequence[Step], kept: Iterable[str] = ()) -> Iterator[Commit]:
    """Stream the commits of *steps* with their changes; *kept* are as in `History.changes`."""
    with git.stream(*DIFF_TREE, feed=map(_feed, steps)) as output:
        blocks = Blocks(git, records(output, b"\0", "git diff-tree"))
        for step, spent in zip(steps, _spent(steps, kept), strict=True):
            blocks.require(step.commit)  # here, where a git that failed gets a word in
            yield _commit(step, partial(_next, blocks, step), spent)
    blocks.finish()


def staged(git: Git, step: Step) -> Commit:
    """Give the index as a commit, compared as *step* says; its id is `INDEX`."""
    return _commit(step, partial(staged_changes, git))


def _next(blocks: Blocks, step: Step, _against: str | None) -> Iterator[Change]:
    return blocks.next(step.commit, step.against)


def _parts(commits: list[str]) -> Iterator[list[str]]:
    return (commits[i : i + AT_ONCE] for i in range(0, len(commits), AT_ONCE))


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
        here = {step.commit, *step.parents, *step.against}
        spent.append(tuple(here - named))
        named |= here
    return reversed(spent)


def _commit(
    step: Step, block: Callable[[str | None], Iterator[Change]], spent: tuple[str, ...] = ()
) -> Commit:
    """Give a commit its changes; *block* reads those against one commit (None: against nothing), in turn."""
    if len(step.against) < 2:
        against = step.against[0] if step.against else None
        return Commit(step.commit, step.parents, against, block(against), spent)
    blocks = {other: {change.path: change for change in block(other)} for other in step.compared()}
    return Commit(step.commit, step.parents, None, _against_several(step, blocks), spent)


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
