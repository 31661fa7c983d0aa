"""The decision rule: only evidence that clears a threshold decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from grader.course.manifest import ExactCheck, MeasureCheck, ShareCheck
from grader.evidence.checks import CheckFinding, Reading, State, decide, overall, read
from grader.evidence.confidence import ERROR, interval
from grader.evidence.prometheus import Evidence

counts = st.integers(1, 3000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


def share(least: float | None = None, most: float | None = None) -> ShareCheck:
    return ShareCheck(
        name="served", says="Requests are served.", kind="share", good="g", total="t", min=least, max=most
    )


def measure(guard: float = 1.0) -> MeasureCheck:
    return MeasureCheck(name="peak", says="The peak is low.", kind="measure", value="v", guard=guard, max=10)


def exact() -> ExactCheck:
    return ExactCheck(name="sold", says="Nothing is sold twice.", kind="exact", value="v", max=0)


def of(good: float | None, total: float | None) -> Reading:
    return Reading(phase=None, good=good, total=total)


def test_200_good_events_of_200_prove_a_share_of_95_percent() -> None:
    low, high = interval(200, 200)
    assert low == pytest.approx(0.9517, abs=1e-4)
    assert high == 1


@given(counts)
def test_an_interval_excludes_only_shares_under_which_the_counts_are_too_unlikely(pair: tuple[int, int]) -> None:
    good, total = pair
    low, high = interval(good, total)
    assert 0 <= low <= good / total <= high <= 1
    if low > 0:
        assert binom.sf(good - 1, total, low) == pytest.approx(ERROR / 2, rel=1e-3)
    if high < 1:
        assert binom.cdf(good, total, high) == pytest.approx(ERROR / 2, rel=1e-3)


@given(counts)
def test_an_interval_is_symmetrical_in_good_and_bad(pair: tuple[int, int]) -> None:
    good, total = pair
    low, high = interval(good, total)
    assert interval(total - good, total) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(counts, st.floats(0.01, 0.99))
def test_one_more_good_event_never_worsens_a_state(pair: tuple[int, int], least: float) -> None:
    good, total = pair
    order = [State.FAILS, State.UNCLEAR, State.HOLDS]
    before = decide(share(least), [of(good, total)]).state
    after = decide(share(least), [of(min(good + 1, total), total)]).state
    assert order.index(after) >= order.index(before)


@given(counts, st.floats(0.01, 0.99))
def test_a_share_is_unclear_while_its_interval_contains_the_threshold(pair: tuple[int, int], least: float) -> None:
    finding = decide(share(least), [of(*pair)])
    assert finding.low is not None
    assert finding.high is not None
    assert (finding.state is State.UNCLEAR) == (finding.low < least <= finding.high)


def test_pooled_counts_decide_a_check_that_one_run_could_not() -> None:
    once = [of(95, 100)]
    assert decide(share(0.85), once).state is State.UNCLEAR
    assert decide(share(0.85), once * 5).state is State.HOLDS


@pytest.mark.parametrize("reading", [of(None, 10), of(3, None), of(0, 0)])
def test_a_share_without_evidence_is_missing_and_never_holds(reading: Reading) -> None:
    assert decide(share(0.5), [reading]).state is State.MISSING
    assert decide(share(0.5), [of(10, 10), reading]).state is State.MISSING


def test_more_good_than_total_counts_as_all_good() -> None:
    assert decide(share(0.5), [of(101, 100)]).measured == 1


@pytest.mark.parametrize(("value", "state"), [(8.9, State.HOLDS), (9.5, State.UNCLEAR), (11.5, State.FAILS)])
def test_a_measure_inside_its_guard_band_is_unclear(value: float, state: State) -> None:
    assert decide(measure(), [Reading(phase=None, value=value)]).state is state


class Leaks(Evidence):
    """Answer any query with two series, or their sum."""

    def __init__(self) -> None:
        super().__init__(0)

    def series(self, query: str) -> list[tuple[dict[str, str], float]]:
        if query == "sum(leaks)":
            return [({}, 5.0)]
        return [
            ({"place": "span", "key": "email"}, 4.0),
            ({"place": "log", "key": "name"}, 1.0),
            ({"place": "log"}, 0.0),
        ]


def test_a_check_with_parts_says_what_its_value_consists_of() -> None:
    check = ExactCheck(name="leaks", says="Nothing leaks out.", kind="exact", value="sum(leaks)", parts="leaks", max=0)
    finding = decide(check, [*read(check, Leaks()), *read(check, Leaks())])
    assert (finding.state, finding.measured) == (State.FAILS, 10)
    assert list(finding.parts.items()) == [("key=email, place=span", 8), ("key=name, place=log", 2)]


def test_an_exact_check_fails_on_the_first_event() -> None:
    assert decide(exact(), [Reading(phase=None, value=0)]).state is State.HOLDS
    assert decide(exact(), [Reading(phase=None, value=1)]).state is State.FAILS
    assert decide(exact(), [Reading(phase=None, value=0), Reading(phase=None, value=1)]).state is State.FAILS


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([State.HOLDS, State.HOLDS], State.HOLDS),
        ([State.HOLDS, State.FAILS, State.MISSING], State.FAILS),
        ([State.HOLDS, State.UNCLEAR], State.UNCLEAR),
        ([State.UNCLEAR, State.MISSING], State.MISSING),
        ([State.HOLDS, State.NOT_REACHED], State.NOT_REACHED),
    ],
)
def test_a_check_must_hold_in_each_of_its_phases(states: list[State], expected: State) -> None:
    assert overall([CheckFinding(phase=None, state=state) for state in states]) is expected
