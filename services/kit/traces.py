"""Traces: W3C trace context, and the signed spans that stock services export to trace-audit.

A patient may send any spans. Those of stock services are signed with the run's secret, so that trace-audit can check
the patient's spans against them.
"""

import asyncio
import json
import os
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpx2
from pydantic import BaseModel

from kit.background import running
from kit.receipts import Receipts
from kit.secret import read_secret

RETRY_SECONDS = 0.05
TOGETHER_SECONDS = 0.2
"""Spans of this time are sent together, because single requests would cost trace-audit more than the spans do."""

MOST_AT_ONCE = 100

TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
"""Source: W3C Trace Context, `traceparent`."""


@dataclass(frozen=True)
class TraceContext:
    """Identify a span within a trace: 32 and 16 hexadecimal digits."""

    trace: str
    span: str

    @classmethod
    def begin(cls) -> "TraceContext":
        """Begin a trace.

        Most IDs begin with a zero, so that code which forgets the padding of a hexadecimal number shows.
        """
        first = "0" if secrets.randbelow(16) else "f"
        return cls(first + secrets.token_hex(16)[1:], secrets.token_hex(8))

    def child(self) -> "TraceContext":
        """Return a new span of the same trace."""
        return TraceContext(self.trace, secrets.token_hex(8))

    @property
    def header(self) -> str:
        """Return the `traceparent` header that carries this context."""
        return f"00-{self.trace}-{self.span}-01"


def parse_traceparent(header: str | None) -> TraceContext | None:
    """Return the context of a `traceparent`, or None when it is missing or not valid."""
    match = TRACEPARENT.fullmatch(header or "")
    return TraceContext(*match.groups()) if match else None


class StockSpan(BaseModel):
    """Describe one span of a stock service for an order.

    `trace` and `parent` are the received context, empty without one. Times are in seconds since 1970.
    """

    service: str
    order: str
    carrier: str
    region: str
    trace: str
    parent: str
    span: str
    began: float
    ended: float
    status: int
    phase: str


ENTRIES = "entries"
"""The first part of the receipt for a batch of spans."""


class StockSpanExporter:
    """Export spans to trace-audit, retrying each batch until it is accepted."""

    def __init__(self) -> None:
        self._receipts = Receipts(read_secret())
        self._pending: asyncio.Queue[StockSpan] = asyncio.Queue()

    def export(self, entry: StockSpan) -> None:
        """Queue a span for export."""
        self._pending.put_nowait(entry)

    @asynccontextmanager
    async def exporting(self) -> AsyncIterator[None]:
        """Export queued spans inside the block."""
        url = os.environ.get("AUDIT_URL", "http://trace-audit:8000")
        async with (
            httpx2.AsyncClient(base_url=url, timeout=2, trust_env=False) as audit,
            running(self._deliver(audit)),
        ):
            yield

    async def _deliver(self, audit: httpx2.AsyncClient) -> None:
        while True:
            entries = [await self._pending.get()]
            await asyncio.sleep(TOGETHER_SECONDS)
            while not self._pending.empty() and len(entries) < MOST_AT_ONCE:
                entries.append(self._pending.get_nowait())
            text = json.dumps([entry.model_dump() for entry in entries])
            told = await self._delivered(audit, text)
            while not told:
                await asyncio.sleep(RETRY_SECONDS)
                told = await self._delivered(audit, text)

    async def _delivered(self, audit: httpx2.AsyncClient, text: str) -> bool:
        # A receipt counts once, so a batch that is sent again after a lost answer needs a new one.
        body = {"entries": text, "receipt": self._receipts.issue(ENTRIES, text)}
        with suppress(httpx2.TransportError):
            return (await audit.post("/entries", json=body)).is_success
        return False
