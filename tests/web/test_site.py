from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute
from markupsafe import escape

from driftwatch.jobs.deliver import deliver_due
from driftwatch.store.database import Database
from driftwatch.web.guard import HEADERS
from driftwatch.web.site import ROOMS
from tests.support.hostile import HOSTILE, find_live_markup
from tests.support.incidents import day
from tests.support.markers import mark_deploy
from tests.support.monitors import make_monitor, make_source
from tests.support.site import Site, open_site, read_text
from tests.support.statements import count_statements

pytestmark = pytest.mark.slow

PAGES = [
    "/api",
    "/",
    "/monitors/flights",
    "/incidents?state=all",
    "/incidents/NUMBER",
    "/deliveries",
    "/silences?every=true",
    "/markers?monitor=flights",
    "/digest",
    "/digest?week=last",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_wrote_is_text_on_every_page(store: Database, text: str) -> None:
    site = open_site(store, description=text, runbook=text)
    object.__setattr__(site.bench.monitor, "title", text)
    object.__setattr__(site.bench.monitor, "owner", text)
    mark_deploy(site.bench, at=day(2).start, text=text, author=text)
    site.live("..a")
    deliver_due(site.bench.parts)

    for path in PAGES:
        page = site.get(name_page(site, path))
        assert str(escape(text)) in page or path != "/"
        assert find_live_markup(page) == []
        assert "49" not in read_text(without_data(page)).split() or text != "{{ 7 * 7 }}"


def without_data(page: str) -> str:
    """Return a page without the data of its pictures, which are full of numbers."""
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_a_fault_shows_no_word_of_its_own(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    site = open_site(store)
    monkeypatch.setattr("driftwatch.web.overview.read_status", lambda *_: 1 / 0)

    answer = site.client.get("/")

    assert answer.status_code == 500
    assert "driftwatch itself failed; its log has the details." in answer.text
    assert "ZeroDivision" not in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def list_routes(method: str) -> list[str]:
    """Return the address of every page that takes a method, with something in the place of its parameters."""
    routes = [route for room in ROOMS for route in room.router.routes if isinstance(route, APIRoute)]
    return [
        re.sub(r"\{(\w+)\}", lambda found: "1" if found[1] == "number" else "note", route.path)
        for route in routes
        if method in (route.methods or ())
    ]


@pytest.mark.parametrize("path", list_routes("POST"))
def test_every_change_wants_a_form_of_ours(store: Database, path: str) -> None:
    client = open_site(store).client

    assert client.post(path, data={"who": "Ana"}).status_code == 403
    assert client.post(path, headers={"origin": "https://evil.example"}).status_code == 403


def test_nothing_but_forms_is_taken(store: Database) -> None:
    assert len(list_routes("GET")) >= 8
    assert not any(list_routes(method) for method in ("PUT", "PATCH", "DELETE"))
    assert open_site(store).client.post("/").status_code == 405


def name_page(site: Site, path: str) -> str:
    """Return the address of a page, with the number of an incident that there is."""
    return path.replace("NUMBER", str(site.numbers[0]))


@pytest.mark.parametrize("path", PAGES)
def test_the_store_is_asked_as_much_for_few_as_for_many(store: Database, path: str) -> None:
    site = open_site(store, *(make_monitor(make_source(), id=f"m{number}") for number in range(49)))
    site.live("..a")
    deliver_due(site.bench.parts)
    address = name_page(site, path)
    few = count_statements(lambda: site.get(address))

    site.live("....a....a....n....a", first=4)
    deliver_due(site.bench.parts)

    assert count_statements(lambda: site.get(address)) <= few + 2
    assert few < 75
