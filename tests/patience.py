"""Waiting in tests for what another thread or process does."""

import time
from collections.abc import Callable


def eventually(claim: Callable[[], bool], seconds: float = 30) -> bool:
    """Return whether a claim becomes true in time."""
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
