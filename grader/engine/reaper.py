"""A small process beside each grade: it waits until the grade has ended, and takes down what is left if it was killed.

Called as `python -m grader.engine.reaper NAME RUN`; a grade that ends as it should ends its watcher too.
"""

import fcntl
import shutil
import sys
import time
from pathlib import Path

from grader.base.errors import ErError
from grader.engine.containers import remove_project
from grader.engine.ownership import lock_path

LOOKS = 10
"""Looks, a second apart: a command of the killed grade may still be creating containers."""


def watch(name: str, run: Path) -> None:
    """Wait for the owner's end, then remove the project and its files."""
    with lock_path(run).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        removed = False
        for _ in range(LOOKS):
            removed = _removed(name)
            shutil.rmtree(run, ignore_errors=True)
            time.sleep(1)
        # Without an engine the lock stays: it is free from now on, and tells the next command that nobody owns the run.
        if removed:
            lock_path(run).unlink(missing_ok=True)


def _removed(name: str) -> bool:
    """Remove what there is of the project; tell whether the engine has done so."""
    try:
        remove_project(name)
    except ErError:
        return False
    return True


if __name__ == "__main__":
    watch(sys.argv[1], Path(sys.argv[2]))
