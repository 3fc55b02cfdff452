from __future__ import annotations

from datetime import datetime

import pytest

from driftwatch.store.database import Database
from driftwatch.store.markers import Wanted, list_markers
from tests.support.incidents import day
from tests.support.markers import mark_deploy
from tests.support.site import Site, open_site, read_text, read_token


def send(site: Site, **fields: str) -> tuple[int, str]:
    """Fill in the form on the monitor's page and send it."""
    token = read_token(site.get("/monitors/flights"))
    asked = {"monitor": "flights", "kind": "deploy", "who": "Ana", "token": token, **fields}
    answer = site.client.post("/markers", data=asked, headers={"Origin": "http://localhost"})
    return answer.status_code, read_text(answer.text)


def list_all(site: Site) -> list[tuple[str, str | None, str | None, datetime]]:
    found = site.bench.parts.database.read(lambda tx: list_markers(tx, Wanted(), at_most=9))
    return [(one.kind, one.monitor, one.owner, one.at) for one in found]


def test_a_marker_is_made_on_the_page_of_its_monitor_and_shown_there(store: Database) -> None:
    site = open_site(store)
    assert "Nobody has marked anything" in site.read("/monitors/flights")

    status, words = send(site, version="2.4", at="2013-02-01T06:30", text="a new airport")

    assert status == 200
    assert "deploy 2.4 : a new airport for flights, marked by Ana" in words.replace("2.4:", "2.4 :")
    assert list_all(site) == [("deploy", "flights", None, day(1).start.replace(hour=6, minute=30))]
    assert "a new airport" in site.read("/markers?monitor=flights")


@pytest.mark.parametrize(
    ("concerns", "monitor", "owner"),
    [("monitor", "flights", None), ("owner", None, "data-platform"), ("every monitor", None, None)],
)
def test_it_concerns_one_monitor_an_owners_or_all(
    store: Database, concerns: str, monitor: str | None, owner: str | None
) -> None:
    site = open_site(store)

    send(site, concerns=concerns)

    assert list_all(site) == [("deploy", monitor, owner, site.bench.clock.now())]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "two words"}, "one word"),
        ({"at": "soon"}, "the time cannot be read"),
        ({"at": "0001-01-01T00:00+23:59"}, "the time cannot be read"),
        ({"monitor": "other"}, "there is no monitor 'other'"),
    ],
)
def test_what_is_refused_is_said_beside_the_form(store: Database, fields: dict[str, str], said: str) -> None:
    site = open_site(store)

    status, words = send(site, text="kept in the form", **fields)

    assert status == 409
    assert f"Nothing was changed: {said}" in words or said in words
    assert list_all(site) == []


def test_an_incident_names_it_on_its_page(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    mark_deploy(site.bench, at=day(3).start, text="<b>new</b>")

    page = site.get(f"/incidents/{site.numbers[0]}")

    assert "deploy 2.4" in read_text(page)
    assert "&lt;b&gt;new&lt;/b&gt;" in page
    assert page.index("Just before, ") < page.index("looks different from its reference")


def test_without_the_secret_of_a_form_nothing_is_marked(store: Database) -> None:
    site = open_site(store)

    answer = site.client.post("/markers", data={"kind": "deploy", "who": "Eve", "token": "guess"})

    assert answer.status_code == 403
    assert list_all(site) == []
