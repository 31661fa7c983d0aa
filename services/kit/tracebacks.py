"""Tracebacks that begin at the learner's own code."""

import traceback
from pathlib import Path
from types import TracebackType


def own_part(frames: TracebackType | None) -> TracebackType | None:
    """Return the traceback from its first frame in the working directory on, or None."""
    folder = Path.cwd()
    while frames is not None and folder not in Path(frames.tb_frame.f_code.co_filename).parents:
        frames = frames.tb_next
    return frames


def print_own_part(error: BaseException) -> None:
    """Print an error to standard error without the frames that called the learner's code."""
    traceback.print_exception(type(error), error, own_part(error.__traceback__))
