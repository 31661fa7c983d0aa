"""Shapes of arrivals: when the visits of one user kind begin within one phase.

All are pure functions of their arguments. Times are in seconds from the play's start, a whole wall-clock second.
"""

import math
from dataclasses import dataclass
from random import Random
from typing import Protocol


@dataclass(frozen=True)
class RateInterval:
    """Give one kind `rate` arrivals per second, from second `start` to `end` of the play."""

    start: float
    end: float
    rate: float


class Shape(Protocol):
    """Decide when visits begin."""

    def times(self, interval: RateInterval, draw: Random) -> list[float]:
        """Return the times of all arrivals within the interval, in order."""


@dataclass(frozen=True)
class Poisson:
    """Model independent users by exponential gaps."""

    def times(self, interval: RateInterval, draw: Random) -> list[float]:
        """Return arrivals whose mean rate is the interval's."""
        times = []
        at = interval.start + draw.expovariate(interval.rate)
        while at < interval.end:
            times.append(at)
            at += draw.expovariate(interval.rate)
        return times


@dataclass(frozen=True)
class Regular:
    """Space arrivals evenly, each moved by up to `jitter` of a gap.

    The first `delay` and the last `rest` seconds of a phase have no arrivals.
    """

    jitter: float = 0.2
    delay: float = 0.0
    rest: float = 0.0

    def times(self, interval: RateInterval, draw: Random) -> list[float]:
        """Return arrivals, one in each gap."""
        gap = 1 / interval.rate
        first = interval.start + self.delay + gap / 2
        end = interval.end - self.rest
        count = max(0, math.ceil((end - first) / gap))
        times = [first + gap * (number + draw.uniform(-self.jitter, self.jitter)) for number in range(count)]
        return [at for at in times if at < end]


@dataclass(frozen=True)
class Floods:
    """Send floods of `length` seconds, with more than `rest` seconds of silence between them.

    A flood begins shortly before the edge of a whole second and continues over it; successive edges differ in parity.
    It begins with a volley (requests at one instant) and has another just after the edge. The rest is half volleys,
    half single requests. An interval's rate is the mean rate within a flood.
    """

    length: float = 0.85
    rest: float = 2.05
    lead: tuple[float, float] = (0.2, 0.35)
    volley: tuple[int, int] = (10, 40)
    first_volleys: tuple[int, int] = (25, 40)

    def times(self, interval: RateInterval, draw: Random) -> list[float]:
        """Return the arrivals of all floods that fit into the interval."""
        times: list[float] = []
        shortest, longest = self.lead
        edge = math.ceil(interval.start + longest)
        lead = draw.uniform(shortest, longest)
        while edge - lead + self.length <= interval.end:
            start = edge - lead
            times += self._flood(start, edge, interval.rate, draw)
            following = math.ceil(start + self.length + self.rest + shortest)
            # An odd number of seconds between two edges changes the parity.
            following += (following - edge + 1) % 2
            lead = draw.uniform(shortest, min(longest, following - start - self.length - self.rest))
            edge = following
        return sorted(times)

    def _flood(self, start: float, edge: int, rate: float, draw: Random) -> list[float]:
        count = round(rate * self.length)
        times = [start] * draw.randint(*self.first_volleys)
        times += [edge + draw.uniform(0.02, 0.08)] * draw.randint(*self.first_volleys)
        while len(times) < count:
            at = start + draw.random() * self.length
            size = draw.randint(*self.volley) if draw.random() < self._volley_share() else 1
            times += [at] * min(size, count - len(times))
        return times

    def _volley_share(self) -> float:
        """Return the share of draws that puts half of the requests into volleys."""
        return 1 / (1 + sum(self.volley) / 2)
