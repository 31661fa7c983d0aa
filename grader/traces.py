"""Traces of a live lab, as its trace-audit keeps them: the latest orders, and one order's trace as a waterfall."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from grader.control import Port
from grader.course import Lab
from grader.errors import ErError
from grader.untrusted import plain

TRACE_AUDIT = "trace-audit"
LATEST = 20
BAR = 40
"""Characters of a whole trace's length in time."""

Span = Mapping[str, Any]


def listing(lab: Lab, ports: Mapping[str, Port]) -> Table:
    """Return the latest orders, newest first, each with what is wrong with it and with its trace."""
    table = _table("order", "trace", "what of it")
    for order in _ask(lab, ports, "/traces")[:LATEST]:
        table.add_row(order["order"], order["trace"][:12], _state(order["claims"]))
    return table


def waterfall(lab: Lab, ports: Mapping[str, Port], wanted: str) -> Table:
    """Return one order's trace: each span below its parent, with its place in time; failed ones are marked."""
    if not wanted.isalnum():
        raise ErError(f"`{wanted}` is neither an order nor a trace", run=f"er traces {lab.number}")
    shown = _ask(lab, ports, f"/traces/{wanted}")
    spans: list[Span] = shown["spans"]
    first = min(span["began"] for span in spans)
    length = max(max(span["ended"] for span in spans) - first, 1e-6)
    table = _table("service", "span", f"{length * 1000:.0f} ms", "", "says")
    table.title, table.title_justify = f"{shown['order']}, trace {shown['trace']}", "left"
    for depth, span in _nested(spans):
        failed = span["status"] == "error"
        attributes = " ".join(f"{key}={value}" for key, value in span["attributes"].items())
        table.add_row(
            Text(plain(span["service"] or "unknown")),
            Text("  " * depth + plain(span["name"])),
            Text(_bar(span["began"] - first, span["ended"] - span["began"], length), "red" if failed else "green"),
            Text("error" if failed else "", "bold red"),
            Text(plain(attributes) + _orphaned(span, spans)),
        )
    return table


def _ask(lab: Lab, ports: Mapping[str, Port], path: str) -> Any:  # noqa: ANN401 # JSON is what the service makes it
    if TRACE_AUDIT not in ports:
        raise ErError(f"lab {lab.number} has no traces to look at", run="er list")
    return ports[TRACE_AUDIT].ask("GET", path)


def _state(claims: Sequence[str]) -> Text:
    text = Text("lost, " if "lost" in claims else "", "red")
    return text.append("one trace, all the way" if "linked" in claims else "its trace is broken", "default")


def _nested(spans: Sequence[Span]) -> list[tuple[int, Span]]:
    """Return spans with their depth, each below its parent, in order of time; whose parent is not there is on top."""
    known = {span["span"] for span in spans}
    below: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: span["began"]):
        below.setdefault(span["parent"] if span["parent"] in known else "", []).append(span)
    found: list[tuple[int, Span]] = []
    open_: list[tuple[int, Span]] = [(0, span) for span in reversed(below.pop("", []))]
    while open_:
        depth, span = open_.pop()
        found.append((depth, span))
        open_ += [(depth + 1, child) for child in reversed(below.pop(span["span"], []))]
    # What a patient has sent may go round in a circle, and hang on nothing.
    return found + [(0, span) for circle in below.values() for span in circle]


def _bar(start: float, seconds: float, length: float) -> str:
    before = min(BAR - 1, max(0, int(start / length * BAR)))
    return " " * before + "█" * max(1, min(BAR - before, round(seconds / length * BAR)))


def _orphaned(span: Span, spans: Sequence[Span]) -> str:
    lost = span["parent"] and all(other["span"] != span["parent"] for other in spans)
    return "  (its parent is not in this trace)" if lost else ""


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
