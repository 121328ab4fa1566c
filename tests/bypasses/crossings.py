"""Integration branches that merge each other again and again."""

from bypasses.stage import BRANCH, Clone, accepted


def _cross(clone: Clone, times: int) -> None:
    """Let main and release merge each other's tip so many times; main changes one file each time."""

    def on(parents: tuple[str, ...], top: str) -> str:
        kept = [entry for entry in clone.entries("main") if entry[1] != b"top.txt"]
        tree = clone.tree(
            *sorted(
                [*kept, ("100644", b"top.txt", clone.blob(top))],
                key=lambda entry: entry[1] + b"/" * entry[0].endswith("40000"),
            )
        )
        options = [option for parent in parents for option in ("-p", parent)]
        return clone.git("commit-tree", "-m", f"Top {top}", *options, tree)

    start = clone.head()
    main, release = on((start,), "1"), on((start,), "t\n")
    values = ["t\n", "1"]
    for i in range(times):
        values.append(str(i + 2))
        main, release = on((main, release), values[-1]), on((release, main), values[-2])
    clone.git("update-ref", "refs/heads/main", main)
    clone.git("update-ref", "refs/heads/release", release)
    clone.publish("main", "release")
    tree = clone.git("rev-parse", "main^{tree}")
    merge = clone.git("commit-tree", "-m", "Merge", "-p", main, "-p", release, tree)
    clone.git("update-ref", f"refs/heads/{BRANCH}", merge)


@accepted
def main_and_release_crossed_six_times(clone: Clone) -> None:
    """Only main changed the file, each time; release took it over a step later."""
    _cross(clone, 6)


@accepted
def main_and_release_crossed_twelve_times(clone: Clone) -> None:
    """The same, some weeks later: how often they met before is no reason to refuse the branch."""
    _cross(clone, 12)
