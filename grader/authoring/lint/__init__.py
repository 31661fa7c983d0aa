"""`er lint`: the mistakes in a lab that show without running it."""

from collections.abc import Callable, Iterator

from grader.authoring.lint import (
    calibrated,
    catalogued,
    contract,
    fixes,
    hardening,
    layout,
    measures,
    prose,
    replicas,
    survivors,
    wording,
)
from grader.authoring.lint.finding import Finding
from grader.base.errors import ErError
from grader.course.course import Course, Lab

RULES: tuple[Callable[[Course, Lab], Iterator[Finding]], ...] = (
    layout.check,
    catalogued.check,
    fixes.check,
    contract.check,
    survivors.check,
    measures.check,
    hardening.check,
    replicas.check,
    prose.check,
    wording.check,
    calibrated.check,
)


def lint(course: Course, lab: Lab) -> list[Finding]:
    """Return all findings of a lab, sorted by file and line.

    A manifest that cannot be read is the only finding.
    """
    try:
        _ = lab.manifest
    except ErError as error:
        return [Finding(lab.path / "lab.toml", 0, error.what, "see `grader/course/manifest.py`")]
    return sorted({finding for rule in RULES for finding in rule(course, lab)})


def lint_documents(course: Course) -> list[Finding]:
    """Return all findings of the documents and of the program's messages."""
    return sorted(set(wording.check_documents(course)))
