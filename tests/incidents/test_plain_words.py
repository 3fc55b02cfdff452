"""What is said of a column to people who read no statistics, against the raw rows."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.pairs import Pair
from driftwatch.incidents.plain_words import describe_drift, find_gain, say_plainly
from tests.support.columns import pair_categories, pair_numbers

RNG = np.random.default_rng(8)
USUAL = RNG.normal(40_000, 8_000, 4000).round()
FRESH = RNG.normal(40_000, 8_000, 2000).round()

samples = st.lists(st.integers(-20, 20), min_size=1, max_size=60)


def say_numbers(reference: object, current: object, **options: object) -> str | None:
    ours, theirs = pair_numbers(reference, current, **options)  # type: ignore[arg-type]
    return describe_drift(Pair(column="income", reference=ours, current=theirs))[1]


def say_names(reference: list[str], current: list[str], **options: object) -> str | None:
    ours, theirs = pair_categories(reference, current, **options)  # type: ignore[arg-type]
    return describe_drift(Pair(column="country", reference=ours, current=theirs))[1]


def test_of_numbers_typical_values_and_the_rows_that_came_are_said() -> None:
    said = say_numbers(USUAL, FRESH - 9_000)

    assert said is not None
    found = re.fullmatch(
        r"typical values moved from ([\d,]+) to ([\d,]+); values up to ([\d,]+) are in about (\d) in 10 rows "
        r"now, and used to be in about 1 in (\d+) rows",
        said,
    )
    assert found is not None, said
    before, after, bound, now, then = (int(number.replace(",", "")) for number in found.groups())
    assert abs(before - np.median(USUAL)) < 200
    assert abs(after - np.median(FRESH - 9_000)) < 200
    assert now == round(np.mean(bound >= FRESH - 9_000) * 10)
    assert then == round(1 / np.mean(np.less_equal(USUAL, bound)))


def test_values_that_crowd_or_spread_are_said_to_without_a_factor() -> None:
    middle = np.median(USUAL)

    crowded = say_numbers(USUAL, middle - 9_000 + (FRESH - middle) / 5)
    spread = say_numbers(USUAL, middle + (FRESH - middle) * 3)

    assert crowded is not None
    assert re.match(r"typical values moved from [\d,]+ to [\d,]+ and lie closer together; values", crowded)
    assert spread is not None
    assert "further apart" in spread
    assert "times" not in crowded + spread


def test_values_in_the_middle_are_said_with_both_bounds() -> None:
    crowded = np.concatenate([FRESH[:1000], RNG.normal(45_000, 200, 1000).round()])

    said = say_numbers(USUAL, crowded)

    assert said is not None
    assert re.search(
        r"values above 44,\d{3} and up to 45,\d{3} are in about half of the rows now, and used", said
    )


@pytest.mark.parametrize(
    ("current", "said"),
    [
        (FRESH * 1000, "values look multiplied by 1,000"),
        (
            np.append(FRESH, [-999.0] * 500),
            "20 % of the values are about -999, against none in the reference (that is about 1 in 5 rows)",
        ),
    ],
)
def test_a_change_of_a_kind_of_its_own_is_said_as_that(current: object, said: str) -> None:
    assert say_numbers(USUAL, current) == said


def test_of_names_the_one_with_more_rows_is_said() -> None:
    usual, found = ["FR"] * 600 + ["US"] * 200 + ["DE"] * 200, ["FR"] * 450 + ["US"] * 400 + ["DE"] * 150

    assert say_names(usual, found) == "`US` is in about 4 in 10 rows now, and used to be in about 1 in 5 rows"
    assert say_names(["true"] * 600 + ["false"] * 300, ["true"] * 450 + ["false"] * 450, kind="boolean") == (
        "`false` is in about half of the rows now, and used to be in about 1 in 3 rows"
    )
    renamed = say_names(["FR"] * 600 + ["US"] * 300, ["FR"] * 600 + ["USA"] * 300)
    assert renamed is not None
    assert renamed.startswith("`US` has vanished; as many rows have a name the reference never had")


def test_of_dates_the_days_between_are_said() -> None:
    usual = RNG.uniform(0, 4, 2000)

    assert say_numbers(usual, usual + 7, kind="time") == "typical dates lie 7 days from where they used to"


@given(samples, samples)
def test_no_other_range_gained_more(usual: list[int], found: list[int]) -> None:
    ours, theirs = pair_numbers(usual, found)

    gain = find_gain(ours, theirs)

    bounds = [-np.inf, *sorted(set(usual)), np.inf]
    reference, current = np.array(usual), np.array(found)

    def grown(low: float, high: float) -> float:
        share = [float(np.mean((low < side) & (side <= high))) for side in (reference, current)]
        return share[1] - share[0]

    best = max(grown(low, high) for low in bounds for high in bounds if low < high)
    if gain is None:
        assert best <= 1e-9
    else:
        low = -np.inf if gain.low is None else gain.low
        high = np.inf if gain.high is None else gain.high
        assert gain.now - gain.before == pytest.approx(best)
        assert gain.now == pytest.approx(float(np.mean((low < current) & (current <= high))))
        assert gain.before == pytest.approx(float(np.mean((low < reference) & (reference <= high))))


@given(samples, samples)
def test_what_is_said_has_no_word_of_statistics_and_no_hole(usual: list[int], found: list[int]) -> None:
    ours, theirs = pair_numbers(usual, found)

    said = say_plainly(Pair(column="x", reference=ours, current=theirs))

    assert said is None or not re.search(r"\b(nan|none of|None|inf|psi|ks|median|quantile)\b", said)
    assert say_plainly(Pair(column="x", reference=ours, current=ours)) is None
