from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from driftwatch.calibration.alteration import Alteration, AlterationKind
from driftwatch.calibration.altering import measure_spread
from driftwatch.calibration.budget import Budget
from driftwatch.errors import UsageError
from driftwatch.incidents.policy import Patience, Policy
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.jobs.drill import Drill, run_drill
from driftwatch.store.database import Database
from driftwatch.store.scores import load_block_scores
from driftwatch.store.tables import metadata, verdicts
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, ROWS, Bench, draw_rows, make_source, set_up, tell_story

QUIET = "......"
BUDGETED = Judging(budget=replace(Budget(), must_see=0.5))


def shift(size: float) -> Alteration:
    return Alteration(kind=AlterationKind.SHIFT, size=size)


def live(database: Database, story: str = QUIET, **changes: Any) -> Bench:
    bench = set_up(database, judging=changes.pop("judging", BUDGETED), **changes)
    bench.live(story)
    return bench


def drill(bench: Bench, alteration: Alteration, column: str = "amount", **changes: Any) -> Drill:
    watch = replace(bench.watch, monitor=replace(bench.monitor, **changes.pop("monitor", {})))
    return run_drill(bench.parts.database, watch, column, alteration, **changes)


def dump(database: Database) -> Mapping[str, list[tuple[Any, ...]]]:
    def read(tx: sa.Connection) -> dict[str, list[tuple[Any, ...]]]:
        return {
            table.name: [tuple(row) for row in tx.execute(sa.select(table))]
            for table in metadata.sorted_tables
        }

    return database.read(read)


def test_a_large_shift_is_told_with_the_first_window_in_the_words_of_a_notice(store: Database) -> None:
    bench = live(store)

    found = drill(bench, shift(3.0))

    assert found.windows == tuple(day(number) for number in range(1, 7))
    assert (found.played.after, found.unchanged, found.larger) == (1, (), None)
    assert found.played.notices[0].title == "flights: amount looks different"
    assert found.played.notices[0].timestamp == day(1).end + bench.monitor.delay
    assert found.played.verdict is not None
    assert found.played.verdict.window == day(1)


def test_a_change_is_judged_as_if_it_had_been_delivered(store: Database) -> None:
    other = live(store, ".....a", id="other")
    lived = other.verdicts()[-1].verdict
    bench = live(store, "......")
    unit = measure_spread(bench.watch.reference.total.columns["amount"])

    # In the story the amounts of the sixth day are larger by 1.
    found = drill(bench, shift(1 / unit), start=day(6).start).played.verdict

    assert found is not None
    assert (found.window, found.word, lived.word) == (day(6), "drift", "drift")
    assert found.score == pytest.approx(lived.score, rel=0.02)
    assert [one.text for one in found.findings] == [one.text for one in lived.findings]


def test_without_a_change_the_windows_are_judged_as_they_were(store: Database) -> None:
    bench = live(store)

    found = drill(bench, shift(0.0)).played

    assert found.after is None
    assert found.verdict is not None
    assert found.verdict.score == pytest.approx(bench.verdicts()[-1].verdict.score)
    assert found.verdict.limit == pytest.approx(bench.verdicts()[-1].verdict.limit)


def test_of_a_change_that_is_not_told_the_smallest_that_is_told_is_named(store: Database) -> None:
    bench = live(store)

    found = drill(bench, shift(0.01))

    assert (found.played.after, found.played.notices) == (None, ())
    assert found.larger is not None
    assert found.larger.alteration is not None
    assert found.unseen is not None
    assert 0.01 <= found.unseen.size < found.larger.alteration.size < 1.0
    assert drill(bench, found.unseen).played.after is None
    assert drill(bench, found.larger.alteration).played.after == found.larger.after


def test_what_no_size_shows_is_said(store: Database) -> None:
    blind = Judging(minimum_effect=None, rules=(Rule(column="city", statistic="psi", limit=5.0),))
    bench = live(store, "...", judging=blind)

    found = drill(bench, shift(0.2))

    assert (found.played.after, found.larger) == (None, None)
    assert found.unseen == shift(10.0)


def test_what_the_windows_tell_by_themselves_is_not_counted(store: Database) -> None:
    bench = live(store, "..a......")

    found = drill(bench, shift(0.001))

    assert (found.unchanged, found.played.after) == ((3,), None)
    assert found.larger is not None
    assert found.larger.after != 3
    assert drill(bench, shift(3.0)).played.after == 1


