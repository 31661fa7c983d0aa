"""The incident second by second, for people.

A verdict never reads it.
"""

from collections import defaultdict
from contextlib import suppress
from itertools import pairwise

from pydantic import BaseModel

from grader.base.errors import ErError
from grader.course.manifest import Symptom
from grader.evidence.prometheus import Evidence
from grader.evidence.traffic import ENDED, LATENCIES, Counts, Sample, count
from grader.incident.plan import Plan

STEP_SECONDS = 1.0
LONGEST_SECONDS = 600


class PhaseBand(BaseModel):
    """A phase with its start, its end and its faults.

    Times are in seconds of the incident.
    """

    name: str
    start: float
    end: float
    faults: list[str] = []


class UsersLine(BaseModel):
    """One user kind, second by second.

    `ended` counts requests, `served` is the share served in time, and `p95` a latency in seconds. None where nothing
    ended. A latency beyond the last bucket counts as its edge.
    """

    ended: list[float]
    served: list[float | None]
    p95: list[float | None]


class Timeline(BaseModel):
    """All user kinds and stock services, second by second.

    `at` is the end of each second of the incident. The control twin is the kind `twin`; `in_flight` is the work in each
    stock service.
    """

    phases: list[PhaseBand]
    at: list[float] = []
    users: dict[str, UsersLine] = {}
    in_flight: dict[str, list[float | None]] = {}


def read_timeline(evidence: Evidence, plan: Plan, zero: float, now: float, symptom: Symptom) -> Timeline:
    """Read the timeline of a run.

    `zero` and `now` are the incident's start and the present, in seconds since 1970. Data that Prometheus lacks is left
    out, because a timeline must never keep a grade from its verdict.
    """
    bands = [
        PhaseBand(
            name=phase.name,
            start=phase.start,
            end=phase.end,
            faults=[f"{fault.kind} on {fault.service} at {fault.at:g} s" for fault in phase.faults],
        )
        for phase in plan.phases
    ]
    timeline = Timeline(phases=bands)
    with suppress(ErError):
        _fill(timeline, evidence, zero, min(now, zero + plan.seconds + 3, zero + LONGEST_SECONDS), symptom)
    return timeline


def _fill(timeline: Timeline, evidence: Evidence, zero: float, end: float, symptom: Symptom) -> None:
    def by_moment(query: str) -> dict[float, list[Sample]]:
        found: dict[float, list[Sample]] = defaultdict(list)
        for labels, points in evidence.range(query, zero, end, STEP_SECONDS):
            for at, value in points:
                found[round(at - zero, 1)].append((labels, value))
        return found

    ended, latencies = by_moment(ENDED), by_moment(LATENCIES)
    # Counters begin at zero, and the first scrape that holds them comes later.
    moments = sorted({0.0, *ended})
    counts = [count(ended.get(at, []), latencies.get(at, []), symptom.within) for at in moments]
    timeline.at = moments[1:]
    for kind in sorted({labels["kind"] for rows in ended.values() for labels, _ in rows}):
        traffic = [after.get(kind, Counts()).since(before.get(kind, Counts())) for before, after in pairwise(counts)]
        timeline.users[kind] = UsersLine(
            ended=[second.ended for second in traffic],
            served=[None if second.served is None else round(second.served, 3) for second in traffic],
            p95=[second.p95 for second in traffic],
        )
    for labels, points in evidence.range("sum by (service) (work_in_flight)", zero, end, STEP_SECONDS):
        work = {round(at - zero, 1): value for at, value in points}
        timeline.in_flight[labels["service"]] = [work.get(at) for at in timeline.at]
