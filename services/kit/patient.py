"""Serve a patient: `python -m kit.patient gateway:app` in the folder that holds the learner's file."""

import importlib
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType

from kit import logs
from kit.serve import serve

PORT = 8000


def main() -> None:
    """Import the learner's app and serve it on port 8000; a file that cannot be imported ends with its traceback."""
    logs.install()
    module, _, name = sys.argv[1].partition(":")
    here = Path.cwd()
    sys.path.insert(0, str(here))
    try:
        app = getattr(importlib.import_module(module), name)
    except Exception as error:  # noqa: BLE001 # whatever the learner's code raises
        traceback.print_exception(error.with_traceback(_from(here, error.__traceback__)))
        raise SystemExit(1) from None
    serve((app, "0.0.0.0", int(os.environ.get("ER_PORT", PORT))))  # noqa: S104 # in a container


def _from(folder: Path, trace: TracebackType | None) -> TracebackType | None:
    """Return the part of a traceback that begins in a folder: how Python imports is not the learner's concern."""
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith(str(folder)):
        trace = trace.tb_next
    return trace


if __name__ == "__main__":
    main()
