"""Faults of containers without a control port: stores and patients."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread

from grader.base.errors import ErError
from grader.engine.containers import judged_cpus
from grader.engine.docker import DockerError, docker
from grader.engine.port import FaultKind, FaultMenu, InjectedFault
from grader.engine.refusals import redis_command

CONTAINER = "CONTAINER"
"""The place of the container's ID in a command of the engine."""

STARTING_CPUS = "0.75"
"""Cores of a patient that starts again: its start-up is not judged, but must not make the host look busy."""

STARTING_SECONDS = 4.0
"""The longest time that it has them."""

Command = tuple[str, ...]

HEALTH: Command = ("inspect", "--format", "{{.State.Health.Status}}", CONTAINER)
JUDGED_CPUS: Command = ("inspect", "--format", '{{index .Config.Labels "er.cpus"}}', CONTAINER)
LOOK_SECONDS = 0.2


def _sql(statements: str) -> Command:
    return ("exec", CONTAINER, "psql", "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-qtAc", statements)


@dataclass(frozen=True)
class ContainerFault:
    """A fault as commands of the engine.

    `probe` prints `active` while the fault is active. A fault that ends as soon as it is injected has neither `heal`
    nor `probe`. `restarts`: healing it starts the container again, with more CPU than it is judged with.
    """

    describes: str
    inject: Command
    heal: Command = ()
    probe: Command = ()
    active: str = ""
    restarts: bool = False


PAUSE = ContainerFault(
    "Stops it where it is: connections stay open, and nothing answers until it is healed.",
    inject=("pause", CONTAINER),
    heal=("unpause", CONTAINER),
    probe=("inspect", "--format", "{{.State.Paused}}", CONTAINER),
    active="true",
)

KILL = ContainerFault(
    "Kills it (SIGKILL): connections are cut and its memory is lost. Healing starts it again.",
    inject=("kill", CONTAINER),
    heal=("start", CONTAINER),
    probe=("inspect", "--format", "{{.State.Running}}", CONTAINER),
    active="false",
    restarts=True,
)

PATIENT_FAULTS = {"pause": PAUSE, "kill": KILL}
"""The faults of each replica of a patient, in labs whose incident injects one."""

STORE_FAULTS: dict[str, dict[str, ContainerFault]] = {
    "redis": {
        "pause": PAUSE,
        "restart": ContainerFault(
            "Kills it and starts it again at once: connections are cut, and it is empty.",
            inject=("restart", "--time", "0", CONTAINER),
        ),
        "cut": ContainerFault(
            "Cuts the connections of all subscribers. They may subscribe again at once.",
            inject=("exec", CONTAINER, *redis_command("CLIENT KILL TYPE pubsub")),
        ),
    },
    "postgres": {
        "pause": PAUSE,
        "refuse": ContainerFault(
            "Cuts the connections of your code and refuses new ones until it is healed.",
            inject=_sql(
                "ALTER ROLE patient NOLOGIN;"
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'patient'"
            ),
            heal=_sql("ALTER ROLE patient LOGIN"),
            probe=_sql("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'patient'"),
            active="f",
        ),
    },
    "kafka": {"pause": PAUSE},
}
"""The faults of each store, by its service's name."""


class ContainerPort:
    """Inject faults into one container by commands of the engine.

    It remembers its own faults, so that a phase edge costs one command each. When a command fails, because somebody
    changed the container meanwhile, it probes the container and tries again.
    """

    by_hand: Mapping[str, object] = {}

    def __init__(self, service: str, container: str, kinds: Mapping[str, ContainerFault]) -> None:
        self.service = service
        self._container = container
        self._kinds = kinds
        self._known: list[str] | None = None

    def enter(self, phase: str) -> None:
        """Do nothing: a container has no phases."""

    def faults(self) -> FaultMenu:
        """Return the faults that can be injected, and the active ones."""
        kinds = {name: FaultKind(kind.describes) for name, kind in self._kinds.items()}
        return FaultMenu(kinds, [InjectedFault(kind) for kind in self._active()])

    def inject(self, fault: InjectedFault) -> InjectedFault:
        """Inject one more fault.

        Raises ErError for an unknown kind or parameter.
        """
        self._demand_known([fault])
        self._become([*self._active(), fault.kind])
        return fault

    def replace(self, faults: Sequence[InjectedFault]) -> None:
        """Replace all active faults by these.

        Raises ErError for an unknown kind or parameter.
        """
        self._demand_known(faults)
        self._become([fault.kind for fault in faults])

    def heal(self) -> int:
        """End all faults and return their number."""
        return self._change(self._active(), [])

    def _demand_known(self, faults: Sequence[InjectedFault]) -> None:
        for fault in faults:
            if fault.kind not in self._kinds:
                known = ", ".join(f"`{kind}`" for kind in self._kinds)
                raise ErError(f"`{self.service}` has no fault `{fault.kind}`; it has {known}")
            if fault.parameters:
                given = ", ".join(f"`{name}`" for name in fault.parameters)
                raise ErError(f"`{fault.kind}` on `{self.service}` takes no parameters, but got {given}")

    def _active(self) -> list[str]:
        """Return the active faults, of a paused container only the pause."""
        active = (name for name, kind in self._kinds.items() if kind.probe and self._run(kind.probe) == kind.active)
        first = next(active, None)
        return [first, *([] if first == "pause" else active)] if first else []

    def _become(self, wanted: list[str]) -> None:
        try:
            self._change(self._active() if self._known is None else self._known, wanted)
        except DockerError:
            self._change(self._active(), wanted)

    def _change(self, active: list[str], wanted: list[str]) -> int:
        """Change the active faults to the wanted ones, and count the healed."""
        self._known, healed = None, 0
        while others := [kind for kind in active if kind not in wanted]:
            for kind in others:
                self._heal(self._kinds[kind])
            healed += len(others)
            # A paused container shows its other faults only now.
            active = self._active() if "pause" in others else [kind for kind in active if kind in wanted]
        for kind in wanted:
            if kind not in active:
                self._run(self._kinds[kind].inject)
        self._known = [kind for kind in wanted if self._kinds[kind].probe]
        return healed

    def _heal(self, kind: ContainerFault) -> None:
        if kind.restarts:
            self._run(("update", "--cpus", STARTING_CPUS, CONTAINER))
        self._run(kind.heal)
        if kind.restarts:
            Thread(target=self._limit_once_healthy, daemon=True).start()

    def _limit_once_healthy(self) -> None:
        """Put the judged CPU limit back after STARTING_SECONDS at the latest."""
        deadline = time.monotonic() + STARTING_SECONDS
        # The container may be gone by now.
        with suppress(ErError):
            while self._run(HEALTH) != "healthy" and time.monotonic() < deadline:
                time.sleep(LOOK_SECONDS)
            self._run(("update", "--cpus", judged_cpus(self._run(JUDGED_CPUS)), CONTAINER))

    def _run(self, command: Command) -> str:
        return docker(*(self._container if word == CONTAINER else word for word in command)).strip()
