from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import Ran, run_here

PASSWORD = "correct horse battery"


def run_with(monkeypatch: pytest.MonkeyPatch, typed: str, *args: str, folder: Path) -> Ran:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return run_here(*args, folder=folder)


def list_acts(folder: Path, *args: str) -> list[tuple[str, str, str, dict[str, str]]]:
    found = run_here("audit", "list", "-o", "json", *args, folder=folder).json
    assert found["schema"] == "driftwatch.audit/v1"
    assert {one["how"] for one in found["acts"]} <= {"command"}
    assert found["total"] == len(found["acts"])
    return [(one["actor"], one["action"], one["subject"], one["details"]) for one in found["acts"]]


def test_a_token_is_shown_once_listed_without_its_text_and_revoked(fresh_shop: Path) -> None:
    made = run_here("token", "create", "airflow", "--scope", "operate", "--by", "ana", folder=fresh_shop)
    text = made.stdout.splitlines()[0]
    assert (made.status, text[:3], len(text)) == (0, "dw_", 46)

    listed = run_here("token", "list", folder=fresh_shop).stdout
    (row,) = run_here("token", "list", "-o", "json", folder=fresh_shop).json["tokens"]
    assert text not in listed
    assert "airflow" in listed
    assert (row["id"], row["name"], row["scope"], row["created_by"]) == (1, "airflow", "operate", "ana")
    assert (row["last_used_at"], row["expires_at"], row["revoked_at"]) == (None, None, None)
    assert text not in str(row)

    assert run_here("token", "revoke", "1", "--by", "ben", folder=fresh_shop).stdout == (
        "Token 1 (airflow) opens nothing any more.\n"
    )
    assert run_here("token", "list", folder=fresh_shop).stdout.startswith("No tokens; --all")
    (over,) = run_here("token", "list", "--all", "-o", "json", folder=fresh_shop).json["tokens"]
    assert over["revoked_by"] == "ben"
    again = run_here("token", "revoke", "1", folder=fresh_shop)
    assert (again.status, "revoked already, by ben" in again.stderr) == (2, True)
    assert list_acts(fresh_shop) == [
        ("ben", "token.revoke", "1", {}),
        ("ana", "token.create", "airflow", {"scope": "operate"}),
    ]


def test_a_token_for_a_script_says_when_it_expires(fresh_shop: Path) -> None:
    made = run_here("token", "create", "x", "--for", "90d", "-o", "json", folder=fresh_shop).json

    assert made["schema"] == "driftwatch.token/v1"
    assert made["token"]["token"].startswith("dw_")
    assert (made["token"]["scope"], made["token"]["expires_at"] is None) == ("read", False)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["create", "x", "--scope", "root"], "'root' is not one of"),
        (["create", "x", "--for", "soon"], "--for 'soon'"),
        (["create", "x", "--for", "0s"], "would have expired"),
        (["create", " "], "say what the token is for"),
        (["revoke", "7"], "there is no token 7"),
    ],
)
def test_what_cannot_be_done_with_a_token_is_said(args: list[str], said: str, fresh_shop: Path) -> None:
    ran = run_here("token", *args, folder=fresh_shop)

    assert (ran.status, ran.stdout) == (2, "")
    assert said in " ".join(ran.stderr.split())
    assert list_acts(fresh_shop) == []


