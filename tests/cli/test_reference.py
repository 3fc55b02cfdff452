from __future__ import annotations

from pathlib import Path

from tests.support.commands import run_here


def widen(shop: Path) -> None:
    config = shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("to: 2024-01-11", "to: 2024-01-13"))


def list_states(shop: Path) -> list[str]:
    found = run_here("reference", "list", "shop", "-o", "json", folder=shop).json
    return [one["state"] for one in found["references"]]


def test_the_first_reference_that_is_built_is_active(fresh_shop: Path) -> None:
    ran = run_here("reference", "build", "shop", folder=fresh_shop)

    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout == "shop: reference version 1 is built from 480 rows.\nIt is active.\n"
    assert list_states(fresh_shop) == ["active"]


def test_a_later_one_judges_nothing_before_it_is_promoted(shop: Path) -> None:
    widen(shop)

    built = run_here("reference", "build", "shop", folder=shop)

    assert built.status == 0
    assert "shop: reference version 2 is built from 576 rows." in built.stdout
    assert "driftwatch reference promote shop 2" in built.stdout
    assert list_states(shop) == ["active", "candidate"]
    promoted = run_here("reference", "promote", "shop", "2", folder=shop)
    assert (promoted.status, promoted.stdout.splitlines()[0]) == (0, "shop: reference version 2 is active.")
    assert list_states(shop) == ["retired", "active"]
    back = run_here("reference", "rollback", "shop", folder=shop)
    assert (back.status, back.stdout.splitlines()[0]) == (0, "shop: reference version 1 is active.")
    assert list_states(shop) == ["active", "retired"]


def test_without_a_version_before_there_is_nothing_to_go_back_to(shop: Path) -> None:
    back = run_here("reference", "rollback", "shop", folder=shop)

    assert (back.status, back.stdout) == (2, "")
    assert "shop: no other reference version was active before" in back.stderr


def test_the_list_says_what_each_version_was_built_from(shop: Path) -> None:
    text, found = (run_here("reference", "list", "shop", *args, folder=shop) for args in ([], ["-o", "json"]))

    (version,) = found.json["references"]
    assert (text.status, found.status) == (0, 0)
    assert (version["version"], version["state"], version["rows"]) == (1, "active", 480)
    assert (version["from"], version["to"]) == ("2024-01-01T00:00:00Z", "2024-01-11T00:00:00Z")
    assert version["built_at"].endswith("Z")
    assert text.stdout.splitlines()[1].split()[:5] == ["1", "active", "480", version["from"], version["to"]]


def test_a_reference_shows_its_columns_its_blocks_and_what_is_not_judged(shop: Path) -> None:
    text, found = (run_here("reference", "show", "shop", *args, folder=shop) for args in ([], ["-o", "json"]))

    assert (text.status, found.status) == (0, 0)
    assert found.json["schema"] == "driftwatch.reference/v1"
    assert found.json["columns"][1] == {
        "column": "kind",
        "kind": "category",
        "values": 480,
        "missing": 0,
        "cells": 5,
    }  # fmt: skip - one column
    assert len(found.json["blocks"]) == 10
    assert found.json["blocks"][0] == {"start": "2024-01-01T00:00:00Z", "rows": 48}
    assert found.json["skipped"] == [
        {"column": "at", "why": "the time column"},
        {"column": "id", "why": "excluded by the configuration"},
    ]
    assert text.stdout.splitlines()[0] == "shop: reference version 1, 480 rows in 10 blocks"
    assert "not judged: id (excluded by the configuration)" in text.stdout


def test_versions_that_are_not_there_are_refused_with_those_that_are(shop: Path) -> None:
    shown = run_here("reference", "show", "shop", "7", folder=shop)
    promoted = run_here("reference", "promote", "shop", "7", folder=shop)

    assert (shown.status, shown.stdout) == (promoted.status, promoted.stdout) == (2, "")
    assert "`driftwatch reference list shop`" in shown.stderr
    assert "shop has no reference version 7; its versions: 1 (active)" in promoted.stderr
    assert list_states(shop) == ["active"]


