"""The driver tells every stock service each phase once, in order, and injects each fault once."""

import math

import pytest

from grader.base.errors import ErError
from grader.course.manifest import Fault
from grader.engine.control_port import ControlPort
from grader.incident.driver import Incident
from grader.incident.plan import Plan, PlannedPhase

Call = tuple[str, str, object]


class RecordingPort(ControlPort):
    """A control port that notes what it is asked."""

    def __init__(self, service: str, *, refuses: str = "", clock: "Clock | None" = None) -> None:
        super().__init__(service, 0, "")
        self.calls: list[Call] = []
        self.refuses = refuses
        self.clock = clock

    def ask(self, method: str, path: str, body: object = None) -> object:
        if path == self.refuses and method in {"POST", "PUT"}:
            raise ErError("no")
        self.calls.append((method, path, body))
        if self.clock and method != "DELETE":
            self.clock.now += 0.4
        return {"starts_in": 0.0}


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("grader.incident.driver.time", clock)
    return clock


def plan() -> Plan:
    fault = Fault.model_validate({"at": 1, "service": "quotes", "kind": "slow", "seconds": 2})
    return Plan(7, [PlannedPhase("steady", 0, 2, {"a": 1}, []), PlannedPhase("fault", 2, 3, {"a": 1}, [fault])])


def played(clock: Clock, quotes: RecordingPort) -> Incident:
    incident = Incident(plan(), {"load": RecordingPort("load"), "quotes": quotes, "twin": RecordingPort("twin")})
    incident.begin()
    moves = []
    for _ in range(61):
        if incident.advance():
            moves.append(incident.phase.name if incident.phase else "over")
        clock.now += 0.1
    assert moves == ["steady", "fault", "over"]
    assert incident.over
    return incident


def test_every_phase_and_fault_is_told_once_and_in_order(clock: Clock) -> None:
    quotes = RecordingPort("quotes")
    incident = played(clock, quotes)
    assert quotes.calls == [
        ("DELETE", "/faults", None),
        ("PUT", "/phase", {"name": "steady"}),
        ("PUT", "/phase", {"name": "fault"}),
        ("POST", "/faults", {"kind": "slow", "seconds": 2}),
        ("PUT", "/phase", {"name": "after"}),
        ("PUT", "/faults", []),
    ]
    assert incident.unacknowledged == []
    assert incident.ended == 2


def test_the_load_is_told_the_plan_and_nothing_else(clock: Clock) -> None:
    incident = played(clock, RecordingPort("quotes"))
    load = incident.ports["load"]
    assert isinstance(load, RecordingPort)
    assert load.calls == [("POST", "/play", plan().for_load())]


def test_a_fault_that_is_not_acknowledged_is_noted(clock: Clock) -> None:
    incident = played(clock, RecordingPort("quotes", refuses="/faults"))
    assert incident.unacknowledged == ["slow on `quotes` in `fault`: no", "healing on `quotes` in `after`: no"]


def test_the_faults_that_a_phase_begins_with_follow_those_of_the_one_before_in_one_step(clock: Clock) -> None:
    hang, cold, error = (
        Fault.model_validate({"service": "quotes", "kind": kind, "at": at})
        for kind, at in (("hang", 0), ("cold", 0), ("error", 0.5))
    )
    phases = [
        PlannedPhase("steady", 0, 1, {"a": 1}, []),
        PlannedPhase("hang", 1, 1, {"a": 1}, [hang]),
        PlannedPhase("waking", 2, 1, {"a": 1}, [cold, error]),
    ]
    quotes = RecordingPort("quotes")
    incident = Incident(Plan(7, phases), {"load": RecordingPort("load"), "quotes": quotes})
    incident.begin()
    for _ in range(50):
        incident.advance()
        clock.now += 0.1
    assert [call for call in quotes.calls if call[1] == "/faults"] == [
        ("DELETE", "/faults", None),
        ("PUT", "/faults", [{"kind": "hang"}]),
        ("PUT", "/faults", [{"kind": "cold"}]),
        ("POST", "/faults", {"kind": "error"}),
        ("PUT", "/faults", []),
    ]


def test_a_driver_that_stood_still_is_late_with_what_was_due_meanwhile(clock: Clock) -> None:
    incident = Incident(plan(), {"load": RecordingPort("load"), "quotes": RecordingPort("quotes")})
    incident.begin()
    incident.advance()
    clock.now += 3.4
    incident.advance()
    assert incident.late == {"steady": 0, "fault": pytest.approx(1.4)}


def test_a_fault_within_a_phase_is_late_as_well(clock: Clock) -> None:
    incident = Incident(plan(), {"load": RecordingPort("load"), "quotes": RecordingPort("quotes")})
    incident.begin()
    for now in (100.0, 102.0, 103.7):
        clock.now = now
        incident.advance()
    assert incident.late == {"steady": 0, "fault": pytest.approx(0.7)}


def test_a_service_that_takes_its_time_makes_nothing_late(clock: Clock) -> None:
    faults = [Fault.model_validate({"service": "quotes", "kind": "slow", "at": at}) for at in (0, 1, 1, 1.2)]
    phases = [PlannedPhase("steady", 0, 2, {"a": 1}, []), PlannedPhase("fault", 2, 3, {"a": 1}, faults)]
    quotes = RecordingPort("quotes", clock=clock)
    incident = Incident(Plan(7, phases), {"load": RecordingPort("load"), "quotes": quotes})
    incident.begin()
    while not incident.over:
        incident.advance()
        clock.now += 0.01
    assert len(quotes.calls) == 1 + 3 + 4 + 1
    assert max(incident.late.values()) == pytest.approx(0.01, abs=0.01)


def test_it_is_known_how_long_nothing_is_due(clock: Clock) -> None:
    incident = Incident(plan(), {"load": RecordingPort("load"), "quotes": RecordingPort("quotes")})
    incident.begin()
    quiet = []
    for now in (100.0, 101.5, 102.0, 103.5, 105.0):
        clock.now = now
        incident.advance()
        quiet.append(round(incident.quiet, 1))
    assert quiet == [2.0, 0.5, 1.0, 1.5, math.inf]


def test_who_is_killed_in_this_phase_does_not_run_by_the_incidents_doing(clock: Clock) -> None:
    kill = Fault.model_validate({"service": "sales-2", "kind": "kill"})
    pause = Fault.model_validate({"service": "sales-1", "kind": "pause"})
    phases = [PlannedPhase("steady", 0, 2, {}, []), PlannedPhase("dead", 2, 2, {}, [pause, kill])]
    ports = {name: RecordingPort(name) for name in ("load", "sales-1", "sales-2")}
    incident = Incident(Plan(7, phases), ports)
    incident.begin()
    killed = []
    for seconds in (0, 1.9, 0.2, 2):
        clock.now += seconds
        incident.advance()
        killed.append([name for name in ports if incident.kills(name)])
    assert killed == [[], [], ["sales-2"], []]
