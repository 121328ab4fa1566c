"""Whether a repository is gated at all, and whether what is found there is enforced."""

from collections.abc import Callable

from lanes import entry
from lanes.errors import CannotJudge
from lanes.manifest import FILE
from lanes.plumbing import Git
from lanes.settings import Settings
from lanes.trust import Trust


def has_manifest(git: Git, commit: str | None) -> bool:
    """Tell whether *commit* holds a manifest, a valid one or not."""
    return commit is not None and git.entry(commit, FILE) is not None


def is_gated(git: Git, trust: Trust) -> bool:
    """Tell whether a hook that serves many repositories has a say in this one.

    Git config `lanes.enabled` decides; without it, whether the trusted branch holds a manifest.
    """
    enabled = git.setting(b"lanes.enabled", "bool")
    if enabled is not None:
        return enabled == b"true"
    return trust.manifest is not None or has_manifest(git, trust.commit)


def enforced(settings: Settings, judge: Callable[[], int]) -> int:
    """Run *judge* and give its exit status; 0 whatever it finds where `lanes.mode` is `warn`."""
    if not settings.warns:
        return judge()
    try:
        status = judge()
    except CannotJudge as error:
        entry.complain(f"could not judge: {error}")
        status = 2
    if status:
        entry.complain("lanes.mode is warn here, so this is let through; otherwise it would be refused")
    return 0
