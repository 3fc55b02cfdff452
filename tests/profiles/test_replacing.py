"""A reference with some columns of another: each column has the counts of one of them alone, none is lost."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.errors import DataError
from driftwatch.profiles.build import build_reference
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.reference import Reference
from driftwatch.profiles.replacing import replace_columns
from driftwatch.profiles.window import Window
from tests.support.incidents import day

_PLAIN = ColumnOptions()


def draw(seed: int, *, shift: float = 0.0, rows: int = 50) -> pa.Table:
    rng = np.random.default_rng(seed)
    first = rng.normal(shift, 1.0, rows)
    return pa.table(
        {
            "a": first,
            "b": first + rng.normal(0.0, 0.1, rows),
            "c": rng.normal(5.0, 1.0, rows),
            "kind": rng.choice(["x", "y"], rows),
        }
    )


def build(days: dict[Window | None, pa.Table], options: ColumnOptions = _PLAIN) -> Reference:
    return build_reference(list(days.items()), options)


def count_rows(reference: Reference, column: str) -> dict[Window | None, int]:
    return {one.window: one.profile.columns[column].rows for one in reference.blocks}


def test_each_column_has_the_counts_of_the_reference_it_is_from() -> None:
    old = build({day(number): draw(number) for number in (1, 2, 3)})
    new = build({day(number): draw(number, shift=9.0) for number in (8, 9)})

    found = replace_columns(old, new, {"a"})

    assert list(found.grids) == ["b", "c", "kind", "a"]
    for name in ("b", "c", "kind"):
        assert found.grids[name] is old.grids[name]
        assert found.total.columns[name].cells.tolist() == old.total.columns[name].cells.tolist()
    assert found.grids["a"] is new.grids["a"]
    assert found.total.columns["a"].cells.tolist() == new.total.columns["a"].cells.tolist()
    assert found.total.columns["a"].missing == 0


def test_in_every_block_the_columns_of_the_other_are_absent() -> None:
    old = build({day(number): draw(number) for number in (1, 2)})
    new = build({day(8): draw(8, shift=9.0)})

    found = replace_columns(old, new, {"a"})

    assert [one.window for one in found.blocks] == [day(1), day(2), day(8)]
    assert [sorted(one.profile.absent) for one in found.blocks] == [["a"], ["a"], ["b", "c", "kind"]]
    assert count_rows(found, "a") == {day(1): 0, day(2): 0, day(8): 50}
    assert count_rows(found, "b") == {day(1): 50, day(2): 50, day(8): 0}
    assert [one.profile.rows for one in found.blocks] == [50, 50, 50]


def test_a_window_that_both_have_is_one_block() -> None:
    old = build({day(number): draw(number) for number in (1, 2)})
    new = build({day(number): draw(number, shift=9.0) for number in (2, 3)})

    found = replace_columns(old, new, {"a"})

    assert [one.window for one in found.blocks] == [day(1), day(2), day(3)]
    assert found.blocks[1].profile.absent == frozenset()
    assert count_rows(found, "a")[day(2)] == count_rows(found, "b")[day(2)] == 50


def test_columns_replaced_one_after_the_other_keep_what_was_replaced_before() -> None:
    old = build({day(1): draw(1)})
    once = replace_columns(old, build({day(8): draw(8, shift=9.0)}), {"a"})

    twice = replace_columns(once, build({day(9): draw(9, shift=-9.0)}), {"c"})

    assert count_rows(twice, "a") == {day(1): 0, day(8): 50, day(9): 0}
    assert count_rows(twice, "c") == {day(1): 0, day(8): 0, day(9): 50}
    assert count_rows(twice, "b") == {day(1): 50, day(8): 0, day(9): 0}


def test_what_is_derived_from_a_column_is_replaced_with_it() -> None:
    options = ColumnOptions(derived=True)
    old = build({day(number): draw(number) for number in (1, 2)}, options)
    new = build({day(8): draw(8, shift=9.0)}, options)

    found = replace_columns(old, new, {"a"})

    derived = set(found.grids) - {"a", "b", "c", "kind"}
    assert derived
    assert all(found.grids[name] is new.grids[name] for name in derived)
    assert replace_columns(old, new, {"kind"}).grids.keys() == old.grids.keys()
    assert all(replace_columns(old, new, {"kind"}).grids[name] is old.grids[name] for name in derived)


def test_a_reference_without_time_stays_one_block() -> None:
    found = replace_columns(build({None: draw(1)}), build({day(8): draw(8, shift=9.0)}), {"a"})

    (block,) = found.blocks
    assert (block.window, block.profile.rows, block.profile.absent) == (None, 50, frozenset())


def test_a_column_that_the_other_does_not_judge_is_an_error_with_its_reason() -> None:
    old = build({day(1): draw(1)})
    constant = draw(8).set_column(0, "a", pa.array([f"n{number}" for number in range(50)]))

    with pytest.raises(DataError, match="a cannot be judged anew: all values differ"):
        replace_columns(old, build({day(8): constant}), {"a"})
    with pytest.raises(DataError, match="a cannot be judged anew: its windows do not have it"):
        replace_columns(old, build({day(8): draw(8).drop_columns(["a"])}), {"a"})
