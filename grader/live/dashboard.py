"""The dashboard: a live lab on a whole terminal, with keys."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from rich.console import Console, Group

from grader.course.course import Lab
from grader.incident.driver import Incident
from grader.incident.plan import PlannedPhase
from grader.live.keyboard import Keyboard
from grader.live.lamps import Lamp
from grader.live.picture import Picture
from grader.live.screen import Paced
from grader.live.vitals import Vitals

KEYS = "h hint  g grade  b break  d diff  r reset  q quit, which takes the lab down"
COMMANDS = {"h": "hint", "g": "grade", "b": "break", "d": "diff", "r": "reset"}
ASKS = "Start over with the starter? Your copy is kept as a backup. y yes, any other key no"
MOST_EVENTS = 20


class Dashboard(Paced):
    """Draw one picture on the terminal's second screen, and answer keys.

    A command that a key begins has the first screen to itself, where its output stays. The incident goes on meanwhile.
    """

    waits = True

    def __init__(self, console: Console, lab: Lab, files: str) -> None:
        super().__init__()
        self._console = console
        self._number = lab.number
        self._stack = ExitStack()
        self._keyboard = Keyboard()
        self._asks = self._lent = self._ended = False
        self._picture = Picture(f"Lab {lab.number}, {lab.manifest.title}", files, lab.manifest.symptom, "")

    def __enter__(self) -> Self:
        """Take the terminal."""
        with ExitStack() as stack:
            stack.enter_context(self._keyboard)
            stack.callback(self._show, whole=False)
            self._show(whole=True)
            self._stack = stack.pop_all()
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back as it was."""
        self._stack.close()

    def attend(self) -> None:
        """Answer a key, and return to the picture after a command."""
        if self._lent and self._keyboard.busy:
            return
        if self._lent and not self._ended:
            self._console.print(f"[dim]any key: back to lab {self._number}, which goes on[/]")
            self._ended = True
        if (key := self._keyboard.pressed()) is None:
            return
        if self._lent:
            self._lent = self._ended = False
            self._show(whole=True)
        elif self._asks:
            self._asks = False
            if key == "y":
                self._run("reset")
        elif key == "q":
            raise KeyboardInterrupt
        elif key == "r":
            self._asks = True
        elif key in COMMANDS:
            self._run(COMMANDS[key])
        self._draw()

    def play(self, number: int) -> None:
        """Show the play's number, and keep the curve and the harm of the play before."""
        picture = self._picture
        picture.play, picture.before, picture.history = number, picture.history or picture.before, []
        picture.harmed_before, picture.harm, picture.paused = picture.harm, None, None

    def phase(self, phase: PlannedPhase) -> None:
        """Show the phase in the title."""
        self._picture.phase = phase.name

    def vitals(self, incident: Incident, vitals: Vitals, harm: str | None, symptom: str | None) -> None:
        """Redraw with these vitals."""
        picture = self._picture
        picture.vitals, picture.harm, picture.symptom = vitals, harm, symptom
        picture.busy = picture.paused = None
        if users := vitals.of(picture.symptom_of.users):
            picture.history.append(users.served)
        self._time(incident)

    def busy(self, incident: Incident, why: str) -> None:
        """Redraw without figures."""
        self._picture.busy = why
        self._time(incident)

    def lamps(self, lamps: Sequence[Lamp], note: str | None) -> None:
        """Redraw with these lamps."""
        self._picture.lamps, self._picture.note = list(lamps), note
        self._draw()

    def paused(self, line: str) -> None:
        """Show the line in place of the vitals, which the next play brings back."""
        self._picture.paused, self._picture.phase = line, ""
        self._draw()

    def event(self, line: str) -> None:
        """Add the line to the latest events."""
        events = self._picture.events
        self._picture.events = [*events, f"{time.strftime('%H:%M:%S')} {line}"][-MOST_EVENTS:]
        self._draw()

    def trouble(self, text: str) -> None:
        """Show the whole text until it is mended."""
        self._picture.trouble = text
        self._draw()

    def mended(self) -> None:
        """Remove the last error."""
        self._picture.trouble = None
        self._draw()

    def _run(self, command: str) -> None:
        self._show(whole=False)
        self._lent = True
        self._console.print(f"[dim]./er {command} {self._number}[/]")
        self._keyboard.run(command, self._number)

    def _show(self, *, whole: bool) -> None:
        """Show the second screen or the first one."""
        if whole == self._console.is_alt_screen:
            return
        self._console.set_alt_screen(whole)
        self._console.show_cursor(not whole)

    def _time(self, incident: Incident) -> None:
        self._picture.left = incident.phase.end - incident.elapsed if incident.phase else None
        self._draw()

    def _draw(self) -> None:
        if self._lent:
            return
        self._picture.footer = self._footer()
        width, height = self._console.size
        self._console.update_screen(Group(*self._picture.lines(width, height)))

    def _footer(self) -> str:
        if not self._keyboard.available:
            return (
                f"Ctrl-C takes the lab down. In a second terminal: ./er hint {self._number}, make grade-{self._number}"
            )
        return ASKS if self._asks else KEYS
