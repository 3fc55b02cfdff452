from __future__ import annotations

from driftwatch.incidents.slices import FoundSlice, SliceReport, encode_report
from driftwatch.statistics.slices import SliceKind
from driftwatch.store.database import Database
from driftwatch.store.slices import ask_search, claim_search, list_wanted, record_search
from tests.support.hostile import HOSTILE, find_live_markup
from tests.support.incidents import day
from tests.support.site import Site, open_site, read_token


def record(site: Site, report: SliceReport) -> None:
    database, now = site.bench.parts.database, site.bench.clock.now()
    number = site.numbers[0]
    database.write(lambda tx: ask_search(tx, number, now))
    attempt = database.write(lambda tx: claim_search(tx, number, "me", now, site.bench.parts.lease))
    assert attempt is not None
    database.write(lambda tx: record_search(tx, number, attempt, encode_report(report), now))


def make_found(text: str) -> FoundSlice:
    return FoundSlice(
        column=text,
        divide=text,
        name=text,
        kind=SliceKind.OWN,
        explained=0.94,
        share=0.2,
        usual_share=0.2,
    )


def test_before_anybody_has_looked_the_page_says_so(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    assert "Nobody has looked yet" in site.read(f"/incidents/{site.numbers[0]}")


def test_what_was_found_is_on_the_page_whatever_the_names_are(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    for text in HOSTILE:
        failed = SliceReport(window=day(3), stored=make_found(text), failed=text)
        for report in (SliceReport(window=day(3), rows=300, found=(make_found(text),)), failed):
            record(site, report)
            page = site.get(f"/incidents/{site.numbers[0]}")
            assert not list(find_live_markup(page)), text
    record(site, SliceReport(window=day(3), rows=300, found=(make_found("city"),)))
    assert "94 % of the change in" in site.read(f"/incidents/{site.numbers[0]}")
    assert "Counted by reading 300 rows" in site.read(f"/incidents/{site.numbers[0]}")


def test_where_no_slice_is_responsible_that_is_said(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    record(site, SliceReport(window=day(3), rows=300))

    assert "No slice of the rows is clearly responsible." in site.read(f"/incidents/{site.numbers[0]}")


def test_a_person_can_ask_for_it_once_more(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    record(site, SliceReport(window=day(3), rows=300))
    path = f"/incidents/{site.numbers[0]}"

    token = read_token(site.get(path))
    answer = site.client.post(
        f"{path}/slices", data={"who": "Ana", "token": token}, headers={"Origin": "http://localhost"}
    )

    assert answer.status_code == 200
    assert "It is about to be searched once more." in site.read(path)
    assert "Asked for a search for the rows that carry the change." in site.read(path)
    wanted = store.read(lambda tx: list_wanted(tx, site.bench.clock.now(), at_most=9))
    assert wanted == [(site.numbers[0], "flights")]
