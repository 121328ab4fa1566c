"""What the console scripts start.

The rest is imported when a program runs, where a signal or a failure finds an answer.
"""

import sys


def _quiet_interrupt(kind: type[BaseException], error: BaseException, _trace: object) -> None:
    """Let Python end by Ctrl-C without a traceback, where no program can answer it yet."""
    if kind is not KeyboardInterrupt:
        sys.__excepthook__(kind, error, error.__traceback__)


sys.excepthook = _quiet_interrupt


def _start(module: str) -> int:
    try:
        from lanes.entry import start  # noqa: PLC0415 - see above
    except ImportError as error:
        sys.stderr.write(f"lanes: this installation is not whole ({error}); install git-lanes again\n")
        return 2
    return start(module)


def git_lanes() -> int:
    """Run `git lanes`; give its exit status."""
    return _start("lanes.cli")


def audit() -> int:
    """Run `lane-audit`; give its exit status."""
    return _start("lanes.audit")


def pre_commit() -> int:
    """Run `lane-pre-commit`; give its exit status."""
    return _start("lane_hooks.pre_commit")


def pre_push() -> int:
    """Run `lane-pre-push`; give its exit status."""
    return _start("lane_hooks.pre_push")


def pre_receive() -> int:
    """Run `lane-pre-receive`; give its exit status."""
    return _start("lane_hooks.pre_receive")


def reference_transaction() -> int:
    """Run `lane-reference-transaction`; give its exit status."""
    return _start("lane_hooks.reference_transaction")


def guard() -> int:
    """Run `lane-guard`; give its exit status: agents' hosts take every other one than these for a yes."""
    return 2 if _start("lane_hooks.guard") else 0
