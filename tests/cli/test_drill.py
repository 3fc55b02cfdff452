"""`driftwatch drill` as users run it, on the history of a small shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import run_here
from tests.support.shop import read_store


def test_a_big_shift_is_told_with_the_first_window_and_in_its_own_words(judged_shop: Path) -> None:
    ran = run_here("drill", "shop", "--column", "amount", "--shift", "5", folder=judged_shop)

    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.startswith("shop: told after 1 window; score ")
    assert "To log:" in ran.stdout
    assert "Corner shop: amount looks different" in ran.stdout


def test_a_change_that_is_too_small_is_told_to_nobody(judged_shop: Path) -> None:
    ran = run_here(
        *("drill", "shop", "--column", "amount", "--shift", "0.001", "--to", "2024-01-15", "-o", "json"),
        folder=judged_shop,
    )

    assert ran.json["schema"] == "driftwatch.drill/v1"
    assert (ran.json["after"], ran.json["notice"]) == (None, None)
    assert ran.json["score"] < ran.json["limit"]


@pytest.mark.parametrize("change", ["--missing=0.5", "--flood=0.5=-999", "--scale=20"])
def test_each_kind_of_change_is_told(change: str, judged_shop: Path) -> None:
    ran = run_here("drill", "shop", "--column", "amount", change, "-o", "json", folder=judged_shop)

    assert ran.json["after"] is not None
    assert ran.json["notice"]["title"].startswith("Corner shop: ")


def test_a_category_can_be_flooded(judged_shop: Path) -> None:
    ran = run_here("drill", "shop", "--column", "kind", "--flood", "0.8=brand-new", folder=judged_shop)

    assert "told after 1 window" in ran.stdout


def test_a_drill_writes_nothing(judged_shop: Path) -> None:
    before = read_store(judged_shop / "driftwatch.db")

    run_here("drill", "shop", "--column", "amount", "--shift", "5", folder=judged_shop)

    assert read_store(judged_shop / "driftwatch.db") == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--column", "amount"], "give one change"),
        (["--column", "amount", "--shift", "1", "--missing", "0.1"], "give one change"),
        (["--column", "nothing", "--shift", "1"], "does not judge a column 'nothing'"),
        (["--column", "kind", "--shift", "1"], "a category has no σ"),
        (["--column", "amount", "--flood", "much=1"], "--flood wants SHARE=VALUE"),
        (["--column", "amount", "--missing", "1.5"], "a share is above 0 and at most 1"),
        (["--column", "amount", "--shift", "1", "--from", "2024-02-01"], "no judged window in this range"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(options: list[str], said: str, judged_shop: Path) -> None:
    ran = run_here("drill", "shop", *options, folder=judged_shop)

    assert ran.status == 2
    assert said in ran.stderr
