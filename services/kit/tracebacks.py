"""Tracebacks that begin where the reader's own code does."""

import traceback
from pathlib import Path
from types import TracebackType


def own_part(frames: TracebackType | None) -> TracebackType | None:
    """Return a traceback from its first frame in a file of the working directory on, or None if there is none."""
    folder = Path.cwd()
    while frames is not None and folder not in Path(frames.tb_frame.f_code.co_filename).parents:
        frames = frames.tb_next
    return frames


def print_own_part(error: BaseException) -> None:
    """Print an error to standard error without what called the reader's code."""
    traceback.print_exception(type(error), error, own_part(error.__traceback__))
