"""The audit's page in a real browser: what it shows is what the JSON report says, and it asks for nothing."""

import html
import json
import os
import re
import shutil
import socket
import subprocess
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from repos import MANIFEST, Repo, make_repo, settings

from lanes.formats import html as html_page

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
PAGE = 100  # rows
WIDE, BETWEEN, NARROW = ({"viewport": {"width": width, "height": 900}} for width in (1280, 1030, 400))

HOSTILE = [
    b"</script><script>alert(1)</script>",
    b"<!--<script>",
    b'"><img src=x onerror=alert(1)>',
    b"' onmouseover='alert(1)",
    b"&lt;b&gt;&amp;{{title}}",
    b"\xff\xfe\x80",
    b"a\nb\tc\x1b[31m\x07",
    "\u202egpj.exe\u2066".encode(),
    "line\u2028paragraph\u2029".encode(),
    "\ufeff\u200b\ufffe".encode(),
    "日本 אבי Größe 🙂 e\u0301".encode(),
    b"javascript:alert(1)",
    b"x" * 200,
]


class Audited(NamedTuple):
    """The same audit as a page and as the JSON report."""

    file: Path
    report: dict[str, Any]

    def violations(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """List all violations, each with its branch."""
        return [(branch, found) for branch in self.report["branches"] for found in branch["violations"]]


Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless browser. Where this machine has none, its tests are skipped, but not in CI."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        give_up = pytest.fail if "LANES_ALL_TOOLS" in os.environ else pytest.skip
        give_up("there is no chromium here; on Debian: apt-get install chromium")
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=as_root)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Open a file at a fragment of its URL. Its console stays empty, and it asks for nothing but itself."""
    heard: list[str] = []
    with ExitStack() as stack:

        def opened(file: Path, fragment: str = "", **options: Any) -> Page:
            page = stack.enter_context(chromium.new_context(**options)).new_page()
            page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: heard.append(f"error: {error}"))
            page.on("dialog", lambda dialog: heard.append(f"dialog: {dialog.message}"))
            page.on("request", lambda request: heard.append(f"request: {request.url}"))
            page.goto(file.as_uri() + fragment)
            assert heard.pop(0).partition("#")[0] == f"request: {file.as_uri()}"
            return page

        yield opened
    assert heard == []


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """An audit of branches of every kind, one with more violations than fit on a page of the list."""
    folder = tmp_path_factory.mktemp("audited")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings(folder).items():
            environment.setenv(name, value)
        repo = make_repo(folder / "repo")
        repo.git("remote", "add", "origin", "https://ann:secret@github.com/ann/shop.git")
        yield audit(of_every_kind(repo))


def of_every_kind(repo: Repo) -> Repo:
    dates = iter(range(1_600_000_000, 1_700_000_000, 20_000))

    def commit(author: str, *paths: str) -> None:
        date = f"{next(dates)} +0000"
        repo.write(dict.fromkeys(paths, f"{date}\n"))
        repo.git("add", "--all")
        env = {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_NAME": author}
        repo.git("commit", "-qm", f"{author} was here", env=env)

    repo.commit({".lanes.toml": MANIFEST, "docs/a": "a", "api/generated/g": "g", "ci/run": "r", "top": "t"})
    repo.switch("work/docs-1", "main")
    commit("Ann", "docs/a", "docs/b")
    repo.switch("work/docs-2", "main")
    commit("Ann", "docs/a", "api/x", "api/y")
    commit("Bob", "api/generated/g", "top")
    commit("Bobby", "ci/run", "docs/c")
    repo.switch("work/docs-3", "main")
    for number in range(25):
        commit("Many", *(f"out/{number}/{i}" for i in range(10 * (number % 2))), "docs/d")
    repo.switch("work/api-1", "main")
    commit("Cleo", "api/a", "docs/a", "shared.txt")
    repo.switch("review/1", "main")
    commit("Ann", "docs/a")
    repo.switch("feature", "main")
    commit("Dan", "docs/a")
    repo.git("branch", "Main", "main~0")
    return repo


def audit(repo: Repo, *branches: str | bytes) -> Audited:
    """Audit branches, without any all that there are, as a page and as the JSON report."""
    names = branches or repo.git("for-each-ref", "--format=%(refname)", "refs/heads/").split("\n")
    page, report = repo.path.parent / "audit.html", repo.path.parent / "audit.json"
    formats = ["--format", "html", "--output", str(page), "--format", "json", "--output", str(report)]
    ended = repo.script("lane-audit", *formats, *names)
    assert (ended.out, ended.err) == ("", "")
    return Audited(page, json.loads(report.read_text()))


def number(text: str) -> int:
    return int(re.sub(r"\D.*", "", text.replace(",", "")))


def texts(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def rows(page: Page) -> list[tuple[str, ...]]:
    """Give the rows of all pages of the list, as texts of the cells."""
    script = "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
    found = [tuple(row) for row in page.eval_on_selector_all(".rows tbody tr", script)]
    following = page.locator("[data-step='1']").first
    while following.is_visible() and following.is_enabled():
        following.click()
        found += [tuple(row) for row in page.eval_on_selector_all(".rows tbody tr", script)]
    return found


def state_is(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until the list says this of itself: a browser tells late that its URL has changed."""
    expect(page.locator("#state")).to_have_text(text)


