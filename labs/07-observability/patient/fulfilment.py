"""Fulfilment: read orders from the topic and hand each parcel to its carrier."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

import httpx2
from fastapi import FastAPI
from kafka import KafkaConsumer
from kafka.consumer.fetcher import ConsumerRecord

from kit import KAFKA, create_app

log = logging.getLogger("fulfilment")

# The group notices a dead member within 2 s, so that the next one takes over.
GROUP = {
    "group_id": "fulfilment",
    "session_timeout_ms": 2000,
    "heartbeat_interval_ms": 500,
    "auto_commit_interval_ms": 500,
}

carriers = httpx2.Client(timeout=1)


def bring(record: ConsumerRecord) -> None:
    """Hand the parcel of one order to its carrier."""
    order = json.loads(record.value)
    # TODO: a failure leaves only an e-mail address in a log, and nothing leads from it to the order or to the cause.
    try:
        url = f"http://{order['carrier']}:8000/parcels/{order['region']}/{order['order']}"
        carriers.put(url).raise_for_status()
    except httpx2.HTTPError:
        log.warning("no parcel for %s", order["email"])


def work() -> None:
    """Hand over the parcel of each order on the topic."""
    for record in KafkaConsumer("orders", **KAFKA, **GROUP, auto_offset_reset="earliest"):
        bring(record)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Start the worker in a thread, because the consumer blocks."""
    Thread(target=work, daemon=True).start()
    yield


app = create_app(lifespan=lifespan)
