"""Faults of stores and patients: done to their containers by the engine, since neither has a control port of ours."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any

from grader.base.errors import ErError
from grader.engine.containers import judged_cpus
from grader.engine.docker import DockerError, docker

CONTAINER = "CONTAINER"
"""Stands for the container in a command of the engine."""

STARTING_CPUS = "0.75"
"""Cores of a patient that starts anew: start-up is not judged, and yet must not make the host look busy."""

STARTING_SECONDS = 4.0
"""How long it has them at most."""

Command = tuple[str, ...]

HEALTH: Command = ("inspect", "--format", "{{.State.Health.Status}}", CONTAINER)
JUDGED_CPUS: Command = ("inspect", "--format", '{{index .Config.Labels "er.cpus"}}', CONTAINER)
LOOK_SECONDS = 0.2


def _sql(statements: str) -> Command:
    return ("exec", CONTAINER, "psql", "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-qtAc", statements)


@dataclass(frozen=True)
class Deed:
    """A fault as commands of the engine: `do` begins it, `undo` ends it, `look` prints `says` while it is active.

    One that is over as soon as it is done has neither end nor look. One that `restarts` a patient lets it start with
    more CPU than it is judged with.
    """

    describes: str
    do: Command
    undo: Command = ()
    look: Command = ()
    says: str = ""
    restarts: bool = False


PAUSE = Deed(
    "Stops it where it is: connections stay open, and nothing answers until it is healed.",
    do=("pause", CONTAINER),
    undo=("unpause", CONTAINER),
    look=("inspect", "--format", "{{.State.Paused}}", CONTAINER),
    says="true",
)

KILL = Deed(
    "Kills it (-9): connections are cut, what it had in memory is gone, and it is started anew when it is healed.",
    do=("kill", CONTAINER),
    undo=("start", CONTAINER),
    look=("inspect", "--format", "{{.State.Running}}", CONTAINER),
    says="false",
    restarts=True,
)

OF_PATIENTS = {"pause": PAUSE, "kill": KILL}
"""What can be done to each replica of a patient, in labs whose incident does something of it."""

DEEDS: dict[str, dict[str, Deed]] = {
    "redis": {
        "pause": PAUSE,
        "restart": Deed(
            "Kills it and starts it anew: connections are cut, and it is back empty at once.",
            do=("restart", "--time", "0", CONTAINER),
        ),
    },
    "postgres": {
        "pause": PAUSE,
        "refuse": Deed(
            "Cuts the patient's connections and refuses new ones until it is healed.",
            do=_sql(
                "ALTER ROLE patient NOLOGIN;"
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'patient'"
            ),
            undo=_sql("ALTER ROLE patient LOGIN"),
            look=_sql("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'patient'"),
            says="f",
        ),
    },
    "kafka": {"pause": PAUSE},
}
"""What can be done to each kind of store, by its service's name."""


class ContainerPort:
    """Answer what a control port answers about faults, by what the engine does to one container.

    It remembers what it has done, so that a phase's faults need no look, and looks again where somebody else did more.
    """

    def __init__(self, service: str, container: str, deeds: Mapping[str, Deed]) -> None:
        self.service = service
        self._container = container
        self._deeds = deeds
        self._known: list[str] | None = None

    def ask(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 # as a control port does
        """Do what is asked about faults and return the answer; a phase is nothing to a container.

        Raises ErError for a fault that it has not, DockerError when the engine refuses.
        """
        match method, path:
            case "GET", "/faults":
                kinds = {kind: {"describes": deed.describes, "parameters": {}} for kind, deed in self._deeds.items()}
                return {"active": [_described(kind) for kind in self._active()], "kinds": kinds}
            case "POST", "/faults":
                return self._become([*(_described(kind) for kind in self._active()), body])[-1]
            case "PUT", "/faults":
                return self._become(body)
            case "DELETE", "/faults":
                return {"healed": self._reach([], self._active())}
        return body

    def _active(self) -> list[str]:
        """Return the active faults; what is paused tells of nothing else."""
        active = (kind for kind, deed in self._deeds.items() if deed.look and self._run(deed.look) == deed.says)
        first = next(active, None)
        return [first, *([] if first == "pause" else active)] if first else []

    def _become(self, wanted: list[dict[str, Any]]) -> list[dict[str, object]]:
        """Have these faults active and no others."""
        for fault in wanted:
            if fault["kind"] not in self._deeds:
                raise ErError(f"`{self.service}` has no fault `{fault['kind']}`; it has {', '.join(self._deeds)}")
            if others := [f"`{key}`" for key in fault if key not in ("id", "kind")]:
                raise ErError(
                    f"`{fault['kind']}` on `{self.service}` takes no {', '.join(others)}: it lasts until it is healed"
                )
        kinds = [fault["kind"] for fault in wanted]
        try:
            self._reach(kinds, self._active() if self._known is None else self._known)
        except DockerError:
            self._reach(kinds, self._active())
        return [_described(kind) for kind in kinds]

    def _reach(self, kinds: list[str], active: list[str]) -> int:
        """Go from the active faults to these; return how many were healed."""
        self._known, healed = None, 0
        while others := [kind for kind in active if kind not in kinds]:
            for kind in others:
                self._undo(self._deeds[kind])
            healed += len(others)
            # Only now can it be seen what else a paused store has.
            active = self._active() if "pause" in others else [kind for kind in active if kind in kinds]
        for kind in kinds:
            if kind not in active:
                self._run(self._deeds[kind].do)
        self._known = [kind for kind in kinds if self._deeds[kind].look]
        return healed

    def _undo(self, deed: Deed) -> None:
        if deed.restarts:
            self._run(("update", "--cpus", STARTING_CPUS, CONTAINER))
        self._run(deed.undo)
        if deed.restarts:
            Thread(target=self._limit_once_healthy, daemon=True).start()

    def _limit_once_healthy(self) -> None:
        """Put the judged limit back on a patient that has started anew; on one that is gone there is none to put."""
        deadline = time.monotonic() + STARTING_SECONDS
        with suppress(ErError):
            while self._run(HEALTH) != "healthy" and time.monotonic() < deadline:
                time.sleep(LOOK_SECONDS)
            self._run(("update", "--cpus", judged_cpus(self._run(JUDGED_CPUS)), CONTAINER))

    def _run(self, command: Command) -> str:
        return docker(*(self._container if word == CONTAINER else word for word in command)).strip()


def _described(kind: str) -> dict[str, object]:
    return {"id": 1, "kind": kind}
