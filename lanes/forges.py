"""Where a commit can be looked at: its page on the host of a remote, where that is a well-known one."""

import re

from lanes.plumbing import Git
from lanes.trust import Remotes

# What comes behind a repository's address and before a commit's id.
_COMMIT = {
    "bitbucket.org": "commits",
    "codeberg.org": "commit",
    "git.sr.ht": "commit",
    "gitea.com": "commit",
    "github.com": "commit",
    "gitlab.com": "-/commit",
}
# Both ways to write a URL (git-clone(1)). A user's name and password must never get into a page.
_URL = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@]*@)?(?P<host>[a-z.]+)(?::\d+)?/|(?:[^/@:]+@)?(?P<scp>[a-z.]+):/?)"
    r"(?P<repository>[\w.~-]+(?:/[\w.~-]+)+)/?",
    re.ASCII | re.IGNORECASE,
)


def commit_pages(git: Git) -> str | None:
    """Give what a commit's id makes the URL of its page of, for the remote that the manifest comes from."""
    config = git.config(r"^remote\..*\.(url|fetch)$")
    remote = Remotes(config).of_manifest(None, None)
    urls = config.get(b"remote.%b.url" % remote, []) if remote is not None else []
    return pages_of(urls[0]) if urls else None


def pages_of(url: bytes) -> str | None:
    """Give what a commit's id makes the URL of its page of, None where the host is not a well-known one."""
    found = _URL.fullmatch(url.decode("ascii", "replace"))
    host = (found["host"] or found["scp"]).lower() if found else ""
    if not found or host not in _COMMIT:
        return None
    return f"https://{host}/{found['repository'].removesuffix('.git')}/{_COMMIT[host]}/"
