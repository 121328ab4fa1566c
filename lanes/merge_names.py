"""Which branches a merge merged, from what git and the hosts write as its message."""

import re

# Git's own words (fmt-merge-msg), which GitLab, Gogs and many programs write as well: GitLab quotes the
# branch that is merged into, "(early part)" is an older commit of a branch. Names hold no space.
_GIT = re.compile(rb"Merge (remote-tracking )?branch '(\S+)'(?: |\Z)")
_GIT_SEVERAL = re.compile(rb"Merge (remote-tracking )?branches ('\S+'(?:, '\S+')* and '\S+')(?: |\Z)")
_PULL_REQUEST = re.compile(
    rb"Merge pull request #[0-9]+ from (?P<owner>[^\s/:]+)/(?P<github>\S+)"
    rb"|Merge pull request '.*' \([#!][0-9]+\) from (?P<gitea>\S+) into \S+"
    rb"|Merge pull request #[0-9]+ in \S+ from (?P<bitbucket_server>\S+) to \S+"
    rb"|Merged in (?P<bitbucket>\S+) \(pull request #[0-9]+\)"
    rb"|Merge pull request [0-9]+ from (?P<azure>\S+) into \S+"
)
_FORK = re.compile(rb"([^\s:]+):([^\s:]+)")

TITLED = re.compile(rb"Pull request #[0-9]+: ")
"""How subjects of Bitbucket Data Center begin: it names the branch in the first line of the body."""
_TITLED_BODY = re.compile(rb"Merge in \S+ from (\S+) to \S+")

REMOTE = b"refs/remotes/"


def merged_branches(subject: bytes, into: bytes, body: bytes = b"") -> list[bytes]:
    """Name the branches that a merge into *into* merged, in the order of its parents, if it tells.

    A remote-tracking branch is given in full, with `refs/remotes/`; one that the message says to be a fork's
    as `fork/OWNER/BRANCH`, which is what audits on hosts call it.
    """
    if found := _GIT.match(subject):
        return [_tracking(found[1], found[2])]
    if found := _GIT_SEVERAL.match(subject):
        names = re.findall(rb"'(\S+)'(?:,| |\Z)", found[2])
        return [_tracking(found[1], name) for name in names]
    if found := _PULL_REQUEST.fullmatch(subject):
        owner, name = found["owner"], found[found.lastgroup or 0]
        if owner and name == into:  # of this repository's own branches this one can't be merged into itself
            return [b"fork/%b/%b" % (owner, name)]
        return [_own_or_fork(name)]
    if TITLED.match(subject) and (found := _TITLED_BODY.match(body)):
        return [_own_or_fork(found[1])]
    return []


def _tracking(remote: bytes | None, name: bytes) -> bytes:
    return REMOTE + name if remote else name


def _own_or_fork(name: bytes) -> bytes:
    """Read a branch as hosts name it: BRANCH, or REPOSITORY:BRANCH, as no branch has a colon in its name."""
    found = _FORK.fullmatch(name)
    return b"fork/%b/%b" % found.groups() if found else name
