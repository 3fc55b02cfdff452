"""Season cycles begin on Thursdays, as 1970-01-01 was one: days 0, 7, 14 and 21 do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from driftwatch.calibration.budget import Budget
from driftwatch.incidents.incident import IncidentState, Label
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.incidents.words import say_number
from driftwatch.jobs.cases import label_case
from driftwatch.jobs.explain import explain_case, explain_silence
from driftwatch.jobs.kept_tracks import KeptTracks
from driftwatch.jobs.monitor import Excluded, ReferenceSpec, Rolling
from driftwatch.jobs.promotion import promote_version
from driftwatch.jobs.reference import ensure_reference
from driftwatch.jobs.spans import find_cycle
from driftwatch.store.database import Database
from driftwatch.store.monitors import find_monitor, list_monitors, name_companion
from driftwatch.store.references import ReferenceRow, list_references, load_reference
from driftwatch.store.scores import list_scores, read_ledger
from driftwatch.store.tables import monitors
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, Bench, attach, draw_rows, due, make_source, set_up

BUDGET = Budget(share=0.5)
BUDGETED, LEVEL = Judging(budget=BUDGET), BUDGET.level
BESIDE = ReferenceSpec(
    start=day(BLOCKS[0]).start,
    end=day(BLOCKS[-1]).end,
    beside=Rolling(last=timedelta(days=7), gap=timedelta(days=1)),
)
QUIET = "." * 13


def begin(database: Database, **changes: object) -> Bench:
    changes = {"reference": BESIDE, "judging": BUDGETED, "retrain": None} | changes
    return set_up(database, **changes)  # type: ignore[arg-type]


def list_versions(bench: Bench) -> list[ReferenceRow]:
    database = bench.parts.database
    row = database.read(lambda tx: find_monitor(tx, name_companion("flights")))
    return [] if row is None else database.read(lambda tx: list_references(tx, row))


def list_days(bench: Bench, version: int) -> list[int]:
    database = bench.parts.database
    row = database.read(lambda tx: find_monitor(tx, name_companion("flights")))
    assert row is not None
    reference = database.read(lambda tx: load_reference(tx, row, version))
    assert reference is not None
    return [(block.window.start - day(0).start).days for block in reference.blocks if block.window]


def say(bench: Bench) -> list[str]:
    return [finding.text for finding in bench.verdicts()[-1].verdict.findings]


def test_it_is_built_once_a_season_cycle_from_the_windows_that_were_judged(database: Database) -> None:
    bench = begin(database)

    bench.live("." * 6)
    assert list_versions(bench) == []
    bench.live("." * 17, first=7)

    assert [one.state.value for one in list_versions(bench)] == ["retired", "retired", "active"]
    # When the cycle from day 7 on began, five of its seven windows had been judged.
    assert list_days(bench, 1) == list(range(1, 6))
    assert list_days(bench, 2) == list(range(6, 13))
    assert list_days(bench, 3) == list(range(13, 20))
    assert set(bench.words()) == {"ok"}


def test_the_companion_is_no_monitor_of_its_own(store: Database) -> None:
    bench = begin(store)

    bench.live(QUIET + "..")

    assert [row.key for row in store.read(list_monitors)] == ["flights"]
    assert bench.waiting() == []
    row = store.read(lambda tx: find_monitor(tx, name_companion("flights")))
    assert row is not None
    kept = store.read(lambda tx: list_scores(tx, row, before=day(99).start))
    assert [one.window for one in kept] == [day(number) for number in range(7, 16)]
    assert store.read(lambda tx: read_ledger(tx, row)) is not None


def test_what_both_references_show_is_one_incident_told_once(database: Database) -> None:
    bench = begin(database)

    bench.live(QUIET + "..a")

    assert len(say(bench)) == 1
    assert "compared with" not in say(bench)[0]
    (incident,) = bench.incidents()
    assert incident.state is IncidentState.OPEN
    assert bench.told() == ["opened"]


def begin_used_to_both(database: Database) -> Bench:
    """Return a monitor that has lived through 20 days like the second week of its pinned reference.

    The first week lies a whole deviation above it.
    """
    source = make_source()
    source.rows |= {day(number): draw_rows(number, shift=float(number < -6)) for number in BLOCKS}
    bench = begin(database, source=source)
    bench.live("." * 20)
    assert bench.told() == []
    return bench


def test_a_change_that_the_pinned_reference_is_used_to_is_news_to_the_rolling_one(database: Database) -> None:
    bench = begin_used_to_both(database)

    bench.live("a", first=21)

    assert bench.told() == ["opened"]
    (text,) = say(bench)
    assert text.endswith("compared with the 7 days before 2013-02-20")


def test_what_the_rolling_reference_alone_showed_is_explained_by_it(store: Database) -> None:
    bench = begin_used_to_both(store)
    bench.live("a", first=21)
    (incident,), verdict = bench.incidents(), bench.verdicts()[-1].verdict

    case = explain_case(store, [bench.monitor], bench.watch, incident.id or 0)
    silence = explain_silence(store, bench.watch, day(21), bench.clock.now())

    assert case.explained.opened is not None
    assert case.explained.opened.shows_score
    said = "It was compared with all windows of the rolling reference: the 7 days before 2013-02-20."
    assert said in case.explanation.why
    assert said in silence.lines
    halved = "That is half of what you allow: a pinned and a rolling reference judge side by side."
    assert halved in case.explanation.why
    assert "By itself it scores" in case.explanation.members[0]
    assert f"Score {say_number(verdict.score)}" in silence.lines[1]


def test_what_it_rests_on_being_gone_nothing_false_is_explained(store: Database) -> None:
    bench = begin_used_to_both(store)
    bench.live("a", first=21)
    forget = sa.update(monitors).where(monitors.c.monitor_key == name_companion("flights"))
    store.write(lambda tx: tx.execute(forget.values(identity="another")))

    silence = explain_silence(store, bench.watch, day(21), bench.clock.now())

    assert "what they rest on is not kept any more" in silence.lines[1]


def test_a_page_is_charged_to_the_reference_that_saw_why(store: Database) -> None:
    bench = begin_used_to_both(store)
    assert read_levels(bench) == [LEVEL, LEVEL]

    bench.live("a", first=21)

    pinned, rolling = read_levels(bench)
    assert pinned == LEVEL
    assert rolling < LEVEL


def test_a_page_of_an_explicit_rule_is_not_charged_to_the_rolling_reference(store: Database) -> None:
    rule = Rule(column="amount", statistic="missing_share", limit=0.001)
    bench = begin(store, judging=replace(BUDGETED, rules=(rule,)))
    bench.live("." * 15)
    amounts = draw_rows(16)["amount"].to_pylist()
    lost = pa.table({"amount": [None, *amounts[1:]], "city": draw_rows(16)["city"]})
    bench.source.rows[day(16)] = lost

    bench.tick_at(due(16))

    assert bench.told() == ["opened"]
    pinned, rolling = read_levels(bench)
    assert pinned < LEVEL
    assert rolling == LEVEL


def test_a_page_that_was_right_is_given_back_to_both(store: Database) -> None:
    bench = begin_used_to_both(store)
    bench.live("a", first=21)
    (incident,) = bench.incidents()

    label_case(bench.parts, [bench.monitor], incident.id or 0, Label.DRIFT, "ann")

    assert read_levels(bench) == [LEVEL, LEVEL]


def test_the_verdict_promises_what_the_reference_that_knows_less_can_keep(store: Database) -> None:
    bench = begin(store)

    bench.live("." * 8)

    pinned, rolling = (row.verdict.calibration for row in bench.verdicts()[-2:])
    # Before, 14 blocks and 6 windows of 120 were known; the rolling reference of 5 blocks knows nothing else.
    assert pinned == "uncalibrated"
    assert rolling == "uncalibrated"
    assert bench.verdicts()[5].verdict.calibration == "provisional (106 more windows needed)"


def test_it_is_decided_upon_once_a_season_cycle(store: Database, caplog: pytest.LogCaptureFixture) -> None:
    bench = begin(store, retrain=None)
    bench.live("." * 8 + "aaaaaa")

    for number in range(15, 19):
        bench = replace(bench, parts=replace(bench.parts, kept=KeptTracks()))
        bench.live(".", first=number)

    # The incident that left too few windows on day 14 is over by day 17, in the middle of the cycle.
    assert [incident.state for incident in bench.incidents()] == [IncidentState.RESOLVED]
    assert [one.spec["cycle"] for one in list_versions(bench)] == [find_cycle(bench.monitor, day(7).start)]
    assert "not rolled" in caplog.text
    assert "the one before goes on" in caplog.text


def test_windows_of_open_incidents_are_no_part_of_it(store: Database) -> None:
    bench = begin(store)

    bench.live("." * 10 + "aa" + ".." + "......")

    # The incident of days 11 and 12 is open when the cycle of day 14 begins.
    assert list_days(bench, 2) == [6, 7, 8, 9, 10]


def test_one_that_goes_on_gives_the_verdicts_of_one_that_never_stopped(database: Database) -> None:
    story = QUIET + "...a..."
    bench = begin(database)
    bench.live(story)
    stepwise = [(row.verdict.word, row.verdict.score, row.verdict.limit) for row in bench.verdicts()]
    levels = read_levels(bench)

    other = begin(database, id="other", source=bench.source, now=bench.clock.now())
    other.replay(1, len(story))

    whole = [(row.verdict.word, row.verdict.score, row.verdict.limit) for row in other.verdicts()]
    assert [word for word, _, _ in whole] == [word for word, _, _ in stepwise]
    scores = [value for _, score, limit in whole for value in (score, limit)]
    assert scores == pytest.approx([value for _, score, limit in stepwise for value in (score, limit)])
    assert levels == read_levels(other)


def test_one_that_starts_anew_every_day_gives_the_same_verdicts(store: Database) -> None:
    story = QUIET + "...a....aa......"
    bench = begin(store)
    bench.live(story)
    other = begin(store, id="other", source=bench.source)

    for number, letter in enumerate(story, start=1):
        other = replace(other, parts=replace(other.parts, kept=KeptTracks()))
        other.live(letter, first=number)

    found, expected = ([row.verdict for row in one.verdicts()] for one in (other, bench))
    assert [one.word for one in found] == [one.word for one in expected]
    assert [one.score for one in found] == pytest.approx([one.score for one in expected])
    assert [one.limit for one in found] == pytest.approx([one.limit for one in expected])
    assert [one.calibration for one in found] == [one.calibration for one in expected]
    assert read_levels(other) == pytest.approx(read_levels(bench))


def test_windows_that_are_judged_again_are_judged_by_the_version_of_their_cycle(database: Database) -> None:
    bench = begin(database)
    bench.live(QUIET + "..........")
    before, levels = [row.verdict for row in bench.verdicts()], read_levels(bench)

    bench.replay(9, 16, again=True)

    after = bench.verdicts()
    assert [row.revision for row in after[8:16]] == [2] * 8
    assert [row.verdict.score for row in after] == pytest.approx([one.score for one in before])
    assert len(list_versions(bench)) == 3
    assert read_levels(bench) == levels
    bench.live(".", first=24)
    assert bench.words()[-1] == "ok"


def test_what_a_person_expects_becomes_part_of_it(store: Database) -> None:
    bench = begin(store, retrain=None)
    bench.live(QUIET + "a")
    (incident,) = bench.incidents()
    label_case(bench.parts, [bench.monitor], incident.id or 0, Label.EXPECTED, "ann")

    bench.live("a" * 14, first=15)

    assert list_days(bench, 3) == list(range(13, 20))
    assert list_days(bench, 4) == list(range(20, 27))
    assert bench.words()[-1] == "ok"
    assert bench.told().count("opened") == 1


def read_levels(bench: Bench) -> list[float]:
    database = bench.parts.database
    rows = [
        database.read(lambda tx, key=key: find_monitor(tx, key))  # type: ignore[misc]
        for key in (bench.monitor.id, name_companion(bench.monitor.id))
    ]
    ledgers = [database.read(lambda tx, row=row: read_ledger(tx, row)) for row in rows]  # type: ignore[misc]
    return [one.level for one in ledgers if one is not None]


def test_another_pinned_reference_begins_it_anew(store: Database) -> None:
    bench = begin(store)
    bench.live(QUIET + ".")
    other = replace(
        bench.monitor, reference=replace(BESIDE, start=day(1).start, end=day(14).end), fingerprint="2"
    )
    row = attach(store, other, bench.clock.now())
    ensure_reference(store, other, row, bench.clock.now())
    promote_version(bench.parts, other, 2)
    row = attach(store, other, bench.clock.now())
    bench = replace(bench, watch=ensure_reference(store, other, row, bench.clock.now()))

    bench.live("." * 8, first=15)

    companion = store.read(lambda tx: find_monitor(tx, name_companion("flights")))
    assert companion is not None
    assert companion.identity.startswith("2/2/")
    assert [one.history for one in list_versions(bench)][-1] == companion.history


def test_what_the_configuration_excepts_is_no_part_of_it(store: Database) -> None:
    strike = Excluded(start=day(8).start, end=day(10).start, why="a strike")
    excepted = replace(BESIDE, excluded=(strike,))
    bench = begin(store)
    row = attach(store, replace(bench.monitor, reference=excepted), bench.clock.now())
    watch = ensure_reference(store, replace(bench.monitor, reference=excepted), row, bench.clock.now())

    bench = replace(bench, watch=watch)
    bench.live("." * 14)

    # It lies after the pinned reference, of which no other version is asked for.
    assert len(store.read(lambda tx: list_references(tx, row))) == 1
    assert list_days(bench, 2) == [6, 7, 10, 11, 12]


def test_taking_it_up_or_leaving_it_asks_for_no_other_pinned_reference(store: Database) -> None:
    bench = begin(store, reference=replace(BESIDE, beside=None))

    row = attach(store, replace(bench.monitor, reference=BESIDE), bench.clock.now())
    watch = ensure_reference(store, replace(bench.monitor, reference=BESIDE), row, bench.clock.now())

    assert watch.reference.version == 1
    assert len(store.read(lambda tx: list_references(tx, row))) == 1


def test_clean_windows_stay_within_the_promise_of_both(store: Database) -> None:
    rng = np.random.default_rng(0)
    source = make_source()
    days = 60
    for number in range(BLOCKS[0], days + 1):
        columns = rng.normal(size=(4, 300)) + 0.05 * rng.normal(size=(4, 1))
        source.rows[day(number)] = pa.table({f"c{place}": values for place, values in enumerate(columns)})
    bench = begin(store, source=source)

    for number in range(1, days + 1):
        bench.tick_at(due(number))

    assert len(list_versions(bench)) >= days // 7 - 2
    assert bench.told().count("opened") + bench.told().count("updated") <= days // 30
