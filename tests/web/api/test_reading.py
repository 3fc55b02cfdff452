from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from driftwatch.jobs.deliver import deliver_due
from driftwatch.jobs.status import read_status
from driftwatch.retraining.policy import RetrainPolicy
from driftwatch.store.database import Database
from driftwatch.store.outbox import list_deliveries
from driftwatch.store.retrains import list_retrains
from driftwatch.web.api.document import build_document
from tests.support.programs import ask, list_operations, read
from tests.support.site import Site, open_site
from tests.support.statements import count_statements

pytestmark = pytest.mark.slow


def open_story(store: Database, story: str = "..aa.n", **changes: Any) -> Site:
    site = open_site(store, **changes)
    site.live(story)
    deliver_due(site.bench.parts)
    return site


def fill_in(site: Site, path: str) -> str:
    """Return an address with what there is in the place of its parameters."""
    deliveries = site.bench.parts.database.read(list_deliveries)
    retrains = site.bench.parts.database.read(list_retrains)
    number = retrains[0].id if path.startswith("/api/v1/retrains") else site.numbers[0]
    known = {
        "monitor": "flights",
        "at": "2013-02-03T06:00:00Z",
        "number": str(number),
        "delivery": deliveries[0].id,
        "version": "1",
    }
    return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], path)


def choose_params(path: str) -> dict[str, str]:
    """Return what an address asks for beside its path."""
    known = {"column": "amount"} if path.endswith("/counts") else {}
    return {"at": "2013-02-01"} if path.endswith("/gate") else known


@pytest.fixture
def site(store: Database) -> Site:
    policy = RetrainPolicy(trigger="ci")
    return open_story(store, retrain=policy)


def test_everything_that_can_be_read_fits_its_description(site: Site) -> None:
    operations = [one for one in list_operations(build_document(site.client.app)) if one[0] == "GET"]  # type: ignore[arg-type]

    for _, path, _ in operations:
        answer = ask(site, "GET", fill_in(site, path), params=choose_params(path))
        assert answer.status_code == 200, (path, answer.text)
    assert len(operations) >= 17


def test_an_unchanged_document_is_not_sent_again(site: Site) -> None:
    for _, path, _ in [one for one in list_operations(build_document(site.client.app)) if one[0] == "GET"]:  # type: ignore[arg-type]
        address, params = fill_in(site, path), choose_params(path)
        first = ask(site, "GET", address, params=params)

        again = ask(site, "GET", address, params=params, headers={"if-none-match": first.headers["etag"]})

        assert (first.status_code, again.status_code, again.text) == (200, 304, ""), path
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == "private, no-cache"


def test_a_document_that_has_changed_has_another_tag(site: Site) -> None:
    before = ask(site, "GET", "/incidents").headers["etag"]

    site.live("a", first=8)

    assert ask(site, "GET", "/incidents", headers={"if-none-match": before}).status_code == 200


def test_the_answers_are_those_of_the_command_line(site: Site) -> None:
    parts, monitors = site.bench.parts, [site.bench.monitor]

    assert read(site, "/status") == read_status(parts.database, monitors, parts.clock.now()).to_json()
    listed = read(site, "/incidents", state="all")
    assert listed["schema"] == "driftwatch.incidents/v1"
    assert [one["id"] for one in listed["incidents"]] == site.numbers[::-1]
    found = read(site, f"/incidents/{site.numbers[0]}")
    assert found["incident"] in listed["incidents"]
    assert found["events"][0]["kind"] == "opened"
    assert [one["state"] for one in found["deliveries"]] == ["delivered"]


def test_incidents_are_chosen_by_state_monitor_kind_and_severity(site: Site) -> None:
    def count(**params: str) -> int:
        return len(read(site, "/incidents", **params)["incidents"])

    kinds = [one.kind.value for one in site.bench.incidents()]
    assert count(state="all") == len(kinds) == count() + count(state="resolved")
    assert count(state="all", kind="drift") == kinds.count("drift")
    assert count(state="all", monitor="flights") == len(kinds)
    assert count(state="all", severity="minor") == 0


def test_a_window_is_found_by_any_time_in_it(site: Site) -> None:
    found = read(site, "/monitors/flights/windows/2013-02-03T23:59:59Z")

    assert found["window"]["start"] == "2013-02-03T00:00:00Z"
    assert found["window"]["verdict"] == "drift"
    amount = next(one for one in found["columns"] if one["column"] == "amount")
    assert amount["findings"] == found["window"]["findings"]
    assert 0 < amount["statistics"]["ks"]["value"] <= 1


