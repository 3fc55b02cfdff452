from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from driftwatch.calibration.budget import Budget, FalsePages
from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import label
from driftwatch.incidents.incident import IncidentKind, Label
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.jobs.backtest import Asked, Backtest, Compared, run_backtest
from driftwatch.jobs.cases import change_case
from driftwatch.jobs.inheritance import SET_ASIDE
from driftwatch.jobs.prune import prune_store
from driftwatch.jobs.retention import Retention
from driftwatch.profiles.window import Window
from driftwatch.store import migrations
from driftwatch.store.database import Database, open_database
from driftwatch.store.evidence import load_statistics
from driftwatch.store.incidents import list_events
from driftwatch.store.score_codec import decode_scores, encode_scores
from driftwatch.store.tables import metadata, profiles, scores, verdicts
from tests.support.clocks import FakeClock
from tests.support.databases import create_url
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, Bench, set_up
from tests.support.sources_fake import FakeSource

DAYS = 45
BUDGET = Budget(promise=FalsePages(at_most=4))
JUDGING = Judging(budget=BUDGET)


def _draw(number: int, *, shift: float = 0.0, rows: int = 300) -> pa.Table:
    rng = np.random.default_rng(2000 + number)
    wobble = rng.normal(0, 0.05)
    return pa.table(
        {
            "amount": rng.normal(10 + wobble + shift, 1, rows),
            "city": rng.choice(["oslo", "rome", "cork"], rows, p=[0.5, 0.3, 0.2]),
        }
    )


def _lose_cities(table: pa.Table) -> pa.Table:
    names = [None if place % 3 == 0 else name for place, name in enumerate(table["city"].to_pylist())]
    return table.set_column(1, "city", pa.array(names))


def _build_source(rows: int = 300) -> FakeSource:
    """Build a wobbling amount that moves twice, too few rows, lost cities, a column that is not there."""
    numbers = (*BLOCKS, *range(1, DAYS + 1))
    source = FakeSource({day(number): _draw(number, rows=rows) for number in numbers})
    source.rows |= {day(number): _draw(number, shift=1.0, rows=rows) for number in (10, 11, 40, 41, 42)}
    source.rows[day(20)] = _draw(20, rows=rows // 5)
    source.rows[day(26)] = _lose_cities(_draw(26, rows=rows))
    source.rows[day(32)] = _draw(32, rows=rows).drop_columns(["city"])
    source.rows[day(36)] = pa.table({})
    return source


def _live(database: Database, judging: Judging, *, days: int = DAYS, rows: int = 300) -> Bench:
    bench = set_up(database, source=_build_source(rows), now=day(DAYS + 30).start, judging=judging)
    bench.replay(1, days, "all")
    return bench


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bench, Path]]:
    """A monitor with a history that people were told of, and its store; not to be changed."""
    url = create_url("sqlite", tmp_path_factory.mktemp("history"))
    migrations.upgrade(url)
    database = open_database(url)
    yield _live(database, JUDGING), Path(url.removeprefix("sqlite:///"))
    database.close()


@pytest.fixture(scope="module")
def lived(history: tuple[Bench, Path]) -> Bench:
    """The monitor with a history."""
    return history[0]


@pytest.fixture
def copied(history: tuple[Bench, Path], tmp_path: Path) -> Iterator[Bench]:
    """The monitor with a history on a store of its own, to change at will."""
    bench, store = history
    with closing(sqlite3.connect(store)) as old, closing(sqlite3.connect(tmp_path / "copy.db")) as new:
        old.backup(new)
    database = open_database(f"sqlite:///{tmp_path / 'copy.db'}")
    yield replace(bench, parts=replace(bench.parts, database=database))
    database.close()


@pytest.fixture(scope="module")
def found(lived: Bench) -> Backtest:
    """What today's policy comes to, and a rule beside it."""
    return _backtest(lived, against="amount psi > 0.3")


def _backtest(bench: Bench, **asked: Any) -> Backtest:
    return run_backtest(bench.parts.database, bench.watch, Asked(**asked))


_Told = list[tuple[str, IncidentKind, bool]]


def _list_told(bench: Bench) -> _Told:
    """Return when people were told at once, of what, and whether they knew of the incident."""
    told = []
    for incident in bench.incidents():
        number = incident.id or 0
        for event in bench.parts.database.read(lambda tx, number=number: list_events(tx, number)):  # type: ignore[misc]
            if event.notice in {"incident.opened", "incident.updated"}:
                at = f"{event.window_start:%Y-%m-%d}"
                told.append((at, incident.kind, event.notice == "incident.updated"))
    return sorted(told)


def _list_pages(compared: Compared | None) -> _Told:
    assert compared is not None
    pages = compared.outcome.pages
    return sorted((f"{page.window.start:%Y-%m-%d}", page.kind, page.joins) for page in pages)


def _list_windows(compared: Compared | None) -> set[Window]:
    assert compared is not None
    return {page.window for page in compared.outcome.pages}


