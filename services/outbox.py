"""Outbox: takes charges, and makes them one at a time once payments is healthy."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated

import httpx2
from fastapi import FastAPI
from pydantic import BaseModel, Field

from kit.background import running
from kit.service import StockService

log = logging.getLogger("outbox")

TRY_SECONDS = 1.0
"""How long a charge may take."""

PAUSE_SECONDS = 4.0
"""The pause after a failed charge, because nobody waits for the outbox."""

_waiting: deque["PendingCharge"] = deque()


class PendingCharge(BaseModel):
    """Describe a charge to be made, with the idempotency key of earlier attempts."""

    order: Annotated[str, Field(min_length=1, max_length=64)]
    amount: Annotated[int, Field(ge=1, le=1_000_000)]
    key: Annotated[str, Field(min_length=1, max_length=64)]


async def make_charges() -> None:
    """Make pending charges, oldest first.

    Pause for PAUSE_SECONDS after a failure.
    """
    limits = httpx2.Limits(max_connections=1)
    url = os.environ.get("PAYMENTS_URL", "http://payments:8000")
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=TRY_SECONDS, trust_env=False) as payments:
        while True:
            if _waiting and await _charged(payments, _waiting[0]):
                _waiting.popleft()
            else:
                await asyncio.sleep(PAUSE_SECONDS if _waiting else 0.05)


async def _charged(payments: httpx2.AsyncClient, entry: PendingCharge) -> bool:
    bill = {"order": entry.order, "amount": entry.amount}
    try:
        answer = await payments.post("/charges", json=bill, headers={"Idempotency-Key": entry.key})
    except httpx2.TransportError:
        return False
    if answer.is_client_error:
        # It would fail again and block all others, so it is dropped.
        log.error("payments refuses %s: %s", bill, answer.text)
    return answer.is_client_error or answer.status_code == HTTPStatus.CREATED


@asynccontextmanager
async def _working(_: FastAPI) -> AsyncIterator[None]:
    async with running(make_charges()):
        yield


service = StockService("outbox", lifespan=_working)
service.telemetry.gauge("outbox_waiting", "Charges to be made.", (), lambda: {(): len(_waiting)})


@service.app.post("/entries", status_code=202)
async def take(entry: PendingCharge) -> dict[str, str]:
    """Take a charge, with a receipt that the order is accepted."""
    _waiting.append(entry)
    service.ledger.record("entry", account="outbox")
    return {"order": entry.order, "receipt": service.receipts.issue("accepted", entry.order)}
