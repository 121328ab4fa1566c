"""A manifest of a hundred lanes, as a large repository might have it: no two of them can collide."""

from collections.abc import Mapping
from types import MappingProxyType

AREAS = (
    *("accounts", "audit", "auth", "billing", "cart", "catalog", "chat", "checkout", "docs", "export"),
    *("feed", "import", "invoices", "mail", "media", "orders", "profile", "reports", "search", "stock"),
)

HEAD = """\
version = 1

[integration]
branches = ["main", "release"]

[defaults]
shared = ["/CHANGELOG.md", "/uv.lock", "/web/package-lock.json", "**/__snapshots__/"]
protected = ["/.github/", "/ci/", "*.pem", "/deploy/**", "!/deploy/docs/"]
"""

# What the lanes of one area may write: %(a)s is its name.
TASKS = {
    "api": [
        "/services/%(a)s/src/",
        "/services/%(a)s/pyproject.toml",
        "!/services/%(a)s/src/**/migrations/",
        "!/services/%(a)s/src/**/test_*.py",
        "!/services/%(a)s/src/migrate.py",
        "!/services/%(a)s/src/generated/",
        "/schemas/%(a)s/v[0-9]/*.json",
        "/schemas/%(a)s.yaml",
        "/deploy/docs/%(a)s.md",
        "/services/%(a)s/bin/%(a)s-?",
    ],
    "data": [
        "/services/%(a)s/src/**/migrations/",
        "/services/%(a)s/src/migrate.py",
        "/services/%(a)s/fixtures/**/*.sql",
        "/services/%(a)s/fixtures/*.csv",
        "!/services/%(a)s/fixtures/private/",
        "/warehouse/models/%(a)s_*.sql",
        "/warehouse/seeds/%(a)s/",
        "!/services/%(a)s/src/generated/",
        "/notebooks/%(a)s/*.ipynb",
        "/notebooks/%(a)s/data/",
    ],
    "web": [
        "/web/src/pages/%(a)s/",
        "/web/src/pages/%(a)s.tsx",
        "/web/src/components/%(a)s-*/",
        "/web/src/components/%(a)s-*.tsx",
        "!/web/src/**/*.test.tsx",
        "!/web/src/**/*.stories.tsx",
        "/web/public/%(a)s/**/*.svg",
        "/web/public/%(a)s/[a-z]*.png",
        "/web/styles/%(a)s.css",
        "/web/routes/%(a)s.ts",
    ],
    "tests": [
        "/services/%(a)s/src/**/test_*.py",
        "!/services/%(a)s/src/**/migrations/",
        "!/services/%(a)s/src/migrate.py",
        "/services/%(a)s/tests/",
        "/web/src/pages/%(a)s/**/*.test.tsx",
        "/web/src/components/%(a)s-*.test.tsx",
        "/web/src/components/%(a)s-*/**/*.test.tsx",
        "/e2e/%(a)s/",
        "/e2e/data/%(a)s-[0-9][0-9].json",
        "!/e2e/%(a)s/recordings/",
    ],
    "words": [
        "/docs/%(a)s/",
        "!/docs/%(a)s/**/*.py",
        "/docs/index/%(a)s.md",
        "/locale/*/%(a)s.po",
        "/locale/*/%(a)s/*.po",
        "/web/src/pages/%(a)s/**/*.stories.tsx",
        "!/web/src/pages/%(a)s/**/*.test.tsx",
        "/help/%(a)s/**",
        "/help/[a-z][a-z]/%(a)s.html",
        "/mail/templates/%(a)s_*.txt",
    ],
}


def hundred_lanes(more: Mapping[str, list[str]] = MappingProxyType({})) -> str:
    """Give the manifest; *more* are further path patterns of lanes, by their names."""
    text = HEAD
    for area in AREAS:
        for task, patterns in TASKS.items():
            paths = [pattern % {"a": area} for pattern in patterns] + more.get(f"{area}-{task}", [])
            items = "".join(f'  "{path}",\n' for path in paths)
            text += f'\n[lanes.{area}-{task}]\nbranches = ["work/{area}/{task}-*"]\npaths = [\n{items}]\n'
    return text
