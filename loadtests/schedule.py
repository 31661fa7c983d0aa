"""The schedule of a play: a pure function of plan, seed and user kinds."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from loadtests.shapes import Shape, Stretch


class PlannedPhase(BaseModel):
    """A phase of the plan: its length in seconds and the arrivals per second of each user kind."""

    model_config = ConfigDict(extra="forbid")

    name: str
    seconds: Annotated[float, Field(gt=0)]
    rate: dict[str, Annotated[float, Field(gt=0)]]


class Plan(BaseModel):
    """What the incident's driver hands over: a seed and the phases in order."""

    model_config = ConfigDict(extra="forbid")

    seed: int
    phases: Annotated[list[PlannedPhase], Field(min_length=1)]

    @property
    def seconds(self) -> float:
        """Return the length of the whole plan."""
        return sum(phase.seconds for phase in self.phases)


@dataclass(frozen=True)
class Arrival:
    """A visit that begins `at` seconds into the plan; `number` counts the kind's visits from 0."""

    at: float
    kind: str
    phase: str
    number: int


def schedule(plan: Plan, shapes: Mapping[str, Shape]) -> dict[str, list[Arrival]]:
    """Return each kind's arrivals in order; the same plan and shapes always give the same.

    Raises ValueError for a plan that names a kind without a shape.
    """
    arrivals: dict[str, list[Arrival]] = {kind: [] for kind in shapes}
    start = 0.0
    for index, phase in enumerate(plan.phases):
        for kind, rate in phase.rate.items():
            if kind not in shapes:
                raise ValueError(f"there are no `{kind}` users; there are {', '.join(sorted(shapes))}")
            stretch = Stretch(phase.name, start, phase.seconds, rate)
            draw = Random(f"{plan.seed}:{index}:{kind}")
            mine = arrivals[kind]
            mine += [
                Arrival(at, kind, phase.name, len(mine) + number)
                for number, at in enumerate(shapes[kind].times(stretch, draw))
            ]
        start += phase.seconds
    return arrivals


def names(seed: int, label: str, count: int) -> list[str]:
    """Return `count` distinct names that look alike for every label, so that none tells what it is for."""
    draw = Random(f"{seed}:{label}")
    found: dict[str, None] = {}
    while len(found) < count:
        found[f"tenant-{draw.randrange(36**5):05x}"] = None
    return list(found)
