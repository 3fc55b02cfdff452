"""A report is one file that says what the page of a monitor says, and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from markupsafe import escape

from driftwatch.charts.look import Ground
from driftwatch.charts.values import Spec
from driftwatch.errors import PictureError
from driftwatch.jobs.deliver import deliver_due
from driftwatch.store.database import Database
from driftwatch.web.house import House
from driftwatch.web.report import build_report_json, read_report, write_report
from tests.support.hostile import HOSTILE, find_live_markup
from tests.support.site import Site, open_site, read_text


def draw(spec: Spec, *, ground: Ground) -> bytes:
    """Return what stands for a picture: the words of it."""
    return json.dumps([ground, spec.get("mark") is not None or "layer" in spec]).encode()


def open_with_drift(store: Database) -> Site:
    site = open_site(store, runbook="https://wiki.example.com/flights")
    site.live("..aa")
    deliver_due(site.bench.parts)
    return site


def write(site: Site) -> str:
    return write_report(read_report(House(lambda: site.app), "flights"), draw)


def test_it_says_what_is_wrong_since_when_who_was_told_and_what_was_judged(store: Database) -> None:
    site = open_with_drift(store)

    words = read_text(write(site))

    assert "Something is wrong: an incident is open." in words
    assert f"#{site.numbers[0]} Flight delays: amount looks different" in words
    assert "If nothing is done: what uses Flight delays goes on with data like this." in words
    assert "Was anyone told? told oncall." in words
    assert (
        words.index("If nothing is done") < words.index("How it is watched") < words.index("What was judged")
    )
    assert "incident.opened" in words
    assert "version 1," in words
    assert "One window every day (UTC), looked at 30 minutes after it ends." in words


def test_its_pictures_are_those_of_the_page_and_the_columns_in_which_most_was_found(store: Database) -> None:
    site = open_with_drift(store)

    found = read_report(House(lambda: site.app), "flights")

    titles = [chart.title for chart in found.charts]
    assert titles[: len(found.page.charts)] == [chart.title for chart in found.page.charts]
    assert [title.split(":")[0] for title in titles[len(found.page.charts) :]] == ["amount"]


def test_it_asks_nobody_for_anything_and_runs_nothing(store: Database) -> None:
    page = write(open_with_drift(store))

    assert find_live_markup(page) == []
    assert "<script" not in page
    assert "<link" not in page
    (sheet,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert not re.search(r"@import|url\(", sheet)
    hashed = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].replace("&#39;", "'") == (
        f"default-src 'none'; style-src 'sha256-{hashed}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert "unsafe" not in policy[1]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_wrote_is_text_in_it(store: Database, text: str) -> None:
    site = open_site(store, description=text, runbook=text)
    object.__setattr__(site.bench.monitor, "title", text)
    object.__setattr__(site.bench.monitor, "owner", text)
    site.live("a")
    deliver_due(site.bench.parts)

    page = write(site)

    assert find_live_markup(page) == []
    # A template in the data is not worked out.
    assert "{{" not in text or str(escape(text)) in page


def test_a_picture_that_cannot_be_drawn_leaves_its_numbers(store: Database) -> None:
    def fail(spec: Spec, *, ground: Ground) -> bytes:
        raise PictureError("a picture was not drawn within 30 s")

    site = open_with_drift(store)
    found = read_report(House(lambda: site.app), "flights")

    page = write_report(found, fail)

    assert "<img" not in page
    assert page.count("a picture was not drawn within 30 s") == len(found.charts)


def test_a_monitor_that_never_ran_has_a_report_too(store: Database, tmp_path: Path) -> None:
    site = open_site(store)

    (tmp_path / "report.html").write_text(write(site), encoding="utf-8")

    assert "Nothing was checked yet." in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_programs_read_the_same(store: Database) -> None:
    site = open_with_drift(store)

    document = build_report_json(read_report(House(lambda: site.app), "flights"))

    assert document["schema"] == "driftwatch.report/v1"
    assert [one["verdict"] for one in document["windows"]] == ["drift", "drift", "ok", "ok"]
    assert document["incidents"][0]["told"] == "told oncall"
    assert any("If nothing is done" in line for line in document["incidents"][0]["for_everyone"])
    assert json.loads(json.dumps(document, allow_nan=False)) == document
