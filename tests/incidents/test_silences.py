from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import UsageError
from driftwatch.incidents.silences import Matchers, Silence, Subject, check_silence, find_hide

NOW = datetime(2013, 2, 8, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SILENCE = Silence(
    id=3,
    matchers=Matchers(monitor="*"),
    starts_at=NOW,
    ends_at=NOW + HOUR,
    author="ana",
    reason="a new airport opens",
    created_at=NOW,
)
SUBJECT = Subject(monitor="flights", owner="data", kind="drift", severity="major", columns=("delay", "gate"))


@pytest.mark.parametrize(
    ("matchers", "fits"),
    [
        (Matchers(), True),
        (Matchers(monitor="flights"), True),
        (Matchers(monitor="fl*"), True),
        (Matchers(monitor="rides"), False),
        (Matchers(owner="data"), True),
        (Matchers(owner="d*"), False),
        (Matchers(kind="drift", severity="major"), True),
        (Matchers(kind="drift", severity="critical"), False),
        (Matchers(column="delay"), False),
        (Matchers(column="*"), True),
        (Matchers(monitor="flights", column="[dg]*"), True),
    ],
)
def test_a_silence_hides_what_every_matcher_of_it_fits(matchers: Matchers, fits: bool) -> None:
    assert matchers.fits(SUBJECT) is fits


def test_a_silence_of_a_column_does_not_hide_what_concerns_the_whole_window() -> None:
    matchers = Matchers(column="*")

    assert not matchers.fits(replace(SUBJECT, columns=("delay", None)))
    assert not matchers.fits(replace(SUBJECT, columns=()))


@given(
    st.lists(st.sampled_from([None, "a", "b", "ab"])),
    st.sampled_from(["a", "b", "*", "a*", "?"]),
)
def test_matching_is_that_of_one_column_after_the_other(columns: list[str | None], wanted: str) -> None:
    found = Matchers(column=wanted).fits(replace(SUBJECT, columns=tuple(columns)))

    naive = len(columns) > 0
    for column in columns:
        naive = naive and column is not None and fnmatchcase(column, wanted)
    assert found is naive


@pytest.mark.parametrize(
    ("now", "hides"),
    [(NOW - timedelta(microseconds=1), False), (NOW, True), (NOW + HOUR, False)],
)
def test_a_silence_holds_from_its_start_to_just_before_its_end(now: datetime, hides: bool) -> None:
    assert (find_hide([SILENCE], SUBJECT, now) is not None) is hides


def test_of_several_silences_the_longest_gives_the_words() -> None:
    longer = replace(SILENCE, id=4, ends_at=NOW + 2 * HOUR, reason="works")

    hide = find_hide([SILENCE, longer], SUBJECT, NOW)

    assert hide is not None
    assert hide.words == "silence 4 by ana until 2013-02-08 14:00 UTC: works"
    assert hide.until == NOW + 2 * HOUR


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ends_at": NOW}, "ends before it starts"),
        ({"ends_at": NOW + 31 * DAY}, "at most 30 days, and this one 31"),
        ({"starts_at": NOW - 2 * HOUR, "ends_at": NOW - HOUR}, "is over already"),
        ({"matchers": Matchers()}, '--monitor "\\*" means everything'),
        ({"reason": " "}, "needs a reason"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_what_to_do(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_silence(replace(SILENCE, **changes))  # type: ignore[arg-type]  # One field of each type.


def test_thirty_days_are_not_too_long() -> None:
    check_silence(replace(SILENCE, ends_at=NOW + 30 * DAY))
