"""A lab's images are those of its services, wherever they are written."""

from pathlib import Path

import pytest

from grader.base.errors import ErError
from grader.course.course import Course, Lab
from grader.engine.provision import lab_images

COURSE = Course.here()
STACK = "include: [../../compose/stack.yaml]\n"
PATIENT = "  app: { extends: { file: ../../compose/service.yaml, service: patient } }\n"


def lab(root: Path, compose: str) -> Lab:
    (root / "compose").symlink_to(COURSE.root / "compose")
    path = root / "labs" / "38-sharding"
    path.mkdir(parents=True)
    (path / "compose.yaml").write_text(compose)
    return Lab(path)


@pytest.mark.parametrize(
    ("number", "images"),
    [
        ("03", ["prometheus", "python", "redis"]),
        ("05", ["postgres-05", "prometheus", "python", "redis"]),
        ("07", ["kafka-07", "prometheus", "python"]),
        ("14", ["postgres-14", "prometheus", "python"]),
        ("16", ["prometheus", "python", "redis"]),
    ],
)
def test_a_lab_needs_the_images_of_its_stores_with_its_own_data(number: str, images: list[str]) -> None:
    assert lab_images(COURSE, COURSE.lab(number)) == images


def test_a_lab_that_extends_a_store_needs_its_image(tmp_path: Path) -> None:
    store = "  redis: { extends: { file: ../../compose/redis.yaml, service: redis }, labels: { er.cpus: '0.1' } }\n"
    extending = lab(tmp_path, f"{STACK}services:\n{PATIENT}{store}")
    assert lab_images(COURSE, extending) == ["prometheus", "python", "redis"]


def test_an_extended_file_counts_with_its_one_service_only(tmp_path: Path) -> None:
    two = "services:\n  a: { image: '${ER_REDIS_IMAGE:?}' }\n  b: { image: '${ER_KAFKA_IMAGE:?}' }\n"
    (tmp_path / "two.yaml").write_text(two)
    extending = lab(
        tmp_path, "services:\n  c: { extends: { file: ../../two.yaml, service: b } }\n  d: { extends: c }\n"
    )
    assert lab_images(COURSE, extending) == ["kafka"]


def test_an_image_that_only_a_comment_names_is_not_needed(tmp_path: Path) -> None:
    assert lab_images(COURSE, lab(tmp_path, f"# ${{ER_KAFKA_IMAGE}}\nservices:\n{PATIENT}")) == ["python"]


@pytest.mark.parametrize(
    ("compose", "complaint"),
    [
        ("services: [", "is not valid YAML"),
        ("services: 3\n", "`services` must be a table of services"),
        ("include: [../../compose/mysql.yaml]\nservices: {}\n", "cannot read"),
        ("services: { a: { extends: { file: ../../compose/redis.yaml, service: b } } }\n", "no service `b`"),
    ],
)
def test_a_broken_compose_file_is_one_clear_error(tmp_path: Path, compose: str, complaint: str) -> None:
    with pytest.raises(ErError, match=complaint):
        lab_images(COURSE, lab(tmp_path, compose))
