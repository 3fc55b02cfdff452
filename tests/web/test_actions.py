from __future__ import annotations

import re

import pytest

from driftwatch.incidents.incident import Incident, IncidentState, Label, TransitionKind
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from tests.support.site import Site, open_site, read_text, read_token


def open_incident(store: Database, story: str = "..a") -> Site:
    site = open_site(store)
    site.live(story)
    return site


def find_address(site: Site, name: str) -> str:
    return f"/incidents/{site.numbers[0]}/{name}"


def send(site: Site, name: str, **fields: str) -> tuple[int, str]:
    """Fill in the form of an action and send it; return the status and the words of what comes back."""
    address = find_address(site, name)
    token = read_token(site.get(address))
    answer = site.client.post(address, data={"token": token, "who": "Ana", **fields})
    return answer.status_code, read_text(answer.text)


def only(site: Site) -> Incident:
    (incident,) = site.bench.incidents()
    return incident


@pytest.mark.parametrize(
    ("name", "fields", "kind", "said"),
    [
        ("acknowledge", {}, TransitionKind.ACKNOWLEDGED, "Ana is looking at it"),
        (
            "snooze",
            {"length": "4 hours"},
            TransitionKind.SNOOZED,
            "Ana wants to hear nothing more of it",
        ),
        ("assign", {"to": "Ben"}, TransitionKind.ASSIGNED, "Ana gave it to Ben."),
        ("note", {"text": "the feed moved"}, TransitionKind.NOTED, "Ana: the feed moved"),
        ("label", {"said": "bad-data"}, TransitionKind.LABELLED, "Ana says that this was"),
    ],
)
def test_what_is_done_is_recorded_with_who_did_it_and_shown(
    store: Database, name: str, fields: dict[str, str], kind: TransitionKind, said: str
) -> None:
    site = open_incident(store)

    status, words = send(site, name, **fields)

    assert status == 200
    assert "Done:" in words
    assert said in words
    assert site.bench.events(only(site))[-1] == kind


def test_what_has_calmed_down_can_be_resolved_with_a_reason(store: Database) -> None:
    site = open_incident(store, "..a.")

    assert send(site, "resolve", why=" ")[0] == 409
    status, words = send(site, "resolve", why="the feed is back")

    assert status == 200
    assert "by Ana: the feed is back" in words
    assert only(site).state is IncidentState.RESOLVED


def test_what_is_still_breached_is_not_resolved_and_the_way_out_is_said(store: Database) -> None:
    site = open_incident(store)

    status, words = send(site, "resolve", why="I want it gone")

    assert status == 409
    assert "Nothing was changed: incident" in words
    assert "is still breached" in words
    assert only(site).state is IncidentState.OPEN


def test_looking_at_a_form_changes_nothing(store: Database) -> None:
    site = open_incident(store)
    before = site.bench.events(only(site))

    for name in ("acknowledge", "snooze", "assign", "note", "resolve", "label", "accept"):
        page = site.get(find_address(site, name))
        assert '<form method="post"' in page

    assert site.bench.events(only(site)) == before


@pytest.mark.parametrize(
    ("headers", "fields", "status"),
    [
        ({}, {}, 403),
        ({}, {"token": "x" * 43}, 403),
        ({"sec-fetch-site": "cross-site"}, {"token": "ours"}, 403),
        ({"origin": "https://evil.example"}, {"token": "ours"}, 403),
        ({}, {"token": "ours", "who": "  "}, 400),
        ({}, {"token": "ours"}, 303),
        ({"sec-fetch-site": "same-origin"}, {"token": "ours"}, 303),
    ],
)
def test_nobody_elses_page_can_send_a_form(
    store: Database, headers: dict[str, str], fields: dict[str, str], status: int
) -> None:
    site = open_incident(store)
    address = find_address(site, "acknowledge")
    token = read_token(site.get(address))
    sent = {"who": "Ana", **fields}
    if fields.get("token") == "ours":
        sent["token"] = token

    answer = site.client.post(address, data=sent, headers=headers, follow_redirects=False)

    assert answer.status_code == status
    assert (only(site).acknowledged_by == "Ana") == (status == 303)


