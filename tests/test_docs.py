"""What the documents say is what is so."""

import difflib
import re
from pathlib import Path

import pytest

from grader.course.catalog import read_catalog
from grader.course.course import Course, Lab
from grader.course.submission import edited_files

COURSE = Course.here()
DOCUMENTS = [*COURSE.root.glob("*.md"), *COURSE.root.glob("labs/*/*.md")]


def test_the_readmes_emergency_table_is_the_catalogues() -> None:
    rows = [
        f"| {row.problem} | {row.symptoms} | {row.immediate_fix} | {row.long_term_solution} | {row.time_to_relief} |"
        for row in read_catalog(COURSE).emergency.values()
    ]
    assert "\n".join(rows) in (COURSE.root / "README.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(COURSE.root)))
def test_links_inside_the_repository_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_the_brief_of_each_lab_names_its_checks_and_nothing_else() -> None:
    for lab in COURSE.labs():
        _, heading, below = (lab.path / "README.md").read_text().partition("| check | what it wants |\n")
        told = re.findall(r"^\| ([a-z0-9-]+) \|", below, re.MULTILINE)
        assert heading
        assert told == [check.name for check in lab.manifest.check]


def test_every_make_target_and_er_command_in_the_documents_exists() -> None:
    makefile = (COURSE.root / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+(?:-%)?):", makefile, re.MULTILINE))
    for document in DOCUMENTS:
        for number in re.findall(r"`(?:make lab-|make grade-|er [a-z]+ )(\d\d)", document.read_text()):
            assert COURSE.lab(number)
        for target in re.findall(r"`make ([a-z]+)`", document.read_text()):
            assert target in targets


def test_the_brief_of_each_lab_says_how_many_lines_the_answers_took() -> None:
    for lab in COURSE.labs():
        told = re.search(r"answers?\s+took\s(.+?)\.\s", (lab.path / "README.md").read_text(), re.DOTALL)
        assert told, lab.name
        took = sorted(added(lab, fix) for fix in (lab.path / "fixes" / "accepted").iterdir())
        assert [int(lines) for lines in re.findall(r"\d+", told[1])] == took, lab.name


def added(lab: Lab, fix: Path) -> int:
    """Return how many lines a fix has that the starter has not."""
    return sum(
        line.startswith("+ ")
        for name, path in edited_files(lab, fix).items()
        for line in difflib.ndiff((lab.patient / name).read_text().splitlines(), path.read_text().splitlines())
    )
