"""Sentences of the contract that were once not true, met by the command as users run it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from tests.support.commands import Ran, run_here
from tests.support.shop import CONFIG, write_shop


def check(folder: Path, start: str, end: str) -> Ran:
    return run_here(
        *("check", "shop", "--from", start, "--to", end, "--notify", "all", "-o", "json"), folder=folder
    )


def list_words(ran: Ran) -> list[str]:
    return [window["verdict"] for window in ran.json["windows"]]


def test_a_column_that_is_excluded_later_is_not_judged_from_then_on_and_its_incident_ends(
    tmp_path: Path,
) -> None:
    folder = write_shop(tmp_path)
    before = check(folder, "2024-01-25", "2024-01-27")
    config = CONFIG.replace("{exclude: [id]}", "{exclude: [id, amount]}")
    (folder / "driftwatch.yaml").write_text(config, encoding="utf-8")

    after = check(folder, "2024-01-27", "2024-01-29")

    assert list_words(before) == ["drift", "drift"]
    assert list_words(after) == ["ok", "ok"]
    listed = run_here("incident", "list", "--all", "-o", "json", folder=folder).json["incidents"]
    assert {one["state"] for one in listed} == {"resolved"}
    assert "amount is not judged any more" in listed[0]["text"]
    assert "incident.resolved" in after.stderr
    assert "candidate reference built" in after.stderr


def test_a_column_that_is_wanted_anew_waits_for_the_next_version_of_the_reference(tmp_path: Path) -> None:
    folder = write_shop(tmp_path)
    narrow = CONFIG.replace("{exclude: [id]}", "{include: [kind]}")
    (folder / "driftwatch.yaml").write_text(narrow, encoding="utf-8")
    check(folder, "2024-01-25", "2024-01-26")
    (folder / "driftwatch.yaml").write_text(CONFIG, encoding="utf-8")

    waiting = check(folder, "2024-01-26", "2024-01-27")
    promoted = run_here("reference", "promote", "shop", "2", folder=folder)
    judged = check(folder, "2024-01-27", "2024-01-28")

    assert (list_words(waiting), promoted.status, list_words(judged)) == (["ok"], 0, ["drift"])


def test_a_number_under_missing_means_missing_in_columns_of_numbers_and_of_text(tmp_path: Path) -> None:
    folder = write_shop(tmp_path)
    lines = (folder / "rows.csv").read_text(encoding="utf-8").splitlines()
    # The second half of the 12th lacks its amounts and kinds, each written in its own way.
    bent = [
        "{},{},-999.0,-999".format(*line.split(",")[:2]) if line.startswith("2024-01-12T1") else line
        for line in lines
    ]
    (folder / "rows.csv").write_text("\n".join(bent), encoding="utf-8")
    config = CONFIG.replace("    window: 1d\n", "    window: 1d\n    missing: [-999]\n")
    (folder / "driftwatch.yaml").write_text(config, encoding="utf-8")

    [window] = check(folder, "2024-01-12", "2024-01-13").json["windows"]

    found = {(finding["column"], finding["kind"]) for finding in window["findings"]}
    assert found == {("amount", "missing"), ("kind", "missing")}


def test_a_batch_delivered_twice_is_found_although_its_dates_are_a_day_older(tmp_path: Path) -> None:
    folder = write_shop(tmp_path)
    days = [Random(number) for number in range(1, 16)]
    # The rows of the 12th come again on the 13th, with the time of the day on which they came.
    days[12] = Random(12)
    lines = [line for number, random in enumerate(days, start=1) for line in draw_day(number, random)]
    (folder / "rows.csv").write_text("".join(["at,id,amount,signup\n", *lines]), encoding="utf-8")

    windows = check(folder, "2024-01-12", "2024-01-15").json["windows"]

    found = [{one["kind"] for one in window["findings"] if not one["minor"]} for window in windows]
    assert found == [set(), {"repeated_window"}, set()]


def draw_day(number: int, random: Random) -> Iterator[str]:
    """The lines of a day in January 2024, with customers who signed up within the 90 days before it."""
    # Seeded alike, two days draw the same: dates are counted from the 12th on both.
    first = datetime(2024, 1, 12 if number == 13 else number)
    for place in range(200):
        at = datetime(2024, 1, number) + timedelta(minutes=7 * place)
        signup = first - timedelta(days=random.randrange(1, 90))
        yield f"{at.isoformat()},{number * 1000 + place},{random.gauss(100, 10):.3f},{signup.date()}\n"


def test_a_night_without_rows_is_a_habit_on_weekdays_that_the_reference_does_not_have(tmp_path: Path) -> None:
    folder = write_shop(tmp_path)
    lines = [
        line
        for line in (folder / "rows.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        if not "T00" <= line[10:13] < "T05"
    ]
    (folder / "rows.csv").write_text("".join(lines), encoding="utf-8")
    config = CONFIG.replace("window: 1d", "window: 1h\n    freshness: {page_after: 2h}")
    # Monday to Thursday.
    config = config.replace("{from: 2024-01-01, to: 2024-01-11}", "{from: 2024-01-01, to: 2024-01-05}")
    (folder / "driftwatch.yaml").write_text(config, encoding="utf-8")

    saturday = check(folder, "2024-01-06", "2024-01-07").json["windows"]

    silent = [window["reason"] for window in saturday if window["verdict"] == "no_data"]
    assert silent == ["no rows, as in the reference at this time of the week"] * 5
    listed = run_here("incident", "list", "--all", "-o", "json", folder=folder).json["incidents"]
    assert "freshness" not in {one["kind"] for one in listed}


def test_output_says_that_unseen_values_are_not_known_beyond_100_000_names(tmp_path: Path) -> None:
    rows = [f"name-{number},{number % 7}" for number in range(100_001)]
    (tmp_path / "usual.csv").write_text("\n".join(["name,x", *rows, rows[0]]), encoding="utf-8")
    (tmp_path / "now.csv").write_text("\n".join(["name,x", *rows[:500]]), encoding="utf-8")

    text = run_here("compare", "usual.csv", "now.csv", folder=tmp_path).stdout
    [name, x] = run_here("compare", "usual.csv", "now.csv", "-o", "json", folder=tmp_path).json["columns"]

    assert "not known:\n  unseen values in name: the reference has more than 100,000 names" in text
    assert (name["unseen_share"], name["unseen_unknown"]) == (
        None,
        "the reference has more than 100,000 names",
    )
    assert x["unseen_unknown"] is None


def test_another_file_under_the_source_of_a_reference_builds_a_candidate(tmp_path: Path) -> None:
    folder = write_shop(tmp_path)
    (folder / "training.csv").write_bytes((folder / "rows.csv").read_bytes())
    (folder / "newer.csv").write_bytes((folder / "rows.csv").read_bytes())
    for name in ("training.csv", "newer.csv"):
        source = f"source: {{kind: files, path: {name}}}, "
        config = CONFIG.replace("{from: 2024-01-01,", f"{{{source}from: 2024-01-01,")
        (folder / "driftwatch.yaml").write_text(config, encoding="utf-8")
        check(folder, "2024-01-12", "2024-01-13")

    listed = run_here("reference", "list", "shop", "-o", "json", folder=folder).json["references"]

    assert [one["state"] for one in listed] == ["active", "candidate"]
