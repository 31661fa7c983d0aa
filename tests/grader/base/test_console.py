"""A console is interactive only on a real terminal."""

import os
import pty
import subprocess
import sys

import pytest

SHOW = "from grader.base.console import open_console as o; c = o(); print(c.is_terminal, bool(c.color_system))"


def shown(*, terminal: bool, **variables: str) -> str:
    """Return `is_terminal` and whether there are colours, of a console in a process with these variables."""
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "NO_COLOR", "TERM")}
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", SHOW],
            env=environment | variables,
            stdin=theirs if terminal else subprocess.DEVNULL,
            stdout=theirs if terminal else subprocess.PIPE,
            check=True,
        )
        return os.read(ours, 1000).decode().strip() if terminal else done.stdout.decode().strip()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "False False"),
        ({"TERM": "xterm"}, "False False"),
        ({"FORCE_COLOR": "1"}, "False True"),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "False False"),
    ],
)
def test_a_log_is_not_a_terminal_whatever_its_colours(variables: dict[str, str], expected: str) -> None:
    assert shown(terminal=False, **variables) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TERM": "xterm-256color"}, "True True"),
        ({"TERM": "dumb"}, "False False"),
        ({}, "False False"),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, "False True"),
    ],
)
def test_a_terminal_that_cannot_redraw_is_treated_as_a_log(variables: dict[str, str], expected: str) -> None:
    assert shown(terminal=True, **variables) == expected
