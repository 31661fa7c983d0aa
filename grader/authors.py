"""What authors and teachers see of `er verify`, `er calibrate` and `er grade --class`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.batch import Job
from grader.calibrate import Calibrator, Run, summary
from grader.calibration import Calibration
from grader.classroom import Row, grade_class
from grader.course import Course, Lab
from grader.reports import junit
from grader.results import Verdict
from grader.verify import Proof, Verification

STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red"}


def show_proof(console: Console, proof: Proof, done: int, jobs: int) -> None:
    """Print one line for a candidate that was graded, and what is wrong with it."""
    verdict = proof.results.verdict if proof.results else Verdict.ERROR
    seconds = f"{proof.results.seconds:.0f} s" if proof.results and not proof.earlier else "earlier"
    mark = (
        "[bold red]WRONG[/]" if proof.wrong and proof.judged else "[green]ok[/]" if not proof.wrong else "[yellow]?[/]"
    )
    console.print(
        f"{done:>3} of {jobs}  {proof.job.lab.number} {proof.job.name:<28} {verdict:<13} {seconds:>8}  {mark}"
    )
    for reason in proof.wrong:
        console.print(f"          {escape(reason)}")


def verify(
    console: Console, verification: Verification, jobs: Sequence[Job], document: Path | None, xml: Path | None
) -> int:
    """Prove these jobs, print a table by lab and return the exit code: 1 for a wrong one, 2 for one not judged."""
    proofs = verification.run(jobs)
    table = Table()
    for column in ("lab", "proven", "wrong", "not judged", "minutes"):
        table.add_column(column, justify="left" if column == "lab" else "right")
    for name in dict.fromkeys(job.lab.name for job in jobs):
        mine = [proof for proof in proofs if proof.job.lab.name == name]
        wrong = [proof for proof in mine if proof.wrong and proof.judged]
        unjudged = [proof for proof in mine if not proof.judged]
        seconds = sum(proof.results.seconds for proof in mine if proof.results and not proof.earlier)
        proven = len(mine) - len(wrong) - len(unjudged)
        table.add_row(name, str(proven), str(len(wrong)), str(len(unjudged)), f"{seconds / 60:.1f}")
    console.print(table)
    if document:
        document.parent.mkdir(parents=True, exist_ok=True)
        document.write_text(json.dumps([_entry(proof) for proof in proofs], indent=1) + "\n")
    if xml:
        labs = dict.fromkeys(job.lab.name for job in jobs)
        junit.write(xml, {name: [_case(proof) for proof in proofs if proof.job.lab.name == name] for name in labs})
    if any(proof.wrong and proof.judged for proof in proofs):
        return 1
    return 0 if all(proof.judged for proof in proofs) else 2


def _case(proof: Proof) -> junit.Case:
    outcome: junit.Outcome = "passed" if not proof.wrong else "failure" if proof.judged else "error"
    seconds = proof.results.seconds if proof.results else 0.0
    return junit.Case(proof.job.name, outcome, "; ".join(proof.wrong), proof.said, seconds)


def _entry(proof: Proof) -> dict[str, object]:
    results = proof.results
    return {
        "lab": proof.job.lab.name,
        "candidate": proof.job.name,
        "verdict": results.verdict if results else Verdict.ERROR,
        "failed": results.failed_checks() if results else [],
        "wrong": proof.wrong,
        "seconds": results.seconds if results else None,
        "seed": proof.job.seed,
        "results": str(proof.job.out / "results.json"),
    }


def calibrate(  # noqa: PLR0913 # the words of one command
    console: Console, course: Course, lab: Lab, images: Mapping[str, str], runs: int, *, disturb: bool, append: bool
) -> int:
    """Calibrate a lab and write `calibration.toml`; return 1 for a wrong verdict or a thin margin, else 0."""
    done = 0

    def show(run: Run, total: int) -> None:
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
    kept = calibrator.play(runs, disturb=disturb, append=append)
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


def _show_summary(console: Console, lab: Lab, runs: list[Run]) -> None:
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


def grade_folder(console: Console, lab: Lab, folder: Path, seed: int, out: Path, at_once: int) -> int:  # noqa: PLR0913, PLR0917 # the words of one command
    """Grade a class, print a line for each submission and a summary; return 2 when one could not be judged, else 0."""

    def show(row: Row, done: int, total: int) -> None:
        style = STYLES.get(row.verdict, "yellow")
        notes = row.level or row.failed or row.cause
        console.print(
            f"{done:>4} of {total}  {escape(row.submission):<28} [{style}]{row.verdict:<13}[/] {escape(notes)}",
            soft_wrap=True,
        )

    rows = grade_class(lab, folder, seed, out, at_once, show)
    counts = {verdict: sum(row.verdict is verdict for row in rows) for verdict in Verdict}
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count))
    console.print(f"the table: {out / 'class.csv'}")
    return 0 if counts[Verdict.PASSED] + counts[Verdict.FAILED] == len(rows) else 2
