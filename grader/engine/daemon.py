"""The Docker daemon: checked, and installed or started where that is safe."""

import json
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grader.base.environment import own_environment
from grader.base.errors import ErError
from grader.base.locks import held
from grader.course.course import Course

OLDEST_ENGINE, OLDEST_COMPOSE = (25, 0), (2, 24)

DOCKER_PAGE = "https://docs.docker.com/engine/install/"
PACKAGES_KNOWN = ("debian", "ubuntu")
SOCKET_SECONDS = 30.0

BASE_TAR = "base.tar"
"""The base of all images; the engine's installation leaves it in the course's state for the first build."""

PID_FILE = Path("/var/run/docker.pid")
DYING_SECONDS = 10.0

ANSWER_SECONDS = 15
NO_ANSWER = f"no answer within {ANSWER_SECONDS} s"

ABSENT = re.compile(
    r"cannot connect to the docker daemon at unix://|dial unix .*(no such file|connection refused)", re.IGNORECASE
)
"""What Docker's client says when nothing listens at its socket."""

CONTEXT = "currentContext"
"""The key of Docker's configuration that selects an engine."""

Say = Callable[[str], object]
Ask = Callable[[str], bool]


@dataclass(frozen=True)
class EngineStatus:
    """What is installed and running on this machine.

    A version is empty when its part is missing or does not answer. `chosen`: the setting by which the user selects an
    engine, such as `DOCKER_HOST=tcp://host`, or empty. `said`: the engine's error when it does not answer.
    """

    system: str
    distribution: str
    root: bool
    client: bool
    daemon_binary: bool
    chosen: str
    engine: str
    compose: str
    buildx: str
    said: str = ""

    @classmethod
    def gather(cls) -> "EngineStatus":
        """Inspect this machine."""
        client = shutil.which("docker") is not None
        server, said = _ask("version", "--format", "{{json .Server.Version}}") if client else ("", "")
        plugins, _ = _ask("info", "--format", "{{json .ClientInfo.Plugins}}") if server else ("", "")
        versions = {plugin["Name"]: plugin.get("Version", "") for plugin in json.loads(plugins or "null") or []}
        return cls(
            system=platform.system(),
            distribution=_distribution(),
            root=os.geteuid() == 0,
            client=client,
            daemon_binary=_dockerd() is not None,
            chosen=_chosen_engine(),
            engine=json.loads(server) if server else "",
            compose=versions.get("compose", ""),
            buildx=versions.get("buildx", ""),
            said=said,
        )


def trouble(facts: EngineStatus) -> ErError | None:
    """Return why labs cannot use the engine, or None if they can."""
    if not facts.engine:
        return _unreachable(facts)
    if _version(facts.engine) < OLDEST_ENGINE:
        return ErError(f"Docker Engine {facts.engine} is too old; labs need 25 or later", run=DOCKER_PAGE)
    if _version(facts.compose) < OLDEST_COMPOSE:
        found = (
            f"Docker Compose {facts.compose} is too old" if facts.compose else "the Docker Compose plugin is missing"
        )
        return ErError(f"{found}; labs need 2.24 or later", run="https://docs.docker.com/compose/install/")
    if not facts.buildx:
        return ErError("the Docker buildx plugin is missing", run="https://github.com/docker/buildx#installing")
    return None


def installable(facts: EngineStatus) -> bool:
    """Tell whether this program may install missing parts.

    It may as root, on a distribution with known packages. A daemon is missing only when nothing answers at the usual
    socket, and the user has chosen no other engine. One that hangs, or that Docker's client cannot talk to, is not.
    """
    absent = not facts.client or bool(ABSENT.search(facts.said))
    return facts.root and facts.distribution in PACKAGES_KNOWN and not facts.chosen and absent


def ensure_engine(course: Course, say: Say, ask: Ask | None) -> None:
    """Install or start an engine where none runs, if possible.

    Without a terminal `ask` is None, and every step is reported but not asked about. A running daemon is never touched.
    Raises ErError with what is missing and how to get it.
    """
    facts = EngineStatus.gather()
    if trouble(facts) is None:
        return
    with held(course.state / "engine.lock", lambda: say("waiting for another command that sets up the engine ...")):
        facts = EngineStatus.gather()
        problem = trouble(facts)
        if problem is None:
            return
        if facts.engine or not installable(facts):
            raise problem
        if not (facts.daemon_binary and facts.client and _plugins_installed()):
            _agree(ask, f"Docker Engine is missing. Install it from {facts.distribution}'s own packages?", problem)
            _install(course, say)
        _agree(ask, "The Docker daemon is not running. Start it?", problem)
        _start(course, say)
        if still := trouble(EngineStatus.gather()):
            raise still


