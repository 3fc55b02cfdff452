from __future__ import annotations

import csv
import io

import pytest

from driftwatch.incidents.by_hand import assign
from driftwatch.jobs.cases import change_case
from driftwatch.store.database import Database
from driftwatch.web.csv_rows import defuse
from tests.support.hostile import HOSTILE, find_formulas
from tests.support.site import Site, open_site
from tests.support.statements import count_statements


def read_csv(site: Site, path: str) -> list[dict[str, str]]:
    answer = site.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"), newline="")))


def test_the_list_of_incidents_is_the_same_as_on_the_page_with_its_filters(store: Database) -> None:
    site = open_site(store)
    site.live("..a...m")

    every, opened = read_csv(site, "/incidents.csv?state=all"), read_csv(site, "/incidents.csv?kind=data")

    assert [int(row["number"]) for row in every] == site.numbers[::-1]
    assert [row["state"] for row in every] == ["open", "open", "resolved"]
    (found,) = opened
    assert (found["monitor"], found["owner"], found["kind"]) == ("flights", "data-platform", "data")
    assert found["since"] == "2013-02-07T00:00:00Z"
    assert found["title"].startswith("Flight delays: ")
    assert found["address"] == f"http://localhost/incidents/{found['number']}"


def test_the_windows_of_a_monitor_are_in_a_file(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    rows = read_csv(site, "/monitors/flights/windows.csv")

    assert [row["verdict"] for row in rows] == ["drift", "ok", "ok"]
    assert (rows[0]["start"], rows[0]["rows"]) == ("2013-02-03T00:00:00Z", "300")
    assert "amount" in rows[0]["found"]
    assert site.client.get("/monitors/rides/windows.csv").status_code == 404


def test_a_file_of_many_is_read_in_parts(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    site = open_site(store)
    site.live("a..." * 6)
    site.bench.live(".", first=25)
    monkeypatch.setattr("driftwatch.web.lists_csv._AT_ONCE", 4)

    assert len(read_csv(site, "/incidents.csv?state=all")) == 6
    rows = read_csv(site, "/monitors/flights/windows.csv")
    assert [row["start"] for row in rows] == sorted({row["start"] for row in rows}, reverse=True)
    assert len(rows) == 25


def test_the_store_is_asked_little(store: Database) -> None:
    site = open_site(store)
    site.live("a..." * 6)

    assert count_statements(lambda: read_csv(site, "/incidents.csv?state=all")) <= 8


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_is_reckoned_and_everything_can_be_read(store: Database, text: str) -> None:
    site = open_site(store, title=text)
    site.live("..a")
    number = site.numbers[0]
    change_case(
        site.bench.parts, [site.bench.monitor], number, lambda one, now: assign(one, text, "Ana", now)
    )

    (row,) = read_csv(site, "/incidents.csv")

    assert find_formulas(row.values()) == []
    readable = text.replace("\0", "\ufffd")
    assert row["assigned_to"] in {readable, f"'{readable}"}


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "\uff1d1", "|x"])
def test_what_begins_like_a_formula_is_text(text: str) -> None:
    assert defuse(text) == f"'{text}"
    assert defuse(f"a{text}") == f"a{text}"


def test_a_text_that_has_no_utf8_ends_no_file() -> None:
    assert defuse("half \ud83d pair").encode("utf-8") == b"half ? pair"
