"""Triage: from a symptom to the handbook's advice and the labs that teach it."""

import difflib
import re
from collections.abc import Iterator, Sequence

import click
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.base.errors import ErError
from grader.course.calibration import read_calibration
from grader.course.catalog import Catalog, Emergency, read_catalog
from grader.course.course import Course, Lab
from grader.course.fixes import STARTER
from grader.course.manifest import Stopgap


class Measured(BaseModel):
    """Values of one check from a lab's calibration.

    They are shares if `share`, otherwise numbers. `wanted` is the threshold.
    """

    check: str
    says: str
    share: bool
    wanted: float
    starter: float | None
    right_fix: float | None
    with_stopgap: float | None


class LabMatch(BaseModel):
    """A lab that teaches a pattern of the row.

    `measured` has the checks that its starter fails, the symptom first. `stopgap` is a relief outside the patient's
    code, and `command` applies it to the live lab. With it, the starter still fails the checks in `still_fails`.
    """

    lab: str
    title: str
    minutes: int
    measured: list[Measured]
    stopgap: str = ""
    command: str = ""
    still_fails: list[str] = []


class Step(BaseModel):
    """The handbook's advice for one step, and its labs.

    `stopgaps` are labs that have the step as a stopgap.
    """

    says: str
    labs: list[LabMatch]
    stopgaps: list[LabMatch]


class TriageRow(BaseModel):
    """A row of the emergency room.

    `also` are labs of other patterns that solve the problem.
    """

    key: str
    problem: str
    symptoms: str
    immediate_fix: Step
    long_term_solution: Step
    also: list[LabMatch]
    time_to_relief: str


def rows(course: Course) -> list[TriageRow]:
    """Return all rows of the emergency room."""
    catalog, labs = read_catalog(course), course.labs()
    return [_row(key, emergency, labs) for key, emergency in catalog.emergency.items()]


def row(course: Course, symptom: str) -> TriageRow:
    """Return the row of a symptom by number, key, problem, or a description in a person's own words.

    Raises ErError with the nearest symptoms.
    """
    catalog = read_catalog(course)
    key = _key(catalog, symptom)
    return _row(key, catalog.emergency[key], course.labs())


def answered(course: Course, symptom: str) -> TriageRow:
    """Return the row that a person named at a prompt.

    The prompt asks again after an error.
    """
    try:
        return row(course, symptom)
    except ErError as error:
        raise click.UsageError(error.what) from error


def _key(catalog: Catalog, symptom: str) -> str:
    said = symptom.strip().lower()
    numbered = enumerate(catalog.emergency.items(), 1)
    names = {name.lower(): key for number, (key, row) in numbered for name in (str(number), key, row.problem)}
    if said in names:
        return names[said]
    heard = {
        key: sum(bool(re.search(rf"\b{phrase}\b", said)) for phrase in row.heard)
        for key, row in catalog.emergency.items()
    }
    best = max(heard.values())
    if best and [*heard.values()].count(best) == 1:
        return next(key for key, count in heard.items() if count == best)
    # No row has the most words of this description: find those with a word like one of them.
    words = {
        word: key
        for key, row in catalog.emergency.items()
        for word in f"{key} {row.problem} {row.symptoms}".lower().replace("-", " ").replace(",", "").split()
        if len(word) > len("the")
    }
    near = [names[name] for name in difflib.get_close_matches(said, names, n=2, cutoff=0.6)]
    near += [
        words[found] for part in said.split() for found in difflib.get_close_matches(part, words, n=1, cutoff=0.75)
    ]
    nearest = list(dict.fromkeys(near)) or list(catalog.emergency)
    which = "the symptoms are" if not near else "the nearest is" if len(nearest) == 1 else "the nearest are"
    raise ErError(
        f"there is no symptom `{symptom}`; {which} {', '.join(f'`{key}`' for key in nearest)}",
        run=f"./er triage --symptom {nearest[0]}",
    )


def _row(key: str, emergency: Emergency, labs: Sequence[Lab]) -> TriageRow:
    steps = [*emergency.immediate, *emergency.long_term]
    return TriageRow(
        key=key,
        problem=emergency.problem,
        symptoms=emergency.symptoms,
        immediate_fix=_step(emergency.immediate_fix, emergency.immediate, labs),
        long_term_solution=_step(emergency.long_term_solution, emergency.long_term, labs),
        also=[
            _found(lab) for lab in labs if lab.manifest.pattern in emergency.also and lab.manifest.pattern not in steps
        ],
        time_to_relief=emergency.time_to_relief,
    )


