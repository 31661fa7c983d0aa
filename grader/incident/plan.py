"""What an incident will be: phases with their length drawn from the seed."""

import json
import random
import secrets
from dataclasses import dataclass

from grader.course.manifest import Fault, Manifest

JITTER = 0.03
"""A phase is at most this share longer than the manifest says, so that no patient can be tuned to the clock."""


class Choices:
    """What the seed chooses: of each list its elements in an order of its own, over and over."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._left: dict[str, list[object]] = {}

    def draw(self, options: list[object]) -> object:
        """Return one of the options that this list has not given yet; all are there again after the last."""
        key = json.dumps(options)
        if not self._left.get(key):
            self._left[key] = random.Random(f"{self._seed}:{key}").sample(options, len(options))
        return self._left[key].pop()


@dataclass(frozen=True)
class PlannedPhase:
    """A phase that begins `start` seconds into the incident and lasts `seconds`."""

    name: str
    start: float
    seconds: float
    rate: dict[str, float]
    faults: list[Fault]

    @property
    def end(self) -> float:
        """Return the second of the incident at which the phase ends."""
        return self.start + self.seconds


@dataclass(frozen=True)
class Plan:
    """The incident of one run, a pure function of manifest and seed."""

    seed: int
    phases: list[PlannedPhase]

    @classmethod
    def draw(cls, manifest: Manifest, seed: int) -> "Plan":
        """Draw the phases' lengths; never shorter than the manifest's, so that each check stays decidable."""
        draw = random.Random(f"{seed}:phases")
        phases: list[PlannedPhase] = []
        choices = Choices(seed)
        start = 0.0
        for phase in manifest.phase:
            seconds = round(phase.seconds * (1 + JITTER * draw.random()), 3)
            faults = [fault.drawn(choices.draw) for fault in phase.faults]
            phases.append(PlannedPhase(phase.name, start, seconds, dict(phase.rate), faults))
            start = round(start + seconds, 3)
        return cls(seed, phases)

    @property
    def seconds(self) -> float:
        """Return the length of the whole incident in seconds."""
        return self.phases[-1].end

    def for_load(self) -> dict[str, object]:
        """Return what the load generator needs of it, as JSON."""
        phases = [{"name": p.name, "seconds": p.seconds, "rate": p.rate} for p in self.phases]
        return {"seed": self.seed, "phases": phases}


def fresh_seed() -> int:
    """Return a seed that nobody can foresee."""
    return secrets.randbelow(2**31)
