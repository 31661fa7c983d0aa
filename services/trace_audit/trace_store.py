"""The trace store: orders, spans of stock services, and spans and log lines of patients.

Everything is bounded and the oldest is dropped first, so a patient that floods the store loses its own spans.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from kit.traces import StockSpan
from trace_audit.otlp import Span

SETTLED_SECONDS = 3.0
"""The age at which an order is judged, because later spans are not expected."""

MOST_ORDERS = 4_000
MOST_TRACES = 6_000
MOST_IN_A_TRACE = 2_000
MOST_SPANS = 8_000
"""With the most and longest attributes, these spans take 40 MiB."""

LENGTH_OF_TRACE = 32

MOST_CALLS = 16
"""Spans of each service that are kept for one order."""


@dataclass
class Order:
    """Collect an order's spans of stock services.

    `taken` is the storefront's span, `attempts` are billing's attempts to hand it on, `brought` those of carriers.
    """

    number: str
    taken: StockSpan | None = None
    attempts: list[StockSpan] = field(default_factory=list)
    brought: list[StockSpan] = field(default_factory=list)

    @property
    def entries(self) -> list[StockSpan]:
        """Return all spans of stock services."""
        return [*([self.taken] if self.taken else []), *self.attempts, *self.brought]


@dataclass(frozen=True)
class Ancestry:
    """Hold the patients' spans above a carrier's span, lowest first.

    `top` is the last one's parent.
    """

    spans: list[Span]
    top: str


class TraceStore:
    """Keep orders and spans, and find the ancestry of a carrier's span."""

    def __init__(self) -> None:
        self.orders: OrderedDict[str, Order] = OrderedDict()
        self._traces: OrderedDict[str, dict[str, Span]] = OrderedDict()
        self._spans = 0
        self._warned: OrderedDict[str, None] = OrderedDict()
        self._unsettled: deque[tuple[float, Order]] = deque()

    def note_entry(self, entry: StockSpan, now: float) -> None:
        """Note a span of a stock service.

        The same span twice counts once.
        """
        order = self.orders.setdefault(entry.order, Order(entry.order))
        if len(self.orders) > MOST_ORDERS:
            self.orders.popitem(last=False)
        if any(known.span == entry.span for known in order.entries):
            return
        if entry.service == "storefront":
            order.taken = entry
            self._unsettled.append((now, order))
        else:
            entries = order.attempts if entry.service == "billing" else order.brought
            if len(entries) < MOST_CALLS:
                entries.append(entry)

    def note_span(self, span: Span) -> None:
        """Note a span of a patient.

        A known span is not replaced.
        """
        spans = self._traces.setdefault(span.trace, {})
        if span.span in spans or len(spans) >= MOST_IN_A_TRACE:
            return
        spans[span.span] = span
        self._spans += 1
        while self._spans > MOST_SPANS or len(self._traces) > MOST_TRACES:
            _, forgotten = self._traces.popitem(last=False)
            self._spans -= len(forgotten)

    def note_warning(self, trace: str) -> None:
        """Note that a log line at WARNING or above has named a trace id."""
        if len(trace) != LENGTH_OF_TRACE:
            return
        self._warned[trace] = None
        if len(self._warned) > MOST_TRACES:
            self._warned.popitem(last=False)

    def settled(self, now: float) -> Iterator[Order]:
        """Return the orders that are old enough to be judged, each once."""
        while self._unsettled and self._unsettled[0][0] <= now - SETTLED_SECONDS:
            yield self._unsettled.popleft()[1]

    def warned(self, trace: str) -> bool:
        """Tell whether a log line at WARNING or above has named a trace."""
        return trace in self._warned

    def spans(self, trace: str) -> list[Span]:
        """Return the spans of a trace that patients have sent."""
        return [*self._traces.get(trace, {}).values()]

    def ancestry(self, entry: StockSpan) -> Ancestry:
        """Return the patients' spans above the context that a carrier received."""
        spans, above = self._traces.get(entry.trace, {}), entry.parent
        found: list[Span] = []
        while (span := spans.get(above)) and span not in found and len(found) < MOST_CALLS:
            found.append(span)
            above = span.parent
        return Ancestry(found, above)
