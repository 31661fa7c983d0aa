"""Readiness: bring a system up, or find out why it fails."""

import time
from contextlib import suppress

from grader.base.errors import ErError, HostError
from grader.engine.containers import STARTUP_FAILED, Container, seconds_to_healthy
from grader.engine.docker import DockerError
from grader.engine.project import ROLE_OF_PATIENT, ROLE_OF_STORE, Project
from grader.evidence.fitness import CANARY_SHARE, STARVED, UNMEASURED, canary_lately, percent
from grader.evidence.prometheus import Evidence

UP_SECONDS = 20.0
"""How long a system may take until all of it is healthy, on a host that is not busy."""

PATIENCE = 10
"""Other containers may take this many times as long as the twin: they import more, or wait for a store."""

LONGEST_UP_SECONDS = 90.0
LOOK_SECONDS = 0.5

LISTEN_SECONDS = 5
"""How long the canary is measured, once limits keep the patients from making the host busy."""


def bring_up(project: Project) -> None:
    """Start all containers and return when they are healthy.

    Raises LearnerError with the traceback when the patient does not start, HostError when the host is too busy to tell,
    and ErError otherwise.
    """
    began = time.monotonic()
    try:
        project.create(UP_SECONDS)
    except DockerError as error:
        _wait_for_the_slow(project, began)
        if early := _started_too_early(project):
            project.reload_patients(early)
            _wait_for_the_slow(project, began)
        _blame_the_unready(project, error)
        if sum(container.ready for container in project.containers()) < len(project.roles):
            raise
    # Compose may end its wait without an error.
    _blame_the_unready(project)
    project.limit_cpus()


def _wait_for_the_slow(project: Project, began: float) -> None:
    """Give running containers more time on a slow host.

    They get PATIENCE times as long as the control twin took. Raises HostError when the host is too busy to tell whether
    they would ever answer.
    """
    took = [seconds_to_healthy(container) for container in project.containers() if container.role == "twin"]
    needed = took[0] if took and took[0] is not None else LONGEST_UP_SECONDS
    deadline = began + min(PATIENCE * needed, LONGEST_UP_SECONDS)
    while waiting := [one for one in project.containers() if one.state == "running" and not one.ready]:
        if time.monotonic() > deadline:
            _blame_a_busy_host(project, waiting[0])
            return
        time.sleep(LOOK_SECONDS)


def _started_too_early(project: Project) -> list[Container]:
    """Return the patients that may have failed because a store was not ready.

    Patients start beside their stores, and on a busy host a patient may be first. None when a store is not ready now.
    """
    containers = project.containers()
    stores = [container for container in containers if container.role == ROLE_OF_STORE]
    if not stores or not all(store.ready for store in stores):
        return []
    return [one for one in containers if one.role == ROLE_OF_PATIENT and one.fallen and one.exit_code == STARTUP_FAILED]


def _blame_a_busy_host(project: Project, container: Container) -> None:
    """Raise HostError when the canary gets too little CPU.

    Limits first keep the patients from being the cause.
    """
    project.limit_cpus()
    time.sleep(LISTEN_SECONDS)
    share = None
    with suppress(ErError):
        share = canary_lately(Evidence(project.prometheus_port()), LISTEN_SECONDS)
    if share is None or share < CANARY_SHARE:
        why = UNMEASURED if share is None else STARVED.format(share=percent(share))
        raise HostError(f"this machine is too busy to start `{container.service}`: {why}")


def _blame_the_unready(project: Project, error: DockerError | None = None) -> None:
    """Raise the error of an unready service, a patient's first."""
    # A container that never started is not the cause: something before it failed.
    unready = [c for c in project.containers() if not c.ready and (c.fallen or c.state == "running")]
    for container in unready:
        if container.role == ROLE_OF_PATIENT:
            raise project.patient_error(container) from error
    for container in unready:
        what = f"`{container.service}` did not become healthy:\n{project.said(container)}"
        raise ErError(what, run="./er doctor") from error
