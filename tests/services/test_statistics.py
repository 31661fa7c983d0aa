"""The number of keys that expire together."""

import pytest

from kit.statistics import most_together


@pytest.mark.parametrize(
    ("seconds", "most"),
    [
        ([], 0),
        ([60.0], 1),
        ([50.0, 60.0, 70.0], 1),
        ([60.0, 60.4, 61.0, 61.1], 3),
        ([40.0, 40.5, 60.0, 60.1, 60.2], 3),
        # Locks, expired keys and keys without a time to live are not counted.
        ([1.0, 1.0, 1.0, -0.001, -0.001, -0.002, 60.0], 1),
    ],
)
def test_keys_that_expire_within_one_second_are_counted_together(seconds: list[float], most: int) -> None:
    assert most_together(seconds) == most
    assert most_together(seconds[::-1]) == most
