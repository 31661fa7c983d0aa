"""The picture of a live lab, laid out for a screen of any size."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.text import Text

from grader.base.sanitize import plain
from grader.course.manifest import Symptom
from grader.live.lamps import Lamp
from grader.live.rows import lamp_lines, share_style, traffic_lines
from grader.live.vitals import Vitals

WIDE = 110
"""From this width on, the checks stand beside the traffic, not below it."""

LEFT = 46
"""The width of the traffic on a wide screen, or a third of the screen where that is more."""

FEWEST_EVENTS = 2
"""Events that keep their place when the screen is short."""

BUSY = "There are no figures now, because they would show this machine, not your code."


@dataclass
class Picture:
    """Everything that a learner sees of a live lab.

    `left` is in seconds of the phase. `history` is the share of the symptom's users that was served, second by second
    of this play, and `before` that of the play before. `harm` and `harmed_before` say what these plays did to people.
    `busy`, `paused` and `trouble` say why there is nothing to see. `note` is about the lamps, and `footer` about the
    keys.
    """

    title: str
    files: str
    symptom_of: Symptom
    footer: str
    play: int = 0
    phase: str = ""
    left: float | None = None
    vitals: Vitals | None = None
    history: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    harm: str | None = None
    harmed_before: str | None = None
    symptom: str | None = None
    busy: str | None = None
    paused: str | None = None
    trouble: str | None = None
    lamps: list[Lamp] = field(default_factory=list)
    note: str | None = None
    events: list[str] = field(default_factory=list)

    def lines(self, width: int, height: int) -> list[Text]:
        """Return at most `height` lines of at most `width` cells, the footer last."""
        head = [*self._head(width), Text()]
        foot = wrapped(self.footer, width, "dim")
        room = max(0, height - len(head) - len(foot))
        body = self._wide(width, room) if width >= WIDE else self._narrow(width, room)
        padding = [Text()] * (room - len(body))
        lines = [*head, *body[:room], *padding, *foot][:height]
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        return lines

    def _head(self, width: int) -> Iterator[Text]:
        where = f", play {self.play}" if self.play else ""
        where += f": {self.phase}" if self.phase else ""
        where += f", {self.left:.0f} s left" if self.phase and self.left is not None else ""
        yield Text.assemble((self.title, "bold"), where)
        yield from wrapped(f"Edit {self.files}: a saved edit is live within 2 s.", width)

    def _narrow(self, width: int, room: int) -> list[Text]:
        state = self._state(width)
        trouble = self._trouble(width, room - 1)
        if trouble and len(trouble) + len(state) + len(self.lamps) + 2 > room and not (self.paused or self.busy):
            # The traffic of broken code says less than the error and the checks.
            state = self._headline(width) if self.vitals else []
            trouble = self._trouble(width, room - len(state))
        above = [*trouble, *state, *([Text()] if state else [])]
        room -= len(above)
        checks = lamp_lines(self.lamps, self.note, width, room - len(self._events(width, 1)))
        room -= len(checks)
        gap = [Text()] if checks and self.events and room > 1 else []
        return [*above, *checks, *gap, *self._events(width, room - len(gap))]

    def _wide(self, width: int, room: int) -> list[Text]:
        narrow = max(LEFT, width // 3)
        state = self._state(narrow)
        left = [*state, *([Text()] if state else []), *self._trouble(narrow, room - len(state) - FEWEST_EVENTS - 2)]
        left += self._events(narrow, room - len(left))
        right = lamp_lines(self.lamps, self.note, width - narrow - 2, room)
        rows = max(len(left), len(right))
        return [_beside(left, right, row, narrow) for row in range(rows)]

    def _state(self, width: int) -> list[Text]:
        """Return the harm, the symptom and the traffic, or why traffic cannot be shown."""
        if self.paused:
            return wrapped(f"paused: {self.paused}", width, "yellow")
        if self.busy:
            return wrapped(f"! This machine is too busy: {self.busy}. {BUSY}", width, "bold yellow")
        if self.vitals is None:
            return []
        lines = [*self._headline(width), *traffic_lines(self.vitals, self.symptom_of, width)]
        return [*lines, _curve(self.history, self.before, self.symptom_of, width)] if self.history else lines

    def _headline(self, width: int) -> list[Text]:
        """Return the harm so far, with the symptom in a line of its own, or else the harm of the play before."""
        lines = [line for text in (self.harm, self.symptom) if text for line in wrapped(text, width, "bold red")]
        lines = lines or [Text("no symptom", style="dim")]
        if self.harmed_before and not self.harm:
            lines += wrapped(f"last play: {self.harmed_before}", width, "dim")
        return lines

    def _trouble(self, width: int, room: int) -> list[Text]:
        """Return the error in the learner's code, or its end where not all of it fits."""
        if not self.trouble:
            return []
        lines = [line for text in plain(self.trouble).splitlines() for line in wrapped(text, width, "red")]
        if len(lines) + 1 > room > 0:
            lines = [lines[0], Text("…", style="red"), *lines[len(lines) - max(0, room - 3) :]]
        return [*lines, Text()]

    def _events(self, width: int, room: int) -> list[Text]:
        lines = [line for event in self.events for line in wrapped(event, width, "green")]
        return lines[-room:] if room > 0 else []


def wrapped(text: str, width: int, style: str = "") -> list[Text]:
    """Return a text in lines, broken only between words.

    A word that is longer than a line loses its beginning, because the end of a path says most.
    """
    words = [word if cell_len(word) <= width else f"…{word[-(width - 1) :]}" for word in text.split(" ")]
    # A patient's own words have a bar before each line.
    bar = "│     " if text.startswith("│ ") else ""
    shown = textwrap.wrap(" ".join(words), width, break_long_words=False, break_on_hyphens=False, subsequent_indent=bar)
    return [Text(line, style=style) for line in shown]


def _curve(history: list[float], before: list[float], symptom: Symptom, width: int) -> Text:
    """Return the share served as a curve: of this play, and of the one before as far as there is room."""
    name = f"{symptom.users} served "
    room = max(0, width - len(name))
    shown = history[-room:]
    line = Text(name)
    for share in shown:
        line.append(_block(share), style=share_style(share, symptom))
    earlier = before[: max(0, room - len(shown) - len("  last play "))]
    if earlier:
        line.append(f"  last play {''.join(map(_block, earlier))}", style="dim")
    return line


def _block(share: float) -> str:
    return "▁▂▃▄▅▆▇█"[min(7, int(share * 8))]


def _beside(left: list[Text], right: list[Text], row: int, width: int) -> Text:
    # Appended, because the style of a whole line would reach its right half too.
    line = Text().append_text(left[row]) if row < len(left) else Text()
    line.truncate(width, overflow="ellipsis", pad=True)
    line.append("  ")
    if row < len(right):
        line.append_text(right[row])
    return line
