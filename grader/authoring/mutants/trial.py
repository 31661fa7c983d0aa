"""The trial of mutants: each is graded as `er verify --quick` grades a fix, and should fail."""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from grader.authoring.mutants.mutant import Mutant
from grader.base.files import write_whole
from grader.base.fingerprint import fingerprint, read_files
from grader.course.course import Course, Lab
from grader.course.source import code
from grader.grading.batch import Job, Outcome, grade_all, read_results
from grader.grading.results import Results, Verdict
from grader.incident.plan import fresh_seed

SYSTEM = ("compose.yaml", "locustfile.py", "schema.sql", "topics.txt")
"""The files of a lab that decide how it plays, beside its manifest and the edited files."""


class Fate(StrEnum):
    """The result of a trial."""

    KILLED = "killed"
    SURVIVED = "survived"
    UNJUDGED = "not judged"


@dataclass(frozen=True)
class Trial:
    """A mutant that was played; `earlier`: its results are those of an earlier call."""

    mutant: Mutant
    job: Job
    results: Results | None
    earlier: bool = False

    @property
    def fate(self) -> Fate:
        """Return whether the grade failed the mutant, passed it, or came to no verdict."""
        verdict = self.results.verdict if self.results else Verdict.ERROR
        return {Verdict.FAILED: Fate.KILLED, Verdict.PASSED: Fate.SURVIVED}.get(verdict, Fate.UNJUDGED)

    @property
    def is_hole(self) -> bool:
        """Tell whether the mutant passes, and the manifest does not say why it may."""
        return self.fate is Fate.SURVIVED and not self.mutant.declared

    @property
    def is_misdeclared(self) -> bool:
        """Tell whether a mutant fails that the manifest calls equivalent."""
        return self.fate is Fate.KILLED and self.mutant.equivalent

    @property
    def seconds(self) -> float:
        """Return how long the grade of this call took."""
        return self.results.seconds if self.results and not self.earlier else 0.0


@dataclass
class MutantTrials:
    """Try mutants; `say` gets each trial as it is done, with the number of trials done and wanted.

    No grade starts after `until`, a time of `time.monotonic`. `resume` keeps the verdicts of earlier calls on the same
    mutant of a lab that plays the same. As in a calibration, shared code does not count.
    """

    course: Course
    at_once: int
    say: Callable[[Trial, int, int], None]
    resume: bool = False
    until: float = math.inf

    def run(self, mutants: Sequence[Mutant]) -> list[Trial]:
        """Grade these mutants and return a trial for each one that began in time, in the same order.

        A mutant that could not be judged is graded once more when the rest is done, alone.
        """
        jobs = {self._out(mutant): mutant for mutant in mutants}
        systems = {mutant.lab.name: played_system(mutant.lab) for mutant in mutants}
        prints = {out: _fingerprint(systems[mutant.lab.name], mutant) for out, mutant in jobs.items()}
        trials: dict[Path, Trial] = {}
        for out in jobs if self.resume else ():
            results = read_results(out)
            if results and results.verdict in (Verdict.PASSED, Verdict.FAILED) and _read(_mark(out)) == prints[out]:
                job = Job(jobs[out].full_name, jobs[out].lab, self.submission(jobs[out]), out, results.seed)
                self._take(trials, Trial(jobs[out], job, results, earlier=True), len(jobs))
        left = [self._job(mutant) for out, mutant in jobs.items() if out not in trials]
        for outcome in grade_all(left, self.at_once, self.until):
            self._take(trials, _trial(jobs[outcome.job.out], outcome), len(jobs))
            if outcome.judged:
                write_whole(_mark(outcome.job.out), prints[outcome.job.out])
        return [trials[out] for out in jobs if out in trials]

    def submission(self, mutant: Mutant) -> Path:
        """Return the folder with a mutant's files."""
        return self.course.state / "mutants" / mutant.lab.name / _folder(mutant)

    def survived(self, mutant: Mutant) -> bool:
        """Tell whether a mutant passed when it was last played."""
        results = read_results(self._out(mutant))
        return results is not None and results.verdict is Verdict.PASSED

    def _out(self, mutant: Mutant) -> Path:
        return self.course.state / "mutate" / mutant.lab.name / _folder(mutant)

    def _job(self, mutant: Mutant) -> Job:
        submission, out = self.submission(mutant), self._out(mutant)
        for file, text in mutant.files.items():
            write_whole(submission / file, text)
        _mark(out).unlink(missing_ok=True)
        return Job(mutant.full_name, mutant.lab, submission, out, fresh_seed())

    def _take(self, trials: dict[Path, Trial], trial: Trial, wanted: int) -> None:
        trials[trial.job.out] = trial
        self.say(trial, len(trials), wanted)


def share_killed(trials: Iterable[Trial]) -> tuple[int, int]:
    """Return how many mutants were killed, and of how many that were judged and are not equivalent."""
    judged = [trial for trial in trials if trial.fate is not Fate.UNJUDGED and not trial.mutant.equivalent]
    return sum(trial.fate is Fate.KILLED for trial in judged), len(judged)


def played_system(lab: Lab) -> str:
    """Return a hash of a lab's incident, checks and services, which decide the verdict of a fix."""
    told = {"says", "events"}
    tables = [table.model_dump(mode="json", exclude=told) for table in (*lab.manifest.phase, *lab.manifest.check)]
    files = [(name, code(name, text.decode()).encode()) for name, text in read_files(lab.path, SYSTEM)]
    return fingerprint([("manifest", json.dumps(tables, sort_keys=True).encode()), *files])


def _fingerprint(system: str, mutant: Mutant) -> str:
    files = [(file, code(file, text).encode()) for file, text in sorted(mutant.files.items())]
    return fingerprint([("system", system.encode()), *files])


def _trial(mutant: Mutant, outcome: Outcome) -> Trial:
    return Trial(mutant, outcome.job, outcome.results)


def _folder(mutant: Mutant) -> Path:
    return Path(mutant.base) / mutant.name


def _mark(out: Path) -> Path:
    return out / "played-on"


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""
