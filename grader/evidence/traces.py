"""Traces as a lab's trace-audit keeps them: an order's spans, each below its parent, and the few for a report."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from pydantic import BaseModel, TypeAdapter

from grader.base.errors import ErError
from grader.engine.control_port import ControlPort
from grader.incident.plan import Plan

TRACE_AUDIT = "trace-audit"

SETTLED_SECONDS = 3.0
"""When an order is so old, its spans have arrived, or will not: trace-audit judges it then."""

MOST_SPANS = 20
LONGEST_TEXT = 120
"""Of a trace in a report."""


class Summary(BaseModel):
    """An order, its trace, when it began (seconds since 1970), and what trace-audit claims of it."""

    order: str
    trace: str
    began: float
    claims: list[str]


class SentSpan(BaseModel):
    """A span as trace-audit has it; times are in seconds since 1970, `parent` is empty for a root."""

    service: str
    name: str
    span: str
    parent: str
    began: float
    ended: float
    status: str
    attributes: dict[str, str]


class SentTrace(Summary):
    """An order's trace as trace-audit has it."""

    spans: list[SentSpan]


class PlacedSpan(BaseModel):
    """A span in its place: `depth` steps below a root, `at` seconds after its trace began.

    Orphaned is a span whose parent is not in the trace; `says` is what its attributes say.
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
    """An order's trace, which takes `seconds`; its spans are in the order in which they are shown.

    `at` is when in the incident it began, in seconds; `left_out` counts spans that are not among these.
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
        """Return in words what is wrong with order and trace."""
        return state(self.claims)


def state(claims: Sequence[str]) -> str:
    """Return in words what is wrong with an order and its trace."""
    return ("lost, " if "lost" in claims else "") + (
        "one trace, all the way" if "linked" in claims else "its trace is broken"
    )


def read_summaries(port: ControlPort) -> list[Summary]:
    """Return the latest orders, newest first."""
    return TypeAdapter(list[Summary]).validate_python(port.traces())


def read_trace(port: ControlPort, wanted: str) -> Trace:
    """Return the trace of an order's number, or of the beginning of its own."""
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
    """Read a few traces of a play: a lost order's, another that is broken, and one with which all is right.

    `zero` and `now` are the incident's start and this moment, in seconds since 1970. What trace-audit does not tell is
    left out: this is for looking at, and must never be in a verdict's way.
    """
    found: list[Trace] = []
    if TRACE_AUDIT not in ports:
        return found
    with suppress(ErError, ValueError):
        kinds: dict[int, Summary] = {}
        for order in read_summaries(ports[TRACE_AUDIT]):
            if _settled(order.began - zero, plan, now - zero):
                kinds.setdefault(_kind(order.claims), order)
        for _, order in sorted(kinds.items()):
            trace = read_trace(ports[TRACE_AUDIT], order.trace)
            found.append(_short(trace).model_copy(update={"at": round(order.began - zero, 1)}))
    return found


def _settled(began: float, plan: Plan, now: float) -> bool:
    """Tell whether all spans of an order have had their time, in which the incident did nothing to trace-audit."""
    ended = began + SETTLED_SECONDS
    hit = [phase for phase in plan.phases if any(fault.service == TRACE_AUDIT for fault in phase.faults)]
    return ended <= now and not any(began < phase.end and phase.start < ended for phase in hit)


def _kind(claims: Sequence[str]) -> int:
    """Return in which place an order is shown: lost, brought by a broken trace, or right."""
    return 0 if "lost" in claims else 2 if "linked" in claims else 1


def _short(trace: Trace) -> Trace:
    spans = [span.model_copy(update={"says": _clipped(span.says)}) for span in trace.spans[:MOST_SPANS]]
    return trace.model_copy(update={"spans": spans, "left_out": len(trace.spans) - len(spans)})


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _says(attributes: Mapping[str, str]) -> str:
    # OpenTelemetry's conventions, which libraries keep to, have dots in names; what one has set oneself comes first.
    ordered = sorted(attributes.items(), key=lambda attribute: "." in attribute[0])
    return " ".join(f"{key}={value}" for key, value in ordered)


def _nested(spans: Sequence[SentSpan]) -> list[tuple[int, SentSpan]]:
    """Return spans with their depth, each below its parent, in order of time; whose parent is not there is on top."""
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
    # What a patient has sent may go round in a circle, and hang on nothing.
    return found + [(0, span) for circle in below.values() for span in circle]
