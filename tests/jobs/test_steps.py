from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa

from driftwatch.incidents.finding import Verdict, VerdictWord
from driftwatch.incidents.incident import IncidentKind, IncidentState
from driftwatch.incidents.policy import Ages, Freshness, Patience, Policy
from driftwatch.jobs.monitor import Model
from driftwatch.jobs.steps import Advanced, Steps
from driftwatch.retraining.decide import Decision, DecisionWord
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from tests.support.incidents import day, make_verdict
from tests.support.monitors import BLOCKS, Bench, due, make_source, set_up, tell_story
from tests.support.sources_fake import FakeSource

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LATE = Policy(freshness=Freshness(warn_after=2 * HOUR, page_after=6 * HOUR))


def bodies(bench: Bench) -> list[dict[str, Any]]:
    return [json.loads(row.body) for row in bench.deliveries()]


def severities(bench: Bench, kind: IncidentKind) -> list[str]:
    return [incident.severity.value for incident in bench.incidents(kind)]


def test_each_change_is_told_once(database: Database) -> None:
    bench = set_up(database)

    bench.live("aaa......")

    assert bench.told() == ["opened", "resolved"]
    (incident,) = bench.incidents()
    assert bench.events(incident) == ["opened", "recovering", "resolved"]
    assert [(row.incident_id, row.seq, row.channel) for row in bench.deliveries()] == [
        (incident.id, 1, "oncall"),
        (incident.id, 3, "oncall"),
    ]


def test_every_channel_of_the_monitor_is_told(store: Database) -> None:
    bench = set_up(store, notify=("oncall", "hook"))

    bench.live("a")

    assert [row.channel for row in bench.deliveries()] == ["oncall", "hook"]
    assert len({row.id for row in bench.deliveries()}) == 2


def test_a_monitor_that_names_no_channel_keeps_its_incidents(store: Database) -> None:
    bench = set_up(store, notify=())

    bench.live("a")

    assert bench.deliveries() == []
    assert [incident.state for incident in bench.incidents()] == [IncidentState.OPEN]


def test_a_notice_knows_the_number_the_store_gave_its_incident(store: Database) -> None:
    bench = set_up(store)

    bench.live("a")

    (body,), (incident,) = bodies(bench), bench.incidents()
    assert body["payload"]["data"]["incident"]["id"] == incident.id
    assert ["Incident", str(incident.id)] in body["facts"]


def test_drift_and_faulty_data_are_incidents_of_their_own(store: Database) -> None:
    bench = set_up(store, policy=Policy(resolve_after=1))

    bench.live("an.")

    assert {incident.kind: bench.events(incident) for incident in bench.incidents()} == {
        IncidentKind.DRIFT: ["opened", "resolved"],
        IncidentKind.DATA: ["opened", "resolved"],
    }


def test_no_rows_resolve_nothing(store: Database) -> None:
    bench = set_up(store, policy=Policy(resolve_after=1))

    bench.live("a---")
    bench.tick_at(due(5))

    (incident,) = bench.incidents(IncidentKind.DRIFT)
    assert incident.state is IncidentState.OPEN
    assert bench.told() == ["opened"]


def test_patience_keeps_a_first_breach_to_itself(store: Database) -> None:
    bench = set_up(store, policy=Policy(patience=Patience(k=2, of=2)))

    bench.live("a")
    pending = [(incident.state, incident.opened_at) for incident in bench.incidents()]
    told_before = bench.told()
    bench.live("a", first=2)

    assert pending == [(IncidentState.PENDING, None)]
    assert (told_before, bench.told()) == ([], ["opened"])


def test_a_new_incident_opens_after_the_last_one_was_resolved(store: Database) -> None:
    bench = set_up(store, policy=Policy(resolve_after=1))

    bench.live("a.a.")

    assert [incident.first_window for incident in bench.incidents()] == [day(1), day(3)]
    assert bench.told() == ["opened", "resolved", "opened", "resolved"]


def test_incidents_of_an_earlier_history_stand_still(store: Database) -> None:
    old = set_up(store)
    old.live("a")

    new = set_up(store, now=due(1) + HOUR, identity="identity-2")
    new.live("....", first=2)

    (incident,) = new.incidents()
    assert (incident.state, incident.seen_to) == (IncidentState.OPEN, day(1))


def test_late_rows_open_minor_then_critical_and_resolve_as_soon_as_rows_come(store: Database) -> None:
    bench = set_up(store, policy=LATE)
    bench.live("-")

    steps = []
    for after in (2 * HOUR - MINUTE, 2 * HOUR, 6 * HOUR - MINUTE, 6 * HOUR, 7 * HOUR):
        bench.tick_at(due(1) + after)
        steps.append((severities(bench, IncidentKind.FRESHNESS), bench.told()))
    tell_story(bench.source, ".")
    bench.tick_at(due(1) + 8 * HOUR)

    assert steps == [
        ([], []),
        (["minor"], []),
        (["minor"], []),
        (["critical"], ["opened"]),
        (["critical"], ["opened"]),
    ]
    (incident,) = bench.incidents()
    assert (incident.state, incident.resolved_at) == (IncidentState.RESOLVED, due(1) + 8 * HOUR)
    assert bench.told() == ["opened", "resolved"]


