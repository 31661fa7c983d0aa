"""Fitness: whether a run can be judged.

An unfit attempt is the host's doing or ours, never the learner's.
"""

from collections.abc import Callable, Mapping

from grader.evidence.host_cpu import HostCpu
from grader.evidence.prometheus import Evidence
from grader.incident.driver import Incident

OTHER_WORK = 0.2
IDLE = 0.35
"""In each phase in which a patient fails, other work takes less than OTHER_WORK of the CPUs' time, or IDLE is left.

On two calm cores, other work takes at most 0.07 and leaves 0.7. Beside one hog it takes 0.42 to 0.58 and leaves 0 to
0.32, and a right fix of lab 16 failed while twin and canary were served.
"""

TWIN_SECONDS = 0.1
TWIN_SHARE = 0.85
"""The control twin answers at least this share of its requests within TWIN_SECONDS.

It was 0.58 on a host disturbed enough to turn a right fix's values wrong, and above 0.97 on a fit one.
"""

CANARY_SHARE = 0.3
"""The twin's canary gets at least this share of a CPU while it asks for one.

On two cores it gets 0.9 on a calm host, 0.6 beside another grade, and 0.35 beside two hogs, where verdicts are still
right. Beside four hogs it gets at most 0.27, and a right fix failed while the twin answered 91 % in time. Beside hogs,
a patient that lets a flood through takes a third of that share.
"""

SPEED = 50_000
"""The canary does at least this many rounds of work per second of CPU time.

Limits are shares of a CPU, so a right fix gets less work done on a slow one. At 60,000 and more right fixes passed.
With limits that allow as much work as at 46,000, the right fixes of four labs in seven did not all pass.
"""

LAG_SECONDS = 0.25
"""Neither a request nor a phase or fault is later than this.

It is half the time that a polite user allows for an answer. On a calm host both delays were at most 0.05 s.
"""

SENT_SHARE = 0.95
"""At least this share of the intended requests is sent."""


def twin_share(evidence: Evidence, phase: str) -> float | None:
    """Return the share of the twin's requests of a phase answered within TWIN_SECONDS."""
    good = f'sum(load_latency_seconds_bucket{{kind="twin",status="200",le="{TWIN_SECONDS}",phase="{phase}"}})'
    return evidence.value(f'{good} / sum(load_intended_total{{kind="twin",phase="{phase}"}})')


def canary_share(evidence: Evidence, phase: str) -> float | None:
    """Return the share of a CPU that the canary got in a phase.

    Only the time in which it asked for one counts.
    """
    worked, took = (f'sum(canary_{what}_seconds_total{{phase="{phase}"}})' for what in ("worked", "took"))
    return evidence.value(f"{worked} / {took}")


def canary_lately(evidence: Evidence, seconds: int) -> float | None:
    """Return the share of a CPU that the canary got in the latest seconds."""
    worked, took = (f"sum(rate(canary_{what}_seconds_total[{seconds}s]))" for what in ("worked", "took"))
    return evidence.value(f"{worked} / {took}")


def twin_lately(evidence: Evidence, seconds: int) -> float | None:
    """Return the share of the twin's requests of the latest seconds answered within TWIN_SECONDS."""
    good = f'sum(rate(load_latency_seconds_bucket{{kind="twin",status="200",le="{TWIN_SECONDS}"}}[{seconds}s]))'
    return evidence.value(f'{good} / sum(rate(load_intended_total{{kind="twin"}}[{seconds}s]))')


def busy_lately(evidence: Evidence, seconds: int) -> str | None:
    """Return why the host has been too busy in the latest seconds, None when it was not."""
    canary, twin = canary_lately(evidence, seconds), twin_lately(evidence, seconds)
    if canary is not None and canary < CANARY_SHARE:
        return STARVED.format(share=percent(canary))
    if twin is not None and twin < TWIN_SHARE:
        return SLOW_TWIN.format(share=percent(twin))
    return None


def speed(evidence: Evidence) -> float | None:
    """Return the canary's rounds of work per second of CPU time.

    A phase is too short to measure it: the canary works for a tenth of the time, and other tenants of a host come and
    go.
    """
    done, worked = (f'sum(canary_{what}_total{{phase!="idle"}})' for what in ("rounds", "worked_seconds"))
    return evidence.value(f"{done} / {worked}")


def lag(evidence: Evidence, phase: str) -> float | None:
    """Return the worst delay of a request of a phase, in seconds."""
    return evidence.value(f'max(load_lag_seconds_max{{phase="{phase}"}})')


def sent_share(evidence: Evidence, phase: str) -> float | None:
    """Return the share of a phase's intended requests that were sent."""
    counts = [f'sum({name}{{phase="{phase}"}})' for name in ("load_sent_total", "load_intended_total")]
    return evidence.value(" / ".join(counts))


def percent(share: float) -> str:
    """Return a share as a sentence has it."""
    return f"{100 * share:.0f} %"


BUSY = "this machine was too busy in `{phase}`: "
SLOW_TWIN = f"a service that does nothing answered only {{share}} of its requests within {TWIN_SECONDS * 1000:.0f} ms"
UNSENT = "the load generator sent only {share} of the intended requests of `{phase}`"
STARVED = "a process that asked for one CPU got {share} of it"
UNMEASURED = "Prometheus has no data about the control twin's canary"

FLOORS: tuple[tuple[Callable[[Evidence, str], float | None], float, str, str], ...] = (
    (twin_share, TWIN_SHARE, "the control twin", BUSY + SLOW_TWIN),
    (canary_share, CANARY_SHARE, "the control twin's canary", BUSY + STARVED),
    (sent_share, SENT_SHARE, "the load generator", UNSENT),
)
"""The shares with a floor in each phase: how to measure one, its floor, its source, and the cause when it is lower."""


def crowded(cpu: Mapping[str, HostCpu]) -> list[str]:
    """Return why an attempt that does not pass cannot be judged, from what the host's CPUs did in its phases.

    The patient cannot cause this: what it and the stock services do is not other work.
    """
    return [
        f"{BUSY.format(phase=phase)}its CPUs spent {percent(did.other)} of their time on other work, "
        f"and only {percent(did.idle)} was left"
        for phase, did in cpu.items()
        if did.other >= OTHER_WORK and did.idle <= IDLE
    ]


def causes(evidence: Evidence, incident: Incident, phases: list[str]) -> list[str]:
    """Return why the run cannot be judged on these phases."""
    found = [f"a fault was not acknowledged: {fault}" for fault in incident.unacknowledged]
    found += [
        f"{BUSY.format(phase=phase)}the grader began the phase, or a fault in it, {late:.2f} s late"
        for phase, late in incident.late.items()
        if late > LAG_SECONDS
    ]
    done = speed(evidence)
    if done is None:
        found.append("Prometheus has no data about the speed of this machine")
    elif done < SPEED:
        found.append(
            f"this machine is too slow: it does {done:,.0f} rounds of the reference work per second of CPU time, "
            f"and a verdict needs {SPEED:,}"
        )
    for phase in phases:
        for measure, floor, source, says in FLOORS:
            value = measure(evidence, phase)
            if value is None:
                found.append(f"Prometheus has no data about {source} in `{phase}`")
            elif value < floor:
                found.append(says.format(phase=phase, share=percent(value)))
        late = lag(evidence, phase)
        if late is not None and late > LAG_SECONDS:
            found.append(f"{BUSY.format(phase=phase)}the load generator sent a request {late:.2f} s late")
    return found
