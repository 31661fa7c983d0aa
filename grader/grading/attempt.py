"""One play of the incident under a grade: it drives, watches the evidence arrive, and stops when it may."""

import time
from collections.abc import Callable, Iterable

from grader.base.errors import LearnerError
from grader.course.manifest import Check, Manifest
from grader.engine.containers import Container
from grader.engine.project import CONTROLLED, ROLE_OF_PATIENT, Project
from grader.evidence import checks, fitness
from grader.evidence.checks import Reading, State
from grader.evidence.prometheus import SUCCESS, Evidence
from grader.evidence.timeline import Timeline, read_timeline
from grader.evidence.traces import Trace, read_traces
from grader.incident.driver import AFTER, Incident
from grader.incident.plan import Plan
from grader.incident.restarts import Orchestration

EVIDENCE_SECONDS = 15.0
"""How long the last evidence may take to be complete after the incident."""

LOOK_SECONDS = 0.25
"""How often a running incident's evidence is looked at."""

QUIET_SECONDS = 0.5
"""A look takes up to so long; it must make nothing late that is due."""


def fallen(containers: Iterable[Container], incident: Incident) -> list[Container]:
    """Return those that do not run; without whom the incident has paused, which nobody else can, or killed."""
    stopped = (container for container in containers if container.state not in {"running", "paused"})
    return [container for container in stopped if not incident.kills(container.service)]


class Play:
    """Play a plan once on a project that is up.

    `complete` counts the phases whose evidence is complete: all their requests have ended and were scraped.
    `troubles` says why the play came to no end.
    """

    def __init__(self, project: Project, plan: Plan, say: Callable[[str], None], *, thorough: bool) -> None:
        self.manifest: Manifest = project.lab.manifest
        self.phases = [phase.name for phase in plan.phases]
        self.complete = 0
        self.troubles: list[str] = []
        self._ports = project.ports()
        self.incident = Incident(plan, self._ports)
        self.orchestration = Orchestration(project, self._ports)
        self.evidence = Evidence(project.prometheus_port())
        self._stock = sum(role in CONTROLLED for role in project.roles.values()) - 1
        self._project = project
        self._say = say
        self._thorough = thorough

    @property
    def done(self) -> list[str]:
        """Return the phases whose evidence is complete."""
        return self.phases[: self.complete]

    def run(self) -> None:
        """Play until the incident is over and its evidence complete, or until the verdict cannot change.

        Raises LearnerError when the patient ends, or does not serve in the first phase.
        """
        self.incident.begin()
        look = deadline = 0.0
        while self.complete < len(self.phases):
            if self.incident.advance():
                self._announce()
                deadline = time.monotonic() + EVIDENCE_SECONDS
            for name in self.orchestration.advance():
                self._say(f"the orchestrator restarts `{name}`")
            if time.monotonic() >= look and self.incident.quiet > QUIET_SECONDS:
                look = time.monotonic() + LOOK_SECONDS
                if self._phase_completed():
                    if self._may_stop():
                        return
                    continue
            if self.incident.over and time.monotonic() > deadline:
                self.troubles.append(f"the evidence of `{self.phases[self.complete]}` never became complete")
                return
            time.sleep(0.01)

    def readings(self) -> dict[str, list[Reading]]:
        """Read every check in those of its phases that are complete, and the level once all are."""
        read = {check.name: self._read(check) for check in self.manifest.check}
        if self.complete == len(self.phases):
            read["level"] = checks.read(self.manifest.level, self.evidence)
        return {name: readings for name, readings in read.items() if readings}

    def unfit(self) -> list[str]:
        """Return why this play cannot be judged; none when it can."""
        return fitness.causes(self.evidence, self.incident, self.done) + self.troubles

    def timeline(self) -> Timeline:
        """Return what happened second by second so far."""
        now = time.time()
        return read_timeline(self.evidence, self.incident.plan, now - self.incident.elapsed, now, self.manifest.symptom)

    def traces(self) -> list[Trace]:
        """Return a few of this play's traces; none where the lab has no trace-audit."""
        now = time.time()
        return read_traces(self._ports, self.incident.plan, now - self.incident.elapsed, now)

    def _announce(self) -> None:
        phase = self.incident.phase
        self._say(f"{phase.name} ({phase.seconds:.1f} s)" if phase else "reading the evidence")

    def _phase_completed(self) -> bool:
        now_in = self.incident.phase.name if self.incident.phase else AFTER
        if self.incident.ended <= self.complete or not self.evidence.settled(self.complete + 1, now_in, self._stock):
            return False
        self.complete += 1
        return True

    def _may_stop(self) -> bool:
        """Look at the phase that has just become complete; tell whether the verdict is already certain."""
        if not self._all_alive():
            return True
        if self.complete == 1 and not self._thorough:
            self._demand_healthy()
        if self._thorough or self.unfit():
            return False
        return any(
            checks.decide(check, [reading]).state is State.FAILS
            for check in self.manifest.check
            for reading in self._read(check)
        )

    def _read(self, check: Check) -> list[Reading]:
        """Read a check in those of its phases that are complete: a failure in one of them is final.

        A check on the whole run waits for the whole run. Of an exact one a failure is final before that: what it counts
        never goes away, but may still come.
        """
        if not check.phase:
            whole = self.complete == len(self.phases)
            found = checks.read(check, self.evidence) if whole or check.kind == "exact" else []
            return found if whole else [one for one in found if checks.decide(check, [one]).state is State.FAILS]
        done = [phase for phase in check.phase if phase in self.done]
        return checks.read(check.model_copy(update={"phase": done}), self.evidence) if done else []

    def _all_alive(self) -> bool:
        """Tell whether everything runs; raises LearnerError when the learner's code has ended by itself.

        What the patient cannot reach ends by the host's doing, never the learner's.
        """
        restarting = self.orchestration.busy
        gone = fallen(self._project.containers(), self.incident)
        for container in gone:
            if container.role in ("load", "twin", "prometheus"):
                self.troubles.append(f"`{container.service}` ended in the middle of the run")
                return False
        for container in gone:
            if container.role == ROLE_OF_PATIENT and not restarting:
                raise self._project.patient_error(container)
        return True

    def _demand_healthy(self) -> None:
        """Demand that the system serves before the incident: otherwise the patient's start has failed."""
        symptom, phase = self.manifest.symptom, self.phases[0]
        where = f'kind="{symptom.users}",phase="{phase}"'
        good = f'sum(load_latency_seconds_bucket{{{where},status=~"{SUCCESS}..",le="{symptom.within}"}})'
        share = self.evidence.value(f"({good} or vector(0)) / sum(load_intended_total{{{where}}})")
        if share is None or share >= symptom.below or self.unfit():
            return
        said = "\n".join(filter(None, (self._project.said(patient) for patient in self._project.patients())))
        raise LearnerError(
            f"already in `{phase}`, before the incident, only {share:.0%} of {symptom.noun} are served"
            + (f"; the patient says:\n{said}" if said else "")
        )
