from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from driftwatch.calibration.budget import Budget
from driftwatch.calibration.ledger import refund_page
from driftwatch.errors import UsageError
from driftwatch.incidents.by_hand import acknowledge, resolve_by_hand
from driftwatch.incidents.incident import IncidentState, Label
from driftwatch.incidents.policy import Patience, Policy
from driftwatch.jobs.cases import change_case, end_cases, find_case, label_case, list_cases
from driftwatch.jobs.monitor import Monitor
from driftwatch.store.database import Database
from driftwatch.store.outbox import list_deliveries
from driftwatch.store.scores import Ledger, read_ledger, write_ledger
from tests.support.incidents import day
from tests.support.monitors import Bench, set_up


def number_of(bench: Bench) -> int:
    number = bench.incidents()[0].id
    assert number is not None
    return number


def test_open_incidents_are_listed_and_resolved_ones_on_request(store: Database) -> None:
    bench = set_up(store, policy=Policy(resolve_after=1))
    bench.live("a.n")

    listed = list_cases(store, [bench.monitor])
    every = list_cases(store, [bench.monitor], every=True)

    assert [case.incident.kind.value for case in listed] == ["data"]
    assert [case.incident.state.value for case in every] == ["resolved", "open"]


def test_what_never_opened_is_not_listed(store: Database) -> None:
    bench = set_up(store, policy=Policy(patience=Patience(k=2, of=2)))
    bench.live("a")

    assert list_cases(store, [bench.monitor], every=True) == []


