from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from driftwatch.errors import DataError, SourceError, UsageError
from driftwatch.jobs.monitor import Excluded, Monitor, ReferenceSpec
from driftwatch.jobs.reference import (
    Watch,
    ensure_reference,
    list_reference_windows,
    read_reference,
    rebuild_reference,
)
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.times import TimeColumn
from driftwatch.profiles.window import Window
from driftwatch.sources.contract import Request
from driftwatch.store.database import Database
from driftwatch.store.references import ReferenceRow, list_references, promote_reference
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, ROWS, attach, draw_rows, due, make_monitor, make_source
from tests.support.sources_fake import FakeSource

NOW = due(0)


class WholeSource(FakeSource):
    """Gives all its rows, in two chunks, for the one window that it is asked for."""

    def __init__(self, table: pa.Table) -> None:
        super().__init__(name="whole")
        self._table = table

    def read(self, request: Request) -> Iterator[tuple[Window, pa.Table]]:
        """Yield the rows."""
        (window,), half = request.windows, self._table.num_rows // 2
        assert request.options.time is None
        yield window, self._table.slice(0, half)
        yield window, self._table.slice(half)


def spec(first: int, last: int, *, excluded: tuple[Excluded, ...] = ()) -> ReferenceSpec:
    return ReferenceSpec(start=day(first).start, end=day(last).end, excluded=excluded)


def ensure(database: Database, monitor: Monitor) -> Watch:
    return ensure_reference(database, monitor, attach(database, monitor, NOW), NOW)


def versions(database: Database, watch: Watch) -> list[ReferenceRow]:
    return database.read(lambda tx: list_references(tx, watch.row))


def states(database: Database, watch: Watch) -> list[str]:
    return [row.state.value for row in versions(database, watch)]


def test_the_first_reference_is_version_1_and_judges_at_once(database: Database) -> None:
    watch = ensure(database, make_monitor(make_source()))

    assert watch.reference.version == 1
    assert states(database, watch) == ["active"]
    assert [block.window for block in watch.reference.blocks] == [day(number) for number in BLOCKS]
    assert watch.reference.total.rows == ROWS * len(BLOCKS)


def test_an_unchanged_configuration_builds_nothing(store: Database) -> None:
    source = make_source()
    ensure(store, make_monitor(source))

    watch = ensure(store, make_monitor(source, title="Flights", fingerprint="fingerprint-2"))

    assert len(source.requests) == 1
    assert states(store, watch) == ["active"]


def test_a_changed_reference_block_builds_one_candidate_once_and_the_active_one_goes_on_judging(
    store: Database,
) -> None:
    source = make_source()
    ensure(store, make_monitor(source))
    changed = make_monitor(source, reference=spec(-6, 0))

    watches = [ensure(store, changed) for _ in range(3)]

    assert [watch.reference.version for watch in watches] == [1, 1, 1]
    assert states(store, watches[0]) == ["active", "candidate"]
    assert len(source.requests) == 2


def test_a_promoted_candidate_judges_and_the_first_can_come_back_without_being_built_again(
    store: Database,
) -> None:
    source = make_source()
    original, changed = make_monitor(source), make_monitor(source, reference=spec(-6, 0))
    ensure(store, original)
    row = ensure(store, changed).row
    store.write(lambda tx: promote_reference(tx, row, 2, NOW))

    promoted = ensure(store, changed)
    back = ensure(store, original)

    assert (promoted.reference.version, len(promoted.reference.blocks)) == (2, 7)
    assert (back.reference.version, states(store, back)) == (2, ["retired", "active"])
    assert len(source.requests) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": ColumnOptions(exclude=("city",))},
        {"columns": ColumnOptions(include=("amount",))},
        {"columns": ColumnOptions(missing=(-200.0,))},
        {"columns": ColumnOptions(key=("city",))},
        {"reference": replace(spec(-13, 0), source=FakeSource(name="another"))},
    ],
)
def test_whatever_a_reference_is_built_from_makes_a_candidate_when_it_changes(
    store: Database, changes: dict[str, object]
) -> None:
    source = make_source()
    ensure(store, make_monitor(source))
    own = changes.get("reference")
    if isinstance(own, ReferenceSpec) and isinstance(own.source, FakeSource):
        own.source.rows = source.rows

    watch = ensure(store, make_monitor(source, **changes))

    assert states(store, watch) == ["active", "candidate"]


def test_a_new_history_gets_a_reference_of_its_own_that_judges_at_once(store: Database) -> None:
    source = make_source()
    ensure(store, make_monitor(source))

    watch = ensure(store, make_monitor(source, identity="identity-2"))

    assert (watch.reference.version, watch.row.history) == (2, 2)
    assert states(store, watch) == ["retired", "active"]


def test_building_again_on_request_makes_a_candidate(store: Database) -> None:
    monitor = make_monitor(make_source())
    watch = ensure(store, monitor)

    version = rebuild_reference(store, monitor, watch.row, NOW)

    assert version == 2
    assert states(store, watch) == ["active", "candidate"]


