from __future__ import annotations

import json

from driftwatch.channels.contract import Outcome
from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.messages import read_message
from driftwatch.store.database import Database
from driftwatch.store.destinations import enable_destination
from tests.support.site import Site, open_site, read_text, read_token

BUSY = Outcome(delivered=False, again=True, status=503, error="http_503")
GONE = Outcome(delivered=False, again=False, status=410, error="http_410")


def open_with(store: Database, *outcomes: Outcome) -> Site:
    site = open_site(store)
    site.bench.channel.outcomes.extend(outcomes)
    site.live("..a")
    deliver_due(site.bench.parts)
    return site


def test_the_list_says_what_became_of_every_message(store: Database) -> None:
    site = open_with(store, BUSY)

    words = site.read("/deliveries")

    assert f"incident.opened to oncall … waits #{site.numbers[0]} flights" in words
    assert "HTTP 503 http_503" in words
    assert "Nothing was sent that fits." in site.read("/deliveries?state=delivered")
    assert "incident.opened to oncall" in site.read("/deliveries?state=pending&channel=oncall")


def test_a_channel_that_takes_nothing_any_more_is_shown_first(store: Database) -> None:
    site = open_with(store, GONE)

    words = site.read("/deliveries")

    assert words.index("disabled") < words.index("incident.opened to oncall")
    assert "✖ not delivered" in words


def test_a_delivery_shows_every_try_and_what_is_sent(store: Database) -> None:
    site = open_with(store, BUSY)
    (row,) = site.bench.deliveries()

    page = site.get(f"/deliveries/{row.id}")
    words = read_text(page)

    assert "HTTP 503 http_503" in words
    assert "Next try in" in words
    shown = json.loads(words.partition("As JSON ")[2].rpartition(" As of ")[0])
    assert shown == read_message(row).payload
    assert read_message(row).title in words


def test_a_delivery_that_is_not_there_is_told_as_such(store: Database) -> None:
    answer = open_site(store).client.get("/deliveries/nothing")

    assert answer.status_code == 404
    assert "there is no delivery" in answer.text


def test_what_did_not_arrive_can_be_sent_again_and_what_did_cannot(store: Database) -> None:
    site = open_with(store, GONE)
    (row,) = site.bench.deliveries()
    token = read_token(site.get(f"/deliveries/{row.id}"))
    fields = {"token": token, "who": "Ana"}
    site.bench.parts.database.write(lambda tx: enable_destination(tx, "oncall"))

    again = site.client.post(f"/deliveries/{row.id}/retry", data=fields)
    waiting = [one.state.value for one in site.bench.deliveries()]
    deliver_due(site.bench.parts)
    once_more = site.client.post(f"/deliveries/{row.id}/retry", data=fields)

    assert again.status_code == 200
    assert waiting == ["pending"]
    assert [one.state.value for one in site.bench.deliveries()] == ["delivered"]
    assert once_more.status_code == 409
    assert "there is nothing to send again" in read_text(once_more.text)
    assert site.client.post("/deliveries/nothing/retry", data=fields).status_code == 404
