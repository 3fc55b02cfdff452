"""The slice that carries a change is found where there is one, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from driftwatch.statistics.slices import Slice, SliceKind, find_growth, find_slice, split_change

ROWS = 20_000
SHARES = np.array([0.1, 0.2, 0.3, 0.4])
CELLS = 20
PLANTED = 1


def draw(
    rng: np.random.Generator,
    shifts: NDArray[np.float64],
    shares: NDArray[np.float64] = SHARES,
    means: NDArray[np.float64] | float = 0.0,
    rows: int = ROWS,
) -> NDArray[np.int64]:
    """Return rows drawn one by one: a group each, a value each, and only then counted."""
    groups = rng.choice(len(shares), size=rows, p=shares)
    values = rng.normal(size=rows) + (np.zeros(len(shares)) + means)[groups] + shifts[groups]
    cells = np.clip(((values + 4) / 8 * CELLS).astype(int), 0, CELLS - 1)
    table = np.zeros((len(shares), CELLS), dtype=np.int64)
    np.add.at(table, (groups, cells), 1)
    return table


def search(reference: NDArray[np.int64], current: NDArray[np.int64]) -> Slice | None:
    return find_slice([(reference, current)], [range(len(reference))])


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("planted", range(4))
def test_the_slice_that_was_changed_is_found(seed: int, planted: int) -> None:
    rng = np.random.default_rng(seed)
    shifts = np.zeros(4)
    shifts[planted] = 1.5

    found = search(draw(rng, np.zeros(4)), draw(rng, shifts))

    assert found is not None
    assert (found.group, found.kind) == (planted, SliceKind.OWN)
    assert found.explained > 0.85
    assert abs(found.share - SHARES[planted]) < 0.02


@pytest.mark.parametrize("seed", range(40))
def test_a_change_that_is_everywhere_names_no_slice(seed: int) -> None:
    rng = np.random.default_rng(seed)

    assert search(draw(rng, np.zeros(4)), draw(rng, np.full(4, rng.uniform(-2, 2)))) is None


@pytest.mark.parametrize("seed", range(40))
def test_where_nothing_changed_no_slice_is_named(seed: int) -> None:
    rng = np.random.default_rng(seed)
    usual, now = (draw(rng, np.zeros(4), rows=500) for _ in range(2))

    assert search(usual, now) is None


@pytest.mark.parametrize("seed", range(10))
def test_a_slice_that_only_grew_is_told_from_one_that_changed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    unlike = np.array([3.0, 0.0, 0.0, 0.0])
    grown = np.array([0.4, 0.13, 0.2, 0.27])

    found = search(draw(rng, np.zeros(4), means=unlike), draw(rng, np.zeros(4), grown, means=unlike))

    assert found is not None
    assert (found.group, found.kind) == (0, SliceKind.SIZE)
    assert found.share > found.usual_share + 0.25


@pytest.mark.parametrize("seed", range(10))
def test_a_slice_that_is_new_is_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    usual = draw(rng, np.zeros(4), np.array([0.0, 0.4, 0.3, 0.3]), means=np.array([3.0, 0, 0, 0]))
    now = draw(rng, np.zeros(4), np.array([0.3, 0.28, 0.21, 0.21]), means=np.array([3.0, 0, 0, 0]))

    found = search(usual, now)

    assert found is not None
    assert (found.group, found.kind, found.usual_share) == (0, SliceKind.SIZE, 0.0)


def test_of_two_columns_the_one_that_fits_closer_is_named() -> None:
    rng = np.random.default_rng(1)
    shifts = np.array([0.0, 1.5, 0.0, 0.0])
    usual, now = draw(rng, np.zeros(4)), draw(rng, shifts)
    wide = [np.array([table[[0, 1, 2]].sum(axis=0), table[3]]) for table in (usual, now)]

    found = find_slice([(wide[0], wide[1]), (usual, now)], [range(2), range(4)])

    assert found is not None
    assert (found.pair, found.group) == (1, PLANTED)


def test_a_group_without_a_name_is_never_named() -> None:
    rng = np.random.default_rng(1)
    tables = (draw(rng, np.zeros(4)), draw(rng, np.array([0.0, 1.5, 0.0, 0.0])))

    assert find_slice([tables], [(0, 2, 3)]) is None


def test_two_slices_that_moved_against_each_other_are_no_one_slice() -> None:
    rng = np.random.default_rng(1)

    assert search(draw(rng, np.zeros(4)), draw(rng, np.array([0.0, 0.0, 1.5, -1.5]))) is None


TABLES = arrays.arrays(np.int64, (3, 4), elements=st.integers(0, 1000))


@given(TABLES, TABLES)
def test_what_explains_a_change_adds_up_to_all_of_it(
    usual: NDArray[np.int64], now: NDArray[np.int64]
) -> None:
    found = split_change(usual, now)
    assume(found is not None)

    assert found is not None
    np.testing.assert_allclose(found.own + found.rest + found.size, 1.0, atol=1e-6 / found.distance)


@given(TABLES, TABLES)
def test_the_distance_is_that_of_the_column_whatever_divides_it(
    usual: NDArray[np.int64], now: NDArray[np.int64]
) -> None:
    found = split_change(usual, now)
    assume(found is not None)

    assert found is not None
    p, q = usual.sum(axis=0) / usual.sum(), now.sum(axis=0) / now.sum()
    assert found.distance == pytest.approx(float(np.abs(p - q).sum()) / 2)


@given(TABLES, TABLES, st.permutations(range(3)), st.permutations(range(4)))
def test_the_order_of_groups_and_cells_does_not_matter(
    usual: NDArray[np.int64], now: NDArray[np.int64], groups: list[int], cells: list[int]
) -> None:
    plain, mixed = split_change(usual, now), split_change(usual[groups][:, cells], now[groups][:, cells])

    assert (plain is None) == (mixed is None)
    if plain is not None and mixed is not None:
        np.testing.assert_allclose(plain.own[groups], mixed.own, atol=1e-6 / plain.distance)


@given(TABLES, TABLES, st.integers(2, 50))
def test_more_rows_of_the_same_change_no_share(
    usual: NDArray[np.int64], now: NDArray[np.int64], times: int
) -> None:
    once, often = split_change(usual, now), split_change(usual * times, now * times)

    assert (once is None) == (often is None)
    if once is not None and often is not None:
        np.testing.assert_allclose(once.own, often.own, atol=1e-6 / once.distance)
        np.testing.assert_allclose(once.size, often.size, atol=1e-6 / once.distance)


@given(TABLES)
def test_equal_tables_have_no_change(table: NDArray[np.int64]) -> None:
    assert split_change(table, table) is None


def test_the_name_that_grew_most_is_found_by_stored_counts() -> None:
    usual, now = np.array([500, 400, 100]), np.array([400, 300, 300])

    found = find_growth([(usual, usual), (usual, now)])

    assert found is not None
    assert (found.pair, found.group, found.share, found.usual_share) == (1, 2, 0.3, 0.1)
    assert find_growth([(usual, usual)]) is None
    assert find_growth([(np.zeros(3, dtype=np.int64), now)]) is None
