"""A run is unfit for what the host or the course did, never for what the learner's code did."""

from dataclasses import dataclass, field

import pytest

from grader.engine.project import Ports
from grader.evidence import fitness
from grader.evidence.prometheus import Evidence
from grader.incident.driver import Incident
from grader.incident.plan import Plan


@dataclass
class Told(Evidence):
    """Evidence in which the twin's, its canary's and the sent share, speed and the load's lag are what a test says."""

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


def test_a_quiet_host_with_all_of_the_load_sent_is_fit() -> None:
    assert fitness.causes(Told(), incident(), ["surge"]) == []


@pytest.mark.parametrize(
    ("evidence", "cause"),
    [
        (Told(twin=0.58), "the host was busy in `surge`: the control twin, which does nothing, answered only 58%"),
        (Told(twin=None), "no evidence of the control twin in `surge`"),
        (Told(canary=0.25), "the host was busy in `surge`: who wanted a processor, as your code does, got only 25%"),
        (Told(canary=None), "no evidence of the control twin's canary in `surge`"),
        (
            Told(speed=20_000),
            "the host is slow: 20,000 rounds of work a second, and it takes 50,000",
        ),
        (Told(speed=None), "no evidence of how fast the host was"),
        (Told(lag=0.26), "the host was busy in `surge`: the load generator was up to 0.26 s late"),
        (Told(sent=0.9), "only 90% of the intended requests of `surge` could be sent"),
        (Told(sent=None), "no evidence of the load in `surge`"),
    ],
)
def test_each_lack_is_named(evidence: Told, cause: str) -> None:
    (found,) = fitness.causes(evidence, incident(), ["surge"])
    assert found.startswith(cause)


def test_a_fault_that_was_not_acknowledged_makes_a_run_unfit() -> None:
    (found,) = fitness.causes(Told(), incident("slow on `quotes` in `fault`: no"), ["surge"])
    assert found == "a fault was not acknowledged: slow on `quotes` in `fault`: no"


@pytest.mark.parametrize(("late", "causes"), [(0.24, 0), (0.26, 1)])
def test_a_driver_that_was_late_makes_a_run_unfit(late: float, causes: int) -> None:
    driven = incident()
    driven.late["fault"] = late
    found = fitness.causes(Told(), driven, ["surge"])
    assert found == ["the host was busy in `fault`: the grader was 0.26 s late with it"][:causes]


def test_the_twin_is_judged_within_a_tenth_of_a_second() -> None:
    evidence = Told()
    fitness.twin_share(evidence, "surge")
    assert 'le="0.1"' in evidence.asked[0]
    assert 'phase="surge"' in evidence.asked[0]
