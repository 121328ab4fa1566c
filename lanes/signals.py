"""Signals that end a program: each becomes one exception, raised where no child process can get lost."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
_AGAIN = 0.001  # seconds


class Ended(BaseException):
    """A signal told the program to end; `status` is the exit status that says which one."""

    def __init__(self, number: int) -> None:
        super().__init__(_ENDING[signal.Signals(number)])
        self.number = number
        self.status = 128 + number


class _Caught:
    """What the handler knows: a process has one set of signals, so there is one of these."""

    held = False
    pending: int | None = None


def catch() -> None:
    """Have each signal that ends a program raise `Ended`, once: what follows it only cleans up.

    A signal that whoever started the program has ignored, as nohup(1) does, stays ignored.
    """
    sys.unraisablehook = _raise_again
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise)


def ignore() -> None:
    """Ignore them from now on."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[None]:
    """Put signals off while a process is being started: nobody could end one that nobody knows of yet.

    And while a file is being changed, with what has to be known to change it back. The outermost one counts.
    """
    if _Caught.held:
        yield
        return
    _Caught.held = True
    try:
        yield
    finally:
        _Caught.held = False
        if _Caught.pending is not None:
            raise Ended(_Caught.pending)


def _raise(number: int, _frame: FrameType | None) -> None:
    ignore()
    if not _Caught.held:
        raise Ended(number)
    _Caught.pending = number


def _raise_again(lost: "sys.UnraisableHookArgs") -> None:
    """Raise it a little later where it came into a callback that no exception leaves."""
    if not isinstance(lost.exc_value, Ended):
        sys.__unraisablehook__(lost)
        return
    number = lost.exc_value.number
    signal.signal(signal.SIGALRM, lambda _, frame: _raise(number, frame))
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)
