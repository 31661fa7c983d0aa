"""A lab's calibration: how far right and wrong fixes were measured from each threshold, in `calibration.toml`."""

import hashlib
import json
import math
import statistics
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.course import Lab
from grader.errors import ErError
from grader.manifest import Check, ExactCheck, ShareCheck
from grader.proof import STARTER, candidates, should_pass
from grader.results import Results

ACCEPTED_MARGIN, REJECTED_MARGIN = 2.0, 1.5
"""The least margins: the worst accepted run twice inside its threshold, the best rejected one 1.5 times outside."""

Side = Literal["min", "max"]


class Threshold(BaseModel):
    """One threshold with what was measured on both sides of it.

    Values are in the check's own unit. A margin of a share is a ratio of what is missing to 1 (of the value itself for
    a `max`), that of a measure a distance in units of its guard or of the spread between accepted runs, whichever is
    larger; an exact check has none. `starter` is the starter's median, `stopgap` its median with the lab's stopgap.
    None: no such run.
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
        """Tell whether a margin is under the least."""
        accepted, rejected = self.accepted_margin, self.rejected_margin
        return (accepted is not None and accepted < ACCEPTED_MARGIN) or (
            rejected is not None and rejected < REJECTED_MARGIN
        )


class Calibration(BaseModel):
    """All thresholds of a lab, and what they were measured on: `runs` grades on a fit host."""

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    measured: str
    machine: str
    runs: int
    holds_for: str
    threshold: list[Threshold] = []

    def stale(self, lab: Lab) -> bool:
        """Tell whether the lab has changed since in what decides its figures."""
        return self.holds_for != holds_for(lab)

    def text(self) -> str:
        """Return the calibration as TOML."""
        head = {name: getattr(self, name) for name in ("format", "measured", "machine", "runs", "holds_for")}
        blocks = [_toml(head)]
        blocks += ["[[threshold]]\n" + _toml(item.model_dump(exclude_none=True)) for item in self.threshold]
        return "# Measured by `er calibrate`; do not edit.\n" + "\n".join(blocks)


def read_calibration(lab: Lab) -> Calibration | None:
    """Return a lab's calibration, or None when it has none; raises ErError when it cannot be read."""
    path = lab.path / "calibration.toml"
    if not path.exists():
        return None
    try:
        return Calibration.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise ErError(f"`{path}` is no calibration: {error}", run=f"er calibrate {lab.number} --runs 10") from error


def plays_as(lab: Lab) -> str:
    """Return a hash of what decides how a lab's runs play and what is measured in them: incident, queries and code.

    Shared code is not in it: that is proven by `er verify`, again and again.
    """
    aside = {"says", "events", "min", "max", "guard", "great", "elite"}
    tables = (*lab.manifest.phase, *lab.manifest.check, lab.manifest.level)
    digest = _hash([table.model_dump(exclude=aside, exclude_defaults=True, mode="json") for table in tables])
    code = sorted(path for folder in candidates(lab).values() for path in folder.glob("*.py"))
    for path in (lab.path / "compose.yaml", lab.path / "locustfile.py", *code):
        digest.update(f"{path.relative_to(lab.path)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def holds_for(lab: Lab) -> str:
    """Return a hash of all that decides a lab's figures: how it plays, thresholds, stopgap, and what fixes fail."""
    limits = [check.model_dump(include={"name", "min", "max", "guard"}, mode="json") for check in lab.manifest.check]
    fixes = {name: fix.model_dump(mode="json") for name, fix in sorted(lab.manifest.fixes.items())}
    stopgap = lab.manifest.stopgap
    faults = [fault.model_dump(mode="json") for fault in stopgap.faults] if stopgap else []
    return _hash([plays_as(lab), limits, fixes, *faults]).hexdigest()[:16]


def _hash(document: object) -> "hashlib._Hash":
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode())


