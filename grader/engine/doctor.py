"""`er doctor`: one line for each fact about this machine."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from grader.course.course import Course
from grader.engine import daemon, images, ownership
from grader.engine.docker import docker

LEAST_CPUS = 2
LEAST_MEMORY = 2 * 1024**3
LEAST_DISK = 5 * 1024**3


@dataclass(frozen=True)
class Fact:
    """A fact about this machine that matters to labs.

    `ok`: labs can use it as it is. `run`: the command that repairs it. `warns`: labs run without it.
    """

    name: str
    says: str
    ok: bool = True
    run: str = ""
    warns: bool = False


def report(course: Course, console: Console) -> int:
    """Print all facts, and return 2 when labs cannot run, else 0."""
    missing = False
    for fact in facts(course):
        missing |= not fact.ok and not fact.warns
        mark = ("ok", "green") if fact.ok else ("note", "yellow") if fact.warns else ("MISSING", "bold red")
        line = Text.assemble((f"{mark[0]:<8}", mark[1]), f"{fact.name:<10} {fact.says}")
        console.print(line if fact.ok or not fact.run else line.append(f"  next: {fact.run}"), soft_wrap=True)
    return 2 if missing else 0


def facts(course: Course) -> Iterator[Fact]:
    """Gather all facts, without an engine only those about the machine."""
    found = daemon.EngineStatus.gather()
    problem = daemon.trouble(found)
    fixable = problem is not None and not found.engine and daemon.installable(found)
    run = "make lab-03" if fixable else (problem.run or "" if problem else "")
    yield Fact("engine", found.engine or (problem.what if problem else ""), ok=bool(found.engine), run=run)
    if found.engine:
        yield Fact("compose", found.compose or "missing", ok=problem is None or "Compose" not in problem.what, run=run)
        yield Fact("buildx", found.buildx or "missing", ok=bool(found.buildx), run=run)
    yield Fact("python", f"{platform.python_version()} at {sys.executable}")
    yield from _machine(course)
    if problem is None:
        yield from _engine_state(course)


def _machine(course: Course) -> Iterator[Fact]:
    cpus = os.cpu_count() or 1
    yield Fact("cpus", str(cpus), ok=cpus >= LEAST_CPUS, warns=True, run="close other programs while grading")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield Fact("memory", _size(memory), ok=memory >= LEAST_MEMORY, run="close other programs: a lab needs up to 1 GiB")
    free = shutil.disk_usage(course.root).free
    yield Fact("disk", f"{_size(free)} free", ok=free >= LEAST_DISK, run="docker system prune")


def _engine_state(course: Course) -> Iterator[Fact]:
    wanted = images.tags(course)
    absent = [name for name, tag in wanted.items() if tag in images.missing([tag])]
    says = f"to build at the first start: {', '.join(absent)}" if absent else f"ready: {', '.join(wanted)}"
    yield Fact("images", says)
    rows = docker("image", "ls", "--filter", "reference=pattern-er/*", "--format", "{{.Repository}}:{{.Tag}}").split()
    if old := sorted(set(rows) - set(wanted.values())):
        yield Fact("old images", f"{len(old)} unused", ok=False, warns=True, run=f"docker image rm {' '.join(old)}")
    for run in ownership.known_runs():
        kind = f"live lab {run.live[-2:]}" if run.live else "left by a killed grade" if run.orphaned else "a grade"
        says = f"{run.name} is {kind}: {run.containers} containers"
        # Every command that needs the engine takes orphans down first.
        yield Fact("run", says, ok=not run.orphaned, warns=True, run=f"./er stop {run.name[3:5]}")


def _size(size: float) -> str:
    return f"{size / 1024**3:.0f} GiB"
