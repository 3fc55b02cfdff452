from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from driftwatch.errors import StoreError
from driftwatch.incidents.finding import FindingKind, Near, VerdictWord
from driftwatch.profiles.profile import Profile
from driftwatch.store.database import Database
from driftwatch.store.verdicts import (
    Judgement,
    find_repeats,
    last_with_rows,
    list_verdicts,
    newest_verdict,
    record_verdict,
)
from tests.support.stored import NOW, build_verdict, day, record, register


def test_a_verdict_comes_back_with_its_findings(database: Database) -> None:
    monitor = register(database)

    revision = record(database, monitor, build_verdict(0, VerdictWord.DRIFT), fingerprint="ab" * 32)
    (row,) = database.read(lambda connection: list_verdicts(connection, monitor))

    verdict = row.verdict
    assert (revision, row.revision, row.window) == (1, 1, day(0))
    assert (verdict.word, verdict.rows, verdict.score, verdict.limit) == (VerdictWord.DRIFT, 100, None, None)
    assert row.judgement == Judgement(
        finished_at=NOW, seconds=0.25, token=3, reference_version=1, counts_fingerprint="ab" * 32
    )
    (finding,) = verdict.findings
    assert (finding.column, finding.value, finding.limit) == ("origin ", 1 / 3, 0.1)
    assert (finding.text, finding.moved_share) == ("naïve 🛫 moved", None)


def test_judging_again_adds_a_revision_and_the_newest_is_shown(database: Database) -> None:
    monitor = register(database)
    record(database, monitor, build_verdict(0, VerdictWord.DRIFT))

    revision = record(database, monitor, build_verdict(0, VerdictWord.OK))
    (row,) = database.read(lambda connection: list_verdicts(connection, monitor))

    assert (revision, row.revision, row.verdict.word) == (2, 2, VerdictWord.OK)
    assert row.verdict.findings == ()


def test_verdicts_are_listed_between_two_times_oldest_first(database: Database) -> None:
    monitor = register(database)
    for number in (3, 0, 2, 1):
        record(database, monitor, build_verdict(number, VerdictWord.DRIFT))
    record(database, register(database, "other"), build_verdict(9))

    def days(**options: object) -> list[int]:
        rows = database.read(
            lambda connection: list_verdicts(connection, monitor, **options)  # type: ignore[arg-type]  # Times.
        )
        assert all(len(row.verdict.findings) == 1 for row in rows)
        return [(row.window.start - day(0).start).days for row in rows]

    assert days() == [0, 1, 2, 3]
    assert days(start=day(1).start) == [1, 2, 3]
    assert days(start=day(1).start, end=day(2).end) == [1, 2]
    assert days(end=day(2).end - timedelta(microseconds=1)) == [0, 1]
    assert days(newest=2) == [2, 3]
    assert days(start=day(8).start) == []


def test_a_window_that_could_not_be_read_has_no_rows(database: Database) -> None:
    monitor = register(database)

    record(database, monitor, build_verdict(0, VerdictWord.ERROR, rows=None))

    (row,) = database.read(lambda connection: list_verdicts(connection, monitor))
    assert (row.verdict.word, row.verdict.rows) == (VerdictWord.ERROR, None)


def test_the_last_window_with_rows_is_found_behind_empty_ones(database: Database) -> None:
    monitor = register(database)
    record(database, monitor, build_verdict(0))
    record(database, monitor, build_verdict(1))
    record(database, monitor, build_verdict(1, VerdictWord.NO_DATA, rows=0))
    record(database, monitor, build_verdict(2, VerdictWord.ERROR, rows=None))

    newest = database.read(lambda connection: newest_verdict(connection, monitor))

    assert newest is not None
    assert newest.window == day(2)
    assert database.read(lambda connection: last_with_rows(connection, monitor)) == day(0)


def test_a_monitor_that_judged_nothing_has_no_newest_verdict(database: Database) -> None:
    monitor = register(database)

    assert database.read(lambda connection: newest_verdict(connection, monitor)) is None
    assert database.read(lambda connection: last_with_rows(connection, monitor)) is None


def test_a_repeated_window_is_the_latest_earlier_one_with_the_same_counts(database: Database) -> None:
    monitor = register(database)
    for number, fingerprint in enumerate(["aa", "aa", "bb", "aa"]):
        record(database, monitor, build_verdict(number), fingerprint=fingerprint)
    record(database, monitor, build_verdict(1, rows=99), fingerprint="cc")
    record(database, register(database, "other"), build_verdict(2), fingerprint="aa")

    def repeats(fingerprint: str, number: int) -> object:
        return database.read(lambda connection: find_repeats(connection, monitor, fingerprint, day(number)))

    assert repeats("aa", 3) == day(0)
    assert repeats("aa", 4) == day(3)
    assert repeats("aa", 0) is None
    assert repeats("dd", 4) is None


def test_empty_windows_do_not_repeat_each_other(database: Database) -> None:
    monitor = register(database)
    record(database, monitor, build_verdict(0, VerdictWord.NO_DATA, rows=0), fingerprint="00")

    assert database.read(lambda connection: find_repeats(connection, monitor, "00", day(1))) is None


def test_a_verdict_without_a_slot_is_refused(database: Database) -> None:
    monitor = register(database)
    judgement = Judgement(finished_at=NOW, seconds=0.0, token=1)

    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        database.write(
            lambda connection: record_verdict(connection, monitor, build_verdict(0), None, judgement)
        )


def test_what_was_near_its_limit_comes_back_with_the_counts(database: Database) -> None:
    monitor = register(database)
    near = (Near(column="a", kind=FindingKind.DRIFT), Near(column=None, kind=FindingKind.VOLUME))
    profile = Profile(rows=100, columns={})

    record(database, monitor, replace(build_verdict(0), near=near), profile)
    record(database, monitor, build_verdict(1), profile)
    rows = database.read(lambda connection: list_verdicts(connection, monitor))

    assert [row.verdict.near for row in rows] == [near, ()]
