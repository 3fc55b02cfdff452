from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.commands import run_here


def rewrite_rows(shop: Path, until: datetime) -> None:
    """Move the shop's thirty days so that the last of them is yesterday, and its reference with them."""
    moved = (
        until.replace(hour=0, minute=0, second=0, microsecond=0) - datetime(2024, 1, 31, tzinfo=UTC)
    ).days
    header, *lines = (shop / "rows.csv").read_text().splitlines()
    parts = [line.partition(",") for line in lines]
    shifted = (
        f"{(datetime.fromisoformat(at) + timedelta(days=moved)).isoformat()},{rest}" for at, _, rest in parts
    )
    (shop / "rows.csv").write_text("\n".join([header, *shifted]) + "\n")
    config = shop / "driftwatch.yaml"
    text = config.read_text()
    for day in ("2024-01-01", "2024-01-11"):
        text = text.replace(day, (datetime.fromisoformat(day) + timedelta(days=moved)).date().isoformat())
    config.write_text(text)


def test_a_monitor_that_was_judged_on_time_is_well(fresh_shop: Path) -> None:
    now = datetime.now(UTC)
    # All days of the shop but the dear ones at its end.
    rewrite_rows(fresh_shop, now + timedelta(days=7))
    assert run_here("check", "shop", folder=fresh_shop).status == 0

    text, found = run_here("status", folder=fresh_shop), run_here("status", "-o", "json", folder=fresh_shop)

    assert (text.status, text.stderr) == (0, "")
    assert text.stdout.splitlines()[0] == "Everything was judged on time and nothing is open."
    today = datetime.now(UTC).date()
    assert found.status == 0
    assert found.json.pop("now") >= now.isoformat()[:10]
    assert found.json == {
        "ready": False,
        "not_ready": ["no daemon was seen: is `driftwatch serve` running?"],
        "schema": "driftwatch.status/v1",
        "now": found.json["now"],
        "healthy": True,
        "monitors": [
            {
                "id": "shop",
                "verdict": "ok",
                "last_window": f"{today - timedelta(days=1)}T00:00:00Z",
                "last_complete_window": f"{today - timedelta(days=1)}T00:00:00Z",
                "next_due": f"{today + timedelta(days=1)}T00:00:00Z",
                "late_by": None,
                "open_incidents": [],
                "calibration": "provisional",
                "calibration_note": "50 more windows needed",
                "mode": "live",
                "paused": None,
            }
        ],
        "outbox": {"pending": 0, "failed": 0, "oldest_age": None},
        "destinations": [],
    }


def test_what_is_open_needs_attention(fresh_shop: Path) -> None:
    rewrite_rows(fresh_shop, datetime.now(UTC))
    assert run_here("check", "shop", folder=fresh_shop).status == 1

    text, found = run_here("status", folder=fresh_shop), run_here("status", "-o", "json", folder=fresh_shop)

    assert (text.status, found.status) == (1, 1)
    assert text.stdout.splitlines()[0] == "1 of 1 monitor needs attention."
    assert text.stdout.splitlines()[-1] == "`driftwatch incident list` says what is open."
    assert found.json["monitors"][0]["open_incidents"] == [1]
    assert found.json["healthy"] is False
    assert run_here("status", "--exit-zero", folder=fresh_shop).status == 0


def test_a_monitor_whose_last_window_was_good_but_long_ago_needs_attention(shop: Path) -> None:
    text, found = run_here("status", folder=shop), run_here("status", "-o", "json", folder=shop)

    assert (text.status, found.status) == (1, 1)
    (monitor,) = found.json["monitors"]
    assert (monitor["verdict"], monitor["open_incidents"]) == ("ok", [])
    assert monitor["late_by"] > timedelta(days=365).total_seconds()
    assert "driftwatch serve" in text.stdout
    assert "incident list" not in text.stdout


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_monitor_that_never_started_is_not_well(fresh_shop: Path, output: str) -> None:
    ran = run_here("status", "-o", output, folder=fresh_shop)

    assert ran.status == 1
    assert ("never judged" if output == "text" else '"verdict": null') in ran.stdout
