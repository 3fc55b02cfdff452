"""The morning after the blizzard of February 2013, as people live it: at a desk, on a phone, by keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from driftwatch.jobs.cases import list_cases
from tests.browser.conftest import Visitor
from tests.support.browser import LOOKS, Look
from tests.support.demo_site import DemoSite

pytestmark = pytest.mark.slow

looks = pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)


def is_above_the_fold(at: Locator, look: Look) -> bool:
    """Return whether all of something is seen on the first screen, without a scroll."""
    box = at.bounding_box()
    return box is not None and box["y"] + box["height"] <= look.height


@looks
def test_the_first_screen_says_what_is_wrong_since_when_and_whether_anyone_was_told(
    visitor: Visitor, look: Look
) -> None:
    with visitor(look) as at:
        at.go("/")

        worst = at.page.locator(".concerns > li").first
        said = [
            (at.page.get_by_role("heading", level=1), "1 of 1 monitor needs attention."),
            (worst, "faulty data: "),
            (worst, "began 2 days ago"),
            (worst, "told receiver"),
            (worst, "nobody has it yet"),
        ]
        for where, words in said:
            expect(where).to_contain_text(words)
            assert is_above_the_fold(where, look), words


@looks
def test_the_blizzard_is_found_understood_taken_up_silenced_and_labelled(
    visitor: Visitor, look: Look
) -> None:
    with visitor(look) as at:
        page = at.page
        at.go("/")
        page.get_by_role("link", name="faulty data").click()
        everyone = page.get_by_role("region", name="For everyone")
        expect(everyone).to_contain_text("57 % of the rows have no value in dep_delay")

        take_up(page)
        expect(page.get_by_role("status")).to_contain_text("Done: ")
        expect(page.locator("dl.pairs").first).to_contain_text("Ana is looking at it")

        silence(page)
        expect(page.get_by_role("row", name="the snow").first).to_contain_text("1 open incident")

        at.go("/incidents/2")
        label = page.locator("#action-label")
        label.locator("summary").click()
        label.get_by_label("What it was").select_option("expected")
        label.get_by_role("button", name="Label").click()
        expect(page.locator(".timeline")).to_contain_text("by Ana")
        expect(page.locator(".timeline")).to_contain_text("expected")


@looks
def test_the_message_that_was_sent_is_seen_with_the_receivers_answer(visitor: Visitor, look: Look) -> None:
    with visitor(look) as at:
        at.go("/incidents/2")
        at.page.get_by_role("link", name="incident.opened to receiver").click()

        main = at.page.locator("main")
        expect(main).to_contain_text("delivered")
        expect(main).to_contain_text("204")


@looks
def test_what_snow_does_is_accepted_as_the_new_normal_after_a_look_ahead(
    visitor: Visitor, demo: DemoSite, look: Look
) -> None:
    with visitor(look) as at:
        page = at.page
        at.go("/incidents/1")
        page.get_by_role("link", name="Accept as the new normal").click()
        ahead = page.get_by_role("region", name="What would have been judged differently")
        ahead.get_by_label("Your name").fill("Ana")
        ahead.get_by_role("button", name="Work it out").click()
        expect(ahead.get_by_role("row", name="2013-02-09")).to_contain_text("drift")

        page.get_by_label("Why it is normal from now on").fill("it snows every winter")
        page.get_by_role("button", name="Accept as the new normal").click()
        expect(page.locator("main")).to_contain_text("resolved")

        at.go("/references")
        expect(page.locator("main")).to_contain_text("version 2")
    assert [case.incident.id for case in list_cases(demo.app.database, demo.app.config.monitors)] == []


def test_all_of_it_can_be_done_by_keys_alone(visitor: Visitor) -> None:
    with visitor() as at:
        keys = at.page.keyboard
        at.go("/")
        tab_to(at.page, "link", "critical, open")
        keys.press("Enter")
        expect(at.page.get_by_role("heading", level=1)).to_contain_text("faulty data")

        open_fold(at.page, "Acknowledge")
        tab_to(at.page, "textbox", "Your name")
        keys.type("Ana")
        keys.press("Enter")
        expect(at.page.get_by_role("status")).to_contain_text("Done: ")

        open_fold(at.page, "Label")
        tab_to(at.page, "combobox", "What it was")
        keys.press("ArrowDown")
        tab_to(at.page, "button", "Label")
        keys.press("Space")
        expect(at.page.get_by_role("status")).to_contain_text("Done: ")

        tab_to(at.page, "link", "Silence…")
        keys.press("Enter")
        tab_to(at.page, "textbox", "Why")
        keys.type("the snow")
        tab_to(at.page, "button", "Silence")
        keys.press("Enter")
        expect(at.page.get_by_role("row", name="the snow").first).to_contain_text("1 open incident")

        tab_to(at.page, "link", "Incidents")
        keys.press("Enter")
        tab_to(at.page, "link", "#1")
        keys.press("Enter")
        tab_to(at.page, "link", "Accept as the new normal")
        keys.press("Enter")
        tab_to(at.page, "textbox", "Why it is normal from now on")
        keys.type("it snows every winter")
        tab_to(at.page, "button", "Accept as the new normal")
        keys.press("Enter")
        expect(at.page.locator("main")).to_contain_text("resolved")


def take_up(page: Page) -> None:
    """Acknowledge the incident on the page as Ana."""
    form = page.locator("#action-acknowledge")
    form.locator("summary").click()
    form.get_by_label("Your name").fill("Ana")
    form.get_by_role("button", name="Acknowledge").click()


def silence(page: Page) -> None:
    """Silence what the incident on the page is about, having seen what that hides."""
    page.locator("main").get_by_role("link", name="Silence").click()
    expect(page.locator("main")).to_contain_text("faulty data")
    page.get_by_label("Why").fill("the snow")
    expect(page.get_by_label("Your name")).to_have_value("Ana")
    page.get_by_role("button", name="Silence", exact=True).click()


def tab_to(page: Page, role: str, name: str) -> None:
    """Press Tab until the focus is at something with this role and a name that begins so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and f'{role} "{name}' in focused.aria_snapshot():
            return
    pytest.fail(f"no {role} {name!r} can be reached by Tab")


def open_fold(page: Page, name: str) -> None:
    """Tab to what unfolds under a name, and unfold it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.nodeName + document.activeElement.textContent.trim()") == (
            f"SUMMARY{name}"
        ):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"{name!r} cannot be reached by Tab")
