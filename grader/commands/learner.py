"""The commands of learners and teachers.

Each command imports what it needs, because `er --help` needs nothing and must be fast.
"""
# ruff: noqa: PLC0415

import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

import click

from grader.base.errors import ErError
from grader.commands.arguments import LAB
from grader.course.course import Course, Lab


@click.command()
@LAB
def start(lab: Lab) -> None:
    """Start or join lab NN and play its incident on your copy."""
    from grader.base.console import open_console
    from grader.live.start import start as start_

    start_(Course.here(), lab, open_console())


@click.command()
@LAB
@click.option(
    "--submission", type=click.Path(path_type=Path), help="Grade this folder or zip file instead of your work copy."
)
@click.option("--fix", metavar="NAME", help="Grade this fix of the lab, or `starter`, instead of your work copy.")
@click.option("--seed", type=click.IntRange(0), help="Replay the incident of this seed.")
@click.option("--out", type=click.Path(path_type=Path), help="Write results.json and the reports into this folder.")
@click.option(
    "--thorough/--quick",
    default=None,
    help="Play to the end, as on a terminal, or stop once the verdict is certain, as in a class.",
)
@click.option("--class", "class_", type=click.Path(path_type=Path), help="Grade every subfolder of this folder.")
def grade(  # noqa: PLR0913, PLR0917 # the options of one command
    lab: Lab,
    submission: Path | None,
    fix: str | None,
    seed: int | None,
    out: Path | None,
    class_: Path | None,
    *,
    thorough: bool | None,
) -> None:
    """Replay the incident of lab NN and grade your work copy.

    The replay runs on a clean copy of the system.
    """
    if sum(map(bool, (submission, fix, class_))) > 1:
        raise click.UsageError("give only one of --submission, --fix and --class")
    if class_ is not None:
        _grade_class(lab, class_, seed, out, thorough=bool(thorough))
    from grader.base.console import open_console
    from grader.course.delivery import read_submission
    from grader.course.fixes import candidate_folder
    from grader.course.submission import demand_work_copy
    from grader.engine.provision import set_up
    from grader.grading.grade import Grade
    from grader.grading.results import Verdict
    from grader.grading.slots import Use, slot
    from grader.incident.plan import fresh_seed
    from grader.reports import github, junit, page, summary
    from grader.reports.starter_curve import starter_timeline
    from grader.reports.terminal import next_step, show

    course, console = Course.here(), open_console()
    source = candidate_folder(course, lab, fix) if fix else submission or demand_work_copy(course, lab)
    if not source.exists():
        raise ErError(f"there is no submission at `{source}`", run=f"./er grade {lab.number} --submission DIR")
    seed = fresh_seed() if seed is None else seed
    console.print(f"[bold]Grading lab {lab.number}, {lab.manifest.title}[/] (seed {seed})")
    # A file that cannot be read is reported without an engine.
    readable = all(isinstance(content, bytes) for content in read_submission(lab, source).files.values())
    graded = Grade(
        course,
        lab,
        source,
        seed,
        set_up(lab, console) if readable else {},
        lambda line: console.print(f"  {line}"),
        # A person wants to see all checks; a program wants the verdict.
        thorough=console.is_terminal if thorough is None else thorough,
        wants_health=not thorough,
    )
    results = graded.refused()
    if results is None:
        with slot(Use.of(lab, "being graded"), lambda line: console.print(f"  {line}")):
            results = graded.run()
    folder = out or course.state / "results" / lab.name / f"{results.began.replace(':', '')}-{seed}"
    show(console, results)
    path = results.write(folder)
    junit.write(folder / "junit.xml", {results.lab: junit.cases(results)})
    page.write(folder / "report.html", lab, results, starter_timeline(course, lab))
    summary.append(results)
    github.append_outputs(results)
    for annotation in github.annotations(lab, source, results):
        click.echo(annotation)
    console.print(f"[dim]results: {path}\nreport:  {folder / 'report.html'}[/]")
    if results.verdict is Verdict.PASSED:
        console.print(f"[dim]debrief: labs/{lab.name}/debrief.md[/]")
    console.print(f"next: {next_step(results)}")
    sys.exit(results.verdict.exit_code)


@click.command()
@LAB
def stop(lab: Lab) -> None:
    """Take the live lab NN down."""
    from grader.base.console import open_console
    from grader.engine.provision import set_up_engine
    from grader.live.session import live_project

    course = Course.here()
    set_up_engine(open_console())
    live_project(course, lab, {}).down()
    click.echo(f"lab {lab.number} is down")


@click.command(name="list")
@click.option("--patterns", is_flag=True, help="List all patterns of the handbook, also those without a lab.")
def list_(*, patterns: bool) -> None:
    """List the labs by learning path, with your progress."""
    from grader.base.console import open_console
    from grader.reports import listing

    course, console = Course.here(), open_console()
    console.print(listing.patterns(course) if patterns else listing.labs(course))
    console.print("start one: make lab-NN")


