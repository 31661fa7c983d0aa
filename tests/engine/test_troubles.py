"""What can go wrong around a grade: one clear message, exit 2, nothing left; never a verdict from a cut run."""

import os
import select
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
from patience import GRADE_SECONDS, UP_SECONDS, eventually, read_until

from grader.base.errors import ErError
from grader.course.course import Course
from grader.course.submission import stage
from grader.engine.containers import remove_project
from grader.engine.docker import DockerError, docker
from grader.engine.images import tags, variable
from grader.engine.ownership import known_runs
from grader.engine.project import clean_project
from grader.grading.readiness import bring_up
from grader.grading.results import Results, Verdict
from grader.grading.slots import WAITING

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("nothing_left")]

COURSE = Course.here()
LAB = COURSE.lab("03")
ER = str(Path(sys.executable).with_name("er"))
GRADE = [ER, "grade", "03", "--submission", str(LAB.patient)]


def begun(out: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        # These tests themselves may run under nohup.
        ["env", "--default-signal=HUP", *GRADE, "--out", str(out)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def container(service: str) -> str:
    (run,) = known_runs()
    return docker(
        "ps", "-q", "--filter", f"label=er.run={run.name}", "--filter", f"label=com.docker.compose.service={service}"
    ).strip()


class Connection(socketserver.BaseRequestHandler):
    """A client's way to the engine; it is cut when the server's `cut` is set."""

    server: "Engine"

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect("/var/run/docker.sock")
            ways = {self.request: engine, engine: self.request}
            while not self.server.cut.is_set():
                for source in select.select(list(ways), [], [], 0.1)[0]:
                    if not (data := source.recv(65536)):
                        return
                    ways[source].sendall(data)


class Engine(socketserver.ThreadingUnixStreamServer):
    """The engine at an address of its own, where it can be gone without being gone for everybody."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        self.cut = threading.Event()
        self.path = path
        super().__init__(str(path), Connection)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def leave(self) -> None:
        """Be gone: open connections end, and nobody listens."""
        self.path.unlink()
        self.cut.set()


def test_an_engine_that_is_gone_in_the_middle_makes_no_verdict_and_the_next_command_clears_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "engine.sock"
    with Engine(path) as engine:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        with begun(tmp_path / "out") as grade:
            read_until(grade, "surge (", UP_SECONDS)
            monkeypatch.delenv("DOCKER_HOST")
            (run,) = known_runs()
            engine.leave()
            said = grade.communicate(timeout=GRADE_SECONDS)[0]
        assert grade.returncode == 2, said
        assert "Is the docker daemon running?" in said
        assert Results.model_validate_json((tmp_path / "out" / "results.json").read_bytes()).verdict is Verdict.ERROR
        assert [left.name for left in known_runs()] == [run.name]
        # The reaper owns the run as long as it tries.
        assert eventually(lambda: known_runs()[0].orphaned, GRADE_SECONDS, every=0.5)
        assert known_runs()[0].name == run.name
        following = subprocess.run([ER, "stop", "03"], capture_output=True, text=True, check=True, timeout=UP_SECONDS)
    assert f"took down `{run.name}`" in following.stdout
    assert known_runs() == []


@pytest.mark.parametrize("service", ["load", "prometheus", "twin"])
def test_a_part_of_ours_that_is_killed_in_the_middle_makes_no_verdict(service: str, tmp_path: Path) -> None:
    with begun(tmp_path) as grade:
        read_until(grade, "surge (", UP_SECONDS)
        docker("kill", container(service))
        said = grade.communicate(timeout=GRADE_SECONDS)[0]
    results = Results.model_validate_json((tmp_path / "results.json").read_bytes())
    # Either it says that it cannot judge, or it judges by another run alone.
    if results.verdict is Verdict.ERROR:
        assert "does not answer" in (results.cause or "")
    else:
        assert results.attempts[0].unfit, said
        assert (results.verdict, results.attempts[1].unfit) == (Verdict.FAILED, [])
    assert grade.returncode == results.verdict.exit_code


def test_output_that_nobody_reads_ends_the_grade(tmp_path: Path) -> None:
    with (
        begun(tmp_path) as grade,
        subprocess.Popen(["head", "-1"], stdin=grade.stdout, stdout=subprocess.PIPE, text=True) as head,
    ):
        assert grade.stdout is not None
        grade.stdout.close()
        assert "Grading lab 03" in head.communicate(timeout=UP_SECONDS)[0]
        grade.wait(UP_SECONDS)
    assert grade.returncode == 2


def test_a_closed_terminal_ends_the_grade(tmp_path: Path) -> None:
    with begun(tmp_path) as grade:
        read_until(grade, "healthy after", UP_SECONDS)
        grade.send_signal(signal.SIGHUP)
        said = grade.communicate(timeout=GRADE_SECONDS)[0]
    assert grade.returncode == 2
    assert "interrupted" in said


def test_a_grade_without_a_free_slot_says_so_and_waits(tmp_path: Path) -> None:
    environment = {**os.environ, "ER_AT_ONCE": "1"}
    grades = [
        subprocess.Popen(
            [*GRADE, "--out", str(tmp_path / str(number))], env=environment, stdout=subprocess.PIPE, text=True
        )
        for number in range(2)
    ]
    most = 0

    def ended() -> bool:
        nonlocal most
        most = max(most, len(known_runs()))
        return all(grade.poll() is not None for grade in grades)

    try:
        assert eventually(ended, 2 * GRADE_SECONDS, every=0.5)
    finally:
        for grade in grades:
            grade.terminate()
    said = [grade.communicate(timeout=UP_SECONDS)[0] for grade in grades]
    results = [Results.model_validate_json((tmp_path / str(number) / "results.json").read_bytes()) for number in (0, 1)]
    for grade, result in zip(grades, results, strict=True):
        # A busy machine may leave either without a verdict; slots have no part in that.
        assert result.verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE), result.cause
        assert grade.returncode == result.verdict.exit_code
    assert most == 1
    assert sum(WAITING in text for text in said) == 1


def test_a_projects_volumes_go_with_it() -> None:
    mine = ("--label", "er.run=er-test-volume")
    docker("volume", "create", *mine, "er-test-volume")
    docker("network", "create", *mine, "er-test-volume")
    remove_project("er-test-volume")
    for kind in ("volume", "network"):
        assert not docker(kind, "ls", "--quiet", "--filter", "label=er.run=er-test-volume")


@pytest.fixture
def no_networks_left() -> Iterator[None]:
    """An engine whose address pools are used up."""
    made: list[str] = []
    try:
        while True:
            try:
                made.append(docker("network", "create", f"er-test-{len(made)}").strip())
            except DockerError as error:
                assert "address pool" in error.output  # noqa: PT017 # anything else is no exhaustion
                break
        yield
    finally:
        docker("network", "rm", *made)


@pytest.mark.usefixtures("no_networks_left")
def test_an_engine_without_networks_left_is_one_clear_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [*GRADE, "--out", str(tmp_path)], capture_output=True, text=True, check=False, timeout=UP_SECONDS
    )
    assert done.returncode == 2, done.stdout
    assert "ERROR" in done.stdout
    assert "docker network prune" in done.stdout


def test_an_image_that_is_gone_since_it_was_looked_for_is_one_clear_error() -> None:
    images = {variable(name): tag for name, tag in tags(COURSE).items()}
    images["ER_REDIS_IMAGE"] = "pattern-er/redis:gone"
    name = "er-03-00000000"
    with clean_project(LAB, name, COURSE.runs / name, images) as project:
        stage(LAB, LAB.patient, project.patient)
        with pytest.raises(ErError, match="pattern-er/redis:gone") as caught:
            bring_up(project)
    assert "builds what is missing" in str(caught.value)