def test_todays_policy_pages_again_exactly_when_it_did(lived: Bench, found: Backtest) -> None:
    told = _list_told(lived)

    assert {(kind, joins) for _, kind, joins in told} >= {
        (IncidentKind.DRIFT, False),
        (IncidentKind.DATA, False),
    }
    assert _list_pages(found.today) == told
    assert (found.start, found.end, found.windows) == (day(1).start, day(DAYS).end, DAYS - 1)


def test_the_columns_of_a_page_are_those_that_moved(found: Backtest) -> None:
    pages = {page.window: page for page in found.today.outcome.pages}

    assert pages[day(10)].columns == ("amount",)
    assert pages[day(20)].columns == ("the number of rows",)
    assert pages[day(26)].columns == ("city",)
    assert pages[day(32)].columns == ("city",)


def test_no_source_is_read_and_the_store_stays_as_it_is(copied: Bench) -> None:
    copied.source.reads.clear()
    before = _dump(copied.parts.database)

    _backtest(copied, false_pages=FalsePages(at_most=2), against="any psi > 0.1", end=day(20).end)

    assert not copied.source.reads
    assert _dump(copied.parts.database) == before


def _dump(database: Database) -> list[object]:
    return database.read(lambda tx: [tx.execute(sa.select(one)).all() for one in metadata.sorted_tables])


def test_a_range_shows_what_the_policy_told_in_it(lived: Bench) -> None:
    found = _backtest(lived, start=day(11).start, end=day(36).end)

    inside = [one for one in _list_told(lived) if "2013-02-11" <= one[0] <= "2013-03-08"]
    assert inside
    assert _list_pages(found.today) == inside
    assert (found.start, found.end) == (day(11).start, day(35).end)


def test_a_range_in_which_nothing_was_judged_is_refused(lived: Bench) -> None:
    with pytest.raises(UsageError, match="flights: no window was judged in that range"):
        _backtest(lived, start=day(DAYS + 1).start)


def test_another_promise_pages_as_if_it_had_been_made_from_the_start(lived: Bench, store: Database) -> None:
    promise = FalsePages(at_most=1)
    really = _live(store, Judging(budget=replace(BUDGET, promise=promise)))

    found = _backtest(lived, false_pages=promise)

    assert found.asked is not None
    assert found.asked.promise == promise
    assert _list_pages(found.asked) == _list_told(really)
    assert {page.window for page in found.gained} == _list_windows(found.asked) - _list_windows(found.today)
    assert {page.window for page in found.lost} == _list_windows(found.today) - _list_windows(found.asked)
    assert found.lost


def test_a_policy_that_is_todays_is_no_other(lived: Bench) -> None:
    asked = {"false_pages": BUDGET.promise, "minimum_effect": 0.02, "end": day(12).end}

    assert _backtest(lived, **asked).asked is None


def test_a_greater_minimum_effect_tells_of_great_changes_alone(lived: Bench) -> None:
    found = _backtest(lived, minimum_effect=0.4)

    assert found.asked is not None
    assert found.asked.minimum_effect == 0.4
    # Four fifths of the rows did not come, and a column is no matter of degree.
    assert _list_windows(found.asked) == {day(20), day(32)}


def test_the_proposed_promise_pages_no_more_often_than_people_are_ready_for(found: Backtest) -> None:
    assert found.allowed == pytest.approx(4 * DAYS / 30)
    assert found.proposed is not None
    assert len(found.proposed.outcome.pages) <= found.allowed
    assert [one.promise and one.promise.at_most for one in found.others] == [1.0, 2.0, 8.0, 16.0]


def test_a_promise_under_which_incidents_do_not_end_is_not_proposed(found: Backtest) -> None:
    assert found.proposed is not None
    everywhere = replace(found.proposed, outcome=replace(found.proposed.outcome, above=(day(1),) * DAYS))

    without = replace(found, today=everywhere, others=(everywhere,))

    assert without.proposed is None


def test_too_few_windows_propose_nothing(lived: Bench) -> None:
    found = _backtest(lived, end=day(12).end, against="any psi > 0.1")

    assert (found.is_long_enough, found.proposed) == (False, None)
    assert found.against is not None
    assert found.against.fitted is None


def test_another_rule_is_put_to_the_same_windows(lived: Bench, found: Backtest) -> None:
    above = [row.window for row in lived.verdicts() if _find_psi(lived, row.window) > 0.3]

    assert found.against is not None
    assert list(found.against.outcome.above) == above
    pages = [page.window for page in found.against.outcome.pages]
    assert pages[0] == above[0]
    assert set(pages) < set(above)
    assert found.against.outcome.windows == found.windows


def _find_psi(bench: Bench, window: Window) -> float:
    found = bench.parts.database.read(lambda tx: load_statistics(tx, bench.watch.row, window))
    return found["amount"]["psi"].value or 0.0 if "amount" in found else 0.0


def test_another_rule_is_fitted_to_as_many_pages(found: Backtest) -> None:
    assert found.against is not None
    assert found.against.fitted is not None
    assert found.against.fitted > 0


