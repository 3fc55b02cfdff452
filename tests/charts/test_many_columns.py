from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftwatch.charts.many_columns import draw_heat, draw_quadrants
from driftwatch.charts.values import Cells, Placed
from tests.support.charts import WINDOWS


@given(
    st.lists(
        st.tuples(st.floats(0, 10), st.lists(st.none() | st.floats(0, 1), min_size=5, max_size=5)),
        max_size=12,
    )
)
def test_what_matters_most_comes_first(drawn: list[tuple[float, list[float | None]]]) -> None:
    cells = [
        Cells(column=f"c{place}", importance=importance, shares=shares, found=[""] * 5)
        for place, (importance, shares) in enumerate(drawn)
    ]

    ranked = [row[0] for row in draw_heat(cells, WINDOWS).table.rows]

    weights = {one.column: one.weight for one in cells}
    assert sorted(ranked) == sorted(weights)
    assert [weights[name] for name in ranked] == sorted(weights.values(), reverse=True)


def test_a_cell_has_the_share_of_its_column_and_window() -> None:
    cells = [
        Cells(column="small", importance=1.0, shares=[0.1] * 5, found=[""] * 5),
        Cells(
            column="fee.net[0]",
            importance=2.0,
            shares=[0.1, 0.2, None, 0.4, 0.5],
            found=["", "drift"] + [""] * 3,
        ),
    ]

    data = draw_heat(cells, WINDOWS, left_out=2).spec["datasets"]

    # Columns are named by their place: a name of theirs may look like a path to Vega.
    assert [(one["key"], one["column"]) for one in data["names"]] == [("c0", "fee.net[0]"), ("c1", "small")]
    assert [row["c0"] for row in data["cells"]] == [0.1, 0.2, None, 0.4, 0.5]
    assert [(one["key"], one["window"], one["found"]) for one in data["found"]] == [
        ("c0", "2013-02-02", "drift")
    ]


def test_columns_in_which_something_was_found_are_named_and_those_left_out_are_counted() -> None:
    cells = [
        Cells(column="fee", importance=1.0, shares=[0.5] * 5, found=["drift"] * 5),
        Cells(column="city", importance=1.0, shares=[0.0] * 5, found=[""] * 5),
    ]

    chart = draw_heat(cells, WINDOWS, left_out=7)

    assert chart.title == "Something was found in 1 column: fee."
    assert chart.note == "7 columns that moved less are not drawn."
    assert chart.table.rows[0][1] == "50 ▲"


def test_what_moved_and_matters_is_named_first_by_what_it_weighs() -> None:
    columns = [
        Placed(column="zip", importance=1.0, moved=0.9),
        Placed(column="age", importance=1.0, moved=0.0),
        Placed(column="fee", importance=3.0, moved=0.1),
        Placed(column="income", importance=5.0, moved=0.2),
    ]

    chart = draw_quadrants(columns, 0.02)

    assert chart.title == "What matters moved: income and fee."
    assert [row["column"] for row in chart.spec["datasets"]["columns"] if row["urgent"]] == ["fee", "income"]


def test_columns_that_all_count_the_same_are_said_to() -> None:
    columns = [Placed(column=name, importance=1.0, moved=0.9) for name in "ab"]

    assert draw_quadrants(columns, 0.02).title.startswith("Every column counts the same")


def test_calm_columns_that_matter_are_said_to_be_calm() -> None:
    columns = [
        Placed(column="a", importance=1.0, moved=0.9),
        Placed(column="b", importance=1.0, moved=0.0),
        Placed(column="c", importance=9.0, moved=0.0),
    ]

    assert draw_quadrants(columns, 0.02).title == (
        "No column that matters more than others moved by more than 2 % of its rows."
    )
