"""Runs of this checkout on the engine.

Runs of other checkouts may come and go during a test.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from grader.base.locks import held
from grader.course.course import Course
from grader.engine.containers import remove_project
from grader.engine.ownership import Run, fresh_name, known_runs, live_lab, lock_path

COURSE = Course.here()


def own_runs() -> list[Run]:
    """Return this checkout's grades and live labs that the engine knows."""
    live = live_lab(COURSE.root, "")
    return [run for run in known_runs() if run.live.startswith(live) or run.lock.parent == COURSE.runs]


@contextmanager
def labelled() -> Iterator[tuple[str, list[str]]]:
    """Own a run, and yield its name and options.

    The options make a network or volume part of the run. A killed test leaves a run without an owner, which the next
    command takes down.
    """
    name = fresh_name("03")
    lock = lock_path(COURSE.runs / name)
    with held(lock):
        try:
            yield name, ["--label", f"er.run={name}", "--label", f"er.lock={lock}"]
        finally:
            remove_project(name)
            lock.unlink()


@contextmanager
def running(
    *command: str, env: Mapping[str, str] | None = None, stderr: int = subprocess.STDOUT
) -> Iterator[subprocess.Popen[str]]:
    """Run a command beside the test and kill it at the end."""
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        cwd=COURSE.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
