from __future__ import annotations

from datetime import timedelta

import pytest

from driftwatch.incidents.silences import Matchers, Silence
from driftwatch.jobs.deliver import deliver_due
from driftwatch.store.database import Database
from driftwatch.store.silences import add_silence, expire_silence
from tests.support.site import Site, open_site, read_text, read_token

DAY = timedelta(days=1)


def silence(site: Site, *, begins: timedelta, ends: timedelta) -> int:
    now = site.bench.clock.now()
    one = Silence(
        matchers=Matchers(monitor="flights"),
        starts_at=now + begins,
        ends_at=now + ends,
        author="Ana",
        reason="a move of the warehouse",
        created_at=now,
    )
    return site.bench.parts.database.write(lambda tx: add_silence(tx, one)).id or 0


def test_a_silence_says_who_why_and_how_much_it_has_kept_back(store: Database) -> None:
    site = open_site(store)
    silence(site, begins=-DAY, ends=9 * DAY)
    site.live("..a")
    deliver_due(site.bench.parts)

    words = site.read("/silences")

    assert "holds now" in words
    assert "Ana a move of the warehouse 1" in words


def test_those_to_come_are_shown_and_those_that_are_over_on_request(store: Database) -> None:
    site = open_site(store)
    silence(site, begins=DAY, ends=2 * DAY)
    number = silence(site, begins=-DAY, ends=DAY)
    site.bench.parts.database.write(lambda tx: expire_silence(tx, number, "Ben", site.bench.clock.now()))

    now, every = site.read("/silences"), site.read("/silences?every=true")

    assert "to come" in now
    assert f"#{number}" not in now
    assert "over ended by Ben" in every


def test_without_any_it_says_so(store: Database) -> None:
    assert "Nothing is silenced." in open_site(store).read("/silences")


def fill(site: Site, address: str, path: str, **fields: str) -> tuple[int, str]:
    """Fill in the form of the page at `address` and send it to `path`."""
    token = read_token(site.get(address))
    answer = site.client.post(path, data={"token": token, "who": "Ana", **fields})
    return answer.status_code, read_text(answer.text)


def test_a_silence_is_shown_with_what_it_would_hide_before_it_is_kept(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    address = "/silences/new?monitor=flights&kind=drift"

    first = site.read(address)
    other = fill(site, address, "/silences", do="preview", monitor="rides", length="4 hours")
    without = site.read("/silences/new")

    assert "It would hide 1 open incident now" in first
    assert "Flight delays: amount looks different" in first
    assert "It would hide 0 open incidents now" in other[1]
    assert "It would hide 0 open incidents now" in without
    assert "Nothing is silenced." in site.read("/silences")


def test_a_silence_is_kept_with_who_and_why_and_hides_from_then_on(store: Database) -> None:
    site = open_site(store)

    status, words = fill(
        site, "/silences/new", "/silences", monitor="flights", length="7 days", reason="a move", do="add"
    )
    site.live("..a")
    deliver_due(site.bench.parts)

    assert status == 200
    assert "monitor=flights" in words
    assert "Ana a move 0 open incidents 0" in words
    assert "Ana a move 1 open incident 1" in site.read("/silences")
    assert [row.state.value for row in site.bench.deliveries()] == ["suppressed"]
    page = site.read("/incidents")
    assert "kept back: nobody was told" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"length": "4 hours", "reason": "x"}, "a silence must say what it is about"),
        ({"monitor": "flights", "length": "4 hours"}, "a silence needs a reason"),
        ({"monitor": "flights", "length": "a year", "reason": "x"}, "say how long it lasts"),
    ],
)
def test_what_is_refused_is_said_and_nothing_is_lost_of_the_form(
    store: Database, fields: dict[str, str], said: str
) -> None:
    site = open_site(store)

    status, words = fill(site, "/silences/new", "/silences", **fields)

    assert status == 409
    assert f"Nothing was changed: {said}" in words
    assert "Nothing is silenced." in site.read("/silences")


def test_a_silence_can_be_ended(store: Database) -> None:
    site = open_site(store)
    number = silence(site, begins=-DAY, ends=DAY)

    status, _ = fill(site, "/silences", f"/silences/{number}/expire")
    again, _ = fill(site, "/silences/new", f"/silences/{number}/expire")

    assert status == 200
    assert "Nothing is silenced." in site.read("/silences")
    assert "ended by Ana" in site.read("/silences?every=true")
    assert again == 404
