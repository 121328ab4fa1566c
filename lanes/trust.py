"""What the judging repository trusts: the manifest in force and the trusted commits (DESIGN 3)."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lanes import manifest
from lanes.errors import CannotJudge
from lanes.manifest import BRANCHES, FILE, Lane, Manifest, ManifestInvalid, Problem
from lanes.plumbing import MOST_NAMES, Git, Ref
from lanes.settings import Config, Settings
from lanes.text import printable

_FILE = FILE.decode()
_USUAL_BRANCHES = (b"main", b"master")


@dataclass(frozen=True)
class Trust:
    """The manifest in force, where it was found, and the trusted commits, all as before the push.

    `branch` is the trusted branch without `refs/heads/`; `ref` is the full ref that was read for it, None
    where none exists, and `commit` its tip. `tips` maps full refs of integration branches to their tips.
    Where `manifest` is None, `problem` says why in lines ready to print. `remote` is the manifest's remote
    in a clone that has fetched from it, and `local` the tips of the clone's own integration branches.
    """

    branch: bytes
    ref: bytes | None = None
    commit: str | None = None
    manifest: Manifest | None = None
    problem: str = ""
    tips: Mapping[bytes, str] = field(default_factory=dict)
    remote: bytes | None = None
    local: Mapping[bytes, str] = field(default_factory=dict)

    def is_integration(self, branch: bytes) -> bool:
        """Tell whether *branch* (without `refs/heads/`) is an integration branch, as the trusted one is."""
        named = self.manifest is not None and self.manifest.integration.branches.match(branch)
        return named or branch == self.branch

    @property
    def integration(self) -> list[str]:
        """The names and patterns of the integration branches, sorted and ready to print."""
        patterns = self.manifest.integration.branches.patterns if self.manifest else ()
        named = {printable(pattern.text.encode()) for pattern in patterns if pattern.include}
        return sorted(named | {printable(self.branch)})

    def integration_prefixes(self) -> list[bytes]:
        """Give what the names of all integration branches begin with: a folder, or a whole name."""
        patterns = self.manifest.integration.branches.patterns if self.manifest else ()
        return list(dict.fromkeys([self.branch, *(p.prefix for p in patterns if p.include)]))

    def required(self) -> Manifest:
        """Give the manifest in force. Raises CannotJudge, with how to begin or mend, where there is none."""
        if self.manifest is None:
            raise CannotJudge(self.problem)
        return self.manifest

    def lookalike(self, branch: bytes) -> bytes | None:
        """Give the integration branch that *branch* equals but for case, None where there is none.

        On many a disk the two would be one file.
        """
        if self.is_integration(branch):
            return None
        if folded(branch) == folded(self.branch):
            return self.branch
        found = self.manifest.integration.branches.alike(folded(branch)) if self.manifest else None
        return found.encode() if found else None

    @property
    def in_force(self) -> list[str]:
        """Say which manifest is in force: one line, ready to print; none where there is no manifest."""
        if self.ref is None or self.commit is None or self.manifest is None:
            return []
        return [f"manifest in force: {_FILE} of {printable(self.ref)} at {self.commit[:12]}"]

    def lane_of(self, branch: bytes) -> Lane | None:
        """Give the lane of *branch*, None where none covers it.

        Raises CannotJudge, naming the manifest, where several do, where the branch could be mistaken for an
        integration branch, or where no manifest is in force.
        """
        manifest = self.required()
        try:
            if main := self.lookalike(branch):
                raise CannotJudge(f"{printable(branch)}: {mistaken_for(main)}")
            return manifest.lane_of(branch)
        except CannotJudge as error:
            raise CannotJudge("\n".join([str(error), *self.in_force])) from None

    def objections(self, new: Manifest) -> tuple[str | None, str | None]:
        """Say why *new* may not take the place of the manifest in force, and what it may keep for now.

        Both are ready to print; None where there is nothing to say.
        """
        if self.manifest is not None and self.manifest.text == new.text:
            return None, None
        from lanes.overlap import objections  # noqa: PLC0415 - a hook's start counts

        return objections(self.manifest, new, self.branch)

    def commits(self) -> list[str]:
        """Give the newest trusted commits: the tips of the integration branches."""
        return list(self.tips.values())


def on_server(git: Git, settings: Settings | None = None) -> Trust:
    """Read what a server trusts: its own branches. The branch that HEAD names holds the manifest.

    The settings are read where they are not given.
    """
    named = (settings or Settings.read(git)).trusted_ref
    if named is not None and not named.startswith(BRANCHES):
        shown = printable(named) or "empty"
        raise CannotJudge(f"lanes.trustedRef is {shown}; on a server, name a branch in full: refs/heads/NAME")
    # A push can also be addressed to a linked worktree, whose own HEAD is any branch.
    ref = named or git.symbolic_ref(b"main-worktree/HEAD")
    if ref is None or not ref.startswith(BRANCHES):
        raise CannotJudge(
            "HEAD names no branch; on the server, run: git config lanes.trustedRef refs/heads/main"
        )
    branch = ref.removeprefix(BRANCHES)
    found = git.refs([ref]).get(ref)
    if found is None:
        return Trust(branch, problem=_unborn(git, ref, named is not None))
    trust = _with_manifest(git, branch, ref, found.oid)
    integration = {ref: found} | _integration_refs(git, trust)
    for name, value in integration.items():
        if value.target and not trust.is_integration(value.target.removeprefix(BRANCHES)):
            raise CannotJudge(
                f"{printable(name)}, an integration branch, is a symbolic ref to {printable(value.target)},"
                " which is none, so whoever pushes that would move it;"
                f" on the server, run: git symbolic-ref --delete {printable(name)}"
            )
    return replace(trust, tips={name: value.oid for name, value in integration.items()})


def _integration_refs(git: Git, trust: Trust) -> dict[bytes, Ref]:
    """List this repository's own integration branches, by their full refs."""
    prefixes = [BRANCHES + prefix for prefix in trust.integration_prefixes()]
    # A command line is not endless.
    found = git.all_refs(*prefixes) if len(prefixes) <= MOST_NAMES else git.all_refs(BRANCHES)
    return {name: ref for name, ref in found.items() if trust.is_integration(name.removeprefix(BRANCHES))}


