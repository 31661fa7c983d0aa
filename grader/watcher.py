"""A small process beside each grade: it waits until the grade has ended, and takes down what is left if it was killed.

Called as `python -m grader.watcher NAME RUN`; a grade that ends as it should ends its watcher too.
"""

import fcntl
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

from grader.containers import remove_project
from grader.errors import ErError
from grader.runs import lock_path

LOOKS = 10
"""Looks, a second apart: a command of the killed grade may still be creating containers."""


def watch(name: str, run: Path) -> None:
    """Wait for the owner's end, then remove the project and its files."""
    with lock_path(run).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for _ in range(LOOKS):
            with suppress(ErError):
                remove_project(name)
            shutil.rmtree(run, ignore_errors=True)
            time.sleep(1)
        lock_path(run).unlink(missing_ok=True)


if __name__ == "__main__":
    watch(sys.argv[1], Path(sys.argv[2]))
