"""Troubles around a grade: one clear message, exit 2 and no left-overs.

A run that is cut short never gives a verdict.
"""

import select
import signal
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Self

import pytest
from own_runs import labelled, own_runs, running
from patience import GRADE_SECONDS, UP_SECONDS, eventually, read_until

from grader.base.errors import ErError
from grader.course.course import Course
from grader.course.submission import stage
from grader.engine.containers import remove_project
from grader.engine.docker import DockerError, docker
from grader.engine.images import tags, variable
from grader.engine.ownership import fresh_name
from grader.engine.project import clean_project
from grader.grading.readiness import bring_up
from grader.grading.results import Results, Verdict
from grader.grading.slots import WAITING

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("nothing_left")]

COURSE = Course.here()
LAB = COURSE.lab("03")
ER = str(Course.here().root / "er")
GRADE = [ER, "grade", "03", "--submission", str(LAB.patient)]


def begun(out: Path) -> AbstractContextManager[subprocess.Popen[str]]:
    # Because these tests themselves may run under nohup.
    return running("env", "--default-signal=HUP", *GRADE, "--out", str(out))


def container(service: str) -> str:
    (run,) = own_runs()
    return docker(
        "ps", "-q", "--filter", f"label=er.run={run.name}", "--filter", f"label=com.docker.compose.service={service}"
    ).strip()


class Connection(socketserver.BaseRequestHandler):
    """A client's connection to the engine, until the server's `cut` is set."""

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
    """The engine at another address, where one test can lose it."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        self.cut = threading.Event()
        self.path = path
        super().__init__(str(path), Connection)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def leave(self) -> None:
        """Go away: end open connections and stop listening."""
        self.path.unlink()
        self.cut.set()


def test_a_grade_that_loses_the_engine_gives_no_verdict_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "engine.sock"
    with Engine(path) as engine:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        with begun(tmp_path / "out") as grade:
            read_until(grade, "surge (", UP_SECONDS)
            monkeypatch.delenv("DOCKER_HOST")
            (run,) = own_runs()
            engine.leave()
            said = grade.communicate(timeout=GRADE_SECONDS)[0]
        assert grade.returncode == 2, said
        assert "Is the docker daemon running?" in said
        assert Results.model_validate_json((tmp_path / "out" / "results.json").read_bytes()).verdict is Verdict.ERROR
        assert [left.name for left in own_runs()] == [run.name]
        # Only later, because the reaper owns the run as long as it tries.
        assert eventually(lambda: own_runs()[0].orphaned, GRADE_SECONDS, every=0.5)
        assert own_runs()[0].name == run.name
        following = subprocess.run([ER, "stop", "03"], capture_output=True, text=True, check=True, timeout=UP_SECONDS)
    assert f"took down `{run.name}`" in following.stdout
    assert own_runs() == []


@pytest.mark.parametrize("service", ["load", "prometheus", "twin"])
def test_a_grade_never_passes_after_a_part_of_ours_is_killed(service: str, tmp_path: Path) -> None:
    with begun(tmp_path) as grade:
        read_until(grade, "surge (", UP_SECONDS)
        docker("kill", container(service))
        said = grade.communicate(timeout=GRADE_SECONDS)[0]
    results = Results.model_validate_json((tmp_path / "results.json").read_bytes())
    # The grade either reports that it cannot judge, or judges by another attempt alone.
    if results.verdict is Verdict.ERROR:
        assert "does not answer" in (results.cause or "")
    else:
        assert results.attempts[0].unfit, said
        # A busy machine may leave the other attempts without a verdict too.
        assert results.verdict is Verdict.INCONCLUSIVE or results.attempts[-1].unfit == []
        assert results.verdict is not Verdict.PASSED
    assert grade.returncode == results.verdict.exit_code


def test_a_closed_output_ends_the_grade(tmp_path: Path) -> None:
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
    # Slots of its own, because other grades on this machine take slots too.
    environment = {"ER_AT_ONCE": "1", "ER_SLOTS": str(tmp_path / "slots")}
    most = 0

    def ended() -> bool:
        nonlocal most
        most = max(most, len(own_runs()))
        return all(grade.poll() is not None for grade in grades)

    with ExitStack() as stack:
        commands = [[*GRADE, "--out", str(tmp_path / str(number))] for number in range(2)]
        grades = [stack.enter_context(running(*command, env=environment)) for command in commands]
        assert eventually(ended, 2 * GRADE_SECONDS, every=0.5)
        said = [grade.communicate(timeout=UP_SECONDS)[0] for grade in grades]
    results = [Results.model_validate_json((tmp_path / str(number) / "results.json").read_bytes()) for number in (0, 1)]
    for grade, result in zip(grades, results, strict=True):
        # A busy machine may leave either without a verdict, whatever its slot.
        assert result.verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE), result.cause
        assert grade.returncode == result.verdict.exit_code
    assert most == 1
    assert sum(WAITING in text for text in said) == 1


def test_a_projects_volumes_go_with_it() -> None:
    with labelled() as (name, labels):
        docker("volume", "create", *labels, name)
        docker("network", "create", *labels, name)
        remove_project(name)
        for kind in ("volume", "network"):
            assert not docker(kind, "ls", "--quiet", "--filter", f"label=er.run={name}")


def use_up_networks(name: str, labels: list[str]) -> None:
    for number in range(1000):
        docker("network", "create", *labels, f"{name}-{number}")


@pytest.fixture
def no_networks_left() -> Iterator[None]:
    """An engine whose address pools are used up."""
    with labelled() as (name, labels):
        with pytest.raises(DockerError, match="address pool"):
            use_up_networks(name, labels)
        yield


@pytest.mark.usefixtures("no_networks_left")
def test_an_engine_without_networks_left_is_one_clear_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [*GRADE, "--out", str(tmp_path)], capture_output=True, text=True, check=False, timeout=UP_SECONDS
    )
    assert done.returncode == 2, done.stdout
    assert "ERROR" in done.stdout
    assert "docker network prune" in done.stdout


def test_an_image_removed_after_the_look_up_is_one_clear_error() -> None:
    images = {variable(name): tag for name, tag in tags(COURSE).items()}
    images["ER_REDIS_IMAGE"] = "pattern-er/redis:gone"
    name = fresh_name("03")
    with clean_project(LAB, name, COURSE.runs / name, images) as project:
        stage(LAB, LAB.patient, project.patient)
        with pytest.raises(ErError, match="pattern-er/redis:gone") as caught:
            bring_up(project)
    assert caught.value.run == "./er doctor"
