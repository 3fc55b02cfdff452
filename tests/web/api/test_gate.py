from __future__ import annotations

from typing import Any

import pytest

from driftwatch.incidents.incident import Label
from driftwatch.jobs.cases import label_case
from driftwatch.store.database import Database
from tests.support.incidents import day
from tests.support.monitors import due
from tests.support.programs import ask
from tests.support.site import Site, open_site

GATE = "/monitors/flights/gate"


def ask_gate(site: Site, at: str, **params: Any) -> Any:
    return ask(site, "GET", GATE, params={"at": at, **params})


def test_a_pipeline_is_told_what_may_be_used_what_not_and_what_is_not_known_yet(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    good, bad, early = (ask_gate(site, f"2013-02-0{number}") for number in (2, 3, 4))

    assert (good.status_code, bad.status_code, early.status_code) == (200, 409, 425)
    assert (good.json()["answer"], good.json()["verdict"]) == ("use", "ok")
    (reason,) = bad.json()["reasons"]
    assert reason["incident"] == site.numbers[0]
    assert "rows moved in amount" in reason["text"]
    assert bad.json()["detail"] == reason["text"]
    assert bad.headers["content-type"] == "application/problem+json"
    assert early.json()["retry_at"] == "2013-02-05T00:30:00Z"
    assert int(early.headers["retry-after"]) == 86_400


def test_a_label_opens_the_gate_and_an_allowed_verdict_too(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    assert ask_gate(site, "2013-02-03", allow="drift").status_code == 200
    assert ask_gate(site, "2013-02-03", allow=["data", "thin"]).status_code == 409
    assert ask_gate(site, "2013-02-03", allow="error").status_code == 422

    label_case(site.bench.parts, [site.bench.monitor], site.numbers[0], Label.EXPECTED, "Ana")

    assert ask_gate(site, "2013-02-03").status_code == 200


def test_a_daemon_that_is_gone_leaves_the_pipeline_waiting(store: Database) -> None:
    site = open_site(store)
    site.live("..")

    site.bench.clock.move_to(due(9))
    late = ask_gate(site, "2013-02-04")

    assert late.status_code == 425
    assert "5 days after it fell due: is a daemon running?" in late.json()["detail"]


def test_a_monitor_in_shadow_mode_holds_nothing_back(store: Database) -> None:
    site = open_site(store, mode="shadow")
    site.live("..a")

    answer = ask_gate(site, "2013-02-03")

    assert (answer.status_code, answer.json()["would_hold"]) == (200, True)


@pytest.mark.parametrize(
    ("story", "status", "said"),
    [
        ("n", 409, "amount"),
        ("v", 425, "is not complete, and waits to be read"),
        ("-", 425, "has no rows, and waits to be read"),
        ("X", 409, "could not be judged"),
        ("E", 425, "waits to be read"),
    ],
)
def test_windows_that_were_not_judged_whole_are_never_used(
    store: Database, story: str, status: int, said: str
) -> None:
    site = open_site(store)
    site.live(f".{story}")

    answer = ask_gate(site, "2013-02-02")

    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]


def test_what_lies_before_everything_that_is_judged_is_not_waited_for(store: Database) -> None:
    site = open_site(store)
    site.live("..")

    before = ask_gate(site, "2013-01-20")

    assert before.status_code == 404
    assert "flights judges nothing before 2013-02-01 00:00 UTC" in before.json()["detail"]
    assert ask(site, "GET", "/monitors/nobody/gate", params={"at": "2013-02-01"}).status_code == 404
    assert ask(site, "GET", GATE).status_code == 422
    assert ask_gate(site, "soon").status_code == 422
    assert ask_gate(site, "2899-12-31").status_code == 425


def test_a_monitor_that_never_started_is_waited_for(store: Database) -> None:
    from tests.support.monitors import make_monitor, make_source

    site = open_site(store, make_monitor(make_source(), id="new"))

    answer = ask(site, "GET", "/monitors/new/gate", params={"at": day(3).start.isoformat()})

    assert answer.status_code == 425


def test_what_became_the_reference_is_not_waited_for(store: Database) -> None:
    site = open_site(store)
    site.live("..aaa")
    accepted = ask(
        site,
        "POST",
        f"/incidents/{site.numbers[0]}/accept",
        json={"why": "prices have risen", "who": "Ana"},
    )
    assert accepted.status_code == 200, accepted.text

    answer = ask_gate(site, "2013-02-04")

    assert answer.status_code == 404
    assert "flights judges nothing before 2013-02-06" in answer.json()["detail"]