def test_incidents_of_one_monitor_can_be_listed(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")
    set_up(store, id="rides")

    assert len(list_cases(store, [bench.monitor], monitor="flights")) == 1
    assert list_cases(store, [bench.monitor], monitor="rides") == []
    with pytest.raises(UsageError, match="the store knows no monitor 'boats'"):
        list_cases(store, [bench.monitor], monitor="boats")


def test_an_incident_comes_with_its_words_and_the_json_of_the_contract(store: Database) -> None:
    bench = set_up(store, title="Flight delays")
    bench.live("a")

    case = find_case(store, [bench.monitor], number_of(bench))
    document = case.to_json()

    assert case.title == "Flight delays: amount looks different"
    assert document["title"] == case.title
    assert document["text"] == case.text
    assert (document["id"], document["monitor"], document["first_window"], document["label"]) == (
        number_of(bench),
        "flights",
        "2013-02-01T00:00:00Z",
        None,
    )


def test_an_incident_of_a_monitor_that_is_no_longer_configured_is_shown_by_its_id(store: Database) -> None:
    bench = set_up(store, title="Flight delays")
    bench.live("a")

    case = find_case(store, [], number_of(bench))

    assert case.title == "flights: amount looks different"


def test_an_unknown_number_is_an_error_that_says_what_to_do(store: Database) -> None:
    bench = set_up(store)

    with pytest.raises(UsageError, match="no incident 7; `driftwatch incident list --all`"):
        find_case(store, [], 7)
    with pytest.raises(UsageError, match="no incident 7; `driftwatch incident list --all`"):
        change_case(bench.parts, [], 7, lambda incident, now: acknowledge(incident, "ann", now))


def test_an_acknowledgement_is_kept_with_who_and_when_and_tells_nobody(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")

    after = change_case(
        bench.parts,
        [bench.monitor],
        number_of(bench),
        lambda incident, now: acknowledge(incident, "ann", now),
    )

    (kept,) = bench.incidents()
    assert after == kept
    assert (kept.acknowledged_by, kept.acknowledged_at) == ("ann", bench.clock.now())
    assert bench.events(kept) == ["opened", "acknowledged"]
    assert bench.told() == ["opened"]


def test_what_a_person_resolves_is_told_and_the_next_breach_opens_a_new_incident(database: Database) -> None:
    bench = set_up(database)
    bench.live("a.")

    change_case(
        bench.parts,
        [bench.monitor],
        number_of(bench),
        lambda incident, now: resolve_by_hand(incident, "ann", "a new price list", now),
    )
    bench.live("a", first=3)

    first, second = bench.incidents()
    assert (first.state, first.resolved_by, first.resolved_why) == (
        IncidentState.RESOLVED,
        "ann",
        "a new price list",
    )
    assert (second.state, second.first_window) == (IncidentState.OPEN, day(3))
    assert bench.told() == ["opened", "resolved", "opened"]


def test_a_step_that_is_refused_changes_nothing(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")
    before = bench.incidents()

    with pytest.raises(UsageError, match="still breached"):
        change_case(
            bench.parts,
            [bench.monitor],
            number_of(bench),
            lambda incident, now: resolve_by_hand(incident, "ann", "why not", now),
        )

    assert bench.incidents() == before


def test_an_incident_of_an_earlier_history_can_be_resolved(store: Database) -> None:
    bench = set_up(store)
    bench.live("a.")
    set_up(store, identity="identity-2", now=bench.clock.now())

    step = partial(resolve_by_hand, who="ann", why="the source was replaced")
    change_case(bench.parts, [bench.monitor], number_of(bench), lambda incident, now: step(incident, now=now))

    assert bench.incidents()[0].state is IncidentState.RESOLVED


def test_without_its_monitor_in_the_configuration_an_incident_is_resolved_silently(store: Database) -> None:
    bench = set_up(store)
    bench.live("a.")
    parts = replace(bench.parts, channels={})

    change_case(
        parts, [], number_of(bench), lambda incident, now: resolve_by_hand(incident, "ann", "removed", now)
    )

    assert bench.incidents()[0].state is IncidentState.RESOLVED
    assert bench.told() == ["opened"]


def label_it(bench: Bench, *said: Label) -> None:
    for one in said:
        label_case(bench.parts, [bench.monitor], number_of(bench), one, "ann")


def test_what_a_person_says_it_was_is_kept_in_its_history_and_told_to_nobody(database: Database) -> None:
    bench = set_up(database)
    bench.live("a")

    label_it(bench, Label.DRIFT, Label.EXPECTED)

    (kept,) = bench.incidents()
    assert (kept.label, kept.labelled_by, kept.labelled_at) == (Label.EXPECTED, "ann", bench.clock.now())
    assert bench.events(kept) == ["opened", "labelled", "labelled"]
    assert bench.told() == ["opened"]
    assert list_cases(database, [bench.monitor])[0].to_json()["label"] == "expected"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ([Label.EXPECTED], -0.01),
        ([Label.DRIFT], refund_page(-0.01, Budget().level)),
        ([Label.BAD_DATA], refund_page(-0.01, Budget().level)),
        # What was given back is given back once.
        ([Label.DRIFT, Label.BAD_DATA], refund_page(-0.01, Budget().level)),
    ],
)
def test_a_page_that_was_right_costs_nothing_and_limits_are_chosen_anew(
    said: list[Label], left: float, store: Database
) -> None:
    bench = set_up(store)
    bench.live("a")
    bench = replace(bench, watch=replace(bench.watch, monitor=with_budget(bench)))
    store.write(lambda tx: write_ledger(tx, bench.watch.row, Ledger(level=-0.01)))

    label_it(bench, *said)

    assert store.read(lambda tx: read_ledger(tx, bench.watch.row)) == Ledger(level=left, outdated=True)


def with_budget(bench: Bench) -> Monitor:
    return replace(bench.monitor, judging=replace(bench.monitor.judging, budget=Budget()))


def test_what_was_said_in_an_earlier_history_leaves_the_present_budget_alone(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")
    later = set_up(store, identity="identity-2", now=bench.clock.now())
    store.write(lambda tx: write_ledger(tx, later.watch.row, Ledger(level=-0.01)))

    label_it(bench, Label.DRIFT)

    assert store.read(lambda tx: read_ledger(tx, later.watch.row)) == Ledger(level=-0.01)


def test_an_unknown_number_cannot_be_labelled(store: Database) -> None:
    bench = set_up(store)

    with pytest.raises(UsageError, match="no incident 7; `driftwatch incident list --all`"):
        label_case(bench.parts, [], 7, Label.DRIFT, "ann")


def test_what_is_open_ends_with_its_history_and_is_told(database: Database) -> None:
    bench = set_up(database)
    bench.live("aa")

    database.write(lambda tx: end_cases(tx, bench.parts, bench.monitor, bench.watch.row))

    (case,) = list_cases(database, [bench.monitor], every=True)
    assert not case.incident.is_live
    assert [row.type for row in database.read(list_deliveries)][-1] == "incident.resolved"
    assert not list_cases(database, [bench.monitor])
