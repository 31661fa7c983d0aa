"""The token bucket, as the reference that admissions are measured against."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TokenBucket:
    """What a subject is promised: `rate` requests per second, with bursts of `burst`."""

    rate: float
    burst: float

    def larger(self, factor: float) -> "TokenBucket":
        """Return the promise made `factor` times as generous."""
        return TokenBucket(self.rate * factor, self.burst * factor)


@dataclass
class Level:
    """How full one subject's bucket is; it starts full. Times are seconds of any clock that never goes back."""

    promise: TokenBucket
    tokens: float = field(init=False)
    at: float | None = None

    def __post_init__(self) -> None:
        self.tokens = self.promise.burst

    def take(self, at: float) -> bool:
        """Take one token at a time if there is one, and tell whether there was."""
        if self.at is not None:
            self.tokens = min(self.promise.burst, self.tokens + (at - self.at) * self.promise.rate)
        self.at = at
        # Refilling in floating point may fall short of a whole token by a rounding error.
        if self.tokens < 1 - 1e-9:
            return False
        self.tokens -= 1
        return True
