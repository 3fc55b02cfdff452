from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import run_here
from tests.support.receiver import answer, answer_in_turn, serve


def test_what_was_told_is_listed_the_latest_last(shop: Path) -> None:
    text, found = (run_here("delivery", "list", *args, folder=shop) for args in ([], ["-o", "json"]))

    assert (text.status, found.status) == (0, 0)
    assert found.json["schema"] == "driftwatch.deliveries/v1"
    opened, resolved = found.json["deliveries"]
    assert (opened["type"], resolved["type"]) == ("incident.opened", "incident.resolved")
    assert (opened["channel"], opened["monitor"], opened["incident"]) == ("log", "shop", 1)
    assert (opened["state"], opened["attempts"], opened["next_at"]) == ("delivered", 1, None)
    header, first, last = text.stdout.splitlines()
    assert header.startswith("ID ")
    assert (first.split()[0], last.split()[0]) == (opened["id"], resolved["id"])


def test_one_delivery_is_shown_with_its_words_and_attempts(shop: Path) -> None:
    number = run_here("delivery", "list", "-o", "json", folder=shop).json["deliveries"][0]["id"]

    text = run_here("delivery", "show", number, folder=shop)
    found = run_here("delivery", "show", number, "-o", "json", folder=shop).json
    none = run_here("delivery", "show", "99", folder=shop)

    assert (text.status, found["schema"]) == (0, "driftwatch.delivery/v1")
    assert text.stdout.startswith(f"{number}: incident.opened to log, delivered\n")
    assert (found["delivery"]["id"], found["delivery"]["body"]["type"]) == (number, "incident.opened")
    assert [one["error"] for one in found["attempts"]] == [None]
    assert none.stderr == "driftwatch: there is no delivery 99; `driftwatch delivery list` shows them\n"


def test_what_waits_for_a_channel_is_shown_with_its_age(shop: Path) -> None:
    run_here("delivery", "test", "hook", folder=shop)

    text, found = (run_here("delivery", "list", *args, folder=shop) for args in ([], ["-o", "json"]))

    assert "Channel hook: 1 waiting, the oldest for " in text.stdout
    (queue,) = found.json["destinations"]
    assert (queue["channel"], queue["pending"], queue["disabled_at"]) == ("hook", 1, None)
    assert queue["oldest_age"] >= 0


def test_the_list_can_be_narrowed(shop: Path) -> None:
    newest = run_here("delivery", "list", "--newest", "1", "-o", "json", folder=shop).json["deliveries"]

    assert [one["type"] for one in newest] == ["incident.resolved"]
    assert run_here("delivery", "list", "--channel", "hook", folder=shop).stdout == "No deliveries.\n"
    assert run_here("delivery", "list", "--state", "pending", folder=shop).stdout == "No deliveries.\n"


def test_a_test_message_that_arrives_ends_with_0_and_is_signed(shop: Path) -> None:
    with serve(answer(204)) as receiver:
        ran = run_here("delivery", "test", "hook", folder=shop, variables={"HOOK_URL": f"{receiver.url}/x"})

    assert (ran.status, ran.stderr) == (0, "")
    (request,) = receiver.requests
    assert ran.stdout == f"hook: delivered (204), id {request.headers['webhook-id']}\n"
    assert request.headers["webhook-signature"].startswith("v1,")
    assert json.loads(request.body)["type"] == "delivery.test"


def test_a_test_message_to_the_log_is_seen_on_standard_error(shop: Path) -> None:
    ran = run_here("delivery", "test", "log", folder=shop)

    assert ran.status == 0
    assert ran.stdout.startswith("log: delivered, id ")
    assert "This is a test of the channel 'log'" in ran.stderr


def test_a_test_message_that_does_not_arrive_ends_with_1_and_the_reason(shop: Path) -> None:
    ran = run_here("delivery", "test", "hook", folder=shop)

    assert ran.status == 1
    assert ran.stdout.startswith("hook: pending (connect: connection refused), id ")
    assert "canary" not in ran.stdout + ran.stderr


def test_a_failed_delivery_ends_the_list_and_the_status_with_1(shop: Path) -> None:
    with serve(answer(400)) as receiver:
        ran = run_here("delivery", "test", "hook", folder=shop, variables={"HOOK_URL": receiver.url})

    assert (ran.status, ran.stdout.split(":")[:2]) == (1, ["hook", " dead (400 http_400"])
    listed = run_here("delivery", "list", "--state", "dead", folder=shop)
    assert listed.status == 1
    assert " dead " in listed.stdout
    assert run_here("delivery", "list", "--exit-zero", folder=shop).status == 0
    status = run_here("status", "-o", "json", folder=shop)
    assert status.json["outbox"]["failed"] == 1
    assert "delivery list --state dead" in run_here("status", folder=shop).stdout


@pytest.mark.parametrize("by", ["id", "channel"])
def test_a_failed_delivery_is_sent_again_under_the_same_id(shop: Path, by: str) -> None:
    with serve(answer_in_turn([answer(400), answer(204)])) as receiver:
        variables = {"HOOK_URL": receiver.url}
        run_here("delivery", "test", "hook", folder=shop, variables=variables)
        number = receiver.requests[0].headers["webhook-id"]
        args = [number] if by == "id" else ["--channel", "hook"]
        ran = run_here("delivery", "retry", *args, folder=shop, variables=variables)

    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout == f"1 queued again.\n{number}  hook  delivered  204\n"
    assert [request.headers["webhook-id"] for request in receiver.requests] == [number, number]


def test_a_delivery_that_fails_again_ends_with_1(shop: Path) -> None:
    with serve(answer(400)) as receiver:
        variables = {"HOOK_URL": receiver.url}
        run_here("delivery", "test", "hook", folder=shop, variables=variables)
        ran = run_here("delivery", "retry", "--channel", "hook", folder=shop, variables=variables)

    assert ran.status == 1
    assert "  hook  dead  400" in ran.stdout


def test_what_was_delivered_is_not_sent_again(shop: Path) -> None:
    (first, _) = run_here("delivery", "list", "-o", "json", folder=shop).json["deliveries"]

    ran = run_here("delivery", "retry", first["id"], folder=shop)

    assert (ran.status, ran.stdout, ran.stderr) == (0, "Nothing to send again.\n", "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["retry"], "name the deliveries, or a --channel"),
        (["retry", "99"], "there is no delivery 99; `driftwatch delivery list` shows them"),
        (["test", "pager"], "there is no channel 'pager' in the configuration; there are: log, hook"),
        (
            ["list", "--state", "lost"],
            "there is no state 'lost'; there are: pending, sending, delivered, dead, suppressed, expired",
        ),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(args: list[str], said: str, shop: Path) -> None:
    ran = run_here("delivery", *args, folder=shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert ran.stderr == f"driftwatch: {said}\n"
