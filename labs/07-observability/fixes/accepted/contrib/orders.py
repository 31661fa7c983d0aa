# OpenTelemetry's instrumentation of ASGI gives each request a span, the child of the caller's span. It knows nothing of
# orders. The topic still needs its context by hand, and so does the status of a failed parcel.
"""Orders: take orders over HTTP, and put them on a topic for fulfilment."""

import logging

from kafka import KafkaProducer
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from pydantic import BaseModel

from kit import KAFKA, create_app

log = logging.getLogger("orders")

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))

# The client's hidden retries are off, so that a failure to send is visible.
producer = KafkaProducer(**KAFKA, acks=1, retries=0, enable_idempotence=False)

app = create_app()
app.add_middleware(
    OpenTelemetryMiddleware,
    tracer_provider=provider,
    excluded_urls="healthz,metrics",
    exclude_spans=["receive", "send"],
)


class Order(BaseModel):
    """An order: its customer, its carrier and the region it goes to."""

    order: str
    email: str
    carrier: str
    region: str


@app.post("/orders", status_code=202)
def take(order: Order) -> None:
    """Take an order; it is taken as soon as it is on the topic."""
    span = trace.get_current_span()
    span.set_attribute("order", order.order)
    carried: dict[str, str] = {}
    propagate.inject(carried)
    headers = [(name, value.encode()) for name, value in carried.items()]
    producer.send("orders", order.model_dump_json().encode(), headers=headers).get(timeout=1)
    trace_id = trace.format_trace_id(span.get_span_context().trace_id)
    log.info("took order %s", order.order, extra={"trace_id": trace_id})
