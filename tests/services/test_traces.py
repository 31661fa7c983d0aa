"""The trace of an order through stock services.

Each service continues the trace and exports a span.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Header, Response
from pydantic import BaseModel
from serving import SECRET, Stock, fresh, serving, stocked, until

from kit.receipts import Receipts
from kit.traces import ENTRIES, TraceContext, parse_traceparent

pytestmark = pytest.mark.anyio

ORDER = {"email": "a@mail.example", "carrier": "carrier-1", "region": "north"}


class Told(BaseModel):
    entries: str
    receipt: str


@dataclass
class Neighbours:
    """Stand in for `orders`, which takes all, and for trace-audit."""

    brought: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    refuses: int = 0

    def app(self) -> FastAPI:
        app, receipts = FastAPI(), Receipts(SECRET)

        @app.post("/orders", status_code=202)
        async def take(order: dict[str, str], traceparent: Annotated[str, Header()]) -> None:
            self.brought.append((traceparent, order))

        @app.post("/entries", status_code=204)
        async def listen(told: Told) -> Response:
            if self.refuses:
                self.refuses -= 1
                return Response(status_code=503)
            assert receipts.genuine(told.receipt, ENTRIES, told.entries)
            self.told += json.loads(told.entries)
            return Response(status_code=204)

        return app


@asynccontextmanager
async def beside(neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, *names: str) -> AsyncIterator[list[Stock]]:
    """Serve a chain of stock services with these neighbours."""
    async with AsyncExitStack() as stack:
        (others,) = await stack.enter_async_context(serving(neighbours.app()))
        for name in ("ORDERS_URL", "AUDIT_URL"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{others.port}")
        stocks: list[Stock] = []
        for name in reversed(names):
            if stocks:
                monkeypatch.setenv(f"{names[-len(stocks)].upper()}_URL", f"http://127.0.0.1:{stocks[0].server.port}")
            stocks.insert(0, await stack.enter_async_context(stocked(fresh(name).service)))
        yield stocks


def test_most_trace_ids_begin_with_a_zero() -> None:
    traces = [TraceContext.begin().trace for _ in range(400)]
    assert all(len(trace) == 32 for trace in traces)
    # 15 of 16 on average: the bounds are more than four standard deviations away.
    assert 350 < sum(trace.startswith("0") for trace in traces) < 396


def test_a_context_is_passed_on_by_its_header_alone() -> None:
    context = TraceContext.begin()
    assert parse_traceparent(context.header) == context
    child = context.child()
    assert child.trace == context.trace
    assert child.span != context.span


@pytest.mark.parametrize(
    "header", [None, "", "00-1-2-01", f"00-{'0' * 32}-{'1' * 16}-01", f"00-{'1' * 32}-{'0' * 16}-01", "x" * 100_000]
)
def test_an_invalid_traceparent_gives_no_context(header: str | None) -> None:
    assert parse_traceparent(header) is None


async def test_an_order_has_one_trace_from_the_storefront_to_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    neighbours = Neighbours()
    async with beside(neighbours, monkeypatch, "storefront", "billing") as (storefront, _):
        answer = await storefront.user.post("/orders", json=ORDER)
        assert answer.status_code == 202
        await until(lambda: len(neighbours.told) == 2)
    taken, handed_on = sorted(neighbours.told, key=lambda entry: entry["service"] == "billing")
    (header, order), context = neighbours.brought[0], parse_traceparent(neighbours.brought[0][0])
    assert order == {"order": answer.json()["order"], **ORDER}
    assert context == TraceContext(taken["trace"], handed_on["span"]), header
    assert (taken["parent"], handed_on["parent"]) == ("", taken["span"])
    assert (taken["status"], handed_on["status"]) == (202, 202)
    assert "mail.example" not in str(neighbours.told)


async def test_every_eighth_order_is_sent_twice_with_a_span_each(monkeypatch: pytest.MonkeyPatch) -> None:
    neighbours = Neighbours()
    async with beside(neighbours, monkeypatch, "storefront", "billing") as (storefront, _):
        numbers = [(await storefront.user.post("/orders", json=ORDER)).json()["order"] for _ in range(16)]
    brought = [order["order"] for _, order in neighbours.brought]
    assert [number for number in numbers if brought.count(number) == 2] == [numbers[7], numbers[15]]
    assert len({header for header, _ in neighbours.brought}) == 18


async def test_a_carrier_exports_a_span_for_a_refused_parcel(monkeypatch: pytest.MonkeyPatch) -> None:
    neighbours, context = Neighbours(), TraceContext.begin()
    monkeypatch.setenv("CARRIER", "carrier-1")
    async with beside(neighbours, monkeypatch, "carrier") as (carrier,):
        await carrier.inject("error", scope="/parcels/north")
        headers = {"traceparent": context.header}
        assert (await carrier.user.put("/parcels/north/o1", headers=headers)).status_code == 503
        assert (await carrier.user.put("/parcels/south/o2")).status_code == 201
        await until(lambda: len(neighbours.told) == 2)
    told = {entry["order"]: entry for entry in neighbours.told}
    assert [told["o1"][key] for key in ("status", "trace", "parent")] == [503, context.trace, context.span]
    assert [told["o2"][key] for key in ("status", "trace", "parent")] == [201, "", ""]
    assert {entry["carrier"] for entry in neighbours.told} == {"carrier-1"}


async def test_a_repeated_parcel_is_tracked_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with beside(Neighbours(), monkeypatch, "carrier") as (carrier,):
        assert (await carrier.user.get("/tracking/o1")).status_code == 404
        for _ in range(2):
            await carrier.user.put("/parcels/north/o1")
        answer = await carrier.user.get("/tracking/o1")
        assert Receipts(SECRET).genuine(answer.json()["receipt"], "parcel", "o1")
        assert {entry: n for (entry, *_), n in carrier.service.ledger.counts.items()} == {
            "parcel": 1,
            "parcel-again": 1,
        }


async def test_spans_that_trace_audit_could_not_take_are_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    neighbours = Neighbours(refuses=2)
    async with beside(neighbours, monkeypatch, "carrier") as (carrier,):
        await carrier.user.put("/parcels/north/o1")
        await until(lambda: [entry["order"] for entry in neighbours.told] == ["o1"])
