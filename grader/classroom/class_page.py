"""A class as one HTML page, which loads nothing and runs nothing."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from grader.base.files import write_whole
from grader.classroom.class_row import ClassRow
from grader.course.course import Lab
from grader.evidence.checks import State
from grader.grading.points import MOST_POINTS, POINTS
from grader.grading.results import Verdict
from grader.reports.layout import page_environment

MARKS = {State.HOLDS: "✓", State.FAILS: "✗", State.UNCLEAR: "?", State.MISSING: "?", State.NOT_REACHED: "·"}
VERDICT_MARKS = {Verdict.PASSED: "✓", Verdict.FAILED: "✗"}


def write(path: Path, lab: Lab, rows: Sequence[ClassRow], total: int) -> None:
    """Write the page atomically, beside the folders of the submissions, of which there are `total`."""
    reports = {
        row.submission: f"./{quote(row.submission)}/report.html"
        for row in rows
        if (path.parent / row.submission / "report.html").exists()
    }
    write_whole(path, page(lab, rows, total, reports))


def page(lab: Lab, rows: Sequence[ClassRow], total: int, reports: dict[str, str]) -> str:
    """Return the page: how many each check stops, and submissions by checks.

    `reports` has the link of a submission's report, where there is one.
    """
    checks = [(check, sum(row.states.get(check.name) is State.FAILS for row in rows)) for check in lab.manifest.check]
    return (
        page_environment("grader.classroom")
        .get_template("class_page.html.j2")
        .render(
            lab=lab,
            rows=rows,
            total=total,
            reports=reports,
            checks=checks,
            counts=[(verdict, count) for verdict in Verdict if (count := sum(row.verdict is verdict for row in rows))],
            marks=MARKS,
            verdict_marks=VERDICT_MARKS,
            missing=State.NOT_REACHED,
            rule=POINTS,
            most=MOST_POINTS,
        )
    )
