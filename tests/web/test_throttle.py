from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from driftwatch.config.access import Access
from driftwatch.store.database import Database
from driftwatch.web.access import Scope
from tests.support.access import ASKED, bear, make_token
from tests.support.site import Site, open_site

OPEN = Access(is_open=True)


def open_slow(store: Database, access: Access, address: str = "192.0.2.1") -> Site:
    site = open_site(store, access=access, address=address)
    object.__setattr__(site.app.config, "requests_per_second", 0.5)
    return site


def knock(site: Site, path: str = "/silences", **headers: str) -> Any:
    return site.client.get(path, headers=headers, follow_redirects=False)


@pytest.mark.parametrize("access", [OPEN, ASKED])
def test_an_address_that_asks_too_often_is_refused_for_as_long_as_is_said(
    store: Database, access: Access
) -> None:
    site = open_slow(store, access)
    answers = [knock(site, "/static/style.css") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "2"
    assert answers[-1].headers["content-security-policy"]
    site.bench.clock.advance(timedelta(seconds=2))
    assert knock(site, "/static/style.css").status_code == 200


def test_wrong_tokens_are_counted_before_they_are_looked_up(store: Database) -> None:
    site = open_slow(store, ASKED)

    statuses = [knock(site, authorization=f"Bearer dw_{number}").status_code for number in range(7)]

    assert statuses == [401] * 5 + [429] * 2


def test_one_token_is_counted_from_wherever_it_is_used(store: Database) -> None:
    trusting = replace(ASKED, trusted=ASKED.trusted)
    here = open_slow(store, trusting)
    headers = bear(make_token(here, Scope.READ))
    door = here.client.app.state.door  # type: ignore[attr-defined]
    statuses = []

    for number in range(7):
        door.addresses = type(door.addresses)()
        statuses.append(knock(here, **headers).status_code)
        assert number < 7

    assert statuses == [200] * 5 + [429] * 2


def test_on_this_machine_alone_nobody_is_counted(store: Database) -> None:
    site = open_slow(store, Access())

    assert {knock(site, "/static/style.css").status_code for _ in range(20)} == {200}
