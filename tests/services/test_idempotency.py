"""Answers under idempotency keys."""

from kit.idempotency import IdempotencyRecords


def test_a_key_is_told_what_it_was_answered_and_nobody_else_is() -> None:
    records: IdempotencyRecords[str] = IdempotencyRecords()
    assert records.record("one", "first") == "first"
    assert records.record("two", "second") == "second"
    assert records.find("one") == "first"
    assert records.find("two") == "second"
    assert records.find("three") is None


def test_without_a_key_nothing_is_kept() -> None:
    records: IdempotencyRecords[str] = IdempotencyRecords()
    assert records.record(None, "first") == "first"
    assert records.find(None) is None
