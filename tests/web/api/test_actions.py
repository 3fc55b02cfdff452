from __future__ import annotations

from typing import Any

import pytest

from driftwatch.jobs.deliver import deliver_due
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.silences import list_silences
from driftwatch.web.access import Caller, How, Scope, find_caller
from driftwatch.web.api.document import build_document
from tests.support.monitors import REFUSED, FakeChannel, due, tell_story
from tests.support.programs import ask, list_operations, read
from tests.support.site import Site, open_site

pytestmark = pytest.mark.slow

STEPS: list[tuple[str, dict[str, Any], str, Any]] = [
    ("acknowledge", {}, "acknowledged_by", "Ana"),
    ("snooze", {"for": "4h"}, "snoozed_by", "Ana"),
    ("assign", {"to": "Ben"}, "assigned_to", "Ben"),
    ("label", {"label": "bad-data"}, "label", "bad-data"),
    ("note", {"text": "the feed was late"}, "state", "open"),
]


def open_incident(store: Database, story: str = "..a") -> Site:
    site = open_site(store)
    site.live(story)
    return site


def send(site: Site, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return ask(site, "POST", path, json={"who": "Ana", **(body or {})}, headers=headers)


@pytest.mark.parametrize(("name", "body", "member", "wanted"), STEPS)
def test_what_is_done_to_an_incident_is_recorded_with_who(
    store: Database, name: str, body: dict[str, Any], member: str, wanted: Any
) -> None:
    site = open_incident(store)

    answer = send(site, f"/incidents/{site.numbers[0]}/{name}", body)

    assert answer.status_code == 200, answer.text
    assert answer.json()["incident"][member] == wanted
    assert answer.json()["events"][-1]["actor"] == "Ana"


def test_an_incident_is_resolved_when_it_may_be_and_refused_with_the_reason_otherwise(
    store: Database,
) -> None:
    site = open_incident(store)
    number = site.numbers[0]
    refused = send(site, f"/incidents/{number}/resolve", {"why": "over"})
    assert refused.status_code == 409
    assert "still breached" in refused.json()["detail"]

    site.live(".", first=4)

    over = send(site, f"/incidents/{number}/resolve", {"why": "the feed is back"})
    assert over.json()["incident"]["state"] == "resolved"
    assert send(site, f"/incidents/{number}/acknowledge").status_code == 409


def test_accepting_makes_what_an_incident_shows_the_new_normal(store: Database) -> None:
    site = open_incident(store, "..aa")

    answer = send(site, f"/incidents/{site.numbers[0]}/accept", {"why": "prices have risen"})

    assert answer.json()["incident"]["state"] == "resolved"
    newest = read(site, "/monitors/flights/references")["references"][-1]
    assert (newest["version"], newest["state"]) == (2, "active")
    back = send(site, "/monitors/flights/references/rollback", {"why": "a mistake"})
    assert back.json()["references"][0]["version"] == 1
    again = send(site, "/monitors/flights/references/2/promote", {"why": "none after all"})
    assert again.json()["references"][0]["version"] == 2
    assert send(site, "/monitors/flights/references/9/promote", {"why": "x"}).status_code == 409


def test_retraining_is_asked_for_once(store: Database) -> None:
    site = open_site(store, retrain=RetrainPolicy(trigger="ci", after=9))
    site.live("..a")
    path = f"/incidents/{site.numbers[0]}/retrain"

    asked = send(site, path, {"why": "prices have risen"})
    again = send(site, path, {"why": "prices have risen"})

    assert asked.json()["retrain"]["state"] == "requested"
    assert again.status_code == 409
    assert "may not start now" in again.json()["detail"]
    assert [one.incident_id for one in site.bench.retrains()] == site.numbers


def test_retraining_is_refused_where_nothing_would_start_it(store: Database) -> None:
    site = open_incident(store)

    answer = send(site, f"/incidents/{site.numbers[0]}/retrain", {"why": "prices have risen"})

    assert (answer.status_code, site.bench.retrains()) == (409, [])


def test_what_is_due_is_judged_when_somebody_asks(store: Database) -> None:
    site = open_incident(store)
    tell_story(site.bench.source, "a", first=4)
    site.bench.clock.move_to(due(4))

    judged = send(site, "/monitors/flights/check").json()
    nothing = send(site, "/monitors/flights/check").json()

    assert [one["verdict"] for one in judged["windows"]] == ["drift"]
    assert (judged["waiting"], nothing["windows"]) == ([], [])
    send(site, "/monitors/flights/pause", {"why": "the feed moves"})
    assert send(site, "/monitors/flights/check").status_code == 409


def test_an_action_that_was_sent_twice_is_done_once_where_the_tag_is_sent_along(store: Database) -> None:
    site = open_incident(store)
    path = f"/incidents/{site.numbers[0]}"
    seen = ask(site, "GET", path).headers["etag"]

    once = send(site, f"{path}/note", {"text": "looking"}, **{"if-match": seen})
    twice = send(site, f"{path}/note", {"text": "looking"}, **{"if-match": seen})
    others = [
        send(site, f"{path}/{verb}", body, **{"if-match": seen}).status_code
        for verb, body in (
            ("label", {"label": "drift"}),
            ("accept", {"why": "prices have risen"}),
            ("retrain", {"why": "prices have risen"}),
        )
    ]

    assert (once.status_code, twice.status_code, others) == (200, 412, [412, 412, 412])
    kinds = [one["kind"] for one in read(site, path)["events"]]
    assert kinds.count("noted") == 1
    assert "labelled" not in kinds
    assert send(site, f"{path}/note", {"text": "x"}, **{"if-match": '"none"'}).status_code == 412
    assert send(site, f"{path}/note", {"text": "x"}, **{"if-match": "*"}).status_code == 200


def test_a_delivery_that_arrived_meanwhile_is_no_reason_to_refuse(store: Database) -> None:
    site = open_incident(store)
    path = f"/incidents/{site.numbers[0]}"
    seen = ask(site, "GET", path).headers["etag"]
    deliver_due(site.bench.parts)
    assert ask(site, "GET", path).headers["etag"] != seen

    assert send(site, f"{path}/acknowledge", **{"if-match": seen}).status_code == 200


def test_a_silence_is_previewed_kept_once_and_ended(store: Database) -> None:
    site = open_incident(store)
    preview = read(site, "/silences/preview", monitor="fl*")
    assert [one["id"] for one in preview["hides"]] == site.numbers
    assert read(site, "/silences/preview", monitor="other")["hides"] == []
    body = {"monitor": "flights", "kind": "drift", "to": "2013-02-05T00:00:00Z", "reason": "a move"}

    kept, again = send(site, "/silences", body), send(site, "/silences", body)

    assert (kept.status_code, again.status_code) == (201, 201)
    assert kept.json() == again.json()
    number = kept.json()["silence"]["id"]
    assert [one["id"] for one in read(site, "/silences")["silences"]] == [number]
    ended = send(site, f"/silences/{number}/expire")
    assert ended.json()["silence"]["expired_by"] == "Ana"
    assert send(site, f"/silences/{number}/expire").status_code == 409
    assert send(site, "/silences/99/expire").status_code == 404
    assert send(site, "/silences", body).json()["silence"]["id"] > number


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"monitor": "flights", "for": "4h"}, 422, "body.reason"),
        ({"monitor": "flights", "reason": "x", "for": "4h", "to": "2013-02-05"}, 422, "not both"),
        ({"monitor": "flights", "reason": "x", "for": "soon"}, 422, "body.for"),
        ({"monitor": "flights", "reason": "x", "for": "99999999999w"}, 422, "body.for"),
        ({"monitor": "flights", "reason": "x", "for": "99d"}, 409, "at most 30 days"),
        ({"reason": "x", "for": "4h"}, 409, "must say what it is about"),
        ({"monitor": "flights", "reason": "x", "for": "4h", "kinds": "drift"}, 422, "body.kinds"),
        ({"monitor": "flights", "reason": "x", "for": "4h", "severity": "bad"}, 422, "body.severity"),
    ],
)
def test_a_silence_that_cannot_be_kept_is_refused(
    store: Database, body: dict[str, Any], status: int, said: str
) -> None:
    site = open_site(store)

    answer = send(site, "/silences", body)

    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert (
        site.bench.parts.database.read(lambda tx: list_silences(tx, site.bench.clock.now(), every=True)) == []
    )


