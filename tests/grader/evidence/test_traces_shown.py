"""The traces of a report: one of each kind, from judged phases.

Phases with a fault on trace-audit are left out.
"""

from typing import Any

import pytest

from grader.base.errors import ErError
from grader.course.manifest import Fault
from grader.engine.control_port import ControlPort
from grader.evidence.traces import LONGEST_TEXT, MOST_SPANS, SETTLED_SECONDS, Trace, read_traces
from grader.incident.plan import Plan, PlannedPhase
from trace_audit import trace_store

GONE = Fault(service="trace-audit", kind="down")
PLAN = Plan(7, [PlannedPhase("lost", 0, 20, {}, []), PlannedPhase("collector-down", 20, 5, {}, [GONE])])
ZERO = 1000.0


def order(number: str, *claims: str, at: float = 10) -> dict[str, Any]:
    return {"order": number, "trace": number, "began": ZERO + at, "claims": [*claims]}


def span(name: str, parent: str = "", began: float = ZERO, **attributes: str) -> dict[str, Any]:
    made = {"service": "orders", "name": name, "span": name, "parent": parent, "began": began, "ended": began + 1}
    return {**made, "status": "ok", "attributes": attributes}


class Audit(ControlPort):
    """A fake of trace-audit with these orders, the newest first.

    All orders have the same spans.
    """

    def __init__(self, *orders: dict[str, Any], spans: tuple[dict[str, Any], ...] = (span("a"),)) -> None:
        super().__init__("trace-audit", 0, "")
        self.orders = orders
        self.spans = spans

    def traces(self) -> object:
        return [*self.orders]

    def trace(self, wanted: str) -> object:
        return {**next(one for one in self.orders if wanted == one["trace"]), "spans": [*self.spans]}


def shown(*orders: dict[str, Any], now: float = 60) -> list[str]:
    return [trace.order for trace in read_traces({"trace-audit": Audit(*orders)}, PLAN, ZERO, ZERO + now)]


def only(*spans: dict[str, Any]) -> Trace:
    (trace,) = read_traces({"trace-audit": Audit(order("o"), spans=spans)}, PLAN, ZERO, ZERO + 60)
    return trace


def test_the_newest_lost_broken_and_right_order_are_shown_in_that_order() -> None:
    right, broken, lost = order("right", "linked"), order("broken"), order("lost", "lost", "linked")
    assert shown(right, broken, lost, order("o"), order("p", "lost"), order("q", "linked")) == [
        "lost",
        "broken",
        "right",
    ]
    assert shown(right, order("q", "linked")) == ["right"]
    assert shown() == []


@pytest.mark.parametrize(
    ("at", "now", "is_shown"),
    [(10, 13, True), (10, 12.9, False), (17, 60, True), (17.1, 60, False), (24.9, 60, False), (25, 60, True)],
)
def test_orders_with_spans_in_flight_or_lost_to_faults_are_left_out(at: float, now: float, *, is_shown: bool) -> None:
    assert shown(order("o", at=at), now=now) == (["o"] if is_shown else [])


def test_an_order_is_settled_when_trace_audit_judges_it() -> None:
    assert SETTLED_SECONDS == trace_store.SETTLED_SECONDS


def test_a_trace_has_its_time_in_the_incident_and_places_its_spans() -> None:
    trace = only(span("b", "a", ZERO + 1), span("c", "gone", ZERO + 3), span("a"))
    assert (trace.at, trace.seconds) == (10, 4)
    placed = [(span.name, span.depth, span.at, span.seconds, span.orphaned) for span in trace.spans]
    assert placed == [("a", 0, 0, 1, False), ("b", 1, 1, 1, False), ("c", 0, 3, 1, True)]


def test_a_bar_stays_within_its_trace_for_any_times_sent() -> None:
    backwards = {**span("b", began=ZERO + 9), "ended": 0}
    trace = only(span("a"), backwards)
    assert all(span.at >= 0 <= span.seconds and span.at + span.seconds <= trace.seconds for span in trace.spans)
    assert only({**span("a"), "ended": ZERO}).seconds > 0


def test_attributes_of_the_learner_come_before_those_of_libraries() -> None:
    trace = only({**span("a"), "attributes": {"http.route": "/x", "carrier": "c"}})
    assert trace.spans[0].says == "carrier=c http.route=/x"


def test_a_long_trace_is_cut_and_counts_the_rest() -> None:
    trace = only(*(span(f"s{number}", key="x" * 1000) for number in range(MOST_SPANS + 3)))
    assert (len(trace.spans), trace.left_out) == (MOST_SPANS, 3)
    assert {len(span.says) for span in trace.spans} == {LONGEST_TEXT + 1}
    assert only(*(span(f"s{number}") for number in range(MOST_SPANS))).left_out == 0


@pytest.mark.parametrize("answer", [ErError("gone"), ValueError("no JSON"), None, [{}], "x"], ids=repr)
@pytest.mark.parametrize("method", ["traces", "trace"])
def test_a_broken_trace_audit_costs_the_traces_and_nothing_else(
    method: str, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: str) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    audit = Audit(order("o"))
    monkeypatch.setattr(audit, method, broken)
    assert read_traces({"trace-audit": audit}, PLAN, ZERO, ZERO + 60) == []


def test_a_lab_without_a_trace_audit_has_no_traces() -> None:
    assert read_traces({"load": Audit(order("o"))}, PLAN, ZERO, ZERO + 60) == []