def expected(branch: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the row of a violation, but for its date."""
    verbs = {"A": "adds", "M": "changes", "D": "deletes", "T": "changes the type of"}
    return (
        f"{found['commit'][:12]} {found['summary']}" if found["commit"] else "the whole branch",
        found["author"] or "",
        branch["branch"].removeprefix("refs/heads/"),
        f"{verbs[found['status']]} {found['path']}" if found["path"] else "no lane covers it",
        found["reason"],
        ", ".join(found["lanes"]) or f"no lane{' (protected)' * (found['reason'] == 'protected')}",
    )


def undated(row: tuple[str, ...]) -> tuple[str, ...]:
    return (re.sub(r" \d{4}-\d\d-\d\d", " ", row[0]), *row[1:])


# -- What it shows


def test_the_numbers_are_those_of_the_report(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file)
    branches, violations = audited.report["branches"], [found for _, found in audited.violations()]
    shown = dict(zip(texts(page, ".sums dt"), map(number, texts(page, ".sums dd")), strict=True))
    outside = [branch for branch in branches if branch["violations"] or branch["refusal"]]
    assert shown == {
        "branches inside": len(branches) - len(outside),
        "branches outside": len(outside),
        "branches not judged": 0,
        "commits judged": sum(branch["commits"] for branch in branches),
        "commits outside": len({found["commit"] for found in violations if found["commit"]}),
        "changes outside": len(violations),
    }
    assert shown["branches inside"] == 2
    assert shown["changes outside"] == 5 + 120 + 1 + 1 + 1
    assert page.title() == "Lane audit of ann/shop"


def test_each_branch_has_its_verdict(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file)
    shown = dict(zip(texts(page, ".branch h3 bdi"), texts(page, ".branch .said"), strict=True))
    assert shown == {
        "Main": "it differs from main by case alone, and on many a disk they are one; use another name",
        "feature": "no lane covers this branch",
        "review/1": '1 change in 1 commit outside its lane "review"',
        "work/api-1": '1 change in 1 commit outside its lane "api"',
        "work/docs-2": '5 changes in 3 commits outside its lane "docs"',
        "work/docs-3": '120 changes in 12 commits outside its lane "docs"',
        "main": "an integration branch may change anything",
        "work/docs-1": 'all inside its lane "docs"',
    }
    assert list(shown)[-2:] == ["main", "work/docs-1"]
    assert [text.split()[1] for text in texts(page, ".branch .badge")] == [
        "refused", *["outside"] * 5, *["inside"] * 2
    ]  # fmt: skip
    for branch in audited.report["branches"]:
        name = branch["branch"].removeprefix("refs/heads/")
        card = page.locator(".branch").nth(list(shown).index(name))
        assert branch["tip"][:12] in card.inner_text()
        if branch["commits"]:
            judged = f"{branch['commits']} commit{'s' * (branch['commits'] > 1)} judged"
            assert judged in card.inner_text()


def test_the_charts_say_the_same_as_their_tables(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file)
    card = page.locator(".branch", has_text="work/docs-3")
    assert card.locator("svg").get_attribute("aria-label") == (
        "25 commits, each bar 3 hours, from 2020-09-14 to 2020-09-20, 13 inside, 12 outside"
    )
    assert card.locator("figcaption").inner_text().split("\n") == [
        "25 commits, each bar 3 hours",
        "13 inside",
        "12 outside",
    ]
    bars = card.locator("svg title").all_text_contents()
    card.get_by_text("The chart as a table").click()
    cells = [[*map(str.strip, row.split("\t"))] for row in card.locator("tbody tr").all_inner_texts()]
    assert bars == [
        f"{begin}: {commits} commit{'s' * (commits != '1')}{f', {outside} outside' * (outside != '0')}"
        for begin, commits, outside in cells
    ]
    assert sum(int(commits) for _, commits, _ in cells) == 25
    assert sum(int(outside) for _, _, outside in cells) == 12
    marks = card.locator("svg rect.bad").count()
    assert marks == 2 * sum(outside != "0" for _, _, outside in cells)


def test_the_matrix_shows_who_wrote_where(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file)
    folders = texts(page, ".matrix thead th")[1:]
    shown = {}
    for row in page.locator(".matrix tbody tr").all():
        cells = row.locator("td").all_inner_texts()
        for folder, cell in zip(folders, cells, strict=True):
            if cell != "0":
                shown[row.locator("th").inner_text(), folder] = cell
    assert shown == {
        ("docs", "docs/"): "29",
        ("docs", "out/"): "120 outside",
        ("docs", "api/"): "3 outside",
        ("docs", "ci/"): "1 outside",
        ("docs", "files in no folder"): "1 outside",
        ("api", "docs/"): "1 outside",
        ("api", "api/"): "1",
        ("api", "files in no folder"): "1",
        ("review", "docs/"): "1 outside",
        ("no lane", "docs/"): "1",
    }


def test_owners_are_listed_by_what_was_written_of_theirs(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file)
    shown = [
        [row.locator("th").inner_text(), *map(str.strip, row.locator("td").all_inner_texts())]
        for row in page.locator(".owners tbody tr").all()
    ]
    assert shown == [
        ["no lane", "122", "13", "docs 122"],
        ["api", "2", "1", "docs 2"],
        ["docs", "2", "2", "review 1, api 1"],
        ["no lane (protected)", "1", "1", "docs 1"],
    ]


def test_every_violation_is_listed(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file)
    assert page.locator("#state").inner_text() == "1 to 100 of 128 changes outside"
    assert page.locator(".rows tbody tr").count() == PAGE
    found = rows(page)
    assert list(map(undated, found)) == [expected(*pair) for pair in audited.violations()]
    assert next(row[0] for row in found if "Cleo" in row[1])[13:23] == "2020-09-20"
    assert page.locator("#state").inner_text() == "101 to 128 of 128 changes outside"
    assert page.url.endswith("#page=2")
    page.locator("[data-step='-1']").first.click()
    assert page.locator("#state").inner_text() == "1 to 100 of 128 changes outside"
    assert "#page" not in page.url


def test_commits_are_linked_to_their_pages_without_a_password(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file)
    script = "rows => rows.map(row => row.querySelector('a')?.href)"
    links = page.locator(".rows tbody tr").evaluate_all(script)
    commits = [found["commit"] for _, found in audited.violations()]
    assert links == [commit and f"https://github.com/ann/shop/commit/{commit}" for commit in commits][:PAGE]
    assert "secret" not in audited.file.read_text()


def test_without_a_well_known_host_commits_are_ids_alone(open_page: Open, repo: Repo) -> None:
    repo.git("remote", "add", "origin", "https://git.example.org/ann/shop")
    page = open_page(audit(of_every_kind(repo)).file)
    assert page.title() == "Lane audit"
    assert page.locator("a[href^=http]").count() == 0
    assert re.fullmatch("[0-9a-f]{12}", texts(page, ".rows tbody code")[0])


def test_an_audit_without_violations_says_so(open_page: Open, repo: Repo) -> None:
    page = open_page(audit(of_every_kind(repo), "main", "work/docs-1").file)
    assert [page.locator(f"section:has(#{name}) > p").inner_text() for name in ("owners", "violations")] == [
        "No branch wrote outside its lane.",
        "There is none.",
    ]
    assert page.locator("form").is_hidden()


def test_an_audit_of_nothing_says_so(open_page: Open, repo: Repo) -> None:
    repo.commit({".lanes.toml": MANIFEST})
    page = open_page(audit(repo, "--all").file)
    assert page.locator("section:has(#branches) > p").inner_text() == "There is no branch that a lane covers."


def test_what_could_not_be_judged_comes_first(open_page: Open, repo: Repo) -> None:
    of_every_kind(repo)
    repo.commit({".lanes.toml": MANIFEST.replace("api-*", "*-2")}, "Two lanes cover one branch")
    repo.git("branch", "-f", "main")
    found = audit(repo, "work/docs-2", "work/docs-3")
    page = open_page(found.file)
    assert texts(page, ".branch .badge")[0] == "? not judged"
    assert page.locator(".branch .said").first.inner_text() == found.report["branches"][0]["error"]
    assert number(page.locator(".sums dd").nth(2).inner_text()) == 1


def test_many_branches_and_folders_take_no_more_room(open_page: Open, repo: Repo) -> None:
    repo.commit({".lanes.toml": MANIFEST})
    repo.commit({f"api/{i}": "" for i in range(30)})
    for i in range(html_page.MOST_OPEN + 1):
        repo.git("branch", f"work/docs-{i}", "main")
    repo.switch("work/docs-out", "main")
    repo.commit({f"{i:02}/{i}": "" for i in range(html_page.MOST_FOLDERS + 5)})
    page = open_page(audit(repo, "--all").file)
    assert page.locator("summary").first.inner_text() == "What to do about it"
    folded = page.locator("section > details")
    assert folded.locator("> summary").inner_text() == "21 branches inside"
    assert page.get_by_role("article").count() == 1
    folded.locator("> summary").click()
    assert page.get_by_role("article").count() == 22
    assert texts(page, ".matrix thead th")[-2:] == ["19/", "other folders"]
    assert texts(page, ".matrix tbody td")[-2:] == ["1 outside", "5 outside"]
    assert page.locator(".matrix tbody td a").count() == html_page.MOST_FOLDERS


def test_merged_history_is_shown_by_its_merges(open_page: Open, repo: Repo) -> None:
    repo.commit({".lanes.toml": MANIFEST})
    for files in ({"docs/a": "a", "api/a": "a"}, {"api/b": "b", "api/c": "c"}, {"docs/b": "b"}):
        repo.switch("work/docs-1", "main")
        repo.commit(files)
        repo.switch("main")
        repo.git("merge", "-q", "--no-ff", "--no-edit", "work/docs-1")
    repo.commit({"top": "made on main itself"})
    found = audit(repo, "--first-parent", "main")
    page = open_page(found.file)
    outside = [branch for branch in found.report["branches"] if branch["violations"]]
    assert dict(zip(texts(page, ".sums dt"), map(number, texts(page, ".sums dd")), strict=True)) == {
        "merges inside": 1,
        "merges outside": 2,
        "merges not judged": 0,
        "commits judged": 3,
        "commits outside": 2,
        "changes outside": 3,
    }
    assert texts(page, ".branch h3 bdi")[:2] == [
        f"work/docs-1 (merged by {branch['merge'][:12]})" for branch in outside
    ]
    assert "not judged: 2 commits made on main itself" in page.locator("header .said").inner_text()
    for link, branch in zip(page.locator(".branch .said a").all(), outside, strict=True):
        link.click()
        wanted = [expected(branch, violation) for violation in branch["violations"]]
        state_is(page, f"1 to {len(wanted)} of {len(wanted)} changes outside that were chosen, of 3 in all")
        assert list(map(undated, rows(page))) == wanted
    page.locator("[name=branch]").select_option(label="work/docs-1")
    assert len(rows(page)) == 3


def test_what_a_baseline_knows_is_counted(open_page: Open, audited: Audited) -> None:
    repo = Repo(audited.file.parent / "repo")
    baseline = str(audited.file.parent / "baseline")
    repo.script("lane-audit", "--baseline", baseline, "--write-baseline", "work/docs-2")
    file = audited.file.parent / "known.html"
    options = ["--baseline", baseline, "--format", "html", "--output", str(file)]
    ended = repo.script("lane-audit", *options, "work/docs-2", "work/api-1")
    assert (ended.status, ended.out, ended.err) == (1, "", "")
    page = open_page(file)
    assert page.locator("header .said").inner_text() == f"4 violations known to {baseline}"
    assert texts(page, ".branch .said") == [
        '1 change in 1 commit outside its lane "docs"',
        '1 change in 1 commit outside its lane "api"',
    ]
    assert "4 known violations" in page.locator(".branch").first.inner_text()


# -- Filters

Chosen = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
FILTERS: dict[str, tuple[str, str, str, Chosen]] = {
    "lane": ("lane", "docs", "docs", lambda branch, _: branch["lane"] == "docs"),
    "no lane": ("lane", "", "no lane", lambda branch, _: branch["lane"] is None),
    "branch": ("branch", "refs/heads/review/1", "review/1", lambda branch, _: "review" in branch["branch"]),
    "folder": ("folder", "api/", "api/", lambda _, found: (found["path"] or "").startswith("api/")),
    "root": ("folder", "/", "files in no folder", lambda _, found: found["path"] == "top"),
    "owner": ("owner", "docs", "docs", lambda _, found: "docs" in found["lanes"]),
    "nobody": (
        "owner",
        "",
        "no lane",
        lambda _, found: not found["lanes"] and found["reason"] not in ("no-lane", "protected"),
    ),
    "reason": ("reason", "protected", "protected", lambda _, found: found["reason"] == "protected"),
    "author": ("author", "bob", "", lambda _, found: (found["author"] or "").startswith("Bob")),
    "path": ("path", "T/1/", "", lambda _, found: "t/1/" in (found["path"] or "")),
}


@pytest.mark.parametrize("key", FILTERS)
def test_a_filter_leaves_what_it_names(open_page: Open, audited: Audited, key: str) -> None:
    name, value, label, chosen = FILTERS[key]
    page = open_page(audited.file)
    if label:
        page.locator(f"[name={name}]").select_option(label=label)
    else:
        page.locator(f"[name={name}]").fill(value)
    wanted = [expected(*pair) for pair in audited.violations() if chosen(*pair)]
    assert 0 < len(wanted) < len(audited.violations())
    state = page.locator("#state").inner_text()
    assert state.endswith(f" of {len(wanted)} changes outside that were chosen, of 128 in all")
    fragment = "#" + page.url.partition("#")[2]
    assert list(map(undated, rows(page))) == wanted
    # The link keeps it.
    again = open_page(audited.file, fragment)
    assert again.locator("#state").inner_text() == state
    assert again.locator(f"[name={name}]").input_value() == value
    assert list(map(undated, rows(again))) == wanted
    again.get_by_role("button", name="Show all").click()
    assert again.locator("#state").inner_text() == "1 to 100 of 128 changes outside"
    assert again.locator(f"[name={name}]").input_value() in ("", "any")
    assert again.url.partition("#")[2] == ""


def test_filters_work_together_and_a_link_keeps_the_page(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file, "#lane=docs&path=out/&page=2")
    assert page.locator("#state").inner_text() == (
        "101 to 120 of 120 changes outside that were chosen, of 128 in all"
    )
    page.locator("[name=author]").fill("bob")
    assert page.locator("#state").inner_text() == "No change outside is like that, of 128 in all"
    page.locator("[name=path]").fill("")
    assert page.locator("#state").inner_text() == (
        "1 to 3 of 3 changes outside that were chosen, of 128 in all"
    )
    assert page.url.partition("#")[2] == "lane=docs&author=bob"


@pytest.mark.parametrize("selector", [".matrix tbody a", ".owners tbody a", ".branch .said a"])
def test_numbers_lead_to_just_what_they_count(open_page: Open, audited: Audited, selector: str) -> None:
    page = open_page(audited.file)
    for link in page.locator(selector).all():
        link.click()
        count = number(link.inner_text())
        state_is(page, re.compile(f" of {count} changes outside that were chosen,"))
    page.get_by_role("link", name="Whose files").click()  # keeps them
    page.wait_for_url(re.compile("#.+="))
    state_is(page, re.compile(f" of {count} changes outside that were chosen,"))
    page.goto(f"{page.url.partition('#')[0]}#")
    state_is(page, "1 to 100 of 128 changes outside")


def test_a_link_to_what_is_not_there_finds_nothing(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file, "#lane=gone&page=-3&other=%00%FF")
    assert page.locator("#state").inner_text() == "No change outside is like that, of 128 in all"


def test_ten_thousand_violations_stay_quick(open_page: Open, repo: Repo) -> None:
    repo.commit({".lanes.toml": MANIFEST})
    repo.switch("work/docs-1", "main")
    repo.commit({f"out/{i % 100}/{i}": "" for i in range(10_000)})
    page = open_page(audit(repo, "work/docs-1").file)
    assert page.locator("#state").inner_text() == "1 to 100 of 10,000 changes outside"
    page.locator("[name=path]").fill("/99")
    assert page.locator("#state").inner_text() == (
        "1 to 100 of 208 changes outside that were chosen, of 10,000 in all"
    )
    assert page.locator(".rows tbody tr").count() == PAGE
    assert page.evaluate("document.querySelectorAll('*').length") < 2500
    took = page.evaluate("""() => {
        const begin = performance.now();
        for (const path of ["a", "9", "99/1", "none"]) {
            const input = document.querySelector("[name=path]");
            input.value = path;
            input.dispatchEvent(new Event("input", {bubbles: true}));
            document.body.getBoundingClientRect();
        }
        return (performance.now() - begin) / 4;
    }""")
    assert took < 1000  # milliseconds; 20 to 60 as a rule


# -- For everybody

THEMES = [
    pytest.param({"color_scheme": scheme, **size}, id=f"{scheme}-{name}")
    for scheme in ("light", "dark")
    for name, size in (("wide", WIDE), ("between", BETWEEN), ("narrow", NARROW))
]


@pytest.mark.parametrize("options", THEMES)
def test_it_can_be_read_in_every_theme_and_width(
    open_page: Open, audited: Audited, tmp_path: Path, options: dict[str, Any]
) -> None:
    page = open_page(audited.file, **options)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[options["color_scheme"]]
    assert page.screenshot(path=tmp_path / "page.png", full_page=True)
    for details in page.locator("summary").all():
        details.click()
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")
    assert {violation["id"]: violation["nodes"] for violation in found["violations"]} == {}
    assert len(found["passes"]) > 30


def test_it_works_by_keyboard(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file, **WIDE)

    def focused() -> str:
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(f"document.activeElement.tagName == 'H2' || {outline}") in (True, "solid")
        return str(page.evaluate("(e => e.name || e.id || e.textContent)(document.activeElement)")).strip()

    page.keyboard.press("Tab")
    assert focused() == "Skip to the changes outside"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert focused() == "violations"
    page.keyboard.press("Tab")
    assert focused() == "lane"
    page.keyboard.press("r")  # review
    assert page.locator("#state").inner_text().startswith("1 to 1 of 1 changes outside that were chosen")
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(focused())
    assert reached == ["branch", "author", "path", "folder", "owner", "reason", "Show all"]
    page.keyboard.press("Enter")
    assert page.locator("#state").inner_text() == "1 to 100 of 128 changes outside"
    page.keyboard.press("Tab")
    assert focused() == "Next page"
    page.keyboard.press("Enter")
    assert focused() == "state"  # the button can't be used any more, and the focus is not lost
    assert page.locator("#state").inner_text() == "101 to 128 of 128 changes outside"


def test_a_screen_reader_finds_its_way(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file)
    for role, many in {"banner": 1, "main": 1, "navigation": 1, "status": 1, "article": 8}.items():
        assert page.get_by_role(role).count() == many, role  # type: ignore[arg-type]
    assert [page.get_by_role("heading", level=level).count() for level in (1, 2, 3)] == [1, 4, 8]
    for name in ("Lane of the branch", "Branch", "Top folder", "May be written by", "Reason"):
        assert page.get_by_role("combobox", name=name, exact=True).count() == 1
    assert page.get_by_role("table").count() == 3
    assert page.get_by_role("img").count() == 6


def test_without_javascript_verdicts_and_some_violations_can_be_read(
    open_page: Open, audited: Audited
) -> None:
    page = open_page(audited.file, java_script_enabled=False)
    plain = texts(page, ".rows tbody tr")
    assert len(plain) == PAGE
    assert page.locator("form").is_hidden()
    assert page.get_by_role("button").count() == 0
    assert page.locator("noscript").inner_text() == "Without JavaScript, only the first 100 can be listed."
    assert page.locator("#state").inner_text() == "1 to 100 of 128 changes outside"
    assert page.get_by_role("article").count() == 8
    assert plain == texts(open_page(audited.file), ".rows tbody tr")


def test_it_can_be_printed(open_page: Open, audited: Audited) -> None:
    page = open_page(audited.file, color_scheme="dark", viewport={"width": 718, "height": 1047})
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert [page.locator(part).first.is_visible() for part in ("nav", "form", ".pages", "h1", ".rows")] == [
        False, False, False, True, True
    ]  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.pdf()[:5] == b"%PDF-"


# -- For nobody else


class Tags(HTMLParser):
    """Reads a page's elements and their attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip() and self.found:
            self.texts.setdefault(self.found[-1][0], []).append(data)


def test_it_is_one_file_and_its_policy_is_its_own(audited: Audited) -> None:
    text = audited.file.read_text("utf-8")
    assert text.isascii()  # right in any encoding
    tags = Tags(text)
    assert Counter(tag for tag, _ in tags.found)["script"] == 3
    for tag, attributes in tags.found:
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes), tag
    urls = {attributes["href"] or "" for _, attributes in tags.found if "href" in attributes}
    assert {url.split(":")[0] for url in urls if not url.startswith("#")} == {"data", "https"}
    (policy,) = (a["content"] for _, a in tags.found if a.get("http-equiv") == "Content-Security-Policy")
    style, script = (
        b64encode(sha256(part.encode()).digest()).decode()
        for part in (tags.texts["style"][0], tags.texts["script"][-1])
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )


