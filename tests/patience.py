"""Bounded waits of tests for other threads and processes."""

import subprocess
import threading
import time
from collections.abc import Callable

PATIENCE = 30.0
"""Seconds until a test gives up waiting for a process of its own."""

UP_SECONDS = 120.0
"""Seconds until a lab is up or down, including the wait for another grade's slot."""

GRADE_SECONDS = 240.0
"""Seconds until a grade of three attempts has ended, including that wait."""


def eventually(claim: Callable[[], bool], seconds: float = PATIENCE, *, every: float = 0.02) -> bool:
    """Return whether a claim becomes true in time.

    `every` is the pause between two looks, in seconds.
    """
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def read_until(process: subprocess.Popen[str], part: str, seconds: float = PATIENCE) -> str:
    """Return the output of a process up to a line with `part`.

    A process that is slower than `seconds` is killed.
    """
    assert process.stdout is not None
    lines = []
    # By killing, because reading has no limit of its own but ends with the process.
    limit = threading.Timer(seconds, process.kill)
    limit.start()
    try:
        for line in process.stdout:
            lines.append(line)
            if part in line:
                return "".join(lines)
    finally:
        limit.cancel()
    raise AssertionError(f"no line with `{part}` within {seconds:.0f} s in:\n{''.join(lines)}")
