"""Containers of a run: their state, their limits and their removal."""

import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grader.base.errors import ErError
from grader.engine.docker import DockerError, docker

STARTUP_FAILED = 3
"""The exit code of a patient whose app failed as it started; a patient that cannot be imported has another one."""


@dataclass(frozen=True)
class Container:
    """A container and its state."""

    id: str
    service: str
    role: str
    state: str
    health: str
    exit_code: int
    ports: dict[int, int]

    @property
    def fallen(self) -> bool:
        """Tell whether the container has ended."""
        return self.state in ("exited", "dead")

    @property
    def ready(self) -> bool:
        """Tell whether the container runs, and is healthy where that is checked."""
        return self.state == "running" and self.health in ("healthy", "")


def read_container(row: dict[str, Any]) -> Container:
    """Read one line of `docker compose ps --format json`."""
    role = re.search(r"(?:^|,)er\.role=([a-z]+)", str(row["Labels"]))
    return Container(
        id=str(row["ID"]),
        service=str(row["Service"]),
        role=role.group(1) if role else "",
        state=str(row["State"]),
        health=str(row["Health"]),
        exit_code=int(row["ExitCode"]),
        ports={p["TargetPort"]: p["PublishedPort"] for p in row["Publishers"] or [] if p["PublishedPort"]},
    )


def seconds_to_healthy(container: Container) -> float | None:
    """Return the seconds from a container's start to its health.

    This is its first passed health check; None while it is not healthy. The engine keeps only the few latest checks.
    """
    state = json.loads(docker("inspect", "--format", "{{json .State}}", container.id))
    passed = [check["End"] for check in (state.get("Health") or {}).get("Log") or [] if check["ExitCode"] == 0]
    if not passed or container.health != "healthy":
        return None
    return (_moment(min(passed)) - _moment(state["StartedAt"])).total_seconds()


def _moment(text: str) -> datetime:
    """Read a time of the engine: RFC 3339 with nanoseconds."""
    return datetime.fromisoformat(text)


def judged_cpus(limit: str) -> str:
    """Return a CPU limit in cores, multiplied by `ER_SPEED`.

    With `ER_SPEED`, `er calibrate` measures a slower machine. Raises ErError when it is not a share of at most 1.
    """
    given = os.environ.get("ER_SPEED", "1")
    if not re.fullmatch(r"1|0?\.\d+", given) or not float(given):
        raise ErError(f"`ER_SPEED` must be above 0 and at most 1, such as `0.8`, not `{given}`", run="unset ER_SPEED")
    return f"{float(limit) * float(given):.4g}"


def reload(patient: Container) -> None:
    """Make a patient's container load its staged files again, at once."""
    if patient.fallen:
        # It imports everything again, without the judged limit, as at its first start.
        docker("update", "--cpus", str(os.cpu_count() or 1), patient.id)
        docker("start", patient.id)
    else:
        docker("kill", "--signal", "HUP", patient.id)


def remove_project(name: str) -> None:
    """Remove a project's containers, networks and volumes.

    The engine may still create some of them, when the command that wanted them was killed: so it looks several times.
    """
    mine = ["--filter", f"label=er.run={name}"]
    for _ in range(5):
        containers = docker("ps", "--all", "--quiet", *mine).split()
        networks = docker("network", "ls", "--quiet", *mine).split()
        volumes = docker("volume", "ls", "--quiet", *mine).split()
        if not containers and not networks and not volumes:
            return
        # Another process may remove them at the same time; the next look finds them gone.
        with suppress(DockerError), ThreadPoolExecutor() as pool:
            # One command for all would remove them one by one.
            list(pool.map(lambda container: docker("rm", "--force", "--volumes", container), containers))
            if volumes:
                docker("volume", "rm", *volumes)
            # Networks come last, because an interrupted removal is found by them.
            if networks:
                docker("network", "rm", *networks)
        time.sleep(0.1)
    raise ErError(f"some containers, networks or volumes of `{name}` could not be removed", run="./er doctor")
