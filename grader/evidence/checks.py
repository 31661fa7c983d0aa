"""Decide one check from readings of the evidence: it holds, it fails, or the evidence does not tell."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel

from grader.course.manifest import Check, ExactCheck, Level, MeasureCheck, ShareCheck
from grader.evidence.confidence import interval
from grader.evidence.prometheus import Evidence


class State(StrEnum):
    """What the evidence says of a check."""

    HOLDS = "holds"
    FAILS = "fails"
    UNCLEAR = "unclear"
    MISSING = "missing"
    NOT_REACHED = "not reached"


class Reading(BaseModel):
    """What one run's evidence holds for a check in one phase (None: over the whole run).

    A share has `good` and `total` (events), the other kinds have `value`; None where the evidence has no such series.
    """

    phase: str | None
    good: float | None = None
    total: float | None = None
    value: float | None = None


class CheckFinding(BaseModel):
    """A check in one phase: what was measured, the interval in which the truth lies, and what that decides."""

    phase: str | None
    state: State
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    good: float | None = None
    total: float | None = None


def read(claim: Check | Level, evidence: Evidence) -> list[Reading]:
    """Read what a check or a level asks, once for each of its phases."""
    phases: list[str | None] = [*claim.phase] or [None]
    readings = []
    for phase in phases:
        if isinstance(claim, ShareCheck | Level):
            good, total = (evidence.value(_in_phase(query, phase)) for query in (claim.good, claim.total))
            readings.append(Reading(phase=phase, good=good, total=total))
        else:
            readings.append(Reading(phase=phase, value=evidence.value(_in_phase(claim.value, phase))))
    return readings


def decide(check: Check, readings: Iterable[Reading]) -> CheckFinding:
    """Decide a check in one phase from the readings of one run or, pooled, of several runs on a fit host.

    The counts of a share and of an exact check are added up, a measure is averaged.
    """
    pool = list(readings)
    phase = pool[0].phase
    if isinstance(check, ShareCheck):
        return _decide_share(check, phase, pool)
    values = [reading.value for reading in pool if reading.value is not None]
    if len(values) < len(pool):
        return CheckFinding(phase=phase, state=State.MISSING)
    value = sum(values) if isinstance(check, ExactCheck) else sum(values) / len(values)
    guard = check.guard if isinstance(check, MeasureCheck) else 0.0
    state = _place(value - guard, value + guard, check.min, check.max)
    return CheckFinding(phase=phase, state=state, measured=value, low=value - guard, high=value + guard)


def _decide_share(check: ShareCheck, phase: str | None, pool: list[Reading]) -> CheckFinding:
    counts = [(r.good, r.total) for r in pool if r.good is not None and r.total]
    if len(counts) < len(pool):
        return CheckFinding(phase=phase, state=State.MISSING)
    total = sum(t for _, t in counts)
    # Client and ledger count a request that is cut off at a phase's end on either side of it.
    good = min(sum(g for g, _ in counts), total)
    low, high = interval(good, total)
    return CheckFinding(
        phase=phase,
        state=_place(low, high, check.min, check.max),
        measured=good / total,
        low=low,
        high=high,
        good=good,
        total=total,
    )


def overall(findings: Iterable[CheckFinding]) -> State:
    """Return what a check's findings in its phases say together: it must hold in each of them."""
    states = {finding.state for finding in findings}
    for state in (State.FAILS, State.MISSING, State.UNCLEAR, State.NOT_REACHED):
        if state in states:
            return state
    return State.HOLDS


def _in_phase(query: str, phase: str | None) -> str:
    return query if phase is None else query.replace("$phase", phase)


def _place(low: float, high: float, least: float | None, most: float | None) -> State:
    """Place an interval: between the thresholds, beyond one of them, or across."""
    if (least is not None and high < least) or (most is not None and low > most):
        return State.FAILS
    if (least is None or low >= least) and (most is None or high <= most):
        return State.HOLDS
    return State.UNCLEAR
