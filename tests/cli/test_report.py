from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import run_here
from tests.support.hostile import find_live_markup
from tests.support.shop import judged_shop, shop

__all__ = ["judged_shop", "shop"]


def test_a_monitor_is_reported_in_words_and_tables(shop: Path) -> None:
    ran = run_here("report", "shop", folder=shop)

    assert ran.status == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0].startswith("Corner shop: ")
    assert "What was judged:" in lines
    assert any(line.startswith("2024-01-20 ") for line in lines)
    assert "Messages:" in lines
    assert any(line.startswith("Reference: version 1, ") for line in lines)


@pytest.mark.slow
def test_a_report_is_one_file_with_pictures(shop: Path) -> None:
    ran = run_here("report", "shop", "--html", "report.html", folder=shop)

    assert ran.status == 0, ran.stderr
    page = (shop / "report.html").read_text(encoding="utf-8")
    assert find_live_markup(page) == []
    assert page.count("data:image/png;base64,iVBOR") >= 2
    assert "Corner shop" in page


def test_programs_get_json(shop: Path) -> None:
    ran = run_here("report", "shop", "-o", "json", folder=shop)

    document = json.loads(ran.stdout)
    assert document["schema"] == "driftwatch.report/v1"
    assert document["monitor"]["id"] == "shop"
    assert len(document["windows"]) == 10


def test_the_week_of_an_owner_is_reported_without_statistics(shop: Path) -> None:
    ran = run_here("report", "--weekly", "--owner", "sales", folder=shop)

    assert ran.status == 0, ran.stderr
    assert ran.stdout.startswith("sales: ")
    assert "In short:" in ran.stdout.splitlines()
    document = json.loads(run_here("report", "--weekly", "-o", "json", folder=shop).stdout)
    assert (document["schema"], document["owner"], document["monitors"]) == ("driftwatch.weekly/v1", None, 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report"], "give the id of a monitor, or --weekly"),
        (["report", "shop", "--weekly"], "leave out MONITOR and --html"),
        (["report", "shop", "--owner", "sales"], "give the id of a monitor, or --weekly"),
        (["report", "--weekly", "--owner", "nobody"], "no monitor has the owner 'nobody'; there are: sales"),
        (["report", "nothing"], "nothing"),
    ],
)
def test_what_cannot_be_reported_is_refused(shop: Path, words: list[str], said: str) -> None:
    ran = run_here(*words, folder=shop)

    assert ran.status == 2
    assert said in ran.stderr
