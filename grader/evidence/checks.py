"""Checks: whether one holds or fails, or the evidence is unclear."""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from pydantic import BaseModel

from grader.course.manifest import Check, Claim, ExactCheck, Level, MeasureCheck, ShareCheck
from grader.evidence.confidence import interval
from grader.evidence.prometheus import Evidence

MOST_PARTS = 3
"""How many parts of a value a finding keeps, largest first."""


class State(StrEnum):
    """The state of a check."""

    HOLDS = "holds"
    FAILS = "fails"
    UNCLEAR = "unclear"
    MISSING = "missing"
    NOT_REACHED = "not reached"


class Reading(BaseModel):
    """The raw evidence of one run for a check in one phase.

    A phase of None is the whole run. A share has `good` and `total` events, the other kinds have `value`. None where
    Prometheus has no such series. `parts` are the values of the check's parts by their labels.
    """

    phase: str | None
    good: float | None = None
    total: float | None = None
    value: float | None = None
    parts: dict[str, float] = {}


class CheckFinding(BaseModel):
    """A check in one phase: measured value, confidence interval, state, and the largest parts of the value."""

    phase: str | None
    state: State
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    good: float | None = None
    total: float | None = None
    parts: dict[str, float] = {}


def read(claim: Check | Level, evidence: Evidence) -> list[Reading]:
    """Read the evidence for a check or a level, phase by phase."""
    phases: list[str | None] = [*claim.phase] or [None]
    readings = []
    for phase in phases:
        parts = _parts(evidence, _in_phase(claim.parts, phase)) if isinstance(claim, Claim) and claim.parts else {}
        if isinstance(claim, ShareCheck | Level):
            good, total = (evidence.value(_in_phase(query, phase)) for query in (claim.good, claim.total))
            readings.append(Reading(phase=phase, good=good, total=total, parts=parts))
        else:
            readings.append(Reading(phase=phase, value=evidence.value(_in_phase(claim.value, phase)), parts=parts))
    return readings


def read_complete(check: Check, evidence: Evidence, done: Sequence[str], *, whole: bool) -> list[Reading]:
    """Read a check in those of its phases that are done.

    A check of the whole run is read once the run is `whole`. An exact one is read before that too: its count only
    grows, so it may fail early.
    """
    if not check.phase:
        return read(check, evidence) if whole or check.kind == "exact" else []
    phases = [phase for phase in check.phase if phase in done]
    return read(check.model_copy(update={"phase": phases}), evidence) if phases else []


def _parts(evidence: Evidence, query: str) -> dict[str, float]:
    """Return the values other than 0 of a query by their labels, such as `key=email`."""
    named = {
        ", ".join(f"{name}={text}" for name, text in sorted(labels.items())): value
        for labels, value in evidence.series(query)
    }
    return {name: value for name, value in named.items() if value}


def decide(check: Check, readings: Iterable[Reading]) -> CheckFinding:
    """Decide a check in one phase, from one reading or several pooled ones.

    The counts of a share and of an exact check are added, and a measure is averaged.
    """
    pool = list(readings)
    parts: Counter[str] = Counter()
    for reading in pool:
        parts.update(reading.parts)
    return _decided(check, pool).model_copy(update={"parts": dict(parts.most_common(MOST_PARTS))})


def _decided(check: Check, pool: Sequence[Reading]) -> CheckFinding:
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


def _decide_share(check: ShareCheck, phase: str | None, pool: Sequence[Reading]) -> CheckFinding:
    counts = [(r.good, r.total) for r in pool if r.good is not None and r.total]
    if len(counts) < len(pool):
        return CheckFinding(phase=phase, state=State.MISSING)
    total = sum(t for _, t in counts)
    # A request that a phase's end cuts off may be good in this phase and part of the next one's total.
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


def overall(results: Iterable[CheckFinding]) -> State:
    """Return the state of a check over all of its phases.

    It must hold in each of them.
    """
    states = {result.state for result in results}
    for state in (State.FAILS, State.MISSING, State.UNCLEAR, State.NOT_REACHED):
        if state in states:
            return state
    return State.HOLDS


def _in_phase(query: str, phase: str | None) -> str:
    return query if phase is None else query.replace("$phase", phase)


def _place(low: float, high: float, least: float | None, most: float | None) -> State:
    """Compare an interval with the thresholds.

    An interval that contains a threshold is unclear.
    """
    if (least is not None and high < least) or (most is not None and low > most):
        return State.FAILS
    if (least is None or low >= least) and (most is None or high <= most):
        return State.HOLDS
    return State.UNCLEAR
