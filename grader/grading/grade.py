"""A grade: attempts on clean copies of the system until the verdict is certain."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from grader.base.errors import ErError, HostError, LearnerError
from grader.course.course import Course, Lab
from grader.course.delivery import read_submission
from grader.course.manifest import FaultToDraw
from grader.course.submission import changes, stage
from grader.engine.ownership import fresh_name
from grader.engine.project import clean_project
from grader.evidence import fitness
from grader.grading.attempt import AttemptRunner
from grader.grading.judgement import Judgement
from grader.grading.preflight import preflight
from grader.grading.readiness import bring_up
from grader.grading.results import Attempt, Results, Verdict
from grader.incident.plan import Plan

ATTEMPTS = 3
"""An attempt that was unfit, or left a check undecided, is repeated at most twice."""


@dataclass
class Grade:
    """Grade a submission of a lab.

    `thorough` plays each attempt to its end; otherwise it stops as soon as the verdict is certain. `wants_health` ends
    an attempt whose patient does not serve before the incident begins. `faults` are injected in every phase, beside the
    incident's own.
    """

    course: Course
    lab: Lab
    submission: Path
    seed: int
    images: Mapping[str, str]
    say: Callable[[str], None]
    thorough: bool = False
    wants_health: bool = True
    faults: list[FaultToDraw] = field(default_factory=list)

    def refused(self) -> Results | None:
        """Return the results of a submission that is certain to fail, else None.

        This plays nothing, so it needs no slot. Where files are missing, it needs no engine and no images either.
        """
        began = _now()
        try:
            preflight(self.lab, self.submission, self.images)
        except LearnerError as error:
            return self._results(began, Judgement(self.lab.manifest, []), [], (Verdict.FAILED, error.what, error.run))
        return None

    def run(self) -> Results:
        """Play and judge attempts, and return the results.

        All containers are taken down.
        """
        began = _now()
        attempts: list[Attempt] = []
        judgement, following = Judgement(self.lab.manifest, attempts), None
        try:
            for number in range(ATTEMPTS):
                if number:
                    self.say(f"attempt {number + 1} of {ATTEMPTS}, because {judgement.why_again}")
                attempts.append(self._attempt(self.seed + number))
                judgement = Judgement(self.lab.manifest, attempts)
                if judgement.decided:
                    break
            verdict, cause = judgement.verdict()
        except LearnerError as error:
            verdict, cause, following = Verdict.FAILED, error.what, error.run
        except ErError as error:
            verdict, cause, following = Verdict.ERROR, error.what, error.run
        return self._results(began, judgement, attempts, (verdict, cause, following))

    def _results(
        self,
        began: tuple[datetime, float],
        judgement: Judgement,
        attempts: list[Attempt],
        outcome: tuple[Verdict, str | None, str | None],
    ) -> Results:
        """Return the results of a grade that began then, with its verdict, cause and next command."""
        (date, clock), (verdict, cause, following) = began, outcome
        return Results(
            lab=self.lab.name,
            seed=self.seed,
            began=date.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - clock, 1),
            verdict=verdict,
            cause=cause,
            next=following,
            notes=read_submission(self.lab, self.submission).notes,
            checks=judgement.checks(),
            harm=judgement.harm() if verdict in (Verdict.PASSED, Verdict.FAILED) else None,
            level=judgement.level() if verdict is Verdict.PASSED else None,
            attempts=attempts,
            diff=changes(self.lab, self.submission),
            images=dict(self.images),
        )

    def _attempt(self, seed: int) -> Attempt:
        """Play the incident once and find checks without data.

        An attempt on a host too busy to start the system is unfit. So is one that does not pass beside much other work.
        """
        try:
            attempt = self._play(seed)
        except HostError as error:
            return Attempt(unfit=[error.what])
        # More faults than the incident's own may leave a check nothing to count: no request refused, for example.
        if not self.faults:
            attempt.unfit += [
                f"Prometheus has no data for `{name}`" for name in Judgement(self.lab.manifest, [attempt]).missing
            ]
        if Judgement(self.lab.manifest, [attempt]).verdict()[0] is not Verdict.PASSED:
            attempt.unfit += fitness.crowded(attempt.cpu)
        return attempt

    def _play(self, seed: int) -> Attempt:
        """Play the incident once on a clean copy of the system."""
        name, began = fresh_name(self.lab.number), time.monotonic()
        with clean_project(self.lab, name, self.course.runs / name, self.images) as project:
            stage(self.lab, self.submission, project.patient)
            bring_up(project)
            healthy_after = time.monotonic() - began
            self.say(f"healthy after {healthy_after:.1f} s")
            plan = Plan.draw(self.lab.manifest.with_faults(self.faults), seed)
            attempt = AttemptRunner(
                project, plan, self.say, thorough=self.thorough, wants_health=self.wants_health
            ).run()
        attempt.seconds, attempt.healthy_after = round(time.monotonic() - began, 1), round(healthy_after, 1)
        return attempt


def _now() -> tuple[datetime, float]:
    """Return the date, and the clock that measures how long something takes."""
    return datetime.now(UTC), time.monotonic()
