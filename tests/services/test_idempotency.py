"""Answers under idempotency keys."""

from kit.idempotency import IdempotencyRecords


def test_a_key_finds_its_own_answer_and_no_other() -> None:
    records: IdempotencyRecords[str] = IdempotencyRecords()
    assert records.record("one", "first") == "first"
    assert records.record("two", "second") == "second"
    assert records.find("one") == "first"
    assert records.find("two") == "second"
    assert records.find("three") is None


def test_an_answer_without_a_key_is_not_recorded() -> None:
    records: IdempotencyRecords[str] = IdempotencyRecords()
    assert records.record(None, "first") == "first"
    assert records.find(None) is None
