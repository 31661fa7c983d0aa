"""Evidence: the metrics that Prometheus scraped, the only input of a verdict."""

import math
from functools import cached_property
from typing import Any

import httpx2

from grader.base.errors import ErError
from grader.evidence.since import since

SUCCESS = "2"
"""The first character of each successful status in the load generator's labels."""


class Evidence:
    """Read one run's Prometheus, on a loopback port.

    With `moment`, in Prometheus' seconds since 1970, the counters of instant queries began at zero then.
    """

    def __init__(self, port: int, moment: float | None = None) -> None:
        self._port = port
        self._moment = moment

    @cached_property
    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=f"http://127.0.0.1:{self._port}", timeout=10, trust_env=False)

    def series(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and value of every series of an instant query.

        Raises ErError with Prometheus' message when it rejects the query, and when it does not answer.
        """
        data = self._ask("query", {"query": query if self._moment is None else since(query, self._moment)})
        result = data["result"]
        if data["resultType"] == "scalar":
            return [({}, float(result[1]))]
        return [(row["metric"], float(row["value"][1])) for row in result]

    def from_now(self) -> "Evidence":
        """Return this evidence with counters that begin at zero now."""
        later = Evidence(self._port, self.value("time()"))
        # One client for all, because making one takes tens of milliseconds.
        later._client = self._client
        return later

    def range(
        self, query: str, start: float, end: float, step: float
    ) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
        """Return the labels, times and values of every series of a query.

        Times are in seconds since 1970, `step` is in seconds. Raises ErError as `series` does.
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
            raise ErError(f"Prometheus rejected the query `{parameters['query']}`: {body['error']}", run="./er lint")
        data: dict[str, Any] = body["data"]
        return data

    def value(self, query: str) -> float | None:
        """Return the one value of a query.

        None when there is not exactly one series, or its value is NaN or infinite.
        """
        rows = self.series(query)
        if len(rows) != 1 or not math.isfinite(rows[0][1]):
            return None
        return rows[0][1]

    def settled(self, phases: int, now_in: str, services: int) -> bool:
        """Tell whether the evidence of the first `phases` phases is complete.

        All their requests have ended, and each of the `services` stock services, twin included, was scraped after it
        entered the phase `now_in`.
        """
        settled = self.value("max(load_settled_phases)")
        told = self.value(f'count(phase_current{{phase="{now_in}"}} == 1)')
        return settled is not None and settled >= phases and told == services
