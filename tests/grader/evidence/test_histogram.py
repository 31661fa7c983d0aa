import math

import pytest

from grader.evidence.histogram import latency, quantile


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [
        ({0.1: 95, 1.0: 100, math.inf: 100}, 0.1),
        ({0.1: 94, 1.0: 100, math.inf: 100}, 1.0),
        ({0.1: 0, 1.0: 10, math.inf: 100}, math.inf),
        ({}, math.inf),
        ({0.1: 0, math.inf: 0}, math.inf),
    ],
)
def test_a_quantile_is_the_lowest_edge_that_covers_the_share(buckets: dict[float, float], expected: float) -> None:
    assert quantile(buckets, 0.95) == expected


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [({0.1: 100, math.inf: 100}, 0.1), ({0.1: 0, 1.0: 10, math.inf: 100}, 1.0), ({math.inf: 9}, None), ({}, None)],
)
def test_a_latency_beyond_the_last_bucket_counts_as_its_edge(
    buckets: dict[float, float], expected: float | None
) -> None:
    assert latency(buckets, 0.95) == expected