def test_a_user_is_added_gets_another_password_and_is_removed(
    fresh_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def user(verb: str, *more: str, typed: str = "") -> Ran:
        return run_with(monkeypatch, typed, "user", verb, "ana", "--by", "root", *more, folder=fresh_shop)

    added = user("add", "--scope", "admin", typed=f"{PASSWORD}\n")
    assert added.stdout.startswith(
        "ana may sign in, with the scope admin.\nNobody is asked for a password yet"
    )
    (row,) = run_here("user", "list", "-o", "json", folder=fresh_shop).json["users"]
    assert (row["name"], row["scope"], row["created_by"]) == ("ana", "admin", "root")
    assert "ana" in run_here("user", "list", folder=fresh_shop).stdout

    assert user("add", typed=f"{PASSWORD}\n").status == 2
    assert user("password", typed="another one, also long\n").stdout == (
        "ana has another password; 0 sessions ended.\n"
    )
    assert user("remove").stdout == "ana is removed; 0 sessions ended.\n"
    assert user("remove").status == 2
    assert run_here("user", "list", folder=fresh_shop).stdout.startswith("No users;")
    assert [act[:3] for act in list_acts(fresh_shop)] == [
        ("root", "user.remove", "ana"),
        ("root", "user.password", "ana"),
        ("root", "user.add", "ana"),
    ]
    assert list_acts(fresh_shop)[-1][3] == {"scope": "admin"}


@pytest.mark.parametrize("typed", ["", "short\n", "aaaaaaaaaaaaaaaa\n"])
def test_a_password_that_is_guessed_at_once_is_refused(
    typed: str, fresh_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run_with(monkeypatch, typed, "user", "add", "ana", folder=fresh_shop)

    assert ran.status == 2
    assert "a password" in ran.stderr
    assert run_here("user", "list", folder=fresh_shop).stdout.startswith("No users;")


def test_a_password_is_typed_twice_where_there_is_a_terminal(
    fresh_shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    typed = iter([PASSWORD, "something else", PASSWORD, PASSWORD])
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))

    refused = run_here("user", "add", "ana", folder=fresh_shop)
    added = run_here("user", "add", "ana", folder=fresh_shop)

    assert (refused.status, "the two are not the same" in refused.stderr) == (2, True)
    assert added.status == 0


def test_what_is_done_on_the_command_line_is_kept_with_who_did_it(fresh_shop: Path) -> None:
    days = ("--from", "2024-01-11", "--to", "2024-01-28")
    run_here("check", "shop", *days, folder=fresh_shop)
    listed = run_here("incident", "list", "-o", "json", "--exit-zero", folder=fresh_shop).json
    number = str(listed["incidents"][0]["id"])
    done: list[tuple[Any, ...]] = [
        ("incident", "acknowledge", number, "--by", "ana"),
        ("incident", "snooze", number, "--for", "2h", "--by", "ana"),
        ("incident", "assign", number, "ben", "--by", "ana"),
        ("incident", "note", number, "a new shop", "--by", "ana"),
        ("incident", "label", number, "drift", "--by", "ana"),
        ("silence", "add", "--monitor", "sh*", "--for", "4h", "--reason", "works", "--by", "ana"),
        ("silence", "expire", "1", "--by", "ana"),
        ("monitor", "pause", "shop", "--why", "moving", "--for", "2h", "--by", "ana"),
        ("monitor", "resume", "shop", "--by", "ana"),
        ("mark", "shop", "--version", "7", "--by", "ana"),
        ("delivery", "test", "log"),
    ]
    for args in done:
        ran = run_here(*args, folder=fresh_shop)
        assert ran.status == 0, (args, ran)
    refused = run_here("incident", "resolve", number, "--why", "it is over", "--by", "ana", folder=fresh_shop)

    acts = list_acts(fresh_shop)[::-1]

    assert refused.status == 2
    assert [act[1:3] for act in acts] == [
        ("incident.acknowledge", number),
        ("incident.snooze", number),
        ("incident.assign", number),
        ("incident.note", number),
        ("incident.label", number),
        ("silence.add", ""),
        ("silence.expire", "1"),
        ("monitor.pause", "shop"),
        ("monitor.resume", "shop"),
        ("marker.add", "shop"),
        ("channel.test", "log"),
    ]
    assert acts[1][3] == {"length": "2h"}
    assert acts[5][3] == {"monitor": "sh*", "reason": "works"}
    assert [act[1] for act in list_acts(fresh_shop, "--action", "incident.note")] == ["incident.note"]
    assert len(list_acts(fresh_shop, "--by", "ana")) == len(done) - 1


def test_the_log_is_a_table_for_people(fresh_shop: Path) -> None:
    assert run_here("audit", "list", folder=fresh_shop).stdout == "Nothing of this kind was done yet.\n"
    run_here("token", "create", "airflow", "--by", "ana", folder=fresh_shop)

    shown = run_here("audit", "list", folder=fresh_shop).stdout

    assert shown.splitlines()[0].split()[:3] == ["AT", "WHO", "WHAT"]
    assert "token.create" in shown
    assert "scope: read" in shown
