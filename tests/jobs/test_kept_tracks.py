from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest

from driftwatch.calibration.budget import Budget
from driftwatch.incidents.incident import Label
from driftwatch.incidents.rules import Judging
from driftwatch.jobs import check, kept_tracks
from driftwatch.jobs.beside import open_tracks
from driftwatch.jobs.cases import label_case
from driftwatch.jobs.kept_tracks import KeptTracks
from driftwatch.jobs.monitor import Rolling
from driftwatch.store.database import Database
from tests.support.incidents import day
from tests.support.monitors import Bench, due, set_up, tell_story

BUDGETED = Judging(budget=Budget())
STORY = "......a...a.....v.-.....aa..."


def count_openings(bench: Bench, story: str, *, first: int = 1) -> int:
    """Live through `story` and return how often a track was read from the store."""
    with patch.object(check, "open_tracks", wraps=open_tracks) as opened:
        bench.live(story, first=first)
    return opened.call_count


def scores(bench: Bench) -> list[tuple[str, float | None, float | None]]:
    return [(str(row.verdict.word), row.verdict.score, row.verdict.limit) for row in bench.verdicts()]


def test_a_daemon_reads_its_track_once(database: Database) -> None:
    bench = set_up(database, judging=BUDGETED)

    assert count_openings(bench, "......") == 1


def test_a_kept_track_gives_the_verdicts_of_one_that_was_read(database: Database) -> None:
    kept = set_up(database, judging=BUDGETED, retrain=None)
    kept.live(STORY)
    forgetful = set_up(database, judging=BUDGETED, retrain=None, id="other")

    for number, letter in enumerate(STORY, start=1):
        forgetful = replace(forgetful, parts=replace(forgetful.parts, kept=KeptTracks()))
        forgetful.live(letter, first=number)

    found, expected = scores(kept), scores(forgetful)
    assert [word for word, _, _ in found] == [word for word, _, _ in expected]
    numbers = [value for _, score, limit in found for value in (score, limit)]
    assert numbers == pytest.approx([value for _, score, limit in expected for value in (score, limit)])


def test_while_a_window_waits_for_its_rows_the_track_is_read_no_more(store: Database) -> None:
    bench = set_up(store, judging=BUDGETED)
    bench.live("...")
    tell_story(bench.source, "-", first=4)

    with patch.object(check, "open_tracks", wraps=open_tracks) as opened:
        for minutes in (0, 10, 20):
            bench.tick_at(due(4) + timedelta(minutes=minutes))
        tell_story(bench.source, ".", first=4)
        bench.tick_at(due(4) + timedelta(minutes=30))

    assert [row.verdict.word.value for row in bench.verdicts()] == ["ok"] * 4
    assert opened.call_count == 0


def test_what_somebody_else_judged_is_read_from_the_store(database: Database) -> None:
    bench = set_up(database, judging=BUDGETED)
    rival = replace(bench, parts=replace(bench.parts, owner="rival", kept=KeptTracks()))
    bench.live("...")
    rival.live(".", first=4)

    assert count_openings(bench, "..", first=5) == 1


def test_a_label_asks_for_another_calibration(store: Database) -> None:
    bench = set_up(store, judging=BUDGETED, retrain=None)
    bench.live("...a....")
    (incident,) = bench.incidents()
    assert incident.id is not None
    label_case(bench.parts, [bench.monitor], incident.id, Label.EXPECTED, "ann")

    assert count_openings(bench, "..", first=9) == 1


def test_a_window_that_was_judged_again_out_of_turn_is_read_from_the_store(store: Database) -> None:
    bench = set_up(store, judging=BUDGETED)
    bench.live("....")
    tell_story(bench.source, ".", first=2)
    bench.replay(2, 2, again=True)

    assert count_openings(bench, ".", first=5) == 1
    assert due(5) > day(5).end


def test_a_changed_promise_is_kept_from_the_next_window_on(database: Database) -> None:
    bench = set_up(database, judging=BUDGETED)
    bench.live("....")
    looser = replace(bench.monitor, judging=Judging(budget=Budget(share=0.5)), fingerprint="looser")
    bench = replace(bench, watch=replace(bench.watch, monitor=looser))

    assert count_openings(bench, "..", first=5) == 1


def test_a_track_is_read_again_when_another_rolling_reference_is_to_judge(database: Database) -> None:
    rolling = Rolling(last=timedelta(days=7), gap=timedelta(days=1))
    bench = set_up(database, judging=BUDGETED)
    both = replace(bench.monitor, reference=replace(bench.monitor.reference, beside=rolling))
    bench = replace(bench, watch=replace(bench.watch, monitor=both))

    # Season cycles begin on days 7 and 14.
    assert count_openings(bench, "." * 15) == 3


def test_where_there_is_no_room_the_track_that_was_used_last_stays(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_tracks, "_MOST", 2)
    benches = [set_up(store, judging=BUDGETED, retrain=None, id=name) for name in ("a", "b", "c")]
    kept = KeptTracks()
    benches = [replace(bench, parts=replace(bench.parts, kept=kept)) for bench in benches]
    first, second, third = benches
    first.live(".")
    second.live(".")
    first.live(".", first=2)

    third.live(".")

    assert count_openings(first, ".", first=3) == 0
    assert count_openings(second, ".", first=2) == 1
