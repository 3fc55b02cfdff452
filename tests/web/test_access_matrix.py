"""Every route of the site, asked by everybody that there is: what comes back is what its scope says."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

from driftwatch.store.database import Database
from driftwatch.web.access import Scope
from driftwatch.web.site import build_site
from tests.support.access import ASKED, bear, make_token
from tests.support.routes import Route, list_routes
from tests.support.site import Site, open_site

pytestmark = pytest.mark.slow

CALLERS = ["nobody", "wrong token", "expired", "revoked", *Scope]
KNOWN = {"number": "1", "n": "1"}


@cache
def list_closed() -> list[Route]:
    """Return every route that declares a scope; the site is built without a store for it."""
    return [route for route in list_routes(build_site(lambda: None)) if route.scope]  # type: ignore[arg-type,return-value]


def fill(path: str) -> str:
    """Return an address with something in the place of its parameters."""
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: KNOWN.get(found[1], "flights"), path)


def find_headers(site: Site, who: str) -> dict[str, str]:
    match who:
        case "nobody":
            return {}
        case "wrong token":
            return bear("dw_" + "A" * 43)
        case "expired" | "revoked":
            return bear(make_token(site, Scope.ADMIN, state=who))
    return bear(make_token(site, Scope(who)))


def ask(site: Site, route: Route, headers: dict[str, str]) -> Any:
    return site.client.request(route.method, fill(route.path), headers=headers, follow_redirects=False)


@pytest.mark.parametrize("route", list_closed(), ids=str)
def test_each_route_lets_in_whom_its_scope_lets_in(store: Database, route: Route) -> None:
    site = open_site(store, access=ASKED)

    answers = {who: ask(site, route, find_headers(site, who)) for who in CALLERS}

    for who, answer in answers.items():
        if who in set(Scope):
            may = Scope(who).includes(route.scope or Scope.ADMIN)
            assert (answer.status_code == 403) == (not may), (who, answer.status_code, answer.text)
            assert answer.status_code != 401
            assert answer.status_code < 500, (who, answer.text)
        else:
            assert answer.status_code == 401, (who, answer.status_code)
            assert answer.headers["www-authenticate"].startswith("Bearer")
        if answer.status_code in {401, 403}:
            is_for_programs = route.path.startswith("/api/")
            assert (answer.headers["content-type"] == "application/problem+json") == is_for_programs
            assert "Flight" not in answer.text


@pytest.mark.parametrize("route", list_closed(), ids=str)
def test_on_this_machine_alone_nobody_is_asked(store: Database, route: Route) -> None:
    assert ask(open_site(store), route, {}).status_code != 401


def test_there_is_something_to_test() -> None:
    routes = list_closed()

    assert len(routes) >= 15
    assert {route.scope for route in routes} == set(Scope)
