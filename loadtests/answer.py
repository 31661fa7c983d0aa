"""Requests and their answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

LONGEST_NUMBER = 9
"""Digits of a `Retry-After` that is still taken as a number of seconds."""


@dataclass(frozen=True)
class Request:
    """Describe a request to the named target, or else to a drawn one."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class Answer:
    """Describe an answer.

    `status` is 0 when none came in time.
    `at` is in seconds of the monotonic clock, `latency` in seconds from the intended time. Names in `headers` are in
    lower case. `genuine` is true for a success that carries its receipt, or needs none.
    """

    status: int
    at: float
    latency: float
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    genuine: bool = False

    @property
    def succeeded(self) -> bool:
        """Tell whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @cached_property
    def body(self) -> dict[str, Any]:
        """Return the body's JSON object, or an empty one."""
        try:
            body = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}

    @property
    def retry_after(self) -> int | None:
        """Return the whole seconds of `Retry-After`, or None."""
        told = self.headers.get("retry-after", "")
        return int(told) if told.isascii() and told.isdecimal() and len(told) <= LONGEST_NUMBER else None
