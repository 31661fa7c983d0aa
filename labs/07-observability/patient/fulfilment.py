"""Fulfilment: takes orders from the topic and brings each parcel to the carrier that was chosen."""

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

# A member that is gone is missed within two seconds, so that the next one takes over.
GROUP = {
    "group_id": "fulfilment",
    "session_timeout_ms": 2000,
    "heartbeat_interval_ms": 500,
    "auto_commit_interval_ms": 500,
}

carriers = httpx2.Client(timeout=1)


def bring(record: ConsumerRecord) -> None:
    """Bring the parcel of one order."""
    order = json.loads(record.value)
    # TODO: what fails here is an e-mail address in a log, and nothing leads from it to the order or to the cause.
    try:
        url = f"http://{order['carrier']}:8000/parcels/{order['region']}/{order['order']}"
        carriers.put(url).raise_for_status()
    except httpx2.HTTPError:
        log.warning("no parcel for %s", order["email"])


def work() -> None:
    """Bring parcel after parcel."""
    for record in KafkaConsumer("orders", **KAFKA, **GROUP, auto_offset_reset="earliest"):
        bring(record)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Work in a thread, as the consumer blocks."""
    Thread(target=work, daemon=True).start()
    yield


app = create_app(lifespan=lifespan)
