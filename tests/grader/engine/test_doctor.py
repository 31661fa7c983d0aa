"""`er doctor` prints each fact, and fails when labs cannot run."""

import io
import json
import os
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_engine import Engine
from rich.console import Console

from grader.course.course import Course
from grader.engine import doctor, images
from grader.engine.ownership import live_lab

COURSE = Course.here()
OWN = images.tags(COURSE)
CLIENT = """
case "$1 $2" in
    "version --format") echo '"{engine}"' ;;
    "info --format") echo '{plugins}' ;;
    "image ls") printf '%s\\n' {images} ;;
    "ps --all") printf '{containers}' ;;
    "network ls") ;;
    *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"""


def answers(engine: Engine, *, images: Iterable[str] = OWN.values(), containers: str = "", **versions: str) -> None:
    """Let the engine be fit, except for these answers."""
    versions = {"engine": "26.1.5+dfsg1", "compose": "2.26.1-4", "buildx": "0.13.1", **versions}
    plugins = json.dumps([{"Name": name, "Version": versions[name]} for name in ("buildx", "compose")])
    engine.does(
        CLIENT.format(engine=versions["engine"], plugins=plugins, images=" ".join(images), containers=containers)
    )


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with enough of everything."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    sizes(monkeypatch, memory=8, disk=50)


def sizes(monkeypatch: pytest.MonkeyPatch, *, memory: int, disk: int) -> None:
    """Give the machine this many GiB."""
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 1 << 12, "SC_PHYS_PAGES": memory << 18}.__getitem__)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=disk << 30))


def told() -> tuple[int, dict[str, str]]:
    """Return the exit code, and the lines by the names of facts."""
    out = io.StringIO()
    code = doctor.report(COURSE, Console(file=out, width=40))
    lines = [line for line in out.getvalue().splitlines() if line]
    return code, {line[8:18].strip(): f"{line[:8].strip()}: {line[18:].strip()}" for line in lines}


def test_doctor_reports_every_fact_of_a_fit_machine(engine: Engine) -> None:
    answers(engine)
    code, lines = told()
    assert code == 0
    assert list(lines) == ["engine", "compose", "buildx", "python", "cpus", "memory", "disk", "images"]
    assert all(line.startswith("ok: ") and "next:" not in line for line in lines.values())
    assert lines["engine"] == "ok: 26.1.5+dfsg1"
    assert lines["images"] == f"ok: ready: {', '.join(OWN)}"


@pytest.mark.parametrize(
    ("part", "versions", "line"),
    [
        ("compose", {"compose": "2.23.3"}, "MISSING: 2.23.3  next: https://docs.docker.com/compose/install/"),
        ("compose", {"compose": ""}, "MISSING: missing  next: https://docs.docker.com/compose/install/"),
        ("buildx", {"buildx": ""}, "MISSING: missing  next: https://github.com/docker/buildx#installing"),
    ],
)
def test_doctor_names_a_missing_plugin_and_where_to_get_it(
    engine: Engine, part: str, versions: dict[str, str], line: str
) -> None:
    answers(engine, **versions)
    code, lines = told()
    assert (code, lines[part]) == (2, line)
    assert lines["engine"] == "ok: 26.1.5+dfsg1"
    assert "images" not in lines


def test_doctor_reports_the_machine_when_the_engine_is_down(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.does("echo 'Cannot connect to the Docker daemon at tcp://127.0.0.1:1.' >&2; exit 1")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    code, lines = told()
    assert code == 2
    assert lines["engine"] == "MISSING: the engine that `DOCKER_HOST=tcp://127.0.0.1:1` selects does not answer:"
    assert {"python", "cpus", "memory", "disk"} <= set(lines)
    assert not {"compose", "buildx", "images"} & set(lines)


@pytest.mark.parametrize(
    ("part", "has", "line"),
    [
        ("memory", (1, 50), "MISSING: 1 GiB  next: close other programs: a lab needs up to 1 GiB"),
        ("disk", (8, 4), "MISSING: 4 GiB free  next: docker system prune"),
    ],
)
def test_doctor_fails_a_machine_without_room_for_a_lab(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, part: str, has: tuple[int, int], line: str
) -> None:
    answers(engine)
    sizes(monkeypatch, memory=has[0], disk=has[1])
    code, lines = told()
    assert (code, lines[part]) == (2, line)


def test_doctor_notes_a_single_cpu_and_does_not_fail(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(engine)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    code, lines = told()
    assert (code, lines["cpus"]) == (0, "note: 1  next: close other programs while grading")


def test_doctor_names_the_images_that_the_first_start_builds(engine: Engine) -> None:
    answers(engine, images=[OWN["python"]])
    code, lines = told()
    assert code == 0
    assert lines["images"] == f"ok: to build at the first start: {', '.join(name for name in OWN if name != 'python')}"


def test_doctor_prints_the_command_that_removes_old_images(engine: Engine) -> None:
    answers(engine, images=[*OWN.values(), "pattern-er/redis:old", "pattern-er/python:old"])
    code, lines = told()
    assert code == 0
    assert lines["old images"] == "note: 2 unused  next: docker image rm pattern-er/python:old pattern-er/redis:old"


@pytest.mark.parametrize(
    ("lock", "live", "line"),
    [
        (True, "", "ok: er-03-00000000 is a grade: 1 containers"),
        (False, "", "note: er-03-00000000 is left by a killed grade: 1 containers  next: ./er stop 03"),
        (False, live_lab(Path("/elsewhere"), "03"), "ok: er-03-00000000 is live lab 03: 1 containers"),
    ],
)
def test_doctor_shows_each_run_and_its_owner(
    engine: Engine, tmp_path: Path, live: str, line: str, *, lock: bool
) -> None:
    now = datetime.now(UTC)
    created = now if lock else now.replace(year=now.year - 1, day=1)
    answers(engine, containers=rf"er-03-00000000\t{tmp_path}/x.lock\t{live}\t{created:%Y-%m-%d %H:%M:%S} +0000 UTC\n")
    code, lines = told()
    assert (code, lines["run"]) == (0, line)
