"""From a branch to the commits to be judged, each with the changes that decide (DESIGN 4.1 to 4.4)."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, combinations

from lanes.errors import CannotJudge
from lanes.judge import UNSETTLED, Change, Commit, Unsettled, Value
from lanes.plumbing import Git, records
from lanes.text import quoted

_AT_ONCE = 1000  # object ids in one command line

# In every diff: whole ids, submodules too, no renames and nothing of the user's own settings.
_RAW = (
    "--raw",
    "-r",
    "-z",
    "--no-renames",
    "--no-ext-diff",
    "--no-relative",
    "--ignore-submodules=none",
    "--no-abbrev",
)
DIFF_TREE = ("diff-tree", "--stdin", "--always", "--root", *_RAW)
DIFF_INDEX = ("diff-index", "--cached", "--ita-invisible-in-index", *_RAW)


@dataclass(frozen=True)
class Step:
    """How one judged commit is compared.

    With one id in `against` (a commit with the same trusted side, or that side itself) by one diff; with
    none, against nothing. Where several trusted commits meet for the first time, `against` has all of them
    and `bases` the merge bases of each two.
    """

    commit: str
    parents: tuple[str, ...]  # the judged ones
    against: tuple[str, ...]
    bases: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

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

    def _set_commits(self, commits: list[tuple[str, tuple[str, ...]]]) -> None:
        self.commits = commits
        self._judged = {commit for commit, _ in commits}
        ends = chain(self._tips, *(parents for _, parents in commits))
        self._boundary = [commit for commit in dict.fromkeys(ends) if commit not in self._judged]
        self._require_whole()
        self._reached = _reached_by(self._git, self._boundary, self._trusted)
        self._sides: dict[str, frozenset[str]] = {}
        for commit, parents in commits:
            self._sides[commit] = self.side_of(parents)

    def side_of(self, parents: Iterable[str]) -> frozenset[str]:
        """Give the trusted side of a commit with these parents: the newest trusted commits it contains."""
        found = frozenset().union(*(self._side(parent) for parent in parents))
        if len(found) < 2:
            return found
        return frozenset(one for one in found if not self._reached[one] & found)

    def _side(self, commit: str) -> frozenset[str]:
        return self._sides[commit] if commit in self._judged else frozenset((commit,))

    def step(self, commit: str, parents: Sequence[str]) -> Step:
        """Choose how a commit with these parents is compared, by one small diff where that is enough."""
        judged = tuple(parent for parent in parents if parent in self._judged)
        side = self.side_of(parents)
        for parent in parents:
            if self._side(parent) == side:
                return Step(commit, judged, (parent,))
        several = tuple(sorted(side))
        bases = {pair: tuple(self._git.merge_bases(*pair)) for pair in combinations(several, 2)}
        return Step(commit, judged, several, bases)

    def changes(self) -> Iterator[Commit]:
        """Stream the commits with their changes, from one git process that starts with the first one."""
        steps = [self.step(commit, parents) for commit, parents in self.commits]
        with self._git.stream(*DIFF_TREE, feed=map(_feed, steps)) as output:
            blocks = _Blocks(records(output, b"\0", "git diff-tree"))
            for step in steps:
                yield _commit(step, partial(blocks.next, step.commit))
            blocks.require_end()

    def base(self) -> str | None:
        """Give the newest trusted commit of the one tip, None where there is none or several."""
        side = self.side_of(self._tips)
        return next(iter(side)) if len(side) == 1 else None

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


INDEX = "index"


def staged(git: Git, step: Step) -> Commit:
    """Give the index as a commit, compared as *step* says; its id is `INDEX`."""

    def block(against: str | None) -> Iterator[Change]:
        with git.stream(*DIFF_INDEX, against or git.empty_tree()) as output:
            yield from _changes(records(output, b"\0", "git diff-index"), INDEX)

    return _commit(step, block)


def _parts(commits: list[str]) -> Iterator[list[str]]:
    return (commits[i : i + _AT_ONCE] for i in range(0, len(commits), _AT_ONCE))


def _reached_by(git: Git, commits: list[str], trusted: list[str]) -> dict[str, frozenset[str]]:
    """Say of each of these trusted commits which of the others contain it."""
    if len(commits) < 2:
        return {commit: frozenset() for commit in commits}
    if len(commits) == 2 and len(trusted) == 1 and trusted[0] in commits:
        return {commit: frozenset(trusted) - {commit} for commit in commits}
    common = git.merge_bases(*commits, octopus=True) if len(commits) <= _AT_ONCE else []
    everything = frozenset(commits)
    # What lies below all of them is not walked, so a commit that is not met is contained in each other one.
    reached = {commit: everything - {commit} for commit in commits}
    waiting: dict[str, frozenset[str]] = {}
    for commit, parents in git.walk(commits, common):
        above = waiting.pop(commit, frozenset())
        if commit in everything:
            reached[commit] = above
            above |= {commit}
        for parent in parents:
            waiting[parent] = waiting[parent] | above if parent in waiting else above
    return reached


def _feed(step: Step) -> bytes:
    return (
        "".join(f"{step.commit} {other}\n" for other in step.compared()).encode()
        or f"{step.commit}\n".encode()
    )


def _commit(step: Step, block: Callable[[str | None], Iterator[Change]]) -> Commit:
    """Give a commit its changes; *block* reads those against one commit (None: against nothing), in turn."""
    if len(step.against) < 2:
        against = step.against[0] if step.against else None
        return Commit(step.commit, step.parents, against, block(against))
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

        trusted = _settled(step, held)
        if trusted != new:
            yield Change(path, trusted, new)


def _settled(step: Step, held: Callable[[str], Value | None]) -> Value | Unsettled | None:
    """Give the one value that trusted commits changed a path to, `UNSETTLED` where they disagree.

    A commit yields to another one that holds something else where it holds itself what their merge bases
    hold: it did not change the path, and the other one did.
    """
    yielding = set()
    for (one, other), bases in step.bases.items():
        before = {held(base) for base in bases} or {None}
        if held(one) != held(other):
            yielding |= {side for side in (one, other) if before == {held(side)}}
    values = {held(side) for side in step.against if side not in yielding}
    return values.pop() if len(values) == 1 else UNSETTLED


class _Blocks:
    """The output of `diff-tree --stdin`: for every comparison a header, then its changes."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._header = next(source, None)

    def next(self, commit: str, _against: str | None) -> Iterator[Change]:
        """Read the changes of the next comparison, which must be one of *commit*, to their end."""
        if self._header != commit.encode():
            raise CannotJudge(
                f"git diff-tree skipped commit {commit[:12]}; is an object missing? run: git fsck"
            )
        self._header = None
        yield from _changes(self._until_header(), commit)

    def require_end(self) -> None:
        """Raise CannotJudge where anything is left."""
        if self._header is not None:
            raise CannotJudge("git diff-tree answered more than it was asked")

    def _until_header(self) -> Iterator[bytes]:
        for record in self._source:
            if not record.startswith(b":"):
                self._header = record
                return
            yield record
            # The path is taken here, whatever it looks like: a file may be named like an object id.
            yield next(self._source, b"")


