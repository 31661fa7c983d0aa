"""Containers of a run, as the engine sees them, and their removal."""

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


@dataclass(frozen=True)
class Container:
    """A container of the project as the engine sees it now."""

    id: str
    service: str
    role: str
    state: str
    health: str
    exit_code: int
    ports: dict[int, int]

    @property
    def fallen(self) -> bool:
        """Tell whether it has ended."""
        return self.state in ("exited", "dead")

    @property
    def ready(self) -> bool:
        """Tell whether it runs and its health check, if it has one, passes."""
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
    """Return how long a container took from its start to its first passed health check; None while it is not healthy.

    It reads the few latest checks that the engine keeps.
    """
    state = json.loads(docker("inspect", "--format", "{{json .State}}", container.id))
    passed = [check["End"] for check in (state.get("Health") or {}).get("Log") or [] if check["ExitCode"] == 0]
    if not passed or container.health != "healthy":
        return None
    return (_moment(min(passed)) - _moment(state["StartedAt"])).total_seconds()


def _moment(text: str) -> datetime:
    """Read the engine's time: RFC 3339 with nanoseconds, in UTC or with an offset."""
    return datetime.fromisoformat(text)


def judged_cpus(limit: str) -> str:
    """Return a container's CPU limit, in cores, as it is put on; `ER_SPEED` makes all of them a share of their own.

    Raises ErError when that is no share.
    """
    given = os.environ.get("ER_SPEED", "1")
    if not re.fullmatch(r"1|0?\.\d+", given) or not float(given):
        raise ErError(f"`ER_SPEED` must be above 0 and at most 1, such as `0.8`, not `{given}`", run="unset ER_SPEED")
    return f"{float(limit) * float(given):.4g}"


def reload(patient: Container) -> None:
    """Have a patient's container serve its staged files anew, at once."""
    if patient.fallen:
        # It imports everything anew: free of the judged limit, as at the first start.
        docker("update", "--cpus", str(os.cpu_count() or 1), patient.id)
        docker("start", patient.id)
    else:
        docker("kill", "--signal", "HUP", patient.id)


def remove_project(name: str) -> None:
    """Remove what a project has left, also what the engine was still creating when its command was cut off."""
    mine = ["--filter", f"label=er.run={name}"]
    for _ in range(5):
        containers = docker("ps", "--all", "--quiet", *mine).split()
        networks = docker("network", "ls", "--quiet", *mine).split()
        volumes = docker("volume", "ls", "--quiet", *mine).split()
        if not containers and not networks and not volumes:
            return
        # Another process may be removing them just now: then the next look finds them gone.
        with suppress(DockerError), ThreadPoolExecutor() as pool:
            # One command for all would remove them one after the other.
            list(pool.map(lambda container: docker("rm", "--force", "--volumes", container), containers))
            if volumes:
                docker("volume", "rm", *volumes)
            # Last: by its networks a project is found whose removal was cut off.
            if networks:
                docker("network", "rm", *networks)
        time.sleep(0.1)
    raise ErError(f"could not remove all of `{name}`", run=f"docker ps --all --filter label=er.run={name}")
