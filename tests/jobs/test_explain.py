from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from driftwatch.calibration.budget import Budget, FalsePages
from driftwatch.calibration.calibration import CalibrationState
from driftwatch.errors import DataError, UsageError
from driftwatch.incidents.incident import IncidentKind
from driftwatch.incidents.policy import Freshness, Patience, Policy
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.jobs.explain import CaseExplained, Silence, explain_case, explain_silence
from driftwatch.jobs.monitor import ReferenceSpec
from driftwatch.profiles.window import Window
from driftwatch.store.database import Database
from driftwatch.store.slots import claim_slot
from driftwatch.store.tables import calibrations as calibration_table
from driftwatch.store.tables import scores
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, Bench, draw_rows, due, make_source, set_up, tell_story
from tests.support.sources_fake import FakeSource

PATIENT = Policy(patience=Patience(k=2, of=3))
JUDGING = Judging(budget=Budget())


def live(store: Database, story: str, **changes: Any) -> Bench:
    """Live through a story and deliver nothing."""
    bench = set_up(store, judging=changes.pop("judging", JUDGING), **changes)
    bench.live(story)
    return bench


def explain(bench: Bench, kind: IncidentKind = IncidentKind.DRIFT) -> CaseExplained:
    number = bench.incidents(kind)[0].id or 0
    return explain_case(bench.parts.database, [bench.monitor], bench.watch, number)


def ask(bench: Bench, window: Window | None) -> Silence:
    return explain_silence(bench.parts.database, bench.watch, window, bench.clock.now())


def test_the_scores_of_an_incident_are_those_of_its_verdicts(store: Database) -> None:
    bench = live(store, "....aa.")

    found = explain(bench)

    opened, last = found.explained.opened, found.explained.last
    verdicts = {row.window: row.verdict for row in bench.verdicts()}
    assert opened is not None
    assert last is not None
    assert (opened.window, last.window) == (day(5), day(6))
    assert (opened.score, opened.limit) == (verdicts[day(5)].score, verdicts[day(5)].limit)
    assert (last.score, last.limit) == (verdicts[day(6)].score, verdicts[day(6)].limit)
    # The part that is furthest out gave the joint score.
    assert opened.parts[0].score == pytest.approx(opened.score)
    assert (opened.parts[0].column, opened.parts[0].aspect) == ("amount", "drift")
    assert opened.state is CalibrationState.PROVISIONAL
    # Made with the first window of a season cycle, from what was judged before.
    assert 60 - 14 - 4 <= opened.missing <= 60 - 14
    assert [one.channel for one in found.explained.told] == ["oncall"]
    assert found.explanation.members[0].startswith("amount: ")
    assert "By itself it scores" in found.explanation.members[0]
    assert "pending" in found.explanation.told[0]


def test_the_number_of_a_member_is_that_of_the_part_it_names(store: Database) -> None:
    bench = live(store, "....a")
    found = explain(bench)
    member = found.case.incident.members[0]

    parts = found.explained.opened.find_parts("amount", "drift") if found.explained.opened else ()  # type: ignore[arg-type]

    assert member.statistic == "ks"
    assert min(abs(part.distance - (member.value or 0.0)) for part in parts) < 1e-9


def test_data_incidents_are_explained_too(store: Database) -> None:
    found = explain(live(store, "...n"), IncidentKind.DATA)

    assert "By itself it scores" in found.explanation.members[0]
    assert "missing_share 0.333" in found.explanation.members[0]


def test_rules_are_named_with_their_limit(store: Database) -> None:
    rules = (Rule(column="amount", statistic="psi", limit=0.25),)
    bench = live(store, ".a", judging=Judging(minimum_effect=None, rules=rules))

    found = explain(bench)

    assert found.explanation.why == ("No false-alarm budget is at work: explicit limits judge alone.",)
    assert "It breaks the rule on psi of 'amount', limit 0.25." in found.explanation.members[0]
    assert found.explained.opened is None


