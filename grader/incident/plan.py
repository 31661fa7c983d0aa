"""The plan of an incident: phases and faults, drawn by the seed."""

import json
import random
import secrets
from dataclasses import dataclass, field

from grader.course.manifest import Fault, Manifest

JITTER = 0.03
"""The largest share by which a phase is longer than in the manifest, so that no fix can be tuned to the clock."""


class Choices:
    """Draw from lists in an order that the seed decides."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._left: dict[str, list[object]] = {}

    def draw(self, options: list[object]) -> object:
        """Return an option that this list has not given yet.

        After the last option, all are available again.
        """
        key = json.dumps(options)
        if not self._left.get(key):
            self._left[key] = random.Random(f"{self._seed}:{key}").sample(options, len(options))
        return self._left[key].pop()


@dataclass(frozen=True)
class PlannedPhase:
    """A phase that begins `start` seconds into the incident."""

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
    """The incident of one run: a pure function of manifest and seed.

    `replicas` gives, for each replica in the manifest, the one that plays its part.
    """

    seed: int
    phases: list[PlannedPhase]
    replicas: dict[str, str] = field(default_factory=dict)

    @classmethod
    def draw(cls, manifest: Manifest, seed: int) -> "Plan":
        """Draw the replicas' parts, each phase's length, and its faults.

        No phase is shorter than in the manifest, so that each check stays decidable.
        """
        draw = random.Random(f"{seed}:phases")
        phases: list[PlannedPhase] = []
        choices = Choices(seed)
        replicas = {
            name: part
            for group in manifest.replicas
            for name, part in zip(group, random.Random(f"{seed}:{group}").sample(group, len(group)), strict=True)
        }
        start = 0.0
        for phase in manifest.phase:
            seconds = round(phase.seconds * (1 + JITTER * draw.random()), 3)
            faults = [fault.drawn(choices.draw, replicas) for fault in phase.faults]
            phases.append(PlannedPhase(phase.name, start, seconds, dict(phase.rate), faults))
            start = round(start + seconds, 3)
        return cls(seed, phases, replicas)

    @property
    def seconds(self) -> float:
        """Return the length of the whole incident in seconds."""
        return self.phases[-1].end

    def for_load(self) -> dict[str, object]:
        """Return the part that the load generator needs, as JSON."""
        phases = [{"name": p.name, "seconds": p.seconds, "rate": p.rate} for p in self.phases]
        return {"seed": self.seed, "phases": phases, "replicas": self.replicas}


def fresh_seed() -> int:
    """Return an unpredictable seed."""
    return secrets.randbelow(2**31)
