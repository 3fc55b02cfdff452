from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from driftwatch.profiles.fitting import MAX_PRODUCTS, MAX_SCORES, fit_recipes, fit_standard
from driftwatch.profiles.recipes import Form, Recipe, compute_values, standardise

Values = NDArray[np.float64]


def draw(correlation: Values, rows: int = 20_000, seed: int = 1) -> Values:
    rng = np.random.default_rng(seed)
    return rng.multivariate_normal(np.zeros(len(correlation)), correlation, rows)


def tie(columns: int, *pairs: tuple[int, int, float]) -> Values:
    correlation = np.eye(columns)
    for left, right, value in pairs:
        correlation[left, right] = correlation[right, left] = value
    return correlation


def fit(values: Values) -> dict[str, Recipe]:
    return fit_recipes([f"c{place}" for place in range(values.shape[1])], values)


def compute(recipe: Recipe, values: Values) -> Values:
    rows = {
        carrier.column: standardise(values[:, int(carrier.column[1:])], carrier)
        for carrier in recipe.carriers
    }
    return dict(compute_values({"it": recipe}, rows))["it"]


def list_products(recipes: dict[str, Recipe]) -> list[str]:
    return [name for name, recipe in recipes.items() if recipe.form is Form.PRODUCT]


def test_a_column_is_standardised_by_its_median_and_interquartile_range() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan, np.inf])

    standard = fit_standard("x", values)

    assert standard is not None
    assert (standard.centre, standard.spread) == (3.0, 2.0 / 1.349)
    found = standardise(values[:5], standard)
    assert (found.mean(), found.std()) == (pytest.approx(0.0, abs=1e-12), pytest.approx(1.0))


def test_a_column_that_is_mostly_one_value_is_standardised_by_its_deviation() -> None:
    values = np.array([0.0] * 90 + [8.0] * 10)

    standard = fit_standard("x", values)

    assert standard is not None
    assert standard.spread == pytest.approx(2.4)


@pytest.mark.parametrize(
    "values",
    [[], [1.0], [2.0, 2.0, 2.0], [1.0, 2.0, np.nan, np.nan, np.nan], [-1e308, -1e308, 1e308, 1e308]],
)
def test_a_column_that_does_not_vary_or_is_mostly_missing_or_overflows_carries_nothing(
    values: list[float],
) -> None:
    assert fit_standard("x", np.array(values)) is None


def test_fewer_than_two_columns_that_vary_give_nothing() -> None:
    rng = np.random.default_rng(1)

    assert fit_recipes([], np.empty((10, 0))) == {}
    assert fit(rng.normal(size=(100, 1))) == {}
    assert fit(np.column_stack([rng.normal(size=100), np.ones(100)])) == {}


def test_products_are_those_of_the_pairs_that_correlate_most_strongest_first_and_no_weak_ones() -> None:
    values = draw(tie(6, (0, 1, 0.3), (2, 3, -0.6), (4, 5, 0.1)))

    assert list_products(fit(values)) == ["c2 × c3", "c0 × c1"]


def test_the_mean_of_a_product_over_the_reference_is_the_correlation() -> None:
    values = draw(tie(3, (0, 2, 0.6))) * [1.0, 5.0, 1000.0] + [0.0, 2.0, 1e6]

    product = compute(fit(values)["c0 × c2"], values)

    assert product.mean() == pytest.approx(np.corrcoef(values[:, 0], values[:, 2])[0, 1], abs=0.002)


def test_a_correlation_is_taken_over_the_rows_that_have_both_values() -> None:
    values = draw(tie(3, (0, 1, 0.6)), rows=4000)
    values[::3, 0] = np.nan
    values[1::3, 1] = np.nan
    recipes = fit(values)

    assert list_products(recipes) == ["c0 × c1"]
    assert np.nanmean(compute(recipes["c0 × c1"], values)) == pytest.approx(0.6, abs=0.05)


