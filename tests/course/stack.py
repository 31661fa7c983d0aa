"""The fake containers: HTTP servers on loopback with scripted answers."""

import json
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

from grader.base.errors import ErError, HostError
from grader.engine.containers import Container
from grader.engine.control_port import ControlPort
from grader.engine.project import Ports, Project

RIGHT: dict[str, Any] = {
    "good": 1000, "total": 1000, "quick": 950, "calls": 1.0, "sold_twice": 0, "harmed": 0,
    "twin": 1.0, "canary": 0.9, "speed": 90_000, "sent": 1.0, "lag": 0.01, "served": 1.0, "settled": 2,
}  # fmt: skip
"""A right fix on a quiet host."""

SECRET = "the secret of a fake run"  # noqa: S105 # it protects nothing
STOCK = ("inventory", "twin")


@dataclass
class Script:
    """The values of an outcome, attempt by attempt."""

    says: Mapping[str, Any]
    attempt: int = 0

    def value(self, name: str) -> Any:  # noqa: ANN401 # any value of the table
        value = self.says.get(name, RIGHT.get(name))
        return value[min(self.attempt, len(value) - 1)] if isinstance(value, list) else value

    def answer(self, query: str) -> str | None:
        """Return the value that answers a Prometheus query, or None."""
        if query.startswith("sum by"):
            return None  # a live lab's traffic, of which this run has none
        if "load_settled_phases" in query:
            return str(self.value("settled"))
        if "phase_current" in query:
            return str(len(STOCK))
        for part, name in (
            ('kind="twin"', "twin"),
            ("canary_rounds", "speed"),
            ("canary", "canary"),
            ("lag_seconds", "lag"),
            ("load_sent", "sent"),
            ("or vector", "served"),
        ):
            if part in query:
                return str(self.value(name))
        found = re.match(r"sum\((\w+)", query)
        value = self.value(found[1]) if found else None
        return None if value in (None, "none") else str(value)


@dataclass
class Services:
    """The HTTP server of a run, for all services and Prometheus."""

    script: Script
    faults: list[dict[str, Any]] = field(default_factory=list)

    def handle(  # noqa: PLR0911 # one for each endpoint
        self,
        method: str,
        path: str,
        query: str,
        body: Any,  # noqa: ANN401 # JSON
    ) -> tuple[int, Any]:
        match method, path:
            case "GET", "/api/v1/query":
                value = self.script.answer(query)
                result = [] if value is None else [{"metric": {}, "value": [0, value.replace("nan", "NaN")]}]
                return 200, {"status": "success", "data": {"resultType": "vector", "result": result}}
            case "GET", "/api/v1/query_range":
                return 200, {"status": "success", "data": {"resultType": "matrix", "result": []}}
            case "POST", "/play":
                return 200, {"starts_in": 0.0}
            case "GET", "/state":
                return 200, {"state": "finished"}
            case "PUT" | "POST", "/faults":
                faults = body if isinstance(body, list) else [body]
                if faults and (self.script.value("refuses") or faults[0].get("kind") == "no-such"):
                    return 422, {"detail": "there is no such fault"}
                self.faults = faults
                return 200, {"id": 1, **faults[-1]} if faults else {}
            case "GET", "/faults":
                slow = {"describes": "every request waits", "parameters": {"seconds": {}}}
                return 200, {"kinds": {"slow": slow}, "active": self.faults}
            case "DELETE", "/faults":
                healed, self.faults = len(self.faults), []
                return 200, {"healed": healed}
        return 200, {}


@contextmanager
def serving(services: Services) -> Iterator[int]:
    """Serve on a loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            url = urlparse(self.path)
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or "null")
            query = parse_qs(url.query).get("query", [""])[0]
            status, said = services.handle(self.command, url.path, query, body)
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 # the names that the base class calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


class FakeProject(Project):
    """A project whose containers are one HTTP server.

    The rest is the real class.
    """

    port = 0
    script = Script({})

    def prepare(self) -> None:
        shutil.rmtree(self.run, ignore_errors=True)
        (self.run / "patient").mkdir(parents=True)
        self.roles = {
            "app": "patient",
            "inventory": "stock",
            "twin": "twin",
            "load": "load",
            "prometheus": "prometheus",
        }

    def containers(self) -> list[Container]:
        ended = self.script.value("ends")
        return [
            Container(
                name, name, role, "exited" if role == "patient" and ended else "running", "", 7 if ended else 0, {}
            )
            for name, role in self.roles.items()
        ]

    @staticmethod
    def said(container: Container) -> str:
        return f'│ Traceback of {container.service}:\n│   File "/patient/app.py", line 1\n│ ValueError: it is broken'

    def serving(self, patients: list[Container]) -> bool:
        return bool(patients)

    def ports(self) -> Ports:
        return Ports({name: ControlPort(name, self.port, SECRET) for name in ("load", *STOCK)})

    def prometheus_port(self) -> int:
        return 1 if self.script.value("prometheus") is False else self.port

    def limit_cpus(self) -> None:
        """Do nothing, because fake containers have no CPU limits."""

    def down(self) -> None:
        shutil.rmtree(self.run, ignore_errors=True)


def bring_up(project: FakeProject) -> None:
    """Start a fake system, or raise the error of its outcome."""
    match project.script.value("start"):
        case "patient":
            app = Container("app", "app", "patient", "exited", "", 1, {})
            raise project.patient_error(app)
        case "host":
            raise HostError("this machine is too busy to start `app`: a process that asked for one CPU got 14 % of it")
        case "stock":
            raise ErError("`inventory` did not become healthy:\n│ it said why", run="./er doctor")
