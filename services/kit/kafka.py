"""How a patient reaches Kafka: the settings that producers and consumers have in common."""

import os
from typing import Any

KAFKA: dict[str, Any] = {
    "bootstrap_servers": os.environ.get("KAFKA", "kafka:9092"),
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": "PLAIN",
    "sasl_plain_username": "patient",
    "sasl_plain_password": "patient",
    # Topics are the lab's; to ask for one that is not there is to be told so.
    "allow_auto_create_topics": False,
    # After a second without a connection the library would wait for half a minute.
    "reconnect_backoff_max_ms": 500,
}
