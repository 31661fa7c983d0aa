"""A crew whose grades do not play: a test decides their results."""

import math
from collections.abc import Iterator, Sequence

from grader.course.course import Lab
from grader.evidence.checks import State
from grader.grading.batch import Job, Outcome
from grader.grading.results import CheckResult, Results, Verdict


class FakeCrew:
    """A fake of the grades, with verdicts of a test, one after the other, or else the default of a subclass.

    `room` is the number of grades that start before the deadline.
    """

    def __init__(self) -> None:
        self.room = math.inf
        self.graded: list[str] = []
        self.jobs: list[Job] = []
        self.rounds: list[int] = []
        self.verdicts: dict[str, list[Verdict]] = {}

    def __call__(self, at_once: int, until: float = math.inf) -> "FakeCrew":
        self.until = until
        self.rounds.append(at_once)
        return self

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for job in jobs:
            if len(self.graded) >= self.room:
                return
            self.graded.append(job.name)
            self.jobs.append(job)
            told = self.verdicts.get(job.name)
            results = self.results(job, told.pop(0) if told else None)
            results.write(job.out)
            yield Outcome(job, results, "")

    def results(self, job: Job, verdict: Verdict | None) -> Results:
        raise NotImplementedError


def results_of(lab: Lab, verdict: Verdict, states: dict[str, State], kind: str) -> Results:
    checks = [
        CheckResult(name=name, kind=kind, says="", wanted="", state=state, findings=[])
        for name, state in states.items()
    ]
    return Results(lab=lab.name, seed=1, began="", seconds=20, verdict=verdict, checks=checks)
