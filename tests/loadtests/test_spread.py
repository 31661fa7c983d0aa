"""Requests spread unevenly over replicas, as the seed draws."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from loadtests.plan import LoadPlan
from loadtests.spread import BUSIEST, Spread

seeds = st.integers(0, 2**31)
THREE = ("http://shop-1:8000", "http://shop-2:8000", "http://shop-3:8000")


def spread(seed: int, replicas: dict[str, str] | None = None) -> Spread:
    phases = [{"name": "steady", "seconds": 1, "rate": {}}]
    return Spread(LoadPlan.read({"seed": seed, "phases": phases, "replicas": replicas or {}}))


@given(seeds)
def test_the_busiest_target_gets_twice_the_requests_of_the_idlest(seed: int) -> None:
    drawn = spread(seed)
    asked = Counter(drawn.target(THREE) for _ in range(3000))
    counts = sorted(asked.values())
    assert len(counts) == 3
    assert BUSIEST * 0.7 < counts[-1] / counts[0] < BUSIEST * 1.4


def test_each_target_is_the_busiest_under_some_seed() -> None:
    busiest = set()
    for seed in range(40):
        drawn = spread(seed)
        busiest.add(Counter(drawn.target(THREE) for _ in range(300)).most_common(1)[0][0])
    assert busiest == {*THREE}


def test_a_single_target_gets_all_requests() -> None:
    assert spread(1).target(THREE[:1]) == THREE[0]


def test_a_replica_is_replaced_by_the_one_that_plays_its_part() -> None:
    drawn = spread(1, {"shop-1": "shop-3", "shop-3": "shop-1", "shop-2": "shop-2"})
    assert [drawn.replica(target) for target in THREE] == [THREE[2], THREE[1], THREE[0]]
    assert drawn.replica("http://shelf:8000") == "http://shelf:8000"
