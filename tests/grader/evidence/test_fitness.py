"""A run is unfit because of host or course, never the learner."""

from dataclasses import dataclass, field

import pytest

from grader.engine.project import Ports
from grader.evidence import fitness
from grader.evidence.prometheus import Evidence
from grader.incident.driver import Incident
from grader.incident.plan import Plan


@dataclass
class Told(Evidence):
    """Evidence with these values.

    They are the shares of twin, canary and requests sent, the speed, and the lag of the load.
    """

    twin: float | None = 1.0
    canary: float | None = 0.9
    speed: float | None = 90_000
    sent: float | None = 1.0
    lag: float | None = 0.01
    asked: list[str] = field(default_factory=list)

    def value(self, query: str) -> float | None:
        self.asked.append(query)
        if "lag" in query:
            return self.lag
        if "canary_rounds" in query:
            return self.speed
        if "canary" in query:
            return self.canary
        return self.twin if 'kind="twin"' in query else self.sent


def incident(*unacknowledged: str) -> Incident:
    return Incident(Plan(1, []), Ports({}), list(unacknowledged))


def test_a_calm_host_that_sends_all_requests_is_fit() -> None:
    assert fitness.causes(Told(), incident(), ["surge"]) == []


@pytest.mark.parametrize(
    ("evidence", "cause"),
    [
        (
            Told(twin=0.58),
            "this machine was too busy in `surge`: a service that does nothing answered only 58 % of its requests",
        ),
        (Told(twin=None), "Prometheus has no data about the control twin in `surge`"),
        (Told(canary=0.25), "this machine was too busy in `surge`: a process that asked for one CPU got 25 % of it"),
        (Told(canary=None), "Prometheus has no data about the control twin's canary in `surge`"),
        (
            Told(speed=20_000),
            "this machine is too slow: it does 20,000 rounds of the reference work per second of CPU time",
        ),
        (Told(speed=None), "Prometheus has no data about the speed of this machine"),
        (Told(lag=0.26), "this machine was too busy in `surge`: the load generator sent a request 0.26 s late"),
        (Told(sent=0.9), "the load generator sent only 90 % of the intended requests of `surge`"),
        (Told(sent=None), "Prometheus has no data about the load generator in `surge`"),
    ],
)
def test_each_cause_of_an_unfit_run_is_named(evidence: Told, cause: str) -> None:
    (found,) = fitness.causes(evidence, incident(), ["surge"])
    assert found.startswith(cause)


def test_an_unacknowledged_fault_makes_a_run_unfit() -> None:
    (found,) = fitness.causes(Told(), incident("slow on `quotes` in `fault`: no"), ["surge"])
    assert found == "a fault was not acknowledged: slow on `quotes` in `fault`: no"


@pytest.mark.parametrize(("late", "causes"), [(0.24, 0), (0.26, 1)])
def test_a_late_driver_makes_a_run_unfit(late: float, causes: int) -> None:
    driven = incident()
    driven.late["fault"] = late
    found = fitness.causes(Told(), driven, ["surge"])
    assert (
        found
        == ["this machine was too busy in `fault`: the grader began the phase, or a fault in it, 0.26 s late"][:causes]
    )


def test_the_twin_must_answer_within_100_ms() -> None:
    evidence = Told()
    fitness.twin_share(evidence, "surge")
    assert 'le="0.1"' in evidence.asked[0]
    assert 'phase="surge"' in evidence.asked[0]


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (Told(), None),
        (Told(twin=None, canary=None), None),
        (Told(canary=0.21), "a process that asked for one CPU got 21 % of it"),
        (Told(twin=0.4), "a service that does nothing answered only 40 % of its requests within 100 ms"),
    ],
    ids=["a calm host", "no data, as between plays", "a starved canary", "a slow twin"],
)
def test_a_host_that_was_busy_lately_is_told_by_its_twin(evidence: Told, why: str | None) -> None:
    assert fitness.busy_lately(evidence, 5) == why
    assert all("[5s]" in query for query in evidence.asked)
