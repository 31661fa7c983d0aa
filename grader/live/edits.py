"""Saved edits: each goes live at once, without a new lab."""

import time
from pathlib import Path

from grader.base.errors import LearnerError
from grader.course.course import Lab
from grader.course.submission import stage
from grader.engine.project import Project
from grader.live.screen import Screen

TICK_SECONDS = 0.05
LOOK_SECONDS = 0.15
"""How often a restarted patient is checked; each check costs it CPU time."""

LONGEST_START_SECONDS = 20.0


class Edits:
    """Apply each saved edit of a work copy to a live project, and report how its patients start.

    `restarted` is the time at which patients last began to start or were ready, of the monotonic clock.
    """

    def __init__(self, lab: Lab, work: Path, project: Project, screen: Screen) -> None:
        self._lab = lab
        self._work = work
        self._project = project
        self._screen = screen
        self._seen = _signature(work, lab)
        self._starting: float | None = None
        self._look_again = 0.0
        self.restarted = time.monotonic()
        self.applied = 0

    def stage(self) -> None:
        """Hand the work copy to the patients' containers, raising LearnerError when it cannot be read."""
        stage(self._lab, self._work, self._project.patient)

    def mind(self) -> None:
        """Apply a saved edit, and report whether restarted patients serve."""
        self._apply()
        self._report()

    def wait_for_patients(self) -> None:
        """Return when all patients serve, and raise LearnerError when one does not start."""
        deadline = time.monotonic() + LONGEST_START_SECONDS
        while not self._project.serving(patients := self._project.patients()):
            if (fallen := [patient for patient in patients if patient.fallen]) or time.monotonic() > deadline:
                raise self._project.patient_error((fallen or patients)[0])
            time.sleep(TICK_SECONDS)
        self._project.limit_cpus()

    def _apply(self) -> None:
        signature = _signature(self._work, self._lab)
        if signature == self._seen:
            return
        self._seen = signature
        try:
            self.stage()
        except LearnerError as error:
            self._screen.trouble(f"{error.what}; the lab keeps your previous version")
            return
        self._screen.mended()
        self.applied += 1
        self._starting = self.restarted = time.monotonic()
        self._project.reload_patients()

    def _report(self) -> None:
        """Report whether a restarted patient serves, as soon as it is known."""
        if self._starting is None or time.monotonic() < self._look_again:
            return
        self._look_again = time.monotonic() + LOOK_SECONDS
        patients = self._project.patients()
        if fallen := [patient for patient in patients if patient.fallen]:
            self._starting = None
            self._screen.trouble(str(self._project.patient_error(fallen[0])))
        elif self._project.serving(patients):
            self.restarted = time.monotonic()
            self._screen.event(f"saved edit is live after {self.restarted - self._starting:.1f} s")
            self._starting = None
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