def thresholds(lab: Lab, results: Iterable[tuple[str, Results]], relieved: Iterable[Results] = ()) -> list[Threshold]:
    """Return every threshold of a lab with what these results, each of a candidate, hold on both sides of it.

    `relieved` are those of the starter with the lab's stopgap.
    """
    measured: dict[str, list[tuple[str, list[float]]]] = defaultdict(list)
    for candidate, result in results:
        for check, values in _measured(result):
            measured[check].append((candidate, values))
    with_stopgap: dict[str, list[list[float]]] = defaultdict(list)
    for result in relieved:
        for check, values in _measured(result):
            with_stopgap[check].append(values)
    return [
        _threshold(lab, check, side, limit, measured[check.name], with_stopgap[check.name])
        for check in lab.manifest.check
        for side, limit in _limits(check)
    ]


def _measured(results: Results) -> Iterator[tuple[str, list[float]]]:
    """Yield each check that was measured, with its values phase by phase."""
    for found in results.checks:
        if values := [finding.measured for finding in found.findings if finding.measured is not None]:
            yield found.name, values


def _limits(check: Check) -> list[tuple[Side, float]]:
    sides: tuple[tuple[Side, float | None], ...] = (("min", check.min), ("max", check.max))
    return [(side, limit) for side, limit in sides if limit is not None]


def _threshold(  # noqa: PLR0913, PLR0917 # a threshold, and all that was measured of it
    lab: Lab,
    check: Check,
    side: Side,
    limit: float,
    measured: list[tuple[str, list[float]]],
    relieved: list[list[float]],
) -> Threshold:
    worst = min if side == "min" else max
    best = max if side == "min" else min
    accepted = [(worst(values), name) for name, values in measured if should_pass(lab, name)]
    rejected = [
        (worst(values), name)
        for name, values in measured
        if check.name in lab.manifest.expectation(name).fails and _failing_side(check, values) == side
    ]
    found = Threshold(check=check.name, side=side, threshold=limit)
    found.starter = _median([worst(values) for name, values in measured if name == STARTER])
    found.stopgap = _median([worst(values) for values in relieved])
    unit = _unit(check, accepted)
    if accepted:
        found.worst_accepted, found.accepted = worst(accepted)
        found.accepted_margin = _margin(check, side, limit, found.worst_accepted, unit, inside=True)
    if rejected:
        found.best_rejected, found.rejected = best(rejected)
        found.rejected_margin = _margin(check, side, limit, found.best_rejected, unit, inside=False)
    return found


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


def _failing_side(check: Check, values: list[float]) -> Side:
    """Return the side on which these values are further out."""
    below = check.min - min(values) if check.min is not None else -math.inf
    above = max(values) - check.max if check.max is not None else -math.inf
    return "min" if below >= above else "max"


def _unit(check: Check, accepted: list[tuple[float, str]]) -> float:
    """Return the unit of a measure's margins: its guard, or the spread between an accepted fix's runs if larger."""
    by_fix: dict[str, list[float]] = defaultdict(list)
    for value, name in accepted:
        by_fix[name].append(value)
    return max([getattr(check, "guard", 0.0), *(statistics.pstdev(values) for values in by_fix.values())])


def _margin(check: Check, side: Side, limit: float, value: float, unit: float, *, inside: bool) -> float | None:  # noqa: PLR0913 # a formula's terms
    if isinstance(check, ExactCheck):
        return None
    if isinstance(check, ShareCheck):
        apart = (1 - limit, 1 - value) if side == "min" else (limit, value)
        larger, smaller = apart if inside else reversed(apart)
        return round(larger / smaller, 2) if smaller > 0 else math.inf
    distance = value - limit if (side == "min") == inside else limit - value
    return round(distance / unit, 2) if unit > 0 else math.copysign(math.inf, distance)


def _toml(table: dict[str, object]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _value(value: object) -> str:
    # JSON's strings and integers are TOML's; its infinities are not.
    return str(round(value, 4)) if isinstance(value, float) else json.dumps(value)
