"""What a teacher can tell the author of a submission."""

from grader.course.course import Lab
from grader.evidence.checks import State
from grader.grading.results import Results, Verdict

NOT_JUDGED = "Nothing yet: this grade has no verdict. The same command of the class grades it again."


def what_to_tell(lab: Lab, results: Results) -> list[str]:
    """Return sentences for the author of a submission, and a command of the author's own checkout.

    Empty for a pass. It never names the teacher's files, and no hint's text.
    """
    match results.verdict:
        case Verdict.PASSED:
            return []
        case Verdict.FAILED:
            pass
        case _:
            return [NOT_JUDGED]
    wrong = [check for check in results.checks if check.state is State.FAILS] or [
        check for check in results.checks if check.state is State.UNCLEAR
    ]
    if wrong:
        return [*(f"`{check.name}`: {check.says}" for check in wrong), f"The way there: `./er hint {lab.number}`"]
    if results.next:
        files = ", ".join(f"`{name}`" for name in lab.manifest.edit)
        return [f"The files could not be read. Hand in {files}, in a folder or a zip file."]
    return [f"The code did not serve, and no check was reached. `make lab-{lab.number}` shows why within seconds."]
