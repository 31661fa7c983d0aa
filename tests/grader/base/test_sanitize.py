import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.base.sanitize import LONGEST_LINE, MOST_LINES, plain, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b[1;1H\x1b[32mPASSED\x1b[0m", "PASSED"),
        ("\x1b]0;a title\x07seen", "seen"),
        ("\x1b]8;;http://x.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]never ended", ""),
        ("FAILED\rPASSED", "FAILED\nPASSED"),
        ("a\r\nb", "a\nb"),
        ("a\x00b\x0bc\x7fd\x9be", "a\ufffdb\ufffdc\ufffdd\ufffde"),
        ("user\u202egnp.exe\u2066", "user\ufffdgnp.exe\ufffd"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        ("\ttab", "    tab"),
        ("Grüße, 世界", "Grüße, 世界"),
    ],
)
def test_characters_that_change_the_display_are_not_shown(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_long_text_is_cut_with_a_note() -> None:
    assert plain("x" * 10_000) == "x" * LONGEST_LINE + "…"
    assert plain("x\n" * 1000).split("\n")[-1] == f"… and {1001 - MOST_LINES} more lines"


def test_no_quoted_line_begins_with_a_command() -> None:
    assert quoted("::error::x\n# PASSED") == "│ ::error::x\n│ # PASSED"


def test_no_quoted_line_holds_an_old_command_of_github() -> None:
    assert quoted("x ##[stop-commands]y") == "│ x ## [stop-commands]y"


@given(st.text())
def test_only_visible_characters_of_an_output_are_left(text: str) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", plain(text))
    assert all(unicodedata.category(char) not in ("Cf", "Cs", "Zl", "Zp") for char in plain(text))
    assert len(plain(text).split("\n")) <= MOST_LINES + 1
