"""The reaper: a process that takes down a killed grade's run.

Each grade starts one as `python -m grader.engine.reaper NAME RUN`. A grade that ends in the regular way ends its reaper
first.
"""

import shutil
import sys
import time
from pathlib import Path

from grader.base.errors import ErError
from grader.base.locks import held
from grader.engine.containers import remove_project
from grader.engine.ownership import lock_path

ATTEMPTS = 10
"""Attempts, a second apart, because a command of the killed grade may still create containers."""


def reap(name: str, run: Path) -> None:
    """Wait for the owner's end, then remove the project and its files."""
    with held(lock_path(run)):
        removed = False
        for _ in range(ATTEMPTS):
            removed = _removed(name)
            shutil.rmtree(run, ignore_errors=True)
            time.sleep(1)
        # Without an engine the lock's file stays, so that the next command finds a run without an owner.
        if removed:
            lock_path(run).unlink(missing_ok=True)


def _removed(name: str) -> bool:
    """Remove the project, and tell whether that worked."""
    try:
        remove_project(name)
    except ErError:
        return False
    return True


if __name__ == "__main__":
    reap(sys.argv[1], Path(sys.argv[2]))
