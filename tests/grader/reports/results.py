"""Results for the tests of reports."""

from grader.evidence.checks import CheckFinding, Reading, State
from grader.evidence.host_cpu import HostCpu
from grader.evidence.traces import MOST_SPANS, PlacedSpan, Trace
from grader.grading.results import Attempt, CheckResult, LevelResult, Results, Verdict

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x00\x0b\ufffe<script>alert(1)</script></style></svg>\n"
    "]]><testcase name='owned'/>\n```\n# PASSED\n| a | b |\n@everyone [x](javascript:alert(1))\n::error::owned\n````"
)


def finding(state: State, phase: str | None = None) -> CheckFinding:
    return CheckFinding(phase=phase, state=state, measured=0.5, low=0.4, high=0.6, good=100, total=200)


def check(name: str, state: State) -> CheckResult:
    findings = [CheckFinding(phase=None, state=state)] if state is State.NOT_REACHED else [finding(state)]
    return CheckResult(name=name, kind="share", says=f"{name} is said.", wanted="≥ 80%", state=state, findings=findings)


def failed(cause: str | None = None) -> Results:
    checks = [check("served", State.FAILS), check("spared", State.HOLDS), check("late", State.NOT_REACHED)]
    attempt = Attempt(
        seconds=12.5,
        healthy_after=3.1,
        unfit=[],
        twin={"surge": 1.0},
        lag={"surge": 0.01},
        cpu={"surge": HostCpu(other=0.05, idle=0.4)},
        readings={"served": [Reading(phase=None, good=100, total=200)]},
    )
    return Results(
        lab="03-rate-limiting",
        seed=7,
        began="2026-11-23T15:00:00+00:00",
        seconds=14.2,
        verdict=Verdict.FAILED,
        cause=cause,
        harm="51 customers paid and got nothing",
        checks=checks,
        attempts=[attempt],
    )


def traced(text: str = "x") -> Results:
    """Return results with as many spans as a report can hold.

    All have this text. Half of them failed, and one is orphaned.
    """
    spans = [
        PlacedSpan(
            service=text,
            name=text,
            depth=n,
            at=n,
            seconds=1,
            failed=n % 2 == 1,
            orphaned=n == 0,
            says=f"carrier={text}",
        )
        for n in range(MOST_SPANS)
    ]
    trace = Trace(order=text, trace=text, claims=["lost"], at=5.2, seconds=MOST_SPANS, spans=spans, left_out=3)
    results = failed()
    return results.model_copy(
        update={"attempts": [results.attempts[0].model_copy(update={"traces": [trace, trace, trace]})]}
    )


def refused() -> Results:
    """Return results of two attempts in which Redis refused commands."""
    attempts = [Attempt(refused={"KEYS": 12}), Attempt(refused={"KEYS": 1, "CONFIG GET": 1})]
    return failed().model_copy(update={"attempts": attempts})


def passed() -> Results:
    level = LevelResult(says="polite requests in time", share=0.97, name="Elite")
    return failed().model_copy(
        update={"verdict": Verdict.PASSED, "level": level, "harm": None, "checks": [check("served", State.HOLDS)]}
    )


def inconclusive() -> Results:
    return failed("this machine was too busy").model_copy(
        update={"verdict": Verdict.INCONCLUSIVE, "harm": None, "checks": []}
    )
