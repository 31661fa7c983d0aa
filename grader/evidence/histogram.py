"""What the buckets of a Prometheus histogram tell."""

import math


def quantile(buckets: dict[float, float], share: float) -> float:
    """Return the lowest bucket edge under which at least `share` of the events lie (seconds; inf beyond the last)."""
    total = buckets.get(math.inf, 0.0)
    for edge in sorted(buckets):
        if total and buckets[edge] >= share * total:
            return edge
    return math.inf
