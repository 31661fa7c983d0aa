"""Traces: the orders that trace-audit keeps, and the spans of each."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from pydantic import BaseModel, TypeAdapter

from grader.base.errors import ErError
from grader.engine.control_port import ControlPort
from grader.incident.plan import Plan

TRACE_AUDIT = "trace-audit"

SETTLED_SECONDS = 3.0
"""At this age of an order trace-audit judges it: a span that is still missing will not arrive."""

MOST_SPANS = 20
"""How many spans of a trace a report shows."""

LONGEST_TEXT = 120
"""How many characters of a span's attributes a report shows."""


class TracedOrder(BaseModel):
    """An order with its trace, and the claims of trace-audit about both.

    `began` is in seconds since 1970.
    """

    order: str
    trace: str
    began: float
    claims: list[str]


class SentSpan(BaseModel):
    """A span from trace-audit.

    Times are in seconds since 1970, and the `parent` of a root is empty.
    """

    service: str
    name: str
    span: str
    parent: str
    began: float
    ended: float
    status: str
    attributes: dict[str, str]


class SentTrace(TracedOrder):
    """An order's trace from trace-audit."""

    spans: list[SentSpan]


class PlacedSpan(BaseModel):
    """A span `depth` steps below a root, `at` seconds after its trace began.

    The parent of an `orphaned` span is not in the trace; `says` shows its attributes.
    """

    service: str
    name: str
    depth: int
    at: float
    seconds: float
    failed: bool
    orphaned: bool
    says: str


class Trace(BaseModel):
    """An order's trace, with its spans from top to bottom.

    It began `at` seconds into the incident and took `seconds`; `left_out` counts the spans that a report omits.
    """

    order: str
    trace: str
    claims: list[str]
    at: float = 0.0
    seconds: float
    spans: list[PlacedSpan]
    left_out: int = 0

    @property
    def state(self) -> str:
        """Return what is wrong with the order and its trace."""
        return state(self.claims)


def state(claims: Sequence[str]) -> str:
    """Return what is wrong with an order and its trace."""
    return ("lost, " if "lost" in claims else "") + ("one unbroken trace" if "linked" in claims else "broken trace")


def read_orders(port: ControlPort) -> list[TracedOrder]:
    """Return the latest orders, newest first."""
    return TypeAdapter(list[TracedOrder]).validate_python(port.traces())


def read_trace(port: ControlPort, wanted: str) -> Trace:
    """Return a trace by its order, or by its first digits."""
    sent = SentTrace.model_validate(port.trace(wanted))
    first = min((span.began for span in sent.spans), default=0.0)
    known = {span.span for span in sent.spans}
    spans = [
        PlacedSpan(
            service=span.service or "unknown",
            name=span.name,
            depth=depth,
            at=span.began - first,
            seconds=max(0.0, span.ended - span.began),
            failed=span.status == "error",
            orphaned=bool(span.parent) and span.parent not in known,
            says=_says(span.attributes),
        )
        for depth, span in _nested(sent.spans)
    ]
    length = max([1e-6, *(span.at + span.seconds for span in spans)])
    return Trace(order=sent.order, trace=sent.trace, claims=sent.claims, seconds=length, spans=spans)


def read_traces(ports: Mapping[str, ControlPort], plan: Plan, zero: float, now: float) -> list[Trace]:
    """Read a trace of each kind: lost, broken and unbroken.

    `zero` and `now` are the incident's start and the present, in seconds since 1970. Data that trace-audit lacks is
    left out, because a trace must never keep a grade from its verdict.
    """
    found: list[Trace] = []
    if TRACE_AUDIT not in ports:
        return found
    with suppress(ErError, ValueError):
        kinds: dict[int, TracedOrder] = {}
        for order in read_orders(ports[TRACE_AUDIT]):
            if _settled(order.began - zero, plan, now - zero):
                kinds.setdefault(_kind(order.claims), order)
        for _, order in sorted(kinds.items()):
            trace = read_trace(ports[TRACE_AUDIT], order.trace)
            found.append(_short(trace).model_copy(update={"at": round(order.began - zero, 1)}))
    return found


def _settled(began: float, plan: Plan, now: float) -> bool:
    """Tell whether all spans of an order had time to arrive.

    An order during a fault on trace-audit never counts as settled.
    """
    ended = began + SETTLED_SECONDS
    hit = [phase for phase in plan.phases if any(fault.service == TRACE_AUDIT for fault in phase.faults)]
    return ended <= now and not any(began < phase.end and phase.start < ended for phase in hit)


def _kind(claims: Sequence[str]) -> int:
    """Return an order's place in a report: lost, broken, then unbroken."""
    return 0 if "lost" in claims else 2 if "linked" in claims else 1


def _short(trace: Trace) -> Trace:
    spans = [span.model_copy(update={"says": _clipped(span.says)}) for span in trace.spans[:MOST_SPANS]]
    return trace.model_copy(update={"spans": spans, "left_out": len(trace.spans) - len(spans)})


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _says(attributes: Mapping[str, str]) -> str:
    # The learner's own attributes come first; those of libraries have dots, by OpenTelemetry's conventions.
    ordered = sorted(attributes.items(), key=lambda attribute: "." in attribute[0])
    return " ".join(f"{key}={value}" for key, value in ordered)


def _nested(spans: Sequence[SentSpan]) -> list[tuple[int, SentSpan]]:
    """Return spans with their depth, each below its parent.

    Siblings are in order of time, and orphans are roots.
    """
    known = {span.span for span in spans}
    below: dict[str, list[SentSpan]] = {}
    for span in sorted(spans, key=lambda span: span.began):
        below.setdefault(span.parent if span.parent in known else "", []).append(span)
    found: list[tuple[int, SentSpan]] = []
    open_: list[tuple[int, SentSpan]] = [(0, span) for span in reversed(below.pop("", []))]
    while open_:
        depth, span = open_.pop()
        found.append((depth, span))
        open_ += [(depth + 1, child) for child in reversed(below.pop(span.span, []))]
    # A patient may send spans whose parents form a circle, which no root leads to.
    return found + [(0, span) for circle in below.values() for span in circle]