def test_incidents_with_limits_of_their_own_have_no_reading(store: Database) -> None:
    freshness = Freshness(page_after=timedelta(hours=1))
    bench = live(store, "..X", policy=Policy(freshness=freshness))
    bench.live("--", first=4)

    failed, late = explain(bench, IncidentKind.EVALUATION), explain(bench, IncidentKind.FRESHNESS)

    assert failed.explained.opened is None
    assert "day 3 is damaged" in failed.explanation.members[0]
    assert "`freshness`" in late.explanation.why[0]


def test_an_incident_of_an_earlier_history_keeps_its_numbers(store: Database) -> None:
    bench = live(store, "....a")
    later = replace(bench.watch, row=replace(bench.watch.row, history=bench.watch.row.history + 1))

    found = explain_case(store, [bench.monitor], later, bench.incidents()[0].id or 0)

    assert found.explained.opened is not None


def test_a_monitor_that_the_configuration_does_not_name_leaves_what_was_kept(store: Database) -> None:
    bench = live(store, "....a")

    found = explain_case(store, [], None, bench.incidents()[0].id or 0)

    assert found.explained.opened is None
    assert found.explanation.members[0].startswith("amount: ")


@pytest.mark.parametrize("table", [scores, calibration_table])
def test_without_scores_or_calibration_there_is_no_reading(store: Database, table: sa.Table) -> None:
    bench = live(store, "....a")
    with store._writing.begin() as connection:
        connection.execute(sa.delete(table))

    assert explain(bench).explained.opened is None


def test_there_is_no_incident_with_such_a_number(store: Database) -> None:
    bench = live(store, ".")

    with pytest.raises(UsageError, match="there is no incident 99"):
        explain_case(store, [bench.monitor], bench.watch, 99)


def test_a_clean_window_is_read_with_what_it_could_have_shown(store: Database) -> None:
    silence = ask(live(store, "..."), day(2))

    looked = silence.looked
    assert looked.reading is not None
    assert looked.verdict is not None
    assert (looked.reading.score, looked.reading.limit) == (looked.verdict.score, looked.verdict.limit)
    assert looked.smallest is not None
    assert 0.05 < looked.smallest < 0.2
    assert (looked.incidents, looked.told, looked.special) == ((), (), False)
    assert silence.lines[-1] == "Nothing was above its limit."


def test_the_window_that_paged_names_who_was_told(store: Database) -> None:
    silence = ask(live(store, "...a"), day(4))

    assert f"Incident {silence.looked.incidents[0].id} (drift) opened in this window." in silence.lines
    assert silence.lines[-1].endswith("incident.opened to oncall (pending).")


def test_a_window_of_an_open_incident_is_told_once(store: Database) -> None:
    silence = ask(live(store, "...aa"), day(5))

    assert any("was open already, since the window of 2013-02-04" in line for line in silence.lines)
    assert silence.looked.told == ()


def test_a_replay_tells_nobody(store: Database) -> None:
    bench = set_up(store, source=make_source("...a"), now=due(9), judging=JUDGING)
    bench.replay(1, 4)

    silence = ask(bench, day(4))

    assert any("was told to nobody" in line for line in silence.lines)


def test_patience_is_what_it_waits_for(store: Database) -> None:
    bench = live(store, "...a", policy=PATIENT)

    silence = ask(bench, day(4))

    assert any("did not open: 2 of 3 windows are needed, 1 showed it." in line for line in silence.lines)


def test_shadow_mode_sends_nothing(store: Database) -> None:
    silence = ask(live(store, "...a", mode="shadow"), day(4))

    assert silence.looked.mode == "shadow"
    assert any("shadow mode" in line for line in silence.lines)
    assert silence.looked.told == ()


def test_a_monitor_without_channels_tells_nobody(store: Database) -> None:
    silence = ask(live(store, "...a", notify=()), day(4))

    assert any("`notify` names no channel" in line for line in silence.lines)


