"""The decision rule for any counts: monotone, symmetrical, sometimes unclear."""

import math
from itertools import permutations

from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binomtest

from grader.course.manifest import ExactCheck, MeasureCheck, ShareCheck
from grader.evidence.checks import Reading, State, decide, overall
from grader.evidence.confidence import ERROR, interval

ORDER = {State.FAILS: 0, State.UNCLEAR: 1, State.HOLDS: 2}
totals = st.integers(1, 5000)
limits = st.floats(0.01, 0.99)


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    total = draw(totals)
    return draw(st.integers(0, total)), total


def share(good: float, total: float, **threshold: float) -> State:
    check = ShareCheck(name="a", says="it is claimed", kind="share", good="g", total="t", **threshold)
    return decide(check, [Reading(phase=None, good=good, total=total)]).state


@given(counts())
def test_the_interval_matches_clopper_and_pearson(count: tuple[int, int]) -> None:
    good, total = count
    low, high = interval(good, total)
    exact = binomtest(good, total).proportion_ci(1 - ERROR, method="exact")
    assert math.isclose(low, exact.low, abs_tol=1e-9)
    assert math.isclose(high, exact.high, abs_tol=1e-9)
    assert low <= good / total <= high


@given(counts(), limits)
def test_one_more_good_event_never_harms_a_check_with_a_minimum(count: tuple[int, int], limit: float) -> None:
    good, total = count
    assume(good < total)
    assert ORDER[share(good, total, min=limit)] <= ORDER[share(good + 1, total, min=limit)]


@given(counts(), limits)
def test_one_more_bad_event_never_helps_a_check_with_a_minimum(count: tuple[int, int], limit: float) -> None:
    good, total = count
    assert ORDER[share(good, total + 1, min=limit)] <= ORDER[share(good, total, min=limit)]


@given(counts(), limits)
def test_good_and_bad_are_mirror_images(count: tuple[int, int], limit: float) -> None:
    good, total = count
    low, high = interval(good, total)
    # At the threshold itself the last bit of a float decides.
    assume(abs(low - limit) > 1e-9)
    assume(abs(high - limit) > 1e-9)
    assert share(good, total, min=limit) is share(total - good, total, max=1 - limit)


@given(counts(), st.floats(0, 1, exclude_min=True))
def test_an_interval_across_the_threshold_decides_nothing(count: tuple[int, int], place: float) -> None:
    low, high = interval(*count)
    limit = min(low + place * (high - low), high)
    assume(low < limit)
    assert share(*count, min=limit) is State.UNCLEAR
    assert share(*count, max=limit) in (State.UNCLEAR, State.HOLDS if high == limit else State.UNCLEAR)


@given(limits)
def test_a_check_without_events_has_no_evidence(limit: float) -> None:
    assert share(0, 0, min=limit) is State.MISSING


@given(st.lists(counts(), min_size=1, max_size=4), limits)
def test_pooled_runs_decide_like_one_run_in_any_order(runs: list[tuple[int, int]], limit: float) -> None:
    check = ShareCheck(name="a", says="it is claimed", kind="share", good="g", total="t", min=limit)
    findings = [
        decide(check, [Reading(phase=None, good=good, total=total) for good, total in order])
        for order in permutations(runs)
    ]
    good, total = (sum(part) for part in zip(*runs, strict=True))
    assert {finding.state for finding in findings} == {share(good, total, min=limit)}


@given(st.floats(0, 1e6), st.floats(0, 1e3), st.floats(0, 1e6))
def test_a_measure_within_its_guard_of_the_threshold_decides_nothing(value: float, guard: float, limit: float) -> None:
    check = MeasureCheck(name="a", says="it is claimed", kind="measure", value="v", guard=guard, max=limit)
    state = decide(check, [Reading(phase=None, value=value)]).state
    expected = State.HOLDS if value + guard <= limit else State.FAILS if value - guard > limit else State.UNCLEAR
    assert state is expected


@given(st.integers(0, 10**9))
def test_an_exact_check_always_decides(value: int) -> None:
    check = ExactCheck(name="a", says="it is claimed", kind="exact", value="v", max=0)
    state = decide(check, [Reading(phase=None, value=value)]).state
    assert state is (State.HOLDS if value == 0 else State.FAILS)


@given(st.lists(st.sampled_from(list(State)), min_size=1, max_size=5))
def test_a_check_holds_only_if_it_holds_in_each_phase(states: list[State]) -> None:
    from grader.evidence.checks import CheckFinding  # noqa: PLC0415 # only here

    together = overall(CheckFinding(phase=None, state=state) for state in states)
    assert (together is State.HOLDS) == (set(states) == {State.HOLDS})
    assert (together is State.FAILS) == (State.FAILS in states)