def test_a_message_that_did_not_arrive_is_sent_again(store: Database) -> None:
    site = open_site(store)
    site.bench.parts.channels["oncall"].outcomes.append(REFUSED)  # type: ignore[attr-defined]
    site.live("..a")
    deliver_due(site.bench.parts)
    (waiting,) = read(site, "/deliveries")["deliveries"]

    again = send(site, f"/deliveries/{waiting['id']}/retry")

    assert again.json()["delivery"]["state"] == "pending"
    deliver_due(site.bench.parts)
    assert send(site, f"/deliveries/{waiting['id']}/retry").status_code == 409
    assert send(site, "/deliveries/none/retry").status_code == 404
    assert isinstance(site.bench.channel, FakeChannel)


def test_a_marker_is_kept_once_and_listed(store: Database) -> None:
    site = open_site(store)
    body = {"kind": "deploy", "version": "4.2", "at": "2013-02-01T06:00:00Z", "monitor": "flights"}

    kept, again = send(site, "/markers", body), send(site, "/markers", body)

    assert (kept.status_code, kept.json()) == (201, again.json())
    (listed,) = read(site, "/markers", monitor="flights")["markers"]
    assert (listed["version"], listed["by"]) == ("4.2", "Ana")
    assert send(site, "/markers", {**body, "monitor": "other"}).status_code == 422
    assert send(site, "/markers", {**body, "kind": "two words"}).status_code == 422


