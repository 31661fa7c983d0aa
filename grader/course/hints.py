"""A lab's hints, which are shown one at a time."""

import re

from grader.base.errors import ErError
from grader.course.course import Course, Lab


def hints(lab: Lab) -> list[str]:
    """Return a lab's hints: the second-level sections of `hints.md`."""
    text = (lab.path / "hints.md").read_text(encoding="utf-8")
    return [part.strip() for part in re.split(r"(?m)^(?=## )", text) if part.startswith("## ")]


def shown_hints(course: Course, lab: Lab) -> list[str]:
    """Return the hints shown so far."""
    try:
        number = int((course.state / "hints" / lab.name).read_text())
    except (OSError, ValueError):
        number = 0
    return hints(lab)[:number]


def next_hint(course: Course, lab: Lab) -> str:
    """Return the next hint, and remember that it was shown.

    Raises ErError after the last.
    """
    number = len(shown_hints(course, lab))
    if number >= len(hints(lab)):
        raise ErError(f"lab {lab.number} has no more hints", run=f"./er hint {lab.number} --again")
    path = course.state / "hints" / lab.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(number + 1))
    return hints(lab)[number]
