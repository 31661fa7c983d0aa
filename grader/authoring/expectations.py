"""What a lab's manifest promises of its starter and fixes, and whether a grade keeps it."""

from pathlib import Path

from grader.base.fingerprint import fingerprint, read_files
from grader.course.course import Course, Lab
from grader.evidence.checks import State
from grader.grading.results import Results, Verdict

PROVEN_ON = ("grader", "services", "loadtests", "compose", "uv.lock")
"""What a proof holds for beside the lab itself."""


def broken_promises(lab: Lab, name: str, results: Results, *, quick: bool) -> list[str]:
    """Return how a candidate's verdict differs from what the manifest says; none when it is as it says.

    Exactly those checks fail that are said to. Another one may be unclear: as the verdict was certain, nobody played
    once more for it. `quick`: the grade stopped as soon as that was so, and only checks that it decided are asked.
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
    """Tell whether a file says something about a lab and changes nothing in how it plays or is judged."""
    return file.suffix == ".md" or file.name == "calibration.toml"


def proof_fingerprint(course: Course, lab: Lab) -> str:
    """Return a hash of all that a lab's proof depends on: its folder without prose, and the program, kit and images."""
    return fingerprint(read_files(course.root, (f"labs/{lab.name}", *PROVEN_ON), left_out=is_prose))
