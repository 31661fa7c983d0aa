"""The output of `er mutate`: a line for each mutant, tables by operator, the survivors, and a file."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.authoring.mutants.mutant import Mutant
from grader.authoring.mutants.operators import OPERATORS
from grader.authoring.mutants.trial import Fate, MutantTrials, Trial, share_killed

GOAL = 0.95
"""The share of mutants that a lab's checks should kill."""


def show_trial(console: Console, trial: Trial, done: int, wanted: int) -> None:
    """Print one line for a mutant that was played, with the checks that it fails."""
    seconds = "earlier" if trial.earlier else f"{trial.seconds:.0f} s"
    colour = "green" if trial.fate is Fate.KILLED else "yellow"
    fate = "[bold red]SURVIVED[/]" if trial.is_hole else f"[{colour}]{trial.fate}[/]"
    why = trial.mutant.declared or _why(trial)
    line = f"{done:>3} of {wanted}  {trial.mutant.lab.number} {trial.mutant.full_name}  {seconds}  {fate}  "
    console.print(line + escape(why), soft_wrap=True)


def show_mutants(console: Console, mutants: Sequence[Mutant]) -> None:
    """Print the mutants with their changes, and how many there are by operator."""
    for mutant in mutants:
        _show(console, mutant)
    table = Table()
    for column in ("operator", "mutants", "mistake"):
        table.add_column(column, justify="right" if column == "mutants" else "left")
    for operator in OPERATORS:
        count = sum(mutant.operator is operator for mutant in mutants)
        if count:
            table.add_row(operator.name, str(count), operator.mistake)
    console.print(table)
    console.print(f"{len(mutants)} mutants")


def try_mutants(console: Console, trials: MutantTrials, mutants: Sequence[Mutant], document: Path | None) -> int:
    """Play mutants, print tables and survivors, and return the exit code.

    It is 1 when the manifest does not explain a survivor or calls a killed mutant equivalent, 2 when a mutant could
    not be judged, and 0 otherwise. A mutant that did not begin in time does not change it.
    """
    found = trials.run(mutants)
    for lab in dict.fromkeys(mutant.lab for mutant in mutants):
        _show_lab(console, [trial for trial in found if trial.mutant.lab == lab])
    for trial in found:
        if trial.is_hole:
            _show(console, trial.mutant)
            submission = trials.submission(trial.mutant)
            console.print(f"    ./er grade {trial.mutant.lab.number} --submission {submission}", soft_wrap=True)
        if trial.is_misdeclared:
            said = f"{trial.mutant.full_name} is killed ({_why(trial)}), but the manifest says: {trial.mutant.declared}"
            console.print(said, soft_wrap=True, markup=False)
    played = {trial.mutant.full_name for trial in found}
    if left := len(mutants) - len(found):
        console.print(f"The time is up, and {left} mutants are left. The same call with --resume plays them.")
    if document:
        entries = [_entry(trial) for trial in found]
        entries += [_left(mutant) for mutant in mutants if mutant.full_name not in played]
        document.parent.mkdir(parents=True, exist_ok=True)
        document.write_text("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n")
    if any(trial.is_hole or trial.is_misdeclared for trial in found):
        return 1
    return 2 if any(trial.fate is Fate.UNJUDGED for trial in found) else 0


def _show_lab(console: Console, trials: Sequence[Trial]) -> None:
    """Print a lab's trials by operator, and the share that was killed."""
    if not trials:
        return
    table = Table(title=trials[0].mutant.lab.name)
    for column in ("operator", "played", "killed", "survived", "declared", "not judged"):
        table.add_column(column, justify="left" if column == "operator" else "right")
    for operator in OPERATORS:
        if mine := [trial for trial in trials if trial.mutant.operator is operator]:
            table.add_row(operator.name, *map(str, _counts(mine)))
    table.add_section()
    table.add_row("all", *map(str, _counts(trials)))
    console.print(table)
    killed, judged = share_killed(trials)
    if judged:
        unserved = sum(trial.fate is Fate.KILLED and not _failed(trial) for trial in trials)
        share = f"{killed} of {judged} mutants that are not equivalent are killed: {killed / judged:.0%}"
        console.print(f"{share}, and the goal is {GOAL:.0%}. {unserved} of them failed before any check.")


def _counts(trials: Sequence[Trial]) -> tuple[int, int, int, int, int]:
    """Return how many were played, killed, passed, passed with a reason in the manifest, and were not judged."""
    survived = [trial for trial in trials if trial.fate is Fate.SURVIVED]
    return (
        len(trials),
        sum(trial.fate is Fate.KILLED for trial in trials),
        len(survived),
        sum(bool(trial.mutant.declared) for trial in survived),
        sum(trial.fate is Fate.UNJUDGED for trial in trials),
    )


def _show(console: Console, mutant: Mutant) -> None:
    """Print a mutant's name, its mistake and its change."""
    console.print(f"{mutant.lab.number} {mutant.full_name}  {mutant.operator.mistake}", soft_wrap=True, markup=False)
    for line in mutant.diff():
        console.print(f"    {line}", soft_wrap=True, markup=False, highlight=False)


def _failed(trial: Trial) -> list[str]:
    return trial.results.failed_checks() if trial.results else []


def _why(trial: Trial) -> str:
    """Return the failed checks, or why there are none."""
    cause = (trial.results.cause or "").splitlines() if trial.results else ["the grade left no results"]
    return ", ".join(_failed(trial)) or "".join(cause[:1])


def _entry(trial: Trial) -> dict[str, object]:
    results = trial.results
    return {
        **_left(trial.mutant),
        "fate": trial.fate,
        "failed": _failed(trial),
        "cause": results.cause if results else None,
        "seconds": results.seconds if results else None,
        "seed": trial.job.seed,
        "results": str(trial.job.out / "results.json"),
    }


def _left(mutant: Mutant) -> dict[str, object]:
    """Return the entry of a mutant that was not played."""
    return {
        "lab": mutant.lab.name,
        "mutant": mutant.full_name,
        "operator": mutant.operator.name,
        "file": mutant.file,
        "line": mutant.line,
        "change": mutant.diff(),
        "declared": mutant.declared,
        "fate": "not played",
        "failed": [],
        "cause": None,
        "seconds": None,
        "seed": None,
        "results": None,
    }
