"""The findings of lint: place, mistake, and how to mend it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Finding:
    """One mistake in a lab.

    `line` counts from 1; 0 stands for the whole file.
    """

    path: Path
    line: int
    what: str
    mend: str

    def shown(self, root: Path) -> str:
        """Return the finding as one line, with its path inside the course."""
        path = self.path.relative_to(root) if self.path.is_relative_to(root) else self.path
        where = f"{path}:{self.line}" if self.line else str(path)
        return f"{where}: {self.what}; {self.mend}"


def line_of(text: str, wanted: str, *, after: int = 0) -> int:
    """Return the number of the first line with `wanted`, or 0.

    Lines count from 1. The search begins at line `after`.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if number >= after and wanted in line:
            return number
    return 0
