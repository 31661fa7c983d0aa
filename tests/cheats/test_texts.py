"""Each cheat describes itself and names its source."""

import re

import pytest
from cheating import CHEATS, PATIENTS


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_describes_itself_and_names_its_source(cheat: str) -> None:
    text = (PATIENTS / f"{cheat}.py").read_text()
    assert re.match(r'"""[A-Z][^\n]+\.\n\nKnown from: [^\n]+\.\n"""\n', text)
    compile(text, cheat, "exec")
