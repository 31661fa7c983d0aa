"""The outcomes of a grade, from `outcomes.toml`.

The fake course has a lab for each.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

OUTCOMES: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "outcomes.toml").read_text())
"""The values of each outcome, by its name."""

NUMBERS = {name: f"{number:02}" for number, name in enumerate(OUTCOMES, start=1)}
"""The number of each outcome's lab."""

Er = Callable[..., tuple[int, str]]
"""Runs `er` with these words and returns its exit code and output."""

Golden = Callable[[str, tuple[int, str]], None]
"""Compares the output of a command with the record of this name."""
