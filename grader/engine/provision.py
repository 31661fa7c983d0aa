"""Provide the engine and the images that a lab needs."""

import click
from rich.console import Console

from grader.course.compose_file import image_names
from grader.course.course import Course, Lab
from grader.engine.daemon import ensure_engine
from grader.engine.images import ensure_images, inputs
from grader.engine.ownership import remove_orphans


def set_up_engine(console: Console) -> None:
    """Make sure that the engine runs, and remove orphaned grades from it."""
    course = Course.here()
    ensure_engine(course, console.print, click.confirm if console.is_terminal else None)
    remove_orphans(course.runs, console.print)


def set_up(lab: Lab, console: Console) -> dict[str, str]:
    """Provide the engine and a lab's images, and return Compose's variables."""
    set_up_engine(console)
    course = Course.here()
    return ensure_images(course, lab_images(course, lab), console.print)


def lab_images(course: Course, lab: Lab) -> list[str]:
    """Return the images that a lab needs.

    `postgres-05` is Postgres with the data of lab 05.
    """
    known = inputs(course)
    names = ((name, f"{name}-{lab.number}") for name in image_names(lab.path / "compose.yaml"))
    return sorted(own if own in known else name for name, own in names)
