"""The screen of a live lab: a dashboard, or plain lines without a terminal."""

import time
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from grader.incident.driver import Incident
from grader.incident.plan import PlannedPhase
from grader.live.vitals import Users, Vitals

LATEST_EVENTS = 6


class Screen(Protocol):
    """Show the events and vitals of a session.

    With `waits`, a learner is there to mend an edit.
    """

    waits: bool

    def due(self, seconds: float) -> bool:
        """Tell whether this time has passed since it was last due."""

    def phase(self, phase: PlannedPhase) -> None:
        """Show that a phase begins."""

    def vitals(self, incident: Incident, vitals: Vitals, symptom: str | None) -> None:
        """Show the latest vitals, with the symptom if it shows."""

    def paused(self, line: str) -> None:
        """Show that the incident waits for others on this machine, and for what."""

    def event(self, line: str) -> None:
        """Show an event."""

    def trouble(self, text: str) -> None:
        """Show an error in the learner's code.

        The lab continues.
        """


class _Paced:
    def __init__(self) -> None:
        self._last = 0.0

    def due(self, seconds: float) -> bool:
        """Tell whether this time has passed since it was last due."""
        now = time.monotonic()
        if now - self._last < seconds:
            return False
        self._last = now
        return True


class Lines(_Paced):
    """Print plain lines for a log, at most one per second."""

    waits = False

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._symptom = False

    def phase(self, phase: PlannedPhase) -> None:
        """Print the phase's name."""
        self._console.print(f"[bold]{phase.name}[/] ({phase.seconds:.1f} s)")

    def vitals(self, incident: Incident, vitals: Vitals, symptom: str | None) -> None:
        """Print one line, and another when the symptom appears."""
        if not vitals.users:
            return
        users = "   ".join(
            f"{u.kind} {u.rate:.0f}/s sent, served {u.served:.0%} p95 {_seconds(u)}" for u in vitals.users
        )
        work = "   ".join(f"{name} {busy:.0f} in flight" for name, (busy, _) in vitals.in_flight.items())
        self._console.print(f"{max(0, incident.elapsed):4.0f} s  {users}   {work}", highlight=False, soft_wrap=True)
        if symptom and not self._symptom:
            self._console.print(Text(f"        {symptom}", style="bold red"))
        self._symptom = bool(symptom)

    def paused(self, line: str) -> None:
        """Print the line."""
        self._console.print(f"paused: {line}", highlight=False)

    def event(self, line: str) -> None:
        """Print the line."""
        self._console.print(line, highlight=False)

    def trouble(self, text: str) -> None:
        """Print the text."""
        self._console.print(Text(text, style="red"))


class Dashboard(_Paced):
    """Redraw phase, vitals and the latest events in one place."""

    waits = True

    def __init__(self, live: Live, head: str) -> None:
        super().__init__()
        self._live = live
        self._head = head
        self._events: list[Text] = []
        self._phase = ""
        self._shown: tuple[RenderableType, ...] = ()

    def phase(self, phase: PlannedPhase) -> None:
        """Show the phase in the title."""
        self._phase = phase.name

    def vitals(self, incident: Incident, vitals: Vitals, symptom: str | None) -> None:
        """Redraw with these vitals."""
        self._shown = (self._table(incident, vitals), self._line(symptom))
        self._draw()

    def _draw(self) -> None:
        self._live.update(Group(self._head, *self._shown, *self._events), refresh=True)

    def _table(self, incident: Incident, vitals: Vitals) -> Table:
        left = f", {incident.phase.end - incident.elapsed:.0f} s left" if incident.phase else ""
        table = Table(title=f"{self._phase}{left}", title_justify="left", title_style="bold", expand=False)
        for column in ("users", "sent/s", "served", "p95"):
            table.add_column(column, justify="left" if column == "users" else "right")
        for users in vitals.users:
            table.add_row(users.kind, f"{users.rate:.0f}", f"{users.served:.0%}", _seconds(users))
        for service, (busy, workers) in vitals.in_flight.items():
            bound = f"[dim]{workers:.0f} workers[/]" if workers else ""
            table.add_row(f"[dim]{service}[/]", f"[dim]{busy:.0f} in flight[/]", bound, "")
        return table

    @staticmethod
    def _line(symptom: str | None) -> Text:
        return Text(symptom, style="bold red") if symptom else Text("no symptom", style="dim")

    def paused(self, line: str) -> None:
        """Show the line in place of the vitals, which the next phase brings back."""
        self._shown = (Text(f"paused: {line}", style="dim"),)
        self._draw()

    def event(self, line: str) -> None:
        """Add the line to the latest events."""
        self._note(Text(f"{time.strftime('%H:%M:%S')} {line}", style="green"))

    def trouble(self, text: str) -> None:
        """Print the whole text above the dashboard."""
        self._live.console.print(Text(text, style="red"))
        self._note(Text(f"{time.strftime('%H:%M:%S')} {text.splitlines()[0].rstrip(':')}", style="red"))

    def _note(self, line: Text) -> None:
        self._events = [*self._events, line][-LATEST_EVENTS:]
        self._draw()


def _seconds(users: Users) -> str:
    return f"{users.p95:.2f} s" if users.p95 < 1 else f"{users.p95:.1f} s"
