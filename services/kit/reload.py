"""Reloading: a process that starts again at once, because what takes long to import is imported only once."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

STOPS = (signal.SIGTERM, signal.SIGINT)
HANDLED = (signal.SIGHUP, *STOPS)


def run_reloadable(start: Callable[[], int]) -> int:
    """Run `start` in a child process; SIGHUP kills it, whatever it is doing, and starts it anew.

    Return the exit code of a child that ended by itself, 128 and the signal's number if a signal ended it. SIGTERM and
    SIGINT are passed on to the child. To be called before there are threads or an event loop: forks leave them behind.
    """
    child = 0
    wanted_again = True

    def reload(*_: object) -> None:
        nonlocal wanted_again
        wanted_again = True
        kill(signal.SIGKILL)

    def kill(number: int, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, number)

    # Frozen, what the parent has imported stays in pages that every child shares.
    gc.freeze()
    status = 0
    while wanted_again:
        wanted_again = False
        # A signal waits until it finds the child whom it is meant for.
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        child = _fork(start)
        signal.signal(signal.SIGHUP, reload)
        for number in STOPS:
            signal.signal(number, kill)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _fork(start: Callable[[], int]) -> int:
    """Return the child's process number; the child itself never returns."""
    child = os.fork()
    if child:
        return child
    for number in HANDLED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
    code = start()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
