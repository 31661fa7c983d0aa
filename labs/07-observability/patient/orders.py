"""Orders: takes orders over HTTP, and puts them on a topic for those who fulfil them."""

import logging

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
def take(order: Order) -> None:
    """Take an order, which is done as soon as it is on the topic."""
    # TODO: from here on nobody knows any more where an order has come from. Go on with its trace, over the topic too.
    producer.send("orders", order.model_dump_json().encode()).get(timeout=1)
    log.info("took an order of %s", order.email)