def test_another_columns_page_does_not_answer_for_the_changed_one(store: Database) -> None:
    source = make_source()
    bench = set_up(store, now=day(30).start, source=source, judging=BUDGETED)
    tell_story(source, "........")
    for number in (3, 4):
        cities = pa.array(["cork"] * ROWS)
        source.rows[day(number)] = draw_rows(number).set_column(1, "city", cities)
    bench.replay(1, 8)

    found = drill(bench, shift(0.001))

    assert (found.unchanged, found.played.after) == ((3,), None)
    # It is told beside the cities, of whose incident it becomes a part.
    late = drill(bench, shift(3.0), start=day(3).start)
    assert (late.unchanged, late.played.after) == ((1,), 1)
    assert "amount" in late.played.notices[0].text


def test_the_change_begins_where_the_range_does(store: Database) -> None:
    bench = live(store, QUIET)

    found = drill(bench, shift(3.0), start=day(3).start, end=day(5).end)

    assert found.windows == (day(3), day(4), day(5))
    assert found.played.verdict is not None
    assert found.played.verdict.window == day(3)


def test_patience_is_waited_for(store: Database) -> None:
    bench = live(store, policy=Policy(patience=Patience(k=2, of=3)))

    assert drill(bench, shift(3.0)).played.after == 2


def test_a_special_day_is_not_told_and_the_next_is(store: Database) -> None:
    bench = live(store)

    found = drill(bench, shift(3.0), monitor={"special_days": {date(2013, 2, 1): "the feast"}})

    assert found.played.after == 2


def test_thin_windows_wait_for_one_another(store: Database) -> None:
    # Two usual days together are enough.
    bench = live(store, judging=Judging(budget=replace(Budget(), must_see=0.08)))
    assert bench.words()[:2] == ["thin", "ok"]

    found = drill(bench, shift(3.0))

    assert (found.windows[0], found.played.after) == (day(1), 2)


def test_windows_in_which_the_column_is_not_there_stay_as_they_are(store: Database) -> None:
    source = make_source("....")
    rules = Judging(rules=(Rule(column="amount", statistic="ks", limit=0.3),))
    bench = set_up(store, now=day(30).start, source=source, judging=rules)
    source.rows[day(1)] = draw_rows(1).drop_columns(["amount"])
    bench.replay(1, 4)

    found = drill(bench, shift(3.0))

    # That it is not there is told, whatever was asked.
    assert (found.unchanged, found.played.after) == ((1,), 2)
    with pytest.raises(UsageError, match="'amount' was delivered in no window"):
        drill(bench, shift(3.0), end=day(1).end)


def test_whatever_is_found_stays_out_of_the_store_and_is_sent_to_nobody(store: Database) -> None:
    bench = live(store, QUIET + "a")
    before = dump(bench.parts.database)

    drill(bench, shift(3.0))
    drill(bench, shift(0.01))

    assert dump(bench.parts.database) == before
    assert bench.channel.sent == []


def test_a_budget_that_was_just_written_down_leaves_nothing_either(store: Database) -> None:
    bench = live(store, "...", judging=Judging(rules=(Rule(column="amount", statistic="ks", limit=0.3),)))
    before = dump(bench.parts.database)
    assert store.read(lambda tx: load_block_scores(tx, bench.watch.row, 1)) is None

    assert drill(bench, shift(3.0), monitor={"judging": BUDGETED}).played.after == 1

    assert dump(bench.parts.database) == before


def test_a_column_that_never_varied_has_no_unit_to_be_moved_by(store: Database) -> None:
    source = make_source()
    for number in (*BLOCKS, 1, 2):
        rows = draw_rows(number)
        source.rows[day(number)] = rows.append_column("rate", pa.array([7.0] * rows.num_rows))
    bench = set_up(store, now=day(30).start, source=source, judging=BUDGETED)
    bench.replay(1, 2)

    with pytest.raises(UsageError, match="'rate' is constant in the reference"):
        drill(bench, shift(1.0), "rate")
    flood = Alteration(kind=AlterationKind.FLOOD, size=0.5, value=-1.0)
    assert drill(bench, flood, "rate").played.after == 1


def test_counts_kept_coarsely_are_too_coarse_for_a_drill_and_it_says_so(store: Database) -> None:
    bench = live(store)
    store.write(lambda tx: tx.execute(sa.update(verdicts).values(grain="coarse")))

    with pytest.raises(UsageError, match=r"kept coarsely or no longer; .*retention.full"):
        drill(bench, shift(1.0))