def mistaken_for(name: bytes) -> str:
    """Say why a ref is refused that equals *name* but for case."""
    return (
        f"it differs from {printable(name)} by case alone, and on many a disk they are one; use another name"
    )


def folded(name: bytes) -> str:
    """Give a name without its case: names that are equal then are one file on many a disk."""
    return name.decode("utf-8", "surrogateescape").casefold()


def _unborn(git: Git, ref: bytes, configured: bool) -> str:
    name = printable(ref)
    others = [other for other in git.all_refs(BRANCHES) if other != ref]
    usual = [BRANCHES + branch for branch in _USUAL_BRANCHES if BRANCHES + branch in others]
    example = shlex.quote(printable((usual + others or [b"refs/heads/NAME"])[0]))
    command = "git config lanes.trustedRef" if configured else "git symbolic-ref HEAD"
    begin = f"push {printable(ref.removeprefix(BRANCHES))} with a valid {_FILE}"
    other = f"if another branch holds it, name that one on the server: {command} {example}"
    return f"no manifest is in force: {name}, the branch that holds it here, does not exist yet\n" + (
        f"{other}\nto begin anew: {begin}" if others else f"to begin: {begin}; or, {other}"
    )


def in_clone(
    git: Git,
    branch: bytes | None,
    pushed_to: bytes | None = None,
    at_commit: bool = False,
    settings: Settings | None = None,
    commits: bool = True,
) -> Trust:
    """Read what a clone trusts: integration branches as last fetched, local ones where they never were.

    *branch* is the one that is judged, without `refs/heads/`; *pushed_to* the name or URL of the remote of a
    push. With *at_commit*, local integration branches count too: one not pushed yet can be merged. The
    settings are read where they are not given. Without *commits*, only the manifest is: no trusted commits.
    """
    config = (settings or Settings.read(git)).config
    remotes = Remotes(config)
    remote = remotes.of_manifest(branch, pushed_to)
    usual = dict.fromkeys([*config.get(b"init.defaultbranch", [])[-1:], *_USUAL_BRANCHES])
    candidates = _candidates(config, remotes, remote, list(usual))
    existing = git.refs(candidates)
    ref = next((candidate for candidate in candidates if candidate in existing), None)
    if ref is None:
        configured = remotes.branch_of(candidates[0]) if b"lanes.trustedref" in config else None
        name = configured or (branch if branch in usual else next(iter(usual)))
        looked = ", ".join(printable(candidate) for candidate in candidates)
        begin = _begin(config, remotes, remote, name)
        return Trust(
            name, problem=f"no manifest is in force: looked for {looked}, and none exists\nto begin: {begin}"
        )
    found = existing[ref]
    real = found.target or ref
    trust = _with_manifest(git, remotes.branch_of(real), real, found.oid)
    if not commits:
        return trust
    return _with_clone_tips(git, trust, remotes, dict.fromkeys((remote, pushed_to)), at_commit)


