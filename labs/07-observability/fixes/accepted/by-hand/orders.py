# Each order has a span that is the child of billing's, and the topic carries that span's own context on. Spans leave in
# the background, so that no order waits for the collector.
"""Orders: take orders over HTTP, and put them on a topic for fulfilment."""

import logging

from fastapi import Request
from kafka import KafkaProducer
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind
from pydantic import BaseModel

from kit import KAFKA, create_app

log = logging.getLogger("orders")

# The SDK reads endpoint and interval from OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_BSP_SCHEDULE_DELAY.
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("orders")

# The client's hidden retries are off, so that a failure to send is visible.
producer = KafkaProducer(**KAFKA, acks=1, retries=0, enable_idempotence=False)

app = create_app()


class Order(BaseModel):
    """An order: its customer, its carrier and the region it goes to."""

    order: str
    email: str
    carrier: str
    region: str


@app.post("/orders", status_code=202)
def take(order: Order, request: Request) -> None:
    """Take an order; it is taken as soon as it is on the topic."""
    context = propagate.extract(request.headers)
    with tracer.start_as_current_span("take order", context, SpanKind.PRODUCER, {"order": order.order}) as span:
        carried: dict[str, str] = {}
        propagate.inject(carried)
        headers = [(name, value.encode()) for name, value in carried.items()]
        producer.send("orders", order.model_dump_json().encode(), headers=headers).get(timeout=1)
        trace_id = trace.format_trace_id(span.get_span_context().trace_id)
        log.info("took order %s", order.order, extra={"trace_id": trace_id})
