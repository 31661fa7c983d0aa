"""Whose run is it? Each grade holds a lock that ends with its process; what has lost its owner is taken down."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader.containers import remove_project
from grader.docker import docker

LONGEST = timedelta(hours=1)
"""No grade lasts as long: a run of this age whose lock cannot be asked has no owner."""

LIVE_PREFIX, GRADE_PREFIX = "er-live-", "er-grade-"


def lock_path(run: Path) -> Path:
    """Return the lock of the run whose files are in the folder `run`."""
    return run.with_name(run.name + ".lock")


@contextmanager
def owned(name: str, run: Path) -> Iterator[Callable[[], None]]:
    """Own a run until `released`, which is to be called when all of it is down.

    A watcher takes the run down when this process ends, or leaves here, without that.
    """
    lock = lock_path(run)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with _held(lock):
        watcher = subprocess.Popen(
            [sys.executable, "-m", "grader.watcher", name, str(run)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

        def released() -> None:
            watcher.kill()
            watcher.wait()
            lock.unlink(missing_ok=True)

        yield released


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Hold a lock that stays where it is: one that was cleared away before it was held is made anew."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if lock.exists():
            yield
            return
    with _held(lock):
        yield


def remove_orphans(runs: Path, say: Callable[[str], object]) -> None:
    """Take down every grade that has lost its owner, and clear away what such ones have left in the folder `runs`."""
    for name, lock, created in _found():
        if _abandoned(lock, created):
            remove_project(name)
            say(f"took down `{name}`, whose grade had been killed")
    for lock in runs.glob(f"{GRADE_PREFIX}*.lock"):
        if _free(lock):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)


def up() -> dict[str, int]:
    """Return the runs that are up, live labs and grades, with their number of containers."""
    names = docker("ps", "--filter", "label=er.run", "--format", '{{.Label "er.run"}}').split()
    return {name: names.count(name) for name in sorted(set(names))}


def _found() -> list[tuple[str, Path, datetime]]:
    """Return all grades that the engine knows: name, lock, and when the youngest part of each was made."""
    fields = '{{.Label "er.run"}}\t{{.Label "er.lock"}}\t{{.CreatedAt}}'
    rows = docker("ps", "--all", "--filter", "label=er.run", "--format", fields)
    rows += docker("network", "ls", "--filter", "label=er.run", "--format", fields)
    found: dict[str, tuple[Path, datetime]] = {}
    for row in rows.splitlines():
        name, lock, created = row.split("\t")
        if name.startswith(GRADE_PREFIX):
            # 2026-11-23 13:40:01.123456789 +0000 UTC: networks have the fraction, containers have not.
            day, hour, zone = created.split()[:3]
            moment = datetime.strptime(f"{day} {hour[:8]} {zone}", "%Y-%m-%d %H:%M:%S %z")
            youngest = found.get(name, (Path(), moment))[1]
            found[name] = (Path(lock), max(moment, youngest))
    return [(name, lock, moment) for name, (lock, moment) in found.items()]


def _abandoned(lock: Path, created: datetime) -> bool:
    """Tell whether a run has no owner: its lock is free or, where it cannot be asked, the run is too old to live."""
    free = _free(lock)
    return datetime.now(UTC) - created > LONGEST if free is None else free


def _free(lock: Path) -> bool | None:
    """Tell whether nobody holds a lock; None when it cannot be asked: gone, another machine's, another user's."""
    try:
        with lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
