"""Images are tagged by their sources, and built only once."""

import shutil
import stat
from pathlib import Path

import pytest

from grader.base.errors import ErError
from grader.course.course import Course
from grader.engine.daemon import BASE_TAR
from grader.engine.images import INPUTS, ensure_images, tags

DOCKER = """#!/bin/sh
echo "$@" >> {log}
case "$1 $2" in
    "image ls") cat {have} ;;
    "buildx bake") {bake} ;;
    "pull --quiet") {pull} ;;
esac
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A copy of the sources of images."""
    root = Path(__file__).parents[3]
    for inputs in INPUTS.values():
        for given in inputs:
            target = tmp_path / "course" / given
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (root / given).is_dir() else shutil.copyfile)(root / given, target)
    return Course(tmp_path / "course", tmp_path / "work")


class Engine:
    """A `docker` that notes its calls and has the given images."""

    def __init__(self, folder: Path) -> None:
        self.log, self.have, self.script = folder / "log", folder / "have", folder / "docker"
        self.have.write_text("debian:trixie-slim\n")
        self.log.write_text("")
        self.behave()

    def behave(self, bake: str = "true", pull: str = "true") -> None:
        self.script.write_text(DOCKER.format(log=self.log, have=self.have, bake=bake, pull=pull))
        self.script.chmod(self.script.stat().st_mode | stat.S_IXUSR)

    def calls(self, command: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.startswith(command)]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    for name in INPUTS:
        monkeypatch.delenv(f"ER_{name.upper()}_IMAGE", raising=False)
    return Engine(folder)


def test_a_tag_changes_with_its_sources_and_only_then(course: Course) -> None:
    before = tags(course)
    assert tags(course) == before
    (course.root / "services" / "kit" / "__pycache__").mkdir(exist_ok=True)
    (course.root / "services" / "kit" / "__pycache__" / "app.pyc").write_text("compiled")
    assert tags(course) == before
    (course.root / "services" / "quotes.py").write_text("# another story\n")
    after = tags(course)
    assert after["python"] != before["python"]
    assert after["redis"] == before["redis"]


def test_a_lab_with_a_schema_has_its_own_postgres(course: Course, engine: Engine) -> None:
    schema = course.root / "labs" / "05-caching" / "schema.sql"
    schema.parent.mkdir(parents=True)
    schema.write_text("CREATE TABLE prices ();")
    before = tags(course)["postgres-05"]
    engine.behave(bake='echo "$POSTGRES_TAG of $LAB" >> "$0.built"')
    assert ensure_images(course, ["postgres-05"], print) == {"ER_POSTGRES_IMAGE": before}
    assert engine.calls("buildx")[0].endswith(" postgres")
    assert Path(f"{engine.script}.built").read_text() == f"{before} of labs/05-caching\n"
    schema.write_text("CREATE TABLE costs ();")
    assert tags(course)["postgres-05"] != before


def test_a_lab_with_topics_has_its_own_kafka(course: Course, engine: Engine) -> None:
    topics = course.root / "labs" / "07-observability" / "topics.txt"
    topics.parent.mkdir(parents=True)
    topics.write_text("orders 1")
    engine.behave(bake='echo "$KAFKA_TAG of $LAB" >> "$0.built"')
    wanted = tags(course)["kafka-07"]
    assert ensure_images(course, ["kafka-07"], print) == {"ER_KAFKA_IMAGE": wanted}
    assert engine.calls("buildx")[0].endswith(" kafka")
    assert Path(f"{engine.script}.built").read_text() == f"{wanted} of labs/07-observability\n"


def test_an_image_of_the_engine_is_not_built_again(course: Course, engine: Engine) -> None:
    engine.have.write_text("\n".join(tags(course).values()))
    assert ensure_images(course, ["redis"], print) == {"ER_REDIS_IMAGE": tags(course)["redis"]}
    assert engine.calls("buildx") == []
    assert len(engine.log.read_text().splitlines()) == 1


def test_only_missing_images_are_built_and_progress_is_reported(course: Course, engine: Engine) -> None:
    engine.have.write_text(f"debian:trixie-slim\n{tags(course)['redis']}\n")
    said: list[str] = []
    ensure_images(course, ["redis", "prometheus"], said.append)
    assert [call.split()[-1] for call in engine.calls("buildx")] == ["prometheus"]
    assert said[0].startswith("building prometheus")
    assert said[-1].startswith("built prometheus in")


def test_a_failed_build_shows_the_output_of_its_failed_step(course: Course, engine: Engine) -> None:
    engine.behave(bake="echo E: no such package; exit 1")
    with pytest.raises(ErError, match="building redis failed:\nE: no such package"):
        ensure_images(course, ["redis"], print)


def test_an_image_that_the_environment_names_replaces_ours(
    course: Course, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ER_REDIS_IMAGE", "redis:8")
    assert ensure_images(course, ["redis"], print) == {"ER_REDIS_IMAGE": "redis:8"}
    assert engine.calls("pull") == ["pull --quiet redis:8"]
    assert engine.calls("buildx") == []


def test_an_image_that_cannot_be_pulled_is_an_error_with_its_variable(
    course: Course, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ER_REDIS_IMAGE", "redis:8")
    engine.behave(pull="echo no such host >&2; exit 1")
    with pytest.raises(ErError, match=r"(?s)`redis:8` of `ER_REDIS_IMAGE`.*no such host.*unset ER_REDIS_IMAGE"):
        ensure_images(course, ["redis"], print)


def test_a_base_left_by_the_engines_installation_is_imported(course: Course, engine: Engine) -> None:
    engine.have.write_text("")
    course.state.mkdir()
    (course.state / BASE_TAR).write_text("a file system")
    ensure_images(course, ["redis"], print)
    assert engine.calls("import") == [f"import {course.state / BASE_TAR} debian:trixie-slim"]
    assert engine.calls("pull") == []
    assert not (course.state / BASE_TAR).exists()
