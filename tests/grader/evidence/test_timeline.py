from dataclasses import dataclass, field

import pytest

from grader.base.errors import ErError
from grader.course.manifest import Fault, Symptom
from grader.evidence.prometheus import Evidence
from grader.evidence.timeline import read_timeline
from grader.incident.plan import Plan, PlannedPhase

FAULT = Fault(service="q", kind="slow", at=1)
PLAN = Plan(1, [PlannedPhase("steady", 0, 2, {}, []), PlannedPhase("slow", 2, 2, {}, [FAULT])])
SYMPTOM = Symptom(users="polite", noun="", within=0.5, below=0.7, harm="tenants left", harmed="")
Rows = list[tuple[dict[str, str], list[tuple[float, float]]]]


@dataclass
class Told(Evidence):
    """A fake of Prometheus: rows by a part of the query."""

    rows: dict[str, Rows] = field(default_factory=dict)

    def range(self, query: str, start: float, end: float, step: float) -> Rows:
        assert (start, step) == (100, 1)
        assert end <= 107
        return next((rows for part, rows in self.rows.items() if part in query), [])


def counts(*values: float) -> list[tuple[float, float]]:
    return [(100.0 + second, value) for second, value in enumerate(values)]


def test_counters_become_rates_second_by_second() -> None:
    bucket = {"kind": "polite", "status": "200"}
    told = Told(
        rows={
            "load_responses": [({"kind": "polite"}, counts(0, 10, 10, 30))],
            "load_latency": [
                ({**bucket, "le": "0.1"}, counts(0, 5, 5, 5)),
                ({**bucket, "le": "0.5"}, counts(0, 10, 10, 15)),
                ({**bucket, "le": "+Inf"}, counts(0, 10, 10, 30)),
            ],
            "work_in_flight": [({"service": "quotes"}, counts(1, 2, 3, 4))],
        }
    )
    timeline = read_timeline(told, PLAN, 100, 200, SYMPTOM)
    assert timeline.at == [1, 2, 3]
    assert timeline.users["polite"].ended == [10, 0, 20]
    assert timeline.users["polite"].served == [1.0, None, 0.25]
    assert timeline.users["polite"].p95 == [0.5, None, 0.5], "beyond the last bucket it is that bucket's edge"
    assert timeline.in_flight == {"quotes": [2, 3, 4]}


def test_the_twin_is_served_within_a_limit_of_its_own() -> None:
    bucket = {"kind": "twin", "status": "200"}
    told = Told(
        rows={
            "load_responses": [({"kind": "twin"}, counts(0, 10))],
            "load_latency": [({**bucket, "le": "0.1"}, counts(0, 8)), ({**bucket, "le": "0.5"}, counts(0, 10))],
        }
    )
    assert read_timeline(told, PLAN, 100, 200, SYMPTOM).users["twin"].served == [0.8]


def test_phases_and_faults_come_from_the_plan() -> None:
    bands = read_timeline(Told(), PLAN, 100, 200, SYMPTOM).phases
    assert [(band.name, band.start, band.end, band.faults) for band in bands] == [
        ("steady", 0, 2, []),
        ("slow", 2, 4, ["slow on q at 1 s"]),
    ]


def test_the_timeline_is_empty_without_prometheus(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> Rows:
        raise ErError("Prometheus does not answer")

    told = Told()
    monkeypatch.setattr(told, "range", gone)
    timeline = read_timeline(told, PLAN, 100, 200, SYMPTOM)
    assert (timeline.at, timeline.users, len(timeline.phases)) == ([], {}, 2)
