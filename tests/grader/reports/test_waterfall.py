"""`er traces`: spans below their parents, and text that stays text."""

from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from grader.base.errors import ErError
from grader.course.course import Course
from grader.engine.control_port import ControlPort
from grader.reports.waterfall import listing, waterfall

LAB = Course.here().lab("03")


class Audit(ControlPort):
    """A fake of trace-audit with these spans of one order."""

    def __init__(self, *spans: dict[str, Any], claims: tuple[str, ...] = ()) -> None:
        super().__init__("trace-audit", 0, "")
        self.order = {"order": "o1", "trace": "ab" * 16, "began": 0, "claims": [*claims]}
        self.spans = spans

    def traces(self) -> object:
        return [self.order]

    def trace(self, wanted: str) -> object:
        del wanted
        return {**self.order, "spans": [*self.spans]}


def span(name: str, parent: str = "", began: float = 0, **told: Any) -> dict[str, Any]:  # noqa: ANN401 # as spans have it
    made = {"service": "s", "name": name, "span": name, "parent": parent, "began": began, "ended": began + 1}
    return {**made, "status": "ok", "attributes": {}, **told}


def lines(table: Table) -> list[str]:
    console = Console(width=200, force_terminal=False)
    with console.capture() as shown:
        console.print(table)
    return [line.rstrip() for line in shown.get().splitlines()]


def test_each_span_is_below_its_parent_in_order_of_time() -> None:
    audit = Audit(span("c", "a", 2), span("b", "a", 1), span("a"), span("d", "b", 3))
    shown = lines(waterfall(LAB, {"trace-audit": audit}, "o1"))[2:]
    assert [line.split("█")[0].split(maxsplit=1)[1].rstrip() for line in shown] == ["a", "b", "d", "c"]
    assert [line.index(name) - shown[0].index("a") for line, name in zip(shown, "abdc", strict=True)] == [0, 2, 4, 2]


def test_a_failed_span_is_marked_and_shows_its_attributes() -> None:
    failed = span("a", status="error", attributes={"carrier": "carrier-2"})
    *_, shown = lines(waterfall(LAB, {"trace-audit": Audit(failed)}, "o1"))
    assert shown.endswith("error  carrier=carrier-2") or "error carrier=carrier-2" in shown


def test_orphans_and_spans_in_a_circle_are_shown() -> None:
    audit = Audit(span("a", "gone"), span("b", "c"), span("c", "b"))
    shown = lines(waterfall(LAB, {"trace-audit": audit}, "o1"))[2:]
    assert len(shown) == 3
    assert shown[0].endswith("(its parent is not in this trace)")


def test_escape_sequences_in_a_span_have_no_effect() -> None:
    hostile = span("\x1b[2J[bold]x[/bold]", attributes={"a\nb": "\x1b]0;title\x07"})
    shown = "\n".join(lines(waterfall(LAB, {"trace-audit": Audit(hostile)}, "o1")))
    assert "\x1b" not in shown
    assert "[bold]x[/bold]" in shown


def test_the_list_shows_the_state_of_each_order() -> None:
    for claims, says in (
        (("linked",), "one unbroken trace"),
        (("lost", "linked"), "lost, one unbroken trace"),
        (("lost",), "lost, broken trace"),
    ):
        *_, shown = lines(listing(LAB, {"trace-audit": Audit(claims=claims)}))
        assert shown.endswith(says)


def test_a_lab_without_traces_says_so() -> None:
    with pytest.raises(ErError, match="no traces"):
        listing(LAB, {})


def test_a_name_with_other_characters_is_never_requested() -> None:
    with pytest.raises(ErError, match="letters and digits"):
        waterfall(LAB, {"trace-audit": Audit()}, "../faults")
