"""The plain lines of a live lab, for a log."""

import io

import pytest
from rich.console import Console

from grader.engine.project import Ports
from grader.incident.driver import Incident
from grader.incident.plan import Plan, PlannedPhase
from grader.live.screen import Lines
from grader.live.vitals import Users, Vitals

INCIDENT = Incident(Plan(7, [PlannedPhase("steady", 0, 1, {}, [])]), Ports({}))
VITALS = Vitals([Users("polite", 40, 0.3, 1.9, 80)], {})
SLOW = "Can't scale: tenants served 30 %"


@pytest.mark.parametrize(
    ("seconds", "printed"),
    [
        ([(None, None), ("1 waited", None), ("9 waited", None)], ["1 waited"]),
        ([("1 waited", None), ("9 waited", SLOW), ("12 waited", SLOW)], ["1 waited", "9 waited", SLOW]),
        ([(None, SLOW), ("9 waited", SLOW)], [SLOW, "9 waited"]),
        ([("9 waited", SLOW), (None, None), ("2 waited", None)], ["9 waited", SLOW, "2 waited"]),
    ],
    ids=["the first harm", "again with the symptom", "later than the symptom", "another play"],
)
def test_a_log_has_the_harm_when_it_begins_and_when_the_symptom_appears(
    seconds: list[tuple[str | None, str | None]], printed: list[str]
) -> None:
    output = io.StringIO()
    lines = Lines(Console(file=output, width=120))
    for harm, symptom in seconds:
        lines.vitals(INCIDENT, VITALS, harm, symptom)
    indented = [line for line in output.getvalue().splitlines() if line.startswith(" " * 8)]
    assert [line.strip() for line in indented] == printed
