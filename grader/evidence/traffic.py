"""Traffic of each user kind between two moments, from the load generator's counters."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from grader.evidence.fitness import TWIN_SECONDS
from grader.evidence.histogram import latency
from grader.evidence.prometheus import SUCCESS

TWIN = "twin"
"""The control twin's user kind."""

ENDED = "sum by (kind) (load_responses_total)"
LATENCIES = "sum by (kind, status, le) (load_latency_seconds_bucket)"
"""The two queries whose rows `count` takes."""

Sample = tuple[Mapping[str, str], float]
"""The labels of a series, and one value."""


@dataclass(frozen=True)
class Traffic:
    """Requests ended between two moments, the share served, and p95 latency.

    Latency is in seconds. Share and latency are None where nothing ended.
    """

    ended: float
    served: float | None
    p95: float | None


@dataclass
class Counts:
    """The counters of one user kind at one moment.

    `buckets` is by upper edge in seconds.
    """

    ended: float = 0.0
    served: float = 0.0
    buckets: dict[float, float] = field(default_factory=lambda: defaultdict(float))

    def since(self, before: "Counts") -> Traffic:
        """Return the traffic since an earlier moment."""
        ended = self.ended - before.ended
        if ended <= 0:
            return Traffic(ended, None, None)
        buckets = {edge: count - before.buckets.get(edge, 0.0) for edge, count in self.buckets.items()}
        # A request may be scraped as served just before it is scraped as ended.
        served = min((self.served - before.served) / ended, 1.0)
        return Traffic(ended, served, latency(buckets, 0.95))


def count(ended: Iterable[Sample], latencies: Iterable[Sample], within: float) -> dict[str, Counts]:
    """Return the counters of each user kind at one moment.

    `ended` and `latencies` are the samples of the queries ENDED and LATENCIES. A request is served when its answer is a
    success within `within` seconds; the control twin has TWIN_SECONDS.
    """
    counts: dict[str, Counts] = defaultdict(Counts)
    for labels, value in ended:
        counts[labels["kind"]].ended = value
    for labels, value in latencies:
        kind, edge = labels["kind"], float(labels["le"])
        counts[kind].buckets[edge] += value
        if labels["status"].startswith(SUCCESS) and edge == (TWIN_SECONDS if kind == TWIN else within):
            counts[kind].served += value
    return counts
