"""Kafka as labs run it, and the rights of a patient."""

import pytest

from grader.engine.docker import DockerError, docker

pytestmark = pytest.mark.engine

PATIENT = "from kit import KAFKA\n"
OWNER = (
    PATIENT
    + """
KAFKA |= {"sasl_plain_username": "er", "sasl_plain_password": "0123456789abcdef"}
"""
)

PRODUCE = """
from kafka import KafkaProducer
producer = KafkaProducer(**KAFKA, acks=1, retries=0, enable_idempotence=False)
producer.send("orders", b"one", headers=[("traceparent", b"00")]).get(timeout=5)
"""

CONSUME = """
from kafka import KafkaConsumer
consumer = KafkaConsumer("orders", **KAFKA, group_id="fulfilment", auto_offset_reset="earliest")
record = next(consumer)
print(record.value.decode(), record.headers)
"""

DELETE = """
from kafka import KafkaAdminClient
print(KafkaAdminClient(**KAFKA_ADMIN).delete_topics(["orders"], timeout_ms=5000))
"""

# Without this option, because the admin client does not know it.
ADMIN = "KAFKA_ADMIN = {key: value for key, value in KAFKA.items() if key != 'allow_auto_create_topics'}\n"


def run(source: str, kafka: str, images: dict[str, str]) -> str:
    """Run Python in the network of Kafka's container.

    Returns its output. Raises DockerError with the output when the program fails.
    """
    image = images["ER_PYTHON_IMAGE"]
    return docker("run", "--rm", "--network", f"container:{kafka}", image, "python", "-c", source, timeout=60)


def test_a_patient_writes_and_reads_the_topics_of_its_lab(kafka: str, images: dict[str, str]) -> None:
    run(PATIENT + PRODUCE, kafka, images)
    assert run(PATIENT + CONSUME, kafka, images).split()[0] == "one"


def test_a_patient_cannot_read_as_the_groups_of_stock_services(kafka: str, images: dict[str, str]) -> None:
    run(PATIENT + PRODUCE, kafka, images)
    with pytest.raises(DockerError, match="GroupAuthorizationFailed"):
        run(PATIENT + CONSUME.replace("fulfilment", "er-audit"), kafka, images)
    assert run(OWNER + CONSUME.replace("fulfilment", "er-audit"), kafka, images).split()[0] == "one"


def test_a_patient_cannot_delete_a_topic(kafka: str, images: dict[str, str]) -> None:
    with pytest.raises(DockerError, match="TopicAuthorizationFailed"):
        run(PATIENT + ADMIN + DELETE, kafka, images)
    run(PATIENT + PRODUCE, kafka, images)


def test_a_patient_with_a_wrong_password_is_refused(kafka: str, images: dict[str, str]) -> None:
    with pytest.raises(DockerError):
        run(PATIENT + "KAFKA['sasl_plain_password'] = 'guessed'\n" + PRODUCE, kafka, images)
