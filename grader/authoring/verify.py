"""`er verify`: prove labs by grading their starters and fixes.

Each must fail exactly the checks that the manifest names.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.authoring.expectations import broken_promises, proof_fingerprint
from grader.base.errors import ErError
from grader.course.course import Course, Lab
from grader.course.fixes import candidate_folder, chosen
from grader.grading.batch import Job, Outcome, grade_all, read_results
from grader.grading.results import Results
from grader.incident.plan import fresh_seed


@dataclass(frozen=True)
class Proof:
    """The proof of one candidate.

    `wrong` holds its differences from the manifest, and `said` what the grade printed. `earlier` marks the proof of an
    earlier call.
    """

    job: Job
    results: Results | None
    wrong: list[str]
    said: str = ""
    earlier: bool = False

    @property
    def judged(self) -> bool:
        """Tell whether the grade reached a verdict."""
        return Outcome(self.job, self.results, "").judged


@dataclass
class Verification:
    """Prove labs, job by job.

    `say` gets each proof as soon as it is known. No grade starts after `until`, a time of `time.monotonic`.
    """

    course: Course
    at_once: int
    say: Callable[[Proof, int, int], None]
    quick: bool = False
    resume: bool = False
    until: float = math.inf

    def run(self, jobs: Sequence[Job]) -> list[Proof]:
        """Grade the jobs and return their proofs in the same order.

        A job that did not begin in time has none. A job without a verdict is repeated once, alone, after all others.
        """
        prints = {job.lab.name: proof_fingerprint(self.course, job.lab) for job in jobs}
        proofs: dict[Path, Proof] = {}
        for job in jobs:
            if self.resume and (kept := self._kept(job, prints[job.lab.name])):
                self._take(proofs, kept, len(jobs))
        for outcome in grade_all([job for job in jobs if job.out not in proofs], self.at_once, self.until):
            self._take(proofs, self._proof(outcome), len(jobs))
            if outcome.judged:
                _mark(outcome.job.out).write_text(self._stamp(prints[outcome.job.lab.name]))
        return [proofs[job.out] for job in jobs if job.out in proofs]

    def _proof(self, outcome: Outcome, *, earlier: bool = False) -> Proof:
        if outcome.results is None:
            return Proof(outcome.job, None, ["the grade left no results"], outcome.said)
        wrong = broken_promises(outcome.job.lab, outcome.job.name, outcome.results, quick=self.quick)
        return Proof(outcome.job, outcome.results, wrong, outcome.said, earlier)

    def _take(self, proofs: dict[Path, Proof], proof: Proof, jobs: int) -> None:
        proofs[proof.job.out] = proof
        self.say(proof, len(proofs), jobs)

    def _kept(self, job: Job, fingerprint_now: str) -> Proof | None:
        """Return a job's earlier proof on the same files, if any."""
        try:
            same = _mark(job.out).read_text() == self._stamp(fingerprint_now)
        except OSError:
            return None
        results = read_results(job.out)
        if not same or results is None:
            return None
        proof = self._proof(Outcome(job, results, ""), earlier=True)
        # A wrong proof is not kept, because its cause may have been on the machine and be gone.
        return None if proof.wrong else proof

    def _stamp(self, fingerprint_now: str) -> str:
        return f"{fingerprint_now} {'quick' if self.quick else 'whole'}\n"


def jobs_of(
    course: Course,
    labs: Sequence[Lab],
    names: Sequence[str] = (),
    shard: tuple[int, int] | None = None,
    *,
    quick: bool,
) -> list[Job]:
    """Return a job for each candidate of these labs.

    `names` selects candidates. A shard `(i, n)` has every n-th job from the i-th on. Raises ErError for a name that
    none of the labs has.
    """
    pairs = chosen(labs, names)
    return [
        Job(
            name,
            lab,
            candidate_folder(course, lab, name),
            course.state / "verify" / lab.name / name,
            fresh_seed(),
            thorough=not quick,
        )
        for lab, name in (pairs[shard[0] - 1 :: shard[1]] if shard else pairs)
    ]


def read_shard(text: str | None) -> tuple[int, int] | None:
    """Read `I/N`, the I-th of N parts.

    Raises ErError for an invalid text.
    """
    if text is None:
        return None
    match = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if match is None or int(match[1]) > int(match[2]):
        raise ErError(f"`--shard` must be I/N with 1 <= I <= N, not `{text}`", run="./er verify --shard 1/4")
    return int(match[1]), int(match[2])


def _mark(out: Path) -> Path:
    return out / "proven-on"
