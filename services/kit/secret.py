"""The run's secret, which opens control ports and signs receipts."""

import hmac
import os
from pathlib import Path

from kit.errors import SetupError


def read_secret() -> str:
    """Return the run's secret from ER_SECRET_FILE, by default `/run/secrets/control`.

    Raises SetupError when the file cannot be read or is empty, so that no control port is ever open to all.
    """
    path = Path(os.environ.get("ER_SECRET_FILE", "/run/secrets/control"))
    try:
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"the run's secret cannot be read: {error}") from error
    if not secret:
        raise SetupError(f"the run's secret is empty: `{path}`")
    return secret


def authorizes(header: bytes, secret: str) -> bool:
    """Verify the bearer token of an `Authorization` header in constant time."""
    return hmac.compare_digest(header, f"Bearer {secret}".encode())
