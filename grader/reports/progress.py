"""A learner's progress: the best verdict so far."""

from pydantic import ValidationError

from grader.course.course import Course, Lab
from grader.grading.results import Results, Verdict

LEVELS = ("Good", "Great", "Elite")


def progress(course: Course, lab: Lab) -> str:
    """Return a learner's progress in a lab, in a few words."""
    results = []
    for path in course.state.glob(f"results/{lab.name}/*/results.json"):
        try:
            results.append(Results.model_validate_json(path.read_bytes()))
        except (ValidationError, OSError):
            # Of an older version of this program, or cut off while it was written.
            continue
    levels = [result.level.name for result in results if result.verdict is Verdict.PASSED and result.level]
    if levels:
        return f"passed, {max(levels, key=LEVELS.index)}"
    if results:
        return f"{len(results)} grade{'' if len(results) == 1 else 's'}, not passed"
    return "started" if (course.work / lab.name).exists() else "not started"
