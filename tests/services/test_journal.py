from pathlib import Path

import pytest

from kit.journal import Journal


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOOK", str(tmp_path / "book"))
    return tmp_path / "book"


def test_entries_of_several_services_are_read_in_the_order_of_writing(path: Path) -> None:
    payments, shipping, auditor = Journal(), Journal(), Journal()
    assert not path.exists()
    assert list(auditor.unread()) == []
    payments.append("a", "charge")
    shipping.append("a", "shipment")
    payments.append("b", "charge")
    assert list(auditor.unread()) == [("a", "charge"), ("a", "shipment"), ("b", "charge")]


def test_an_entry_is_read_once(path: Path) -> None:
    del path
    journal = Journal()
    journal.append("a", "charge")
    assert list(journal.unread()) == [("a", "charge")]
    journal.append("a", "refund")
    assert list(journal.unread()) == [("a", "refund")]


def test_an_entry_that_is_being_written_is_read_later(path: Path) -> None:
    journal = Journal()
    path.write_text('["a", "cha')
    assert list(journal.unread()) == []
    path.write_text('["a", "charge"]\n')
    assert list(journal.unread()) == [("a", "charge")]


def test_an_order_with_a_line_break_stays_one_entry(path: Path) -> None:
    del path
    journal = Journal()
    journal.append('a"]\n["b', "charge")
    assert list(journal.unread()) == [('a"]\n["b', "charge")]


def test_a_journal_without_a_file_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOOK", raising=False)
    journal = Journal()
    journal.append("a", "charge")
    assert list(journal.unread()) == []
