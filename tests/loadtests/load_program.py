"""The load program in a process, because gevent patches its process.

It starts as in its container.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from urllib.parse import urlsplit

from patience import PATIENCE, eventually
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef"  # noqa: S105 # of the tests


class Metrics:
    """Hold the samples of one scrape."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self._samples = [sample for family in self.families for sample in family.samples]

    def samples(self, name: str, **labels: str) -> list[Sample]:
        """Return all samples of this name with these labels."""
        return [s for s in self._samples if s.name == name and labels.items() <= s.labels.items()]

    def sum(self, name: str, **labels: str) -> float:
        """Return the sum over all samples of this name with these labels.

        There must be one.
        """
        found = self.samples(name, **labels)
        assert found, (name, labels)
        return sum(sample.value for sample in found)

    def by(self, label: str, name: str, **labels: str) -> dict[str, float]:
        """Return the values other than 0 by a label."""
        return {s.labels[label]: s.value for s in self.samples(name, **labels) if s.value}


class Program:
    """Drive a running load program through its control port."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        self.process = process
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._read).start()
        self.health, self.control = (self._next_address() for _ in range(2))

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)
        self._lines.put("")

    def _next_address(self) -> tuple[str, int]:
        while True:
            line = self._lines.get(timeout=PATIENCE)
            assert line, "the program has ended"
            message = json.loads(line)["message"]
            if message.startswith("serving at"):
                where = urlsplit(message.rpartition(" ")[2])
                return where.hostname or "", where.port or 0

    def ask(
        self, method: str, path: str, body: object = None, *, secret: str | None = SECRET, health: bool = False
    ) -> tuple[int, bytes]:
        """Send a request to the control port, or to the health port.

        Return status and body.
        """
        connection = http.client.HTTPConnection(*(self.health if health else self.control), timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {secret}"} if secret is not None else {}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def begin(self, rate: Mapping[str, float], *, phase: str, seconds: float = 0.4, seed: int = 1) -> None:
        """Begin a play of one phase."""
        plan = {"seed": seed, "phases": [{"name": phase, "seconds": seconds, "rate": rate}]}
        status, body = self.ask("POST", "/play", plan)
        assert status == 200, body

    def state(self) -> str:
        """Return the state."""
        return str(json.loads(self.ask("GET", "/state")[1])["state"])

    def metrics(self) -> Metrics:
        """Scrape."""
        status, body = self.ask("GET", "/metrics")
        assert status == 200
        return Metrics(body.decode())

    def finish(self) -> Metrics:
        """Wait for the end of the play, and scrape."""
        wait_for(lambda: self.state() == "finished")
        return self.metrics()

    def play(self, rate: Mapping[str, float], *, phase: str, seconds: float = 0.4, seed: int = 1) -> Metrics:
        """Play one phase, and scrape at its end."""
        self.begin(rate, phase=phase, seconds=seconds, seed=seed)
        return self.finish()


def wait_for(claim: Callable[[], bool]) -> None:
    """Wait until a claim is true."""
    assert eventually(claim), "waited in vain"


@contextmanager
def program(locustfile: Path, targets: Sequence[str], folder: Path) -> Iterator[Program]:
    """Run `python -m loadtests` with a locustfile.

    Its targets are in ER_TEST_TARGETS.
    """
    (folder / "secret").write_text(SECRET + "\n")
    settings = {
        "PYTHONPATH": f"{ROOT / 'services'}{os.pathsep}{ROOT}",
        "ER_LOCUSTFILE": str(locustfile),
        "ER_SECRET_FILE": str(folder / "secret"),
        "ER_CONTROL_HOST": "127.0.0.1",
        "ER_CONTROL_PORT": "0",
        "ER_PORT": "0",
        "ER_TEST_TARGETS": ",".join(targets),
    }
    command = [sys.executable, "-m", "loadtests"]
    # Measuring coverage would slow the load.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with subprocess.Popen(
        command, cwd=folder, env={**inherited, **settings}, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Program(process)
        finally:
            process.kill()
