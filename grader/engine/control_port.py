"""The client of a service's control port."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import httpx2

from grader.base.errors import ErError
from grader.engine.port import FaultKind, FaultMenu, InjectedFault

SECONDS = 5.0
"""How long a control port may take to answer."""


class ControlPort:
    """The client of one service's control port, with the run's secret.

    Every method raises ErError when the service does not answer in time, or refuses: then with its own words.
    Which methods a service answers depends on its role: stock services take phase and faults, `load` takes `play` and
    `state`, `orchestrator` also `condemned`, and `trace-audit` also `traces` and `trace`.
    """

    by_hand: Mapping[str, object] = {"by_hand": True}

    def __init__(self, service: str, port: int, secret: str) -> None:
        self.service = service
        self.port = port
        self._secret = secret

    def enter(self, phase: str) -> None:
        """Enter a phase of the incident."""
        self._request("PUT", "/phase", {"name": phase})

    def faults(self) -> FaultMenu:
        """Return the faults that can be injected, and the active ones."""
        menu = self._request("GET", "/faults")
        kinds = {name: FaultKind(kind["describes"], tuple(kind["parameters"])) for name, kind in menu["kinds"].items()}
        return FaultMenu(kinds, [_read(fault) for fault in menu["active"]])

    def inject(self, fault: InjectedFault) -> InjectedFault:
        """Inject one more fault, and return it with all its defaults."""
        return _read(self._request("POST", "/faults", _written(fault)))

    def replace(self, faults: Sequence[InjectedFault]) -> None:
        """Replace all active faults by these, atomically."""
        self._request("PUT", "/faults", [_written(fault) for fault in faults])

    def heal(self) -> int:
        """End all faults and return their number."""
        return int(self._request("DELETE", "/faults")["healed"])

    def play(self, plan: Mapping[str, object]) -> float:
        """Play a plan, and return the seconds until its start."""
        return float(self._request("POST", "/play", plan)["starts_in"])

    def state(self) -> str:
        """Return the state of the load generator: `idle`, `playing`, `settling` or `finished`."""
        return str(self._request("GET", "/state")["state"])

    def condemned(self) -> list[str]:
        """Take the names of the services to restart, each once."""
        return list(self._request("DELETE", "/condemned"))

    def traces(self) -> object:
        """Return the latest orders as JSON."""
        return self._request("GET", "/traces")

    def trace(self, wanted: str) -> object:
        """Return a trace as JSON, by its order or its ID's beginning."""
        return self._request("GET", f"/traces/{wanted}")

    @cached_property
    def _client(self) -> httpx2.Client:
        return httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {self._secret}"},
            timeout=SECONDS,
            # The host's proxies are not meant for the loopback interface.
            trust_env=False,
        )

    def _request(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 # JSON
        try:
            answer = self._client.request(method, path, json=body)
        except httpx2.HTTPError as error:
            raise ErError(
                f"`{self.service}` does not answer on its control port ({error})", run="./er doctor"
            ) from error
        if answer.is_error:
            raise ErError(f"`{self.service}` refused `{method} {path}`: {_reason(answer)}")
        return answer.json()


def _written(fault: InjectedFault) -> dict[str, object]:
    return {"kind": fault.kind, **fault.parameters}


def _read(fault: Mapping[str, object]) -> InjectedFault:
    parameters = {key: value for key, value in fault.items() if key not in ("id", "kind")}
    return InjectedFault(str(fault["kind"]), parameters)


def _reason(answer: httpx2.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
    if isinstance(detail, list):
        return "; ".join(f"`{'.'.join(str(p) for p in item['loc'][1:])}` {item['msg']}" for item in detail)
    return str(detail)
