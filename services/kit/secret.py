"""The run's secret, which opens control ports and signs receipts."""

import hmac
import os
from pathlib import Path

from kit.errors import SetupError


def read_secret() -> str:
    """Return the run's secret from the file that ER_SECRET_FILE names, by default `/run/secrets/control`.

    Raises SetupError when the file cannot be read or is empty: no control port is ever open to all.
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
    """Tell, in constant time, whether an `Authorization` header carries the secret as a bearer token."""
    return hmac.compare_digest(header, f"Bearer {secret}".encode())
