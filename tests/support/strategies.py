"""Hypothesis strategies for raw columns, grids and counts."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from driftwatch.profiles.counts import Counts, count_names, count_numbers
from driftwatch.profiles.grid import CategoryGrid, NumberGrid, build_category_grid, build_number_grid
from tests.support.columns import Pair, pair_categories, pair_numbers

__all__ = [
    "category_counts",
    "category_grids",
    "category_pairs",
    "names",
    "number_counts",
    "number_grids",
    "number_pairs",
    "numbers",
]

# A few whole numbers make ties, tenths make gaps that hold several values, and the rest anything.
_values = st.one_of(
    st.integers(-3, 3).map(float),
    st.integers(-40, 40).map(lambda tenths: tenths / 10),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6)),
)


def numbers(*, min_size: int = 1, max_size: int = 40) -> st.SearchStrategy[list[float]]:
    """Return lists of finite numbers with many ties."""
    return st.lists(_values, min_size=min_size, max_size=max_size)


def names(
    *, alphabet: str = "abcdefgh", min_size: int = 1, max_size: int = 60
) -> st.SearchStrategy[list[str]]:
    """Return lists of one-letter names."""
    return st.lists(st.sampled_from(alphabet), min_size=min_size, max_size=max_size)


def number_grids(*, max_points: int = 8) -> st.SearchStrategy[NumberGrid]:
    """Return grids of at most `max_points` + 1 points, full ones and coarse ones."""
    return numbers().map(lambda values: build_number_grid(np.array(values), max_points=max_points))


@st.composite
def number_counts(draw: st.DrawFn, grid: NumberGrid) -> Counts:
    """Return counts of any batch on `grid`, missing, NaN and infinite rows among them."""
    odd = st.sampled_from([np.nan, np.inf, -np.inf])
    values = draw(st.lists(st.one_of(_values, odd), max_size=40))
    few = st.integers(0, 3)
    return count_numbers(grid, np.array(values), missing=draw(few), unreadable=draw(few))


@st.composite
def category_grids(draw: st.DrawFn) -> CategoryGrid:
    """Return grids of up to 8 names, some of them beyond the cap."""
    found = draw(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 50), min_size=1))
    counts = np.array(list(found.values()), dtype=np.int64)
    return build_category_grid(list(found), counts, max_names=draw(st.integers(1, 8)))


@st.composite
def category_counts(draw: st.DrawFn, grid: CategoryGrid) -> Counts:
    """Return counts of any batch on `grid`, missing rows and unseen names among them."""
    found = draw(st.dictionaries(st.sampled_from("abcdefghxyz"), st.integers(1, 50)))
    few = st.integers(0, 3)
    counts = np.array(list(found.values()), dtype=np.int64)
    return count_names(grid, list(found), counts, missing=draw(few), unreadable=draw(few))


@st.composite
def number_pairs(draw: st.DrawFn, *, max_points: int | None = None) -> tuple[list[float], list[float], Pair]:
    """Return raw rows of both sides and their counts, on the full grid or one of `max_points` quantiles."""
    reference, current = draw(numbers()), draw(numbers())
    points = max_points if max_points is not None else 4096
    return reference, current, pair_numbers(reference, current, max_points=points)


@st.composite
def category_pairs(draw: st.DrawFn) -> tuple[list[str], list[str], Pair]:
    """Return raw names of both sides and their counts, some of them unseen."""
    reference, current = draw(names()), draw(names(alphabet="abcdefghxyz"))
    return reference, current, pair_categories(reference, current)
