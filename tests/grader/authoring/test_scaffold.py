import re
import shutil
from pathlib import Path

import pytest

from grader.authoring.lint import lint
from grader.authoring.scaffold import new
from grader.base.errors import ErError
from grader.course.calibration import plays_as
from grader.course.course import Course, Lab

HERE = Course.here()


@pytest.fixture
def course(tmp_path: Path) -> Course:
    for name in ("labs", "compose", "docs", "services", "loadtests"):
        shutil.copytree(HERE.root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Course(tmp_path, tmp_path / "work")


def left(course: Course, lab: Lab) -> list[str]:
    """Return the findings of a new lab, except sentences of the template.

    Each of its texts must have one of these.
    """
    findings = lint(course, lab)
    placeholders = [finding for finding in findings if finding.what.startswith("still from the template: ")]
    assert {finding.path.name for finding in placeholders} == {"README.md", "hints.md", "debrief.md"}
    assert not [finding for finding in placeholders if "`x`" in finding.what]
    return [finding.what for finding in findings if finding not in placeholders]


def test_a_new_lab_is_clean_except_for_the_parts_of_its_author(course: Course) -> None:
    lab = new(course, "38", "load-shedding")
    assert lab.manifest.title == "Load shedding"
    assert left(course, lab) == [
        "it does not say how many lines the answer took",
        "the lab is not calibrated",
        "0 accepted fixes",
        "0 rejected fixes",
        "no rejected fix fails `answers-are-real`",
        "no rejected fix `give-up-at-once` breaks the promise",
        "no rejected fix fails `visitors-served`",
    ]
    assert not [path for path in lab.path.rglob("*") if path.is_file() and "@" in path.read_text().replace("@app", "")]


@pytest.mark.parametrize("like", HERE.labs(), ids=lambda lab: lab.number)
def test_a_lab_made_like_another_is_proven_and_lacks_only_texts(course: Course, like: Lab) -> None:
    lab = new(course, "38", "load-shedding", like)
    # A promise or a check may use a word that the lost text has explained.
    to_write = [what for what in left(course, lab) if not what.startswith("nothing explains the word")]
    assert to_write == ["it does not say how many lines the answer took", "the lab is not calibrated"]
    assert lab.manifest == like.manifest.model_copy(update={"title": "Load shedding"})
    assert plays_as(lab) == plays_as(like)
    brief = (lab.path / "README.md").read_text()
    assert brief.startswith("# Lab 38: Load shedding\n")
    assert re.findall(r"(?s)^```\n.*?^```$", brief, re.MULTILINE) == re.findall(
        r"(?s)^```\n.*?^```$", (like.path / "README.md").read_text(), re.MULTILINE
    )
    assert not re.search(rf"{like.name}|{like.manifest.title}|(?:er \w+|make \w+-) ?{like.number}", brief)


@pytest.mark.parametrize(
    ("number", "slug", "says"),
    [
        ("3", "sharding", "two digits"),
        ("abc", "sharding", "two digits"),
        ("38", "Sharding", "lower-case words"),
        ("38", "../x", "lower-case words"),
        ("38", "", "lower-case words"),
        ("03", "sharding", "lab `03-rate-limiting` already has this number or name"),
        ("38", "rate-limiting", "lab `03-rate-limiting` already has this number or name"),
    ],
)
def test_an_invalid_or_taken_number_or_name_makes_no_lab(course: Course, number: str, slug: str, says: str) -> None:
    before = sorted((course.root / "labs").iterdir())
    with pytest.raises(ErError, match=says):
        new(course, number, slug)
    assert sorted((course.root / "labs").iterdir()) == before
