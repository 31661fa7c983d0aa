"""Answers under idempotency keys: who asks again under a key is told what was answered before, and nothing is done."""

from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class IdempotencyRecords(Generic[Answer]):
    """What one kind of request was answered, by its `Idempotency-Key`; without a key nothing is kept."""

    def __init__(self) -> None:
        self._by_key: dict[str, Answer] = {}

    def find(self, key: str | None) -> Answer | None:
        """Return what was answered under a key, or None when nothing was."""
        return None if key is None else self._by_key.get(key)

    def record(self, key: str | None, answer: Answer) -> Answer:
        """Keep an answer under its key, and return it."""
        if key is not None:
            self._by_key[key] = answer
        return answer
