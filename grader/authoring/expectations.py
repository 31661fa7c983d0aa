"""The promises of a lab's manifest about its starter and fixes."""

from pathlib import Path

from grader.base.fingerprint import fingerprint, read_files
from grader.course.course import Course, Lab
from grader.evidence.checks import State
from grader.grading.results import Results, Verdict

PROVEN_ON = ("grader", "services", "loadtests", "compose", "uv.lock")
"""The files besides the lab itself that its proof depends on."""


def broken_promises(lab: Lab, name: str, results: Results, *, quick: bool) -> list[str]:
    """Return the differences between a verdict and the manifest.

    Exactly the promised checks must fail. Any other check may be unclear, because a grade plays no further attempt for
    it once the verdict is certain. A `quick` grade stops at that moment, so that only the checks it decided count.
    """
    expected = lab.manifest.expectation(name)
    wanted = Verdict.FAILED if expected.fails else Verdict.PASSED
    why = f": {results.cause}" if results.cause else ""
    if results.verdict is not wanted:
        return [f"{results.verdict} instead of {wanted}{why}"]
    states = {check.name: check.state for check in results.checks}
    if quick:
        states = {check: state for check, state in states.items() if state in (State.FAILS, State.HOLDS)}
    wrong = [
        f"`{check}` {state}, but should {'fail' if check in expected.fails else 'hold'}"
        for check, state in states.items()
        if check not in expected.either
        and state not in ({State.FAILS} if check in expected.fails else {State.HOLDS, State.UNCLEAR})
    ]
    unreached = quick and expected.unhealthy
    if expected.fails and State.FAILS not in states.values() and not unreached:
        wrong.append(f"no check failed{why}")
    return wrong


def is_prose(file: Path) -> bool:
    """Tell whether a file affects neither the incident nor the verdict."""
    return file.suffix == ".md" or file.name == "calibration.toml"


def proof_fingerprint(course: Course, lab: Lab) -> str:
    """Return a hash of all files that a lab's proof depends on.

    These are its folder without prose, the program, the kit and the images.
    """
    return fingerprint(read_files(course.root, (f"labs/{lab.name}", *PROVEN_ON), left_out=is_prose))
