"""Who else may write in and around a lane's paths, by what the repository holds."""

from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import NamedTuple

from lanes.manifest import Lane, Manifest
from lanes.patterns import Automaton, PathPattern, PathPatterns, literal
from lanes.plumbing import Git, records

Owners = tuple[str, ...]
"""The names of lanes, in the order of the manifest."""


class Neighbour(NamedTuple):
    """A file, or a folder with a slash at its end, and who may write in it: the whole of it, or parts."""

    path: bytes
    owners: Owners
    whole: bool


def neighbours(git: Git, commit: str, manifest: Manifest, lane: Lane, most: int) -> list[Neighbour]:
    """List what lies in and next to a lane's paths and is another one's, sorted by its name.

    For each of its patterns that is the nearest folder around it where others own something. A folder of
    which the lane may write a part, or several others, is taken apart, as long as there are no more than
    *most* neighbours then.
    """
    places = _Places(manifest, lane)
    for path in _tracked(git, commit):
        places.add(path)
    for path in _named(manifest):
        places.add_named(path)
    found = {path for pattern in lane.paths.patterns if pattern.include for path in places.near(pattern)}
    opened = deque(sorted(found))
    while opened:
        path = opened.popleft()
        inside = places.owned_in(path)
        if places.is_shared(path) and len(found) - 1 + len(inside) <= most:
            found = (found - {path}) | set(inside)
            opened += inside
    return [places.neighbour(path) for path in sorted(found)]


def _tracked(git: Git, commit: str) -> Iterator[bytes]:
    """Stream the files of a commit; a submodule ends in a slash."""
    with git.stream("ls-tree", "-r", "-z", "--full-tree", commit) as output:
        for record in records(output, b"\0", "git ls-tree"):
            about, _, path = record.partition(b"\t")
            yield path + b"/" * about.startswith(b"160000")


def _named(manifest: Manifest) -> Iterator[bytes]:
    """Give the files and folders that lanes name one by one, there or not."""
    for lane in manifest.lanes:
        for pattern in lane.paths.patterns:
            atoms = pattern.glob.atoms
            begins = literal(atoms)
            if pattern.include and len(begins) == len(atoms) - 1:
                yield begins if pattern.glob.folders_only else begins.removesuffix(b"/")


class _Places:
    """Files, and folders with a slash at the end, and who may write in them where the lane may not."""

    def __init__(self, manifest: Manifest, lane: Lane) -> None:
        self._manifest = manifest
        self._lane = lane
        self._own = (lane.name,)
        self._reach = _Reach(manifest)
        self._owners: dict[bytes, set[Owners]] = defaultdict(set)
        self._inside: dict[bytes, dict[bytes, None]] = defaultdict(dict)

    def add(self, path: bytes) -> None:
        """Add what is there, or the folder around it, where no pattern tells it from the rest in there."""
        places = [b""]
        for place in _steps(path):
            places.append(place)
            if place.endswith(b"/") and self._reach.is_settled(place):
                break
        end = places[-1]
        if end in self._owners:
            return
        owners = self._owners_of(end)
        for place in places:
            self._owners[place].add(owners)
        if owners and owners != self._own:
            for outer, inner in pairwise(places):
                self._inside[outer][inner] = None

    def add_named(self, path: bytes) -> None:
        """Add what may be there one day."""
        if path.removesuffix(b"/") + b"/" not in self._owners:
            self.add(path)

    def near(self, pattern: PathPattern) -> list[bytes]:
        """List what others own in the folder that holds whatever a pattern matches, or around that."""
        folder = literal(pattern.glob.atoms).removesuffix(b"/")
        while not (found := self.owned_in(folder[: folder.rfind(b"/") + 1])) and b"/" in folder:
            folder = folder.rpartition(b"/")[0]
        return found

    def owned_in(self, folder: bytes) -> list[bytes]:
        """List what lies in a folder and is others', or has something in it that is."""
        return list(self._inside.get(folder, ()))

    def is_shared(self, place: bytes) -> bool:
        """Tell whether what is in it is not one's alone, or nobody's."""
        return len(self._owners[place] - {()}) > 1

    def neighbour(self, place: bytes) -> Neighbour:
        """Say whose it is."""
        owners = self._owners[place]
        names = set(chain(*(owners - {self._own})))
        ordered = tuple(lane.name for lane in self._manifest.lanes if lane.name in names)
        return Neighbour(place, ordered, len(owners) == 1)

    def _owners_of(self, place: bytes) -> Owners:
        path, folder = place.removesuffix(b"/"), place.endswith(b"/")
        if self._manifest.may_write(self._lane, path, folder):
            return self._own
        others = self._reach.lanes(path[: path.rfind(b"/") + 1])
        return tuple(lane.name for lane in others if self._manifest.may_write(lane, path, folder))


def _steps(path: bytes) -> Iterator[bytes]:
    """Give the folders that hold a path, from the root on, and the path."""
    end = path.find(b"/") + 1
    while end and end < len(path):
        yield path[:end]
        end = path.find(b"/", end) + 1
    yield path


class _Reach:
    """Tells which patterns can say something of what is in a folder, without a look at that."""

    def __init__(self, manifest: Manifest) -> None:
        self._automaton = Automaton()
        self._begins = self._ends = 0
        self._add(manifest.shared)
        self._add(manifest.protected)
        self._lanes = [(lane, self._add(lane.paths)) for lane in manifest.lanes]
        self._known = {b"": self._automaton.entered(self._begins)}

    def _add(self, patterns: PathPatterns) -> int:
        """Add a list of patterns, and give the states that are its own."""
        own = 0
        for pattern in patterns.patterns:
            first, last = self._automaton.add(pattern.glob.atoms)
            self._begins |= first
            self._ends |= last
            own |= (last << 1) - first
        return own

    def is_settled(self, folder: bytes) -> bool:
        """Tell whether every pattern covers all in a folder, or nothing."""
        return not self._states(folder) & ~self._ends

    def lanes(self, folder: bytes) -> list[Lane]:
        """List the lanes of which a pattern may cover something in a folder."""
        states = self._states(folder)
        return [lane for lane, own in self._lanes if states & own]

    def _states(self, folder: bytes) -> int:
        """Give the states that lead on from a folder; those around it were asked for before."""
        if folder not in self._known:
            begins = folder.rfind(b"/", 0, -1) + 1
            states = self._known[folder[:begins]]
            for byte in folder[begins:]:
                states = self._automaton.read(states, byte)
            self._known[folder] = states
        return self._known[folder]
