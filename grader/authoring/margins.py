"""The margins between a lab's thresholds and the measures of its fixes."""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator

from grader.course.calibration import Side, Threshold
from grader.course.course import Lab
from grader.course.fixes import STARTER, should_pass
from grader.course.manifest import Check, ExactCheck, ShareCheck
from grader.grading.results import Results


def thresholds(lab: Lab, results: Iterable[tuple[str, Results]], relieved: Iterable[Results] = ()) -> list[Threshold]:
    """Return every threshold of a lab with the measures on both sides.

    Each of `results` comes with the name of its candidate. `relieved` are the results of the starter with the lab's
    stopgap.
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
    """Yield each measured check with its values, phase by phase."""
    for found in results.checks:
        if values := [finding.measured for finding in found.findings if finding.measured is not None]:
            yield found.name, values


def _limits(check: Check) -> list[tuple[Side, float]]:
    sides: tuple[tuple[Side, float | None], ...] = (("min", check.min), ("max", check.max))
    return [(side, limit) for side, limit in sides if limit is not None]


def _threshold(  # noqa: PLR0913, PLR0917 # a threshold, and all of its measures
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
    """Return the side on which these values are farther beyond the limit."""
    below = check.min - min(values) if check.min is not None else -math.inf
    above = max(values) - check.max if check.max is not None else -math.inf
    return "min" if below >= above else "max"


def _unit(check: Check, accepted: list[tuple[float, str]]) -> float:
    """Return the unit of a measure's margins.

    It is the check's guard, or the spread between the runs of an accepted fix if that is larger.
    """
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
