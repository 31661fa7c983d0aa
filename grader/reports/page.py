"""A grade as one HTML page, which loads nothing and runs nothing."""

import os
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from grader.base.files import write_whole
from grader.course.course import Lab
from grader.evidence.checks import CheckFinding
from grader.evidence.timeline import Timeline
from grader.grading.results import CheckResult, Results
from grader.reports.layout import page_environment
from grader.reports.measured import harm, measured, state
from grader.reports.terminal import next_step
from grader.reports.timeline_svg import timeline_svg

LONGEST_DIFF = 60_000
"""How many characters of a diff a page shows."""


def write(path: Path, lab: Lab, results: Results, starter: Timeline | None = None) -> None:
    """Write the page atomically.

    It links to the debrief when it lies within the course, from where it is not moved. `starter` is the timeline of the
    unchanged starter, if it is known.
    """
    inside = path.resolve().is_relative_to(lab.path.parents[1])
    link = os.path.relpath(lab.path / "debrief.md", path.resolve().parent) if inside else ""
    write_whole(path, page(lab, results, starter, quote(link)))


def page(lab: Lab, results: Results, starter: Timeline | None = None, debrief: str = "") -> str:
    """Return the page, with a link to the debrief unless it is empty.

    Text from a submission or a patient never becomes markup.
    """
    environment = page_environment()
    environment.filters |= {"measured": measured, "state": state, "gauge": gauge}
    shown = results.shown
    timeline = shown.timeline if shown else None
    if not (results.diff and timeline and starter and _same_phases(timeline, starter)):
        starter = None
    return environment.get_template("page.html.j2").render(
        results=results,
        harm=harm(results),
        title=lab.manifest.title,
        wanted={check.name: (check.min, check.max) for check in lab.manifest.check},
        traces=shown.traces if shown else [],
        timeline_svg=Markup(timeline_svg(timeline, starter) if timeline else ""),  # noqa: S704 # it escapes its texts
        starter=starter,
        next_step=next_step(results),
        debrief=debrief,
        diff=[(_kind(line), line) for line in cut_diff(results.diff)],
    )


def _same_phases(one: Timeline, other: Timeline) -> bool:
    return [band.name for band in one.phases] == [band.name for band in other.phases]


def cut_diff(diff: str) -> list[str]:
    """Return the lines of a diff, up to LONGEST_DIFF characters."""
    lines = diff[:LONGEST_DIFF].split("\n")
    return [*lines, "… the rest is not shown"] if len(diff) > LONGEST_DIFF else lines


def _kind(line: str) -> str:
    if line.startswith(("---", "+++", "@@")):
        return "head"
    return {"+": "added", "-": "removed"}.get(line[:1], "same")


def gauge(finding: CheckFinding, check: CheckResult, wanted: tuple[float | None, ...]) -> Markup:
    """Return a bar with the measured value, its confidence interval and the thresholds."""
    if finding.measured is None or finding.low is None or finding.high is None:
        return Markup()
    limits = [limit for limit in wanted if limit is not None]
    # A bar is at least twice as long as its threshold, so that a value beyond it shows its distance.
    top = 1.0 if check.kind == "share" else max([1.0, *(2 * limit for limit in limits), finding.measured])

    def at(value: float) -> str:
        return f"{100 * min(max(value / top, 0.0), 1.0):.1f}"

    marks = "".join(f'<line class="limit" x1="{at(v)}" x2="{at(v)}" y1="0" y2="14"/>' for v in limits)
    width = max(0.6, float(at(finding.high)) - float(at(finding.low)))
    return Markup(  # noqa: S704 # only numbers and a state
        f'<svg class="gauge {finding.state.replace(" ", "-")}" viewBox="0 0 100 14" preserveAspectRatio="none" '
        f'aria-hidden="true"><line class="scale" x1="0" x2="100" y1="7" y2="7"/>'
        f'<rect class="interval" x="{at(finding.low)}" y="4" width="{width:.1f}" height="6"/>'
        f'<line class="value" x1="{at(finding.measured)}" x2="{at(finding.measured)}" y1="2" y2="12"/>{marks}</svg>'
    )
