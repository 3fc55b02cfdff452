from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest

from driftwatch.access.act import Act
from driftwatch.access.caller import How
from driftwatch.store.audit import write_act
from driftwatch.store.database import Database
from tests.support.site import Site, open_site, read_text
from tests.support.statements import count_statements
from tests.support.stored import NOW

ACT = Act(
    at=NOW,
    actor="ana",
    how=How.SESSION,
    action="silence.add",
    subject="3",
    address="192.0.2.1",
    details={"a": "b"},
)


def keep(site: Site, *acts: Act) -> None:
    for act in acts:
        site.app.database.write(lambda tx, act=act: write_act(tx, act))  # type: ignore[misc]


def test_who_did_what_is_shown_with_when_how_and_from_where(store: Database) -> None:
    site = open_site(store)
    keep(site, ACT)

    words = site.read("/audit")

    for word in ("ana", "silence.add", "a: b", "password", "192.0.2.1", "2013"):
        assert word in words


def test_the_list_is_cut_into_pages_and_by_who_and_what(store: Database) -> None:
    site = open_site(store)
    keep(site, *(replace(ACT, subject=f"number {n}") for n in range(60)), replace(ACT, actor="ben"))

    assert "1–50 of 60" in site.read("/audit?actor=ana")
    assert "51–60 of 60" in site.read("/audit?actor=ana&page=2")
    assert site.read("/audit?actor=ben").count("silence.add") == 2
    assert "Nothing of this kind was done yet." in site.read("/audit?actor=ben&action=token.create")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "' onmouseover='alert(1)", "{{ 7 * 7 }}"])
def test_whatever_somebody_wrote_is_text(store: Database, text: str) -> None:
    site = open_site(store)
    keep(
        site,
        Act(at=NOW, actor=text, how=How.PROXY, action=text, subject=text, address=text, details={text: text}),
    )

    page = site.get("/audit") + site.get(f"/audit?actor={text}&action={text}")

    assert text not in page or text == "{{ 7 * 7 }}"
    assert "49" not in read_text(page)
    assert unescape(page).count(text) >= 6


def test_a_page_asks_the_store_as_much_for_few_as_for_many(store: Database) -> None:
    site = open_site(store)
    keep(site, ACT)
    few = count_statements(lambda: site.get("/audit"))

    keep(site, *[ACT] * 60)

    assert count_statements(lambda: site.get("/audit")) == few
    assert few < 10
