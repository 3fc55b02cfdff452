from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.commands import run_here
from tests.support.shop import JUDGED, read_store

OPEN = ("--from", "2024-01-25", "--to", "2024-01-27")


def count(shop: Path, table: str) -> int:
    return len(read_store(shop / "driftwatch.db")[table])


def test_windows_that_are_ok_end_with_0(shop: Path) -> None:
    ran = run_here("check", "shop", "--from", "2024-01-11", "--to", "2024-01-15", folder=shop)

    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[:3] == [
        "shop: 4 windows judged: 4 ok",
        "WINDOW                VERDICT  ROWS  WHAT WAS FOUND",
        "2024-01-11T00:00:00Z  ok       48",
    ]


def test_a_finding_ends_with_1_and_says_what_was_found(shop: Path) -> None:
    ran = run_here("check", "shop", "--at", "2024-01-15T13:30:00", folder=shop)

    assert (ran.status, ran.stderr) == (1, "")
    summary, _, row = ran.stdout.splitlines()
    assert summary == "shop: 1 window judged: 1 drift"
    assert row.startswith("2024-01-15T00:00:00Z  drift    48    at least 6")
    assert "of the rows moved in amount" in row


def test_with_exit_zero_a_finding_ends_with_0_and_an_error_still_with_2(shop: Path) -> None:
    assert run_here("check", "shop", "--at", "2024-01-15", "--exit-zero", folder=shop).status == 0
    (shop / "rows.csv").unlink()
    assert run_here("check", "shop", "--at", "2024-01-22", "--exit-zero", folder=shop).status == 2


def test_a_window_without_rows_ends_with_1(shop: Path) -> None:
    ran = run_here("check", "shop", "--at", "2024-03-01", "-o", "json", folder=shop)

    assert (ran.status, ran.stderr) == (1, "")
    assert (ran.json["windows"][0]["verdict"], ran.json["windows"][0]["rows"]) == ("no_data", 0)


def test_json_has_the_shape_of_check_v1(shop: Path) -> None:
    found = run_here("check", "shop", "--from", "2024-01-14", "--to", "2024-01-16", "-o", "json", folder=shop)

    assert found.status == 1
    quiet, moved = found.json.pop("windows")
    assert found.json["schema"] == "driftwatch.check/v1"
    assert 0 < quiet.pop("score") < quiet.pop("limit")
    assert quiet == {
        "start": "2024-01-14T00:00:00Z",
        "end": "2024-01-15T00:00:00Z",
        "verdict": "ok",
        "rows": 48,
        "calibration": "provisional",
        "calibration_note": "50 more windows needed",
        "revision": 1,
        "reason": None,
        "findings": [],
    }
    (finding,) = moved["findings"]
    assert set(finding) == {"column", "kind", "statistic", "value", "limit", "text", "moved_share", "minor"}
    assert (finding["column"], finding["kind"], finding["statistic"]) == ("amount", "drift", "ks")
    assert 0.5 < finding["value"] < 1
    assert 0 < finding["limit"] < 0.3


def test_judged_windows_come_from_the_store_and_not_from_the_source(shop: Path) -> None:
    before = read_store(shop / "driftwatch.db")
    (shop / "rows.csv").unlink()

    ran = run_here("check", "shop", *JUDGED, "-o", "json", folder=shop)

    assert ran.status == 1
    assert [window["verdict"] for window in ran.json["windows"]].count("drift") == 2
    assert read_store(shop / "driftwatch.db") == before


def test_a_longer_range_judges_only_what_is_new(shop: Path) -> None:
    ran = run_here("check", "shop", "--from", "2024-01-18", "--to", "2024-01-23", "-o", "json", folder=shop)

    assert [window["revision"] for window in ran.json["windows"]] == [1] * 5
    assert count(shop, "verdicts") == 12


def test_again_judges_once_more_and_keeps_both(shop: Path) -> None:
    incidents = read_store(shop / "driftwatch.db")["incidents"]

    ran = run_here("check", "shop", "--at", "2024-01-15", "--again", "-o", "json", folder=shop)

    assert (ran.status, ran.json["windows"][0]["revision"]) == (1, 2)
    assert count(shop, "verdicts") == 11
    assert read_store(shop / "driftwatch.db")["incidents"] == incidents


def test_a_dry_run_changes_nothing_and_tells_nobody(shop: Path) -> None:
    before = read_store(shop / "driftwatch.db")

    ran = run_here("check", "shop", *OPEN, "--dry-run", "--notify", "all", "-o", "json", folder=shop)

    assert ran.status == 1
    assert [window["verdict"] for window in ran.json["windows"]] == ["drift", "drift"]
    assert ran.stderr == ""
    assert read_store(shop / "driftwatch.db") == before


def test_a_dry_run_needs_no_store_that_is_there(fresh_shop: Path) -> None:
    ran = run_here("check", "shop", "--at", "2024-01-12", "--dry-run", folder=fresh_shop)

    assert ran.status == 0
    assert not (fresh_shop / "driftwatch.db").exists()


@pytest.mark.parametrize(
    ("notify", "told"),
    [("none", []), ("final", []), ("all", ["incident.opened", "incident.resolved"])],
)
def test_who_is_told_of_history_that_ended_well(fresh_shop: Path, notify: str, told: list[str]) -> None:
    ran = run_here("check", "shop", *JUDGED, "--notify", notify, folder=fresh_shop)

    assert ran.status == 1
    deliveries = run_here("delivery", "list", "-o", "json", folder=fresh_shop).json["deliveries"]
    assert [(one["type"], one["state"]) for one in deliveries] == [(word, "delivered") for word in told]
    assert [word for word in told if f" {word} " not in ran.stderr] == []


