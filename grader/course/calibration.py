"""A lab's calibration: measured margins of its thresholds, in `calibration.toml`."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.base.errors import ErError
from grader.course.course import Lab
from grader.course.fixes import candidate_files, candidates
from grader.course.source import code

ACCEPTED_MARGIN, REJECTED_MARGIN = 2.0, 1.5
"""The least margins: the worst accepted run twice inside its threshold, the best rejected one 1.5 times outside."""

Side = Literal["min", "max"]


class Threshold(BaseModel):
    """One threshold, with the measures on both sides of it.

    Values are in the check's own unit. The margin of a share is a ratio of what is missing to 1, or of the share itself
    for a `max`. The margin of a measure is a distance, in units of the check's guard or of the spread between accepted
    runs, whichever is larger. An exact check has no margin. `starter` is the starter's median, and `stopgap` its median
    with the lab's stopgap. None stands for a value without runs.
    """

    model_config = ConfigDict(extra="forbid")

    check: str
    side: Side
    threshold: float
    worst_accepted: float | None = None
    accepted: str = ""
    accepted_margin: float | None = None
    best_rejected: float | None = None
    rejected: str = ""
    rejected_margin: float | None = None
    starter: float | None = None
    stopgap: float | None = None

    def holds(self, value: float) -> bool:
        """Tell whether a value is on the right side of the threshold."""
        return value >= self.threshold if self.side == "min" else value <= self.threshold

    @property
    def thin(self) -> bool:
        """Tell whether a margin is below the least one."""
        accepted, rejected = self.accepted_margin, self.rejected_margin
        return (accepted is not None and accepted < ACCEPTED_MARGIN) or (
            rejected is not None and rejected < REJECTED_MARGIN
        )


class Calibration(BaseModel):
    """All thresholds of a lab, measured in `runs` grades."""

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    measured: str
    machine: str
    runs: int
    holds_for: str
    threshold: list[Threshold] = []

    def stale(self, lab: Lab) -> bool:
        """Tell whether the figures no longer hold for the lab."""
        return self.holds_for != holds_for(lab)

    def text(self) -> str:
        """Return the calibration as TOML."""
        head = {name: getattr(self, name) for name in ("format", "measured", "machine", "runs", "holds_for")}
        blocks = [_toml(head)]
        blocks += ["[[threshold]]\n" + _toml(item.model_dump(exclude_none=True)) for item in self.threshold]
        return "# Measured by `er calibrate`; do not edit.\n" + "\n".join(blocks)


def read_calibration(lab: Lab) -> Calibration | None:
    """Return a lab's calibration, or None when it has none.

    Raises ErError when it cannot be read.
    """
    path = lab.path / "calibration.toml"
    if not path.exists():
        return None
    try:
        return Calibration.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise ErError(
            f"`{path}` is not a valid calibration: {error}", run=f"./er calibrate {lab.number} --runs 10"
        ) from error


def plays_as(lab: Lab) -> str:
    """Return a hash of a lab's incident, queries and code.

    Comments and docstrings do not count. Neither does shared code, which `er verify` proves regularly.
    """
    aside = {"says", "events", "min", "max", "guard", "great", "elite"}
    tables = (*lab.manifest.phase, *lab.manifest.check, lab.manifest.level)
    queries = [table.model_dump(exclude=aside, exclude_defaults=True, mode="json") for table in tables]
    system = {name: _code(lab.path / name) for name in ("compose.yaml", "locustfile.py")}
    fixes = {
        name: {file: code(file, text) for file, text in candidate_files(lab, name).items()} for name in candidates(lab)
    }
    return _hash([queries, system, fixes]).hexdigest()[:16]


def _code(path: Path) -> str:
    return code(path.name, path.read_text(encoding="utf-8"))


def holds_for(lab: Lab) -> str:
    """Return a hash of all that decides a lab's figures.

    This is how it plays, its thresholds, its stopgap, and the checks that fixes fail.
    """
    limits = [check.model_dump(include={"name", "min", "max", "guard"}, mode="json") for check in lab.manifest.check]
    fixes = {name: fix.model_dump(mode="json", exclude={"over"}) for name, fix in sorted(lab.manifest.fixes.items())}
    stopgap = lab.manifest.stopgap
    faults = [fault.model_dump(mode="json") for fault in stopgap.faults] if stopgap else []
    return _hash([plays_as(lab), limits, fixes, *faults]).hexdigest()[:16]


def _hash(document: object) -> "hashlib._Hash":
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode())


def _toml(table: dict[str, object]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _value(value: object) -> str:
    # JSON's strings and integers are TOML's; its infinities are not.
    return str(round(value, 4)) if isinstance(value, float) else json.dumps(value)
