from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from driftwatch.incidents.conditions import Age
from driftwatch.incidents.notice import MonitorFacts
from driftwatch.incidents.policy import Ages, Policy
from driftwatch.jobs.facts import build_facts, is_empty_by_habit, list_ages
from driftwatch.jobs.monitor import Model
from driftwatch.profiles.build import build_reference
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.profiles.reference import Block, Reference
from driftwatch.profiles.window import Window
from driftwatch.retraining.policy import RetrainPolicy
from tests.support.incidents import day
from tests.support.monitors import draw_rows, make_monitor, make_source

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EMPTY = pa.table({})


def build(*blocks: tuple[Window, pa.Table]) -> Reference:
    return build_reference(list(blocks), ColumnOptions())


def weeks(empty: set[int]) -> Reference:
    """Two weeks of days, from Friday 18 January on, of which the numbers in `empty` have no rows."""
    return build(*((day(n), EMPTY if n in empty else draw_rows(n)) for n in range(-13, 1)))


def test_people_are_told_what_the_configuration_says() -> None:
    monitor = make_monitor(
        make_source(),
        title="Flight delays",
        description="What the delay model is fed.",
        owner="data-platform",
        runbook="https://wiki.example.com/flights",
        model=Model(name="delay", version="2013.1"),
        retrain=RetrainPolicy(trigger="ci", after=2),
        policy=Policy(resolve_after=5),
    )

    assert build_facts(monitor) == MonitorFacts(
        id="flights",
        title="Flight delays",
        description="What the delay model is fed.",
        owner="data-platform",
        runbook="https://wiki.example.com/flights",
        model="delay",
        model_version="2013.1",
        retraining=(
            "Retraining is asked for when a drift or stale incident has been open for 2 windows and "
            "the data is in order, at most once in 7 days."
        ),
        resolve_after=5,
    )


def test_what_is_not_configured_is_not_told() -> None:
    assert build_facts(make_monitor(make_source())) == MonitorFacts(id="flights")


@pytest.mark.parametrize(
    ("ages", "model", "expected"),
    [
        (Ages(), Model(name="m", trained_at=day(1).start), []),
        (Ages(model=DAY), None, []),
        (Ages(model=DAY), Model(name="m"), []),
        (
            Ages(model=DAY),
            Model(name="m", trained_at=day(1).start),
            [Age(of="model", age=9 * DAY, limit=DAY)],
        ),
        (Ages(reference=2 * DAY), None, [Age(of="reference", age=9 * DAY, limit=2 * DAY)]),
    ],
)
def test_ages_are_those_that_are_limited_and_known(
    ages: Ages, model: Model | None, expected: list[Age]
) -> None:
    monitor = make_monitor(make_source(), policy=Policy(ages=ages), model=model)

    assert list_ages(monitor, weeks(set()), day(10).start) == expected


def test_a_reference_without_time_has_no_age() -> None:
    whole = weeks(set())
    timeless = Reference(
        grids=whole.grids, blocks=tuple(Block(window=None, profile=block.profile) for block in whole.blocks)
    )
    monitor = make_monitor(make_source(), policy=Policy(ages=Ages(reference=DAY)))

    assert list_ages(monitor, timeless, day(10).start) == []


SUNDAYS = {-11, -4}


@pytest.mark.parametrize(
    ("empty", "number", "expected"),
    [
        (SUNDAYS, 3, True),
        (SUNDAYS, 4, False),
        ({-4}, 3, False),
        (set(), 3, False),
        (SUNDAYS | {-10, -3}, 4, True),
    ],
)
def test_a_day_is_empty_by_habit_where_every_block_of_its_weekday_is(
    empty: set[int], number: int, expected: bool
) -> None:
    assert day(3).start.weekday() == 6
    assert is_empty_by_habit(weeks(empty), day(number), "UTC") is expected


def test_a_weekday_that_the_reference_does_not_know_is_no_habit() -> None:
    assert not is_empty_by_habit(build((day(1), draw_rows(1)), (day(2), EMPTY)), day(3), "UTC")


def test_hours_are_compared_by_the_local_clock_whatever_the_clocks_do() -> None:
    """02:00 in Paris is 01:00 UTC in winter and 00:00 UTC in summer."""
    winter, summer = datetime(2013, 3, 24, 1, tzinfo=UTC), datetime(2013, 4, 7, tzinfo=UTC)
    reference = build(
        (Window(start=winter, end=winter + HOUR), EMPTY),
        (Window(start=winter + HOUR, end=winter + 2 * HOUR), draw_rows(1)),
    )
    window = Window(start=summer, end=summer + HOUR)

    assert is_empty_by_habit(reference, window, "Europe/Paris")
    assert not is_empty_by_habit(reference, window, "UTC")