def _candidates(config: Config, remotes: "Remotes", remote: bytes | None, usual: list[bytes]) -> list[bytes]:
    named = config.get(b"lanes.trustedref")
    if named:
        if not named[-1].startswith(b"refs/") or named[-1].startswith(b"refs/tags/"):
            shown = printable(named[-1]) or "empty"
            raise CannotJudge(
                f"lanes.trustedRef is {shown}; name a branch in full, such as refs/remotes/origin/main"
            )
        return named[-1:]
    tracked = []
    if remote is not None:
        tracked = [b"refs/remotes/" + remote + b"/HEAD"]
        mapped = (remotes.tracking(remote, BRANCHES + name) for name in _USUAL_BRANCHES)
        tracked += [ref for ref in mapped if ref]
    return tracked + [BRANCHES + name for name in usual]


def _with_clone_tips(
    git: Git, trust: Trust, remotes: "Remotes", fetched_from: Iterable[bytes | None], at_commit: bool
) -> Trust:
    known = [remote for remote in fetched_from if remote and remote in remotes.names]
    tracked = {
        BRANCHES + name: [ref for remote in known if (ref := remotes.tracking(remote, BRANCHES + name))]
        for name in _integration_names(git, trust, remotes)
    }
    existing = git.refs([*tracked, *(ref for refs in tracked.values() for ref in refs)])
    local = {ref: existing[ref].oid for ref in tracked if ref in existing}
    tips = {trust.ref: trust.commit} if trust.ref and trust.commit else {}
    for own, refs in tracked.items():
        fetched = {ref: existing[ref].oid for ref in refs if ref in existing}
        if at_commit or not fetched:
            fetched |= {own: local[own]} if own in local else {}
        tips |= fetched
    stale = known[0] if known and tips.keys() - local.keys() else None
    return replace(trust, tips=tips, local=local, remote=stale)


def _integration_names(git: Git, trust: Trust, remotes: "Remotes") -> Iterable[bytes]:
    """Name the integration branches that a clone could have: by a pattern, those that it has."""
    patterns = trust.manifest.integration.branches.patterns if trust.manifest else ()
    exact = all(pattern.exact for pattern in patterns)
    names = trust.integration_prefixes() if exact else map(remotes.branch_of, git.all_refs())
    return [name for name in dict.fromkeys(names) if trust.is_integration(name)]


def _begin(config: Config, remotes: "Remotes", remote: bytes | None, branch: bytes) -> str:
    """Say what to type in a clone where none of the branches exists that could hold the manifest."""
    main = printable(branch)
    if b"lanes.trustedref" in config and config[b"lanes.trustedref"][-1].startswith(BRANCHES):
        return f"commit a valid {_FILE} on {main}"
    if b"lanes.trustedref" in config:
        return "fetch it, or name another branch: git config lanes.trustedRef refs/remotes/NAME/BRANCH"
    if remote is not None:
        name = printable(remote)
        if remotes.tracking(remote, BRANCHES + branch) is None:
            add = f"git remote set-branches --add {name} {main}"
            return f"this clone does not fetch {main}; run: {add} && git fetch {name}"
        return f"run: git fetch {name} && git remote set-head {name} --auto"
    if remotes.names:
        return "say which remote's branch holds it: git config lanes.trustedRef refs/remotes/NAME/BRANCH"
    return (
        f"commit a valid {_FILE} on {main}, or name its branch: git config lanes.trustedRef refs/heads/NAME"
    )


def remotes_of(git: Git) -> "Remotes":
    """Read the remotes of a clone from its configuration."""
    return Remotes(Settings.read(git).config)


