"""An engine is used as it is, or refused with one message."""

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from grader.base.errors import ErError
from grader.course.course import Course
from grader.engine import daemon
from grader.engine.daemon import EngineStatus, ensure_engine, installable, trouble

FIT = EngineStatus(
    system="Linux",
    distribution="debian",
    root=True,
    client=True,
    daemon_binary=True,
    chosen="",
    engine="26.1.5+dfsg1",
    compose="2.26.1-4",
    buildx="0.13.1",
)
NO_ENGINE = replace(FIT, engine="", compose="", buildx="", daemon_binary=False, client=False)
NOTHING_THERE = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"


@pytest.mark.parametrize(
    "facts",
    [
        FIT,
        replace(FIT, engine="25.0.0", compose="2.24.0"),
        replace(FIT, engine="29.1.0", compose="v5.2.0"),
        replace(FIT, root=False, distribution="fedora", chosen="DOCKER_HOST=tcp://10.0.0.1:2375"),
    ],
)
def test_a_recent_engine_is_used_as_it_is(facts: EngineStatus) -> None:
    assert trouble(facts) is None


@pytest.mark.parametrize(
    ("facts", "what", "run"),
    [
        (replace(FIT, engine="24.0.9"), "Engine 24.0.9 is too old", "docs.docker.com/engine"),
        (replace(FIT, engine="20.10.24+dfsg1"), "Engine 20.10.24+dfsg1 is too old", "docs.docker.com/engine"),
        (replace(FIT, compose="2.23.3"), "Compose 2.23.3 is too old", "docs.docker.com/compose"),
        (replace(FIT, compose=""), "Compose plugin is missing", "docs.docker.com/compose"),
        (replace(FIT, buildx=""), "buildx plugin is missing", "buildx"),
        (replace(NO_ENGINE, root=False), "only installed for you as root", "docs.docker.com/engine"),
        (replace(NO_ENGINE, client=True, root=False), "daemon does not run", "systemctl start docker"),
        (replace(NO_ENGINE, system="Darwin", distribution=""), "Docker is missing", "desktop"),
        (replace(NO_ENGINE, system="Darwin", client=True), "Docker is not running", "open -a Docker"),
        (
            replace(NO_ENGINE, client=True, said="permission denied while trying to connect"),
            "your user may not use the Docker daemon",
            "usermod -aG docker",
        ),
        (replace(NO_ENGINE, said=daemon.NO_ANSWER), "gives no answer within", "restart docker"),
        (
            replace(NO_ENGINE, chosen="DOCKER_HOST=tcp://x:1", said="refused"),
            "`DOCKER_HOST=tcp://x:1` selects does not answer:\nrefused",
            "unset DOCKER_HOST",
        ),
        (
            replace(NO_ENGINE, chosen="currentContext=gone", said="context not found"),
            "`currentContext=gone` selects does not answer:\ncontext not found",
            "docker context use default",
        ),
        (
            replace(NO_ENGINE, client=True, said="client version 9.9 is too new"),
            "client version 9.9 is too new",
            "docker version",
        ),
    ],
)
def test_each_missing_part_is_one_message_with_the_next_step(facts: EngineStatus, what: str, run: str) -> None:
    problem = trouble(facts)
    assert problem is not None
    assert what in problem.what
    assert problem.run is not None
    assert run in problem.run


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (NO_ENGINE, True),
        (replace(NO_ENGINE, distribution="ubuntu"), True),
        (replace(NO_ENGINE, root=False), False),
        (replace(NO_ENGINE, distribution="fedora"), False),
        (replace(NO_ENGINE, chosen="DOCKER_HOST=tcp://x:1"), False),
        (replace(NO_ENGINE, chosen="currentContext=gone", said=NOTHING_THERE), False),
        (replace(NO_ENGINE, client=True, said=NOTHING_THERE), True),
        (replace(NO_ENGINE, client=True, said="dial unix /var/run/docker.sock: connect: connection refused"), True),
        (replace(NO_ENGINE, client=True, said=daemon.NO_ANSWER), False),
        (replace(NO_ENGINE, client=True, said="client version 9.9 is too new"), False),
        (replace(NO_ENGINE, client=True, said="permission denied while trying to connect"), False),
    ],
)
def test_an_engine_is_installed_only_by_root_on_a_known_distribution(
    facts: EngineStatus,
    expected: bool,  # noqa: FBT001 # a column of the table
) -> None:
    assert installable(facts) is expected


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the steps on the machine instead of doing them."""
    done: list[str] = []
    monkeypatch.setattr(daemon, "_install", lambda *_: done.append("install"))
    monkeypatch.setattr(daemon, "_start", lambda *_: done.append("start"))
    monkeypatch.setattr(daemon, "_plugins_installed", lambda: True)
    return done


def found(monkeypatch: pytest.MonkeyPatch, *facts: EngineStatus) -> None:
    """Let each inspection of the machine find the next of these states."""
    looks = list(facts)
    monkeypatch.setattr(EngineStatus, "gather", lambda: looks.pop(0) if len(looks) > 1 else looks[0])


def course(tmp_path: Path) -> Course:
    return Course(tmp_path, tmp_path / "work")


def test_a_running_engine_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[str]) -> None:
    found(monkeypatch, FIT)
    ensure_engine(course(tmp_path), print, None)
    assert steps == []


def test_a_missing_engine_is_installed_and_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[str]
) -> None:
    found(monkeypatch, NO_ENGINE, NO_ENGINE, FIT)
    ensure_engine(course(tmp_path), print, None)
    assert steps == ["install", "start"]


def test_an_installed_engine_that_is_down_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[str]
) -> None:
    down = replace(FIT, engine="", compose="", buildx="", said=NOTHING_THERE)
    found(monkeypatch, down, down, FIT)
    ensure_engine(course(tmp_path), print, None)
    assert steps == ["start"]


def test_no_second_daemon_is_started_beside_one_that_dockers_client_cannot_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[str]
) -> None:
    said = "error during connect: the context `gone` does not exist"
    found(monkeypatch, replace(FIT, engine="", compose="", buildx="", chosen="DOCKER_CONTEXT=gone", said=said))
    with pytest.raises(ErError, match="the context `gone` does not exist"):
        ensure_engine(course(tmp_path), print, None)
    assert steps == []


def test_an_old_engine_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[str]) -> None:
    found(monkeypatch, replace(FIT, engine="20.10.24"))
    with pytest.raises(ErError, match="too old"):
        ensure_engine(course(tmp_path), print, None)
    assert steps == []


def test_a_no_at_the_terminal_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[str]
) -> None:
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    found(monkeypatch, NO_ENGINE)
    with pytest.raises(ErError, match="Docker is missing"):
        ensure_engine(course(tmp_path), print, no)
    assert (len(asked), steps) == (1, [])


def test_an_engine_set_up_by_another_process_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[str]
) -> None:
    found(monkeypatch, NO_ENGINE, FIT)
    ensure_engine(course(tmp_path), print, None)
    assert steps == []


def test_a_daemon_is_started_after_the_end_of_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid_file = tmp_path / "docker.pid"
    monkeypatch.setattr(daemon, "PID_FILE", pid_file)
    monkeypatch.setattr(daemon, "SOCKET_SECONDS", 0.0)
    monkeypatch.setattr(daemon, "_ask", lambda *_: ("26.1.5", ""))
    monkeypatch.setattr(daemon, "_dockerd", lambda: "true")
    (tmp_path / ".er").mkdir()
    daemon._start(course(tmp_path), print)  # noqa: SLF001 # no daemon before it
    with subprocess.Popen(["sleep", "0.5"]) as dying:
        pid_file.write_text(str(dying.pid))
        waiter = threading.Thread(target=dying.wait)
        waiter.start()
        daemon._start(course(tmp_path), print)  # noqa: SLF001
        assert dying.poll() == 0
        waiter.join(30)


def test_the_engine_is_checked_without_any_installed_package(tmp_path: Path) -> None:
    client = tmp_path / "docker"
    client.write_text("#!/bin/sh\necho connection refused >&2\nexit 1\n")
    client.chmod(0o755)
    # Without site-packages, and for an engine elsewhere, which is never installed.
    done = subprocess.run(
        [sys.executable, "-S", "-m", "grader.engine"],
        cwd=Course.here().root,
        env={"PATH": str(tmp_path), "DOCKER_HOST": "tcp://localhost:1", "ER_COURSE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 2
    assert "`DOCKER_HOST=tcp://localhost:1` selects does not answer" in done.stderr
    assert "next: unset DOCKER_HOST" in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "chosen"),
    [
        ("DOCKER_HOST", "tcp://x:1", "DOCKER_HOST=tcp://x:1"),
        ("DOCKER_CONTEXT", "lab", "DOCKER_CONTEXT=lab"),
        ("DOCKER_CONTEXT", "default", ""),
        ("DOCKER_TLS_VERIFY", "1", "DOCKER_TLS_VERIFY=1"),
        ("DOCKER_API_VERSION", "9.9", ""),
    ],
)
def test_an_engine_may_be_chosen_by_a_variable(
    variable: str, value: str, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv(variable, value)
    assert EngineStatus.gather().chosen == chosen


@pytest.mark.parametrize(
    ("content", "chosen"),
    [
        ('{"currentContext": "gone"}', "currentContext=gone"),
        ('{"currentContext": "default"}', ""),
        ("{}", ""),
        ("[", ""),
        ("[]", ""),
    ],
)
def test_an_engine_may_be_chosen_by_the_configuration_of_dockers_client(
    content: str, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text(content)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert EngineStatus.gather().chosen == chosen
