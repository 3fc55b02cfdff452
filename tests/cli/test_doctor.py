from __future__ import annotations

from pathlib import Path

from tests.support.commands import run_here


def test_every_check_is_a_line_with_what_to_do(shop: Path) -> None:
    ran = run_here("doctor", folder=shop)

    assert ran.status == 2  # The receivers of the shop are not there.
    lines = ran.stdout.splitlines()
    assert lines[0].split() == ["HEALTH", "CHECK", "FOUND"]
    assert {line.split()[0] for line in lines[1:]} <= {"ok", "warning", "trouble"}
    assert any("channel hook" in line and "cannot be reached" in line and " — " in line for line in lines)
    assert any("backup" in line and "driftwatch db backup" in line for line in lines)


def test_the_exit_status_is_that_of_the_worst(shop: Path) -> None:
    config = (shop / "driftwatch.yaml").read_text()
    kept = config.split("  hook:")[0] + "monitors:" + config.split("monitors:")[1]
    without = "\n".join(line for line in kept.splitlines() if "retrain:" not in line)
    (shop / "driftwatch.yaml").write_text(without)

    ran = run_here("doctor", "-o", "json", folder=shop)

    assert ran.json["schema"] == "driftwatch.doctor/v1"
    assert ran.json["health"] == "warning"  # There never was a backup.
    assert ran.status == 1
    assert {"check", "health", "text", "advice"} == set(ran.json["checks"][0])


def test_a_doctor_makes_no_store_and_says_that_there_is_none(fresh_shop: Path) -> None:
    ran = run_here("doctor", "-o", "json", folder=fresh_shop)

    found = {check["check"]: check for check in ran.json["checks"]}
    assert ran.status == 2
    assert found["schema"]["advice"] == "driftwatch db upgrade"
    assert not (fresh_shop / "driftwatch.db").exists()


def test_a_configuration_with_mistakes_ends_with_2(fresh_shop: Path) -> None:
    (fresh_shop / "driftwatch.yaml").write_text("version: 2\n")

    ran = run_here("doctor", folder=fresh_shop)

    assert (ran.status, ran.stdout) == (2, "")
