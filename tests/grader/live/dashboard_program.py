"""A program that shows a dashboard without a lab, and ends as its argument says."""

import os
import signal
import sys
import time

import pytest

from grader import cli
from grader.base.console import open_console
from grader.course.course import Course
from grader.live.dashboard import Dashboard

SECONDS = 20
"""No test takes that long."""


def main(ending: str) -> None:
    """Show the dashboard until a key ends it, or the ending comes by itself."""
    signal.signal(signal.SIGTERM, cli._interrupt)  # noqa: SLF001 # as the real program does
    command = [sys.executable, "-c", "import sys; print('grader was given', *sys.argv[1:])"]
    if ending == "slow-command":
        # Like a real command, it takes a moment until it prints; then it has the terminal.
        command = ["sh", "-c", "trap 'echo cleaned; exit' INT; sleep 0.3; echo begun; while :; do sleep 0.05; done"]
    pytest.MonkeyPatch().setattr("grader.live.keyboard.own_module", lambda _: command)
    with Dashboard(open_console(), Course.here().lab("03"), "work/gateway.py") as dashboard:
        dashboard.event(f"drawn by {os.getpid()}.")
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            dashboard.attend()
            time.sleep(0.01)
            if ending == "kill":
                os.kill(os.getpid(), signal.SIGTERM)
            if ending == "error":
                raise RuntimeError("an error in the session")


if __name__ == "__main__":
    main(sys.argv[1])
