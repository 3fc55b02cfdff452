from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.calibration.alteration import Alteration, AlterationKind, alter_counts, list_larger
from driftwatch.profiles.counts import Counts, count_numbers
from driftwatch.profiles.grid import build_number_grid

SIZES = {
    AlterationKind.SHIFT: st.floats(-12, 12),
    AlterationKind.SCALE: st.floats(0.01, 12),
    AlterationKind.FLOOD: st.floats(0.001, 1),
    AlterationKind.MISSING: st.floats(0.001, 1),
}
ALTERATIONS = st.sampled_from(AlterationKind).flatmap(
    lambda kind: st.builds(Alteration, kind=st.just(kind), size=SIZES[kind], value=st.just(-999.0))
)
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60)


def count(values: list[float]) -> Counts:
    array = np.array(values)
    return count_numbers(build_number_grid(array[::2]), array, missing=2)


@given(VALUES, ALTERATIONS)
def test_no_row_is_made_and_none_is_lost(values: list[float], alteration: Alteration) -> None:
    before = count(values)

    after = alter_counts(before, alteration, spread=3.0)

    assert after.rows == before.rows
    assert np.all(after.cells >= 0)
    assert (after.missing > before.missing) <= (alteration.kind is AlterationKind.MISSING)


@pytest.mark.parametrize(
    ("kind", "size"), [(AlterationKind.SHIFT, 0.0), (AlterationKind.SCALE, 1.0), (AlterationKind.SHIFT, -0.0)]
)
@given(values=VALUES)
def test_a_change_of_no_size_changes_nothing(kind: AlterationKind, size: float, values: list[float]) -> None:
    # Whole at the median, so that drawing apart by 1 is exact.
    before = count([float(round(value)) for value in values])

    assert alter_counts(before, Alteration(kind=kind, size=size), 3.0).cells.tolist() == before.cells.tolist()


def test_a_shift_moves_by_so_many_of_the_unit() -> None:
    values = np.random.default_rng(4).normal(0, 2, 5_000)
    before = count_numbers(build_number_grid(values), values)

    after = alter_counts(before, Alteration(kind=AlterationKind.SHIFT, size=-1.5), 2.0)

    assert after.sums.total / after.values == pytest.approx(
        before.sums.total / before.values - 3.0, abs=0.001
    )


@given(ALTERATIONS)
def test_larger_changes_are_larger_one_after_the_other(alteration: Alteration) -> None:
    sizes = [alteration.size, *(one.size for one in list_larger(alteration))]
    if alteration.kind is AlterationKind.SCALE:
        sizes = [math.log(size) for size in sizes]

    assert all(abs(left) < abs(right) for left, right in itertools.pairwise(sizes))
    # All go the way that was asked for.
    assert len({math.copysign(1.0, size) for size in sizes if size}) <= 1
    assert {(one.kind, one.value) for one in list_larger(alteration)} <= {(alteration.kind, alteration.value)}


@pytest.mark.parametrize(
    ("kind", "size", "said"),
    [
        (AlterationKind.SHIFT, math.nan, "is a number"),
        (AlterationKind.SCALE, 0.0, "a factor is above 0"),
        (AlterationKind.FLOOD, 0.0, "a share is above 0"),
        (AlterationKind.MISSING, 1.01, "a share is above 0 and at most 1, not 1.01"),
    ],
)
def test_a_size_that_is_none_is_refused(kind: AlterationKind, size: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Alteration(kind=kind, size=size)


def test_a_flood_of_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="a finite value"):
        Alteration(kind=AlterationKind.FLOOD, size=0.1, value=math.inf)
