"""The `calendar` section: named days, and the holidays of a country."""

from __future__ import annotations

import sys
from datetime import date

import pytest

from driftwatch.config.special_days import _find_holidays
from tests.support.config_files import SMALL, list_mistakes, load_text


def with_calendar(calendar: str) -> str:
    """Return the small configuration with a calendar, line 14."""
    return f"{SMALL}    calendar: {calendar}\n"


def load_days(calendar: str) -> dict[date, str]:
    (monitor,) = load_text(with_calendar(calendar)).monitors
    return dict(monitor.special_days)


def test_without_a_calendar_no_day_is_special() -> None:
    (monitor,) = load_text(SMALL).monitors

    assert monitor.special_days == {}


def test_days_are_named_one_by_one_or_in_a_row_with_an_exclusive_end() -> None:
    single = "{date: 2013-11-28, name: Thanksgiving}"
    several = "{from: 2013-12-24, to: 2013-12-27, name: Christmas}"

    days = load_days(f"{{days: [{single}, {several}]}}")

    assert days == {
        date(2013, 11, 28): "Thanksgiving",
        date(2013, 12, 24): "Christmas",
        date(2013, 12, 25): "Christmas",
        date(2013, 12, 26): "Christmas",
    }


def test_a_calendar_changes_no_history() -> None:
    (plain,), (special,) = (
        load_text(text).monitors
        for text in (SMALL, with_calendar("{days: [{date: 2013-11-28, name: Thanksgiving}]}"))
    )

    assert plain.identity == special.identity
    assert plain.fingerprint != special.fingerprint


@pytest.mark.parametrize(
    ("calendar", "mistake"),
    [
        (
            "{days: [{name: x}]}",
            "14:23: monitors[0].calendar.days[0]: wants a date, or from and to in place of it",
        ),
        (
            "{days: [{from: 2013-11-28, name: x}]}",
            "14:23: monitors[0].calendar.days[0]: wants a date, or from and to in place of it",
        ),
        (
            "{days: [{date: 2013-11-28, to: 2013-11-29, name: x}]}",
            "14:30: monitors[0].calendar.days[0].date: stands beside from and to; a special day has one form",
        ),
        (
            "{days: [{date: 2013-11-28T12:00, name: x}]}",
            "14:30: monitors[0].calendar.days[0].date: wants a whole day such as 2013-11-28, without a time",
        ),
        (
            "{days: [{date: 2013-11-28T00:00Z, name: x}]}",
            "14:30: monitors[0].calendar.days[0].date: wants a whole day such as 2013-11-28, without a time",
        ),
        (
            "{days: [{from: 2013-11-28, to: 2013-11-28, name: x}]}",
            "14:46: monitors[0].calendar.days[0].to: must be after from; it is exclusive",
        ),
        (
            "{days: [{from: 2013-11-28, to: 2015-11-28, name: x}]}",
            "14:46: monitors[0].calendar.days[0].to: wants at most 366 days in a row",
        ),
        (
            "{days: [{date: 2013-11-28}]}",
            "14:23: monitors[0].calendar.days[0].name: is missing: what it is called",
        ),
    ],
)
def test_mistakes_are_told_at_their_place(calendar: str, mistake: str) -> None:
    assert list_mistakes(with_calendar(calendar)) == [mistake]


def test_without_the_package_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _find_holidays.cache_clear()
    monkeypatch.setitem(sys.modules, "holidays", None)

    (mistake,) = list_mistakes(with_calendar("{holidays: US}"))

    assert mistake.startswith(
        "14:26: monitors[0].calendar.holidays: needs the package holidays, which is not"
    )
    assert mistake.endswith("installed: pip install 'driftwatch[calendar]'")


@pytest.fixture
def _package() -> None:
    pytest.importorskip("holidays")


@pytest.mark.usefixtures("_package")
def test_the_holidays_of_a_country_are_special_in_years_to_come_too() -> None:
    days = load_days("{holidays: US}")

    assert days[date(2013, 11, 28)] == "Thanksgiving Day"
    assert days[date(2040, 12, 25)] == "Christmas Day"
    assert date(2013, 11, 27) not in days


@pytest.mark.usefixtures("_package")
def test_a_part_of_a_country_has_its_own() -> None:
    whole, part = load_days("{holidays: US}"), load_days("{holidays: US-NY}")

    assert date(2013, 2, 12) not in whole
    assert "Lincoln" in part[date(2013, 2, 12)]


@pytest.mark.usefixtures("_package")
def test_several_countries_and_days_of_ones_own_come_together() -> None:
    days = load_days("{holidays: [US, DE], days: [{date: 2013-11-28, name: Turkey day}]}")

    assert days[date(2013, 11, 28)] == "Turkey day"
    assert date(2013, 7, 4) in days
    assert date(2013, 10, 3) in days


@pytest.mark.usefixtures("_package")
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("us", "14:26: monitors[0].calendar.holidays: no holidays are known of 'us' (did you mean US?)"),
        ("[US, XX]", "14:31: monitors[0].calendar.holidays[1]: no holidays are known of 'XX'"),
        ("US-NYC", "14:26: monitors[0].calendar.holidays: no holidays are known of 'US-NYC'"),
    ],
)
def test_what_is_no_country_is_told_at_its_place(written: str, said: str) -> None:
    (mistake,) = list_mistakes(with_calendar(f"{{holidays: {written}}}"))

    assert mistake.startswith(said)
