"""A grade: the incident replayed on a clean copy, as often as it takes to judge it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from grader.base.errors import ErError, HostError, LearnerError
from grader.course.course import Course, Lab
from grader.course.manifest import Check, FaultToDraw
from grader.course.submission import changes, stage
from grader.engine.ownership import fresh_name
from grader.engine.project import clean_project
from grader.evidence import checks, fitness
from grader.evidence.checks import Finding, Reading, State
from grader.grading.attempt import Play
from grader.grading.readiness import bring_up
from grader.grading.results import Attempt, CheckResult, LevelResult, Results, Verdict
from grader.incident.plan import Plan

ATTEMPTS = 3
"""A run that was unfit, or that could not decide a check, is repeated at most twice."""


@dataclass
class Grade:
    """What is graded, and how: `thorough` plays to the end, otherwise a grade stops when it cannot change any more.

    `faults` are injected in every phase, beside the incident's own.
    """

    course: Course
    lab: Lab
    submission: Path
    seed: int
    images: Mapping[str, str]
    say: Callable[[str], None]
    thorough: bool = False
    faults: list[FaultToDraw] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    def run(self) -> Results:
        """Play and judge, and return the results; whatever was started is taken down."""
        began, clock = datetime.now(UTC), time.monotonic()
        cause = None
        try:
            for number in range(ATTEMPTS):
                if number:
                    self.say(f"once more ({number + 1} of {ATTEMPTS}): {self._why_again()}")
                try:
                    self._play(self.seed + number)
                except HostError as error:
                    self.attempts.append(Attempt(seconds=0, healthy_after=0, unfit=[error.what], twin={}, readings={}))
                if self._decided():
                    break
            verdict, cause = self._verdict()
        except LearnerError as error:
            verdict, cause = Verdict.FAILED, str(error)
        except ErError as error:
            verdict, cause = Verdict.ERROR, str(error)
        results = Results(
            lab=self.lab.name,
            seed=self.seed,
            began=began.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - clock, 1),
            verdict=verdict,
            cause=cause,
            attempts=self.attempts,
            diff=changes(self.lab, self.submission),
            images=dict(self.images),
        )
        if self._fit() or self._exact_failures():
            results.checks = self._check_results()
            results.level = self._level() if verdict is Verdict.PASSED else None
        return results

    def _play(self, seed: int) -> None:
        """Play the incident once on a clean copy and keep what the evidence says."""
        name = fresh_name(self.lab.number)
        clock = time.monotonic()
        with clean_project(self.lab, name, self.course.runs / name, self.images) as project:
            stage(self.lab, self.submission, project.patient)
            bring_up(project)
            healthy = time.monotonic() - clock
            self.say(f"healthy after {healthy:.1f} s")
            waited, since = fitness.pressure(), time.monotonic()
            play = Play(
                project, Plan.draw(self.lab.manifest.with_faults(self.faults), seed), self.say, thorough=self.thorough
            )
            play.run()
            readings, unfit = play.readings(), play.unfit()
            twin = {phase: fitness.twin_share(play.evidence, phase) for phase in play.done}
            canary = {phase: fitness.canary_share(play.evidence, phase) for phase in play.done}
            speed = fitness.speed(play.evidence)
            lag = {phase: fitness.lag(play.evidence, phase) for phase in play.done}
            pressure = _share(waited, fitness.pressure(), time.monotonic() - since)
            timeline, traces = play.timeline(), play.traces()
        attempt = Attempt(
            seconds=round(time.monotonic() - clock, 1),
            healthy_after=round(healthy, 1),
            unfit=unfit,
            twin=twin,
            canary=canary,
            speed=speed,
            lag=lag,
            late={phase: round(late, 3) for phase, late in play.incident.late.items()},
            pressure=pressure,
            readings=readings,
            timeline=timeline,
            traces=traces,
        )
        # With more faults than its own an incident may leave nothing to ask a check about: nobody refused, for example.
        attempt.unfit += [f"no evidence for `{name}`" for name in self._missing(attempt) if not self.faults]
        self.attempts.append(attempt)

    def _missing(self, attempt: Attempt) -> list[str]:
        found = {name: self._findings_of(name, [attempt]) for name in attempt.readings if name != "level"}
        return [name for name, findings in found.items() if checks.overall(findings) is State.MISSING]

    def _fit(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if not attempt.unfit]

    def _findings_of(self, name: str, attempts: list[Attempt]) -> list[Finding]:
        """Return a check's findings, phase by phase, pooled over attempts that reached it."""
        check = next(check for check in self.lab.manifest.check if check.name == name)
        by_phase: dict[str | None, list[Reading]] = {}
        for attempt in attempts:
            for reading in attempt.readings.get(name, []):
                by_phase.setdefault(reading.phase, []).append(reading)
        phases: list[str | None] = [*check.phase] or [None]
        return [
            checks.decide(check, by_phase[phase])
            if phase in by_phase
            else Finding(phase=phase, state=State.NOT_REACHED)
            for phase in phases
        ]

    def _states(self) -> dict[str, State]:
        fit = self._fit()
        return {c.name: checks.overall(self._findings_of(c.name, fit)) for c in self.lab.manifest.check}

    def _exact_failures(self) -> list[str]:
        """Return the exact checks that some attempt failed: they decide on any host."""
        return [
            check.name
            for check in self.lab.manifest.check
            if check.kind == "exact" and checks.overall(self._findings_of(check.name, self.attempts)) is State.FAILS
        ]

    def _decided(self) -> bool:
        if self._exact_failures():
            return True
        states = set(self._states().values()) if self._fit() else set()
        return State.FAILS in states or states == {State.HOLDS}

    def _why_again(self) -> str:
        if unfit := self.attempts[-1].unfit:
            return unfit[0]
        unclear = [name for name, state in self._states().items() if state is not State.HOLDS]
        return f"too close to decide: {', '.join(f'`{name}`' for name in unclear)}"

    def _verdict(self) -> tuple[Verdict, str | None]:
        if names := self._exact_failures():
            return Verdict.FAILED, None if self._fit() else f"`{names[0]}` failed, which no host can excuse"
        if not self._fit():
            return Verdict.INCONCLUSIVE, self.attempts[-1].unfit[0]
        states = self._states()
        if State.FAILS in states.values():
            return Verdict.FAILED, None
        if close := [name for name, state in states.items() if state is not State.HOLDS]:
            if disturbed := [attempt for attempt in self.attempts if attempt.unfit]:
                return Verdict.INCONCLUSIVE, disturbed[-1].unfit[0]
            return (
                Verdict.FAILED,
                f"too close after {len(self._fit())} runs: {', '.join(f'`{name}`' for name in close)}",
            )
        return Verdict.PASSED, None

    def _check_results(self) -> list[CheckResult]:
        fit, exact = self._fit(), self._exact_failures()
        results = []
        for check in self.lab.manifest.check:
            findings = self._findings_of(check.name, self.attempts if check.name in exact else fit)
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

    def _level(self) -> LevelResult | None:
        level = self.lab.manifest.level
        counts = [(r.good or 0.0, r.total or 0.0) for a in self._fit() for r in a.readings.get("level", [])]
        total = sum(t for _, t in counts)
        if not total:
            return None
        share = sum(g for g, _ in counts) / total
        name = "Elite" if share >= level.elite else "Great" if share >= level.great else "Good"
        return LevelResult(says=level.says, share=share, name=name)


def _share(before: float | None, after: float | None, seconds: float) -> float | None:
    return None if before is None or after is None else round((after - before) / seconds, 3)


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
