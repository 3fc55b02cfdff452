from __future__ import annotations

import csv
import json
import re
from io import StringIO

import pyarrow as pa
import pytest
import sqlalchemy as sa

from driftwatch.calibration.budget import Budget
from driftwatch.incidents.policy import Policy
from driftwatch.incidents.rules import Judging, Rule
from driftwatch.jobs.monitor import Monitor
from driftwatch.profiles.columns import ColumnOptions
from driftwatch.store.database import Database
from driftwatch.store.tables import profiles, verdicts
from driftwatch.store.verdicts import Grain
from driftwatch.web.column_links import link_column
from tests.support.hostile import HOSTILE, find_live_markup
from tests.support.incidents import day
from tests.support.monitors import BLOCKS, draw_rows, make_source
from tests.support.site import Site, open_site, read_text
from tests.support.statements import count_statements

pytestmark = pytest.mark.slow

AMOUNT = "/monitors/flights/columns/amount"


def list_specs(page: str) -> list[dict[str, object]]:
    """Return the pictures of a page, as a browser reads their data."""
    found = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    return [json.loads(one) for one in found]


def open_named(store: Database, name: str, value: str = "oslo") -> Site:
    """Return a site whose monitor has a column called `name`, in which the name `value` grew on day 3."""

    def build(number: int) -> pa.Table:
        cities = draw_rows(number)["city"].to_pylist()
        grown = [value if number == 3 or place % 5 == 0 else one for place, one in enumerate(cities)]
        return draw_rows(number).select(["amount"]).append_column(name, pa.array(grown))

    source = make_source()
    for number in (*BLOCKS, 1, 2, 3):
        source.rows[day(number)] = build(number)
    site = open_site(store, source=source)
    for number in (1, 2, 3):
        site.bench.tick_at(day(number).end + site.bench.monitor.delay)
    site.beat()
    return site


