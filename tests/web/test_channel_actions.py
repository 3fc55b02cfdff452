from __future__ import annotations

from dataclasses import replace

from driftwatch.jobs.messages import TEST_TYPE
from driftwatch.store.database import Database
from tests.support.monitors import REFUSED, FakeChannel
from tests.support.site import Site, open_site, read_text, read_token

ADDRESS = "/channels/oncall/test"


def send(site: Site) -> tuple[int, str]:
    token = read_token(site.get(ADDRESS))
    answer = site.client.post(ADDRESS, data={"token": token, "who": "Ana"})
    return answer.status_code, read_text(answer.text)


def test_a_test_is_sent_and_what_came_of_it_is_said(store: Database) -> None:
    site = open_site(store)

    status, words = send(site)

    assert status == 200
    assert "The test message to oncall is delivered (HTTP 200)." in words
    assert [message.payload["type"] for message in site.bench.channel.sent] == [TEST_TYPE]


def test_a_channel_that_refuses_is_said_to_with_its_answer(store: Database) -> None:
    site = open_site(store)
    site.bench.channel.outcomes.append(replace(REFUSED, again=False))

    assert "The test message to oncall is dead (HTTP 503): http_503." in send(site)[1]


def test_looking_at_the_form_sends_nothing(store: Database) -> None:
    site = open_site(store)

    assert '<form method="post"' in site.get(ADDRESS)

    assert site.bench.channel.sent == []
    assert f'href="{ADDRESS}"' in site.get("/deliveries")


def test_a_channel_that_is_not_there_is_told_as_such(store: Database) -> None:
    site = open_site(store)

    assert isinstance(site.bench.channel, FakeChannel)
    assert site.client.get("/channels/nobody/test").status_code == 404
