"""What all tests share: the engine with our images, and proof that nothing of ours is left behind."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from real_stores import kafka, postgres, redis

from grader.course.course import Course
from grader.engine.daemon import ensure_engine
from grader.engine.docker import docker
from grader.engine.images import ensure_images
from grader.engine.ownership import remove_orphans

__all__ = ["kafka", "postgres", "redis"]

# How long an example takes is the machine's speed.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")

SECONDS = {"engine": 600, "browser": 600, "cheats": 900}
"""The limit of a test with this mark: the first one may build images, or install a browser."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="Write what is recorded anew, instead of comparing with it.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if seconds := max((SECONDS.get(mark.name, 0) for mark in item.iter_markers()), default=0):
            item.add_marker(pytest.mark.timeout(seconds))


def left_over() -> list[str]:
    """Return our containers and networks that the engine still has."""
    found = docker("ps", "--all", "--filter", "label=er.run", "--format", "{{.Names}}").split()
    return found + docker("network", "ls", "--filter", "label=er.run", "--format", "{{.Name}}").split()


@pytest.fixture(scope="session")
def images() -> dict[str, str]:
    """Make sure of the engine and of all images; return Compose's variables for them."""
    course = Course.here()
    ensure_engine(course, print, None)
    remove_orphans(course.runs, print)
    return ensure_images(course, ["python", "redis", "prometheus", "postgres-05", "kafka-07"], print)


@pytest.fixture
def nothing_left(images: dict[str, str]) -> Iterator[None]:
    """Demand that a test leaves no container and no network of ours behind."""
    del images
    before = set(left_over())
    yield
    assert set(left_over()) <= before