def test_what_correlates_by_chance_in_a_few_rows_has_no_product() -> None:
    assert list_products(fit(np.random.default_rng(2).normal(size=(40, 12)))) == []


def test_two_columns_have_no_residual_of_their_own() -> None:
    assert list(fit(draw(tie(2, (0, 1, 0.5))))) == ["c0 × c1", "PCA 1", "PCA last"]


def test_there_are_at_most_20_products_and_6_scores() -> None:
    loading = np.random.default_rng(4).normal(size=(30, 8))
    common = loading @ loading.T + 0.5 * np.eye(30)
    size = np.sqrt(np.diag(common))

    forms = [recipe.form for recipe in fit(draw(common / np.outer(size, size))).values()]

    assert [forms.count(form) for form in Form] == [MAX_PRODUCTS, MAX_SCORES + 1, 1]


def test_independent_columns_have_a_residual_alone() -> None:
    assert list(fit(draw(np.eye(8)))) == ["PCA residual"]


def test_scores_are_those_of_the_principal_directions_named_by_their_largest_loadings() -> None:
    values = draw(tie(5, (1, 3, 0.8)))
    recipes = fit(values)

    assert recipes["PCA 1"].shows == "what c1 and c3 have in common"
    assert recipes["PCA last"].shows == "the tightest relation, that of c1 and c3"
    assert compute(recipes["PCA 1"], values).var() == pytest.approx(1.8, abs=0.05)
    assert compute(recipes["PCA last"], values).var() == pytest.approx(1.0, abs=0.01)


def test_the_residual_is_the_whitened_length_of_what_the_greater_directions_leave() -> None:
    correlation = tie(10, *((left, right, 0.6) for left in range(5) for right in range(left)))
    values = draw(correlation)
    recipe = fit(values)["PCA residual"]

    found = compute(recipe, values)

    # χ² with as many degrees of freedom as there are directions left.
    left = len(recipe.directions)
    variances = np.linalg.eigvalsh(correlation)[::-1]
    assert left == 10 - 1 - int(np.searchsorted(np.cumsum(variances) / 10, 0.8))
    assert (found**2).mean() == pytest.approx(left, rel=0.02)
    assert recipe.shows.startswith("the way 10 columns hang together, most of all ")


def test_a_column_that_is_the_sum_of_two_others_breaks_loudly_and_is_quiet_until_then() -> None:
    values = draw(np.eye(4), rows=2000)
    values = np.column_stack([values, values[:, 0] + values[:, 1]])
    last = fit(values)["PCA last"]
    broken = values.copy()
    broken[:, 4] += 0.1 * np.random.default_rng(5).normal(size=2000)

    assert np.abs(compute(last, values)).max() < 0.1
    assert np.abs(compute(last, broken)).mean() > 1.0


def test_directions_come_out_the_same_again_with_their_largest_part_positive() -> None:
    values = draw(tie(4, (0, 1, 0.6), (1, 2, 0.4)), rows=5000)
    recipes, again = fit(values), fit(values.copy())

    assert list(recipes) == list(again)
    assert all(np.array_equal(one.directions, again[name].directions) for name, one in recipes.items())
    for name, one in recipes.items():
        if one.form is Form.SCORE:
            largest = np.argmax(np.abs(one.directions[0]))
            assert one.directions[0, largest] > 0, name


def test_copies_of_a_column_and_constant_ones_do_no_harm() -> None:
    one = np.random.default_rng(6).normal(size=(500, 1))

    recipes = fit(np.column_stack([one, one, one, np.ones(500)]))

    assert list_products(recipes) == ["c0 × c1", "c0 × c2", "c1 × c2"]
    assert all(np.isfinite(recipe.directions).all() for recipe in recipes.values())
    assert {carrier.column for recipe in recipes.values() for carrier in recipe.carriers} == {
        "c0",
        "c1",
        "c2",
    }
