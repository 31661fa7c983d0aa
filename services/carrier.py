"""Carrier: takes parcels to their region, and answers where they are.

Ten workers of 3 ms each.
"""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.service import StockService
from kit.traces import StockSpan, StockSpanExporter, TraceContext, parse_traceparent

WORK_SECONDS = 0.003
PARCEL = re.compile(r"/parcels/([^/]{1,64})/([^/]{1,64})")

Word = Annotated[str, Path(min_length=1, max_length=64)]

exporter = StockSpanExporter()


@asynccontextmanager
async def _open(_: FastAPI) -> AsyncIterator[None]:
    async with exporter.exporting():
        yield


class SpanMiddleware:
    """Export a span for each parcel request, with its trace context (ASGI middleware).

    It is outside of the faults, so that requests which they refuse have a span as well.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        parcel = PARCEL.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if parcel is None:
            await self._app(scope, receive, send)
            return
        began, status = time.time(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            region, order = parcel.groups()
            context = parse_traceparent(Headers(scope=scope).get("traceparent")) or TraceContext("", "")
            exporter.export(
                StockSpan(
                    service=service.name,
                    order=order,
                    carrier=service.name,
                    region=region,
                    trace=context.trace,
                    parent=context.span,
                    span=context.child().span,
                    began=began,
                    ended=time.time(),
                    status=status,
                    phase=service.phase.of_arrival(),
                )
            )


service = StockService(os.environ.get("CARRIER", "carrier"), workers=10, lifespan=_open)
service.app.add_middleware(SpanMiddleware)
_parcels: set[str] = set()


@service.app.put("/parcels/{region}/{order}", status_code=201)
async def bring(region: Word, order: Word) -> dict[str, str]:
    """Take an order's parcel.

    The same order again is the same parcel.
    """
    async with service.capacity.worker():
        await asyncio.sleep(WORK_SECONDS)
    service.ledger.record("parcel-again" if order in _parcels else "parcel", account=region)
    _parcels.add(order)
    return {"order": order, "carrier": service.name}


@service.app.get("/tracking/{order}")
async def track(order: Word) -> dict[str, str]:
    """Answer with this carrier's name if it has the order's parcel, else with 404."""
    if order not in _parcels:
        raise HTTPException(404, f"nobody has brought `{order}`")
    return {"order": order, "carrier": service.name, "receipt": service.receipts.issue("parcel", order)}
