"""Quantiles of a Prometheus histogram."""

import math
from collections.abc import Mapping


def quantile(buckets: Mapping[float, float], share: float) -> float:
    """Return the lowest bucket edge that covers a share of the events.

    It is infinity beyond the last edge. `buckets` counts events by upper edge in seconds, cumulatively.
    """
    total = buckets.get(math.inf, 0.0)
    for edge in sorted(buckets):
        if total and buckets[edge] >= share * total:
            return edge
    return math.inf


def latency(buckets: Mapping[float, float], share: float) -> float | None:
    """Return a quantile in seconds, at most the last finite edge.

    None without a finite edge.

    Source: `histogram_quantile` of Prometheus caps likewise.
    """
    finite = [edge for edge in buckets if edge != math.inf]
    return min(quantile(buckets, share), max(finite)) if finite else None
