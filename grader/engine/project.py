"""A lab's containers, as one project of Docker Compose."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from grader.base.errors import ErError, LearnerError
from grader.base.files import write_whole
from grader.base.sanitize import quoted
from grader.course.course import Lab
from grader.engine.container_faults import PATIENT_FAULTS, STORE_FAULTS, ContainerPort
from grader.engine.containers import Container, judged_cpus, read_container, reload, remove_project
from grader.engine.control_port import ControlPort
from grader.engine.docker import DockerError, docker, docker_logs
from grader.engine.logs import readable
from grader.engine.ownership import lock_path, owned
from grader.engine.port import Port
from grader.engine.refusals import refused_by_redis

ROLE_OF_PATIENT = "patient"
ROLE_OF_STORE = "store"
CONTROLLED = ("stock", "twin", "load")
"""Roles of services with a control port."""

CONFIGURATIONS = ("prometheus", "redis")
"""The folders of `compose/` that containers see."""

NO_ENV_FILE = ("--env-file", os.devnull)
"""Otherwise Compose reads `.env` of the current folder, which may be anybody's."""

CONTROL_PORT = 9000
PROMETHEUS_PORT = 9090


@dataclass(frozen=True)
class Ports:
    """A project's ports by service: control ports and others."""

    control: Mapping[str, ControlPort]
    container: Mapping[str, Port] = field(default_factory=dict)

    @cached_property
    def all(self) -> dict[str, Port]:
        """Return all ports by service."""
        return {**self.control, **self.container}


