"""Log lines are shipped in the background.

Logging never waits for the collector.
"""

import json
import logging
import socket
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from serving import serving, until

from kit.logs import JsonFormatter
from kit.shipper import MOST_WAITING, Shipper

log = logging.getLogger("shipped")


def shipping_to(port: int) -> Shipper:
    handler = Shipper(f"http://127.0.0.1:{port}/logs")
    handler.setFormatter(JsonFormatter())
    log.addHandler(handler)
    return handler


@pytest.fixture(autouse=True)
def silent_afterwards() -> Iterator[None]:
    log.setLevel(logging.INFO)
    log.propagate = False
    yield
    log.handlers.clear()


@pytest.mark.anyio
async def test_lines_arrive_as_they_are_printed_several_at_a_time() -> None:
    app, bodies = FastAPI(), list[bytes]()

    @app.post("/logs")
    async def take(request: Request) -> None:
        bodies.append(await request.body())

    async with serving(app) as (server,):
        shipping_to(server.port)
        for number in range(30):
            log.warning("loaf %d", number, extra={"trace_id": "ab"})
        await until(lambda: sum(len(body.splitlines()) for body in bodies) == 30)
    lines = [json.loads(line) for body in bodies for line in body.splitlines()]
    assert [line["message"] for line in lines] == [f"loaf {number}" for number in range(30)]
    assert {line["trace_id"] for line in lines} == {"ab"}
    assert len(bodies) < 30


def test_lines_without_a_collector_are_dropped_without_waiting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        handler = shipping_to(deaf.getsockname()[1])
        # A shipper that waited for room would wait for ever.
        for _ in range(3 * MOST_WAITING):
            log.warning("loaf")
        assert handler._lines.qsize() <= MOST_WAITING  # noqa: SLF001 # a test of bounds reads it
