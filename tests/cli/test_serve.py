from __future__ import annotations

from pathlib import Path

from tests.support.commands import run_command


def test_a_configuration_with_mistakes_ends_with_78_and_says_which(fresh_shop: Path) -> None:
    config = fresh_shop / "driftwatch.yaml"
    config.write_text(config.read_text().replace("owner:", "ownr:"))

    ran = run_command("serve", folder=fresh_shop)

    assert (ran.status, ran.stdout) == (78, "")
    (line,) = ran.stderr.splitlines()
    assert "CRITICAL" in line
    assert "monitors[0].ownr" in line
    assert not (fresh_shop / "driftwatch.db").exists()


def test_a_store_out_of_reach_ends_with_75_and_says_where_it_was_sought(fresh_shop: Path) -> None:
    config = fresh_shop / "driftwatch.yaml"
    url = "postgresql://me:canary@127.0.0.1:9/store"
    config.write_text(config.read_text().replace("sqlite:///driftwatch.db", url))

    ran = run_command("serve", folder=fresh_shop)

    assert (ran.status, ran.stdout) == (75, "")
    assert "PostgreSQL database store at 127.0.0.1:9" in ran.stderr
    assert "canary" not in ran.stderr
    assert "Traceback" not in ran.stderr
