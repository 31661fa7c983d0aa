"""The schedule precedes the first request, and depends on arguments alone."""

import math
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.plan import LoadPlan
from loadtests.schedule import schedule
from loadtests.shapes import Floods, Poisson, Regular, Shape

SHAPES: dict[str, Shape] = {"polite": Poisson(), "probe": Regular(), "noisy": Floods()}

seeds = st.integers(0, 2**31)
lengths = st.floats(0.5, 12)
rates = st.fixed_dictionaries({}, optional={kind: st.floats(0.1, 300) for kind in SHAPES})
phases = st.builds(
    lambda name, seconds, rate: {"name": name, "seconds": seconds, "rate": rate}, st.text(), lengths, rates
)
plans = st.builds(
    lambda seed, told: LoadPlan.read({"seed": seed, "phases": told}), seeds, st.lists(phases, min_size=1, max_size=4)
)


def polite(seed: int, seconds: float, rate: float) -> list[float]:
    plan = LoadPlan.read({"seed": seed, "phases": [{"name": "steady", "seconds": seconds, "rate": {"polite": rate}}]})
    return [arrival.at for arrival in schedule(plan, SHAPES)["polite"]]


@given(plans)
def test_the_same_plan_always_gives_the_same_schedule(plan: LoadPlan) -> None:
    assert schedule(plan, SHAPES) == schedule(plan, SHAPES)


@given(plans)
def test_every_arrival_lies_within_its_phase_and_none_is_out_of_order(plan: LoadPlan) -> None:
    starts = [0.0, *plan.ends]
    for arrivals in schedule(plan, SHAPES).values():
        assert all(starts[a.phase] <= a.at < plan.ends[a.phase] for a in arrivals)
        assert arrivals == sorted(arrivals, key=lambda a: a.at)


@given(plans)
def test_the_visits_of_a_kind_are_numbered_from_zero_over_all_phases(plan: LoadPlan) -> None:
    for arrivals in schedule(plan, SHAPES).values():
        assert [a.number for a in arrivals] == list(range(len(arrivals)))


@given(plans)
def test_a_kinds_schedule_is_independent_of_other_kinds(plan: LoadPlan) -> None:
    alone = {"polite": SHAPES["polite"]}
    told = [
        {"name": p.name, "seconds": p.seconds, "rate": {k: r for k, r in p.rate.items() if k in alone}}
        for p in plan.phases
    ]
    assert (
        schedule(LoadPlan.read({"seed": plan.seed, "phases": told}), alone)["polite"]
        == schedule(plan, SHAPES)["polite"]
    )


def test_another_seed_gives_another_schedule() -> None:
    assert len({tuple(polite(seed, 5, 40)) for seed in range(50)}) == 50


def test_the_number_of_independent_arrivals_is_poisson_distributed() -> None:
    # Mean and variance of 2,000 counts, each with mean and variance 200: five standard errors of either.
    counts = [len(polite(seed, 5, 40)) for seed in range(2000)]
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / (len(counts) - 1)
    assert abs(mean - 200) < 5 * math.sqrt(200 / 2000)
    assert abs(variance - 200) < 5 * 200 * math.sqrt(2 / 2000)


def test_gaps_between_independent_arrivals_are_exponential() -> None:
    # Kolmogorov and Smirnov's distance over 20,000 gaps; 1.95 / sqrt(n) is passed once in a thousand times.
    times = polite(7, 500, 40)
    gaps = sorted(b - a for a, b in pairwise(times))
    steps = [(i / len(gaps), 1 - math.exp(-40 * gap)) for i, gap in enumerate(gaps)]
    assert max(abs(a - b) for a, b in steps) < 1.95 / math.sqrt(len(gaps))


@given(seeds, st.floats(0.5, 20), st.floats(0, 3), st.floats(0, 1), st.floats(4, 12))
def test_regular_arrivals_keep_their_rate_between_delay_and_rest(
    seed: int, rate: float, delay: float, rest: float, seconds: float
) -> None:
    plan = LoadPlan.read(
        {"seed": seed, "phases": [{"name": "recovery", "seconds": seconds, "rate": {"behaving": rate}}]}
    )
    times = [a.at for a in schedule(plan, {"behaving": Regular(0.2, delay, rest)})["behaving"]]
    assert abs(len(times) - (seconds - delay - rest) * rate) <= 1
    assert all(delay <= at < seconds - rest for at in times)
    assert all(b - a >= 0.6 / rate - 1e-9 for a, b in pairwise(times))


def test_a_behaving_tenant_begins_over_two_seconds_after_its_last_flood() -> None:
    shapes: dict[str, Shape] = {"noisy": Floods(), "behaving": Regular(delay=2.2)}
    told = [
        {"name": "surge", "seconds": 5.1, "rate": {"noisy": 250}},
        {"name": "recovery", "seconds": 8.4, "rate": {"behaving": 5}},
    ]
    for seed in range(200):
        arrivals = schedule(LoadPlan.read({"seed": seed, "phases": told}), shapes)
        assert arrivals["behaving"][0].at - arrivals["noisy"][-1].at >= 2.2
        assert max(Counter(int(a.at) for a in arrivals["behaving"]).values()) <= 6
        assert len(arrivals["behaving"]) >= 30


def test_a_kind_without_a_shape_is_refused_by_name() -> None:
    plan = LoadPlan.read({"seed": 1, "phases": [{"name": "steady", "seconds": 1, "rate": {"polit": 1}}]})
    with pytest.raises(ValueError, match="there are no `polit` users; there are noisy, polite, probe"):
        schedule(plan, SHAPES)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"seed": 1, "phases": []},
        {"seed": "x", "phases": [{"name": "a", "seconds": 1, "rate": {}}]},
        {"seed": 1, "phases": [{"name": "a", "seconds": 0, "rate": {}}]},
        {"seed": 1, "phases": [{"name": "a", "seconds": float("nan"), "rate": {}}]},
        {"seed": 1, "phases": [{"name": "a", "seconds": 1, "rate": {"polite": -1}}]},
        {"seed": 1, "phases": [{"name": "a", "seconds": 1, "rate": {"polite": "many"}}]},
        {"seed": 1, "phases": [{"name": "a", "seconds": 1}]},
    ],
)
def test_a_body_that_is_not_a_plan_is_refused(body: object) -> None:
    with pytest.raises(ValueError, match=r"phase|plan|int\(\)|float"):
        LoadPlan.read(body)


def test_making_a_schedule_does_not_patch_the_standard_library() -> None:
    look = "import sys, loadtests.schedule, loadtests.subjects, loadtests.bucket; print('gevent' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True, timeout=30)
    assert said.stdout == "False\n"


def test_the_twin_gets_requests_even_in_a_short_phase() -> None:
    # Users are Locust's, which changes the standard library of its process.
    look = """
from random import Random
from loadtests.shapes import RateInterval
from loadtests.generator import TWIN_RATE
from loadtests.users import Twin
print(min(len(Twin.arrivals.times(RateInterval(3.1, 3.4, TWIN_RATE), Random(seed))) for seed in range(1000)))
"""
    services = {"PYTHONPATH": str(Path(__file__).parents[2] / "services")}
    run = [sys.executable, "-c", look]
    said = subprocess.run(run, check=True, capture_output=True, text=True, env=services, timeout=60)
    assert int(said.stdout) >= 2
