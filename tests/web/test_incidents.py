from __future__ import annotations

from datetime import datetime
from functools import partial

import pyarrow as pa
import sqlalchemy as sa

from driftwatch.incidents.by_hand import note
from driftwatch.incidents.incident import Advance, Incident, Label
from driftwatch.jobs.cases import change_case, label_case
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.retrain import request_due
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.monitors import begin_history
from driftwatch.store.tables import profiles
from tests.support.monitors import due, make_source
from tests.support.site import Site, open_site, read_text


def open_with_two(store: Database) -> Site:
    """Return a site where drift is over and faulty data is open."""
    site = open_site(store)
    site.live("..a...n")
    deliver_due(site.bench.parts)
    return site


def test_the_list_shows_what_is_open_and_on_request_what_is_over(store: Database) -> None:
    site = open_with_two(store)

    opened, over, every = (site.read(f"/incidents?state={state}") for state in ("open", "resolved", "all"))

    first, second = (f"#{number} Flight delays" for number in site.numbers)
    assert f"{second}: faulty data: amount" in opened
    assert first not in opened
    assert f"{first}: amount looks different" in over
    assert "resolved" in over
    assert every.index(second) < every.index(first)
    assert "told oncall" in opened


def test_the_list_is_filtered_by_monitor_kind_and_severity(store: Database) -> None:
    site = open_with_two(store)

    def count(query: str) -> int:
        return site.get(f"/incidents?state=all&{query}").count('href="/incidents/')

    assert count("") == 2
    assert count("kind=drift") == 1
    assert count("kind=drift&severity=minor") == 0
    assert count("monitor=flights") == 2
    assert count("monitor=rides") == 0


def test_an_incident_is_told_to_everyone_before_any_number(store: Database) -> None:
    site = open_with_two(store)

    page = site.get(f"/incidents/{site.numbers[1]}")
    words = read_text(page)

    everyone, evidence = words.index("For everyone"), words.index("Evidence")
    assert everyone < words.index("nobody has it yet") < evidence
    assert "In numbers:" in words[evidence:]
    assert "In numbers:" not in words[everyone:evidence]
    assert "Was anyone told? told oncall" in words
    assert "nobody has it yet" in words
    assert '<a href="/monitors/flights">Flight delays</a>' in page


def test_its_history_says_who_did_what_and_what_was_sent(store: Database) -> None:
    site = open_with_two(store)
    monitors, number = [site.bench.monitor], site.numbers[1]
    change_case(site.bench.parts, monitors, number, lambda one, now: note(one, "it is the feed", "Ana", now))
    label_case(site.bench.parts, monitors, number, Label.BAD_DATA, "Ben")

    page = site.get(f"/incidents/{site.numbers[1]}")
    words = read_text(page)

    assert words.index("labelled by Ben") < words.index("noted by Ana") < words.index("opened :")
    assert "it is the feed" in words
    (sent,) = [row for row in site.bench.deliveries() if row.incident_id == site.numbers[1]]
    assert f'<a href="/deliveries/{sent.id}">incident.opened to oncall</a>: delivered' in page


def test_an_incident_that_is_not_there_is_told_as_such(store: Database) -> None:
    site = open_site(store)

    answer = site.client.get("/incidents/987654")

    assert answer.status_code == 404
    assert "there is no incident 987654" in read_text(answer.text)
    assert site.client.get("/incidents/0").status_code == 400


def test_a_list_of_many_is_in_pages(store: Database) -> None:
    site = open_site(store)
    assert "No incident fits." in site.read("/incidents")
    site.live("a..." * 13)
    read = partial(site.get, "/incidents?state=all")

    assert read().count('href="/incidents/') == len(site.bench.incidents())


def test_what_changed_most_is_drawn_and_leads_to_its_column(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    page = site.get(f"/incidents/{site.numbers[0]}")

    assert "What changed most" in page
    assert 'href="/monitors/flights/columns/amount?at=2013-02-03T00%3A00%3A00Z"' in page
    assert page.count('<figure class="chart"') == 1
    assert "which is KS." in read_text(page)


def test_what_is_damaged_in_the_store_leaves_the_incident_without_pictures(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    store.write(lambda tx: tx.execute(sa.update(profiles).values(counts=b"damaged")))

    page = site.get(f"/incidents/{site.numbers[0]}")

    assert "What changed most" not in page
    assert "Evidence" in page


def test_an_incident_of_an_earlier_history_is_drawn_by_the_reference_of_its_time(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    store.write(lambda tx: begin_history(tx, site.bench.watch.row, site.bench.clock.now()))

    assert "What changed most" in site.get(f"/incidents/{site.numbers[0]}")


def open_wide(store: Database) -> Site:
    """Return a site where 61 columns look different."""
    source = make_source("..a")
    for window, found in source.rows.items():
        assert isinstance(found, pa.Table)
        copies = {f"x{number:02}": found["amount"] for number in range(60)}
        usual = dict(zip(found.column_names, found.columns, strict=True))
        source.rows[window] = pa.table(usual | copies)
    site = open_site(store, source=source)
    site.bench.tick_at(due(3))
    site.beat()
    return site


def write_down(incident: Incident, now: datetime, place: int) -> Advance:
    return note(incident, f"note {place:02}", "Ana", now)


def test_what_takes_part_and_what_happened_are_shown_a_page_at_a_time(store: Database) -> None:
    site = open_wide(store)
    [number] = site.numbers
    for place in range(60):
        step = partial(write_down, place=place)
        change_case(site.bench.parts, [site.bench.monitor], number, step)

    first = site.get(f"/incidents/{number}")
    later = site.get(f"/incidents/{number}?columns=2&page=2")

    assert (first.count('data-label="Limit"'), later.count('data-label="Limit"')) == (50, 11)
    assert "note 59" in first
    assert "note 00" not in first
    assert "note 00" in later
    assert 'href="?columns=2#evidence"' in first
    assert 'href="?columns=2&amp;page=1#timeline"' in later


def test_the_columns_of_a_monitor_are_shown_a_page_at_a_time(store: Database) -> None:
    site = open_wide(store)

    first, second = (site.get(f"/monitors/flights?page={number}") for number in (1, 2))

    def count(page: str) -> int:
        return page.count('href="/monitors/flights/columns/')

    assert (count(first), count(second)) == (50, 12)
    assert 'href="?page=2#columns"' in first


def test_retraining_that_was_asked_for_is_shown_with_what_came_of_it(store: Database) -> None:
    site = open_site(store, retrain=RetrainPolicy(trigger="ci"))
    site.live("..a")
    waits = site.read(f"/incidents/{site.numbers[0]}")

    request_due(site.bench.parts)

    assert "asked of ci, waits to be sent" in waits
    assert "asked of ci, taken up at 2013-02-04 00:30 UTC" in site.read(f"/incidents/{site.numbers[0]}")


def test_no_label_is_chosen_before_somebody_chooses_one(store: Database) -> None:
    site = open_with_two(store)

    page = site.get(f"/incidents/{site.numbers[0]}")

    assert '<select name="said" required>\n<option value="">choose</option>' in page
