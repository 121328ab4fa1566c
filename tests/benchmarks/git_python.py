"""Walks history as programs with GitPython do: `git_python.py RANGE`."""

import sys

import git


def main() -> int:
    """Read what each commit changed against its first parent: all of a merge's are far slower."""
    repository = git.Repo(".")
    for commit in repository.iter_commits(sys.argv[1]):
        for change in commit.diff(commit.parents[0] if commit.parents else git.NULL_TREE):
            _ = change.a_path
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
