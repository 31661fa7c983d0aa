"""Window: how many moments lie close together."""

from collections.abc import Sequence


def most_within(seconds: float, times: Sequence[float]) -> int:
    """Return how many of these times, which are in order, lie within `seconds` at most."""
    most = first = 0
    for last, time in enumerate(times):
        while time - times[first] > seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
