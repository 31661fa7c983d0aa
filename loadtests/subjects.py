"""Subjects: names of tenants, drawn from the seed so that none reveals its kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, order=True)
class Group:
    """Group `size` subjects that several kinds share.

    Targets never see the group's name.
    """

    name: str
    size: int = 1


def draw_names(seed: int, groups: Iterable[Group]) -> dict[Group, tuple[str, ...]]:
    """Return the names of each group's subjects.

    No name occurs twice.
    """
    wanted = sorted(set(groups))
    numbers = Random(f"{seed}:names").sample(range(16**5), sum(group.size for group in wanted))
    names = (f"tenant-{number:05x}" for number in numbers)
    return {group: tuple(next(names) for _ in range(group.size)) for group in wanted}
