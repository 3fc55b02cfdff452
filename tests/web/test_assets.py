from __future__ import annotations

import re

from driftwatch.store.database import Database
from driftwatch.web.assets import STATIC, link_asset
from tests.support.site import open_site


def test_every_file_that_a_page_names_is_there_and_may_be_kept_for_good(store: Database) -> None:
    site = open_site(store)
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', site.get("/"))

    answers = [site.client.get(one) for one in named]

    assert named
    assert {one.status_code for one in answers} == {200}
    assert all("immutable" in one.headers["cache-control"] for one in answers)


def test_a_file_is_asked_for_anew_under_the_address_of_another_content(store: Database) -> None:
    site = open_site(store)

    answers = [site.client.get(f"/static/style.css{query}") for query in ("", "?v=0123456789abcdef")]

    assert [one.headers["cache-control"] for one in answers] == ["no-cache", "no-cache"]


def test_each_file_has_an_address_of_its_own() -> None:
    links = {link_asset(file.name) for file in STATIC.iterdir()}

    assert len({link.partition("?")[2] for link in links}) == len(list(STATIC.iterdir()))
