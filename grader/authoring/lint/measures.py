"""Checks: they read evidence alone, and an incident's events decide them."""

import re
from collections.abc import Iterator
from pathlib import Path

from grader.authoring.lint.exports import exported_metrics
from grader.authoring.lint.finding import Finding, line_of
from grader.course.course import Course, Lab
from grader.course.manifest import Manifest, ShareCheck
from grader.evidence.confidence import interval
from grader.evidence.since import repeats

OF_PATIENTS = {"audit_": "observability"}
"""The beginnings of metrics that derive from what patients emit, each with the one pattern that may judge them.

Its labs have nothing else to judge. trace-audit trusts no span alone, but joins each to the reports of stock services.
"""

ANSWERED = re.compile(r"load_responses_total|load_latency_seconds|status\s*=")
"""Measures that depend on the patient's answers, and may be zero without any."""

COUNTED = re.compile(r'^\s*sum\(load_(?:intended|sent)_total\{kind="(?P<kind>[a-z-]+)"(?:,phase="\$phase")?\}\)\s*$')
"""A total that follows from the rates of the manifest: all arrivals of one user kind."""

IN_PHASES = re.compile(r'\bphase\s*[!=]?[=~]\s*"([^"]*)"')
"""The names of phases in a query."""

WORDS = re.compile(r'"[^"]*"|\'[^\']*\'|\{[^}]*\}|\[[^\]]*\]|[a-zA-Z_:][a-zA-Z0-9_:]*')
GROUPED = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
LANGUAGE = {"sum", "max", "min", "avg", "count", "or", "and", "unless", "vector", "scalar", "abs", "bool", "clamp_min"}
JOINS = {"label_replace", "group_left", "group_right"}


def metrics(query: str) -> set[str]:
    """Return the names of the metrics that a PromQL query reads."""
    words = WORDS.findall(GROUPED.sub(" ", query))
    return {word for word in words if word[0] not in "\"'{[" and word not in LANGUAGE | JOINS}


def check(course: Course, lab: Lab) -> Iterator[Finding]:
    """Find checks with other evidence, unsafe totals or too few events."""
    evidence = exported_metrics(course.root)
    manifest, path = lab.manifest, lab.path / "lab.toml"
    text = path.read_text()
    for claim in (*manifest.check, manifest.level, manifest.symptom):
        name = getattr(claim, "name", type(claim).__name__.lower())
        line = line_of(text, f'name = "{name}"') or line_of(text, f"[{name}]")
        queries = [getattr(claim, field) for field in ("good", "total", "value", "harmed") if hasattr(claim, field)]
        for metric in sorted({metric for query in queries for metric in metrics(query)} - evidence):
            yield Finding(
                path,
                line,
                f"`{name}` reads `{metric}`, which no stock service and no load generator exports",
                "queries read only metrics of `services/` and `loadtests/`",
            )
        for start, pattern in OF_PATIENTS.items():
            if manifest.pattern != pattern and any(start in query for query in queries):
                yield Finding(path, line, f"`{name}` judges what patients emit", f"only labs of `{pattern}` do")
        if hasattr(claim, "total") and ANSWERED.search(claim.total):
            yield Finding(
                path, line, f"the total of `{name}` depends on the answers", "count what was sent, or a ledger"
            )
        if isinstance(claim, ShareCheck):
            yield from _decidable(lab, claim, line)
    yield from _harm(manifest, path, line_of(text, "harmed = "))
    level = manifest.level
    if not 0 < level.great < level.elite <= 1:
        yield Finding(
            path, line_of(text, "[level]"), "the level's thresholds are not in order", "0 < great < elite <= 1"
        )
    if manifest.phase[0].faults:
        line = line_of(text, f'name = "{manifest.phase[0].name}"')
        yield Finding(path, line, "the first phase has a fault", "it proves that the system is healthy: begin without")


def _harm(manifest: Manifest, path: Path, line: int) -> Iterator[Finding]:
    """Find a count of the harm that is wrong in a second play of the live lab, or in every play."""
    if not repeats(manifest.symptom.harmed):
        yield Finding(
            path,
            line,
            "`harmed` counts the plays before, too, in a live lab",
            "read only counters, without a range, `and` or `unless`",
        )
    named = {name for names in IN_PHASES.findall(manifest.symptom.harmed) for name in names.split("|")}
    for name in sorted(named - {phase.name for phase in manifest.phase}):
        yield Finding(
            path, line, f"`harmed` names the phase `{name}`, which there is not", "name phases of `[[phase]]`"
        )


def _decidable(lab: Lab, claim: ShareCheck, line: int) -> Iterator[Finding]:
    """Find a check that the events of one run may not decide.

    They must decide it both when all events are good and when all are bad.
    """
    path = lab.path / "lab.toml"
    events = claim.events if claim.events is not None else _events(lab.manifest, claim)
    if events is None:
        yield Finding(
            path, line, f"the number of events of `{claim.name}` is unknown", "measure the least and add `events = N`"
        )
        return
    low, high = interval(events, events)[0], interval(0, events)[1]
    if claim.min is not None and (low < claim.min or high >= claim.min):
        yield Finding(
            path,
            line,
            f"{events:.0f} events cannot decide `{claim.name}` at {claim.min:.0%}",
            "more events, or another threshold",
        )
    if claim.max is not None and (high > claim.max or low <= claim.max):
        yield Finding(
            path,
            line,
            f"{events:.0f} events cannot decide `{claim.name}` at {claim.max:.0%}",
            "more events, or another threshold",
        )


def _events(manifest: Manifest, claim: ShareCheck) -> float | None:
    """Return the fewest events of a share in one phase, or None.

    Without a phase of its own, the share counts over the whole run. None stands for a total that does not follow from
    the manifest's rates.
    """
    match = COUNTED.match(claim.total)
    if match is None:
        return None
    by_phase = {phase.name: phase.rate.get(match["kind"], 0.0) * phase.seconds for phase in manifest.phase}
    return min(by_phase[phase] for phase in claim.phase) if claim.phase else sum(by_phase.values())
