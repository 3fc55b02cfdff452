from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.channels.contract import Outcome
from driftwatch.incidents.by_hand import acknowledge
from driftwatch.jobs.cases import change_case
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.pausing import pause_monitor
from driftwatch.store.database import Database
from tests.support.monitors import make_monitor, make_source
from tests.support.site import open_site, read_text

GONE = Outcome(delivered=False, again=False, status=410, error="http_410")


def test_when_all_is_well_it_says_so_and_nothing_needs_attention(store: Database) -> None:
    site = open_site(store)
    site.live("...")

    page = site.get("/")

    assert "The one monitor is well." in page
    assert "Every check is on time. Every message was delivered." in read_text(page)
    assert "Needs attention" not in page
    assert "<title>Overview · driftwatch</title>" in page
    assert "calm.svg" in page


def test_when_all_is_well_again_it_says_since_when(store: Database) -> None:
    site = open_site(store)
    site.live("..a...")
    deliver_due(site.bench.parts)
    assert "The last incident ended just now." in site.read("/")

    site.live("..", first=7)

    assert "The last incident ended 2 days ago." in site.read("/")


def test_what_is_wrong_since_when_and_whether_anyone_was_told_stands_first(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    deliver_due(site.bench.parts)

    page = site.get("/")
    words = read_text(page)

    assert "1 of 1 monitor needs attention." in words
    assert "Flight delays: amount looks different" in words
    assert "began 1 day" in words.replace("24 hours", "1 day")
    assert "nobody has it yet · told oncall" in words
    assert f'<a href="/incidents/{site.numbers[0]}">' in page
    assert "<title>(1) Overview · driftwatch</title>" in page
    assert "alarm.svg" in page


def test_who_has_it_is_named_and_it_waits_for_nobody_then(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    (number,), monitors = site.numbers, [site.bench.monitor]
    change_case(site.bench.parts, monitors, number, lambda one, now: acknowledge(one, "Ana", now))

    page = site.get("/")

    assert "Ana is looking at it" in page
    assert "<title>Overview · driftwatch</title>" in page


def test_silence_is_not_health(store: Database) -> None:
    site = open_site(store, make_monitor(make_source(), id="rides"))
    site.live("..")
    site.bench.clock.advance(timedelta(days=4))

    words = site.read("/")

    assert "2 of 2 monitors need attention." in words
    assert "Flight delays: the next whole window is 3 days late" in words
    assert "rides: nothing was checked yet" in words
    assert "driftwatch itself needs attention." in words


def test_a_paused_monitor_is_shown_as_paused_and_never_as_well(store: Database) -> None:
    site = open_site(store)
    site.live("...")
    pause_monitor(site.bench.parts, site.bench.monitor, who="Ana", why="the feed <b>moves</b>")

    words, page = site.read("/"), site.get("/")

    assert "No monitor is judged. 1 is paused." in words
    assert "Flight delays: nothing is judged: the feed <b>moves</b>" in words
    assert "paused by Ana" in words
    assert "<b>moves" not in page
    assert "Flight delays" not in site.read("/?state=well").partition("Monitors")[2]
    assert "Paused by Ana since" in site.read("/monitors/flights")


def test_what_is_over_is_named_with_its_time_and_asks_for_nothing(store: Database) -> None:
    site = open_site(store)
    assert "Lately over" not in site.read("/")
    for first, story in ((1, "..a"), (4, "...")):
        site.live(story, first=first)
        deliver_due(site.bench.parts)

    words = site.read("/")

    assert "Needs attention" not in words
    assert "Lately over Flight delays: amount looks different 2013-02-03 00:00 UTC to 2013-02-07" in words


def test_a_message_that_did_not_arrive_is_no_message(store: Database) -> None:
    site = open_site(store)
    site.bench.channel.outcomes.append(GONE)
    site.live("..a")
    deliver_due(site.bench.parts)

    words = site.read("/")

    assert "1 message could not be delivered" in words
    assert "oncall did not take it" in words


def test_every_verdict_has_a_mark_and_a_word(store: Database) -> None:
    site = open_site(store)
    site.live("..a-X.")

    page = site.get("/")

    assert 'aria-label="the last 6 windows: ' in page
    for words in ("3 ok", "1 drift", "1 no data", "1 error"):
        assert words in page
    for mark in "●▲○✖":
        assert mark in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"flights", "rides"}),
        ("?owner=data-platform", {"flights"}),
        ("?state=well", {"flights"}),
        ("?state=attention", {"rides"}),
        ("?q=FLIGHT", {"flights"}),
        ("?q=nothing", set()),
    ],
)
def test_monitors_can_be_searched_for(store: Database, query: str, shown: set[str]) -> None:
    site = open_site(store, make_monitor(make_source(), id="rides"))
    site.live("..")

    table = site.get(f"/{query}").partition('id="monitors"')[2]

    assert {name for name in ("flights", "rides") if f"/monitors/{name}" in table} == shown


def test_fifty_monitors_make_a_page(store: Database) -> None:
    site = open_site(store, *(make_monitor(make_source(), id=f"m{number:03}") for number in range(119)))

    pages = [site.get(f"/?page={number}&state=attention") for number in (1, 2, 3)]

    tables = [page.partition('id="monitors"')[2] for page in pages]
    assert [table.count('<tr id="monitor-') for table in tables] == [50, 50, 20]
    assert "101–120 of 120" in read_text(pages[2])
    assert 'href="?state=attention&amp;page=2"' in pages[2]
    assert site.client.get("/?page=0").status_code == 400
