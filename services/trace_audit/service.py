"""Trace-audit: checks patients' spans and log lines against those of stock services.

It counts orders by true claims, and runs the learner's query. Its control port serves the traces.
"""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel, TypeAdapter

from kit.background import running
from kit.service import StockService
from kit.traces import ENTRIES, StockSpan
from trace_audit.assessment import CLAIMS, assess
from trace_audit.diagnosis import QueryResult, read_diagnosis, status
from trace_audit.leaks import Leaks
from trace_audit.otlp import MOST_BYTES, BadRequestError, Span, read_spans, unpacked
from trace_audit.senders import Senders
from trace_audit.trace_store import Order, TraceStore

POLL_SECONDS = 0.1
MOST_SHOWN = 500
"""More than one play has, so that its last orders do not hide the earlier ones."""
DIAGNOSIS = Path(os.environ.get("DIAGNOSIS_FILE", "/patient/diagnosis.toml"))

STOCK_SPANS = {"storefront": "place order", "billing": "hand order on"}
WARNINGS = ("warning", "error", "critical")

MOST_READING = 4
"""Request bodies of patients that are read at once; the others wait and take no memory."""

store = TraceStore()
reading = asyncio.Semaphore(MOST_READING)
senders = Senders()
orders: Counter[tuple[str, ...]] = Counter()
leaks = Leaks()
findings: dict[str, QueryResult] = {}


def settle(now: float) -> None:
    """Judge the settled orders, and run the query on their ancestries."""
    diagnosis = None
    for order in store.settled(now):
        if order.taken is None:
            continue
        diagnosis = diagnosis or read_diagnosis(DIAGNOSIS)
        verdict, phase = assess(store, order, order.taken), order.taken.phase
        for claim in verdict.claims:
            orders[claim, phase] += 1
        finding = findings.setdefault(phase, QueryResult())
        if diagnosis:
            finding.found.update(diagnosis.groups(span for ancestry in verdict.ancestries for span in ancestry.spans))
        if verdict.refused:
            finding.failed[order.taken.carrier, order.taken.region] += 1


def begin(phase: str) -> None:
    """Start all counts of a phase at zero.

    The query result of an earlier play is dropped, because that play had another culprit.
    """
    for claim in CLAIMS:
        orders[claim, phase] += 0
    findings[phase] = QueryResult()


@asynccontextmanager
async def _settling(_: FastAPI) -> AsyncIterator[None]:
    async def keep_settling() -> None:
        while True:
            settle(time.monotonic())
            await asyncio.sleep(POLL_SECONDS)

    async with running(keep_settling()):
        yield


service = StockService("trace-audit", lifespan=_settling)
service.phase.on_enter(begin)
service.telemetry.counter("audit_orders", "Orders by what is true of them.", ("claim", "phase"), lambda: orders)
service.telemetry.counter(
    "audit_leaks", "E-mail addresses in what patients have sent.", ("patient", "place", "key"), lambda: leaks.counts
)
service.telemetry.gauge(
    "audit_culprit_found",
    "Whether the query finds what has failed.",
    ("phase",),
    lambda: {(phase,): float(finding.right) for phase, finding in findings.items()},
)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async with reading:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise HTTPException(413, f"{MOST_BYTES:,} bytes are taken at once")
    return bytes(body)


async def _sender(request: Request) -> str:
    return await senders.name(request.client.host if request.client else "")


@service.app.post("/v1/traces")
async def take_spans(request: Request, content_encoding: Annotated[str, Header()] = "") -> Response:
    """Take spans as OTLP sends them: protobuf, compressed or not."""
    body = await _body(request)
    try:
        body = unpacked(body, content_encoding)
        sender = await _sender(request)
        for span in read_spans(body, sender):
            store.note_span(span)
    except BadRequestError as error:
        raise HTTPException(400, str(error)) from error
    leaks.note_spans(sender, body)
    return Response(media_type="application/x-protobuf")


@service.app.post("/logs", status_code=204)
async def take_lines(request: Request) -> None:
    """Take log lines, one JSON object per line."""
    body = await _body(request)
    leaks.note_lines(await _sender(request), body)
    for line in body.splitlines():
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict) and said.get("level") in WARNINGS and isinstance(said.get("trace_id"), str):
            store.note_warning(said["trace_id"])


class SignedSpans(BaseModel):
    """Carry a batch of spans as JSON text, with a stock service's receipt."""

    entries: str
    receipt: str


ENTRIES_OF = TypeAdapter(list[StockSpan])


@service.app.post("/entries", status_code=204)
async def take_entries(told: SignedSpans) -> None:
    """Take spans from stock services.

    Refuse those without a genuine receipt.
    """
    if not service.receipts.genuine(told.receipt, ENTRIES, told.entries):
        raise HTTPException(403, "only stock services testify")
    for entry in ENTRIES_OF.validate_json(told.entries):
        store.note_entry(entry, time.monotonic())


@service.control.get("/traces")
async def list_traces() -> list[dict[str, object]]:
    """List the latest orders, newest first."""
    shown = (_summary(order, taken) for order in reversed(store.orders.values()) if (taken := order.taken))
    return [*islice(shown, MOST_SHOWN)]


@service.control.get("/traces/{wanted}")
async def show_trace(wanted: str) -> dict[str, object]:
    """Return all spans of an order's trace, by order number or trace id prefix."""
    for order in reversed(store.orders.values()):
        taken = order.taken
        if taken and (order.number == wanted or taken.trace.startswith(wanted)):
            own = [_of_stock(entry) for entry in order.entries if entry.trace == taken.trace]
            return {**_summary(order, taken), "spans": own + [_of_patient(span) for span in store.spans(taken.trace)]}
    raise HTTPException(404, f"no order has the trace `{wanted}`, of those that are kept")


def _summary(order: Order, taken: StockSpan) -> dict[str, object]:
    claims = assess(store, order, taken).claims
    return {"order": order.number, "trace": taken.trace, "began": taken.began, "claims": sorted(claims)}


def _of_stock(entry: StockSpan) -> dict[str, object]:
    return {
        "service": entry.service,
        "name": STOCK_SPANS.get(entry.service, "take parcel"),
        "span": entry.span,
        "parent": entry.parent,
        "began": entry.began,
        "ended": entry.ended,
        "status": "ok" if 200 <= entry.status < 300 else "error",  # noqa: PLR2004 # HTTP's range of success
        "attributes": {"status": str(entry.status), "carrier": entry.carrier, "region": entry.region},
    }


def _of_patient(span: Span) -> dict[str, object]:
    return {
        "service": span.service,
        "name": span.name,
        "span": span.span,
        "parent": span.parent,
        "began": span.began,
        "ended": span.ended,
        "status": status(span),
        "attributes": span.attributes,
    }
