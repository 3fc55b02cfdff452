from __future__ import annotations

from driftwatch.incidents.by_hand import acknowledge
from driftwatch.jobs.cases import change_case
from driftwatch.store.database import Database
from tests.support.programs import ask, read
from tests.support.site import open_site


def test_a_program_keeps_up_by_asking_behind_what_it_has_seen(store: Database) -> None:
    site = open_site(store)
    site.live("..a..a.n")
    everything = read(site, "/feed")["events"]

    found, after = [], 0
    while True:
        part = read(site, "/feed", after=str(after), limit="2")
        found += part["events"]
        after = part["last"]
        if not part["more"]:
            break

    assert found == everything
    assert [one["position"] for one in found] == list(range(1, len(found) + 1))
    assert {one["incident"] for one in found} == set(site.numbers)
    assert found[0]["kind"] == "opened"
    assert part["newest"] == after == len(found)


def test_nothing_new_is_said_in_few_words_and_news_at_once(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    last = str(read(site, "/feed")["last"])
    quiet = ask(site, "GET", "/feed", params={"after": last})
    tag = {"if-none-match": quiet.headers["etag"]}
    assert quiet.json()["events"] == []
    assert ask(site, "GET", "/feed", params={"after": last}, headers=tag).status_code == 304

    change_case(
        site.bench.parts, [site.bench.monitor], site.numbers[0], lambda one, now: acknowledge(one, "Ana", now)
    )

    (event,) = ask(site, "GET", "/feed", params={"after": last}, headers=tag).json()["events"]
    assert (event["kind"], event["actor"], event["monitor"]) == ("acknowledged", "Ana", "flights")


def test_a_position_that_was_never_given_is_told_by_the_newest(store: Database) -> None:
    part = read(open_site(store), "/feed", after=str(2**63 - 1))

    assert (part["events"], part["newest"]) == ([], 0)
    assert ask(open_site(store), "GET", "/feed?after=-1").status_code == 422
    assert ask(open_site(store), "GET", f"/feed?after={2**63}").status_code == 422
