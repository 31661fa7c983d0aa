"""Labs whose manifest explains no mutant, so that a test can explain its own."""

import re
from pathlib import Path


def forget_mutants(folder: Path) -> Path:
    """Remove the `[mutants]` of a copied lab, and return its folder."""
    path = folder / "lab.toml"
    path.write_text(re.sub(r"(?ms)^\[mutants\]\n.*?\n(?=\[)", "", path.read_text()))
    return folder