def _step(says: str, patterns: Sequence[str], labs: Sequence[Lab]) -> Step:
    stopgaps = [(lab, lab.manifest.stopgap) for lab in labs]
    return Step(
        says=says,
        labs=[_found(lab) for lab in labs if lab.manifest.pattern in patterns],
        stopgaps=[_found(lab, stopgap) for lab, stopgap in stopgaps if stopgap and stopgap.pattern in patterns],
    )


def _found(lab: Lab, stopgap: Stopgap | None = None) -> LabMatch:
    calibration, fails = read_calibration(lab), lab.manifest.expectation(STARTER).fails
    limits = [item for item in calibration.threshold if item.check in fails] if calibration else []
    checks = {check.name: check for check in lab.manifest.check}
    found = LabMatch(
        lab=lab.number,
        title=lab.manifest.title,
        minutes=lab.manifest.minutes,
        measured=[
            Measured(
                check=item.check,
                says=checks[item.check].says,
                share=checks[item.check].kind == "share",
                wanted=item.threshold,
                starter=item.starter,
                right_fix=item.worst_accepted,
                with_stopgap=item.stopgap if stopgap else None,
            )
            for item in limits
        ],
    )
    if stopgap:
        (fault, *_) = stopgap.faults
        parameters = "".join(f" {key}={value:g}" for key, value in fault.parameters.items())
        found.stopgap = stopgap.says
        found.command = f"./er break {lab.number} {fault.service} {fault.kind}{parameters}"
        found.still_fails = [item.check for item in limits if item.stopgap is not None and not item.holds(item.stopgap)]
    return found


def show_all(console: Console, found: Sequence[TriageRow]) -> None:
    """Print the table of all rows."""
    table = Table()
    for column in ("", "symptom", "what you see", "immediate fix", "lab"):
        table.add_column(column)
    for number, one in enumerate(found, 1):
        labs = ", ".join(lab.lab for lab in one.immediate_fix.labs)
        table.add_row(str(number), one.key, one.symptoms, one.immediate_fix.says, labs)
    console.print(table)


def show(console: Console, found: TriageRow) -> None:
    """Print one row in a few lines."""
    console.print(f"[bold]{escape(found.problem)}[/]: {escape(found.symptoms)}\n")
    for name, step in (("immediate fix", found.immediate_fix), ("long-term solution", found.long_term_solution)):
        labs = ", ".join(f"lab {lab.lab}, {lab.title}" for lab in step.labs)
        other = ", ".join(f"`{gap.command}`" for gap in step.stopgaps)
        console.print(f"{name:<20}{escape(step.says)}: {labs or other or 'no lab yet'}")
    for lab in found.also:
        console.print(f"{'it also helps':<20}lab {lab.lab}, {escape(lab.title)}")
    console.print(f"{'time to relief':<20}{found.time_to_relief}, according to the handbook\n")
    steps = (found.immediate_fix, found.long_term_solution)
    for line in _figures([lab for step in steps for lab in (*step.labs, *step.stopgaps)] + found.also):
        console.print(line)


def _figures(labs: Sequence[LabMatch]) -> Iterator[str]:
    # A lab may come twice; its first match has the stopgap.
    shown = {lab.lab: lab for lab in reversed(labs)}
    for lab in reversed(shown.values()):
        for item in lab.measured[:1]:
            yield f"[dim]measured in lab {lab.lab}:[/] {escape(item.says)}"
            yield f"  {'before':<14}{_value(item, item.starter)}"
            if lab.stopgap:
                yield f"  {'stopgap':<14}{_value(item, item.with_stopgap)}, when {escape(lab.stopgap)}"
            yield f"  {'right fix':<14}{_value(item, item.right_fix)}"
        if lab.still_fails:
            yield f"  not solved by the stopgap: {', '.join(lab.still_fails)}"
    if labs:
        yield f"next: make lab-{labs[0].lab}"


def _value(item: Measured, value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:.0%}" if item.share else f"{value:.3g}"
