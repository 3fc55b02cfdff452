from __future__ import annotations

from driftwatch.store.database import Database
from tests.support.monitors import make_monitor, make_source
from tests.support.site import open_site


def test_the_week_so_far_answers_first_and_links_to_what_is_open(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    words, page = site.read("/digest"), site.get("/digest")

    assert "All monitors: 1 incident open" in words
    assert words.index("In short") < words.index("What was watched") < words.index("What was found")
    assert f'href="/incidents/{site.numbers[0]}"' in page


def test_last_week_ends_where_this_week_begins(store: Database) -> None:
    site = open_site(store)
    site.live("..a...")

    this, last = site.read("/digest?week=this"), site.read("/digest?week=last")

    assert "2013-02-04 08:00 UTC to" in this
    assert "2013-01-28 08:00 UTC" in last
    assert "to 2013-02-04 08:00 UTC" in last


def test_an_owner_sees_only_what_is_theirs(store: Database) -> None:
    site = open_site(store, make_monitor(make_source(), id="rides", owner="taxis"))
    site.live("..a")

    taxis, platform = site.read("/digest?owner=taxis"), site.read("/digest?owner=data-platform")

    assert "taxis: 1 monitor not watched all the time" in taxis
    assert "#" not in taxis.split("What was found")[1].split("Were people")[0]
    assert "data-platform: 1 incident open" in platform
