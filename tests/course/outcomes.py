"""The outcomes of a grade, from `outcomes.toml`; the fake course has a lab for each."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

OUTCOMES: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "outcomes.toml").read_text())
"""The values of each outcome, by its name."""

NUMBERS = {name: f"{number:02}" for number, name in enumerate(OUTCOMES, start=1)}
"""The number of each outcome's lab."""

Er = Callable[..., tuple[int, str]]
"""Runs `er` with these words; returns its exit code and what it printed."""

Golden = Callable[[str, tuple[int, str]], None]
"""Compares what a command printed with what is recorded under a name."""
