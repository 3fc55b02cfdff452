from __future__ import annotations

import pytest

from driftwatch.jobs.acceptance import accept_incident
from driftwatch.store.database import Database
from driftwatch.store.references import list_versions
from tests.support.hostile import MARKUP, find_live_markup
from tests.support.monitors import make_monitor, make_source
from tests.support.site import Site, open_site, read_text, read_token
from tests.support.statements import count_statements

PAGE = "/references/flights"


def open_accepted(store: Database, who: str = "Ann", why: str = "the fares rose") -> Site:
    site = open_site(store)
    site.live("..aa")
    (incident,) = site.bench.incidents()
    accept_incident(site.bench.parts, site.bench.monitor, incident, who, why)
    return site


def send(site: Site, address: str, **fields: str) -> tuple[int, str]:
    token = read_token(site.get(address))
    answer = site.client.post(address, data={"token": token, "who": "Ana", **fields})
    return answer.status_code, read_text(answer.text)


def list_states(site: Site) -> list[str]:
    rows = site.bench.parts.database.read(lambda tx: list_versions(tx, ["flights"]))["flights"]
    return [row.state.value for row in rows]


def test_every_monitor_says_what_it_is_compared_with(store: Database) -> None:
    site = open_site(store, make_monitor(make_source(), id="rides"))

    words = site.read("/references")

    assert "Flight delays version 1 2013-01-18 00:00 UTC to 2013-02-01 00:00 UTC 4,200" in words
    assert "rides none yet" in words
    assert site.read("/references?q=rides").count("Flight delays") == 0


def test_versions_are_listed_with_what_they_are_made_of_and_who_promoted_them(store: Database) -> None:
    site = open_accepted(store)

    words = site.read(PAGE)

    assert words.index("● judges") < words.index("judged before")
    assert f"; amount from incident #{site.numbers[0]}, 2013-02-03 00:00 UTC to 2013-02-05 00:00 UTC" in words
    assert "Ann the fares rose" in words


def test_a_version_shows_its_columns_its_blocks_and_its_fingerprint(store: Database) -> None:
    site = open_accepted(store)

    one, two = site.read(f"{PAGE}/1"), site.read(f"{PAGE}/2")

    assert "amount number 4,200 0" in one
    assert "2013-01-31 300" in one
    prints = {words.partition("Fingerprint ")[2][:64] for words in (one, two)}
    assert len(prints) == 2
    assert all(len(each) == 64 and set(each) <= set("0123456789abcdef") for each in prints)


def test_two_versions_are_compared_column_by_column(store: Database) -> None:
    site = open_accepted(store)

    words = site.read(f"{PAGE}/compare?one=1&other=2")

    assert "1 of 2 columns are the same in both." in words
    assert words.index("amount") < words.index("city")


def test_going_back_says_what_it_comes_to_first_and_does_it_then(store: Database) -> None:
    site = open_accepted(store)

    plan = site.read(f"{PAGE}/rollback")
    before = list_states(site)
    refused = send(site, f"{PAGE}/rollback", why=" ")
    done = send(site, f"{PAGE}/rollback", why="too early")

    assert "Version 1 judges from then on, in place of version 2." in plan
    assert "History 3 begins" in plan
    assert before == ["retired", "active"]
    assert (refused[0], done[0]) == (409, 200)
    assert "Ana too early" in done[1]
    assert list_states(site)[0] == "active"


def test_a_version_is_promoted_and_the_one_that_judges_is_not(store: Database) -> None:
    site = open_accepted(store)

    assert "Version 2 judges already: nothing would change." in site.read(f"{PAGE}/2/promote")
    assert send(site, f"{PAGE}/1/promote", why="too early")[0] == 200
    assert site.get(PAGE).count("/promote") == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/references/nobody", 404),
        (f"{PAGE}/9", 404),
        (f"{PAGE}/0", 400),
        (f"{PAGE}/x", 400),
        (f"{PAGE}/9/promote", 404),
        (f"{PAGE}/rollback", 404),
        (f"{PAGE}/compare", 400),
        (f"{PAGE}/compare?one=1&other=9", 404),
    ],
)
def test_what_is_not_there_is_told_as_such(store: Database, path: str, status: int) -> None:
    assert open_site(store).client.get(path).status_code == status


def test_the_list_asks_the_store_little_however_many_monitors_there_are(store: Database) -> None:
    few, many = (
        open_site(store, *(make_monitor(make_source(), id=f"m{number}") for number in range(count)))
        for count in (1, 40)
    )

    assert count_statements(lambda: few.get("/references")) == count_statements(
        lambda: many.get("/references")
    )


@pytest.mark.parametrize("text", MARKUP)
def test_what_is_hostile_is_shown_as_text(store: Database, text: str) -> None:
    site = open_accepted(store, who=text, why=text)

    for path in ("/references", PAGE, f"{PAGE}/2", f"{PAGE}/compare?one=1&other=2", f"{PAGE}/1/promote"):
        assert find_live_markup(site.get(path)) == []
