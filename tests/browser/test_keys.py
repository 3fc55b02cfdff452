from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.slow


def test_rows_are_walked_and_opened_by_keys(visitor: Visitor) -> None:
    with visitor() as at:
        at.go("/")
        at.page.keyboard.press("j")
        expect(at.page.locator(":focus")).to_contain_text("faulty data")
        at.page.keyboard.press("j")
        expect(at.page.locator(":focus")).to_contain_text("look different")
        at.page.keyboard.press("k")
        expect(at.page.locator(":focus")).to_contain_text("faulty data")

        at.page.keyboard.press("Enter")

        expect(at.page).to_have_url(f"{at.origin}/incidents/2")


@pytest.mark.parametrize(
    ("keys", "path"), [("go", "/"), ("gi", "/incidents"), ("gm", "/#monitors"), ("gd", "/deliveries")]
)
def test_two_keys_lead_to_a_page(visitor: Visitor, keys: str, path: str) -> None:
    with visitor() as at:
        at.go("/silences")
        for key in keys:
            at.page.keyboard.press(key)

        expect(at.page).to_have_url(f"{at.origin}{path}")


@pytest.mark.parametrize(("key", "name"), [("a", "acknowledge"), ("s", "snooze"), ("n", "note")])
def test_a_key_unfolds_the_form_of_an_action_and_sends_nothing(visitor: Visitor, key: str, name: str) -> None:
    with visitor() as at:
        at.go("/incidents/1")
        at.page.keyboard.press(key)

        form = at.page.locator(f"#action-{name}")
        expect(form.get_by_role("button")).to_be_visible()
        expect(form.locator(":focus")).to_have_count(1)


def test_a_key_leads_from_a_row_of_a_list_to_the_form(visitor: Visitor) -> None:
    with visitor() as at:
        at.go("/incidents")
        at.page.keyboard.press("j")
        at.page.keyboard.press("a")

        expect(at.page).to_have_url(f"{at.origin}/incidents/2/acknowledge")


def test_letters_that_are_written_do_nothing_else(visitor: Visitor) -> None:
    with visitor() as at:
        at.go("/")
        at.page.keyboard.press("/")
        at.page.keyboard.type("gigd?jax")

        expect(at.page.get_by_label("Search")).to_have_value("gigd?jax")
        expect(at.page).to_have_url(f"{at.origin}/")


def test_keys_can_be_looked_up_and_switched_off_for_good(visitor: Visitor) -> None:
    with visitor() as at:
        at.go("/")
        at.page.keyboard.press("?")
        expect(at.page.get_by_role("dialog", name="Keys")).to_be_visible()
        at.page.get_by_label("Use these keys in this browser").uncheck()
        at.page.keyboard.press("Escape")
        at.page.reload()

        at.page.keyboard.press("j")
        expect(at.page.locator("main :focus")).to_have_count(0)

        at.page.get_by_role("button", name="Keys").click()
        at.page.get_by_label("Use these keys in this browser").check()
        at.page.get_by_role("button", name="Close").click()
        at.page.keyboard.press("j")
        expect(at.page.locator("main :focus")).to_have_count(1)
