"""Storefront: takes orders, and begins the trace of each."""

import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated

import httpx2
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

from kit.service import StockService
from kit.traces import StockSpan, StockSpanExporter, TraceContext

Word = Annotated[str, Field(min_length=1, max_length=64)]

exporter = StockSpanExporter()
billing = httpx2.AsyncClient(
    base_url=os.environ.get("BILLING_URL", "http://billing:8000"),
    timeout=3,
    limits=httpx2.Limits(max_connections=200),
    trust_env=False,
)


class OrderRequest(BaseModel):
    """Ask for an order to be taken."""

    email: Word
    carrier: Word
    region: Word


class PlacedOrder(BaseModel):
    """Name an order that was taken."""

    order: str


@asynccontextmanager
async def _open(_: FastAPI) -> AsyncIterator[None]:
    async with billing, exporter.exporting():
        yield


service = StockService("storefront", lifespan=_open)


@service.app.post("/orders", status_code=202)
async def order(wanted: OrderRequest) -> PlacedOrder:
    """Give an order its number, and send it to billing."""
    number, context, began = f"o{secrets.token_hex(8)}", TraceContext.begin(), time.time()
    try:
        bill = {"order": number, **wanted.model_dump()}
        answer = await billing.post("/bills", json=bill, headers={"traceparent": context.header})
        status = answer.status_code
    except httpx2.TransportError:
        status = HTTPStatus.GATEWAY_TIMEOUT
    service.ledger.record("order", account=wanted.region)
    exporter.export(
        StockSpan(
            service=service.name,
            order=number,
            carrier=wanted.carrier,
            region=wanted.region,
            trace=context.trace,
            parent="",
            span=context.span,
            began=began,
            ended=time.time(),
            status=status,
            phase=service.phase.of_arrival(),
        )
    )
    if status != HTTPStatus.ACCEPTED:
        raise HTTPException(HTTPStatus.BAD_GATEWAY, "the order could not be billed")
    return PlacedOrder(order=number)
