"""Reloading: a process that starts again at once, because what takes long to import is imported only once."""

import os
import signal
import sys
from collections.abc import Callable

STOPS = (signal.SIGTERM, signal.SIGINT)


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
        os.kill(child, signal.SIGKILL)

    def pass_on(number: int, _: object) -> None:
        os.kill(child, number)

    status = 0
    while wanted_again:
        wanted_again = False
        child = _fork(start)
        signal.signal(signal.SIGHUP, reload)
        for number in STOPS:
            signal.signal(number, pass_on)
        _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _fork(start: Callable[[], int]) -> int:
    """Return the child's process number; the child itself never returns."""
    child = os.fork()
    if child:
        return child
    for number in (signal.SIGHUP, *STOPS):
        signal.signal(number, signal.SIG_DFL)
    code = start()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