def test_rows_that_are_too_few_are_rows(store: Database) -> None:
    bench = set_up(store, policy=LATE)
    bench.live("-")
    bench.tick_at(due(1) + 7 * HOUR)

    tell_story(bench.source, "v")
    bench.tick_at(due(1) + 8 * HOUR)
    bench.plan()

    (incident,) = bench.incidents(IncidentKind.FRESHNESS)
    assert incident.state is IncidentState.RESOLVED


def test_lateness_counts_from_the_first_window_without_rows_since_there_were_any(store: Database) -> None:
    bench = set_up(store, policy=Policy(freshness=Freshness(warn_after=30 * HOUR)))

    bench.live("-.--")
    bench.tick_at(due(4) + 7 * HOUR)

    (incident,) = bench.incidents(IncidentKind.FRESHNESS)
    assert incident.first_window == day(3)
    assert incident.members[0].value == 31.0
    assert bench.events(incident) == ["opened"]


def test_without_limits_on_freshness_nothing_is_late(store: Database) -> None:
    bench = set_up(store)

    bench.live("----")
    bench.tick_at(due(9))

    assert bench.incidents() == []


def test_windows_that_are_empty_by_habit_open_nothing(store: Database) -> None:
    source = make_source()
    sundays = [number for number in BLOCKS if day(number).start.weekday() == 6]
    for number in sundays:
        tell_story(source, "-", first=number)
    bench = set_up(store, source=source, policy=LATE)

    bench.live("..-.")
    bench.tick_at(due(4) + 12 * HOUR)
    habit = bench.incidents()
    bench.live("..-", first=5)
    bench.tick_at(due(7) + 7 * HOUR)

    assert day(3).start.weekday() == 6
    assert habit == []
    assert [incident.first_window for incident in bench.incidents()] == [day(7)]


def test_an_old_model_is_stale_until_it_is_replaced(store: Database) -> None:
    old = Model(name="delay", version="1", trained_at=day(-8).start)
    new = Model(name="delay", version="2", trained_at=day(2).start)
    policy = Policy(ages=Ages(model=10 * DAY))
    bench = set_up(store, model=old, policy=policy)

    bench.live("..")
    during = [(one.kind.value, one.state.value, one.first_window) for one in bench.incidents()]
    replaced = set_up(store, now=due(2) + HOUR, source=bench.source, model=new, policy=policy)
    replaced.plan()

    assert during == [("stale", "open", day(1))]
    assert [incident.state for incident in replaced.incidents()] == [IncidentState.RESOLVED]
    assert bench.told() == ["opened", "resolved"]


def test_an_old_reference_is_stale(store: Database) -> None:
    bench = set_up(store, policy=Policy(ages=Ages(reference=3 * DAY)))

    bench.live("...")

    (incident,) = bench.incidents()
    assert (incident.kind, incident.first_window) == (IncidentKind.STALE, day(3))
    assert incident.members[0].column == "reference"


def test_age_grows_without_any_window(store: Database) -> None:
    bench = set_up(store, policy=Policy(ages=Ages(reference=3 * DAY)))
    bench.live("..")

    bench.tick_at(day(3).end + MINUTE)

    assert [incident.opened_at for incident in bench.incidents()] == [day(3).end + MINUTE]


def test_an_incident_opened_untold_is_told_once_in_the_first_live_window_that_shows_it(
    store: Database,
) -> None:
    bench = set_up(store, now=due(2))
    tell_story(bench.source, "aa")
    bench.replay(1, 2)
    silent = bench.told()

    bench.live("aaa", first=3)

    assert silent == []
    assert bench.told() == ["opened"]
    assert "Already open since the window of 2013-02-01" in bodies(bench)[0]["text"]


def test_an_incident_opened_untold_that_is_over_is_never_told(store: Database) -> None:
    bench = set_up(store, now=due(2))
    tell_story(bench.source, "aa")
    bench.replay(1, 2)

    bench.live("...", first=3)

    assert [incident.state for incident in bench.incidents()] == [IncidentState.RESOLVED]
    assert bench.told() == []


def decide(bench: Bench, number: int, *, telling: bool = True) -> Decision | None:
    """Return what is decided about retraining after one more day without findings."""
    verdict = Verdict(window=day(number), word=VerdictWord.THIN, rows=3)
    return bench.parts.database.write(
        lambda tx: (
            Steps(tx=tx, parts=bench.parts, watch=bench.watch, now=due(number), telling=telling)
            .advance_all(verdict)
            .decision
        )
    )


