"""The screen of a live lab, and its plain lines for a log."""

import time
from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.text import Text

from grader.incident.driver import Incident
from grader.incident.plan import PlannedPhase
from grader.live.lamps import Lamp, Light
from grader.live.rows import MARKS, STYLES, seconds
from grader.live.vitals import Vitals


class Screen(Protocol):
    """Show the events, vitals and lamps of a session.

    With `waits`, a learner is there to mend an edit.
    """

    waits: bool

    def due(self, seconds: float) -> bool:
        """Tell whether this time has passed since it was last due."""

    def attend(self) -> None:
        """Answer the learner's keys."""

    def play(self, number: int) -> None:
        """Show that another play begins."""

    def phase(self, phase: PlannedPhase) -> None:
        """Show that a phase begins."""

    def vitals(self, incident: Incident, vitals: Vitals, harm: str | None, symptom: str | None) -> None:
        """Show the latest vitals, with the harm of this play so far, and the symptom if it shows."""

    def busy(self, incident: Incident, why: str) -> None:
        """Show that the host is too busy for any figures, and why."""

    def lamps(self, lamps: Sequence[Lamp], note: str | None) -> None:
        """Show the checks so far, and a note about this play."""

    def paused(self, line: str) -> None:
        """Show that the incident waits for others on this machine, and for what."""

    def event(self, line: str) -> None:
        """Show an event."""

    def trouble(self, text: str) -> None:
        """Show an error in the learner's code.

        The lab continues.
        """

    def mended(self) -> None:
        """Stop showing the last error, because a newer version of the code is used."""


class Paced:
    """Tell how often something is due."""

    def __init__(self) -> None:
        self._last = 0.0

    def due(self, seconds: float) -> bool:
        """Tell whether this time has passed since it was last due."""
        now = time.monotonic()
        if now - self._last < seconds:
            return False
        self._last = now
        return True


class Lines(Paced):
    """Print plain lines for a log, at most one per second, and each lamp as it changes."""

    waits = False

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._harm = self._symptom = False
        self._busy = False
        self._lamps: dict[str, Lamp] = {}
        self._note: str | None = None

    def attend(self) -> None:
        """Do nothing, because a log has no keys."""

    def play(self, number: int) -> None:
        """Forget the lamps of the play before."""
        del number
        self._lamps.clear()

    def phase(self, phase: PlannedPhase) -> None:
        """Print the phase's name."""
        self._console.print(f"[bold]{phase.name}[/] ({phase.seconds:.1f} s)")

    def vitals(self, incident: Incident, vitals: Vitals, harm: str | None, symptom: str | None) -> None:
        """Print one line, and another when the play does its first harm or the symptom appears."""
        self._busy = False
        if not vitals.users:
            return
        users = "   ".join(
            f"{u.kind} {u.rate:.0f}/s sent, served {u.served:.0%} p95 {seconds(u)}" for u in vitals.users
        )
        work = "   ".join(f"{name} {busy:.0f} in flight" for name, (busy, _) in vitals.in_flight.items())
        self._console.print(f"{max(0, incident.elapsed):4.0f} s  {users}   {work}", highlight=False, soft_wrap=True)
        if harm and ((symptom and not self._symptom) or not self._harm):
            self._console.print(Text(f"        {harm}", style="bold red"), soft_wrap=True)
        if symptom and not self._symptom:
            self._console.print(Text(f"        {symptom}", style="bold red"))
        self._harm = bool(harm)
        self._symptom = bool(symptom)

    def busy(self, incident: Incident, why: str) -> None:
        """Print one line when the host becomes too busy."""
        if not self._busy:
            text = f"{max(0, incident.elapsed):4.0f} s  this machine is too busy for figures: {why}"
            self._console.print(Text(text, style="yellow"), soft_wrap=True)
        self._busy = True

    def lamps(self, lamps: Sequence[Lamp], note: str | None) -> None:
        """Print the lamps that have changed, and a new note."""
        for lamp in lamps:
            if self._lamps.get(lamp.name, Lamp(lamp.name, lamp.says, Light.NOT_YET)) != lamp and not lamp.earlier:
                known = f"{lamp.light.value}: {lamp.figures}" if lamp.figures else lamp.light.value
                self._console.print(
                    Text(f"        {MARKS[lamp.light]} {lamp.name}  {known}", style=STYLES[lamp.light]), soft_wrap=True
                )
            self._lamps[lamp.name] = lamp
        if note and note != self._note:
            self._console.print(Text(f"        {note}", style="yellow"), soft_wrap=True)
        self._note = note

    def paused(self, line: str) -> None:
        """Print the line."""
        self._console.print(f"paused: {line}", highlight=False)

    def event(self, line: str) -> None:
        """Print the line."""
        self._console.print(line, highlight=False)

    def trouble(self, text: str) -> None:
        """Print the text."""
        self._console.print(Text(text, style="red"))

    def mended(self) -> None:
        """Do nothing, because a log keeps its lines."""
