"""A grade for GitHub Actions: annotations in the log, and outputs of the step."""

import os
import re
from pathlib import Path

from grader.base.sanitize import plain
from grader.course.course import Lab
from grader.evidence.checks import State
from grader.grading.points import points
from grader.grading.results import Results, Verdict

FRAME = re.compile(r'File "work/([^/"\n]+)/([^/"\n]+)", line (\d{1,6})\b')
"""A place in a traceback, in the learner's own file."""

BAR = "│ "
"""Stands before each line that a patient printed."""


def append_outputs(results: Results) -> None:
    """Append `passed`, `level` and `score` to the step's outputs, if `GITHUB_OUTPUT` names their file.

    No text of a submission is among them, so none can add a line.
    """
    if path := os.environ.get("GITHUB_OUTPUT"):
        passed = "true" if results.verdict is Verdict.PASSED else "false"
        level = results.level.name if results.level else ""
        score = "" if points(results) is None else points(results)
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"passed={passed}\nlevel={level}\nscore={score}\n")


def annotations(lab: Lab, source: Path, results: Results) -> list[str]:
    """Return the workflow commands that annotate a grade; none for a pass, or outside GitHub Actions.

    There is one for each failed check, and one for a cause, at the file and line that its traceback ends with.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true" or results.verdict is Verdict.PASSED:
        return []
    level = "error" if results.verdict is Verdict.FAILED else "warning"
    title = f"Pattern ER {lab.name}: {results.verdict}"
    found = [
        _command(level, check.says, title=f"{title}, {check.name}")
        for check in results.checks
        if check.state is State.FAILS
    ]
    if results.cause:
        found.insert(0, _command(level, _short(results.cause), **_place(lab, source, results.cause), title=title))
    return found


def _short(cause: str) -> str:
    """Return the first line of a cause, and the last one, which names the exception of a traceback."""
    lines = [line.removeprefix(BAR).strip() for line in cause.splitlines() if line.removeprefix(BAR).strip()]
    return " ".join([lines[0], *lines[1:][-1:]]) if lines else ""


def _place(lab: Lab, source: Path, cause: str) -> dict[str, str]:
    """Return the file and line of the last frame in an edited file.

    The file is relative to the workflow's checkout, and empty when it lies elsewhere.
    """
    frames = [(name, line) for folder, name, line in FRAME.findall(cause) if folder == lab.name]
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    for name, line in reversed(frames):
        path = (source / name).resolve()
        if name in lab.manifest.edit and path.is_file() and path.is_relative_to(workspace):
            return {"file": str(path.relative_to(workspace)), "line": line}
    return {}


def _command(level: str, message: str, **properties: str) -> str:
    given = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    return f"::{level} {given}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    """Return text as GitHub requires it within a workflow command.

    `%`, line ends, and the characters of `also` are escaped as in a URL.
    """
    return re.sub(f"[%\r\n{also}]", lambda match: f"%{ord(match[0]):02X}", plain(text))