def _changes(source: Iterator[bytes], commit: str) -> Iterator[Change]:
    """Parse pairs of ":modes ids status" and path, as `--raw -z --no-renames` writes them."""
    before = b""
    for about in source:
        path = next(source, b"")
        fields = about.split(b" ")
        if len(fields) != 5 or not about.startswith(b":"):
            raise CannotJudge(f"git answered garbage about commit {commit[:12]}")
        old_mode, new_mode, old, new, status = fields
        if status == b"U":
            raise CannotJudge("the index holds unmerged paths; resolve the conflicts and run: git add")
        if _MALFORMED.search(path) or path == before:
            where = "the index" if commit == INDEX else f"commit {commit[:12]}"
            raise CannotJudge(
                f"{where} holds {quoted(path)}, which no tree may hold, or not twice; make it anew without it"
            )
        before = path
        yield Change(
            path,
            None if old_mode == b":000000" else old_mode[1:] + b" " + old,
            None if new_mode == b"000000" else new_mode + b" " + new,
        )


# What git's own fsck calls hasDot, hasDotdot, hasDotgit and emptyName, with HFS and NTFS disguises of .git:
# HFS+ ignores some code points, NTFS what follows a colon and spaces and dots at the end.
_IGNORED = rb"(?:\xe2\x80[\x8c-\x8f\xaa-\xae]|\xe2\x81[\xaa-\xaf]|\xef\xbb\xbf)*"
_MALFORMED = re.compile(
    rb"(?:^|/)\.{0,2}(?:/|\Z)"
    rb"|(?:^|[/\\])(?:" + _IGNORED + _IGNORED.join((rb"\.", rb"g", rb"i", rb"t")) + _IGNORED + rb"|git~1)"
    rb"[ .]*(?:[:/\\]|\Z)",
    re.IGNORECASE,
)
