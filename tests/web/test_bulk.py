from __future__ import annotations

import re

import pytest

from driftwatch.incidents.by_hand import acknowledge
from driftwatch.jobs.cases import change_case
from driftwatch.store.database import Database
from driftwatch.store.silences import list_silences
from driftwatch.web.bulk import BULK
from tests.support.site import Site, open_site, read_text, read_token


def open_several(store: Database) -> Site:
    """Return a site with one incident that is over, and two that are open."""
    site = open_site(store)
    site.live("..a...m")
    assert [one.is_open for one in site.bench.incidents()] == [False, True, True]
    return site


def plan(site: Site, do: str, *numbers: int) -> str:
    picked = "&".join(f"pick={number}" for number in numbers)
    return site.get(f"/incidents/bulk?do={do}&{picked}")


def send(site: Site, do: str, *numbers: int, **fields: str) -> tuple[int, str]:
    token = read_token(site.get(f"/incidents/{site.numbers[0]}/note"))
    picked = {f"pick-{number}": "on" for number in numbers}
    answer = site.client.post(
        "/incidents/bulk", data={"token": token, "who": "Ana", "do": do, **picked, **fields}
    )
    return answer.status_code, read_text(answer.text)


def test_the_list_offers_to_pick_and_says_what_can_be_done(store: Database) -> None:
    site = open_several(store)

    page = site.get("/incidents?state=all")

    assert [int(one) for one in re.findall(r'name="pick" value="(\d+)"', page)] == site.numbers[::-1]
    assert re.findall(r'<option value="(\w+)">', page.partition("With those that are ticked")[2]) == list(
        BULK
    )


def test_first_it_is_said_what_will_be_done_and_nothing_is(store: Database) -> None:
    site = open_several(store)
    over, one, two = site.numbers

    page = plan(site, "acknowledge", over, one, two)
    words = read_text(page)

    assert "Acknowledge: 2 incidents" in words
    assert "Left out" in words
    assert "it is resolved" in words
    assert f'name="pick-{one}"' in page
    assert f'name="pick-{over}"' not in page
    assert all(case.acknowledged_by is None for case in site.bench.incidents())


def test_it_is_done_to_each_and_what_was_refused_is_said_with_the_reason(store: Database) -> None:
    site = open_several(store)
    over, one, two = site.numbers

    status, words = send(site, "acknowledge", over, one, two)

    assert status == 200
    assert "2 done, 1 refused." in words
    assert "it is resolved" in words
    assert [case.acknowledged_by for case in site.bench.incidents()] == [None, "Ana", "Ana"]


@pytest.mark.parametrize(
    ("do", "fields"),
    [
        ("snooze", {"length": "4 hours"}),
        ("assign", {"to": "Ben"}),
        ("note", {"text": "the feed moved"}),
        ("label", {"said": "bad-data"}),
    ],
)
def test_everything_that_is_offered_is_recorded_in_each_of_them(
    store: Database, do: str, fields: dict[str, str]
) -> None:
    site = open_several(store)
    before = [len(site.bench.events(one)) for one in site.bench.incidents()]

    _, words = send(site, do, *site.numbers[1:], **fields)

    assert "2 done, 0 refused." in words
    after = [len(site.bench.events(one)) for one in site.bench.incidents()]
    assert [now - then for now, then in zip(after, before, strict=True)] == [0, 1, 1]


def test_what_one_refuses_does_not_stop_the_others(store: Database) -> None:
    site = open_several(store)
    site.live(".", first=8)

    _, words = send(site, "resolve", *site.numbers[1:], why=" ")

    assert "0 done, 2 refused." in words
    assert words.count("say why it is over") == 2
    _, words = send(site, "resolve", *site.numbers, why="the feed is back")
    assert "2 done, 1 refused." in words


def test_incidents_of_one_kind_are_silenced_once(store: Database) -> None:
    site = open_several(store)
    _, one, two = site.numbers

    _, words = send(site, "silence", one, two, length="1 hour", reason="works")

    assert "2 done, 0 refused." in words
    kept = store.read(lambda tx: list_silences(tx, site.bench.clock.now(), every=True))
    assert {(one.matchers.monitor, one.matchers.kind) for one in kept} == {
        ("flights", "drift"),
        ("flights", "data"),
    }
    assert {(one.author, one.reason) for one in kept} == {("Ana", "works")}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("do=acknowledge", 400),
        ("do=explode&pick=1", 400),
        ("do=accept&pick=1", 400),
        ("do=note&pick=987654", 404),
        ("do=note&pick=0", 400),
        ("do=note&pick=x", 400),
        ("do=note&" + "&".join(f"pick={number}" for number in range(1, 99)), 400),
    ],
)
def test_what_makes_no_sense_is_refused(store: Database, query: str, status: int) -> None:
    assert open_site(store).client.get(f"/incidents/bulk?{query}").status_code == status


def test_nobody_elses_page_does_it(store: Database) -> None:
    site = open_several(store)

    answer = site.client.post("/incidents/bulk", data={"who": "Eve", "do": "note", "pick-1": "on"})

    assert answer.status_code == 403


def test_filters_find_who_has_it_what_is_in_it_and_whose_it_is(store: Database) -> None:
    site = open_several(store)
    _, one, two = site.numbers
    monitors = [site.bench.monitor]
    change_case(site.bench.parts, monitors, one, lambda case, now: acknowledge(case, "Ana", now))

    def find(query: str) -> list[int]:
        return [int(n) for n in re.findall(r'name="pick" value="(\d+)"', site.get(f"/incidents?{query}"))]

    assert find("taken_by=Ana") == [one]
    assert find("free=true") == [two]
    assert find("q=CITY") == [two]
    assert find(f"q=%23{two}") == [two]
    assert find("owner=data-platform") == [two, one]
    assert find("owner=nobody") == []
    assert find("state=all&days=2") == [two, one]
    assert find("q=%25%25") == []


def test_saved_filters_are_links_and_mine_needs_a_name(store: Database) -> None:
    site = open_several(store)
    assert ">mine<" not in site.get("/incidents")
    send(site, "note", site.numbers[1], text="x")

    page = site.get("/incidents?free=true")

    assert '<a href="?taken_by=Ana">mine</a>' in page
    assert '<a href="?free=true" aria-current="true">nobody is at it</a>' in page
    assert 'href="/incidents.csv?free=true"' in page
