"""`er calibrate`: measure how far fixes are from each threshold.

It plays a lab's starter and fixes many times, also on a disturbed machine.
"""

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.authoring.disturbance import DISTURBANCES, ROOM, disturbed
from grader.authoring.expectations import broken_promises
from grader.authoring.margins import thresholds
from grader.course.calibration import Calibration, holds_for, plays_as
from grader.course.course import Course, Lab
from grader.course.fixes import candidate_folder, chosen, should_pass
from grader.grading.batch import Crew, Job, Outcome, read_results
from grader.grading.grade import Grade
from grader.grading.results import Results, Verdict
from grader.grading.slots import Use, slot
from grader.incident.plan import fresh_seed

CALM, STOPGAP = "calm", "stopgap"


@dataclass(frozen=True)
class CalibrationRun:
    """One grade of a calibration, with its disturbance and results.

    `calm` stands for no disturbance. `results` is None when the grade left none.
    """

    candidate: str
    disturbance: str
    folder: Path
    results: Results | None

    @property
    def verdict(self) -> Verdict:
        """Return the verdict, or `ERROR` without results."""
        return self.results.verdict if self.results else Verdict.ERROR

    def wrong(self, lab: Lab) -> bool:
        """Tell whether a right fix failed or a wrong one passed."""
        judged = self.verdict in (Verdict.PASSED, Verdict.FAILED)
        return judged and (self.verdict is Verdict.PASSED) != should_pass(lab, self.candidate)

    def surprises(self, lab: Lab) -> list[str]:
        """Return the differences from the manifest, check by check.

        There are none for a run that did not judge every check.
        """
        if self.results is None or self.verdict not in (Verdict.PASSED, Verdict.FAILED) or not self.results.whole:
            return []
        return broken_promises(lab, self.candidate, self.results, quick=False)


@dataclass
class Calibrator:
    """Play the runs of a lab and keep them in a folder.

    `say` gets each run, and the number of runs to play. A later call can add to the kept runs.
    """

    course: Course
    lab: Lab
    say: Callable[[CalibrationRun, int], None]

    @property
    def folder(self) -> Path:
        """Return the folder for runs of the lab in its present form."""
        return self.course.state / "calibrate" / self.lab.name / plays_as(self.lab)

    def play(self, runs: int, wanted: Sequence[str] = (), *, disturb: bool, append: bool) -> list[CalibrationRun]:
        """Play the wanted candidates and return all kept runs.

        Without `wanted`, it plays all candidates. It plays each `runs` times, and with `disturb` as often again on a
        disturbed machine. Without `append`, it first deletes their runs of earlier calls.
        """
        names = [name for _, name in chosen([self.lab], wanted)]
        if not append:
            for folder in [self.folder / name for name in names] if wanted else [self.folder]:
                shutil.rmtree(folder, ignore_errors=True)
        for number in range(runs):
            for at, name in enumerate(names):
                # So that each candidate meets each disturbance in turn.
                kinds = [CALM, DISTURBANCES[(number * len(names) + at) % len(DISTURBANCES)]] if disturb else [CALM]
                for kind in kinds:
                    seed = fresh_seed()
                    path = candidate_folder(self.course, self.lab, name)
                    job = Job(name, self.lab, path, self.folder / name / f"{kind}-{seed}", seed, thorough=True)
                    outcome = self._grade(job, kind)
                    run = CalibrationRun(name, kind, job.out, outcome.results)
                    if run.results is None:
                        job.out.mkdir(parents=True, exist_ok=True)
                        (job.out / "said.txt").write_text(outcome.said)
                    self.say(run, runs * len(names) * len(kinds))
        return self.kept()

    def play_stopgap(self, runs: int, images: Mapping[str, str], say: Callable[[str], None]) -> None:
        """Play the starter `runs` times with the lab's stopgap, if any.

        `say` gets the progress of each run.
        """
        stopgap = self.lab.manifest.stopgap
        if stopgap is None:
            return
        for _ in range(runs):
            grade = Grade(
                self.course,
                self.lab,
                self.lab.patient,
                fresh_seed(),
                images,
                say,
                thorough=True,
                wants_health=False,
                faults=stopgap.faults,
            )
            with slot(Use.of(self.lab, "being calibrated"), say):
                grade.run().write(self.folder / f"{STOPGAP}-{grade.seed}")

    def _grade(self, job: Job, kind: str) -> Outcome:
        if kind == CALM:
            return next(Crew(1).run([job]))
        crew = Crew(ROOM if kind.startswith("beside-") else 1)
        with disturbed(kind, self.lab, self.course.state / "disturbance", crew.processes):
            return next(crew.run([job]))

    def kept(self) -> list[CalibrationRun]:
        """Return all kept runs of the lab in its present form."""
        return [
            CalibrationRun(path.parent.name, path.name.rpartition("-")[0], path, read_results(path))
            for path in sorted(self.folder.glob("*/*-*"))
        ]

    def calibration(self, runs: list[CalibrationRun]) -> Calibration:
        """Return the figures of the runs that were judged."""
        judged = [(run.candidate, told) for run in runs if (told := run.results) and told.checks and told.whole]
        return Calibration(
            measured=datetime.now(UTC).date().isoformat(),
            machine=f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
            runs=len(judged),
            holds_for=holds_for(self.lab),
            threshold=thresholds(self.lab, judged, self._relieved()),
        )

    def _relieved(self) -> list[Results]:
        """Return the kept results with the lab's stopgap."""
        found = [read_results(path) for path in sorted(self.folder.glob(f"{STOPGAP}-*"))]
        return [results for results in found if results and results.checks]


def summary(lab: Lab, runs: list[CalibrationRun]) -> Iterator[tuple[str, int, int, int, int, float]]:
    """Yield the figures of each disturbance.

    These are its name, the numbers of grades, wrong verdicts, grades without a verdict and repeated attempts, and the
    mean seconds of a grade.
    """
    for kind in (CALM, *DISTURBANCES):
        mine = [run for run in runs if run.disturbance == kind]
        if not mine:
            continue
        results = [run.results for run in mine if run.results]
        yield (
            kind,
            len(mine),
            sum(run.wrong(lab) for run in mine),
            sum(run.verdict in (Verdict.INCONCLUSIVE, Verdict.ERROR) for run in mine),
            sum(len(result.attempts) - 1 for result in results if result.attempts),
            sum(result.seconds for result in results) / max(1, len(results)),
        )
