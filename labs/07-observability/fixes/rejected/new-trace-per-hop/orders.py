# Tempts: there are spans, and each of them is right. Nobody has told this one that a trace had begun already, so it
# begins another one, and so does the next service.
"""Orders: takes orders over HTTP, and puts them on a topic for those who fulfil them."""

import logging

from kafka import KafkaProducer
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind
from pydantic import BaseModel

from kit import KAFKA, create_app

log = logging.getLogger("orders")

# Where spans go to and how often is in the environment: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_BSP_SCHEDULE_DELAY.
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("orders")

# Without hidden retries: what cannot be sent is to be seen.
producer = KafkaProducer(**KAFKA, acks=1, retries=0, enable_idempotence=False)

app = create_app()


class Order(BaseModel):
    """Who orders, and how it is to be brought where."""

    order: str
    email: str
    carrier: str
    region: str


@app.post("/orders", status_code=202)
def take(order: Order) -> None:
    """Take an order, which is done as soon as it is on the topic."""
    with tracer.start_as_current_span("take order", kind=SpanKind.PRODUCER, attributes={"order": order.order}) as span:
        producer.send("orders", order.model_dump_json().encode()).get(timeout=1)
        trace_id = trace.format_trace_id(span.get_span_context().trace_id)
        log.info("took order %s", order.order, extra={"trace_id": trace_id})
