"""Rows of the live picture: traffic by user kind, and a lamp for each check."""

import textwrap
from collections.abc import Sequence

from rich.text import Text

from grader.course.manifest import Symptom
from grader.evidence.fitness import percent
from grader.live.lamps import Lamp, Light
from grader.live.vitals import Users, Vitals

MARKS = {
    Light.FAILS: "✗",
    Light.UNCLEAR: "?",
    Light.MISSING: "?",
    Light.NOT_YET: "·",
    Light.HOLDS: "✓",
    Light.GRADE: "-",
}
STYLES = {
    Light.FAILS: "bold red",
    Light.UNCLEAR: "yellow",
    Light.MISSING: "yellow",
    Light.NOT_YET: "dim",
    Light.HOLDS: "green",
    Light.GRADE: "dim",
}
URGENT = (Light.FAILS, Light.UNCLEAR, Light.MISSING)
HEADING = "Checks, provisional: ✓ holds so far  ✗ fails  · not yet"
IN_BRACKETS = "  (✓) last play"

BAR = 10
BACKLOG = 4
"""A service with more work in flight per worker than this is shown in red."""


def traffic_lines(vitals: Vitals, symptom: Symptom, width: int) -> list[Text]:
    """Return the table of user kinds, and the work in flight in services."""
    name = max([len("users"), *(len(users.kind) for users in vitals.users)])
    lines = [Text(f"{'users':<{name}}  {'sent':>6}  {'served':>6}  {'p95':>6}", style="dim")]
    for users in vitals.users:
        style = share_style(users.served, symptom) if users.kind == symptom.users else ""
        bar = round(users.served * BAR)
        line = Text.assemble(
            (f"{users.kind:<{name}}", "bold" if users.kind == symptom.users else ""),
            f"  {users.rate:>4.0f}/s  ",
            (f"{percent(users.served):>6}", style),
            f"  {seconds(users):>6}  ",
            ("█" * bar + "░" * (BAR - bar), style or "dim"),
        )
        lines.append(line)
    return [*lines, *_in_flight(vitals, width)]


def share_style(served: float, symptom: Symptom) -> str:
    """Return the colour of a share served, which reddens below the symptom's threshold."""
    if served < symptom.below / 2:
        return "bold bright_red"
    if served < symptom.below:
        return "red"
    return "yellow" if served < (1 + symptom.below) / 2 else "green"


def seconds(users: Users) -> str:
    """Return the p95 latency of users as text."""
    return f"{users.p95:.2f} s" if users.p95 < 1 else f"{users.p95:.1f} s"


def _in_flight(vitals: Vitals, width: int) -> list[Text]:
    lines = [Text.assemble(("in flight:", "dim"))] if vitals.in_flight else []
    for service, (busy, workers) in vitals.in_flight.items():
        bound = f" ({workers:.0f} workers)" if workers else ""
        style = "red" if workers and busy > BACKLOG * workers else "dim"
        shown = Text(f" {service} {busy:.0f}{bound}", style=style)
        if len(lines[-1]) + len(shown) + 1 > width:
            lines.append(Text(" " * len("in flight:")))
        elif len(lines[-1]) > len("in flight:"):
            lines[-1].append(",", style="dim")
        lines[-1].append_text(shown)
    return lines


def lamp_lines(lamps: Sequence[Lamp], note: str | None, width: int, room: int) -> list[Text]:
    """Return a heading and the lamps in at most `room` lines, those that fail first.

    With much room each lamp has its sentence, with less only its figures, and with little it stands beside others.
    """
    if not lamps or room < 2:  # noqa: PLR2004 # a heading and one lamp
        return []
    said = HEADING + (IN_BRACKETS if any(lamp.earlier for lamp in lamps) else "")
    heading = [Text(part, style="dim") for part in textwrap.wrap(said, width)]
    heading += [Text(part, style="yellow") for part in textwrap.wrap(note, width)] if note else []
    room -= len(heading)
    ordered = sorted(lamps, key=lambda lamp: URGENT.index(lamp.light) if lamp.light in URGENT else len(URGENT))
    name = max(len(lamp.name) for lamp in lamps)
    for told in (ordered, [lamp for lamp in ordered if lamp.light is Light.FAILS], []):
        lines = [
            line
            for lamp in ordered
            for line in (*_row(lamp, name, width), *(_says(lamp, width) if lamp in told else []))
        ]
        if len(lines) <= room:
            return [*heading, *lines]
    columns = max(1, width // (len("(✓) ") + name + 2))
    for rows in range(len(ordered), -1, -1):
        lines = [line for lamp in ordered[:rows] for line in _row(lamp, name, width)]
        lines += _columns(ordered[rows:], name, columns)
        if len(lines) <= room:
            return [*heading, *lines]
    shown = max(0, room - 1) * columns
    return [
        *heading,
        *_columns(ordered[:shown], name, columns),
        Text(f"… and {len(ordered) - shown} more", style="dim"),
    ]


def _row(lamp: Lamp, name: int, width: int) -> list[Text]:
    """Return a lamp with its figures, which have a line of their own where they would be cut off."""
    held = "held" if lamp.earlier and lamp.light is Light.HOLDS else lamp.light.value
    known = Text(lamp.figures or held, style=_style(lamp))
    line = _marked(lamp)
    if name + len("(✓)   ") + len(known) > width:
        return [line, Text("    ").append_text(known)]
    line.append(" " * (name - len(lamp.name) + 2))
    return [line.append_text(known)]


def _says(lamp: Lamp, width: int) -> list[Text]:
    return [Text(f"    {line}", style="dim") for line in textwrap.wrap(lamp.says, max(20, width - 4))]


def _columns(lamps: Sequence[Lamp], name: int, columns: int) -> list[Text]:
    """Return the lamps by their marks and names alone, in columns that are read from top to bottom."""
    rows = -(-len(lamps) // columns)
    lines = [Text() for _ in range(rows)]
    for number, lamp in enumerate(lamps):
        line = lines[number % rows]
        line.append_text(_marked(lamp))
        line.append(" " * (name - len(lamp.name) + 2))
    return lines


def _marked(lamp: Lamp) -> Text:
    mark = f"({MARKS[lamp.light]})" if lamp.earlier else f" {MARKS[lamp.light]} "
    return Text(f"{mark} {lamp.name}", style=_style(lamp))


def _style(lamp: Lamp) -> str:
    return f"dim {STYLES[lamp.light]}" if lamp.earlier else STYLES[lamp.light]
