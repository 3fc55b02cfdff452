from __future__ import annotations

import json
from pathlib import Path

from tests.support.commands import run_here
from tests.support.receiver import answer, serve
from tests.support.shop import JUDGED


def test_what_was_asked_for_is_listed(shop: Path) -> None:
    text, found = (run_here("retrain", "list", *args, folder=shop) for args in ([], ["-o", "json"]))

    assert (text.status, found.status) == (0, 0)
    assert found.json["schema"] == "driftwatch.retrains/v1"
    (request,) = found.json["retrains"]
    assert (request["id"], request["monitor"], request["incident"]) == (1, "shop", 1)
    assert (request["trigger"], request["attempts"], request["last_error"]) == (
        "retrain",
        1,
        "connect: connection refused",
    )
    assert request["requested_at"] == "2024-01-17T00:00:00Z"
    assert text.stdout.splitlines()[1].split()[:4] == ["1", "2024-01-17", "00:00Z", "shop"]


def test_a_request_shows_what_was_sent(fresh_shop: Path) -> None:
    with serve(answer(202)) as receiver:
        variables = {"RETRAIN_URL": f"{receiver.url}/retrain"}
        run_here("check", "shop", *JUDGED, "--notify", "all", folder=fresh_shop, variables=variables)

    found = run_here("retrain", "show", "1", "-o", "json", folder=fresh_shop)

    assert found.status == 0
    (request,) = receiver.requests
    assert found.json["body"] == json.loads(request.body)
    assert found.json["body"]["data"]["retrain"]["id"] == 1
    assert found.json["retrain"]["state"] == "accepted"
    assert found.json["retrain"]["key"] == request.headers["idempotency-key"]
    text = run_here("retrain", "show", "1", folder=fresh_shop)
    assert f"  key  {request.headers['idempotency-key']}\n" in text.stdout
    assert "  reason  The drift incident has been open for 2 windows" in text.stdout


def test_nothing_was_asked_for(fresh_shop: Path) -> None:
    text, found = (run_here("retrain", "list", *args, folder=fresh_shop) for args in ([], ["-o", "json"]))

    assert (text.status, text.stdout) == (0, "No retraining was asked for.\n")
    assert found.json["retrains"] == []


def test_a_request_that_is_not_there_is_refused(shop: Path) -> None:
    ran = run_here("retrain", "show", "9", folder=shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr == "driftwatch: there is no retrain 9; `driftwatch retrain list` shows them\n"


def test_a_person_asks_for_it_and_is_refused_within_the_cooldown(fresh_shop: Path) -> None:
    with serve(answer(202)) as receiver:
        variables = {"RETRAIN_URL": f"{receiver.url}/retrain"}
        run_here("check", "shop", "--from", "2024-01-11", "--to", "2024-01-17", folder=fresh_shop)
        ask = ("retrain", "request", "--incident", "1", "--why", "the fares rose", "--by", "ana")
        asked, again = (run_here(*ask, folder=fresh_shop, variables=variables) for _ in range(2))

    assert asked.status == 0
    assert asked.stdout.startswith("Request 1 is queued")
    (request,) = receiver.requests
    assert json.loads(request.body)["data"]["reason"] == "ana asks for it: the fares rose"
    assert again.status == 2
    assert "retraining may not start now: The cooldown after the last request" in again.stderr
