"""Where a service listens."""

import os
import socket

ANYWHERE = "0.0.0.0"  # noqa: S104 # inside a container, whose networks are private
APP_PORT = 8000
CONTROL_PORT = 9000


def app_port() -> int:
    """Return the port for the service's own requests; ER_PORT replaces it in tests."""
    return int(os.environ.get("ER_PORT", APP_PORT))


def control_port() -> int:
    """Return the control port; ER_CONTROL_PORT replaces it in tests."""
    return int(os.environ.get("ER_CONTROL_PORT", CONTROL_PORT))


def control_host() -> str:
    """Return this container's address on the control network; ER_CONTROL_HOST replaces it in tests.

    The `app` network is internal and has no default route, so what leaves by the default route leaves from `control`.
    Raises OSError when there is no default route.
    """
    if host := os.environ.get("ER_CONTROL_HOST"):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Connecting a datagram socket sends nothing: it only asks for the route. The address is reserved for documents.
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
