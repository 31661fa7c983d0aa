"""A grade as Markdown, for the summary page of a GitHub job."""

import os
import re
from pathlib import Path

from grader.base.sanitize import plain
from grader.evidence.checks import State
from grader.grading.results import Results, Verdict
from grader.reports.measured import harm, measured, state

MARKS = {State.HOLDS: "✅ holds", State.FAILS: "❌ fails"}
VERDICTS = {Verdict.PASSED: "✅ passed", Verdict.FAILED: "❌ failed"}


def append(results: Results) -> None:
    """Append the grade to the job's summary file, if `GITHUB_STEP_SUMMARY` names one."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(markdown(results))


def markdown(results: Results) -> str:
    """Return verdict, checks and cause as Markdown."""
    verdict = VERDICTS.get(results.verdict, f"⚠️ {results.verdict}")
    level = f", {results.level.name}: {results.level.share:.1%} ({results.level.says})" if results.level else ""
    lines = [f"### {_cell(results.lab)}: {verdict}{level}", ""]
    if said := harm(results):
        lines += [_cell(said), ""]
    if results.checks:
        lines += ["| check | measured | wanted | |", "|---|---|---|---|"]
    for check in results.checks:
        cells = (check.name, "; ".join(measured(check)), check.wanted, MARKS.get(check.state, state(check)))
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    if results.cause:
        text = plain(results.cause)
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
        lines += ["", fence + "text", text, fence]
    again = f"./er grade {results.lab[:2]} --seed {results.seed}"
    return "\n".join([*lines, "", f"{results.seconds:.0f} s; to replay the incident: `{again}`", "", ""])


def _cell(text: str) -> str:
    """Return text for a table's cell, with all markup escaped."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|@~$&:/-])", r"\\\1", plain(text).replace("\n", " "))
