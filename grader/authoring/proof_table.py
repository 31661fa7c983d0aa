"""The output of `er verify`: proofs, a table, and files for CI."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.authoring.verify import Proof, Verification
from grader.grading.batch import Job
from grader.grading.results import Verdict
from grader.reports import junit

LEFT = "left to the nightly run"


def show_proof(console: Console, proof: Proof, done: int, jobs: int) -> None:
    """Print a line for a graded candidate and for each broken promise."""
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
    """Prove jobs, print a table by lab, and return the exit code.

    It is 1 when a proof is wrong, else 2 when one was not judged, else 0. Jobs that did not begin in time are listed,
    and do not change it.
    """
    proofs = verification.run(jobs)
    begun = [proof.job for proof in proofs]
    left = [job for job in jobs if job not in begun]
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
    if left:
        console.print(f"The time is up. Left to the nightly run: {_names(left, jobs)}", soft_wrap=True, markup=False)
    if document:
        document.parent.mkdir(parents=True, exist_ok=True)
        document.write_text(json.dumps([*map(_entry, proofs), *map(_skipped, left)], indent=1) + "\n")
    if xml:
        cases = [(proof.job.lab.name, _case(proof)) for proof in proofs]
        cases += [(job.lab.name, junit.Case(job.name, "skipped", LEFT)) for job in left]
        labs = dict.fromkeys(job.lab.name for job in jobs)
        junit.write(xml, {name: [case for lab, case in cases if lab == name] for name in labs})
    if any(proof.wrong and proof.judged for proof in proofs):
        return 1
    return 0 if all(proof.judged for proof in proofs) else 2


def _names(left: Sequence[Job], jobs: Sequence[Job]) -> str:
    """Return the labs of the jobs that are left.

    The candidates follow in brackets unless all of the lab are left.
    """
    names = []
    for lab in dict.fromkeys(job.lab.name for job in left):
        mine = [job.name for job in left if job.lab.name == lab]
        whole = len(mine) == sum(job.lab.name == lab for job in jobs)
        names.append(lab if whole else f"{lab} ({', '.join(mine)})")
    return ", ".join(names)


def _case(proof: Proof) -> junit.Case:
    outcome: junit.CaseStatus = "passed" if not proof.wrong else "failure" if proof.judged else "error"
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


def _skipped(job: Job) -> dict[str, object]:
    return {
        "lab": job.lab.name,
        "candidate": job.name,
        "verdict": "skipped",
        "failed": [],
        "wrong": [],
        "seconds": None,
        "seed": job.seed,
        "results": None,
    }
