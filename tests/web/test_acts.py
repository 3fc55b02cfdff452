from __future__ import annotations

import pytest

from driftwatch.access.act import Act
from driftwatch.access.caller import How
from driftwatch.jobs.deliver import deliver_due
from driftwatch.store.database import Database
from driftwatch.store.outbox import list_deliveries
from driftwatch.web.access import Scope
from driftwatch.web.acts import name_action
from tests.support.access import ASKED, bear, make_token
from tests.support.site import Site, open_site, read_token
from tests.web.test_sign_in import list_acts


@pytest.mark.parametrize(
    ("method", "path", "parameters", "found"),
    [
        ("POST", "/silences", {}, ("silence.add", "")),
        ("POST", "/silences/3/expire", {"number": 3}, ("silence.expire", "3")),
        ("POST", "/deliveries/01J/retry", {"delivery_id": "01J"}, ("delivery.retry", "01J")),
        (
            "POST",
            "/references/shop/2/promote",
            {"name": "shop", "version": "2"},
            ("reference.promote", "shop 2"),
        ),
        ("POST", "/references/shop/rollback", {"name": "shop"}, ("reference.rollback", "shop")),
        ("POST", "/incidents/bulk", {}, ("incident.bulk", "")),
        ("POST", "/api/v1/incidents/7/note", {"number": 7}, ("incident.note", "7")),
        ("PUT", "/api/v1/monitors/shop", {"name": "shop"}, ("monitor.replace", "shop")),
        ("PATCH", "/api/v1/monitors/shop", {"name": "shop"}, ("monitor.change", "shop")),
        ("POST", "/api/v1/monitors/shop", {"name": "shop"}, ("monitor.change", "shop")),
        ("POST", "/", {}, ("site.add", "")),
    ],
)
def test_what_a_request_does_has_the_words_of_the_command_line(
    method: str, path: str, parameters: dict[str, object], found: tuple[str, str]
) -> None:
    assert name_action(method, path, parameters) == found


def live(store: Database) -> Site:
    site = open_site(store, access=ASKED)
    site.live("..a")
    deliver_due(site.bench.parts)
    return site


def send(site: Site, path: str, **fields: str) -> Act | None:
    """Send a form as a program with a token does, and return what is kept of it."""
    before = len(list_acts(site))
    headers = bear(make_token(site, Scope.OPERATE, name="airflow"))
    site.client.post(path, data=fields, headers=headers, follow_redirects=False)
    acts = list_acts(site)
    assert len(acts) - before <= 1
    return acts[0] if len(acts) > before else None


def test_each_form_that_changes_something_is_kept_once_with_what_was_asked_for(store: Database) -> None:
    site = live(store)
    number = str(site.numbers[0])
    (delivery, *_) = site.app.database.read(list_deliveries)
    sent: list[tuple[str, dict[str, str], str, str]] = [
        (f"/incidents/{number}/snooze", {"length": "4 hours"}, "incident.snooze", number),
        (f"/incidents/{number}/assign", {"to": "ben"}, "incident.assign", number),
        (f"/incidents/{number}/label", {"said": "drift"}, "incident.label", number),
        ("/silences", {"monitor": "fl*", "length": "4 hours", "reason": "works"}, "silence.add", ""),
        ("/silences/1/expire", {}, "silence.expire", "1"),
        (f"/deliveries/{delivery.id}/retry", {}, "delivery.retry", delivery.id),
        ("/markers", {"kind": "deploy", "monitor": "flights"}, "marker.add", ""),
    ]

    for path, fields, action, subject in sent:
        act = send(site, path, **fields)

        assert act is not None, path
        assert (act.actor, act.how, act.action, act.subject) == ("airflow", How.TOKEN, action, subject)
        assert act.details == fields
        assert act.at == site.bench.clock.now()


def test_what_was_refused_or_only_shown_is_not_kept(store: Database) -> None:
    site = live(store)
    number = site.numbers[0]

    assert send(site, f"/incidents/{number}/resolve", why="I want it gone") is None
    assert send(site, f"/incidents/{number}/snooze", length="for ever") is None
    assert send(site, "/silences", monitor="fl*", length="4 hours", do="preview") is None
    assert send(site, "/silences/9/expire") is None


def test_where_nobody_is_asked_the_name_in_the_form_is_who_did_it(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    address = f"/incidents/{site.numbers[0]}/note"
    token = read_token(site.get(address))

    site.client.post(address, data={"token": token, "who": "Ana", "text": "the feed moved"})

    (act,) = list_acts(site)
    assert (act.actor, act.how, act.details) == ("Ana", How.ANONYMOUS, {"text": "the feed moved"})
