"""The `er` program: what learners, teachers and authors type."""

import os
import signal
import sys
import traceback
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from grader.course import Course, Lab
from grader.errors import ErError

if TYPE_CHECKING:
    from grader.control import ControlPort

WIDTH_OF_LOGS = 120


class LabNumber(click.ParamType[Lab]):
    """A lab by its number or name."""

    name = "lab"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Lab:
        """Return the lab; an unknown number is an ErError that lists the known ones."""
        del param, ctx
        return Course.here().lab(value)


LAB = click.argument("lab", type=LabNumber(), metavar="NN")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def er() -> None:
    """Learn distributed-systems patterns by breaking and fixing live services."""


@er.command()
@LAB
def start(lab: Lab) -> None:
    """Start lab NN, or join it, and play its incident on your work copy."""
    from grader.setup import open_console  # noqa: PLC0415 # each command loads what it needs
    from grader.starting import start as start_  # noqa: PLC0415

    start_(Course.here(), lab, open_console())


@er.command()
@LAB
@click.option("--submission", type=click.Path(path_type=Path), help="Grade this folder instead of your work copy.")
@click.option("--seed", type=click.IntRange(0), help="Replay the incident of this seed.")
@click.option("--out", type=click.Path(path_type=Path), help="Where results.json goes.")
@click.option("--thorough", is_flag=True, help="Play to the end even when the verdict is certain.")
@click.option("--class", "class_", type=click.Path(path_type=Path), help="Grade every subfolder of this folder.")
def grade(  # noqa: PLR0913 # the options of one command
    lab: Lab, submission: Path | None, seed: int | None, out: Path | None, class_: Path | None, *, thorough: bool
) -> None:
    """Judge your work copy of lab NN: the incident is replayed on a clean copy of the system."""
    if class_ is not None:
        _grade_class(lab, class_, seed, out)
    from grader.grading import Grade  # noqa: PLC0415
    from grader.plan import fresh_seed  # noqa: PLC0415
    from grader.reports import junit, page, summary  # noqa: PLC0415
    from grader.reports.terminal import show  # noqa: PLC0415
    from grader.results import Verdict  # noqa: PLC0415
    from grader.setup import open_console, set_up  # noqa: PLC0415
    from grader.turns import turn  # noqa: PLC0415
    from grader.work import demand_work_copy  # noqa: PLC0415

    course, console = Course.here(), open_console()
    source = submission or demand_work_copy(course, lab)
    if not source.is_dir():
        raise ErError(f"there is no submission at `{source}`", run=f"er grade {lab.number} --submission DIR")
    seed = fresh_seed() if seed is None else seed
    console.print(f"[bold]Grading lab {lab.number}, {lab.manifest.title}[/] (seed {seed})")
    images = set_up(lab, console)
    with turn(lambda: console.print("  waiting for other runs on this machine to end ...")):
        results = Grade(
            course, lab, source, seed, images, lambda line: console.print(f"  {line}"), thorough=thorough
        ).run()
    folder = out or course.state / "results" / lab.name / f"{results.began.replace(':', '')}-{seed}"
    show(console, results)
    path = results.write(folder)
    junit.write(folder / "junit.xml", {results.lab: junit.cases(results)})
    page.write(folder / "report.html", lab, results)
    summary.append(results)
    console.print(f"[dim]results: {path}\nreport:  {folder / 'report.html'}[/]")
    following = {Verdict.PASSED: f"labs/{lab.name}/debrief.md", Verdict.FAILED: f"er hint {lab.number}"}
    console.print(f"next: {following.get(results.verdict, f'er doctor, then make grade-{lab.number} again')}")
    sys.exit(results.verdict.exit_code)


@er.command()
@LAB
def stop(lab: Lab) -> None:
    """Take the live lab NN down."""
    from grader.live import live_project  # noqa: PLC0415
    from grader.setup import open_console, set_up_engine  # noqa: PLC0415

    course = Course.here()
    set_up_engine(open_console())
    live_project(course, lab, {}).down()
    click.echo(f"lab {lab.number} is down")


@er.command(name="list")
def list_() -> None:
    """List the labs with your progress."""
    from rich.table import Table  # noqa: PLC0415

    from grader.catalog import read_catalog  # noqa: PLC0415
    from grader.progress import progress  # noqa: PLC0415
    from grader.runs import live_labs  # noqa: PLC0415
    from grader.setup import open_console  # noqa: PLC0415

    course, console = Course.here(), open_console()
    catalog, live = read_catalog(course), live_labs(course.root)
    table = Table()
    for column in ("lab", "pattern", "emergency", "minutes", "you"):
        table.add_column(column)
    for lab in course.labs():
        manifest = lab.manifest
        problem = catalog.row(manifest.emergency).problem
        you = progress(course, lab) + (", live" if lab.number in live else "")
        table.add_row(lab.number, manifest.title, problem, str(manifest.minutes), you)
    console.print(table)
    console.print("start one: make lab-NN")