class Project:
    """A lab's containers for one live session or one grade.

    `run` is its own folder, with the files that containers see: `patient/`, `load/`, `targets/` and the secret of the
    control ports. `live` is the live lab's name, empty for a grade.
    """

    def __init__(self, lab: Lab, name: str, run: Path, images: Mapping[str, str], live: str = "") -> None:
        self.lab = lab
        self.name = name
        self.run = run
        self.env = {
            **images,
            "ER_RUN": name,
            "ER_RUN_DIR": str(run),
            "ER_RUN_LOCK": str(lock_path(run)),
            "ER_LIVE": live,
        }
        self.roles: dict[str, str] = {}

    @property
    def patient(self) -> Path:
        """Return the folder that the patient's containers see as `/patient`."""
        return self.run / "patient"

    def prepare(self) -> None:
        """Make a clean run folder with secret, locustfile, configurations of stores and scrape targets.

        The containers' users can read the files in it, whatever the user's umask is.
        """
        shutil.rmtree(self.run, ignore_errors=True)
        for folder in ("patient", "load", "targets", *CONFIGURATIONS):
            (self.run / folder).mkdir(parents=True)
            (self.run / folder).chmod(0o755)
        # The run's folder itself keeps other users out.
        self.run.chmod(0o700)
        write_whole(self.run / "secret", secrets.token_hex(32) + "\n")
        write_whole(self.run / "load" / "locustfile.py", (self.lab.path / "locustfile.py").read_bytes())
        for folder in CONFIGURATIONS:
            for path in (self.lab.path.parents[1] / "compose" / folder).iterdir():
                write_whole(self.run / folder / path.name, path.read_bytes())
        services = json.loads(self._compose("config", "--format", "json"))["services"]
        self.roles = {name: service["labels"]["er.role"] for name, service in services.items()}
        targets = [
            {"targets": [f"{name}:{CONTROL_PORT}"], "labels": {"service": name}}
            for name, role in self.roles.items()
            if role in CONTROLLED
        ]
        write_whole(self.run / "targets" / "evidence.json", json.dumps(targets))

    def create(self, seconds: float) -> None:
        """Create and start all containers, and return once they are healthy.

        Raises DockerError when they are not healthy after `seconds`.
        """
        wait = ("--wait", "--wait-timeout", f"{seconds:.0f}")
        self._compose("up", "--detach", *wait, "--quiet-pull", timeout=seconds + 20)

    def patient_error(self, container: Container) -> LearnerError:
        """Return an error that shows why a patient's container is not ready."""
        said = self.said(container)
        what = (
            f"`{container.service}` ended with exit code {container.exit_code}"
            if container.fallen
            else f"`{container.service}` runs but does not answer `GET /healthz`"
        )
        return LearnerError(what + (f":\n{said}" if said else " and printed nothing"))

    def limit_cpus(self) -> None:
        """Put the judged CPU limits on the containers, which start without them."""
        limits: dict[str, list[str]] = {}
        listing = docker("ps", "--filter", f"label=er.run={self.name}", "--format", '{{.ID}} {{.Label "er.cpus"}}')
        for line in listing.splitlines():
            identity, _, cpus = line.partition(" ")
            if cpus:
                limits.setdefault(cpus, []).append(identity)
        for cpus, identities in limits.items():
            docker("update", "--cpus", judged_cpus(cpus), *identities)

    def containers(self) -> list[Container]:
        """Return the project's containers, also stopped ones."""
        return [
            read_container(json.loads(line)) for line in self._plain("ps", "--all", "--format", "json").splitlines()
        ]

    def patients(self) -> list[Container]:
        """Return the containers that run the learner's code."""
        return [container for container in self.containers() if container.role == ROLE_OF_PATIENT]

    def reload_patients(self, patients: list[Container] | None = None) -> None:
        """Restart these or all patients from their staged files, without waiting for requests."""
        # One command for all would restart them one by one.
        with ThreadPoolExecutor() as pool:
            list(pool.map(reload, self.patients() if patients is None else patients))

    def serving(self, patients: list[Container]) -> bool:
        """Tell whether all of these answer their health check now."""
        ask = ("curl", "-fsS", "-m", "1", "-o", "/dev/null", "http://127.0.0.1:8000/healthz")
        try:
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda patient: docker("exec", patient.id, *ask), patients))
        except DockerError:
            return False
        return True

    def ports(self) -> Ports:
        """Return the ports of all services that take phase or faults.

        A patient is among them when the incident injects a fault into it.
        """
        secret = (self.run / "secret").read_text().strip()
        hit = {name for phase in self.lab.manifest.phase for fault in phase.faults for name in fault.services}
        control: dict[str, ControlPort] = {}
        faulty: dict[str, Port] = {}
        for container in self.containers():
            service = container.service
            if container.role in CONTROLLED and CONTROL_PORT in container.ports:
                control[service] = ControlPort(service, container.ports[CONTROL_PORT], secret)
            elif container.role == ROLE_OF_STORE:
                faulty[service] = ContainerPort(service, container.id, STORE_FAULTS[service])
            elif container.role == ROLE_OF_PATIENT and service in hit:
                faulty[service] = ContainerPort(service, container.id, PATIENT_FAULTS)
        return Ports(control, faulty)

    def refused(self) -> dict[str, int]:
        """Return the commands that Redis refused to the patient, with counts."""
        stores = [container for container in self.containers() if container.service == "redis"]
        return refused_by_redis(stores[0].id) if stores else {}

    def prometheus_port(self) -> int:
        """Return the loopback port of Prometheus.

        Raises ErError when Prometheus does not run.
        """
        for container in self.containers():
            if container.role == "prometheus" and PROMETHEUS_PORT in container.ports:
                return container.ports[PROMETHEUS_PORT]
        raise ErError(f"Prometheus of `{self.name}` does not run", run="./er doctor")

    def said(self, container: Container) -> str:
        """Return the last lines that a container printed since its start.

        They are quoted; lines of level debug and info are left out. Files are named as the learner knows them.
        """
        started = docker("inspect", "--format", "{{.State.StartedAt}}", container.id).strip()
        said = readable(docker_logs(container.id, started), f"work/{self.lab.name}")
        return quoted(said) if said else ""

    def down(self) -> None:
        """Remove the project's containers, volumes, networks and folder."""
        try:
            remove_project(self.name)
        except ErError as error:
            find = f"docker ps --all --quiet --filter label=er.run={self.name}"
            raise ErError(
                f"{error.what}\ncontainers of `{self.name}` may still run", run=f"docker rm --force $({find})"
            ) from error
        shutil.rmtree(self.run, ignore_errors=True)

    def _compose(self, *args: str, timeout: float = 30) -> str:
        file = str(self.lab.path / "compose.yaml")
        return docker("compose", *NO_ENV_FILE, "-p", self.name, "-f", file, *args, env=self.env, timeout=timeout)

    def _plain(self, *args: str) -> str:
        """Run a Compose command that needs only the project's name."""
        return docker("compose", *NO_ENV_FILE, "-p", self.name, *args)


@contextmanager
def clean_project(lab: Lab, name: str, run: Path, images: Mapping[str, str]) -> Iterator[Project]:
    """Give a project, and take it down in every case.

    After a kill of this program its reaper does so.
    """
    project = Project(lab, name, run, images)
    with owned(name, run) as released:
        try:
            project.prepare()
            yield project
        finally:
            project.down()
            released()
