"""An attempt: one play of the incident within a grade."""

import time
from collections.abc import Callable, Iterable, Iterator

from grader.base.errors import LearnerError
from grader.course.manifest import Check, Manifest
from grader.engine.containers import Container
from grader.engine.project import CONTROLLED, ROLE_OF_PATIENT, Project
from grader.evidence import checks, fitness
from grader.evidence.checks import Reading, State
from grader.evidence.host_cpu import HostCpuMonitor
from grader.evidence.prometheus import SUCCESS, Evidence
from grader.evidence.timeline import read_timeline
from grader.evidence.traces import read_traces
from grader.grading.results import Attempt
from grader.incident.driver import AFTER, Incident
from grader.incident.plan import Plan
from grader.incident.restarts import ORCHESTRATOR, Restarts

EVIDENCE_SECONDS = 15.0
"""How long the last evidence may take to be complete after the incident."""

LOOK_SECONDS = 0.25
"""How often the evidence of a running incident is read."""

QUIET_SECONDS = 0.5
"""Reading the evidence may take this long, so it waits until the incident has nothing due before that."""


class AttemptRunner:
    """Play a plan once on a healthy project.

    `thorough` plays to the end; otherwise the attempt stops as soon as the verdict is certain. `wants_health` ends it
    when the patient does not serve in the first phase. `_complete` counts the
    phases with complete evidence: all their requests have ended and were scraped. `_troubles` says why the attempt did
    not reach its end.
    """

    def __init__(
        self, project: Project, plan: Plan, say: Callable[[str], None], *, thorough: bool, wants_health: bool
    ) -> None:
        self._project = project
        self._manifest: Manifest = project.lab.manifest
        self._say = say
        self._thorough = thorough
        self._wants_health = wants_health
        self._ports = project.ports()
        self._incident = Incident(plan, self._ports)
        self._restarts = Restarts(project, self._ports.control.get(ORCHESTRATOR))
        self._evidence = Evidence(project.prometheus_port())
        self._host_cpu = HostCpuMonitor([container.id for container in project.containers()])
        self._stock = sum(role in CONTROLLED for role in project.roles.values()) - 1
        self._phases = [phase.name for phase in plan.phases]
        self._complete = 0
        self._troubles: list[str] = []

    def run(self) -> Attempt:
        """Play the incident and return the attempt.

        Raises LearnerError when the patient stops, or does not serve in the first phase.
        """
        evidence = self._evidence
        self._play()
        done = self._done
        attempt = Attempt(
            readings=self._readings(),
            unfit=self._unfit(),
            twin={phase: fitness.twin_share(evidence, phase) for phase in done},
            canary={phase: fitness.canary_share(evidence, phase) for phase in done},
            speed=fitness.speed(evidence),
            lag={phase: fitness.lag(evidence, phase) for phase in done},
            late={phase: round(late, 3) for phase, late in self._incident.late.items()},
            cpu=self._host_cpu.phases,
            harm=evidence.value(self._manifest.symptom.harmed),
        )
        plan, now = self._incident.plan, time.time()
        zero = now - self._incident.elapsed
        attempt.timeline = read_timeline(evidence, plan, zero, now, self._manifest.symptom)
        attempt.refused = self._project.refused()
        attempt.traces = read_traces(self._ports.control, plan, zero, now)
        return attempt

    @property
    def _done(self) -> list[str]:
        """Return the phases whose evidence is complete."""
        return self._phases[: self._complete]

    def _play(self) -> None:
        """Play until the evidence of all phases is complete, or the verdict is certain."""
        self._incident.begin()
        look = deadline = 0.0
        while self._complete < len(self._phases):
            if self._incident.advance():
                self._host_cpu.enter(self._incident.phase.name if self._incident.phase else None)
                self._announce()
                deadline = time.monotonic() + EVIDENCE_SECONDS
            for name in self._restarts.advance():
                self._say(f"the orchestrator restarts `{name}`")
            if time.monotonic() >= look and self._incident.quiet > QUIET_SECONDS:
                look = time.monotonic() + LOOK_SECONDS
                if self._phase_completed():
                    if self._may_stop():
                        return
                    continue
            if self._incident.over and time.monotonic() > deadline:
                phase = self._phases[self._complete]
                self._troubles.append(
                    f"the evidence of `{phase}` was incomplete {EVIDENCE_SECONDS:g} s after the incident"
                )
                return
            time.sleep(0.01)

    def _announce(self) -> None:
        phase = self._incident.phase
        self._say(f"{phase.name} ({phase.seconds:.1f} s)" if phase else "reading the evidence")

    def _phase_completed(self) -> bool:
        """Count the next phase if its evidence has become complete."""
        now_in = self._incident.phase.name if self._incident.phase else AFTER
        if self._incident.ended <= self._complete:
            return False
        if not self._evidence.settled(self._complete + 1, now_in, self._stock):
            return False
        self._complete += 1
        return True

    def _may_stop(self) -> bool:
        """Tell whether the verdict is certain, now that another phase is complete."""
        if not self._all_alive():
            return True
        if self._complete == 1 and self._wants_health:
            self._demand_healthy()
        if self._thorough or self._unfit():
            return False
        return any(
            checks.decide(check, [reading]).state is State.FAILS
            for check in self._manifest.check
            for reading in self._read(check)
        )

    def _readings(self) -> dict[str, list[Reading]]:
        """Read every check in its complete phases.

        The level needs all phases.
        """
        read = {check.name: self._read(check) for check in self._manifest.check}
        if self._complete == len(self._phases):
            read["level"] = checks.read(self._manifest.level, self._evidence)
        return {name: readings for name, readings in read.items() if readings}

    def _read(self, check: Check) -> list[Reading]:
        """Read a check in its complete phases.

        An exact check of the whole run can only fail before the last phase.
        """
        whole = self._complete == len(self._phases)
        found = checks.read_complete(check, self._evidence, self._done, whole=whole)
        if whole or check.phase:
            return found
        return [reading for reading in found if checks.decide(check, [reading]).state is State.FAILS]

    def _unfit(self) -> list[str]:
        """Return why this attempt cannot be judged."""
        return fitness.causes(self._evidence, self._incident, self._done) + self._troubles

    def _all_alive(self) -> bool:
        """Tell whether all containers run.

        Raises LearnerError when the patient stopped by itself. A stopped load generator, twin or Prometheus is the
        host's doing, because the patient cannot reach them.
        """
        restarting = self._restarts.busy
        gone = list(stopped(self._project.containers(), self._incident))
        for container in gone:
            if container.role in ("load", "twin", "prometheus"):
                self._troubles.append(f"`{container.service}` stopped during the incident")
                return False
        for container in gone:
            if container.role == ROLE_OF_PATIENT and not restarting:
                raise self._project.patient_error(container)
        return True

    def _demand_healthy(self) -> None:
        """Raise LearnerError when the patient does not serve before the incident begins."""
        symptom, phase = self._manifest.symptom, self._phases[0]
        where = f'kind="{symptom.users}",phase="{phase}"'
        good = f'sum(load_latency_seconds_bucket{{{where},status=~"{SUCCESS}..",le="{symptom.within}"}})'
        share = self._evidence.value(f"({good} or vector(0)) / sum(load_intended_total{{{where}}})")
        if share is None or share >= symptom.below or self._unfit() or fitness.crowded(self._host_cpu.phases):
            return
        said = "\n".join(filter(None, (self._project.said(patient) for patient in self._project.patients())))
        raise LearnerError(
            f"in `{phase}`, before anything goes wrong, only {fitness.percent(share)} of {symptom.noun} were served "
            f"within {symptom.within:g} s" + (f"; your code printed:\n{said}" if said else "")
        )


def stopped(containers: Iterable[Container], incident: Incident) -> Iterator[Container]:
    """Yield the containers that have stopped, except those the incident itself killed.

    A paused container has not stopped; only the incident can pause one.
    """
    for container in containers:
        if container.state not in {"running", "paused"} and not incident.kills(container.service):
            yield container
