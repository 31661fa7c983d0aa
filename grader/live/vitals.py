"""Vitals: what a learner sees of live traffic, as differences between two readings of the evidence."""

import time
from collections import defaultdict
from dataclasses import dataclass, field

from grader.evidence.histogram import quantile
from grader.evidence.prometheus import SUCCESS, Evidence

WINDOW_SECONDS = 2.0
"""Vitals say what happened in about the last two seconds."""


@dataclass(frozen=True)
class Users:
    """One user kind's vitals: requests ended per second, the share served in time, p95 latency in seconds."""

    kind: str
    rate: float
    served: float
    p95: float
    ended: float


@dataclass(frozen=True)
class Vitals:
    """Vitals of all user kinds, and of each stock service the work in flight and its workers."""

    users: list[Users]
    in_flight: dict[str, tuple[float, float]]

    def of(self, kind: str) -> Users | None:
        """Return one user kind's vitals, or None when it sends nothing now."""
        return next((users for users in self.users if users.kind == kind), None)


@dataclass
class _Snapshot:
    at: float
    ended: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    served: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    buckets: dict[str, dict[float, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))


class Monitor:
    """Watch one run; `within` is the time in seconds in which an answer counts as served."""

    def __init__(self, evidence: Evidence, within: float) -> None:
        self._evidence = evidence
        self._within = within
        self._past: list[_Snapshot] = []

    def look(self) -> Vitals | None:
        """Return the vitals of the last seconds, or None while there is nothing to compare with."""
        now = self._snapshot()
        self._past.append(now)
        while len(self._past) > 1 and self._past[1].at <= now.at - WINDOW_SECONDS:
            self._past.pop(0)
        then = self._past[0]
        seconds = now.at - then.at
        if seconds <= 0:
            return None
        users = []
        for kind in sorted(now.ended):
            ended = now.ended[kind] - then.ended[kind]
            if kind == "twin" or ended <= 0:
                continue
            buckets = {edge: count - then.buckets[kind][edge] for edge, count in now.buckets[kind].items()}
            served = (now.served[kind] - then.served[kind]) / ended
            users.append(Users(kind, ended / seconds, served, quantile(buckets, 0.95), ended))
        return Vitals(users, self._in_flight())

    def _snapshot(self) -> _Snapshot:
        shot = _Snapshot(time.monotonic())
        for labels, count in self._evidence.series("sum by (kind) (load_responses_total)"):
            shot.ended[labels["kind"]] = count
        query = "sum by (kind, status, le) (load_latency_seconds_bucket)"
        for labels, count in self._evidence.series(query):
            edge = float(labels["le"])
            shot.buckets[labels["kind"]][edge] += count
            if edge == self._within and labels["status"].startswith(SUCCESS):
                shot.served[labels["kind"]] += count
        return shot

    def _in_flight(self) -> dict[str, tuple[float, float]]:
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for name in ("work_in_flight", "work_capacity"):
            for labels, value in self._evidence.series(f"sum by (service) ({name})"):
                found[labels["service"]][name] = value
        return {
            service: (values.get("work_in_flight", 0.0), values.get("work_capacity", 0.0))
            for service, values in found.items()
        }