@click.command()
@LAB
@click.option("--again", is_flag=True, help="Show the hints shown so far.")
def hint(lab: Lab, *, again: bool) -> None:
    """Show the next hint of lab NN."""
    from rich.markdown import Markdown

    from grader.base.console import open_console
    from grader.course.hints import next_hint, shown_hints

    course, console = Course.here(), open_console()
    texts = shown_hints(course, lab) if again else [next_hint(course, lab)]
    for text in texts:
        console.print(Markdown(text))


@click.command(name="diff")
@LAB
def diff_(lab: Lab) -> None:
    """Show your changes to the starter of lab NN."""
    from rich.syntax import Syntax

    from grader.base.console import open_console
    from grader.course.submission import diff

    text = diff(Course.here(), lab)
    console = open_console()
    if not text:
        console.print(f"your copy of lab {lab.number} is the starter")
    elif console.is_terminal:
        console.print(Syntax(text, "diff", background_color="default"))
    else:
        click.echo(text, nl=False)


@click.command(name="reset")
@LAB
def reset_(lab: Lab) -> None:
    """Start over in lab NN and keep your old copy."""
    from grader.course.submission import reset, work_copy

    course = Course.here()
    backup = reset(course, lab)
    click.echo(
        f"`{work_copy(course, lab)}` is the starter again" + (f"; your old copy is `{backup}`" if backup else "")
    )


@click.command(name="break")
@LAB
@click.argument("service", required=False)
@click.argument("kind", required=False)
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--for", "seconds", metavar="SECONDS", help="Heal the fault after this time, for example 10s.")
def break_(lab: Lab, service: str | None, kind: str | None, parameters: tuple[str, ...], seconds: str | None) -> None:
    """Inject a fault into SERVICE of the live lab NN.

    Without KIND, the command lists the faults that can be injected.
    """
    from grader.live.manual_faults import inject, menu
    from grader.live.session import live_ports

    ports = live_ports(Course.here(), lab).all
    if service is None or kind is None:
        click.echo(menu(lab, ports, service))
        return
    click.echo(inject(lab, ports, service, kind, parameters, seconds))


@click.command()
@LAB
@click.argument("service", required=False)
def heal(lab: Lab, service: str | None) -> None:
    """Heal the faults that you injected into the live lab NN."""
    from grader.live.manual_faults import heal as heal_
    from grader.live.session import live_ports

    click.echo(heal_(lab, live_ports(Course.here(), lab).all, service))


@click.command()
@LAB
@click.argument("wanted", metavar="[ID]", required=False)
def traces(lab: Lab, wanted: str | None) -> None:
    """List the latest traces of the live lab NN, or show one.

    ID is the ID of a trace, the beginning of it, or the ID of an order.
    """
    from grader.base.console import open_console
    from grader.live.session import live_ports
    from grader.reports.waterfall import listing, waterfall

    ports = live_ports(Course.here(), lab).control
    open_console().print(waterfall(lab, ports, wanted) if wanted else listing(lab, ports))


@click.command()
@click.option("--symptom", help="The symptom, such as high-latency; without it, a terminal asks.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; without a symptom, the whole table.")
def triage(symptom: str | None, *, as_json: bool) -> None:
    """Find the stopgap, the pattern and the lab for a symptom."""
    import json

    from grader.base.console import open_console
    from grader.reports import triage as triage_

    course, console = Course.here(), open_console()
    found = triage_.rows(course) if symptom is None else [triage_.row(course, symptom)]
    if as_json:
        click.echo(json.dumps([row.model_dump() for row in found], indent=1))
        return
    if symptom is None:
        triage_.show_all(console, found)
        if not console.is_terminal:
            console.print(f"next: ./er triage --symptom {found[0].key}")
            return
        found = [click.prompt("what do you see?", value_proc=partial(triage_.answered, course))]
    triage_.show(console, found[0])


@click.command()
def doctor() -> None:
    """Check whether this machine can run labs.

    The command reports each missing part and what to do about it.
    """
    from grader.base.console import open_console
    from grader.engine.doctor import report

    sys.exit(report(Course.here(), open_console()))


def _grade_class(lab: Lab, folder: Path, seed: int | None, out: Path | None, *, thorough: bool) -> NoReturn:
    from grader.base.console import open_console
    from grader.classroom.roster import Roster, class_seed, grade_folder
    from grader.engine.provision import set_up
    from grader.grading.slots import at_once

    if not folder.is_dir():
        raise ErError(f"there is no folder `{folder}`", run=f"./er grade {lab.number} --class DIR")
    console = open_console()
    set_up(lab, console)
    command = ["./er", "grade", lab.number, "--class", str(folder.resolve())]
    if out:
        command += ["--out", str(out.resolve())]
    if thorough:
        command.append("--thorough")
    out = out or Course.here().state / "classes" / f"{folder.resolve().name}-{lab.name}"
    roster = Roster(lab, folder, class_seed(out, seed), out, at_once(), thorough)
    sys.exit(grade_folder(console, roster, command))


COMMANDS = (start, grade, stop, list_, hint, diff_, reset_, break_, heal, triage, traces, doctor)
