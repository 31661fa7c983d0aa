"""What a lab is proven with: its starter and its fixes, and which of them should pass."""

from pathlib import Path

from grader.course.course import Lab

STARTER = "starter"


def candidates(lab: Lab) -> dict[str, Path]:
    """Return the starter and every fix of a lab by name."""
    return {STARTER: lab.patient, **lab.fixes()}


def should_pass(lab: Lab, name: str) -> bool:
    """Tell whether the manifest promises that a candidate passes."""
    return not lab.manifest.expectation(name).fails
