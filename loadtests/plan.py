"""Load plan: the phases and rates of a play, as the incident's driver sends them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any


@dataclass(frozen=True)
class LoadPhase:
    """Plan a phase of `seconds`, with arrivals per second by user kind."""

    name: str
    seconds: float
    rate: Mapping[str, float]


@dataclass(frozen=True)
class LoadPlan:
    """Hold a seed and the phases in order.

    `replicas`: by the host name of a replica in the locustfile, the one that the seed chose instead.
    """

    seed: int
    phases: tuple[LoadPhase, ...]
    replicas: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, body: Any) -> "LoadPlan":  # noqa: ANN401 # whatever JSON somebody sent
        """Return the plan in a JSON object; raises ValueError when it is not valid."""
        try:
            replicas = {str(name): str(chosen) for name, chosen in body.get("replicas", {}).items()}
            plan = cls(int(body["seed"]), tuple(_phase(phase) for phase in body["phases"]), replicas)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is not a plan ({type(error).__name__}: {error})") from error
        if not plan.phases:
            raise ValueError("a plan has at least one phase")
        return plan

    def with_rate(self, kind: str, rate: float) -> "LoadPlan":
        """Add a kind at the same rate in all phases."""
        return replace(self, phases=tuple(replace(p, rate={**p.rate, kind: rate}) for p in self.phases))

    @property
    def ends(self) -> list[float]:
        """Return the second of the play at which each phase ends."""
        return list(accumulate(phase.seconds for phase in self.phases))


def _phase(told: Any) -> LoadPhase:  # noqa: ANN401 # as above
    phase = LoadPhase(str(told["name"]), float(told["seconds"]), {k: float(r) for k, r in told["rate"].items()})
    if not 0 < phase.seconds < math.inf:
        raise ValueError(f"phase `{phase.name}` must take more than 0 seconds")
    for kind, rate in phase.rate.items():
        if not 0 <= rate < math.inf:
            raise ValueError(f"phase `{phase.name}` has a rate of {rate} for `{kind}`")
    return phase
