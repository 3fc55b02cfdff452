from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.jobs.windows import Schedule
from driftwatch.store.database import Database
from driftwatch.web.monitors import say_schedule
from tests.support.monitors import make_monitor, make_source
from tests.support.site import open_site, read_text


@pytest.mark.parametrize(
    ("story", "sentence"),
    [
        ("...", "The last window looks like the reference."),
        ("..a", "Something is wrong: an incident is open."),
        ("..-", "The last window: no data."),
    ],
)
def test_a_sentence_says_how_it_is(store: Database, story: str, sentence: str) -> None:
    site = open_site(store)
    site.live(story)

    assert sentence in site.read("/monitors/flights")


def test_one_that_is_late_says_since_when(store: Database) -> None:
    site = open_site(store)
    site.live("..")
    site.bench.clock.advance(timedelta(days=4))

    words = site.read("/monitors/flights")

    assert "The next whole window is 3 days late; the last one ended 4 days ago." in words


def test_what_was_judged_stands_newest_first_with_its_score_and_reason(store: Database) -> None:
    site = open_site(store)
    site.live(".aX")

    words = site.read("/monitors/flights").partition("What was judged")[2]

    assert words.index("2013-02-03") < words.index("2013-02-02") < words.index("2013-02-01")
    assert "✖ error" in words
    assert "day 3 is damaged" in words
    assert "▲ drift 300" in words


def test_columns_in_which_something_was_found_come_first(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    table = site.read("/monitors/flights").partition("Columns in the window of 2013-02-03")[2]

    assert table.index("amount") < table.index("city")
    assert "of the rows moved" in table


def test_the_schedule_and_the_next_looks_are_in_words(store: Database) -> None:
    site = open_site(store, runbook="javascript:alert(1)")
    site.live("..")

    page = site.get("/monitors/flights")
    words = read_text(page)

    assert "One window every day (UTC), looked at 30 minutes after it ends." in words
    assert "2013-02-04 00:30 UTC" in words
    assert "2013-02-06 00:30 UTC" in words
    assert 'href="javascript' not in page


def test_one_that_never_started_says_so(store: Database) -> None:
    site = open_site(store, make_monitor(make_source(), id="rides"))

    assert "Nothing was checked yet." in site.read("/monitors/rides")
    assert site.client.get("/monitors/boats").status_code == 404


def test_a_schedule_by_cron_is_said_as_such() -> None:
    said = say_schedule(Schedule(cron="0 6 * * 1-5", timezone="Europe/Paris"), timedelta(0))

    assert said == (
        "One window between the times of cron 0 6 * * 1-5 (Europe/Paris), looked at as soon as it ends."
    )
