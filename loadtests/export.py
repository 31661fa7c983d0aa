"""Export: the record and the state of the play as Prometheus metrics."""

from typing import TYPE_CHECKING

import gevent
from prometheus_client import CollectorRegistry, generate_latest

from kit.telemetry import Telemetry

if TYPE_CHECKING:
    from loadtests.generator import LoadGenerator

PLACE = ("kind", "phase")


class Export:
    """Export a generator's counts through OpenTelemetry, and its latencies directly."""

    def __init__(self, generator: "LoadGenerator") -> None:
        record = generator.record
        self._telemetry = Telemetry()
        self._latencies = CollectorRegistry()
        self._latencies.register(record.latencies)
        counter, gauge = self._telemetry.counter, self._telemetry.gauge
        counter("load_intended", "Requests whose time has come.", PLACE, lambda: record.intended)
        counter("load_sent", "Requests sent.", PLACE, lambda: record.sent)
        counter("load_responses", "Requests that have ended.", (*PLACE, "status"), lambda: record.responses)
        counter("load_tally", "What a locustfile counts.", (*PLACE, "tally"), lambda: record.tallies)
        gauge("load_promised", "Requests sent that the promise covers.", PLACE, lambda: record.promised)
        gauge("load_beyond_promise", "Requests admitted far beyond the promise.", PLACE, lambda: record.beyond)
        gauge("load_lag_seconds_max", "Worst lateness.", ("phase",), lambda: record.lag)
        gauge("load_subject", "On whose behalf a kind asks.", ("kind", "subject"), self._subjects)
        gauge("load_settled_phases", "Phases over whose visits have ended.", (), self._settled)
        gauge("load_playing", "Whether a play is on.", (), lambda: {(): generator.playing})
        self._generator = generator

    def _subjects(self) -> dict[tuple[str, ...], float]:
        play = self._generator.play
        return {(kind, name): 1 for kind, names in play.subjects.items() for name in names} if play else {}

    def _settled(self) -> dict[tuple[str, ...], float]:
        return {(): self._generator.play.settled_phases if self._generator.play else 0}

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        counts = self._telemetry.exposition()
        # Each half takes some milliseconds, so requests that are due are sent in between.
        gevent.sleep(0)
        return counts + generate_latest(self._latencies)