@pytest.mark.parametrize(("notify", "times"), [("none", 0), ("final", 1), ("all", 1)])
def test_who_is_told_of_what_is_still_open(shop: Path, notify: str, times: int) -> None:
    ran = run_here("check", "shop", *OPEN, "--notify", notify, folder=shop)

    assert ran.status == 1
    assert ran.stderr.count(" incident.opened ") == times
    assert "notice sent" not in ran.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["shop", "--from", "2024-01-11"], "give either --at, or both --from and --to"),
        (
            ["shop", "--at", "2024-01-11", "--from", "2024-01-11", "--to", "2024-01-12"],
            "give either --at, or both --from and --to",
        ),
        (
            ["shop", "--from", "2024-01-11", "--to", "2024-01-11T23:00:00"],
            "shop: no whole window of 1d lies from 2024-01-11T00:00:00Z to 2024-01-11T23:00:00Z",
        ),
        (["shop", "--at", "soon"], "'soon' is not a time; write 2013-02-08 or 2013-02-08T06:00:00Z"),
        (["shop", "--at", "2899-01-01"], "is not due before 2899-01-02T00:00:00Z"),
        (["shop", "--at", "9999-12-31"], "'9999-12-31' is no time that is judged: those are of 1903 to 2899"),
        (["shop", "--at", "0001-01-01T00:00:00+14:00"], "those are of 1903 to 2899"),
        (["shoe"], "there is no monitor 'shoe' in the configuration; there are: shop"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_the_reason(args: list[str], said: str, shop: Path) -> None:
    before = read_store(shop / "driftwatch.db")

    ran = run_here("check", *args, "-o", "json", folder=shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert read_store(shop / "driftwatch.db") == before


def test_without_a_time_the_latest_window_that_is_due_is_judged(shop: Path) -> None:
    ran = run_here("check", "shop", "-o", "json", folder=shop)

    now = datetime.now(UTC)
    (window,) = ran.json["windows"]
    end = datetime.fromisoformat(window["end"])
    assert (now - end).days == 0
    assert end <= now


def test_times_without_a_zone_are_in_the_zone_of_the_monitor(fresh_shop: Path) -> None:
    config = fresh_shop / "driftwatch.yaml"
    config.write_text(
        config.read_text().replace("    window: 1d", "    window: 1d\n    timezone: Asia/Tokyo")
    )

    ran = run_here(
        "check", "shop", "--from", "2024-01-11", "--to", "2024-01-12", "-o", "json", folder=fresh_shop
    )

    assert [window["start"] for window in ran.json["windows"]] == ["2024-01-10T15:00:00Z"]


def test_several_windows_that_cannot_be_read_are_one_line_of_complaint(shop: Path) -> None:
    (shop / "rows.csv").unlink()

    ran = run_here("check", "shop", "--from", "2024-01-21", "--to", "2024-01-24", folder=shop)

    assert ran.status == 2
    (line,) = ran.stderr.splitlines()
    assert line.startswith("driftwatch: monitor 'shop', window 2024-01-21T00:00:00Z")
    assert line.endswith("no such file or directory (and 2 more windows)")
    assert "3 error" in ran.stdout


def test_history_is_judged_by_a_reference_that_rolls_along_with_it(fresh_shop: Path) -> None:
    config = fresh_shop / "driftwatch.yaml"
    text = config.read_text().replace("{from: 2024-01-01, to: 2024-01-11}", "{last: 7d, gap: 0d}")
    config.write_text(text)

    ran = run_here("check", "shop", "--from", "2024-01-11", "--to", "2024-01-25", folder=fresh_shop)
    listed = run_here("reference", "list", "shop", "-o", "json", folder=fresh_shop)

    assert ran.status == 1, ran.stderr
    found = listed.json["references"]
    assert [(one["from"][:10], one["to"][:10], one["history"]) for one in found] == [
        ("2024-01-04", "2024-01-11", 1),
        ("2024-01-11", "2024-01-18", 1),
    ]
    assert [one["state"] for one in found] == ["retired", "active"]


def test_a_reference_without_time_is_uncalibrated_at_first(fresh_shop: Path) -> None:
    rows = (fresh_shop / "rows.csv").read_text().splitlines(keepends=True)
    (fresh_shop / "reference.csv").write_text("".join(rows[:481]))
    config = fresh_shop / "driftwatch.yaml"
    spec = "{source: {kind: files, path: reference.csv}}"
    config.write_text(config.read_text().replace("{from: 2024-01-01, to: 2024-01-11}", spec))

    ran = run_here("check", "shop", *JUDGED, "-o", "json", folder=fresh_shop)
    shown = run_here("reference", "show", "shop", "-o", "json", folder=fresh_shop)
    listed = run_here("reference", "list", "shop", folder=fresh_shop)

    windows = ran.json["windows"]
    assert [one["verdict"] for one in windows] == [*["ok"] * 4, "drift", "drift", *["ok"] * 4]
    assert windows[0]["calibration"] == "uncalibrated"
    assert shown.json["blocks"] == [{"start": None, "rows": 480}]
    assert (shown.status, listed.status) == (0, 0)
