from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from tests.support.commands import run_here

KEYS = {
    *("id", "monitor", "kind", "severity", "state", "title", "text", "first_window", "last_window"),
    *("opened_at", "resolved_at", "paged", "acknowledged_by", "label", "columns"),
}


@pytest.fixture
def open_shop(shop: Path) -> Path:
    """The shop with an open incident, number 2."""
    ran = run_here("check", "shop", "--from", "2024-01-25", "--to", "2024-01-27", folder=shop)
    assert ran.status == 1
    return shop


def test_without_open_incidents_the_list_ends_with_0_and_says_where_the_others_are(shop: Path) -> None:
    ran = run_here("incident", "list", folder=shop)

    assert (ran.status, ran.stdout) == (0, "No open incidents; --all shows resolved ones.\n")
    assert run_here("incident", "list", "-o", "json", folder=shop).json == {
        "schema": "driftwatch.incidents/v1",
        "incidents": [],
    }


def test_a_resolved_incident_says_what_it_was_about(shop: Path) -> None:
    ran = run_here("incident", "list", "--all", folder=shop)

    assert ran.status == 0
    _, row = ran.stdout.splitlines()
    assert row.split("  ")[0] == "1"
    assert "resolved" in row
    assert row.endswith("Corner shop: amount looks different")


def test_an_open_incident_ends_with_1(open_shop: Path) -> None:
    text = run_here("incident", "list", folder=open_shop)

    assert text.status == 1
    assert len(text.stdout.splitlines()) == 2
    assert run_here("incident", "list", "--exit-zero", folder=open_shop).status == 0


def test_json_has_the_shape_of_incidents_v1(open_shop: Path) -> None:
    found = run_here("incident", "list", "--all", "-o", "json", folder=open_shop)

    assert found.status == 1
    assert found.json["schema"] == "driftwatch.incidents/v1"
    resolved, opened = found.json["incidents"]
    assert set(opened) >= KEYS
    assert (resolved["id"], resolved["state"], resolved["resolved_at"]) == (
        1,
        "resolved",
        "2024-01-20T00:00:00Z",
    )
    assert (opened["id"], opened["state"], opened["resolved_at"]) == (2, "open", None)
    assert (opened["first_window"], opened["last_window"]) == ("2024-01-25T00:00:00Z", "2024-01-26T00:00:00Z")
    (column,) = opened["columns"]
    assert set(column) >= {"column", "since", "statistic", "value", "limit"}
    assert (column["column"], column["since"]) == ("amount", "2024-01-25T00:00:00Z")


def test_an_incident_is_shown_in_words_with_its_history(shop: Path) -> None:
    text, found = (run_here("incident", "show", "1", *args, folder=shop) for args in ([], ["-o", "json"]))

    assert (text.status, found.status) == (0, 0)
    assert text.stdout.startswith("Incident 1: Corner shop: amount looks different\n")
    assert text.stdout.splitlines()[1] == "critical, resolved"
    assert "[told: incident.opened]" in text.stdout
    assert [event["kind"] for event in found.json["events"]] == ["opened", "recovering", "resolved"]
    assert found.json["incident"]["id"] == 1
    assert set(found.json["events"][0]) == {"at", "kind", "reason", "actor", "notice"}


def test_what_nobody_was_told_is_shown_as_what_would_have_been(open_shop: Path) -> None:
    shown = run_here("incident", "show", "2", folder=open_shop).stdout
    (found,) = run_here("incident", "list", "-o", "json", folder=open_shop).json["incidents"]

    assert shown.splitlines()[1] == "critical, open, would have paged: nobody was told"
    assert (found["paged"], found["told_at"]) == (True, None)


def test_in_shadow_mode_each_telling_is_shown_as_one_that_was_kept_back(fresh_shop: Path) -> None:
    config = fresh_shop / "driftwatch.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "    mode: shadow\n", encoding="utf-8")
    run_here(
        "check", "shop", "--from", "2024-01-15", "--to", "2024-01-16", "--notify", "all", folder=fresh_shop
    )

    shown = run_here("incident", "show", "1", folder=fresh_shop).stdout

    assert "[would have told: incident.opened]" in shown
    assert "Nobody is told: the monitor is in shadow mode." in shown
    assert run_here("delivery", "list", "-o", "json", folder=fresh_shop).json["deliveries"] == []
    assert "shop is in shadow mode: nobody is told." in run_here("status", folder=fresh_shop).stdout


def test_acknowledging_keeps_it_open_and_says_who(open_shop: Path) -> None:
    ran = run_here("incident", "acknowledge", "2", "--by", "ana", folder=open_shop)

    assert (ran.status, ran.stdout) == (0, "Incident 2 is acknowledged by ana.\n")
    listed = run_here("incident", "list", folder=open_shop)
    assert listed.status == 1
    assert "open (acknowledged)" in listed.stdout
    (found,) = run_here("incident", "list", "-o", "json", folder=open_shop).json["incidents"]
    assert found["acknowledged_by"] == "ana"


