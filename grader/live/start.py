"""`er start`: the live lab, until Ctrl-C on a terminal, and once without one."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grader.course.course import Course, Lab
from grader.course.submission import edited_starter, make_work_copy
from grader.engine.project import Project
from grader.engine.provision import set_up
from grader.live.dashboard import Dashboard
from grader.live.screen import Lines
from grader.live.session import Session, alone, live_project


def start(course: Course, lab: Lab, console: Console) -> None:
    """Start a lab, or join it, and play its incident on the learner's copy."""
    files = " and ".join(_shown(course.work / lab.name / name) for name in lab.manifest.edit)
    console.print(f"[bold]Lab {lab.number}, {lab.manifest.title}.[/] {lab.manifest.blurb}")
    with alone(course, lab):
        images = set_up(lab, console)
        if make_work_copy(course, lab):
            console.print(f"Your copy is [bold]{files}[/]; the brief is labs/{lab.name}/README.md.")
        for path in edited_starter(course, lab):
            console.print(
                f"[yellow]`{path}` was edited, but only your work copy is graded.[/] To move the edit there: "
                f"cp {path} {course.work / lab.name}/ && git checkout {path}"
            )
        project = live_project(course, lab, images)
        if console.is_terminal:
            _until_interrupted(course, lab, project, console, files)
        else:
            _once(course, lab, project, console, files)


def _until_interrupted(course: Course, lab: Lab, project: Project, console: Console, files: str) -> None:
    try:
        with contextlib.suppress(KeyboardInterrupt), Dashboard(console, lab, files) as dashboard:
            session = Session(course, lab, project, dashboard)
            session.bring_up()
            session.play(forever=True)
    finally:
        project.down()
    console.print(f"Lab {lab.number} is down. For a verdict: make grade-{lab.number}")


def _once(course: Course, lab: Lab, project: Project, console: Console, files: str) -> None:
    """Play once and leave the lab up, unless something goes wrong."""
    session = Session(course, lab, project, Lines(console))
    with _taken_down_unless_done(project):
        session.bring_up()
        session.play(forever=False)
    console.print()
    if session.unfit:
        console.print(Text(f"This play does not count: {session.unfit}", style="yellow"))
    elif session.harm or session.symptom:
        harm = f"In this play, {session.harm}." if session.harm else None
        for line in filter(None, (harm, session.symptom)):
            console.print(Text(line, style="bold red"))
    else:
        console.print(f"No symptom: {lab.manifest.symptom.noun} were served throughout.")
    if failing := session.failing:
        of = f"{len(failing)} of {len(lab.manifest.check)} checks failed in this play"
        console.print(f"{of}: {', '.join(failing)}. Only a grade gives a verdict.")
    console.print(f"The lab stays up. Edit [bold]{files}[/], then:")
    for command, purpose in (
        (f"make lab-{lab.number}", "play the incident again on your copy"),
        (f"make grade-{lab.number}", "the verdict, on a clean copy"),
        (f"./er hint {lab.number}", "the next hint"),
        (f"./er stop {lab.number}", "take the lab down"),
    ):
        console.print(f"  {command:<16} {purpose}")


@contextlib.contextmanager
def _taken_down_unless_done(project: Project) -> Iterator[None]:
    try:
        yield
    except BaseException:
        project.down()
        raise


def _shown(path: Path) -> str:
    """Return a path relative to the current folder, if it is below it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
