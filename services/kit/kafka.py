"""Kafka: the connection settings that a patient's producers and consumers share."""

import os
from typing import Any

KAFKA: dict[str, Any] = {
    "bootstrap_servers": os.environ.get("KAFKA", "kafka:9092"),
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": "PLAIN",
    "sasl_plain_username": "patient",
    "sasl_plain_password": "patient",
    # The lab creates its topics, so that an unknown one is an error.
    "allow_auto_create_topics": False,
    # The library's own default would wait up to 30 s after one second without a connection.
    "reconnect_backoff_max_ms": 500,
}
