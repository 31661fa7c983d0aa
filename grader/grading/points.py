"""Points: what a grade is worth in a grade book."""

from grader.grading.results import Results, Verdict

MOST_POINTS = 100

POINTS = {"Good": 80, "Great": 90, "Elite": MOST_POINTS}
"""The points of a passed grade by its level, and of one without a level those of Good. A failed grade has none, because
each check is a promise of the brief's contract, and `--quick` does not even play all of them."""


def points(results: Results) -> int | None:
    """Return the points of a grade, or None when it has no verdict."""
    if results.verdict is Verdict.PASSED:
        return POINTS[results.level.name if results.level else "Good"]
    return 0 if results.verdict is Verdict.FAILED else None
