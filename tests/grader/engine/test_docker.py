"""A `docker` command ends in time, with output or one error."""

from pathlib import Path

import pytest
from fake_engine import Engine

from grader.base.errors import ErError
from grader.engine.docker import ADVICE, DockerError, docker, docker_logs

SAID = {
    "Error response from daemon: could not find an available, non-overlapping IPv4 address pool among the defaults to "
    "assign to the network": "docker network prune",  # until Engine 26
    "failed to create network er-03-0_default: Error response from daemon: all predefined address pools have been "
    "fully subnetted": "docker network prune",  # since Engine 27
    "Error response from daemon: No such image: pattern-er/redis:gone": "./er doctor",
    "Error response from daemon: mkdir /var/lib/docker/overlay2/985178c1e288-init: no space left on device": (
        "docker system prune"
    ),
    "ERROR: failed to solve: failed to register layer: write /usr/bin/x: no space left on device": (
        "docker system prune"
    ),
    "Error response from daemon: No such container: gateway-1": "./er doctor",
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?": "./er doctor",
}
"""The texts of engines, each with the command that mends it."""


@pytest.mark.parametrize("said", SAID)
def test_an_error_of_the_engine_names_the_command_that_mends_it(engine: Engine, said: str) -> None:
    engine.does(f"echo '{said}' >&2; exit 1")
    with pytest.raises(DockerError) as caught:
        docker("network", "create", "one")
    assert caught.value.what == f"`docker network create one` failed:\n{said}"
    assert caught.value.run == SAID[said]


def test_each_advice_matches_a_text_that_engines_print() -> None:
    assert [part for part in ADVICE if not any(part in said for said in SAID)] == []


def test_an_error_names_the_command_without_its_many_arguments(engine: Engine) -> None:
    engine.does("exit 1")
    with pytest.raises(DockerError) as caught:
        docker("compose", "up", *map(str, range(100)))
    assert caught.value.what.splitlines()[0] == "`docker compose up 0 1 2 3` failed:"


def test_an_error_on_standard_output_is_shown_too(engine: Engine) -> None:
    engine.does("echo 'no configuration file provided: not found'; exit 14")
    with pytest.raises(DockerError, match="no configuration file provided"):
        docker("compose", "ps")


def test_an_engine_that_hangs_is_one_error_when_the_time_is_up(engine: Engine) -> None:
    engine.does("exec sleep 60")
    with pytest.raises(ErError) as caught:
        docker("ps", "--all", timeout=1)
    assert (caught.value.what, caught.value.run) == ("the engine did not answer `docker ps` within 1 s", "./er doctor")


def test_a_machine_without_docker_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ErError) as caught:
        docker("ps")
    assert (caught.value.what, caught.value.run) == ("the command `docker` was not found on the PATH", "./er doctor")


def test_a_command_returns_its_output_without_its_warnings(engine: Engine) -> None:
    engine.does("echo 'WARNING: No swap limit support' >&2; echo one; echo two")
    assert docker("ps") == "one\ntwo\n"


def test_output_that_is_not_text_is_returned_readable(engine: Engine) -> None:
    engine.does(r"printf 'caf\351\n'")
    assert docker("logs", "x") == "caf\N{REPLACEMENT CHARACTER}\n"


def test_a_command_gets_the_environment_and_additions_to_it(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ER_ONE", "1")
    engine.does('echo "$ER_ONE $ER_TWO"')
    assert docker("compose", "config", env={"ER_TWO": "2"}) == "1 2\n"


def test_a_command_has_no_input_and_a_session_of_its_own(engine: Engine) -> None:
    engine.does('cat; ps -o sid= -p $$ | tr -d " "; echo $$')
    session, process = docker("exec", "-i", "x").split()
    assert session == process


def test_logs_end_with_the_lines_of_standard_error(engine: Engine) -> None:
    engine.does('echo "$@"; echo "Error response from daemon: No such container: x" >&2; exit 1')
    assert docker_logs("x", "2026-11-26T10:00:00Z", lines=7).splitlines() == [
        "logs --since 2026-11-26T10:00:00Z --tail 7 x",
        "Error response from daemon: No such container: x",
    ]
