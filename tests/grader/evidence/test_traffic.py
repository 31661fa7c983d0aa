"""Served share and latency, derived from counters of the load generator."""

import pytest

from grader.evidence.traffic import Counts, Sample, Traffic, count


def latencies(kind: str, status: str, **buckets: float) -> list[Sample]:
    """Return the rows of a histogram.

    A keyword `le_0_5` is the edge 0.5.
    """
    edges = {key.removeprefix("le_").replace("_", ".").replace("Inf", "+Inf"): n for key, n in buckets.items()}
    return [({"kind": kind, "status": status, "le": edge}, n) for edge, n in edges.items()]


def test_only_a_success_within_the_limit_is_served() -> None:
    rows = [*latencies("polite", "200", le_0_5=3, le_Inf=5), *latencies("polite", "503", le_0_5=4, le_Inf=4)]
    counted = count([({"kind": "polite"}, 9)], rows, within=0.5)
    assert counted["polite"].since(Counts()) == Traffic(ended=9, served=3 / 9, p95=0.5)


def test_the_twin_has_a_limit_of_its_own() -> None:
    rows = latencies("twin", "200", le_0_1=8, le_0_5=10, le_Inf=10)
    traffic = count([({"kind": "twin"}, 10)], rows, within=0.5)["twin"].since(Counts())
    assert traffic.served == 0.8


def test_traffic_is_the_difference_between_two_moments() -> None:
    before = count([({"kind": "a"}, 100)], latencies("a", "200", le_0_5=100, le_1_0=100, le_Inf=100), within=0.5)
    after = count([({"kind": "a"}, 110)], latencies("a", "200", le_0_5=101, le_1_0=110, le_Inf=110), within=0.5)
    assert after["a"].since(before["a"]) == Traffic(ended=10, served=0.1, p95=1.0)


@pytest.mark.parametrize("ended", [0, -5])
def test_no_share_is_served_without_an_ended_request(ended: float) -> None:
    assert Counts(ended=ended).since(Counts()) == Traffic(ended, None, None)


def test_a_share_never_exceeds_one() -> None:
    rows = latencies("a", "200", le_0_5=11, le_Inf=11)
    assert count([({"kind": "a"}, 10)], rows, within=0.5)["a"].since(Counts()).served == 1.0
