"""Billing: bills orders and hands them on at least once.

It sends every eighth order twice, as after a lost answer.
"""

import itertools
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated

import httpx2
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

from kit.service import StockService
from kit.traces import StockSpan, StockSpanExporter, TraceContext, parse_traceparent

DUPLICATE_EVERY = 8

Word = Annotated[str, Field(min_length=1, max_length=64)]

exporter = StockSpanExporter()
orders = httpx2.AsyncClient(
    base_url=os.environ.get("ORDERS_URL", "http://orders:8000"),
    timeout=2,
    limits=httpx2.Limits(max_connections=200),
    trust_env=False,
)


class BilledOrder(BaseModel):
    """Describe an order as billing receives it and hands it on."""

    order: Word
    email: Word
    carrier: Word
    region: Word


@asynccontextmanager
async def _open(_: FastAPI) -> AsyncIterator[None]:
    async with orders, exporter.exporting():
        yield


service = StockService("billing", lifespan=_open)
_billed = itertools.count(1)


@service.app.post("/bills", status_code=202)
async def bill(bill: BilledOrder, traceparent: Annotated[str, Header(max_length=64)]) -> None:
    """Bill an order and hand it on."""
    context = parse_traceparent(traceparent)
    if context is None:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "an order comes with its trace")
    service.ledger.record("bill", account=bill.region)
    times = 2 if next(_billed) % DUPLICATE_EVERY == 0 else 1
    statuses = [await _hand_on(bill, context) for _ in range(times)]
    if statuses[-1] != HTTPStatus.ACCEPTED:
        raise HTTPException(HTTPStatus.BAD_GATEWAY, "the order could not be handed on")


async def _hand_on(bill: BilledOrder, context: TraceContext) -> int:
    """Send an order to `orders` in a new span, and return the status."""
    attempt, began = context.child(), time.time()
    try:
        answer = await orders.post("/orders", json=bill.model_dump(), headers={"traceparent": attempt.header})
        status = answer.status_code
    except httpx2.TransportError:
        status = HTTPStatus.GATEWAY_TIMEOUT
    exporter.export(
        StockSpan(
            service=service.name,
            order=bill.order,
            carrier=bill.carrier,
            region=bill.region,
            trace=context.trace,
            parent=context.span,
            span=attempt.span,
            began=began,
            ended=time.time(),
            status=status,
            phase=service.phase.of_arrival(),
        )
    )
    return status
