"""Turns: as many grades at a time as this machine can judge; others wait, whatever checkout they belong to."""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from grader.base.errors import ErError

CPUS_FOR_ONE = 2
"""Cores that a run takes at its peak: patients, services and stores up to 1.25, load and scrapes the rest."""

POLL_SECONDS = 0.2


def at_once() -> int:
    """Return how many grades may run at a time: `ER_AT_ONCE`, or as many as this machine has pairs of cores."""
    given = os.environ.get("ER_AT_ONCE")
    if given is None:
        return max(1, (os.cpu_count() or 1) // CPUS_FOR_ONE)
    if not given.isdecimal() or not int(given):
        raise ErError(f"`ER_AT_ONCE={given}` is no number of grades", run="unset ER_AT_ONCE")
    return int(given)


@contextmanager
def turn(say_waiting: Callable[[], object], idle: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold one of the machine's turns, which ends with its process at the latest.

    When none is free, `say_waiting` is called once, and `idle` over and over until one is.
    """
    folder = Path(tempfile.gettempdir()) / f"pattern-er-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    limit, waited = at_once(), False
    while (held := _take(folder, limit)) is None:
        if not waited:
            say_waiting()
            waited = True
        idle()
        time.sleep(POLL_SECONDS)
    with held:
        yield


def _take(folder: Path, limit: int) -> IO[str] | None:
    for number in range(limit):
        file = (folder / f"turn-{number}").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
        else:
            return file
    return None
