"""Each cheat says what it does and where it is known from."""

import re

import pytest
from cheating import CHEATS, PATIENTS


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_says_what_it_does_and_where_it_is_known_from(cheat: str) -> None:
    text = (PATIENTS / f"{cheat}.py").read_text()
    assert re.match(r'"""[A-Z][^\n]+\.\n\nKnown from: [^\n]+\.\n"""\n', text)
    compile(text, cheat, "exec")
