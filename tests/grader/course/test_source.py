"""The code of a file is independent of comments and layout."""

import pytest

from grader.course.course import Course
from grader.course.source import code, python_lines

PYTHON = '''"""Gateway."""

import os  # for the address

TEXT = "# not a comment"
"""A text."""


def quote(symbol: str) -> str:
    """Return a quote."""
    # The reason.
    return f"{symbol}#{os.name}"
'''


def test_comments_docstrings_and_blank_lines_are_not_code() -> None:
    assert python_lines(PYTHON) == [
        "import os",
        'TEXT = "# not a comment"',
        "def quote(symbol: str) -> str:",
        '    return f"{symbol}#{os.name}"',
    ]


@pytest.mark.parametrize(
    ("name", "text", "same"),
    [
        (
            "a.py",
            PYTHON,
            PYTHON.replace("The reason", "Another reason").replace("Return a", "Give a").replace("A text", "Another")
            + "\n\n",
        ),
        ("a.yaml", "a: 1 # one\nb: [2]\n", "# two\nb:\n  - 2\na: 1\n"),
        ("a.toml", "a = 1 # one\n", "# two\n\na = 1\n"),
    ],
)
def test_files_with_other_comments_have_the_same_code(name: str, text: str, same: str) -> None:
    assert code(name, text) == code(name, same)


@pytest.mark.parametrize(
    ("name", "text", "other"),
    [
        ("a.py", PYTHON, PYTHON.replace("# not", "# no")),
        ("a.py", PYTHON, PYTHON.replace("{symbol}#", "{symbol}##")),
        ("a.yaml", "a: 1\n", "a: 2\n"),
        ("a.toml", "a = 1\n", "a = 2\n"),
        ("a.sql", "-- a\n", "-- b\n"),
        ("a.py", "import (", "import  ("),
    ],
)
def test_files_with_other_statements_have_other_code(name: str, text: str, other: str) -> None:
    assert code(name, text) != code(name, other)


def test_every_patient_keeps_its_code_without_comments() -> None:
    for lab in Course.here().labs():
        for path in lab.patient.glob("*.py"):
            lines = python_lines(path.read_text())
            assert python_lines("\n".join(lines)) == lines
