"""Vitals cover the last seconds, from differences between two readings."""

import pytest

from grader.evidence.prometheus import Evidence
from grader.live.vitals import Monitor

Rows = list[tuple[dict[str, str], float]]


class TwoReadings(Evidence):
    """A fake of Prometheus with these rows."""

    def __init__(self) -> None:
        super().__init__(0)
        self.rows: dict[str, Rows] = {}

    def series(self, query: str) -> Rows:
        return next((rows for part, rows in self.rows.items() if part in query), [])


def reading(ended: float, quick: float, served: float) -> dict[str, Rows]:
    """Return counters of polite users.

    `ended` requests ended, `quick` of them within 0.5 s, and `served` of those with 200.
    """
    buckets: Rows = [
        ({"kind": "polite", "status": "200", "le": "0.5"}, served),
        ({"kind": "polite", "status": "200", "le": "2.0"}, served),
        ({"kind": "polite", "status": "200", "le": "+Inf"}, served),
        ({"kind": "polite", "status": "timeout", "le": "0.5"}, quick - served),
        ({"kind": "polite", "status": "timeout", "le": "2.0"}, ended - served),
        ({"kind": "polite", "status": "timeout", "le": "+Inf"}, ended - served),
    ]
    return {
        "load_sent_total": [({"kind": "polite"}, 2 * ended), ({"kind": "twin"}, ended)],
        "load_responses_total": [({"kind": "polite"}, ended), ({"kind": "twin"}, ended)],
        "load_latency_seconds_bucket": buckets,
        "work_in_flight": [({"service": "quotes"}, 7.0)],
        "work_capacity": [({"service": "quotes"}, 5.0)],
    }


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("grader.live.vitals.time.monotonic", lambda: now[0])
    return now


def test_vitals_count_the_requests_that_were_sent_and_ended_between_two_looks(clock: list[float]) -> None:
    evidence = TwoReadings()
    monitor = Monitor(evidence, within=0.5)
    evidence.rows = reading(ended=1000, quick=1000, served=1000)
    assert monitor.look() is None
    clock[0] += 2
    evidence.rows = reading(ended=1080, quick=1020, served=1020)
    vitals = monitor.look()
    assert vitals is not None
    polite = vitals.of("polite")
    assert polite is not None
    assert (polite.rate, polite.served, polite.p95, polite.ended) == (80, 0.25, 2.0, 80)
    assert vitals.in_flight == {"quotes": (7.0, 5.0)}


def test_the_twin_and_kinds_without_traffic_are_left_out(clock: list[float]) -> None:
    evidence = TwoReadings()
    monitor = Monitor(evidence, within=0.5)
    evidence.rows = reading(ended=10, quick=10, served=10)
    monitor.look()
    clock[0] += 1
    vitals = monitor.look()
    assert vitals is not None
    assert vitals.users == []
