"""Traces, as stock services take part in them: W3C trace context, and what each testifies to trace-audit.

A patient may send whatever spans it likes. What a stock service has seen is signed with the run's secret, so that every
span of a patient can be held against it.
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

from kit.receipts import Receipts
from kit.secret import read_secret

RETRY_SECONDS = 0.05
TOGETHER_SECONDS = 0.2
"""Entries of this time are told together: one by one they would cost the one who hears them more than the spans do."""

MOST_AT_ONCE = 100

TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
"""Source: W3C Trace Context, `traceparent`."""


@dataclass(frozen=True)
class TraceContext:
    """Where in which trace something happens: 32 and 16 hexadecimal digits."""

    trace: str
    span: str

    @classmethod
    def begin(cls) -> "TraceContext":
        """Begin a trace."""
        return cls(secrets.token_hex(16), secrets.token_hex(8))

    def child(self) -> "TraceContext":
        """Return a new span of the same trace."""
        return TraceContext(self.trace, secrets.token_hex(8))

    @property
    def header(self) -> str:
        """Return the `traceparent` by which others join in."""
        return f"00-{self.trace}-{self.span}-01"


def parse_traceparent(header: str | None) -> TraceContext | None:
    """Return the context that a `traceparent` carries; None when there is none, or none that is valid."""
    match = TRACEPARENT.fullmatch(header or "")
    return TraceContext(*match.groups()) if match else None


class StockSpan(BaseModel):
    """What a stock service has done for an order, as a span of its own.

    `trace` and `parent` are the context that it received, empty when it received none; times are in seconds since 1970.
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
"""What the receipt for a text of entries says first."""


class StockSpanExporter:
    """Tell trace-audit of entries, each until it has heard it."""

    def __init__(self) -> None:
        self._receipts = Receipts(read_secret())
        self._pending: asyncio.Queue[StockSpan] = asyncio.Queue()

    def export(self, entry: StockSpan) -> None:
        """Have an entry told, soon."""
        self._pending.put_nowait(entry)

    @asynccontextmanager
    async def exporting(self) -> AsyncIterator[None]:
        """Tell, while inside."""
        url = os.environ.get("AUDIT_URL", "http://trace-audit:8000")
        async with httpx2.AsyncClient(base_url=url, timeout=2, trust_env=False) as audit:
            delivering = asyncio.create_task(self._deliver(audit))
            try:
                yield
            finally:
                delivering.cancel()

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
        # A receipt counts once: what is told again, as the answer was lost, needs another one.
        body = {"entries": text, "receipt": self._receipts.issue(ENTRIES, text)}
        with suppress(httpx2.TransportError):
            return (await audit.post("/entries", json=body)).is_success
        return False
