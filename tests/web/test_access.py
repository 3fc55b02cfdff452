from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient

from driftwatch.store.database import Database
from driftwatch.web.access import PUBLIC, Caller, How, Scope, find_caller, need
from tests.support.routes import list_routes
from tests.support.site import open_site


def open_door(store: Database, caller: Caller | None) -> TestClient:
    """Return who asks a site with an address for each scope, as `caller`."""
    site = open_site(store)
    router = APIRouter()
    for place in ("", "/api/v1"):
        for scope in Scope:
            router.add_api_route(f"{place}/only/{scope}", lambda: "in", dependencies=[need(scope)])

    def say_who(caller: Annotated[Caller, need(Scope.READ)]) -> str:
        return caller.name

    router.add_api_route("/who", say_who)
    app = site.client.app
    app.include_router(router)  # type: ignore[attr-defined]
    app.dependency_overrides[find_caller] = lambda: caller  # type: ignore[attr-defined]
    return site.client


def ask_as(scope: Scope) -> Caller:
    return Caller(name="Ana", scope=scope, how=How.TOKEN)


def test_every_address_says_which_scope_it_needs_or_is_on_the_public_list(store: Database) -> None:
    routes = list_routes(open_site(store).client.app)  # type: ignore[arg-type]

    assert len(routes) >= 12
    assert {route.path for route in routes if route.scope is None} == PUBLIC


def test_nothing_is_changed_with_the_scope_to_look(store: Database) -> None:
    routes = list_routes(open_site(store).client.app)  # type: ignore[arg-type]

    free = PUBLIC | {"/sign-out"}
    changing = [route for route in routes if route.method not in {"GET", "HEAD"} and route.path not in free]

    assert changing
    assert [str(one) for one in changing if one.scope is None or not one.scope.includes(Scope.OPERATE)] == []


@pytest.mark.parametrize("has", list(Scope))
@pytest.mark.parametrize("wanted", list(Scope))
@pytest.mark.parametrize("place", ["", "/api/v1"])
def test_a_scope_opens_its_own_doors_and_those_of_lesser_ones(
    store: Database, has: Scope, wanted: Scope, place: str
) -> None:
    answer = open_door(store, ask_as(has)).get(f"{place}/only/{wanted}")

    assert answer.status_code == (200 if has.includes(wanted) else 403)
    if answer.status_code == 403:
        assert f"This needs the scope {wanted}, and you have {has}." in answer.text


def test_programs_that_are_not_known_are_told_so_in_their_own_form(store: Database) -> None:
    answer = open_door(store, None).get("/api/v1/only/read")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Sign in, or send a token.",
    }


def test_people_who_are_not_known_are_told_so_on_a_page(store: Database) -> None:
    answer = open_door(store, None).get("/only/read")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Sign in, or send a token." in answer.text


def test_a_page_may_ask_who_it_is(store: Database) -> None:
    assert open_door(store, ask_as(Scope.READ)).get("/who").json() == "Ana"


def test_without_settings_everybody_on_this_machine_may_do_everything(store: Database) -> None:
    client = open_site(store).client
    router = APIRouter()
    seen: list[Caller] = []

    def keep(caller: Annotated[Caller, need(Scope.ADMIN)]) -> None:
        seen.append(caller)

    router.add_api_route("/keep", keep)
    client.app.include_router(router)  # type: ignore[attr-defined]

    assert client.get("/keep").status_code == 200
    assert seen == [Caller(name="", scope=Scope.ADMIN, how=How.ANONYMOUS)]