@er.command()
@LAB
@click.option("--again", is_flag=True, help="Show the hints shown so far.")
def hint(lab: Lab, *, again: bool) -> None:
    """Show the next hint of lab NN."""
    from rich.markdown import Markdown  # noqa: PLC0415

    from grader.progress import next_hint, shown_hints  # noqa: PLC0415
    from grader.setup import open_console  # noqa: PLC0415

    course, console = Course.here(), open_console()
    texts = shown_hints(course, lab) if again else [next_hint(course, lab)]
    for text in texts:
        console.print(Markdown(text))


@er.command(name="diff")
@LAB
def diff_(lab: Lab) -> None:
    """Show what you changed in lab NN against the starter."""
    from rich.syntax import Syntax  # noqa: PLC0415

    from grader.setup import open_console  # noqa: PLC0415
    from grader.work import diff  # noqa: PLC0415

    text = diff(Course.here(), lab)
    console = open_console()
    if not text:
        console.print(f"your copy of lab {lab.number} is the starter")
    elif console.is_terminal:
        console.print(Syntax(text, "diff", background_color="default"))
    else:
        click.echo(text, nl=False)


@er.command(name="reset")
@LAB
def reset_(lab: Lab) -> None:
    """Start over in lab NN; your old copy is kept."""
    from grader.work import reset, work_copy  # noqa: PLC0415

    course = Course.here()
    backup = reset(course, lab)
    click.echo(
        f"`{work_copy(course, lab)}` is the starter again" + (f"; your old copy is `{backup}`" if backup else "")
    )


@er.command(name="break")
@LAB
@click.argument("service", required=False)
@click.argument("kind", required=False)
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--for", "seconds", metavar="SECONDS", help="Heal by itself after this time: 10s.")
def break_(lab: Lab, service: str | None, kind: str | None, parameters: tuple[str, ...], seconds: str | None) -> None:
    """Break SERVICE of the live lab NN; without arguments, list what can be broken."""
    from grader.breaking import inject, menu  # noqa: PLC0415

    ports = _live_ports(lab)
    if service is None or kind is None:
        click.echo(menu(lab, ports, service))
        return
    click.echo(inject(lab, ports, service, kind, parameters, seconds))


@er.command()
@LAB
@click.argument("service", required=False)
def heal(lab: Lab, service: str | None) -> None:
    """Heal what was broken by hand in the live lab NN."""
    from grader.breaking import heal as heal_  # noqa: PLC0415

    click.echo(heal_(lab, _live_ports(lab), service))


@er.command()
def doctor() -> None:
    """Tell whether this machine can run labs, and what to do if it cannot."""
    from grader.doctor import report  # noqa: PLC0415
    from grader.setup import open_console  # noqa: PLC0415

    sys.exit(report(Course.here(), open_console()))


@er.command()
@click.argument("labs", nargs=-1, type=LabNumber(), metavar="[NN]...")
@click.option(
    "--jobs", type=click.IntRange(1), help="Grades at a time; as many as this machine can judge if not given."
)
@click.option("--since", metavar="REV", help="Only labs that differ from this git revision.")
@click.option("--shard", metavar="I/N", help="Only the I-th of N parts.")
@click.option("--quick", is_flag=True, help="Stop each grade as soon as its verdict is certain.")
@click.option("--resume", is_flag=True, help="Keep what an earlier call has proven on the same files.")
@click.option("--json", "document", type=click.Path(path_type=Path), help="Write the proofs to this file.")
@click.option("--junit", "xml", type=click.Path(path_type=Path), help="Write them to this file as JUnit XML.")
def verify(  # noqa: PLR0913, PLR0917 # the options of one command
    labs: tuple[Lab, ...],
    jobs: int | None,
    since: str | None,
    shard: str | None,
    document: Path | None,
    xml: Path | None,
    *,
    quick: bool,
    resume: bool,
) -> None:
    """Prove labs: grade the starter and every fix, and demand exactly what the manifest says."""
    from grader import authors  # noqa: PLC0415
    from grader.setup import open_console, set_up  # noqa: PLC0415
    from grader.turns import at_once  # noqa: PLC0415
    from grader.verify import Verification, jobs_of, read_shard, touched  # noqa: PLC0415

    course, console = Course.here(), open_console()
    chosen = list(labs) or (touched(course, since) if since else course.labs())
    work = jobs_of(course, chosen, read_shard(shard), quick=quick)
    for lab in chosen:
        set_up(lab, console)
    verification = Verification(
        course, jobs or at_once(), partial(authors.show_proof, console), quick=quick, resume=resume
    )
    sys.exit(authors.verify(console, verification, work, document, xml))