def test_a_rule_on_a_column_that_is_not_judged_is_refused(lived: Bench) -> None:
    with pytest.raises(UsageError, match=r"wants any.* at place 1, where it has 'price'"):
        _backtest(lived, against="price psi > 0.1")


def test_without_their_counts_windows_page_where_they_did(copied: Bench) -> None:
    with copied.parts.database._writing.begin() as connection:
        connection.execute(sa.update(verdicts).values(batch=None))
        connection.execute(sa.delete(profiles))

    found = _backtest(copied)

    # A further change is told by the first windows of an incident, which are gone.
    assert _list_pages(found.today) == [one for one in _list_told(copied) if not one[2]]


def test_windows_without_scores_are_measured_from_their_counts(copied: Bench) -> None:
    with copied.parts.database._writing.begin() as connection:
        connection.execute(sa.delete(scores))

    assert _list_pages(_backtest(copied, end=day(27).end).today) == [
        one for one in _list_told(copied) if one[0] < "2013-02-28"
    ]


def test_windows_of_which_nothing_is_kept_are_passed_over(copied: Bench) -> None:
    with copied.parts.database._writing.begin() as connection:
        for table in (scores, profiles):
            connection.execute(sa.delete(table))
        connection.execute(sa.update(verdicts).values(batch=None))

    assert _backtest(copied).today.outcome.pages == ()


def test_what_people_labelled_stays_out_of_the_null(copied: Bench) -> None:
    number = next(one.id for one in copied.incidents() if one.first_window == day(10)) or 0
    before = _backtest(copied, end=day(30).end).today

    change_case(copied.parts, [copied.monitor], number, lambda one, now: label(one, Label.DRIFT, "ann", now))
    after = _backtest(copied, end=day(30).end).today

    assert _list_windows(before) <= _list_windows(after)


def test_on_a_special_day_only_what_no_budget_decides_pages(copied: Bench) -> None:
    with copied.parts.database._writing.begin() as connection:
        for row in connection.execute(sa.select(scores)).all():
            special = replace(decode_scores(row.document, what="scores"), scheme=SET_ASIDE)
            found = scores.update().where(scores.c.window_start == row.window_start)
            connection.execute(found.values(document=encode_scores(special)))

    assert _list_windows(_backtest(copied).today) == {day(32)}


def test_thin_windows_join_the_next_as_they_did(store: Database) -> None:
    bench = _live(store, JUDGING, days=30, rows=45)

    found = _backtest(bench)

    assert bench.words().count("thin") >= 10
    assert _list_told(bench)
    assert _list_pages(found.today) == _list_told(bench)


def test_a_monitor_with_rules_alone_pages_by_them_and_any_promise_can_be_tried(store: Database) -> None:
    rules = (Rule(column="amount", statistic="psi", limit=0.3),)
    bench = _live(store, Judging(minimum_effect=None, rules=rules), days=27)

    found = _backtest(bench, false_pages=BUDGET.promise)

    assert day(10) in _list_windows(found.today)
    assert _list_pages(found.today) == _list_told(bench)
    assert (found.today.promise, found.others) == (None, ())
    # Rules are told beside any promise, which sees the cities too.
    assert {day(10), day(26)} <= _list_windows(found.asked)


def test_rules_beside_a_promise_are_told_as_they_were(store: Database) -> None:
    rules = (Rule(column="*", statistic="psi", limit=0.05),)
    # Before it flaps, which the backtest does not know of.
    bench = _live(store, Judging(budget=BUDGET, rules=rules), days=24)

    assert _list_pages(_backtest(bench).today) == _list_told(bench)


def test_a_share_of_a_fleets_promise_is_what_is_tried(store: Database) -> None:
    bench = _live(store, Judging(budget=replace(BUDGET, share=0.5)), days=21)

    found = _backtest(bench)

    assert found.today.promise == FalsePages(at_most=2.0)
    assert _list_pages(found.today) == _list_told(bench)


def test_a_monitor_that_judged_nothing_yet_is_refused(store: Database) -> None:
    bench = set_up(store, judging=JUDGING)

    with pytest.raises(UsageError, match="no window was judged"):
        _backtest(bench)


@pytest.mark.parametrize(
    ("retention", "is_gone"),
    [
        (Retention(full=timedelta(0)), False),
        (Retention(full=timedelta(0), coarse=timedelta(0)), True),
    ],
)
def test_counts_kept_coarsely_tell_the_same_and_those_that_are_gone_are_counted(
    copied: Bench, found: Backtest, retention: Retention, is_gone: bool
) -> None:
    parts = replace(copied.parts, clock=FakeClock(copied.clock.now() + timedelta(days=1)))
    pruned = prune_store(parts, [replace(copied.monitor, retention=retention)], retention)
    after = _backtest(copied)

    assert pruned is not None
    assert (pruned.coarse > 0, pruned.counts > 0) == (not is_gone, is_gone)
    assert after.without_counts == pruned.counts
    assert found.without_counts == 0
    if not is_gone:
        assert _list_pages(after.today) == _list_pages(found.today)
        assert _list_windows(after.today) == _list_windows(found.today)
