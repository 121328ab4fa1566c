"""Whether a repository is gated at all, and whether what is found there is enforced."""

from collections.abc import Callable

from lanes import entry
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
    enabled = _is_enabled(git)
    if enabled is not None:
        return enabled
    return trust.manifest is not None or has_manifest(git, trust.commit)


def _is_enabled(git: Git) -> bool | None:
    enabled = git.setting(b"lanes.enabled", "bool")
    return None if enabled is None else enabled == b"true"


def enforced(git: Git, settings: Settings, if_enabled: bool, judge: Callable[[], int]) -> int:
    """Run *judge* and give its exit status; 0 whatever it finds where `lanes.mode` is `warn`.

    It is not run where `lanes.enabled` is false and the hook serves many repositories.
    """
    if if_enabled and _is_enabled(git) is False:
        return 0
    if not settings.warns:
        return judge()
    if entry.run(judge):
        entry.complain("lanes.mode is warn here, so this is let through; otherwise it would be refused")
    return 0
