import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.receipts import Receipts

PARTS = st.lists(st.text(alphabet="ab:.1", max_size=4), max_size=4)


def test_a_receipt_is_sixteen_digits_of_serial_and_thirtytwo_of_code() -> None:
    serial, _, mac = Receipts("secret").issue("tenant", "XYZ").partition(".")
    assert (len(serial), len(mac)) == (16, 32)
    assert set(serial + mac) <= set("0123456789abcdef")


@given(issued=PARTS, claimed=PARTS)
def test_a_receipt_is_genuine_for_exactly_the_parts_it_was_issued_for(issued: list[str], claimed: list[str]) -> None:
    receipts = Receipts("secret")
    assert receipts.genuine(receipts.issue(*issued), *claimed) == (issued == claimed)


def test_a_receipt_is_verified_by_the_secret_alone() -> None:
    assert Receipts("secret").genuine(Receipts("secret").issue("tenant", "XYZ"), "tenant", "XYZ")


def test_a_receipt_is_genuine_once() -> None:
    receipts = Receipts("secret")
    receipt = receipts.issue("tenant", "XYZ")
    assert [receipts.genuine(receipt, "tenant", "XYZ") for _ in range(3)] == [True, False, False]


def test_a_cached_receipt_stays_authentic() -> None:
    receipts = Receipts("secret")
    receipt = receipts.issue("page", "7")
    assert all(receipts.authentic(receipt, "page", "7") for _ in range(3))
    assert not receipts.authentic(receipt, "page", "8")


def test_a_failed_verification_does_not_use_up_a_receipt() -> None:
    receipts = Receipts("secret")
    receipt = receipts.issue("tenant", "XYZ")
    assert not receipts.genuine(receipt, "other", "XYZ")
    assert receipts.genuine(receipt, "tenant", "XYZ")


def test_a_receipt_made_with_another_secret_is_not_genuine() -> None:
    assert not Receipts("secret").genuine(Receipts("guess").issue("tenant"), "tenant")


def test_a_new_serial_on_an_old_code_is_not_genuine() -> None:
    receipts = Receipts("secret")
    _, _, mac = receipts.issue("tenant").partition(".")
    assert not receipts.genuine(f"{'0' * 16}.{mac}", "tenant")


@given(st.none() | st.integers() | st.binary() | st.lists(st.text()) | st.text())
def test_a_value_that_is_not_a_receipt_is_not_genuine(sent: object) -> None:
    assert not Receipts("secret").genuine(sent, "tenant")


@pytest.mark.parametrize("damage", [str.upper, lambda receipt: receipt + "0", lambda receipt: receipt[:-1]])
def test_a_receipt_has_one_spelling(damage: object) -> None:
    receipts = Receipts("secret")
    receipt = receipts.issue("tenant")
    assert callable(damage)
    assert not receipts.genuine(damage(receipt), "tenant")
