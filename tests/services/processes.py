"""Services in processes, started as in a container."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from patience import PATIENCE, read_until

SERVICES = Path(__file__).parents[2] / "services"


class Process:
    """Run a service's process, and read its output and exit code."""

    def __init__(self, *command: str, cwd: Path, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(SERVICES), "ER_PORT": "0", "ER_CONTROL_PORT": "0", **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_for_line(self) -> str:
        """Wait for the next line on standard output and return it."""
        try:
            return read_until(self._process, "\n")
        except AssertionError:
            self._process.kill()
            raise AssertionError(self._process.communicate(timeout=PATIENCE)[1]) from None

    def addresses(self, number: int = 1) -> list[tuple[str, int]]:
        """Wait for the log lines with the addresses, and return them."""
        said = [json.loads(self.wait_for_line())["message"] for _ in range(number)]
        found = [urlsplit(message.rpartition(" ")[2]) for message in said]
        return [(where.hostname or "", where.port or 0) for where in found]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask the process to stop."""
        self._process.send_signal(number)

    def end(self) -> tuple[int, str, str]:
        """Wait for the process to end.

        Return its exit code, standard output and standard error.
        """
        out, err = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode, out, err

    def kill(self) -> None:
        """Kill the process and its children."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=PATIENCE)


@contextmanager
def process(*command: str, cwd: Path, **env: str) -> Iterator[Process]:
    """Start `python -m <command>` and end it with the test."""
    started = Process(*command, cwd=cwd, env=env)
    try:
        yield started
    finally:
        started.kill()