class Remotes:
    """The remotes of a clone, and where each one's branches are kept when they are fetched (git-fetch(1))."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.names: list[bytes] = []
        for key in config:
            found = re.fullmatch(rb"remote\.(.+)\.(?:url|fetch)", key, re.DOTALL)
            if found and found[1] not in self.names:
                self.names.append(found[1])

    def of_manifest(self, branch: bytes | None, pushed_to: bytes | None) -> bytes | None:
        """Name the remote that the manifest in force comes from, None where there is none."""
        own = self._config.get(b"branch.%b.remote" % branch, [b""])[-1] if branch else b""
        for name in (b"upstream", pushed_to, own, b"origin"):
            if name in self.names:
                return name
        return self.names[0] if len(self.names) == 1 else None

    def tracking(self, remote: bytes, ref: bytes) -> bytes | None:
        """Give the ref that *ref* of *remote* is fetched to."""
        for source, target in self._mappings(remote):
            mapped = _map(source, target, ref)
            if mapped:
                return mapped
        return None

    def branch_of(self, ref: bytes) -> bytes:
        """Give the branch's name, without `refs/heads/`, that a local or a remote-tracking ref stands for."""
        if ref.startswith(BRANCHES):
            return ref.removeprefix(BRANCHES)
        mappings = [mapping for remote in self.names for mapping in self._mappings(remote)]
        # The closest one first: there can be a remote "team" and a remote "team/ann".
        for source, target in sorted(mappings, key=lambda mapping: -len(mapping[1])):
            mapped = _map(target, source, ref)
            if mapped and mapped.startswith(BRANCHES):
                return mapped.removeprefix(BRANCHES)
        return ref.removeprefix(b"refs/remotes/").partition(b"/")[2] or ref

    def _mappings(self, remote: bytes) -> list[tuple[bytes, bytes]]:
        specs = self._config.get(b"remote.%b.fetch" % remote, [])
        pairs = (spec.removeprefix(b"+").partition(b":") for spec in specs if not spec.startswith(b"^"))
        return [(source, target) for source, colon, target in pairs if colon and target]


def _map(source: bytes, target: bytes, ref: bytes) -> bytes | None:
    """Apply one side of a refspec to *ref*, the other side being where it is mapped to."""
    before, star, after = source.partition(b"*")
    if not star:
        return target if ref == source else None
    if len(ref) < len(before) + len(after) or not (ref.startswith(before) and ref.endswith(after)):
        return None
    return target.replace(b"*", ref[len(before) : len(ref) - len(after)], 1)


def manifest_at(git: Git, commit: str) -> Manifest | None:
    """Read the manifest that *commit* holds, None where it holds none. Raises ManifestInvalid."""
    return _read(git, git.entry(commit, FILE))


def manifest_of_file(file: Path) -> Manifest:
    """Read the manifest in a work tree. Raises ManifestInvalid, and CannotJudge where there is none."""
    try:
        if file.is_symlink() or not file.is_file():
            kind = "a symbolic link" if file.is_symlink() else "a folder" if file.is_dir() else "a device"
            if file.is_symlink() or file.exists():
                raise ManifestInvalid([Problem(1, "", f"it is {kind}; expected a file")])
            raise CannotJudge(f"there is no {_FILE} at the root of the work tree")
        with file.open("rb") as opened:
            return manifest.parse(opened.read(manifest.MAX_BYTES + 1))
    except OSError as error:
        raise CannotJudge(f"{_FILE} can't be read: {error.strerror}") from None


def staged_manifest(git: Git) -> Manifest | None:
    """Read the manifest in the index, None where it holds none. Raises ManifestInvalid."""
    return _read(git, git.staged_entry(FILE))


def _read(git: Git, entry: tuple[str, str] | None) -> Manifest | None:
    if entry is None:
        return None
    mode, oid = entry
    if not mode.startswith("100"):
        kind = {"120000": "a symbolic link", "160000": "a submodule"}.get(mode, "a folder")
        raise ManifestInvalid([Problem(1, "", f"it is {kind}; expected a file")])
    blob = git.blob(oid, manifest.MAX_BYTES)
    if blob is None:
        raise ManifestInvalid([manifest.TOO_LARGE])
    return manifest.parse(blob)


def _with_manifest(git: Git, branch: bytes, ref: bytes, commit: str) -> Trust:
    where = f"{printable(ref)} at {commit[:12]}"
    problem, verb = "", "begin"
    try:
        found = manifest_at(git, commit)
        if found is None:
            problem = f"no manifest is in force: {where} has no {_FILE}"
    except ManifestInvalid as error:
        found, verb = None, "mend"
        problem = f"the manifest in force is invalid: {where}\n{error}"
    if problem:
        problem += f"\nto {verb}: bring a valid {_FILE} to {printable(branch)}; everything else waits for it"
    return Trust(branch, ref, commit, found, problem)
