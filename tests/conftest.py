"""Fixtures of all tests: images on the engine, and no left-overs."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from own_runs import own_runs
from real_stores import kafka, postgres, redis

from grader.course.course import Course
from grader.engine.daemon import ensure_engine
from grader.engine.images import ensure_images
from grader.engine.ownership import remove_orphans

__all__ = ["kafka", "postgres", "redis"]

# No deadline, because the time of an example depends on the machine.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")

SECONDS = {"engine": 600, "browser": 600, "cheats": 900}
"""Limits in seconds by mark; the first of these tests may build images or install a browser."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="Record the output again instead of comparing it.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if seconds := max((SECONDS.get(mark.name, 0) for mark in item.iter_markers()), default=0):
            item.add_marker(pytest.mark.timeout(seconds))


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio alone."""
    return "asyncio"


@pytest.fixture(scope="session")
def images() -> dict[str, str]:
    """Ensure the engine and all images, and return Compose's variables."""
    course = Course.here()
    ensure_engine(course, print, None)
    remove_orphans(course.runs, print)
    shared = ensure_images(course, ["python", "redis", "prometheus"], print)
    # One call for each, because a build has the folder of one lab.
    return shared | ensure_images(course, ["postgres-05"], print) | ensure_images(course, ["kafka-07"], print)


@pytest.fixture
def nothing_left(images: dict[str, str]) -> Iterator[None]:
    """Demand that a test leaves no run of this checkout behind."""
    del images
    before = {run.name for run in own_runs()}
    yield
    assert {run.name for run in own_runs()} <= before
