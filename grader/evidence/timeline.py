"""The incident second by second, for people to look at; a verdict never reads it."""

from contextlib import suppress
from itertools import pairwise

from pydantic import BaseModel

from grader.base.errors import ErError
from grader.course.manifest import Symptom
from grader.evidence.fitness import TWIN_SECONDS
from grader.evidence.histogram import quantile
from grader.evidence.prometheus import SUCCESS, Evidence
from grader.incident.plan import Plan

STEP_SECONDS = 1.0
LONGEST_SECONDS = 600


class PhaseBand(BaseModel):
    """A phase with its start and end, and its faults (seconds of the incident)."""

    name: str
    start: float
    end: float
    faults: list[str] = []


class UsersLine(BaseModel):
    """One user kind, a value for each second: requests ended, share served in time, p95 latency in seconds.

    None where nothing ended. Latencies beyond the last bucket are its edge.
    """

    ended: list[float]
    served: list[float | None]
    p95: list[float | None]


class Timeline(BaseModel):
    """What happened in each second; `at` is the end of each, in seconds of the incident.

    The control twin is the kind `twin`, served within TWIN_SECONDS; `in_flight` is work by stock service.
    """

    phases: list[PhaseBand]
    at: list[float] = []
    users: dict[str, UsersLine] = {}
    in_flight: dict[str, list[float | None]] = {}


def read_timeline(evidence: Evidence, plan: Plan, zero: float, now: float, symptom: Symptom) -> Timeline:
    """Read a run's timeline; `zero` and `now` are the incident's start and this moment, in seconds since the epoch.

    What Prometheus does not tell is left out: this is for looking at, and must never be in a verdict's way.
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
    def over_time(query: str) -> list[tuple[dict[str, str], dict[float, float]]]:
        rows = evidence.range(query, zero, end, STEP_SECONDS)
        return [(labels, {round(at - zero, 1): value for at, value in points}) for labels, points in rows]

    ended = {labels["kind"]: points for labels, points in over_time("sum by (kind) (load_responses_total)")}
    served: dict[str, dict[float, float]] = {}
    buckets: dict[str, dict[float, dict[float, float]]] = {}
    for labels, points in over_time("sum by (kind, status, le) (load_latency_seconds_bucket)"):
        kind, edge = labels["kind"], float(labels["le"])
        for at, count in points.items():
            by_edge = buckets.setdefault(kind, {}).setdefault(at, {})
            by_edge[edge] = by_edge.get(edge, 0.0) + count
        if labels["status"].startswith(SUCCESS) and edge == (TWIN_SECONDS if kind == "twin" else symptom.within):
            by_time = served.setdefault(kind, {})
            for at, count in points.items():
                by_time[at] = by_time.get(at, 0.0) + count
    # A run's counters begin at nothing, and the first scrape that holds them comes later.
    moments = sorted({0.0} | {at for points in ended.values() for at in points})
    timeline.at = moments[1:]
    for kind, points in sorted(ended.items()):
        line = UsersLine(ended=[], served=[], p95=[])
        for before, after in pairwise(moments):
            count = points.get(after, 0.0) - points.get(before, 0.0)
            good = served.get(kind, {}).get(after, 0.0) - served.get(kind, {}).get(before, 0.0)
            line.ended.append(count)
            line.served.append(round(min(good / count, 1.0), 3) if count > 0 else None)
            line.p95.append(_p95(buckets.get(kind, {}), before, after) if count > 0 else None)
        timeline.users[kind] = line
    for labels, points in over_time("sum by (service) (work_in_flight)"):
        timeline.in_flight[labels["service"]] = [points.get(at) for at in timeline.at]


def _p95(buckets: dict[float, dict[float, float]], before: float, after: float) -> float | None:
    first, last = buckets.get(before, {}), buckets.get(after, {})
    edge = quantile({edge: count - first.get(edge, 0.0) for edge, count in last.items()}, 0.95)
    finite = [edge for edge in last if edge != float("inf")]
    return min(edge, max(finite)) if finite else None
