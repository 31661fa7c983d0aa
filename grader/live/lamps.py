"""Lamps: the checks of the play that is on, long before a verdict."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from grader.course.manifest import Check, Manifest
from grader.evidence import checks, fitness
from grader.evidence.checks import State
from grader.evidence.prometheus import Evidence
from grader.evidence.since import repeats
from grader.grading.judgement import Judgement
from grader.grading.results import Attempt, CheckResult
from grader.incident.driver import AFTER, Incident
from grader.reports.measured import measured


class Light(StrEnum):
    """The states of a lamp, most urgent first."""

    FAILS = "fails"
    UNCLEAR = "unclear"
    MISSING = "no data"
    NOT_YET = "not yet"
    HOLDS = "holds so far"
    GRADE = "only a grade can tell"


LIGHTS = {
    State.FAILS: Light.FAILS,
    State.UNCLEAR: Light.UNCLEAR,
    State.MISSING: Light.MISSING,
    State.HOLDS: Light.HOLDS,
}


@dataclass(frozen=True)
class Lamp:
    """One check's lamp.

    `figures` are its measured and wanted values, for a lamp that fails or is unclear. `earlier` marks a lamp of the
    play before.
    """

    name: str
    says: str
    light: Light
    figures: str = ""
    earlier: bool = False


class Lamps:
    """Read the checks of one play as a grade does: in each phase, once its evidence is complete.

    A phase is read once, so a play costs no more queries than a grade. `services` is the number of stock services,
    twin included. In a `repeated` play, some checks cannot be told from evidence of earlier ones.
    """

    def __init__(
        self, manifest: Manifest, evidence: Evidence, incident: Incident, services: int, *, repeated: bool
    ) -> None:
        self._manifest = manifest
        self._evidence = evidence
        self._incident = incident
        self._services = services
        self._phases = [phase.name for phase in incident.plan.phases]
        self._only_graded = {check.name for check in manifest.check if repeated and not _repeats(check)}
        self._attempt = Attempt()
        self._complete = 0

    @property
    def complete(self) -> bool:
        """Tell whether the evidence of all phases has been read."""
        return self._complete == len(self._phases)

    @property
    def unfit(self) -> str | None:
        """Return why this play cannot be judged, if so."""
        return next(iter(self._attempt.unfit), None)

    def look(self) -> bool:
        """Read the next phase if its evidence has become complete, and tell whether it has."""
        now_in = self._incident.phase.name if self._incident.phase else AFTER
        if self._incident.ended <= self._complete:
            return False
        if not self._evidence.settled(self._complete + 1, now_in, self._services):
            return False
        phase = self._phases[self._complete]
        self._complete += 1
        for check in self._manifest.check:
            if check.name not in self._only_graded:
                self._read(check, phase)
        self._attempt.unfit += fitness.causes(self._evidence, self._incident, [phase])
        return True

    def lamps(self, earlier: Iterable[Lamp] = ()) -> list[Lamp]:
        """Return a lamp for each check.

        A check without evidence keeps its `earlier` lamp, that of the play before.
        """
        results = {result.name: result for result in Judgement(self._manifest, [self._attempt]).checks()}
        before = {lamp.name: replace(lamp, earlier=True) for lamp in earlier if lamp.light in LIGHTS.values()}
        return [self._lamp(check, results.get(check.name), before.get(check.name)) for check in self._manifest.check]

    def _read(self, check: Check, phase: str) -> None:
        found = checks.read_complete(check, self._evidence, [phase], whole=self.complete)
        # A reading of the whole run replaces one of its beginning.
        kept = self._attempt.readings.get(check.name, []) if check.phase else []
        if readings := kept + found:
            self._attempt.readings[check.name] = readings

    def _lamp(self, check: Check, result: CheckResult | None, before: Lamp | None) -> Lamp:
        if check.name in self._only_graded:
            return Lamp(check.name, check.says, Light.GRADE)
        known = _known(result) if result else None
        if known is None:
            return before or Lamp(check.name, check.says, Light.NOT_YET)
        light = LIGHTS[known.state]
        figures = f"{next(measured(known))}, wanted {known.wanted}" if light in (Light.FAILS, Light.UNCLEAR) else ""
        return Lamp(check.name, check.says, light, figures)


def _known(result: CheckResult) -> CheckResult | None:
    """Return a result with only those findings that decide its lamp, None when there are none."""
    reached = [finding for finding in result.findings if finding.state is not State.NOT_REACHED]
    if not reached:
        return None
    state = checks.overall(reached)
    deciding = [finding for finding in reached if finding.state is state]
    return result.model_copy(update={"state": state, "findings": deciding})


def _repeats(check: Check) -> bool:
    return all(repeats(query) for field in ("good", "total", "value") if (query := getattr(check, field, None)))
