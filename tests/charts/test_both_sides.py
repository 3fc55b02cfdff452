from __future__ import annotations

import pytest

from driftwatch.charts.both_sides import draw_bins, draw_categories, draw_curves
from driftwatch.charts.values import Bin, Category, Curves, Gap, Step


def test_the_gap_is_drawn_from_one_curve_to_the_other_and_said() -> None:
    steps = [Step(value=value, reference=value / 4, current=(value / 4) ** 2) for value in range(5)]
    curves = Curves(steps=steps, gap=Gap(value=2.0, reference=0.5, current=0.25), known=900, above=0.031)

    chart = draw_curves(curves)

    (gap,) = chart.spec["datasets"]["gap"]
    assert (gap["value"], gap["low"], gap["high"], gap["words"]) == (2.0, 0.25, 0.5, "KS = 0.25")
    assert chart.title == (
        "25 % of the current rows are at most 2, where the reference has 50 %: a gap of 0.25, which is KS."
    )
    assert chart.note == (
        "Drawn at 5 of 900 values; the gap is that of all of them. "
        "3 % of the current rows lie above what is drawn."
    )
    assert len(chart.spec["datasets"]["steps"]) == 10


def test_equal_sides_have_no_gap() -> None:
    curves = Curves(
        steps=[Step(value=1.0, reference=1.0, current=1.0)],
        gap=Gap(value=1.0, reference=1.0, current=1.0),
        known=1,
    )

    chart = draw_curves(curves)

    assert chart.title == "Both sides are spread alike."
    assert chart.note == ""


def test_the_bin_that_adds_most_to_psi_is_named_with_its_shares() -> None:
    bins = [
        Bin(label="up to 10", reference=0.5, current=0.2, contribution=0.3),
        Bin(label="above 10", reference=0.5, current=0.8, contribution=0.1),
    ]

    chart = draw_bins(bins, 0.4)

    assert chart.title == "PSI is 0.4, 75% of it from up to 10: 20 % of the rows instead of 50 %."
    assert [row[-1] for row in chart.table.rows] == ["75%", "25%"]


def test_bins_that_agree_add_nothing() -> None:
    chart = draw_bins([Bin(label="all", reference=1.0, current=1.0, contribution=0.0)], 0.0)

    assert chart.title == "PSI is 0: every bin holds what it usually holds."


@pytest.mark.parametrize(
    ("current", "title"),
    [
        (0.9, "UA grew the most, from 60 % to 90 % of the rows."),
        (0.1, "UA shrank the most, from 60 % to 10 % of the rows."),
    ],
)
def test_the_category_that_changed_most_is_named(current: float, title: str) -> None:
    chart = draw_categories(
        [
            Category(name="UA", reference=0.6, current=current),
            Category(name="unseen", reference=0.0, current=0.01, is_pooled=True),
        ]
    )

    assert chart.title == title
    assert chart.table.rows[1] == ("unseen", "0.00%", "1.00%", "+1.00%")


def test_a_category_without_letters_and_one_with_too_many_have_a_place_all_the_same() -> None:
    chart = draw_categories(
        [
            Category(name="", reference=0.5, current=0.5),
            Category(name="x" * 5000, reference=0.5, current=0.5),
        ]
    )

    names = [row["name"] for row in chart.spec["datasets"]["names"]]
    assert names == ["(empty)", "x" * 59 + "…"]
    assert chart.title == "Every category has the share that it usually has."
