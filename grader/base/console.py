"""The console that every command prints on."""

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
    """Open a console, as wide as the terminal or WIDTH_OF_LOGS."""
    console = Output(highlight=False)
    return console if console.is_terminal else Output(highlight=False, width=WIDTH_OF_LOGS)