def test_building_while_somebody_promotes_replaces_nothing_that_judges(store: Database) -> None:
    monitor = make_monitor(make_source())
    watch = ensure(store, monitor)
    rebuild_reference(store, monitor, watch.row, NOW)
    store.write(lambda tx: promote_reference(tx, watch.row, 2, NOW))

    rebuild_reference(store, monitor, watch.row, NOW)

    after = ensure(store, monitor)
    assert states(store, after) == ["retired", "active", "candidate"]


def test_excluded_stretches_leave_out_every_block_they_touch() -> None:
    hour = timedelta(hours=1)
    excluded = (
        Excluded(start=day(-10).start + hour, end=day(-9).start + hour, why="a public holiday"),
        Excluded(start=day(-2).start, end=day(-2).end, why="an outage"),
    )
    monitor = make_monitor(make_source(), reference=spec(-13, 0, excluded=excluded))

    kept = list_reference_windows(monitor)

    assert kept == [day(number) for number in BLOCKS if number not in {-10, -9, -2}]
    assert [block.window for block in read_reference(monitor).blocks] == kept


def test_blocks_without_rows_are_kept(store: Database) -> None:
    source = make_source()
    source.rows[day(-5)] = pa.table({})
    del source.rows[day(-4)]

    watch = ensure(store, make_monitor(source))

    rows = {block.window: block.profile.rows for block in watch.reference.blocks}
    assert len(rows) == len(BLOCKS)
    assert [window for window, count in rows.items() if count == 0] == [day(-5), day(-4)]


def test_a_reference_without_rows_is_an_error_that_names_the_monitor_and_its_range(store: Database) -> None:
    monitor = make_monitor(FakeSource())

    with pytest.raises(DataError) as error:
        ensure(store, monitor)

    assert str(error.value) == (
        "flights: reference from 2013-01-18T00:00:00Z to 2013-02-01T00:00:00Z: "
        "the reference is empty: there are no rows in it"
    )


def test_a_reference_without_time_is_one_block_of_all_rows_of_its_source(store: Database) -> None:
    files = WholeSource(pa.concat_tables([draw_rows(1), draw_rows(2)]))
    monitor = make_monitor(make_source(), reference=ReferenceSpec(source=files))

    watch = ensure(store, monitor)
    again = ensure(store, monitor)

    (block,) = watch.reference.blocks
    assert (block.window, block.profile.rows) == (None, 2 * ROWS)
    assert states(store, again) == ["active"]
    (version,) = versions(store, watch)
    assert (version.spec["from"], version.spec["to"]) == (None, None)


def test_the_times_of_a_reference_without_time_are_no_column_to_judge() -> None:
    rows = draw_rows(1)
    rows = rows.append_column("at", pa.array(["2013-01-01"] * rows.num_rows))
    options = ColumnOptions(time=TimeColumn(columns=("at",)))
    spec = ReferenceSpec(source=WholeSource(rows))

    reference = read_reference(make_monitor(make_source(), reference=spec, columns=options))

    assert set(reference.grids) == {"amount", "city"}


def test_a_reference_without_time_and_rows_is_an_error_that_names_the_monitor() -> None:
    spec = ReferenceSpec(source=WholeSource(pa.table({})))

    with pytest.raises(DataError, match=r"^flights: reference: the reference is empty: there are no rows"):
        read_reference(make_monitor(make_source(), reference=spec))


@pytest.mark.parametrize("chunk_rows", [7, 100, None])
def test_rows_that_come_in_chunks_are_one_block_a_window(chunk_rows: int | None) -> None:
    source = FakeSource(make_source().rows, chunk_rows=chunk_rows)

    reference = read_reference(make_monitor(source))

    assert [block.window for block in reference.blocks] == [day(number) for number in BLOCKS]
    assert {block.profile.rows for block in reference.blocks} == {ROWS}


def test_a_reference_that_holds_no_whole_window_is_an_error_that_says_what_to_do() -> None:
    half = ReferenceSpec(start=day(0).start, end=day(0).start + timedelta(hours=12))

    with pytest.raises(UsageError, match=r"flights: no whole window of 1d lies in the reference .* widen it"):
        read_reference(make_monitor(make_source(), reference=half))


def test_a_reference_that_could_not_be_read_is_built_at_the_next_try(store: Database) -> None:
    source = make_source()
    good = source.rows[day(-3)]
    source.rows[day(-3)] = SourceError("the warehouse is away", again=True)
    monitor = make_monitor(source)
    with pytest.raises(SourceError, match="the warehouse is away"):
        ensure(store, monitor)

    source.rows[day(-3)] = good
    watch = ensure(store, monitor)

    assert states(store, watch) == ["active"]


def test_a_reference_may_come_from_a_source_of_its_own(store: Database) -> None:
    training = FakeSource({day(number): draw_rows(number, rows=50) for number in BLOCKS}, name="training")
    production = make_source()
    monitor = make_monitor(production, reference=replace(spec(-13, 0), source=training))

    watch = ensure(store, monitor)

    assert watch.reference.total.rows == 50 * len(BLOCKS)
    assert production.requests == []
