"""The course: its labs, the learner's work and the state of runs."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from grader.base.errors import ErError

if TYPE_CHECKING:
    from grader.course.manifest import Manifest

ALL_LABS = ("stack", "service")
"""Compose files that every lab extends; the others in `compose/` are stores, which only some labs use."""


@dataclass(frozen=True)
class Lab:
    """One folder under `labs/`, whose name gives number and slug."""

    path: Path

    @property
    def number(self) -> str:
        """Return the number, two digits: `03`."""
        return self.path.name[:2]

    @property
    def name(self) -> str:
        """Return number and slug: `03-rate-limiting`."""
        return self.path.name

    @cached_property
    def manifest(self) -> "Manifest":
        """Return the manifest.

        Raises ErError when it is not valid.
        """
        from grader.course.manifest import read_manifest  # noqa: PLC0415 # slow to import, and seldom needed

        return read_manifest(self.path / "lab.toml")

    @property
    def patient(self) -> Path:
        """Return the folder of the starter, which nobody edits to learn."""
        return self.path / "patient"


@dataclass(frozen=True)
class Course:
    """A checkout of the course.

    Its labs are in `labs/`, the learner's copies in `work/`, and the state of runs in `.er/`.
    """

    root: Path
    work: Path

    @classmethod
    def here(cls) -> "Course":
        """Return the course that this program belongs to.

        `ER_COURSE` names another one; `ER_WORK` moves the learner's copies.
        """
        root = Path(os.environ.get("ER_COURSE") or Path(__file__).parents[2]).resolve()
        return cls(root, Path(os.environ.get("ER_WORK") or root / "work").resolve())

    @property
    def state(self) -> Path:
        """Return the folder of runs and results."""
        return self.root / ".er"

    @property
    def runs(self) -> Path:
        """Return the folder with each run's files and lock."""
        return self.state / "runs"

    def labs(self) -> list[Lab]:
        """Return all labs by number."""
        return [Lab(path) for path in sorted(self.root.glob("labs/[0-9][0-9]-*")) if path.is_dir()]

    def lab(self, wanted: str) -> Lab:
        """Return the lab of a number (`3`, `03`), a name (`03-rate-limiting`) or a slug (`rate-limiting`).

        Raises ErError for an unknown one.
        """
        for lab in self.labs():
            if wanted in (lab.name, lab.name.partition("-")[2]) or wanted.zfill(2) == lab.number:
                return lab
        known = ", ".join(f"`{lab.number}`" for lab in self.labs())
        raise ErError(f"the course has no lab `{wanted}`; it has {known}", run="./er list")
