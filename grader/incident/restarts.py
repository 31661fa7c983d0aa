"""Restart services for a lab's orchestrator, which cannot reach the engine."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from grader.engine.control_port import ControlPort
from grader.engine.docker import docker
from grader.engine.project import Project

ORCHESTRATOR = "orchestrator"
"""The stock service that decides which others to restart, in labs that have it."""

LOOK_SECONDS = 0.2


@dataclass
class Restarts:
    """Restart the services that the orchestrator condemns.

    `advance` is called often and never waits for a restart. `orchestrator`: its control port, None in a lab without
    one.
    """

    project: Project
    orchestrator: ControlPort | None
    _look: float = 0.0
    _hands: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)
    _restarts: list["Future[None]"] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Tell whether a restart is under way."""
        return any(not restart.done() for restart in self._restarts)

    def advance(self) -> list[str]:
        """Begin the restarts that are due, and return their services."""
        if self.orchestrator is None or time.monotonic() < self._look:
            return []
        self._look = time.monotonic() + LOOK_SECONDS
        for restart in self._restarts:
            if restart.done():
                restart.result()
        names = self.orchestrator.condemned()
        for name in names:
            self._restarts.append(self._hands.submit(self._restart, name))
        return names

    def _restart(self, name: str) -> None:
        for container in self.project.containers():
            if container.service == name:
                docker("restart", "--time", "0", container.id)
