"""Listings: labs by learning path, and all patterns of the handbook."""

from itertools import groupby

from rich.table import Table

from grader.course.catalog import read_catalog
from grader.course.course import Course, Lab
from grader.engine.ownership import live_labs
from grader.reports.progress import progress


def labs(course: Course) -> Table:
    """Return the labs by learning path, each with the learner's progress."""
    catalog, live = read_catalog(course), live_labs(course.root)
    paths = ["", *catalog.path]

    def place(lab: Lab) -> tuple[int, str]:
        # Labs outside every path come last.
        return (paths.index(catalog.path_of(lab.manifest.pattern)) or len(paths), lab.number)

    table = _table("path", "lab", "pattern", "emergency", "minutes", "you")
    for place_of_path, group in groupby(sorted(course.labs(), key=place), lambda lab: place(lab)[0]):
        path = catalog.path[paths[place_of_path]].name if place_of_path < len(paths) else ""
        for lab in group:
            manifest = lab.manifest
            you = progress(course, lab) + (", live" if lab.number in live else "")
            problem = catalog.row(manifest.emergency).problem
            table.add_row(path, lab.number, manifest.title, problem, str(manifest.minutes), you)
            path = ""
        table.add_section()
    return table


def patterns(course: Course) -> Table:
    """Return all patterns of the catalog, each with its lab, if any."""
    catalog = read_catalog(course)
    numbers = {lab.manifest.pattern: lab.number for lab in course.labs()}
    table = _table("pattern", "category", "complexity", "solves", "lab")
    for key, pattern in catalog.pattern.items():
        table.add_row(
            pattern.name,
            pattern.category or "",
            pattern.complexity or "",
            pattern.problem_solved,
            numbers.get(key, ""),
        )
    return table


def _table(*columns: str) -> Table:
    table = Table()
    for column in columns:
        table.add_column(column)
    return table
