"""The schedule of a play: a pure function of the plan and the kinds' shapes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from loadtests.plan import LoadPlan
from loadtests.shapes import RateInterval, Shape


@dataclass(frozen=True, slots=True)
class Arrival:
    """Schedule a visit `at` seconds into the play.

    `number` counts its kind's visits.
    `phase` is the index of its phase.
    """

    at: float
    phase: int
    number: int


def schedule(plan: LoadPlan, shapes: Mapping[str, Shape]) -> dict[str, list[Arrival]]:
    """Return each kind's arrivals in order, independent of all other kinds.

    Raises ValueError for a plan that names a kind without a shape.
    """
    for phase in plan.phases:
        if unknown := phase.rate.keys() - shapes.keys():
            raise ValueError(f"there are no `{min(unknown)}` users; there are {', '.join(sorted(shapes))}")
    return {
        kind: [Arrival(at, phase, number) for number, (at, phase) in enumerate(_times(plan, kind, shape))]
        for kind, shape in shapes.items()
    }


def _times(plan: LoadPlan, kind: str, shape: Shape) -> Iterator[tuple[float, int]]:
    start = 0.0
    for index, (phase, end) in enumerate(zip(plan.phases, plan.ends, strict=True)):
        if rate := phase.rate.get(kind, 0.0):
            draw = Random(f"{plan.seed}:{index}:{kind}")
            yield from ((at, index) for at in shape.times(RateInterval(start, end, rate), draw))
        start = end
