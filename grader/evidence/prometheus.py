"""Evidence: what Prometheus has scraped from load, stock services and stores. The only thing a verdict may read."""

import math
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import httpx2

from grader.base.errors import ErError

POLL_SECONDS = 0.1

SUCCESS = "2"
"""What every status of success begins with, in the load generator's labels."""


class Evidence:
    """Read one run's Prometheus, on a loopback port."""

    def __init__(self, port: int) -> None:
        self._port = port

    @cached_property
    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=f"http://127.0.0.1:{self._port}", timeout=10, trust_env=False)

    def series(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and the value of every series that an instant query finds now.

        Raises ErError with Prometheus' own words when the query is wrong, or when Prometheus does not answer.
        """
        data = self._ask("query", {"query": query})
        result = data["result"]
        if data["resultType"] == "scalar":
            return [({}, float(result[1]))]
        return [(row["metric"], float(row["value"][1])) for row in result]

    def range(
        self, query: str, start: float, end: float, step: float
    ) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
        """Return the labels of every series that a query finds, and its values with their times.

        Times are in seconds since the epoch, `step` is in seconds. Raises ErError as `series` does.
        """
        asked = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        rows = self._ask("query_range", asked)["result"]
        return [(row["metric"], [(float(at), float(value)) for at, value in row["values"]]) for row in rows]

    def _ask(self, path: str, parameters: dict[str, str]) -> dict[str, Any]:
        try:
            answer = self._client.get(f"/api/v1/{path}", params=parameters)
            body = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise ErError(f"Prometheus does not answer ({error})", run="./er doctor") from error
        if body["status"] != "success":
            raise ErError(f"Prometheus refuses the query `{parameters['query']}`: {body['error']}", run="./er lint")
        data: dict[str, Any] = body["data"]
        return data

    def value(self, query: str) -> float | None:
        """Return the one value of a query, or None when there is no such series, or it is NaN or infinite."""
        rows = self.series(query)
        if len(rows) != 1 or not math.isfinite(rows[0][1]):
            return None
        return rows[0][1]

    def wait_for(self, claim: Callable[[], bool], seconds: float, idle: Callable[[], object] = lambda: None) -> bool:
        """Wait until a claim about the evidence is true; return False when it is not within `seconds`.

        `idle` is called between looks, so that an incident goes on while its evidence is waited for.
        """
        deadline = time.monotonic() + seconds
        while not claim():
            if time.monotonic() > deadline:
                return False
            idle()
            time.sleep(POLL_SECONDS)
        return True

    def settled(self, phases: int, now_in: str, services: int) -> bool:
        """Tell whether the evidence of the first `phases` phases is complete.

        All their requests have ended, and each of the `services` stock services (the twin among them) has been scraped
        since it was told that it is in the phase `now_in`.
        """
        settled = self.value("max(load_settled_phases)")
        told = self.value(f'count(phase_current{{phase="{now_in}"}} == 1)')
        return settled is not None and settled >= phases and told == services