def test_a_spent_budget_under_a_hard_cap_is_said(store: Database) -> None:
    budget = Budget(promise=FalsePages(at_most=0.1), hard_cap=True)
    bench = live(store, "....a.....", judging=Judging(budget=budget))

    before, after = ask(bench, day(4)), ask(bench, day(10))

    assert before.looked.reading is not None
    assert after.looked.reading is not None
    assert (before.looked.reading.is_spent, after.looked.reading.is_spent) == (False, True)
    assert any("The budget was spent" in line for line in after.lines)


def test_a_reference_of_few_blocks_is_uncalibrated(store: Database) -> None:
    spec = ReferenceSpec(start=day(-3).start, end=day(0).end)
    few = set_up(store, judging=JUDGING, reference=spec)
    few.live("..")

    silence = ask(few, day(1))

    assert any("The state is uncalibrated" in line for line in silence.lines)


def test_a_thin_window_says_how_little_it_could_have_shown(store: Database) -> None:
    source = FakeSource({day(number): draw_rows(number, rows=30) for number in (*BLOCKS, 1)})
    bench = set_up(store, source=source, judging=JUDGING)
    bench.tick_at(due(1))

    silence = ask(bench, day(1))

    assert bench.words() == ["thin"]
    assert any("30 rows can be relied on to show a change of" in line for line in silence.lines)


def test_the_latest_window_is_meant_and_what_it_waits_for_is_said(store: Database) -> None:
    bench = live(store, "..")

    assert ask(bench, None).looked.window == day(2)

    tell_story(bench.source, "E", first=3)
    bench.clock.move_to(due(3))
    bench.plan()
    assert "Nothing is judged yet: the window of 2013-02-03 waits to be read" in ask(bench, None).lines[0]

    bench.tick()
    waiting = ask(bench, None)
    assert waiting.looked.waits is not None
    assert "could not be judged: day 3 is out of reach" in waiting.lines[0]
    assert waiting.lines[1].startswith("It waits to be read, from ")

    bench.clock.move_to(waiting.looked.waits.next_at)
    claim = store.write(
        lambda tx: claim_slot(tx, bench.watch.row, day(3), "me", timedelta(minutes=2), bench.clock.now())
    )
    assert claim is not None
    assert "It is being read just now." in ask(bench, None).lines


def test_where_the_latest_was_never_planned_the_newest_judged_one_is_explained_too(store: Database) -> None:
    bench = set_up(store, source=make_source("..."), now=due(9), judging=JUDGING)
    nothing = ask(bench, None)
    bench.replay(1, 3)

    silence = ask(bench, None)

    assert len(nothing.lines) == 1
    assert "was never planned" in silence.lines[0]
    assert silence.lines[1].startswith("The window of 2013-02-03 was judged")
    assert silence.looked.window == day(3)


def test_a_window_that_is_not_due_says_when_it_is(store: Database) -> None:
    assert ask(live(store, "."), day(20)).lines == (
        f"Nothing is due: the window of 2013-02-20 may be read from {due(20):%Y-%m-%d %H:%M} UTC on.",
    )


def test_a_window_judged_by_another_version_is_read_by_that(store: Database) -> None:
    bench = live(store, "...")
    other = replace(bench.watch, reference=replace(bench.watch.reference, version=99))

    silence = explain_silence(store, other, day(2), datetime.now(tz=day(1).start.tzinfo))

    assert silence.looked.reading is not None
    assert silence.looked.reading.window == day(2)


def test_what_cannot_be_read_any_more_is_passed_over(store: Database) -> None:
    bench = live(store, "..X")
    bench.source.rows[day(2)] = DataError("gone")
    bench.source.rows[day(1)] = draw_rows(1)

    assert ask(bench, day(3)).looked.reading is None
    assert any("could not be judged" in line for line in ask(bench, day(3)).lines)