def test_whoever_gives_no_name_is_the_account(open_shop: Path) -> None:
    ran = run_here("incident", "acknowledge", "2", folder=open_shop)

    assert ran.stdout == f"Incident 2 is acknowledged by {getpass.getuser()}.\n"


def test_an_incident_whose_last_window_is_breached_is_not_closed_by_hand(open_shop: Path) -> None:
    ran = run_here("incident", "resolve", "2", "--why", "a price rise", folder=open_shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert "incident 2" in ran.stderr
    assert run_here("incident", "list", folder=open_shop).status == 1


def test_a_recovering_incident_is_closed_by_hand_with_the_reason(fresh_shop: Path) -> None:
    judged = ("--from", "2024-01-15", "--to", "2024-01-18")
    assert run_here("check", "shop", *judged, "--notify", "all", folder=fresh_shop).status == 1

    ran = run_here("incident", "resolve", "1", "--why", "a price rise", "--by", "ana", folder=fresh_shop)

    assert (ran.status, ran.stdout) == (0, "Incident 1 is resolved by ana.\n")
    assert "incident.resolved" in ran.stderr
    shown = run_here("incident", "show", "1", folder=fresh_shop).stdout
    assert "ana closed this incident by hand: a price rise" in shown
    assert run_here("incident", "list", folder=fresh_shop).status == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["show", "99"], "there is no incident 99; `driftwatch incident list --all` shows them"),
        (["acknowledge", "99"], "there is no incident 99"),
        (["acknowledge", "1"], "incident 1 (drift of shop) cannot be acknowledged: it is resolved"),
        (["resolve", "1", "--why", "x"], "incident 1 (drift of shop) cannot be resolved: it is resolved"),
        (["list", "--monitor", "shoe"], "there is no monitor 'shoe' in the configuration; there are: shop"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(args: list[str], said: str, shop: Path) -> None:
    ran = run_here("incident", *args, folder=shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("said", "follows"),
    [
        ("expected", "count as ordinary from now on"),
        ("drift", "never count as ordinary"),
        ("bad-data", "never count as ordinary"),
    ],
)
def test_a_person_says_what_a_resolved_incident_was(said: str, follows: str, shop: Path) -> None:
    ran = run_here("incident", "label", "1", said, "--by", "ana", folder=shop)

    assert (ran.status, ran.stdout) == (0, f"Incident 1 is labelled {said} by ana: its windows {follows}.\n")
    (found,) = run_here("incident", "list", "--all", "-o", "json", folder=shop).json["incidents"]
    assert (found["label"], found["labelled_by"], found["state"]) == (said, "ana", "resolved")
    shown = run_here("incident", "show", "1", folder=shop).stdout
    assert f"labelled {said} by ana" in shown.splitlines()[1]
    assert "labelled: ana says that this was" in shown


def test_what_is_no_label_is_refused(shop: Path) -> None:
    ran = run_here("incident", "label", "1", "nonsense", folder=shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert "bad-data" in ran.stderr


def test_incidents_of_one_monitor(open_shop: Path) -> None:
    ran = run_here("incident", "list", "--monitor", "shop", "-o", "json", folder=open_shop)

    assert [one["id"] for one in ran.json["incidents"]] == [2]


def test_an_incident_can_be_snoozed_assigned_and_noted_and_history_says_by_whom(open_shop: Path) -> None:
    snoozed = run_here("incident", "snooze", "2", "--for", "2d", "--by", "ana", folder=open_shop)
    assigned = run_here("incident", "assign", "2", "ben", "--by", "ana", folder=open_shop)
    noted = run_here("incident", "note", "2", "a price rise", "--by", "ana", folder=open_shop)

    said = "Incident 2 is snoozed by ana for 2d.\nIncident 2 is assigned to ben.\nNoted in incident 2.\n"
    assert (snoozed.stdout + assigned.stdout + noted.stdout) == said
    assert "open (snoozed)" in run_here("incident", "list", folder=open_shop).stdout
    shown = run_here("incident", "show", "2", "-o", "json", folder=open_shop).json
    assert [(event["kind"], event["actor"]) for event in shown["events"][-3:]] == [
        ("snoozed", "ana"),
        ("assigned", "ana"),
        ("noted", "ana"),
    ]
    assert (shown["incident"]["snoozed_by"], shown["incident"]["assigned_to"]) == ("ana", "ben")


@pytest.mark.parametrize("length", ["soon", "90d", "0s"])
def test_a_snooze_is_no_end(open_shop: Path, length: str) -> None:
    ran = run_here("incident", "snooze", "2", "--for", length, folder=open_shop)

    assert ran.status == 2
    assert ran.stderr.startswith("driftwatch: ")
