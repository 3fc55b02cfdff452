from __future__ import annotations

from collections.abc import Sequence

import pytest

from driftwatch.statistics.volume import volume


@pytest.mark.parametrize(
    ("usual", "rows", "expected"),
    [
        ([100, 100, 100], 100, 0),
        ([100, 110, 90, 0], 10, 0.9),
        ([90, 110], 300, 2),
        ([5, 5, 5], 0, 1),
        ([], 10, None),
        ([0, 0], 10, None),
    ],
)
def test_it_is_measured_from_the_median_of_blocks_with_rows(
    usual: Sequence[int], rows: int, expected: float | None
) -> None:
    assert volume(usual, rows).value == expected
