"""Season cycles begin on Thursdays, as 1970-01-01 was one: days 0, 7, 14 and 21 do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from driftwatch.calibration.budget import Budget
from driftwatch.errors import SourceError
from driftwatch.incidents.incident import Label
from driftwatch.incidents.rules import Judging
from driftwatch.jobs.cases import label_case
from driftwatch.jobs.monitor import CatchUp, Excluded, Monitor, ReferenceSpec, Rolling
from driftwatch.jobs.promotion import promote_version, restore_version
from driftwatch.jobs.reference import Watch, ensure_reference
from driftwatch.jobs.rolling import group_windows, roll_reference
from driftwatch.jobs.tracks import load_history, open_track
from driftwatch.store.database import Database
from driftwatch.store.references import list_references, load_reference
from tests.support.incidents import day
from tests.support.monitors import Bench, attach, draw_rows, due, make_source, set_up


def roll(last: int = 7, gap: int = 7, **changes: object) -> ReferenceSpec:
    rolling = Rolling(last=timedelta(days=last), gap=timedelta(days=gap))
    return ReferenceSpec(rolling=rolling, **changes)  # type: ignore[arg-type]


def begin(database: Database, spec: ReferenceSpec | None = None, **changes: object) -> Bench:
    """Return a monitor that starts on day 1; its source has rows since day -40."""
    source = make_source()
    source.rows |= {day(number): draw_rows(number) for number in range(-40, 1)}
    changes = {"catch_up": CatchUp(at_most=1)} | changes
    return set_up(database, source=source, reference=spec or roll(), **changes)  # type: ignore[arg-type]


def take_up(bench: Bench, monitor: Monitor | None = None) -> Bench:
    """Return the monitor as the daemon takes it up anew."""
    monitor = monitor or bench.monitor
    row = attach(bench.parts.database, monitor, bench.clock.now())
    watch = ensure_reference(bench.parts.database, monitor, row, bench.clock.now())
    return replace(bench, watch=watch)


def list_states(bench: Bench) -> list[str]:
    rows = bench.parts.database.read(lambda tx: list_references(tx, bench.watch.row))
    return [row.state.value for row in rows]


def list_days(bench: Bench, version: int) -> list[int]:
    """Return the days that a version was built from."""
    reference = bench.parts.database.read(lambda tx: load_reference(tx, bench.watch.row, version))
    assert reference is not None
    starts = [block.window.start for block in reference.blocks if block.window]
    return [(start - day(0).start).days for start in starts]


def list_judges(bench: Bench) -> dict[int, int | None]:
    """Return which version judged each day."""
    return {
        (one.window.start - day(0).start).days: one.judgement.reference_version for one in bench.verdicts()
    }


def test_the_first_version_ends_a_gap_before_the_present_season_cycle(store: Database) -> None:
    bench = begin(store)

    assert list_states(bench) == ["active"]
    assert list_days(bench, 1) == list(range(-14, -7))


def test_every_season_cycle_is_judged_by_a_version_of_its_own_in_one_history(database: Database) -> None:
    bench = begin(database)

    bench.live("." * 15)

    judges = list_judges(bench)
    assert [judges[number] for number in (1, 6, 7, 13, 14, 15)] == [1, 1, *[judges[7]] * 2, *[judges[14]] * 2]
    assert len({judges[1], judges[7], judges[14]}) == 3
    assert list_days(bench, judges[7] or 0) == list(range(-7, 0))
    assert list_days(bench, judges[14] or 0) == list(range(7))
    after = take_up(bench)
    assert (after.watch.row.history, after.watch.reference.version) == (1, judges[14])
    assert list_states(after).count("active") == 1


def test_a_replay_rolls_as_living_through_it_does(store: Database) -> None:
    bench = begin(store)
    bench.live("." * 15)
    lived = list_judges(bench)

    bench.replay(1, 15, again=True)

    assert list_judges(bench) == lived


def test_a_replay_of_the_past_leaves_the_active_version_active(store: Database) -> None:
    bench = begin(store)
    bench.live("." * 8)
    active = take_up(bench).watch.reference.version

    bench.replay(-6, 2)

    assert take_up(bench).watch.reference.version == active
    judges = list_judges(bench)
    assert judges[1] == judges[2]
    assert list_days(bench, judges[-6] or 0) == list(range(-21, -14))


def test_windows_of_an_open_incident_are_left_out(store: Database) -> None:
    bench = begin(store, roll(last=14, gap=0))

    bench.live("." * 4 + "aaa" + ".")

    assert list_days(bench, list_judges(bench)[7] or 0) == [*range(-7, 5)]
    (version,) = (
        row for row in store.read(lambda tx: list_references(tx, bench.watch.row)) if row.version == 2
    )
    (held,) = version.spec["held"]
    assert held[0] == "2013-02-05T00:00:00Z"


@pytest.mark.parametrize(
    ("said", "days"),
    [(Label.DRIFT, [0, 1, 4, 5, 6]), (Label.BAD_DATA, [0, 1, 4, 5, 6]), (Label.EXPECTED, list(range(7)))],
)
def test_what_a_person_labelled_is_left_out_or_not_whatever_became_of_it(
    store: Database, said: Label, days: list[int]
) -> None:
    bench = begin(store, roll(last=7, gap=0))
    bench.live(".aa...")
    (incident,) = bench.incidents()
    label_case(bench.parts, [bench.monitor], incident.id or 0, said, "ann")

    bench.live(".", first=7)

    assert list_days(bench, 2) == days


def test_an_incident_that_resolved_counts_as_usual(store: Database) -> None:
    bench = begin(store, roll(last=7, gap=0))

    bench.live(".aa....")

    assert list_days(bench, 2) == list(range(7))


def test_excluded_stretches_are_left_out_of_every_version(store: Database) -> None:
    out = Excluded(start=day(-10).start, end=day(-4).start, why="an outage")
    bench = begin(store, roll(last=14, excluded=(out,)))

    bench.live("." * 7)

    assert list_days(bench, 1) == [*range(-21, -10)]
    assert list_days(bench, list_judges(bench)[7] or 0) == [-14, -13, -12, -11, -4, -3, -2, -1]


def test_windows_without_rows_are_left_out_but_those_that_never_have_any(store: Database) -> None:
    bench = begin(store, roll(last=21, gap=0))
    for number in range(-40, 8):
        if number % 7 == 3 or number == -2:  # Every Sunday, and one day beside.
            bench.source.rows[day(number)] = pa.table({})

    bench.live("......", first=1)
    bench.source.rows[day(3)] = pa.table({})
    bench.live(".", first=7)

    assert list_days(bench, list_judges(bench)[7] or 0) == [n for n in range(-14, 7) if n != -2]


def test_with_fewer_than_half_of_the_windows_the_old_version_stays_and_says_why(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    bench = begin(store, roll(last=7, gap=0))

    bench.live("aaaaaa.")

    assert set(list_judges(bench).values()) == {1}
    assert list_states(bench) == ["active"]
    assert (
        "reference not rolled monitor=flights reason=open or labelled incidents leave 1 of its 7 windows; "
        "the active one stays" in caplog.text
    )


def test_with_too_few_rows_the_old_version_stays(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    bench = begin(store, roll(last=7, gap=0))
    bench.live("......")
    for number in range(1, 6):
        bench.source.rows[day(number)] = pa.table({})

    bench.live(".", first=7)

    assert list_judges(bench)[7] == 1
    assert "only 2 of its 7 windows have rows and are not left out" in caplog.text


def test_a_source_that_cannot_be_read_is_tried_again_with_the_next_window(
    store: Database, caplog: pytest.LogCaptureFixture
) -> None:
    bench = begin(store)
    bench.live("......")
    rows = bench.source.rows[day(-3)]
    bench.source.rows[day(-3)] = SourceError("the warehouse is away", again=True)
    bench.live(".", first=7)
    bench.source.rows[day(-3)] = rows

    bench.live(".", first=8)

    assert [list_judges(bench)[number] for number in (7, 8)] == [1, 2]
    assert "the warehouse is away; the active one stays" in caplog.text


def test_another_span_waits_for_its_promotion_and_rolls_from_then_on(store: Database) -> None:
    bench = begin(store)
    bench.live("." * 5)
    changed = take_up(bench, replace(bench.monitor, reference=roll(last=14)))
    states = list_states(changed)
    changed.live("..", first=6)
    before = list_judges(changed)

    promote_version(changed.parts, changed.monitor, 2)
    after = take_up(changed)
    after.live(".", first=8)

    assert (states, before[7]) == (["active", "candidate"], 1)
    assert list_states(after) == ["retired", "retired", "active"]
    assert list_days(after, 3) == list(range(-14, 0))
    assert after.watch.row.history == 2


def test_a_version_that_a_person_brought_back_stays_until_the_next_season_cycle(store: Database) -> None:
    bench = begin(store)
    bench.live("." * 8)
    restore_version(bench.parts, bench.monitor)
    back = take_up(bench)

    back.live("." * 6, first=9)

    judges = list_judges(back)
    assert {judges[number] for number in range(9, 14)} == {1}
    assert judges[14] == 3


def test_whoever_builds_second_takes_what_is_there(database: Database) -> None:
    bench = begin(database)
    bench.clock.move_to(due(7))
    other: list[Watch] = []

    def build_first(_: object) -> None:
        bench.source.before = None
        other.append(roll_reference(database, bench.watch, day(7), due(7)))

    bench.source.before = build_first
    mine = roll_reference(database, bench.watch, day(7), due(7))

    assert (mine.reference.version, other[0].reference.version) == (2, 2)
    assert list_states(bench) == ["retired", "active"]


def test_scores_go_on_from_version_to_version(store: Database) -> None:
    judging = Judging(minimum_effect=0.02, rules=(), budget=Budget())
    bench = begin(store, judging=judging)

    bench.live("." * 9)

    taken = take_up(bench).watch
    track = open_track(store, taken, day(10))
    assert track is not None
    recalled = load_history(store, taken, track, day(10)).history
    assert [one.window for one in recalled][-9:] == [day(number) for number in range(1, 10)]
    said = [one.verdict.calibration for one in bench.verdicts()]
    assert said[-1] != said[0]


def test_a_pinned_reference_judges_all_windows_at_once(store: Database) -> None:
    bench = set_up(store)
    windows = [day(number) for number in range(1, 20)]

    assert list(group_windows(bench.monitor, windows)) == [windows]
    assert roll_reference(store, bench.watch, day(19), due(19)) is bench.watch


def test_a_watch_of_a_former_history_is_left_as_it_is(store: Database) -> None:
    bench = begin(store)
    bench.live("." * 8)
    restore_version(bench.parts, bench.monitor)

    assert roll_reference(store, bench.watch, day(14), due(14)) is bench.watch
