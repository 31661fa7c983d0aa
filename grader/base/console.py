"""The console that every command prints on."""

from rich.console import Console

WIDTH_OF_LOGS = 120


class Output(Console):
    """A console that does not end the program with a verdict's exit code when nobody reads it any more."""

    def on_broken_pipe(self) -> None:
        """Raise what the output's end is."""
        raise BrokenPipeError


def open_console() -> Console:
    """Return the console: as wide as the terminal, or of a fixed width where there is none."""
    console = Output(highlight=False)
    return console if console.is_terminal else Output(highlight=False, width=WIDTH_OF_LOGS)