def test_without_a_policy_nothing_is_decided_about_retraining(store: Database) -> None:
    assert decide(set_up(store), 1) is None


def test_what_is_decided_about_retraining_has_a_reason(store: Database) -> None:
    bench = set_up(store, retrain=RetrainPolicy(trigger="ci", after=3))
    quiet = decide(bench, 1)
    bench.live("a", first=2)

    waiting, silent = decide(bench, 3), decide(bench, 4, telling=False)

    assert quiet is not None
    assert (quiet.word, quiet.reason) == (DecisionWord.WAIT, "No incident of kind drift or stale is open.")
    assert waiting is not None
    assert waiting.reason == "Open for 1 of the 3 windows after which retraining is asked for."
    assert silent is not None
    assert silent.reason == "A replay asks for no retraining."


def test_what_was_asked_for_is_not_asked_for_again(store: Database) -> None:
    bench = set_up(store, retrain=RetrainPolicy(trigger="ci", after=1, cooldown=timedelta(0)))
    bench.live("a")

    decision = decide(bench, 2)

    assert decision is not None
    assert decision.reason == "Retraining has been asked for already for this incident."


def test_a_window_tried_again_beside_an_open_incident_ends_the_evaluation_incident_alone(
    store: Database,
) -> None:
    bench = set_up(store)
    bench.live("aX")
    tell_story(bench.source, ".", first=2)

    bench.replay(2, 2)

    states = {incident.kind: incident.state for incident in bench.incidents()}
    assert states == {
        IncidentKind.DRIFT: IncidentState.OPEN,
        IncidentKind.EVALUATION: IncidentState.RESOLVED,
    }


def test_what_is_open_in_an_earlier_history_is_not_told_at_the_end_of_a_replay(store: Database) -> None:
    old = set_up(store, now=due(1) + HOUR)
    tell_story(old.source, "a")
    old.replay(1, 1)

    new = set_up(store, now=due(3) + HOUR, identity="identity-2")
    tell_story(new.source, ".", first=2)
    new.replay(2, 2, "final")

    assert [incident.state for incident in new.incidents()] == [IncidentState.OPEN]
    assert new.told() == []


def test_a_monitor_under_another_configuration_keeps_its_open_incident(store: Database) -> None:
    bench = set_up(store)
    bench.live("a")

    changed = set_up(
        store, now=due(1) + HOUR, source=bench.source, fingerprint="fingerprint-2", title="Flights"
    )
    changed.live("a", first=2)

    (incident,) = changed.incidents()
    assert incident.windows_open == 2


def advance(bench: Bench, number: int, word: str) -> Advanced:
    """Advance the incidents by a day that shows what `word` of a story says."""
    verdict = make_verdict(number, word)
    return bench.parts.database.write(
        lambda tx: Steps(
            tx=tx, parts=bench.parts, watch=bench.watch, now=due(number), telling=True
        ).advance_all(verdict)
    )


def watch_letters(store: Database, **changes: Any) -> Bench:
    """Return a monitor whose reference has the columns `a`, `b` and `c` of the stories."""
    rows = pa.table({name: [float(value) for value in range(40)] for name in "abc"})
    return set_up(store, source=FakeSource({day(number): rows for number in BLOCKS}), **changes)


def test_a_minor_incident_is_recorded_and_nothing_follows_from_it_until_it_is_more(
    database: Database,
) -> None:
    bench = watch_letters(database, retrain=RetrainPolicy(trigger="ci", after=1))

    quiet = [advance(bench, number, ",a") for number in (1, 2)]
    kept = bench.incidents()
    followed = (bench.told(), bench.retrains())
    loud = advance(bench, 3, "ab")
    later = advance(bench, 4, "ab")

    assert [(one.state.value, one.severity.value, one.paged) for one in kept] == [("open", "minor", False)]
    assert followed == ([], [])
    # Neither spends the budget, nor lets the ledger stand still.
    assert [(one.paged, one.decision and one.decision.word) for one in quiet] == [
        (False, DecisionWord.WAIT),
        (False, DecisionWord.WAIT),
    ]
    assert (loud.paged, loud.decision and loud.decision.word) == (True, DecisionWord.REQUEST)
    assert later.paged is None
    (incident,) = bench.incidents()
    assert (incident.id, incident.severity.value, incident.paged) == (kept[0].id, "major", True)
    assert bench.told() == ["opened"]
    assert len(bench.retrains()) == 1


def test_a_further_change_is_told_at_once_and_is_no_page_of_its_own(store: Database) -> None:
    bench = watch_letters(store)

    paged = [advance(bench, number, word).paged for number, word in enumerate(["a", "a", "*a"], start=1)]

    assert paged == [True, None, None]
    assert bench.told() == ["opened", "updated"]
    assert bodies(bench)[-1]["text"].startswith(
        "What is new: a changed once more, against the first windows in this incident.\n"
    )
