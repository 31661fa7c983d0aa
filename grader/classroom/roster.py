"""The roster of a class, for `./er grade NN --class DIR`.

An interrupted call can be resumed.
"""

import csv
import io
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.markup import escape

from grader.base.errors import ErError, LearnerError
from grader.base.files import write_whole
from grader.base.fingerprint import fingerprint
from grader.course.course import Lab
from grader.course.delivery import read_submission
from grader.grading.batch import Job, Outcome, grade_all, read_results
from grader.grading.results import Results, Verdict
from grader.incident.plan import fresh_seed

STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red"}

COLUMNS = ("submission", "verdict", "level", "share", "failed", "cause", "seconds", "seed")

LONGEST_CAUSE = 200
"""The most characters of a cause in a row; results.json has the whole cause."""


class ClassRow(BaseModel):
    """The row of one submission, kept beside its results."""

    submission: str
    content: str
    verdict: Verdict
    level: str = ""
    share: str = ""
    failed: str = ""
    cause: str = ""
    seconds: float = 0.0
    seed: int


def class_seed(out: Path, given: int | None) -> int:
    """Return the seed of a class: given, kept in `out`, or fresh."""
    path = out / "seed"
    if given is None and path.exists():
        return int(path.read_text())
    seed = fresh_seed() if given is None else given
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{seed}\n")
    return seed


def submissions(folder: Path) -> list[Path]:
    """Return the folders and zip files of the submissions of a class.

    Raises ErError when there are none.
    """
    found = sorted(path for path in folder.iterdir() if _is_submission(path))
    if not found:
        raise ErError(
            f"`{folder}` must have a subfolder or a zip file for each submission, and has none",
            run=f"ls -la '{folder}'",
        )
    return found


def ignored(folder: Path) -> list[Path]:
    """Return what lies beside the submissions of a class and is not graded."""
    return sorted(path for path in folder.iterdir() if not _is_submission(path))


def _is_submission(path: Path) -> bool:
    usual = not path.name.startswith((".", "__MACOSX")) and not path.is_symlink()
    return usual and (path.is_dir() or path.suffix.lower() == ".zip")


def grade_class(  # noqa: PLR0913, PLR0917 # what is graded, how, and where the results go
    lab: Lab, folder: Path, seed: int, out: Path, at_once: int, say: Callable[[ClassRow, int, int], None]
) -> list[ClassRow]:
    """Grade every submission and return the rows.

    `say` gets each row as soon as it is known. A row of an earlier call is kept if its seed and submission are the same
    and it has a verdict. A grade without a verdict is repeated once at the end, alone. `class.csv` in `out` is up to
    date after every row.
    """
    jobs = [Job(path.name, lab, path, out / path.name, seed) for path in submissions(folder)]
    rows: dict[str, ClassRow] = {}
    for job in jobs:
        row = _kept(job)
        if row is not None:
            rows[job.name] = row
            say(row, len(rows), len(jobs))
    for outcome in grade_all([job for job in jobs if job.name not in rows], at_once):
        row = _row(outcome)
        rows[row.submission] = row
        outcome.job.out.mkdir(parents=True, exist_ok=True)
        (outcome.job.out / "row.json").write_text(row.model_dump_json(indent=1) + "\n")
        _write_table(out / "class.csv", list(rows.values()))
        say(row, len(rows), len(jobs))
    _write_table(out / "class.csv", list(rows.values()))
    return [rows[job.name] for job in jobs]


def _kept(job: Job) -> ClassRow | None:
    try:
        row = ClassRow.model_validate_json((job.out / "row.json").read_bytes())
    except (OSError, ValidationError):
        return None
    same = row.seed == job.seed and row.content == _content(job) and read_results(job.out) is not None
    return row if same and row.verdict in (Verdict.PASSED, Verdict.FAILED) else None


def _content(job: Job) -> str:
    """Return a fingerprint of a submission's graded files."""
    files = read_submission(job.lab, job.submission).files
    return fingerprint(
        (name, content.what.encode() if isinstance(content, LearnerError) else content)
        for name, content in files.items()
    )


def _row(outcome: Outcome) -> ClassRow:
    job, results = outcome.job, outcome.results
    if results is None:
        lines = outcome.said.strip().splitlines() or ["the grade printed nothing"]
        return ClassRow(
            submission=job.name, content=_content(job), verdict=Verdict.ERROR, cause=lines[-1], seed=job.seed
        )
    return ClassRow(
        submission=job.name,
        content=_content(job),
        verdict=results.verdict,
        level=results.level.name if results.level else "",
        share=f"{results.level.share:.3f}" if results.level else "",
        failed=" ".join(results.failed_checks()),
        cause=_short(results),
        seconds=results.seconds,
        seed=results.seed,
    )


def _short(results: Results) -> str:
    return " ".join((results.cause or "").split())[:LONGEST_CAUSE]


def _write_table(path: Path, rows: list[ClassRow]) -> None:
    """Write the table of a class atomically.

    A value that a spreadsheet would read as a formula becomes plain text, because values come from submissions.
    """
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: row.submission):
        values = [str(getattr(row, column)) for column in COLUMNS]
        table.writerow(["'" + value if value[:1] in "=+-@\t\r" and value else value for value in values])
    write_whole(path, text.getvalue())


def grade_folder(console: Console, lab: Lab, folder: Path, seed: int, out: Path, at_once: int) -> int:  # noqa: PLR0913, PLR0917 # the arguments of one command
    """Grade a class, print each row, and return the exit code.

    It is 2 when a submission has no verdict, else 0.
    """

    def show(row: ClassRow, done: int, total: int) -> None:
        style = STYLES.get(row.verdict, "yellow")
        notes = row.level or row.failed or row.cause
        console.print(
            f"{done:>4} of {total}  {escape(row.submission):<28} [{style}]{row.verdict:<13}[/] {escape(notes)}",
            soft_wrap=True,
        )

    for path in ignored(folder):
        console.print(
            f"note: `{escape(path.name)}` is not graded: it is neither a folder nor a zip file, or it is a link"
        )
    rows = grade_class(lab, folder, seed, out, at_once, show)
    counts = {verdict: sum(row.verdict is verdict for row in rows) for verdict in Verdict}
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count))
    console.print(f"table: {out / 'class.csv'}")
    return 0 if counts[Verdict.PASSED] + counts[Verdict.FAILED] == len(rows) else 2
