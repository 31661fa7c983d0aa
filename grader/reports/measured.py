"""Measured values, in the same words in every report."""

from collections.abc import Iterator

from grader.base.sanitize import plain
from grader.evidence.checks import CheckFinding, State
from grader.grading.results import CheckResult, Results


def measured(check: CheckResult) -> Iterator[str]:
    """Yield the measured value of a check in each phase, as text, and the parts of one that fails."""
    for finding in check.findings:
        where = f" in {finding.phase}" if finding.phase and len(check.findings) > 1 else ""
        yield f"{_value(finding, check.kind)}{where}"
        if finding.state is State.FAILS:
            yield from (f"{value:.4g}: {plain(part)}" for part, value in finding.parts.items())


def _value(finding: CheckFinding, kind: str) -> str:
    if finding.measured is None:
        return "not reached" if finding.state is State.NOT_REACHED else "no data"
    if kind == "share":
        return f"{finding.measured:.1%} ({finding.good:.0f} of {finding.total:.0f})"
    return f"{finding.measured:.4g}"


def state(check: CheckResult) -> str:
    """Return the state of a check in words, with what is known of one that the attempt did not reach whole."""
    known = any(finding.state is State.HOLDS for finding in check.findings)
    return "holds so far" if check.state is State.NOT_REACHED and known else check.state.value


def harm(results: Results) -> str | None:
    """Return what the incident did to people in one sentence, None when it did nothing."""
    return f"In this incident, {results.harm}." if results.harm else None
