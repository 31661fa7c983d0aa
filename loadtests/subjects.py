"""Names of those on whose behalf requests are made, drawn from the seed: none tells which kind it belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, order=True)
class Group:
    """`size` subjects known by the group's name to the kinds that share them; nobody else learns that name."""

    name: str
    size: int = 1


def draw_names(seed: int, groups: Iterable[Group]) -> dict[Group, tuple[str, ...]]:
    """Return the names of each group's subjects; no name occurs twice."""
    wanted = sorted(set(groups))
    numbers = Random(f"{seed}:names").sample(range(16**5), sum(group.size for group in wanted))
    names = (f"tenant-{number:05x}" for number in numbers)
    return {group: tuple(next(names) for _ in range(group.size)) for group in wanted}