def test_a_form_without_its_cookie_is_refused(store: Database) -> None:
    site = open_incident(store)
    address = find_address(site, "acknowledge")
    token = read_token(site.get(address))
    site.client.cookies.clear()

    assert site.client.post(address, data={"token": token, "who": "Ana"}).status_code == 403


def test_the_name_is_remembered_and_the_cookies_are_for_us_alone(store: Database) -> None:
    site = open_incident(store)
    address = find_address(site, "note")
    first = site.client.get(address)
    token = read_token(first.text)
    fields = {"token": token, "who": "Åsa Ωmega", "text": "x"}

    done = site.client.post(address, data=fields, follow_redirects=False)

    for answer in (first, done):
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
    assert 'value="Åsa Ωmega"' in site.get(address)


def test_what_is_over_takes_notes_and_labels_only(store: Database) -> None:
    site = open_incident(store, "..a...")
    assert only(site).state is IncidentState.RESOLVED

    page = site.get(f"/incidents/{site.numbers[0]}")

    assert re.findall(r"<summary>(\w+)</summary>", page) == ["Note", "Label"]
    assert site.client.get(find_address(site, "snooze")).status_code == 404
    assert site.client.get(find_address(site, "explode")).status_code == 404
    assert send(site, "label", said=Label.DRIFT.value)[0] == 200
    assert send(site, "label", said="nothing")[0] == 409


def test_what_accepting_would_change_is_shown_and_changes_nothing(store: Database) -> None:
    site = open_incident(store, "..aa")
    before = site.bench.events(only(site))

    status, words = send(site, "accept", do="preview")

    assert status == 200
    assert "4 of 4 windows would have been judged differently." in words
    assert "amount is compared with 2 windows from then on, 2013-02-03 to 2013-02-04" in words
    assert f"1 open incident would end: #{site.numbers[0]}." in words
    assert site.bench.events(only(site)) == before


def test_an_incident_is_accepted_as_the_new_normal_with_who_and_why(store: Database) -> None:
    site = open_incident(store, "..aa")

    refused = send(site, "accept", why=" ")
    status, words = send(site, "accept", why="the fares rose")

    assert refused[0] == 409
    assert "say why it is normal" in refused[1]
    assert status == 200
    assert "Done: accept as the new normal." in words
    assert "Reference version 2 judges from now on: Ana says so (the fares rose)" in words
    assert only(site).state is IncidentState.RESOLVED


def test_retraining_is_asked_for_and_refused_with_the_reason(store: Database) -> None:
    site = open_site(store, retrain=RetrainPolicy(trigger="ci", after=9))
    site.live("..a")

    asked = send(site, "retrain", why="the fares rose")
    again = send(site, "retrain", why="the fares rose")

    assert asked[0] == 200
    assert f"asked for retraining (request {site.bench.retrains()[0].id}): the fares rose" in asked[1]
    assert again[0] == 409
    assert f"Request {site.bench.retrains()[0].id} is under way" in again[1]
    assert len(site.bench.retrains()) == 1


def test_what_makes_no_sense_is_not_offered(store: Database) -> None:
    site = open_incident(store)

    page = site.get(f"/incidents/{site.numbers[0]}")

    assert "Request retraining" not in page
    assert "Accept as the new normal" in page
    assert site.client.get(find_address(site, "retrain")).status_code == 404


def test_the_most_used_stands_first_and_what_ends_more_stands_apart(store: Database) -> None:
    site = open_incident(store)

    page = site.get(f"/incidents/{site.numbers[0]}")
    usual, _, apart = page.partition("What ends or changes more")

    assert re.findall(r"<summary>(\w+)</summary>", usual) == [
        *("Acknowledge", "Snooze", "Assign", "Note", "Label"),
    ]
    assert re.findall(r"<summary>(\w+)</summary>", apart) == ["Resolve"]
    assert "Accept as the new normal…" in apart