def _unreachable(facts: EngineStatus) -> ErError:
    if facts.chosen:
        name = facts.chosen.partition("=")[0]
        run = "docker context use default" if name == CONTEXT else f"unset {name}"
        return ErError(f"the engine that `{facts.chosen}` selects does not answer:\n{facts.said}", run=run)
    if facts.said == NO_ANSWER:
        return ErError(f"the Docker daemon runs but gives {NO_ANSWER}", run="sudo systemctl restart docker")
    if "permission denied" in facts.said.lower():
        return ErError("your user may not use the Docker daemon", run="sudo usermod -aG docker $USER && newgrp docker")
    if facts.said and not ABSENT.search(facts.said):
        return ErError(f"Docker's client reaches no engine:\n{facts.said}", run="docker version")
    return _absent(facts)


def _absent(facts: EngineStatus) -> ErError:
    if facts.system == "Darwin":
        page = "open -a Docker" if facts.client else "https://docs.docker.com/desktop/setup/install/mac-install/"
        return ErError("Docker is not running" if facts.client else "Docker is missing", run=page)
    if facts.daemon_binary or facts.client:
        return ErError(f"the Docker daemon does not run:\n{facts.said}".strip(), run="sudo systemctl start docker")
    return ErError("Docker is missing; it is only installed for you as root on Debian or Ubuntu", run=DOCKER_PAGE)


def _agree(ask: Ask | None, question: str, problem: ErError) -> None:
    if ask is not None and not ask(question):
        raise problem


def _install(course: Course, say: Say) -> None:
    started = time.monotonic()
    say("installing Docker Engine, Compose and buildx from the distribution's packages ...")
    log = course.state / "engine.log"
    with log.open("w") as file:
        done = subprocess.run(
            ["sh", str(course.root / "compose" / "install-engine.sh"), str(course.state / BASE_TAR)],
            env=own_environment(),
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise ErError(f"installing the engine failed:\n{tail}", where=str(log), run=DOCKER_PAGE)
    say(f"installed the engine in {time.monotonic() - started:.0f} s")


def _start(course: Course, say: Say) -> None:
    """Start the daemon with systemd, or else in its own session."""
    log = course.state / "dockerd.log"
    if Path("/run/systemd/system").is_dir():
        say("starting the Docker daemon (systemctl start docker) ...")
        subprocess.run(["systemctl", "start", "docker"], env=own_environment(), capture_output=True, check=False)
        log = Path("journalctl -u docker")
    else:
        say(f"starting the Docker daemon (dockerd, its log in {log}) ...")
        _wait_for_a_dying_daemon()
        with log.open("w") as file:
            # It outlives this program, so it must not be its child, and Ctrl-C must not reach it.
            subprocess.run(
                ["setsid", "--fork", _dockerd() or "dockerd"],
                env=own_environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd="/",
                check=False,
            )
    deadline = time.monotonic() + SOCKET_SECONDS
    while not _ask("version", "--format", "{{json .Server.Version}}")[0]:
        if time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:]) if log.is_file() else ""
            raise ErError(
                f"the Docker daemon did not start within {SOCKET_SECONDS:.0f} s:\n{tail}",
                where=str(log),
                run=DOCKER_PAGE,
            )
        time.sleep(0.2)


def _wait_for_a_dying_daemon() -> None:
    """Wait for the end of a killed daemon, beside which none starts."""
    deadline = time.monotonic() + DYING_SECONDS
    with suppress(OSError, ValueError):
        while time.monotonic() < deadline:
            os.kill(int(PID_FILE.read_text()), 0)
            time.sleep(0.1)


def _ask(*args: str) -> tuple[str, str]:
    """Return a `docker` command's output and errors, without output when it failed."""
    try:
        done = subprocess.run(
            ["docker", *args],
            env=own_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=ANSWER_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        return "", ""
    except subprocess.TimeoutExpired:
        return "", NO_ANSWER
    out = done.stdout.strip()
    return (out, "") if done.returncode == 0 and out not in ("", "null") else ("", done.stderr.strip())


def _chosen_engine() -> str:
    """Return the setting by which the user selects an engine, as `NAME=value`, or an empty text."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY"):
        if value := os.environ.get(name):
            return "" if (name, value) == ("DOCKER_CONTEXT", "default") else f"{name}={value}"
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        context = json.loads((folder / "config.json").read_text(encoding="utf-8")).get(CONTEXT, "")
    except (OSError, ValueError, AttributeError):
        return ""
    return f"{CONTEXT}={context}" if context not in ("", "default") else ""


def _plugins_installed() -> bool:
    folders = ("/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins")
    return all(any(Path(folder, f"docker-{name}").exists() for folder in folders) for name in ("compose", "buildx"))


def _dockerd() -> str | None:
    return shutil.which("dockerd") or shutil.which("dockerd", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""


def _version(text: str) -> tuple[int, ...]:
    """Return major and minor version: (26, 1) for `26.1.5+dfsg1`."""
    match = re.match(r"v?(\d+)\.(\d+)", text)
    return tuple(map(int, match.groups())) if match else ()
