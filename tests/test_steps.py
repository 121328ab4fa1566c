"""The steps of a sealed integration branch whose lane can't be told from the paths alone."""

from pathlib import Path

from repos import Repo, make_repo, remote_lines

SEALED = """version = 1
[integration]
accepts = "lanes"
[lanes.libraries]
branches = ["work/libraries"]
paths = ["/vendor/*/"]
"""


def _submodule(clone: Repo, oid: str) -> None:
    clone.git("update-index", "--add", "--replace", "--cacheinfo", f"160000,{oid},vendor/lib")
    clone.git("commit", "--quiet", "--no-verify", "-m", "Move the library")


def test_a_merge_that_keeps_a_submodule_where_main_has_a_file(tmp_path: Path) -> None:
    """The branch may move the submodule, but not make one of a file: by the merge, it does."""
    server = make_repo(tmp_path / "server.git", "--bare")
    clone = make_repo(tmp_path / "clone")
    clone.git("remote", "add", "origin", "../server.git")
    clone.commit({".lanes.toml": SEALED.replace('accepts = "lanes"', 'accepts = "anything"')})
    begun = clone.head()
    _submodule(clone, begun)
    clone.switch("work/libraries", "main")
    _submodule(clone, clone.head())
    moved = clone.head()
    clone.switch("main")
    clone.git("rm", "--quiet", "--cached", "vendor/lib")
    (clone.path / "vendor" / "lib").rmdir()
    clone.commit({"vendor/lib": "a file now\n", ".lanes.toml": SEALED})
    clone.git("push", "--quiet", "origin", "main")
    server.hook("pre-receive", "lane-pre-receive")

    main = clone.head()
    kept = clone.git("commit-tree", "-p", moved, "-p", main, "-m", "Keep it", _tree(clone, main, moved))
    merged = clone.git("commit-tree", "-p", main, "-p", kept, "-m", "Merge", f"{kept}^{{tree}}")
    pushed = clone.push(f"{merged}:refs/heads/main")
    assert pushed.status == 1
    assert remote_lines(pushed).split("\n")[:3] == [
        "lanes: main is rejected: 1 change in 1 commit does not fit into one lane with the rest of a step",
        '  commit OID (a merge) "Keep it" by Ann',
        "    changes the type of vendor/lib (not-in-one-lane: no lane may write it)",
    ]


def _tree(clone: Repo, main: str, moved: str) -> str:
    """Give the tree of main, with the library of another commit."""
    clone.git("read-tree", main)
    entry = clone.git("ls-tree", moved, "vendor/lib").split()
    clone.git("update-index", "--replace", "--cacheinfo", f"{entry[0]},{entry[2]},vendor/lib")
    return clone.git("write-tree")
