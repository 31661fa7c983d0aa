"""Each rule of plain English, with faulty and with good sentences."""

import pytest

from grader.authoring.lint.english import LONGEST, faults


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("The counter starts anew each second.", "`anew`"),
        ("The lock protects whoever holds it.", "`whoever`"),
        ("Whoever holds it is killed.", "`Whoever`"),
        ("`x` is no TOML.", "`is no`"),
        ("A lease that never ends is none.", "`is none`"),
        ("The file is written at one stroke.", "`at one stroke`"),
        ("Who is refused gets a 429.", "`Who`"),
        ("who is refused gets a 429", "`who`"),
        ("The host was busy: who wanted a CPU got none of it.", "`who`"),
        ("Of a submission, only the edited files are read.", "`Of`"),
        ("Students ask.", "`Students`"),
        ("A mocked service answers.", "`mocked`"),
        (" ".join(["word"] * (LONGEST + 1)), "a sentence of 31 words: `word word word word ...`"),
    ],
)
def test_a_sentence_with_one_fault_has_that_finding(sentence: str, found: str) -> None:
    assert [what for what, _ in faults(sentence)] == [found]


@pytest.mark.parametrize(
    "sentence",
    [
        "The counter starts again each second.",
        "The replica that holds the lock is killed.",
        "There is no lab 99.",
        "The lock is no longer held.",
        "`x` is not valid TOML.",
        "Who holds the lock now?",
        "The tenant who floods gets what was promised.",
        "Two of four workers answer.",
        " ".join(["word"] * LONGEST),
        "| - | " * LONGEST,
    ],
)
def test_a_plain_sentence_has_no_finding(sentence: str) -> None:
    assert list(faults(sentence)) == []
