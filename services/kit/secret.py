"""The run's secret, which opens control ports and signs receipts."""

import hmac
import os
from pathlib import Path


class SecretMissingError(RuntimeError):
    """There is no secret to guard the control port with."""


def read_secret() -> str:
    """Read the run's secret from the file that ER_SECRET_FILE names, by default `/run/secrets/control`.

    Raises SecretMissingError when the file cannot be read or is empty.
    """
    path = Path(os.environ.get("ER_SECRET_FILE", "/run/secrets/control"))
    try:
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretMissingError(f"cannot read the run's secret from `{path}`: {error}") from error
    if not secret:
        raise SecretMissingError(f"the run's secret in `{path}` is empty")
    return secret


def authorized(authorization: bytes, secret: str) -> bool:
    """Tell whether an `Authorization` header carries the secret as a bearer token, in constant time."""
    return hmac.compare_digest(authorization, f"Bearer {secret}".encode())
