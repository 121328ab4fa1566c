"""Where a commit can be looked at, from the URLs that remotes have."""

import pytest
from repos import Repo

from lanes.forges import commit_pages, pages_of
from lanes.plumbing import Git

GITHUB = "https://github.com/ann/shop/commit/"


@pytest.mark.parametrize(
    ("url", "pages"),
    [
        ("https://github.com/ann/shop.git", GITHUB),
        ("https://github.com/ann/shop", GITHUB),
        ("https://github.com/ann/shop/", GITHUB),
        ("https://GitHub.com/ann/shop.git", GITHUB),
        ("https://ann:secret@github.com/ann/shop.git", GITHUB),
        ("https://x-access-token:secret@github.com:443/ann/shop", GITHUB),
        ("http://github.com/ann/shop", GITHUB),
        ("git://github.com/ann/shop.git", GITHUB),
        ("ssh://git@github.com/ann/shop.git", GITHUB),
        ("ssh://git@github.com:22/ann/shop.git", GITHUB),
        ("git@github.com:ann/shop.git", GITHUB),
        ("github.com:ann/shop", GITHUB),
        ("git@github.com:/ann/shop.git", GITHUB),
        ("git@gitlab.com:group/sub/shop.git", "https://gitlab.com/group/sub/shop/-/commit/"),
        ("https://bitbucket.org/ann/shop.git", "https://bitbucket.org/ann/shop/commits/"),
        ("https://codeberg.org/ann/shop.js.git", "https://codeberg.org/ann/shop.js/commit/"),
        ("https://gitea.com/ann/shop", "https://gitea.com/ann/shop/commit/"),
        ("git@git.sr.ht:~ann/shop", "https://git.sr.ht/~ann/shop/commit/"),
        ("https://example.org/ann/shop.git", None),
        ("https://github.com.example.org/ann/shop.git", None),
        ("https://example.org/github.com/ann/shop.git", None),
        ("https://github.com", None),
        ("https://github.com/ann", None),
        ('https://github.com/ann/"onclick="x', None),
        ("javascript:alert(1)//github.com/ann/shop", None),
        ("https://github.com/ann/shop\nx", None),
        ("/srv/github.com/ann/shop.git", None),
        ("../shop", None),
        ("", None),
    ],
)
def test_the_page_of_a_commit(url: str, pages: str | None) -> None:
    assert pages_of(url.encode()) == pages


def test_it_is_the_remote_that_the_manifest_comes_from(repo: Repo) -> None:
    assert commit_pages(Git(repo.path)) is None
    repo.git("remote", "add", "origin", "git@github.com:bob/shop.git")
    repo.git("remote", "add", "other", "git@gitlab.com:eve/shop.git")
    assert commit_pages(Git(repo.path)) == "https://github.com/bob/shop/commit/"
    repo.git("remote", "add", "upstream", "git@github.com:ann/shop.git")
    assert commit_pages(Git(repo.path)) == GITHUB


def test_a_remote_whose_url_is_not_known_has_no_pages(repo: Repo) -> None:
    repo.git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
    assert commit_pages(Git(repo.path)) is None
