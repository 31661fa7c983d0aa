"""The files of a lab: required ones, allowed ones, and sizes."""

from collections.abc import Iterator
from pathlib import Path

from grader.authoring.lint.finding import Finding, line_of
from grader.course.course import Course, Lab
from grader.course.source import python_lines
from grader.engine.images import OWN_DATA

NEEDED = ("README.md", "lab.toml", "compose.yaml", "locustfile.py", "hints.md", "debrief.md", "patient", "fixes")
ALLOWED = (*NEEDED, "calibration.toml", *OWN_DATA.values())

PATIENT_LINES, LOCUSTFILE_LINES, COMPOSE_LINES = 60, 65, 30
"""The most lines of code of all edited files together and of the locustfile, and lines of the compose file."""


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find files that are missing, unknown or too long."""
    del course
    for name in NEEDED:
        if not (lab.path / name).exists():
            yield Finding(lab.path, 0, f"`{name}` is missing", "every lab has one")
    for path in sorted(lab.path.iterdir()):
        if path.name not in ALLOWED and path.name != "__pycache__":
            yield Finding(path, 0, "a lab has no such file", f"it may have {', '.join(ALLOWED)}")
    yield from _patient(lab)
    path = lab.path / "compose.yaml"
    if path.exists() and (lines := len(path.read_text().splitlines())) > COMPOSE_LINES:
        wanted = f"at most {COMPOSE_LINES}: shared parts belong in the templates"
        yield Finding(path, COMPOSE_LINES + 1, f"{lines} lines", wanted)
    path = lab.path / "locustfile.py"
    if path.exists() and (lines := lines_of_code(path)) > LOCUSTFILE_LINES:
        wanted = f"at most {LOCUSTFILE_LINES}: shared parts belong in the load library"
        yield Finding(path, 0, f"{lines} lines of code", wanted)
    yield from _users(lab)


def _patient(lab: Lab) -> Iterator[Finding]:
    total, todo = 0, False
    for name in lab.manifest.edit:
        path = lab.patient / name
        if not path.is_file():
            line = line_of((lab.path / "lab.toml").read_text(), "edit =")
            yield Finding(
                lab.path / "lab.toml", line, f"`edit` names `{name}`, which is not in patient/", "add it there"
            )
            continue
        total += lines_of_code(path)
        todo |= "# TODO" in path.read_text()
    if total > PATIENT_LINES:
        path = lab.patient / lab.manifest.edit[0]
        yield Finding(
            path, 0, f"the patient has {total} lines of code", f"at most {PATIENT_LINES}: plumbing belongs in the kit"
        )
    if not todo:
        path = lab.patient / lab.manifest.edit[0]
        yield Finding(path, 0, "no edited file has a `# TODO`", "put one where the learner's work is")


def _users(lab: Lab) -> Iterator[Finding]:
    path = lab.path / "locustfile.py"
    if not path.exists():
        return
    text = path.read_text()
    for phase in lab.manifest.phase:
        for quote in ('"', "'"):
            if line := line_of(text, f"{quote}{phase.name}{quote}"):
                yield Finding(path, line, f"users name the phase `{phase.name}`", "phases belong in the manifest")


def lines_of_code(path: Path) -> int:
    """Return the number of lines of code in a file.

    Blank lines, comments and docstrings of Python do not count.
    """
    text = path.read_text()
    if path.suffix == ".py":
        return len(python_lines(text))
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in text.splitlines())
