"""Numbers and times in words that stay true."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.incidents.words import (
    join_words,
    say_count,
    say_duration,
    say_number,
    say_odds,
    say_percent,
    say_window,
    shorten,
)
from driftwatch.profiles.window import Window


@given(st.integers(1, 100))
def test_whole_per_cents_are_said_exactly(percent: int) -> None:
    assert say_percent(percent / 100) == f"{percent} %"


@given(st.floats(0, 1))
def test_at_least_never_says_more_than_there_is(share: float) -> None:
    said = say_percent(share)

    number = 0.0 if said.startswith("under") else float(said.removesuffix(" %"))
    assert number <= share * 100 + 1e-7
    assert said.startswith("under") or share * 100 < number + 1


@given(st.floats(1e-6, 1))
def test_odds_are_near_the_share(share: float) -> None:
    said = say_odds(share)

    if said in {"about half", "nearly all"}:
        value = 0.5 if said == "about half" else 1.0
    else:
        top, bottom = (int(part.replace(",", "")) for part in re.findall(r"[\d,]+", said))
        value = top / bottom
    assert abs(value - share) <= 0.06


def test_no_rows_have_no_odds() -> None:
    assert say_odds(0.0) == "none"


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=-5), "0 seconds"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(hours=48), "2 days"),
        (timedelta(days=1_000, hours=23), "1,000 days"),
    ],
)
def test_durations_are_said_in_their_largest_unit(duration: timedelta, said: str) -> None:
    assert say_duration(duration) == said


@pytest.mark.parametrize(
    ("start", "length", "said"),
    [
        (datetime(2013, 2, 8, tzinfo=UTC), timedelta(days=1), "2013-02-08"),
        (datetime(2013, 2, 8, tzinfo=UTC), timedelta(hours=1), "2013-02-08 00:00 UTC"),
        (datetime(2013, 2, 7, 23, tzinfo=UTC), timedelta(days=1), "2013-02-07 23:00 UTC"),
        (datetime(2013, 2, 8, 1, tzinfo=timezone(timedelta(hours=1))), timedelta(days=1), "2013-02-08"),
    ],
)
def test_a_whole_day_is_said_by_its_date(start: datetime, length: timedelta, said: str) -> None:
    assert say_window(Window(start=start, end=start + length)) == said


@pytest.mark.parametrize(
    ("words", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abcd"), "a, b, c and 1 more")]
)
def test_lists_are_said_as_phrases(words: list[str], said: str) -> None:
    assert join_words(words) == said


def test_large_counts_have_separators() -> None:
    assert say_count(118_204, "row") == "118,204 rows"


def test_an_unknown_number_is_said_so() -> None:
    assert say_number(None) == "unknown"


@given(st.text(), st.integers(1, 50))
def test_a_shortened_text_is_one_printable_line(text: str, length: int) -> None:
    said = shorten(text, length)

    assert len(said) <= length
    assert said.isprintable()
