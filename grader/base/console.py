"""The console that every command prints on."""

import os
import sys

from rich.console import Console

WIDTH_OF_LOGS = 120


class Output(Console):
    """A console that reports a closed pipe as an error.

    Rich would end the program with exit code 1, which is that of a failed grade.
    """

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError instead of ending the program."""
        raise BrokenPipeError


def open_console() -> Console:
    """Open a console, as wide as the terminal or WIDTH_OF_LOGS.

    Its `is_terminal` says whether somebody sits there: a screen can be redrawn, and questions are answered.
    `FORCE_COLOR` gives a log colours, and no more than that.
    """
    if on_terminal():
        return Output(highlight=False, force_terminal=True)
    colours = os.environ.get("FORCE_COLOR") and not os.environ.get("NO_COLOR")
    return Output(
        highlight=False,
        force_terminal=False,
        color_system="standard" if colours else None,
        width=WIDTH_OF_LOGS,
    )


def on_terminal() -> bool:
    """Tell whether input and output are a terminal that can redraw lines."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")
