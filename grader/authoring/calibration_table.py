"""The output of `er calibrate`: each run, and each margin."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.authoring.calibrate import CalibrationRun, Calibrator, summary
from grader.course.calibration import Calibration
from grader.course.course import Course, Lab
from grader.course.fixes import STARTER


def calibrate(  # noqa: PLR0913, PLR0917 # the options of one command
    console: Console,
    course: Course,
    lab: Lab,
    images: Mapping[str, str],
    runs: int,
    fixes: Sequence[str] = (),
    *,
    disturb: bool,
    append: bool,
) -> int:
    """Calibrate a lab, write `calibration.toml` and return the exit code.

    It is 1 for a wrong verdict or a thin margin, else 0.
    """
    done = 0

    def show(run: CalibrationRun, total: int) -> None:
        nonlocal done
        done += 1
        seconds = f"{run.results.seconds:.0f} s" if run.results else ""
        wrong = "  [bold red]WRONG VERDICT[/]" if run.wrong(lab) else ""
        console.print(
            f"{done:>4} of {total}  {run.candidate:<28} {run.disturbance:<9} {run.verdict:<13} {seconds:>5}{wrong}"
        )
        for surprise in run.surprises(lab):
            console.print(f"           {escape(surprise)}  ({run.folder})")

    calibrator = Calibrator(course, lab, show)
    kept = calibrator.play(runs, fixes, disturb=disturb, append=append)
    if not fixes or STARTER in fixes:
        calibrator.play_stopgap(runs, images, lambda line: console.print(f"     stopgap: {line}"))
    calibration = calibrator.calibration(kept)
    path = lab.path / "calibration.toml"
    path.write_text(calibration.text(), encoding="utf-8")
    _show_summary(console, lab, kept)
    _show_thresholds(console, calibration)
    console.print(f"written: {path}")
    wrong = [run for run in kept if run.wrong(lab)]
    for run in wrong:
        console.print(f"[bold red]wrong verdict[/] on {run.candidate} ({run.disturbance}): {run.folder}/results.json")
    return 1 if wrong or any(item.thin for item in calibration.threshold) else 0


def _show_summary(console: Console, lab: Lab, runs: list[CalibrationRun]) -> None:
    table = Table()
    for column in ("disturbance", "grades", "wrong", "not judged", "repeats", "mean seconds"):
        table.add_column(column, justify="left" if column == "disturbance" else "right")
    for kind, *counts, seconds in summary(lab, runs):
        table.add_row(kind, *(str(count) for count in counts), f"{seconds:.1f}")
    console.print(table)


def _show_thresholds(console: Console, calibration: Calibration) -> None:
    table = Table()
    for column in ("check", "worst accepted", "margin", "threshold", "best rejected", "margin"):
        table.add_column(column, justify="left" if column == "check" else "right", overflow="fold")
    for item in calibration.threshold:
        accepted = "none" if item.worst_accepted is None else f"{item.worst_accepted:.4g} ({item.accepted})"
        rejected = "none" if item.best_rejected is None else f"{item.best_rejected:.4g} ({item.rejected})"
        margins = ["" if m is None else f"{m:g}" for m in (item.accepted_margin, item.rejected_margin)]
        sign = "≥" if item.side == "min" else "≤"
        style = "yellow" if item.thin else ""
        table.add_row(item.check, accepted, margins[0], f"{sign} {item.threshold:g}", rejected, margins[1], style=style)
    console.print(table)
