"""A timeline as SVG without scripts.

The style of the page colours it.
"""

from collections.abc import Callable, Sequence
from html import escape

from grader.evidence.timeline import PhaseBand, Timeline

WIDTH, LEFT, RIGHT = 960.0, 64.0, 150.0
TOP, ROW, GAP = 40.0, 132.0, 52.0
TWIN_ROW = 22.0
LEAST_LATENCY = 0.5
"""The shortest latency axis, in seconds."""

LABEL_APART = 15.0
"""The least distance of two labels at the ends of lines, in pixels."""

LETTER = 7.5
"""The width of a letter in a phase's name, in pixels."""

Values = Sequence[float | None]


def timeline_svg(timeline: Timeline, starter: Timeline | None = None) -> str:
    """Return the timeline as one SVG element.

    It shows share served, p95 latency, work in flight and the control twin. The lines of `starter`, an earlier run of
    the same phases, are behind the others.
    """
    if not timeline.at:
        return ""
    end = max(timeline.at[-1], timeline.phases[-1].end)

    def x(seconds: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * seconds / end

    users = {kind: line for kind, line in timeline.users.items() if kind != "twin"}
    twin = timeline.users.get("twin")
    own, behind = _rows(timeline), _rows(starter) if starter else [{}, {}, {}]
    most = [max([least, *_known(own[n]), *_known(behind[n])]) for n, least in enumerate((1.0, LEAST_LATENCY, 10.0))]
    shown: list[Callable[[float], str]] = [lambda v: f"{v:.0%}", lambda v: f"{v:.2g} s", lambda v: f"{v:.0f}"]
    rows = list(zip(("served in time", "p95 latency", "work in flight"), own, behind, most, shown, strict=True))
    height = TOP + len(rows) * (ROW + GAP) + TWIN_ROW + 26
    parts = [_phase(band, x, height - 26, number) for number, band in enumerate(timeline.phases)]
    kinds = {kind: number for number, kind in enumerate([*users, *timeline.in_flight])}
    for number, (title, lines, earlier, top, text) in enumerate(rows):
        y = TOP + number * (ROW + GAP) + GAP / 2
        parts += _row(title, y, top, text)
        if starter:
            at = [_moved(second, starter.phases, timeline.phases) for second in starter.at]
            parts += _behind({kind: earlier[kind] for kind in lines if kind in earlier}, at, x, (y, top))
        parts += _lines(lines, kinds, timeline.at, x, (y, top), text)
    if twin:
        parts += _twin(twin.served, timeline.at, x, height - TWIN_ROW - 26)
    parts += [
        f'<text class="tick" x="{x(second):.1f}" y="{height - 6:.1f}" text-anchor="middle">{second} s</text>'
        for second in range(0, int(end) + 1, 5)
    ]
    said = "The incident over time: " + "; ".join(_said(kind, line.served) for kind, line in users.items())
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{escape(said)}">'
        + "".join(parts)
        + "</svg>"
    )


def _rows(timeline: Timeline) -> list[dict[str, Values]]:
    """Return the lines of each row by kind."""
    users = {kind: line for kind, line in timeline.users.items() if kind != "twin"}
    return [
        {kind: line.served for kind, line in users.items()},
        {kind: line.p95 for kind, line in users.items()},
        dict(timeline.in_flight),
    ]


def _known(lines: dict[str, Values]) -> list[float]:
    return [value for values in lines.values() for value in values if value is not None]


def _moved(second: float, phases: Sequence[PhaseBand], to: Sequence[PhaseBand]) -> float:
    """Return a moment at the same place within its phase in another run, whose phases have other lengths."""
    for band, other in zip(phases, to, strict=True):
        if second <= band.end and band.end > band.start:
            return other.start + (second - band.start) * (other.end - other.start) / (band.end - band.start)
    return to[-1].end + second - phases[-1].end


def _behind(
    lines: dict[str, Values], at: Sequence[float], x: Callable[[float], float], scale: tuple[float, float]
) -> list[str]:
    """Return thin lines without points or labels."""
    return [
        f'<polyline class="behind" points="{_path(points)}"><title>{escape(kind)}, starter</title></polyline>'
        for kind, values in lines.items()
        if (points := _points(values, at, x, scale))
    ]


