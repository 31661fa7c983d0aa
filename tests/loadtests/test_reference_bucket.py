"""The reference bucket: requests under a promise, and admissions beyond it."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from loadtests.bucket import BucketLevel, Reference, TokenBucket, Where

PROMISE = TokenBucket(rate=10, burst=20)
SURGE: Where = ("noisy", "surge")
RECOVERY: Where = ("behaving", "recovery")

gaps = st.lists(st.floats(0, 3), min_size=1, max_size=120)


def held(sent: list[tuple[float, Where, bool]], order: list[int]) -> tuple[Counter[Where], Counter[Where]]:
    """Hold requests against PROMISE.

    They end in the given order.
    """
    promised: Counter[Where] = Counter()
    beyond: Counter[Where] = Counter()
    reference = Reference(PROMISE, promised, beyond)
    requests = [reference.send(at, where) for at, where, _ in sent]
    for index in order:
        reference.end(requests[index], admitted=sent[index][2])
    return promised, beyond


def covered(times: list[float], rate: float, burst: float) -> list[bool]:
    """Tell for each time, by brute force, whether a bucket covers it.

    A bucket covers a request when no window that ends with it holds more covered requests than it may admit.
    """
    told: list[bool] = []
    for index, at in enumerate(times):
        windows = (
            1 + sum(told[first:index]) <= burst + rate * (at - times[first]) + 1e-6 for first in range(index + 1)
        )
        told.append(all(windows))
    return told


@given(gaps)
def test_a_bucket_covers_a_request_that_no_window_forbids(between: list[float]) -> None:
    times = [sum(between[: i + 1]) for i in range(len(between))]
    level = BucketLevel(TokenBucket(rate=2, burst=3))
    assert [level.take(at) for at in times] == covered(times, rate=2, burst=3)


@given(gaps, st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing(between: list[float], draw: Random) -> None:
    times = [sum(between[: i + 1]) / 10 for i in range(len(between))]
    sent = [(at, draw.choice([SURGE, RECOVERY]), draw.random() < 0.8) for at in times]
    order = list(range(len(sent)))
    expected = held(sent, order)
    draw.shuffle(order)
    assert held(sent, order) == expected


@given(gaps, st.randoms(use_true_random=False))
def test_a_bucket_larger_by_a_fifth_decides_which_admissions_are_excessive(between: list[float], draw: Random) -> None:
    times = [sum(between[: i + 1]) / 20 for i in range(len(between))]
    sent = [(at, SURGE, draw.random() < 0.8) for at in times]
    _, beyond = held(sent, list(range(len(sent))))
    admitted = [at for at, _, ok in sent if ok]
    assert beyond[SURGE] == covered(admitted, rate=12, burst=24).count(False)


def test_counts_go_to_each_requests_kind_and_phase_across_a_subjects_bucket() -> None:
    sent = [(0.0, SURGE, True)] * 15 + [(0.0, RECOVERY, True)] * 15
    promised, beyond = held(sent, list(range(30)))
    assert promised == {SURGE: 15, RECOVERY: 5}
    assert beyond == {SURGE: 0, RECOVERY: 6}


def test_two_bursts_around_a_windows_edge_are_beyond_the_promise() -> None:
    sent = [(0.9, SURGE, True)] * 20 + [(1.1, SURGE, True)] * 20
    _, beyond = held(sent, list(range(40)))
    assert beyond[SURGE] >= 13


def test_a_right_limiters_admissions_are_never_beyond_the_promise() -> None:
    draw = Random(3)
    limiter = BucketLevel(PROMISE)
    times = sorted(draw.uniform(0, 20) for _ in range(4000))
    promised, beyond = held([(at, SURGE, limiter.take(at)) for at in times], list(range(len(times))))
    assert 210 < promised[SURGE] <= 20 + 10 * 20
    assert beyond[SURGE] == 0


def test_an_open_request_delays_the_judgement_of_later_ones_only() -> None:
    promised: Counter[Where] = Counter()
    beyond: Counter[Where] = Counter()
    reference = Reference(TokenBucket(rate=0, burst=1), promised, beyond)
    first, second, third = (reference.send(0.0, SURGE) for _ in range(3))
    reference.end(second, admitted=True)
    reference.end(third, admitted=True)
    assert not beyond[SURGE]
    reference.end(first, admitted=False)
    assert beyond[SURGE] == 1
