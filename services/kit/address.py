"""Addresses: the host and the ports on which a service listens."""

import os
import socket

from kit.errors import SetupError

ANYWHERE = "0.0.0.0"  # noqa: S104 # inside a container, whose networks are private


def app_port() -> int:
    """Return the port for the service's own requests.

    ER_PORT replaces it in tests.
    """
    return int(os.environ.get("ER_PORT", "8000"))


def control_port() -> int:
    """Return the control port.

    ER_CONTROL_PORT replaces it in tests.
    """
    return int(os.environ.get("ER_CONTROL_PORT", "9000"))


def control_host() -> str:
    """Return this container's address on the control network.

    ER_CONTROL_HOST replaces it in tests.
    The `app` network is internal and has no default route, so the default route leaves from `control`.
    Raises SetupError when there is no default route.
    """
    if host := os.environ.get("ER_CONTROL_HOST"):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket sends nothing and only looks the route up. 192.0.2.0/24 is for documentation.
            probe.connect(("192.0.2.1", 9))
        except OSError as error:
            raise SetupError(f"this container is on no control network: no default route ({error})") from error
        host, _ = probe.getsockname()
        return str(host)
