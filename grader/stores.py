"""Faults of stores: done to their containers by the engine, since a real store has no control port of ours."""

from typing import Any

from grader.docker import docker
from grader.errors import ErError

KINDS = {
    "pause": {
        "describes": "Stops it where it is: connections stay open, and nothing answers until it is healed.",
        "parameters": {},
    }
}
"""What can be done to a store, as a control port describes its kinds."""


class StorePort:
    """Answer what a control port answers about faults, by what the engine does to one container."""

    def __init__(self, service: str, container: str) -> None:
        self.service = service
        self._container = container

    def ask(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 # as a control port does
        """Do what is asked about faults and return the answer; a phase is nothing to a store.

        Raises ErError for a fault that a store has not, DockerError when the engine refuses.
        """
        match method, path:
            case "GET", "/faults":
                return {"active": self._active(), "kinds": KINDS}
            case "POST", "/faults":
                return self._become([body])[0]
            case "PUT", "/faults":
                return self._become(body)
            case "DELETE", "/faults":
                return {"healed": self._heal()}
        return body

    def _active(self) -> list[dict[str, object]]:
        paused = docker("inspect", "--format", "{{.State.Paused}}", self._container).strip() == "true"
        return [{"id": 1, "kind": "pause"}] if paused else []

    def _become(self, wanted: list[dict[str, Any]]) -> list[dict[str, object]]:
        """Have these faults active and no others."""
        for fault in wanted:
            if fault["kind"] not in KINDS:
                raise ErError(f"`{self.service}` has no fault `{fault['kind']}`; it has {', '.join(KINDS)}")
            if others := [f"`{key}`" for key in fault if key != "kind"]:
                raise ErError(f"a store's `{fault['kind']}` takes no {', '.join(others)}: it lasts until it is healed")
        if not wanted:
            self._heal()
        elif not self._active():
            docker("pause", self._container)
        return self._active()

    def _heal(self) -> int:
        active = self._active()
        if active:
            docker("unpause", self._container)
        return len(active)
