"""Traces of a live lab: the latest orders, and one as a waterfall."""

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from grader.base.errors import ErError
from grader.base.sanitize import plain
from grader.course.course import Lab
from grader.engine.control_port import ControlPort
from grader.evidence.traces import TRACE_AUDIT, read_orders, read_trace, state

LATEST = 20
BAR = 40
"""The width of a whole trace, in characters."""


def listing(lab: Lab, ports: Mapping[str, ControlPort]) -> Table:
    """Return the latest orders, newest first, each with the state of its trace."""
    table = _table("order", "trace", "state")
    for order in read_orders(_audit(lab, ports))[:LATEST]:
        text = Text(state(order.claims))
        text.highlight_words(["lost"], "red")
        table.add_row(order.order, order.trace[:12], text)
    return table


def waterfall(lab: Lab, ports: Mapping[str, ControlPort], wanted: str) -> Table:
    """Return one order's trace, each span below its parent and at its time."""
    if not wanted.isalnum():
        raise ErError(
            f"an order or a trace has only letters and digits, unlike `{wanted}`", run=f"./er traces {lab.number}"
        )
    trace = read_trace(_audit(lab, ports), wanted)
    table = _table("service", "span", f"{trace.seconds * 1000:.0f} ms", "", "says")
    table.title, table.title_justify = f"{trace.order}, trace {trace.trace}", "left"
    for span in trace.spans:
        table.add_row(
            Text(plain(span.service)),
            Text("  " * span.depth + plain(span.name)),
            Text(_bar(span.at / trace.seconds, span.seconds / trace.seconds), "red" if span.failed else "green"),
            Text("error" if span.failed else "", "bold red"),
            Text(plain(span.says) + ("  (its parent is not in this trace)" if span.orphaned else "")),
        )
    return table


def _audit(lab: Lab, ports: Mapping[str, ControlPort]) -> ControlPort:
    if TRACE_AUDIT not in ports:
        raise ErError(f"lab {lab.number} has no traces", run="./er list")
    return ports[TRACE_AUDIT]


def _bar(start: float, width: float) -> str:
    """Return a bar with its start and width in shares of BAR."""
    before = min(BAR - 1, int(start * BAR))
    return " " * before + "█" * max(1, min(BAR - before, round(width * BAR)))


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
