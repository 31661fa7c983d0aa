"""Names do not reveal their kind."""

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from loadtests.subjects import Group, draw_names

GROUPS = (Group("polite", 20), Group("scraper"), Group("probes", 16))

seeds = st.integers(0, 2**31)


@given(seeds)
def test_no_two_subjects_have_the_same_name(seed: int) -> None:
    names = [name for group in draw_names(seed, GROUPS).values() for name in group]
    assert len(set(names)) == 37


@given(seeds, st.permutations([*GROUPS, GROUPS[1]]))
def test_a_groups_names_depend_on_seed_and_groups_only(seed: int, groups: list[Group]) -> None:
    assert draw_names(seed, groups) == draw_names(seed, GROUPS)


@given(seeds)
def test_names_look_alike_for_all_groups(seed: int) -> None:
    names = draw_names(seed, GROUPS)
    assert all(re.fullmatch(r"tenant-[0-9a-f]{5}", name) for group in names.values() for name in group)


def test_the_order_of_names_does_not_reveal_the_group() -> None:
    # Sorted by group, the scraper's name would always be at the same place.
    places = Counter(
        sorted(name for group in names.values() for name in group).index(names[GROUPS[1]][0])
        for names in (draw_names(seed, GROUPS) for seed in range(500))
    )
    assert len(places) == 37


def test_another_seed_gives_other_names() -> None:
    assert len({draw_names(seed, GROUPS)[GROUPS[1]] for seed in range(200)}) > 190
