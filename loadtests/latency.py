"""Latencies as Prometheus histograms, each series at zero from the start."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

EDGES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Upper edges of the buckets in seconds: one on each threshold that a check may use."""

_NAMES = (*map(str, EDGES), "+Inf")


class Latencies(Collector):
    """Collect seconds from the intended time to the end, by kind, phase and status.

    OpenTelemetry's own histogram exports no series before its first value, but a missing series must mean an error.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def expect(self, key: tuple[str, ...]) -> None:
        """Create a series at zero, unless it exists."""
        self._counts.setdefault(key, [0] * len(_NAMES))
        self._sums.setdefault(key, 0.0)

    def add(self, key: tuple[str, ...], seconds: float) -> None:
        """Count one request."""
        self.expect(key)
        self._counts[key][bisect_left(EDGES, seconds)] += 1
        self._sums[key] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Return all series, as prometheus_client asks for them."""
        labels = ("kind", "phase", "status")
        family = HistogramMetricFamily(
            "load_latency_seconds", "Seconds from the intended time to the end.", labels=labels
        )
        for key, counts in list(self._counts.items()):
            family.add_metric(key, list(zip(_NAMES, accumulate(counts), strict=True)), self._sums[key])
        yield family
