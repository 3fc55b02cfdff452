from __future__ import annotations

import re
import threading

from driftwatch.jobs.pausing import pause_monitor
from driftwatch.store.audit import WantedActs, page_acts
from driftwatch.store.database import Database
from driftwatch.store.pauses import list_pauses
from tests.support.monitors import due, tell_story
from tests.support.site import Site, open_site, read_text, read_token

PAGE = "/monitors/flights"


def send(site: Site, word: str, **fields: str) -> tuple[int, str]:
    address = f"{PAGE}/{word}"
    token = read_token(site.get(address))
    answer = site.client.post(address, data={"token": token, "who": "Ana", **fields})
    return answer.status_code, read_text(answer.text)


def test_a_monitor_is_paused_with_a_reason_and_goes_on_when_it_is_resumed(store: Database) -> None:
    site = open_site(store)
    site.live("..")

    refused = send(site, "pause", length="4 hours", why=" ")
    paused = send(site, "pause", length="4 hours", why="the feed moves")
    during = site.get(PAGE)
    again = send(site, "pause", length="4 hours", why="x")
    resumed = send(site, "resume")

    assert (refused[0], paused[0], again[0], resumed[0]) == (409, 200, 409, 200)
    assert "Paused by Ana since" in paused[1]
    assert "(the feed moves)" in paused[1]
    assert "Resume" in re.findall(r"<summary>(\w+)</summary>", during)
    assert "Check now" not in during
    assert "Paused by" not in resumed[1]
    (kept,) = store.read(lambda tx: list_pauses(tx, site.bench.watch.row))
    assert (kept.author, kept.reason, kept.ended_by) == ("Ana", "the feed moves", "Ana")


def test_checking_now_judges_what_is_due_and_says_what_came_of_it(store: Database) -> None:
    site = open_site(store)
    site.live("..")
    tell_story(site.bench.source, "a", first=3)
    site.bench.clock.move_to(due(3))
    site.beat()

    status, words = send(site, "check")

    assert status == 200
    assert "1 window judged: 2013-02-03: drift." in words
    assert site.bench.words() == ["ok", "ok", "drift"]
    assert "Nothing is due" in send(site, "check")[1]


def test_looking_at_a_form_changes_nothing(store: Database) -> None:
    site = open_site(store)
    site.live("..")
    tell_story(site.bench.source, "a", first=3)
    site.bench.clock.move_to(due(3))

    for word in ("check", "pause", "resume"):
        assert '<form method="post"' in site.get(f"{PAGE}/{word}")

    assert site.bench.words() == ["ok", "ok"]
    assert store.read(lambda tx: list_pauses(tx, site.bench.watch.row)) == []


def test_a_check_that_takes_long_holds_up_nobody(store: Database) -> None:
    site = open_site(store)
    site.live("..")
    may_end = threading.Event()
    house = site.client.app.state.house  # type: ignore[attr-defined]
    begun = house.errands.begin(
        f"{PAGE}/check", lambda: may_end.wait(10) and "done", who="Ben", now=house.now()
    )

    status, words = send_to_busy(site)
    waiting = site.client.get(f"{PAGE}/check")

    assert status == 303
    assert words == ""
    assert waiting.headers["refresh"] == "2"
    assert "It is being done since" in waiting.text
    assert '<form method="post"' not in waiting.text
    may_end.set()
    assert begun.wait(10)
    over = site.client.get(f"{PAGE}/check")
    assert "refresh" not in over.headers
    assert "done" in read_text(over.text)


def send_to_busy(site: Site) -> tuple[int, str]:
    token = read_token(site.get(f"{PAGE}/pause"))
    answer = site.client.post(f"{PAGE}/check", data={"token": token, "who": "Ana"}, follow_redirects=False)
    return answer.status_code, answer.text


def test_pages_under_another_configuration_than_the_daemon_check_nothing(store: Database) -> None:
    site = open_site(store)
    site.live("..")
    from driftwatch.jobs.replicas import apply_fingerprint

    store.write(lambda tx: apply_fingerprint(tx, "another"))

    status, words = send(site, "check")

    assert status == 409
    assert "works under another configuration" in words


def test_what_there_is_not_is_not_there(store: Database) -> None:
    site = open_site(store)

    assert site.client.get("/monitors/flights/explode").status_code == 404
    assert site.client.get("/monitors/rides/pause").status_code == 404


def test_who_and_why_are_hostile(store: Database) -> None:
    site = open_site(store)
    site.live("..")
    hostile = "<script>alert(1)</script>"
    pause_monitor(site.bench.parts, site.bench.monitor, who=hostile, why=hostile)

    for path in ("/", PAGE, f"{PAGE}/resume", f"{PAGE}/check"):
        assert "<script>alert" not in site.get(path)


def test_what_takes_long_is_in_the_audit_log_with_who_asked(store: Database) -> None:
    site = open_site(store)
    site.live("..")

    send(site, "check")
    send(site, "pause", length="4 hours", why="works")

    acts, _ = store.read(lambda tx: page_acts(tx, WantedActs(), at_most=9))
    assert [(one.actor, one.action, one.subject) for one in acts[:2]] == [
        ("Ana", "monitor.pause", "flights"),
        ("Ana", "monitor.check", "flights"),
    ]
