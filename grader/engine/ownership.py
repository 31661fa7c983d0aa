"""Whose run is it? Each grade holds a lock that ends with its process; what has lost its owner is taken down."""

import fcntl
import hashlib
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader.base.errors import ErError
from grader.engine.containers import remove_project
from grader.engine.docker import docker

LONGEST = timedelta(hours=1)
"""No grade lasts as long: a run of this age whose lock cannot be asked has no owner."""

FIELDS = '{{.Label "er.run"}}\t{{.Label "er.lock"}}\t{{.Label "er.live"}}\t{{.CreatedAt}}'


@dataclass(frozen=True)
class Run:
    """A run that the engine knows: what it belongs to, when the youngest part of it was made, and its containers.

    `live` is the live lab's name (see `live_lab`), empty for a grade.
    """

    name: str
    lock: Path
    live: str
    created: datetime
    containers: int

    @property
    def orphaned(self) -> bool:
        """Tell whether it is a grade without an owner: its lock is free or, where that cannot be asked, it is too old.

        A live lab has none: it outlives the command that starts it.
        """
        if self.live:
            return False
        with _tried(self.lock) as free:
            return datetime.now(UTC) - self.created > LONGEST if free is None else free


def fresh_name(number: str) -> str:
    """Return a name for a run of lab `number`; nothing that a patient can see tells a grade from a live lab."""
    return f"er-{number}-{secrets.token_hex(4)}"


def live_lab(root: Path, number: str) -> str:
    """Return the name of a checkout's live lab: there is one for each lab of each checkout."""
    return f"{hashlib.sha256(str(root).encode()).hexdigest()[:8]}-{number}"


def live_labs(root: Path) -> set[str]:
    """Return the numbers of the labs of a checkout that are live; none when there is no engine to ask."""
    try:
        up = {run.live for run in known_runs()}
    except ErError:
        return set()
    return {name[-2:] for name in up if name and name == live_lab(root, name[-2:])}


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
            [sys.executable, "-m", "grader.engine.reaper", name, str(run)],
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


def remove_orphans(folder: Path, say: Callable[[str], object]) -> None:
    """Take down every grade that has lost its owner, and clear away what such ones have left in the runs' folder."""
    for run in known_runs():
        if run.orphaned:
            remove_project(run.name)
            say(f"took down `{run.name}`, whose grade had been killed")
    for lock in folder.glob("er-*.lock"):
        with _tried(lock) as free:
            if free:
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)


def known_runs() -> list[Run]:
    """Return all runs that the engine knows, by name."""
    containers = docker("ps", "--all", "--filter", "label=er.run", "--format", FIELDS).splitlines()
    networks = docker("network", "ls", "--filter", "label=er.run", "--format", FIELDS).splitlines()
    runs: dict[str, Run] = {}
    for row in [*containers, *networks]:
        name, lock, live, created = row.split("\t")
        # 2026-11-23 13:40:01.123456789 +0000 UTC: networks have the fraction, containers have not.
        day, hour, zone = created.split()[:3]
        moment = datetime.strptime(f"{day} {hour[:8]} {zone}", "%Y-%m-%d %H:%M:%S %z")
        mine = sum(row.startswith(f"{name}\t") for row in containers)
        youngest = max(moment, runs[name].created) if name in runs else moment
        runs[name] = Run(name, Path(lock), live, youngest, mine)
    return [runs[name] for name in sorted(runs)]


@contextmanager
def _tried(lock: Path) -> Iterator[bool | None]:
    """Hold a lock if nobody else does, and tell whether; None when it cannot be asked: gone, not ours, elsewhere.

    Whoever begins to hold it meanwhile waits, and finds out in `_held` whether it was cleared away.
    """
    with ExitStack() as stack:
        free: bool | None = True
        try:
            fcntl.flock(stack.enter_context(lock.open("r+")), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            free = False
        except OSError:
            free = None
        yield free