def test_days_that_should_not_be_part_of_a_reference_are_named_when_it_is_built_and_shown(
    fresh_shop: Path,
) -> None:
    config = fresh_shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("to: 2024-01-11", "to: 2024-01-19"))

    built = run_here("reference", "build", "shop", folder=fresh_shop)
    text, found = (
        run_here("reference", "show", "shop", *args, folder=fresh_shop) for args in ([], ["-o", "json"])
    )

    line = "  except: [{from: 2024-01-15, to: 2024-01-17, why: unlike the others}]"
    assert built.status == 0
    assert "2 blocks should perhaps not be part of it:" in built.stdout
    assert line in built.stdout
    assert line in text.stdout
    assert [one["start"] for one in found.json["odd_blocks"]] == [
        "2024-01-15T00:00:00Z",
        "2024-01-16T00:00:00Z",
    ]
    assert {one["why"] for one in found.json["odd_blocks"]} == {"odd"}
    assert found.json["proposed"] == line.strip()


def test_a_clean_reference_proposes_nothing(shop: Path) -> None:
    shown = run_here("reference", "show", "shop", "-o", "json", folder=shop)

    assert (shown.json["odd_blocks"], shown.json["proposed"]) == ([], None)


def roll_beside(shop: Path) -> None:
    config = shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("to: 2024-01-11", "to: 2024-01-11, last: 4d, gap: 1d"))


def test_versions_of_a_rolling_reference_stand_beside_the_pinned_ones(fresh_shop: Path) -> None:
    roll_beside(fresh_shop)
    run_here("check", "shop", "--from", "2024-01-11", "--to", "2024-01-21", folder=fresh_shop)

    text, found = (
        run_here("reference", "list", "shop", *args, folder=fresh_shop) for args in ([], ["-o", "json"])
    )

    # The season cycle of these days begins on the 18th; the 15th and 16th belong to an open incident.
    pinned, rolling = found.json["references"]
    assert (pinned["version"], pinned["beside"], pinned["state"]) == (1, None, "active")
    assert (rolling["version"], rolling["beside"], rolling["state"], rolling["rows"]) == (1, 1, "active", 96)
    assert (rolling["from"], rolling["to"]) == ("2024-01-13T00:00:00Z", "2024-01-17T00:00:00Z")
    assert text.stdout.splitlines()[2].startswith("1, beside 1  active  96 ")


def test_a_rolling_reference_beside_it_asks_for_no_other_pinned_one(shop: Path) -> None:
    roll_beside(shop)

    checked = run_here("check", "shop", "--from", "2024-01-20", "--to", "2024-01-21", "--again", folder=shop)

    assert "candidate" not in checked.stderr
    # The pinned one that there was, and the rolling one of this season cycle.
    assert list_states(shop) == ["active", "active"]


def test_an_accepted_incident_is_the_new_normal(shop: Path) -> None:
    days = ("--from", "2024-01-25", "--to", "2024-01-29")
    assert run_here("check", "shop", *days, folder=shop).status == 1

    accepted = run_here("reference", "accept", "--incident", "2", "--by", "ann", folder=shop)

    assert (accepted.status, accepted.stderr) == (0, "")
    assert accepted.stdout.splitlines() == [
        (
            "shop: amount is judged by 4 windows from now on, 2024-01-25 00:00 UTC to 2024-01-29 00:00 UTC; "
            "the other columns as before."
        ),
        "shop: reference version 2 is active.",
        "A history of its own begins. The former one keeps its verdicts, and its incidents have ended.",
    ]
    assert list_states(shop) == ["retired", "active"]
    after = run_here("check", "shop", "--from", "2024-01-29", "--to", "2024-01-31", folder=shop)
    assert (after.status, "2 ok" in after.stdout) == (0, True)
    assert run_here("incident", "list", folder=shop).status == 0


def test_an_incident_that_is_over_cannot_be_accepted(shop: Path) -> None:
    refused = run_here("reference", "accept", "--incident", "1", folder=shop)

    assert (refused.status, refused.stdout) == (2, "")
    assert "incident 1 is over: what came back needs no other reference" in refused.stderr
    missing = run_here("reference", "accept", "--incident", "99", folder=shop)
    assert "there is no incident 99" in missing.stderr
