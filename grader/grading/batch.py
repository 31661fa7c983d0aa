"""A batch of grades, each in a process of its own.

Classes, proofs and calibrations are batches.
"""

import math
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from grader.base.environment import own_environment
from grader.base.program import own_module
from grader.course.course import Lab
from grader.grading.results import Results, Verdict


@dataclass(frozen=True)
class Job:
    """A grade to do, with its submission and the folder for its results."""

    name: str
    lab: Lab
    submission: Path
    out: Path
    seed: int
    thorough: bool = False


@dataclass(frozen=True)
class Outcome:
    """A finished job with the results and output of its grade.

    `results` is None when the grade wrote none.
    """

    job: Job
    results: Results | None
    said: str

    @property
    def judged(self) -> bool:
        """Tell whether the grade reached a verdict.

        A thorough grade must have judged all checks.
        """
        if self.results is None or self.results.verdict not in (Verdict.PASSED, Verdict.FAILED):
            return False
        return self.results.whole or not self.job.thorough


def read_results(out: Path) -> Results | None:
    """Return the results in a folder.

    None when there are none, or they cannot be read.
    """
    try:
        return Results.model_validate_json((out / "results.json").read_bytes())
    except (OSError, ValidationError):
        return None


def grade_all(jobs: Sequence[Job], at_once: int, until: float = math.inf) -> Iterator[Outcome]:
    """Grade the jobs and yield each outcome as it comes.

    No grade starts after `until` (`time.monotonic`). A job that could not be judged is graded once more at the end,
    alone, because others beside it are often why.
    """
    unjudged = []
    for outcome in Crew(at_once, until).run(jobs):
        if not outcome.judged:
            unjudged.append(outcome.job)
        yield outcome
    yield from Crew(1, until).run(unjudged)


class Crew:
    """Do grades, `at_once` at a time.

    None starts after `until`, a time of `time.monotonic`.
    """

    def __init__(self, at_once: int, until: float = math.inf) -> None:
        self._at_once = at_once
        self._until = until
        # The outputs and annotations of a workflow's step are not those of one grade among many.
        workflow = {"GITHUB_OUTPUT": "", "GITHUB_ACTIONS": ""}
        self._environment = own_environment(ER_AT_ONCE=str(at_once), NO_COLOR="1", **workflow)
        self._lock = threading.Lock()
        self._working: set[subprocess.Popen[str]] = set()
        self._dismissed = False

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Do the jobs and yield each outcome as it comes.

        A job that would start too late has none. An interrupt first ends the running grades, and each of them takes its
        own containers down.
        """
        with ThreadPoolExecutor(self._at_once) as pool:
            try:
                for done in as_completed([pool.submit(self._do, job) for job in jobs]):
                    if outcome := done.result():
                        yield outcome
            except BaseException:
                # A caller that closes this generator wants no more grades either.
                self.dismiss()
                raise

    def processes(self) -> list[int]:
        """Return the ids of the running grades' processes."""
        with self._lock:
            return [process.pid for process in self._working]

    def _do(self, job: Job) -> Outcome | None:
        if time.monotonic() >= self._until:
            return None
        (job.out / "results.json").unlink(missing_ok=True)
        command = [*own_module("grader"), "grade", job.lab.number, "--submission", str(job.submission)]
        command += ["--seed", str(job.seed), "--out", str(job.out), "--thorough" if job.thorough else "--quick"]
        with self._lock:
            if self._dismissed:
                return Outcome(job, None, "interrupted")
            # In a session of its own, so that Ctrl-C reaches a grade once, from `dismiss`.
            process = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._working.add(process)
        said = process.communicate()[0]
        with self._lock:
            self._working.discard(process)
        return Outcome(job, read_results(job.out), said)

    def dismiss(self) -> None:
        """End every running grade, and start no more."""
        with self._lock:
            self._dismissed = True
            for process in self._working:
                process.terminate()