def test_the_report_is_in_the_page(open_page: Open, audited: Audited) -> None:
    embedded = open_page(audited.file).locator("#audit").text_content()
    assert json.loads(embedded or "") == audited.report


@pytest.mark.parametrize(
    "attempt",
    [
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'x = 1'}))",
        "document.body.append(Object.assign(document.createElement('script'), {src: URL}))",
        "document.body.append(Object.assign(new Image(), {src: URL}))",
        'document.body.innerHTML += \'<p style="color: red" onclick="x = 1">x</p>\'',
        "document.body.innerHTML += `<style>@import url(${URL})</style>`",
        "fetch(URL).catch(() => 0)",
        "document.body.append(Object.assign(document.createElement('iframe'), {src: URL}))",
    ],
)
def test_its_policy_stops_what_gets_in_all_the_same(
    chromium: Browser, audited: Audited, attempt: str
) -> None:
    with chromium.new_context() as context, socket.create_server(("127.0.0.1", 0)) as listening:
        page = context.new_page()
        page.goto(audited.file.as_uri())
        stopped = page.evaluate(f"""() => new Promise(resolve => {{
            const URL = "http://127.0.0.1:{listening.getsockname()[1]}/x";
            addEventListener("securitypolicyviolation", event => resolve(event.effectiveDirective));
            {attempt};
            setTimeout(resolve, 5000, "nothing was stopped");
        }})""")
        assert re.match(r"(script|style|img|connect|frame)-src", stopped)
        assert page.evaluate("typeof x") == "undefined"
        listening.settimeout(0.2)
        # Chromium connects for a frame before it asks the policy, and then sends nothing.
        with suppress(TimeoutError), listening.accept()[0] as connection:
            connection.settimeout(0.2)
            assert connection.recv(1) == b""