@er.command()
@LAB
@click.option(
    "--runs", type=click.IntRange(0), required=True, help="Runs of the starter and of each fix; 0: none more."
)
@click.option("--disturb", is_flag=True, help="As many runs again on a disturbed machine.")
@click.option("--append", is_flag=True, help="Add to the runs of earlier calls.")
def calibrate(lab: Lab, runs: int, *, disturb: bool, append: bool) -> None:
    """Measure the margins of lab NN and write its calibration.toml."""
    from grader import authors  # noqa: PLC0415
    from grader.setup import open_console, set_up  # noqa: PLC0415

    console = open_console()
    set_up(lab, console)
    sys.exit(authors.calibrate(console, Course.here(), lab, runs, disturb=disturb, append=append))


@er.command()
@click.argument("labs", nargs=-1, type=LabNumber(), metavar="[NN]...")
def lint(labs: tuple[Lab, ...]) -> None:
    """Find what is wrong with labs, as far as it can be known without running them."""
    from grader.lint import lint as lint_  # noqa: PLC0415

    course = Course.here()
    findings = [finding for lab in labs or course.labs() for finding in lint_(course, lab)]
    for finding in findings:
        click.echo(finding.shown(course.root))
    click.echo(f"{len(findings)} findings" if findings else "clean")
    sys.exit(1 if findings else 0)


@er.command()
@click.argument("number", metavar="NN")
@click.argument("slug")
def new(number: str, slug: str) -> None:
    """Make lab NN-SLUG from a template, and say what is left to write."""
    from grader.lint import lint as lint_  # noqa: PLC0415
    from grader.new import new as new_  # noqa: PLC0415

    course = Course.here()
    lab = new_(course, number, slug)
    click.echo(f"made {lab.path.relative_to(course.root)}; it runs as it is: make lab-{number}. Left to write:")
    for finding in lint_(course, lab):
        click.echo(f"  {finding.shown(course.root)}")


def _grade_class(lab: Lab, folder: Path, seed: int | None, out: Path | None) -> None:
    from grader import authors  # noqa: PLC0415
    from grader.classroom import class_seed  # noqa: PLC0415
    from grader.setup import open_console, set_up  # noqa: PLC0415
    from grader.turns import at_once  # noqa: PLC0415

    if not folder.is_dir():
        raise ErError(f"there is no folder `{folder}`", run=f"er grade {lab.number} --class DIR")
    console = open_console()
    set_up(lab, console)
    out = out or Course.here().state / "classes" / f"{folder.resolve().name}-{lab.name}"
    sys.exit(authors.grade_folder(console, lab, folder, class_seed(out, seed), out, at_once()))


def main() -> None:
    """Run `er`; every error ends in one message and its exit code."""
    # A shell that starts er in the background has it ignore SIGINT; only nohup's wish is kept.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        er.main(standalone_mode=False)
    except ErError as error:
        _end(f"er: {error}")
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        _end("er: interrupted; what was started has been taken down")
    except BrokenPipeError:
        _end("er: nobody reads the output any more; what was started has been taken down")
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        _end(f"er: {where}{error.strerror or error}\n  next: er doctor")
    except Exception:  # noqa: BLE001 # Python's own exit code for it is that of a failed grade
        _end(f"{traceback.format_exc()}er: this is a fault of er, not yours; please report it with the lines above")


def _end(message: str) -> NoReturn:
    """End with a message and exit code 2, also when the terminal or the pipe that would show it is gone."""
    try:
        click.echo(message, err=True)
        sys.stdout.flush()
    except OSError:
        # Python would try again at its end, and end with another code.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
    sys.exit(2)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _live_ports(lab: Lab) -> dict[str, "ControlPort"]:
    """Return the control ports of a live lab; raises ErError when it is not live."""
    from grader.live import live_project  # noqa: PLC0415

    project = live_project(Course.here(), lab, {})
    if not project.containers():
        raise ErError(f"lab {lab.number} is not live", run=f"make lab-{lab.number}")
    return project.control_ports()
