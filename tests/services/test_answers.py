"""Answers under idempotency keys."""

from kit.answers import Answers


def test_a_key_is_told_what_it_was_answered_and_nobody_else_is() -> None:
    answers: Answers[str] = Answers()
    assert answers.keep("one", "first") == "first"
    assert answers.keep("two", "second") == "second"
    assert answers.under("one") == "first"
    assert answers.under("two") == "second"
    assert answers.under("three") is None


def test_without_a_key_nothing_is_kept() -> None:
    answers: Answers[str] = Answers()
    assert answers.keep(None, "first") == "first"
    assert answers.under(None) is None
