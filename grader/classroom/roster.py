"""The roster of a class, for `./er grade NN --class DIR`.

An interrupted call can be resumed.
"""

import os
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from grader.base.errors import ErError, LearnerError
from grader.base.files import write_whole
from grader.base.fingerprint import fingerprint
from grader.base.sanitize import plain
from grader.classroom import class_page
from grader.classroom.advice import NOT_JUDGED
from grader.classroom.class_row import ClassRow, write_table
from grader.course.course import Lab
from grader.course.delivery import read_submission
from grader.grading.batch import Job, Outcome, grade_all, read_results
from grader.grading.results import Verdict
from grader.grading.slots import forecast
from grader.incident.plan import fresh_seed

STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red"}

SEED, TABLE, PAGE = "seed", "class.csv", "class.html"
"""The files of a class, beside a folder for each submission."""

Say = Callable[[ClassRow, int, int], None]
"""Gets a row, how many rows are known, and how many there will be."""


def class_seed(out: Path, given: int | None) -> int:
    """Return the seed of a class: given, kept in `out`, or fresh."""
    path = out / SEED
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


def readable_name(path: Path) -> str:
    """Return a submission's name as valid Unicode that no file of the class has.

    Some course platforms pack names in other encodings.
    """
    name = os.fsencode(path.name).decode(errors="backslashreplace")
    return f"{name}-submission" if name.lower() in (SEED, TABLE, PAGE) else name


@dataclass
class Roster:
    """The submissions of a class, each graded with the same seed, and the rows that are known."""

    lab: Lab
    folder: Path
    seed: int
    out: Path
    at_once: int
    thorough: bool = False
    rows: dict[str, ClassRow] = field(default_factory=dict)

    @cached_property
    def jobs(self) -> list[Job]:
        """Return the grade of each submission."""
        named = ((readable_name(path), path) for path in submissions(self.folder))
        return [Job(name, self.lab, path, self.out / name, self.seed, self.thorough) for name, path in named]

    @property
    def left(self) -> list[Job]:
        """Return the grades that are still to do."""
        return [job for job in self.jobs if job.name not in self.rows]

    def keep(self) -> None:
        """Keep the rows of an earlier call whose seed and submission are the same, and that have a verdict."""
        for job in self.jobs:
            if row := _kept(job):
                self.rows[job.name] = row
        self._write()

    def grade(self, say: Say) -> list[ClassRow]:
        """Grade the submissions that are left and return all rows.

        `say` gets each row as soon as it is known. A grade without a verdict is repeated once at the end, alone. The
        files of the class are up to date after every row.
        """
        for outcome in grade_all(self.left, self.at_once):
            row = self.rows[outcome.job.name] = _row(outcome)
            write_whole(outcome.job.out / "row.json", row.model_dump_json(indent=1) + "\n")
            self._write()
            say(row, len(self.rows), len(self.jobs))
        return [self.rows[job.name] for job in self.jobs]

    def _write(self) -> None:
        rows = [self.rows[job.name] for job in self.jobs if job.name in self.rows]
        write_table(self.out / TABLE, rows)
        class_page.write(self.out / PAGE, self.lab, rows, len(self.jobs))


def _kept(job: Job) -> ClassRow | None:
    try:
        row = ClassRow.model_validate_json((job.out / "row.json").read_bytes())
    except (OSError, ValidationError):
        return None
    results = read_results(job.out)
    same = row.seed == job.seed and row.content == _content(job) and (row.thorough or not job.thorough)
    if results is None or not same or not Outcome(job, results, "").judged:
        return None
    # Read again from the results, because an older version of this program may have written the row.
    return ClassRow.of(replace(job, thorough=row.thorough), row.content, results)


def _content(job: Job) -> str:
    """Return a fingerprint of a submission's graded files."""
    files = read_submission(job.lab, job.submission).files
    return fingerprint(
        (name, content.what.encode() if isinstance(content, LearnerError) else content)
        for name, content in files.items()
    )


def _row(outcome: Outcome) -> ClassRow:
    job = outcome.job
    if outcome.results:
        return ClassRow.of(job, _content(job), outcome.results)
    lines = outcome.said.strip().splitlines() or ["the grade printed nothing"]
    return ClassRow(
        submission=job.name,
        content=_content(job),
        verdict=Verdict.ERROR,
        cause=lines[-1],
        seed=job.seed,
        tell=[NOT_JUDGED],
    )


def grade_folder(console: Console, roster: Roster, command: list[str]) -> int:
    """Grade a class, print each row, and return the exit code.

    It is 2 when a submission has no verdict, else 0. `command` is the one that does all this again.
    """

    def show(row: ClassRow, done: int, total: int) -> None:
        style = STYLES.get(row.verdict, "yellow")
        notes = row.level or row.failed or row.cause
        console.print(
            f"{done:>4} of {total}  {escape(plain(row.submission)):<28} [{style}]{row.verdict:<13}[/] "
            f"{escape(plain(notes))}",
            soft_wrap=True,
        )

    for path in ignored(roster.folder):
        name = escape(plain(readable_name(path)))
        console.print(f"note: `{name}` is not graded: it is neither a folder nor a zip file, or it is a link")
    roster.keep()
    for number, row in enumerate(roster.rows.values(), 1):
        show(row, number, len(roster.jobs))
    if left := len(roster.left):
        count = f"{left} submission{'' if left == 1 else 's'}"
        console.print(f"{count}, {forecast(roster.lab, left, roster.at_once)}")
    rows = roster.grade(show)
    counts = Counter(row.verdict for row in rows)
    console.print(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]))
    if counts[Verdict.FAILED]:
        console.print(f"what to tell them: the page has a line for each, and `./er hint {roster.lab.number}` leads on")
    console.print(f"table: {roster.out / TABLE}\npage:  {roster.out / PAGE}", soft_wrap=True, markup=False)
    if counts[Verdict.PASSED] + counts[Verdict.FAILED] == len(rows):
        return 0
    console.print(f"next: {shlex.join(command)}", soft_wrap=True, markup=False)
    return 2
