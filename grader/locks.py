"""Locks between processes; a lock ends with its process, however that ends."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from grader.course import Course


@contextmanager
def held(course: Course, name: str, say_waiting: Callable[[], object]) -> Iterator[None]:
    """Hold a lock of the course; `say_waiting` is called when another process has it."""
    course.state.mkdir(parents=True, exist_ok=True)
    with (course.state / f"{name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say_waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
