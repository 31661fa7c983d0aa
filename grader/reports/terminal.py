"""A grade on the terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.base.sanitize import plain
from grader.evidence.checks import State
from grader.grading.results import CheckResult, Results, Verdict
from grader.reports.measured import harm, measured, state

STYLES = {
    State.HOLDS: "green",
    State.FAILS: "bold red",
    State.UNCLEAR: "yellow",
    State.MISSING: "yellow",
    State.NOT_REACHED: "dim",
}
MARKS = {State.FAILS: "✗", State.UNCLEAR: "?"}
VERDICT_STYLES = {Verdict.PASSED: "bold green", Verdict.FAILED: "bold red"}


def show(console: Console, results: Results) -> None:
    """Print the checks, the verdict with its cause, the seed, and advice."""
    if results.checks:
        console.print(_table(results.checks))
        for check in _deciding(results.checks):
            mark = MARKS[check.state]
            console.print(Text.assemble((f"{mark} {check.name}", STYLES[check.state]), f"  {check.says}"))
    headline = Text(results.verdict.value.upper(), style=VERDICT_STYLES.get(results.verdict, "bold yellow"))
    if results.level:
        following = f"; {results.level.next}" if results.level.next else ""
        text = f"  {results.level.name}: {results.level.share:.1%} ({results.level.says}{following})"
        headline.append(text, style="default")
    headline.append(f"  ({results.lab}, {results.seconds:.0f} s, seed {results.seed})", style="dim")
    console.print()
    console.print(headline)
    if said := harm(results):
        console.print(Text(said, style="" if results.verdict is Verdict.PASSED else "bold red"))
    for note in results.notes:
        console.print(Text(f"note: {plain(note)}"))
    if results.cause:
        # As Text, because a patient's output must never act as markup.
        console.print(Text(results.cause))
    for advice in results.advice:
        console.print(Text(advice, style="yellow"))


def _deciding(checks: list[CheckResult]) -> list[CheckResult]:
    """Return the checks that failed, else those that are unclear."""
    failed = [check for check in checks if check.state is State.FAILS]
    return failed or [check for check in checks if check.state is State.UNCLEAR]


def next_step(results: Results) -> str:
    """Return the command to run after a grade."""
    number = results.lab[:2]
    steps = {Verdict.PASSED: "./er list", Verdict.FAILED: f"./er hint {number}"}
    return results.next or steps.get(results.verdict, f"./er doctor && make grade-{number}")


def _table(checks: list[CheckResult]) -> Table:
    table = Table()
    for column in ("check", "measured", "wanted", ""):
        table.add_column(column, overflow="fold")
    for check in checks:
        shown = Text(state(check), style=STYLES[check.state])
        table.add_row(check.name, Text("\n".join(measured(check))), check.wanted, shown)
    return table
