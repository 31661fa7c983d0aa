"""Ownership of runs: grades hold locks, and orphans are taken down."""

import hashlib
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grader.base.environment import own_environment
from grader.base.errors import ErError
from grader.base.locks import held, probed
from grader.base.program import own_module
from grader.engine.containers import remove_project
from grader.engine.docker import docker

LONGEST = timedelta(hours=1)
"""Longer than any grade lasts: an older run whose lock is not accessible is orphaned."""

FIELDS = '{{.Label "er.run"}}\t{{.Label "er.lock"}}\t{{.Label "er.live"}}\t{{.CreatedAt}}'


@dataclass(frozen=True)
class Run:
    """A run that the engine knows, with its number of containers.

    `live` is the live lab's name (see `live_lab`), empty for a grade. `created` is the time of its youngest part.
    """

    name: str
    lock: Path
    live: str
    created: datetime
    containers: int

    @property
    def orphaned(self) -> bool:
        """Tell whether this is a grade whose process has ended.

        Its lock is free then. Where the lock is not accessible, the run's age decides. A live lab is never orphaned,
        because it outlives the command that starts it.
        """
        if self.live:
            return False
        with probed(self.lock) as free:
            return datetime.now(UTC) - self.created > LONGEST if free is None else free


def fresh_name(number: str) -> str:
    """Return a new name for a run.

    Its form is the same for grades and live labs, so that a patient cannot tell them apart.
    """
    return f"er-{number}-{secrets.token_hex(4)}"


def live_lab(root: Path, number: str) -> str:
    """Return the name of a checkout's live lab, one for each number."""
    return f"{hashlib.sha256(str(root).encode()).hexdigest()[:8]}-{number}"


def live_labs(root: Path) -> set[str]:
    """Return the numbers of a checkout's live labs, none without an engine."""
    try:
        up = {run.live for run in known_runs()}
    except ErError:
        return set()
    return {name[-2:] for name in up if name and name == live_lab(root, name[-2:])}


def lock_path(run: Path) -> Path:
    """Return the lock of a run, given its folder."""
    return run.with_name(run.name + ".lock")


@contextmanager
def owned(name: str, run: Path) -> Iterator[Callable[[], None]]:
    """Own a run until `released` is called.

    That call is due once the run is down. Without it, a reaper takes the run down after this process has ended or has
    left the context.
    """
    lock = lock_path(run)
    with held(lock):
        reaper = subprocess.Popen(
            [*own_module("grader.engine.reaper"), name, str(run)],
            env=own_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

        def released() -> None:
            reaper.kill()
            reaper.wait()
            lock.unlink(missing_ok=True)

        yield released


def remove_orphans(folder: Path, say: Callable[[str], object]) -> None:
    """Take down every orphaned grade, and remove its files."""
    for run in known_runs():
        if run.orphaned:
            remove_project(run.name)
            say(f"took down `{run.name}`, left by a grade that was killed")
    for lock in folder.glob("er-*.lock"):
        with probed(lock) as free:
            if free:
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)


def known_runs() -> list[Run]:
    """Return all runs that the engine knows, sorted by name."""
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
