"""Bring a system up, and tell who is to blame when it does not come up: the learner's code, the host, or we."""

import time
from contextlib import suppress

from grader.base.errors import ErError, HostError
from grader.engine.containers import Container, seconds_to_healthy
from grader.engine.docker import DockerError
from grader.engine.project import ROLE_OF_PATIENT, Project
from grader.evidence.fitness import CANARY_SHARE, canary_lately
from grader.evidence.prometheus import Evidence

UP_SECONDS = 20.0
"""How long a system may take until all of it is healthy, on a host that is not busy."""

PATIENCE = 10
"""All else may take this many times as long as the control twin: patients import more, or wait for their store."""

LONGEST_UP_SECONDS = 90.0
LOOK_SECONDS = 0.5

LISTEN_SECONDS = 5
"""How long the control twin's canary is listened to, once patients have their limits and cannot keep the host busy."""


def bring_up(project: Project) -> None:
    """Start everything and return when all of it is healthy.

    Raises LearnerError with the traceback when the patient is what does not start, HostError when the host is too slow
    to tell, ErError for the rest.
    """
    began = time.monotonic()
    try:
        project.create(UP_SECONDS)
    except DockerError as error:
        _wait_for_the_slow(project, began)
        _blame_who_is_not_ready(project, error)
        if sum(container.ready for container in project.containers()) < len(project.roles):
            raise
    # Compose may end its wait without an error.
    _blame_who_is_not_ready(project)
    project.limit_cpus()


def _wait_for_the_slow(project: Project, began: float) -> None:
    """Give all that runs longer on a slow host: PATIENCE times as long as the control twin has taken.

    Raises HostError when the host is too busy to tell whether what does not answer ever would.
    """
    took = [seconds_to_healthy(container) for container in project.containers() if container.role == "twin"]
    needed = took[0] if took and took[0] is not None else LONGEST_UP_SECONDS
    deadline = began + min(PATIENCE * needed, LONGEST_UP_SECONDS)
    while waiting := [one for one in project.containers() if one.state == "running" and not one.ready]:
        if time.monotonic() > deadline:
            _blame_a_busy_host(project, waiting[0])
            return
        time.sleep(LOOK_SECONDS)


def _blame_a_busy_host(project: Project, container: Container) -> None:
    """Raise HostError when the host gives nobody a processor, also while no patient can be why."""
    project.limit_cpus()
    time.sleep(LISTEN_SECONDS)
    share = None
    with suppress(ErError):
        share = canary_lately(Evidence(project.prometheus_port()), LISTEN_SECONDS)
    if share is None or share < CANARY_SHARE:
        got = "there is no telling how much of one" if share is None else f"only {share:.0%} of one"
        raise HostError(
            f"the host is too busy to start `{container.service}`: who wanted a processor, as it does, got {got}",
            run="close other programs, then grade again",
        )


def _blame_who_is_not_ready(project: Project, error: DockerError | None = None) -> None:
    """Raise the error of a service that is not ready, the patient's first; do nothing when all are."""
    # What was never started is not to blame: something else has failed before.
    unready = [c for c in project.containers() if not c.ready and (c.fallen or c.state == "running")]
    for container in unready:
        if container.role == ROLE_OF_PATIENT:
            raise project.patient_error(container) from error
    for container in unready:
        what = f"`{container.service}` did not become healthy:\n{project.said(container)}"
        raise ErError(what, run="./er doctor") from error
