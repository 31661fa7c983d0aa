"""What a lab runs on: the engine, and the images that its Compose files name."""

import re

import click
from rich.console import Console

from grader.course.course import Course, Lab
from grader.engine.daemon import ensure_engine
from grader.engine.images import ensure_images, inputs
from grader.engine.ownership import remove_orphans


def set_up_engine(console: Console) -> None:
    """Make sure of the engine, and that no killed grade is left on it; raises ErError with what brings it."""
    course = Course.here()
    ensure_engine(course, console.print, click.confirm if console.is_terminal else None)
    remove_orphans(course.runs, console.print)


def set_up(lab: Lab, console: Console) -> dict[str, str]:
    """Make sure of the engine and of the images that a lab's Compose files name; return Compose's variables."""
    set_up_engine(console)
    text = (lab.path / "compose.yaml").read_text()
    for included in re.findall(r"\.\./\.\./compose/[a-z]+\.yaml", text):
        text += (lab.path / included).read_text()
    course = Course.here()
    named = {name.lower() for name in re.findall(r"ER_([A-Z]+)_IMAGE", text)} | {"python"}
    # One with the lab's own data in it is the lab's own.
    known = inputs(course)
    own = {name: f"{name}-{lab.number}" for name in named if f"{name}-{lab.number}" in known}
    return ensure_images(course, sorted(own.get(name, name) for name in named), console.print)
