"""The rows of a class: one for each submission, kept beside its results, and a table of them all."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from grader.base.files import write_whole
from grader.classroom.advice import what_to_tell
from grader.evidence.checks import State
from grader.grading.batch import Job
from grader.grading.points import points
from grader.grading.results import Results, Verdict

COLUMNS = ("submission", "verdict", "level", "share", "points", "failed", "cause", "seconds", "seed")

LONGEST_CAUSE = 200
"""The most characters of a cause in a row; results.json has the whole cause."""


class ClassRow(BaseModel):
    """The row of one submission.

    `content` is a fingerprint of its graded files. `states` are those of the checks by name, and `tell` says what its
    author should hear. `points` is None without a verdict.
    """

    submission: str
    content: str
    verdict: Verdict
    level: str = ""
    share: str = ""
    points: int | None = None
    failed: str = ""
    cause: str = ""
    seconds: float = 0.0
    seed: int
    thorough: bool = False
    states: dict[str, State] = {}
    tell: list[str] = []

    @classmethod
    def of(cls, job: Job, content: str, results: Results) -> "ClassRow":
        """Return the row of a submission with results."""
        return cls(
            submission=job.name,
            content=content,
            verdict=results.verdict,
            level=results.level.name if results.level else "",
            share=f"{results.level.share:.3f}" if results.level else "",
            points=points(results),
            failed=" ".join(results.failed_checks()),
            cause=" ".join((results.cause or "").split())[:LONGEST_CAUSE],
            seconds=results.seconds,
            seed=results.seed,
            thorough=job.thorough,
            states={check.name: check.state for check in results.checks},
            tell=what_to_tell(job.lab, results),
        )


def write_table(path: Path, rows: Sequence[ClassRow]) -> None:
    """Write the table of a class atomically.

    A value that a spreadsheet would read as a formula becomes plain text, because values come from submissions.
    """
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: row.submission):
        values = ["" if getattr(row, column) is None else str(getattr(row, column)) for column in COLUMNS]
        table.writerow(["'" + value if value[:1] in "=+-@\t\r" and value else value for value in values])
    write_whole(path, text.getvalue())
