"""The labs that have changed since a git revision, and how much."""

import subprocess
from collections import Counter
from pathlib import Path

from grader.authoring.expectations import is_prose
from grader.base.environment import own_environment
from grader.base.errors import ErError
from grader.course.course import ALL_LABS, Course, Lab

SENTINEL = "03"
"""The lab that is proven when no lab has changed, because shared code may have."""


def changed_labs(course: Course, revision: str) -> list[Lab]:
    """Return the labs changed since a git revision, most changed first.

    Without any, return the sentinel. A change counts in the lab's folder, and in the stock services and stores that the
    lab uses. The measure is the number of changed lines. Prose does not count. Raises ErError when git does not know
    the revision.
    """
    lines: Counter[str] = Counter()
    labs = {lab.name: (lab.path / "compose.yaml").read_text() for lab in course.labs()}
    for name, changed in _changed_lines(course, revision).items():
        part = _part(Path(name))
        for lab, compose in labs.items():
            if name.startswith(f"labs/{lab}/") or (part and part in compose):
                lines[lab] += changed
    return [course.lab(name) for name, _ in lines.most_common()] or [course.lab(SENTINEL)]


def _changed_lines(course: Course, revision: str) -> dict[str, int]:
    """Return the number of changed lines by file, without prose.

    A changed file has at least 1.
    """
    command = ["git", "-C", str(course.root), "diff", "--numstat", "--no-renames", "-z", revision, "--"]
    done = subprocess.run(command, env=own_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ErError(f"git does not know `{revision}`:\n{done.stderr.strip()}", run="./er verify --since origin/main")
    entries = (entry.split("\t", 2) for entry in done.stdout.split("\0") if entry)
    # For a binary file, git prints dashes instead of numbers.
    return {
        name: max(1, sum(int(count) for count in (added, removed) if count.isdigit()))
        for added, removed, name in entries
        if not is_prose(Path(name))
    }


def _part(path: Path) -> str | None:
    """Return the words by which compose files name a file's part.

    The part is a stock service or a store. Return None for any other file.
    """
    match path.with_suffix("").parts:
        case "services", service, *_ if service != "kit":
            return f"kit.stock, {service}"
        case ("compose", "images", store, _) | ("compose", store, _) | ("compose", store) if store not in ALL_LABS:
            return f"compose/{store}.yaml"
    return None
