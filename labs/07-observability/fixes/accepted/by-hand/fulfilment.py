# Each delivery of an order has its own span, the child of the span that sent it. A failed one says so, and names the
# carrier and the region. The log line names the trace, and neither names a customer.
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
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from kit import KAFKA, create_app

log = logging.getLogger("fulfilment")

# The SDK reads endpoint and interval from OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_BSP_SCHEDULE_DELAY.
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("fulfilment")

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
    context = propagate.extract({name: value.decode() for name, value in record.headers})
    # Everything except the customer's address.
    attributes = {name: order[name] for name in ("order", "carrier", "region")}
    with tracer.start_as_current_span("bring parcel", context, SpanKind.CONSUMER, attributes) as span:
        carried: dict[str, str] = {}
        propagate.inject(carried)
        try:
            url = f"http://{order['carrier']}:8000/parcels/{order['region']}/{order['order']}"
            carriers.put(url, headers=carried).raise_for_status()
        except httpx2.HTTPError as error:
            span.record_exception(error)
            span.set_status(StatusCode.ERROR, "the carrier did not take the parcel")
            trace_id = trace.format_trace_id(span.get_span_context().trace_id)
            log.warning("no parcel for order %s", order["order"], extra={"trace_id": trace_id})


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
