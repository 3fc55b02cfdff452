from __future__ import annotations

from pathlib import Path

from tests.support.commands import run_here
from tests.support.shop import JUDGED


def test_what_was_judged_is_listed_from_the_store_in_the_shape_of_check(shop: Path) -> None:
    judged = run_here("check", "shop", *JUDGED, "-o", "json", folder=shop).json
    (shop / "rows.csv").unlink()

    listed = run_here("window", "list", "shop", "-o", "json", folder=shop)

    assert (listed.status, listed.stderr) == (0, "")
    assert listed.json == judged


def test_the_text_is_that_of_check(shop: Path) -> None:
    judged = run_here("check", "shop", *JUDGED, folder=shop)

    assert run_here("window", "list", "shop", folder=shop).stdout == judged.stdout


def test_a_range_takes_the_windows_inside_it(shop: Path) -> None:
    args = ("--from", "2024-01-15", "--to", "2024-01-17")

    ran = run_here("window", "list", "shop", *args, "-o", "json", folder=shop)

    assert [window["start"][:10] for window in ran.json["windows"]] == ["2024-01-15", "2024-01-16"]


def test_an_empty_range_is_no_mistake(shop: Path) -> None:
    text = run_here("window", "list", "shop", "--from", "2024-02-01", folder=shop)
    found = run_here("window", "list", "shop", "--from", "2024-02-01", "-o", "json", folder=shop)

    assert (text.status, text.stdout) == (0, "shop: 0 windows judged\n")
    assert found.json["windows"] == []


def test_of_many_windows_those_that_are_ok_are_counted(shop: Path) -> None:
    config = shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("window: 1d", "window: 2h"))
    judged = run_here("check", "shop", "--from", "2024-01-11", "--to", "2024-01-17", folder=shop)

    assert judged.status == 1
    summary, _, *rows, rest = judged.stdout.splitlines()
    assert summary.startswith("shop: 72 windows judged: ")
    assert rest == f"{72 - len(rows)} windows that are ok are not listed; -o json has them."
    assert not any("  ok  " in row for row in rows)
    assert any("  drift  " in row for row in rows)


def test_a_monitor_that_never_started_is_told_from_one_that_is_not_there(fresh_shop: Path) -> None:
    assert run_here("db", "upgrade", folder=fresh_shop).status == 0

    waiting = run_here("window", "list", "shop", folder=fresh_shop)
    unknown = run_here("window", "list", "shoe", folder=fresh_shop)

    assert (waiting.status, waiting.stdout) == (unknown.status, unknown.stdout) == (2, "")
    assert "shop has not been started yet; `driftwatch check shop`" in waiting.stderr
    assert "there is no monitor 'shoe' in the configuration; there are: shop" in unknown.stderr
