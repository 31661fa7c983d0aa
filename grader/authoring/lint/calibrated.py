"""Calibration: up to date, with margins on both sides of each threshold."""

from collections.abc import Iterator
from contextlib import suppress

from grader.authoring.lint.finding import Finding, line_of
from grader.base.errors import ErError
from grader.course.calibration import ACCEPTED_MARGIN, REJECTED_MARGIN, read_calibration
from grader.course.course import Course, Lab
from grader.course.fixes import STARTER
from grader.course.patch import PatchError


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find a calibration that is missing or stale, and thresholds without margins."""
    del course
    path, again = lab.path / "calibration.toml", f"./er calibrate {lab.number} --runs 10 --disturb"
    try:
        calibration = read_calibration(lab)
    except ErError as error:
        yield Finding(path, 0, error.what, again)
        return
    if calibration is None:
        yield Finding(path, 0, "the lab is not calibrated", again)
        return
    text = path.read_text()
    # A patch that does not apply has no hash, and the rule on fixes reports it.
    with suppress(PatchError):
        if calibration.stale(lab):
            yield Finding(path, line_of(text, "holds_for"), "the lab has changed since it was calibrated", again)
    if lab.manifest.stopgap and all(item.stopgap is None for item in calibration.threshold):
        yield Finding(path, 1, "the figures of the starter with the stopgap are missing", again)
    fails = lab.manifest.expectation(STARTER).fails
    for item in calibration.threshold:
        line = line_of(text, f'check = "{item.check}"')
        if item.check in fails and item.starter is None:
            yield Finding(path, line, f"the figure of the starter for `{item.check}` is missing", again)
        if item.thin:
            margins = f"{item.accepted_margin} inside, {item.rejected_margin} outside"
            wanted = f"at least {ACCEPTED_MARGIN} and {REJECTED_MARGIN}: sharpen the check or the incident"
            yield Finding(path, line, f"`{item.check}` has margins of {margins}", wanted)
