"""Errors that a person can act on: what, where, what to run next."""


class ErError(Exception):
    """Something that keeps `er` from judging; it ends `er` with one message and exit code 2.

    `what` says what is wrong, `where` in which file or service, `run` which command or page comes next.
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
    """Something in the learner's code: it fails a grade."""


class HostError(ErError):
    """The host was too busy: the run is unfit, and is repeated."""
