"""The live lab: traffic, the incident, and each saved edit applied at once."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from grader.base.errors import ErError, LearnerError
from grader.base.locks import tried
from grader.course.catalog import read_catalog
from grader.course.course import Course, Lab
from grader.course.submission import work_copy
from grader.engine.containers import remove_project
from grader.engine.ownership import fresh_name, known_runs, live_lab
from grader.engine.project import Ports, Project
from grader.evidence.fitness import busy_lately
from grader.evidence.prometheus import Evidence
from grader.grading.attempt import QUIET_SECONDS
from grader.grading.readiness import bring_up
from grader.grading.slots import POLL_SECONDS, WAITING, Use, slot
from grader.incident.driver import Incident
from grader.incident.plan import Plan, fresh_seed
from grader.incident.restarts import ORCHESTRATOR, Restarts
from grader.live.edits import TICK_SECONDS, Edits
from grader.live.lamps import Lamp, Lamps, Light
from grader.live.screen import Screen
from grader.live.vitals import Monitor, Vitals

VITALS_SECONDS = 1.0

LAMPS_SECONDS = 0.5
"""How often it is checked whether another phase can be read."""

LAST_SECONDS = 3.0
"""How long a play waits for its last evidence, which is a scrape or two away."""

LATELY_SECONDS = 5
"""The host is busy or not by these latest seconds, in which no patient of ours may have started."""

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
    """Play the incident of a live lab, show vitals and lamps, and apply each saved edit."""

    def __init__(self, course: Course, lab: Lab, project: Project, screen: Screen) -> None:
        self._lab = lab
        self._project = project
        self._screen = screen
        self._edits = Edits(lab, work_copy(course, lab), project, screen)
        self._restarts = Restarts(project, None)
        self._emergency = read_catalog(course).row(lab.manifest.emergency)
        self._repeated = False
        self._earlier: list[Lamp] = []
        self._lamps_at = 0.0
        self._shown_at = 0
        self.harm: str | None = None
        self.symptom: str | None = None
        self.unfit: str | None = None

    @property
    def failing(self) -> list[str]:
        """Return the checks that failed in the last play."""
        return [lamp.name for lamp in self._earlier if lamp.light is Light.FAILS]

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
        # Counters of a lab that is joined hold the plays of an earlier session.
        self._repeated = joined
        if not joined:
            if containers:
                remove_project(self._project.name)
            self._project.prepare()
        try:
            self._edits.stage()
            if joined:
                self._project.reload_patients()
                self._edits.wait_for_patients()
            else:
                self._screen.event("starting the system ...")
                bring_up(self._project)
            self._screen.event(f"healthy after {time.monotonic() - began:.1f} s")
        except LearnerError as error:
            # Without a system there is nothing to continue.
            if not self._screen.waits or not self._project.containers():
                raise
            self._screen.trouble(str(error))
        self._edits.restarted = time.monotonic()

    def play(self, *, forever: bool) -> None:
        """Play the incident, once or again and again."""
        manifest = self._lab.manifest
        ports = self._project.ports()
        evidence = Evidence(self._project.prometheus_port())
        monitor = Monitor(evidence, manifest.symptom.within)
        number = 0
        while True:
            incident = Incident(Plan.draw(manifest, fresh_seed()), ports)
            self._restarts = Restarts(self._project, ports.control.get(ORCHESTRATOR))
            with slot(Use.of(self._lab, "live"), self._pause, self._attend):
                number += 1
                counted = evidence.from_now() if self._repeated else evidence
                lamps = Lamps(manifest, counted, incident, len(ports.control) - 1, repeated=self._repeated)
                self._screen.play(number)
                self._play_once(incident, monitor, counted, lamps)
            self._earlier, self._repeated, self.unfit = lamps.lamps(self._earlier), True, lamps.unfit
            if not forever:
                return
            # A grade that waits comes first, because this session queues behind it.
            time.sleep(2 * POLL_SECONDS)

    def _play_once(self, incident: Incident, monitor: Monitor, evidence: Evidence, lamps: Lamps) -> None:
        edited = self._edits.applied
        self._show(lamps, edited)
        incident.begin()
        while not incident.over:
            if incident.advance() and incident.phase:
                self._screen.phase(incident.phase)
            self._tick(monitor, incident, evidence)
            if incident.quiet > QUIET_SECONDS:
                self._look(lamps, edited)
        while incident.ports.control["load"].state() != "finished":
            self._tick(monitor, incident, evidence)
        deadline = time.monotonic() + LAST_SECONDS
        while not lamps.complete and time.monotonic() < deadline:
            self._look(lamps, edited)
            self._tick(monitor, incident, evidence)
        self.harm = self._harm_in(evidence)

    def _tick(self, monitor: Monitor, incident: Incident, evidence: Evidence) -> None:
        self._attend()
        for name in self._restarts.advance():
            self._screen.event(f"the orchestrator restarts `{name}`: its health check failed three times")
        if self._screen.due(VITALS_SECONDS) and (vitals := monitor.look()):
            starting = time.monotonic() < self._edits.restarted + LATELY_SECONDS
            if why := None if starting else busy_lately(evidence, LATELY_SECONDS):
                self._screen.busy(incident, why)
            else:
                harm, symptom = self._harm_in(evidence), self._symptom_in(vitals)
                self.symptom = symptom or self.symptom
                self._screen.vitals(incident, vitals, harm, symptom)
        time.sleep(TICK_SECONDS)

    def _look(self, lamps: Lamps, edited: int) -> None:
        """Show the lamps again when another phase could be read, or an edit made them old."""
        if time.monotonic() < self._lamps_at + LAMPS_SECONDS:
            return
        self._lamps_at = time.monotonic()
        if lamps.look() or self._edits.applied != self._shown_at:
            self._show(lamps, edited)

    def _show(self, lamps: Lamps, edited: int) -> None:
        """Show the lamps of a play that began after so many edits."""
        self._shown_at = self._edits.applied
        note = f"This play does not count: {lamps.unfit}" if lamps.unfit else None
        if self._edits.applied != edited:
            note = note or "Edited during this play, so the next one tells."
        self._screen.lamps(lamps.lamps(self._earlier), note)

    def _harm_in(self, evidence: Evidence) -> str | None:
        """Return what the play has done to people so far, if anything."""
        symptom = self._lab.manifest.symptom
        return symptom.says(evidence.value(symptom.harmed))

    def _symptom_in(self, vitals: Vitals) -> str | None:
        """Return the symptom in the words of the emergency room, if it shows."""
        symptom = self._lab.manifest.symptom
        users = vitals.of(symptom.users)
        if users is None or users.ended < FEWEST_ENDED or users.served >= symptom.below:
            return None
        return f"{self._emergency.problem}: {symptom.noun} served {users.served:.0%}, p95 {users.p95:.1f} s"

    def _pause(self, line: str) -> None:
        self._screen.paused(line.removeprefix(WAITING))

    def _attend(self) -> None:
        self._edits.mind()
        self._screen.attend()