def test_counts_of_a_window_are_on_the_grid_of_its_reference(site: Site) -> None:
    number = read(site, "/monitors/flights/windows/2013-02-03/counts", column="amount")
    name = read(site, "/monitors/flights/windows/2013-02-03/counts", column="city")

    cells = number["current"]["cells"]
    assert len(cells) == len(number["reference"]["cells"]) == 2 * len(number["points"]) + 1
    assert sum(cells) == number["current"]["rows"] == 300
    seen = dict(zip(name["names"], name["current"]["cells"], strict=False))
    assert seen == {"oslo": 180, "rome": 60, "cork": 60}


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/incidents/99", 404, "there is no incident 99"),
        ("/monitors/nobody", 404, "there is no monitor 'nobody' in the configuration; there are: flights"),
        ("/monitors/nobody/windows", 404, "there is no monitor 'nobody'"),
        ("/monitors/a%2Fb/windows", 404, "There is nothing at this address."),
        ("/monitors/flights/windows/2099-01-01", 404, "No window of flights that contains 2099"),
        ("/monitors/flights/windows/yesterday", 422, "path.at: 'yesterday' is not a time"),
        ("/monitors/flights/windows/2013-01-03T00:00:00+01:00", 404, "No window of flights"),
        ("/monitors/flights/windows?from=2013-02-03T00:00:00+01:00", 422, "write %2B for +"),
        ("/monitors/flights/windows/0001-01-01", 422, "is no time that is judged"),
        ("/monitors/flights/windows/2013-02-03/counts", 422, "query.column: Field required"),
        ("/monitors/flights/windows/2013-02-03/counts?column=age", 404, "judges no column 'age'"),
        ("/monitors/flights/references/9", 404, "has no reference version 9"),
        ("/deliveries/nothing", 404, "there is no delivery 'nothing'"),
        ("/retrains/99", 404, "there is no retrain 99"),
        ("/nothing", 404, "There is nothing at this address."),
        ("/incidents/0", 422, "path.number"),
        ("/incidents/99999999999999999999999999", 422, "path.number"),
        ("/incidents/NaN", 422, "path.number"),
        ("/incidents?limit=0", 422, "query.limit"),
        ("/incidents?limit=201", 422, "query.limit"),
        ("/incidents?state=closed", 422, "query.state"),
        ("/incidents?monitor=%00", 422, "query.monitor"),
        ("/incidents?cursor=%3Cscript%3E", 422, "query.cursor"),
        ("/incidents?cursor=abc", 422, "query.cursor: it is none that this list has given"),
        ("/deliveries?state=lost", 422, "query.state"),
        ("/incidents?monitor=nobody", 404, "there is no monitor 'nobody' in the configuration"),
        ("/markers?monitor=nobody", 404, "there is no monitor 'nobody' in the configuration"),
        ("/incidents?owner=me", 422, "query.owner: no such parameter; there are"),
        ("/status?owner=me", 422, "query.owner: no such parameter; there is none here"),
        ("/monitors/flights/gate?at=2013-02-02&alow=drift", 422, "query.alow: no such parameter"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_with_its_reason(
    store: Database, path: str, status: int, said: str
) -> None:
    site = open_site(store)
    site.live("...")

    answer = ask(site, "GET", path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert said in problem["detail"]


def test_every_mistake_is_named_with_its_field_and_nothing_that_was_sent(store: Database) -> None:
    problem = ask(open_site(store), "GET", "/incidents?limit=0&state=%3Cscript%3E&kind=no").json()

    assert [one["field"] for one in problem["errors"]] == ["query.limit", "query.state", "query.kind"]
    assert "script" not in str(problem)


def test_other_methods_other_names_and_faults_are_problems_too(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = open_site(store)
    assert ask(site, "DELETE", "/incidents").status_code == 405
    assert ask(site, "DELETE", "/incidents").headers["allow"] == "GET"
    assert ask(site, "GET", "/incidents", headers={"host": "evil.example"}).status_code == 421
    assert ask(site, "POST", "/incidents", headers={"content-length": "9" * 5000}).status_code == 413
    monkeypatch.setattr("driftwatch.web.api.incidents.page_incidents", lambda *_, **__: 1 / 0)
    fault = ask(site, "GET", "/incidents")
    assert (fault.status_code, "ZeroDivision" in fault.text) == (500, False)


def test_the_store_is_asked_as_much_for_few_as_for_many(site: Site) -> None:
    paths = [one[1] for one in list_operations(build_document(site.client.app)) if one[0] == "GET"]  # type: ignore[arg-type]
    params = {"column": "amount", "at": "2013-02-01"}

    def count() -> list[int]:
        addresses = [fill_in(site, path) for path in paths]
        return [count_statements(partial(ask, site, "GET", one, params=params)) for one in addresses]

    few = count()
    site.live("....a....a....n....a", first=8)
    deliver_due(site.bench.parts)

    assert max(few) < 20
    assert all(later <= before for before, later in zip(few, count(), strict=True))
