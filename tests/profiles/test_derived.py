from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.profiles.build import build_reference, count_rows
from driftwatch.profiles.columns import ColumnOptions, mark_text
from driftwatch.profiles.counts import Counts
from driftwatch.profiles.derived import find_unjudged, skip_derived
from driftwatch.profiles.grid import get_recipe
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.reference import Reference
from tests.support.batches import build_days, day

DERIVED = ColumnOptions(derived=True)


def draw(rows: int = 3000, seed: int = 1, **columns: Any) -> pa.Table:
    rng = np.random.default_rng(seed)
    amount = rng.normal(100.0, 20.0, rows)
    drawn = {
        "amount": amount,
        "balance": 0.6 * (amount - 100) / 20 + 0.8 * rng.normal(size=rows),
        "age": rng.integers(18, 80, rows),
        "city": rng.choice(["oslo", "rome"], rows),
        "score": rng.uniform(size=rows),
    }
    return pa.table({**drawn, **columns})


def build(table: pa.Table | None = None, options: ColumnOptions = DERIVED) -> Reference:
    return build_days([draw() if table is None else table], options)


def same(left: Counts, right: Counts) -> bool:
    return bool(np.array_equal(left.cells, right.cells)) and left.missing == right.missing


def names_of(reference: Reference) -> list[str]:
    return [name for name, grid in reference.grids.items() if get_recipe(grid) is not None]


def test_nothing_is_derived_unless_it_is_asked_for() -> None:
    assert names_of(build(options=ColumnOptions())) == []


def test_derived_columns_stand_after_the_others_and_the_models_score_carries_like_any_number() -> None:
    reference = build()

    assert list(reference.grids) == ["amount", "balance", "age", "city", "score", *names_of(reference)]
    assert names_of(reference) == ["amount × balance", "PCA 1", "PCA last", "PCA residual"]
    recipe = get_recipe(reference.grids["PCA 1"])
    assert recipe is not None
    assert recipe.columns == ("amount", "balance", "age", "score")


def test_names_categories_and_dates_carry_nothing_and_neither_do_keys_and_excluded_columns() -> None:
    options = ColumnOptions(derived=True, key=("age",), exclude=("score",), kinds={"city": "category"})

    reference = build(options=options)

    carriers = {name for grid in reference.grids.values() if (r := get_recipe(grid)) for name in r.columns}
    assert carriers == {"amount", "balance"}


def test_a_derived_column_never_has_the_name_of_a_column_and_can_be_excluded_by_its_own() -> None:
    taken: dict[str, Any] = {"PCA 1": ["x", "y"] * 1500, "PCA last": list(range(3000))}

    reference = build(draw(**taken), ColumnOptions(derived=True, exclude=("amount × balance",)))

    assert names_of(reference) == ["PCA 1 (2)", "PCA last (2)", "PCA residual"]


def test_a_reference_with_one_number_column_or_none_has_nothing_derived() -> None:
    assert names_of(build(pa.table({"x": [1.0, 2.0, 2.0], "city": ["a", "b", "b"]}))) == []
    assert names_of(build(pa.table({"city": ["a", "b", "b"]}))) == []


def test_the_reference_itself_is_counted_on_its_points_exactly() -> None:
    reference = build()

    for name in names_of(reference):
        counts = reference.total.columns[name]
        assert (counts.rows, counts.missing) == (3000, 0)
        # As for any number: the outer gaps are empty, for both extremes are points.
        assert (counts.cells[0], counts.cells[-1]) == (0, 0)


def test_pieces_of_a_batch_add_up_to_the_whole() -> None:
    reference, batch = build(), draw(seed=2)

    whole = count_rows(reference.grids, batch, DERIVED)
    pieces = [count_rows(reference.grids, batch.slice(at, 700), DERIVED) for at in range(0, 3000, 700)]
    added = sum(pieces[1:], pieces[0])

    assert list(whole.columns) == list(reference.grids)
    assert all(same(whole.columns[name], added.columns[name]) for name in reference.grids)


def test_a_batch_longer_than_what_is_held_at_once_is_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    reference, batch = build(), draw(seed=2)
    whole = count_rows(reference.grids, batch, DERIVED)

    monkeypatch.setattr("driftwatch.profiles.derived._ROWS_AT_ONCE", 1000)
    again = count_rows(reference.grids, batch, DERIVED)

    assert all(same(whole.columns[name], again.columns[name]) for name in reference.grids)


def test_texts_of_a_csv_file_are_derived_from_as_the_numbers_they_spell() -> None:
    typed = draw()
    spelt = {name: [str(value) for value in typed[name].to_pylist()] for name in typed.column_names}
    texts = mark_text(pa.table(spelt), "parse")

    left, right = build(typed), build(texts)

    assert names_of(left) == names_of(right)
    for name in names_of(left):
        assert left.grids[name].fingerprint == right.grids[name].fingerprint
        assert same(left.total.columns[name], right.total.columns[name])


def test_a_large_reference_is_fitted_on_an_even_sample_and_counted_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables = [draw(1000, seed) for seed in range(3)]
    whole = build_days(tables, DERIVED)

    monkeypatch.setattr("driftwatch.profiles.derived._MOST_ROWS", 1500)
    sampled = build_days(tables, DERIVED)

    assert names_of(sampled) == names_of(whole)
    for name in names_of(whole):
        assert sampled.total.columns[name].rows == 3000
        recipe, other = get_recipe(sampled.grids[name]), get_recipe(whole.grids[name])
        assert recipe is not None
        assert other is not None
        assert recipe.carriers[0].centre == pytest.approx(other.carriers[0].centre, abs=2.0)
        assert recipe.carriers[0].centre != other.carriers[0].centre


