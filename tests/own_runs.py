"""The runs on the engine that are this checkout's: others' may come and go while a test looks."""

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
    """Own a run; give its name, and the options that make a network or volume part of it.

    The run of a test that is killed has lost its owner, so the next command takes it down.
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
    """Run a command beside the test, which kills it at the latest when it ends."""
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
