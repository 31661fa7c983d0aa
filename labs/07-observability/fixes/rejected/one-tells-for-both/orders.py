# Tempts: only one of the two services needs a tracing library. This one hands the header on and says nothing;
# fulfilment can say for it that the order was taken.
"""Orders: takes orders over HTTP, and puts them on a topic for those who fulfil them."""

import logging

from fastapi import Request
from kafka import KafkaProducer
from pydantic import BaseModel

from kit import KAFKA, create_app

log = logging.getLogger("orders")

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
def take(order: Order, request: Request) -> None:
    """Take an order, which is done as soon as it is on the topic."""
    headers = [("traceparent", request.headers.get("traceparent", "").encode())]
    producer.send("orders", order.model_dump_json().encode(), headers=headers).get(timeout=1)
    log.info("took order %s", order.order)
