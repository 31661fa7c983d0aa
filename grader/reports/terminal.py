"""A grade on the terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.evidence.checks import State
from grader.grading.results import CheckResult, Results, Verdict
from grader.reports.measured import measured

STYLES = {
    State.HOLDS: "green",
    State.FAILS: "bold red",
    State.UNCLEAR: "yellow",
    State.MISSING: "yellow",
    State.NOT_REACHED: "dim",
}
VERDICT_STYLES = {Verdict.PASSED: "bold green", Verdict.FAILED: "bold red"}


def show(console: Console, results: Results) -> None:
    """Print the checks, the verdict with its reasons, and the seed that replays it."""
    if results.checks:
        console.print(_table(results.checks))
        for check in results.checks:
            if check.state in (State.FAILS, State.UNCLEAR):
                console.print(Text.assemble((f"✗ {check.name}", "red"), f"  {check.says}"))
    headline = Text(results.verdict.value.upper(), style=VERDICT_STYLES.get(results.verdict, "bold yellow"))
    if results.level:
        headline.append(f"  {results.level.name}: {results.level.share:.1%} of {results.level.says}", style="default")
    headline.append(f"  ({results.lab}, {results.seconds:.0f} s, seed {results.seed})", style="dim")
    console.print()
    console.print(headline)
    if results.cause:
        # What a patient printed is shown as it is, never as markup.
        console.print(Text(results.cause))


def _table(checks: list[CheckResult]) -> Table:
    table = Table()
    for column in ("check", "measured", "wanted", ""):
        table.add_column(column, overflow="fold")
    for check in checks:
        state = Text(check.state.value, style=STYLES[check.state])
        table.add_row(check.name, "\n".join(measured(check)), check.wanted, state)
    return table
