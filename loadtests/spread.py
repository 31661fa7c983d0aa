"""Spread: which target gets which request."""

from random import Random
from urllib.parse import urlsplit

from loadtests.plan import LoadPlan

BUSIEST = 2.0
"""The busiest of several targets gets this many times the requests of the idlest."""


class Spread:
    """Spread requests over targets at random, with weights that the seed draws.

    An even spread would let replicas keep a shared limit in local parts.
    """

    def __init__(self, plan: LoadPlan) -> None:
        self._replicas = plan.replicas
        self._seed = plan.seed
        self._random = Random(f"{plan.seed}:spread")
        self._weights: dict[tuple[str, ...], list[float]] = {}

    def target(self, targets: tuple[str, ...]) -> str:
        """Draw a target; the same targets always have the same weights."""
        weights = self._weights.setdefault(targets, self._drawn(targets))
        return self._random.choices(targets, weights)[0]

    def replica(self, target: str) -> str:
        """Return the URL of the replica that the seed chose for a target's part."""
        host = urlsplit(target).hostname or ""
        return target.replace(f"//{host}", f"//{self._replicas[host]}", 1) if host in self._replicas else target

    def _drawn(self, targets: tuple[str, ...]) -> list[float]:
        steps = max(1, len(targets) - 1)
        weights = [1 + (BUSIEST - 1) * step / steps for step in range(len(targets))]
        Random(f"{self._seed}:{targets}").shuffle(weights)
        return weights
