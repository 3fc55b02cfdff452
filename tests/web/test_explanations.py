from __future__ import annotations

import re

from driftwatch.incidents.finding import VerdictWord
from driftwatch.store.database import Database
from driftwatch.web.assets import STATIC
from driftwatch.web.explanations import VERDICTS
from driftwatch.web.glossary import TERMS
from tests.support.site import open_site

TEMPLATES = STATIC.parent / "templates"


def test_every_word_and_every_mark_is_explained(store: Database) -> None:
    site = open_site(store)

    page, words = site.get("/help"), site.read("/help")

    assert set(VERDICTS) == set(VerdictWord)
    for term in TERMS:
        assert page.count(f'id="{term.anchor}"') == 1
        assert term.means in words
    for meaning in VERDICTS.values():
        assert meaning in words
    for word in (
        "reference",
        "window",
        "PSI",
        "KS",
        "incident",
        "silence",
        "snooze",
        "acknowledge",
        "resolve",
    ):
        assert word in {term.word for term in TERMS}
    assert "<kbd>" in page.partition('id="keys"')[2]


def test_whatever_leads_to_help_leads_somewhere() -> None:
    anchors = {term.anchor for term in TERMS} | {"marks", "words", "keys", "first"}

    wanted = {
        found
        for file in TEMPLATES.rglob("*.html")
        for found in re.findall(r"hint\(root, '([a-z-]+)'|/help#([a-z-]+)", file.read_text())
    }
    named = {one or other for one, other in wanted}

    assert len(named) >= 6
    assert named <= anchors


def test_help_is_reached_from_every_page_and_beside_its_terms(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    for path in ("/", "/incidents", "/deliveries", "/silences", "/references", "/settings", "/help"):
        page = site.get(path)
        assert '<a href="/help"' in page
        assert page.count('aria-current="page"') == 1
    for anchor in ("ks", "psi", "moved-share", "score"):
        assert f'href="/help#{anchor}"' in site.get("/monitors/flights")