def test_names_of_strangers_stay_names(open_page: Open, repo: Repo) -> None:
    lane = "a <b>\"&'` lane"
    manifest = MANIFEST.replace("[lanes.docs]", f"[lanes.{json.dumps(lane)}]")
    repo.commit({".lanes.toml": manifest})
    branch = b"work/docs-<iframe>'\"&;"
    repo.git("checkout", "-q", "-b", branch)
    for name in HOSTILE:
        path = name.strip(b"/")
        repo.write({path: "x", b"api/" + path: "x"})
        repo.git("add", "--all")
        repo.git("commit", "-qF", "-", stdin=name)
        author = name.replace(b"\n", b" ").replace(b"<", b"").replace(b">", b"")
        made = subprocess.check_output(["git", "cat-file", "commit", "HEAD"], cwd=repo.path)
        commit = made.replace(b"author Ann", b"author " + author)
        oid = repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=commit)
        repo.git("reset", "-q", "--soft", oid)
    found = audit(repo, branch)
    assert len(found.violations()) == 2 * len(HOSTILE)
    unescaped = html.unescape(found.file.read_text())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", unescaped)
    page = open_page(found.file)
    assert list(map(undated, rows(page))) == [expected(*pair) for pair in found.violations()]
    for opened in (page, open_page(found.file, java_script_enabled=False)):
        assert opened.locator("img, b, iframe, [onerror], [onmouseover]").count() == 0
        assert opened.locator("script").count() == 3
        assert texts(opened, ".matrix tbody th") == [lane]
    for link in page.locator(".matrix a").all():
        link.click()
        state_is(page, re.compile(f" of {number(link.inner_text())} changes outside that were chosen"))
    page.get_by_role("button", name="Show all").click()
    for _, violation in found.violations():
        for field in ("author", "path"):
            page.locator(f"[name={field}]").fill(violation[field])
        alike = [
            other
            for _, other in found.violations()
            if all(violation[field].lower() in other[field].lower() for field in ("author", "path"))
        ]
        state = page.locator("#state").inner_text()
        assert state.startswith(f"1 to {len(alike)} of {len(alike)} changes")
    again = open_page(found.file, "#" + page.url.partition("#")[2])
    assert again.locator("#state").inner_text() == state


def test_a_lane_s_letters_from_right_to_left_turn_nothing_around_them(
    open_page: Open, audited: Audited
) -> None:
    page = open_page(audited.file)
    for name in (".rows td:nth-child(2) bdi", ".rows td code bdi", ".matrix th bdi", ".branch h3 bdi"):
        assert page.locator(name).count() > 0
