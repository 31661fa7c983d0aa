"""Lamps show what a grade would read of each phase, as soon as it is complete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from grader.course.manifest import Manifest
from grader.engine.control_port import ControlPort
from grader.engine.project import Ports
from grader.evidence.prometheus import Evidence
from grader.incident.driver import Incident
from grader.incident.plan import Plan, PlannedPhase
from grader.live.lamps import Lamp, Lamps, Light

THRESHOLD = {"says": "Something is claimed here.", "max": 0}


def check(name: str, kind: str, *phases: str, **more: object) -> dict[str, object]:
    value = {} if kind == "share" else {"value": f"sum({name}_total)"}
    return {"name": name, "kind": kind, "phase": list(phases), **THRESHOLD, **value, **more}


MANIFEST = Manifest.model_validate({
    "format": 1, "title": "A", "blurb": "B", "pattern": "p", "emergency": "e", "edit": ["app.py"], "minutes": 1,
    "unreceipted": "There are no receipts.", "fixes": {},
    "symptom": {
        "users": "visit", "noun": "visitors", "within": 1, "below": 0.5, "harm": "visitors left", "harmed": "sum(left)",
    },
    "level": {"says": "s", "good": "sum(quick)", "total": "sum(total)", "great": 0.8, "elite": 0.9},
    "phase": [{"name": name, "seconds": 1, "rate": {"visit": 9}} for name in ("steady", "fault")],
    "check": [
        check("served", "share", "steady", "fault", good="sum(good_total)", total="sum(all_total)", min=0.8, max=None),
        check("calls", "measure", guard=0, max=5),
        check("sold-twice", "exact"),
        check("peak", "measure", guard=0, max=5, value="max(peak)"),
    ],
})  # fmt: skip


@dataclass
class Told(Evidence):
    """Evidence with these values by the metric in a query, and these settled phases."""

    values: dict[str, float] = field(default_factory=dict)
    complete: int = 0
    asked: list[str] = field(default_factory=list)

    def value(self, query: str) -> float | None:
        self.asked.append(query)
        fit = {"canary_rounds": 90_000.0, "lag": 0.0, "canary": 0.9, "twin": 1.0, "load_sent": 1.0}
        return next((value for part, value in (self.values | fit).items() if part in query), None)

    def settled(self, phases: int, now_in: str, services: int) -> bool:
        del now_in, services
        return phases <= self.complete


class IdlePort(ControlPort):
    """A control port that acknowledges everything and does nothing."""

    def _request(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 # JSON
        del method, path, body
        return {"starts_in": -100.0}


@pytest.fixture
def incident() -> Incident:
    """Return an incident that is over."""
    plan = Plan(7, [PlannedPhase("steady", 0, 1, {}, []), PlannedPhase("fault", 1, 2, {}, [])])
    over = Incident(plan, Ports({"load": IdlePort("load", 0, "")}))
    over.begin()
    for _ in range(3):
        over.advance()
    over.late.clear()
    return over


RIGHT = {"good_total": 100.0, "all_total": 100.0, "calls": 1.0, "sold-twice": 0.0, "max(peak)": 9.0}


def lights(lamps: Lamps) -> Mapping[str, Light]:
    return {lamp.name: lamp.light for lamp in lamps.lamps()}


def test_each_check_has_a_lamp_from_the_first_second(incident: Incident) -> None:
    lamps = Lamps(MANIFEST, Told(), incident, 1, repeated=False)
    assert not lamps.look()
    assert set(lights(lamps).values()) == {Light.NOT_YET}


def test_a_lamp_follows_its_phases_and_one_of_the_whole_run_waits_for_the_last(incident: Incident) -> None:
    evidence = Told(values=dict(RIGHT), complete=1)
    lamps = Lamps(MANIFEST, evidence, incident, 1, repeated=False)
    assert lamps.look()
    assert lights(lamps) == {
        "served": Light.HOLDS,
        "calls": Light.NOT_YET,
        "sold-twice": Light.HOLDS,
        "peak": Light.NOT_YET,
    }
    assert not lamps.look()
    evidence.complete = 2
    assert lamps.look()
    assert lamps.complete
    assert lights(lamps) == {
        "served": Light.HOLDS,
        "calls": Light.HOLDS,
        "sold-twice": Light.HOLDS,
        "peak": Light.FAILS,
    }


def test_a_lamp_that_does_not_hold_says_what_was_measured_and_wanted(incident: Incident) -> None:
    evidence = Told(values=RIGHT | {"good_total": 50.0, "calls": 7.0, "sold-twice": 2.0}, complete=2)
    lamps = Lamps(MANIFEST, evidence, incident, 1, repeated=False)
    lamps.look()
    lamps.look()
    figures = {lamp.name: lamp.figures for lamp in lamps.lamps()}
    assert figures == {
        "served": "50.0% (50 of 100) in steady, wanted ≥ 80%",
        "calls": "7, wanted ≤ 5",
        "sold-twice": "2, wanted ≤ 0",
        "peak": "9, wanted ≤ 5",
    }


def test_evidence_too_close_to_a_threshold_is_unclear_and_no_evidence_is_no_failure(incident: Incident) -> None:
    lamps = Lamps(
        MANIFEST, Told(values={"good_total": 80.0, "all_total": 100.0}, complete=1), incident, 1, repeated=False
    )
    lamps.look()
    assert (lights(lamps)["served"], lights(lamps)["sold-twice"]) == (Light.UNCLEAR, Light.MISSING)


def test_the_lamps_of_the_play_before_stay_until_there_is_evidence(incident: Incident) -> None:
    evidence = Told(values=RIGHT)
    before = [Lamp("served", "", Light.FAILS, "1 of 9"), Lamp("calls", "", Light.NOT_YET)]
    lamps = Lamps(MANIFEST, evidence, incident, 1, repeated=True)
    served, calls = lamps.lamps(before)[:2]
    assert (served.light, served.figures, served.earlier) == (Light.FAILS, "1 of 9", True)
    assert (calls.light, calls.earlier) == (Light.NOT_YET, False)
    evidence.complete = 1
    lamps.look()
    served = lamps.lamps(before)[0]
    assert (served.light, served.earlier) == (Light.HOLDS, False)


def test_a_later_play_leaves_what_cannot_be_told_from_its_evidence_to_a_grade(incident: Incident) -> None:
    evidence = Told(values=RIGHT, complete=2)
    lamps = Lamps(MANIFEST, evidence, incident, 1, repeated=True)
    lamps.look()
    lamps.look()
    assert lights(lamps)["peak"] is Light.GRADE
    assert "max(peak)" not in evidence.asked


def test_a_busy_host_turns_no_lamp_on_but_that_of_what_must_never_happen(incident: Incident) -> None:
    evidence = Told(values=RIGHT | {"good_total": 1.0, "sold-twice": 1.0, 'kind="twin"': 0.4}, complete=1)
    lamps = Lamps(MANIFEST, evidence, incident, 1, repeated=False)
    lamps.look()
    assert lamps.unfit is not None
    assert lamps.unfit.startswith("this machine was too busy in `steady`")
    assert lights(lamps) == {
        "served": Light.NOT_YET,
        "calls": Light.NOT_YET,
        "sold-twice": Light.FAILS,
        "peak": Light.NOT_YET,
    }


def test_a_phase_is_read_once(incident: Incident) -> None:
    evidence = Told(values=RIGHT, complete=1)
    lamps = Lamps(MANIFEST, evidence, incident, 1, repeated=False)
    lamps.look()
    asked = len(evidence.asked)
    for _ in range(9):
        lamps.look()
        lamps.lamps()
    assert len(evidence.asked) == asked
