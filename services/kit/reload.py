"""Reload: restart a process fast, because slow imports are done once, in its parent."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

STOPS = (signal.SIGTERM, signal.SIGINT)
HANDLED = (signal.SIGHUP, *STOPS)


def run_reloadable(start: Callable[[], int]) -> int:
    """Run `start` in a child process, which SIGHUP kills and starts again.

    Return the exit code of a child that ended by itself, or 128 plus the number of the signal that ended it. SIGTERM
    and SIGINT are passed on to the child. Call it before there are threads or an event loop: a fork drops them.
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

    # Freezing keeps the parent's imports in memory pages that every child shares.
    gc.freeze()
    status = 0
    while wanted_again:
        wanted_again = False
        # Signals are blocked until the child that they are meant for exists.
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
    """Return the child's process id.

    The child itself never returns.
    """
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
