"""A failed start is caused by the learner, host or engine."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from grader.base.errors import ErError, HostError, LearnerError
from grader.engine.containers import STARTUP_FAILED, Container
from grader.engine.docker import DockerError
from grader.grading import readiness
from grader.grading.readiness import bring_up

if TYPE_CHECKING:
    from grader.engine.project import Project

PATIENT = Container("1", "gateway", "patient", "running", "healthy", 0, {})
STOCK = Container("3", "quotes", "stock", "running", "healthy", 0, {})
PROMETHEUS = Container("4", "prometheus", "prometheus", "running", "", 0, {})
STORE = Container("5", "postgres", "store", "running", "healthy", 0, {})
TWIN = Container("2", "twin", "twin", "running", "healthy", 0, {})
FAILURE = DockerError("compose up", "it went wrong")


@dataclass
class Coming:
    """A fake project that has these containers at each look.

    The last look repeats.
    """

    looks: list[list[Container]]
    failure: DockerError | None = None
    limited: bool = False
    after_reload: list[list[Container]] = field(default_factory=list)
    started_again: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=lambda: {"gateway": "patient", "twin": "twin"})

    def create(self, seconds: float) -> None:
        assert seconds > 0
        if self.failure:
            raise self.failure

    def containers(self) -> list[Container]:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def patient_error(self, container: Container) -> LearnerError:
        return LearnerError(f"{container.service} {container.state}")

    def said(self, container: Container) -> str:
        return f"{container.service} said"

    def prometheus_port(self) -> int:
        if PROMETHEUS not in self.containers():
            raise ErError("Prometheus does not run")
        return 9090

    def limit_cpus(self) -> None:
        self.limited = True

    def reload_patients(self, patients: list[Container]) -> None:
        self.started_again += [patient.service for patient in patients]
        self.looks = self.after_reload or self.looks


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass only in `sleep`."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", sleep)


def come_up(
    project: Coming, monkeypatch: pytest.MonkeyPatch, twin_took: float | None = 2.0, canary: float | None = 0.9
) -> None:
    def share(*_: object) -> float | None:
        assert project.limited
        return canary

    monkeypatch.setattr(readiness, "seconds_to_healthy", lambda _: twin_took)
    monkeypatch.setattr(readiness, "canary_lately", share)
    bring_up(cast("Project", cast("Any", project)))


def test_a_system_that_is_healthy_gets_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Coming([[PATIENT, TWIN, PROMETHEUS]])
    come_up(project, monkeypatch)
    assert project.limited


@pytest.mark.parametrize("failure", [None, FAILURE])
def test_a_patient_that_stopped_is_the_learners_failure(
    failure: DockerError | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LearnerError, match="gateway exited"):
        come_up(Coming([[replace(PATIENT, state="exited"), TWIN, PROMETHEUS]], failure), monkeypatch)


EARLY = replace(PATIENT, state="exited", exit_code=STARTUP_FAILED)


def test_a_patient_that_started_before_its_store_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    coming = [[EARLY, replace(STORE, health="starting"), TWIN, PROMETHEUS]] * 3 + [[EARLY, STORE, TWIN, PROMETHEUS]]
    starting = [replace(PATIENT, health="starting"), STORE, TWIN, PROMETHEUS]
    project = Coming(coming, FAILURE, after_reload=[starting, starting, [PATIENT, STORE, TWIN, PROMETHEUS]])
    come_up(project, monkeypatch)
    assert (project.started_again, project.limited) == (["gateway"], True)


def test_a_patient_that_fails_beside_a_ready_store_is_the_learners_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Coming([[EARLY, STORE, TWIN, PROMETHEUS]], FAILURE)
    with pytest.raises(LearnerError, match="gateway exited"):
        come_up(project, monkeypatch)
    assert project.started_again == ["gateway"]


@pytest.mark.parametrize(
    "containers",
    [
        [replace(EARLY, exit_code=1), STORE, TWIN, PROMETHEUS],
        [EARLY, TWIN, PROMETHEUS],
    ],
    ids=["it cannot be imported", "it has no store"],
)
def test_a_patient_that_no_store_explains_is_not_started_again(
    containers: list[Container], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Coming([containers], FAILURE)
    with pytest.raises(LearnerError, match="gateway exited"):
        come_up(project, monkeypatch)
    assert project.started_again == []


def test_a_silent_patient_on_a_fast_host_is_the_learners_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LearnerError, match="gateway running"):
        come_up(Coming([[replace(PATIENT, health="starting"), TWIN, PROMETHEUS]], FAILURE), monkeypatch)


def test_a_slow_patient_gets_more_time_on_a_slow_host(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = [replace(PATIENT, health="starting"), TWIN, PROMETHEUS]
    project = Coming([slow] * 20 + [[PATIENT, TWIN, PROMETHEUS]], FAILURE)
    come_up(project, monkeypatch, twin_took=8.0)
    assert project.limited


@pytest.mark.parametrize("slow", [PATIENT, STOCK])
@pytest.mark.parametrize("canary", [None, 0.14])
def test_a_container_without_cpu_time_is_the_hosts_failure(
    slow: Container, canary: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [replace(one, health="starting") if one is slow else one for one in (PATIENT, STOCK, TWIN, PROMETHEUS)]
    with pytest.raises(HostError, match=f"too busy to start `{slow.service}`: "):
        come_up(Coming([waiting], FAILURE), monkeypatch, canary=canary)


def test_a_host_without_prometheus_counts_as_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HostError, match="Prometheus has no data"):
        come_up(Coming([[replace(PATIENT, health="starting"), TWIN]], FAILURE), monkeypatch)


def test_a_host_on_which_not_even_the_twin_starts_is_too_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HostError, match="too busy to start `twin`"):
        come_up(Coming([[PATIENT, replace(TWIN, health="starting")]], FAILURE), monkeypatch, None, canary=None)


def test_a_patient_that_answers_while_the_canary_is_measured_is_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Coming([[replace(PATIENT, health="starting"), TWIN, PROMETHEUS]], FAILURE)

    def limit_cpus() -> None:
        project.limited, project.looks = True, [[PATIENT, TWIN, PROMETHEUS]]

    monkeypatch.setattr(project, "limit_cpus", limit_cpus)
    come_up(project, monkeypatch)


@pytest.mark.parametrize("containers", [[], [replace(PATIENT, state="created", health=""), TWIN]])
def test_a_container_that_never_started_is_the_engines_failure(
    containers: list[Container], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DockerError, match="it went wrong"):
        come_up(Coming([containers], FAILURE), monkeypatch)


def test_an_unhealthy_service_of_ours_is_named_with_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ErError, match="twin said") as caught:
        come_up(Coming([[PATIENT, replace(TWIN, state="exited")]]), monkeypatch)
    assert not isinstance(caught.value, LearnerError)
