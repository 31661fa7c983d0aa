"""Locks between processes: files whose lock ends with the process."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def held(path: Path, say_waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold a lock, and wait while another process holds it.

    `say_waiting` is called before a wait. The process that holds a lock may remove its file; a process that waited then
    locks a new file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        while True:
            file = stack.enter_context(path.open("a"))
            if not _taken(file):
                say_waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(file, path):
                break
            stack.close()
        yield


@contextmanager
def tried(path: Path) -> Iterator[bool]:
    """Take a lock without waiting, and give whether that worked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        yield _taken(file)


@contextmanager
def probed(path: Path) -> Iterator[bool | None]:
    """Take a lock as `tried` does, but create no file.

    Gives None when the file is missing or not accessible.
    """
    with ExitStack() as stack:
        taken = None
        with suppress(OSError):
            taken = _taken(stack.enter_context(path.open("r+")))
        yield taken


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
