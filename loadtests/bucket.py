"""Token bucket: the promise to a subject, and the reference that checks its admissions."""

from collections import Counter, deque
from dataclasses import dataclass, field

Where = tuple[str, ...]
"""User kind and phase."""

GENEROUS = 1.2
"""Admissions are excessive when a bucket larger and faster than the promise by this factor would refuse them."""


@dataclass(frozen=True)
class TokenBucket:
    """Promise a subject `rate` requests per second, with bursts of `burst`."""

    rate: float
    burst: float

    def larger(self, factor: float) -> "TokenBucket":
        """Return the promise made `factor` times as generous."""
        return TokenBucket(self.rate * factor, self.burst * factor)


@dataclass
class BucketLevel:
    """Track a bucket's tokens.

    It starts full.
    Times are in seconds of any monotonic clock.
    """

    promise: TokenBucket
    tokens: float = field(init=False)
    at: float | None = None

    def __post_init__(self) -> None:
        self.tokens = self.promise.burst

    def take(self, at: float) -> bool:
        """Take a token if a whole one is left, and return whether it was."""
        if self.at is not None:
            self.tokens = min(self.promise.burst, self.tokens + (at - self.at) * self.promise.rate)
        self.at = at
        # Refilling in floating point may fall short of a whole token by a rounding error.
        if self.tokens < 1 - 1e-9:
            return False
        self.tokens -= 1
        return True


@dataclass(slots=True, eq=False)
class SentRequest:
    """Note a request that a promise may cover.

    `admitted` is None until it ends.
    """

    at: float
    where: Where
    admitted: bool | None = None


class Reference:
    """Compare one subject's requests with its promise.

    `promised` counts the sent requests that the promise covers. `beyond` counts the admitted ones that a GENEROUS
    bucket, which sees only admitted requests, would refuse.
    """

    def __init__(self, promise: TokenBucket, promised: Counter[Where], beyond: Counter[Where]) -> None:
        self._exact = BucketLevel(promise)
        self._generous = BucketLevel(promise.larger(GENEROUS))
        self._promised = promised
        self._beyond = beyond
        self._sent: deque[SentRequest] = deque()

    def send(self, at: float, where: Where) -> SentRequest:
        """Note a request as it is sent."""
        self._promised[where] += self._exact.take(at)
        request = SentRequest(at, where)
        self._sent.append(request)
        return request

    def end(self, request: SentRequest, *, admitted: bool) -> None:
        """Note how a request ended.

        Requests count in the order of sending.
        """
        request.admitted = admitted
        while self._sent and self._sent[0].admitted is not None:
            first = self._sent.popleft()
            if first.admitted:
                self._beyond[first.where] += not self._generous.take(first.at)
