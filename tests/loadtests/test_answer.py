"""Answers as a locustfile reads them."""

import pytest

from loadtests.answer import Answer


def answer(content: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    return Answer(429, at=0.0, latency=0.0, headers=headers or {}, content=content)


@pytest.mark.parametrize(("told", "seconds"), [("0", 0), ("1", 1), ("60", 60), ("007", 7)])
def test_a_wait_is_a_whole_number_of_seconds(told: str, seconds: int) -> None:
    assert answer(headers={"retry-after": told}).retry_after == seconds


@pytest.mark.parametrize(
    "told",
    ["", "-1", "+1", "1.5", " 1", "1s", "soon", "1, 60", "1_0", "\u0661", "\u00b2", "9" * 5000, "Mon, 23 Nov 2026"],
)
def test_a_header_without_a_whole_number_gives_no_wait(told: str) -> None:
    assert answer(headers={"retry-after": told}).retry_after is None


def test_a_missing_header_gives_no_wait() -> None:
    assert answer().retry_after is None


@pytest.mark.parametrize("content", [b"", b"[]", b"1", b"null", b"{", b"\xff", b"[" * 100_000, b'{"a": ' * 100_000])
def test_a_body_without_a_json_object_reads_as_empty(content: bytes) -> None:
    assert answer(content).body == {}


def test_a_json_object_is_returned_unchanged() -> None:
    assert answer(b'{"receipt": "x", "price": 1.5}').body == {"receipt": "x", "price": 1.5}
