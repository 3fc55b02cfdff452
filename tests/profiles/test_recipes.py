from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from driftwatch.profiles.recipes import FURTHEST, STEP, Form, Recipe, Standard, compute_values, standardise

X = Standard(column="x", centre=100.0, spread=20.0, mean=0.5, deviation=2.0)
Y = Standard(column="y", centre=0.0, spread=1.0)


def recipe(form: Form, *directions: list[float]) -> Recipe:
    return Recipe(form=form, shows="it", carriers=(X, Y), directions=np.array(directions).reshape(-1, 2))


def compute(made: Recipe, rows: dict[str, np.ndarray]) -> np.ndarray:
    return dict(compute_values({"it": made}, rows))["it"]


def test_values_are_standardised_by_hand_and_outliers_are_taken_for_ten_spreads() -> None:
    values = np.array([100.0, 150.0, 1e308, -1e308, np.nan, np.inf, -np.inf])

    found = standardise(values, X)

    assert found[:4].tolist() == [-0.25, 1.0, (FURTHEST - 0.5) / 2, (-FURTHEST - 0.5) / 2]
    assert np.isnan(found[4:]).all()


@given(arrays(np.float64, 20, elements=st.floats(width=64)))
def test_a_standardised_value_is_bounded_or_nan_whatever_it_was(values: np.ndarray) -> None:
    found = standardise(values, Y)

    assert np.array_equal(np.isnan(found), ~np.isfinite(values))
    assert np.nanmax(np.abs(found), initial=0.0) <= FURTHEST


def test_a_product_is_missing_where_a_factor_is() -> None:
    rows = {"x": np.array([1.0, np.nan, 2.0]), "y": np.array([3.0, 1.0, np.nan])}

    assert compute(recipe(Form.PRODUCT), rows)[0] == 3.0
    assert np.isnan(compute(recipe(Form.PRODUCT), rows)[1:]).all()


def test_a_score_and_a_norm_take_a_missing_value_for_the_centre() -> None:
    rows = {"x": np.array([1.0, np.nan]), "y": np.array([2.0, 2.0])}

    assert compute(recipe(Form.SCORE, [0.5, 0.25]), rows).tolist() == [1.0, 0.5]
    assert compute(recipe(Form.NORM, [3.0, 0.0], [0.0, 2.0]), rows).tolist() == [5.0, 4.0]


@pytest.mark.parametrize("form", list(Form))
def test_rounding_makes_a_float32_batch_and_other_pieces_give_the_same_values(form: Form) -> None:
    # Tenths: cast to float32 they are other numbers, and would stand beside their atoms.
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 50, 5000) / 10, rng.integers(-20, 20, 5000) / 10
    standards = (
        Standard(column="x", centre=2.5, spread=1.9, mean=0.01, deviation=1.03),
        Standard(column="y", centre=0.0, spread=1.4, mean=-0.02, deviation=0.97),
    )
    directions = np.array([[0.7071, 0.7071], [0.7071, -0.7071]])[: 2 if form is Form.NORM else 1]
    made = Recipe(form=form, shows="it", carriers=standards, directions=directions)

    def derive(*values: np.ndarray) -> np.ndarray:
        columns = zip(standards, values, strict=True)
        return compute(made, {one.column: standardise(column, one) for one, column in columns})

    whole = derive(x, y)
    single = derive(*(column.astype(np.float32).astype(np.float64) for column in (x, y)))
    pieces = np.concatenate([derive(x[at : at + 7], y[at : at + 7]) for at in range(0, 5000, 7)])

    assert np.array_equal(whole, pieces)
    # One atom in thousands may stand just between two steps.
    assert np.mean(whole != single) < 0.002
    assert np.array_equal(whole, np.rint(whole / STEP) * STEP)
