from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import run_here
from tests.support.shop import read_store


def test_an_incident_is_explained_in_plain_words(shop: Path) -> None:
    before = read_store(shop / "driftwatch.db")
    (shop / "rows.csv").unlink()

    ran = run_here("explain", "1", folder=shop)

    assert (ran.status, ran.stderr) == (0, "")
    assert read_store(shop / "driftwatch.db") == before
    lines = ran.stdout.splitlines()
    assert lines[:2] == ["Incident 1: Corner shop: amount looks different", "drift, critical, resolved"]
    why, what, told = (lines.index(title) for title in ("Why:", "What:", "Who was told:"))
    assert lines[why + 1] == "  It opened in the window of 2024-01-15."
    assert lines[why + 2].startswith("  Score ")
    assert "you allow 1 false page in 30 days" in lines[why + 3]
    assert "The state is provisional: 50 more windows are needed" in " ".join(lines[why:what])
    assert lines[what + 1].startswith("  amount: at least ")
    assert "Its ordinary movement beyond chance is" in lines[what + 1]
    assert lines[told + 1].endswith("incident.opened to log (delivered).")


def test_the_numbers_of_an_explanation_are_there_for_scripts(shop: Path) -> None:
    found = run_here("explain", "1", "-o", "json", folder=shop).json
    listed = run_here("incident", "list", "--all", "-o", "json", folder=shop).json["incidents"][0]
    judged = run_here("window", "list", "shop", "-o", "json", folder=shop).json["windows"]

    assert found["schema"] == "driftwatch.explain/v1"
    assert found["incident"] == listed
    assert found["false_pages"] == {"at_most": 1.0, "per": "30d"}
    assert found["minimum_effect"] == 0.02
    opened = next(one for one in judged if one["start"] == "2024-01-15T00:00:00Z")
    assert (found["opened"]["score"], found["opened"]["limit"]) == (opened["score"], opened["limit"])
    assert found["opened"]["calibration"] == "provisional"
    assert found["opened"]["nearest"]["column"] == "amount"
    assert found["last"]["window"] == "2024-01-16T00:00:00Z"
    assert [one["column"] for one in found["members"]] == ["amount"]
    assert found["members"][0]["distance"] == pytest.approx(listed["columns"][0]["value"])
    assert [one["notice"] for one in found["told"]] == ["incident.opened", "incident.resolved"]
    assert all(found["lines"][name] for name in ("why", "what", "told"))


def test_a_quiet_window_says_how_near_it_came(shop: Path) -> None:
    ran = run_here("why-not", "shop", "--at", "2024-01-13T12:00", folder=shop)

    assert (ran.status, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert lines[0] == "The window of 2024-01-13 was judged, with 48 rows: ok."
    assert any(line.startswith("Nearest to the limit came ") for line in lines)
    assert lines[-1] == "Nothing was above its limit."


def test_the_window_that_paged_is_said_to_have(shop: Path) -> None:
    ran = run_here("why-not", "shop", "--at", "2024-01-15", folder=shop)

    assert ran.status == 0
    assert "Incident 1 (drift) opened in this window." in ran.stdout
    assert "incident.opened to log (delivered)." in ran.stdout


def test_without_a_time_the_newest_window_is_explained(shop: Path) -> None:
    found = run_here("why-not", "shop", "-o", "json", folder=shop).json

    assert found["schema"] == "driftwatch.why-not/v1"
    assert (found["window"], found["verdict"], found["rows"]) == ("2024-01-20T00:00:00Z", "ok", 48)
    assert found["reading"]["score"] < found["reading"]["limit"]
    assert 0 < found["smallest_share"] < 1
    assert "was never planned" in found["lines"][0]
    assert found["lines"][1] == "The window of 2024-01-20 was judged, with 48 rows: ok."


def test_monitors_of_which_nothing_is_judged_say_why(shop: Path, fresh_shop: Path) -> None:
    config = shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("id: shop", "id: stall"))

    fresh = run_here("why-not", "shop", folder=fresh_shop)
    detached = run_here("why-not", "shop", folder=shop)
    as_json = run_here("why-not", "shop", "-o", "json", folder=shop).json
    unknown = run_here("why-not", "shoe", folder=shop)

    assert (fresh.status, detached.status, unknown.status) == (0, 0, 2)
    assert "no reference was built yet" in fresh.stdout
    assert detached.stdout.startswith("shop is detached: the configuration names it no more")
    assert (as_json["monitor"], as_json["window"], as_json["lines"]) == (
        "shop",
        None,
        [detached.stdout.strip()],
    )
    assert "there is no monitor 'shoe'" in unknown.stderr


def test_an_incident_of_a_detached_monitor_keeps_its_words(shop: Path) -> None:
    config = shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("id: shop", "id: stall"))

    ran = run_here("explain", "1", folder=shop)

    assert ran.status == 0
    assert "  amount: at least " in ran.stdout


def test_there_is_no_such_incident(shop: Path) -> None:
    ran = run_here("explain", "9", folder=shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert "there is no incident 9" in ran.stderr