def test_a_missing_infinite_or_unreadable_value_is_missing_in_products_and_central_in_scores() -> None:
    reference = build()
    batch = pa.table(
        {
            "amount": pa.array([None, np.inf, 100.0, -999.0]),
            "balance": [0.0, 0.0, 0.0, 0.0],
            "age": [48, 48, 48, 48],
            "city": ["oslo"] * 4,
            "score": [0.5] * 4,
        }
    )

    found = count_rows(reference.grids, batch, ColumnOptions(derived=True, missing=(-999.0,)))

    assert (found.columns["amount × balance"].missing, found.columns["amount × balance"].values) == (3, 1)
    scores = found.columns["PCA 1"]
    assert (scores.missing, scores.values) == (0, 4)
    # Three rows without an amount are one and the same to a score.
    assert scores.cells.max() >= 3


@pytest.mark.parametrize(
    "amounts",
    [None, pa.nulls(100), pa.array(["x"] * 100), pa.array([[1]] * 100)],
    ids=["absent", "all null", "text", "lists"],
)
def test_what_an_absent_or_unreadable_column_carries_is_missing_throughout_or_not_judged(
    amounts: pa.Array | None,
) -> None:
    reference = build()
    batch = draw(100, 2)
    at = batch.column_names.index("amount")
    batch = batch.remove_column(at)
    if amounts is not None:
        batch = batch.add_column(at, "amount", amounts)

    found = count_rows(reference.grids, batch, DERIVED)

    assert found.absent == (frozenset({"amount"}) if amounts is None else frozenset())
    assert found.columns["amount × balance"].missing == 100
    assert all(found.columns[name].rows == 100 for name in reference.grids)
    assert find_unjudged(found) == {*found.absent, *names_of(reference)}


def test_two_columns_of_one_name_carry_nothing() -> None:
    reference = build()
    batch = draw(100, 2)

    found = count_rows(reference.grids, batch.append_column("amount", batch["amount"]), DERIVED)

    assert found.columns["amount × balance"].missing == 100


def test_a_chunk_without_a_carrier_is_missing_beside_one_with_it() -> None:
    reference = build()
    with_it, without = draw(100, 2), draw(100, 3).drop_columns(["amount"])

    found = count_rows(reference.grids, with_it, DERIVED) + count_rows(reference.grids, without, DERIVED)

    assert found.columns["amount × balance"].missing == 100
    assert found.columns["PCA 1"].missing == 100
    assert find_unjudged(found) == frozenset()


def test_a_column_of_the_batch_with_the_name_of_a_derived_one_is_extra_and_changes_nothing() -> None:
    reference, batch = build(), draw(100, 2)

    found = count_rows(reference.grids, batch.append_column("PCA 1", batch["age"]), DERIVED)

    assert found.extra == frozenset({"PCA 1"})
    assert same(found.columns["PCA 1"], count_rows(reference.grids, batch, DERIVED).columns["PCA 1"])


def test_every_column_of_an_empty_batch_is_there_with_no_rows() -> None:
    reference = build()

    found = count_rows(reference.grids, pa.table({}), DERIVED)

    assert isinstance(found, Profile)
    assert {name: counts.rows for name, counts in found.columns.items()} == dict.fromkeys(reference.grids, 0)


def test_a_column_that_appears_in_a_later_block_still_carries() -> None:
    tables = [draw(2000, 1).drop_columns(["score"]), draw(2000, 2), draw(2000, 3)]

    reference = build_reference([(day(place), table) for place, table in enumerate(tables)], DERIVED)

    recipe = get_recipe(reference.grids["PCA 1"])
    assert recipe is not None
    assert "score" in recipe.columns
    assert reference.blocks[0].profile.columns["PCA 1"].missing == 2000


def test_what_is_derived_from_a_column_that_is_left_out_is_left_out_too() -> None:
    reference = build().leave_out({"age": "excluded by the configuration"})

    assert names_of(reference) == ["amount × balance"]
    why = {skipped.column: skipped.why for skipped in reference.skipped}
    assert why["PCA 1"] == "derived from age, which is not judged"
    assert list(reference.total.columns) == list(reference.grids)


def test_derived_columns_are_skipped_by_their_own_rules() -> None:
    included = ColumnOptions(derived=True, include=("amount", "balance"))

    assert skip_derived("PCA 1", included) is None
    assert skip_derived("PCA 1", ColumnOptions()) == "derived columns are switched off"
    excluded = ColumnOptions(derived=True, exclude=("PCA 1",))
    assert skip_derived("PCA 1", excluded) == "excluded by the configuration"


def test_words_for_missing_and_words_that_are_no_numbers_are_read_row_by_row() -> None:
    reference = build()
    texts = {"amount": ["100", " 120 ", "NA", "x", "-7", ""], "balance": ["0", "1", "1", "1", "1", "1"]}
    others = {"age": ["48"] * 6, "score": ["0.5"] * 6, "city": ["oslo"] * 6}
    batch = mark_text(pa.table({**texts, **others}), "parse")

    def count_missing(*missing: str | float) -> int:
        options = ColumnOptions(derived=True, missing=missing)
        return count_rows(reference.grids, batch, options).columns["amount × balance"].missing

    assert (count_missing(), count_missing("-7"), count_missing(-7.0)) == (3, 4, 4)
