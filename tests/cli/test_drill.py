"""`driftwatch drill` as users run it, on the history of a small shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import Ran, run_here
from tests.support.shop import read_store

QUIET = ("--to", "2024-01-15")
"""The days before everything is dear."""


def drill(folder: Path, *options: str) -> Ran:
    return run_here("drill", "shop", "--column", "amount", *options, folder=folder)


def test_a_big_shift_is_told_with_the_first_window_and_in_its_own_words(judged_shop: Path) -> None:
    ran = drill(judged_shop, "--shift", "5", *QUIET)

    assert (ran.status, ran.stderr) == (0, "")
    first, whom, _, title, *text = ran.stdout.splitlines()
    assert first.startswith(
        "shop: a shift of 5 σ in amount from 2024-01-11 on is told after 1 window; score "
    )
    assert (whom, title) == ("To log:", "Corner shop: amount looks different")
    assert text[1] == "It began in the window of 2024-01-11."


def test_a_change_that_is_too_small_is_told_to_nobody(judged_shop: Path) -> None:
    ran = drill(judged_shop, "--shift", "0.001", *QUIET, "-o", "json")

    assert ran.json["schema"] == "driftwatch.drill/v1"
    assert ran.json["change"] == {"kind": "shift", "size": 0.001, "value": None}
    assert (ran.json["windows"], ran.json["after"], ran.json["notices"]) == (4, None, [])
    assert ran.json["score"] < ran.json["limit"]
    assert 0.001 <= ran.json["unseen"] < ran.json["larger"]["size"]
    assert ran.json["larger"]["after"] <= 4


def test_the_smallest_change_that_is_told_is_named(judged_shop: Path) -> None:
    ran = drill(judged_shop, "--missing", "0.03", *QUIET)

    first, second = ran.stdout.splitlines()
    assert first.startswith(
        "shop: a loss of 3 % of the values in amount from 2024-01-11 on is not told within"
    )
    assert second.startswith("The smallest that was tried and is told: a loss of ")
    assert second.endswith(" of the values is not.")


def test_what_windows_tell_without_a_change_is_not_counted(judged_shop: Path) -> None:
    ran = drill(judged_shop, "--shift", "0.001")

    first, _, last = ran.stdout.splitlines()
    assert "is not told within 10 windows" in first
    assert last == "Without the change window 5 tells people, too: that is not counted."
    assert drill(judged_shop, "--shift", "0.001", "-o", "json").json["unchanged"] == [5]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("--missing=0.5", "a loss of 50 % of the values"),
        ("--flood=0.5=-999", "a flood of -999 in 50 % of the values"),
        ("--flood=0.5", "a flood of 0 in 50 % of the values"),
        ("--scale=20", "a scale of 20"),
        ("--shift=-3", "a shift of -3 σ"),
    ],
)
def test_each_kind_of_change_is_told(change: str, said: str, judged_shop: Path) -> None:
    ran = drill(judged_shop, change, *QUIET)

    assert ran.stdout.startswith(f"shop: {said} in amount from 2024-01-11 on is told after 1 window")
    assert "\nCorner shop: " in ran.stdout


@pytest.mark.parametrize(
    ("flood", "name"), [("0.8=brand-new", "brand-new"), ("0.8", "(new)"), ("0.8=a", "a")]
)
def test_a_category_can_be_flooded(flood: str, name: str, judged_shop: Path) -> None:
    ran = run_here("drill", "shop", "--column", "kind", "--flood", flood, *QUIET, folder=judged_shop)

    assert f"a flood of {name} in 80 % of the values in kind" in ran.stdout
    assert "told after 1 window" in ran.stdout


def test_in_shadow_mode_it_says_who_would_be_told(shop: Path) -> None:
    config = shop / "driftwatch.yaml"
    config.write_text(f"{config.read_text(encoding='utf-8')}    mode: shadow\n", encoding="utf-8")

    ran = drill(shop, "--shift", "5", *QUIET)

    assert "To nobody in shadow mode; live to log:" in ran.stdout
    assert drill(shop, "--shift", "5", *QUIET, "-o", "json").json["mode"] == "shadow"


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
        (["--column", "kind", "--shift", "1"], "'kind' is a category and has no σ"),
        (["--column", "amount", "--flood", "much=1"], "--flood wants SHARE or SHARE=VALUE"),
        (["--column", "amount", "--flood", "0.1=b"], "--flood wants SHARE or SHARE=VALUE"),
        (["--column", "amount", "--flood", "0"], "a share is above 0"),
        (["--column", "amount", "--scale", "0"], "a factor is above 0"),
        (["--column", "amount", "--shift", "nan"], "the size of a change is a number"),
        (["--column", "amount", "--missing", "1.5"], "a share is above 0 and at most 1"),
        (["--column", "amount", "--shift", "1", "--from", "2024-02-01"], "no judged window in this range"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(options: list[str], said: str, judged_shop: Path) -> None:
    ran = run_here("drill", "shop", *options, folder=judged_shop)

    assert ran.status == 2
    assert said in ran.stderr


def test_a_rolling_reference_is_not_played_and_that_is_said(shop: Path) -> None:
    config = shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("to: 2024-01-11", "to: 2024-01-11, last: 28d"))

    ran = drill(shop, "--shift", "5", *QUIET)

    assert ran.status == 0
    assert "Played against the pinned reference alone." in ran.stdout.splitlines()
