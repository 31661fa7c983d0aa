"""Orders: take orders over HTTP, and put them on a topic for fulfilment."""

import logging

from kafka import KafkaProducer
from pydantic import BaseModel

from kit import KAFKA, create_app

log = logging.getLogger("orders")

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
def take(order: Order) -> None:
    """Take an order; it is taken as soon as it is on the topic."""
    # TODO: from here on, no service knows where an order came from. Continue its trace, across the topic too.
    producer.send("orders", order.model_dump_json().encode()).get(timeout=1)
    log.info("took an order of %s", order.email)
