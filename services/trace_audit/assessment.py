"""What is true of one order, when its spans are held against what stock services testify."""

from dataclasses import dataclass
from http import HTTPStatus

from kit.traces import StockSpan
from trace_audit.trace_store import Ancestry, Order, TraceStore

CLAIMS = ("all", "connected", "linked", "lost", "visible", "alarm", "logged", "log-alarm")
"""What is counted of orders.

connected: the carrier received the trace that the storefront began, and both patients have sent spans of it.
linked: from what the carrier received, parents lead over `fulfilment` and `orders` to an attempt of billing, and to
each of them if there were two.
lost: its own carrier has no parcel. visible: and where it was lost, a span has failed, with carrier and region.
alarm: not lost, and a span of `fulfilment` on its way has failed all the same. logged: lost, and a line of log that
warns names its trace. log-alarm: not lost, and there is such a line all the same.
"""


@dataclass(frozen=True)
class OrderAssessment:
    """The true claims of an order, the ancestries of its carrier's spans, and whether the carrier refused it.

    A parcel that a patient loses by itself, at a wrong path or by a wrong method, was not refused.
    """

    claims: set[str]
    ancestries: list[Ancestry]
    refused: bool


def assess(store: TraceStore, order: Order, taken: StockSpan) -> OrderAssessment:
    """Judge an order; `taken` is the storefront's entry of it."""
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
        # What was sent twice and has come twice came on two paths; to bring it once more oneself is no sin.
        and len({*tops}) == min(len(attempts), len(ancestries))
        and all(_in_order([span.service for span in ancestry.spans]) for ancestry in ancestries)
    )


def _in_order(services: list[str]) -> bool:
    """Tell whether a way, from below, is first in `fulfilment` and then in `orders`."""
    count = services.count("fulfilment")
    return 0 < count < len(services) and services == ["fulfilment"] * count + ["orders"] * (len(services) - count)
