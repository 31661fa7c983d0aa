"""Was the run fit to judge? What makes it unfit is the host's doing or ours, never the learner's."""

from collections.abc import Callable
from pathlib import Path

from grader.evidence.prometheus import Evidence
from grader.incident.driver import Incident

TWIN_SECONDS = 0.1
TWIN_SHARE = 0.85
"""The control twin answers at least this share within TWIN_SECONDS.

A host disturbed enough to turn a right fix's values wrong was seen at 0.58, a fit one above 0.97.
"""

CANARY_SHARE = 0.3
"""The twin's canary gets at least this share of a processor while it wants one.

On two cores it gets 0.9 on a calm host, 0.6 with another grade beside it, 0.35 beside two hogs, where verdicts are
right still, and at most 0.27 beside four, where a right fix was seen to fail with a twin that answered 91 % in time.
A patient that lets a flood through takes a third of that again, beside hogs.
"""

SPEED = 50_000
"""The canary does at least this many rounds of work in each second of a processor that it gets.

Limits are shares of a processor, so on a slow one a right fix has less to work with. At 60,000 and more right fixes
passed; with limits, and so with work, as at 46,000, those of four labs of seven did not all.
"""

LAG_SECONDS = 0.25
"""The load generator is at most this late with any request, the incident's driver with any phase or fault.

Half of what a polite user gives an answer; on a calm host both were seen at up to 0.05.
"""

SENT_SHARE = 0.95
"""At least this share of the intended arrivals must have been sent."""


def twin_share(evidence: Evidence, phase: str) -> float | None:
    """Return the share of the twin's requests of a phase that were answered within TWIN_SECONDS."""
    good = f'sum(load_latency_seconds_bucket{{kind="twin",status="200",le="{TWIN_SECONDS}",phase="{phase}"}})'
    return evidence.value(f'{good} / sum(load_intended_total{{kind="twin",phase="{phase}"}})')


def canary_share(evidence: Evidence, phase: str) -> float | None:
    """Return the share of a processor that the twin's canary got while it wanted one in a phase."""
    worked, took = (f'sum(canary_{what}_seconds_total{{phase="{phase}"}})' for what in ("worked", "took"))
    return evidence.value(f"{worked} / {took}")


def canary_lately(evidence: Evidence, seconds: int) -> float | None:
    """Return the share of a processor that the twin's canary got in the latest seconds."""
    worked, took = (f"sum(rate(canary_{what}_seconds_total[{seconds}s]))" for what in ("worked", "took"))
    return evidence.value(f"{worked} / {took}")


def speed(evidence: Evidence) -> float | None:
    """Return how many rounds of work the twin's canary did in a second of a processor, during the incident.

    It sings for a tenth of the time, and on most hosts neighbours come and go: a phase is too short to tell.
    """
    done, worked = (f'sum(canary_{what}_total{{phase!="idle"}})' for what in ("rounds", "worked_seconds"))
    return evidence.value(f"{done} / {worked}")


def lag(evidence: Evidence, phase: str) -> float | None:
    """Return how late the load generator was at worst with a request of a phase, in seconds."""
    return evidence.value(f'max(load_lag_seconds_max{{phase="{phase}"}})')


def pressure_share(before: float | None, seconds: float) -> float | None:
    """Return the share of the last seconds in which work waited for a CPU, from `pressure` before them."""
    after = pressure()
    return None if before is None or after is None else round((after - before) / seconds, 3)


def pressure() -> float | None:
    """Return the seconds since boot in which work waited for a CPU; None where Linux does not measure it.

    Source: pressure stall information of Linux, `/proc/pressure/cpu`.
    """
    try:
        some = Path("/proc/pressure/cpu").read_text().splitlines()[0]
        return int(some.rpartition("total=")[2]) / 1e6
    except (OSError, ValueError, IndexError):
        return None


def sent_share(evidence: Evidence, phase: str) -> float | None:
    """Return the share of a phase's intended requests that were sent."""
    counts = [f'sum({name}{{phase="{phase}"}})' for name in ("load_sent_total", "load_intended_total")]
    return evidence.value(" / ".join(counts))


BUSY = "the host was busy in `{phase}`: "

FLOORS: tuple[tuple[Callable[[Evidence, str], float | None], float, str, str], ...] = (
    (
        twin_share,
        TWIN_SHARE,
        "the control twin",
        f"{BUSY}the control twin, which does nothing, answered only {{value:.0%}} within {TWIN_SECONDS * 1000:.0f} ms",
    ),
    (
        canary_share,
        CANARY_SHARE,
        "the control twin's canary",
        f"{BUSY}who wanted a processor, as your code does, got only {{value:.0%}} of one",
    ),
    (
        sent_share,
        SENT_SHARE,
        "the load",
        "only {value:.0%} of the intended requests of `{phase}` could be sent",
    ),
)
"""What must not be lower in any phase: how it is measured, the floor, what it is, and what is said when it is lower."""


def causes(evidence: Evidence, incident: Incident, phases: list[str]) -> list[str]:
    """Return why the run cannot be judged on these phases; none when it can."""
    found = [f"a fault was not acknowledged: {fault}" for fault in incident.unacknowledged]
    found += [
        f"{BUSY.format(phase=phase)}the grader was {late:.2f} s late with it"
        for phase, late in incident.late.items()
        if late > LAG_SECONDS
    ]
    done = speed(evidence)
    if done is None:
        found.append("no evidence of how fast the host was")
    elif done < SPEED:
        found.append(f"the host is slow: {done:,.0f} rounds of work a second, and it takes {SPEED:,} to judge")
    for phase in phases:
        for measure, floor, what, says in FLOORS:
            value = measure(evidence, phase)
            if value is None:
                found.append(f"no evidence of {what} in `{phase}`")
            elif value < floor:
                found.append(says.format(phase=phase, value=value))
        late = lag(evidence, phase)
        if late is not None and late > LAG_SECONDS:
            found.append(f"{BUSY.format(phase=phase)}the load generator was up to {late:.2f} s late")
    return found
