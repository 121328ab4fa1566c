"""Trees whose flaws were there before, in one place and not in another."""

from bypasses.stage import Clone, accepted, not_judged

Entry = tuple[str, bytes, str]


def _order(entry: Entry) -> bytes:
    return entry[1] + b"/" * entry[0].endswith("40000")


def _root(clone: Clone, folder: str, tree: str) -> str:
    kept = [entry for entry in clone.entries() if entry[1] != folder.encode()]
    return clone.tree(*sorted([*kept, ("40000", folder.encode(), tree)], key=_order))


def _flawed(clone: Clone, *more: Entry) -> str:
    dots = clone.tree(("100644", b"x.md", clone.blob()))
    return clone.tree(*sorted([("40000", b"..", dots), *clone.entries("main:docs"), *more], key=_order))


@not_judged
def two_dots_that_main_took_away_brought_back_in_a_merge(clone: Clone) -> None:
    """The branch added a file to the folder as main had it then; main mended it; the merge keeps it."""
    clean = clone.git("rev-parse", "main:docs")
    clone.git("symbolic-ref", "HEAD", "refs/heads/main")
    clone.commit_tree(_root(clone, "docs", _flawed(clone)))
    clone.publish("main")
    bad = clone.head()
    new = ("100644", b"new.md", clone.blob("new\n"))
    clone.git("update-ref", "refs/heads/work/docs-1", bad)
    # main mends its folder
    mended = clone.commit_tree(_root(clone, "docs", clean))
    clone.publish("main")
    clone.git("symbolic-ref", "HEAD", "refs/heads/work/docs-1")
    flawed = clone.tree(*sorted([*clone.entries(f"{bad}:docs"), new], key=_order))
    mine = clone.commit_tree(_root(clone, "docs", flawed), bad)
    clone.commit_tree(_root(clone, "docs", flawed), mine, mended)


@not_judged
def two_dots_that_main_took_away_brought_back_alone(clone: Clone) -> None:
    """The same merge without the commit before it, for comparison."""
    clean = clone.git("rev-parse", "main:docs")
    clone.git("symbolic-ref", "HEAD", "refs/heads/main")
    bad = clone.commit_tree(_root(clone, "docs", _flawed(clone)))
    mended = clone.commit_tree(_root(clone, "docs", clean))
    clone.publish("main")
    clone.git("symbolic-ref", "HEAD", "refs/heads/work/docs-1")
    new = ("100644", b"new.md", clone.blob("new\n"))
    flawed = clone.tree(*sorted([*clone.entries(f"{bad}:docs"), new], key=_order))
    clone.commit_tree(_root(clone, "docs", flawed), mended)


@accepted
def two_dots_of_main_alone_where_release_comes_too(clone: Clone) -> None:
    """Main had the folder like that, release had none of it, and the merge holds what each decided."""
    clone.on("release", {"top.txt": "release\n"})
    clone.git("symbolic-ref", "HEAD", "refs/heads/main")
    bad = clone.commit_tree(_root(clone, "docs", _flawed(clone)))
    clone.publish("main")
    clone.git("symbolic-ref", "HEAD", "refs/heads/work/docs-1")
    top = next(entry for entry in clone.entries("release") if entry[1] == b"top.txt")
    kept = [entry for entry in clone.entries(bad) if entry[1] != b"top.txt"]
    clone.commit_tree(clone.tree(*sorted([*kept, top], key=_order)), bad, "release")
