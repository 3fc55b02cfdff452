from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from driftwatch.errors import DataError, SourceError
from driftwatch.jobs.batches import Batches, fingerprint_counts
from driftwatch.jobs.reference import read_reference
from driftwatch.profiles.build import count_rows
from driftwatch.profiles.profile import Profile
from driftwatch.profiles.window import Window
from tests.support.incidents import day
from tests.support.monitors import ROWS, draw_rows, make_monitor, make_source, tell_story
from tests.support.sources_fake import FakeSource

MONITOR = make_monitor(make_source())
REFERENCE = read_reference(MONITOR)


def open_batches(source: FakeSource, windows: Sequence[Window]) -> Batches:
    return Batches(make_monitor(source), REFERENCE.total, windows)


def days(*numbers: int) -> list[Window]:
    return [day(number) for number in numbers]


def holds_day(profile: Profile, number: int) -> bool:
    """Whether a profile is that of the rows of a usual day, cell by cell."""
    wanted = count_rows(REFERENCE.grids, draw_rows(number), MONITOR.columns, day(number))
    return profile.rows == wanted.rows and all(
        np.array_equal(profile.columns[name].cells, counts.cells) for name, counts in wanted.columns.items()
    )


@pytest.mark.parametrize("chunk_rows", [None, 1, 7, ROWS])
def test_rows_of_many_windows_are_read_once_whatever_pieces_they_come_in(chunk_rows: int | None) -> None:
    source = FakeSource({day(n): draw_rows(n) for n in (1, 2, 3)}, chunk_rows=chunk_rows)
    batches = open_batches(source, days(1, 2, 3))

    profiles = [batches.take(window).profile for window in days(1, 2, 3)]

    assert all(holds_day(profile, number) for number, profile in enumerate(profiles, start=1))
    assert len(source.requests) == 1
    assert source.reads == dict.fromkeys(days(1, 2, 3), 1)


def test_nothing_is_read_before_the_first_window_is_taken() -> None:
    source = make_source("...")

    open_batches(source, days(1, 2, 3))

    assert source.requests == []


def test_a_window_without_rows_has_a_profile_of_no_rows() -> None:
    batches = open_batches(make_source(".-."), days(1, 2, 3))

    profiles = [batches.take(window).profile for window in days(1, 2, 3)]

    assert [profile.rows for profile in profiles] == [ROWS, 0, ROWS]


def test_a_window_that_is_passed_over_does_not_count_into_the_next() -> None:
    source = make_source("....")
    batches = open_batches(source, days(1, 2, 3, 4))

    taken = [batches.take(window).profile for window in days(1, 4)]

    assert holds_day(taken[0], 1)
    assert holds_day(taken[1], 4)


def test_windows_passed_over_before_the_first_are_not_read_at_all() -> None:
    source = make_source("...")
    batches = open_batches(source, days(1, 2, 3))

    profile = batches.take(day(3)).profile

    assert holds_day(profile, 3)
    assert list(source.reads) == [day(3)]


@pytest.mark.parametrize("letter", ["E", "X", "B"])
def test_a_window_that_cannot_be_read_spoils_neither_the_one_before_nor_the_one_after(letter: str) -> None:
    source = make_source(f".{letter}.")
    batches = open_batches(source, days(1, 2, 3))

    before = batches.take(day(1)).profile
    with pytest.raises((SourceError, DataError, RuntimeError), match=r"day 2|a fault of the source"):
        batches.take(day(2))
    after = batches.take(day(3)).profile

    assert holds_day(before, 1)
    assert holds_day(after, 3)


def test_a_window_that_cannot_be_read_for_now_can_be_read_later() -> None:
    source = make_source("E")
    with pytest.raises(SourceError):
        open_batches(source, days(1)).take(day(1))

    tell_story(source, ".")

    assert holds_day(open_batches(source, days(1)).take(day(1)).profile, 1)


def test_a_source_that_is_away_gives_each_window_its_own_error() -> None:
    source = make_source("EEE")
    batches = open_batches(source, days(1, 2, 3))

    for number in (1, 2, 3):
        with pytest.raises(SourceError, match=f"day {number} "):
            batches.take(day(number))


def test_an_error_in_the_midst_of_a_window_leaves_no_part_of_it() -> None:
    source = FakeSource({day(1): draw_rows(1), day(2): draw_rows(2)}, chunk_rows=100)
    failures = iter([None, RuntimeError("cut off")])

    def fail_later(window: Window) -> None:
        if error := next(failures, None):
            raise error

    source.before = fail_later
    batches = open_batches(source, days(1, 2))

    assert holds_day(batches.take(day(1)).profile, 1)
    assert holds_day(batches.take(day(2)).profile, 2)


def count_day(number: int, shift: float = 0.0) -> Profile:
    rows = draw_rows(number, shift=shift)
    return count_rows(REFERENCE.grids, rows, MONITOR.columns, day(number))


def test_the_same_rows_in_another_order_have_the_same_fingerprint() -> None:
    rows = draw_rows(1)
    turned = rows.take(list(reversed(range(rows.num_rows))))

    first = count_rows(REFERENCE.grids, rows, MONITOR.columns, day(1))
    second = count_rows(REFERENCE.grids, turned, MONITOR.columns, day(2))

    assert fingerprint_counts(first) == fingerprint_counts(second)
    assert len(fingerprint_counts(first) or "") == 64


@pytest.mark.parametrize("size", [1, 7, 128])
def test_the_same_rows_in_other_pieces_have_the_same_fingerprint(size: int) -> None:
    windows = days(1, 2)
    whole = FakeSource({window: draw_rows(1) for window in windows})
    pieces = FakeSource(whole.rows, chunk_rows=size)

    prints = {fingerprint_counts(open_batches(one, windows).take(day(1)).profile) for one in (whole, pieces)}

    assert len(prints) == 1


def test_other_rows_have_another_fingerprint() -> None:
    prints = {
        fingerprint_counts(count_day(1)),
        fingerprint_counts(count_day(2)),
        fingerprint_counts(count_day(1, shift=1e-9)),
    }

    assert len(prints) == 3


def test_rows_that_are_missing_in_another_way_have_another_fingerprint() -> None:
    rows = draw_rows(1)
    amounts = rows["amount"].to_pylist()
    prints = set()
    for hole in (None, float("nan"), float("inf"), float("-inf")):
        table = rows.set_column(0, "amount", [[hole, *amounts[1:]]])
        prints.add(fingerprint_counts(count_rows(REFERENCE.grids, table, MONITOR.columns, day(1))))

    assert len(prints) == 4


def test_no_rows_have_no_fingerprint() -> None:
    assert fingerprint_counts(count_rows(REFERENCE.grids, draw_rows(1, rows=0), MONITOR.columns)) is None
