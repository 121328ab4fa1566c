"""Plain commits: what each one changes is judged, not what is left at the end."""

from bypasses.stage import Clone, accepted, rejected


@accepted
def write_inside_the_lane(clone: Clone) -> None:
    """The branch's lane covers docs/."""
    clone.commit({"docs/new.md": "new\n", "docs/a.md": "changed\n", "docs/b.md": None})


@rejected
def add_then_revert(clone: Clone) -> None:
    """What a commit writes outside stays in the history, whatever the next one takes back."""
    clone.commit({"api/evil.py": "evil\n"})
    clone.git("revert", "--no-edit", "HEAD")
