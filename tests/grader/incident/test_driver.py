"""The driver enters each phase and injects each fault once, in order."""

import math
from collections.abc import Mapping, Sequence

import pytest

from grader.base.errors import ErError
from grader.course.manifest import Fault
from grader.engine.control_port import ControlPort
from grader.engine.port import InjectedFault
from grader.engine.project import Ports
from grader.incident.driver import Incident
from grader.incident.plan import Plan, PlannedPhase

Call = tuple[str, object]


class RecordingPort(ControlPort):
    """A control port that notes its calls.

    With a clock, each call but the first takes 0.4 s.
    """

    def __init__(self, service: str, *, refuses_faults: bool = False, clock: "Clock | None" = None) -> None:
        super().__init__(service, 0, "")
        self.calls: list[Call] = []
        self.refuses_faults = refuses_faults
        self.clock = clock

    def enter(self, phase: str) -> None:
        self._note("enter", phase)

    def inject(self, fault: InjectedFault) -> InjectedFault:
        self._note("inject", fault)
        return fault

    def replace(self, faults: Sequence[InjectedFault]) -> None:
        if not faults and not self.calls:
            # A service that refuses faults has none that a new incident must end.
            self.calls.append(("replace", []))
        else:
            self._note("replace", list(faults))

    def play(self, plan: Mapping[str, object]) -> float:
        self.calls.append(("play", plan))
        return 0.0

    def _note(self, method: str, given: object) -> None:
        if self.refuses_faults and method != "enter":
            raise ErError("no")
        self.calls.append((method, given))
        if self.clock:
            self.clock.now += 0.4


def ports(**others: RecordingPort) -> Ports:
    return Ports({"load": RecordingPort("load"), **others})


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
    incident = Incident(plan(), ports(quotes=quotes, twin=RecordingPort("twin")))
    incident.begin()
    moves = []
    for _ in range(61):
        if incident.advance():
            moves.append(incident.phase.name if incident.phase else "over")
        clock.now += 0.1
    assert moves == ["steady", "fault", "over"]
    assert incident.over
    return incident


def test_each_phase_is_entered_and_each_fault_injected_once_in_order(clock: Clock) -> None:
    quotes = RecordingPort("quotes")
    incident = played(clock, quotes)
    assert quotes.calls == [
        ("replace", []),
        ("enter", "steady"),
        ("enter", "fault"),
        ("inject", InjectedFault("slow", {"seconds": 2})),
        ("enter", "after"),
        ("replace", []),
    ]
    assert incident.unacknowledged == []
    assert incident.ended == 2


def test_the_load_generator_gets_the_plan_and_nothing_else(clock: Clock) -> None:
    incident = played(clock, RecordingPort("quotes"))
    load = incident.ports.control["load"]
    assert isinstance(load, RecordingPort)
    assert load.calls == [("play", plan().for_load())]


def test_an_unacknowledged_fault_is_noted(clock: Clock) -> None:
    incident = played(clock, RecordingPort("quotes", refuses_faults=True))
    assert incident.unacknowledged == ["slow on `quotes` in `fault`: no", "healing on `quotes` in `after`: no"]


def test_faults_are_replaced_atomically_at_a_phase_edge(clock: Clock) -> None:
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
    incident = Incident(Plan(7, phases), ports(quotes=quotes))
    incident.begin()
    for _ in range(50):
        incident.advance()
        clock.now += 0.1
    assert [call for call in quotes.calls if call[0] != "enter"] == [
        ("replace", []),
        ("replace", [InjectedFault("hang")]),
        ("replace", [InjectedFault("cold")]),
        ("inject", InjectedFault("error")),
        ("replace", []),
    ]


def test_a_stalled_driver_is_late_with_the_phase_that_was_due(clock: Clock) -> None:
    incident = Incident(plan(), ports(quotes=RecordingPort("quotes")))
    incident.begin()
    incident.advance()
    clock.now += 3.4
    incident.advance()
    assert incident.late == {"steady": 0, "fault": pytest.approx(1.4)}


def test_a_stalled_driver_is_late_with_a_fault_within_a_phase(clock: Clock) -> None:
    incident = Incident(plan(), ports(quotes=RecordingPort("quotes")))
    incident.begin()
    for now in (100.0, 102.0, 103.7):
        clock.now = now
        incident.advance()
    assert incident.late == {"steady": 0, "fault": pytest.approx(0.7)}


def test_a_slow_service_does_not_make_the_driver_late(clock: Clock) -> None:
    faults = [Fault.model_validate({"service": "quotes", "kind": "slow", "at": at}) for at in (0, 1, 1, 1.2)]
    phases = [PlannedPhase("steady", 0, 2, {"a": 1}, []), PlannedPhase("fault", 2, 3, {"a": 1}, faults)]
    quotes = RecordingPort("quotes", clock=clock)
    incident = Incident(Plan(7, phases), ports(quotes=quotes))
    incident.begin()
    while not incident.over:
        incident.advance()
        clock.now += 0.01
    assert len(quotes.calls) == 1 + 3 + 4 + 1
    assert max(incident.late.values()) == pytest.approx(0.01, abs=0.01)


def test_quiet_is_the_time_until_something_is_due(clock: Clock) -> None:
    incident = Incident(plan(), ports(quotes=RecordingPort("quotes")))
    incident.begin()
    quiet = []
    for now in (100.0, 101.5, 102.0, 103.5, 105.0):
        clock.now = now
        incident.advance()
        quiet.append(round(incident.quiet, 1))
    assert quiet == [2.0, 0.5, 1.0, 1.5, math.inf]


def test_the_incident_kills_a_service_only_in_the_phase_that_says_so(clock: Clock) -> None:
    kill = Fault.model_validate({"service": "sales-2", "kind": "kill"})
    pause = Fault.model_validate({"service": "sales-1", "kind": "pause"})
    phases = [PlannedPhase("steady", 0, 2, {}, []), PlannedPhase("dead", 2, 2, {}, [pause, kill])]
    replicas = {name: RecordingPort(name) for name in ("sales-1", "sales-2")}
    incident = Incident(Plan(7, phases), ports(**replicas))
    incident.begin()
    killed = []
    for seconds in (0, 1.9, 0.2, 2):
        clock.now += seconds
        incident.advance()
        killed.append([name for name in replicas if incident.kills(name)])
    assert killed == [[], [], ["sales-2"], []]
