"""Vitals: live traffic as a learner sees it, from differences between two readings."""

import time
from collections import defaultdict
from dataclasses import dataclass

from grader.evidence.prometheus import Evidence
from grader.evidence.traffic import ENDED, LATENCIES, TWIN, Counts, count

SENT = "sum by (kind) (load_sent_total)"

WINDOW_SECONDS = 2.0
"""Vitals cover about this time."""


@dataclass(frozen=True)
class Users:
    """One user kind's vitals.

    `rate` is requests sent per second. Of the `ended` ones, `served` is the share served in time, and `p95` a latency
    in seconds.
    """

    kind: str
    rate: float
    served: float
    p95: float
    ended: float


@dataclass(frozen=True)
class Vitals:
    """Vitals of all user kinds and stock services.

    `in_flight` is by service: its work in flight, and its workers.
    """

    users: list[Users]
    in_flight: dict[str, tuple[float, float]]

    def of(self, kind: str) -> Users | None:
        """Return the vitals of one user kind.

        None while it has no traffic.
        """
        return next((users for users in self.users if users.kind == kind), None)


@dataclass(frozen=True)
class _Snapshot:
    at: float
    counts: dict[str, Counts]
    sent: dict[str, float]


class Monitor:
    """Watch the traffic of one run.

    An answer within `within` seconds counts as served.
    """

    def __init__(self, evidence: Evidence, within: float) -> None:
        self._evidence = evidence
        self._within = within
        self._past: list[_Snapshot] = []

    def look(self) -> Vitals | None:
        """Return the vitals of the last seconds.

        None on the first call.
        """
        now = self._snapshot()
        self._past.append(now)
        while len(self._past) > 1 and self._past[1].at <= now.at - WINDOW_SECONDS:
            self._past.pop(0)
        then = self._past[0]
        seconds = now.at - then.at
        if seconds <= 0:
            return None
        users = []
        for kind, counts in sorted(now.counts.items()):
            traffic = counts.since(then.counts.get(kind, Counts()))
            if kind == TWIN or traffic.served is None or traffic.p95 is None:
                continue
            rate = (now.sent.get(kind, 0.0) - then.sent.get(kind, 0.0)) / seconds
            users.append(Users(kind, rate, traffic.served, traffic.p95, traffic.ended))
        return Vitals(users, self._in_flight())

    def _snapshot(self) -> _Snapshot:
        at = time.monotonic()
        ended, latencies = self._evidence.series(ENDED), self._evidence.series(LATENCIES)
        sent = {labels["kind"]: value for labels, value in self._evidence.series(SENT)}
        return _Snapshot(at, count(ended, latencies, self._within), sent)

    def _in_flight(self) -> dict[str, tuple[float, float]]:
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for name in ("work_in_flight", "work_capacity"):
            for labels, value in self._evidence.series(f"sum by (service) ({name})"):
                found[labels["service"]][name] = value
        return {
            service: (values.get("work_in_flight", 0.0), values.get("work_capacity", 0.0))
            for service, values in found.items()
        }
