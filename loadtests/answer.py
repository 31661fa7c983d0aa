"""A request, and how it ended."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

LONGEST_NUMBER = 9
"""Digits; a wait that takes more is none."""


@dataclass(frozen=True)
class Request:
    """What is asked of a target: of the one that is named, or else of the next."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class Answer:
    """An answer, `at` seconds of the monotonic clock; `status` is 0 when there was none in time.

    `latency` is in seconds from the intended time; `headers` have names in lower case; `genuine` tells that it is a
    success which carries its receipt, or needs none.
    """

    status: int
    at: float
    latency: float
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    genuine: bool = False

    @property
    def succeeded(self) -> bool:
        """Tell whether the status is one of success."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @cached_property
    def body(self) -> dict[str, Any]:
        """Return the JSON object of the body, empty when it holds none."""
        try:
            body = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}

    @property
    def retry_after(self) -> int | None:
        """Return the seconds that the answer says to wait, or None when it says no whole number of them."""
        told = self.headers.get("retry-after", "")
        return int(told) if told.isascii() and told.isdecimal() and len(told) <= LONGEST_NUMBER else None
