from __future__ import annotations

import math

import pytest

from driftwatch.statistics.jensen_shannon import jensen_shannon
from tests.support.columns import count_category_rows


def test_all_in_one_against_half_and_half() -> None:
    found = jensen_shannon(*count_category_rows([2, 0], [1, 1]))

    assert found.value == pytest.approx(0.46450140402245893, abs=1e-14)


def test_nothing_in_common_is_one_to_base_two() -> None:
    found = jensen_shannon(*count_category_rows([1, 0, 0], [0, 1, 0]))

    assert found.value == pytest.approx(math.sqrt(math.log(2)), abs=1e-15)


@pytest.mark.parametrize(
    ("column", "published"), [(0, 0.1954288), (1, 0.1447697), (2, 0.1138377), (3, 0.0927636)]
)
def test_columns_of_one_to_twelve_against_thirteen_to_twenty_four(column: int, published: float) -> None:
    reference, current = ([start + 4 * row + column for row in range(3)] for start in (1, 13))

    found = jensen_shannon(*count_category_rows(reference, current))

    assert found.value == pytest.approx(published, abs=5e-8)
