"""Every printed command exists and works in a fresh shell."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.cli import er
from grader.course.course import Course

ROOT = Course.here().root
SOURCES = sorted(ROOT.glob("grader/**/*.py"))
COMMAND = re.compile(r"(?<![\w./`-])((?:\./)?er) ([a-z]+)((?: [^\s`,;&)]+)*)")
TARGET = re.compile(r"\bmake ([a-z]+)-03")


def texts(source: Path) -> Iterator[str]:
    """Yield the texts of a module except its docstrings.

    Each value that is filled in becomes 03.
    """
    tree = ast.parse(source.read_text())
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "03" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {node} & (strings | parts):
            yield node.value


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_printed_commands_exist_and_start_with_the_launcher(source: Path) -> None:
    targets = re.findall(r"^([a-z]+)(?:-%)?:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for text in texts(source):
        assert set(TARGET.findall(text)) <= {*targets}, text
        for program, name, arguments in COMMAND.findall(text):
            if name in er.commands:
                assert program == "./er", text
                known = {option for parameter in er.commands[name].params for option in parameter.opts}
                assert set(re.findall(r"--[a-z-]+", arguments)) <= known, text
            else:
                assert program == "er", text


def test_the_texts_of_the_program_name_commands() -> None:
    printed = {name for source in SOURCES for text in texts(source) for _, name, _ in COMMAND.findall(text)}
    assert {"doctor", "list", "hint", "grade"} <= printed