def _points(
    values: Values, at: Sequence[float], x: Callable[[float], float], scale: tuple[float, float]
) -> list[tuple[float, float, float]]:
    """Return the places of the known values, each with its value."""
    y, top = scale
    return [
        (x(second), y + ROW * (1 - min(value / top, 1.0)), value)
        for second, value in zip(at, values, strict=True)
        if value is not None
    ]


def _path(points: Sequence[tuple[float, float, float]]) -> str:
    return " ".join(f"{left:.1f},{up:.1f}" for left, up, _ in points)


def _said(kind: str, served: Values) -> str:
    known = [value for value in served if value is not None]
    return f"{kind} served {min(known):.0%} to {max(known):.0%} of each second" if known else f"{kind} sent nothing"


def _phase(band: PhaseBand, x: Callable[[float], float], bottom: float, number: int) -> str:
    left, right = x(band.start), x(band.end)
    shade = "band odd" if number % 2 else "band"
    faults = "".join(f"<title>{escape(fault)}</title>" for fault in band.faults[:1])
    mark = " fault" if band.faults else ""
    fits = len(band.name) * LETTER < right - left - 6
    # A name that is too long continues on a second line, after its first hyphen.
    first, hyphen, rest = (band.name, "", "") if fits else band.name.partition("-")
    label = "".join(
        f'<text class="phase" x="{left + 6:.1f}" y="{TOP - 14 + line * 14:.1f}">{escape(text)}</text>'
        for line, text in enumerate([first + hyphen, rest])
        if text
    )
    return (
        f'<rect class="{shade}{mark}" x="{left:.1f}" y="{TOP - 30:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - TOP + 30:.1f}">{faults}</rect>{label}'
    )


def _row(title: str, y: float, top: float, shown: Callable[[float], str]) -> list[str]:
    parts = [f'<text class="title" x="{LEFT}" y="{y - 8:.1f}">{title}</text>']
    for share in (0.0, 0.5, 1.0):
        line = y + ROW * (1 - share)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{line:.1f}" y2="{line:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 8}" y="{line + 4:.1f}" text-anchor="end">{shown(top * share)}</text>'
        )
    return parts


def _lines(  # noqa: PLR0913, PLR0917 # the data and the scales of a row
    lines: dict[str, Values],
    kinds: dict[str, int],
    at: Sequence[float],
    x: Callable[[float], float],
    scale: tuple[float, float],
    shown: Callable[[float], str],
) -> list[str]:
    parts, ends = [], []
    for kind, values in lines.items():
        points = _points(values, at, x, scale)
        if not points:
            continue
        colour = f"kind-{kinds[kind] % 6}"
        parts.append(f'<polyline class="line {colour}" points="{_path(points)}"/>')
        parts += [
            f'<circle class="dot {colour}" cx="{left:.1f}" cy="{up:.1f}" r="2.5">'
            f"<title>{escape(kind)}: {shown(value)}</title></circle>"
            for left, up, value in points
        ]
        ends.append((points[-1][1], kind, colour))
    ends.sort()
    for place, (_, kind, colour) in zip(_apart([up for up, *_ in ends], scale[0] + ROW), ends, strict=True):
        parts.append(
            f'<text class="name {colour}" x="{WIDTH - RIGHT + 10:.1f}" y="{place + 4:.1f}">{escape(kind)}</text>'
        )
    return parts


def _apart(places: Sequence[float], bottom: float) -> list[float]:
    """Return ascending places, moved apart by a label's height.

    None is below the bottom.
    """
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + LABEL_APART) if moved else place)
    for number in reversed(range(len(moved))):
        moved[number] = min(moved[number], bottom if number == len(moved) - 1 else moved[number + 1] - LABEL_APART)
    return moved


def _twin(served: Values, at: Sequence[float], x: Callable[[float], float], y: float) -> list[str]:
    parts = [f'<text class="name" x="{WIDTH - RIGHT + 10:.1f}" y="{y + 15:.1f}">control twin</text>']
    before = 0.0
    for second, value in zip(at, served, strict=True):
        if value is not None:
            state = "fit" if value > 0.8 else "busy"  # noqa: PLR2004 # two shades, no verdict
            left, width = x(before), max(1.0, x(second) - x(before) - 1)
            place = f'x="{left:.1f}" y="{y:.1f}" width="{width:.1f}" height="{TWIN_ROW - 6:.1f}"'
            parts.append(f'<rect class="twin {state}" {place}><title>{value:.0%} within 100 ms</title></rect>')
        before = second
    return parts
