"""The starter's curve: how the incident went on this machine before the first change."""

from contextlib import suppress

from pydantic import ValidationError

from grader.course.course import Course, Lab
from grader.evidence.timeline import Timeline
from grader.grading.results import Results

UNCHANGED = b'"diff": ""'
"""Is in the results of every grade of the starter, and found faster than they are parsed."""


def starter_timeline(course: Course, lab: Lab) -> Timeline | None:
    """Return the timeline of the learner's latest grade of the unchanged starter.

    None when there is no such grade.
    """
    # Names of folders begin with the date.
    for path in sorted(course.state.glob(f"results/{lab.name}/*/results.json"), reverse=True):
        with suppress(OSError, ValidationError):
            content = path.read_bytes()
            if UNCHANGED not in content:
                continue
            results = Results.model_validate_json(content)
            if not results.diff and results.shown and results.shown.timeline and results.shown.timeline.at:
                return results.shown.timeline
    return None
