"""What the load generator knows of a run, exported for Prometheus: counts by kind and phase, nothing sampled."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from loadtests.bucket import Level, TokenBucket

EDGES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Upper edges of the latency histogram in seconds: one on each threshold that a check may use."""

GENEROUS = 1.2
"""Admissions are held against a bucket this much larger than the promise."""

Key = tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """A request, sent `at` seconds of the monotonic clock, of a subject that was promised something."""

    at: float
    subject: str
    kind: str
    phase: str
    promise: TokenBucket
    admitted: bool


class _Latencies:
    """One histogram: counts per bucket, the last one beyond the last edge, and the sum in seconds."""

    def __init__(self) -> None:
        self.counts = [0] * (len(EDGES) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(EDGES, seconds)] += 1
        self.sum += seconds

    def cumulative(self) -> Iterator[tuple[str, float]]:
        total = 0
        for edge, count in zip((*map(str, EDGES), "+Inf"), self.counts, strict=True):
            total += count
            yield edge, total


class Record:
    """Count what was intended, sent and answered; counts go on over several plays, as the live lab loops."""

    def __init__(self) -> None:
        self.intended: Counter[Key] = Counter()
        self.sent: Counter[Key] = Counter()
        self.responses: Counter[Key] = Counter()
        self.tallies: Counter[Key] = Counter()
        self.subjects: set[Key] = set()
        self.lag: dict[str, float] = {}
        self.settled_phases = 0
        self.playing = False
        self._latencies: defaultdict[Key, _Latencies] = defaultdict(_Latencies)
        self._held: list[Held] = []

    def expect(self, kinds: Iterable[tuple[str, Iterable[str]]], phases: Iterable[str]) -> None:
        """Make all series of a play exist at zero, so that one that is missing means trouble.

        `kinds`: each kind with its tallies.
        """
        self.settled_phases = 0
        self._held.clear()
        self.subjects.clear()
        for phase in phases:
            self.lag.setdefault(phase, 0.0)
            for kind, tallies in kinds:
                for counter in (self.intended, self.sent):
                    counter[kind, phase] += 0
                self.responses[kind, phase, "200"] += 0
                self._latencies[kind, phase, "200"].sum += 0
                for tally in tallies:
                    self.tallies[kind, phase, tally] += 0

    def answered(self, kind: str, phase: str, status: str, seconds: float) -> None:
        """Note how a request ended and its latency, from its intended time."""
        self.responses[kind, phase, status] += 1
        self._latencies[kind, phase, status].add(seconds)

    def hold(self, held: Held) -> None:
        """Note a request of a subject that was promised something."""
        self._held.append(held)

    def collect(self) -> Iterator[Metric]:
        """Give all metrics, as prometheus_client's collectors do."""
        for name, counts, labels in (
            ("load_intended", self.intended, ("kind", "phase")),
            ("load_sent", self.sent, ("kind", "phase")),
            ("load_responses", self.responses, ("kind", "phase", "status")),
            ("load_tally", self.tallies, ("kind", "phase", "tally")),
        ):
            family = CounterMetricFamily(name, name, labels=labels)
            for key, count in counts.items():
                family.add_metric(key, count)
            yield family
        histogram = HistogramMetricFamily(
            "load_latency_seconds", "From intended time.", labels=("kind", "phase", "status")
        )
        for key, latencies in self._latencies.items():
            histogram.add_metric(key, list(latencies.cumulative()), latencies.sum)
        yield histogram
        yield _gauge("load_lag_seconds_max", {(phase,): lag for phase, lag in self.lag.items()}, "phase")
        yield _gauge("load_subject", dict.fromkeys(self.subjects, 1), "kind", "subject")
        yield _gauge("load_settled_phases", {(): self.settled_phases})
        yield _gauge("load_playing", {(): self.playing})
        promised, beyond = self._against_promises()
        yield _gauge("load_promised", promised, "kind", "phase")
        yield _gauge("load_beyond_promise", beyond, "kind", "phase")

    def _against_promises(self) -> tuple[dict[Key, float], dict[Key, float]]:
        """Hold what was sent and admitted against reference buckets, one for each subject.

        Return by kind and phase how many requests the promise admits of those that were sent, and how many were
        admitted that a bucket GENEROUS times as large would have refused.
        """
        promised: Counter[Key] = Counter(dict.fromkeys(self.intended, 0))
        beyond: Counter[Key] = Counter(dict.fromkeys(self.intended, 0))
        exact: dict[str, Level] = {}
        generous: dict[str, Level] = {}
        for held in sorted(self._held, key=lambda held: held.at):
            key = held.kind, held.phase
            promised[key] += exact.setdefault(held.subject, Level(held.promise)).take(held.at)
            if held.admitted:
                level = generous.setdefault(held.subject, Level(held.promise.larger(GENEROUS)))
                beyond[key] += not level.take(held.at)
        return dict(promised), dict(beyond)


def _gauge(name: str, values: dict[Key, float], *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, name, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
