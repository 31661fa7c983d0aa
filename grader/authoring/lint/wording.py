"""Plain English in everything that is read: a lab's texts, the documents, and what the program says."""

from collections.abc import Iterator
from pathlib import Path

from grader.authoring.lint.english import faults
from grader.authoring.lint.finding import Finding, line_of
from grader.authoring.lint.messages import messages
from grader.authoring.lint.sentences import sentences
from grader.course.course import Course, Lab
from grader.course.manifest import Manifest

NOT_YET = {
    "grader/authoring/lint/fixes.py",
    "grader/authoring/verify.py",
    "grader/course",
    "grader/engine",
    "grader/grading",
    "grader/live",
    "CONTRIBUTING.md",
}
"""Texts that are still to be rewritten, from the root of the course; whole folders among them."""


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find what is not plain English in a lab's markdown files and in what its manifest says."""
    yield from _without_not_yet(course, _check(lab))


def check_documents(course: Course) -> Iterator[Finding]:
    """Find what is not plain English in the course's documents and in the program's messages."""
    yield from _without_not_yet(course, _check_documents(course))


def _without_not_yet(course: Course, findings: Iterator[Finding]) -> Iterator[Finding]:
    for finding in findings:
        path = finding.path.relative_to(course.root)
        if not NOT_YET & {str(part) for part in (path, *path.parents)}:
            yield finding


def _check(lab: Lab) -> Iterator[Finding]:
    for path in sorted(lab.path.glob("*.md")):
        yield from _markdown(path)
    path = lab.path / "lab.toml"
    text = path.read_text(encoding="utf-8")
    for said in _said(lab.manifest):
        for _, sentence in sentences(said):
            yield from _findings(path, line_of(text, said), sentence)


def _check_documents(course: Course) -> Iterator[Finding]:
    for path in sorted([*course.root.glob("*.md"), *course.root.glob("docs/*.md")]):
        yield from _markdown(path)
    for path in sorted(course.root.glob("grader/**/*.py")):
        for line, message in messages(path.read_text(encoding="utf-8")):
            for _, sentence in sentences(message):
                yield from _findings(path, line, sentence)


def _said(manifest: Manifest) -> list[str]:
    stopgap = [manifest.stopgap.says] if manifest.stopgap else []
    claims = (*manifest.check, manifest.level)
    return [manifest.title, manifest.blurb, manifest.symptom.noun, *stopgap, *(claim.says for claim in claims)]


def _markdown(path: Path) -> Iterator[Finding]:
    for line, sentence in sentences(path.read_text(encoding="utf-8")):
        yield from _findings(path, line, sentence)


def _findings(path: Path, line: int, sentence: str) -> Iterator[Finding]:
    for what, mend in faults(sentence):
        yield Finding(path, line, what, mend)
