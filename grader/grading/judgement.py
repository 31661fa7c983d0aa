"""The judgement of a grade: verdict, checks and level from the attempts so far."""

from collections.abc import Sequence

from grader.course.manifest import Check, Manifest
from grader.evidence import checks
from grader.evidence.checks import CheckFinding, Reading, State
from grader.grading.results import Attempt, CheckResult, LevelResult, Verdict


class Judgement:
    """Judge attempts by a manifest: fit ones pooled, and exact checks on any host."""

    def __init__(self, manifest: Manifest, attempts: Sequence[Attempt]) -> None:
        self._manifest = manifest
        self._attempts = attempts
        self._fit = [attempt for attempt in attempts if not attempt.unfit]
        self._states = {check.name: checks.overall(self._findings(check, self._fit)) for check in manifest.check}
        self._exact_failures = [
            check.name
            for check in manifest.check
            if check.kind == "exact" and checks.overall(self._findings(check, attempts)) is State.FAILS
        ]

    @property
    def decided(self) -> bool:
        """Tell whether another attempt could not change the verdict."""
        if self._exact_failures:
            return True
        states = set(self._states.values()) if self._fit else set()
        return State.FAILS in states or states == {State.HOLDS}

    @property
    def why_again(self) -> str:
        """Return why the verdict needs another attempt."""
        if unfit := self._attempts[-1].unfit:
            return unfit[0]
        return f"the evidence is too close to the threshold of {self._named(self._undecided)}"

    @property
    def missing(self) -> list[str]:
        """Return the checks that were reached but have no data in the latest attempt."""
        latest = self._attempts[-1]
        return [
            check.name
            for check in self._manifest.check
            if check.name in latest.readings and checks.overall(self._findings(check, [latest])) is State.MISSING
        ]

    def verdict(self) -> tuple[Verdict, str | None]:
        """Return the verdict and its cause.

        The cause is None where the checks alone show it.
        """
        if names := self._exact_failures:
            return (
                Verdict.FAILED,
                None
                if self._fit
                else f"`{names[0]}` failed: it counts what must never happen, not even on a busy machine",
            )
        if not self._fit:
            return Verdict.INCONCLUSIVE, self._attempts[-1].unfit[0]
        if State.FAILS in self._states.values():
            return Verdict.FAILED, None
        if close := self._undecided:
            if disturbed := [attempt for attempt in self._attempts if attempt.unfit]:
                return Verdict.INCONCLUSIVE, disturbed[-1].unfit[0]
            attempts = f"after {len(self._fit)} attempts"
            return Verdict.FAILED, f"too close to the threshold to pass, {attempts}: {self._named(close)}"
        return Verdict.PASSED, None

    def checks(self) -> list[CheckResult]:
        """Return the result of each check.

        Empty when nothing could be judged.
        """
        if not self._fit and not self._exact_failures:
            return []
        results = []
        for check in self._manifest.check:
            findings = self._findings(check, self._attempts if check.name in self._exact_failures else self._fit)
            results.append(
                CheckResult(
                    name=check.name,
                    kind=check.kind,
                    says=check.says,
                    wanted=_wanted(check),
                    state=checks.overall(findings),
                    findings=findings,
                )
            )
        return results

    def harm(self) -> str | None:
        """Return what the incident did to people in the latest fit attempt.

        None when it did nothing. A busy machine may harm them too, so an unfit attempt says nothing.
        """
        return self._manifest.symptom.says(self._fit[-1].harm) if self._fit else None

    def level(self) -> LevelResult | None:
        """Return the level that the fit attempts reached.

        None when they have no events for it.
        """
        level = self._manifest.level
        readings = [reading for attempt in self._fit for reading in attempt.readings.get("level", [])]
        total = sum(reading.total or 0.0 for reading in readings)
        if not total:
            return None
        share = sum(reading.good or 0.0 for reading in readings) / total
        if share >= level.elite:
            return LevelResult(says=level.says, share=share, name="Elite")
        if share >= level.great:
            return LevelResult(says=level.says, share=share, name="Great", next=f"Elite from {level.elite:.0%}")
        return LevelResult(says=level.says, share=share, name="Good", next=f"Great from {level.great:.0%}")

    @property
    def _undecided(self) -> list[str]:
        return [name for name, state in self._states.items() if state is not State.HOLDS]

    @staticmethod
    def _named(names: Sequence[str]) -> str:
        return ", ".join(f"`{name}`" for name in names)

    @staticmethod
    def _findings(check: Check, attempts: Sequence[Attempt]) -> list[CheckFinding]:
        """Return a check's finding in each phase, pooled over attempts."""
        by_phase: dict[str | None, list[Reading]] = {}
        for attempt in attempts:
            for reading in attempt.readings.get(check.name, []):
                by_phase.setdefault(reading.phase, []).append(reading)
        phases: list[str | None] = [*check.phase] or [None]
        return [
            checks.decide(check, by_phase[phase])
            if phase in by_phase
            else CheckFinding(phase=phase, state=State.NOT_REACHED)
            for phase in phases
        ]


def _wanted(check: Check) -> str:
    """Return a check's thresholds as text."""
    texts = [
        f"{value:.0%}" if check.kind == "share" else f"{value:g}"
        for value in (check.min, check.max)
        if value is not None
    ]
    if check.min is not None and check.max is not None:
        return f"{texts[0]} to {texts[1]}"
    return f"≥ {texts[0]}" if check.min is not None else f"≤ {texts[0]}"
