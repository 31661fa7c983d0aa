"""Floods exceed every right limit, and expose a limiter with fixed windows."""

import math
from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.shapes import Floods, RateInterval

LIMIT_BURST = 20

seeds = st.integers(0, 2**31)
# Because a surge of lab 03 has a jitter, and begins at any moment. Rates are those of the manifest and more.
surges = st.builds(
    lambda start, seconds, rate: RateInterval(start, start + seconds, rate),
    st.floats(0, 30),
    st.floats(5.0, 5.5),
    st.floats(240, 400),
)


def floods(interval: RateInterval, seed: int) -> list[list[float]]:
    """Split an interval's arrivals where nothing arrives for a second."""
    found: list[list[float]] = []
    for at in Floods().times(interval, Random(seed)):
        if not found or at - found[-1][-1] > 1:
            found.append([])
        found[-1].append(at)
    return found


@given(surges, seeds)
def test_a_surge_has_at_least_two_floods_and_all_lie_inside(interval: RateInterval, seed: int) -> None:
    times = [at for flood in floods(interval, seed) for at in flood]
    assert len(floods(interval, seed)) >= 2
    assert interval.start <= times[0]
    assert times[-1] < interval.end


@given(surges, seeds)
def test_more_than_two_seconds_of_silence_lie_between_floods(interval: RateInterval, seed: int) -> None:
    found = floods(interval, seed)
    assert all(after[0] - before[-1] > 2 for before, after in pairwise(found))


@given(surges, seeds)
def test_a_flood_has_the_planned_rate_of_at_least_200_per_second(interval: RateInterval, seed: int) -> None:
    for flood in floods(interval, seed):
        assert len(flood) == round(interval.rate * Floods().length)
        assert len(flood) / (flood[-1] - flood[0]) >= 200


@given(surges, seeds)
def test_a_flood_straddles_a_whole_second_with_a_volley_on_each_side(interval: RateInterval, seed: int) -> None:
    for flood in floods(interval, seed):
        edge = math.ceil(flood[0])
        assert 0.2 - 1e-9 <= edge - flood[0] <= 0.35 + 1e-9
        assert Counter(flood)[flood[0]] >= LIMIT_BURST
        assert any(n >= LIMIT_BURST and edge < at < edge + 0.1 for at, n in Counter(flood).items())


@given(surges, seeds)
def test_floods_of_one_surge_straddle_seconds_of_both_parities(interval: RateInterval, seed: int) -> None:
    assert {math.ceil(flood[0]) % 2 for flood in floods(interval, seed)} == {0, 1}


@given(surges, seeds)
def test_volleys_come_at_one_instant_and_are_never_larger_than_forty(interval: RateInterval, seed: int) -> None:
    for flood in floods(interval, seed):
        volleys = [n for n in Counter(flood).values() if n > 1]
        assert max(volleys) <= 40
        assert sum(volleys) >= 0.2 * len(flood)


def test_about_half_of_a_flood_is_volleys() -> None:
    interval = RateInterval(0, 5.2, 250)
    counts = [Counter(flood) for seed in range(300) for flood in floods(interval, seed)]
    in_volleys = sum(n for count in counts for n in count.values() if n > 1)
    assert 0.4 < in_volleys / sum(count.total() for count in counts) < 0.8


@pytest.mark.parametrize("seconds", [0.3, 0.9])
def test_a_phase_too_short_for_a_flood_has_no_arrivals(seconds: float) -> None:
    assert Floods().times(RateInterval(0.5, 0.5 + seconds, 250), Random(1)) == []


def test_longer_phases_have_more_floods() -> None:
    assert len(floods(RateInterval(0, 30, 250), 1)) >= 7
