from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import run_here
from tests.support.shop import read_store


def test_the_pages_of_today_and_of_another_rule_stand_side_by_side(shop: Path) -> None:
    before = read_store(shop / "driftwatch.db")
    (shop / "rows.csv").unlink()

    ran = run_here("backtest", "shop", "--against", "any psi > 0.2", folder=shop)

    assert (ran.status, ran.stderr) == (0, "")
    assert read_store(shop / "driftwatch.db") == before
    lines = ran.stdout.splitlines()
    assert lines[0] == (
        "shop: 10 windows from 2024-01-11 to 2024-01-21, judged again from the store; nobody is told."
    )
    assert lines[3].split() == ["today", "1", "3.0", "2", "1/30d,", "minimum", "effect", "2", "%"]
    assert lines[4].split() == ["against", "1", "3.0", "6", "any", "psi", ">", "0.2"]
    told, other = ran.stdout.split("any psi > 0.2 would have told people on:")
    assert "2024-01-15 00:00Z  drift  opens     amount" in told
    assert "2024-01-11 00:00Z  drift  opens     amount" in other
    assert "with this monitor's patience" in other
    assert "too few windows to propose" in other


def test_what_is_gained_and_lost_is_said(shop: Path) -> None:
    ran = run_here("backtest", "shop", "--minimum-effect", "0.9", "--false-pages", "2/30d", folder=shop)

    assert ran.status == 0
    gained, lost = ran.stdout.split("These pages of today's would not have come:")
    assert "asked" in gained
    assert "These would have come on top: none" in gained
    assert "2024-01-15 00:00Z  drift  opens     amount" in lost


def test_json_has_every_policy_with_its_pages(shop: Path) -> None:
    args = ("--false-pages", "0.5/30d", "--against", "amount psi > 0.2", "-o", "json")

    found = run_here("backtest", "shop", *args, folder=shop).json

    assert found["schema"] == "driftwatch.backtest/v1"
    assert (found["monitor"], found["windows"]) == ("shop", 10)
    assert (found["from"], found["to"]) == ("2024-01-11T00:00:00Z", "2024-01-21T00:00:00Z")
    assert found["today"]["false_pages"] == {"at_most": 1.0, "per": "30d"}
    assert found["asked"]["false_pages"] == {"at_most": 0.5, "per": "30d"}
    page = {"window": "2024-01-15T00:00:00Z", "kind": "drift", "joins": False, "columns": ["amount"]}
    assert found["today"]["pages"] == [page]
    assert found["today"]["pages_per_30d"] == pytest.approx(3)
    assert found["today"]["windows_above"] == ["2024-01-15T00:00:00Z", "2024-01-16T00:00:00Z"]
    assert (found["gained"], found["lost"], found["proposed"]) == ([], [], None)
    assert [one["false_pages"]["at_most"] for one in found["others"]] == [0.125, 0.25, 1.0, 2.0]
    assert found["against"]["rule"] == "amount psi > 0.2"
    assert found["against"]["pages"][0]["window"] == "2024-01-11T00:00:00Z"


def test_enough_windows_propose_a_promise_and_a_limit(shop: Path) -> None:
    config = shop / "driftwatch.yaml"
    config.write_text(
        config.read_text().replace("must_see", "false_pages: {at_most: 20, per: 30d}\n    must_see")
    )

    text = run_here("backtest", "shop", "--against", "any psi > 0.2", folder=shop).stdout
    found = run_here("backtest", "shop", "--against", "any psi > 0.2", "-o", "json", folder=shop).json

    assert "Proposed: --false-pages 80/30d; " in text
    assert "no more often than 6.67 times" in text
    assert f"With {found['against']['fitted_limit']:g} in place of its limit" in text
    assert found["proposed"]["false_pages"] == {"at_most": 80.0, "per": "30d"}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--against", "any psy > 0.2"), "at place 5, where it has 'psy'"),
        (("--false-pages", "one"), "--false-pages 'one' wants pages and a duration; write 1/30d"),
        (("--false-pages", "0/30d"), "--false-pages '0/30d' wants"),
        (("--false-pages", "1/30 days"), "--false-pages '1/30 days' wants"),
        (("--from", "2025-01-01"), "no window was judged in that range"),
    ],
)
def test_what_cannot_be_tried_is_refused(shop: Path, args: tuple[str, str], said: str) -> None:
    ran = run_here("backtest", "shop", *args, folder=shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert said in ran.stderr


def test_monitors_without_a_history_are_refused(fresh_shop: Path, shop: Path) -> None:
    assert run_here("db", "upgrade", folder=fresh_shop).status == 0
    config = shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("window: 1d", "window: 2h"))

    waiting = run_here("backtest", "shop", folder=fresh_shop)
    unknown = run_here("backtest", "shoe", folder=fresh_shop)
    changed = run_here("backtest", "shop", folder=shop)

    assert waiting.status == unknown.status == changed.status == 2
    assert "shop has not been started yet" in waiting.stderr
    assert "there is no monitor 'shoe'" in unknown.stderr
    assert "shop watches other data than the store has a reference of" in changed.stderr


def test_a_rolling_reference_is_not_tried_and_that_is_said(shop: Path) -> None:
    config = shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("to: 2024-01-11", "to: 2024-01-11, last: 28d"))

    ran = run_here("backtest", "shop", folder=shop)

    assert ran.status == 0
    assert ran.stdout.splitlines()[1] == "Judged against the pinned reference alone."