def test_a_monitor_is_paused_and_goes_on(store: Database) -> None:
    site = open_site(store)

    paused = send(site, "/monitors/flights/pause", {"why": "the feed moves", "for": "2d"})

    assert paused.json()["monitors"][0]["paused"]["by"] == "Ana"
    assert [one["state"] for one in read(site, "/monitors")["monitors"]] == ["paused"]
    assert send(site, "/monitors/flights/pause", {"why": "again"}).status_code == 409
    assert send(site, "/monitors/flights/pause", {"why": "again", "for": "0h"}).status_code == 422
    assert send(site, "/monitors/flights/resume").json()["monitors"][0]["paused"] is None
    assert send(site, "/monitors/flights/resume").status_code == 409
    assert send(site, "/monitors/nobody/resume").status_code == 404


def list_changes(site: Site) -> list[str]:
    operations = list_operations(build_document(site.client.app))  # type: ignore[arg-type]
    known = {"{monitor}": "flights", "{number}": "1", "{delivery}": "x", "{version}": "1"}
    paths = [path for method, path, _ in operations if method == "POST"]
    for name, value in known.items():
        paths = [path.replace(name, value) for path in paths]
    return paths


def test_every_change_is_json_from_here_by_somebody_with_a_name(store: Database) -> None:
    site = open_site(store)
    paths = list_changes(site)
    assert len(paths) >= 14

    for path in paths:
        form = ask(site, "POST", path, data={"who": "Ana"})
        foreign = ask(site, "POST", path, json={"who": "Ana"}, headers={"origin": "https://evil.example"})
        fetched = ask(site, "POST", path, json={"who": "Ana"}, headers={"sec-fetch-site": "cross-site"})
        plain = ask(site, "POST", path, content='{"who": "Ana"}', headers={"content-type": "text/plain"})
        nobody = ask(site, "POST", path, json=fill_in(path))
        answers = (form, foreign, fetched, plain, nobody)
        assert [one.status_code for one in answers[:4]] == [415, 403, 403, 415], path
        assert (nobody.status_code, "body.who" in nobody.json()["detail"]) == (422, True), path


def fill_in(path: str) -> dict[str, str]:
    """Return what a change wants to be sent beside who does it."""
    wanted = {
        "snooze": {"for": "4h"},
        "assign": {"to": "Ben"},
        "note": {"text": "x"},
        "label": {"label": "drift"},
        "markers": {"kind": "deploy"},
        "silences": {"for": "4h", "reason": "x"},
    }
    last = path.rpartition("/")[2]
    explained = {"resolve", "accept", "pause", "promote", "rollback", "retrain"}
    return wanted.get(last, {"why": "x"} if last in explained else {})


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b'{"text": NaN}', 422),
        (b'{"text": ' + b"9" * 5000 + b"}", 400),
        (b'{"text": "\\ud800"}', 422),
        (b'{"text": "x", "who": "a\\u0000b"}', 422),
        (b'{"text": "x", "who": "   "}', 422),
        (b'{"text": "x", "who": "Ana", "more": 1}', 422),
        (b'["text"]', 422),
        (b'{"text": "' + b"x" * 2001 + b'"}', 422),
        (b"\xff\xfe", 400),
        (b'{"text": "\\u0000", "who": "Ana"}', 200),
    ],
)
def test_whatever_is_sent_is_answered(store: Database, content: bytes, status: int) -> None:
    site = open_incident(store)
    address = f"/incidents/{site.numbers[0]}/note"

    answer = ask(site, "POST", address, content=content, headers={"content-type": "application/json"})

    assert answer.status_code == status, answer.text


def be(site: Site, caller: Caller | None) -> None:
    site.client.app.dependency_overrides[find_caller] = lambda: caller  # type: ignore[attr-defined]


def test_who_is_known_need_not_say_so_and_cannot_be_another(store: Database) -> None:
    site = open_incident(store)
    path = f"/incidents/{site.numbers[0]}/note"
    be(site, Caller(name="pipeline", scope=Scope.OPERATE, how=How.TOKEN))

    known = ask(site, "POST", path, json={"text": "x"})
    other = ask(site, "POST", path, json={"text": "x", "who": "Ana"})

    assert known.json()["events"][-1]["actor"] == "pipeline"
    assert (other.status_code, "you are known as pipeline" in other.json()["detail"]) == (422, True)


def test_nothing_is_changed_with_the_scope_to_read_and_nothing_read_without_one(store: Database) -> None:
    site = open_incident(store)
    document = build_document(site.client.app)  # type: ignore[arg-type]
    be(site, Caller(name="reader", scope=Scope.READ, how=How.TOKEN))
    for path in list_changes(site):
        assert ask(site, "POST", path, json=fill_in(path)).status_code == 403, path

    be(site, None)
    for method, path, operation in list_operations(document):
        assert ask(site, method, path.replace("{", "").replace("}", "")).status_code == 401, path
        assert operation["x-scope"] == ("read" if method == "GET" else "operate")
