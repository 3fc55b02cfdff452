from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visitor
from tests.browser.test_live import QUIET, Looking
from tests.support.browser import LOOKS, Look, Visit
from tests.support.demo_site import DemoSite

pytestmark = pytest.mark.slow

COLUMN = "/monitors/flight-delays/columns/dep_delay"
PAGES = [
    "/monitors/flight-delays",
    COLUMN,
    f"{COLUMN}?at=2013-02-08",
    "/monitors/flight-delays/columns/carrier",
    "/incidents/1",
    "/incidents/2",
]


def wait_for_pictures(at: Visit, ground: str) -> int:
    """Return how many pictures a page has, once all of them are drawn for a ground."""
    figures = at.page.locator("figure.chart")
    drawn = at.page.locator(f"figure.chart .drawing[data-drawn={ground}] svg")
    expect(drawn).to_have_count(figures.count())
    return drawn.count()


def read_marks(at: Visit) -> Any:
    """Return how many lines, bars and signs each picture has."""
    return at.page.evaluate(
        "[...document.querySelectorAll('.drawing svg')].map(s => s.querySelectorAll('path').length)"
    )


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_every_picture_is_drawn_and_nothing_is_said_about_it(visitor: Visitor, look: Look) -> None:
    with visitor(look) as at:
        for path in PAGES:
            at.go(path)
            assert wait_for_pictures(at, "dark" if look.is_dark else "light") >= 1, path
            assert min(read_marks(at)) > 10, path


def test_times_below_a_picture_name_their_days(visitor: Visitor) -> None:
    with visitor() as at:
        at.go("/monitors/flight-delays")
        wait_for_pictures(at, "light")

        assert "Feb 08" in at.page.locator("figure.chart").first.locator("svg").inner_html()


def test_no_style_and_no_script_of_others_comes_into_the_page(visitor: Visitor) -> None:
    with visitor() as at:
        at.page.add_init_script(
            "window.broken = [];"
            "const note = (one) => broken.push(one.violatedDirective);"
            "document.addEventListener('securitypolicyviolation', note);"
        )
        at.go(COLUMN)
        wait_for_pictures(at, "light")

        assert at.page.evaluate("window.broken") == []
        assert at.page.locator("style").count() == 0


def test_pictures_turn_dark_with_the_browser(visitor: Visitor) -> None:
    with visitor() as at:
        at.go(COLUMN)
        wait_for_pictures(at, "light")

        at.page.emulate_media(color_scheme="dark")

        wait_for_pictures(at, "dark")


def test_a_picture_tells_more_where_it_is_pointed_at(visitor: Visitor) -> None:
    with visitor() as at:
        at.go(COLUMN)
        wait_for_pictures(at, "light")
        tooltip = at.page.locator("#vg-tooltip-element")

        at.page.locator("#bins .drawing svg .mark-rect path").first.hover()

        expect(tooltip).to_be_visible()
        expect(tooltip).to_contain_text("adds to PSI")
        assert tooltip.evaluate("(one) => getComputedStyle(one).position") == "fixed"


def test_a_wheel_moves_the_page_and_with_ctrl_it_zooms(visitor: Visitor) -> None:
    with visitor() as at:
        at.go(COLUMN)
        wait_for_pictures(at, "light")
        picture = at.page.locator("#over-time-psi .drawing svg")
        picture.scroll_into_view_if_needed()
        picture.hover()
        before, top = picture.inner_html(), at.page.evaluate("scrollY")

        at.page.mouse.wheel(0, -40)
        at.page.wait_for_function("(top) => scrollY < top", arg=top)
        assert picture.inner_html() == before

        picture.hover()
        at.page.keyboard.down("Control")
        at.page.mouse.wheel(0, -400)
        at.page.wait_for_function(
            "(before) => document.querySelector('#over-time-psi .drawing svg').innerHTML !== before",
            arg=before,
        )
        at.page.keyboard.up("Control")


def test_a_picture_stays_while_the_page_is_asked_for_anew(visitor: Visitor) -> None:
    with visitor() as at:
        looking = Looking(at, COLUMN)
        wait_for_pictures(at, "light")
        at.page.evaluate("document.querySelector('#bins .drawing svg').dataset.mine = '1'")

        looking.wait(QUIET)

        assert looking.looks >= 1
        assert at.page.locator("#bins .drawing svg[data-mine]").count() == 1


def test_without_javascript_there_are_the_sentences_and_the_numbers(browser: Browser, demo: DemoSite) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo.origin}{COLUMN}?at=2013-02-08")

    expect(page.locator("#curves figcaption")).to_contain_text("which is KS.")
    page.locator("#curves summary").click()
    expect(page.locator("#curves table")).to_be_visible()
    expect(page.locator("#curves .drawing")).to_be_hidden()
    context.close()
