"""Assessment: the claims that are true of an order."""

from dataclasses import dataclass
from http import HTTPStatus

from kit.traces import StockSpan
from trace_audit.trace_store import Ancestry, Order, TraceStore

CLAIMS = ("all", "connected", "linked", "lost", "visible", "alarm", "logged", "log-alarm")
"""The claims by which orders are counted.

connected: the carrier received the trace that the storefront began, and both patients have sent spans of it.
linked: parents lead from the carrier's span over `fulfilment` and `orders` to an attempt of billing, and to each
attempt if there were two.
lost: its own carrier has no parcel.
visible: lost, and a failed span names carrier and region where it was lost.
alarm: not lost, although a span of `fulfilment` in its ancestry has failed.
logged: lost, and a log line at WARNING or above names its trace.
log-alarm: not lost, although such a log line names its trace.
"""


@dataclass(frozen=True)
class OrderAssessment:
    """Hold an order's true claims, its carrier's ancestries, and whether the carrier refused it.

    A parcel that a patient loses by itself, at a wrong path or by a wrong method, was not refused.
    """

    claims: set[str]
    ancestries: list[Ancestry]
    refused: bool


def assess(store: TraceStore, order: Order, taken: StockSpan) -> OrderAssessment:
    """Judge an order.

    `taken` is the storefront's span of it.
    """
    brought = [entry for entry in order.brought if entry.carrier == taken.carrier and entry.region == taken.region]
    ancestries = [store.ancestry(entry) for entry in brought]
    services = {span.service for span in store.spans(taken.trace)}
    lost = all(entry.status != HTTPStatus.CREATED for entry in brought)
    failed = [_says_where_it_failed(ancestry, taken) for ancestry in ancestries]
    true = {
        "all": True,
        "connected": bool(brought)
        and all(entry.trace == taken.trace for entry in brought)
        and services >= {"orders", "fulfilment"},
        "linked": _linked(order, taken, brought, ancestries),
        "lost": lost,
        "visible": lost and bool(failed) and all(failed),
        "alarm": not lost
        and any(span.failed for ancestry in ancestries for span in ancestry.spans if span.service == "fulfilment"),
        "logged": lost and store.warned(taken.trace),
        "log-alarm": not lost and store.warned(taken.trace),
    }
    refused = lost and any(entry.status >= HTTPStatus.INTERNAL_SERVER_ERROR for entry in brought)
    return OrderAssessment({claim for claim, holds in true.items() if holds}, ancestries, refused)


def _says_where_it_failed(ancestry: Ancestry, taken: StockSpan) -> bool:
    wanted = {"carrier": taken.carrier, "region": taken.region}
    return any(
        span.failed and span.service == "fulfilment" and wanted.items() <= span.attributes.items()
        for span in ancestry.spans
    )


def _linked(order: Order, taken: StockSpan, brought: list[StockSpan], ancestries: list[Ancestry]) -> bool:
    attempts = {entry.span for entry in order.attempts}
    tops = [ancestry.top for ancestry in ancestries]
    return (
        bool(ancestries)
        and all(entry.trace == taken.trace for entry in brought)
        and all(top in attempts for top in tops)
        # An order that was sent twice and arrived twice has two paths; a patient may also repeat one by itself.
        and len({*tops}) == min(len(attempts), len(ancestries))
        and all(_in_order([span.service for span in ancestry.spans]) for ancestry in ancestries)
    )


def _in_order(services: list[str]) -> bool:
    """Tell whether a path, from below, is first in `fulfilment` and then in `orders`."""
    count = services.count("fulfilment")
    return 0 < count < len(services) and services == ["fulfilment"] * count + ["orders"] * (len(services) - count)
