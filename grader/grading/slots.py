"""Slots: the rights to play an incident on this machine.

All checkouts share them, first come, first served.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from grader.base.errors import ErError
from grader.base.locks import tried

CPUS_PER_SLOT = 2
"""Cores that a run takes at its peak: patients, services and stores up to 1.25, load and scrapes the rest."""

POLL_SECONDS = 0.2

WAITING = "waiting for another grade or live lab on this machine ..."


def at_once() -> int:
    """Return the number of slots: `ER_AT_ONCE`, or one per two cores."""
    given = os.environ.get("ER_AT_ONCE")
    if given is None:
        return max(1, (os.cpu_count() or 1) // CPUS_PER_SLOT)
    if not given.isdecimal() or not int(given):
        raise ErError(f"`ER_AT_ONCE` must be a whole number of at least 1, not `{given}`", run="unset ER_AT_ONCE")
    return int(given)


@contextmanager
def slot(say: Callable[[str], object], idle: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold one of the machine's slots.

    The end of the process frees it too. While all slots are taken, `say` gets WAITING once, and `idle` is called again
    and again.
    """
    folder = Path(tempfile.gettempdir()) / f"pattern-er-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    limit, waited = at_once(), False
    while (held := _take(folder, limit)) is None:
        if not waited:
            say(WAITING)
            waited = True
        idle()
        time.sleep(POLL_SECONDS)
    with held:
        yield


def _take(folder: Path, limit: int) -> ExitStack | None:
    """Return a free slot, held until the stack is closed.

    None when all are taken.
    """
    for number in range(limit):
        with ExitStack() as stack:
            if stack.enter_context(tried(folder / f"slot-{number}")):
                return stack.pop_all()
    return None
