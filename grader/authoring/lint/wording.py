"""Plain English in all texts of labs, documents and messages, and words that are explained."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from grader.authoring.lint.english import faults
from grader.authoring.lint.finding import Finding, line_of
from grader.authoring.lint.messages import messages
from grader.authoring.lint.sentences import sentences
from grader.authoring.lint.terms import unexplained
from grader.course.course import Course, Lab
from grader.course.fixes import read_mistake, rejected
from grader.course.manifest import Manifest
from grader.course.patch import PatchError


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find faults in the texts, manifest and patches of a lab."""
    del course
    for path in sorted(lab.path.glob("*.md")):
        yield from _markdown(path)
    brief = lab.path / "README.md"
    if brief.exists():
        yield from unexplained(brief, brief.read_text(encoding="utf-8"))
    for name, path in rejected(lab).items():
        # The rule on fixes reports a patch that cannot be read.
        with suppress(PatchError):
            for line, sentence in sentences(read_mistake(lab, name).reason):
                yield from _findings(path, line, sentence)
    path = lab.path / "lab.toml"
    text = path.read_text(encoding="utf-8")
    for said in _said(lab.manifest):
        for _, sentence in sentences(said):
            yield from _findings(path, line_of(text, said), sentence)


def check_documents(course: Course) -> Iterator[Finding]:
    """Find faults in the course's documents and the program's messages."""
    for path in sorted([*course.root.glob("*.md"), *course.root.glob("docs/*.md")]):
        yield from _markdown(path)
        yield from unexplained(path, path.read_text(encoding="utf-8"))
    for path in sorted(course.root.glob("grader/**/*.py")):
        for line, message in messages(path.read_text(encoding="utf-8")):
            for _, sentence in sentences(message):
                yield from _findings(path, line, sentence)


def _said(manifest: Manifest) -> list[str]:
    stopgap = [manifest.stopgap] if manifest.stopgap else []
    claims = [*manifest.promise, *manifest.milestone, *manifest.check, manifest.level, *stopgap]
    said = [manifest.title, manifest.blurb, manifest.symptom.noun, manifest.symptom.harm, manifest.unreceipted or ""]
    return said + [claim.says for claim in claims] + [*manifest.mutants.values()]


def _markdown(path: Path) -> Iterator[Finding]:
    for line, sentence in sentences(path.read_text(encoding="utf-8")):
        yield from _findings(path, line, sentence)


def _findings(path: Path, line: int, sentence: str) -> Iterator[Finding]:
    for what, mend in faults(sentence):
        yield Finding(path, line, what, mend)