def test_a_column_of_numbers_has_its_curves_bins_quantiles_and_time(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    page = site.get(AMOUNT)
    words = read_text(page)

    assert "which is KS." in words
    assert "PSI is" in words
    assert "Values that a part of the rows lies below" in words
    assert "300 values can be relied on to show a change of" in words
    assert "Rows moved, at least: 1 of 3 windows was above the limit of 0.02" in words
    assert "Nobody is told of a change of which no more than 2 % of the rows can be shown." in words
    assert len(list_specs(page)) == page.count('<details class="numbers">') == 6


def test_what_is_drawn_is_in_the_table_below_it(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    page = site.get(AMOUNT)

    (psi,) = re.findall(r'id="over-time-psi".*?</figure>', page, re.DOTALL)
    points = list_specs(psi)[0]["datasets"]["points"]  # type: ignore[index]
    assert [one["window"] for one in points] == ["2013-02-01", "2013-02-02", "2013-02-03"]
    cells = re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td>', psi)
    assert [(one["window"], f"{one['value']:.3g}") for one in points] == cells


def test_a_column_of_names_has_its_categories(store: Database) -> None:
    site = open_named(store, "city", "bergen")

    words = site.read("/monitors/flights/columns/city")

    assert "bergen grew the most" in words
    assert "unseen names" in words
    assert "which is KS" not in words


def test_another_window_is_shown_where_it_is_asked_for(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    latest, first = site.read(AMOUNT), site.read(f"{AMOUNT}?at=2013-02-01")

    assert "Reference against 2013-02-03" in latest
    assert "Reference against 2013-02-01" in first
    assert "2013-02-02 →" in first
    assert "←" not in first
    assert site.client.get(f"{AMOUNT}?at=2013-03-01").status_code == 404
    assert site.client.get(f"{AMOUNT}?at=yesterday").status_code == 404


def test_each_column_leads_to_those_beside_it(store: Database) -> None:
    site = open_site(store)
    site.live("..")

    assert 'href="/monitors/flights/columns/city?at=2013-02-02T00%3A00%3A00Z"' in site.get(AMOUNT)
    assert "Previous column: amount" in site.read("/monitors/flights/columns/city")


def test_what_no_column_is_called_is_not_found(store: Database) -> None:
    site = open_site(store)
    site.live("..")

    assert site.client.get("/monitors/flights/columns/nope").status_code == 404
    assert site.client.get("/monitors/flights/columns/?key=!").status_code == 404
    assert site.client.get("/monitors/boats/columns/amount").status_code == 404


def test_a_monitor_that_has_compared_nothing_says_so(store: Database) -> None:
    site = open_site(store)

    answer = site.client.get(AMOUNT)

    assert answer.status_code == 404
    assert "no window of flights was compared with its reference yet" in read_text(answer.text)


@pytest.mark.parametrize(
    "name",
    [*HOSTILE, "a/b", "..", ".", "", "a//b", "x?y=1#z", "ünï cödé", "line\nbreak", "100%", "\\", "a " * 200],
)
def test_every_name_has_an_address_that_leads_to_its_page(store: Database, name: str) -> None:
    site = open_named(store, name)
    address = link_column("flights", name)

    page = site.get(address)

    assert address.isascii()
    assert site.client.get(f"{address}{'&' if '?' in address else '?'}format=json").json()["column"] == name
    assert find_live_markup(page) == []
    assert f'href="{address.replace("&", "&amp;")}"' in site.get("/monitors/flights")


@pytest.mark.parametrize("text", [*HOSTILE, "</script><script>alert(1)</script>", "<!--<script>"])
def test_what_data_holds_ends_no_block_of_data(store: Database, text: str) -> None:
    site = open_named(store, text, value=text)

    for path in ("/monitors/flights", link_column("flights", text)):
        page = site.get(path)
        assert find_live_markup(page) == []
        specs = list_specs(page)
        # How pictures look, the program that draws, and ours.
        assert page.count("<script") == site.get("/silences").count("<script") + len(specs) + 3
    shown = [row["name"] for one in specs for row in one["datasets"].get("names", [])]  # type: ignore[attr-defined]
    assert any(" ".join(text.split())[:10] in name for name in shown) or not text.isprintable()


def test_counts_that_are_kept_coarsely_or_no_longer_are_said_to_be(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    store.write(lambda tx: tx.execute(sa.update(verdicts).values(grain=Grain.COARSE)))
    assert "its counts were made coarser to save room" in site.read(AMOUNT)

    store.write(lambda tx: tx.execute(sa.delete(profiles)))
    store.write(lambda tx: tx.execute(sa.update(verdicts).values(grain=Grain.GONE)))
    gone = site.read(AMOUNT)
    assert "its counts are kept no longer" in gone
    assert "which is KS" not in gone
    assert "Rows moved, at least" in gone


def test_the_numbers_are_there_for_programs(store: Database) -> None:
    site = open_site(store)
    site.live("..a")

    found = site.client.get(f"{AMOUNT}?format=json").json()
    rows = list(csv.DictReader(StringIO(site.client.get(f"{AMOUNT}?format=csv").text)))

    assert (found["schema"], found["column"], found["verdict"]) == ("driftwatch.column/v1", "amount", "drift")
    assert found["findings"][0]["statistic"] == "moved_share"
    assert [one["start"] for one in rows] == [one["start"] for one in found["windows"]]
    assert float(rows[-1]["ks"]) == found["statistics"]["ks"]["value"]


def test_rules_and_importance_are_named_where_limits_are_explained(store: Database) -> None:
    rules = (Rule(column="amount", statistic="psi", limit=0.1),)
    weights = {"amount": 3.0}
    judging = Judging(rules=rules, budget=Budget(weights=weights))
    site = open_site(store, judging=judging, policy=Policy(importance=weights))
    site.live("..a")

    words = site.read(AMOUNT).partition("Why the limits")[2]

    assert "A rule of yours: psi may be up to 0.1." in words
    assert "Its scores are multiplied by its importance, 3." in words
    assert "you allow 1 false page in 30 days" in words
    assert "By how its values are distributed this column scores" in words


def test_the_store_is_asked_as_much_for_few_windows_as_for_many(store: Database) -> None:
    site = open_site(store)
    site.live("..a")
    site.get(AMOUNT)
    few = count_statements(lambda: site.get(AMOUNT))

    site.live("....a....a....n....a", first=4)
    site.get(AMOUNT)

    assert count_statements(lambda: site.get(AMOUNT)) <= few
    assert few < 30


def test_a_large_reference_is_not_read_as_a_whole_for_a_page(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftwatch.jobs.kept_readings.MOST_COUNTS", 5)
    site = open_site(store, judging=Judging(budget=Budget()))
    site.live("..a")

    assert "What this window scored in this column is not at hand." in site.read(AMOUNT)


def test_a_column_that_is_derived_has_a_page_too(store: Database) -> None:
    site = open_site(store, columns=ColumnOptions(derived=True))
    site.live("..")
    monitor: Monitor = site.bench.monitor

    names = [name for name in site.bench.watch.reference.grids if name not in {"amount", "city"}]
    for name in names:
        assert site.client.get(link_column(monitor.id, name)).status_code == 200
