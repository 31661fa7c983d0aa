"""The live lab: traffic, the incident, and each saved edit applied at once."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from grader.base.errors import ErError, LearnerError
from grader.base.locks import tried
from grader.course.catalog import read_catalog
from grader.course.course import Course, Lab
from grader.course.submission import stage, work_copy
from grader.engine.containers import remove_project
from grader.engine.ownership import fresh_name, known_runs, live_lab
from grader.engine.project import Ports, Project
from grader.evidence.prometheus import Evidence
from grader.grading.readiness import bring_up
from grader.grading.slots import POLL_SECONDS, Use, slot
from grader.incident.driver import Incident
from grader.incident.plan import Plan, fresh_seed
from grader.incident.restarts import ORCHESTRATOR, Restarts
from grader.live.screen import Screen
from grader.live.vitals import Monitor, Vitals

TICK_SECONDS = 0.05
VITALS_SECONDS = 1.0
LOOK_SECONDS = 0.15
"""How often a restarted patient is checked; each check costs it CPU time."""

FEWEST_ENDED = 20
"""A window with fewer requests than this cannot show the symptom."""


def live_project(course: Course, lab: Lab, images: Mapping[str, str]) -> Project:
    """Return the project of a lab's live session, up or not."""
    live = live_lab(course.root, lab.number)
    up = [run.name for run in known_runs() if run.live == live]
    name = up[0] if up else fresh_name(lab.number)
    return Project(lab, name, course.runs / name, images, live)


def live_ports(course: Course, lab: Lab) -> Ports:
    """Return the ports of a live lab.

    Raises ErError when it is not live.
    """
    project = live_project(course, lab, {})
    if not project.containers():
        raise ErError(f"lab {lab.number} is not live", run=f"make lab-{lab.number}")
    return project.ports()


@contextmanager
def alone(course: Course, lab: Lab) -> Iterator[None]:
    """Hold a lab's live session.

    Raises ErError when another process holds it.
    """
    path = course.state / f"live-{lab.number}.lock"
    with tried(path) as taken:
        if not taken:
            process = path.read_text() or "?"
            raise ErError(f"lab {lab.number} is live already, in process {process}", run=f"./er stop {lab.number}")
        path.write_text(str(os.getpid()))
        yield


class Session:
    """Play the incident of a live lab, show vitals and apply each saved edit."""

    def __init__(self, course: Course, lab: Lab, project: Project, screen: Screen) -> None:
        self._course = course
        self._lab = lab
        self._project = project
        self._screen = screen
        self._work = work_copy(course, lab)
        self._seen = _signature(self._work, lab)
        self._restarted: float | None = None
        self._look_again = 0.0
        self._restarts = Restarts(project, None)
        self._emergency = read_catalog(course).row(lab.manifest.emergency)
        self.symptom: str | None = None

    def bring_up(self) -> None:
        """Start the lab, or join it with the learner's current copy.

        On a terminal, the lab continues without a patient that does not start, and waits for the next edit.
        """
        began = time.monotonic()
        containers = self._project.containers()
        # An unhealthy one may have been paused when the engine checked it; the incident heals it as it begins.
        joined = bool(containers) and all(
            container.state == "running" and container.health != "starting"
            for container in containers
            if container.role != "patient"
        )
        if not joined:
            if containers:
                remove_project(self._project.name)
            self._project.prepare()
        try:
            stage(self._lab, self._work, self._project.patient)
            if joined:
                self._project.reload_patients()
                self._wait_for_patients()
            else:
                self._screen.event("starting the system ...")
                bring_up(self._project)
            self._screen.event(f"healthy after {time.monotonic() - began:.1f} s")
        except LearnerError as error:
            if not self._screen.waits:
                raise
            self._screen.trouble(str(error))

    def play(self, *, forever: bool) -> None:
        """Play the incident, once or again and again."""
        manifest = self._lab.manifest
        ports = self._project.ports()
        monitor = Monitor(Evidence(self._project.prometheus_port()), manifest.symptom.within)
        while True:
            incident = Incident(Plan.draw(manifest, fresh_seed()), ports)
            self._restarts = Restarts(self._project, ports.control.get(ORCHESTRATOR))
            with slot(Use.of(self._lab, "live"), self._screen.paused, self._mind_edits):
                incident.begin()
                self._play_once(incident, monitor)
                while ports.control["load"].state() != "finished":
                    self._tick(monitor, incident)
            if not forever:
                return
            # A grade that waits comes first, because this session queues behind it.
            time.sleep(2 * POLL_SECONDS)

    def _play_once(self, incident: Incident, monitor: Monitor) -> None:
        while not incident.over:
            if incident.advance() and incident.phase:
                self._screen.phase(incident.phase)
            self._tick(monitor, incident)

    def _tick(self, monitor: Monitor, incident: Incident) -> None:
        self._mind_edits()
        for name in self._restarts.advance():
            self._screen.event(f"the orchestrator restarts `{name}`: its health check failed three times")
        if self._screen.due(VITALS_SECONDS) and (vitals := monitor.look()):
            symptom = self._symptom_in(vitals)
            self.symptom = symptom or self.symptom
            self._screen.vitals(incident, vitals, symptom)
        time.sleep(TICK_SECONDS)

    def _symptom_in(self, vitals: Vitals) -> str | None:
        """Return the symptom in the words of the emergency room, if it shows."""
        symptom = self._lab.manifest.symptom
        users = vitals.of(symptom.users)
        if users is None or users.ended < FEWEST_ENDED or users.served >= symptom.below:
            return None
        return f"{self._emergency.problem}: {symptom.noun} served {users.served:.0%}, p95 {users.p95:.1f} s"

    def _mind_edits(self) -> None:
        self._apply_edit()
        self._report_restart()

    def _apply_edit(self) -> None:
        signature = _signature(self._work, self._lab)
        if signature == self._seen:
            return
        self._seen = signature
        try:
            stage(self._lab, self._work, self._project.patient)
        except LearnerError as error:
            self._screen.trouble(f"{error.what}; the lab keeps your previous version")
            return
        self._restarted = time.monotonic()
        self._project.reload_patients()

    def _report_restart(self) -> None:
        """Report whether a restarted patient serves, as soon as it is known."""
        if self._restarted is None or time.monotonic() < self._look_again:
            return
        self._look_again = time.monotonic() + LOOK_SECONDS
        patients = self._project.patients()
        if fallen := [patient for patient in patients if patient.fallen]:
            self._restarted = None
            self._screen.trouble(str(self._project.patient_error(fallen[0])))
        elif self._project.serving(patients):
            self._screen.event(f"saved edit is live after {time.monotonic() - self._restarted:.1f} s")
            self._restarted = None
            self._project.limit_cpus()

    def _wait_for_patients(self) -> None:
        deadline = time.monotonic() + 20
        while not self._project.serving(patients := self._project.patients()):
            if (fallen := [patient for patient in patients if patient.fallen]) or time.monotonic() > deadline:
                raise self._project.patient_error((fallen or patients)[0])
            time.sleep(TICK_SECONDS)
        self._project.limit_cpus()


def _signature(work: Path, lab: Lab) -> list[tuple[int, int] | None]:
    """Return the times and sizes of the edited files, which a save changes."""
    signature: list[tuple[int, int] | None] = []
    for name in lab.manifest.edit:
        try:
            status = (work / name).stat()
        except OSError:
            signature.append(None)
        else:
            signature.append((status.st_mtime_ns, status.st_size))
    return signature
