"""Errors that name their cause, their place and the next command."""


class ErError(Exception):
    """An error that ends `er` with one message and exit code 2.

    `what`: what happened and what was expected. `where`: the file or service. `run`: the next command or page, as it
    works in a fresh shell.
    """

    def __init__(self, what: str, *, where: str | None = None, run: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.run = run

    def __str__(self) -> str:
        where = f"\n  where: {self.where}" if self.where else ""
        run = f"\n  next: {self.run}" if self.run else ""
        return f"{self.what}{where}{run}"


class LearnerError(ErError):
    """An error in the learner's code, which fails a grade."""


class HostError(ErError):
    """A host too busy to judge, so that the run is repeated."""
