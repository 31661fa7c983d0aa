"""An attempt looks for containers that stopped by themselves."""

from dataclasses import replace
from typing import Any

import pytest

from grader.course.manifest import Fault
from grader.engine.containers import Container
from grader.engine.control_port import ControlPort
from grader.engine.project import Ports
from grader.grading.attempt import stopped
from grader.incident.driver import Incident
from grader.incident.plan import Plan, PlannedPhase

SALES = Container("1", "sales-1", "patient", "running", "healthy", 0, {})


class IdlePort(ControlPort):
    """A control port that acknowledges everything and does nothing."""

    def _request(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 # JSON
        del method, path, body
        return {"starts_in": 0.0, "healed": 0}


@pytest.mark.parametrize(("state", "gone"), [("running", False), ("paused", False), ("exited", True), ("dead", True)])
@pytest.mark.parametrize("killed", ["", "sales-1", "sales-2"])
def test_a_stopped_container_counts_unless_the_incident_killed_it(state: str, killed: str, *, gone: bool) -> None:
    faults = [Fault.model_validate({"service": killed, "kind": "kill"})] if killed else []
    plan = Plan(7, [PlannedPhase("dead", 0, 60, {}, faults)])
    incident = Incident(plan, Ports({name: IdlePort(name, 0, "") for name in ("load", "sales-1", "sales-2")}))
    incident.begin()
    incident.advance()
    container = replace(SALES, state=state)
    assert list(stopped([container], incident)) == ([container] if gone and killed != "sales-1" else [])
