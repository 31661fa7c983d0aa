"""Idempotency records: a request repeated under its key gets the first answer."""

from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class IdempotencyRecords(Generic[Answer]):
    """Keep the answers to one kind of request by `Idempotency-Key`.

    An answer without a key is not kept.
    """

    def __init__(self) -> None:
        self._by_key: dict[str, Answer] = {}

    def find(self, key: str | None) -> Answer | None:
        """Return the answer recorded under a key, or None."""
        return None if key is None else self._by_key.get(key)

    def record(self, key: str | None, answer: Answer) -> Answer:
        """Record an answer under its key, and return it."""
        if key is not None:
            self._by_key[key] = answer
        return answer
